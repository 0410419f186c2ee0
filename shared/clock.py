"""The only module that reads machine time.

Three clocks, because an office PC lies about the first one, sleeps through the second and only the third counts
everything:

* **wall** time (`wall_ms`) names an instant for people; it may step, and after a power cut without an RTC it may
  say 2012;
* **monotonic** time (`mono_ns`) measures durations while the machine is awake; it never steps;
* **boot** time (`boot_ms`) is monotonic and goes on through sleep. Results are stamped with it, so that a step of
  the wall clock cannot move one result against another.

`boot - monotonic` grows only by sleeping and `wall - boot` changes only when the clock is set: that is how the two
are told apart.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the machine's clocks say now. Tests pass a fake one."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 in UTC, as the host believes."""

    def wall_ns(self) -> int:
        """The same in nanoseconds; only to turn the kernel's receive stamps, which are wall time, into monotonic
        time."""

    def mono_ns(self) -> int:
        """Nanoseconds of the monotonic clock; stands still while the host sleeps."""

    def boot_ms(self) -> int:
        """Milliseconds since the host booted; goes on while the host sleeps."""


class SystemClock:
    """The clocks of this machine."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def wall_ns(self) -> int:
        return time.time_ns()

    def mono_ns(self) -> int:
        return time.monotonic_ns()

    def boot_ms(self) -> int:
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000  # Windows: its monotonic clock counts sleep already


def utc(at_ms: int) -> datetime:
    """The aware UTC datetime of `at_ms` (milliseconds since 1970)."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def rfc3339(at_ms: int) -> str:
    """`at_ms` as RFC 3339 in UTC with milliseconds, as JSON and Alertmanager want it."""
    return utc(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
