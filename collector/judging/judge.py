"""Pure: results of a site -> flips of its targets, its groups and itself. No clock, no disk, no await, no logging.

1. Targets are followed one by one (tracks.py), by what of their results is evidence (evidence.py).
2. Targets make groups, and flips of groups that can be one event get one date (groups.py). Targets that watch the site
   from another one form the group `outside`; they say nothing while their own site's line is down.
3. The ladder gives the site's condition: the first rung that matches (ladder.py). A line that is up may be degraded
   (quality.py).

Judging a window gives the same flips as judging everything, if it starts from the standing flips and reaches far
enough before and behind the new results: nothing here looks further than `reach_ms` back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from collector.columns import Columns, Series
from collector.condition import Condition, Flip, State
from collector.judging.evidence import evidence_of, seen
from collector.judging.groups import OUTSIDE, Trial, align, group_track
from collector.judging.ladder import LADDER_GROUPS, condition, why
from collector.judging.quality import BIN_MS, Limits, degraded_spans, echoes_of
from collector.judging.tracks import Sample, Track, Turn, follow, states_at
from collector.registry import Medium
from shared.settings import Settings

SITE = "site"

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
    echoes = echoes_of(case.columns)
    degraded = _degraded(echoes, limits)
    flips += _site_flips(case, groups, degraded)
    flips = sorted((f for f in flips if f.at_ms > case.from_ms), key=lambda f: (f.at_ms, f.scope))
    return Verdict(flips, trials, echoes, degraded)


def _largest_interval_ms(columns: Columns) -> int:
    return max((s.interval_ms for s in columns.series), default=30_000)


def _trials(case: Case, settings: JudgeSettings) -> Iterator[Trial]:
    """Each target under judgement; one whose interval or address was changed is still the same."""
    by_scope: dict[str, list[int]] = {}
    for i, s in enumerate(case.columns.series):
        by_scope.setdefault(f"{OUTSIDE if s.outside else s.group}:{s.agent}/{s.target}", []).append(i)
    columns = case.columns.by_series()
    every, said = evidence_of(columns, columns.index[1:] != columns.index[:-1], settings.coverage_intervals)
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


def _together(
    case: Case, columns: Columns, series: Sequence[int], settings: JudgeSettings
) -> tuple[Sample, tuple[Series, int] | None]:
    """What several series say of one target, without what a blind watcher said; and the last result."""
    rows = columns.take(np.isin(columns.index, series))
    rows = rows.take(np.argsort(rows.at_ms, kind="stable"))
    last = (rows.series[int(rows.index[-1])], int(rows.at_ms[-1])) if len(rows) else None
    if len(rows) and rows.series[int(rows.index[0])].outside:
        rows = rows.take(seen(rows, case.blind))
    found, _ = evidence_of(rows, np.zeros(max(0, len(rows) - 1), np.bool_), settings.coverage_intervals)
    return found.sample(0, len(found.at_ms), case.from_ms), last


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
