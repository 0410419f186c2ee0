"""Results as numpy columns, and how the wire's planes become them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.result import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Whose results: one target of one agent, as it concerns one site.

    `outside`: the target names another site than the agent's own, so the agent (at `agent_site`) watches `site`
    from outside.
    """

    site: str
    agent: str
    agent_site: str
    target: str
    group: Group
    kind: str
    interval_ms: int
    address: str = ""

    @property
    def outside(self) -> bool:
        return self.site != self.agent_site


VALUES = ("at_ms", "outcome", "sent", "received", "avg_us", "min_us", "max_us")
"""The columns besides `index`, in the order of the class."""


@dataclass(frozen=True, slots=True)
class Columns:
    """n results as parallel arrays; `series` is what `index` points into. Times are wall milliseconds, round trips
    microseconds."""

    series: tuple[Series, ...]
    index: NDArray[np.uint16]
    at_ms: NDArray[np.int64]
    outcome: NDArray[np.uint8]
    sent: NDArray[np.uint8]
    received: NDArray[np.uint8]
    avg_us: NDArray[np.uint32]
    min_us: NDArray[np.uint32]
    max_us: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.at_ms)

    @classmethod
    def empty(cls) -> Self:
        bytes_, words = np.empty(0, np.uint8), np.empty(0, np.uint32)
        return cls((), np.empty(0, np.uint16), np.empty(0, np.int64), bytes_, bytes_, bytes_, words, words, words)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Columns":
        """The rows chosen by a mask, by positions or by a slice, with the same series."""
        return Columns(
            self.series,
            self.index[chosen],
            self.at_ms[chosen],
            self.outcome[chosen],
            self.sent[chosen],
            self.received[chosen],
            self.avg_us[chosen],
            self.min_us[chosen],
            self.max_us[chosen],
        )

    def by_series(self) -> "Columns":
        """The rows by series and time. Columns from a store are in this order already."""
        if (self.index[1:] < self.index[:-1]).any():
            return self.take(np.lexsort((self.at_ms, self.index)))
        return self


def concatenate(parts: Sequence[Columns]) -> Columns:
    """All rows of `parts`, sorted by series, time and content; the order of `parts` leaves no trace in the result."""
    if not parts:
        return Columns.empty()
    series = tuple(sorted({s for p in parts for s in p.series}, key=series_order))
    position = {s: i for i, s in enumerate(series)}
    index = [np.array([position[s] for s in p.series], np.uint16)[p.index] for p in parts if len(p)]
    merged = Columns(
        series,
        np.concatenate(index or [np.empty(0, np.uint16)]),
        *(np.concatenate([getattr(p, name) for p in parts]) for name in VALUES),
    )
    return ordered(merged)


def ordered(columns: Columns) -> Columns:
    """The rows by series, time and content. One sort of one key, unless two results of a series have the same stamp."""
    c = columns
    if not len(c):
        return c
    key = c.index.astype(np.int64) << 46 | (c.at_ms - c.at_ms.min())
    order = np.argsort(key)
    sorted_key = key[order]
    if (sorted_key[1:] == sorted_key[:-1]).any():
        order = np.lexsort((c.max_us, c.min_us, c.avg_us, c.received, c.sent, c.outcome, key))
    return c.take(order)


def series_order(series: Series) -> tuple[str, str, str, str, str, int, str, str]:
    """What series are sorted by: all there is, so that no two are equal."""
    s = series
    return (s.site, s.agent, s.target, s.group, s.kind, s.interval_ms, s.address, s.agent_site)
