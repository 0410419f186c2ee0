"""Results as the store keeps them: columns whose series is a number of the `series` table, and their packed bytes.

Packed rows are runs of one series each. Everything small is kept small, then split into byte planes for zstd:

    head        version, rows, runs, width of a time step in bytes, first stamp
    series, length, floor   u32 a run: series number after the one before (zigzag), rows, what its averages stand on
    first       i64 a run: stamp after that of the run before (zigzag)
    step        u32 or u64 a row: stamp after that of the row before in its run (zigzag), 0 for the first
    outcome, sent, received   u8 a row
    average     u32 a row: 0 if it is 0, else 1 + what it exceeds its run's floor by
    below, above   u32 a row: average - minimum, maximum - average, modulo 2^32

Nothing is rounded and no value is out of range: what goes in comes out.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_HEAD = struct.Struct("<BIIBq")
_VERSION = 1
LONG_RUN = 12
"""Rows a run must have on average for a floor to save more than it costs."""


class BadRows(ValueError):  # noqa: N818  it reads as what it is
    """Packed rows that cannot be read. Retrying does not help."""


_RECORD = np.dtype(
    [
        ("series", "<i4"),
        ("at_ms", "<i8"),
        ("outcome", "u1"),
        ("sent", "u1"),
        ("received", "u1"),
        ("avg_us", "<u4"),
        ("min_us", "<u4"),
        ("max_us", "<u4"),
    ]
)

Records = NDArray[np.uint8]
"""n x 27 bytes, one record a row: hundreds of short pieces are cut and joined at once instead of column by column.
Plain bytes, because numpy joins structured arrays a hundred times slower."""


@dataclass(frozen=True, slots=True)
class Rows:
    """n results as parallel arrays; times are wall milliseconds, round trips microseconds."""

    series: NDArray[np.int32]
    at_ms: Ints
    outcome: NDArray[np.uint8]
    sent: NDArray[np.uint8]
    received: NDArray[np.uint8]
    avg_us: NDArray[np.uint32]
    min_us: NDArray[np.uint32]
    max_us: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.at_ms)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Rows":
        return Rows(*(getattr(self, name)[chosen] for name in COLUMNS))

    def records(self) -> Records:
        records = np.empty(len(self), _RECORD)
        for name in COLUMNS:
            records[name] = getattr(self, name)
        return records.view(np.uint8).reshape(len(self), _RECORD.itemsize)

    @classmethod
    def of(cls, pieces: Sequence[Records]) -> Self:
        """The rows of all pieces, one after the other."""
        if not pieces:
            return cls(*(np.empty(0, _RECORD[name]) for name in COLUMNS))
        records = np.concatenate(pieces).view(_RECORD).ravel()
        return cls(*(np.ascontiguousarray(records[name]) for name in COLUMNS))


COLUMNS = tuple(field.name for field in fields(Rows))


def join(parts: Sequence[Rows]) -> Rows:
    """All rows of `parts`, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Rows.of([])
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))


def pack(rows: Rows) -> bytes:
    """The bytes of `rows`, not yet compressed. Rows of a series should stand together, by time."""
    n = len(rows)
    starts = _run_starts(rows.series)
    lengths = np.diff(starts, append=n)
    between = _differences(rows.at_ms)
    between[starts] = 0
    steps = _zigzag(between)
    firsts = _differences(rows.at_ms[starts])
    width = 4 if not n or int(steps.max()) >> 32 == 0 else 8
    floors = _floors(rows.avg_us, starts)
    above_floor = np.where(rows.avg_us == 0, 0, rows.avg_us - np.repeat(floors, lengths) + np.uint32(1))
    first_ms = int(firsts[0]) if n else 0
    firsts[:1] = 0
    return b"".join(
        (
            _HEAD.pack(_VERSION, n, len(starts), width, first_ms),
            _planes(_zigzag(_differences(rows.series[starts].astype(np.int64))), 4),
            _planes(lengths, 4),
            _planes(floors, 4),
            _planes(_zigzag(firsts), 8),
            _planes(steps, width),
            rows.outcome.tobytes(),
            rows.sent.tobytes(),
            rows.received.tobytes(),
            _planes(above_floor, 4),
            _planes(rows.avg_us - rows.min_us, 4),
            _planes(rows.max_us - rows.avg_us, 4),
        )
    )


def unpack(data: bytes) -> Rows:
    """The rows that were packed; BadRows if the bytes are not whole."""
    try:
        version, n, runs, width, first_ms = _HEAD.unpack_from(data)
    except struct.error:
        raise BadRows("too short to be rows") from None
    if version != _VERSION or len(data) != _HEAD.size + runs * 20 + n * (width + 15):
        raise BadRows(f"{len(data)} bytes do not hold {n} rows in {runs} runs of version {version}")
    read = _Reader(data, _HEAD.size)
    series = np.cumsum(_unzigzag(read.planes(runs, 4)))
    lengths, floors = read.planes(runs, 4).astype(np.int64), read.planes(runs, 4)
    firsts = np.cumsum(_unzigzag(read.planes(runs, 8))) + first_ms
    if int(lengths.sum()) != n:
        raise BadRows("the runs do not add up to the rows")
    at_ms = _stamps(_unzigzag(read.planes(n, width)), firsts, lengths)
    outcome, sent, received = (read.planes(n, 1).astype(np.uint8) for _ in range(3))
    above_floor = read.planes(n, 4).astype(np.uint32)
    avg_us = np.where(above_floor == 0, 0, above_floor - np.uint32(1) + np.repeat(floors.astype(np.uint32), lengths))
    avg_us = avg_us.astype(np.uint32)
    below, above = read.planes(n, 4).astype(np.uint32), read.planes(n, 4).astype(np.uint32)
    series_of_row = np.repeat(series.astype(np.int32), lengths)
    return Rows(series_of_row, at_ms, outcome, sent, received, avg_us, avg_us - below, avg_us + above)


def _run_starts(series: NDArray[np.int32]) -> Ints:
    first = np.ones(len(series), np.bool_)
    np.not_equal(series[1:], series[:-1], out=first[1:])
    return np.flatnonzero(first)


def _floors(avg_us: NDArray[np.uint32], starts: Ints) -> NDArray[np.uint32]:
    """The lowest average of each run that is not 0; 1 for all when the runs are too short for it to pay."""
    if len(avg_us) < LONG_RUN * len(starts) or not len(starts):
        return np.ones(len(starts), np.uint32)
    lowest = np.minimum.reduceat(avg_us - np.uint32(1), starts)  # 0 wraps to the largest and so never is the lowest
    return np.where(lowest == np.uint32(0xFFFF_FFFF), 1, lowest + np.uint32(1)).astype(np.uint32)


def _stamps(steps: Ints, firsts: Ints, lengths: Ints) -> Ints:
    reached: Ints = np.cumsum(steps)
    starts = np.cumsum(lengths) - lengths
    offsets: Ints = np.repeat(firsts - reached[starts], lengths)
    return reached + offsets


def _differences(numbers: Ints) -> Ints:
    """Each number less the one before it; the first less 0."""
    differences = numbers.copy()
    differences[1:] -= numbers[:-1]
    return differences


def _zigzag(numbers: Ints) -> Ints:
    return (numbers << 1) ^ (numbers >> 63)


def _unzigzag(numbers: NDArray[Any]) -> Ints:
    wide = numbers.astype(np.uint64)
    return (wide >> np.uint64(1)).astype(np.int64) ^ -(wide & np.uint64(1)).astype(np.int64)


def _planes(numbers: NDArray[Any], width: int) -> bytes:
    """Byte k of every number, for k = 0 ... width - 1; little-endian."""
    narrow = numbers.astype("<u4" if width == 4 else "<u8")
    return narrow.view(np.uint8).reshape(len(narrow), width).T.tobytes()


class _Reader:
    """Takes one block of planes after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self._bytes, self._at = np.frombuffer(data, np.uint8), at

    def planes(self, n: int, width: int) -> NDArray[Any]:
        block = self._bytes[self._at : self._at + n * width]
        self._at += n * width
        return np.ascontiguousarray(block.reshape(width, n).T).view(f"<u{width}").ravel()
