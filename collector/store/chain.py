"""The chain of evidence in SQL: one link a closed site-day and revision, hashed over the one before."""

from collector.store.acts import keepers
from collector.store.doors import Ask, Write

TABLES = """
CREATE TABLE chain (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, day_ms INTEGER NOT NULL, number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, results BLOB NOT NULL, account BLOB NOT NULL, link BLOB NOT NULL
);
CREATE INDEX chain_of ON chain (site, day_ms);
""" + keepers("chain")


class Chain:
    """As `collector.store.Store.chain` offers it."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def head(self) -> tuple[int, str]:
        """How many links there are, and the last one as hexadecimal; (0, "") of an empty chain."""
        row = self._ask(lambda db: db.execute("SELECT id, link FROM chain ORDER BY id DESC LIMIT 1").fetchone())
        return (int(row[0]), bytes(row[1]).hex()) if row else (0, "")
