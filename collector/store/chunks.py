"""Chunks: the rows of one site and one hour, by series and time, packed and compressed. Where the log ends up."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from collector.store.log import seal, unseal
from collector.store.rows import BadRows, Records, Rows, join, pack, unpack

HOUR_MS = 3_600_000
LAST_HOUR = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk to be written; `damaged` is what stood in its place and could not be read."""

    key: int
    data: bytes
    damaged: bytes | None = None


def key_of(place: int, hour: int) -> int:
    return place << 32 | hour


def read(db: sqlite3.Connection, place: int, from_ms: int, to_ms: int) -> Iterator[Rows | str]:
    """The rows of every chunk that [from_ms, to_ms) touches, in order of time, or what is wrong with a chunk."""
    first, last = max(from_ms, 0) // HOUR_MS, min((to_ms - 1) // HOUR_MS, LAST_HOUR)
    keys = (key_of(place, first), key_of(place, last))
    for key, data in db.execute("SELECT key, data FROM chunks WHERE key BETWEEN ? AND ? ORDER BY key", keys):
        try:
            yield unpack(unseal(data))
        except BadRows as error:
            yield f"chunk {key} cannot be read and is left where it is: {error}"


def hours(db: sqlite3.Connection, place: int) -> tuple[int, int] | None:
    """The first and the last hour of `place` that have a chunk."""
    keys = (key_of(place, 0), key_of(place, LAST_HOUR))
    first, last = db.execute("SELECT min(key), max(key) FROM chunks WHERE key BETWEEN ? AND ?", keys).fetchone()
    return None if first is None else (first & LAST_HOUR, last & LAST_HOUR)


def keys(db: sqlite3.Connection, place: int, *, backwards: bool = False) -> Iterator[int]:
    """The hours of `place` that have a chunk, one after the other as they are asked for."""
    hour = LAST_HOUR if backwards else 0
    compare, order = ("<=", "DESC") if backwards else (">=", "ASC")
    find = f"SELECT key FROM chunks WHERE key BETWEEN ? AND ? AND key {compare} ? ORDER BY key {order} LIMIT 1"  # noqa: S608
    while 0 <= hour <= LAST_HOUR:
        bounds = (key_of(place, 0), key_of(place, LAST_HOUR), key_of(place, hour))
        row = db.execute(find, bounds).fetchone()
        if row is None:
            return
        found = int(row[0]) & LAST_HOUR
        yield found
        hour = found - 1 if backwards else found + 1


def hourly(spans: Sequence[tuple[int, int]], hours: tuple[int, int] | None) -> list[tuple[int, int]]:
    """The stretches of whole hours within `hours` that `spans` touch, apart and in order: no chunk is read twice."""
    if hours is None:
        return []
    found: list[tuple[int, int]] = []
    for from_ms, to_ms in sorted(spans):
        first, end = max(from_ms // HOUR_MS, hours[0]), min((to_ms - 1) // HOUR_MS, hours[1]) + 1
        if first >= end:
            continue
        if found and first * HOUR_MS <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end * HOUR_MS))
        else:
            found.append((first * HOUR_MS, end * HOUR_MS))
    return found


def fold(db: sqlite3.Connection, place: int, pieces: Sequence[Records]) -> Iterator[Chunk]:
    """The chunks of `place` that hold `pieces` and what was in them before."""
    rows = Rows.of(pieces)
    hour_of = rows.at_ms // HOUR_MS
    for hour in np.unique(hour_of).tolist():
        here, key, damaged = rows.take(hour_of == hour), key_of(place, hour), None
        before = db.execute("SELECT data FROM chunks WHERE key = ?", (key,)).fetchone()
        if before:
            try:
                here = join([unpack(unseal(before[0])), here])
            except BadRows:
                damaged = before[0]
        yield Chunk(key, seal(pack(_sorted(here))), damaged)


def write(db: sqlite3.Connection, new: Sequence[Chunk]) -> None:
    db.executemany(
        "INSERT INTO damaged (key, data) VALUES (?, ?)", [(chunk.key, chunk.damaged) for chunk in new if chunk.damaged]
    )
    db.executemany(
        "INSERT OR REPLACE INTO chunks (key, data) VALUES (?, ?)", sorted((chunk.key, chunk.data) for chunk in new)
    )


def _sorted(rows: Rows) -> Rows:
    """By series, then time; equal stamps by content, so that the order of arrival leaves no trace in the bytes."""
    key = rows.series.astype(np.int64) << 22 | rows.at_ms % HOUR_MS
    order = np.argsort(key)
    ordered = key[order]
    if (ordered[1:] == ordered[:-1]).any():
        r = rows
        order = np.lexsort((r.max_us, r.min_us, r.avg_us, r.received, r.sent, r.outcome, key))
    return rows.take(order)
