"""After each commit: judge again what the new results touch, write the flips, tell `live`.

Late results re-judge the window that they touch and nothing else. The window starts from the flips that stand
before it and ends where the new flips agree with those that stand behind it; so any order of arrival ends in the
same flips.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collector.columns import Columns
from collector.condition import Condition, Flip
from collector.judge import SITE, Case, JudgeSettings, judge, reach_ms
from collector.ledger import account, coverage
from collector.live import Judged, Live
from collector.registry import Medium
from collector.store import Store, Touched
from shared.clock import Clock
from shared.result import CODE_OF, Group, Outcome

log = logging.getLogger(__name__)

ROUND_S = 0.2
DAY_MS = 86_400_000
FOREVER_MS = 1 << 62
AGAIN_MS = 1_000
NO_FAILURES = [CODE_OF[Outcome.OK], CODE_OF[Outcome.ERROR]]
DOWN_ALONE = {Condition.INTERNET_DOWN: Group.INTERNET, Condition.INTRANET_DOWN: Group.INTRANET}
BLIND = frozenset({Condition.LOCAL_DOWN, Condition.LINE_DOWN, Condition.INTRANET_DOWN, Condition.INTERNET_DOWN})


@dataclass(slots=True)
class JudgeCounters:
    """What /metrics says of judging."""

    sites: int = 0
    seconds: float = 0.0
    lag_s: float = 0.0


class Rejudge:
    """Judges touched sites in rounds. The round is one blocking call, run in a thread beside the event loop."""

    def __init__(self, store: Store, live: Live, settings: JudgeSettings, clock: Clock) -> None:
        self._store, self._live, self._settings, self._clock = store, live, settings, clock
        self._mediums: dict[str, Medium] = {}
        self.counters = JudgeCounters()

    async def run(self) -> None:
        """Judge for ever, a round every ROUND_S while there is something to judge."""
        while True:
            try:
                await asyncio.to_thread(self.judge_touched)
            except Exception:  # a task's boundary: a site that cannot be judged must not stop the judging of all others
                log.exception("event=judging_failed")
            await asyncio.sleep(ROUND_S)

    def load(self) -> None:
        """At start: the registry and the flips that stand. What was committed but not judged comes with the first
        round."""
        self._refresh_registry()
        now_ms = self._clock.wall_ms()
        for site in self._mediums:
            self._tell_live(site, now_ms)

    def judge_touched(self) -> int:
        """One round: the number of sites judged."""
        touched = self._store.take_touched()
        if not touched:
            return 0
        started_ns, now_ms = self._clock.mono_ns(), self._clock.wall_ms()
        self._refresh_registry()
        # A watched site is judged after its watcher's own, because a watcher whose line is down is blind.
        own = {agent.site for agent in self._live.agents()}
        for one in sorted(touched, key=lambda t: (t.site not in own, t.site)):
            self._judge(one, now_ms)
        self.counters.sites += len(touched)
        self.counters.seconds += (self._clock.mono_ns() - started_ns) / 1e9
        self.counters.lag_s = (self._clock.wall_ms() - now_ms) / 1000
        return len(touched)

    def _refresh_registry(self) -> None:
        sites = self._store.sites()
        self._mediums = {site.code: site.medium for site in sites}
        self._live.set_registry(sites, self._store.agents())

    def _judge(self, touched: Touched, now_ms: int) -> None:
        rejudge_site(self._store, touched, self._settings, self._mediums.get(touched.site, Medium.OTHER))
        self._tell_live(touched.site, now_ms)

    def _tell_live(self, site: str, now_ms: int) -> None:
        turns = self._store.flips(site, now_ms - DAY_MS, FOREVER_MS, SITE)
        opening = {f.scope: f for f in self._store.state_at(site, now_ms - DAY_MS)}.get(SITE)
        known = [opening, *turns] if opening else turns
        # The newest turn into unobserved is the end of the results so far, not news: more results are on their way.
        is_end = bool(known) and known[-1].now == Condition.UNOBSERVED
        ends_ms = known[-1].at_ms if is_end else None
        standing = (known[-2] if len(known) > 1 else None) if is_end else (known[-1] if known else None)
        at_ms = ends_ms - 1 if ends_ms else now_ms
        scopes = self._store.state_at(site, at_ms)
        groups = {f.scope: f.now for f in scopes if ":" not in f.scope and f.scope != SITE}
        for agent in {f.scope.partition(":")[2].partition("/")[0] for f in scopes if ":" in f.scope}:
            self._live.watched_by(site, agent)
        confirmed = standing is None or self._failed_again(standing)
        judged = Judged(standing=standing, groups=groups, ends_ms=ends_ms, seen_ms=now_ms, confirmed=confirmed)
        self._live.judged(site, judged)

    def _failed_again(self, standing: Flip) -> bool:
        """Whether a group that is down alone failed again since; other conditions need no such proof."""
        group = DOWN_ALONE.get(Condition(standing.now))
        if group is None:
            return True
        columns = self._store.read(standing.site, standing.at_ms + AGAIN_MS, FOREVER_MS)
        failing = [i for i, series in enumerate(columns.series) if series.group is group and not series.outside]
        proofs = ~np.isin(columns.outcome, NO_FAILURES) & np.isin(columns.index, failing)
        return bool(proofs.any())


def rejudge_site(store: Store, touched: Touched, settings: JudgeSettings, medium: Medium) -> None:
    """Replace the flips of one site that the results in `touched` may change."""
    interval_ms = 30_000
    before_ms = after_ms = reach_ms(interval_ms)
    while True:
        columns = _read(store, touched, before_ms, after_ms)
        needed_ms = reach_ms(max((s.interval_ms for s in columns.series), default=interval_ms))
        if needed_ms > before_ms:
            before_ms = after_ms = needed_ms
            continue
        if _settle(store, touched, columns, before_ms, after_ms, settings, medium):
            return
        after_ms *= 4


def _read(store: Store, touched: Touched, before_ms: int, after_ms: int) -> Columns:
    return store.read(touched.site, touched.from_ms - 3 * before_ms, touched.to_ms + 2 * after_ms)


def _settle(
    store: Store,
    touched: Touched,
    columns: Columns,
    before_ms: int,
    after_ms: int,
    settings: JudgeSettings,
    medium: Medium,
) -> bool:
    """Judge the window and write its flips; False if the flips behind it do not agree and it must reach further."""
    site, from_ms = touched.site, touched.from_ms - 2 * before_ms
    cut_ms, end_ms = touched.from_ms - before_ms, touched.to_ms + after_ms
    span = store.span(site)
    is_last = span is None or span[1] < touched.to_ms + 2 * after_ms
    standing = {flip.scope: flip for flip in store.state_at(site, from_ms)}
    case = Case(site=site, columns=columns, from_ms=from_ms, standing=standing, blind=_blind(store, columns, from_ms))
    flips = judge(case, settings, settings.limits_of(medium))
    if not is_last and not _agrees(flips, standing, store.state_at(site, end_ms), end_ms):
        return False
    until_ms = FOREVER_MS if is_last else end_ms + 1
    # `cut_ms` is inside the window: nothing before it can have changed, and what stands there was judged with more
    # before it.
    store.replace_flips(site, cut_ms, until_ms, [f for f in flips if cut_ms <= f.at_ms < until_ms])
    return True


def _agrees(flips: Sequence[Flip], standing: Mapping[str, Flip], behind: Iterable[Flip], at_ms: int) -> bool:
    """Whether the flips just judged lead to the same states at `at_ms` as those that stand there."""
    reached = dict(standing)
    reached.update({flip.scope: flip for flip in flips if flip.at_ms <= at_ms})
    return set(map(_matters, reached.values())) == set(map(_matters, behind))


def _matters(flip: Flip) -> tuple[str, ...] | Flip:
    """What later judging may see of a flip: of a group its dates too, for they tell a gateway that never answers."""
    return (flip.scope, flip.now) if ":" in flip.scope or flip.scope == SITE else flip


def _blind(store: Store, columns: Columns, from_ms: int) -> dict[str, list[tuple[int, int]]]:
    """When each watcher's own line was down, from the last proof that it was up to the flip that ended it."""
    watchers = {series.agent_site for series in columns.series if series.outside}
    return {watcher: _blind_spans(store, watcher, from_ms) for watcher in sorted(watchers)}


def _blind_spans(store: Store, watcher: str, from_ms: int) -> list[tuple[int, int]]:
    opening = {f.scope: f for f in store.state_at(watcher, from_ms)}.get(SITE)
    flips = [*([opening] if opening else []), *store.flips(watcher, from_ms, FOREVER_MS, SITE)]
    return [
        (flip.not_earlier_than_ms, following.at_ms if following else FOREVER_MS)
        for flip, following in zip(flips, [*flips[1:], None], strict=True)
        if Condition(flip.now) in BLIND
    ]


def coverage_today(store: Store, site: str, midnight_ms: int, now_ms: int) -> float | None:
    """Observed share of the time since midnight; None when nothing was ever measured there."""
    opening = {f.scope: f for f in store.state_at(site, midnight_ms)}.get(SITE)
    flips = store.flips(site, midnight_ms, now_ms, SITE)
    if opening is None and not flips:
        return None
    return coverage(account(flips, opening, midnight_ms, now_ms))
