"""How the parts of a store reach its file: a question to a reader, a statement to the writer."""

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Ask(Protocol):
    """Asks a question of a connection that reads; blocks. StoreError if it cannot be read."""

    def __call__(self, question: Callable[[sqlite3.Connection], T]) -> T: ...


class Write(Protocol):
    """Runs a statement in the writer's thread as one transaction, and waits for it; returns what it returns."""

    def __call__(self, statement: Callable[[sqlite3.Connection], T]) -> T: ...
