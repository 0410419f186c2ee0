"""Pure: series and samples -> the body of a Prometheus remote write 1.0 request, before compression.

    WriteRequest { repeated TimeSeries timeseries = 1 }
    TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2 }
    Label        { string name = 1; string value = 2 }
    Sample       { double value = 1; int64 timestamp = 2 }     milliseconds

Four messages of two fields each: less to read than what a protobuf library would generate, and no dependency. Labels
stand in the order of their names, samples in the order of their times, as the protocol demands.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_VALUE = struct.Struct("<d")


@dataclass(frozen=True, slots=True)
class Series:
    """Samples (milliseconds, value) by time, and whose they are; `labels` without empty ones, `__name__` among them."""

    labels: tuple[tuple[str, str], ...]
    samples: tuple[tuple[int, float], ...]

    @classmethod
    def of(cls, labels: Mapping[str, str], samples: Iterable[tuple[int, float]]) -> "Series":
        return cls(tuple(sorted((name, value) for name, value in labels.items() if value)), tuple(samples))


def write_request(series: Sequence[Series]) -> bytes:
    """The message."""
    return b"".join(_field(1, _time_series(one)) for one in series)


def _time_series(series: Series) -> bytes:
    labels = (_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in series.labels)
    samples = (_field(2, b"\x09" + _VALUE.pack(value) + b"\x10" + _varint(at_ms)) for at_ms, value in series.samples)
    return b"".join((*labels, *samples))


def _field(number: int, content: bytes) -> bytes:
    """A field of the kind that says its length."""
    return bytes((number << 3 | 2,)) + _varint(len(content)) + content


def _varint(n: int) -> bytes:
    """Seven bits a byte, the lowest first; what is negative stands as its 64-bit complement."""
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)
