"""One site: `/sites/{code}`, and `/sites/{code}/explain`, the results behind what it says."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import hdrs, web

from collector.accounting.calendars import service_spans
from collector.accounting.evidence import spells_of
from collector.accounting.spells import Spell
from collector.acts import Exclusion
from collector.condition import Condition
from collector.faces.api import AHEAD_MS, RECENT_MS, opening_of, site_detail
from collector.faces.guard import Refused
from collector.faces.pages.charts import tiles
from collector.faces.pages.explain import Explained, explained
from collector.faces.pages.explain_words import Telling, csv_of, explain_parts
from collector.faces.pages.outage_acts import WHOLE
from collector.faces.pages.outages import cases_of, charge_after_ms
from collector.faces.pages.reasons import Case
from collector.faces.pages.register_words import Registered, register_lines
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.site_words import Month, Story, site_parts
from collector.faces.pages.timeline import (
    SCALES,
    Bins,
    Picture,
    bins_of,
    bins_of_days,
    heard_of,
    picture_of,
)
from collector.faces.pages.timeline_words import Timeline, timeline_parts
from collector.faces.pages.view import DAY_MS
from collector.figures.indicators import figures
from collector.figures.periods import current, local
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.totals import asked_of
from collector.judging.judge import SITE
from collector.live import SiteNow
from collector.registry import Site

LISTED_MS = 30 * DAY_MS
"""How far back outages are listed."""
WEEK_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class SitePage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/sites/{code}", self.site), web.get("/sites/{code}/explain", self.explain)]

    async def site(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        return await self.parts.shell.answer(request, "site", "site.html", lambda reader: self._site(reader, code))

    async def explain(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        if request.query.get("format") == "csv":
            return await self._csv(self.parts.shell.reader(request), code)
        return await self.parts.shell.answer(
            request, "site", "explain.html", lambda reader: explain_parts(*self._explained(reader, code))
        )

    async def _csv(self, reader: Reader, code: str) -> web.Response:
        told, telling = await asyncio.to_thread(self._explained, reader, code)
        response = web.Response(body=csv_of(told, telling), content_type="text/csv", charset="utf-8")
        name = f"{code}-{told.window.from_ms}.csv"
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
        response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
        response.enable_compression()
        return response

    def _explained(self, reader: Reader, code: str) -> tuple[Explained, Telling]:
        parts, site = self.parts, self.parts.site(reader, code).site
        view, settings = replace(reader.view, timezone=site.timezone), parts.config.judge
        told = explained(parts.store, parts.accounts, site, reader.query, settings, view)
        return told, Telling(reader=reader, view=view, settings=settings)

    def _site(self, reader: Reader, code: str) -> Mapping[str, Any]:
        now = self.parts.site(reader, code)
        view = replace(reader.view, timezone=now.site.timezone)
        span = reader.query.get("span", "24h")
        if span not in SCALES:
            raise Refused(400, "bad-span", view.texts.say("site.bad_span", text=span))
        at_ms = view.now_ms if now.closed_ms is None else now.closed_ms - 1
        story = self._story(now, at_ms, view.now_ms)
        picture = picture_of(span, at_ms, now.site.timezone)
        timeline = self._timeline(story, replace(picture, to_ms=now.closed_ms or picture.to_ms))
        return {
            **site_parts(story, reader, view),
            "register": register_lines(self._registered(now.site, view.now_ms), reader.who, view),
            "tiles": tiles(),
            "zone": f"{local(view.now_ms, view.timezone):%Z}",
            "timeline": timeline_parts(timeline, reader, view),
        }

    def _story(self, now: SiteNow, at_ms: int, now_ms: int) -> Story:
        """Everything that the page tells as of `at_ms`, the measurements aside (blocks): of a site that is closed what
        was up to its last day. The month comes first: adding it up settles what is not judged yet."""
        store, code, config = self.parts.store, now.site.code, self.parts.config
        month = self._month(now.site, at_ms, now_ms)
        limits = config.judge.limits_of(now.site.medium)
        spells = spells_of(store, code, at_ms - LISTED_MS - DAY_MS, at_ms)
        if now.closed_ms is not None:
            spells = [replace(one, end_ms=min(one.end_ms, now.closed_ms)) for one in spells]
        case = Case(
            now=now,
            standing=store.state_at(code, at_ms),
            recent=store.read(code, at_ms - RECENT_MS, at_ms + AHEAD_MS),
            limits=limits,
            before=before(spells, now),
        )
        return Story(
            case=case,
            detail=site_detail(store, now, at_ms),
            opening=opening_of(store, code, at_ms - WEEK_MS),
            flips=store.flips(code, at_ms - WEEK_MS, at_ms, SITE),
            outages=cases_of(self.parts, {code: now.site}, (at_ms - LISTED_MS, at_ms), now_ms, WHOLE),
            spells=heard_of(shown(spells, at_ms), silent=now.silent or now.condition is Condition.UNOBSERVED),
            exclusions=[one for one in store.acts.exclusions() if one.withdrawn_ms is None and one.touches(now.site)],
            charge_ms=charge_after_ms(self.parts),
            month=month,
        )

    def _registered(self, site: Site, now_ms: int) -> Registered:
        register = self.parts.store.register
        return Registered(
            site=site,
            details=register.details_of(site.code),
            contracts=register.contracts(),
            today=local(now_ms, site.timezone).date(),
        )

    def _month(self, site: Site, at_ms: int, now_ms: int) -> Month | None:
        asked = asked_of(site, (current("month", at_ms, site.timezone)[0], now_ms), now_ms)
        if asked is None or self.parts.store.span(site.code) is None:
            return None
        hours = (Hours.ALL, Hours.SERVICE) if self.parts.calendar_of(site).seasons else (Hours.ALL,)
        sums, settings = self.parts.totals.sums([[asked]]), self.parts.config.accounting
        told = [figures(sums, Choice(one, Exclusions.WITH), settings)[0] for one in hours]
        service = told[1] if len(told) > 1 else None
        return Month(from_ms=asked.from_ms, to_ms=asked.to_ms, all=told[0], service=service)

    def _timeline(self, story: Story, picture: Picture) -> Timeline:
        site, calendar = story.now.site, self.parts.calendar_of(story.now.site)
        has_hours = bool(calendar.seasons or calendar.closed)
        return Timeline(
            site=site,
            picture=picture,
            spells=story.spells,
            bins=self._bins(site.code, story, picture),
            service=service_spans(calendar, site.timezone, picture.from_ms, picture.to_ms) if has_hours else None,
            exclusions=[one for one in story.exclusions if touches(one, picture)],
            limits=story.limits,
            lasts=story.now.closed_ms is None,
        )

    def _bins(self, code: str, story: Story, picture: Picture) -> list[Bins]:
        if not SCALES[picture.span].bin_ms:
            return bins_of_days(self.parts.accounts.days(code, picture.from_ms, picture.to_ms))
        return bins_of(self.parts.store.read(code, picture.from_ms, picture.to_ms), story.spells, picture)


def shown(spells: list[Spell], now_ms: int) -> list[Spell]:
    """Those that have begun."""
    return [spell for spell in spells if spell.start_ms < now_ms]


def touches(one: Exclusion, picture: Picture) -> bool:
    """Whether some of it is drawn."""
    return one.from_ms < picture.to_ms and one.to_ms > picture.from_ms


def before(spells: list[Spell], now: SiteNow) -> Condition:
    """What a silent site was in when it was last heard."""
    heard = [spell for spell in spells if spell.start_ms <= now.heard_at_ms and spell.row.value in set(Condition)]
    return Condition(heard[-1].row.value) if heard else Condition.UNOBSERVED
