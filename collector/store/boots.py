"""The boots of an agent in SQL: what was saved of them. What is new adds up with it."""

import sqlite3

from collector.chronicle import Chronicle
from collector.clocks import Boot, Bounds


def load(db: sqlite3.Connection, agent: str) -> Chronicle:
    """What was saved of an agent."""
    of_agent, boots = "FROM boots JOIN {} ON boot = boots.id WHERE agent = ?", dict[str, Boot]()
    for boot_id, first_ms, last_ms, heard_ms in db.execute(
        "SELECT boot_id, sent_from_ms, sent_to_ms, heard_ms FROM boots WHERE agent = ?", (agent,)
    ):
        boots[boot_id] = Boot(sent_ms=None if first_ms is None else (first_ms, last_ms), heard_ms=heard_ms)
    for boot_id, stream, seq in db.execute(
        f"SELECT boot_id, stream, first_seq {of_agent.format('boot_streams')}", (agent,)
    ):
        boots[boot_id].number(stream, seq)
    for boot_id, bucket, low_ms, high_ms in db.execute(
        f"SELECT boot_id, bucket, low_ms, high_ms {of_agent.format('exchanges')}", (agent,)
    ):
        boots[boot_id].prove(bucket, Bounds(low_ms, high_ms))
    for boot_id, bucket, base_ms in db.execute(
        f"SELECT boot_id, bucket, base_ms {of_agent.format('agreed')}", (agent,)
    ):
        boots[boot_id].prove(bucket, Bounds(agreed=frozenset((base_ms,))))
    for boot_id, base_ms, first_ms, last_ms in db.execute(
        f"SELECT boot_id, base_ms, first_ms, last_ms {of_agent.format('measured')}", (agent,)
    ):
        boots[boot_id].measure(base_ms, first_ms, last_ms)
    chronicle = Chronicle()
    for boot_id, boot in boots.items():
        chronicle.add(boot_id, boot)
    return chronicle


def last_heard(db: sqlite3.Connection, agent: str) -> str | None:
    """The boot that pushed last before the last save."""
    find = "SELECT boot_id FROM boots WHERE agent = ? ORDER BY heard_ms DESC LIMIT 1"
    row = db.execute(find, (agent,)).fetchone()
    return row[0] if row else None


def number_of(db: sqlite3.Connection, agent: str, boot_id: str) -> int:
    find = "SELECT id FROM boots WHERE agent = ? AND boot_id = ?"
    row = db.execute(find, (agent, boot_id)).fetchone()
    if row is None:
        db.execute("INSERT INTO boots (agent, boot_id) VALUES (?, ?)", (agent, boot_id))
        row = db.execute(find, (agent, boot_id)).fetchone()
    return int(row[0])


def save(db: sqlite3.Connection, number: int, news: Boot) -> None:
    if news.sent_ms:
        db.execute(
            "UPDATE boots SET sent_from_ms = min(coalesce(sent_from_ms, ?1), ?1),"
            " sent_to_ms = max(coalesce(sent_to_ms, ?2), ?2), heard_ms = max(heard_ms, ?3) WHERE id = ?4",
            (*news.sent_ms, news.heard_ms, number),
        )
    db.executemany(
        "INSERT INTO boot_streams (boot, stream, first_seq) VALUES (?, ?, ?)"
        " ON CONFLICT (boot, stream) DO UPDATE SET first_seq = min(first_seq, excluded.first_seq)",
        [(number, stream, seq) for stream, seq in sorted(news.streams.items())],
    )
    db.executemany(
        "INSERT INTO exchanges (boot, bucket, low_ms, high_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (boot, bucket) DO UPDATE SET low_ms = max(low_ms, excluded.low_ms),"
        " high_ms = min(high_ms, excluded.high_ms)",
        [(number, bucket, bounds.low_ms, bounds.high_ms) for bucket, bounds in sorted(news.buckets.items())],
    )
    db.executemany(
        "INSERT OR IGNORE INTO agreed (boot, bucket, base_ms) VALUES (?, ?, ?)",
        [(number, bucket, base) for bucket, bounds in sorted(news.buckets.items()) for base in sorted(bounds.agreed)],
    )
