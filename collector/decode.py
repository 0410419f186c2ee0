"""What the wire says, as numbers that can be trusted: batches -> rows in numpy columns, and what was refused. Pure.

A whole commit group is decoded in one pass over the joined planes of all its batches: per batch, numpy costs more for
its forty calls than for the numbers. `check` looks at the outside of a batch and refuses it whole; inside, every row
is judged by itself, so that a bad one is set aside and blocks no good one. The reasons:

    unknown_target   its target is not in the context
    outcome          no outcome that we know, or `ok` without an answer
    packets          more came back than were sent
    round_trip       not min <= avg <= max, above an hour, or a time although nothing came back
    future, past     of a batch that does not say how its clock goes: stamped more than five minutes after it was
                     received, or before 2024. Of the others (clocks.py judges them): before 1970 or the boot, after
                     2200, or more than five minutes after the batch was sent, by the clock that stamped both
    malformed        JSON only: a value of another type, or a missing one
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from collector.clocks import EARLIEST_MS, is_judged
from collector.columns import Columns, Series
from collector.unpack import Aside, Ints, Part, Raw, from_planes, from_rows, length_of
from shared.result import CODE_OF, OUTCOMES, Outcome
from shared.wire import MAX_RESULTS, MAX_TARGETS, VERSION, Batch, Context, Host, order_code

LATEST_MS = 7_258_118_400_000
"""2200-01-01."""
AHEAD_MS = 300_000
LONGEST_BOOT_MS = 1 << 42
"""A boot clock runs for 139 years at most."""
SAME_BASE_MS = 1_000
"""Further apart, the clock that stamped the results is not the one that stamped the sending."""
LONGEST_US = 3_600_000_000
MAX_NUMBER = 1 << 53
"""Sequence numbers and stamps stay below it: exact in every JSON library, and sums of them fit an int64."""
MAX_TEXTS = 50
"""Refused rows of one batch that are kept as text; the others are counted."""


class BadBatch(ValueError):  # noqa: N818  it reads as what it is
    """A batch that can never be stored as it is. Retrying does not help."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Rows of many parts; those of a part stand together, by target and then by sequence number."""

    part: Ints
    target: Ints
    """Position in the context's targets."""
    seq: Ints
    at_ms: Ints
    outcome: NDArray[np.uint8]
    sent: NDArray[np.uint8]
    received: NDArray[np.uint8]
    avg_us: NDArray[np.uint32]
    min_us: NDArray[np.uint32]
    max_us: NDArray[np.uint32]
    aside: dict[int, list[Aside]]
    """What was refused, by part."""


def check(batch: Batch, context: Context) -> None:
    """Raises BadBatch, with the reason as a sentence, if the batch is not what it says it is."""
    if batch.version != VERSION:
        raise BadBatch(f"version {batch.version} is not known here; this collector speaks version {VERSION}")
    if not 0 < len(batch.stream) <= 64:
        raise BadBatch("stream must have 1 to 64 characters")
    if min(batch.first_seq, batch.floor_seq, batch.n) < 0 or max(batch.first_seq, batch.floor_seq) >= MAX_NUMBER:
        raise BadBatch("first_seq, floor_seq or n is out of range")
    if abs(batch.base_ms) >= MAX_NUMBER:
        raise BadBatch("base_ms is out of range")
    if batch.host and is_judged(batch.host) and not _is_sane(batch.host):
        raise BadBatch("a time of the host is out of range")
    expected = batch.n * (19 + (1 if order_code(len(context.targets)) == "B" else 2))
    if batch.rows and (batch.planes or batch.n):
        raise BadBatch("a batch has either planes or rows")
    if len(batch.planes) != expected:
        raise BadBatch(f"planes have {len(batch.planes)} bytes; {batch.n} results need {expected}")


def _is_sane(host: Host) -> bool:
    told_ms, came_ms = host.answered or (0, 0)
    walls, boots = (host.sent_wall_ms, told_ms), (host.sent_boot_ms, came_ms)
    return all(0 <= ms < LATEST_MS for ms in walls) and all(0 <= ms < LONGEST_BOOT_MS for ms in boots)


def check_context(context: Context) -> None:
    """Raises BadBatch if a context holds what cannot be."""
    if not 0 < len(context.targets) <= MAX_TARGETS:
        raise BadBatch(f"a context has 1 to {MAX_TARGETS} targets")
    for spec in context.targets:
        if not 1 <= spec.interval_ms <= 86_400_000:
            raise BadBatch(f"interval_ms of target {spec.name!r} is out of range")
        if not 0 < len(spec.name) <= 64 or max(len(spec.site), len(spec.kind)) > 64 or len(spec.address) > 2048:
            raise BadBatch(f"target {spec.name[:64]!r}: name, kind and site have up to 64 characters, address 2048")
    if len(context.boot_id) > 64:
        raise BadBatch("boot_id has up to 64 characters")
    for name in ("boot_at_ms", "run_at_ms", "clock_base_ms", "push_interval_ms", "last_alive_ms"):
        if abs(getattr(context, name)) >= MAX_NUMBER:
            raise BadBatch(f"{name} is out of range")


def results_in(batch: Batch) -> int:
    """How many results a batch says it has."""
    return batch.n + sum(length_of(rows) for rows in batch.rows) if batch.rows else batch.n


def is_too_long(batch: Batch) -> bool:
    return results_in(batch) > MAX_RESULTS


def series_of(context: Context, agent: str, site: str) -> tuple[Series, ...]:
    """The series of a context's targets, in their order. `site` is where the agent is."""
    return tuple(
        Series(
            site=spec.site or site,
            agent=agent,
            agent_site=site,
            target=spec.name,
            group=spec.group,
            kind=spec.kind,
            interval_ms=spec.interval_ms,
            address=spec.address,
        )
        for spec in context.targets
    )


def intervals_of(context: Context) -> Ints:
    return np.array([spec.interval_ms for spec in context.targets], np.int64)


def decode(
    batch: Batch, context: Context, agent: str, site: str, received_at_ms: int
) -> tuple[Columns, Ints, list[Aside]]:
    """One batch by itself: its good rows, their sequence numbers, and what was refused. BadBatch as `check` has it."""
    check(batch, context)
    found = decode_parts([Part(batch, context, intervals_of(context), received_at_ms)])
    columns = Columns(
        series_of(context, agent, site),
        found.target.astype(np.uint16),
        found.at_ms,
        found.outcome,
        found.sent,
        found.received,
        found.avg_us,
        found.min_us,
        found.max_us,
    )
    return columns, found.seq, found.aside.get(0, [])


def decode_parts(parts: Sequence[Part]) -> Decoded:
    """All parts in one pass. Every one has passed `check` and `check_context`."""
    in_rows = [number for number, part in enumerate(parts) if part.batch.rows]
    if not in_rows:
        return _sift(from_planes(parts, range(len(parts))), parts, {})
    in_planes = [number for number, part in enumerate(parts) if not part.batch.rows]
    raw, aside = from_rows(parts, in_rows)
    if in_planes:
        raw = raw.beside(from_planes([parts[number] for number in in_planes], in_planes))
    return _sift(raw, parts, aside)


def _sift(raw: Raw, parts: Sequence[Part], aside: dict[int, list[Aside]]) -> Decoded:
    reasons = _reasons(raw, parts)
    if reasons.any():
        for part, refused in _refused(raw, reasons, parts):
            aside.setdefault(part, []).append(refused)
        raw = raw.take(np.flatnonzero(reasons == 0))
    avg_us = raw.avg_us.astype(np.uint32)
    return Decoded(
        part=raw.part,
        target=raw.target,
        seq=raw.seq,
        at_ms=raw.at_ms,
        outcome=raw.outcome,
        sent=raw.sent,
        received=raw.received,
        avg_us=avg_us,
        min_us=avg_us - raw.below_us.astype(np.uint32),
        max_us=avg_us + raw.above_us.astype(np.uint32),
        aside=aside,
    )


REASONS = ("", "unknown_target", "outcome", "packets", "round_trip", "future", "past")


def _reasons(raw: Raw, parts: Sequence[Part]) -> NDArray[np.int8]:
    """For every row the number of the first reason against it, 0 for none."""
    targets = np.array([len(part.intervals_ms) for part in parts], np.int64)[raw.part]
    limits = [_limits_ms(part) for part in parts]
    earliest_ms, latest_ms = np.array(limits, np.int64).reshape(len(parts), 2).T[:, raw.part]
    silent = raw.received == 0
    timed = (raw.avg_us | raw.below_us | raw.above_us) != 0
    against = (
        raw.target >= targets,
        (raw.outcome >= len(OUTCOMES)) | (silent & (raw.outcome == CODE_OF[Outcome.OK])),
        raw.received > raw.sent,
        (silent & timed)
        | (raw.avg_us < raw.below_us)
        | (raw.below_us < 0)
        | (raw.above_us < 0)
        | (raw.avg_us + raw.above_us > LONGEST_US),
        raw.at_ms > latest_ms,
        raw.at_ms < earliest_ms,
    )
    reasons = np.zeros(len(raw.at_ms), np.int8)
    for number in range(len(against), 0, -1):  # the first match is written last
        reasons[against[number - 1]] = number
    return reasons


def _limits_ms(part: Part) -> tuple[int, int]:
    """The earliest and the latest stamp that a row may have."""
    host = part.batch.host
    if host is None or not is_judged(host):
        return EARLIEST_MS, part.received_at_ms + AHEAD_MS
    base_ms = part.context.clock_base_ms
    same_base = host.same_boot and abs(host.sent_wall_ms - host.sent_boot_ms - base_ms) <= SAME_BASE_MS
    latest_ms = min(base_ms + LONGEST_BOOT_MS, LATEST_MS)
    return max(base_ms, 0), min(host.sent_wall_ms + AHEAD_MS, latest_ms) if same_base else latest_ms


def _refused(raw: Raw, reasons: NDArray[np.int8], parts: Sequence[Part]) -> Iterator[tuple[int, Aside]]:
    kept: dict[int, int] = {}
    for row in np.flatnonzero(reasons).tolist():
        part = int(raw.part[row])
        kept[part] = kept.get(part, 0) + 1
        text = _text(raw, row, parts[part].context) if kept[part] <= MAX_TEXTS else ""
        yield part, (int(raw.seq[row]), REASONS[reasons[row]], text)


def _text(raw: Raw, row: int, context: Context) -> str:
    target, outcome = int(raw.target[row]), int(raw.outcome[row])
    said = {
        "target": context.targets[target].name if target < len(context.targets) else target,
        "at_ms": int(raw.at_ms[row]),
        "outcome": OUTCOMES[outcome] if outcome < len(OUTCOMES) else outcome,
        "sent": int(raw.sent[row]),
        "received": int(raw.received[row]),
        "avg_us": int(raw.avg_us[row]),
        "below_us": int(raw.below_us[row]),
        "above_us": int(raw.above_us[row]),
    }
    return msgspec.json.encode(said).decode()
