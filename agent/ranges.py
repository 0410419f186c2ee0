"""A set of sequence numbers as inclusive intervals: acknowledgements come out of order, yet soon melt into a few."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Ranges:
    """Numbers as disjoint intervals that do not touch, in order."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in pairs:
            self.add(first, last)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._firsts, self._lasts, strict=True)

    def add(self, first: int, last: int) -> int:
        """Put in first ... last; returns how many of them were new."""
        if last < first:
            return 0
        new = last - first + 1 - self.count(first, last)
        low = bisect_left(self._lasts, first - 1)  # the first interval that overlaps or touches
        high = bisect_right(self._firsts, last + 1)  # one behind the last that does
        if low < high:
            first, last = min(first, self._firsts[low]), max(last, self._lasts[high - 1])
        self._firsts[low:high], self._lasts[low:high] = [first], [last]
        return new

    def count(self, first: int, last: int) -> int:
        """How many of first ... last are in."""
        found = 0
        for i in range(bisect_left(self._lasts, first), len(self._firsts)):
            if self._firsts[i] > last:
                break
            found += min(last, self._lasts[i]) - max(first, self._firsts[i]) + 1
        return found

    def first_gap(self, first: int, last: int) -> tuple[int, int] | None:
        """The first run of numbers in first ... last that are not in."""
        return next(self.gaps(first, last), None)

    def last_gap(self, first: int, last: int) -> tuple[int, int] | None:
        """The last run of numbers in first ... last that are not in."""
        found = None
        for found in self.gaps(first, last):  # noqa: B007  the last one is what is wanted; there are few
            pass
        return found

    def gaps(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Every run of numbers in first ... last that are not in, in order."""
        for i in range(bisect_left(self._lasts, first), len(self._firsts)):
            if self._firsts[i] > last:
                break
            if self._firsts[i] > first:
                yield first, self._firsts[i] - 1
            first = self._lasts[i] + 1
        if first <= last:
            yield first, last
