"""Pure: the periods that belong to a report's period: the one before, its days, the months up to it, its year."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from collector.figures.periods import STEPS, Period, local, parse
from collector.figures.trend import DAYS, LONG_DAYS, MONTHS

FEW_DAYS = 28
"""A period that is shorter is shown with the days before it."""
DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` to the day before `after`."""

    first: date
    after: date

    @property
    def last(self) -> date:
        return self.after - DAY

    @property
    def days(self) -> int:
        return (self.after - self.first).days


Pieces = list[tuple[str, date]]
"""(name, first day) one after the other; and, without a name, where they end: as figures/trend.py has them."""


def span_of(period: Period, now_ms: int, timezone: str) -> Span:
    """The days that `period` touches, today the last of them where it has not ended."""
    from_ms, to_ms = period.span(timezone)
    first, last = (local(at_ms, timezone).date() for at_ms in (from_ms, max(from_ms, min(to_ms, now_ms) - 1)))
    return Span(first, last + DAY)


def before(period: Period) -> Period:
    """The period of the same kind before; of one without a kind, as much time."""
    if not isinstance(period.start, date) or not isinstance(period.end, date):
        to_ms, end_ms = period.span("UTC")
        from_ms = 2 * to_ms - end_ms
        name = "/".join(local(at_ms, "UTC").isoformat() for at_ms in (from_ms, to_ms))
        return Period(name, from_ms, to_ms)
    for start_of, _, form in STEPS.values():
        if form(start_of(period.start)) == period.name:
            return parse(form(start_of(period.start - DAY)))
    return between_days(period.start - (period.end - period.start), period.start)


def between_days(first: date, after: date) -> Period:
    """From a day to the day before another."""
    return Period(f"{first}/{after}", first, after)


def year_so_far(span: Span) -> Period:
    """The year that the last day of `span` lies in, up to that day."""
    return between_days(date(span.last.year, 1, 1), span.after)


def days_shown(span: Span) -> Pieces:
    """The days of `span`; of one that is short or long, the last DAYS up to its end."""
    n = span.days if FEW_DAYS <= span.days <= LONG_DAYS else DAYS
    days = [span.after - n * DAY + k * DAY for k in range(n)]
    return [*((day.isoformat(), day) for day in days), ("", span.after)]


def months_shown(span: Span) -> Pieces:
    """The last MONTHS months; the last one ends with `span`, and is named by its days if it is not whole."""
    start_of, following, form = STEPS["month"]
    firsts = [start_of(span.last)]
    while len(firsts) < MONTHS:
        firsts.insert(0, start_of(firsts[0] - DAY))
    last = firsts[-1]
    ends = form(last) if following(last) == span.after else between_days(last, span.after).name
    return [*((form(first), first) for first in firsts[:-1]), (ends, last), ("", span.after)]


def ends_of(pieces: Pieces) -> Iterator[tuple[str, date]]:
    """(name, last day) of each."""
    for (name, _), (_, after) in pairwise(pieces):
        yield name, after - DAY
