"""One collector a store: a second one would fold and append what the first still has in memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

SQLITE = "sqlite:///"


class Taken(Exception):  # noqa: N818  it reads as what it is: `except Taken`
    """Another process runs on this store. Retrying helps once it has stopped."""


@contextmanager
def sole_owner(store_url: str) -> Iterator[None]:
    """Owns the embedded store at `store_url` while the block runs; raises Taken if another process does.

    The lock is an exclusive transaction on an empty SQLite file beside the store, because SQLite locks on every system,
    also across processes, and the system ends it when its owner is killed.
    """
    path = store_url.removeprefix(SQLITE) + ".lock"
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Taken(f"{path}: {error}") from None
        yield
