"""The outages of a site in the period of a report, whole, and what its contracts say of each part of the period."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from collector.accounting.calendars import Span
from collector.accounting.days import day_at, ends_ms, midnight_ms
from collector.accounting.ledger import Down
from collector.contracts import Contract, parts
from collector.figures.downs import Sheet, Stop, clipped, kept_sheet, sheet_of, stops
from collector.figures.periods import local
from collector.figures.totals import gaps
from collector.registry import Site
from collector.reports.source import Source


@dataclass(frozen=True, slots=True)
class Term:
    """In `span`, from `first` to the day before `after`, `contract` is in force at a site; None: none that is known."""

    contract: Contract | None
    first: date
    after: date
    span: Span


def sheets(source: Source, site: Site, from_ms: int, to_ms: int) -> list[Sheet]:
    """The account of [from_ms, to_ms), day by day, by time: what is kept as it is kept, the rest made on the spot.
    Nothing before the day of the first result."""
    kept = [day for day in source.store.books.tallies(site.code, from_ms, to_ms) if day.to_ms <= to_ms]
    found = [kept_sheet(day.ledger) for day in kept]
    for gap in gaps([(day.from_ms, day.to_ms) for day in kept], from_ms, to_ms):
        found += [sheet_of(day.ledger) for day in source.remembering.days(site.code, *gap)]
    return sorted(found, key=lambda one: one.from_ms)


def stops_of(source: Source, site: Site) -> list[Stop]:
    """Outages and power cuts that touch the period of the report, by time, each followed beyond its edges to where it
    truly begins and ends."""
    asked = source.asked(site, source.wanted.period)
    if asked is None:
        return []
    downs = _downs(source, site, asked.from_ms, asked.to_ms)
    whole = [*_earlier(source, site, downs), *downs, *_later(source, site, downs)]
    return clipped(stops(whole), (asked.from_ms, asked.to_ms))


def terms(source: Source, site: Site) -> list[Term]:
    """The period of the report until now, cut where another contract comes into force at `site`."""
    asked = source.asked(site, source.wanted.period)
    if asked is None:
        return []
    first, last = (local(at_ms, site.timezone).date() for at_ms in (asked.from_ms, asked.to_ms - 1))
    found = []
    for part in parts(site, source.contracts, first, last + timedelta(1)):
        from_ms, to_ms = (midnight_ms(day, site.timezone) for day in (part.start, part.end))
        span = max(from_ms, asked.from_ms), min(to_ms, asked.to_ms)
        found.append(Term(part.contract, part.start, part.end, span))
    return found


def charge_after_ms(source: Source, contract: Contract | None) -> int:
    """How long an outage must be to be charged: as the contract says, else as the collector's settings do."""
    own_s = contract.charge_after_s if contract else None
    return round((source.accounting.charge_after_s if own_s is None else own_s) * 1000)


def charged_ms(source: Source, stop: Stop, found: Sequence[Term]) -> int:
    """What of `stop` is charged in the period: in each part of it by the contract of that part."""
    return sum(stop.charged_ms(term.span, charge_after_ms(source, term.contract)) for term in found)


def lasts(source: Source, stop: Stop) -> bool:
    """Whether it goes on at the moment of the report."""
    return not stop.closes and stop.end_ms >= source.now_ms


def _downs(source: Source, site: Site, from_ms: int, to_ms: int) -> list[Down]:
    return list(chain.from_iterable(one.downs for one in sheets(source, site, from_ms, to_ms)))


def _earlier(source: Source, site: Site, downs: Sequence[Down]) -> list[Down]:
    """What the first of `downs` has before the period, day by day back to where it begins."""
    found: list[Down] = []
    first = downs[0] if downs else None
    while first and not first.opens:
        before = _downs(source, site, day_at(site.timezone, first.start_ms - 1)[0], first.start_ms)
        joined = stops([*before, first])[-1]
        found = [*(one for one in before if one.start_ms >= joined.start_ms), *found]
        first = found[0] if joined.start_ms < first.start_ms else None
    return found


def _later(source: Source, site: Site, downs: Sequence[Down]) -> list[Down]:
    """What the last of them has behind it, until it ends or until now, or the last day of the site."""
    found: list[Down] = []
    last, most_ms = downs[-1] if downs else None, min(source.now_ms, ends_ms(site))
    while last and not last.closes and last.end_ms < most_ms:
        until_ms = min(day_at(site.timezone, last.end_ms)[1], most_ms)
        behind = _downs(source, site, last.end_ms, until_ms)
        joined = stops([last, *behind])[0]
        found += [one for one in behind if one.end_ms <= joined.end_ms]
        last = found[-1] if joined.end_ms > last.end_ms else None
    return found


def each(source: Source, what: str) -> Iterator[tuple[Site, list[Stop]]]:
    """Every site of the report with its stops, telling progress."""
    for portion in source.in_portions(what):
        for site in portion:
            yield site, stops_of(source, site)
