"""Numbers of series back into series: rows of one place as the columns that everybody else sees."""

import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np

from collector.columns import Columns, Series, ordered, series_order
from collector.store.rows import Rows
from shared.result import Group

PLACES_AT_HAND = 4_096


class SeriesBook:
    """Series by number, read when asked for; a series never changes, so what was read once stays true."""

    def __init__(self) -> None:
        self._places: dict[int, dict[int, Series]] = {}

    def columns(self, connection: sqlite3.Connection, place: int, rows: Rows) -> Columns:
        """`rows`, which all concern `place`, in the order that `ordered` gives them."""
        numbers, position = np.unique(rows.series, return_inverse=True)
        series = self._look_up(connection, place, numbers.tolist())
        order = sorted(range(len(series)), key=lambda i: series_order(series[i]))
        rank = np.empty(len(series), np.uint16)
        rank[order] = np.arange(len(series))
        r, in_order = rows, tuple(series[i] for i in order)
        return ordered(
            Columns(in_order, rank[position], r.at_ms, r.outcome, r.sent, r.received, r.avg_us, r.min_us, r.max_us)
        )

    def _look_up(self, connection: sqlite3.Connection, place: int, numbers: Sequence[int]) -> list[Series]:
        known = self._places.get(place, {})
        if not all(number in known for number in numbers):
            if len(self._places) >= PLACES_AT_HAND:
                self._places.clear()
            known = self._places[place] = dict(find_series(connection, place))
        return [known[number] for number in numbers]


def find_series(connection: sqlite3.Connection, place: int) -> Iterator[tuple[int, Series]]:
    """Every series that concerns `place`, with its number."""
    rows = connection.execute(
        "SELECT series.id, p.code, agent, target, grp, kind, interval_ms, address, a.code FROM series"
        " JOIN places p ON p.id = site JOIN places a ON a.id = agent_site WHERE site = ?",
        (place,),
    )
    for number, site, agent, target, group, kind, interval_ms, address, agent_site in rows:
        yield (
            number,
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
        )
