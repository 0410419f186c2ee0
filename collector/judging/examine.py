"""What results change: the window that they touch, judged between the flips that stand before and behind it.

The window starts from the flips that stand before it and ends where the new flips agree with those that stand behind
it; so any order of arrival ends in the same flips. Nothing is written here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.columns import Columns
from collector.condition import Condition, Flip
from collector.judging.judge import SITE, Case, JudgeSettings, Verdict, reach_ms, weigh
from collector.registry import Medium
from collector.store import Replacement, Store, Touched

FOREVER_MS = 1 << 62
USUAL_INTERVAL_MS = 30_000
BLIND = frozenset({Condition.LOCAL_DOWN, Condition.LINE_DOWN, Condition.INTRANET_DOWN, Condition.INTERNET_DOWN})


@dataclass(frozen=True, slots=True)
class Examined:
    """A window of a site under judgement: its flips in [cut_ms, until_ms) are to be `flips`."""

    case: Case
    verdict: Verdict
    cut_ms: int
    until_ms: int
    reach_ms: int

    @property
    def is_last(self) -> bool:
        """Whether it reaches to the last result of the site."""
        return self.until_ms == FOREVER_MS

    def flips(self, end_ms: int = FOREVER_MS) -> list[Flip]:
        """Those to be written, up to `end_ms`."""
        # `cut_ms` is inside the window: nothing before it can have changed, and what stands there was judged with more
        # before it.
        end_ms = min(self.until_ms - 1, end_ms)
        return [flip for flip in self.verdict.flips if self.cut_ms <= flip.at_ms <= end_ms]

    def replacement(self, end_ms: int = FOREVER_MS) -> Replacement:
        return self.case.site, self.cut_ms, self.until_ms, self.flips(end_ms)


def examine(
    store: Store, touched: Touched, settings: JudgeSettings, medium: Medium, tail_ms: int = FOREVER_MS
) -> Examined:
    """Judge what the results in `touched` may change. A window that reaches `tail_ms` reaches to the end."""
    span = store.span(touched.site) or (touched.from_ms, touched.to_ms)
    before_ms = after_ms = reach_ms(USUAL_INTERVAL_MS)
    while True:
        if touched.to_ms + after_ms >= tail_ms:
            after_ms = max(after_ms, span[1] - touched.to_ms)
        columns = store.read(touched.site, touched.from_ms - 3 * before_ms, touched.to_ms + 2 * after_ms)
        needed_ms = reach_ms(max((s.interval_ms for s in columns.series), default=USUAL_INTERVAL_MS))
        if needed_ms > before_ms:
            before_ms = needed_ms
            after_ms = max(after_ms, needed_ms)
            continue
        is_last = span[1] < touched.to_ms + 2 * after_ms
        found = _weigh(store, touched, columns, (before_ms, after_ms), settings, medium, is_last=is_last)
        if found:
            return found
        after_ms *= 4


def _weigh(
    store: Store,
    touched: Touched,
    columns: Columns,
    reaches: tuple[int, int],
    settings: JudgeSettings,
    medium: Medium,
    *,
    is_last: bool,
) -> Examined | None:
    """The window; None if the flips behind it do not agree and it must reach further."""
    before_ms, after_ms = reaches
    from_ms, end_ms = touched.from_ms - 2 * before_ms, touched.to_ms + after_ms
    standing = {flip.scope: flip for flip in store.state_at(touched.site, from_ms)}
    blind = _blind(store, columns, from_ms)
    case = Case(site=touched.site, columns=columns, from_ms=from_ms, standing=standing, blind=blind)
    verdict = weigh(case, settings, settings.limits_of(medium))
    if not is_last and not _agrees(verdict.flips, standing, store.state_at(touched.site, end_ms), end_ms):
        return None
    until_ms = FOREVER_MS if is_last else end_ms + 1
    return Examined(case, verdict, touched.from_ms - before_ms, until_ms, before_ms)


def rejudge_site(store: Store, touched: Touched, settings: JudgeSettings, medium: Medium) -> None:
    """Replace the flips of one site that the results in `touched` may change."""
    store.replace_flips(*examine(store, touched, settings, medium).replacement())


def changed_between(before: Sequence[Flip], after: Sequence[Flip]) -> tuple[int, int] | None:
    """The first and last date at which two lists of flips differ; None if they do not."""
    differing = {*before}.symmetric_difference(after)
    stamps = [flip.at_ms for flip in differing]
    return (min(stamps), max(stamps)) if stamps else None


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
    return blind_spans([*([opening] if opening else []), *store.flips(watcher, from_ms, FOREVER_MS, SITE)])


def blind_spans(flips: Iterable[Flip]) -> list[tuple[int, int]]:
    """When a site whose flips these are could see nothing of others; flips of other scopes do not matter."""
    turns = [flip for flip in flips if flip.scope == SITE]
    return [
        (flip.not_earlier_than_ms, following.at_ms if following else FOREVER_MS)
        for flip, following in zip(turns, [*turns[1:], None], strict=False)
        if Condition(flip.now) in BLIND
    ]
