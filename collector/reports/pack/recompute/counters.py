"""Section 8, rule 3: when a watched device started anew, from the readings of its uptime counter."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .records import FOREVER, Turn

JITTER = 5_000
"""A counter that stands lower by no more than this runs on."""
AROUND = 2 * 3_600_000
"""How long before and after a silence readings are looked for."""
SERVICE = 120_000
"""A device answers pings some seconds before it tells its uptime: a start so soon behind a silence ended it."""
WRAP = (1 << 32) * 10
"""A counter of hundredths of a second in 32 bits begins anew by itself."""
WRAP_SLACK = 60_000

Reading = tuple[int, int]
"""When it was read, and for how long the device had been on by then."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device that stands at the site, read by one agent; its readings by time."""

    readings: list[Reading]

    def between(self, start: int, end: int) -> list[Reading]:
        return self.readings[bisect_left(self.readings, (start,)) : bisect_left(self.readings, (end,))]


def restarts(devices: Sequence[Device], site: Sequence[Turn], *, watched_only: bool) -> tuple[tuple[int, int], ...]:
    """(started anew at, read before at) of what may explain a silence of the site."""
    silent = ("unreachable", "unobserved") if watched_only else ("unreachable",)
    found: set[tuple[int, int]] = set()
    for turn, following in pairwise([*site, Turn(FOREVER, "", 0)]):
        if turn.state in silent and following.at < FOREVER:
            for device in devices:
                found |= set(around(device, turn.at, following.at))
    return tuple(sorted(found))


def around(device: Device, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Restarts between the readings just before, in and just behind the silence [start, end)."""
    known = {
        *device.between(start - AROUND, start + 1),
        *device.between(start + 1, min(end, start + AROUND)),
        *device.between(max(end, start + 1), end + AROUND),
    }
    if not device.between(start - AROUND, start + 1):
        return
    for (before, was), (after, now) in pairwise(sorted(known)):
        began = after - now
        if was - now > JITTER and began > before - JITTER and not wrapped(before, was, after, now):
            at = max(before, began)
            yield (end if 0 < at - end <= SERVICE else at), before


def wrapped(before: int, was: int, after: int, now: int) -> bool:
    """Whether the counter is where it would be if it had only run over."""
    return abs(was + after - before - WRAP - now) <= WRAP_SLACK + (after - before) // 1000
