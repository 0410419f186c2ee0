"""Pure: whether the collector itself is unwell: then no other alert can be trusted to come.

`disk`: the disk of the store is nearly full. `lag`: judging is behind. `store`: something could not be written.
`damage`: something that was written cannot be read any more. `deaf`: agents are due, and nobody at all has been heard
for DEAF_MS: that is the collector's own line, or what stands before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.alerts.deciding import words
from collector.alerts.deciding.memory import Watch
from collector.alerts.deciding.rules import COLLECTOR_UNWELL, CRITICAL, AlertRules, ended
from collector.alerts.deciding.watching import Turns, turns
from collector.live import SiteNow
from collector.store import SentAlert

DISK_FREE = 0.05
DISK_FREE_BYTES = 1 << 30
"""Nearly full is what has less than both: of a large disk 5 % are much, of a small one 1 GiB is all."""
LAG_S = 30.0
AFTER_MS = 30_000
DEAF_MS = 120_000
DEAF_SITES = 5
"""Of fewer agents it may well be that all are silent at once."""
STORE_MS = 300_000
"""A failure is told for so long after the last one."""
SOON_MS = 5_000
"""Nobody is deaf who heard somebody so lately."""
REASONS = ("disk", "lag", "store", "damage", "deaf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the collector knows of itself. `store_failed_ms`: when writing failed last, 0: never; `damage`: how much of
    the store cannot be read."""

    disk_free_bytes: int = 1 << 62
    disk_bytes: int = 1 << 62
    lag_s: float = 0.0
    store_failed_ms: int = 0
    damage: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One reason, whether it is so or not, and what to say of it."""

    reason: str
    is_bad: bool
    said: Mapping[str, object]

    @property
    def key(self) -> str:
        return f"{COLLECTOR_UNWELL}/{self.reason}"


def deaf_since(sites: Sequence[SiteNow], told: SentAlert | None, now_ms: int, rules: AlertRules) -> int | None:
    """When anybody was heard last, if DEAF_SITES were heard in their service hours and none has pushed for an interval;
    None: all is well. `told`: the alert of it that fires; it takes somebody who is heard to end it.

    While it is deaf the collector calls no site silent: it is the collector that does not hear.
    """
    last_ms = max((site.heard_at_ms for site in sites), default=0)
    if now_ms - last_ms <= SOON_MS:
        return None
    if told is not None and last_ms <= told.starts_at_ms:
        return last_ms
    due = [site for site in sites if site.in_service and site.heard_at_ms >= max(1, site.service_since_ms)]
    if len(due) < DEAF_SITES:
        return None
    since_ms = max(last_ms, rules.started_at_ms)
    return since_ms if now_ms - since_ms > min(site.allowance_ms for site in due) * 2 // 3 else None


def collector_turns(
    health: Health,
    deaf_ms: int | None,
    watches: Mapping[str, Watch],
    firing: Mapping[str, SentAlert],
    now_ms: int,
    rules: AlertRules,
) -> Turns[Fault]:
    """`deaf_ms`: since when nobody was heard."""
    return turns(_faults(health, deaf_ms, now_ms, rules), watches, firing, AFTER_MS, now_ms)


def alert_of(one: Fault, now_ms: int, rules: AlertRules) -> SentAlert:
    """The alert of a fault that begins."""
    return SentAlert(
        key=one.key,
        labels={"alertname": COLLECTOR_UNWELL, "severity": CRITICAL, "reason": one.reason},
        annotations=words.of_collector(one.reason, one.said, rules),
        starts_at_ms=now_ms,
    )


def over(alert: SentAlert, at_ms: int, now_ms: int, rules: AlertRules) -> SentAlert:
    """`alert` with its end."""
    said = rules.texts.say("alert.collector.well", reason=rules.texts.say(f"alert.collector.{alert.labels['reason']}"))
    return ended(alert, at_ms, now_ms, words.over(alert, said, rules.texts))


def _faults(health: Health, deaf_ms: int | None, now_ms: int, rules: AlertRules) -> Iterator[Fault]:
    least = min(DISK_FREE_BYTES, round(DISK_FREE * health.disk_bytes))
    free = {"free": f"{health.disk_free_bytes / 2**20:.0f}"}
    yield Fault(reason="disk", is_bad=health.disk_free_bytes < least, said=free)
    yield Fault(reason="lag", is_bad=health.lag_s > LAG_S, said={"lag": f"{health.lag_s:.0f}"})
    failed = health.store_failed_ms > 0 and now_ms - health.store_failed_ms < STORE_MS
    yield Fault(reason="store", is_bad=failed, said={})
    yield Fault(reason="damage", is_bad=health.damage > 0, said={"n": health.damage})
    since = words.clock_time(deaf_ms, now_ms, rules.timezone) if deaf_ms is not None else ""
    yield Fault(reason="deaf", is_bad=deaf_ms is not None and now_ms - deaf_ms > DEAF_MS, said={"since": since})
