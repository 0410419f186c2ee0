"""What every channel is and what it is given. `CHANNELS` in `__init__.py` is the table of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from collector.alerts.contacts import Contact
from collector.alerts.telling.morning import MorningFacts
from collector.followups import Acknowledgement
from collector.store import SentAlert
from shared.clock import Clock
from shared.texts import Texts


class SentStore(Protocol):
    """The part of the Store that alerting needs. Both methods block."""

    def sent_alerts(self) -> list[SentAlert]: ...
    def put_alerts(self, alerts: Sequence[SentAlert], forget: Sequence[str] = ()) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a channel may use."""

    clock: Clock
    store: SentStore
    texts: Texts
    external_url: str
    """Where people reach the collector's page, without a slash at the end; empty when nobody said."""
    resend_s: float
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    """Whom to call, by provider."""
    timezone: str = "UTC"
    """Of quiet hours, and of times in messages about more than one site."""
    morning: Callable[[int], MorningFacts] | None = None
    """What the morning digest tells, at the given time (blocks); None: none is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds when alerts are delivered, beside the alerts."""

    now_ms: int
    acknowledged: Mapping[str, Acknowledgement] = field(default_factory=dict)
    """By the key of an alert that fires now: who took note of it since it began."""


def is_alert(record: SentAlert) -> bool:
    """Whether it is an alert; the other records in the store are what channels remember."""
    return record.key.startswith(f"{record.labels.get('alertname')}/")


class Channel(Protocol):
    """Delivers alerts to people or to what tells people. Nothing here blocks: work goes on in tasks of the channel."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Alerts by what became of them (`sent`, `failed`, ...), for kentongan_notify_total; zeros included."""

    def restore(self, records: Sequence[SentAlert]) -> None:
        """Once, before the first `deliver`: every record in the store, the channel's own among them."""

    def deliver(self, alerts: Mapping[str, SentAlert], changed: Collection[str], standing: Standing) -> None:
        """Every second: all alerts that fire or were resolved of late, and the keys of those that are new, that say
        something else than before, or that were just resolved."""

    def owes(self, key: str) -> bool:
        """Whether somebody was told that `key` fires and not yet that it is over; such an alert is not forgotten."""

    async def close(self) -> None:
        """Finish or give up what is under way, within a second or two."""
