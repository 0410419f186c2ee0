"""GET /api/v1/...: sites, flips and outages as JSON. answers.py has what is answered, openapi.py describes it."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec
from aiohttp import web

from collector.acts import GivenCause
from collector.condition import Condition, Flip
from collector.contracts import in_force
from collector.faces import answers
from collector.faces.guard import Refused, seen_by, who_of
from collector.figures.periods import BadPeriod, Period, bound, local
from collector.figures.recap import lived
from collector.judging.judge import SITE
from collector.live import Live, SiteNow
from collector.registry import Details
from collector.store import Store
from shared.clock import Clock, utc

DAY_MS = 86_400_000
RECENT_MS = 600_000
"""How far back a target's last result is looked for."""
AHEAD_MS = 3_600_000
"""Flips may lie ahead of now by as much as a result covers."""
MAX_LIMIT = 1_000
TOGETHER = 64
"""Sites whose outages are read at once: who asks for a page of them reads little further."""
TIME_FORMAT = "use RFC 3339, for example 2026-11-22T10:00:00+08:00, or a date, for example 2026-11-22"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The handlers and what they need."""

    store: Store
    live: Live
    clock: Clock
    timezone: str
    """In which a plain date in from= and to= is meant."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/sites", self.sites),
            web.get("/api/v1/sites/{code}", self.site),
            web.get("/api/v1/sites/{code}/flips", self.flips),
            web.get("/api/v1/outages", self.outages),
        ]

    async def sites(self, request: web.Request) -> web.Response:
        now = self.live.closed if request.query.get("closed") == "1" else self.live.sites
        chosen = choose(
            seen_by(who_of(request), now(self.clock.wall_ms())),
            condition=request.query.get("condition", ""),
            regency=request.query.get("regency", ""),
            provider=request.query.get("provider", ""),
        )
        limit = whole_number(request, "limit", default=100, most=MAX_LIMIT)
        after = request.query.get("after", "")
        rest = [site for site in chosen if site.site.code > after]
        page = rest[:limit]
        registered = await asyncio.to_thread(registered_of, self.store, page, self.clock.wall_ms())
        return _json(
            answers.SitesAnswer(
                sites=[answers.site_answer(site, registered[site.site.code]) for site in page],
                total=len(chosen),
                next=page[-1].site.code if len(rest) > limit else None,
            )
        )

    async def site(self, request: web.Request) -> web.Response:
        now_ms = self.clock.wall_ms()
        told = await asyncio.to_thread(site_detail, self.store, self._known(request, now_ms), now_ms)
        return _json(answers.without_watchers(told) if who_of(request).regency else told)

    async def flips(self, request: web.Request) -> web.Response:
        now_ms = self.clock.wall_ms()
        code = self._known(request, now_ms).site.code
        from_ms, to_ms = period(request, self.timezone, now_ms)
        scope = request.query.get("scope") or None
        found = await asyncio.to_thread(self.store.flips, code, from_ms, to_ms, scope)
        return _json(
            answers.FlipsAnswer(
                from_=utc(from_ms),
                to=utc(to_ms),
                flips=[answers.flip_answer(flip) for flip in found],
            )
        )

    async def outages(self, request: web.Request) -> web.Response:
        now_ms = self.clock.wall_ms()
        span = period(request, self.timezone, now_ms)
        limit = whole_number(request, "limit", default=1, most=MAX_LIMIT) if "limit" in request.query else None
        after = place_of(request.query.get("after", ""))
        who = who_of(request)
        sites = {site.code: site for site in self.live.registered() if who.sees(site)}
        code = request.query.get(SITE)
        if code is not None and code not in sites:
            raise Refused(404, "unknown-site", f"there is no site {code!r}")
        codes = [one for one in sorted(sites) if code in (None, one) and one >= after[0]]

        def tell() -> answers.OutagesAnswer:
            told = (
                outage
                for first in range(0, len(codes), TOGETHER)
                for outage in lived(
                    self.store.outages(codes[first : first + TOGETHER], *span, now_ms), sites, span[0], now_ms
                )
            )
            found = (one for one in told if (one.site, one.start_ms) > after)
            page = list(islice(found, limit))
            more = limit is not None and next(found, None) is not None
            given = causes_by_site(self.store, code or "")
            return answers.OutagesAnswer(
                from_=utc(span[0]),
                to=utc(span[1]),
                outages=[
                    answers.outage_answer(outage, sites[outage.site].name, now_ms, given.get(outage.site, ()))
                    for outage in page
                ],
                next=f"{page[-1].site}@{page[-1].start_ms}" if more else None,
            )

        return _json(await asyncio.to_thread(tell))

    def _known(self, request: web.Request, now_ms: int) -> SiteNow:
        code = request.match_info["code"]
        found = self.live.site(code, now_ms)
        if found is None or not who_of(request).sees(found.site):
            raise Refused(404, "unknown-site", f"there is no site {code!r}")
        return found


def choose(sites: list[SiteNow], *, condition: str = "", regency: str = "", provider: str = "") -> list[SiteNow]:
    """The sites that match every filter that is not empty. `condition` is one of FILTERS."""
    if condition and condition not in FILTERS:
        raise Refused(400, "bad-condition", f"condition is {condition!r}; use one of {', '.join(FILTERS)}")
    return [
        now
        for now in sites
        if (not condition or FILTERS[condition](now))
        and (not regency or now.site.regency == regency)
        and (not provider or now.site.provider == provider)
    ]


def _in_condition(condition: Condition) -> Callable[[SiteNow], bool]:
    return lambda now: now.condition is condition


FILTERS: dict[str, Callable[[SiteNow], bool]] = {
    "down": lambda now: now.condition.is_down,
    "silent": lambda now: now.silent,
    **{condition.value: _in_condition(condition) for condition in Condition},
}


def site_detail(store: Store, now: SiteNow, now_ms: int) -> answers.SiteDetail:
    """Everything about one site (blocks)."""
    code = now.site.code
    states = store.state_at(code, now_ms)
    columns = store.read(code, now_ms - RECENT_MS, now_ms + AHEAD_MS)
    untrusted = store.untrusted()
    return answers.SiteDetail(
        site=answers.site_answer(now, registered_of(store, [now], now_ms)[code]),
        groups=answers.group_answers(states) if now.closed_ms is None else [],
        targets=answers.target_answers(columns, states) if now.closed_ms is None else [],
        agents=[
            answers.agent_answer(agent, untrusted.get(agent.name, 0)) for agent in store.agents() if agent.site == code
        ],
    )


def registered_of(store: Store, sites: Sequence[SiteNow], now_ms: int) -> Mapping[str, answers.RegisterAnswer]:
    """What the register says of each of them, by code (blocks)."""
    contracts = store.register.contracts()
    told = {one.code: one for one in store.register.details()} if len(sites) > 1 else {}
    found = {}
    for now in sites:
        code, today = now.site.code, local(now_ms, now.site.timezone).date()
        details = told.get(code, Details(code=code)) if told else store.register.details_of(code)
        found[code] = answers.register_answer(
            details, in_force(now.site, contracts, today) if now.closed_ms is None else None
        )
    return found


def place_of(after: str) -> tuple[str, int]:
    """(site, start) of the last outage of the page before, as `next` named it; before everything if there is none."""
    code, _, start = after.partition("@")
    if after and not re.fullmatch("[0-9]{1,15}", start):
        raise Refused(400, "bad-after", f"after is {after!r}; give what `next` was")
    return code, int(start or 0)


def causes_by_site(store: Store, code: str) -> dict[str, list[GivenCause]]:
    """What people said of outages, at the site `code` or, if it is empty, at every one (blocks)."""
    given: dict[str, list[GivenCause]] = {}
    for cause in store.acts.given_causes(code):
        given.setdefault(cause.site, []).append(cause)
    return given


def opening_of(store: Store, code: str, at_ms: int) -> Flip | None:
    """The last flip of scope `site` before `at_ms`."""
    return next((flip for flip in store.state_at(code, at_ms - 1) if flip.scope == SITE), None)


def period(request: web.Request, timezone: str, now_ms: int) -> tuple[int, int]:
    """from= and to= as milliseconds; the last 24 hours when they are missing."""
    to_ms = _instant(request, "to", timezone) or now_ms
    from_ms = _instant(request, "from", timezone) or to_ms - DAY_MS
    if from_ms >= to_ms:
        raise Refused(400, "bad-time", "from must lie before to")
    return from_ms, to_ms


def _instant(request: web.Request, name: str, timezone: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return Period("", bound(text), 0).span(timezone)[0]
    except BadPeriod:
        raise Refused(400, "bad-time", f"{name} is {text!r}; {TIME_FORMAT}") from None


def whole_number(request: web.Request, name: str, *, default: int, most: int) -> int:
    """The query parameter `name` between 1 and `most`."""
    text = request.query.get(name, str(default))
    if not (re.fullmatch("[0-9]{1,9}", text) and 1 <= int(text) <= most):
        raise Refused(400, "bad-number", f"{name} is {text!r}; use a whole number from 1 to {most}")
    return int(text)


def _json(answer: msgspec.Struct) -> web.Response:
    response = web.Response(body=msgspec.json.encode(answer), content_type="application/json")
    response.enable_compression()
    return response
