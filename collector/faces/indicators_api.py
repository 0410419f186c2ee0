"""GET /api/v1/indicators, /ledger and /revisions, as JSON or CSV. What is answered: indicator_answers.py,
ledger_answers.py."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from collector.accounting.calendars import Calendar
from collector.accounting.days import ends_ms
from collector.accounting.ledger import joined
from collector.faces import ledger_answers as answers
from collector.faces import tables
from collector.faces.guard import Refused, who_of
from collector.faces.inquiry import FILTERS, Inquiries, Question, not_begun, title_of
from collector.figures import periods
from collector.figures.periods import BadPeriod, Period, local
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.totals import SCOPES, Accounts
from collector.registry import Site
from shared.clock import Clock

FORMATS = ("json", "csv")
MAX_HOURS_MS = 8 * 86_400_000
"""A ledger by hours is made hour by hour: at most a week of it at once, and a day for its ends."""

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorsApi:
    """The handlers and what they need. Adding up is done in a thread, one request at a time: the others breathe."""

    accounts: Accounts
    inquiries: Inquiries
    sites: Callable[[], Sequence[Site]]
    calendar_of: Callable[[Site], Calendar]
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/indicators", self.indicators),
            web.get("/api/v1/ledger", self.ledger),
            web.get("/api/v1/revisions", self.revisions),
        ]

    async def indicators(self, request: web.Request) -> web.Response:
        scope = one_of(request, "scope", tuple(SCOPES))
        choice = Choice(
            Hours(one_of(request, "hours", tuple(Hours))), Exclusions(one_of(request, "exclusions", tuple(Exclusions)))
        )
        period, form = period_of(request), one_of(request, "format", FORMATS)
        question = Question(
            scope=scope,
            period=period,
            choice=choice,
            of=request.query.get("of", ""),
            where=tuple((name, request.query[name]) for name in FILTERS if request.query.get(name)),
            as_of_ms=_as_of(request),
        )

        def tell() -> web.Response:
            answer = self.inquiries.answer(question, self._sites_for(request))
            return _response(answer, form, tables.indicators_table, f"indicators-{scope}-{period.name}")

        return await self._in_turn(tell)

    async def ledger(self, request: web.Request) -> web.Response:
        site, period, as_of_ms = self._site(request), period_of(request), _as_of(request)
        by, form = one_of(request, "by", periods.BY, default="day"), one_of(request, "format", FORMATS)
        now_ms = self.clock.wall_ms()
        from_ms, to_ms = _span(period, site, now_ms)
        to_ms = max(from_ms, min(to_ms, ends_ms(site)))
        if by == "hour" and (as_of_ms or to_ms - from_ms > MAX_HOURS_MS):
            raise Refused(400, "bad-by", "by=hour is for a week at most, and not for as_of; use by=day")

        def tell() -> web.Response:
            answer = answers.LedgerAnswer(
                site=site.code,
                period=period.name,
                by=by,
                timezone=site.timezone,
                calendar=title_of(self.calendar_of(site)),
                as_of=local(as_of_ms or now_ms, site.timezone),
                pieces=self._pieces(site, from_ms, to_ms, by, as_of_ms),
            )
            return _response(answer, form, tables.ledger_table, f"ledger-{site.code}-{period.name}")

        return await self._in_turn(tell)

    async def revisions(self, request: web.Request) -> web.Response:
        site, period, form = self._site(request), period_of(request), one_of(request, "format", FORMATS)
        from_ms, to_ms = _span(period, site, self.clock.wall_ms())

        def tell() -> web.Response:
            found = self.accounts.revisions(site.code, from_ms, to_ms)
            answer = answers.RevisionsAnswer(
                site=site.code,
                period=period.name,
                timezone=site.timezone,
                revisions=[answers.revision_answer(revision, site.timezone) for revision in found],
            )
            return _response(answer, form, tables.revisions_table, f"revisions-{site.code}-{period.name}")

        return await self._in_turn(tell)

    async def _in_turn(self, tell: Callable[[], web.Response]) -> web.Response:
        async with self.inquiries.turn:
            return await asyncio.to_thread(tell)

    def _pieces(self, site: Site, from_ms: int, to_ms: int, by: str, as_of_ms: int | None) -> list[answers.PieceAnswer]:
        """Days are asked for once and put together; hours are made one by one."""
        cut = list(periods.pieces(from_ms, to_ms, by, site.timezone))
        if by == "hour":
            days = [day for _, *span in cut for day in self.accounts.days(site.code, span[0], span[1])]
        else:
            days = list(self.accounts.days(site.code, from_ms, to_ms, as_of_ms))
        found = []
        for name, start_ms, end_ms in cut:
            ledgers = [day.ledger for day in days if start_ms <= day.ledger.from_ms < end_ms]
            if ledgers:
                found.append(answers.piece_answer(name, joined(ledgers), site.timezone))
        return found

    def _sites_for(self, request: web.Request) -> list[Site]:
        """The sites that whoever asks may know of: figures are added up of no others."""
        who = who_of(request)
        return [site for site in self.sites() if who.sees(site)]

    def _site(self, request: web.Request) -> Site:
        code = request.query.get("site", "")
        found = next((site for site in self._sites_for(request) if site.code == code), None)
        if found is None:
            raise Refused(404, "unknown-site", f"there is no site {code!r}; name one with site=")
        return found


def period_of(request: web.Request) -> Period:
    """period=, or from= and to=."""
    query = request.query
    try:
        if "period" in query:
            return periods.parse(query["period"])
        return periods.between(query.get("from", ""), query.get("to", ""))
    except BadPeriod as bad:
        if {"period", "from", "to"}.isdisjoint(query):
            raise Refused(400, "bad-period", f"which period? {periods.FORMS}") from None
        raise Refused(400, "bad-period", str(bad)) from None


def one_of(request: web.Request, name: str, allowed: Sequence[str], default: str = "") -> str:
    """The query parameter `name`, the first of `allowed` when missing and there is no default."""
    given = request.query.get(name, default or allowed[0])
    if given not in allowed:
        raise Refused(400, f"bad-{name}", f"{name} is {given!r}; use one of {', '.join(allowed)}")
    return given


def _as_of(request: web.Request) -> int | None:
    if "as_of" not in request.query:
        return None
    try:
        return Period("", periods.bound(request.query["as_of"]), 0).span("UTC")[0]
    except BadPeriod as bad:
        raise Refused(400, "bad-time", str(bad)) from None


def _span(period: Period, site: Site, now_ms: int) -> tuple[int, int]:
    from_ms, to_ms = period.span(site.timezone)
    if from_ms >= now_ms:
        raise not_begun(period)
    return from_ms, min(to_ms, now_ms)


def _response(answer: S, form: str, table: Callable[[S], bytes], name: str) -> web.Response:
    if form == "csv":
        response = web.Response(body=table(answer), content_type="text/csv", charset="utf-8")
        safe = "".join(letter if letter.isalnum() or letter in ".-_" else "_" for letter in name)
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{safe}.csv"'
    else:
        response = web.Response(body=msgspec.json.encode(answer), content_type="application/json")
    response.enable_compression()
    return response
