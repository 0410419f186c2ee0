"""Pure: what one site gives reason to tell: which of its alerts go on, which are over, and whether one is due.

1. SiteDown ends by proof alone: the site is up, or down in another way. Silence proves nothing, so a SiteDown outlives
   it. While the site flaps (flapping.py) neither ends it.
2. SiteDown is due with a fresh flip into a down condition, or when the condition of a SiteDown that was firing changes:
   old news wakes nobody, but news about what they are awake for is told.
3. SiteSilent is due when a site that was heard before is silent and no SiteDown of it is firing: who repairs the line
   already knows. One that is firing goes on beside a later SiteDown: suppression stops creation, never resolution. It
   is due in the service hours of the site alone, when within these it has said nothing for the allowance that it always
   has, and for `service_grace_ms` if it was silent when they began: a PC that is switched off at the end of the day is
   missed by nobody before the next one has begun. Where service is due around the clock, that is as soon as the site is
   silent.
4. SiteSilent ends when the site is heard again.
5. SiteDegraded is due once the site has been degraded for `degraded_after_ms`; it ends when the site is up, or down.
6. A down condition counts once it is `settle_ms` old and confirmed. When a line comes back its groups do so seconds
   apart, and for those seconds a site seems to be down in another way. A condition in which the site could not have
   told (CUT_OFF) counts once it was seen for `settle_ms`: that we hear of it most often means that it just ended.
7. In the grace after a start, for a site not heard since the start nothing ends and it is not called silent: nobody was
   there to listen. Once heard, it is a site like any other.
8. Nothing is due at a site that is under an exclusion now: whoever entered it knows. What fires goes on, and ends as
   always; what lasts when the exclusion is over is due then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.alerts.deciding import words
from collector.alerts.deciding.flapping import STEADY, Flaps
from collector.alerts.deciding.rules import (
    CRITICAL,
    CUT_OFF,
    NOT_THE_LINE,
    SITE_DEGRADED,
    SITE_DOWN,
    SITE_SILENT,
    WARNING,
    AlertRules,
    ended,
    of_site,
)
from collector.condition import Condition
from collector.live import SiteNow
from collector.store import SentAlert

SILENT_HOLD = 3
"""Pushes come one by one, so a silence may wait for its company for a third of its allowance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A site that is down, or missed, or about to be: `due_ms` says from when on it is to be told.

    `fell_ms`: since when it is down, or when it was heard last. `hold_ms`: how long it may wait for company. `is_told`:
    an alert of it fires. `may_be_mass`: false for what was silent when its service hours began, as PCs are.
    """

    site: SiteNow
    alertname: str
    fell_ms: int
    due_ms: int
    hold_ms: int
    is_told: bool = False
    may_be_mass: bool = True

    @property
    def noticed_ms(self) -> int:
        """When the collector saw it first."""
        return self.site.seen_ms if self.alertname == SITE_DOWN else self.due_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What came of looking at one site."""

    keep: tuple[SentAlert, ...]
    resolve: tuple[SentAlert, ...]
    fallen: Fallen | None
    degraded: bool


def is_settled(site: SiteNow, now_ms: int, rules: AlertRules) -> bool:
    """Rule 6."""
    return site.confirmed and now_ms >= _settles_ms(site, rules)


def look(site: SiteNow, firing: Sequence[SentAlert], now_ms: int, rules: AlertRules, flaps: Flaps = STEADY) -> Look:
    """`firing`: the alerts of this site that fire."""
    heard = not rules.settling(now_ms) or site.heard_at_ms >= rules.started_at_ms
    settled = is_settled(site, now_ms, rules)
    ends = [(alert, _end_ms(alert, site, settled, flaps) if heard else None) for alert in firing]
    keep = tuple(alert for alert, end_ms in ends if end_ms is None)
    over = tuple(
        ended(alert, end_ms, now_ms, words.of_end(alert, site, min(end_ms, now_ms), now_ms, rules.texts))
        for alert, end_ms in ends
        if end_ms is not None
    )
    was, still = ({alert.labels["alertname"] for alert in some} for some in (firing, keep))
    fallen = _fallen(site, was, still, heard, now_ms, rules) if site.excluded is None else None
    degraded = (
        site.excluded is None
        and site.condition is Condition.DEGRADED
        and site.fresh
        and not still & {SITE_DEGRADED, SITE_DOWN}
        and now_ms - site.since_ms >= rules.degraded_after_ms
    )
    return Look(keep=keep, resolve=over, fallen=fallen, degraded=degraded)


def down(site: SiteNow, now_ms: int, rules: AlertRules, flaps: Flaps = STEADY) -> SentAlert:
    """The SiteDown of `site`."""
    starts_at_ms = min(site.since_ms, now_ms)  # an Alertmanager refuses what starts later than it ends
    severity = WARNING if site.condition in NOT_THE_LINE else CRITICAL
    return SentAlert(
        key=f"{SITE_DOWN}/{site.site.code}/{site.condition.value}",
        labels=of_site(SITE_DOWN, severity, site.site, condition=site.condition.value),
        annotations=words.of_down(site, starts_at_ms, now_ms, rules, flaps.n if flaps.is_flapping else 0),
        starts_at_ms=starts_at_ms,
    )


def silent(site: SiteNow, now_ms: int, rules: AlertRules) -> SentAlert:
    """The SiteSilent of `site`."""
    return SentAlert(
        key=f"{SITE_SILENT}/{site.site.code}",
        labels=of_site(SITE_SILENT, WARNING, site.site),
        annotations=words.of_silent(site, now_ms, rules),
        starts_at_ms=site.heard_at_ms,
    )


def degraded(site: SiteNow, now_ms: int, rules: AlertRules) -> SentAlert:
    """The SiteDegraded of `site`."""
    return SentAlert(
        key=f"{SITE_DEGRADED}/{site.site.code}",
        labels=of_site(SITE_DEGRADED, WARNING, site.site),
        annotations=words.of_degraded(site, now_ms, rules),
        starts_at_ms=min(site.since_ms, now_ms),
    )


def _settles_ms(site: SiteNow, rules: AlertRules) -> int:
    return (site.seen_ms if site.condition in CUT_OFF else site.since_ms) + rules.settle_ms


def _end_ms(alert: SentAlert, site: SiteNow, settled: bool, flaps: Flaps) -> int | None:
    """When `alert` came to its end; None while it has not."""
    name = alert.labels["alertname"]
    if name == SITE_SILENT:
        return None if site.silent else site.heard_at_ms
    if site.condition is Condition.UNOBSERVED or (site.condition.is_down and not settled):
        return None
    if name == SITE_DEGRADED:
        return None if site.condition is Condition.DEGRADED else site.since_ms
    return None if flaps.is_flapping or site.condition == alert.labels["condition"] else site.since_ms


def _fallen(
    site: SiteNow, was: set[str], still: set[str], heard: bool, now_ms: int, rules: AlertRules
) -> Fallen | None:
    """Down tells more than silent."""
    if site.condition.is_down and (site.fresh or SITE_DOWN in was):
        due_ms, settled = _settles_ms(site, rules), is_settled(site, now_ms, rules)
        if not settled and site.condition in CUT_OFF:
            return None
        return Fallen(
            site=site,
            alertname=SITE_DOWN,
            fell_ms=site.since_ms,
            due_ms=due_ms if settled else max(due_ms, now_ms + 1),
            hold_ms=rules.mass.holdoff_ms,
            is_told=SITE_DOWN in still,
        )
    if site.silent and site.heard_at_ms and heard and site.in_service and SITE_DOWN not in still:
        return _missed(site, SITE_SILENT in still, rules)
    return None


def _missed(site: SiteNow, is_told: bool, rules: AlertRules) -> Fallen:
    """Rule 3: from when on a silent site is missed, service being due there now."""
    within = site.heard_at_ms >= site.service_since_ms
    due_ms = site.heard_at_ms + site.allowance_ms
    if not within:
        due_ms = site.service_since_ms + max(site.allowance_ms, rules.service_grace_ms)
    if site.heard_at_ms < rules.started_at_ms:  # missed by a collector that was not there itself until then
        due_ms = max(due_ms, rules.started_at_ms + rules.startup_grace_ms - 1)
    return Fallen(
        site=site,
        alertname=SITE_SILENT,
        fell_ms=site.heard_at_ms,
        due_ms=due_ms + 1,
        hold_ms=max(rules.mass.holdoff_ms, site.allowance_ms // SILENT_HOLD),
        is_told=is_told,
        may_be_mass=within,
    )
