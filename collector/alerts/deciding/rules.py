"""Which alerts there are, how grave each is, and what they go by. An alert's labels never change while it lasts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from collector.alerts.contacts import Contact
from collector.condition import Condition
from collector.registry import Site
from collector.store import SentAlert
from shared.texts import Texts

SITE_DOWN = "SiteDown"
SITE_SILENT = "SiteSilent"
SITE_DEGRADED = "SiteDegraded"
MASS_OUTAGE = "MassOutage"
AGENT_UNWELL = "AgentUnwell"
COLLECTOR_UNWELL = "CollectorUnwell"
ALERTNAMES = (SITE_DOWN, SITE_SILENT, SITE_DEGRADED, MASS_OUTAGE, AGENT_UNWELL, COLLECTOR_UNWELL)
OF_SITES = frozenset({SITE_DOWN, SITE_SILENT, SITE_DEGRADED})
"""Those that are about one site, and end when it leaves the registry."""

CRITICAL, WARNING, INFO = "critical", "warning", "info"
NOT_THE_LINE = frozenset({Condition.LOCAL_DOWN, Condition.INTERCEPTED})
"""Somebody at the place can mend it; nobody has to be woken for it."""
CUT_OFF = frozenset({Condition.LINE_DOWN, Condition.LOCAL_DOWN})
"""Conditions in which nothing can come from the site, unless it has another way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MassRules:
    """When many are one. `share` is of those of a scope that are observed; from `many` sites on no share is asked."""

    min_sites: int = 5
    share: float = 0.3
    many: int = 20
    window_ms: int = 120_000
    holdoff_ms: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FlapRules:
    """A site that goes down `count` times within `window_ms` flaps, until it has been up for `quiet_ms`."""

    count: int = 4
    window_ms: int = 3_600_000
    quiet_ms: int = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRules:
    """What is wrong with an agent, once it has been so for `after_ms`; it is well again after as long without."""

    clock_off_ms: int = 120_000
    min_version: str = ""
    after_ms: int = 600_000


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
    degraded_after_ms: int = 900_000
    mass: MassRules = field(default_factory=MassRules)
    flaps: FlapRules = field(default_factory=FlapRules)
    agents: AgentRules = field(default_factory=AgentRules)
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    timezone: str = "UTC"
    """Of what is not about one site."""

    def settling(self, now_ms: int) -> bool:
        """Whether the grace after the start still lasts."""
        return now_ms < self.started_at_ms + self.startup_grace_ms


def of_site(alertname: str, severity: str, site: Site, **more: str) -> dict[str, str]:
    """Labels: nothing that changes while the alert lasts (durations, counts and times never), nothing empty."""
    registry = {
        "site": site.code,
        "site_name": site.name,
        "regency": site.regency,
        "district": site.district,
        "provider": site.provider,
        "medium": site.medium.value,
        "kind": site.kind,
    }
    labels = {"alertname": alertname, "severity": severity} | more | registry
    return {name: value for name, value in labels.items() if value}


def firing(sent: Mapping[str, SentAlert], names: Iterable[str]) -> list[SentAlert]:
    """Those of `names` that fire."""
    wanted = frozenset(names)
    return [alert for alert in sent.values() if alert.ends_at_ms is None and alert.labels["alertname"] in wanted]


def ended(alert: SentAlert, end_ms: int, now_ms: int, annotations: Mapping[str, str]) -> SentAlert:
    """`alert` with its true end, which late results may have moved: never before its start, never in the future."""
    return replace(alert, ends_at_ms=max(alert.starts_at_ms, min(end_ms, now_ms)), annotations=dict(annotations))
