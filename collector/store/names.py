"""Numbers for what repeats: sites are places, and the targets of an agent are series. Rows carry the numbers alone.

A **source** is a context at the site where its agent is: with it, the target index of a wire row becomes a series.
A **clock** is one base of one boot; rows that are not proved right have series of their own under their clock.
Only the writer makes numbers, inside the transaction that uses them first; `forget` drops those whose transaction was
rolled back.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from collector.columns import Series
from collector.decode import intervals_of, series_of
from collector.store import UnknownContext
from collector.unpack import Ints
from shared.wire import Context

SOURCES_OF_AN_AGENT = 4
"""Contexts of one agent that are kept at hand: the one it measures in, and those of its backlog."""

CLOCKS_AT_HAND = 4_096

Key = tuple[str, str, str]
"""Name of the context, site, and which of several hosts."""


@dataclass(frozen=True, slots=True)
class Source:
    """A context at a place, by number. `series` and `places` by target; `place` if all targets concern one site."""

    id: int
    agent: str
    site: str
    name: str
    context: Context
    intervals_ms: Ints
    series: NDArray[np.int32]
    places: NDArray[np.int32]
    place: int | None

    def all_series(self) -> tuple[Series, ...]:
        return series_of(self.context, self.agent, self.site)


class Names:
    """The numbers; all places and the sources in use are kept in memory. Only the writer may make new ones."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._codes: dict[int, str] = dict(connection.execute("SELECT id, code FROM places"))
        self._places = {code: place for place, code in self._codes.items()}
        self._sources: dict[str, dict[Key, Source]] = {}
        self._under: dict[tuple[int, int], NDArray[np.int32]] = {}
        self._intervals: dict[tuple[int, ...], Ints] = {}
        self._new_places: list[str] = []
        self._new_sources: list[tuple[str, Key]] = []
        self._new_judged: list[tuple[int, int]] = []
        self.judged: dict[int, tuple[int, ...]] = {}
        """Place -> the clocks, beside 0, of series that concern it."""
        for place, clock in connection.execute("SELECT DISTINCT site, clock FROM series WHERE clock <> 0"):
            self.judged[place] = (*self.judged.get(place, ()), clock)

    def known_place(self, code: str) -> int | None:
        return self._places.get(code)

    def code(self, place: int) -> str:
        return self._codes[place]

    def place(self, code: str) -> int:
        """The number of a site."""
        found = self._places.get(code)
        if found is None:
            self._db.execute("INSERT INTO places (code) VALUES (?)", (code,))
            found = int(self._db.execute("SELECT id FROM places WHERE code = ?", (code,)).fetchone()[0])
            self._places[code], self._codes[found] = found, code
            self._new_places.append(code)
        return found

    def source(self, agent: str, site: str, name: str, context: Context | None, apart: str = "") -> Source:
        """The source of that name; `context` is what it is made of if it is new. UnknownContext if that is None.

        `apart`: of an agent that is several hosts, which one; its series are of an agent of its own.
        """
        kept = self._sources.setdefault(agent, {})
        source = kept.get((name, site, apart))
        if source is None:
            source = self._make(f"{agent}~{apart}" if apart else agent, site, name, context)
            while len(kept) >= SOURCES_OF_AN_AGENT:
                del kept[next(iter(kept))]
            kept[name, site, apart] = source
            self._new_sources.append((agent, (name, site, apart)))
        return source

    def clock(self, agent: str, context: Context) -> int:
        """The number of the clock that `context` was measured with."""
        spelled = (agent, context.boot_id, context.clock_base_ms)
        find = "SELECT id FROM clocks WHERE agent = ? AND boot_id = ? AND base_ms = ?"
        row = self._db.execute(find, spelled).fetchone()
        if row is None:
            self._db.execute("INSERT INTO clocks (agent, boot_id, base_ms) VALUES (?, ?, ?)", spelled)
            row = self._db.execute(find, spelled).fetchone()
        return int(row[0])

    def under(self, clock: int, source: Source, series: NDArray[np.int32]) -> NDArray[np.int32]:
        """The series of `source` that have `clock`, in place of those that have none."""
        found = self._under.get((source.id, clock))
        if found is None:
            while len(self._under) >= CLOCKS_AT_HAND:
                del self._under[next(iter(self._under))]
            found = self._under[source.id, clock] = self.series(source.all_series(), clock)
            self._new_judged += [(place, clock) for place in set(source.places.tolist())]
        order = np.argsort(source.series)
        return found[order[np.searchsorted(source.series, series, sorter=order)]]

    def known_context(self, agent: str, name: str) -> Context | None:
        """From memory alone."""
        for source in tuple(self._sources.get(agent, {}).values()):  # a copy: the writer may be adding one
            if source.name == name:
                return source.context
        return None

    def series(self, all_series: Iterable[Series], clock: int = 0) -> NDArray[np.int32]:
        """The numbers of `all_series`, in their order."""
        return np.fromiter((self._series(series, clock) for series in all_series), np.int32)

    def settle(self) -> None:
        """The transaction stands, and the numbers with it."""
        for place, clock in self._new_judged:
            if clock not in self.judged.get(place, ()):
                self.judged[place] = (*self.judged.get(place, ()), clock)
        self._new_judged.clear()
        self._new_places.clear()
        self._new_sources.clear()

    def forget(self) -> None:
        """The transaction was rolled back: its numbers do not exist."""
        for code in self._new_places:
            self._codes.pop(self._places.pop(code), None)
        for agent, key in self._new_sources:
            self._sources[agent].pop(key, None)
        self._under.clear()
        self._new_judged.clear()
        self.settle()

    def _make(self, agent: str, site: str, name: str, context: Context | None) -> Source:
        place = self.place(site)
        context = context or find_context(self._db, agent, name)
        if context is None:
            raise UnknownContext(f"context {name} of agent {agent} was never sent in full")
        self._db.execute(
            "INSERT OR IGNORE INTO contexts (agent, name, site, body) VALUES (?, ?, ?, ?)",
            (agent, name, place, msgspec.msgpack.encode(context)),
        )
        row = self._db.execute(
            "SELECT id FROM contexts WHERE agent = ? AND name = ? AND site = ?", (agent, name, place)
        ).fetchone()
        series = series_of(context, agent, site)
        places = np.fromiter((self.place(one.site) for one in series), np.int32)
        shared = self._intervals.setdefault(tuple(one.interval_ms for one in series), intervals_of(context))
        alone = int(places[0]) if len(set(places.tolist())) == 1 else None
        return Source(int(row[0]), agent, site, name, context, shared, self.series(series), places, alone)

    def _series(self, series: Series, clock: int) -> int:
        spelled = (
            self.place(series.site),
            series.agent,
            series.target,
            series.group,
            series.kind,
            series.interval_ms,
            series.address,
            self.place(series.agent_site),
            clock,
        )
        find = (
            "SELECT id FROM series WHERE site = ? AND agent = ? AND target = ? AND grp = ? AND kind = ?"
            " AND interval_ms = ? AND address = ? AND agent_site = ? AND clock = ?"
        )
        found = self._db.execute(find, spelled).fetchone()
        if found is None:
            self._db.execute(
                "INSERT INTO series (site, agent, target, grp, kind, interval_ms, address, agent_site, clock)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                spelled,
            )
            found = self._db.execute(find, spelled).fetchone()
        return int(found[0])


def find_context(connection: sqlite3.Connection, agent: str, name: str) -> Context | None:
    row = connection.execute("SELECT body FROM contexts WHERE agent = ? AND name = ? LIMIT 1", (agent, name)).fetchone()
    return msgspec.msgpack.decode(row[0], type=Context) if row else None


def context_of(connection: sqlite3.Connection, source: int) -> Context | None:
    row = connection.execute("SELECT body FROM contexts WHERE id = ?", (source,)).fetchone()
    return msgspec.msgpack.decode(row[0], type=Context) if row else None
