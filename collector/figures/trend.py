"""Figures one after another in time: of closed days alone, so that thirty days of a province cost no more than one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from collector.accounting.days import midnight_ms
from collector.figures.indicators import AccountingSettings, figures
from collector.figures.periods import STEPS, Period, local
from collector.figures.shares import Choice, Ratio
from collector.figures.sums import Sums
from collector.figures.totals import PORTION, Books
from collector.registry import Site

DAYS, MONTHS = 30, 12
LONG_DAYS = 62
"""A period that is longer is shown by months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One day or month. Ratios are empty where nothing is known, or too little."""

    name: str
    coverage: float | None
    line: Ratio
    experienced: Ratio


def pieces_of(period: Period, today: date) -> list[tuple[str, date]]:
    """(name, first day) of the last DAYS days, or MONTHS months, that end with `period` or yesterday; and, without a
    name, where they end."""
    start, end = (edge if isinstance(edge, date) else local(edge, "UTC").date() for edge in (period.start, period.end))
    end = min(end, today)
    if (end - start).days <= LONG_DAYS:
        days = [end - timedelta(n) for n in range(DAYS, 0, -1)]
        return [(day.isoformat(), day) for day in days] + [("", end)]
    start_of, _, form = STEPS["month"]
    firsts = [start_of(end - timedelta(1))]
    while len(firsts) < MONTHS:
        firsts.insert(0, start_of(firsts[0] - timedelta(1)))
    return [(form(first), first) for first in firsts] + [("", end)]


def trend(
    books: Books,
    sites: Sequence[Site],
    pieces: Sequence[tuple[str, date]],
    choice: Choice,
    settings: AccountingSettings,
) -> list[Point]:
    """Of all `sites` together in each of `pieces`, as `pieces_of` has them (blocks)."""
    firsts = [first for _, first in pieces[1:]]
    sums = Sums(len(firsts))
    for start in range(0, len(sites), PORTION):
        found: list[list[bytes]] = [[] for _ in firsts]
        for site in sites[start : start + PORTION]:
            edges = [midnight_ms(first, site.timezone) for first in firsts]
            at = 0
            for day in books.tallies(site.code, midnight_ms(pieces[0][1], site.timezone), edges[-1]):
                while day.from_ms >= edges[at]:
                    at += 1
                found[at].append(day.tally)
        for owner, tallies in enumerate(found):
            sums.add_tallies(owner, tallies)
    return [
        Point(
            name=name,
            coverage=told.coverage,
            line=told.availability["line"],
            experienced=told.availability["experienced"],
        )
        for (name, _), told in zip(pieces, figures(sums, choice, settings), strict=False)
    ]
