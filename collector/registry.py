"""Sites, agents and tokens: the records, and how a token is made. (register/ reads sites from spreadsheets.)"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Medium(StrEnum):
    """What a line runs over; limits of latency and loss go by it."""

    FIBER = "fiber"
    COPPER = "copper"
    WIRELESS = "wireless"
    CELLULAR = "cellular"
    LEO = "leo"
    VSAT = "vsat"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with a line: an OPD office or a village point. Keyed by code: thirty village names repeat.

    `until` is its last day, by its own clock; None: it goes on. Results that come later are stored and judged as
    before, but nothing after the midnight that ends it counts in any figure, and the site is not there any more.
    """

    code: str
    name: str
    kind: str = "other"
    opd: str = ""
    regency: str = ""
    district: str = ""
    provider: str = ""
    medium: Medium = Medium.OTHER
    contract: str = ""
    timezone: str = "Asia/Makassar"
    calendar: str = ""
    until: date | None = None

    @property
    def after(self) -> date:
        """The first day on which it is not there any more; `date.max` where it goes on."""
        return self.until + timedelta(1) if self.until else date.max


class Network(StrEnum):
    """What a line belongs to, as the infrastructure architecture (RAI) sorts networks."""

    INTRANET = "intranet"
    INTERNET = "internet"
    SDWAN = "sd-wan"


class Ownership(StrEnum):
    """Whose a line is, as the architecture sorts owners."""

    OWN = "own"
    GOVERNMENT = "government"
    STATE_OWNED = "state_owned"
    PRIVATE = "private"
    FOREIGN = "foreign"


class Use(StrEnum):
    """What a line is there for."""

    PRIMARY = "primary"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What the register says of a site's line beside what judging needs: the architecture's metadata and whom to call.
    Nothing is measured or judged by it. `rai` is the architecture's code, free text: the default is not confirmed from
    an official text. `contact` and `phone` are personal: they go to nobody who has not signed in."""

    code: str
    description: str = ""
    agency: str = ""
    unit: str = ""
    """The unit that manages it."""
    network: Network | None = None
    ownership: Ownership | None = None
    owner: str = ""
    bandwidth_mbps: float | None = None
    use: Use | None = None
    facility: str = ""
    """The related computing facility."""
    rai: str = ""
    latitude: float | None = None
    longitude: float | None = None
    contact: str = ""
    phone: str = ""


RAI_CODE = "RAI.02.01.03"
"""What an empty `rai` means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentState:
    """What is known of an agent from its last pushes. Times are the collector's wall milliseconds; 0: never."""

    name: str
    site: str
    heard_at_ms: int = 0
    push_interval_ms: int = 60_000
    clock_offset_ms: int = 0
    boot_at_ms: int = 0
    run_at_ms: int = 0
    last_stop: str = ""
    version: str = ""
    spool_results: int = 0
    dropped: int = 0
    set_aside: int = 0
    cloned: bool = False
    """Several hosts push with its token, side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token: only its hash is kept. `kind` is `agent` (may push as `agent`), `read` (may read) or `operator`
    (may read, and enter acts in the name `agent`); the last two of one kabupaten/kota if `regency` names it."""

    id: str
    kind: str
    agent: str
    site: str
    hash: bytes
    created_at_ms: int
    revoked_at_ms: int | None = None
    regency: str = ""


KINDS = ("opd", "village", "service", "hub", "other")
"""What a site is: an OPD office, a village point, a public service, a place that watches others from outside."""

CODE = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,64}")
"""What codes of sites and names of agents are made of; they stand in addresses, so `..` is none."""


def hash_token(secret: str) -> bytes:
    """What is kept of a token. SHA-256 is enough: the secret is random and long, not a password to be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def new_token(kind: str, agent: str, site: str, now_ms: int, regency: str = "") -> tuple[Token, str]:
    """A fresh token and its secret. The secret is shown once and kept nowhere."""
    secret = f"ktg_{secrets.token_urlsafe(32)}"
    token = Token(
        id=secrets.token_hex(6),
        kind=kind,
        agent=agent,
        site=site,
        hash=hash_token(secret),
        created_at_ms=now_ms,
        regency=regency,
    )
    return token, secret
