"""What the store knows by heart: recent rows, windows, clocks and agents. All of it follows from tables and log."""

import sqlite3

import msgspec
import numpy as np

from collector.clocks import Correction
from collector.registry import AgentState
from collector.store import log
from collector.store.chronicles import Chronicles
from collector.store.group import Frame, Group
from collector.store.heard import Agents
from collector.store.names import context_of
from collector.store.recent import Recent
from collector.store.windows import Windows
from collector.unpack import Ints
from shared.wire import Context


class Memory:
    """Filled from the file on opening, and kept in step by the writer. Not thread-safe; the store's lock guards it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.recent = Recent()
        self.windows = Windows(db)
        self.chronicles = Chronicles(db)
        self.agents = Agents(
            msgspec.msgpack.decode(state, type=AgentState) for (state,) in db.execute("SELECT state FROM heard")
        )
        self.damage: list[str] = []
        """A sentence for each log row that cannot be read."""
        self._play_back(db)

    def add(self, number: int, group: Group) -> None:
        """Log row `number` was committed."""
        self.windows.put(group.windows)
        for frame, context in zip(group.frames, group.contexts, strict=True):
            self._hear(frame, context)
        received_ms = max(frame.received_ms for frame in group.frames)
        self.recent.add(number, received_ms, group.rows, group.starts, group.places, group.clock_of, self._correction)

    def save(self, db: sqlite3.Connection) -> None:
        """Writes out what would be lost with the log rows that are about to be deleted."""
        self.windows.save(db)
        self.chronicles.save(db)
        db.executemany(
            "INSERT OR REPLACE INTO heard (agent, state) VALUES (?, ?)",
            [(state.name, msgspec.msgpack.encode(state)) for state in self.agents.unsaved()],
        )

    def saved(self) -> None:
        """The transaction of `save` stands; the writer has added nothing since."""
        self.windows.saved()
        self.chronicles.saved()
        self.agents.saved(self.agents.unsaved())

    def _play_back(self, db: sqlite3.Connection) -> None:
        places, clocks = _places_and_clocks(db)
        contexts: dict[int, Context | None] = {}
        for entry in log.entries(db):
            if isinstance(entry, str):
                self.damage.append(entry)
                continue
            number, received_ms, frames, rows = entry
            for frame in frames:
                if frame.source not in contexts:
                    contexts[frame.source] = context_of(db, frame.source)
                self.windows.play(frame)
                self._hear(frame, contexts[frame.source])
            starts = _pieces(places[rows.series], clocks[rows.series])
            first = rows.series[starts]
            self.recent.add(number, received_ms, rows, starts, places[first], clocks[first], self._correction)

    def _hear(self, frame: Frame, context: Context | None) -> None:
        """What a delivery says of its agent, and of when others were."""
        self.agents.hear(frame, context)
        find = "SELECT DISTINCT site FROM series WHERE clock = ? AND clock <> 0"  # the second part is for the index
        for moved in self.chronicles.add(self._db, frame, context):
            for (place,) in self._db.execute(find, (moved.clock,)):
                for from_ms, to_ms in moved.spans():
                    self.recent.touch(place, from_ms, to_ms)

    def _correction(self, clock: int) -> Correction:
        return self.chronicles.correction(self._db, clock)


def _places_and_clocks(db: sqlite3.Connection) -> tuple[Ints, Ints]:
    """The place and the clock of every series, by its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM series").fetchone()
    places, clocks = np.zeros(last + 1, np.int64), np.zeros(last + 1, np.int64)
    for number, place, clock in db.execute("SELECT id, site, clock FROM series"):
        places[number], clocks[number] = place, clock
    return places, clocks


def _pieces(places: Ints, clocks: Ints) -> Ints:
    """Where each run of one place and one clock begins."""
    begins = np.ones(len(places), np.bool_)
    begins[1:] = (places[1:] != places[:-1]) | (clocks[1:] != clocks[:-1])
    return np.flatnonzero(begins)
