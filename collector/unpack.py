"""The two encodings of a batch as raw numbers: byte planes for many batches at once, JSON rows one by one. Pure.

Nothing is judged here beyond what cannot be written as a number at all; decode.py does that for both in the same way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.result import CODE_OF, Outcome
from shared.wire import Batch, Context, Rows, order_code

Ints = NDArray[np.int64]
Aside = tuple[int, str, str]
"""(sequence number, reason, the row as text)."""

NO_OUTCOME = 255
LARGEST = 1 << 53
TEXT_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Part:
    """One batch and what is needed of its context to read it."""

    batch: Batch
    context: Context
    intervals_ms: Ints
    received_at_ms: int


@dataclass(frozen=True, slots=True)
class Raw:
    """Rows as they were sent; those of a part stand together, by target and then by sequence number."""

    part: Ints
    target: Ints
    seq: Ints
    at_ms: Ints
    outcome: NDArray[np.uint8]
    sent: NDArray[np.uint8]
    received: NDArray[np.uint8]
    avg_us: Ints
    below_us: Ints
    above_us: Ints

    def take(self, chosen: NDArray[np.intp]) -> "Raw":
        return Raw(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def beside(self, other: "Raw") -> "Raw":
        """The rows of both, by part."""
        both = Raw(*(np.concatenate((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)))
        return both.take(np.argsort(both.part, kind="stable"))


def from_planes(parts: Sequence[Part], numbers: Sequence[int]) -> Raw:
    """All parts in one pass; `numbers` are what their rows carry as `part`.

    1. Sort every result by (part, target, sequence): one sort of one key, for the planes are in that order.
    2. Gather byte k of every number, for each plane, across all batches.
    3. Add up the differences within each run of one target.
    """
    n = np.array([part.batch.n for part in parts], np.int64)
    joined = np.frombuffer(b"".join([part.batch.planes for part in parts]) + b"\0", np.uint8)
    widths = np.array([1 if order_code(len(part.intervals_ms)) == "B" else 2 for part in parts], np.int64)
    begins = np.cumsum(n * (19 + widths)) - n * (19 + widths)
    of_row = np.repeat(np.arange(len(parts)), n)
    position = np.arange(len(of_row)) - np.repeat(np.cumsum(n) - n, n)
    key = (of_row << 32) | (_order(joined, begins[of_row], position, widths[of_row]) << 16) | position
    key.sort()
    target, first = (key >> 16) & 0xFFFF, _run_starts(key >> 16)
    planes = _Planes(joined, (begins + n * widths)[of_row] + position, n[of_row])
    steps = planes.zigzag() + _expected(parts, of_row, target, first)
    outcome, sent, received = planes.byte(), planes.byte(), planes.byte()
    averages, answered = planes.zigzag(), received != 0
    return Raw(
        part=np.array(numbers, np.int64)[of_row],
        target=target,
        seq=np.array([part.batch.first_seq for part in parts], np.int64)[of_row] + (key & 0xFFFF),
        at_ms=_sums(steps, first) + np.array([part.context.clock_base_ms for part in parts], np.int64)[of_row],
        outcome=outcome,
        sent=sent,
        received=received,
        avg_us=np.where(answered, _sums(np.where(answered, averages, 0), first), averages),
        below_us=planes.number(),
        above_us=planes.number(),
    )


class _Planes:
    """Reads one plane after the other: `at` is where each row has its byte, `stride` how far its next plane is."""

    def __init__(self, joined: NDArray[np.uint8], at: Ints, stride: Ints) -> None:
        self._joined, self._at, self._stride = joined, at, stride

    def byte(self) -> NDArray[np.uint8]:
        taken = self._joined.take(self._at)
        self._at = self._at + self._stride
        return taken

    def number(self) -> Ints:
        four = np.empty((len(self._at), 4), np.uint8)
        for k in range(4):
            four[:, k] = self.byte()
        return four.view("<u4").ravel().astype(np.int64)

    def zigzag(self) -> Ints:
        coded = self.number()
        return (coded >> 1) ^ -(coded & 1)


def _order(joined: NDArray[np.uint8], begin: Ints, position: Ints, width: Ints) -> Ints:
    low: Ints = joined.take(begin + position * width).astype(np.int64)
    if not (width == 2).any():
        return low
    high: Ints = np.where(width == 2, joined.take(begin + position * width + width - 1), 0).astype(np.int64)
    return low | (high << 8)


def _run_starts(run: Ints) -> Ints:
    changes = np.ones(len(run), np.bool_)
    np.not_equal(run[1:], run[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def _expected(parts: Sequence[Part], of_row: Ints, target: Ints, first: Ints) -> Ints:
    """What a start is counted from: the interval of its target, or `base_ms` for the first of a run."""
    counts = np.array([len(part.intervals_ms) for part in parts], np.int64)
    intervals = np.concatenate([part.intervals_ms for part in parts])
    known = np.minimum(target, counts[of_row] - 1)  # a target that is not there is refused later
    expected: Ints = intervals[(np.cumsum(counts) - counts)[of_row] + known]
    expected[first] = np.array([part.batch.base_ms for part in parts], np.int64)[of_row[first]]
    return expected


def _sums(steps: Ints, first: Ints) -> Ints:
    """Running sums that begin anew at every run."""
    sums: Ints = np.cumsum(steps)
    before: Ints = np.repeat(sums[first] - steps[first], np.diff(first, append=len(steps)))
    return sums - before


def length_of(rows: Rows) -> int:
    """How many sequence numbers the rows of a target take: the longest column counts, so that none is shared."""
    return max(map(len, (rows.started_ms, rows.outcome, rows.sent, rows.received, rows.rtt_us)))


def from_rows(parts: Sequence[Part], numbers: Sequence[int]) -> tuple[Raw, dict[int, list[Aside]]]:
    """The parts `numbers`, which have JSON rows: what can be written as numbers, and what cannot, by part."""
    table: list[tuple[int, ...]] = []
    aside: dict[int, list[Aside]] = {}
    for number in numbers:
        part = parts[number]
        place = {spec.name: position for position, spec in enumerate(part.context.targets)}
        for seq, target, values in _each(part.batch):
            read = _read(values)
            if read is None:
                aside.setdefault(number, []).append((seq, "malformed", _text(target, values)))
            else:
                table.append((number, place.get(target, 0xFFFF), seq, *read))
    columns = np.array(table, np.int64).reshape(len(table), len(fields(Raw))).T
    order = np.lexsort((columns[2], columns[1], columns[0]))
    part, target, seq, at_ms, outcome, sent, received, avg_us, below_us, above_us = columns[:, order]
    codes, packets, answers = (column.astype(np.uint8) for column in (outcome, sent, received))
    return Raw(part, target, seq, at_ms, codes, packets, answers, avg_us, below_us, above_us), aside


def _each(batch: Batch) -> Iterator[tuple[int, str, tuple[Any, ...]]]:
    """Every row of the batch with its sequence number and target; a value that is missing is None."""
    seq = batch.first_seq
    for rows in batch.rows:
        for values in zip_longest(rows.started_ms, rows.outcome, rows.sent, rows.received, rows.rtt_us):
            yield seq, rows.target, values
            seq += 1


def _read(values: tuple[Any, ...]) -> tuple[int, ...] | None:
    """(at, outcome, sent, received, avg, below, above), or None if one of them is not what it should be."""
    started_ms, outcome, sent, received, rtt_us = values
    if not (_is_number(started_ms, LARGEST) and _is_number(sent, 256) and _is_number(received, 256)):
        return None
    if not (isinstance(rtt_us, list) and len(rtt_us) in (0, 3) and all(_is_number(each, LARGEST) for each in rtt_us)):
        return None
    if not isinstance(outcome, str):
        return None
    code = CODE_OF[Outcome(outcome)] if outcome in _OUTCOME_NAMES else NO_OUTCOME
    low, average, high = rtt_us or (0, 0, 0)
    return started_ms, code, sent, received, average, average - low, high - average


_OUTCOME_NAMES = frozenset(Outcome)


def _is_number(value: object, end: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < end


def _text(target: str, values: tuple[Any, ...]) -> str:
    return f"{target[:64]} {values!r}"[:TEXT_LENGTH]
