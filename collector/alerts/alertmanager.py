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
import ssl
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Self

import aiohttp
import msgspec
from pydantic import Field, field_validator, model_validator

from collector.alerts.channel import Parts, PresentFile, Standing
from collector.alerts.words import link
from collector.store import SentAlert
from shared.clock import rfc3339
from shared.settings import Settings

log = logging.getLogger(__name__)

ENDS_AFTER_RESENDS = 4
RETRY_S = 10.0
"""Until a failed delivery is tried again, unless the next resend comes first."""
CLOSE_S = 2.0


class AlertmanagerSettings(Settings):
    """Every Alertmanager of a cluster is named. Secrets are files, so that this table can be shown to anybody."""

    urls: Annotated[tuple[str, ...], Field(min_length=1)]
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    basic_user: str = ""
    basic_password_file: PresentFile | None = None
    bearer_token_file: PresentFile | None = None
    ca_file: PresentFile | None = None
    batch: Annotated[int, Field(ge=1, le=10_000)] = 500
    queue_max: Annotated[int, Field(ge=1)] = 20_000

    @field_validator("urls")
    @classmethod
    def _urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"{url} must begin with http:// or https://, for example http://127.0.0.1:9093")
        return tuple(url.rstrip("/").removesuffix("/api/v2/alerts") for url in urls)

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if bool(self.basic_user) != bool(self.basic_password_file):
            raise ValueError("basic_user and basic_password_file belong together")
        if self.basic_user and self.bearer_token_file:
            raise ValueError("use basic_user or bearer_token_file, not both")
        return self


def payload(alert: SentAlert, now_ms: int, parts: Parts) -> dict[str, object]:
    """`alert` as Alertmanager wants it, at the moment it is sent."""
    ends_at_ms = alert.ends_at_ms
    if ends_at_ms is None:
        ends_at_ms = now_ms + round(ENDS_AFTER_RESENDS * parts.resend_s * 1000)
    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": rfc3339(alert.starts_at_ms),
        "endsAt": rfc3339(ends_at_ms),
        "generatorURL": link(parts.external_url, alert.labels["site"]),
    }


class Address:
    """One Alertmanager and what it still has to be told."""

    def __init__(self, url: str, settings: AlertmanagerSettings, parts: Parts, counts: dict[str, int]) -> None:
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
        self._headers = _sign_in(settings)
        self._tls = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
        self._session: aiohttp.ClientSession | None = None  # made in the loop that uses it
        self._resend_at_ns = 0

    def restore(self, records: Sequence[SentAlert]) -> None:
        """Nothing: Alertmanager takes an alert it knows already as an update."""

    def deliver(self, alerts: Mapping[str, SentAlert], changed: Collection[str], standing: Standing) -> None:
        now_ns = self._parts.clock.mono_ns()
        due = now_ns >= self._resend_at_ns
        if due:
            self._resend_at_ns = now_ns + round(self._parts.resend_s * 1e9)
        if self._session is None:
            self._session = self._open()
        for address in self._addresses:
            address.post(alerts.values() if due else [alerts[key] for key in changed], self._session)

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
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(ssl=self._tls),
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s),
        )


def _sign_in(settings: AlertmanagerSettings) -> dict[str, str]:
    if settings.basic_user and settings.basic_password_file:
        return {"Authorization": aiohttp.encode_basic_auth(settings.basic_user, _secret(settings.basic_password_file))}
    return {"Authorization": f"Bearer {_secret(settings.bearer_token_file)}"} if settings.bearer_token_file else {}


def _secret(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
