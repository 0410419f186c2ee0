"""A real store whose books hold days that a test made up, and reports of them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from collector.accounting.days import midnight_ms
from collector.accounting.ledger import PLAIN, Down, Ledger
from collector.condition import DOWN_ROWS, Condition, Flip, Row
from collector.config import CollectorConfig
from collector.figures import periods
from collector.figures.sums import tally
from collector.parts import Parts
from collector.registry import Site
from collector.reports.source import Source, Wanted
from collector.store import Store, open_store
from collector.store.books import Desk, KeptDay
from tests.fakes import FakeClock
from tests.made_days import Spent, cells

HOUR = 3_600_000
SITE = Site(code="64.07.05.2017", name="Long Iram Bayan", kind="village", regency="Kutai Barat", provider="Icon+")
OCTOBER = date(2026, 10, 1)
NEW = "INSERT INTO contracts VALUES (:number, :begins, :provider, :ends, :sla, :fee, :fee_of, :formula, :after, '')"


def at(text: str, timezone: str = SITE.timezone) -> int:
    """`10-31 23:00`, in 2026 at the site."""
    day, clock = text.split(" ")
    hours, minutes = (int(part) for part in clock.split(":"))
    return midnight_ms(date.fromisoformat(f"2026-{day}"), timezone) + hours * HOUR + minutes * 60_000


@dataclass(frozen=True)
class Lost:
    """A time in `row`, as `at` has times; `excluded` as in a ledger."""

    start: str
    end: str
    row: Row = Row.LINE_DOWN
    excluded: int = PLAIN

    @property
    def span(self) -> tuple[int, int]:
        return at(self.start), at(self.end)


def book(store: Store, site: Site, lost: Sequence[Lost] = (), first: date = OCTOBER, days: int = 31) -> None:
    """`days` closed days of `site`, up but for what was lost; with the flips of it, so that parts of days can be made
    too."""
    made = [_day(site, first + timedelta(n), lost) for n in range(days)]
    span = made[0].from_ms, made[-1].to_ms
    desk = Desk(site=site.code, timezone=site.timezone, calendar="", fingerprint="", first_ms=span[0], until_ms=span[1])
    store.books.mark([], [desk])
    store.books.write(made, {}, [])
    store.replace_flips(site.code, 0, 1 << 62, list(_flips(site, span[0], lost)))


def _flips(site: Site, first_ms: int, lost: Sequence[Lost]) -> Iterator[Flip]:
    turns = [(first_ms, Condition.UNOBSERVED, Condition.UP)]
    for one in lost:
        if one.row in DOWN_ROWS:
            down = Condition(one.row)
            turns += [(one.span[0], Condition.UP, down), (one.span[1], down, Condition.UP)]
    for at_ms, was, now in turns:
        yield Flip(site=site.code, scope="site", at_ms=at_ms, not_earlier_than_ms=at_ms - 60_000, was=was, now=now)


def _day(site: Site, day: date, lost: Sequence[Lost]) -> KeptDay:
    start, end = (midnight_ms(day + timedelta(n), site.timezone) for n in (0, 1))
    inside = [(one, max(one.span[0], start), min(one.span[1], end)) for one in lost]
    inside = [(one, from_ms, to_ms) for one, from_ms, to_ms in inside if from_ms < to_ms]
    spent: dict[tuple[Row, int, int], int] = {(Row.UP, 0, PLAIN): end - start}
    for one, from_ms, to_ms in inside:
        spent[one.row, 0, one.excluded] = spent.get((one.row, 0, one.excluded), 0) + to_ms - from_ms
        spent[Row.UP, 0, PLAIN] -= to_ms - from_ms
    ledger = _ledger(start, end, spent, [_down(*one) for one in inside if one[0].row is not Row.UNKNOWN])
    return KeptDay(
        site=site.code,
        from_ms=start,
        to_ms=end,
        number=1,
        closed_ms=end,
        ledger=ledger.to_bytes(),
        tally=tally(ledger, {}),
    )


def _ledger(start: int, end: int, spent: Spent, downs: list[Down]) -> Ledger:
    return Ledger(from_ms=start, to_ms=end, cells=cells(spent), doubt={}, others={}, downs=downs)


def _down(one: Lost, from_ms: int, to_ms: int) -> Down:
    """Its proofs lie a minute before its true ends."""
    opens, closes = one.span[0] == from_ms, one.span[1] == to_ms
    return Down(
        start_ms=from_ms,
        end_ms=to_ms,
        row=one.row,
        not_earlier_ms=from_ms - 60_000 * opens,
        end_not_earlier_ms=to_ms - 60_000 * closes,
        opens=opens,
        closes=closes,
        excluded=one.excluded,
        why="gateway up, intranet down, internet down",
    )


def contract(path: Path, number: str, begins: str = "2026-01-01", **known: object) -> None:
    """A version of a contract, in the store at `path`."""
    row: dict[str, object] = {
        "provider": "Icon+",
        "ends": None,
        "sla": None,
        "fee": None,
        "fee_of": "line",
        "formula": "none",
    }
    row |= {"after": None, "number": number, "begins": begins} | known
    with sqlite3.connect(path) as db:
        db.execute(NEW, row)
    db.close()


@dataclass(frozen=True)
class Office:
    """A store at `path` whose days are booked; a collector comes anew for each source, as it would after a restart."""

    store: Store
    path: Path
    clock: FakeClock

    def book(self, site: Site, *lost: Lost, first: date = OCTOBER, days: int = 31) -> None:
        self.store.put_sites([site])
        book(self.store, site, lost, first, days)

    def source(self, period: str = "2026-10", language: str = "en", **wanted: str) -> Source:
        asked = periods.between(*period.split("/")) if "/" in period else periods.parse(period)
        parts = Parts.of(CollectorConfig(), self.clock, self.store)
        return parts.press.source(Wanted(period=asked, sites=self.store.sites(), **wanted), language)


@contextmanager
def office(folder: Path, now: str = "12-01 10:00") -> Iterator[Office]:
    """On the first of December, unless told otherwise. Faces in the same folder stand on the same store."""
    path = folder / "faces.db"
    store = open_store(f"sqlite:///{path}")
    try:
        yield Office(store, path, FakeClock(at(now)))
    finally:
        store.close()
