"""Pure: results of targets -> tracks. A track is the state of one thing over time: a tuple of turns, each holding
until the next.

How a target is judged (on columns; `error` results are taken out before):

1. A result covers the time until the next result of the target, at most `coverage_intervals` intervals; twice as
   long where an `error` follows it, which is no evidence but shows that the agent went on. A longer
   gap ends the
   stretch: from the end of the cover on the target is unobserved, and what was before it does not count any more.
2. Within a stretch, results of one kind (success, failure) in a row are a run.
3. `fail_after` failures in a row make it down, dated to the first of them; `recover_after` successes in a row make
   it up, dated to the first of them. At the start of a stretch one success is enough, for a reply is proof, and
   fewer failures prove nothing: unobserved.
4. A shorter run of failures changes nothing for the target, which is called suspect for as long: its group may fall.
5. A down target whose results say that somebody else answered is `intercepted` for as long as they do.
6. A way back up is dated to the moment of the answer, a way down to the first packet of the failure: a web check may
   begin seconds before a line comes back and be answered by its third attempt.
7. A flip carries the last proof of the opposite: when the result before the run began. An answer that comes by
   satellite 0.6 s later proves the line for the moment it was asked, not for the moment it came.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from collector.condition import State


@dataclass(frozen=True, slots=True)
class Turn:
    """From `at_ms` on the state is `state`; the last proof of another state was at `proof_ms`."""

    at_ms: int
    state: State
    proof_ms: int


Track = tuple[Turn, ...]


@dataclass(frozen=True)  # no slots: it keeps what it has computed
class Sample:
    """The results of one target, by time: parallel arrays. `before_ms` is the last result before them, None when
    there is none in reach."""

    at_ms: NDArray[np.int64]
    said_ms: NDArray[np.int64]
    """What moment a way into its state is dated to (rule 6)."""
    ok: NDArray[np.bool_]
    intercepted: NDArray[np.bool_]
    cover_ms: NDArray[np.int64]
    before_ms: int | None = None
    before_cover_ms: int = 0
    before_ok: bool = False
    breaks: Sequence[int] | None = None
    """After which results a gap follows; None: not looked for yet. So for `changes`, the first results of another
    kind."""
    changes: Sequence[int] | None = None

    @cached_property
    def _answered(self) -> NDArray[np.int64]:
        return self.at_ms[self.ok]

    def last_ok_ms(self, until_ms: int) -> int:
        """The last success that began before `until_ms`; 0 when there is none in reach."""
        answered = int(np.searchsorted(self._answered, until_ms))
        if answered:
            return int(self._answered[answered - 1])
        return self.before_ms if self.before_ok and self.before_ms is not None else 0


def follow(sample: Sample, entering: Turn | None, fail_after: int, recover_after: int) -> Track:
    """The track of a target. `entering` is its last turn before the sample."""
    turns = [entering] if entering else []
    state = entering.state if entering else State.UNOBSERVED
    last_ms, last_cover_ms = sample.before_ms, sample.before_cover_ms
    for first, last in _stretches(sample):
        at_ms, said_ms = int(sample.at_ms[first]), int(sample.said_ms[first])
        if last_ms is None or at_ms - last_ms > last_cover_ms:
            if state is not State.UNOBSERVED and last_ms is not None:
                turns.append(Turn(last_ms + last_cover_ms, State.UNOBSERVED, last_ms))
            state = State.UNOBSERVED
            last_ms = None
        for turn in _turns_of_stretch(sample, first, last, state, fail_after, recover_after):
            # The first result of a stretch has nothing before it that could prove the opposite.
            proof_ms = last_ms if turn.at_ms == said_ms and last_ms is not None else turn.proof_ms
            turns.append(Turn(turn.at_ms, turn.state, proof_ms))
            state = turn.state
        last_ms, last_cover_ms = int(sample.at_ms[last]), int(sample.cover_ms[last])
    if state is not State.UNOBSERVED and last_ms is not None:
        turns.append(Turn(last_ms + last_cover_ms, State.UNOBSERVED, last_ms))
    return tuple(turns)


def _stretches(sample: Sample) -> Iterator[tuple[int, int]]:
    """(first, last) positions of the results that follow one another without a gap."""
    if not len(sample.at_ms):
        return
    breaks = sample.breaks
    if breaks is None:
        breaks = np.flatnonzero(np.diff(sample.at_ms) > sample.cover_ms[:-1]).tolist()
    yield from zip([0, *(place + 1 for place in breaks)], [*breaks, len(sample.at_ms) - 1], strict=True)


def _turns_of_stretch(
    sample: Sample, first: int, last: int, state: State, fail_after: int, recover_after: int
) -> Iterator[Turn]:
    changes = sample.changes
    if changes is None:
        changes = (np.flatnonzero(sample.ok[1:] != sample.ok[:-1]) + 1).tolist()
    edges = [first, *changes[bisect_right(changes, first) : bisect_right(changes, last)], last + 1]
    for start, end in pairwise(edges):
        for turn in _turns_of_run(sample, start, end, first, state, fail_after, recover_after):
            yield turn
            state = turn.state


def _turns_of_run(
    sample: Sample, start: int, end: int, first: int, state: State, fail_after: int, recover_after: int
) -> Iterator[Turn]:
    """The turns inside one run: into up, into suspect, or into down and between down and intercepted."""
    if sample.ok[start]:
        enough = 1 if state in (State.UNOBSERVED, State.SUSPECT) else recover_after
        if state is not State.UP and end - start >= enough:
            yield _turn(sample, start, first, State.UP)
    elif end - start >= fail_after:
        kinds = sample.intercepted[start:end]
        for begin in [0, *(np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist()]:
            kind = State.INTERCEPTED if kinds[begin] else State.DOWN
            if kind is not state:
                yield _turn(sample, start + begin, first, kind)
                state = kind
    elif state is State.UP:
        yield _turn(sample, start, first, State.SUSPECT)


def _turn(sample: Sample, position: int, first: int, state: State) -> Turn:
    at_ms = int(sample.said_ms[position])
    return Turn(at_ms, state, int(sample.at_ms[position - 1]) if position > first else at_ms)


def states_at(tracks: Sequence[Track]) -> Iterator[tuple[int, list[Turn | None]]]:
    """(time, the turn each track is in) at every time at which any of them turns, in order."""
    places = [0] * len(tracks)
    now: list[Turn | None] = [None] * len(tracks)
    for at_ms in sorted({turn.at_ms for track in tracks for turn in track}):
        for i, track in enumerate(tracks):
            while places[i] < len(track) and track[places[i]].at_ms <= at_ms:
                now[i] = track[places[i]]
                places[i] += 1
        yield at_ms, list(now)
