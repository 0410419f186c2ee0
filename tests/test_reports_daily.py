"""`harian`: each point, one row a day, as the indicators of that day have it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from collector.accounting.ledger import PLANNED
from collector.condition import ROWS, Row
from collector.figures.downs import Sheet, kept_sheet, sheet_of
from collector.figures.periods import parse
from collector.figures.status import LONG_MS, Status, mostly, status
from collector.reports.document import Table, Value
from collector.reports.lines.daily import make
from collector.reports.source import Source, Wanted
from tests.booked import SITE, Lost, Office, at, office
from tests.faces import faces
from tests.fakes import FakeClock
from tests.made_days import DAY_MS, made_day
from tests.measured import PASER, measured, part

HOUR = 3_600_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def rows(source: Source, name: str = "daily") -> list[dict[str, Value]]:
    found = make(source).table(name)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row.cells, strict=True)) for row in found.rows()]


def sheet(**spent_h: int) -> Sheet:
    """A day; the hours that are not named are not known."""
    spent = {Row(row): hours * HOUR for row, hours in spent_h.items()}
    return of({**spent, Row.UNKNOWN: 24 * HOUR - sum(spent.values())})


def of(spent: Mapping[Row, int]) -> Sheet:
    return Sheet(0, 24 * HOUR, [spent.get(row, 0) for row in ROWS], [])


def as_asked(told: dict[str, Any]) -> dict[str, Value]:
    """An answer of /api/v1/indicators as a row of the report has it."""
    [experienced] = [one["value"] for one in told["availability"] if one["name"] == "experienced"]
    rows_ms = {f"row_{row}": round(told["rows"][row] * 1000) for row in ROWS}
    return {"experienced": experienced, "coverage": told["coverage"], "outages": told["outages"]["n"]} | rows_ms


async def test_every_figure_is_what_the_indicators_say_of_that_site_and_day(tmp_path: Path) -> None:
    lost = [Lost("10-05 10:00", "10-06 04:00"), Lost("10-06 05:00", "10-06 06:00", Row.POWER, excluded=PLANNED)]
    with office(tmp_path) as desk:
        desk.book(SITE, *lost, Lost("10-07 02:00", "10-08 00:00", Row.UNKNOWN), days=7)
    async with faces(tmp_path, FakeClock(at("10-09 10:00"))) as face:
        wanted = Wanted(period=parse("2026-10"), sites=[SITE])
        table = make(face.parts.press.source(wanted)).table("daily")
        names = [column.name for column in table.columns if column.measure and "." not in column.measure]
        for row in table.rows():
            assert row.subject is not None
            query = {"scope": row.subject.scope, "of": row.subject.of, "period": row.subject.period}
            async with face.client.get("/api/v1/indicators", params=query | {"exclusions": "without"}) as answer:
                [told] = (await answer.json())["indicators"]
            assert dict(zip(names, row.cells[-len(names) :], strict=True)) == as_asked(told)


async def test_a_day_that_is_not_kept_is_made_on_the_spot(tmp_path: Path) -> None:
    async with measured(tmp_path, [part(3 * HOUR, 2 * HOUR), part(2 * HOUR, 0, "line")]) as face:
        source = face.parts.press.source(Wanted(period=parse("2026-01-08"), sites=[PASER]))
        [row] = rows(source)
        figures = source.figures("site")[PASER.code]
    assert (row["active"], row["outages"], row["row_line_down"]) == (True, 1, figures.rows[Row.LINE_DOWN])
    assert sum(int(str(row[f"row_{one}"])) for one in ROWS) == 12 * HOUR


def test_one_row_a_day_whose_times_add_up_to_the_day(desk: Office) -> None:
    desk.book(SITE, Lost("10-05 10:00", "10-05 13:00", Row.LOCAL_DOWN))
    found = rows(desk.source())
    assert [row["day"] for row in found] == [date(2026, 10, n) for n in range(1, 32)]
    assert {sum(int(str(row[f"row_{one}"])) for one in ROWS) for row in found} == {24 * HOUR}


def test_days_before_the_first_result_are_no_zeros(desk: Office) -> None:
    desk.book(SITE, first=date(2026, 10, 30), days=2)
    first, *_, last = rows(desk.source())
    assert (first["status"], first["active"]) == ("not yet measured", None)
    assert {first[f"row_{row}"] for row in ROWS} | {first["outages"], first["coverage"]} == {None}
    assert (last["status"], last["row_up"]) == ("active", 24 * HOUR)


def test_a_row_without_figures_claims_none(desk: Office) -> None:
    desk.book(SITE, first=date(2026, 10, 31), days=1)
    subjects = [row.subject for row in make(desk.source()).table("daily").rows()]
    assert [one is None for one in subjects] == [True] * 30 + [False]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (sheet(up=24), Status.ACTIVE),
        (sheet(up=1), Status.ACTIVE),
        (sheet(degraded=24), Status.ACTIVE),
        (sheet(internet_down=24), Status.TROUBLED),
        (sheet(up=23, line_down=1), Status.TROUBLED),
        (sheet(up=20, power=4), Status.TROUBLED),
        (sheet(line_down=24), Status.INACTIVE),
        (sheet(power=24), Status.INACTIVE),
        (sheet(line_down=12), Status.INACTIVE),
        (sheet(line_down=11), Status.UNKNOWN),
        (sheet(), Status.UNKNOWN),
    ],
)
def test_a_day_is_active_if_anything_answered_and_inactive_only_if_enough_is_known(
    day: Sheet, expected: Status
) -> None:
    assert status(day, 0.5) is expected


def test_a_short_outage_is_no_trouble() -> None:
    spent = {Row.UP: DAY_MS - LONG_MS + 1, Row.LINE_DOWN: LONG_MS - 1}
    assert status(of(spent), 0.5) is Status.ACTIVE


def test_most_of_the_day_is_what_took_longest() -> None:
    assert mostly(sheet(up=5, line_down=10)) is Row.LINE_DOWN


def test_a_kept_day_and_a_made_one_are_read_alike() -> None:
    ledger = made_day({(row, n % 2, n % 4): n + 1 for n, row in enumerate(ROWS)}).ledger
    assert kept_sheet(ledger.to_bytes()) == sheet_of(ledger)


def test_excluded_time_is_told_like_any_other(desk: Office) -> None:
    desk.book(SITE, Lost("10-05 00:00", "10-06 00:00", excluded=PLANNED))
    row = rows(desk.source())[4]
    assert (row["active"], row["mostly"], row["outages"]) == (False, "line_down", 1)


def test_the_matrix_has_a_sign_a_day(desk: Office) -> None:
    desk.book(
        replace(SITE, code="a"), Lost("10-02 00:00", "10-03 00:00"), Lost("10-03 00:00", "10-04 00:00", Row.UNKNOWN)
    )
    desk.book(replace(SITE, code="b"), Lost("10-05 10:00", "10-05 12:00", Row.POWER), first=date(2026, 10, 3), days=29)
    [one, other] = [list(row.values()) for row in rows(desk.source(), "matrix")]
    assert (one[2:7], one[-2:]) == (["✓", "✗", "?", "✓", "✓"], [29, 30])
    assert (other[2:7], other[-2:]) == (["–", "–", "✓", "✓", "◐"], [29, 29])


def test_a_long_period_has_no_matrix(desk: Office) -> None:
    desk.book(SITE, days=61)
    names = [one.name for one in make(desk.source("2026-10-01/2026-11-02")).sections if isinstance(one, Table)]
    assert names == ["days", "daily"]


def test_every_day_is_counted_once(desk: Office) -> None:
    desk.book(replace(SITE, code="a"), Lost("10-02 00:00", "10-03 00:00"))
    desk.book(replace(SITE, code="b"), first=date(2026, 10, 3), days=29)
    found = rows(desk.source(), "days")
    assert {sum(int(str(row[one])) for one in Status) for row in found} == {2}
    assert (found[1]["share"], found[1]["inactive"], found[1]["unmeasured"]) == (0.0, 1, 1)


def test_a_month_that_has_not_ended_has_rows_until_today(tmp_path: Path) -> None:
    with office(tmp_path, now="10-11 00:00") as desk:
        desk.book(SITE, days=10)
        assert [row["day"] for row in rows(desk.source())] == [date(2026, 10, n) for n in range(1, 11)]


def test_rows_are_read_while_they_are_written(desk: Office) -> None:
    for n in range(3):
        desk.book(replace(SITE, code=f"site-{n}"))
    done: list[int] = []
    source = desk.source()
    table = make(source).table("daily")
    source.progress = lambda _what, n, _of: done.append(n)
    assert len(list(islice(table.rows(), 5))) == 5
    assert done == [0]
