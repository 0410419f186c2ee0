"""What the store knows by heart: recent rows, windows and agents. All of it follows from tables and log."""

import sqlite3

import msgspec
import numpy as np

from collector.registry import AgentState
from collector.store import log
from collector.store.group import Frame, Group, Stream, apply
from collector.store.heard import Agents
from collector.store.names import context_of
from collector.store.recent import Recent
from collector.store.window import EMPTY, Window
from collector.unpack import Ints
from shared.wire import Context


class Memory:
    """Filled from the file on opening, and kept in step by the writer. Not thread-safe; the store's lock guards it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.recent = Recent()
        self.windows: dict[Stream, Window] = {
            (agent, stream): Window.from_bytes(spans)
            for agent, stream, spans in db.execute("SELECT agent, stream, spans FROM windows")
        }
        self.agents = Agents(
            msgspec.msgpack.decode(state, type=AgentState) for (state,) in db.execute("SELECT state FROM heard")
        )
        self.damage: dict[str, None] = {}
        """Sentences, each once, in the order they were found."""
        self._unsaved: set[Stream] = set()
        self._play_back(db)

    def add(self, number: int, group: Group) -> None:
        """Log row `number` was committed."""
        self.windows |= group.windows
        self._unsaved |= group.windows.keys()
        for frame, context in zip(group.frames, group.contexts, strict=True):
            self.agents.hear(frame, context)
        received_ms = max(frame.received_ms for frame in group.frames)
        self.recent.add(number, received_ms, group.rows, group.starts, group.places)

    def save(self, db: sqlite3.Connection) -> None:
        """Writes out what would be lost with the log rows that are about to be deleted."""
        db.executemany(
            "INSERT OR REPLACE INTO windows (agent, stream, spans) VALUES (?, ?, ?)",
            [(*stream, self.windows[stream].to_bytes()) for stream in sorted(self._unsaved)],
        )
        db.executemany(
            "INSERT OR REPLACE INTO heard (agent, state) VALUES (?, ?)",
            [(state.name, msgspec.msgpack.encode(state)) for state in self.agents.unsaved()],
        )

    def saved(self) -> None:
        """The transaction of `save` stands; the writer has added nothing since."""
        self._unsaved.clear()
        self.agents.saved(self.agents.unsaved())

    def _play_back(self, db: sqlite3.Connection) -> None:
        places = _places_of_series(db)
        contexts: dict[int, Context | None] = {}
        for entry in log.entries(db):
            if isinstance(entry, str):
                self.damage[entry] = None
                continue
            number, received_ms, frames, rows = entry
            for frame in frames:
                if frame.source not in contexts:
                    contexts[frame.source] = context_of(db, frame.source)
                self._play_frame(frame, contexts[frame.source])
            self.recent.add(number, received_ms, rows, *_pieces(places[rows.series]))

    def _play_frame(self, frame: Frame, context: Context | None) -> None:
        stream = (frame.agent, frame.stream)
        self.windows[stream] = apply(frame, self.windows.get(stream, EMPTY))
        self._unsaved.add(stream)
        self.agents.hear(frame, context)


def _places_of_series(db: sqlite3.Connection) -> Ints:
    """The place of every series, by its number."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM series").fetchone()
    places = np.zeros(last + 1, np.int64)
    for number, place in db.execute("SELECT id, site FROM series"):
        places[number] = place
    return places


def _pieces(places: Ints) -> tuple[Ints, Ints]:
    """Where each run of one place begins, and which place it is."""
    begins = np.ones(len(places), np.bool_)
    np.not_equal(places[1:], places[:-1], out=begins[1:])
    starts = np.flatnonzero(begins)
    return starts, places[starts]
