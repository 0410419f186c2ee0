"""Alerts for Alertmanager by its API v2: `POST /api/v2/alerts` to every address (never through a load balancer).

The contract, from Alertmanager's api/v2/api.go and Prometheus' rules/alerting.go:

* identity is the label set; the same alert sent again updates itself, so that sending too often harms nobody;
* a firing alert is sent again every `resend_s` with `endsAt` four times that ahead: a dead collector's alerts end;
* a resolved one is repeated with its true end, for as long as alerting keeps it (15 minutes);
* 400 means that *some* were invalid and the others were accepted; 5xx means try again.

Each address has a mailbox by alert key: a newer word about an alert replaces the one that could not be sent, so that it
is bounded by the number of alerts, and an Alertmanager that hangs delays neither the others nor the collector.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Annotated

import aiohttp
import msgspec
from pydantic import Field, field_validator

from collector.alerts.channel import Parts, Standing
from collector.alerts.deciding.words import link
from collector.outgoing import Outgoing, http_url
from collector.store import SentAlert
from shared.clock import rfc3339

log = logging.getLogger(__name__)

ENDS_AFTER_RESENDS = 4
RETRY_S = 10.0
"""Until a failed delivery is tried again, unless the next resend comes first."""
CLOSE_S = 2.0


class AlertmanagerSettings(Outgoing):
    """Every Alertmanager of a cluster is named."""

    urls: Annotated[tuple[str, ...], Field(min_length=1)]
    batch: Annotated[int, Field(ge=1, le=10_000)] = 500
    queue_max: Annotated[int, Field(ge=1)] = 20_000

    @field_validator("urls")
    @classmethod
    def _urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(http_url(url, "http://127.0.0.1:9093").removesuffix("/api/v2/alerts") for url in urls)


def payload(alert: SentAlert, now_ms: int, parts: Parts) -> dict[str, object]:
    """`alert` as Alertmanager wants it, at the moment it is sent."""
    ends_at_ms, site = alert.ends_at_ms, alert.labels.get("site")
    if ends_at_ms is None:
        ends_at_ms = now_ms + round(ENDS_AFTER_RESENDS * parts.resend_s * 1000)
    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": rfc3339(alert.starts_at_ms),
        "endsAt": rfc3339(ends_at_ms),
        "generatorURL": link(parts.external_url, site) if site else alert.annotations.get("link", parts.external_url),
    }


class Address:
    """One Alertmanager and what it still has to be told."""

    def __init__(self, url: str, settings: AlertmanagerSettings, parts: Parts, counts: dict[str, int]) -> None:
        self.fault = ""
        """Why the last delivery failed: `timeout`, `connection`, or the status of the answer."""
        self._url = f"{url}/api/v2/alerts"
        self._settings = settings
        self._parts = parts
        self._counts = counts
        self._mailbox: dict[str, SentAlert] = {}
        self._task: asyncio.Task[None] | None = None
        self._retry_at_ns = 0

    def post(self, alerts: Iterable[SentAlert], session: aiohttp.ClientSession) -> None:
        """Have `alerts` sent; what failed before is sent along when its time has come."""
        for alert in alerts:
            self._mailbox.pop(alert.key, None)  # the newer word goes to the end of the queue
            self._mailbox[alert.key] = alert
        while len(self._mailbox) > self._settings.queue_max:
            del self._mailbox[next(iter(self._mailbox))]
            self._counts["dropped"] += 1
        idle = self._task is None or self._task.done()
        if self._mailbox and idle and self._parts.clock.mono_ns() >= self._retry_at_ns:
            self._task = asyncio.create_task(self._drain(session))

    async def settled(self) -> None:
        """Returns when nothing is under way."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _drain(self, session: aiohttp.ClientSession) -> None:
        while self._mailbox:
            batch = dict(islice(self._mailbox.items(), self._settings.batch))
            for key in batch:
                del self._mailbox[key]
            if not await self._send(list(batch.values()), session):
                self._mailbox = batch | self._mailbox  # a newer word that came meanwhile stands
                self._retry_at_ns = self._parts.clock.mono_ns() + round(RETRY_S * 1e9)
                return

    async def _send(self, batch: list[SentAlert], session: aiohttp.ClientSession) -> bool:
        """Whether this batch is done with. False: trying again may help."""
        now_ms = self._parts.clock.wall_ms()
        body = msgspec.json.encode([payload(alert, now_ms, self._parts) for alert in batch])
        try:
            async with session.post(self._url, data=body, headers={"Content-Type": "application/json"}) as answer:
                status, said = answer.status, (await answer.content.read(300)).decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            status, said = 0, str(error) or type(error).__name__
            self.fault = "timeout" if isinstance(error, TimeoutError) else "connection"
        else:
            self.fault = "" if status == 200 else str(status)
        if status == 200:
            self._counts["sent"] += len(batch)
            return True
        result = "refused" if status == 400 else "failed"
        self._counts[result] += len(batch)
        log.warning(
            "alertmanager result=%s url=%s status=%d alerts=%d said=%r", result, self._url, status, len(batch), said
        )
        return 400 <= status < 500 and status != 429


class Alertmanager:
    """The channel: tells every address of changes at once and of everything every `resend_s`."""

    def __init__(self, settings: AlertmanagerSettings, parts: Parts) -> None:
        self.counts = dict.fromkeys(("sent", "failed", "refused", "dropped"), 0)
        self._settings = settings
        self._parts = parts
        self._addresses = [Address(url, settings, parts, self.counts) for url in settings.urls]
        self._headers = settings.sign_in()
        self._session: aiohttp.ClientSession | None = None  # made in the loop that uses it
        self._resend_at_ns = 0
        self._noted: dict[str, str] = {}

    @property
    def faults(self) -> list[str]:
        """Of each address, why the last delivery failed; empty if it did not."""
        return [address.fault for address in self._addresses]

    def restore(self, records: Sequence[SentAlert]) -> None:
        """Nothing: Alertmanager takes an alert it knows already as an update."""

    def deliver(self, alerts: Mapping[str, SentAlert], changed: Collection[str], standing: Standing) -> None:
        now_ns = self._parts.clock.mono_ns()
        due = now_ns >= self._resend_at_ns
        if due:
            self._resend_at_ns = now_ns + round(self._parts.resend_s * 1e9)
        if self._session is None:
            self._session = self._settings.session(self._headers)
        self._noted |= {key: one.by for key, one in standing.acknowledged.items() if key in alerts}
        self._noted = {key: by for key, by in self._noted.items() if key in alerts}
        news = [self._with_note(alert) for alert in (alerts.values() if due else (alerts[key] for key in changed))]
        for address in self._addresses:
            address.post(news, self._session)

    def owes(self, key: str) -> bool:
        return False

    async def settled(self) -> None:
        """Returns when no delivery is under way; what failed waits for its next try."""
        await asyncio.gather(*(address.settled() for address in self._addresses))

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self.settled(), CLOSE_S)
        except TimeoutError:
            for address in self._addresses:
                address.give_up()
            await self.settled()  # the session must outlive its requests
        if self._session is not None:
            await self._session.close()

    def _with_note(self, alert: SentAlert) -> SentAlert:
        """`alert` with who took note of it: another annotation is the same alert."""
        by = self._noted.get(alert.key)
        return replace(alert, annotations=alert.annotations | {"acknowledged": by}) if by else alert
