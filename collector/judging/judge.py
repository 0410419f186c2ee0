"""Pure: results of a site -> flips of its targets, its groups and itself. No clock, no disk, no await, no logging.

1. Targets are followed one by one (tracks.py).
2. Targets make groups, and flips of groups that can be one event get one date (groups.py). Targets that watch the site
   from another one form the group `outside`; they say nothing while their own site's line is down.
3. The ladder gives the site's condition: the first rung that matches. A line that is up may be degraded (quality.py).

Judging a window gives the same flips as judging everything, if it starts from the standing flips and reaches far
enough before and behind the new results: nothing here looks further than `reach_ms` back.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from collector.columns import Columns, Series
from collector.condition import Condition, Flip, State
from collector.judging.groups import Trial, align, group_track
from collector.judging.quality import BIN_MS, Limits, degraded_spans
from collector.judging.tracks import Sample, Track, Turn, follow, states_at
from collector.registry import Medium
from shared.result import CODE_OF, UPTIME, Group, Outcome
from shared.settings import Settings

OUTSIDE = "outside"
SITE = "site"
LINE_GROUPS = (Group.INTRANET, Group.INTERNET)
LADDER_GROUPS = (Group.GATEWAY, *LINE_GROUPS, OUTSIDE)

DEFAULT_LIMITS: dict[Medium, Limits] = {
    Medium.FIBER: Limits(loss_ratio=0.05, rtt_ms=150),
    Medium.COPPER: Limits(loss_ratio=0.05, rtt_ms=200),
    Medium.WIRELESS: Limits(loss_ratio=0.1, rtt_ms=200),
    Medium.CELLULAR: Limits(loss_ratio=0.1, rtt_ms=400),
    Medium.LEO: Limits(loss_ratio=0.1, rtt_ms=200),
    Medium.VSAT: Limits(loss_ratio=0.1, rtt_ms=900),
    Medium.OTHER: Limits(loss_ratio=0.1, rtt_ms=300),
}


class JudgeSettings(Settings):
    """How many failures make a target down, and what each medium may do."""

    fail_after: int = 3
    recover_after: int = 2
    coverage_intervals: float = 2.5
    limits: dict[Medium, Limits] = Field(default_factory=dict)
    """Overrides by medium of loss_ratio and rtt_ms above which a line that is up counts as degraded."""

    def limits_of(self, medium: Medium) -> Limits:
        return self.limits.get(medium, DEFAULT_LIMITS[medium])


def reach_ms(interval_ms: int) -> int:
    """How far before a result its judgement may look, for targets probed every `interval_ms`."""
    return 10 * interval_ms + 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What there is to judge: results by time from `from_ms` on, the flips standing at `from_ms`, and when outside
    watchers were blind.

    `columns` begins a little earlier than `from_ms`, so that the gap before the first result is known.
    """

    site: str
    columns: Columns
    from_ms: int
    standing: Mapping[str, Flip]
    blind: Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The flips of a case, and what they were made of: each target's trial, the results that quality was judged by, and
    the degraded spans as a track."""

    flips: list[Flip]
    trials: Sequence[Trial]
    echoes: Columns
    degraded: Track


def judge(case: Case, settings: JudgeSettings, limits: Limits) -> list[Flip]:
    """The flips of every scope of the site after `case.from_ms`, by time and scope."""
    return weigh(case, settings, limits).flips


def weigh(case: Case, settings: JudgeSettings, limits: Limits) -> Verdict:
    """`judge`, with what it found on the way."""
    trials = list(_trials(case, settings))
    names = sorted({trial.group for trial in trials} | {s for s in case.standing if ":" not in s and s != SITE})
    interval_ms = _largest_interval_ms(case.columns)
    raw = {
        name: group_track([t for t in trials if t.group == name], _entering(case, name), case.from_ms, interval_ms)
        for name in names
    }
    ladder = {name: raw[name] for name in LADDER_GROUPS if name in raw}
    groups = {**raw, **align(ladder, interval_ms)}
    flips = [flip for t in trials for flip in _flips(case, t.scope, t.track)]
    flips += [flip for name, track in groups.items() for flip in _flips(case, name, track)]
    echoes = _echoes(case)
    degraded = _degraded(echoes, limits)
    flips += _site_flips(case, groups, degraded)
    flips = sorted((f for f in flips if f.at_ms > case.from_ms), key=lambda f: (f.at_ms, f.scope))
    return Verdict(flips, trials, echoes, degraded)


def _largest_interval_ms(columns: Columns) -> int:
    return max((s.interval_ms for s in columns.series), default=30_000)


@dataclass(frozen=True, slots=True)
class _Evidence:
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


def _evidence(rows: Columns, apart: NDArray[np.bool_], settings: JudgeSettings) -> tuple[_Evidence, NDArray[np.bool_]]:
    """What `rows` say, and which of them say something. `apart`: between which neighbours another target begins."""
    cover_ms = _cover(rows, apart, settings.coverage_intervals)
    evidence = rows.outcome != CODE_OF[Outcome.ERROR]
    ok = rows.outcome == CODE_OF[Outcome.OK]
    said_ms = rows.at_ms + np.where(ok, _took_us(rows) // 1000, 0)
    at_ms, intercepted = rows.at_ms, rows.outcome == CODE_OF[Outcome.INTERCEPTED]
    if not evidence.all():
        at_ms, said_ms, ok = at_ms[evidence], said_ms[evidence], ok[evidence]
        intercepted, cover_ms = intercepted[evidence], cover_ms[evidence]
    breaks = np.flatnonzero(at_ms[1:] - at_ms[:-1] > cover_ms[:-1]).tolist()
    changes = (np.flatnonzero(ok[1:] != ok[:-1]) + 1).tolist()
    return _Evidence(at_ms, said_ms, ok, intercepted, cover_ms, breaks, changes), evidence


def _trials(case: Case, settings: JudgeSettings) -> Iterator[Trial]:
    """Each target under judgement; one whose interval or address was changed is still the same."""
    by_scope: dict[str, list[int]] = {}
    for i, s in enumerate(case.columns.series):
        by_scope.setdefault(f"{OUTSIDE if s.outside else s.group}:{s.agent}/{s.target}", []).append(i)
    columns = _by_series(case.columns)
    every, said = _evidence(columns, columns.index[1:] != columns.index[:-1], settings)
    edges = columns.index.searchsorted(np.arange(len(columns.series) + 1, dtype=columns.index.dtype)).tolist()
    of_said = np.concatenate([[0], np.cumsum(said)])[edges].tolist()
    for scope in sorted({*by_scope, *(s for s in case.standing if ":" in s)}):
        mine = by_scope.get(scope, [])
        if len(mine) == 1 and not (scope.startswith(OUTSIDE) and any(case.blind.values())):
            i, sample = mine[0], every.sample(of_said[mine[0]], of_said[mine[0] + 1], case.from_ms)
            last = (columns.series[i], int(columns.at_ms[edges[i + 1] - 1])) if edges[i] < edges[i + 1] else None
        else:
            sample, last = _together(case, columns, mine, settings)
        track = follow(sample, _entering(case, scope), settings.fail_after, settings.recover_after)
        yield Trial(scope, scope.partition(":")[0], sample, track, last)


def _by_series(columns: Columns) -> Columns:
    """By series and time. Columns from a store are in this order already."""
    if (columns.index[1:] < columns.index[:-1]).any():
        return columns.take(np.lexsort((columns.at_ms, columns.index)))
    return columns


def _together(
    case: Case, columns: Columns, series: Sequence[int], settings: JudgeSettings
) -> tuple[Sample, tuple[Series, int] | None]:
    """What several series say of one target, without what a blind watcher said; and the last result."""
    rows = columns.take(np.isin(columns.index, series))
    rows = rows.take(np.argsort(rows.at_ms, kind="stable"))
    last = (rows.series[int(rows.index[-1])], int(rows.at_ms[-1])) if len(rows) else None
    if len(rows) and rows.series[int(rows.index[0])].outside:
        rows = rows.take(_seen(rows, case.blind))
    found, _ = _evidence(rows, np.zeros(max(0, len(rows) - 1), np.bool_), settings)
    return found.sample(0, len(found.at_ms), case.from_ms), last


def _seen(rows: Columns, blind: Mapping[str, Sequence[tuple[int, int]]]) -> NDArray[np.bool_]:
    """Which rows are evidence: a failure while the watcher's own line was down is not, an answer always is."""
    seen: NDArray[np.bool_] = np.ones(len(rows), np.bool_)
    for i in np.unique(rows.index).tolist():
        for start_ms, end_ms in blind.get(rows.series[i].agent_site, ()):
            seen &= (rows.at_ms < start_ms) | (rows.at_ms >= end_ms) | (rows.index != i)
    seen |= rows.outcome == CODE_OF[Outcome.OK]
    return seen


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


def _entering(case: Case, scope: str) -> Turn | None:
    flip = case.standing.get(scope)
    return Turn(flip.at_ms, State(flip.now), flip.not_earlier_than_ms) if flip else None


def _flips(case: Case, scope: str, track: Track) -> Iterator[Flip]:
    was: str = State.UNOBSERVED
    for turn in track:
        if turn.state is State.SUSPECT or (was == State.UP and turn.state is State.UP):
            continue
        if turn.state != was:
            yield Flip(
                site=case.site,
                scope=scope,
                at_ms=turn.at_ms,
                not_earlier_than_ms=turn.proof_ms,
                was=was,
                now=turn.state,
            )
        was = turn.state


def is_echo(series: Series) -> bool:
    """Whether its results say how good the line is."""
    return series.kind == "icmp" and (series.outside or series.group in LINE_GROUPS)


def _echoes(case: Case) -> Columns:
    """Rules 1 and 2 of quality.py: the results that count."""
    c = case.columns
    counts = np.array([is_echo(s) for s in c.series], np.bool_)
    outside = np.array([s.outside for s in c.series], np.bool_)
    if not counts.any():
        return Columns.empty()
    rows = c.take(np.flatnonzero(counts[c.index]))
    if (rows.index[1:] < rows.index[:-1]).any():
        rows = rows.take(np.lexsort((rows.at_ms, rows.index)))
    ok, same = rows.received > 0, rows.index[1:] == rows.index[:-1]
    good = ok.copy()
    good[1:] &= ok[:-1] | ~same
    good[:-1] &= ok[1:] | ~same
    if not good.all():
        rows = rows.take(good)
    if not outside.any():
        return rows
    return rows.take(~outside[rows.index] | ~np.isin(rows.at_ms // BIN_MS, rows.at_ms[~outside[rows.index]] // BIN_MS))


def _degraded(echoes: Columns, limits: Limits) -> Track:
    """The degraded spans as a track, so that they take part in the sweep: DOWN stands for degraded."""
    spans = degraded_spans(echoes.at_ms, echoes.sent, echoes.received, echoes.avg_us, limits)
    return tuple(turn for a, b in spans for turn in (Turn(a, State.DOWN, a - BIN_MS), Turn(b, State.UP, b - BIN_MS)))


def _site_flips(case: Case, groups: Mapping[str, Track], degraded: Track) -> Iterator[Flip]:
    """Rule 3: sweep over the groups."""
    names = [name for name in LADDER_GROUPS if name in groups]
    was = Condition.UNOBSERVED
    for at_ms, turns in states_at([*(groups[name] for name in names), degraded]):
        now_in = {name: turn for name, turn in zip(names, turns, strict=False) if turn}
        now = condition(now_in, is_degraded=bool(turns[-1] and turns[-1].state is State.DOWN))
        if at_ms > case.from_ms and now is not was:
            proof_ms = max((t.proof_ms for t in turns if t and t.at_ms == at_ms), default=at_ms)
            yield Flip(
                site=case.site,
                scope=SITE,
                at_ms=at_ms,
                not_earlier_than_ms=proof_ms,
                was=was,
                now=now,
                why=why(now_in),
            )
        was = now


def condition(groups: Mapping[str, Turn], *, is_degraded: bool) -> Condition:
    """The ladder. `groups` has the turn that each group is in; a group that is not there has no targets."""
    state = {name: turn.state for name, turn in groups.items()}
    line = [state.get(name, State.UNOBSERVED) for name in LINE_GROUPS]
    answers = State.UP in line or State.INTERCEPTED in line
    if state.get(Group.GATEWAY) is State.DOWN and not answers and not _is_mute(groups):
        return Condition.LOCAL_DOWN
    if State.DOWN in line and not answers:
        return Condition.LINE_DOWN
    if State.DOWN in line:
        return Condition.INTERNET_DOWN if state[Group.INTERNET] is State.DOWN else Condition.INTRANET_DOWN
    if not answers:
        return _from_outside(state.get(OUTSIDE, State.UNOBSERVED), is_degraded=is_degraded)
    if State.INTERCEPTED in line:
        return Condition.INTERCEPTED
    return Condition.DEGRADED if is_degraded else Condition.UP


def _from_outside(outside: State, *, is_degraded: bool) -> Condition:
    """Nothing was measured inside."""
    if outside is State.DOWN:
        return Condition.UNREACHABLE
    if outside is State.UNOBSERVED:
        return Condition.UNOBSERVED
    return Condition.DEGRADED if is_degraded else Condition.UP


def _is_mute(groups: Mapping[str, Turn]) -> bool:
    """A gateway that was silent while the line behind it still worked does not answer pings at all: it proves no
    local fault."""
    gateway = groups[Group.GATEWAY]
    return any(
        turn.state is State.DOWN and gateway.at_ms < turn.proof_ms
        for name in LINE_GROUPS
        if (turn := groups.get(name)) is not None
    )


def why(groups: Mapping[str, Turn]) -> str:
    """The evidence in one line, e.g. `gateway up, intranet down, internet down`; what nobody observed is none."""
    seen = [(name, groups[name].state) for name in LADDER_GROUPS if name in groups]
    return ", ".join(f"{name} {state}" for name, state in seen if state is not State.UNOBSERVED)
