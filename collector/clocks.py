"""Pure: what pushes prove of a host's clock, and what its stamps are worth.

Raw stamp = boot clock + the base of its context. Every push is an **exchange**: it proves that true wall time less boot
clock was at most `received - sent_boot`, and the answer to the push before (the agent tells when it came) that it was
at least `answer's time - boot clock on its arrival`. Kept are, per boot and BUCKET_MS of its boot clock, the highest
low, the lowest high, and the bases that a push agreed with: in any order, any number of times, they come out the same.

A push agrees with its base if that lies within TRUSTED_MS of `received - sent_boot`; or, if it tells of an answer of
the same bucket or the one before, of the middle between that and the answer's bound.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shared.wire import Host

BUCKET_MS = 6 * 3_600_000
TRUSTED_MS = 2_000
EARLIEST_MS = 1_704_067_200_000
"""2024-01-01: before it this program did not exist."""
NO_LOW, NO_HIGH = -(1 << 62), 1 << 62

Ints = NDArray[np.int64]


@dataclass(slots=True)
class Bounds:
    """Between which numbers true wall time less boot clock lies, and the bases that pushes agreed with."""

    low_ms: int = NO_LOW
    high_ms: int = NO_HIGH
    agreed: frozenset[int] = frozenset()

    def merge(self, other: "Bounds") -> bool:
        """Takes in what `other` proves; whether that was news."""
        news = other.low_ms > self.low_ms or other.high_ms < self.high_ms or not other.agreed <= self.agreed
        if news:
            self.low_ms, self.high_ms = max(self.low_ms, other.low_ms), min(self.high_ms, other.high_ms)
            self.agreed |= other.agreed
        return news

    @property
    def middle_ms(self) -> int:
        if self.low_ms == NO_LOW:
            return self.high_ms
        return self.low_ms if self.high_ms == NO_HIGH else (self.low_ms + self.high_ms) // 2

    @property
    def error_ms(self) -> int:
        """Half of what lies between the bounds; TRUSTED_MS where one of them is missing."""
        one_sided = self.low_ms == NO_LOW or self.high_ms == NO_HIGH
        return TRUSTED_MS if one_sided else abs(self.high_ms - self.low_ms) // 2

    def agree(self, base_ms: int) -> bool:
        if base_ms in self.agreed:
            return True
        low_ms = self.low_ms if self.low_ms != NO_LOW else self.high_ms
        high_ms = self.high_ms if self.high_ms != NO_HIGH else self.low_ms
        return low_ms - TRUSTED_MS <= base_ms <= high_ms + TRUSTED_MS


def bucket_of(boot_ms: int) -> int:
    return boot_ms // BUCKET_MS


def is_judged(host: Host | None) -> bool:
    """Whether a batch tells enough to judge its clock; what does not (a router's script) is taken at its word."""
    return host is not None and host.same_boot is not None


def agrees(host: Host, base_ms: int, received_ms: int) -> bool:
    """Whether a push by itself says that `base_ms`, of the boot it was sent in, is right."""
    if not host.same_boot:
        return False
    estimate_ms = received_ms - host.sent_boot_ms
    if host.answered and bucket_of(host.sent_boot_ms) - bucket_of(host.answered[1]) <= 1:
        estimate_ms = (estimate_ms + host.answered[0] - host.answered[1]) // 2
    return abs(estimate_ms - base_ms) <= TRUSTED_MS


def is_proved(host: Host, base_ms: int, received_ms: int, first_ms: int, last_ms: int) -> bool:
    """Whether a push proves the raw stamps `first_ms` ... `last_ms` of its own rows, whatever else comes."""
    here = bucket_of(host.sent_boot_ms)
    near = here - 1 <= bucket_of(first_ms - base_ms) and bucket_of(last_ms - base_ms) <= here
    return near and agrees(host, base_ms, received_ms)


def proofs(host: Host, base_ms: int, received_ms: int) -> Iterator[tuple[int, Bounds]]:
    """What a push of the boot that it was sent in proves, by bucket."""
    high = Bounds(high_ms=received_ms - host.sent_boot_ms)
    if agrees(host, base_ms, received_ms):
        high.agreed = frozenset((base_ms,))
    if host.answered:
        low_ms, here = host.answered[0] - host.answered[1], bucket_of(host.answered[1])
        if here == bucket_of(host.sent_boot_ms):
            high.low_ms = low_ms
        else:
            yield here, Bounds(low_ms=low_ms)
    yield bucket_of(host.sent_boot_ms), high


@dataclass(frozen=True)
class Correction:
    """What is to be added to the raw stamps of one base of one boot: `shifts[i]` from `edges[i - 1]` to `edges[i]`.

    Not trusted: nobody knows; then there are no shifts.
    """

    edges: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()
    error_ms: int = 0

    @property
    def trusted(self) -> bool:
        return bool(self.shifts)

    def shift_at(self, raw_ms: int) -> int:
        return self.shifts[bisect_right(self.edges, raw_ms)]

    def true_ms(self, raw_ms: int) -> int:
        return raw_ms + self.shift_at(raw_ms)

    def correct(self, raw_ms: Ints) -> Ints:
        """True stamps of raw ones."""
        if len(self.shifts) == 1:
            return raw_ms + self.shifts[0]
        corrected: Ints = raw_ms + self._shifts[np.searchsorted(self._edges, raw_ms, side="right")]
        return corrected

    def pieces(self, first_ms: int, last_ms: int) -> Iterator[tuple[int, int, int]]:
        """(first raw, last raw, shift) of each piece between the raw stamps `first_ms` and `last_ms`."""
        for number, shift_ms in enumerate(self.shifts):
            from_ms = max(first_ms, self.edges[number - 1]) if number else first_ms
            to_ms = min(last_ms, self.edges[number] - 1) if number < len(self.edges) else last_ms
            if from_ms <= to_ms:
                yield from_ms, to_ms, shift_ms

    @cached_property
    def _edges(self) -> Ints:
        return np.array(self.edges, np.int64)

    @cached_property
    def _shifts(self) -> Ints:
        return np.array(self.shifts, np.int64)


UNTRUSTED = Correction()
UNCHANGED = Correction(shifts=(0,))


@dataclass(slots=True)
class Boot:
    """What is known of one boot of an agent. Stamps are raw wall milliseconds, `sent_ms` the boot clock's."""

    buckets: dict[int, Bounds] = field(default_factory=dict)
    bases: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Base -> first and last raw stamp."""
    streams: dict[str, int] = field(default_factory=dict)
    """Stream -> its lowest sequence number in this boot."""
    sent_ms: tuple[int, int] | None = None
    """When pushes of this boot itself were sent: the first and the last."""
    heard_ms: int = 0
    """When the last of them came, by the collector's clock."""

    def prove(self, bucket: int, proof: Bounds) -> bool:
        """Whether it was news."""
        return self.buckets.setdefault(bucket, Bounds()).merge(proof)

    def has_proved(self, host: Host, base_ms: int, received_ms: int) -> bool:
        """Whether all that a push proves (see `proofs`) is known already."""
        known = self.buckets.get(bucket_of(host.sent_boot_ms))
        if known is None or received_ms - host.sent_boot_ms < known.high_ms:
            return False
        if host.answered:
            answered = self.buckets.get(bucket_of(host.answered[1]))
            if answered is None or host.answered[0] - host.answered[1] > answered.low_ms:
                return False
        return base_ms in known.agreed or not agrees(host, base_ms, received_ms)

    def measure(self, base_ms: int, first_ms: int, last_ms: int) -> None:
        known = self.bases.get(base_ms)
        self.bases[base_ms] = (min(first_ms, known[0]), max(last_ms, known[1])) if known else (first_ms, last_ms)

    def go_on(self, sent_ms: int, heard_ms: int, base_ms: int, stamps: tuple[int, int] | None) -> None:
        """The usual push: what `send` and `measure` do, for the price of one."""
        first_ms, last_ms = self.sent_ms or (sent_ms, sent_ms - 1)
        if sent_ms > last_ms or sent_ms < first_ms:
            self.sent_ms = (min(first_ms, sent_ms), max(last_ms, sent_ms))
        if heard_ms > self.heard_ms:
            self.heard_ms = heard_ms
        if stamps:
            first_ms, last_ms = self.bases[base_ms]
            if stamps[1] > last_ms or stamps[0] < first_ms:
                self.bases[base_ms] = (min(first_ms, stamps[0]), max(last_ms, stamps[1]))

    def number(self, stream: str, seq: int) -> None:
        self.streams[stream] = min(seq, self.streams.get(stream, seq))

    def send(self, first_ms: int, last_ms: int, heard_ms: int) -> None:
        known, self.heard_ms = self.sent_ms, max(self.heard_ms, heard_ms)
        self.sent_ms = (min(first_ms, known[0]), max(last_ms, known[1])) if known else (first_ms, last_ms)

    def merge(self, other: "Boot") -> None:
        """Takes in all that `other` knows of the same boot."""
        for bucket, proof in other.buckets.items():
            self.prove(bucket, proof)
        for base_ms, span in other.bases.items():
            self.measure(base_ms, *span)
        for stream, seq in other.streams.items():
            self.number(stream, seq)
        if other.sent_ms:
            self.send(*other.sent_ms, other.heard_ms)

    def nearest(self, bucket: int) -> Bounds:
        """The bounds of `bucket`, or of the nearest that has some; there must be one."""
        found = self.buckets.get(bucket)
        if found:
            return found
        return self.buckets[min(self.buckets, key=lambda known: (abs(known - bucket), -known))]

    def is_right(self, base_ms: int, bucket: int) -> bool:
        return any(near in self.buckets and self.buckets[near].agree(base_ms) for near in (bucket, bucket + 1))

    def correction(self, base_ms: int) -> Correction:
        """1. The shift can change only around buckets with bounds and half-way between them. 2. Ask it there."""
        if not self.buckets:
            return UNTRUSTED
        known = sorted(self.buckets)
        turns = {at for bucket in known for at in (bucket - 1, bucket, bucket + 1)}
        turns |= {(one + other + 1) // 2 for one, other in pairwise(known)}
        turns |= {(one + other) // 2 + 1 for one, other in pairwise(known)}
        edges, shifts, error_ms = list[int](), [self._shift(base_ms, known[0] - 2)], 0
        for bucket in sorted(turns):
            shift_ms = self._shift(base_ms, bucket)
            if shift_ms:
                error_ms = max(error_ms, self.nearest(bucket).error_ms)
            if shift_ms != shifts[-1]:
                edges.append(bucket * BUCKET_MS + base_ms)
                shifts.append(shift_ms)
        return Correction(tuple(edges), tuple(shifts), error_ms)

    def _shift(self, base_ms: int, bucket: int) -> int:
        return 0 if self.is_right(base_ms, bucket) else self.nearest(bucket).middle_ms - base_ms

    def true_sent(self) -> tuple[int, int] | None:
        """When its own pushes were sent, in true time: the first and the last."""
        if not (self.sent_ms and self.buckets):
            return None
        first_ms, last_ms = self.sent_ms
        return (
            first_ms + self.nearest(bucket_of(first_ms)).middle_ms,
            last_ms + self.nearest(bucket_of(last_ms)).middle_ms,
        )
