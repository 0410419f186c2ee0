"""Flips in SQL, by (site, scope, time). Every question is a few steps along that index, however old the table is."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from collector.condition import DOWN, Condition, Flip, Outage
from collector.store import Replacement

SITE_SCOPE = "site"
COLUMNS = ("site", "scope", "at_ms", "not_earlier_than_ms", "was", "now", "why")
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM flips WHERE site = ? AND scope = ?"  # noqa: S608  constants of ours


def between(db: sqlite3.Connection, site: str, from_ms: int, to_ms: int, scope: str | None) -> list[Flip]:
    """Flips with from_ms <= at < to_ms, by time and scope."""
    found: list[Flip] = []
    for each in _scopes(db, site) if scope is None else [scope]:
        found += map(
            _flip,
            db.execute(f"{_SELECT} AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, ordinal", (site, each, from_ms, to_ms)),
        )
    return sorted(found, key=_order)


def state_at(db: sqlite3.Connection, site: str, at_ms: int) -> list[Flip]:
    """The last flip of every scope at or before `at_ms`, by scope."""
    last = (_last(db, site, scope, at_ms) for scope in _scopes(db, site))
    return [flip for flip in last if flip]


def latest_of_sites(db: sqlite3.Connection, at_ms: int) -> dict[str, Flip]:
    """The last flip of scope `site` of every site at or before `at_ms`."""
    last = ((site, _last(db, site, SITE_SCOPE, at_ms)) for site in _sites(db))
    return {site: flip for site, flip in last if flip}


_TURNS = "SELECT now, at_ms, not_earlier_than_ms, why FROM flips WHERE site = ? AND scope = 'site' AND at_ms"
_TURN_BEFORE = f"{_TURNS} < ? ORDER BY at_ms DESC, ordinal DESC LIMIT 1"
_TURNS_WITHIN = f"{_TURNS} >= ? AND at_ms < ? ORDER BY at_ms, ordinal"
_TURN_AFTER = f"{_TURNS} >= ? ORDER BY at_ms, ordinal LIMIT 1"


def outages(db: sqlite3.Connection, sites: Iterable[str], from_ms: int, to_ms: int, now_ms: int) -> Iterator[Outage]:
    """As `collector.store.Store.outages` says. A month of a province has sixty thousand flips: only those that are
    outages become records."""
    for site in sites:
        turns = db.execute(_TURN_BEFORE, (site, from_ms)).fetchall()
        turns += db.execute(_TURNS_WITHIN, (site, from_ms, to_ms))
        if turns and turns[-1][0] in DOWN:
            turns += db.execute(_TURN_AFTER, (site, to_ms))
        for (now, at_ms, not_earlier_ms, why), (_, end_ms, end_not_earlier_ms, _) in pairwise([*turns, _NO_TURN]):
            if now in DOWN and at_ms < to_ms and (end_ms is None or end_ms > from_ms):
                lasts = end_ms is None or end_ms > now_ms
                yield Outage(
                    site=site,
                    condition=Condition(now),
                    start_ms=at_ms,
                    start_not_earlier_than_ms=not_earlier_ms,
                    end_ms=None if lasts else end_ms,
                    end_not_earlier_than_ms=None if lasts else end_not_earlier_ms,
                    why=why,
                )


_NO_TURN = (None, None, None, None)


def replace(db: sqlite3.Connection, site: str, from_ms: int, to_ms: int, new: Sequence[Flip]) -> None:
    """The flips of `site` in [from_ms, to_ms) are `new` afterwards."""
    for scope in list(_scopes(db, site)):
        db.execute(
            "DELETE FROM flips WHERE site = ? AND scope = ? AND at_ms >= ? AND at_ms < ?", (site, scope, from_ms, to_ms)
        )
    db.executemany(
        f"INSERT INTO flips ({', '.join(COLUMNS)}, ordinal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [
            (*(getattr(flip, name) for name in COLUMNS), ordinal)
            for _, tied in groupby(in_order(new), _order)
            for ordinal, flip in enumerate(tied)
        ],
    )


def replace_all(db: sqlite3.Connection, changes: Sequence[Replacement]) -> None:
    """One after the other."""
    for change in changes:
        replace(db, *change)


def in_order(flips: Sequence[Flip]) -> list[Flip]:
    """As `between` returns them; several at one instant in one scope keep the order they are in."""
    return sorted(flips, key=_order)


def _order(flip: Flip) -> tuple[int, str]:
    return flip.at_ms, flip.scope


def _last(db: sqlite3.Connection, site: str, scope: str, at_ms: int) -> Flip | None:
    row = db.execute(
        f"{_SELECT} AND at_ms <= ? ORDER BY at_ms DESC, ordinal DESC LIMIT 1", (site, scope, at_ms)
    ).fetchone()
    return _flip(row) if row else None


def _scopes(db: sqlite3.Connection, site: str) -> Iterator[str]:
    """By leaps along the index: a site has a dozen scopes and may have thousands of flips."""
    leap = "SELECT scope FROM flips WHERE site = ? AND scope > ? ORDER BY scope LIMIT 1"
    scope = ""
    while row := db.execute(leap, (site, scope)).fetchone():
        scope = row[0]
        yield scope


def _sites(db: sqlite3.Connection) -> Iterator[str]:
    site = ""
    while row := db.execute("SELECT site FROM flips WHERE site > ? ORDER BY site LIMIT 1", (site,)).fetchone():
        site = row[0]
        yield site


def _flip(row: Any) -> Flip:
    return Flip(**dict(zip(COLUMNS, row, strict=True)))
