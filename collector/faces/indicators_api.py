"""GET /api/v1/indicators, /ledger and /revisions, as JSON or CSV. indicator_answers.py has what is answered."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from collector.accounting.calendars import ALWAYS, Calendar
from collector.accounting.ledger import joined
from collector.faces import indicator_answers as answers
from collector.faces import tables
from collector.faces.guard import Refused
from collector.figures import periods
from collector.figures.indicators import AccountingSettings
from collector.figures.periods import BadPeriod, Period, local
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.totals import SCOPES, Accounts, Asked, Totals
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
    totals: Totals
    sites: Callable[[], Sequence[Site]]
    calendar_of: Callable[[Site], Calendar]
    clock: Clock
    timezone: str
    """Of the times of answers about sites in several time zones."""
    settings: AccountingSettings
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

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
        period, as_of_ms = period_of(request), _as_of(request)
        form, now_ms = one_of(request, "format", FORMATS), self.clock.wall_ms()
        of = request.query.get("of", "")

        def tell() -> web.Response:
            owners = self._owners(scope, of, period, as_of_ms or now_ms)
            answer = self._indicators(scope, period, choice, owners, as_of_ms, now_ms)
            return _response(answer, form, tables.indicators_table, f"indicators-{scope}-{period.name}")

        return await self._in_turn(tell)

    async def ledger(self, request: web.Request) -> web.Response:
        site, period, as_of_ms = self._site(request), period_of(request), _as_of(request)
        by, form = one_of(request, "by", periods.BY, default="day"), one_of(request, "format", FORMATS)
        now_ms = self.clock.wall_ms()
        from_ms, to_ms = _span(period, site, now_ms)
        if by == "hour" and (as_of_ms or to_ms - from_ms > MAX_HOURS_MS):
            raise Refused(400, "bad-by", "by=hour is for a week at most, and not for as_of; use by=day")

        def tell() -> web.Response:
            answer = answers.LedgerAnswer(
                site=site.code,
                period=period.name,
                by=by,
                timezone=site.timezone,
                calendar=_title(self.calendar_of(site)),
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
        async with self.turn:
            return await asyncio.to_thread(tell)

    def _owners(self, scope: str, of: str, period: Period, now_ms: int) -> Mapping[str, list[Asked]]:
        """Who is asked for, by name, with their sites; Refused if nobody is."""
        owners: dict[str, list[Asked]] = {}
        for site in self.sites():
            owner = SCOPES[scope](site)
            from_ms, to_ms = period.span(site.timezone)
            if (not of or owner == of) and from_ms < now_ms:
                owners.setdefault(owner, []).append(Asked(site=site, from_ms=from_ms, to_ms=min(to_ms, now_ms)))
        if of and not owners:
            known = any(SCOPES[scope](site) == of for site in self.sites())
            raise _not_begun(period) if known else Refused(404, f"unknown-{scope}", f"there is no {scope} {of!r}")
        return dict(sorted(owners.items()))

    def _indicators(
        self,
        scope: str,
        period: Period,
        choice: Choice,
        owners: Mapping[str, Sequence[Asked]],
        as_of_ms: int | None,
        now_ms: int,
    ) -> answers.IndicatorsAnswer:
        told = self.totals.figures(list(owners.values()), choice, as_of_ms)
        found: list[answers.IndicatorAnswer] = []
        for (of, asked), (figures, corrected_days) in zip(owners.items(), told, strict=True):
            zones = sorted({one.site.timezone for one in asked})
            found.append(
                answers.indicator_answer(
                    of,
                    figures,
                    corrected_days,
                    timezone=zones[0] if len(zones) == 1 else self.timezone,
                    zones=", ".join(zones),
                    span=(min(one.from_ms for one in asked), max(one.to_ms for one in asked)),
                    calendar=", ".join(sorted({_title(self.calendar_of(one.site)) for one in asked})),
                )
            )
        return answers.IndicatorsAnswer(
            scope=scope,
            period=period.name,
            hours=choice.hours,
            exclusions=choice.exclusions,
            as_of=local(as_of_ms or now_ms, self.timezone),
            coverage_floor=self.settings.coverage_floor,
            charge_after_s=self.settings.charge_after_s,
            formulas=answers.formulas(found),
            indicators=found,
        )

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

    def _site(self, request: web.Request) -> Site:
        code = request.query.get("site", "")
        found = next((site for site in self.sites() if site.code == code), None)
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
        raise _not_begun(period)
    return from_ms, min(to_ms, now_ms)


def _not_begun(period: Period) -> Refused:
    return Refused(400, "bad-period", f"{period.name} has not begun")


def _title(calendar: Calendar) -> str:
    return calendar.name or ALWAYS.title


def _response(answer: S, form: str, table: Callable[[S], bytes], name: str) -> web.Response:
    if form == "csv":
        response = web.Response(body=table(answer), content_type="text/csv", charset="utf-8")
        safe = "".join(letter if letter.isalnum() or letter in ".-_" else "_" for letter in name)
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{safe}.csv"'
    else:
        response = web.Response(body=msgspec.json.encode(answer), content_type="application/json")
    response.enable_compression()
    return response
