"""What every probe gets: its settings' common part, and the things it may use. Tests hand in fakes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from socket import AddressFamily
from typing import Annotated, Literal, Protocol

from pydantic import Field

from agent.probes.tls import TlsContexts
from shared.clock import Clock
from shared.result import Group, Outcome
from shared.settings import Settings

IpVersion = Literal["any", "4", "6"]


class TargetSettings(Settings):
    """What every target has. A kind's settings add `probe: Literal["icmp"]` and its own keys."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
    group: Group
    site: Annotated[str, Field(max_length=64)] = ""
    """The code of another site that this target watches from outside; empty: the agent's own site."""
    interval_s: Annotated[float, Field(ge=1, le=3600)] | None = None
    """None: the agent's `interval_s`."""
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 2.0
    ip: IpVersion = "any"

    @property
    def where(self) -> str:
        """What is probed, for people and for the collector; every kind overrides it."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoes:
    """What came back of a train of echo requests: round trips in microseconds in order of sending, None for a lost
    one."""

    rtts_us: tuple[int | None, ...]
    outcome: Outcome
    reason: str = ""
    hop_limit: int = 0
    setup_s: float = 0.0


class Echo(Protocol):
    """Sends echo requests. One engine serves all targets of an agent."""

    async def echo(
        self, address: str, *, packets: int, spacing_s: float, timeout_s: float, payload_bytes: int
    ) -> Echoes:
        """`packets` requests to the literal IPv4/IPv6 `address`; never raises for a bad network."""


class Resolve(Protocol):
    """Turns a host name into addresses with a deadline, outside the loop's default executor."""

    async def resolve(self, host: str, ip: IpVersion, timeout_s: float) -> list[tuple[AddressFamily, str]]:
        """The addresses of `host` (itself if it is a literal), never empty; raises ResolveError."""


class ResolveError(Exception):
    """A name that did not resolve. `outcome` is dns_failure, or timeout's cousin of it; retrying is the schedule's
    business."""

    def __init__(self, reason: str, outcome: Outcome = Outcome.DNS_FAILURE) -> None:
        super().__init__(reason)
        self.outcome = outcome


def silent(_line: str) -> None:
    """The log of a probe nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a probe may use. `log` takes one line a step and feeds `kentongan-agent probe TARGET`."""

    clock: Clock
    echo: Echo
    resolver: Resolve
    gateway: Callable[[], str | None]
    """The address of the default gateway now; None when there is no default route."""
    log: Callable[[str], None] = silent
    tls: TlsContexts = field(default_factory=TlsContexts)
    """Shared by all targets of an agent."""
