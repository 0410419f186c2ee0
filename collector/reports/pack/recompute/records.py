"""What was measured, and the words for what comes out. Times are whole milliseconds since 1970-01-01 UTC, true time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

LADDER = ("gateway", "intranet", "internet", "outside")
SILENT = ("power", "shut_down", "asleep", "agent", "unknown")
BLIND = ("local_down", "line_down", "internet_down", "intranet_down")
OUTAGES = ("intercepted", *BLIND, "unreachable")
OBSERVED = ("up", "degraded", *OUTAGES)
ROWS = (
    "up",
    "degraded",
    "intercepted",
    "local_down",
    "line_down",
    "internet_down",
    "intranet_down",
    "unreachable",
    *SILENT,
)
"""The rows of a ledger, in the order in which kept accounts number them."""
FOREVER = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One result. `outcome` is `ok`, `error`, `intercepted` or any other word for a failure; `rtt` the longest round
    trip of its packets in whole milliseconds, `mean_us` their average in microseconds (None: as `rtt`)."""

    at: int
    outcome: str
    rtt: int = 0
    sent: int = 4
    got: int = 0
    mean_us: int | None = None

    @property
    def average_us(self) -> int:
        return self.rtt * 1000 if self.mean_us is None else self.mean_us


@dataclass(frozen=True, kw_only=True)
class Target:
    """What one agent measured of one target of the site, by time. A target whose interval or address was changed is
    several of these with one scope."""

    group: str
    agent: str
    name: str
    interval: int
    probes: Sequence[Probe]
    kind: str = "icmp"
    watcher: str = ""
    """The site of the agent, if it is another one."""

    @property
    def scope(self) -> str:
        return f"{self.stands_in}:{self.agent}/{self.name}"

    @property
    def stands_in(self) -> str:
        return "outside" if self.watcher else self.group


@dataclass(frozen=True, slots=True)
class Turn:
    """From `at` on something is in `state`; the opposite was last shown at `proof`."""

    at: int
    state: str
    proof: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A time during which one agent measured in one context: section 7."""

    agent: str
    inside: bool
    boot: str
    booted: int
    run: int
    first: int
    last: int
    stop: str = "unknown"
    alive: int = 0
    slept: int = 0
    woke: int = 0


@dataclass(frozen=True, kw_only=True)
class World:
    """All there is to know of one site. `loss` and `rtt` are the limits of its medium (section 6)."""

    targets: tuple[Target, ...] = ()
    blind: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    stays: tuple[Stay, ...] = ()
    restarts: tuple[tuple[int, int], ...] = ()
    """(at, read before at)"""
    loss: float = 0.1
    rtt: float = 300.0
    fail_after: int = 3
    recover_after: int = 2
    covers: float = 2.5
    """How many of its intervals a result covers at most."""


@dataclass(frozen=True, slots=True)
class Spell:
    """From `start` to `end` the site was in `row`; the row before was last shown at `proof`."""

    start: int
    end: int
    row: str
    proof: int
