"""Fakes that several tests share. They behave, they do not record calls."""

from dataclasses import dataclass


@dataclass(slots=True)
class SetClock:
    """A clock that stands where it was set."""

    now_ms: int

    def wall_ms(self) -> int:
        return self.now_ms

    def wall_ns(self) -> int:
        return self.now_ms * 1_000_000

    def mono_ns(self) -> int:
        return self.now_ms * 1_000_000

    def boot_ms(self) -> int:
        return self.now_ms


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, wall_ms: int = 1_790_000_000_000, boot_ms: int = 5_000_000) -> None:
        self._wall_ms, self._boot_ms, self._mono_ns = wall_ms, boot_ms, boot_ms * 1_000_000

    def wall_ms(self) -> int:
        return self._wall_ms

    def wall_ns(self) -> int:
        return self._wall_ms * 1_000_000

    def mono_ns(self) -> int:
        return self._mono_ns

    def boot_ms(self) -> int:
        return self._boot_ms

    def advance(self, seconds: float) -> None:
        """Time passes, awake."""
        ms = round(seconds * 1000)
        self._wall_ms, self._boot_ms = self._wall_ms + ms, self._boot_ms + ms
        self._mono_ns += ms * 1_000_000

    def sleep(self, seconds: float) -> None:
        """The host sleeps: the monotonic clock stands still."""
        ms = round(seconds * 1000)
        self._wall_ms, self._boot_ms = self._wall_ms + ms, self._boot_ms + ms

    def step(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._wall_ms += round(seconds * 1000)
