"""What the store knows of a site in a period -> its ledger and its latency.

1. Flips of the site, from a little before the period to well behind it: what a result covers, and how far the proof of
   a later flip lies back, reaches over the edges. With the causes of silence and the time that is hollow they make
   spells (silence.py, spells.py).
2. Where a device that is watched from outside was silent, its uptime counter before and after may tell of power.
3. Spells, service hours, exclusions and the flips of groups and services make the ledger (tally.py).
4. Echo results of available time that is not excluded make the latency.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from collector.accounting.calendars import Calendar, Span, service_spans
from collector.accounting.latency import Latency, latency_of
from collector.accounting.ledger import LATE, MAJEURE, PLANNED, Ledger
from collector.accounting.silence import Restart, Stay, causes, hollow
from collector.accounting.spells import Spell, spells
from collector.accounting.tally import HEARTBEAT_BLUR_MS, SERVICE, full_account
from collector.accounting.uptime import restarts
from collector.acts import Exclusion, ExclusionKind
from collector.columns import Columns, concatenate
from collector.condition import Condition, Flip, Row
from collector.judging.judge import SITE, reach_ms
from collector.registry import Site
from collector.store import Store
from shared.result import UPTIME, Group

BEFORE_MS = 2 * HEARTBEAT_BLUR_MS
BEHIND_MS = 6 * 3_600_000
"""How far behind a period the flip may lie whose proof lies inside: a result covers five intervals at most."""
UPTIME_MS = 2 * 3_600_000
"""How long before and after a silence readings of uptime counters are looked for."""
SERVICE_MS = 120_000
"""A device answers pings some seconds before its SNMP service, from whose start the counter may count, is up."""
FOREVER_MS = 1 << 62
AVAILABLE = frozenset({Row.UP, Row.DEGRADED, Row.INTERCEPTED, Row.INTERNET_DOWN, Row.INTRANET_DOWN})
COUNTED = (Group.INTERNET.value, Group.INTRANET.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Of one site and period. `reach_ms`: how far results may change the judgement of what lies around them;
    0 where there is none. `results`: all that lie in it."""

    ledger: Ledger
    latency: Mapping[tuple[str, int], Latency]
    reach_ms: int
    results: Columns


def account_of(
    store: Store, site: Site, calendar: Calendar, exclusions: Sequence[Exclusion], from_ms: int, to_ms: int
) -> Account:
    """The account of `site`; `exclusions` may be all there are."""
    standing = store.state_at(site.code, from_ms - BEFORE_MS)
    inside = store.flips(site.code, from_ms - BEFORE_MS + 1, to_ms)
    found = _refined(store, site.code, [*standing, *inside], from_ms, to_ms)
    excluded = sorted(_excluded(site, exclusions, from_ms, to_ms))
    service = service_spans(calendar, site.timezone, from_ms, to_ms)
    columns = store.read(site.code, from_ms, to_ms)
    interval_ms = max((series.interval_ms for series in columns.series), default=0)
    return Account(
        ledger=full_account(found, service, excluded, _counted([*standing, *inside]), from_ms, to_ms),
        latency=latency_of(columns, list(_available(found, excluded, from_ms, to_ms)), service),
        reach_ms=reach_ms(interval_ms) if interval_ms else 0,
        results=columns,
    )


def is_watched_only(site: str, stays: Sequence[Stay]) -> bool:
    """Whether no agent ever measured inside."""
    return not any(stay.agent_site == site for stay in stays)


def spells_of(store: Store, site: str, from_ms: int, to_ms: int) -> list[Spell]:
    """What a site was in, without gaps from a little before the period to well behind it, as its account has it."""
    known = [*store.state_at(site, from_ms - BEFORE_MS), *store.flips(site, from_ms - BEFORE_MS + 1, to_ms, SITE)]
    return _refined(store, site, known, from_ms, to_ms)


def _refined(store: Store, site: str, known: Sequence[Flip], from_ms: int, to_ms: int) -> list[Spell]:
    """Steps 1 and 2, a little wider than the period, so that its ends are exact."""
    behind = store.flips(site, to_ms, to_ms + BEHIND_MS, SITE)
    flips = [*(flip for flip in known if flip.scope == SITE), *behind]
    opening = flips.pop(0) if flips and flips[0].at_ms <= from_ms - BEFORE_MS else None
    stays = store.stays(site, from_ms - BEFORE_MS, to_ms + BEHIND_MS)
    watched_only = is_watched_only(site, stays)
    told: list[Restart] = []
    if any(stay.agent_site != site for stay in stays):
        told = _restarts(store, site, [opening, *flips] if opening else flips, to_ms, watched_only=watched_only)
    return spells(
        flips,
        opening,
        causes(site, stays),
        opening.at_ms if opening else 0,  # a proof may lie as far back as that
        to_ms + BEHIND_MS,
        hollow=hollow(site, stays),
        restarts=told,
        watched_only=watched_only,
    )


def silences(flips: Sequence[Flip], *, watched_only: bool) -> Iterator[tuple[Flip, Flip | None]]:
    """The beginnings and ends of what a restart may explain; `flips` of scope `site`, by time."""
    silent = {Condition.UNREACHABLE, Condition.UNOBSERVED} if watched_only else {Condition.UNREACHABLE}
    for flip, following in pairwise([*flips, None]):
        if flip and Condition(flip.now) in silent:
            yield flip, following


def _restarts(store: Store, site: str, flips: Sequence[Flip], to_ms: int, *, watched_only: bool) -> list[Restart]:
    """Of the silences that begin in the period or reach into it."""
    found: dict[Restart, None] = {}
    for flip, following in silences(flips, watched_only=watched_only):
        before = _readings(store, site, flip.at_ms - UPTIME_MS, flip.at_ms + 1)
        if flip.at_ms < to_ms and len(before):
            end = following or next(iter(store.flips(site, to_ms + BEHIND_MS, FOREVER_MS, SITE)), None)
            if end:
                behind = _readings(store, site, flip.at_ms + 1, min(end.at_ms, flip.at_ms + UPTIME_MS))
                after = _readings(store, site, max(end.at_ms, flip.at_ms + 1), end.at_ms + UPTIME_MS)
                told = restarts(concatenate([before, behind, after]))
                found |= dict.fromkeys(_fitted(one, end.at_ms) for one in told)
    return list(found)


def _fitted(restart: Restart, end_ms: int) -> Restart:
    """A restart just behind the end of the silence is what ended it."""
    return replace(restart, at_ms=end_ms) if 0 < restart.at_ms - end_ms <= SERVICE_MS else restart


def _readings(store: Store, site: str, from_ms: int, to_ms: int) -> Columns:
    columns = store.read(site, from_ms, to_ms)
    wanted = [i for i, series in enumerate(columns.series) if series.kind == UPTIME]
    return columns.take(np.isin(columns.index, wanted))


def has_readings(store: Store, site: str, from_ms: int, to_ms: int) -> bool:
    """Whether an uptime counter was read then."""
    return len(_readings(store, site, from_ms, to_ms)) > 0


def _counted(flips: Sequence[Flip]) -> dict[str, list[Flip]]:
    by_scope: dict[str, list[Flip]] = {}
    for flip in flips:
        if flip.scope in COUNTED or flip.scope.startswith(SERVICE):
            by_scope.setdefault(flip.scope, []).append(flip)
    return by_scope


def _excluded(site: Site, exclusions: Sequence[Exclusion], from_ms: int, to_ms: int) -> Iterator[tuple[int, int, int]]:
    for one in exclusions:
        if one.withdrawn_ms is None and one.from_ms < to_ms and one.to_ms > from_ms and one.touches(site):
            planned = LATE if one.late else PLANNED
            yield one.from_ms, one.to_ms, MAJEURE if one.kind is ExclusionKind.FORCE_MAJEURE else planned


def _available(
    found: Sequence[Spell], excluded: Sequence[tuple[int, int, int]], from_ms: int, to_ms: int
) -> Iterator[Span]:
    """By time; `excluded` by time too."""
    for spell in found:
        if spell.row in AVAILABLE:
            start_ms, end_ms = max(spell.start_ms, from_ms), min(spell.end_ms, to_ms)
            for out_ms, in_ms, _ in excluded:
                if start_ms < out_ms < end_ms:
                    yield start_ms, out_ms
                if out_ms < end_ms:
                    start_ms = max(start_ms, in_ms)
            if start_ms < end_ms:
                yield start_ms, end_ms
