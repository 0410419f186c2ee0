"""What `live` is told of a site: what it is in since it was judged, and how much of today was observed."""

import numpy as np

from collector.accounting.ledger import account, coverage
from collector.columns import Columns
from collector.condition import Condition, Flip
from collector.judging.examine import FOREVER_MS, Examined
from collector.judging.judge import SITE
from collector.live import Judged
from collector.store import Store
from shared.result import CODE_OF, Group, Outcome

DAY_MS = 86_400_000
AGAIN_MS = 1_000
NO_FAILURES = [CODE_OF[Outcome.OK], CODE_OF[Outcome.ERROR]]
DOWN_ALONE = {Condition.INTERNET_DOWN: Group.INTERNET, Condition.INTRANET_DOWN: Group.INTRANET}
CUT_OFF = {Condition.LINE_DOWN: (Group.INTERNET, Group.INTRANET), Condition.LOCAL_DOWN: (Group.GATEWAY,)}
"""What fails where nothing can be told, unless there is another way out: that it is told most often means that it is
over, and an agent that started anew asks so seldom then that a minute passes before it has proved it."""


def of_examined(store: Store, examined: Examined, now_ms: int) -> tuple[Judged, set[str]]:
    """Of a window that reaches to the end; and the agents that reported."""
    case = examined.case
    opening = case.standing.get(SITE)
    known = [*([opening] if opening else []), *(flip for flip in examined.verdict.flips if flip.scope == SITE)]
    if len(known) < 2:
        return of_store(store, case.site, now_ms)
    standing, ends_ms = _standing(known)
    at_ms = ends_ms - 1 if ends_ms else now_ms
    scopes = {**case.standing} | {flip.scope: flip for flip in examined.verdict.flips if flip.at_ms <= at_ms}
    return _judged(scopes, standing, ends_ms, now_ms, confirmed=has_failed_again(store, examined, standing))


def of_store(store: Store, site: str, now_ms: int) -> tuple[Judged, set[str]]:
    """Of the flips that stand."""
    turns = store.flips(site, now_ms - DAY_MS, FOREVER_MS, SITE)
    opening = {f.scope: f for f in store.state_at(site, now_ms - DAY_MS)}.get(SITE)
    standing, ends_ms = _standing([opening, *turns] if opening else turns)
    scopes = {flip.scope: flip for flip in store.state_at(site, ends_ms - 1 if ends_ms else now_ms)}
    confirmed = standing is None or not (standing.now in DOWN_ALONE or standing.now in CUT_OFF)
    if standing and not confirmed:
        columns = store.read(site, standing.at_ms + AGAIN_MS, FOREVER_MS)
        confirmed = _fails(columns, standing) if standing.now in DOWN_ALONE else _fails_still(columns, standing)
    return _judged(scopes, standing, ends_ms, now_ms, confirmed=confirmed)


def coverage_today(store: Store, site: str, midnight_ms: int, now_ms: int) -> float | None:
    """Observed share of the time since midnight; None when nothing was ever measured there."""
    opening = {f.scope: f for f in store.state_at(site, midnight_ms)}.get(SITE)
    flips = store.flips(site, midnight_ms, now_ms, SITE)
    if opening is None and not flips:
        return None
    return coverage(account(flips, opening, midnight_ms, now_ms))


def has_failed_again(store: Store, examined: Examined, standing: Flip | None) -> bool:
    """Whether a group that is down alone failed again since, or what is cut off fails still; other conditions need no
    such proof."""
    if standing is not None and standing.now in CUT_OFF:
        return _fails_still(examined.case.columns, standing)
    if standing is None or standing.now not in DOWN_ALONE or _fails(examined.case.columns, standing):
        return True
    if examined.case.from_ms <= standing.at_ms:
        return False
    return _fails(store.read(standing.site, standing.at_ms + AGAIN_MS, examined.case.from_ms), standing)


def _standing(known: list[Flip]) -> tuple[Flip | None, int | None]:
    """The last flip that is no mere end of the results, and when they end. `known`: the site's last two flips at least.

    The newest turn into unobserved is the end of the results so far, not news: more results are on their way.
    """
    if not known:
        return None, None
    if known[-1].now != Condition.UNOBSERVED:
        return known[-1], None
    return (known[-2] if len(known) > 1 else None), known[-1].at_ms


def _fails_still(columns: Columns, standing: Flip) -> bool:
    """Whether the newest result of what is cut off is a failure; without any, nothing says that it is not."""
    groups = CUT_OFF[Condition(standing.now)]
    failing = [i for i, series in enumerate(columns.series) if series.group in groups and not series.outside]
    mine = np.flatnonzero(np.isin(columns.index, failing) & (columns.outcome != CODE_OF[Outcome.ERROR]))
    if not len(mine):
        return True
    return bool(columns.outcome[mine[np.argmax(columns.at_ms[mine])]] != CODE_OF[Outcome.OK])


def _fails(columns: Columns, standing: Flip) -> bool:
    group = DOWN_ALONE[Condition(standing.now)]
    failing = [i for i, series in enumerate(columns.series) if series.group is group and not series.outside]
    late = columns.at_ms >= standing.at_ms + AGAIN_MS
    return bool((late & ~np.isin(columns.outcome, NO_FAILURES) & np.isin(columns.index, failing)).any())


def _judged(
    scopes: dict[str, Flip], standing: Flip | None, ends_ms: int | None, now_ms: int, *, confirmed: bool
) -> tuple[Judged, set[str]]:
    groups = {scope: flip.now for scope, flip in sorted(scopes.items()) if ":" not in scope and scope != SITE}
    agents = {scope.partition(":")[2].partition("/")[0] for scope in scopes if ":" in scope}
    judged = Judged(standing=standing, groups=groups, ends_ms=ends_ms, seen_ms=now_ms, confirmed=confirmed)
    return judged, agents
