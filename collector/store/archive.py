"""What of a site is in chunks: from when to when, and its rows. What cannot be read is reported and left out."""

import sqlite3
from collections.abc import Iterator, Sequence

from collector.store import chunks
from collector.store.book import SeriesBook
from collector.store.damage import Damage
from collector.store.names import Names
from collector.store.rows import Rows

Range = tuple[int, int]


class Archive:
    """Remembers from when to when, until the chunks have `changed`. Not thread-safe but for `rows`; the store's lock
    guards it."""

    def __init__(self, names: Names, book: SeriesBook, damage: Damage) -> None:
        self._names, self._book, self._damage = names, book, damage
        self._hours: dict[int, Range | None] = {}
        self._spans: dict[int, Range | None] = {}

    def changed(self) -> None:
        """Chunks were written."""
        self._hours.clear()
        self._spans.clear()

    def hourly(self, db: sqlite3.Connection, place: int, spans: Sequence[Range]) -> list[Range]:
        """The stretches of whole hours that have chunks and that `spans` touch, apart and in order."""
        if place not in self._hours:
            self._hours[place] = chunks.hours(db, place)
        return chunks.hourly(spans, self._hours[place])

    def rows(self, db: sqlite3.Connection, place: int, from_ms: int, to_ms: int) -> list[Rows]:
        """Those of every chunk that [from_ms, to_ms) touches, by time, with raw stamps."""
        found = list(chunks.read(db, place, from_ms, to_ms))
        self._damage.report([part for part in found if isinstance(part, str)])
        return [part for part in found if isinstance(part, Rows)]

    def span(self, db: sqlite3.Connection, place: int) -> Range | None:
        """Of the rows whose stamps stand as they are: the first stamp and the last."""
        if place not in self._spans:
            self._spans[place] = self._find_span(db, place)
        return self._spans[place]

    def _find_span(self, db: sqlite3.Connection, place: int) -> Range | None:
        """From the first hour that has some to the last."""
        first = self._outermost(db, place, chunks.keys(db, place))
        last = self._outermost(db, place, chunks.keys(db, place, backwards=True)) if first else None
        return (first[0], last[1]) if first and last else None

    def _outermost(self, db: sqlite3.Connection, place: int, hours: Iterator[int]) -> Range | None:
        judged = place in self._names.judged
        for hour in hours:
            at_ms = hour * chunks.HOUR_MS
            for rows in self.rows(db, place, at_ms, at_ms + 1):
                plain = self._book.plain(db, place, rows) if judged else rows
                if len(plain):
                    return int(plain.at_ms.min()), int(plain.at_ms.max())
        return None
