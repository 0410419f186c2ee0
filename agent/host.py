"""What the host says of itself: its boot, its clocks, and why the agent stopped the last time.

Why it stopped is told by a small file that is rewritten every `HEARTBEAT_S` and marked at a clean stop:

    first    there is no file
    clean    it is marked
    crash    it is not marked, and this is still the same boot
    power    it is not marked, and this is another boot
    unknown  it cannot be read
"""

import contextlib
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent.durable import write_whole
from shared.clock import Clock
from shared.wire import Context, Jump, TargetSpec

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
"""The app calls `heartbeat` this often: that is how exactly a power cut can be dated when nothing was measured."""
SLEPT_MS = 2_000
STEPPED_MS = 100
BLUR_MS = 20
"""Clocks that were read further apart than this (a busy machine paused us between them) are read again."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The three clocks at one instant, in milliseconds."""

    wall_ms: int
    boot_ms: int
    mono_ms: int

    @property
    def base_ms(self) -> int:
        """Wall time = boot clock + base."""
        return self.wall_ms - self.boot_ms


class _Alive(msgspec.Struct, frozen=True, kw_only=True):
    """The state file."""

    boot_id: str
    alive_wall_ms: int
    alive_boot_ms: int
    stopped: bool = False


class HostWatch:
    """Knows the run that is going on, and the one before. `jumps` counts what the clocks did."""

    def __init__(
        self,
        clock: Clock,
        state_dir: Path,
        version: str,
        push_interval_ms: int,
        *,
        read_boot_id: Callable[[], str] | None = None,
    ) -> None:
        self._clock, self._path = clock, state_dir / "host.json"
        self._version, self._push_interval_ms = version, push_interval_ms
        self._now = sample(clock)
        self._run_boot_ms = self._now.boot_ms
        self.boot_id = (read_boot_id or (lambda: boot_id(clock)))()
        self.jumps = {"sleep": 0, "step": 0}
        self._jump: Jump | None = None
        self._writable = True
        self._before, self.last_stop = self._look_back()
        self.heartbeat()

    def context(self, targets: Sequence[TargetSpec]) -> Context:
        """What holds for results from now on. Every wall stamp is told by the clock as it goes now."""
        return Context(
            boot_id=self.boot_id,
            boot_at_ms=self.boot_at_ms,
            run_at_ms=self.run_at_ms,
            clock_base_ms=self._now.base_ms,
            push_interval_ms=self._push_interval_ms,
            targets=tuple(targets),
            last_stop=self.last_stop,
            last_alive_ms=self.last_alive_ms,
            jump=self._jump,
            version=self._version,
        )

    @property
    def boot_at_ms(self) -> int:
        """When the host booted, in wall time: the difference of the clocks, right in a time namespace too."""
        if sys.platform == "darwin":  # there the boot clock stands still in sleep (not tried here)
            return round(_psutil_boot_s() * 1000)
        return self._now.base_ms

    @property
    def run_at_ms(self) -> int:
        """When this agent started, in wall time."""
        return self._run_boot_ms + self._now.base_ms

    @property
    def last_alive_ms(self) -> int:
        """When the run before was last alive; 0: not known. Within one boot, steps of the wall clock are undone."""
        if self._before is None:
            return 0
        same_boot = self._before.boot_id == self.boot_id
        return self._before.alive_boot_ms + self._now.base_ms if same_boot else self._before.alive_wall_ms

    def check(self) -> Jump | None:
        """What the clocks did since the last context, if it calls for a new one. Drift counts once it adds up.

        Sleep: the boot clock went on while the monotonic one stood. Step: wall and boot clock moved against each other.
        """
        now, was = sample(self._clock), self._now
        slept_ms = (now.boot_ms - now.mono_ms) - (was.boot_ms - was.mono_ms)
        stepped_ms = now.base_ms - was.base_ms
        slept, stepped = slept_ms > SLEPT_MS, abs(stepped_ms) > STEPPED_MS
        if not slept and not stepped:
            return None
        self._now = now
        self._jump = Jump(at_ms=now.wall_ms, slept_ms=slept_ms if slept else 0, stepped_ms=stepped_ms if stepped else 0)
        self.jumps["sleep"] += slept
        self.jumps["step"] += stepped
        log.info("clock_jump slept_ms=%d stepped_ms=%d", self._jump.slept_ms, self._jump.stepped_ms)
        return self._jump

    def heartbeat(self) -> None:
        """Write that we are alive. Blocks (it syncs); never raises."""
        self._write(stopped=False)

    def stopped_cleanly(self) -> None:
        """The last thing to do before the process ends. Never raises."""
        self._write(stopped=True)

    def _write(self, *, stopped: bool) -> None:
        alive = _Alive(
            boot_id=self.boot_id,
            alive_wall_ms=self._clock.wall_ms(),
            alive_boot_ms=self._clock.boot_ms(),
            stopped=stopped,
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, msgspec.json.encode(alive))
            self._writable = True
        except OSError as error:
            if self._writable:
                log.error("host_state state=failing error=%r why the agent stops cannot be told", str(error))
            self._writable = False

    def _look_back(self) -> tuple[_Alive | None, str]:
        """The run before, and why it stopped."""
        try:
            before = msgspec.json.decode(self._path.read_bytes(), type=_Alive)
        except FileNotFoundError:
            return None, "first"
        except (OSError, msgspec.DecodeError):
            return None, "unknown"
        if before.stopped:
            return before, "clean"
        return before, "crash" if before.boot_id == self.boot_id else "power"


def sample(clock: Clock) -> Sample:
    """All clocks at one instant: of a few readings the one that took least long."""
    best, blur_ms = _read(clock)
    for _ in range(4):
        if blur_ms <= BLUR_MS:
            break
        again, again_ms = _read(clock)
        if again_ms < blur_ms:
            best, blur_ms = again, again_ms
    return best


def _read(clock: Clock) -> tuple[Sample, int]:
    before_ns = clock.mono_ns()
    wall_ms, boot_ms = clock.wall_ms(), clock.boot_ms()
    after_ns = clock.mono_ns()
    return Sample(wall_ms, boot_ms, (before_ns + after_ns) // 2_000_000), (after_ns - before_ns) // 1_000_000


def boot_id(clock: Clock, proc: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """A name of this boot. The kernel's on Linux; elsewhere the minute of booting (not tried here)."""
    with contextlib.suppress(OSError):
        return proc.read_text(encoding="ascii").strip()
    with contextlib.suppress(OSError):
        return f"boot-{round(_psutil_boot_s() / 60)}"
    return f"boot-{(clock.wall_ms() - clock.boot_ms()) // 60_000}"


def _psutil_boot_s() -> float:
    """When the host booted, by psutil; imported only where it is needed: it is a megabyte. Raises OSError."""
    import psutil

    try:
        return psutil.boot_time()
    except psutil.Error as error:
        raise OSError(str(error)) from None
