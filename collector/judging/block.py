"""Pure: what was committed at all sites, as one block of rows that knows where each site's begin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.store.fresh import Fresh
from collector.store.rows import Rows, join
from collector.unpack import Ints

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """The new rows of all sites; piece i is rows starts[i] to starts[i] + sizes[i], of places[i], from log row
    numbers[i]; its stamps are within earliest_ms[i] and latest_ms[i]. `place` by row."""

    rows: Rows
    starts: Ints
    sizes: Ints
    places: Ints
    numbers: Ints
    earliest_ms: Ints
    latest_ms: Ints
    place: Ints

    def pieces(self, chosen: Mask) -> "Block":
        """Those pieces alone."""
        if chosen.all():
            return self
        by_row, sizes = np.repeat(chosen, self.sizes), self.sizes[chosen]
        return Block(
            self.rows.take(by_row),
            np.cumsum(sizes) - sizes,
            sizes,
            self.places[chosen],
            self.numbers[chosen],
            self.earliest_ms[chosen],
            self.latest_ms[chosen],
            self.place[by_row],
        )


def block_of(fresh: Fresh) -> Block:
    """Of those rows whose stamps stand as they are."""
    parts, rows, empty = fresh.parts, join([part.rows for part in fresh.parts]), np.empty(0, np.int64)
    before = np.cumsum([0, *(len(part.rows) for part in parts)]).tolist()
    starts = np.concatenate([empty, *(part.starts + n for part, n in zip(parts, before, strict=False))])
    places = np.concatenate([empty, *(part.places for part in parts)]).astype(np.int64)
    numbers = np.repeat(np.array([part.number for part in parts], np.int64), [len(part.starts) for part in parts])
    sizes = np.diff(starts, append=len(rows))
    earliest_ms = np.minimum.reduceat(rows.at_ms, starts) if len(starts) else empty
    latest_ms = np.maximum.reduceat(rows.at_ms, starts) if len(starts) else empty
    block = Block(rows, starts, sizes, places, numbers, earliest_ms, latest_ms, np.repeat(places, sizes))
    return block.pieces(np.concatenate([empty, *(part.clocks for part in parts)]) == 0)
