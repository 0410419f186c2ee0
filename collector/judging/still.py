"""Pure: whether a judged site stands still: which results change nothing at it but the end of the evidence.

A site stands still when each of its targets goes on as it is, and nothing of what was found is younger than the oldest
of their last results:

1. A target that was heard lately must be up, down or intercepted, and its last results must say so without exception.
   One that was not heard for longer than the allowance has ended; it must have ended before the others were heard last.
2. No target, no group and not the site turned after the oldest last result, but for the ends of what was observed.
3. Nothing was degraded in the bin of that result or the one before.

Then more results of the same kind, without a gap and without making two neighbouring bins bad (quality.py), leave every
track as it is but for its end: no run begins, no stretch breaks, and all that looks back (first sights, last successes,
alignment) looks at turns that lie before them. A test judges random histories both ways.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collector.columns import Columns, Series
from collector.condition import Condition, Flip, State
from collector.judging.groups import Trial
from collector.judging.judge import SITE, JudgeSettings, Verdict
from collector.judging.quality import BIN_MS, Limits, is_echo

BINS = 16
"""How many bins of quality are kept of a site that stands still."""
SPREAD_BINS = 12
"""How far apart the last results of its targets may be."""
NEVER, ANSWERS, FAILS, INTERCEPTED = range(4)
"""What a target's results must go on to be."""
WANTED = {State.UP: ANSWERS, State.DOWN: FAILS, State.INTERCEPTED: INTERCEPTED}
UNCOUNTED, COUNTED, FLAWLESS = range(3)
"""How a series takes part in quality: not; by bins; each of its results must be without fault (those of watchers, at a
site that is also measured from inside, count only where those inside say nothing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A target that goes on as it is."""

    series: Series
    last_ms: int
    cover_ms: int
    want: int
    counts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Packets, lost ones, results and the sum of their round trips."""

    number: int
    packets: int
    lost: int
    rows: int
    sum_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """What a site stands on. Flips after `oldest_ms`, the oldest last result, are ends."""

    held: list[Held]
    oldest_ms: int
    bins: list[Bin]
    condition: Condition


def footing(
    verdict: Verdict, standing: Mapping[str, Flip], settings: JudgeSettings, limits: Limits, allowance_ms: int
) -> Footing | None:
    """What the site stands on; None if it does not stand still. The verdict must reach to its last result."""
    trials = verdict.trials
    newest_ms = max((trial.last[1] for trial in trials if trial.last), default=0)
    live = [trial for trial in trials if not _has_ended(trial, newest_ms - allowance_ms)]
    mixed = len({trial.last[0].outside for trial in live if trial.last and is_echo(trial.last[0])}) > 1
    held = [_held(trial, settings, mixed=mixed) for trial in live]
    known = [one for one in held if one]
    if not known or len(known) < len(held):
        return None
    oldest_ms = min(one.last_ms for one in known)
    echo_ms = min((one.last_ms for one in known if one.counts), default=newest_ms)
    condition = _condition(verdict, standing, oldest_ms)
    if condition is None or not _is_quiet(trials, live, oldest_ms) or not _is_good(verdict, echo_ms, newest_ms):
        return None
    if mixed and not _watched_without_fault(verdict.echoes, echo_ms, limits):
        return None
    return Footing(held=known, oldest_ms=oldest_ms, bins=_bins(verdict.echoes, mixed=mixed), condition=condition)


def _has_ended(trial: Trial, before_ms: int) -> bool:
    unobserved = not trial.track or trial.track[-1].state is State.UNOBSERVED
    if trial.last is None or not len(trial.sample.at_ms):
        return unobserved and (trial.last is None or trial.last[1] < before_ms)
    return unobserved and trial.last[1] + 2 * int(trial.sample.cover_ms[-1]) < before_ms


def _held(trial: Trial, settings: JudgeSettings, *, mixed: bool) -> Held | None:
    """Rule 1."""
    sample, track = trial.sample, trial.track
    if trial.last is None or not len(sample.at_ms) or int(sample.at_ms[-1]) != trial.last[1] or len(track) < 2:
        return None
    if track[-1].state is not State.UNOBSERVED:
        return None
    series, last_ms = trial.last
    want = WANTED.get(track[-2].state, NEVER)
    run = 1 if want == ANSWERS else settings.fail_after
    goes_on = sample.ok[-run:] if want == ANSWERS else ~sample.ok[-run:]
    if want == NEVER or len(sample.ok) < run or not goes_on.all() or (want != ANSWERS and series.outside):
        return None
    if want != ANSWERS and (sample.intercepted[-run:] != (want == INTERCEPTED)).any():
        return None
    counts = (FLAWLESS if mixed and series.outside else COUNTED) if is_echo(series) else UNCOUNTED
    cover_ms = int(sample.cover_ms[-1])
    return Held(series=series, last_ms=last_ms, cover_ms=cover_ms, want=want, counts=counts)


def _condition(verdict: Verdict, standing: Mapping[str, Flip], oldest_ms: int) -> Condition | None:
    """What the site is in; None if that is nothing, or if more than ends follows."""
    now = standing[SITE].now if SITE in standing else Condition.UNOBSERVED
    for flip in verdict.flips:
        if flip.at_ms > oldest_ms:
            if flip.now != Condition.UNOBSERVED:
                return None
        elif flip.scope == SITE:
            now = flip.now
    return None if now == Condition.UNOBSERVED else Condition(now)


def _is_quiet(trials: Sequence[Trial], live: Sequence[Trial], oldest_ms: int) -> bool:
    """Rule 2, and that what has ended is in other bins than what goes on."""
    going_on = {trial.scope for trial in live}
    tracks = [trial.track[:-1] if trial.scope in going_on else trial.track for trial in trials]
    gone = [trial.last[1] for trial in trials if trial.scope not in going_on and trial.last]
    turned_ms = max((track[-1].at_ms for track in tracks if track), default=0)
    return turned_ms <= oldest_ms and max(gone, default=0) < oldest_ms - 2 * BIN_MS


def _is_good(verdict: Verdict, echo_ms: int, newest_ms: int) -> bool:
    """Rule 3."""
    oldest, newest = echo_ms // BIN_MS, newest_ms // BIN_MS
    degraded_until_ms = verdict.degraded[-1].at_ms if verdict.degraded else 0
    return newest - oldest <= SPREAD_BINS and degraded_until_ms <= (oldest - 1) * BIN_MS


def _watched_without_fault(echoes: Columns, echo_ms: int, limits: Limits) -> bool:
    outside = np.array([series.outside for series in echoes.series], np.bool_)[echoes.index]
    rows = echoes.take(outside & (echoes.at_ms >= (echo_ms // BIN_MS - 1) * BIN_MS))
    return bool((rows.received == rows.sent).all() and (rows.avg_us <= limits.rtt_ms * 1000).all())


def _bins(echoes: Columns, *, mixed: bool) -> list[Bin]:
    """The newest BINS bins."""
    if not len(echoes):
        return []
    first = int(echoes.at_ms.max()) // BIN_MS - BINS + 1
    rows = echoes.take(echoes.at_ms >= first * BIN_MS)
    if mixed:
        rows = rows.take(~np.array([series.outside for series in rows.series], np.bool_)[rows.index])
    place = rows.at_ms // BIN_MS - first
    packets = np.bincount(place, rows.sent, BINS)
    lost = np.bincount(place, rows.sent.astype(np.int64) - rows.received, BINS)
    sums, counts = np.bincount(place, rows.avg_us, BINS), np.bincount(place, minlength=BINS)
    return [
        Bin(number=first + i, packets=int(packets[i]), lost=int(lost[i]), rows=int(counts[i]), sum_us=int(sums[i]))
        for i in np.flatnonzero(counts).tolist()
    ]
