"""The chain of evidence in SQL: one link for every closed site-day, every correction of it and every other change of
its results, each hashed over the one before (collector/accounting/proof.py says how). Append-only by triggers.

chain       the links, by number
unlinked    one row while there are days that were closed before there was a chain and have no link yet: the key of the
            last one that was looked at. A day that is closed from now on gets its link in the same transaction.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from typing import Any, NamedTuple

from collector.accounting.proof import BEFORE_FIRST, Link, Proof, linked
from collector.store.audit import keepers
from collector.store.doors import Ask, Write

ROWS = """
CREATE TABLE chain (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, day TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    number INTEGER NOT NULL, at_ms INTEGER NOT NULL, why TEXT NOT NULL, results BLOB NOT NULL, account BLOB NOT NULL,
    changes BLOB NOT NULL, link BLOB NOT NULL
);
CREATE INDEX chain_of ON chain (site, from_ms);
CREATE TABLE unlinked (id INTEGER PRIMARY KEY CHECK (id = 1), key INTEGER NOT NULL);
INSERT INTO unlinked SELECT 1, 0 WHERE EXISTS (SELECT 1 FROM days);
"""
TABLES = ROWS + keepers("chain")

LINKS = "SELECT id, site, day, from_ms, to_ms, number, at_ms, why, results, account, changes, link FROM chain"
OF_DAY = f"{LINKS} WHERE site = ? AND from_ms = ? AND to_ms = ? ORDER BY id DESC LIMIT 1"
ADD = "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
UNLINKED = (
    "SELECT days.key, site, timezone, from_ms, to_ms, number, ledger, tally"
    " FROM days JOIN desks ON desks.id = days.key >> 26 WHERE days.key > ? ORDER BY days.key LIMIT ?"
)


class Unlinked(NamedTuple):
    """A closed day that may have no link, from whatever books: those of a site that has moved have an @ in `site`."""

    key: int
    site: str
    timezone: str
    from_ms: int
    to_ms: int
    number: int
    ledger: bytes
    tally: bytes


class Chain:
    """As `collector.store.Store.chain` offers it. Links are written by `Books.write`, with what they prove."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def head(self) -> tuple[int, str]:
        """How many links there are, and the last one as hexadecimal; (0, "") of an empty chain."""
        n, link = self._ask(_last)
        return n, link.hex() if n else ""

    def links(self, after: int = 0, limit: int = 1_000) -> list[Link]:
        """Those that follow number `after`, by number."""
        ask = f"{LINKS} WHERE id > ? ORDER BY id LIMIT ?"
        return self._ask(lambda db: list(map(_link, db.execute(ask, (after, limit)))))

    def of(self, site: str, from_ms: int, to_ms: int) -> list[Link]:
        """Those of the site's days that begin in [from_ms, to_ms), by day and number."""
        ask = f"{LINKS} WHERE site = ? AND from_ms >= ? AND from_ms < ? ORDER BY from_ms, id"
        return self._ask(lambda db: list(map(_link, db.execute(ask, (site, from_ms, to_ms)))))

    def newest(self, site: str, from_ms: int, to_ms: int) -> Link | None:
        """The last one of this day."""
        row = self._ask(lambda db: db.execute(OF_DAY, (site, from_ms, to_ms)).fetchone())
        return _link(row) if row else None

    def sites(self) -> list[str]:
        """All that have links."""
        return self._ask(lambda db: [site for (site,) in db.execute("SELECT DISTINCT site FROM chain ORDER BY site")])

    def is_behind(self) -> bool:
        """Whether days that were closed before there was a chain still wait for their link."""
        return self._ask(lambda db: db.execute("SELECT 1 FROM unlinked").fetchone() is not None)

    def unlinked(self, limit: int) -> list[Unlinked]:
        """The next days to be looked at, so that `catch_up` gives them a link."""
        return self._ask(lambda db: list(_unlinked(db, limit)))

    def catch_up(self, proofs: Sequence[Proof], upto: int | None) -> None:
        """Links for days that had none. The next to be looked at follow the key `upto`; None: there are no more."""

        def statement(db: sqlite3.Connection) -> None:
            add(db, proofs)
            if upto is None:
                db.execute("DELETE FROM unlinked")
            else:
                db.execute("UPDATE unlinked SET key = ?", (upto,))

        self._write(statement)


def add(db: sqlite3.Connection, proofs: Sequence[Proof]) -> None:
    """One more link for each, in the transaction of what it proves."""
    n, before = _last(db)
    for proof in proofs:
        n += 1
        before = linked(before, Link(n, proof, "").content_digest)
        *told, results, account, changes = astuple(proof)
        db.execute(ADD, (n, *told, *map(bytes.fromhex, (results, account, changes)), before))


def _last(db: sqlite3.Connection) -> tuple[int, bytes]:
    row = db.execute("SELECT id, link FROM chain ORDER BY id DESC LIMIT 1").fetchone()
    return (row[0], row[1] if isinstance(row[1], bytes) else str(row[1]).encode()) if row else (0, BEFORE_FIRST)


def _link(row: tuple[Any, ...]) -> Link:
    n, *told, link = row[:-4] + tuple(map(_hex, row[-4:]))
    return Link(n, Proof(**dict(zip(Proof.__slots__, told, strict=True))), link)


def _hex(digest: object) -> str:
    """Whoever edits a table may have put anything there; it is told, so that it is found."""
    return digest.hex() if isinstance(digest, bytes) else str(digest)


def _unlinked(db: sqlite3.Connection, limit: int) -> Iterator[Unlinked]:
    for (key,) in db.execute("SELECT key FROM unlinked"):
        yield from map(Unlinked._make, db.execute(UNLINKED, (key, limit)))
