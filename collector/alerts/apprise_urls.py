"""Alerts for those who run no Alertmanager: Telegram, e-mail and a hundred others, by Apprise URLs.

Each URL is told once that something fires and once that it is over. What it was told is kept in the store, so that a
restart neither repeats nor forgets. Messages wait `group_wait_s` for company and keep `group_interval_s` from each
other: a mass outage is one message. What is over before anybody was told of it is not told at all. A message that fails
is made anew, of what is so by then.
"""

import asyncio
import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, SecretStr, model_validator

from collector.alerts.channel import Parts, PresentFile, Standing
from collector.alerts.words import digest
from collector.store import SentAlert, StoreError
from shared.settings import Settings

if TYPE_CHECKING:
    import apprise

log = logging.getLogger(__name__)

CLOSE_S = 2.0


class AppriseSettings(Settings):
    """`urls` as Apprise writes them (`tgram://token/chat`); `urls_file` has one a line: keep secrets there."""

    urls: tuple[SecretStr, ...] = ()
    urls_file: PresentFile | None = None
    group_wait_s: Annotated[float, Field(ge=0, le=600)] = 10.0
    group_interval_s: Annotated[float, Field(ge=0, le=3600)] = 60.0
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 30.0
    max_lines: Annotated[int, Field(ge=1, le=200)] = 20

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not self.urls and self.urls_file is None:
            raise ValueError("name urls or urls_file")
        for number, url in enumerate(self.every_url(), 1):
            if open_url(url) is None:  # told by number: the URL itself is a secret
                raise ValueError(f"URL number {number} is not one that Apprise understands")
        return self

    def every_url(self) -> list[SecretStr]:
        lines = self.urls_file.read_text(encoding="utf-8").splitlines() if self.urls_file else []
        return [*self.urls, *(SecretStr(s) for line in lines if (s := line.strip()) and not s.startswith("#"))]


def open_url(url: SecretStr) -> "apprise.NotifyBase | None":
    """The service behind `url`; None if there is none. Silences the loggers that would write the URL and its secret."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # we log each outcome ourselves
    logging.getLogger("urllib3").setLevel(logging.INFO)  # at DEBUG it writes paths, and a Telegram token is part of one
    return apprise.Apprise.instantiate(url.get_secret_value())


class Receiver:
    """One URL: whom it was told of, and what it should be told next."""

    def __init__(
        self, number: int, url: SecretStr, settings: AppriseSettings, parts: Parts, counts: dict[str, int]
    ) -> None:
        self._name = f"url{number}"
        self._prefix = f"apprise:{hashlib.sha256(url.get_secret_value().encode()).hexdigest()[:12]}:"
        self._service = open_url(url)
        self._settings = settings
        self._parts = parts
        self._counts = counts
        self._told: set[str] = set()
        self._given_up: set[str] = set()
        self._waiting_since_ns: int | None = None
        self._not_before_ns = 0
        self._task: asyncio.Task[None] | None = None

    def restore(self, records: Sequence[SentAlert]) -> None:
        self._told = {r.key.removeprefix(self._prefix) for r in records if r.key.startswith(self._prefix)}

    def owes(self, key: str) -> bool:
        return key in self._told

    def offer(self, alerts: Mapping[str, SentAlert]) -> None:
        """Start the next message if there is something to say and it is time to say it."""
        self._given_up |= self._told - alerts.keys()
        self._told &= alerts.keys()
        down = [a for a in alerts.values() if a.ends_at_ms is None and a.key not in self._told]
        over = [a for key in self._told if (a := alerts.get(key)) is not None and a.ends_at_ms is not None]
        if not down and not over:
            self._waiting_since_ns = None
            return
        now_ns = self._parts.clock.mono_ns()
        if self._waiting_since_ns is None:
            self._waiting_since_ns = now_ns
        due_ns = max(self._waiting_since_ns + round(self._settings.group_wait_s * 1e9), self._not_before_ns)
        if now_ns >= due_ns and (self._task is None or self._task.done()):
            self._not_before_ns = now_ns + round(self._settings.group_interval_s * 1e9)
            still_down = {a.labels["site"] for a in alerts.values() if a.ends_at_ms is None}
            self._task = asyncio.create_task(self._tell(down, over, still_down))

    async def settled(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})

    def give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _tell(self, down: Sequence[SentAlert], over: Sequence[SentAlert], still_down: Collection[str]) -> None:
        """`over` of a site in trouble of another kind goes unsaid: what fires now has said or says it."""
        good_news = [alert for alert in over if alert.labels["site"] not in still_down]
        if (down or good_news) and not await self._send(down, good_news):
            return
        self._told = (self._told | {a.key for a in down}) - {a.key for a in over}
        records = [replace(a, key=self._prefix + a.key) for a in down]
        forget = [self._prefix + key for key in {a.key for a in over} | (self._given_up - self._told)]
        try:
            await asyncio.to_thread(self._parts.store.put_alerts, records, forget)
        except StoreError as error:  # told all the same; a restart may tell it once more
            log.error("apprise result=not_recorded receiver=%s error=%s", self._name, error)
        else:
            self._given_up.clear()

    async def _send(self, down: Sequence[SentAlert], over: Sequence[SentAlert]) -> bool:
        title, body = digest(down, over, self._settings.max_lines, self._parts.texts)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                sent = await self._notify(title, body, "failure" if down else "success")
        except TimeoutError:
            sent = False
        result = "sent" if sent else "failed"
        self._counts[result] += len(down) + len(over)
        log.log(
            logging.INFO if sent else logging.WARNING,
            "apprise result=%s receiver=%s alerts=%d",
            result,
            self._name,
            len(down) + len(over),
        )
        return sent

    async def _notify(self, title: str, body: str, kind: str) -> bool:
        if self._service is None:
            return False
        return bool(await self._service.async_notify(title=title, body=body, notify_type=kind))


class Apprise:
    """The channel: every URL on its own, so that one that fails makes no other repeat itself."""

    def __init__(self, settings: AppriseSettings, parts: Parts) -> None:
        self.counts = dict.fromkeys(("sent", "failed"), 0)
        self._receivers = [
            Receiver(number, url, settings, parts, self.counts) for number, url in enumerate(settings.every_url(), 1)
        ]

    def restore(self, records: Sequence[SentAlert]) -> None:
        for receiver in self._receivers:
            receiver.restore(records)

    def deliver(self, alerts: Mapping[str, SentAlert], changed: Collection[str], standing: Standing) -> None:
        for receiver in self._receivers:
            receiver.offer(alerts)

    def owes(self, key: str) -> bool:
        return any(receiver.owes(key) for receiver in self._receivers)

    async def settled(self) -> None:
        """Returns when no message is under way."""
        await asyncio.gather(*(receiver.settled() for receiver in self._receivers))

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self.settled(), CLOSE_S)
        except TimeoutError:
            for receiver in self._receivers:
                receiver.give_up()
