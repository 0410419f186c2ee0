"""The kept accounts in SQL: days as they stand, what they were before, and which are to be made anew.

desks       one row a site: its time zone and calendar, and from when to when its days are closed
days        the account of each closed day as it stands; key = desk << 26 | minutes since 1970, so that the days of a
            site lie side by side
revisions   what every correction changed, with the account that stood before it; append-only
marks       days that must be made anew, and why; a row stays until the day is written
acts_seen   exclusions whose days have been marked, and whether they were withdrawn by then (0: Acts.version)
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

from collector.accounting.proof import Proof
from collector.store import chain
from collector.store.doors import Ask, Write

REFUSES = "BEGIN SELECT RAISE(ABORT, 'revisions are append-only'); END"
TABLES = f"""
CREATE TABLE desks (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL UNIQUE, timezone TEXT NOT NULL, calendar TEXT NOT NULL,
    fingerprint TEXT NOT NULL, first_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL
);
CREATE TABLE days (
    key INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, number INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL, tally BLOB NOT NULL, ledger BLOB NOT NULL
);
CREATE TABLE revisions (
    key INTEGER NOT NULL REFERENCES days, number INTEGER NOT NULL, made_ms INTEGER NOT NULL, why TEXT NOT NULL,
    changes TEXT NOT NULL, ledger BLOB NOT NULL, tally BLOB NOT NULL, PRIMARY KEY (key, number)
);
CREATE TRIGGER revisions_stay BEFORE UPDATE ON revisions {REFUSES};
CREATE TRIGGER revisions_remain BEFORE DELETE ON revisions {REFUSES};
CREATE TABLE marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    why TEXT NOT NULL, UNIQUE (site, from_ms, to_ms, why)
);
CREATE TABLE acts_seen (id INTEGER PRIMARY KEY, state INTEGER NOT NULL);
"""

MINUTE_MS, MINUTE_BITS = 60_000, 26
DAYS = "SELECT from_ms, to_ms, number, closed_ms, ledger, tally FROM days WHERE key >= ? AND key < ?"
TALLIES = "SELECT from_ms, to_ms, number, tally, ledger FROM days WHERE key >= ? AND key < ? ORDER BY key"
DESKS = "SELECT site, timezone, calendar, fingerprint, first_ms, until_ms FROM desks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The books of one site: its days from `first_ms` to `until_ms`, by the midnights of `timezone`, are closed."""

    site: str
    timezone: str
    calendar: str
    fingerprint: str
    """Of the calendar its days were made with, or are marked to be made with."""
    first_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDay:
    """A closed day as it stands, in bytes: Ledger.to_bytes, and sums.tally of it and its latencies (sums.latencies_of
    gives them back). `number` is that of its revision."""

    site: str
    from_ms: int
    to_ms: int
    number: int
    closed_ms: int
    ledger: bytes
    tally: bytes


class KeptTally(NamedTuple):
    """What of a KeptDay adds up: 45,000 of them are a province's month."""

    from_ms: int
    to_ms: int
    number: int
    tally: bytes
    ledger: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Revision `number` of a day, the second or a later one; `ledger` and `tally` are what stood before it."""

    from_ms: int
    to_ms: int
    number: int
    made_ms: int
    why: str
    changes: Sequence[tuple[str, int, int]]
    ledger: bytes
    tally: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A day that must be made anew. `upto` numbers the last mark that was read of it; `whys` are by number."""

    site: str
    from_ms: int
    to_ms: int
    whys: tuple[str, ...]
    upto: int


class Books:
    """The kept accounts, as `collector.store.Store.books` offers them."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def desks(self) -> list[Desk]:
        """Those in use, by site."""
        return self._ask(lambda db: [_desk(row) for row in db.execute(f"{DESKS} WHERE site NOT LIKE '%@%'")])

    def retired(self) -> list[Desk]:
        """Those of sites that have moved into another time zone; the code of the site stands before the @."""
        return self._ask(lambda db: [_desk(row) for row in db.execute(f"{DESKS} WHERE site LIKE '%@%'")])

    def days(self, site: str, from_ms: int, to_ms: int) -> list[KeptDay]:
        """The closed days that begin in [from_ms, to_ms), by time."""
        return self._ask(lambda db: _days(db, site, from_ms, to_ms))

    def tallies(self, site: str, from_ms: int, to_ms: int) -> list[KeptTally]:
        """The same as `days`, as quickly as can be."""
        return self._ask(lambda db: list(map(KeptTally._make, db.execute(TALLIES, _keys(db, site, from_ms, to_ms)))))

    def corrections(self, site: str, from_ms: int, to_ms: int) -> list[Correction]:
        """Of the days that begin in [from_ms, to_ms), by day and number."""
        return self._ask(lambda db: _corrections(db, site, from_ms, to_ms))

    def write(
        self,
        days: Sequence[KeptDay],
        corrections: Mapping[str, Sequence[Correction]],
        marks: Sequence[Mark],
        proofs: Sequence[Proof] = (),
    ) -> None:
        """In one transaction: days as they stand now, corrections by site, the marks that are dealt with, and what is
        proved of it all. Marks that were set since stay."""

        def statement(db: sqlite3.Connection) -> None:
            for day in days:
                _put_day(db, day)
            for site, found in corrections.items():
                _add_corrections(db, site, found)
            db.executemany(
                "DELETE FROM marks WHERE site = ? AND from_ms = ? AND to_ms = ? AND id <= ?",
                [(mark.site, mark.from_ms, mark.to_ms, mark.upto) for mark in marks],
            )
            chain.add(db, proofs)

        self._write(statement)

    def mark(self, marks: Iterable[tuple[str, int, int, str]], desks: Sequence[Desk] = ()) -> None:
        """(site, from, to, why) of days to be made anew; with them, as one, what changed of `desks`."""

        def statement(db: sqlite3.Connection) -> None:
            _put_desks(db, desks)
            _mark(db, marks)

        self._write(statement)

    def retire(self, site: str) -> None:
        """The books of a site that has moved into another time zone: its days are cut anew, into new books. The old
        ones stay under a name that is no site's; what was marked in them are no days of the new ones."""

        def statement(db: sqlite3.Connection) -> None:
            db.execute("UPDATE desks SET site = site || '@' || id WHERE site = ?", (site,))
            db.execute("DELETE FROM marks WHERE site = ?", (site,))

        self._write(statement)

    def marks(self, limit: int) -> list[Mark]:
        """The days that have waited longest, at most `limit`; one that was marked again waits again."""
        return self._ask(lambda db: _marks(db, limit))

    def is_marked(self, site: str, from_ms: int) -> bool:
        """Whether the day that begins then is to be made anew."""
        ask = "SELECT 1 FROM marks WHERE site = ? AND from_ms = ?"
        return self._ask(lambda db: db.execute(ask, (site, from_ms)).fetchone() is not None)

    def acts_seen(self) -> dict[int, int]:
        """Exclusion -> 1 if it was withdrawn when it was seen, else 0; under 0: the version of the acts."""
        return self._ask(lambda db: dict(db.execute("SELECT id, state FROM acts_seen")))

    def see_acts(self, seen: Mapping[int, int], marks: Iterable[tuple[str, int, int, str]]) -> None:
        """Notes what was seen, and marks what it touches, as one."""

        def statement(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR REPLACE INTO acts_seen VALUES (?, ?)", sorted(seen.items()))
            _mark(db, marks)

        self._write(statement)


def _desk(row: Sequence[object]) -> Desk:
    return Desk(**dict(zip(Desk.__slots__, row, strict=True)))  # type: ignore[arg-type]  # as the table has them


def _number(db: sqlite3.Connection, site: str) -> int:
    row = db.execute("SELECT id FROM desks WHERE site = ?", (site,)).fetchone()
    return int(row[0]) if row else 0


def _key(desk: int, at_ms: int) -> int:
    """No time zone has had midnights off the minute since 1970."""
    return desk << MINUTE_BITS | min(max(-(-at_ms // MINUTE_MS), 0), (1 << MINUTE_BITS) - 1)


def _keys(db: sqlite3.Connection, site: str, from_ms: int, to_ms: int) -> tuple[int, int]:
    desk = _number(db, site)
    return _key(desk, from_ms), _key(desk, to_ms)


def _days(db: sqlite3.Connection, site: str, from_ms: int, to_ms: int) -> list[KeptDay]:
    names = ("from_ms", "to_ms", "number", "closed_ms", "ledger", "tally")
    rows = db.execute(f"{DAYS} ORDER BY key", _keys(db, site, from_ms, to_ms))
    return [KeptDay(site=site, **dict(zip(names, row, strict=True))) for row in rows]


def _corrections(db: sqlite3.Connection, site: str, from_ms: int, to_ms: int) -> list[Correction]:
    rows = db.execute(
        "SELECT days.from_ms, days.to_ms, r.number, r.made_ms, r.why, r.changes, r.ledger, r.tally"
        " FROM revisions r JOIN days USING (key) WHERE r.key >= ? AND r.key < ? ORDER BY r.key, r.number",
        _keys(db, site, from_ms, to_ms),
    )
    names = Correction.__slots__
    known = (dict(zip(names, row, strict=True)) for row in rows)
    return [Correction(**one | {"changes": [tuple(c) for c in json.loads(one["changes"])]}) for one in known]


def _put_day(db: sqlite3.Connection, day: KeptDay) -> None:
    """Its site has a desk; the desk's closed time grows with it."""
    key = _key(_number(db, day.site), day.from_ms)
    db.execute(
        "INSERT INTO days (key, from_ms, to_ms, number, closed_ms, ledger, tally) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (key) DO UPDATE SET to_ms = ?3, number = ?4, ledger = ?6, tally = ?7",
        (key, *astuple(day)[1:]),
    )
    db.execute(
        "UPDATE desks SET first_ms = min(first_ms, ?), until_ms = max(until_ms, ?) WHERE site = ?",
        (day.from_ms, day.to_ms, day.site),
    )


def _add_corrections(db: sqlite3.Connection, site: str, found: Sequence[Correction]) -> None:
    desk = _number(db, site)
    db.executemany(
        "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(_key(desk, c.from_ms), c.number, c.made_ms, c.why, json.dumps(c.changes), c.ledger, c.tally) for c in found],
    )


def _put_desks(db: sqlite3.Connection, desks: Sequence[Desk]) -> None:
    db.executemany(
        "INSERT INTO desks (site, timezone, calendar, fingerprint, first_ms, until_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (site) DO UPDATE"
        " SET timezone = ?2, calendar = ?3, fingerprint = ?4, first_ms = ?5, until_ms = ?6",
        [astuple(desk) for desk in desks],
    )


def _mark(db: sqlite3.Connection, marks: Iterable[tuple[str, int, int, str]]) -> None:
    """A mark that stands gets a new number: who is making that day now must make it again."""
    db.executemany("INSERT OR REPLACE INTO marks (site, from_ms, to_ms, why) VALUES (?, ?, ?, ?)", marks)


def _marks(db: sqlite3.Connection, limit: int) -> list[Mark]:
    first = db.execute("SELECT site, from_ms, to_ms FROM marks ORDER BY id LIMIT ?", (limit,))
    ask = "SELECT id, why FROM marks WHERE site = ? AND from_ms = ? AND to_ms = ? ORDER BY id"
    found = []
    for site, from_ms, to_ms in list(dict.fromkeys(first)):
        numbers, whys = zip(*db.execute(ask, (site, from_ms, to_ms)), strict=True)
        found.append(Mark(site=site, from_ms=from_ms, to_ms=to_ms, whys=whys, upto=numbers[-1]))
    return found
