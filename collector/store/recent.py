"""Rows of the log that are not compacted yet, decoded and by site. 27 bytes a result, and 12 for each piece of a site.

A **slab** is the rows of one log row; a **piece** is where the rows of one site lie in it.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from collector.store.rows import Records, Rows
from collector.unpack import Ints


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
        self._spans: dict[int, tuple[int, int]] = {}

    def add(self, number: int, received_ms: int, rows: Rows, starts: Ints, places: Ints) -> None:
        """The rows of log row `number`; piece i begins at `starts[i]` and is of `places[i]`."""
        self.slabs[number] = Slab(received_ms, rows.records())
        if not len(rows):
            return
        earliest, latest = np.minimum.reduceat(rows.at_ms, starts), np.maximum.reduceat(rows.at_ms, starts)
        ends = np.append(starts[1:], len(rows))
        columns = (places, starts, ends, earliest, latest)
        for place, start, end, from_ms, to_ms in zip(*(column.tolist() for column in columns), strict=True):
            pieces = self._pieces.get(place)
            if pieces is None:
                pieces = self._pieces[place] = array("I")
            pieces.extend((number, start, end))
            _widen(self._touched, place, from_ms, to_ms)
            _widen(self._spans, place, from_ms, to_ms)

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
        """First and last stamp of what was ever added here."""
        return self._spans.get(place)

    def take_touched(self) -> dict[int, tuple[int, int]]:
        """First and last stamp by place of what was added since the last call."""
        touched, self._touched = self._touched, {}
        return touched


def _triples(pieces: "array[int]") -> Iterator[tuple[int, int, int]]:
    numbers = iter(pieces.tolist())
    return zip(numbers, numbers, numbers, strict=True)


def _widen(spans: dict[int, tuple[int, int]], place: int, from_ms: int, to_ms: int) -> None:
    known = spans.get(place)
    if known is None or from_ms < known[0] or to_ms > known[1]:
        spans[place] = (from_ms, to_ms) if known is None else (min(known[0], from_ms), max(known[1], to_ms))
