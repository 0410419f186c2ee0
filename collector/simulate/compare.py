"""Pure: the collector's ledger against the true one, day by day.

A ledger says how much time it recorded as each row, and how much of that may have been which other row (its bars).
What it recorded too much of one row must be what it recorded too little of others, moved along the bars and no further
than they reach. So the part of a difference that the bars explain is the greatest flow from rows with too much to rows
with too little through the bars; what is left over is beyond them. Of that a host's clock may account for a little: a
stamp is as true as the clock, and each boundary of the day may be off by so much.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from collector.condition import ROWS, Row

Bars = Mapping[tuple[Row, Row], int]
"""(recorded as, may have been) -> milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """A day of a site in which time was recorded as another row than the bars allow. `differs`: recorded - true."""

    site: str
    day: str
    beyond_ms: int
    differs: Mapping[Row, int]


@dataclass(slots=True)
class Sum:
    """One row over all days. `over` and `under` are recorded too much and too little."""

    true_ms: int = 0
    recorded_ms: int = 0
    over_ms: int = 0
    under_ms: int = 0
    beyond_ms: int = 0

    @property
    def differs_ms(self) -> int:
        return self.recorded_ms - self.true_ms


@dataclass(slots=True)
class Comparison:
    """All days together, and those with time beyond the bars."""

    rows: dict[Row, Sum] = field(default_factory=lambda: {row: Sum() for row in ROWS})
    days: int = 0
    wrong_ms: int = 0
    """Recorded as another row than the true one."""
    explained_ms: int = 0
    by_clock_ms: int = 0
    beyond: list[Beyond] = field(default_factory=list)

    @property
    def beyond_ms(self) -> int:
        return self.wrong_ms - self.explained_ms - self.by_clock_ms

    def add(
        self, site: str, day: str, recorded: Mapping[Row, int], true: Mapping[Row, int], bars: Bars, clock_ms: int = 0
    ) -> None:
        """One day of one site; `clock_ms` is what the host's clock may account for."""
        differs = {row: recorded.get(row, 0) - true.get(row, 0) for row in ROWS}
        left = left_over(differs, bars)
        self.days += 1
        for row in ROWS:
            one = self.rows[row]
            one.true_ms += true.get(row, 0)
            one.recorded_ms += recorded.get(row, 0)
            one.over_ms += max(0, differs[row])
            one.under_ms += max(0, -differs[row])
        wrong_ms = max(sum(d for d in differs.values() if d > 0), -sum(d for d in differs.values() if d < 0))
        left_ms = sum(left.values())
        by_clock_ms = left_ms if left_ms <= clock_ms else 0
        beyond_ms = left_ms - by_clock_ms
        self.wrong_ms += wrong_ms
        self.explained_ms += wrong_ms - left_ms
        self.by_clock_ms += by_clock_ms
        if beyond_ms:
            for row, ms in left.items():
                self.rows[row].beyond_ms += ms
            shown = {row: ms for row, ms in differs.items() if ms}
            self.beyond.append(Beyond(site=site, day=day, beyond_ms=beyond_ms, differs=shown))


def left_over(differs: Mapping[Row, int], bars: Bars) -> dict[Row, int]:
    """By row what was recorded too much and no bar explains; the greatest flow, found path by path, the shortest first
    (Edmonds and Karp). Periods of different length leave the difference over, under the first row."""
    over = {row: ms for row, ms in differs.items() if ms > 0}
    under = {row: -ms for row, ms in differs.items() if ms < 0}
    room = {edge: ms for edge, ms in bars.items() if ms > 0}
    while path := _path(over, under, room):
        moved = min(over[path[0]], under[path[-1]], *(room[edge] for edge in pairwise(path)))
        over[path[0]] -= moved
        under[path[-1]] -= moved
        for one, other in pairwise(path):
            room[one, other] -= moved
            room[other, one] = room.get((other, one), 0) + moved
    left = {row: ms for row, ms in over.items() if ms}
    lacking = sum(under.values()) - sum(left.values())
    if lacking > 0:
        left[ROWS[0]] = left.get(ROWS[0], 0) + lacking
    return left


def _path(over: Mapping[Row, int], under: Mapping[Row, int], room: Mapping[tuple[Row, Row], int]) -> list[Row]:
    """From a row with too much to one with too little; empty if there is none."""
    came_from: dict[Row, Row | None] = {row: None for row, ms in over.items() if ms}
    queue = deque(came_from)
    while queue:
        row = queue.popleft()
        if under.get(row):
            path = [row]
            while (before := came_from[path[-1]]) is not None:
                path.append(before)
            return path[::-1]
        for (one, other), ms in room.items():
            if one is row and ms > 0 and other not in came_from:
                came_from[other] = row
                queue.append(other)
    return []
