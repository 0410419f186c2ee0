"""Connections that read, beside the one that writes: as many as there are readers at one moment."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from collector.store import StoreError
from collector.store.schema import connect

T = TypeVar("T")


class Readers:
    """From any thread. Those that are not in use are kept open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with, for this caller alone until it is done."""
        try:
            db = self._idle.pop() if self._idle else connect(str(self._path))
        except IndexError:  # another thread took the last one
            db = connect(str(self._path))
        try:
            yield db
            if db.in_transaction:
                db.execute("COMMIT")
        except BaseException as error:  # whatever state it is in, nobody gets this connection again
            db.close()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"the store could not be read: {error}") from None
            raise
        self._idle.append(db)

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """What `question` answers; StoreError if the store cannot be read."""
        with self.open() as db:
            return question(db)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


def take_snapshot(db: sqlite3.Connection) -> None:
    """From here to the end of the transaction the connection sees the file as it is now."""
    db.execute("BEGIN")
    db.execute("SELECT 1 FROM chunks LIMIT 1").fetchone()
