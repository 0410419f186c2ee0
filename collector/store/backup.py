"""A copy of the embedded store, whole and checked, while a collector may be writing into it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from collector.store import StoreError

PREFIX = "sqlite:///"


def back_up(url: str, target: Path) -> int:
    """Copies the store at `url` to the new file `target`, flushed to the disk; returns its bytes.

    1. SQLite copies the whole file in one step. With its log of writes (WAL) that step sees one moment and holds up
       nobody; what is committed meanwhile is not in the copy.
    2. The copy takes over no log: it is one file, and may be moved as one.
    3. Every page of it is checked before it gets its name.

    Raises StoreError with what is wrong; then there is no `target`. A file that is there already is never touched.
    """
    source, part = Path(url.removeprefix(PREFIX)), target.with_name(target.name + ".part")
    if target.exists():
        raise StoreError(f"{target} is there already, and a backup overwrites nothing")
    if not source.is_file():
        raise StoreError(f"there is no store at {source}")
    try:
        os.close(
            os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        )  # it holds what only the store's owner may read
    except OSError as error:
        raise StoreError(f"{part} cannot be made: {error.strerror}") from None
    try:
        _copy(source, part)
        _flush(part)
        part.rename(target)
        _flush(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the backup failed: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, part: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as store,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        store.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        said = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
        if said != ["ok"]:
            raise sqlite3.DatabaseError("; ".join(said))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
