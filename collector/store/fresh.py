"""Rows on their way to the judge: what was committed since it last asked, as it was committed."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.store.group import Group
from collector.store.rows import Rows
from collector.unpack import Ints

MOST_ROWS = 1_000_000
"""More are not kept: a judge that is so far behind reads what it needs."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of log row `number`; piece i begins at `starts[i]`, is of `places[i]`, its stamps of `clocks[i]`."""

    number: int
    rows: Rows
    starts: Ints
    places: Ints
    clocks: Ints


@dataclass(frozen=True, slots=True)
class Fresh:
    """`touched`: first and last true stamp by place of all that is new or moved; `parts`: the rows of it that came just
    now, with raw stamps, which are true where the clock is 0; `moved`: places at which stamps are corrected."""

    touched: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    moved: frozenset[int] = frozenset()


class FreshRows:
    """Not thread-safe; the store's lock guards it."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._rows = 0
        self.newest = 0
        """The number of the last log row that was committed since opening."""

    def add(self, number: int, group: Group) -> None:
        """Log row `number` was committed."""
        self.newest = number
        if not len(group.rows):
            return
        self._parts.append(Part(number, group.rows, group.starts, group.places, group.clock_of))
        self._rows += len(group.rows)
        if self._rows > MOST_ROWS:
            self.take()

    def take(self) -> list[Part]:
        """What was added since the last call."""
        parts, self._parts, self._rows = self._parts, [], 0
        return parts


def watched(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """(site of a watcher, place that it watches)."""
    ask = "SELECT DISTINCT a.code, site FROM series JOIN places a ON a.id = agent_site WHERE site <> agent_site"
    return db.execute(ask).fetchall()
