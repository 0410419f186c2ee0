"""The windows of all streams: those in use in memory, the others in their table.

A window that was not used between two saves is let go; the boots of last year are read again if anything of theirs
ever comes.
"""

import sqlite3

from collector.store.group import Frame, Stream, apply
from collector.store.window import EMPTY, Window


class Windows:
    """Not thread-safe: the writer's alone."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._used: dict[Stream, Window] = {}
        self._before: dict[Stream, Window] = {}
        """Used before the last save, and not since."""
        self._unsaved: set[Stream] = set()

    def find(self, stream: Stream) -> Window:
        """What is there of a stream. One of a boot begins with what was there before boots were told apart."""
        found = self._used.get(stream)
        if found is None:
            before = stream in self._before
            found = self._used[stream] = self._before.pop(stream) if before else self._read(stream)
        return found

    def put(self, windows: dict[Stream, Window]) -> None:
        """They were committed."""
        self._used |= windows
        self._unsaved |= windows.keys()

    def play(self, frame: Frame) -> None:
        """A frame of the log, on opening."""
        stream = (frame.agent, frame.stream, frame.boot_id)
        self.put({stream: apply(frame, self.find(stream))})

    def save(self, db: sqlite3.Connection) -> None:
        db.executemany(
            "INSERT OR REPLACE INTO windows (agent, stream, boot_id, spans) VALUES (?, ?, ?, ?)",
            [(*stream, self._used[stream].to_bytes()) for stream in sorted(self._unsaved)],
        )

    def saved(self) -> None:
        """The transaction of `save` stands."""
        self._before, self._used = self._used, {}
        self._unsaved.clear()

    def _read(self, stream: Stream) -> Window:
        agent, name, boot_id = stream
        found = self._db.execute(
            "SELECT spans FROM windows WHERE agent = ? AND stream = ? AND boot_id = ?", (agent, name, boot_id)
        ).fetchone()
        if found:
            return Window.from_bytes(found[0])
        return self._peek((agent, name, "")) if boot_id else EMPTY

    def _peek(self, stream: Stream) -> Window:
        """As `find`, but it is not kept at hand."""
        found = self._used.get(stream) or self._before.get(stream)
        return found or self._read(stream)
