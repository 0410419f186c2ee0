"""The audit log of human acts in SQL. Nothing in it is ever changed or deleted; triggers see to it.

An entry is written in the transaction of the act that it tells, and quotes the row of the act: `faults` compares the
two. Its digest covers the digest before it, so that a log from which something was cut or in which something was
changed does not add up; who wants to be sure of its end writes the last digest down elsewhere.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any

from collector.acts import AuditEntry, canonical, digest_of

ROWS = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL, act TEXT NOT NULL,
    subject TEXT NOT NULL, detail TEXT NOT NULL, digest TEXT NOT NULL
);
"""

REFUSES = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
KEEPERS = """
CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table} {refuses}
CREATE TRIGGER {table}_remain BEFORE DELETE ON {table} {refuses}
CREATE TRIGGER {table}_once BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuses}
"""
"""The last one because INSERT OR REPLACE deletes without asking the second."""


def keepers(*tables: str) -> str:
    """The triggers that keep these append-only."""
    return "".join(KEEPERS.format(table=table, refuses=REFUSES.format(table=table)) for table in tables)


AUDIT = "SELECT id, at_ms, who, act, subject, detail, digest FROM audit"
ADD_ENTRY = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)"

QUOTED = ("exclusion.add", "cause.give", "followup.add", "followup.step", "alert.acknowledge")
"""Acts whose entry is a whole row, its id in it."""
IMPORTED, REMOVED = "contracts.import", "contracts.remove"
"""Acts whose entry quotes versions of contracts: the last one of a version counts."""
Said = tuple[tuple[str, str], str]
Standing = Callable[[sqlite3.Connection], Iterable[Said]]
"""((act, id), the row as the entry must quote it) for every row of a table of human acts."""


def entries(db: sqlite3.Connection, after_id: int, limit: int) -> Iterator[AuditEntry]:
    """Those that follow `after_id`, by id."""
    return _read(db, f"{AUDIT} WHERE id > ? ORDER BY id LIMIT ?", after_id, limit)


def last(db: sqlite3.Connection) -> tuple[int, str]:
    """(id, digest) of the last entry."""
    row = db.execute("SELECT id, digest FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return (row[0], row[1]) if row else (0, "")


def note(db: sqlite3.Connection, at_ms: int, by: str, act: str, subject: str, detail: str) -> None:
    """One more entry of the audit log, in the transaction of what it tells."""
    number, digest = last(db)
    entry = AuditEntry(id=number + 1, at_ms=at_ms, by=by, act=act, subject=subject, detail=detail, digest="")
    db.execute(ADD_ENTRY, astuple(replace(entry, digest=digest_of(digest, entry))))


def faults(db: sqlite3.Connection, tables: Sequence[Standing]) -> Iterator[str]:
    """A sentence for each place at which the log does not add up, or does not say what `tables` say."""
    yield from _broken_chain(db)
    yield from _unsaid(db, tables)


def _broken_chain(db: sqlite3.Connection) -> Iterator[str]:
    digest, number = "", 0
    for entry in _read(db, f"{AUDIT} ORDER BY id"):
        if entry.id != number + 1:
            yield f"entries {number + 1} to {entry.id - 1} are missing"
        elif entry.digest != digest_of(digest, entry):
            yield f"entry {entry.id} ({entry.act} {entry.subject}) or the one before it was changed"
        digest, number = entry.digest, entry.id
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
    if row and row[0] > number:
        yield f"entries {number + 1} to {row[0]} are missing"


def _unsaid(db: sqlite3.Connection, tables: Sequence[Standing]) -> Iterator[str]:
    """Rows that the log does not quote as they stand, and quotes that have no row."""
    quoted: dict[tuple[str, str], str] = {}
    for entry in _read(db, f"{AUDIT} ORDER BY id"):
        if entry.act == "exclusion.withdraw":
            quoted[entry.act, entry.subject] = entry.detail
        elif entry.act in QUOTED:
            quoted[entry.act, str(json.loads(entry.detail).get("id"))] = entry.detail
        elif entry.act == IMPORTED:
            quoted |= {version_of(terms): canonical(terms) for terms in json.loads(entry.detail).get("terms", ())}
        elif entry.act == REMOVED:
            quoted.pop(version_of(json.loads(entry.detail)["removed"]), None)
    standing = {key: detail for table in tables for key, detail in table(db)}
    for key in sorted(quoted.keys() | standing.keys()):
        if quoted.get(key) != standing.get(key):
            yield f"{' '.join(key)}: the table does not say what the log says"


def _read(db: sqlite3.Connection, question: str, *values: int) -> Iterator[AuditEntry]:
    for row in db.execute(question, values):
        yield AuditEntry(**dict(zip(AuditEntry.__slots__, row, strict=True)))


def version_of(terms: Mapping[str, Any]) -> tuple[str, str]:
    """What a version of a contract is called among what the log quotes."""
    return "contract", f"{terms['number']} {terms['begins']}"
