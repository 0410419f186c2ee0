"""Pure: the quality of sites in the fast lane: their newest bins, and whether two neighbours have become bad.

What is bad here is bad in quality.py. A site whose rows cannot be told by these bins is marked too, and left to the
judge.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collector.judging.arrays import Table
from collector.judging.quality import BIN_MS, is_loss_bad
from collector.judging.still import BINS, Bin
from collector.store.rows import Rows
from collector.unpack import Ints

LONGEST_US = 10_000_000
"""A longer round trip is left to the judge: the sum of a bin must fit its column."""
MOST_PACKETS = 60_000
"""The same, for the packets of a bin."""
BEHIND_ALL = 1 << 62
"""More than the number of any bin."""


class Bins:
    """Bins of all held sites; a bin has the cell of its number modulo BINS.

    Of `sites`, the table of the fast lane, it reads the limits, marks `bad` and uses `low_ms` to reckon with.
    """

    def __init__(self, sites: Table) -> None:
        self._sites = sites
        self._bins = Table(number=np.int32, packets=np.uint16, lost=np.uint16, rows=np.uint16, sum_us=np.uint32)

    def enter(self, place: int, known: Sequence[Bin]) -> None:
        """A site whose bins these are is held from now on."""
        bins, first = self._bins, place * BINS
        bins.reach(first + BINS)
        bins["number"][first : first + BINS] = -1
        for one in known:
            for name in ("number", "packets", "lost", "rows", "sum_us"):
                bins[name][first + one.number % BINS] = getattr(one, name)

    def take_in(self, rows: Rows, place: NDArray[np.int64]) -> None:
        """Adds rows to the bins of their places. Marks those with bad pairs of bins, or with rows too far apart."""
        base = self._sites["low_ms"]  # its use is over
        number = rows.at_ms // BIN_MS
        base[place] = BEHIND_ALL
        np.minimum.at(base, place, number)
        apart = number - base[place]
        self._sites["bad"][place[apart >= BINS]] = True
        key = place * BINS + np.minimum(apart, BINS - 1)
        used, key = np.unique(key, return_inverse=True)
        at, number = used // BINS, base[used // BINS] + used % BINS
        cells, bins = at * BINS + number % BINS, self._bins
        known = bins["number"][cells]
        self._sites["bad"][at[known > number]] = True
        weights = {
            "packets": rows.sent,
            "lost": rows.sent.astype(np.int64) - rows.received,
            "rows": np.ones(len(rows)),
            "sum_us": rows.avg_us,
        }
        new = {name: np.bincount(key, each).astype(np.float64) for name, each in weights.items()}
        for name, sums in new.items():
            sums[known == number] += bins[name][cells[known == number]]
        self._sites["bad"][at[(new["packets"] > MOST_PACKETS) | (new["sum_us"] > 0xFFFF_FFFF)]] = True
        bins["number"][cells] = number
        for name, sums in new.items():
            bins[name][cells] = np.minimum(sums, np.iinfo(bins[name].dtype).max)
        self._check(at, number, new)

    def _check(self, place: Ints, number: Ints, sums: dict[str, NDArray[np.float64]]) -> None:
        """Marks the places that have a bad pair with one of these bins, as `quality.degraded_spans` has it."""
        limit_us = self._sites["rtt_us"][place]
        slow = sums["sum_us"] / sums["rows"] > limit_us
        doubtful = np.flatnonzero((sums["lost"] > 0) | slow)
        place, number, limit_us, slow = place[doubtful], number[doubtful], limit_us[doubtful], slow[doubtful]
        for step in (-1, 1):
            cells = place * BINS + (number + step) % BINS
            there = self._bins["number"][cells] == number + step
            beside = {name: np.where(there, self._bins[name][cells], 0.0) for name in ("packets", "lost", "rows")}
            sum_us = np.where(there, self._bins["sum_us"][cells], 0.0)
            rtt_us = np.divide(sum_us, beside["rows"], out=np.zeros(len(cells)), where=beside["rows"] > 0)
            lost, packets = sums["lost"][doubtful] + beside["lost"], sums["packets"][doubtful] + beside["packets"]
            bad = is_loss_bad(lost, packets, self._sites["loss_ratio"][place]) | (slow & (rtt_us > limit_us))
            self._sites["bad"][place[bad]] = True
