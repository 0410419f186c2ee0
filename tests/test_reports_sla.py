"""`sla`: what contracts promised, what was kept, and the restitution, worked by hand to the rupiah."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from collector.accounting.ledger import PLANNED
from collector.condition import Row
from collector.reports.document import Document, Value
from collector.reports.lines.fulfilment import make
from collector.reports.source import Source
from tests.booked import SITE, Lost, Office, contract, office

LINE = replace(SITE, contract="K-1")
HOUR = 3_600_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def table(document: Document, name: str) -> list[dict[str, Value]]:
    """The rows of a table, by the names of its columns."""
    found = document.table(name)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row.cells, strict=True)) for row in found.rows()]


def told(source: Source, name: str, *columns: str) -> list[tuple[Value, ...]]:
    return [tuple(row[column] for column in columns) for row in table(make(source), name)]


def amounts(source: Source, name: str = "contract_1_restitution") -> list[tuple[Value, ...]]:
    """All three formulas and the contract's own, the total last."""
    return told(source, name, "shortfall", "prorated", "prorata", "restitution")


def test_a_month_of_31_days_by_each_formula(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=3_100_000, formula="prorated")
    # 893 min = 14 h 53 min: 53,580 s of 2,678,400 s
    desk.book(LINE, Lost("10-05 00:00", "10-05 14:53"))
    source = desk.source()
    [line, _] = told(source, "contract_1_lines", "hours", "budget", "charged", "kept")
    assert line == (744 * HOUR, 26_784_000, 53_580_000, "no")
    # 1 - 53,580 / 2,678,400 = 97.99955 %; 1.00045 % x 3,100,000 = 31,013.89
    # 3,100,000 x 53,580 / (2,678,400 x 0.99) = 62,640.29; 3,100,000 x 26,796 / 2,678,400 = 31,013.89
    assert amounts(source)[0] == (31_014, 62_640, 31_014, 62_640)


def test_a_contract_that_changes_in_mid_month_is_judged_part_by_part(desk: Office) -> None:
    contract(desk.path, "K-1", ends="2026-10-15", sla="0.99", fee=3_000_000, formula="shortfall")
    contract(desk.path, "K-1", "2026-10-16", sla="0.95", fee=6_000_000, formula="prorata")
    desk.book(LINE, Lost("10-15 15:00", "10-16 21:00"))
    # 9 h of 360: 97.5 %, 1.5 % x 3,000,000 x 360 / 744 = 21,774.19
    # 21 h of 384: budget 19.2 h, 6,000,000 x 384 / 744 x 1.8 / 384 = 14,516.13
    rows = told(desk.source(), "contract_1_restitution", "first", "last", "restitution")
    assert [(str(first), str(last), amount) for first, last, amount in rows[:2]] == [
        ("2026-10-01", "2026-10-15", 21_774),
        ("2026-10-16", "2026-10-31", 14_516),
    ]
    assert rows[2][2] == 36_290


def test_a_line_that_goes_to_another_contract_has_a_part_in_each(desk: Office) -> None:
    contract(desk.path, "K-1", ends="2026-10-15", sla="0.99", fee=3_000_000, formula="shortfall")
    contract(desk.path, "K-2", "2026-10-16", sla="0.95", fee=6_000_000, formula="prorata")
    desk.book(replace(SITE, contract="K-1|K-2"), Lost("10-15 15:00", "10-16 21:00"))
    assert told(desk.source(), "contracts", "contract", "restitution") == [("K-1", 21_774), ("K-2", 14_516)]


def test_without_an_sla_nothing_is_owed_and_that_is_said(desk: Office) -> None:
    contract(desk.path, "K-1", fee=450_000, formula="shortfall")
    desk.book(LINE, Lost("10-05 00:00", "10-09 00:00"))
    source = desk.source()
    assert told(source, "contract_1_lines", "required", "kept", "charged")[0] == (None, "no SLA", 96 * HOUR)
    assert amounts(source)[0] == (None, None, None, None)
    assert "no restitution" in str(told(source, "contract_1_restitution", "working")[0][0])


def test_of_an_outage_over_midnight_at_the_months_end_each_month_has_its_part(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.9999", fee=31_000_000, formula="prorata")
    # four minutes in October, eight in November: too short in October alone, but charged as a whole
    desk.book(LINE, Lost("10-31 23:56", "11-01 00:08"), days=61)
    # October: budget 267.84 s, 240 s used. November: budget 259.2 s of 2,592,000 s, 480 s used:
    # 31,000,000 x 220.8 / 2,592,000 = 2,640.74
    assert amounts(desk.source("2026-10"))[0][3] == 0
    assert amounts(desk.source("2026-11"))[0][3] == 2_641
    for period, ms in (("2026-10", 240_000), ("2026-11", 480_000)):
        assert told(desk.source(period), "contract_1_outages", "length", "charged") == [(720_000, ms)]


def test_an_sla_that_is_met_exactly_is_kept(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.875", fee=3_100_000, formula="prorated")
    desk.book(LINE, Lost("10-05 00:00", "10-08 21:00"))  # 93 h of 744 = 12.5 %
    source = desk.source()
    assert told(source, "contract_1_lines", "actual", "used", "kept")[0] == (0.875, 1.0, "yes")
    assert amounts(source)[0] == (0, 0, 0, 0)


def test_with_too_little_known_there_is_no_number(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=3_100_000, formula="shortfall")
    desk.book(LINE, Lost("10-01 00:00", "10-20 00:00", Row.UNKNOWN), Lost("10-21 00:00", "10-25 00:00"))
    source = desk.source()
    assert told(source, "contract_1_lines", "actual", "kept")[0] == (None, "not enough data")
    assert amounts(source) == [(None, None, None, None), (None, None, None, None)]
    assert "38.71" in str(told(source, "contract_1_restitution", "working")[0][0])


def test_days_before_the_first_result_are_not_known_either(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=3_100_000, formula="shortfall")
    desk.book(LINE, Lost("10-30 00:00", "10-30 12:00"), first=date(2026, 10, 29), days=3)
    assert told(desk.source(), "contract_1_lines", "kept")[0] == ("not enough data",)


def test_the_threshold_is_that_of_the_contract(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=1_000, formula="shortfall", after=3600)
    desk.book(LINE, Lost("10-05 00:00", "10-05 00:59"), Lost("10-06 00:00", "10-06 01:00"))
    assert told(desk.source(), "contract_1_lines", "charged")[0] == (HOUR,)


def test_what_is_excluded_and_what_is_not_the_providers_is_not_charged(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=1_000, formula="shortfall")
    desk.book(
        LINE,
        Lost("10-05 00:00", "10-05 10:00", excluded=PLANNED),
        Lost("10-06 00:00", "10-06 10:00", Row.POWER),
        Lost("10-07 00:00", "10-07 10:00", Row.LOCAL_DOWN),
        Lost("10-08 00:00", "10-08 01:00", Row.INTERNET_DOWN),
    )
    # of 744 h: 10 h excluded, 10 h without power, 10 h local; the provider answers for 714
    [(charged, actual), _] = told(desk.source(), "contract_1_lines", "charged", "actual")
    assert charged == HOUR
    assert actual == pytest.approx(1 - 1 / 714)


def test_one_fee_for_all_lines_is_reckoned_once(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=10_000_000, fee_of="contract", formula="shortfall")
    desk.book(replace(LINE, code="a"), Lost("10-05 00:00", "10-06 00:00"))
    desk.book(replace(LINE, code="b"))
    # 1 - 24 / 1,488 = 98.387 %: 0.6129 % x 10,000,000 = 61,290.32
    # 10,000,000 x 24 / (1,488 x 0.99) = 162,919.52; 10,000,000 x (24 - 14.88) / 1,488 = 61,290.32
    assert amounts(desk.source()) == [(61_290, 162_920, 61_290, 61_290), (None, None, None, 61_290)]


def test_one_fee_for_all_lines_needs_all_lines(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=10_000_000, fee_of="contract", formula="shortfall")
    desk.book(replace(LINE, code="a"), Lost("10-05 00:00", "10-06 00:00"))
    desk.book(replace(LINE, code="b", regency="Berau"))
    source = desk.source(scope="regency", of="Kutai Barat")
    assert amounts(source)[0] == (None, None, None, None)
    assert "1 of 2" in str(told(source, "contract_1_restitution", "working")[0][0])


def test_a_quarter_is_judged_month_by_month(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=3_000_000, formula="shortfall")
    desk.book(LINE, Lost("10-05 00:00", "10-06 00:00"), days=61)
    rows = told(desk.source("2026-10-01/2026-12-01"), "contract_1_restitution", "fee", "restitution")
    # October: 24 / 744 h = 3.2258 %, 2.2258 % x 3,000,000 = 66,774.19; November: kept
    assert rows == [(3_000_000, 66_774), (3_000_000, 0), (None, 66_774)]


def test_a_month_that_has_not_ended_is_told_as_far_as_it_is(tmp_path: Path) -> None:
    with office(tmp_path, now="10-11 00:00") as desk:
        contract(desk.path, "K-1", sla="0.99", fee=3_100_000, formula="shortfall")
        desk.book(LINE, Lost("10-05 00:00", "10-05 12:00"), days=10)
        # 12 of 240 h: 95 %; the fee of 240 / 744 h = 1,000,000, 4 % of it
        assert told(desk.source(), "contract_1_restitution", "fee", "restitution")[0] == (1_000_000, 40_000)


def test_the_working_can_be_done_again(desk: Office) -> None:
    contract(desk.path, "K-1", ends="2026-10-15", sla="0.99", fee=3_000_000, formula="shortfall")
    desk.book(LINE, Lost("10-05 00:00", "10-05 09:00"))
    [working] = told(desk.source(), "contract_1_restitution", "working")[0]
    assert working == "(99 % − (1 − 9 h / 360 h)) × Rp3,000,000 × 360 h / 744 h = Rp21,774"


def test_lines_without_a_contract_stand_apart(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99")
    desk.book(replace(SITE, code="a"), Lost("10-05 00:00", "10-05 09:00"))
    desk.book(replace(SITE, code="b", contract="K-9"))
    desk.book(replace(LINE, code="c"))
    rows = told(desk.source(), "without", "code", "charged", "note")
    assert [row[:2] for row in rows] == [("a", 9 * HOUR), ("b", 0)]
    assert "K-9" in str(rows[1][2])


def test_what_was_measured_stands_beside_it_as_the_indicators_tell_it(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", after=3600)
    desk.book(LINE, Lost("10-05 00:00", "10-05 00:30"))
    source = desk.source()
    figures = source.figures("site")[LINE.code]
    [measured] = told(source, "contract_1_measured", "line", "coverage", "downtime")
    assert measured == (figures.availability["line"].value, figures.coverage, figures.downtime_ms)
    assert told(source, "contract_1_lines", "actual")[0] == (1.0,)


def test_every_contract_has_a_sheet_to_sign(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99")
    contract(desk.path, "K-2", sla="0.95")
    desk.book(LINE)
    desk.book(replace(SITE, code="b", contract="K-2"))
    names = [section.name for section in make(desk.source(language="id")).sections]
    assert [name for name in names if "signatures" in name] == ["contract_1_signatures", "contract_2_signatures"]
    assert len(set(names)) == len(names)


def test_a_period_that_has_not_begun_has_no_contract(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99")
    desk.book(LINE)
    assert table(make(desk.source("2027-01")), "contracts") == []


def test_a_month_in_two_time_zones_is_paid_once(desk: Office) -> None:
    contract(desk.path, "K-1", sla="0.99", fee=1_000_000, fee_of="contract", formula="prorata")
    desk.book(replace(LINE, code="A", timezone="Asia/Jakarta"))
    desk.book(replace(LINE, code="B", timezone="Asia/Jayapura"))
    assert told(desk.source(), "contract_1_restitution", "fee")[0] == (1_000_000,)
