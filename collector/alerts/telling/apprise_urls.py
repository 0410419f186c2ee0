"""Messages to people: Telegram, e-mail and a hundred others, by Apprise URLs.

The shell around receivers.py (whom to tell what and when), messages.py (in which words) and morning.py (the digest).
What each URL was told is kept in the store, so that a restart neither repeats nor forgets. Messages wait `group_wait_s`
for company and keep `group_interval_s` from each other. One that fails is made anew, of what is so by then.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from collector.alerts.channel import Parts, Standing
from collector.alerts.telling.messages import message
from collector.alerts.telling.morning import morning_message
from collector.alerts.telling.quiet import digest_day
from collector.alerts.telling.recall import Recall
from collector.alerts.telling.receiver_settings import AppriseSettings, ReceiverSettings, open_url
from collector.alerts.telling.receivers import ReceiverRules, Turn, after, turn
from collector.store import SentAlert, StoreError
from shared.texts import Texts

if TYPE_CHECKING:
    import apprise

log = logging.getLogger(__name__)

CLOSE_S = 2.0
SIMPLE = "apprise"
"""The name of the receiver that `[alerts.apprise]` is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What all addresses of a receiver have in common."""

    name: str
    settings: AppriseSettings
    rules: ReceiverRules
    digest_min: int | None
    texts: Texts

    @classmethod
    def of(cls, settings: AppriseSettings, parts: Parts) -> "Wishes":
        """The simple form has no rules of its own."""
        if not isinstance(settings, ReceiverSettings):
            rules = ReceiverRules(timezone=parts.timezone)
            return cls(name=SIMPLE, settings=settings, rules=rules, digest_min=None, texts=parts.texts)
        return cls(
            name=settings.name,
            settings=settings,
            rules=settings.rules(parts.timezone),
            digest_min=settings.digest_min,
            texts=Texts(settings.language) if settings.language else parts.texts,
        )


class Address:
    """One URL: what it was told, and what it should be told next. One message at a time is under way."""

    def __init__(self, number: int, url: SecretStr, wishes: Wishes, parts: Parts, counts: dict[str, int]) -> None:
        self._name = f"{wishes.name}/url{number}"
        self._recall = Recall("" if wishes.name == SIMPLE else wishes.name, url.get_secret_value())
        self._service = open_url(url)
        self._wishes = wishes
        self._parts = parts
        self._counts = counts
        self._waiting_since_ns: int | None = None
        self._not_before_ns = self._digest_not_before_ns = 0
        self._task: asyncio.Task[None] | None = None

    def restore(self, records: Sequence[SentAlert]) -> None:
        self._recall.restore(records)

    def owes(self, key: str) -> bool:
        told = self._recall.told.get(key)
        return told is not None and told.told_ms is not None

    def offer(self, alerts: Mapping[str, SentAlert], standing: Standing) -> None:
        """Start the next message if there is something to say and it is time to say it."""
        wishes, recall = self._wishes, self._recall
        now = turn(recall.told, alerts, standing.acknowledged, standing.now_ms, wishes.rules)
        if self._task is not None and not self._task.done():
            return
        recall.told = now.known
        if self._time_has_come(now):
            self._task = asyncio.create_task(self._tell(now))
        elif (day := self._digest_due(standing.now_ms)) is not None:
            self._task = asyncio.create_task(self._digest(day, standing.now_ms))
        elif recall.changed:
            self._task = asyncio.create_task(self._keep())

    async def settled(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})

    def give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _time_has_come(self, now: Turn) -> bool:
        """Whether `now` is to be told at once: news waits for company, and messages keep their distance."""
        if not now.says and not now.unsaid:
            self._waiting_since_ns = None
            return False
        now_ns, settings = self._parts.clock.mono_ns(), self._wishes.settings
        if self._waiting_since_ns is None:
            self._waiting_since_ns = now_ns
        if now_ns < max(self._waiting_since_ns + round(settings.group_wait_s * 1e9), self._not_before_ns):
            return False
        self._not_before_ns = now_ns + round(settings.group_interval_s * 1e9)
        return True

    def _digest_due(self, now_ms: int) -> str | None:
        at_min, now_ns = self._wishes.digest_min, self._parts.clock.mono_ns()
        if at_min is None or self._parts.morning is None or now_ns < self._digest_not_before_ns:
            return None
        day = digest_day(now_ms, at_min, self._recall.digest_day, self._wishes.rules.timezone)
        if day is not None:  # a try; the next not before this
            self._digest_not_before_ns = now_ns + round(self._wishes.settings.group_interval_s * 1e9)
        return day

    async def _tell(self, now: Turn) -> None:
        wishes = self._wishes
        if now.says:
            escalated = wishes.rules.escalate_after_ms > 0
            title, body = message(now, wishes.settings.max_lines, escalated, wishes.texts)
            bad = now.begin or now.grown or now.remind
            if not await self._send(title, body, "failure" if bad else "success", now.says):
                return
        self._recall.told = after(now, self._recall.told)
        await self._keep()

    async def _digest(self, day: str, now_ms: int) -> None:
        if self._parts.morning is None:
            return
        try:
            facts = await asyncio.to_thread(self._parts.morning, now_ms)
        except StoreError as error:
            log.error("apprise result=no_digest receiver=%s error=%s", self._name, error)
            return
        wishes = self._wishes
        title, body = morning_message(facts, wishes.rules.route, wishes.settings.max_lines, wishes.texts)
        if await self._send(title, body, "info", 1):
            self._recall.digest_day = day
            await self._keep()

    async def _keep(self) -> None:
        """What could not be kept is kept by a later tick; until then a restart may tell it once more."""
        news = self._recall.news()
        try:
            await asyncio.to_thread(self._parts.store.put_alerts, news.records, news.forget)
        except StoreError as error:
            log.error("apprise result=not_recorded receiver=%s error=%s", self._name, error)
        else:
            self._recall.kept(news)

    async def _send(self, title: str, body: str, kind: str, alerts: int) -> bool:
        sent = await notify(self._service, title, body, kind, self._wishes.settings.timeout_s)
        result = "sent" if sent else "failed"
        self._counts[result] += alerts
        level = logging.INFO if sent else logging.WARNING
        log.log(level, "apprise result=%s receiver=%s alerts=%d", result, self._name, alerts)
        return bool(sent)


async def notify(service: "apprise.Apprise | None", title: str, body: str, kind: str, timeout_s: float) -> bool | None:
    """Whether the service took it; None if it did not answer in time."""
    if service is None:
        return False
    try:
        async with asyncio.timeout(timeout_s):
            # The text is told to be text: e-mail would run its lines together, and take < for HTML.
            return bool(await service.async_notify(title=title, body=body, notify_type=kind, body_format="text"))
    except TimeoutError:
        return None


class Apprise:
    """The channel: every URL on its own, so that one that fails makes no other repeat itself."""

    def __init__(self, settings: AppriseSettings, parts: Parts) -> None:
        self.counts = dict.fromkeys(("sent", "failed"), 0)
        wishes = Wishes.of(settings, parts)
        self._addresses = [
            Address(number, url, wishes, parts, self.counts) for number, url in enumerate(settings.every_url(), 1)
        ]

    def restore(self, records: Sequence[SentAlert]) -> None:
        for address in self._addresses:
            address.restore(records)

    def deliver(self, alerts: Mapping[str, SentAlert], changed: Collection[str], standing: Standing) -> None:
        for address in self._addresses:
            address.offer(alerts, standing)

    def owes(self, key: str) -> bool:
        return any(address.owes(key) for address in self._addresses)

    async def settled(self) -> None:
        """Returns when no message is under way."""
        await asyncio.gather(*(address.settled() for address in self._addresses))

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self.settled(), CLOSE_S)
        except TimeoutError:
            for address in self._addresses:
                address.give_up()
