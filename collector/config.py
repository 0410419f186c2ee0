"""What the collector can be told: CollectorConfig, composed of the settings declared beside their owners."""

from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, field_validator

from collector.alerts import AlertSettings
from collector.judge import JudgeSettings
from shared.settings import Settings, load

DEFAULT_PATHS = (Path("collector.toml"), Path("/etc/kentongan/collector.toml"))
"""Where the configuration is looked for when nobody names it; the first that exists."""

LOOPBACK_NAMES = ("localhost", "localhost.localdomain")
SQLITE = "sqlite:///"


def split_listen(listen: str) -> tuple[str, int]:
    """("127.0.0.1", 8817) of "127.0.0.1:8817"; ":8817" means every address. ValueError if it is something else."""
    host, colon, port = listen.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535 or (":" in host and not bracketed):
        raise ValueError('write it as "address:port", for example "127.0.0.1:8817" or "[::]:8817"')
    return host.strip("[]"), int(port)


def known_timezone(name: str) -> str:
    """`name` if it is a time zone; ValueError otherwise."""
    if name not in available_timezones():
        raise ValueError("is not a known time zone; use for example Asia/Makassar, Asia/Jakarta or Asia/Jayapura")
    return name


class TlsSettings(Settings):
    """Certificate chain and key as PEM files, relative to the configuration file."""

    cert: str
    key: str


class CollectorConfig(Settings):
    """The whole of collector.toml. Made by `load_config`, its paths are absolute."""

    language: Literal["id", "en"] = "id"
    listen: str = "127.0.0.1:8817"
    store: str = "sqlite:///kentongan.db"
    external_url: str = ""
    public: bool = False
    timezone: Annotated[str, AfterValidator(known_timezone)] = "Asia/Makassar"
    province: Annotated[str, Field(max_length=80)] = ""
    per_site_series: bool = True
    tls: TlsSettings | None = None
    alerts: AlertSettings = AlertSettings.model_validate({})
    judge: JudgeSettings = JudgeSettings()

    @field_validator("listen")
    @classmethod
    def _listen(cls, listen: str) -> str:
        split_listen(listen)
        return listen

    @field_validator("store")
    @classmethod
    def _store(cls, store: str) -> str:
        if not store.startswith(SQLITE) or store == SQLITE:
            raise ValueError("is not a store; use sqlite:///file.db, or sqlite:////absolute/path/file.db")
        return store

    @field_validator("external_url")
    @classmethod
    def _external_url(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")

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
        host = self.host or ""
        return host in LOOPBACK_NAMES or host == "::1" or host.startswith("127.")

    @property
    def open_to_read(self) -> bool:
        """Whether reading needs no token."""
        return self.public or self.loopback

    @property
    def url(self) -> str:
        """Where people and agents find the collector."""
        scheme = "https" if self.tls else "http"
        return self.external_url or f"{scheme}://{self.listen if self.host else f'127.0.0.1:{self.port}'}"

    def based_at(self, folder: Path) -> Self:
        """The same with every relative path taken from `folder`."""
        store = SQLITE + str(folder / self.store.removeprefix(SQLITE))
        tls = self.tls and TlsSettings(cert=str(folder / self.tls.cert), key=str(folder / self.tls.key))
        return self.model_copy(update={"store": store, "tls": tls})


def load_config(path: Path) -> CollectorConfig:
    """The configuration at `path`; raises BadSettings with every mistake in it."""
    return load(path, CollectorConfig).based_at(path.resolve().parent)
