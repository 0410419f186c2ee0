"""What the tests of alerts, metrics and dashboards share."""

from collections.abc import Sequence
from typing import Any

from collector.condition import Condition
from collector.live import SiteNow
from collector.registry import Medium, Site
from collector.store import SentAlert, StoreError

IN_REGISTRY = ("name", "regency", "district", "provider", "medium", "kind")


class RememberedAlerts:
    """The store's part for alerts, on no disk. A second collector with it is one that restarted. `broken` raises."""

    def __init__(self) -> None:
        self.records: dict[str, SentAlert] = {}
        self.broken = False

    def sent_alerts(self) -> list[SentAlert]:
        return list(self.records.values())

    def put_alerts(self, alerts: Sequence[SentAlert], forget: Sequence[str] = ()) -> None:
        if self.broken:
            raise StoreError("the disk is full")
        self.records |= {alert.key: alert for alert in alerts}
        for key in forget:
            self.records.pop(key, None)


class Province:
    """The sites as `live` would show them; a test says what they are in."""

    def __init__(self, *sites: SiteNow) -> None:
        self.now = list(sites)

    def sites(self, _now_ms: int) -> list[SiteNow]:
        return self.now


def site_now(
    code: str = "64.07.05.2017", condition: Condition = Condition.UP, since_ms: int = 1, **known: Any
) -> SiteNow:
    """A site as `live` shows it, heard when its condition began; what the registry knows of it can be given too."""
    registry: dict[str, Any] = {"name": "Long Iram Bayan", "regency": "Kutai Barat", "provider": "Icon+"}
    registry |= {"medium": Medium.VSAT, "kind": "village"}
    registry |= {name: known.pop(name) for name in IN_REGISTRY if name in known}
    told: dict[str, Any] = {"heard_at_ms": since_ms, "since_not_earlier_ms": since_ms, "fresh": True} | known
    return SiteNow(site=Site(code=code, **registry), condition=condition, since_ms=since_ms, **told)


def silent_site(code: str = "64.07.05.2017", heard_at_ms: int = 1, **known: Any) -> SiteNow:
    """A site that has not been heard for longer than its allowance: what it is in, nobody knows."""
    return site_now(
        code,
        Condition.UNOBSERVED,
        heard_at_ms,
        **({"silent": True, "silent_since_ms": heard_at_ms, "fresh": False} | known),
    )
