"""Numbers of series back into series: rows of one place as the columns that everybody else sees, in true time."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from collector.clocks import Correction
from collector.columns import Columns, Series, ordered, series_order
from collector.store.rows import Rows
from shared.result import Group

PLACES_AT_HAND = 4_096
SERIES = (
    "SELECT series.id, p.code, agent, target, grp, kind, interval_ms, address, a.code, clock FROM series"
    " JOIN places p ON p.id = site JOIN places a ON a.id = agent_site WHERE site = ?"
)


class SeriesBook:
    """Series by number, read when asked for; a series never changes, so what was read once stays true."""

    def __init__(self) -> None:
        self._places: dict[int, dict[int, tuple[Series, int]]] = {}

    def dated(
        self, connection: sqlite3.Connection, place: int, rows: Rows, corrections: Mapping[int, Correction]
    ) -> Rows:
        """`rows` in true time, by the corrections of their clocks; without those whose time nobody knows."""
        numbers, position = np.unique(rows.series, return_inverse=True)
        clocks = [clock for _, clock in self._look_up(connection, place, numbers.tolist())]
        clock_of = np.array(clocks, np.int64)[position]
        at_ms, known = rows.at_ms.copy(), np.ones(len(rows), np.bool_)
        for clock in set(clocks) - {0}:
            mine = clock_of == clock
            if corrections[clock].trusted:
                at_ms[mine] = corrections[clock].correct(at_ms[mine])
            else:
                known[mine] = False
        return replace(rows, at_ms=at_ms).take(known)

    def plain(self, connection: sqlite3.Connection, place: int, rows: Rows) -> Rows:
        """Those of `rows` whose stamps stand as they are."""
        numbers, position = np.unique(rows.series, return_inverse=True)
        clocks = [clock for _, clock in self._look_up(connection, place, numbers.tolist())]
        return rows.take(np.array(clocks, np.int64)[position] == 0)

    def columns(self, connection: sqlite3.Connection, place: int, rows: Rows) -> Columns:
        """`rows`, which all concern `place`, in the order that `ordered` gives them."""
        numbers, position = np.unique(rows.series, return_inverse=True)
        series = [one for one, _ in self._look_up(connection, place, numbers.tolist())]
        in_order = tuple(sorted(set(series), key=series_order))  # a series may have a number for each clock
        place_of = {one: rank for rank, one in enumerate(in_order)}
        rank, r = np.array([place_of[one] for one in series], np.uint16), rows
        return ordered(
            Columns(in_order, rank[position], r.at_ms, r.outcome, r.sent, r.received, r.avg_us, r.min_us, r.max_us)
        )

    def _look_up(self, connection: sqlite3.Connection, place: int, numbers: Sequence[int]) -> list[tuple[Series, int]]:
        known = self._places.get(place, {})
        if not all(number in known for number in numbers):
            if len(self._places) >= PLACES_AT_HAND:
                self._places.clear()
            known = self._places[place] = dict(find_series(connection, place))
        return [known[number] for number in numbers]


def series_numbers(connection: sqlite3.Connection, place: int) -> dict[Series, int]:
    """The series of `place` whose stamps stand as they are, with their numbers."""
    return {series: number for number, (series, _) in find_series(connection, place, "AND clock = 0")}


def find_series(
    connection: sqlite3.Connection, place: int, which: str = ""
) -> Iterator[tuple[int, tuple[Series, int]]]:
    """Every series that concerns `place`, with its clock, by its number; `which` is SQL that leaves some out."""
    rows = connection.execute(f"{SERIES} {which}", (place,))
    for number, site, agent, target, group, kind, interval_ms, address, agent_site, clock in rows:
        yield (
            number,
            (
                Series(
                    site=site,
                    agent=agent,
                    agent_site=agent_site,
                    target=target,
                    group=Group(group),
                    kind=kind,
                    interval_ms=interval_ms,
                    address=address,
                ),
                clock,
            ),
        )
