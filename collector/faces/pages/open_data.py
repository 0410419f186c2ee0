"""What is set public, for everybody: the page `/open`, and the same as `/open.csv` and `/open.json`.

It is made once a minute for all who ask, and its figures at most a twentieth of the time: nobody can load the collector
by asking. Who asks makes no difference.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from aiohttp import hdrs, web
from msgspec import UnsetType

from collector.condition import Condition
from collector.faces import open_answers as answers
from collector.faces.guard import Refused
from collector.faces.inquiry import Question
from collector.faces.pages import period_words
from collector.faces.pages.bars import Amount, Chart, chart
from collector.faces.pages.figure_rows import Teller
from collector.faces.pages.paging import Sheet, number_of
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.view import SYMBOLS, key_of
from collector.figures.indicators import FORMULAS
from collector.figures.periods import Period, local, parse
from collector.figures.shares import Choice, Exclusions, Hours

KEPT_S = 60
SHARE = 20
"""Adding up takes at most one part in so many of the time."""
ROWS = 25
"""Sites on one page of the table."""
CHOICE = Choice(Hours.ALL, Exclusions.WITH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What everybody gets until it is made again."""

    answer: answers.OpenAnswer
    json: bytes
    csv: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of the month so far, by site and by regency."""

    period: Period
    sites: Mapping[str, answers.Told]
    regencies: Mapping[str, answers.Told]


class OpenData:
    """The handlers, and what they keep for a minute."""

    def __init__(self, parts: PageParts) -> None:
        self._parts, self._settings = parts, parts.config.open_data
        self._turn = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._figures: Figures | None = None
        self._again_ns = self._figures_again_ns = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/open", self.page), web.get("/open.json", self.json), web.get("/open.csv", self.csv)]

    async def page(self, request: web.Request) -> web.Response:
        snapshot = await self._now() if self._settings.enabled else None
        response = await self._parts.shell.answer(
            request, "open", "open.html", lambda reader: self._tell(reader, snapshot)
        )
        if response.status == 200 and "lang" not in request.query:  # the answer to a choice sets a cookie
            response.headers[hdrs.CACHE_CONTROL] = f"public, max-age={KEPT_S}"
        return response

    async def json(self, _request: web.Request) -> web.Response:
        return self._file((await self._public()).json, "application/json")

    async def csv(self, _request: web.Request) -> web.Response:
        snapshot = await self._public()
        response = self._file(snapshot.csv, "text/csv")
        response.charset = "utf-8"
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="open-{snapshot.answer.as_of.date()}.csv"'
        return response

    def _file(self, body: bytes, kind: str) -> web.Response:
        """Other sites' pages may load it; the licence is in the header too."""
        response = web.Response(body=body, content_type=kind)
        response.headers[hdrs.CACHE_CONTROL] = f"public, max-age={KEPT_S}"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers[hdrs.LINK] = f'<{self._settings.licence_url}>; rel="license"'
        response.enable_compression()
        return response

    async def _public(self) -> Snapshot:
        if not self._settings.enabled:
            raise Refused(404, "not-public", "nothing is set public here")
        return await self._now()

    async def _now(self) -> Snapshot:
        """One of those who ask makes it, the others wait for that."""
        clock = self._parts.clock
        async with self._turn:
            if self._snapshot is None or clock.mono_ns() >= self._again_ns:
                self._snapshot = await asyncio.to_thread(self._make, await self._added_up())
                self._again_ns = clock.mono_ns() + KEPT_S * 1_000_000_000
            return self._snapshot

    async def _added_up(self) -> Figures:
        clock, inquiries = self._parts.clock, self._parts.inquiries
        if self._figures is None or clock.mono_ns() >= self._figures_again_ns:
            async with inquiries.turn:
                started_ns = clock.mono_ns()
                self._figures = await asyncio.to_thread(self._figures_now)
                ended_ns = clock.mono_ns()
                self._figures_again_ns = ended_ns + SHARE * (ended_ns - started_ns)
        return self._figures

    def _figures_now(self) -> Figures:
        """Of public sites alone (blocks)."""
        today = local(self._parts.clock.wall_ms(), self._parts.config.timezone).date()
        sites = [site for site in self._parts.store.sites() if site.kind in self._settings.kinds]
        period = period_words.over(parse(period_words.ago(today, "month", 0)), today)
        told = {
            scope: {
                one.of: answers.told_of(one)
                for one in self._parts.inquiries.answer(
                    Question(scope=scope, period=period, choice=CHOICE), sites
                ).indicators
            }
            for scope in ("site", "regency")
        }
        return Figures(period=period, sites=told["site"], regencies=told["regency"])

    def _make(self, figures: Figures) -> Snapshot:
        """The present of every site beside the figures (blocks)."""
        config, settings, now_ms = self._parts.config, self._settings, self._parts.clock.wall_ms()
        present = [(now, key_of(now)) for now in self._parts.live.sites(now_ms)]
        sites = answers.open_sites(present, figures.sites, settings)
        answer = answers.OpenAnswer(
            title=config.province,
            as_of=local(now_ms // 1000 * 1000, config.timezone),
            from_=str(figures.period.start),
            to=str(figures.period.end),
            simulated=self._parts.store.marks.simulated,
            licence=answers.OpenLicence(
                name=settings.licence,
                url=settings.licence_url,
                publisher=settings.publisher,
                contact=settings.contact,
            ),
            formulas={"availability": FORMULAS["experienced"], "coverage": FORMULAS["coverage"]},
            regencies=answers.open_regencies(sites, figures.regencies, settings),
            sites=sites,
        )
        return Snapshot(answer=answer, json=msgspec.json.encode(answer), csv=answers.open_table(answer))

    def _tell(self, reader: Reader, snapshot: Snapshot | None) -> Mapping[str, Any]:
        """The menu is for those who may read the rest."""
        if snapshot is None:
            raise Refused(404, "not-public", reader.view.texts.say("open.closed"))
        parts = page_parts(snapshot.answer, reader)
        return parts if self._parts.config.open_to_read else {**parts, "menu": []}


def page_parts(answer: answers.OpenAnswer, reader: Reader) -> dict[str, Any]:
    """The page of `answer`, for one reader."""
    view, q = reader.view, reader.query.get("q", "").strip()[:80]
    regency = reader.query.get("regency", "")
    found = [
        site
        for site in answer.sites
        if regency in ("", site.regency) and q.casefold() in f"{site.code} {site.name} {site.district}".casefold()
    ]
    sheet = Sheet.of(number_of(reader.query.get("page", "")) or 1, len(found), ROWS)
    shown = sorted(found, key=lambda site: (_rank(site), site.regency, site.name))[sheet.span]
    counts = Counter(site.condition for site in answer.sites if isinstance(site.condition, str))
    local_view = replace(view, now_ms=round(answer.as_of.timestamp() * 1000))
    return {
        "answer": answer,
        "at": local_view.at(local_view.now_ms),
        "period": view.texts.say("open.period", start=answer.from_, end=answer.to),
        "chips": [(key, view.word(key), counts[key]) for key in SYMBOLS if counts[key]],
        "regencies": [_regency(one, reader) for one in answer.regencies],
        "picture": _picture(answer.regencies, reader),
        "rows": [_row(site, reader) for site in shown],
        "found": len(found),
        "q": q,
        "regency": regency,
        **sheet.parts,
        "conditions": any(isinstance(site.condition, str) for site in answer.sites),
        "availabilities": any(not isinstance(site.availability, UnsetType) for site in answer.sites),
        "coverages": any(not isinstance(site.coverage, UnsetType) for site in answer.sites),
    }


def _rank(site: answers.OpenSite) -> int:
    return list(SYMBOLS).index(site.condition) if site.condition in SYMBOLS else len(SYMBOLS)


def _told(one: answers.OpenSite | answers.OpenRegency, teller: Teller) -> dict[str, str]:
    ratio = answers.availability_of(one)
    return {
        "availability": teller.share(ratio.value) if ratio else "",
        "span": teller.span(ratio),
        "coverage": "" if isinstance(one.coverage, UnsetType) else teller.share(one.coverage, 0),
    }


def _row(site: answers.OpenSite, reader: Reader) -> dict[str, str]:
    key = site.condition if isinstance(site.condition, str) else ""
    return {
        "code": site.code,
        "name": site.name,
        "where": ", ".join(part for part in (site.district, site.regency) if part),
        "key": key,
        "word": reader.view.word(key) if key else "",
        **_told(site, Teller(reader.view.texts)),
    }


def _regency(one: answers.OpenRegency, reader: Reader) -> dict[str, Any]:
    """Counts as few as people ask for: fine, impaired, down, not known."""
    counted = {} if isinstance(one.conditions, UnsetType) else one.conditions
    down = sum(n for key, n in counted.items() if key in Condition.__members__.values() and Condition(key).is_down)
    return {
        "name": one.regency or reader.view.texts.say("indicators.unnamed"),
        "href": reader.again("open", regency=one.regency, page="") if one.regency else "",
        "sites": one.sites,
        "up": counted.get("up", 0),
        "degraded": counted.get("degraded", 0),
        "down": down,
        "unknown": counted.get("silent", 0) + counted.get("unobserved", 0),
        **_told(one, Teller(reader.view.texts)),
    }


def _picture(regencies: Sequence[answers.OpenRegency], reader: Reader) -> Chart | None:
    """How much of the time people could not use the network, the worst first; None if that is not public."""
    teller = Teller(reader.view.texts)
    told = [(one, ratio) for one in regencies if (ratio := answers.availability_of(one)) and ratio.value is not None]
    told.sort(key=lambda pair: (pair[1].value, pair[0].regency))
    amounts = [
        Amount(
            label=one.regency or reader.view.texts.say("indicators.unnamed"),
            said=teller.share(ratio.value),
            value=1 - (ratio.value or 0),
            low=None if ratio.high is None else 1 - ratio.high,
            high=None if ratio.low is None else 1 - ratio.low,
        )
        for one, ratio in told
    ]
    return chart(amounts, teller.scale) if amounts else None
