"""Rows of the log that are not compacted yet, decoded and by site. 27 bytes a result, and 12 for each piece of a site.

A **slab** is the rows of one log row; a **piece** is where the rows of one site lie in it.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from collector.clocks import Correction
from collector.store.rows import Records, Rows
from collector.unpack import Ints

Correct = Callable[[int], Correction]
"""The correction of a clock."""


@dataclass(frozen=True, slots=True)
class Slab:
    """The rows of one log row."""

    received_ms: int
    records: Records


class Recent:
    """Not thread-safe; the store's lock guards it."""

    def __init__(self) -> None:
        self.slabs: dict[int, Slab] = {}
        self._pieces: dict[int, array[int]] = {}
        self._touched: dict[int, tuple[int, int]] = {}
        self._moved: set[int] = set()
        self._spans: dict[int, tuple[int, int]] = {}

    def add(
        self, number: int, received_ms: int, rows: Rows, starts: Ints, places: Ints, clocks: Ints, correct: Correct
    ) -> None:
        """The rows of log row `number`; piece i begins at `starts[i]`, is of `places[i]`, its stamps of `clocks[i]`."""
        self.slabs[number] = Slab(received_ms, rows.records())
        if not len(rows):
            return
        earliest, latest = np.minimum.reduceat(rows.at_ms, starts), np.maximum.reduceat(rows.at_ms, starts)
        ends = np.append(starts[1:], len(rows))
        columns = (places, starts, ends, earliest, latest, clocks)
        for place, start, end, from_ms, to_ms, clock in zip(*(column.tolist() for column in columns), strict=True):
            pieces = self._pieces.get(place)
            if pieces is None:
                pieces = self._pieces[place] = array("I")
            pieces.extend((number, start, end))
            if clock:
                self._moved.add(place)
                self._touch_judged(place, from_ms, to_ms, correct(clock))
                continue
            _widen(self._touched, place, from_ms, to_ms)
            _widen(self._spans, place, from_ms, to_ms)

    def touch(self, place: int, from_ms: int, to_ms: int) -> None:
        """What is known of `place` has changed there, in true time."""
        self._moved.add(place)
        _widen(self._touched, place, from_ms, to_ms)

    def drop(self, numbers: set[int]) -> None:
        """Forgets log rows that are in chunks now."""
        for number in numbers:
            del self.slabs[number]
        for place in list(self._pieces):
            kept = array("I")
            for piece in _triples(self._pieces[place]):
                if piece[0] not in numbers:
                    kept.extend(piece)
            if kept:
                self._pieces[place] = kept
            else:
                del self._pieces[place]

    def pieces(self, place: int, numbers: Iterable[int] | None = None) -> list[Records]:
        """The rows of `place`; `numbers`: of those log rows alone."""
        wanted = self.slabs if numbers is None else numbers
        triples = _triples(self._pieces.get(place, array("I")))
        return [self.slabs[number].records[start:end] for number, start, end in triples if number in wanted]

    def places(self) -> list[int]:
        return list(self._pieces)

    def span(self, place: int) -> tuple[int, int] | None:
        """First and last stamp of what was ever added here and stands as it is."""
        return self._spans.get(place)

    def take_touched(self) -> dict[int, tuple[int, int]]:
        """First and last stamp by place of what was added since the last call."""
        touched, self._touched = self._touched, {}
        return touched

    def take_moved(self) -> set[int]:
        """Of these, places at which stamps are corrected, or something else than new rows was touched."""
        moved, self._moved = self._moved, set()
        return moved

    def _touch_judged(self, place: int, first_ms: int, last_ms: int, correction: Correction) -> None:
        for from_ms, to_ms, shift_ms in correction.pieces(first_ms, last_ms):
            _widen(self._touched, place, from_ms + shift_ms, to_ms + shift_ms)


def _triples(pieces: "array[int]") -> Iterator[tuple[int, int, int]]:
    numbers = iter(pieces.tolist())
    return zip(numbers, numbers, numbers, strict=True)


def _widen(spans: dict[int, tuple[int, int]], place: int, from_ms: int, to_ms: int) -> None:
    known = spans.get(place)
    if known is None or from_ms < known[0] or to_ms > known[1]:
        spans[place] = (from_ms, to_ms) if known is None else (min(known[0], from_ms), max(known[1], to_ms))
