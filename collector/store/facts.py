"""The small relational part in SQL: sites, tokens, alerts that were sent, rows that were set aside."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, fields
from datetime import date
from typing import Any

from collector.registry import Medium, Site, Token
from collector.store import Refusal, SentAlert

REFUSALS_KEPT = 100
"""Rows of an agent that are kept as evidence. They are counted beyond that."""
MOST_KEPT = 150
"""The oldest are deleted in portions, not one by one."""


def sites(db: sqlite3.Connection) -> list[Site]:
    rows = db.execute(f"SELECT {_names(Site)} FROM sites ORDER BY code")  # noqa: S608  names of our own fields
    return [_site(known) for known in _records(rows)]


def _site(known: dict[str, Any]) -> Site:
    until = known["until"]
    return Site(**known | {"medium": Medium(known["medium"]), "until": date.fromisoformat(until) if until else None})


def put_sites(db: sqlite3.Connection, new: Sequence[Site]) -> None:
    rows = ({**asdict(site), "until": site.until.isoformat() if site.until else None} for site in new)
    _put(db, "sites", Site, [tuple(row.values()) for row in rows])


def tokens(db: sqlite3.Connection) -> list[Token]:
    rows = db.execute(f"SELECT {_names(Token)} FROM tokens ORDER BY created_at_ms, id")  # noqa: S608
    return [Token(**known) for known in _records(rows)]


def put_token(db: sqlite3.Connection, token: Token) -> None:
    _put(db, "tokens", Token, [astuple(token)])


def sent_alerts(db: sqlite3.Connection) -> list[SentAlert]:
    rows = db.execute(f"SELECT {_names(SentAlert)} FROM alerts ORDER BY key")  # noqa: S608
    return [
        SentAlert(**known | {name: json.loads(known[name]) for name in ("labels", "annotations")})
        for known in _records(rows)
    ]


def put_alerts(db: sqlite3.Connection, alerts: Sequence[SentAlert], forget: Sequence[str]) -> None:
    db.executemany("DELETE FROM alerts WHERE key = ?", [(key,) for key in forget])
    _put(
        db,
        "alerts",
        SentAlert,
        [(a.key, json.dumps(a.labels), json.dumps(a.annotations), a.starts_at_ms, a.ends_at_ms) for a in alerts],
    )


def refusals(db: sqlite3.Connection, agent: str) -> list[Refusal]:
    rows = db.execute(
        f"SELECT {_names(Refusal)} FROM refusals WHERE agent = ? ORDER BY id DESC LIMIT ?",  # noqa: S608
        (agent, REFUSALS_KEPT),
    )
    return [Refusal(**known) for known in _records(rows)]


def refusal_counts(db: sqlite3.Connection) -> dict[tuple[str, str], int]:
    return {
        (agent, reason): rows for agent, reason, rows in db.execute("SELECT agent, reason, rows FROM refusal_counts")
    }


def add_refusals(db: sqlite3.Connection, new: Sequence[Refusal]) -> None:
    """Counts all, keeps the newest of each agent."""
    db.executemany(
        "INSERT INTO refusal_counts (agent, reason, rows) VALUES (?, ?, ?)"
        " ON CONFLICT (agent, reason) DO UPDATE SET rows = rows + excluded.rows",
        [(*key, rows) for key, rows in Counter((refusal.agent, refusal.reason) for refusal in new).items()],
    )
    by_agent: dict[str, list[Refusal]] = {}
    for refusal in new:
        by_agent.setdefault(refusal.agent, []).append(refusal)
    for agent, refused in by_agent.items():
        newest = [astuple(refusal) for refusal in refused[-REFUSALS_KEPT:]]
        _put(db, "refusals", Refusal, newest)
        (count,) = db.execute("SELECT count(*) FROM refusals WHERE agent = ?", (agent,)).fetchone()
        if count > MOST_KEPT:
            db.execute(
                "DELETE FROM refusals WHERE agent = ? AND id NOT IN"
                " (SELECT id FROM refusals WHERE agent = ? ORDER BY id DESC LIMIT ?)",
                (agent, agent, REFUSALS_KEPT),
            )


Record = type[Site] | type[Token] | type[SentAlert] | type[Refusal]


def _names(record: Record) -> str:
    return ", ".join(field.name for field in fields(record))


def _records(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _put(db: sqlite3.Connection, table: str, record: Record, rows: Sequence[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * len(fields(record)))
    db.executemany(f"INSERT OR REPLACE INTO {table} ({_names(record)}) VALUES ({marks})", rows)  # noqa: S608
