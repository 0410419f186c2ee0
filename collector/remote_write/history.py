"""Pure: flips and results of a site -> what is told of it at each instant of a grid.

1. At an instant the site and its groups are in what their last flips said; while nobody observed, nothing is told.
2. Round trips and loss at an instant are those of the echoes that began in the step before it, of a group that is up:
   latency and loss are told of available time only.
3. A series that was told at one instant and is not at the next gets Prometheus' staleness marker there, so that a graph
   ends where the knowledge ends.
4. Who corrects what was told before says explicitly where nothing is known now: every series that the site could have
   had gets the marker.

So what is told is a function of the results: asking again gives the same samples.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from collector.accounting.latency import ECHO, ERROR
from collector.columns import Columns
from collector.condition import ROWS, Condition, Flip, Row, State
from collector.judging.groups import OUTSIDE
from collector.judging.judge import SITE

Key = tuple[str, str, str]
"""(name, group, quantile); the site is the same for all, and what does not apply is empty."""
Values = Mapping[Key, float]
Told = tuple[int, Values]
"""An instant in milliseconds, and the value of every series that is told there."""

UP: Key = ("kentongan_history_site_up", "", "")
CONDITION: Key = ("kentongan_history_condition", "", "")
GROUP_UP, RTT, LOSS = "kentongan_history_group_up", "kentongan_history_rtt_seconds", "kentongan_history_loss_ratio"
QUANTILES = (0.5, 0.95)
NAMES = (UP[0], CONDITION[0], GROUP_UP, RTT, LOSS)

CODES: Mapping[str, int] = {condition: ROWS.index(Row(condition)) for condition in Condition if condition in {*Row}}
"""Conditions as numbers, in the order of the ledger's rows, which never changes."""
STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""Prometheus' staleness marker, a NaN with bits of its own (model/value/value.go)."""


def history(
    opening: Iterable[Flip], flips: Iterable[Flip], columns: Columns, from_ms: int, to_ms: int, step_ms: int
) -> Iterator[Told]:
    """What is told of a site at every multiple of `step_ms` in [from_ms, to_ms).

    `opening` are the last flips before from_ms - step_ms, `flips` those from there on, `columns` the results since
    from_ms - 2 steps.
    """
    states = _States([*opening, *flips])
    instants = range(-(-from_ms // step_ms) * step_ms, to_ms, step_ms)
    if not instants:
        return
    echoes = _echoes(columns, instants[0] - step_ms, instants[-1], step_ms)
    before = _values(states, echoes, instants[0] - step_ms)
    for at_ms in instants:
        now = _values(states, echoes, at_ms)
        yield at_ms, {**now, **dict.fromkeys(before.keys() - now.keys(), STALE)}
        before = now


def corrected(told: Sequence[Told], known: Iterable[Key]) -> Iterator[Told]:
    """`told` for a store that was told something else before; `known`: every series that the site could have had."""
    possible = {UP, CONDITION, *known, *(key for _, values in told for key in values)}
    for at_ms, values in told:
        yield at_ms, {**dict.fromkeys(possible - values.keys(), STALE), **values}


def keys_of(groups: Iterable[str]) -> list[Key]:
    """Every series that a site with these groups could have."""
    return [
        key
        for group in groups
        for key in ((GROUP_UP, group, ""), (LOSS, group, ""), *((RTT, group, str(share)) for share in QUANTILES))
    ]


def groups_in(flips: Iterable[Flip]) -> set[str]:
    """The groups among the scopes of flips."""
    return {flip.scope for flip in flips if flip.scope != SITE and ":" not in flip.scope}


class _States:
    """What each scope was in at an instant."""

    def __init__(self, flips: Iterable[Flip]) -> None:
        self._turns: dict[str, tuple[list[int], list[str]]] = {}
        for flip in sorted(flips, key=lambda flip: flip.at_ms):  # stable: of several at one instant the last stands
            if ":" not in flip.scope:
                at_ms, states = self._turns.setdefault(flip.scope, ([], []))
                at_ms.append(flip.at_ms)
                states.append(flip.now)

    def at(self, at_ms: int) -> dict[str, str]:
        found = {}
        for scope, (turns_ms, states) in self._turns.items():
            place = bisect_right(turns_ms, at_ms)
            if place:
                found[scope] = states[place - 1]
        return found


_Echoes = Mapping[tuple[int, str], Mapping[Key, float]]
"""By (instant, group)."""


def _values(states: _States, echoes: _Echoes, at_ms: int) -> dict[Key, float]:
    now = states.at(at_ms)
    condition = now.pop(SITE, Condition.UNOBSERVED.value)
    if condition not in CODES:
        return {}
    values: dict[Key, float] = {UP: 0.0 if Condition(condition).is_down else 1.0, CONDITION: float(CODES[condition])}
    for group, state in sorted(now.items()):
        if state != State.UNOBSERVED:
            values[GROUP_UP, group, ""] = 1.0 if state == State.UP else 0.0
        if state == State.UP:
            values |= echoes.get((at_ms, group), {})
    return values


def _echoes(columns: Columns, first_ms: int, last_ms: int, step_ms: int) -> _Echoes:
    """Loss and round trips of each group in (instant - step, instant], for the instants from first to last."""
    found: dict[tuple[int, str], dict[Key, float]] = {}
    groups = [OUTSIDE if series.outside else series.group.value for series in columns.series]
    echo = np.array([series.kind == ECHO for series in columns.series], np.bool_)[columns.index]
    chosen = echo & (columns.outcome != ERROR) & (columns.at_ms > first_ms - step_ms) & (columns.at_ms <= last_ms)
    instants = -(-columns.at_ms // step_ms) * step_ms
    for group in sorted(set(groups)):
        of_group = np.array([name == group for name in groups], np.bool_)[columns.index] & chosen
        for at_ms in np.unique(instants[of_group]).tolist():
            mine = of_group & (instants == at_ms)
            found[at_ms, group] = _told(columns.take(mine), group)
    return found


def _told(echoes: Columns, group: str) -> dict[Key, float]:
    sent, received = int(echoes.sent.sum(dtype=np.int64)), int(echoes.received.sum(dtype=np.int64))
    told: dict[Key, float] = {(LOSS, group, ""): (sent - received) / sent} if sent else {}
    rtt_us = np.sort(echoes.avg_us[echoes.received > 0])
    for share in QUANTILES if len(rtt_us) else ():
        rank = max(1, -(-round(share * 100) * len(rtt_us) // 100))  # nearest rank: one of the round trips
        told[RTT, group, str(share)] = int(rtt_us[rank - 1]) / 1e6
    return told
