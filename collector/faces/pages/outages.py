"""Outages: `/outages`: those that last first, mass outages folded into one row, and all of it as a file."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from collector.acts import CauseCode, GivenCause
from collector.condition import Condition
from collector.faces.guard import Refused
from collector.faces.pages.outage_rows import csv_file, fold_row, folded, in_order, long_row, site_row, sums
from collector.faces.pages.paging import Sheet, wanted_page
from collector.faces.pages.refusals import Unfit
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.view import View
from collector.figures import mass, periods
from collector.figures.recap import Basis, Case, Span, by_site, cases, lived, recap
from collector.registry import Site

ROWS = 50
"""Rows on one page."""
DAY_MS = 86_400_000
LATELY = {"24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
"""Periods that end now, by their name in `period=`; others as the API names them."""
ORDERS = ("", "mass", "longest", "frequent")
NO_CAUSE, ANY_CAUSE = "none", "given"
CAUSES = (NO_CAUSE, ANY_CAUSE, *CauseCode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asked for."""

    span: Span
    period: str
    """Its name; empty if it was told by from and to."""
    q: str
    condition: str
    regency: str
    provider: str
    cause: str
    order: str
    page: int

    @classmethod
    def of(cls, query: Mapping[str, str], view: View) -> "Wanted":
        """Refused if it cannot be."""
        page = wanted_page(query.get("page", "") or "1")
        since, until = query.get("from", ""), query.get("to", "")
        period = "" if since else query.get("period", "") or "24h"
        return cls(
            span=_span(period, since, until, view),
            period=period,
            q=query.get("q", "").strip()[:80],
            condition=_known(query, "condition", [c.value for c in Condition if c.is_down]),
            regency=query.get("regency", ""),
            provider=query.get("provider", ""),
            cause=_known(query, "cause", CAUSES),
            order=_known(query, "order", ORDERS),
            page=page,
        )

    def matches(self, case: Case) -> bool:
        """Whether `case` passes every filter."""
        site = case.site
        if self.regency not in ("", site.regency) or self.provider not in ("", site.provider):
            return False
        if self.condition not in ("", case.outage.condition.value):
            return False
        if self.cause and self.cause not in (_cause_of(case), ANY_CAUSE if case.cause else NO_CAUSE):
            return False
        text = f"{site.code} {site.name} {site.opd} {site.district} {site.regency} {site.provider} {site.contract}"
        return self.q.casefold() in text.casefold()


def _cause_of(case: Case) -> str:
    return case.cause.code.value if case.cause else NO_CAUSE


def _known(query: Mapping[str, str], name: str, known: Iterable[str]) -> str:
    given, known = query.get(name, ""), [*known]
    if given and given not in known:
        raise Unfit(name, given, [*filter(None, known)])
    return given


def _span(period: str, since: str, until: str, view: View) -> Span:
    if period in LATELY:
        return view.now_ms - LATELY[period], view.now_ms
    try:
        asked = periods.parse(period) if period else _between(since, until, view)
    except periods.BadPeriod:
        given = period or f"{since}/{until}"
        raise Refused(400, "bad-period", view.texts.say("outages.bad_period", given=given)) from None
    from_ms, to_ms = asked.span(view.timezone)
    if from_ms >= view.now_ms:
        raise Refused(400, "bad-period", view.texts.say("outages.ahead"))
    return from_ms, min(to_ms, view.now_ms)


def _between(since: str, until: str, view: View) -> periods.Period:
    """Both days are meant: whoever picks them in a calendar means the last one too."""
    start, end = periods.bound(since), periods.bound(until) if until else view.now_ms
    end = end if isinstance(end, int) else periods.parse(until).end
    found = periods.Period(f"{since}/{until}", start, end)
    if found.span(view.timezone)[0] >= found.span(view.timezone)[1]:
        raise periods.BadPeriod("from must lie before to")
    return found


def cases_of(
    parts: PageParts, sites: Mapping[str, Site], span: Span, now_ms: int, counted: Span | None = None
) -> list[Case]:
    """The outages of `sites` that touch the span, with what people said of them (blocks). What of them lies in
    `counted`, or in the span, is counted."""
    given: dict[str, list[GivenCause]] = {}
    for one in parts.store.acts.given_causes(next(iter(sites)) if len(sites) == 1 else ""):
        given.setdefault(one.site, []).append(one)
    basis = Basis(
        period=counted or span,
        now_ms=now_ms,
        charge_after_ms=charge_after_ms(parts),
        given=given,
        exclusions=parts.store.acts.exclusions(),
    )
    found = parts.store.outages(sorted(sites), *span, basis.now_ms)
    return cases(lived(found, sites, span[0], basis.now_ms), sites, basis)


def charge_after_ms(parts: PageParts) -> int:
    """What an outage must last to be charged."""
    return round(parts.config.accounting.charge_after_s * 1000)


def mass_rules(parts: PageParts) -> mass.MassRules:
    """What is a mass outage to an alert is one here."""
    asked = parts.config.alerts
    return mass.MassRules(
        at_least=asked.mass_min_sites, share=asked.mass_share, window_ms=round(asked.mass_window_s * 1000)
    )


@dataclass(frozen=True, slots=True)
class OutagesPage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/outages", self.outages)]

    async def outages(self, request: web.Request) -> web.Response:
        if request.query.get("format") == "csv":
            return await self.file(request)
        return await self.parts.shell.answer(request, "outages", "outages.html", self._list)

    async def file(self, request: web.Request) -> web.Response:
        """All that the filters leave, as a file for a spreadsheet."""
        reader = self.parts.shell.reader(request)
        body = await asyncio.to_thread(self._csv, reader)
        response = web.Response(body=body, content_type="text/csv", charset="utf-8")
        day = periods.local(reader.view.now_ms, reader.view.timezone).date().isoformat()
        name = reader.view.texts.say("outages.file", day=day)
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}.csv"'
        response.enable_compression()
        return response

    def _csv(self, reader: Reader) -> bytes:
        wanted = Wanted.of(reader.query, reader.view)
        sites, found = self._found(reader, wanted)
        masses, _ = mass.fold((case.outage for case in found), sites, mass_rules(self.parts))
        return csv_file(in_order(folded(found, masses)), reader.view.now_ms)

    def _found(self, reader: Reader, wanted: Wanted) -> tuple[Mapping[str, Site], list[Case]]:
        """The sites that are the reader's business, and of their cases those that match."""
        sites = self.parts.registered(reader)
        told = cases_of(self.parts, sites, wanted.span, reader.view.now_ms)
        return sites, [case for case in told if wanted.matches(case)]

    def _list(self, reader: Reader) -> Mapping[str, Any]:
        wanted = Wanted.of(reader.query, reader.view)
        sites, found = self._found(reader, wanted)
        total, tell = self._rows(wanted, sites, found, reader)
        sheet = Sheet.of(wanted.page, total, ROWS)
        return {
            "wanted": wanted,
            "rows": tell(sheet.span.start, sheet.span.stop),
            "found": total,
            "sums": sums(recap(found), min(found, key=_by_length, default=None), reader),
            "period_text": _period_text(wanted.span, reader.view),
            "from_day": reader.query.get("from", ""),
            "to_day": reader.query.get("to", ""),
            **sheet.parts,
            "csv_href": reader.again("outages", format="csv", page="", lang=""),
            **_choices(sites.values(), reader),
        }

    def _rows(self, wanted: Wanted, sites: Mapping[str, Site], found: list[Case], reader: Reader) -> tuple[int, Any]:
        """How many rows there are, and what tells those from ... to: only what is shown is put into words."""
        if wanted.order == "frequent":
            told = by_site(found)
            return len(told), lambda first, end: [site_row(*one, reader) for one in told[first:end]]
        if wanted.order == "longest":
            longest = sorted(found, key=_by_length)
            return len(longest), lambda first, end: [long_row(one, reader) for one in longest[first:end]]
        masses, _ = mass.fold((case.outage for case in found), sites, mass_rules(self.parts))
        folds = in_order(fold for fold in folded(found, masses) if fold.mass or wanted.order != "mass")
        return len(folds), lambda first, end: [fold_row(one, reader) for one in folds[first:end]]


def _by_length(case: Case) -> tuple[int, int, str]:
    """The longest first, by what of it lies in the period."""
    return -case.lost_ms, case.outage.start_ms, case.site.code


def _period_text(span: Span, view: View) -> str:
    if span[1] == view.now_ms:
        return view.texts.say("outages.since", at=view.at(span[0]))
    return view.texts.say("outages.between", start=view.at(span[0]), end=view.at(span[1]))


def _choices(sites: Iterable[Site], reader: Reader) -> dict[str, Any]:
    """What the filters offer."""
    known, say = [*sites], reader.view.texts.say
    return {
        "regencies": sorted({site.regency for site in known} - {""}),
        "providers": sorted({site.provider for site in known} - {""}),
        "conditions": [(c.value, reader.view.word(c.value)) for c in Condition if c.is_down],
        "causes": [
            (NO_CAUSE, say("outages.cause.none")),
            (ANY_CAUSE, say("outages.cause.given")),
            *((code.value, say(f"cause.{code.value}")) for code in CauseCode),
        ],
        "periods": [
            (name, say(f"outages.period.{name}"), reader.again("outages", period=name, **_ANEW)) for name in LATELY
        ],
        "orders": [
            (name, say(f"outages.order.{name or 'newest'}"), reader.again("outages", order=name, page=""))
            for name in ORDERS
        ],
    }


_ANEW = {"from": "", "to": "", "page": ""}
