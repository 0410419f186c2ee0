"""Pure: which results of a site say something, of what moment and for how long.

`error` is our own fault and says nothing; neither does what a watcher could not reach while its own line was down.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.columns import Columns
from collector.judging.tracks import Sample
from shared.result import CODE_OF, UPTIME, Outcome


@dataclass(frozen=True, slots=True)
class Evidence:
    """Results that say something, by target and time, and what of them tracks ask for. `breaks`: after which a gap
    follows; `changes`: which are of another kind than the one before."""

    at_ms: NDArray[np.int64]
    said_ms: NDArray[np.int64]
    ok: NDArray[np.bool_]
    intercepted: NDArray[np.bool_]
    cover_ms: NDArray[np.int64]
    breaks: list[int]
    changes: list[int]

    def sample(self, start: int, end: int, from_ms: int) -> Sample:
        """Of results `start` to `end` - 1, all of one target."""
        first = start + int(self.at_ms[start:end].searchsorted(from_ms, side="right"))
        here = slice(first, end)
        breaks = self.breaks[bisect_left(self.breaks, first) : bisect_left(self.breaks, end - 1)]
        changes = self.changes[bisect_right(self.changes, first) : bisect_left(self.changes, end)]
        return Sample(
            at_ms=self.at_ms[here],
            said_ms=self.said_ms[here],
            ok=self.ok[here],
            intercepted=self.intercepted[here],
            cover_ms=self.cover_ms[here],
            before_ms=int(self.at_ms[first - 1]) if first > start else None,
            before_cover_ms=int(self.cover_ms[first - 1]) if first > start else 0,
            before_ok=first > start and bool(self.ok[first - 1]),
            breaks=[place - first for place in breaks],
            changes=[place - first for place in changes],
        )


def evidence_of(
    rows: Columns, apart: NDArray[np.bool_], coverage_intervals: float
) -> tuple[Evidence, NDArray[np.bool_]]:
    """What `rows` say, and which of them say something. `apart`: between which neighbours another target begins."""
    cover_ms = _cover(rows, apart, coverage_intervals)
    evidence = rows.outcome != CODE_OF[Outcome.ERROR]
    ok = rows.outcome == CODE_OF[Outcome.OK]
    said_ms = rows.at_ms + np.where(ok, _took_us(rows) // 1000, 0)
    at_ms, intercepted = rows.at_ms, rows.outcome == CODE_OF[Outcome.INTERCEPTED]
    if not evidence.all():
        at_ms, said_ms, ok = at_ms[evidence], said_ms[evidence], ok[evidence]
        intercepted, cover_ms = intercepted[evidence], cover_ms[evidence]
    breaks = np.flatnonzero(at_ms[1:] - at_ms[:-1] > cover_ms[:-1]).tolist()
    changes = (np.flatnonzero(ok[1:] != ok[:-1]) + 1).tolist()
    return Evidence(at_ms, said_ms, ok, intercepted, cover_ms, breaks, changes), evidence


def seen(rows: Columns, blind: Mapping[str, Sequence[tuple[int, int]]]) -> NDArray[np.bool_]:
    """Which rows are evidence: a failure while the watcher's own line was down is not, an answer always is."""
    counts: NDArray[np.bool_] = np.ones(len(rows), np.bool_)
    for i in np.unique(rows.index).tolist():
        for start_ms, end_ms in blind.get(rows.series[i].agent_site, ()):
            counts &= (rows.at_ms < start_ms) | (rows.at_ms >= end_ms) | (rows.index != i)
    counts |= rows.outcome == CODE_OF[Outcome.OK]
    return counts


def _took_us(rows: Columns) -> NDArray[np.uint32]:
    """How long each answer took. One of kind `uptime` has its reading where others have their longest round trip."""
    readings = [i for i, s in enumerate(rows.series) if s.kind == UPTIME]
    return np.where(np.isin(rows.index, readings), rows.avg_us, rows.max_us) if readings else rows.max_us


def _cover(rows: Columns, apart: NDArray[np.bool_], coverage_intervals: float) -> NDArray[np.int64]:
    """How long each result speaks at most. An error behind it shows that the agent went on: twice as long, no
    longer."""
    cover = np.array([round(s.interval_ms * coverage_intervals) for s in rows.series] or [0], np.int64)[rows.index]
    is_error = rows.outcome[1:] == CODE_OF[Outcome.ERROR]
    if is_error.any():
        cover[:-1][is_error & ~apart & (rows.at_ms[1:] - rows.at_ms[:-1] <= cover[:-1])] *= 2
    return cover
