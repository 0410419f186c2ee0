"""The log: one row a commit group, `zstd(msgpack([frames, packed rows]))` with zstd's own checksum of the content."""

import sqlite3
from collections.abc import Iterator

import msgspec
import zstandard

from collector.store.group import Frame, Group
from collector.store.rows import BadRows, Rows, pack, unpack

LEVEL = 1
"""Level 3 saves 2 % of the bytes for half as much CPU again, and a log row lives for an hour."""


class Body(msgspec.Struct, frozen=True, array_like=True):
    """What a log row holds."""

    frames: list[Frame]
    rows: bytes


def seal(data: bytes) -> bytes:
    """Compressed, with a checksum."""
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)


def unseal(data: bytes) -> bytes:
    """BadRows if a bit is wrong."""
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise BadRows(str(error)) from None


def insert(connection: sqlite3.Connection, group: Group) -> int:
    """Writes the group as one row; its number."""
    body = msgspec.msgpack.encode(Body(group.frames, pack(group.rows)))
    received_ms = max(frame.received_ms for frame in group.frames)
    cursor = connection.execute("INSERT INTO log (received_ms, data) VALUES (?, ?)", (received_ms, seal(body)))
    return int(cursor.lastrowid or 0)


def last_number(connection: sqlite3.Connection) -> int:
    """Of the last row that was ever written."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
    return int(row[0]) if row else 0


def entries(connection: sqlite3.Connection) -> Iterator[tuple[int, int, list[Frame], Rows] | str]:
    """Every row as (number, received, frames, rows), or what is wrong with it."""
    for number, received_ms, data in connection.execute("SELECT id, received_ms, data FROM log ORDER BY id"):
        try:
            body = msgspec.msgpack.decode(unseal(data), type=Body)
            yield number, received_ms, body.frames, unpack(body.rows)
        except (BadRows, msgspec.MsgspecError) as error:
            yield f"log row {number} cannot be read and is left where it is: {error}"
