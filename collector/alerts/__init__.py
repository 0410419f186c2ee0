"""Who is told that something is wrong, or right again.

    deciding/       pure: what is so now -> alerts to create, to change, to resolve; and what they say
    deliver.py      the shell: decides every second, keeps what was sent, hands it to the channels
    vitals.py       reads how the collector is: disk, lag, store
    channel.py      what a channel is and what it is given; contacts.py: whom to call
    telling/        the channels

Adding a channel: a module in telling/ with its settings and its class, a line in CHANNELS, a field in AlertSettings,
a test, a row in the README.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from collector.alerts.channel import Channel, Parts
from collector.alerts.deciding.rules import AgentRules, AlertRules, FlapRules, MassRules
from collector.alerts.telling.alertmanager import Alertmanager, AlertmanagerSettings
from collector.alerts.telling.apprise_urls import Apprise
from collector.alerts.telling.receiver_settings import AppriseSettings, ReceiverSettings
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

    Many sites are one mass outage from `mass_min_sites` on, if they fell within `mass_window_s` and are `mass_share` of
    what is observed in their district, regency, province or of their provider, or `mass_many`; a site that fell in
    company waits for that for up to `holdoff_s`. A site that went down `flap_count` times within `flap_window_s` flaps
    until it has been up for `flap_quiet_s`.
    """

    resend_s: Annotated[float, Field(ge=1, le=600)] = 60.0
    repeat_resolved_s: Annotated[float, Field(ge=0)] = 900.0
    startup_grace_s: Annotated[float, Field(ge=0)] = 450.0
    settle_s: Annotated[float, Field(ge=0, le=600)] = 8.0
    service_grace_s: Annotated[float, Field(ge=0, le=43_200)] = 1800.0
    degraded_after_s: Annotated[float, Field(ge=60, le=86_400)] = 900.0
    mass_min_sites: Annotated[int, Field(ge=2)] = 5
    mass_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    mass_many: Annotated[int, Field(ge=2)] = 20
    mass_window_s: Annotated[float, Field(ge=10, le=3600)] = 120.0
    holdoff_s: Annotated[float, Field(ge=0, le=300)] = 10.0
    flap_count: Annotated[int, Field(ge=2)] = 4
    flap_window_s: Annotated[float, Field(ge=60, le=86_400)] = 3600.0
    flap_quiet_s: Annotated[float, Field(ge=0, le=86_400)] = 900.0
    clock_off_s: Annotated[float, Field(gt=0)] = 120.0
    min_version: Annotated[str, Field(pattern=r"^(\d+(\.\d+)*)?$")] = ""
    alertmanager: AlertmanagerSettings | None = None
    apprise: AppriseSettings | None = None
    receivers: tuple[ReceiverSettings, ...] = ()

    @model_validator(mode="after")
    def _every_name_once(self) -> Self:
        names = [*CHANNELS, *(receiver.name for receiver in self.receivers)]
        for name in (name for name, n in Counter(names).items() if n > 1):
            raise ValueError(f"the name {name} is taken; give every receiver one of its own")
        return self

    def rules(self, parts: Parts, started_at_ms: int) -> AlertRules:
        """What deciding goes by, in milliseconds. Alerts say what they say in the words of the channels."""
        return AlertRules(
            started_at_ms=started_at_ms,
            startup_grace_ms=_ms(self.startup_grace_s),
            settle_ms=_ms(self.settle_s),
            service_grace_ms=_ms(self.service_grace_s),
            degraded_after_ms=_ms(self.degraded_after_s),
            mass=MassRules(
                min_sites=self.mass_min_sites,
                share=self.mass_share,
                many=self.mass_many,
                window_ms=_ms(self.mass_window_s),
                holdoff_ms=_ms(self.holdoff_s),
            ),
            flaps=FlapRules(count=self.flap_count, window_ms=_ms(self.flap_window_s), quiet_ms=_ms(self.flap_quiet_s)),
            agents=AgentRules(clock_off_ms=_ms(self.clock_off_s), min_version=self.min_version),
            texts=parts.texts,
            external_url=parts.external_url,
            contacts=parts.contacts,
            timezone=parts.timezone,
        )

    def opened(self, parts: Parts) -> dict[str, Channel]:
        """Every channel that is asked for, by name; a receiver is a channel of its own."""
        asked_for = {name: getattr(self, name) for name in CHANNELS}
        opened = {name: CHANNELS[name].open(settings, parts) for name, settings in asked_for.items() if settings}
        return opened | {receiver.name: Apprise(receiver, parts) for receiver in self.receivers}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
