"""Pure: when a receiver wants quiet, and when its morning digest is due, by the clock on its wall."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

DIGEST_LATE = timedelta(hours=3)
"""A digest that could not be sent for so long is not sent that day: at noon nobody reads what was so in the morning."""

_TIME = r"([01]\d|2[0-3]):([0-5]\d)"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From one minute of the day to another, past midnight if need be, on nights and days that begin on `weekdays`
    (0 Monday ... 6 Sunday): the quiet of Friday 22:00-06:00 ends on Saturday morning."""

    from_min: int
    to_min: int
    weekdays: frozenset[int] = frozenset(range(7))

    def at(self, now_ms: int, timezone: str) -> bool:
        """Whether it is quiet at `now_ms`."""
        now = _local(now_ms, timezone)
        minute, today, yesterday = now.hour * 60 + now.minute, now.weekday(), (now.weekday() - 1) % 7
        if self.from_min < self.to_min:
            return today in self.weekdays and self.from_min <= minute < self.to_min
        evening = today in self.weekdays and minute >= self.from_min
        return evening or (yesterday in self.weekdays and minute < self.to_min)


def minute_of(text: str) -> int:
    """420 of "07:00". ValueError with how to write it."""
    found = re.fullmatch(_TIME, text)
    if not found:
        raise ValueError('must be a time of the day like "07:00"')
    return int(found[1]) * 60 + int(found[2])


def quiet_span(text: str) -> tuple[int, int]:
    """(1320, 360) of "22:00-06:00". ValueError with how to write it."""
    found = re.fullmatch(f"{_TIME}-{_TIME}", text)
    if not found:
        raise ValueError('must be two times of the day like "22:00-06:00"')
    start, end = (minute_of(part) for part in text.split("-"))
    if start == end:
        raise ValueError("must not end when it begins: that would be quiet for ever or never")
    return start, end


def digest_day(now_ms: int, at_min: int, last_day: str, timezone: str) -> str | None:
    """The local day (`2026-11-22`) whose digest is due now; `last_day` was the last that had one."""
    now = _local(now_ms, timezone)
    due = now.replace(hour=at_min // 60, minute=at_min % 60, second=0, microsecond=0)
    day = f"{now:%Y-%m-%d}"
    return day if day > last_day and due <= now < due + DIGEST_LATE else None


def _local(now_ms: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(timezone))
