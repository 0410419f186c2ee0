"""Section 10: days and service hours by the site's own clock.

The pack tells when the clock of each zone is how far ahead, so that the machine needs no table of time zones.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

MINUTES = 1440
DAY_MS = 86_400_000
WHOLE_DAY = ((0, 0),)

Shifts = Sequence[tuple[int, int]]
"""Of one day: minutes in which service begins and ends; an end that is not behind its start is on the next day."""


def in_service(local: datetime, shifts_of: Callable[[date], Shifts]) -> bool:
    """Whether the clock on the wall reads a time within a shift."""
    minute, today = local.hour * 60 + local.minute, local.date()
    return any(a <= minute < (b if b > a else MINUTES) for a, b in shifts_of(today)) or any(
        b <= a and minute < b for a, b in shifts_of(today - timedelta(days=1))
    )


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone as the pack tells it: from which instant on its clock is how far ahead of UTC, and its days."""

    since: Sequence[int]
    ahead: Sequence[int]
    days: dict[str, tuple[int, int]]
    """By name, `2026-10-05`: from when to when it lasted."""

    @classmethod
    def of(cls, told: Any) -> "Zone":
        since, ahead = zip(*told["offsets"], strict=True)
        return cls(since, ahead, {name: (start, end) for name, start, end in told["days"]})

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp((at + self._ahead(at)) // 1000, UTC)

    def instants(self, local_ms: int) -> Iterator[int]:
        """When the clock reads that: never, once or twice."""
        yield from {local_ms - ahead for ahead in self.ahead if self._ahead(local_ms - ahead) == ahead}

    def _ahead(self, at: int) -> int:
        return self.ahead[max(0, bisect_right(self.since, at) - 1)]


class Hours:
    """The service hours of a calendar of the pack, in one zone."""

    def __init__(self, told: Any, zone: Zone) -> None:
        self._zone = zone
        self._seasons = [_season(one) for one in told["seasons"]]
        self._closed = set(told["closed"])
        self._always = not self._seasons and not self._closed

    def at(self, at: int) -> bool:
        return self._always or in_service(self._zone.local(at), self.shifts_of)

    def shifts_of(self, day: date) -> Shifts:
        """Of several seasons that speak of a day, the last one counts."""
        name = day.isoformat()
        if name in self._closed:
            return ()
        if not self._seasons:
            return WHOLE_DAY
        for first, last, shifts in reversed(self._seasons):
            if day.weekday() in shifts and (first or name) <= name <= (last or name):
                return shifts[day.weekday()]
        return ()

    def edges(self, start: int, end: int) -> list[int]:
        """The instants in [start, end) at which `at` may change."""
        if self._always:
            return []
        found = {at for at in self._zone.since if start < at < end}
        day = self._zone.local(start).date() - timedelta(days=1)
        while day <= self._zone.local(end).date():
            midnight = (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY_MS
            minutes = {0, *(minute for shift in self.shifts_of(day) for minute in shift)}
            minutes |= {shift_end for a, shift_end in self.shifts_of(day - timedelta(days=1)) if shift_end <= a}
            found |= {at for minute in minutes for at in self._zone.instants(midnight + minute * 60_000)}
            day += timedelta(days=1)
        return sorted(at for at in found if start < at < end)


def _season(told: Any) -> tuple[str, str, dict[int, Shifts]]:
    shifts: dict[int, Shifts] = {
        int(day): [(_minute(a), _minute(b)) for a, b in spans] for day, spans in told["shifts"].items()
    }
    return told["first"] or "", told["last"] or "", shifts


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)
