"""Pure: what each result meant for the judgement, so that it can be done again by hand: the rules of tracks.py, told
beside the results that they were applied to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.columns import Columns
from collector.condition import Condition, Flip, State
from collector.faces.pages.reasons import FAILING, GroupNow
from collector.judging.groups import OUTSIDE
from collector.judging.ladder import condition
from collector.judging.tracks import Turn
from shared.result import CODE_OF, UPTIME, Outcome

LADDER = (
    Condition.LOCAL_DOWN,
    Condition.LINE_DOWN,
    Condition.INTERNET_DOWN,
    Condition.INTRANET_DOWN,
    Condition.UNREACHABLE,
    Condition.UNOBSERVED,
    Condition.INTERCEPTED,
    Condition.DEGRADED,
    Condition.UP,
)
"""In the order in which `judge.condition` reads it."""

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Note:
    """What a result meant: a key under `site.explain.note.`, the k-th of n in a row; `at_ms` where the key needs it."""

    key: str
    k: int = 0
    n: int = 0
    at_ms: int = 0

    @property
    def decisive(self) -> bool:
        """Whether a change was decided by it and its like."""
        return self.n > 0 or self.key.startswith("kind")


def scope_of(columns: Columns, place: int) -> str:
    """The scope of the flips of the target that result `place` is of."""
    series = columns.series[columns.index[place]]
    return f"{OUTSIDE if series.outside else series.group}:{series.agent}/{series.target}"


def notes(columns: Columns, flips: Sequence[Flip], fail_after: int, recover_after: int) -> dict[int, Note]:
    """By place in `columns`. `flips` are those of its targets; others do not matter.

    1. Our own errors are skipped.
    2. A flip into down or intercepted is dated to the first of `fail_after` failures in a row, `caught` if somebody
       else answered; one into up to the moment of the first of `recover_after` answers, of one alone where nothing was
       known before.
    3. The result before a change that its flip names is the last proof of the opposite; before silence, the last one.
    """
    found: dict[int, Note] = {}
    for scope, places in _by_scope(columns):
        errors = columns.outcome[places] == CODE_OF[Outcome.ERROR]
        found |= dict.fromkeys(places[errors].tolist(), Note("error"))
        evidence = _Evidence(columns, places[~errors])
        mine = [flip for flip in flips if flip.scope == scope]
        for flip in mine:
            for place, note in evidence.decided(flip, fail_after, recover_after):
                found.setdefault(place, note)
        for flip in mine:
            for place, note in evidence.proven(flip):
                found.setdefault(place, note)
    return found


def _by_scope(columns: Columns) -> Iterator[tuple[str, Places]]:
    """A target whose interval or address was changed has several series and one scope. By time."""
    firsts = np.unique(columns.index, return_index=True)[1].tolist()
    series_of: dict[str, list[int]] = {}
    for first in firsts:
        series_of.setdefault(scope_of(columns, first), []).append(int(columns.index[first]))
    for scope, series in sorted(series_of.items()):
        places = np.flatnonzero(np.isin(columns.index, series))
        yield scope, places[np.argsort(columns.at_ms[places], kind="stable")]


class _Evidence:
    """The results of one target that say something, by time."""

    def __init__(self, columns: Columns, places: Places) -> None:
        self._places = places
        self._at_ms = columns.at_ms[places]
        self._ok = columns.outcome[places] == CODE_OF[Outcome.OK]
        self._intercepted = columns.outcome[places] == CODE_OF[Outcome.INTERCEPTED]
        uptime = [series.kind == UPTIME for series in columns.series]
        took_us = np.where(
            np.array([*uptime, False])[columns.index[places]], columns.avg_us[places], columns.max_us[places]
        )
        self._said_ms = self._at_ms + took_us // 1000

    def decided(self, flip: Flip, fail_after: int, recover_after: int) -> Iterator[tuple[int, Note]]:
        """The results that `flip` was made of."""
        if flip.now == State.UNOBSERVED:
            return
        if flip.now == State.UP:
            n = 1 if flip.was == State.UNOBSERVED else recover_after
            yield from self._run(np.flatnonzero(self._ok & (self._said_ms == flip.at_ms)), n, is_ok=True)
        elif flip.was in FAILING:
            key = "kind" if flip.now == State.INTERCEPTED else "kind_back"
            yield from ((int(self._places[i]), Note(key)) for i in np.flatnonzero(self._at_ms == flip.at_ms))
        else:
            yield from self._run(np.flatnonzero(~self._ok & (self._at_ms == flip.at_ms)), fail_after, is_ok=False)

    def _run(self, first: Places, n: int, *, is_ok: bool) -> Iterator[tuple[int, Note]]:
        for k, i in enumerate(range(int(first[0]), len(self._places)) if len(first) else (), 1):
            if k > n or bool(self._ok[i]) is not is_ok:
                return
            key = "ok" if is_ok else "caught" if self._intercepted[i] else "fail"
            place = "_only" if n == 1 else "_first" if k == 1 else "_last" if k == n else ""
            yield int(self._places[i]), Note(key + place, k, n)

    def proven(self, flip: Flip) -> Iterator[tuple[int, Note]]:
        """The result that was the last proof of what was before `flip`."""
        note = Note("ends", at_ms=flip.at_ms) if flip.now == State.UNOBSERVED else Note("proof")
        if flip.was != State.UNOBSERVED:
            yield from ((int(self._places[i]), note) for i in np.flatnonzero(self._at_ms == flip.not_earlier_than_ms))


def recomputed(groups: Sequence[GroupNow], kept: Condition) -> Condition:
    """The ladder, read again. What is degraded is not found from states alone: that is taken from what was `kept`."""
    turns = {g.name: Turn(g.flip.at_ms, State(g.flip.now), g.flip.not_earlier_than_ms) for g in groups}
    return condition(turns, is_degraded=kept is Condition.DEGRADED)


def rungs(groups: Sequence[GroupNow], kept: Condition) -> Mapping[Condition, str]:
    """Each rung with `no`, `yes` (the first that matches) or `unread`."""
    first = LADDER.index(recomputed(groups, kept))
    said = ["no"] * first + ["yes"] + ["unread"] * (len(LADDER) - first - 1)
    return dict(zip(LADDER, said, strict=True))
