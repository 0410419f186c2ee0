"""What a site can be in, and the flip: a change of a target's, group's or site's state."""

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """What a site is in at an instant (DESIGN: the ladder; first match wins)."""

    UNOBSERVED = "unobserved"
    LOCAL_DOWN = "local_down"
    LINE_DOWN = "line_down"
    INTERNET_DOWN = "internet_down"
    INTRANET_DOWN = "intranet_down"
    UNREACHABLE = "unreachable"
    INTERCEPTED = "intercepted"
    DEGRADED = "degraded"
    UP = "up"

    @property
    def is_down(self) -> bool:
        """Whether a maximal interval in this condition is an outage."""
        return self in DOWN


DOWN = frozenset(
    {
        Condition.LOCAL_DOWN,
        Condition.LINE_DOWN,
        Condition.INTERNET_DOWN,
        Condition.INTRANET_DOWN,
        Condition.UNREACHABLE,
        Condition.INTERCEPTED,
    }
)


class Row(StrEnum):
    """The rows of a ledger: the conditions, and `unobserved` refined by its cause. The order is that of the arrays in
    ledger.py and must never change; new ones go to the end."""

    UP = "up"
    DEGRADED = "degraded"
    INTERCEPTED = "intercepted"
    LOCAL_DOWN = "local_down"
    LINE_DOWN = "line_down"
    INTERNET_DOWN = "internet_down"
    INTRANET_DOWN = "intranet_down"
    UNREACHABLE = "unreachable"
    POWER = "power"
    SHUT_DOWN = "shut_down"
    ASLEEP = "asleep"
    AGENT = "agent"
    UNKNOWN = "unknown"


ROWS: tuple[Row, ...] = tuple(Row)
SILENT_ROWS = (Row.POWER, Row.SHUT_DOWN, Row.ASLEEP, Row.AGENT, Row.UNKNOWN)
"""Why nothing was measured, the strongest first: where agents of a site differ, the first of these is said."""
DOWN_ROWS = (
    Row.INTERCEPTED,
    Row.LOCAL_DOWN,
    Row.LINE_DOWN,
    Row.INTERNET_DOWN,
    Row.INTRANET_DOWN,
    Row.UNREACHABLE,
)


class State(StrEnum):
    """What a target or a group is in."""

    UP = "up"
    SUSPECT = "suspect"
    """A target that was up and fails, but not yet for long enough: for everybody but its group it is still up."""
    DOWN = "down"
    INTERCEPTED = "intercepted"
    UNOBSERVED = "unobserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """`scope` changed from `was` to `now` at `at_ms`; not earlier than `not_earlier_than_ms`, the last proof of `was`.

    `scope` is `site`, a group (`gateway`, `intranet`, `internet`, `service`, `outside`) or `<group>:<agent>/<target>`.
    `now` and `was` are a Condition (site) or a State (else). `why` is the evidence in one English line.
    """

    site: str
    scope: str
    at_ms: int
    not_earlier_than_ms: int
    was: str
    now: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A maximal interval of a site in one down condition. `end_ms` is None while it lasts."""

    site: str
    condition: Condition
    start_ms: int
    start_not_earlier_than_ms: int
    end_ms: int | None
    end_not_earlier_than_ms: int | None
    why: str = ""
