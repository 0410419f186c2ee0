"""Pure: results of available time -> loss, jitter and a histogram of round trips that can be added up.

Buckets are a geometric series from 10 microseconds to an hour, so that a percentile is off by at most 2 %, whatever was
added to what. A percentile is one of the round trips (nearest rank), never a value between two of them.

`pack` makes one blob of a whole day, as digits.py writes numbers, and `table` adds thousands of such blobs in a few
passes of numpy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from collector.accounting import digits
from collector.accounting.calendars import Span
from collector.accounting.digits import Numbers
from collector.columns import Columns, Series
from collector.judging.groups import OUTSIDE
from shared.result import CODE_OF, Group, Outcome

BUCKETS = 508
SHORTEST_US, LONGEST_US = 10, 3_600_000_000
"""What is shorter or longer counts as this."""
GROWTH = (LONGEST_US / SHORTEST_US) ** (1 / BUCKETS)
BOUNDS_US: NDArray[np.uint32] = np.ceil(SHORTEST_US * GROWTH ** np.arange(1, BUCKETS)).astype(np.uint32)
"""Bucket i has the round trips from bound i-1 up to below bound i."""
CELL_BITS = 52 - 5
"""A float without its last so many bits names a cell, a 32nd of an octave: less than a bucket is wide."""
FIRST_CELL = 1023 << 5
CELLS_US: NDArray[np.float64] = ((np.arange(32 << 5) + FIRST_CELL) << CELL_BITS).view(np.float64)
BUCKET_OF_CELL: Numbers = np.searchsorted(BOUNDS_US, CELLS_US, "right")
UPPER_BOUND_US: Numbers = np.append(BOUNDS_US, 1 << 32)
MIDDLES_US: NDArray[np.float64] = SHORTEST_US * GROWTH ** (np.arange(BUCKETS) + 0.5)

GROUPS = (Group.GATEWAY.value, Group.INTRANET.value, Group.INTERNET.value, OUTSIDE)
"""The order is that of the numbers in blobs and must never change."""
SLOTS = tuple((group, service) for group in GROUPS for service in (0, 1))
SENT, LOST, JITTER_SUM, JITTER_N = range(BUCKETS, BUCKETS + 4)
WIDTH = BUCKETS + 4
"""Numbers of one slot: buckets, then the four measures."""
NUMBERS = len(SLOTS) * WIDTH

ECHO = "icmp"
ERROR = CODE_OF[Outcome.ERROR]


@dataclass(slots=True)
class Latency:
    """Round trips of one group of echo targets over some time. Adds up: sites, days, months."""

    sent: int = 0
    lost: int = 0
    jitter_sum_us: int = 0
    """Of |average - average before| over pairs of answered neighbours of one target (RFC 3393)."""
    jitter_n: int = 0
    buckets: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    """Round trips by bucket; shorter than the series where nothing is behind."""

    def __iadd__(self, other: "Latency") -> "Latency":
        self.sent += other.sent
        self.lost += other.lost
        self.jitter_sum_us += other.jitter_sum_us
        self.jitter_n += other.jitter_n
        longer, shorter = sorted((self.buckets, other.buckets), key=len, reverse=True)
        self.buckets = longer.copy()
        self.buckets[: len(shorter)] += shorter
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Latency) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def percentile_us(self, share: float) -> float | None:
        """The round trip below which `share` (0 to 1) lie; None when there is none."""
        found = percentiles_us(self.buckets[np.newaxis], share)[0] if len(self.buckets) else np.nan
        return None if np.isnan(found) else float(found)

    def loss_ratio(self) -> float | None:
        """Packets lost of those sent; None when none was sent."""
        return self.lost / self.sent if self.sent else None

    def jitter_us(self) -> float | None:
        """The mean change from one round trip to the next; None when there were no two."""
        return self.jitter_sum_us / self.jitter_n if self.jitter_n else None

    def to_bytes(self) -> bytes:
        """The blob of this one alone."""
        return digits.pack(_numbers(self))

    @classmethod
    def from_bytes(cls, blob: bytes) -> "Latency":
        return cls.of(digits.unpack(blob, WIDTH))

    @classmethod
    def of(cls, numbers: Numbers) -> "Latency":
        """From WIDTH numbers: one slot of a `table`."""
        sent, lost, jitter_sum_us, jitter_n = (int(number) for number in numbers[BUCKETS:])
        used = int(np.max(np.flatnonzero(numbers[:BUCKETS]), initial=-1)) + 1
        return cls(sent, lost, jitter_sum_us, jitter_n, numbers[:used].copy())


def pack(latencies: Mapping[tuple[str, int], Latency]) -> bytes:
    """The blob of a day: Latency by (group, inside service hours)."""
    return digits.pack(numbers_of(latencies).reshape(-1))


def numbers_of(latencies: Mapping[tuple[str, int], Latency]) -> Numbers:
    """[slot, number], as a `table` of them alone has it."""
    numbers = np.zeros((len(SLOTS), WIDTH), np.int64)
    for slot, latency in latencies.items():
        numbers[SLOTS.index(slot)] = _numbers(latency)
    return numbers


def unpack(blob: bytes) -> dict[tuple[str, int], Latency]:
    """What `pack` packed; slots in which nothing was sent are left out."""
    return by_slot(table([[blob]])[0])


def by_slot(numbers: Numbers) -> dict[tuple[str, int], Latency]:
    """One owner's part of a `table`."""
    used = np.any(numbers, axis=1).tolist()
    return {slot: Latency.of(numbers[at]) for at, slot in enumerate(SLOTS) if used[at]}


def percentiles_us(buckets: Numbers, share: float) -> NDArray[np.float64]:
    """Of each row of buckets, the round trip of the rank that `share` (0 to 1) has; nan where there is none."""
    upto = buckets.cumsum(axis=1)
    n = upto[:, -1]
    rank = np.maximum(1, np.ceil(share * n - 1e-9))  # 0.07 * 100 is a little more than 7
    return np.where(n > 0, MIDDLES_US[(upto < rank[:, np.newaxis]).sum(axis=1) % BUCKETS], np.nan)


def table(blobs_of: Sequence[Sequence[bytes]]) -> Numbers:
    """The sum of each owner's blobs, [owner, slot, number].

    It is 32 kB an owner: a province is better asked for in portions.
    """
    return digits.added(blobs_of, NUMBERS).reshape(-1, len(SLOTS), WIDTH)


def _numbers(latency: Latency) -> Numbers:
    numbers = np.zeros(WIDTH, np.int64)
    numbers[: len(latency.buckets)] = latency.buckets
    numbers[BUCKETS:] = latency.sent, latency.lost, latency.jitter_sum_us, latency.jitter_n
    return numbers


def latency_of(columns: Columns, available: Sequence[Span], service: Sequence[Span]) -> dict[tuple[str, int], Latency]:
    """Latency by (group, inside service hours) of the echo results that begin in `available` time; spans by time.

    1. A result counts if it is an echo of one of GROUPS, is no error of our own and begins in `available` time.
    2. What was sent and did not come back is lost; the average round trip of a result with an answer is one round trip.
    3. Two results of a target that both count and both have an answer, with no other result of it between them, give
       one change of round trip, in the service hours of the later one.
    """
    group = np.array([_group(series) for series in columns.series], np.int64)[columns.index]
    counts = (group >= 0) & (columns.outcome != ERROR) & inside(columns.at_ms, available)
    slot = 2 * group + inside(columns.at_ms, service)
    answered = counts & (columns.received > 0)
    numbers = np.zeros((len(SLOTS), WIDTH), np.int64)
    numbers[:, SENT] = _total(slot[counts], columns.sent[counts])
    numbers[:, LOST] = numbers[:, SENT] - _total(slot[counts], columns.received[counts])
    buckets = bucket_of(columns.avg_us[answered])
    numbers[:, :BUCKETS] = np.bincount(slot[answered] * BUCKETS + buckets, minlength=len(SLOTS) * BUCKETS).reshape(
        -1, BUCKETS
    )
    pairs = answered[1:] & answered[:-1] & (columns.index[1:] == columns.index[:-1])
    change = np.abs(np.diff(columns.avg_us.astype(np.int64)))[pairs]
    numbers[:, JITTER_SUM] = _total(slot[1:][pairs], change)
    numbers[:, JITTER_N] = np.bincount(slot[1:][pairs], minlength=len(SLOTS))
    return by_slot(numbers)


def bucket_of(us: NDArray[np.uint32]) -> Numbers:
    """The bucket of each round trip, as a search in BOUNDS_US would find it, at an eighth of the cost.

    1. The cell of a number says its bucket or the one before, because no cell has two bounds in it.
    2. One look at the bound between the two tells which.
    """
    cells = np.maximum(us, 1).astype(np.float64).view(np.int64) >> CELL_BITS
    buckets: Numbers = BUCKET_OF_CELL[cells - FIRST_CELL]
    buckets += us >= UPPER_BOUND_US[buckets]
    return buckets


def inside(at_ms: Numbers, spans: Iterable[Span]) -> NDArray[np.bool_]:
    """Which instants lie in one of the spans; these by time, without overlaps."""
    edges = np.array([edge for span in spans for edge in span], np.int64)
    return (np.searchsorted(edges, at_ms, "right") & 1).astype(np.bool_)


def _group(series: Series) -> int:
    """The place in GROUPS; -1: not counted."""
    name = OUTSIDE if series.outside else series.group.value
    return GROUPS.index(name) if series.kind == ECHO and name in GROUPS else -1


def _total(slot: Numbers, values: NDArray[np.uint8] | Numbers) -> Numbers:
    """Sums by slot; exact, for a day's sums are far below 2^53."""
    return np.bincount(slot, values, len(SLOTS)).astype(np.int64)
