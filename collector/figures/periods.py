"""Pure: periods as people name them -> milliseconds, in the time zone of each site.

`2026`, `2026-Q4`, `2026-11`, `2026-W47` (ISO: Monday to Sunday), `2026-11-22`, or from ... to. A date is its first
instant at the site; an instant with an offset is the same everywhere.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from collector.accounting.days import midnight_ms

HOUR_MS = 3_600_000
OLDEST_YEAR, NEWEST_YEAR = 1970, 2999
FORMS = "use 2026-11-22, 2026-W47, 2026-11, 2026-Q4 or 2026, or from= and to="
TIME_FORMS = "use a date, for example 2026-11-22, or RFC 3339, for example 2026-11-22T10:00:00+08:00"


class BadPeriod(ValueError):  # noqa: N818  it reads as what it is
    """A period that cannot be understood; says how to write one. Retrying helps only with another."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, each a local date or an instant in milliseconds; `name` as people wrote it."""

    name: str
    start: date | int
    end: date | int

    def span(self, timezone: str) -> tuple[int, int]:
        """In milliseconds at a site of this time zone."""
        return _at(self.start, timezone), _at(self.end, timezone)


def parse(text: str) -> Period:
    """The period of this name."""
    for form, read in _FORMS:
        found = re.fullmatch(form, text, re.ASCII)
        if found:
            try:
                start, end = read(*(int(part) for part in found.groups()))
                return Period(text, _meant(start), end)
            except (ValueError, OverflowError):
                break
    raise BadPeriod(f"{text!r} is no period; {FORMS}")


def between(start: str, end: str) -> Period:
    """From ... to, each a date or RFC 3339."""
    period = Period(f"{start}/{end}", bound(start), bound(end))
    if period.span("UTC")[0] >= period.span("UTC")[1]:
        raise BadPeriod("from must lie before to")
    return period


def bound(text: str) -> date | int:
    """A date, or an instant in milliseconds."""
    try:
        if len(text) == len("2026-11-22"):
            return _meant(date.fromisoformat(text))
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that nobody escaped arrives as a space
        if at.tzinfo is None:
            raise ValueError
        _meant(at.date())
        return round(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise BadPeriod(f"{text!r} is no time; {TIME_FORMS}") from None


def _meant(day: date) -> date:
    """`day`; ValueError if nobody means it: near the ends of the calendar a time zone leads out of it."""
    if not OLDEST_YEAR <= day.year <= NEWEST_YEAR:
        raise ValueError
    return day


def current(name: str, now_ms: int, timezone: str) -> tuple[int, int]:
    """One of CURRENT as it is at `now_ms`; what has not ended ends now."""
    today = local(now_ms, timezone).date()
    start, end = CURRENT[name](today)
    return midnight_ms(start, timezone), min(now_ms, midnight_ms(end, timezone))


def pieces(from_ms: int, to_ms: int, by: str, timezone: str) -> Iterator[tuple[str, int, int]]:
    """(name, start, end) of the hours, days, weeks ... of a site in a period, without gaps, clipped to it."""
    if by == "hour":
        yield from _hours(from_ms, to_ms, timezone)
        return
    start_of, following, form = STEPS[by]
    first = start_of(local(from_ms, timezone).date())
    while (start_ms := midnight_ms(first, timezone)) < to_ms:
        after = following(first)
        end_ms = midnight_ms(after, timezone)
        if end_ms > from_ms:
            yield form(first), max(start_ms, from_ms), min(end_ms, to_ms)
        first = after


def local(at_ms: int, timezone: str) -> datetime:
    """`at_ms` on the wall of a site."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone))


def _at(edge: date | int, timezone: str) -> int:
    return midnight_ms(edge, timezone) if isinstance(edge, date) else edge


def _hours(from_ms: int, to_ms: int, timezone: str) -> Iterator[tuple[str, int, int]]:
    """Hours of each day, counted from its midnight: a day has 23, 24 or 25."""
    for _, day_ms, day_end_ms in pieces(from_ms, to_ms, "day", timezone):
        first_ms = midnight_ms(local(day_ms, timezone).date(), timezone)
        start_ms = day_ms - (day_ms - first_ms) % HOUR_MS
        while start_ms < day_end_ms:
            named = local(start_ms, timezone).isoformat(timespec="minutes")
            yield named, max(start_ms, day_ms), min(start_ms + HOUR_MS, day_end_ms)
            start_ms += HOUR_MS


def _months(year: int, month: int, n: int) -> tuple[date, date]:
    """`n` months from a month on."""
    after = year * 12 + month - 1 + n
    return date(year, month, 1), date(after // 12, after % 12 + 1, 1)


def _month_of(day: date) -> date:
    return day.replace(day=1)


def _quarter_of(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _week(year: int, week: int) -> tuple[date, date]:
    monday = date.fromisocalendar(year, week, 1)
    return monday, monday + timedelta(7)


def _day(year: int, month: int, day: int) -> tuple[date, date]:
    return date(year, month, day), date(year, month, day) + timedelta(1)


_FORMS: tuple[tuple[str, Callable[..., tuple[date, date]]], ...] = (
    (r"(\d{4})", lambda year: _months(year, 1, 12)),
    (r"(\d{4})-Q([1-4])", lambda year, quarter: _months(year, 3 * quarter - 2, 3)),
    (r"(\d{4})-W(\d{2})", _week),
    (r"(\d{4})-(\d{2})", lambda year, month: _months(year, month, 1)),
    (r"(\d{4})-(\d{2})-(\d{2})", _day),
)

Step = tuple[Callable[[date], date], Callable[[date], date], Callable[[date], str]]
STEPS: dict[str, Step] = {
    "day": (lambda day: day, lambda first: first + timedelta(1), date.isoformat),
    "week": (
        lambda day: day - timedelta(day.weekday()),
        lambda first: first + timedelta(7),
        lambda first: f"{first.isocalendar().year}-W{first.isocalendar().week:02}",
    ),
    "month": (_month_of, lambda first: _months(first.year, first.month, 1)[1], lambda first: first.isoformat()[:7]),
    "quarter": (
        _quarter_of,
        lambda first: _months(first.year, first.month, 3)[1],
        lambda first: f"{first.year}-Q{(first.month + 2) // 3}",
    ),
    "year": (
        lambda day: date(day.year, 1, 1),
        lambda first: date(first.year + 1, 1, 1),
        lambda first: str(first.year),
    ),
}
"""How periods are cut: (start of the piece a day lies in, start of the next piece, name of a piece)."""
BY = ("hour", *STEPS)

CURRENT: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today + timedelta(1)),
    "yesterday": lambda today: (today - timedelta(1), today),
    "month": lambda today: _months(today.year, today.month, 1),
    "last_month": lambda today: (_month_of(_month_of(today) - timedelta(1)), _month_of(today)),
}
"""Periods that move with the day of the site."""
