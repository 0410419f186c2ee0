"""Pure: whom to tell what and when. What fires, who took note of it and what a receiver was told before -> its Turn.

1. What a receiver is told, it is told once, and once that it is over: however it came to be told, by escalation or
   before quiet hours. What is over before anybody was told of it is not told at all.
2. In quiet hours only what is `loud` is told, its end too. The rest waits: what still fires afterwards is told then,
   together, and what was told before and ended meanwhile is told to be over.
3. With `escalate_after_ms` only that is told which has fired for so long, and nobody took note.
4. With `remind_every_ms` what fires is told again so often, until somebody takes note.
5. A mass outage that grows is told again when it has doubled, or grown at all in ten minutes.
6. The end of one trouble of a site that is told to be in another goes unsaid: "up again" would be wrong, and the end of
   the other is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.alerts.deciding.rules import SITE_DOWN, SITE_SILENT
from collector.alerts.telling.quiet import QuietHours
from collector.alerts.telling.routes import Route
from collector.followups import Acknowledgement
from collector.store import SentAlert

GROWTH_MS = 600_000
REPLACING = frozenset({SITE_DOWN, SITE_SILENT})
"""A site that is in another of these is not well again because one is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverRules:
    """What a receiver wants."""

    route: Route = field(default_factory=Route)
    quiet: QuietHours | None = None
    loud: frozenset[str] = frozenset({"critical"})
    escalate_after_ms: int = 0
    remind_every_ms: int = 0
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is remembered of an alert for one receiver."""

    starts_ms: int
    """When it began; another beginning under the same key is another story, and nobody took note of that one."""
    seen_ms: int
    """Since when it was seen firing."""
    told_ms: int | None = None
    """When it was told last; None: not yet."""
    sites: int = 0
    """How many sites a mass outage had then."""
    noted_by: str = ""
    """Who took note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What to say now, and what to remember whether it is said or not."""

    now_ms: int
    begin: Sequence[SentAlert]
    grown: Sequence[SentAlert]
    remind: Sequence[SentAlert]
    over: Sequence[SentAlert]
    unsaid: Sequence[SentAlert]
    """Over, and nothing is said of it."""
    noted: Mapping[str, str]
    """Who took note, by key."""
    known: Mapping[str, Told]

    @property
    def says(self) -> int:
        """How many alerts it speaks of."""
        return len(self.begin) + len(self.grown) + len(self.remind) + len(self.over)

    def firing_for_ms(self, alert: SentAlert) -> int:
        return max(0, self.now_ms - alert.starts_at_ms)


def turn(
    told: Mapping[str, Told],
    alerts: Mapping[str, SentAlert],
    acknowledged: Mapping[str, Acknowledgement],
    now_ms: int,
    rules: ReceiverRules,
) -> Turn:
    """The turn of one receiver, of all `alerts` that fire or ended of late."""
    alerts = {
        key: rules.route.narrowed(alert) for key, alert in alerts.items() if key in told or rules.route.takes(alert)
    }
    firing = [alert for alert in alerts.values() if alert.ends_at_ms is None]
    known = _known(told, alerts, acknowledged, now_ms, rules)
    is_told = {key for key, one in known.items() if one.told_ms is not None}
    quiet = rules.quiet is not None and rules.quiet.at(now_ms, rules.timezone)
    heard = [a for a in alerts.values() if not quiet or a.labels.get("severity", "critical") in rules.loud]
    audible = {alert.key for alert in heard}

    begin = [a for a in firing if a.key in audible and a.key not in is_told and _due(a, known, now_ms, rules)]
    again = [a for a in firing if a.key in audible and a.key in is_told]
    grown = [alert for alert in again if _grew(alert, known[alert.key], now_ms)]
    growing = {alert.key for alert in grown}
    remind = [a for a in again if a.key not in growing and _forgotten(known[a.key], now_ms, rules)]
    over = [a for a in heard if a.ends_at_ms is not None and a.key in is_told]
    in_trouble = _in_trouble([*begin, *(alert for alert in firing if alert.key in is_told)])
    unsaid = [a for a in over if a.labels["alertname"] in REPLACING and a.labels["site"] in in_trouble]
    said = [alert for alert in over if alert not in unsaid]
    noted = {key: one.by for key, one in acknowledged.items()} | {
        k: by for k, one in known.items() if (by := one.noted_by)
    }
    return Turn(
        now_ms=now_ms, begin=begin, grown=grown, remind=remind, over=said, unsaid=unsaid, noted=noted, known=known
    )


def after(done: Turn, told: Mapping[str, Told]) -> dict[str, Told]:
    """What is remembered once `done` was said; `told` is what was, and may have changed since the turn was made."""
    left = {key: one for key, one in told.items() if key not in {a.key for a in (*done.over, *done.unsaid)}}
    for alert in (*done.begin, *done.grown, *done.remind):
        before = left.get(alert.key) or Told(starts_ms=alert.starts_at_ms, seen_ms=done.now_ms)
        left[alert.key] = replace(before, told_ms=done.now_ms, sites=sites_of(alert))
    return left


def sites_of(alert: SentAlert) -> int:
    """How many sites a mass outage has; 0 for every other alert."""
    count = alert.annotations.get("sites", "")
    return int(count) if count.isdecimal() else 0


def _known(
    told: Mapping[str, Told],
    alerts: Mapping[str, SentAlert],
    acknowledged: Mapping[str, Acknowledgement],
    now_ms: int,
    rules: ReceiverRules,
) -> dict[str, Told]:
    """`told`, without what nobody alerts of any more, with what escalation has to count from now and who took note."""
    known: dict[str, Told] = {}
    for key, alert in alerts.items():
        one, fires = told.get(key), alert.ends_at_ms is None
        if one is None and fires and rules.escalate_after_ms:
            one = Told(starts_ms=alert.starts_at_ms, seen_ms=now_ms)
        if one is None or (one.told_ms is None and not fires):
            continue
        if fires and one.starts_ms != alert.starts_at_ms:
            one = replace(one, starts_ms=alert.starts_at_ms, seen_ms=now_ms, noted_by="")
        noted = acknowledged.get(key)
        known[key] = replace(one, noted_by=noted.by) if noted else one
    return known


def _due(alert: SentAlert, known: Mapping[str, Told], now_ms: int, rules: ReceiverRules) -> bool:
    """Whether one that was not told yet may be told now."""
    if not rules.escalate_after_ms:
        return True
    waiting = known[alert.key]
    return not waiting.noted_by and now_ms - waiting.seen_ms >= rules.escalate_after_ms


def _grew(alert: SentAlert, told: Told, now_ms: int) -> bool:
    sites = sites_of(alert)
    late = now_ms - (told.told_ms or 0) >= GROWTH_MS
    return told.sites > 0 and (sites >= 2 * told.sites or (late and sites > told.sites))


def _forgotten(told: Told, now_ms: int, rules: ReceiverRules) -> bool:
    """Whether it is time for a reminder."""
    every_ms = rules.remind_every_ms
    return every_ms > 0 and not told.noted_by and now_ms - (told.told_ms or 0) >= every_ms


def _in_trouble(alerts: Sequence[SentAlert]) -> set[str]:
    return {alert.labels["site"] for alert in alerts if alert.labels["alertname"] in REPLACING}
