"""Pure: what is still to be judged. It outlives a round that fails."""

from collections.abc import Iterable

Range = tuple[int, int]
"""First and last stamp of results."""


class Owed:
    """By place. What is added while a place is judged stays."""

    def __init__(self) -> None:
        self._spans: dict[int, list[Range]] = {}

    def add(self, place: int, *spans: Range) -> None:
        self._spans.setdefault(place, []).extend(spans)

    def places(self) -> list[int]:
        return list(self._spans)

    def of(self, place: int) -> list[Range]:
        """In the order in which they were added."""
        return list(self._spans[place])

    def paid(self, place: int, count: int) -> None:
        """The first `count` of `of` were judged."""
        del self._spans[place][:count]
        if not self._spans[place]:
            del self._spans[place]


def apart(spans: Iterable[Range], far_ms: int) -> list[Range]:
    """`spans` by time; those that are not `far_ms` apart are one."""
    merged: list[Range] = []
    for from_ms, to_ms in sorted(spans):
        if merged and from_ms - merged[-1][1] <= far_ms:
            merged[-1] = (merged[-1][0], max(merged[-1][1], to_ms))
        else:
            merged.append((from_ms, to_ms))
    return merged
