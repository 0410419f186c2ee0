"""Pure: the days of a place: from local midnight to local midnight, 23, 24 or 25 hours long."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from collector.accounting.calendars import Span
from collector.registry import Site

FOREVER_MS = 1 << 62
"""When a site ends that goes on."""


def day_at(timezone: str, at_ms: int) -> Span:
    """The day in which `at_ms` lies."""
    today = datetime.fromtimestamp(at_ms // 1000, ZoneInfo(timezone)).date()
    start_ms, end_ms = midnight_ms(today, timezone), midnight_ms(today + timedelta(days=1), timezone)
    # Where the clock is set back over midnight, the hour before it comes twice and the second belongs to the day again.
    return (start_ms, end_ms) if at_ms < end_ms else (end_ms, midnight_ms(today + timedelta(days=2), timezone))


def days_between(timezone: str, from_ms: int, to_ms: int) -> list[Span]:
    """The whole days that touch [from_ms, to_ms), by time and without gaps."""
    days: list[Span] = []
    at_ms = from_ms
    while at_ms < to_ms:
        days.append(day_at(timezone, at_ms))
        at_ms = days[-1][1]
    return days


def midnight_ms(day: date, timezone: str) -> int:
    """When `day` begins there; where the clock jumps over midnight, when it has jumped."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).timestamp()) * 1000


def ends_ms(site: Site) -> int:
    """The midnight that ends the last day of `site`: nothing counts from then on. FOREVER_MS where it goes on."""
    return _end_of(site.after, site.timezone) if site.until else FOREVER_MS


_end_of = lru_cache(4_096)(midnight_ms)
"""The present of every site is looked at each second."""
