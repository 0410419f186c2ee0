"""Pure: what is so now and what was sent before -> alerts to create, to keep and to resolve.

An alert's key is `SiteDown/CODE/CONDITION` or `SiteSilent/CODE`. Its labels are frozen when it is created, so that an
edit of the registry (a new name, another provider) cannot turn a firing alert into a second one that nobody resolves.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collector.alerts import words
from collector.condition import Condition
from collector.live import SiteNow
from collector.store import SentAlert
from shared.texts import Texts

SITE_DOWN = "SiteDown"
SITE_SILENT = "SiteSilent"
ALERTNAMES = (SITE_DOWN, SITE_SILENT)
CUT_OFF = frozenset({Condition.LINE_DOWN, Condition.LOCAL_DOWN})
"""Conditions in which nothing can come from the site, unless it has another way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """What does not change while the collector runs."""

    started_at_ms: int
    """When this collector started; a site not heard since may have its turn until `startup_grace_ms` later."""
    startup_grace_ms: int
    settle_ms: int
    texts: Texts
    external_url: str = ""
    service_grace_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Resolved ones have `ends_at_ms` set; kept ones are as they were sent."""

    create: tuple[SentAlert, ...]
    keep: tuple[SentAlert, ...]
    resolve: tuple[SentAlert, ...]


def decide(now_ms: int, sites: Sequence[SiteNow], sent: Mapping[str, SentAlert], rules: AlertRules) -> Decision:
    """The alerts of every site.

    1. SiteDown ends by proof alone: the site is up, or down in another way. Silence proves nothing, so a SiteDown
       outlives it.
    2. SiteDown begins with a fresh flip into a down condition, or when the condition of a SiteDown that was firing
       changes: old news wakes nobody, but news about what they are awake for is told.
    3. SiteSilent begins when a site that was heard before is silent and no SiteDown of it is firing: who repairs the
       line already knows. One that is firing goes on beside a later SiteDown: suppression stops creation, never
       resolution. It begins in the service hours of the site alone, when within these it has said nothing for the
       allowance that it always has, and for `service_grace_ms` if it was silent when they began: a PC that is switched
       off at the end of the day is missed by nobody before the next one has begun. Where service is due around the
       clock, that is as soon as the site is silent.
    4. SiteSilent ends when the site is heard again.
    5. A site that left the registry ends everything about it.
    6. A down condition counts once it is `settle_ms` old and confirmed. When a line comes back its groups do so seconds
       apart, and for those seconds a site seems to be down in another way. A condition in which the site could not
       have told (CUT_OFF) counts once it was seen for `settle_ms`: that we hear of it most often means that it
       just ended.
    7. In the grace after a start, for a site not heard since the start nothing ends and it is not called silent: nobody
       was there to listen. Once heard, it is a site like any other.
    8. Nothing begins at a site that is under an exclusion now: whoever entered it knows. What fires goes on, and ends
       as always; what lasts when the exclusion is over begins then.
    """
    before: defaultdict[str, list[SentAlert]] = defaultdict(list)
    for alert in sent.values():
        if alert.ends_at_ms is None:
            before[alert.labels["site"]].append(alert)
    settling = now_ms < rules.started_at_ms + rules.startup_grace_ms
    create: list[SentAlert] = []
    keep: list[SentAlert] = []
    resolve: list[SentAlert] = []
    for site in sites:
        firing = before.pop(site.site.code, [])
        heard = not settling or site.heard_at_ms >= rules.started_at_ms
        settled = (
            site.confirmed
            and now_ms - (site.seen_ms if site.condition in CUT_OFF else site.since_ms) >= rules.settle_ms
        )
        ended = [(alert, _end_ms(alert, site, settled)) for alert in firing]
        kept = [alert for alert, end_ms in ended if end_ms is None or not heard]
        keep += kept
        resolve += [_resolved(a, site, end_ms, now_ms, rules) for a, end_ms in ended if end_ms is not None and heard]
        if site.excluded is None and (site.silent or (site.condition.is_down and settled)):
            create += _created(site, firing, kept, heard, now_ms, rules)
    for alert in (alert for firing in before.values() for alert in firing):  # their sites are gone
        if settling:
            keep.append(alert)
        else:
            resolve.append(_resolved(alert, None, now_ms, now_ms, rules))
    return Decision(create=tuple(create), keep=tuple(keep), resolve=tuple(resolve))


def _end_ms(alert: SentAlert, site: SiteNow, settled: bool) -> int | None:
    """When `alert` came to its end; None while it has not."""
    if alert.labels["alertname"] == SITE_SILENT:
        return None if site.silent else site.heard_at_ms
    if site.condition is Condition.UNOBSERVED or site.condition == alert.labels["condition"]:
        return None
    if site.condition.is_down and not settled:
        return None
    return site.since_ms


def _created(
    site: SiteNow, firing: Sequence[SentAlert], kept: Sequence[SentAlert], heard: bool, now_ms: int, rules: AlertRules
) -> list[SentAlert]:
    """At most one alert: down tells more than silent."""
    still = {alert.labels["alertname"] for alert in kept}
    was = {alert.labels["alertname"] for alert in firing}
    if SITE_DOWN in still:
        return []
    if site.condition.is_down:
        return [_down(site, now_ms, rules)] if site.fresh or SITE_DOWN in was else []
    if site.silent and site.heard_at_ms and heard and SITE_SILENT not in still and _missed(site, now_ms, rules):
        return [_silent(site, now_ms, rules)]
    return []


def _missed(site: SiteNow, now_ms: int, rules: AlertRules) -> bool:
    """Whether the silence has lasted for longer than it may, within the service hours that are now."""
    if not site.in_service:
        return False
    if site.heard_at_ms >= site.service_since_ms:
        return now_ms - site.heard_at_ms > site.allowance_ms
    return now_ms - site.service_since_ms > max(site.allowance_ms, rules.service_grace_ms)


def _down(site: SiteNow, now_ms: int, rules: AlertRules) -> SentAlert:
    starts_at_ms = min(site.since_ms, now_ms)  # an Alertmanager refuses what starts later than it ends
    return SentAlert(
        key=f"{SITE_DOWN}/{site.site.code}/{site.condition.value}",
        labels=_labels(SITE_DOWN, site, condition=site.condition.value),
        annotations=words.of_down(site, starts_at_ms, now_ms, rules.texts, rules.external_url),
        starts_at_ms=starts_at_ms,
    )


def _silent(site: SiteNow, now_ms: int, rules: AlertRules) -> SentAlert:
    return SentAlert(
        key=f"{SITE_SILENT}/{site.site.code}",
        labels=_labels(SITE_SILENT, site),
        annotations=words.of_silent(site, now_ms, rules.texts, rules.external_url),
        starts_at_ms=site.heard_at_ms,
    )


def _labels(alertname: str, site: SiteNow, **more: str) -> dict[str, str]:
    """The alert's identity: nothing that changes while it lasts (durations, counts and times never), nothing empty."""
    known = site.site
    registry = {
        "site": known.code,
        "site_name": known.name,
        "regency": known.regency,
        "district": known.district,
        "provider": known.provider,
        "medium": known.medium.value,
        "kind": known.kind,
    }
    return {"alertname": alertname} | more | {name: value for name, value in registry.items() if value}


def _resolved(alert: SentAlert, site: SiteNow | None, end_ms: int, now_ms: int, rules: AlertRules) -> SentAlert:
    """`alert` with its true end, which late results may have moved: never before its start, never in the future."""
    ends_at_ms = max(alert.starts_at_ms, min(end_ms, now_ms))
    return replace(alert, ends_at_ms=ends_at_ms, annotations=words.of_end(alert, site, ends_at_ms, now_ms, rules.texts))
