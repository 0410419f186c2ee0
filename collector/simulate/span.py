"""Pure: from when to when is simulated, how fine the agents measure, and when things happen in it by chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
COVER_INTERVALS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What is simulated and how fine the agents measure.

    Accounts are made from `from_ms` to `to_ms`. Then all is well until `healed_ms`, so that everything gets told. Then
    the story may go on for `today_ms`, and end in the middle of things.
    """

    from_ms: int
    to_ms: int
    interval_ms: int
    down_ms: int
    today_ms: int = 0
    web: bool = True
    """Whether there is a web check; without one nobody sees that somebody else answers."""

    @property
    def healed_ms(self) -> int:
        return self.to_ms + max(30 * MINUTE_MS, 4 * self.shortest_ms)

    @property
    def end_ms(self) -> int:
        return self.healed_ms + self.today_ms

    @property
    def shortest_ms(self) -> int:
        """What lasts so long is seen by an agent that has just answered a question and waits half a turn more."""
        return round(1.5 * self.interval_ms) + self.down_ms + 40 * SECOND_MS

    @property
    def cover_ms(self) -> int:
        return round(COVER_INTERVALS * self.interval_ms)

    @property
    def brief_ms(self) -> int:
        """A host may be gone for so long, and every target's last result still cover the time of its return."""
        return self.cover_ms - self.interval_ms - 30 * SECOND_MS


def moments(span: Span, per_day: float, rng: Random) -> Iterator[int]:
    """What happens so often a day, at any time of it."""
    at_ms = float(span.from_ms)
    while True:
        at_ms += rng.expovariate(per_day) * DAY_MS
        if at_ms >= span.end_ms:
            return
        yield round(at_ms)


def lasting(median_min: float, most_h: float, rng: Random) -> int:
    """In milliseconds; few last much longer than half of them do."""
    return round(min(most_h * HOUR_MS, rng.lognormvariate(0, 1.1) * median_min * MINUTE_MS))
