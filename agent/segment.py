"""The files of the spool: one segment holds results of one context, in order of sequence number without a hole.

A segment is called `<first>-<born>-<stream>-<context>.open` while it is written and `...-<count>.seg` once it is
complete, so that opening a spool of a month reads names, not results (first, born and count are hexadecimal; born is
the spool's own age in seconds).
Inside, everything is a frame, little-endian:

    magic 2 bytes | crc32 u32 of all that follows | kind u8 | length u32 of the payload | sequence number u64 | payload

The first frame holds the context (msgpack); then comes one frame of RECORD_BYTES a result. The crc starts from the
file's name: a block of a deleted segment that a power cut washes into this one has the right magic and a right
checksum, but not *ours*. All result frames are equally long, so a result's place tells its number: what was damaged
is known by number and counted exactly, and whatever lies behind the damage is read. A reading (kind `uptime`) stands
where the longest round trip stands, added to the average.
"""

import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zlib import crc32

import msgspec

from agent.ranges import Ranges
from shared.result import CODE_OF, OUTCOMES, UPTIME, Result
from shared.wire import U32_MAX, Context

MAGIC = b"\xd6k"
HEAD, RECORD = 1, 2
PAGE = 4096
_FRAME = struct.Struct("<2sIBIQ")
_PREFIX = struct.Struct("<2sI")
_BODY = struct.Struct("<BIQ")
_RESULT = struct.Struct("<QHBBBIII")
RECORD_BYTES = _FRAME.size + _RESULT.size


def pack(index: int, result: Result) -> bytes:
    """The payload of a result frame; counts and times are clipped to what they can be."""
    return _RESULT.pack(
        max(0, result.started_ms),
        index,
        CODE_OF[result.outcome],
        min(result.sent, 255),
        min(result.received, 255),
        min(result.rtt_min_us, U32_MAX),
        min(result.rtt_avg_us, U32_MAX),
        min(result.rtt_avg_us + result.reading if result.reading else result.rtt_max_us, U32_MAX),
    )


def unpack(payload: bytes, context: Context) -> tuple[int, Result]:
    """(target index, result) of a payload made by `pack`."""
    started_ms, index, code, sent, received, least, average, most = _RESULT.unpack(payload)
    spec = context.targets[index]
    reading = max(0, most - average) if spec.kind == UPTIME else 0
    return index, Result(
        target=spec.name,
        started_ms=started_ms,
        outcome=OUTCOMES[code],
        sent=sent,
        received=received,
        rtt_min_us=least,
        rtt_avg_us=average,
        rtt_max_us=most - reading,
        reading=reading,
    )


def frame(kind: int, seq: int, payload: bytes, seed: int) -> bytes:
    body = _BODY.pack(kind, len(payload), seq) + payload
    return _PREFIX.pack(MAGIC, crc32(body, seed)) + body


def frames(data: bytes, seed: int) -> Iterator[tuple[int, int, int, bytes]]:
    """(offset, kind, sequence number, payload) of every whole frame in `data`; finds its way again behind damage."""
    at, view = data.find(MAGIC), memoryview(data)
    while 0 <= at <= len(data) - _FRAME.size:
        _, crc, kind, length, seq = _FRAME.unpack_from(data, at)
        start, end = at + _FRAME.size, at + _FRAME.size + length
        plausible = length == _RESULT.size if kind == RECORD else kind == HEAD
        if plausible and end <= len(data) and crc32(view[at + _PREFIX.size : end], seed) == crc:
            yield at, kind, seq, data[start:end]
            at = data.find(MAGIC, end)
        else:
            at = data.find(MAGIC, at + 1)


@dataclass(frozen=True, slots=True)
class Label:
    """A segment's name: the number of its first result, its birth on the spool's clock, its stream and context."""

    first: int
    born_s: int
    stream: str
    context: str

    @property
    def seed(self) -> int:
        return crc32(f"{self.first}-{self.stream}-{self.context}".encode())

    def name(self, count: int | None = None) -> str:
        stem = f"{self.first:016x}-{self.born_s:08x}-{self.stream}-{self.context}"
        return f"{stem}.open" if count is None else f"{stem}-{count:08x}.seg"

    @classmethod
    def parse(cls, name: str) -> tuple[Self, int | None] | None:
        """The label and, for a complete segment, the count; None for the name of something else."""
        stem, _, suffix = name.partition(".")
        parts = stem.split("-")
        try:
            label = cls(int(parts[0], 16), int(parts[1], 16), parts[2], parts[3])
            count = int(parts[4], 16) if suffix == "seg" else None
        except (IndexError, ValueError):
            return None
        return (label, count) if label.name(count) == name else None


@dataclass(slots=True)
class Segment:
    """A run of results, in a file or, while the disk takes none, in memory. `base` is where the results begin."""

    label: Label
    count: int = 0
    base: int = 0
    path: Path | None = None
    memory: bytearray | None = None

    @property
    def first(self) -> int:
        return self.label.first

    @property
    def last(self) -> int:
        return self.label.first + self.count - 1

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return 0 if self.path is None else self.base + self.count * RECORD_BYTES

    def read(self, first: int, last: int) -> list[tuple[int, bytes]]:
        """(sequence number, payload) of first ... last; what is damaged or gone is missing. Raises OSError."""
        start, size = self.base + (first - self.first) * RECORD_BYTES, (last - first + 1) * RECORD_BYTES
        data = bytes(self.memory[start : start + size]) if self.memory is not None else self._from_disk(start, size)
        return [
            (seq, payload)
            for _, kind, seq, payload in frames(data, self.label.seed)
            if kind == RECORD and first <= seq <= last
        ]

    def context(self) -> Context | None:
        """The copy of the context at the head of the file; None if it is damaged."""
        return decode_context(self._from_disk(0, self.base), self.label.seed)

    def _from_disk(self, start: int, size: int) -> bytes:
        try:
            with open(self.path or os.devnull, "rb", buffering=0) as file:
                return _read_around(file.fileno(), start, size)
        except FileNotFoundError:
            return b""


def _read_around(handle: int, start: int, size: int) -> bytes:
    """`size` bytes at `start`; on a failing disk zeros stand for the pages that cannot be read."""
    try:
        os.lseek(handle, start, os.SEEK_SET)
        return os.read(handle, size)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        if size <= PAGE:
            return bytes(size)
        return b"".join(
            _read_around(handle, at, min(PAGE, start + size - at)) for at in range(start, start + size, PAGE)
        )


def encode_context(context: Context, seed: int) -> bytes:
    return frame(HEAD, 0, msgspec.msgpack.encode(context), seed)


def decode_context(data: bytes, seed: int) -> Context | None:
    """The context in `data`, or None if it is damaged."""
    for _, kind, _, payload in frames(data, seed):
        if kind == HEAD:
            try:
                return msgspec.msgpack.decode(payload, type=Context)
            except msgspec.DecodeError:
                return None  # whole, but written by a release whose contexts look different
    return None


def inspect(path: Path, label: Label, count: int | None, head_bytes: int) -> tuple[Segment, Ranges]:
    """The segment at `path` and the numbers that it should hold but does not; raises OSError.

    1. A complete segment with a sound head and the right length is taken at its word; results are checked when read.
    2. Otherwise every frame is looked at. Where the results begin, the head says; if it is damaged, any sound result
       (its place and its number); if there is none, `head_bytes`, the length of the other copy of the context.
    3. An open segment holds as many results as there is room for: what a power cut left as zeros is lost, and counted.
    """
    size = path.stat().st_size
    base = _head_bytes(path, label)
    if count is not None and base is not None and size == base + count * RECORD_BYTES:
        return Segment(label, count, base, path), Ranges()
    found, sound_base = Ranges(), None
    with path.open("rb", buffering=0) as file:
        data = _read_around(file.fileno(), 0, size)
    for at, kind, seq, _ in frames(data, label.seed):
        if kind == RECORD and seq >= label.first:
            found.add(seq, seq)
            sound_base = at - (seq - label.first) * RECORD_BYTES
    base = next((b for b in (base, sound_base) if b is not None), head_bytes)
    if count is None:
        count = max(0, -(-(size - base) // RECORD_BYTES))  # a torn last result counts
    segment = Segment(label, count, base, path)
    return segment, Ranges(found.gaps(label.first, segment.last))


def _head_bytes(path: Path, label: Label) -> int | None:
    """How long the head of the file is; None if it is damaged."""
    with path.open("rb") as file:
        start = file.read(_FRAME.size)
        if len(start) < _FRAME.size or start[:2] != MAGIC:
            return None
        length = _FRAME.unpack(start)[3]
        data = start + file.read(min(length, path.stat().st_size))
    sound = any(kind == HEAD and at == 0 for at, kind, _, _ in frames(data, label.seed))
    return _FRAME.size + length if sound else None
