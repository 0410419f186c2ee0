"""Pure: columns -> the wire's planes, in one pass: shared.wire.encode_planes for a simulator's numbers."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def planes_of(
    target: Ints,
    at_ms: Ints,
    outcome: NDArray[np.uint8],
    sent: NDArray[np.uint8],
    received: NDArray[np.uint8],
    avg_us: Ints,
    below_us: Ints,
    above_us: Ints,
    intervals_ms: Ints,
    base_ms: int,
) -> bytes:
    """The same bytes as encode_planes of the same results; at most 256 targets. `at_ms` is the boot clock; rows in
    order of sequence number."""
    order = np.argsort(target, kind="stable")
    by, at_ms, received, avg_us = target[order], at_ms[order], received[order], avg_us[order]
    silent = received == 0
    first = np.ones(len(by), np.bool_)
    first[1:] = by[1:] != by[:-1]
    starts = at_ms - base_ms
    starts[1:] = np.where(first[1:], at_ms[1:] - base_ms, np.diff(at_ms) - intervals_ms[by[1:]])
    return b"".join(
        (
            target.astype(np.uint8 if len(intervals_ms) <= 256 else "<u2").tobytes(),
            _planes(_zigzag(starts)),
            outcome[order].tobytes(),
            sent[order].tobytes(),
            received.tobytes(),
            _planes(_zigzag(_averages(avg_us, silent, by))),
            _planes(np.where(silent, 0, below_us[order])),
            _planes(np.where(silent, 0, above_us[order])),
        )
    )


def _averages(avg_us: Ints, silent: NDArray[np.bool_], by: Ints) -> Ints:
    """Each above the previous answered one of its target."""
    deltas = np.zeros(len(avg_us), np.int64)
    answered = np.flatnonzero(~silent)
    told = avg_us[answered]
    deltas[answered] = told
    same = by[answered[1:]] == by[answered[:-1]]
    deltas[answered[1:]] -= np.where(same, told[:-1], 0)
    return deltas


def _zigzag(numbers: Ints) -> Ints:
    return (numbers << 1) ^ (numbers >> 63)


def _planes(numbers: Ints) -> bytes:
    return numbers.astype("<u4").view(np.uint8).reshape(-1, 4).T.tobytes()
