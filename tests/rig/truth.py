"""Pure: what happened against what was measured. Knows nothing of judging: it compares intervals and counts."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

SAME_MS = 500
"""A target is asked again after two seconds at the soonest: what lies closer together is one result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueOutage:
    """What was done to a site. Times are wall milliseconds of one machine: agent, collector and rig share its clock."""

    site: str
    scenario: str
    condition: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredOutage:
    """What the collector says. `end_ms` is None while it lasts."""

    site: str
    condition: str
    start_ms: int
    start_not_earlier_ms: int
    end_ms: int | None
    end_not_earlier_ms: int | None

    def overlap_ms(self, true: TrueOutage, slack_ms: int) -> int:
        """Milliseconds both have in common, `slack_ms` more at each end of the truth."""
        if self.site != true.site:
            return 0
        end_ms = true.end_ms + slack_ms if self.end_ms is None else self.end_ms
        return max(0, min(end_ms, true.end_ms + slack_ms) - max(self.start_ms, true.start_ms - slack_ms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One true outage and what was measured of it, if anything was."""

    true: TrueOutage
    measured: MeasuredOutage | None

    @property
    def start_error_s(self) -> float | None:
        """Positive: dated too late."""
        return (self.measured.start_ms - self.true.start_ms) / 1000 if self.measured else None

    @property
    def end_error_s(self) -> float | None:
        if self.measured is None or self.measured.end_ms is None:
            return None
        return (self.measured.end_ms - self.true.end_ms) / 1000

    @property
    def bars_hold(self) -> bool:
        """Whether the truth lies between "not earlier than" and the date, at both ends."""
        m = self.measured
        if m is None or m.end_ms is None or m.end_not_earlier_ms is None:
            return False
        start = m.start_not_earlier_ms <= self.true.start_ms <= m.start_ms
        return start and m.end_not_earlier_ms <= self.true.end_ms <= m.end_ms


def match(
    true: Sequence[TrueOutage], measured: Iterable[MeasuredOutage], slack_ms: int = 5_000
) -> tuple[list[Pair], list[MeasuredOutage]]:
    """(one pair a true outage, the measured outages that nothing explains).

    Each measured outage explains at most one true one: an outage measured in two pieces has one piece too many.
    """
    left, pairs = list(measured), []
    for outage in true:
        best = max(left, key=lambda m: m.overlap_ms(outage, slack_ms), default=None)
        if best is not None and best.overlap_ms(outage, slack_ms):
            left.remove(best)
        else:
            best = None
        pairs.append(Pair(true=outage, measured=best))
    return pairs, left


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the results of an agent are at the end."""

    agent: str
    made: int
    """Sequence numbers its spool handed out."""
    stored: int
    """Different results in the collector's store."""
    twice: int
    waiting: int
    """In the spool still and not in the store: neither lost nor delivered."""
    dropped: int = 0
    """What the agent itself counted as dropped."""

    @property
    def lost(self) -> int:
        return self.made - self.stored - self.waiting - self.dropped


def count(keys: Iterable[Hashable]) -> tuple[int, int]:
    """(different ones, repetitions)."""
    counted = Counter(keys)
    return len(counted), counted.total() - len(counted)


def not_among(waiting: Iterable[tuple[str, int]], stored: Iterable[tuple[str, int]]) -> int:
    """How many of `waiting` are not `stored` too, each as (target, wall ms).

    An agent whose last answer was lost still holds what the collector has. Stamps may have been corrected a little.
    """
    there: dict[str, list[int]] = {}
    for target, at_ms in stored:
        there.setdefault(target, []).append(at_ms)
    return sum(
        not any(abs(at_ms - known_ms) < SAME_MS for known_ms in there.get(target, ())) for target, at_ms in waiting
    )
