"""What the tests of alerts, metrics and dashboards share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from collector.alerts import AlertSettings
from collector.alerts.channel import Standing
from collector.alerts.deliver import Alerts
from collector.condition import Condition
from collector.followups import Acknowledgement
from collector.live import SiteNow
from collector.registry import Medium, Site
from collector.store import SentAlert, StoreError
from shared.texts import Texts
from tests.fakes import FakeClock

IN_REGISTRY = ("name", "regency", "district", "provider", "medium", "kind", "contract")
NOW = 1_790_000_000_000  # 21 September 2026, 22:13 WITA


class RememberedAlerts:
    """The store's part for alerts, on no disk. A second collector with it is one that restarted. `broken` raises."""

    def __init__(self) -> None:
        self.records: dict[str, SentAlert] = {}
        self.broken = False

    def alerts(self) -> list[str]:
        """The keys of what is an alert, and no memory of deciding or of a channel."""
        return [key for key in self.records if not key.startswith(("flaps/", "mass/", "apprise:"))]

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


class Recorder:
    """A channel that remembers what it was given."""

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = {"sent": 0}
        self.seen: list[list[str]] = []
        self.debts: set[str] = set()

    def restore(self, records: Iterable[SentAlert]) -> None:
        self.restored = list(records)

    def deliver(self, alerts: Mapping[str, SentAlert], changed: Iterable[str], standing: Standing) -> None:
        self.alerts = dict(alerts)
        self.seen.append(sorted(changed))
        self.standing = standing

    def owes(self, key: str) -> bool:
        return key in self.debts

    async def close(self) -> None: ...


class Desk:
    """Alerts with its surroundings, on a clock that the test moves."""

    def __init__(self, store: RememberedAlerts | None = None, **settings: float) -> None:
        self.clock, self.store, self.province, self.channel = (
            FakeClock(NOW),
            store or RememberedAlerts(),
            Province(),
            Recorder(),
        )
        self.given: list[Acknowledgement] = []
        self.alerts = Alerts(
            AlertSettings(startup_grace_s=settings.get("startup_grace_s", 0), settle_s=settings.get("settle_s", 0)),
            store=self.store,
            sites=self.province.sites,
            clock=self.clock,
            texts=Texts("id"),
            external_url="",
            acknowledgements=lambda _since_ms: self.given,
        )
        self.alerts.channels["recorder"] = self.channel

    async def see(self, *sites: SiteNow, after_s: float = 1) -> None:
        self.clock.advance(after_s)
        self.province.now = list(sites)
        await self.alerts.tick()
