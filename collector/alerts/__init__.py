"""Who is told that a site is down, silent or well again.

    decide.py       pure: what is so now, and what was sent -> alerts to create, to keep, to resolve
    words.py        pure: what an alert says, in the language of the installation
    deliver.py      the shell: decides every second, keeps what was sent, hands it to the channels
    channel.py      what a channel is and what it is given; contacts.py: whom to call
    alertmanager.py, apprise_urls.py    the channels

Adding a channel: a module with its settings and its class, a line in CHANNELS, a field in AlertSettings, a test,
a row in the README.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from collector.alerts.alertmanager import Alertmanager, AlertmanagerSettings
from collector.alerts.apprise_urls import Apprise, AppriseSettings
from collector.alerts.channel import Channel, Parts
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """The settings of a kind of channel and what makes one of them."""

    settings: type[Settings]
    open: Callable[[Any, Parts], Channel]


CHANNELS: Mapping[str, ChannelKind] = {
    "alertmanager": ChannelKind(AlertmanagerSettings, Alertmanager),
    "apprise": ChannelKind(AppriseSettings, Apprise),
}


class AlertSettings(Settings):
    """`[alerts]`. A channel is used when its table is there; without any, alerts are only shown in /metrics.

    `startup_grace_s` is one and a half push intervals of the slowest agents (300 s): until then a site not heard since
    the collector started is left as it was. `settle_s`: how long a site must have been down before an alert is made.
    `service_grace_s`: how long after service hours began a site that was silent before is not missed: somebody has to
    come in and switch the PC on.
    """

    resend_s: Annotated[float, Field(ge=1, le=600)] = 60.0
    repeat_resolved_s: Annotated[float, Field(ge=0)] = 900.0
    startup_grace_s: Annotated[float, Field(ge=0)] = 450.0
    settle_s: Annotated[float, Field(ge=0, le=600)] = 8.0
    service_grace_s: Annotated[float, Field(ge=0, le=43_200)] = 1800.0
    alertmanager: AlertmanagerSettings | None = None
    apprise: AppriseSettings | None = None
