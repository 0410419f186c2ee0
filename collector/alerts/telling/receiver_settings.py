"""What a receiver of messages can be told in collector.toml: `[alerts.apprise]`, the simple form, and
`[[alerts.receivers]]`, any number of them with rules of their own."""

import logging
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from collector.alerts.telling.quiet import QuietHours, minute_of, quiet_span
from collector.alerts.telling.receivers import ReceiverRules
from collector.alerts.telling.routes import Route
from collector.outgoing import PresentFile
from shared.settings import Settings

if TYPE_CHECKING:
    import apprise

MINUTE_MS = 60_000
Severity = Literal["critical", "warning", "info"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _or_empty(text: str) -> str:
    if text:
        minute_of(text)
    return text


def _span_or_empty(text: str) -> str:
    if text:
        quiet_span(text)
    return text


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


class ReceiverSettings(AppriseSettings):
    """One of `[[alerts.receivers]]`. Empty filters take everything; the severities in `loud` are told in quiet hours
    too; 0 minutes: never."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    regencies: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    alertnames: tuple[str, ...] = ()
    quiet_hours: Annotated[str, AfterValidator(_span_or_empty)] = ""
    quiet_weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS
    loud: tuple[Severity, ...] = ("critical",)
    escalate_after_min: Annotated[int, Field(ge=0, le=10_080)] = 0
    remind_every_min: Annotated[int, Field(ge=0, le=10_080)] = 0
    digest_at: Annotated[str, AfterValidator(_or_empty)] = ""
    language: Literal["id", "en", ""] = ""

    def rules(self, timezone: str) -> ReceiverRules:
        """What the decisions need of it."""
        route = Route(
            regencies=frozenset(self.regencies),
            providers=frozenset(self.providers),
            severities=frozenset(self.severities),
            alertnames=frozenset(self.alertnames),
        )
        return ReceiverRules(
            route=route,
            quiet=self._quiet(),
            loud=frozenset(self.loud),
            escalate_after_ms=self.escalate_after_min * MINUTE_MS,
            remind_every_ms=self.remind_every_min * MINUTE_MS,
            timezone=timezone,
        )

    @property
    def digest_min(self) -> int | None:
        """The minute of the day of the morning digest; None: none is sent."""
        return minute_of(self.digest_at) if self.digest_at else None

    def _quiet(self) -> QuietHours | None:
        if not self.quiet_hours:
            return None
        from_min, to_min = quiet_span(self.quiet_hours)
        weekdays = frozenset(WEEKDAYS.index(name) for name in self.quiet_weekdays)
        return QuietHours(from_min=from_min, to_min=to_min, weekdays=weekdays)


def open_url(url: SecretStr) -> "apprise.Apprise | None":
    """The service behind `url`; None if there is none. Silences the loggers that would write the URL and its secret."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # we log each outcome ourselves
    logging.getLogger("urllib3").setLevel(logging.INFO)  # at DEBUG it writes paths, and a Telegram token is part of one
    service = apprise.Apprise()
    return service if service.add(url.get_secret_value()) else None
