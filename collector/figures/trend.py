"""Figures one after another in time: of closed days, so that thirty days of a province cost no more than one; and of
what is not closed, if somebody makes it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from collector.accounting.accounts import Day
from collector.accounting.days import ends_ms, midnight_ms
from collector.figures.indicators import AccountingSettings, Figures, figures
from collector.figures.periods import STEPS, Period, local
from collector.figures.shares import Choice, Ratio
from collector.figures.sums import Sums
from collector.figures.totals import PORTION, Books, gaps
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


Made = Callable[[Site, int, int], Iterable[Day]]
"""Makes the days of a site from ... to that are not closed."""


def nothing_made(_site: Site, _from_ms: int, _to_ms: int) -> Iterable[Day]:
    """Only closed days count."""
    return ()


def pieces_of(period: Period, today: date) -> list[tuple[str, date]]:
    """(name, first day) of the days of `period`, DAYS of them at least, or of MONTHS months, that end with it or
    yesterday; and, without a name, where they end."""
    start, end = (edge if isinstance(edge, date) else local(edge, "UTC").date() for edge in (period.start, period.end))
    end = min(end, today)
    if (end - start).days <= LONG_DAYS:
        days = [end - timedelta(n) for n in range(max(DAYS, (end - start).days), 0, -1)]
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
    """Of all `sites` together in each of `pieces`, as `pieces_of` has them; closed days alone (blocks)."""
    return points(pieces, figures(added(books, [sites], pieces), choice, settings))


def points(pieces: Sequence[tuple[str, date]], told: Sequence[Figures]) -> list[Point]:
    """`told` of each of `pieces`."""
    return [
        Point(
            name=name,
            coverage=one.coverage,
            line=one.availability["line"],
            experienced=one.availability["experienced"],
        )
        for (name, _), one in zip(pieces, told, strict=False)
    ]


def added(
    books: Books, groups: Sequence[Sequence[Site]], pieces: Sequence[tuple[str, date]], made: Made = nothing_made
) -> Sums:
    """All but outages: of each of `groups` one piece after the other, then of the next; `made` adds what is not closed
    (blocks)."""
    firsts = [first for _, first in pieces[1:]]
    sums = Sums(len(firsts) * len(groups))
    for number, sites in enumerate(groups):
        for start in range(0, len(sites), PORTION):
            _add(sums, number * len(firsts), books, sites[start : start + PORTION], [pieces[0][1], *firsts], made)
    return sums


def _add(sums: Sums, base: int, books: Books, sites: Sequence[Site], cuts: Sequence[date], made: Made) -> None:
    found: list[list[bytes]] = [[] for _ in cuts[1:]]
    for site in sites:
        from_ms, *edges = (midnight_ms(cut, site.timezone) for cut in cuts)
        to_ms = min(edges[-1], ends_ms(site))
        kept = books.tallies(site.code, from_ms, to_ms) if from_ms < to_ms else ()
        for day in kept:
            found[bisect_right(edges, day.from_ms)].append(day.tally)
        for gap in gaps([(day.from_ms, day.to_ms) for day in kept], from_ms, to_ms):
            for one in made(site, *gap):
                sums.add_days(base + bisect_right(edges, one.ledger.from_ms), [one])
    for place, tallies in enumerate(found):
        sums.add_tallies(base + place, tallies)
