"""Which sequence numbers of a stream are there already: one contiguous number and a few intervals above it. Pure.

`seq <= last` alone would drop a batch that comes out of order; a set of all numbers would grow for ever.

**The floor.** An agent sends with every batch the number below which nothing will ever come any more. Everything below
it counts as already there from then on, whether it came or not. So a batch from below the floor that was never stored
(a copy that a proxy kept, after the agent had dropped the original and counted the loss) is answered as duplicates: the
agent has accounted for those results as lost, and they must not be in two accounts. A floor never reaches beyond the
batch that names it: an agent that counts wrongly may lose its past, not its future.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Window:
    """Everything below `contiguous` is there, and `above`: half-open intervals, apart, in order. Never changed."""

    contiguous: int = 0
    above: tuple[tuple[int, int], ...] = ()

    @property
    def end(self) -> int:
        """One more than the highest number that is there."""
        return self.above[-1][1] if self.above else self.contiguous

    def has_none_of(self, first: int, end: int) -> bool:
        """Whether no number from `first` to `end - 1` is there; the usual case, in no time."""
        if first >= self.end:
            return True
        return first >= self.contiguous and not any(low < end and first < high for low, high in self.above)

    def gaps(self, first: int, end: int) -> list[tuple[int, int]]:
        """The parts of [first, end) that are not there."""
        gaps, low = [], max(first, self.contiguous)
        for there_low, there_end in self.above:
            if low < min(there_low, end):
                gaps.append((low, min(there_low, end)))
            low = max(low, there_end)
        return [*gaps, (low, end)] if low < end else gaps

    def present(self, seqs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of `seqs` are there."""
        there = seqs < self.contiguous
        if self.above:
            edges = np.array(self.above, np.int64).ravel()  # low, high, low, high: inside is an odd position
            there |= np.searchsorted(edges, seqs, side="right") % 2 == 1
        return there

    def add(self, first: int, end: int) -> "Window":
        """With the numbers from `first` to `end - 1` there too."""
        if end <= max(first, self.contiguous):
            return self
        if first <= self.contiguous and not self.above:
            return Window(end)
        merged = _merge(self.above, first, end)
        if merged[0][0] <= self.contiguous:
            return Window(max(self.contiguous, merged[0][1]), merged[1:])
        return Window(self.contiguous, merged)

    def raise_floor(self, floor: int) -> "Window":
        """With everything below `floor` counted as there."""
        return self.add(0, floor)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode((self.contiguous, self.above))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Window":
        return cls(*msgspec.msgpack.decode(data, type=tuple[int, tuple[tuple[int, int], ...]]))


EMPTY = Window()


def _merge(intervals: tuple[tuple[int, int], ...], first: int, end: int) -> tuple[tuple[int, int], ...]:
    """`intervals` with [first, end) added; those that touch become one."""
    left = bisect_left(intervals, first, key=lambda interval: interval[1])
    right = bisect_right(intervals, end, key=lambda interval: interval[0])
    if left < right:
        first, end = min(first, intervals[left][0]), max(end, intervals[right - 1][1])
    return (*intervals[:left], (first, end), *intervals[right:])
