"""What the collector can be told: CollectorConfig, composed of the settings declared beside their owners."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, ValidationInfo

from collector.alerts import AlertSettings
from collector.alerts.contacts import Contact
from collector.faces.open_answers import OpenDataSettings
from collector.figures.indicators import AccountingSettings
from collector.judging.judge import JudgeSettings
from collector.people import PeopleSettings, is_loopback
from collector.remote_write import RemoteWriteSettings
from collector.reports.settings import ReportSettings, TargetSettings
from shared.settings import FilePath, Listen, Settings, load, split_listen

DEFAULT_PATHS = (Path("collector.toml"), Path("/etc/kentongan/collector.toml"))
"""Where the configuration is looked for when nobody names it; the first that exists."""

SQLITE = "sqlite:///"


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not a time zone; use for example Asia/Makassar, Asia/Jakarta or Asia/Jayapura")
    return name


def _store_beside_the_file(url: str, info: ValidationInfo) -> str:
    path = url.removeprefix(SQLITE)
    if path in ("", url):
        raise ValueError("is not a store; use sqlite:///file.db, or sqlite:////absolute/path/file.db")
    folder: Path = (info.context or {}).get("folder", Path())
    return SQLITE + str(folder / path)


def _no_slash_at_the_end(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


def _other_names(sinks: tuple[RemoteWriteSettings, ...]) -> tuple[RemoteWriteSettings, ...]:
    names = [sink.name for sink in sinks]
    if len(names) != len({*names}):
        raise ValueError("each needs a name of its own: it stands for what was sent already")
    return sinks


class TlsSettings(Settings):
    """Certificate chain and key as PEM files."""

    cert: FilePath
    key: FilePath


class CollectorConfig(Settings):
    """The whole of collector.toml."""

    language: Literal["id", "en"] = "id"
    listen: Listen = "127.0.0.1:8817"
    store: Annotated[str, AfterValidator(_store_beside_the_file), Field(validate_default=True)] = (
        "sqlite:///kentongan.db"
    )
    external_url: Annotated[str, AfterValidator(_no_slash_at_the_end)] = ""
    public: bool = False
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Asia/Makassar"
    province: Annotated[str, Field(max_length=80)] = ""
    calendars: tuple[FilePath, ...] = ()
    default_calendar: str = ""
    per_site_series: bool = True
    tls: TlsSettings | None = None
    judge: JudgeSettings = JudgeSettings()
    accounting: AccountingSettings = AccountingSettings()
    people: PeopleSettings = PeopleSettings()
    alerts: AlertSettings = AlertSettings.model_validate({})
    open_data: OpenDataSettings = OpenDataSettings()
    providers: dict[str, Contact] = Field(default_factory=dict)
    reports: ReportSettings = ReportSettings()
    targets: tuple[TargetSettings, ...] = ()
    remote_write: Annotated[tuple[RemoteWriteSettings, ...], AfterValidator(_other_names)] = ()

    @property
    def host(self) -> str | None:
        """The address to listen on; None: every one."""
        return split_listen(self.listen)[0] or None

    @property
    def port(self) -> int:
        return split_listen(self.listen)[1]

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the collector."""
        return is_loopback(self.host or "")

    @property
    def open_to_read(self) -> bool:
        """Whether reading needs no token."""
        return self.public or self.loopback

    @property
    def url(self) -> str:
        """Where people and agents find the collector."""
        scheme = "https" if self.tls else "http"
        return self.external_url or f"{scheme}://{self.listen if self.host else f'127.0.0.1:{self.port}'}"


def load_config(path: Path) -> CollectorConfig:
    """The configuration at `path`; raises BadSettings with every mistake in it."""
    return load(path, CollectorConfig)
