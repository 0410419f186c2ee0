"""How results travel: `POST /api/v1/batches`, one schema, two encodings.

A **batch** is a run of results with contiguous sequence numbers from one spool, measured in one context. What
rarely changes (the boot, the clock's base, the targets) is its **context**; it has a name made of its content and
is sent in full only until the collector has acknowledged it once (409 `unknown-context` asks for it again).

In msgpack the results are one byte string of **planes**, n = number of results, little-endian:

    order     n x u8 (u16 if the context has more than 256 targets): target index of each result, by sequence number
    then, with the results sorted by target (stable, so by sequence within a target):
    start     4 planes of n: zigzag milliseconds after the previous result of the same target and its interval; the
              first of a target counts from `base_ms`
    outcome   n x u8: index into OUTCOMES
    sent, received   n x u8 each
    avg       4 planes of n: zigzag microseconds above the previous average of the same target, the first above 0;
              results of which nothing came back have 0 here and are no previous one
    below, above   4 planes of n each: u32 microseconds: average - minimum, maximum - average. Where a probe reads a
              number (kind `uptime`: seconds since the device started), `above` is that reading: such a probe asks once,
              so that its maximum is its average and would only say 0.

A plane holds byte k of every number, so that numpy reads a whole commit group in one pass and zstd sees the zeros side
by side. Zigzag (0, -1, 1, -2 as 0, 1, 2, 3) keeps the upper planes zero for small numbers of either sign.
In JSON the results are `rows`: one object a target with plain columns and wall-clock stamps, so that
a router script with curl can report.

Bodies are compressed with zstd and a dictionary that both sides ship (`wire.dict`; its id stands in the frame
header); gzip and identity are accepted too.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from shared.result import CODE_OF, Group, Result

VERSION = 1
MAX_RESULTS = 20_000
"""Results in one batch; a longer one is answered with 413."""
MAX_BODY_BYTES = 1 << 20
"""Bytes of a compressed body."""
MAX_DECODED_BYTES = 4 << 20
"""Bytes after decompression, checked before anything is allocated."""
MAX_TARGETS = 4_096

U32_MAX = 0xFFFF_FFFF
I32_MIN, I32_MAX = -0x8000_0000, 0x7FFF_FFFF


class TargetSpec(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A target as the collector must know it. `site` names another site that is watched from outside."""

    name: str
    group: Group
    kind: str
    interval_ms: int
    address: str = ""
    site: str = ""


class Jump(msgspec.Struct, frozen=True, kw_only=True):
    """A jump of the host's clocks that opened a new context: `slept_ms` of sleep, or the wall clock set by
    `stepped_ms`."""

    at_ms: int
    slept_ms: int = 0
    stepped_ms: int = 0


class Context(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What holds for many results. Times are wall milliseconds as the host believed, unless they say otherwise.

    `clock_base_ms` + a result's boot-clock stamp = its wall stamp. `last_stop` is `first`, `clean`, `crash`,
    `power` or `unknown` and says why the previous run of this agent ended; `last_alive_ms` when it was last known
    to run (0: not known).
    """

    boot_id: str
    boot_at_ms: int
    run_at_ms: int
    clock_base_ms: int
    push_interval_ms: int
    targets: tuple[TargetSpec, ...]
    last_stop: str = "unknown"
    last_alive_ms: int = 0
    jump: Jump | None = None
    version: str = ""

    @property
    def name(self) -> str:
        """16 hex digits made of the content: the same content always has the same name."""
        return blake2b(msgspec.msgpack.encode(self), digest_size=8).hexdigest()


class Host(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the agent says of itself when it sends: boot clock and wall clock at that moment, spool and losses so
    far.

    `same_boot`: the batch's context is of the boot that is running now; None: not told. `answered`: `time_ms` of the
    last receipt that this boot got, and the boot clock when it arrived. With them every push compares the clocks.
    """

    sent_wall_ms: int
    sent_boot_ms: int
    spool_results: int = 0
    dropped: dict[str, int] = {}
    set_aside: int = 0
    same_boot: bool | None = None
    answered: tuple[int, int] | None = None


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Results of one target as plain columns of equal length; checked row by row, so that one bad row blocks no
    good one.

    `started_ms` is wall time here. `rtt_us` rows are [min, avg, max]; [] when nothing came back. For kind `uptime` they
    are [min, avg, avg + reading], the reading in seconds, as in the planes.
    """

    target: str
    started_ms: list[Any]
    outcome: list[Any]
    sent: list[Any]
    received: list[Any]
    rtt_us: list[Any]


class Batch(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One push. Sequence numbers are `first_seq` ... `first_seq + n - 1`; with `rows` they are given target by target.

    `floor_seq`: nothing below it will ever come any more (acknowledged, or lost and counted in `host.dropped`).
    """

    stream: str
    first_seq: int
    floor_seq: int = 0
    n: int = 0
    context: str = ""
    context_body: Context | None = None
    host: Host | None = None
    base_ms: int = 0
    planes: bytes = b""
    rows: list[Rows] = []
    version: int = VERSION


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The answer to a batch: everything in it is on disk now, fsynced, except `set_aside` rows, which are kept as
    evidence only."""

    stored: int
    duplicates: int = 0
    set_aside: int = 0
    reasons: dict[str, int] = {}
    time_ms: int = 0
    config_etag: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An error as RFC 9457 `application/problem+json`. `type` is one of our names, e.g. `unknown-context`."""

    type: str
    title: str
    status: int
    detail: str = ""


def dictionary() -> zstandard.ZstdCompressionDict:
    """The compression dictionary both sides ship, made by bench/dictionary.py."""
    return zstandard.ZstdCompressionDict(Path(__file__).with_name("wire.dict").read_bytes())


def order_code(targets: int) -> str:
    """The array type code of the order column for a context of so many targets."""
    return "B" if targets <= 256 else "H"


def encode_planes(results: Sequence[tuple[int, Result]], intervals_ms: Sequence[int], base_ms: int) -> bytes:
    """The planes of `results`: (target index, result) in order of sequence number; `intervals_ms` by target index.

    Numbers are clipped to what their plane holds: a round trip above 35 minutes or a start 24 days off does not occur.
    """
    order = array(order_code(len(intervals_ms)), [index for index, _ in results])
    by_target = sorted(results, key=itemgetter(0))  # stable: sequence order within a target
    rows = [result for _, result in by_target]
    return b"".join(
        (
            order.tobytes(),
            _planes(_zigzag(_starts(by_target, intervals_ms, base_ms))),
            bytes(CODE_OF[r.outcome] for r in rows),
            bytes(min(r.sent, 255) for r in rows),
            bytes(min(r.received, 255) for r in rows),
            _planes(_zigzag(_averages(by_target))),
            _planes([_clip(r.rtt_avg_us - r.rtt_min_us, 0, U32_MAX) if r.received else 0 for r in rows]),
            _planes([_clip(r.reading or r.rtt_max_us - r.rtt_avg_us, 0, U32_MAX) if r.received else 0 for r in rows]),
        )
    )


def _starts(by_target: Sequence[tuple[int, Result]], intervals_ms: Sequence[int], base_ms: int) -> Iterator[int]:
    previous_index, previous_ms = -1, 0
    for index, result in by_target:
        expected = previous_ms + intervals_ms[index] if index == previous_index else base_ms
        yield _clip(result.started_ms - expected, I32_MIN, I32_MAX)
        previous_index, previous_ms = index, result.started_ms


def _averages(by_target: Sequence[tuple[int, Result]]) -> Iterator[int]:
    previous_index, previous_us = -1, 0
    for index, result in by_target:
        if index != previous_index:
            previous_index, previous_us = index, 0
        if not result.received:
            yield 0
            continue
        average_us = _clip(result.rtt_avg_us, 0, I32_MAX)
        yield average_us - previous_us
        previous_us = average_us


def _clip(number: int, low: int, high: int) -> int:
    return max(low, min(high, number))


def _zigzag(numbers: Iterable[int]) -> list[int]:
    return [number << 1 if number >= 0 else ~(number << 1) for number in numbers]


def _planes(numbers: Sequence[int]) -> bytes:
    raw = array("I", numbers).tobytes()  # 4 bytes and little-endian on every platform we run on
    return b"".join(raw[k::4] for k in range(4))
