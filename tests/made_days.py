"""Days of accounts as the tests of indicators make them up."""

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st

from collector.accounting.accounts import Day, Revision
from collector.accounting.digits import Numbers
from collector.accounting.latency import Latency
from collector.accounting.ledger import CODES, PLAIN, STANDINGS, Down, Ledger, Standing
from collector.condition import DOWN_ROWS, ROWS, Row
from collector.figures.sums import tally
from collector.store.books import KeptDay

DAY_MS = 86_400_000
MINUTE = 60_000
Spent = Mapping[tuple[Row, int, int], int]
"""Milliseconds by (row, in service hours, exclusion)."""


def cells(spent: Spent) -> Numbers:
    made = np.zeros((len(ROWS), 2, CODES), np.int64)
    for (row, service, code), ms in spent.items():
        made[ROWS.index(row), service, code] += ms
    return made


def standings(spent: Mapping[Standing, int]) -> Numbers:
    """All of it outside service hours and not excluded."""
    made = np.zeros((len(STANDINGS), 2, CODES), np.int64)
    for standing, ms in spent.items():
        made[STANDINGS.index(standing), 0, PLAIN] += ms
    return made


def plain(ms: int) -> Numbers:
    made = np.zeros((2, CODES), np.int64)
    made[0, PLAIN] = ms
    return made


def down(start_ms: int, end_ms: int, row: Row = Row.LINE_DOWN, opens: bool = True, closes: bool = True) -> Down:
    return Down(
        start_ms=start_ms,
        end_ms=end_ms,
        row=row,
        not_earlier_ms=start_ms,
        end_not_earlier_ms=end_ms,
        opens=opens,
        closes=closes,
        excluded=PLAIN,
    )


def made_day(
    spent: Spent | None = None,
    *,
    site: str = "s",
    number: int = 0,
    doubt: Mapping[tuple[Row, Row], Numbers] | None = None,
    others: Mapping[str, Numbers] | None = None,
    downs: Sequence[Down] = (),
    latency: Mapping[tuple[str, int], Latency] | None = None,
) -> Day:
    """The day `number` since 1970 in UTC; all of it up unless `spent` says otherwise."""
    ledger = Ledger(
        from_ms=number * DAY_MS,
        to_ms=(number + 1) * DAY_MS,
        cells=cells(spent or {(Row.UP, 0, PLAIN): DAY_MS}),
        doubt=dict(doubt or {}),
        others=dict(others or {}),
        downs=list(downs),
    )
    return Day(site=site, ledger=ledger, latency=latency or {})


class MadeAccounts:
    """Accounts of days that a test made up; those before `kept_until_ms` are kept, and `asked` has what was made of the
    others."""

    def __init__(self, days: Sequence[Day], kept_until_ms: int = 0, revisions: Sequence[Revision] = ()) -> None:
        self._days, self._kept_until_ms, self._revisions = days, kept_until_ms, revisions
        self.asked: list[tuple[str, int, int]] = []
        self.books = MadeBooks([day for day in days if day.ledger.to_ms <= kept_until_ms], revisions)

    def days(self, site: str, from_ms: int, to_ms: int, as_of_ms: int | None = None) -> Sequence[Day]:
        """A day that is touched is told whole."""
        self.asked.append((site, from_ms, to_ms))
        found = [d for d in self._days if d.site == site and d.ledger.from_ms < to_ms and d.ledger.to_ms > from_ms]
        return sorted(found, key=lambda day: day.ledger.from_ms)

    def revisions(self, site: str, from_ms: int, to_ms: int) -> Sequence[Revision]:
        return [one for one in self._revisions if one.site == site and from_ms <= one.from_ms < to_ms]


class MadeBooks:
    """The kept ones of MadeAccounts."""

    def __init__(self, days: Sequence[Day], revisions: Sequence[Revision]) -> None:
        self._days, self._revisions = days, revisions

    def tallies(self, site: str, from_ms: int, to_ms: int) -> Sequence[KeptDay]:
        found = [day for day in self._days if day.site == site and from_ms <= day.ledger.from_ms < to_ms]
        return [self._kept(day) for day in sorted(found, key=lambda day: day.ledger.from_ms)]

    def _kept(self, day: Day) -> KeptDay:
        numbers = [r.number for r in self._revisions if (r.site, r.from_ms) == (day.site, day.ledger.from_ms)]
        return KeptDay(
            site=day.site,
            from_ms=day.ledger.from_ms,
            to_ms=day.ledger.to_ms,
            number=max(numbers, default=1),
            closed_ms=day.ledger.to_ms,
            ledger=day.ledger.to_bytes(),
            tally=tally(day.ledger, day.latency),
        )


def corrected(day: Day, number: int, made_ms: int, *changes: tuple[str, int, int]) -> Revision:
    """Revision `number` of a day."""
    return Revision(
        site=day.site,
        from_ms=day.ledger.from_ms,
        to_ms=day.ledger.to_ms,
        number=number,
        made_ms=made_ms,
        why="late results",
        changes=changes,
    )


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Any numbers whatever: rows, doubts and groups do not agree with each other."""
    ms = st.integers(0, DAY_MS)
    some_rows = st.sampled_from(ROWS)
    place = st.tuples(some_rows, st.integers(0, 1), st.integers(0, CODES - 1))
    subjects = st.sampled_from(["internet", "intranet", "service/samsat", "service/lpse"])
    number = draw(st.integers(0, 3))
    return made_day(
        draw(st.dictionaries(place, ms, min_size=1, max_size=8)),
        site=draw(st.sampled_from("ab")),
        number=number,
        doubt={pair: plain(n) for pair, n in draw(st.dictionaries(st.tuples(some_rows, some_rows), ms)).items()},
        others={
            name: standings(spent)
            for name, spent in draw(st.dictionaries(subjects, st.dictionaries(st.sampled_from(STANDINGS), ms))).items()
        },
        downs=[
            down(number * DAY_MS + start, number * DAY_MS + start + MINUTE, row)
            for start, row in sorted(
                draw(st.dictionaries(st.integers(0, 9).map(lambda n: n * 600_000), st.sampled_from(DOWN_ROWS))).items()
            )
        ],
        latency={
            slot: Latency(n, n // 2, 3 * n, n, np.array([0, n, 1], np.int64))
            for slot, n in draw(
                st.dictionaries(st.tuples(st.sampled_from(["gateway", "internet"]), st.integers(0, 1)), ms)
            ).items()
        },
    )
