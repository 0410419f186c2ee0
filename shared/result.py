"""The one record: a result is one probe of one target. Measured once, never edited, described nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

NOTHING: Mapping[str, float] = MappingProxyType({})
UPTIME = "uptime"
"""The kind of probe whose results carry a `reading`."""


class Outcome(StrEnum):
    """What a probe found. The order is the wire's code of each and must never change; new ones go to the end."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    DNS_FAILURE = "dns_failure"
    TLS_FAILURE = "tls_failure"
    BAD_STATUS = "bad_status"
    INTERCEPTED = "intercepted"
    ERROR = "error"
    """Our own fault (a bug, no permission, no file handles): never evidence of anything."""


OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)
CODE_OF: Mapping[Outcome, int] = MappingProxyType({outcome: code for code, outcome in enumerate(OUTCOMES)})


class Group(StrEnum):
    """What a target stands for at its site."""

    GATEWAY = "gateway"
    INTRANET = "intranet"
    INTERNET = "internet"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One probe of one target.

    `started_ms` is the host's boot clock (see clock.py) when the first packet left; the context of its batch turns
    it into wall time. Round trips are in microseconds over the packets that came back (RFC 2681: a lost packet has
    none), all 0 when none did. For tcp, http, dns and uptime one "packet" is the whole exchange.
    `reading` is a number that the probe read instead of only timing it: for kind `uptime` seconds since the device
    started, as it said when it answered. Its minimum, average and maximum are one and the same.
    `phases` (seconds by phase) and `facts` (metric suffix to value) are for /metrics and `probe` alone and do not
    travel.
    """

    target: str
    started_ms: int
    outcome: Outcome
    sent: int
    received: int
    rtt_min_us: int = 0
    rtt_avg_us: int = 0
    rtt_max_us: int = 0
    reading: int = 0
    duration_s: float = 0.0
    reason: str = ""
    phases: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    facts: Mapping[str, float] = field(default_factory=lambda: NOTHING)

    @property
    def ok(self) -> bool:
        return self.outcome is Outcome.OK

    @property
    def is_evidence(self) -> bool:
        """False for our own errors: they say nothing about the line."""
        return self.outcome is not Outcome.ERROR
