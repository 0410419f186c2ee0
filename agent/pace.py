"""When to push: a steady beat, back-off after failures, the collector's wish above all. Pure: no clock, no await.

1. A *beat* every `interval_s`, whose phase is random for each agent, so that a region that gets its power back does
   not come all at once, but whose period is steady, so that the collector knows when to miss us.
2. After n failures in a row the next attempt comes at random between now and min(cap, 2^n s). The chance is taken
   *after* the cap: otherwise all agents that have reached it would come in step for ever.
3. `Retry-After` is a promise: no attempt before it, for no reason. Only lateness is random.
4. A flip is pushed at once, also in a back-off, but at most once a second.
5. While there is a backlog, a batch of it goes every `pause_s` between the beats.

All times are seconds of the monotonic clock.
"""

from random import Random

FIRST_BACKOFF_S = 1.0
FLIP_GAP_S = 1.0
LATENESS = 0.25
"""Of `Retry-After`, at most so much more, so that those who were told the same do not come back together."""


class Pace:
    """The times of one agent's pushes."""

    def __init__(self, *, interval_s: float, pause_s: float, cap_s: float, rng: Random, now_s: float) -> None:
        self._interval_s, self._pause_s, self._cap_s, self._rng = interval_s, pause_s, cap_s, rng
        self._beat_s = now_s + rng.uniform(0, interval_s)
        self._tried_s = now_s - FLIP_GAP_S
        self._paused_s = now_s
        self._backed_off_s = now_s
        self._forbidden_s = now_s
        self._failures = self._backlog_failures = 0

    def is_forbidden(self, now_s: float) -> bool:
        """Whether the collector asked for quiet until later."""
        return now_s < self._forbidden_s

    def fresh_at(self, *, flip: bool) -> float:
        """When fresh results go next."""
        if flip:
            return max(self._tried_s + FLIP_GAP_S, self._forbidden_s)
        beat_s = self._backed_off_s if self._failures else self._beat_s
        return max(beat_s, self._forbidden_s)

    def backlog_at(self) -> float:
        """When the next batch of the backlog goes; never while pushes fail."""
        return max(self._paused_s, self._forbidden_s) if not self._failures else float("inf")

    def trying(self, now_s: float, *, fresh: bool) -> None:
        """An attempt begins. One with fresh results takes the place of the beat that is due."""
        self._tried_s = now_s
        if fresh:
            missed = (now_s - self._beat_s) // self._interval_s + 1
            self._beat_s += max(0.0, missed) * self._interval_s

    def succeeded(self, now_s: float) -> None:
        """The collector took something."""
        self._failures = 0
        self._paused_s = max(self._paused_s, now_s + self._pause_s)

    def failed(self, now_s: float, *, retry_after_s: float | None = None, slowly: bool = False) -> None:
        """Back off. `slowly`: only a person can mend it (a revoked token), so begin near the cap."""
        self._failures += 1
        self._backed_off_s = now_s + self._random_s(self._failures, slowly=slowly)
        if retry_after_s is not None:
            self._forbidden_s = now_s + retry_after_s * (1 + self._rng.uniform(0, LATENESS))

    def backlog_succeeded(self, now_s: float) -> None:
        self._backlog_failures = 0
        self._paused_s = now_s + self._pause_s

    def backlog_failed(self, now_s: float) -> None:
        """The backlog cannot go, for a reason of its own: it waits, the beat goes on."""
        self._backlog_failures += 1
        self._paused_s = now_s + self._pause_s + self._random_s(self._backlog_failures)

    def _random_s(self, failures: int, *, slowly: bool = False) -> float:
        if slowly:
            return self._rng.uniform(self._cap_s / 2, self._cap_s)
        return self._rng.uniform(0, min(self._cap_s, FIRST_BACKOFF_S * 2.0 ** min(failures, 60)))
