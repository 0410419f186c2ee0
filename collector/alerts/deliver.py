"""The shell around `decide`: looks every second, keeps on disk what was sent, hands it to the channels.

Beside what was sent the store keeps what deciding remembers (memory.py); channels see none of it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from collector.alerts import AlertSettings
from collector.alerts.channel import Channel, Parts, SentStore, Standing
from collector.alerts.contacts import Contact
from collector.alerts.deciding.decide import Decision, Facts, decide
from collector.alerts.deciding.health import Health
from collector.alerts.deciding.memory import NOTHING, records, remembered
from collector.alerts.deciding.rules import ALERTNAMES
from collector.alerts.telling.morning import MorningFacts
from collector.followups import Acknowledgement, acknowledged
from collector.live import SiteNow
from collector.registry import AgentState
from collector.store import SentAlert, StoreError
from shared.clock import Clock
from shared.texts import Texts

log = logging.getLogger(__name__)

GIVE_UP_MS = 86_400_000
"""A resolved alert that a channel still owes somebody is kept so long and no longer."""
READ_NS = 5_000_000_000
"""How often it is read who took note of what, and how the collector is."""
AGENTS_NS = 30_000_000_000
"""How often agents are looked at: what is wrong with one is told after minutes."""


class Alerts:
    """What fires and what was resolved of late. One task calls `tick` each second; the rest may be read at any time.

    `agents`, `health` and `acknowledgements` (of alerts that began at or after the given time) block, and are asked
    every few seconds only.
    """

    def __init__(
        self,
        settings: AlertSettings,
        *,
        store: SentStore,
        sites: Callable[[int], Sequence[SiteNow]],
        clock: Clock,
        texts: Texts,
        external_url: str,
        contacts: Mapping[str, Contact] | None = None,
        timezone: str = "UTC",
        agents: Callable[[], Sequence[AgentState]] | None = None,
        health: Callable[[], Health] | None = None,
        acknowledgements: Callable[[int], Sequence[Acknowledgement]] | None = None,
        morning: Callable[[int], MorningFacts] | None = None,
    ) -> None:
        parts = Parts(
            clock=clock,
            store=store,
            texts=texts,
            external_url=external_url,
            resend_s=settings.resend_s,
            contacts=contacts or {},
            timezone=timezone,
            morning=morning,
        )
        self.channels: dict[str, Channel] = settings.opened(parts)
        self._store, self._sites, self._clock = store, sites, clock
        self._agents, self._health, self._acknowledgements = agents, health, acknowledgements
        self._repeat_resolved_ms = round(settings.repeat_resolved_s * 1000)
        self._rules = settings.rules(parts, clock.wall_ms())
        self._loaded = False
        self._sent: dict[str, SentAlert] = {}
        self._memory, self._records = NOTHING, dict[str, SentAlert]()
        self._resolved_at_ms: dict[str, int] = {}
        self._unsaved: set[str] = set()
        self._save_failed_ms = 0
        self._read_at_ns = self._agents_at_ns = clock.mono_ns()
        self._health_now: Health | None = None
        self._given: Sequence[Acknowledgement] = ()

    async def tick(self) -> None:
        """Decide, keep, deliver, in this order. StoreError if what was sent before cannot be read: tick again."""
        if not self._loaded:
            await self._load()
        await self._read()
        now_ms = self._clock.wall_ms()
        decision = decide(now_ms, self._facts(now_ms), self._sent, self._rules, self._memory)
        changed = self._take(decision, now_ms)
        self._unsaved |= changed | self._forget_old(now_ms)
        if self._unsaved:
            await self._save(now_ms)
        began = {key: alert.starts_at_ms for key, alert in self._sent.items() if alert.ends_at_ms is None}
        standing = Standing(now_ms=now_ms, acknowledged=acknowledged(began, self._given))
        for channel in self.channels.values():
            channel.deliver(self._sent, changed & self._sent.keys(), standing)

    def sent(self) -> Mapping[str, SentAlert]:
        """What fires and what was resolved of late, by key."""
        return dict(self._sent)

    def members(self, key: str) -> Sequence[str]:
        """The sites of the mass outage `key`, by code; none once it is over."""
        mass = self._memory.masses.get(key)
        return sorted(mass.members) if mass else ()

    def mass_outages(self) -> Mapping[tuple[str, str], int]:
        """Sites that are not back, by scope and name of each mass outage that fires."""
        return {(mass.scope, mass.of): len(mass.away) for mass in tuple(self._memory.masses.values())}

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
        kept = await asyncio.to_thread(self._store.sent_alerts)
        self._sent = {record.key: record for record in kept if record.key.startswith(_OWN_KEYS)}
        self._memory = remembered(kept)
        self._records = records(self._memory)
        now_ms = self._clock.wall_ms()
        self._resolved_at_ms = {key: now_ms for key, alert in self._sent.items() if alert.ends_at_ms is not None}
        for channel in self.channels.values():
            channel.restore(kept)
        self._loaded = True

    async def _read(self) -> None:
        """What other threads and processes say, every READ_NS."""
        if self._clock.mono_ns() < self._read_at_ns:
            return
        self._read_at_ns = self._clock.mono_ns() + READ_NS
        began = [alert.starts_at_ms for alert in self._sent.values() if alert.ends_at_ms is None]
        if self._acknowledgements is not None and began:
            try:
                self._given = await asyncio.to_thread(self._acknowledgements, min(began))
            except StoreError as error:
                log.error("alert result=acknowledgements_not_read error=%s", error)
        if self._health is not None:
            self._health_now = await asyncio.to_thread(self._health)

    def _facts(self, now_ms: int) -> Facts:
        health, agents = self._health_now, None
        if health is not None and self._save_failed_ms > health.store_failed_ms:
            health = replace(health, store_failed_ms=self._save_failed_ms)
        if self._agents is not None and self._clock.mono_ns() >= self._agents_at_ns:
            self._agents_at_ns = self._clock.mono_ns() + AGENTS_NS
            agents = self._agents()
        return Facts(sites=self._sites(now_ms), agents=agents, health=health)

    def _take(self, decision: Decision, now_ms: int) -> set[str]:
        """What was decided holds from now on; returns the keys of the alerts that are news."""
        news = {alert.key: alert for alert in (*decision.resolve, *decision.change, *decision.create)}
        self._sent |= news
        for alert in news.values():
            self._note(alert, now_ms)
        before, self._memory = self._memory, decision.memory
        if before.masses is not self._memory.masses or before.flaps is not self._memory.flaps:
            after = records(self._memory)
            self._unsaved |= {
                key for key in after.keys() | self._records.keys() if after.get(key) != self._records.get(key)
            }
            self._records = after
        return set(news)

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

    async def _save(self, now_ms: int) -> None:
        """A full disk must not keep an alert from being told: it is told, and saved by a later tick."""
        kept, gone = _split(self._unsaved, self._sent | self._records)
        try:
            await asyncio.to_thread(self._store.put_alerts, kept, gone)
        except StoreError as error:
            self._save_failed_ms = now_ms
            log.error("alert result=not_saved alerts=%d error=%s", len(self._unsaved), error)
        else:
            self._unsaved.clear()


_OWN_KEYS = tuple(f"{name}/" for name in ALERTNAMES)
"""The other records in the store are the channels' own, or what deciding remembers."""


def _split(keys: Iterable[str], sent: Mapping[str, SentAlert]) -> tuple[list[SentAlert], list[str]]:
    present = sorted(keys)
    return [sent[key] for key in present if key in sent], [key for key in present if key not in sent]
