"""What a store is, once and for ever: whether what is in it was simulated."""

import sqlite3

from collector.store.doors import Ask, Write

TABLES = """
CREATE TABLE store_marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
SIMULATED = "simulated"


class Marks:
    """The marks of a store, as `collector.store.Store.marks` offers them. None is ever taken away."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write
        self._known: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether anything in the store was simulated. Asks the file once: only `simulate` marks a store, and it works
        alone on it."""
        return bool(self.simulated_by)

    @property
    def simulated_by(self) -> str:
        """What simulated it, as `simulate` noted; empty for a real store."""
        if self._known is None:
            self._known = self._ask(_value)
        return self._known

    def mark_simulated(self, by: str) -> None:
        """From now on everything that shows this store says that it is simulated. The first mark stands."""
        self._write(lambda db: db.execute("INSERT OR IGNORE INTO store_marks VALUES (?, ?)", (SIMULATED, by)).rowcount)
        self._known = None


def _value(db: sqlite3.Connection) -> str:
    found = db.execute("SELECT value FROM store_marks WHERE name = ?", (SIMULATED,)).fetchone()
    return str(found[0]) if found else ""
