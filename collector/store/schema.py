"""The tables, as an ordered list of steps that never change. `PRAGMA user_version` says how many a file has seen.

The key of a chunk is its place << 32 | hours since 1970. `damaged` has chunks that could not be read when
new rows came. A series of clock 0 has stamps that stand as they are; those of the others are corrected when they are
read (collector/clocks.py). `measured` says from when to when a context was measured in, in raw stamps and by clock. A
window of boot '' was kept before boots were told apart: it counts for every boot of its stream.
"""

import sqlite3

from collector.store import StoreError, acts, books, chain, followups, marks, outbox, people, register

PAGE_BYTES = 2048
"""Chunks are a few kilobytes each: on larger pages a tenth of the file would be the empty ends of pages."""

FIRST = """
CREATE TABLE places (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
CREATE TABLE contexts (
    id INTEGER PRIMARY KEY, agent TEXT NOT NULL, name TEXT NOT NULL, site INTEGER NOT NULL REFERENCES places,
    body BLOB NOT NULL, UNIQUE (agent, name, site)
);
CREATE TABLE series (
    id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES places, agent TEXT NOT NULL,
    agent_site INTEGER NOT NULL REFERENCES places, target TEXT NOT NULL, grp TEXT NOT NULL, kind TEXT NOT NULL,
    interval_ms INTEGER NOT NULL, address TEXT NOT NULL,
    UNIQUE (site, agent, target, grp, kind, interval_ms, address, agent_site)
);
CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, received_ms INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE chunks (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE damaged (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE windows (
    agent TEXT NOT NULL, stream TEXT NOT NULL, spans BLOB NOT NULL, PRIMARY KEY (agent, stream)
) WITHOUT ROWID;
CREATE TABLE heard (agent TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE refusals (
    id INTEGER PRIMARY KEY, agent TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL,
    text TEXT NOT NULL, at_ms INTEGER NOT NULL
);
CREATE INDEX refusals_of ON refusals (agent, id);
CREATE TABLE refusal_counts (
    agent TEXT NOT NULL, reason TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (agent, reason)
) WITHOUT ROWID;
CREATE TABLE flips (
    site TEXT NOT NULL, scope TEXT NOT NULL, at_ms INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    not_earlier_than_ms INTEGER NOT NULL, was TEXT NOT NULL, now TEXT NOT NULL, why TEXT NOT NULL,
    PRIMARY KEY (site, scope, at_ms, ordinal)
) WITHOUT ROWID;
CREATE TABLE sites (
    code TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, opd TEXT NOT NULL, regency TEXT NOT NULL,
    district TEXT NOT NULL, provider TEXT NOT NULL, medium TEXT NOT NULL, contract TEXT NOT NULL,
    timezone TEXT NOT NULL, calendar TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, agent TEXT NOT NULL, site TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE alerts (
    key TEXT PRIMARY KEY, labels TEXT NOT NULL, annotations TEXT NOT NULL, starts_at_ms INTEGER NOT NULL,
    ends_at_ms INTEGER
) WITHOUT ROWID;
"""

CLOCKS = """
CREATE TABLE new_series (
    id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES places, agent TEXT NOT NULL,
    agent_site INTEGER NOT NULL REFERENCES places, target TEXT NOT NULL, grp TEXT NOT NULL, kind TEXT NOT NULL,
    interval_ms INTEGER NOT NULL, address TEXT NOT NULL, clock INTEGER NOT NULL DEFAULT 0,
    UNIQUE (site, agent, target, grp, kind, interval_ms, address, agent_site, clock)
);
INSERT INTO new_series (id, site, agent, agent_site, target, grp, kind, interval_ms, address)
    SELECT id, site, agent, agent_site, target, grp, kind, interval_ms, address FROM series;
DROP TABLE series;
ALTER TABLE new_series RENAME TO series;
CREATE INDEX series_judged ON series (clock, site) WHERE clock <> 0;
CREATE INDEX contexts_at ON contexts (site);
CREATE TABLE clocks (
    id INTEGER PRIMARY KEY, agent TEXT NOT NULL, boot_id TEXT NOT NULL, base_ms INTEGER NOT NULL,
    UNIQUE (agent, boot_id, base_ms)
);
CREATE TABLE boots (
    id INTEGER PRIMARY KEY, agent TEXT NOT NULL, boot_id TEXT NOT NULL, sent_from_ms INTEGER, sent_to_ms INTEGER,
    heard_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (agent, boot_id)
);
CREATE TABLE boot_streams (
    boot INTEGER NOT NULL REFERENCES boots, stream TEXT NOT NULL, first_seq INTEGER NOT NULL,
    PRIMARY KEY (boot, stream)
) WITHOUT ROWID;
CREATE TABLE exchanges (
    boot INTEGER NOT NULL REFERENCES boots, bucket INTEGER NOT NULL, low_ms INTEGER NOT NULL,
    high_ms INTEGER NOT NULL, PRIMARY KEY (boot, bucket)
) WITHOUT ROWID;
CREATE TABLE agreed (
    boot INTEGER NOT NULL REFERENCES boots, bucket INTEGER NOT NULL, base_ms INTEGER NOT NULL,
    PRIMARY KEY (boot, bucket, base_ms)
) WITHOUT ROWID;
CREATE TABLE measured (
    source INTEGER NOT NULL REFERENCES contexts, clock INTEGER NOT NULL, boot INTEGER NOT NULL REFERENCES boots,
    base_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, rows INTEGER NOT NULL,
    PRIMARY KEY (source, clock)
) WITHOUT ROWID;
CREATE INDEX measured_in ON measured (boot);
CREATE INDEX measured_by ON measured (clock) WHERE clock <> 0;
CREATE TABLE cloned (agent TEXT NOT NULL, boot_id TEXT NOT NULL, PRIMARY KEY (agent, boot_id)) WITHOUT ROWID;
CREATE TABLE new_windows (
    agent TEXT NOT NULL, stream TEXT NOT NULL, boot_id TEXT NOT NULL, spans BLOB NOT NULL,
    PRIMARY KEY (agent, stream, boot_id)
) WITHOUT ROWID;
INSERT INTO new_windows (agent, stream, boot_id, spans) SELECT agent, stream, '', spans FROM windows;
DROP TABLE windows;
ALTER TABLE new_windows RENAME TO windows;
"""

CLOSED_SITES = """
ALTER TABLE sites ADD COLUMN until TEXT;
"""

MIGRATIONS = (
    FIRST,
    CLOCKS,
    acts.TABLES,
    books.TABLES,
    marks.TABLES,
    people.TABLES,
    followups.TABLES,
    outbox.TABLES,
    register.TABLES,
    chain.TABLES,
    CLOSED_SITES,
)


def connect(path: str) -> sqlite3.Connection:
    """A connection that any one thread at a time may use, in autocommit: transactions are begun by name."""
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    for pragma in (f"page_size={PAGE_BYTES}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the file to the newest version; StoreError if a newer program has written it."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another process may have been quicker
        if version > len(MIGRATIONS):
            raise StoreError(
                f"the store has version {version} and this program knows {len(MIGRATIONS)}: "
                "install the newer kentongan, or restore the backup made before the update"
            )
        for script in MIGRATIONS[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """`executescript` would commit by itself, and half a migration must not stand."""
    return [statement for statement in (part.strip() for part in script.split(";\n")) if statement]
