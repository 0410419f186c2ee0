"""What remote-write stores are still owed, in SQL: for each sink the spans of each site that must be sent (again)."""

TABLES = """
CREATE TABLE outbox (
    sink TEXT NOT NULL, site TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    PRIMARY KEY (sink, site, from_ms)
) WITHOUT ROWID;
CREATE TABLE sent_until (
    sink TEXT NOT NULL, site TEXT NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (sink, site)
) WITHOUT ROWID;
"""
