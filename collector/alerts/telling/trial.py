"""A sample to every channel: what `alerts test` does, beside a collector that runs and without its store.

Why a service failed is told in a word of ours. What Apprise says of it may name the address, and that is a secret.
"""

import logging
import re
from collections.abc import Sequence

from collector.alerts.channel import Parts, Standing
from collector.alerts.telling.alertmanager import Alertmanager, AlertmanagerSettings
from collector.alerts.telling.apprise_urls import notify
from collector.alerts.telling.receiver_settings import AppriseSettings, open_url
from collector.store import SentAlert
from shared.clock import Clock
from shared.texts import Texts

ALERTNAME = "KentonganTest"
RESEND_S = 60.0


class NoStore:
    """What a trial remembers."""

    def sent_alerts(self) -> list[SentAlert]:
        return []

    def put_alerts(self, alerts: Sequence[SentAlert], forget: Sequence[str] = ()) -> None:
        """Nothing."""


class Overheard(logging.Handler):
    """Listens to what Apprise says while it sends. `word` is what that comes to; empty: nothing of use."""

    def __init__(self) -> None:
        super().__init__()
        self.word = ""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if status := re.search(r"error=(\d{3})\b", said):
            self.word = status[1]
        elif re.search(r"connection error", said, re.IGNORECASE):
            self.word = "connection"


async def try_receiver(settings: AppriseSettings, title: str, body: str) -> list[str]:
    """Sends one message to each address in turn. Of each: "" if it was taken, else `timeout`, `connection`, `refused`
    or the status of the answer."""
    return [await _try_url(settings, number, title, body) for number in range(len(settings.every_url()))]


async def _try_url(settings: AppriseSettings, number: int, title: str, body: str) -> str:
    service, apprise, overheard = open_url(settings.every_url()[number]), logging.getLogger("apprise"), Overheard()
    level, propagates = apprise.level, apprise.propagate
    apprise.addHandler(overheard)
    apprise.setLevel(logging.WARNING)
    apprise.propagate = False
    try:
        taken = await notify(service, title, body, "info", settings.timeout_s)
    finally:
        apprise.removeHandler(overheard)
        apprise.setLevel(level)
        apprise.propagate = propagates
    if taken:
        return ""
    return "timeout" if taken is None else overheard.word or "refused"


async def try_alertmanager(
    settings: AlertmanagerSettings, title: str, body: str, clock: Clock, external_url: str
) -> list[str]:
    """Has an alert fire for a few minutes at each address; what is told of them as above."""
    now_ms = clock.wall_ms()
    parts = Parts(clock=clock, store=NoStore(), texts=Texts(""), external_url=external_url, resend_s=RESEND_S)
    sample = SentAlert(
        key=ALERTNAME,
        labels={"alertname": ALERTNAME, "severity": "info"},
        annotations={"summary": title, "description": body},
        starts_at_ms=now_ms,
    )
    channel = Alertmanager(settings, parts)
    try:
        channel.deliver({sample.key: sample}, [sample.key], Standing(now_ms=now_ms))
        await channel.settled()
        return channel.faults
    finally:
        await channel.close()
