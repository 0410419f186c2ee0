"""What results tell of a silence before or behind them, which may be days long: which spans of a site's account they
may change beside those they lie in.

1. A gap between two stays of an agent that was not there before: the later stay tells what it was.
2. Silence inside a stay that has become longer: the agent ran.
3. A silence that ended shortly before an uptime counter was read: it may have been a power cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from collector.accounting.calendars import Span
from collector.accounting.evidence import UPTIME_MS, has_readings, is_watched_only, silences
from collector.accounting.silence import Stay
from collector.condition import Condition
from collector.judging.judge import SITE
from collector.store import Store

Run = tuple[str, str, int, int]
"""Agent, boot, start and the sleep before it: what there is of a run between two sleeps."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Stays of a site as they were at the last look: gaps by agent, first and last result of each run."""

    gaps: frozenset[tuple[str, int, int]] = frozenset()
    runs: Mapping[Run, Span] = field(default_factory=dict)


UNSEEN = Seen()


def explained(store: Store, site: str, from_ms: int, to_ms: int, before: Seen) -> tuple[list[Span], Seen]:
    """The spans that results in [from_ms, to_ms] may explain, and what was seen now. With nothing seen before, all that
    lies around them may be new."""
    stays = sorted(store.stays(site, from_ms, to_ms + 1), key=lambda stay: (stay.agent, stay.first_ms, stay.last_ms))
    now = Seen(frozenset(_gaps(stays)), _runs(stays))
    spans = [(gap_ms, end_ms) for _, gap_ms, end_ms in now.gaps - before.gaps]
    for run, (first_ms, last_ms) in now.runs.items():
        first_before_ms, last_before_ms = before.runs.get(run, (last_ms, first_ms))
        spans += _silent(store, site, first_ms, min(first_before_ms, last_ms))
        spans += _silent(store, site, max(last_before_ms, first_ms), last_ms)
    if any(stay.agent_site != site for stay in stays) and has_readings(store, site, from_ms, to_ms + 1):
        spans += _restarted(store, site, from_ms, to_ms, watched_only=is_watched_only(site, stays))
    return spans, now


def _gaps(stays: Sequence[Stay]) -> Iterator[tuple[str, int, int]]:
    for one, following in pairwise(stays):
        if one.agent == following.agent and one.last_ms < following.first_ms:
            # A result may come between waking and noticing it: the sleep lies before it then.
            slept_ms = following.woke_ms - following.slept_ms if following.slept_ms else one.last_ms
            yield one.agent, min(one.last_ms, slept_ms), following.first_ms


def _runs(stays: Sequence[Stay]) -> dict[Run, Span]:
    found: dict[Run, Span] = {}
    for stay in stays:
        run = (stay.agent, stay.boot_id, stay.started_ms, stay.woke_ms)
        first_ms, last_ms = found.get(run, (stay.first_ms, stay.last_ms))
        found[run] = min(first_ms, stay.first_ms), max(last_ms, stay.last_ms)
    return found


def _silent(store: Store, site: str, from_ms: int, to_ms: int) -> Iterator[Span]:
    """When nothing was observed in [from_ms, to_ms)."""
    if from_ms < to_ms:
        flips = [flip for flip in store.state_at(site, from_ms) if flip.scope == SITE]
        flips += store.flips(site, from_ms + 1, to_ms, SITE)
        for flip, following in pairwise([*flips, None]):
            if flip and flip.now == Condition.UNOBSERVED:
                yield max(flip.at_ms, from_ms), following.at_ms if following else to_ms


def _restarted(store: Store, site: str, from_ms: int, to_ms: int, *, watched_only: bool) -> Iterator[Span]:
    flips = [flip for flip in store.state_at(site, from_ms - UPTIME_MS) if flip.scope == SITE]
    flips += store.flips(site, from_ms - UPTIME_MS + 1, to_ms + UPTIME_MS, SITE)
    for flip, following in silences(flips, watched_only=watched_only):
        if following:
            yield flip.at_ms, following.at_ms
