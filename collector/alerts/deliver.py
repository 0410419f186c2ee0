"""The shell around `decide`: looks every second, keeps on disk what was sent, hands it to the channels."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from collector.alerts import CHANNELS, AlertSettings
from collector.alerts.channel import Channel, Parts, SentStore, Standing
from collector.alerts.decide import ALERTNAMES, AlertRules, decide
from collector.live import SiteNow
from collector.store import SentAlert, StoreError
from shared.clock import Clock
from shared.texts import Texts

log = logging.getLogger(__name__)

GIVE_UP_MS = 86_400_000
"""A resolved alert that a channel still owes somebody is kept so long and no longer."""


class Alerts:
    """What fires and what was resolved of late. One task calls `tick` each second; the rest may be read at any time."""

    def __init__(
        self,
        settings: AlertSettings,
        *,
        store: SentStore,
        sites: Callable[[int], Sequence[SiteNow]],
        clock: Clock,
        texts: Texts,
        external_url: str,
    ) -> None:
        parts = Parts(clock=clock, store=store, texts=texts, external_url=external_url, resend_s=settings.resend_s)
        asked_for = ((name, getattr(settings, name)) for name in CHANNELS)
        self.channels: dict[str, Channel] = {n: CHANNELS[n].open(s, parts) for n, s in asked_for if s is not None}
        self._store = store
        self._sites = sites
        self._clock = clock
        self._repeat_resolved_ms = round(settings.repeat_resolved_s * 1000)
        self._rules = AlertRules(
            started_at_ms=clock.wall_ms(),
            startup_grace_ms=round(settings.startup_grace_s * 1000),
            settle_ms=round(settings.settle_s * 1000),
            service_grace_ms=round(settings.service_grace_s * 1000),
            texts=texts,
            external_url=external_url,
        )
        self._loaded = False
        self._sent: dict[str, SentAlert] = {}
        self._resolved_at_ms: dict[str, int] = {}
        self._unsaved: set[str] = set()

    async def tick(self) -> None:
        """Decide, keep, deliver, in this order. StoreError if what was sent before cannot be read: tick again."""
        if not self._loaded:
            await self._load()
        now_ms = self._clock.wall_ms()
        decision = decide(now_ms, self._sites(now_ms), self._sent, self._rules)
        changed = {alert.key: alert for alert in (*decision.resolve, *decision.create)}
        self._sent |= changed
        for alert in changed.values():
            self._note(alert, now_ms)
        self._unsaved |= changed.keys() | self._forget_old(now_ms)
        if self._unsaved:
            await self._save()
        for channel in self.channels.values():
            channel.deliver(self._sent, changed.keys(), Standing(now_ms=now_ms))

    def firing(self) -> Mapping[str, int]:
        """Alerts that fire now by alertname, 0 among them."""
        names = Counter(alert.labels["alertname"] for alert in tuple(self._sent.values()) if alert.ends_at_ms is None)
        return {name: names[name] for name in ALERTNAMES}

    def notified(self) -> Mapping[tuple[str, str], int]:
        """Alerts by channel and what became of them."""
        return {(name, result): n for name, channel in self.channels.items() for result, n in channel.counts.items()}

    async def close(self) -> None:
        """Firing alerts stay as they are: a collector that stops says nothing about a line."""
        await asyncio.gather(*(channel.close() for channel in self.channels.values()))

    async def _load(self) -> None:
        records = await asyncio.to_thread(self._store.sent_alerts)
        self._sent = {record.key: record for record in records if record.key.startswith(_OWN_KEYS)}
        now_ms = self._clock.wall_ms()
        self._resolved_at_ms = {key: now_ms for key, alert in self._sent.items() if alert.ends_at_ms is not None}
        for channel in self.channels.values():
            channel.restore(records)
        self._loaded = True

    def _note(self, alert: SentAlert, now_ms: int) -> None:
        if alert.ends_at_ms is None:
            self._resolved_at_ms.pop(alert.key, None)
            log.info("alert state=firing key=%s starts_at_ms=%d", alert.key, alert.starts_at_ms)
        else:
            self._resolved_at_ms[alert.key] = now_ms
            log.info(
                "alert state=resolved key=%s starts_at_ms=%d ends_at_ms=%d",
                alert.key,
                alert.starts_at_ms,
                alert.ends_at_ms,
            )

    def _forget_old(self, now_ms: int) -> set[str]:
        """Forget what was resolved, repeated long enough, and is owed to nobody; returns the keys."""
        old = {
            key
            for key, at_ms in self._resolved_at_ms.items()
            if now_ms - at_ms > self._repeat_resolved_ms and (not self._owed(key) or now_ms - at_ms > GIVE_UP_MS)
        }
        for key in old:
            del self._sent[key], self._resolved_at_ms[key]
        return old

    def _owed(self, key: str) -> bool:
        return any(channel.owes(key) for channel in self.channels.values())

    async def _save(self) -> None:
        """A full disk must not keep an alert from being told: it is told, and saved by a later tick."""
        kept, gone = _split(self._unsaved, self._sent)
        try:
            await asyncio.to_thread(self._store.put_alerts, kept, gone)
        except StoreError as error:
            log.error("alert result=not_saved alerts=%d error=%s", len(self._unsaved), error)
        else:
            self._unsaved.clear()


_OWN_KEYS = tuple(f"{name}/" for name in ALERTNAMES)
"""The other records in the store are the channels' own."""


def _split(keys: Iterable[str], sent: Mapping[str, SentAlert]) -> tuple[list[SentAlert], list[str]]:
    present = sorted(keys)
    return [sent[key] for key in present if key in sent], [key for key in present if key not in sent]
