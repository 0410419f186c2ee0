"""The audit pack's script on days: what each point was, and days and points counted, from the accounts alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collector.accounting.ledger import PLANNED
from collector.condition import Row
from collector.figures.downs import Sheet
from collector.figures.status import mostly, status
from collector.reports.pack.recompute.measures import daily as theirs
from collector.reports.pack.recompute.records import ROWS
from tests.booked import OCTOBER, SITE, Lost, Office, office
from tests.checked import checked, random_losses, written

HOUR = 3_600_000
EAST = replace(SITE, code="east", timezone="Asia/Jayapura")
BERLIN = replace(SITE, code="berlin", timezone="Europe/Berlin", regency="Berau")
"""Where 2026-10-25 has 25 hours, and 2026-03-29 has 23."""
PERIODS = ("2026-10", "2026-10-25", "2026-10-20/2026-11-05", "2026-10-24T17:30:00+08:00/2026-10-26T03:00:00Z")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def agrees(desk: Office, period: str, **wanted: str) -> Any:
    """The report, after the script found nothing in it that is not as it says."""
    source = desk.source(period, **wanted)
    report = written(source, "harian")
    found = checked(source, report)
    assert (found.wrong, found.unknown, found.unmeasured) == ([], [], 0), period
    assert found.figures == found.agree > 20
    return report


def table(report: Any, name: str) -> Any:
    return next(one for one in report["sections"] if one["name"] == name)


def place(told: Any, column: str) -> int:
    return [str(one["name"]) for one in told["columns"]].index(column)


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_of_random_days_agrees(desk: Office, seed: int) -> None:
    random = Random(seed)
    desk.book(SITE, *random_losses(random), days=61)
    desk.book(EAST, *random_losses(random), first=date(2026, 10, random.randrange(2, 30)), days=34)
    desk.book(BERLIN, *random_losses(random), Lost("10-24 09:00", "10-25 20:00", random.choice(list(Row)[3:])), days=61)
    for period in PERIODS:
        agrees(desk, period)


def test_a_day_of_23_hours_is_judged_by_its_own_length(desk: Office) -> None:
    """Down for 11 h 45 min of 23: just more than half of it is known. In Samarinda it began at seven."""
    lost = Lost("03-29 07:00", "03-29 18:45"), Lost("03-29 18:45", "03-30 06:00", Row.UNKNOWN)
    desk.book(BERLIN, *lost, first=date(2026, 3, 28), days=4)
    report = agrees(desk, "2026-03-28/2026-03-31")
    told = table(report, "matrix")
    assert told["rows"][0]["cells"][place(told, "2026-03-29")] == "✗"


def test_days_before_the_first_result_agree(desk: Office) -> None:
    desk.book(SITE)
    desk.book(EAST, first=date(2026, 10, 20), days=12)
    days = table(agrees(desk, "2026-10"), "days")
    assert [row["cells"][place(days, "unmeasured")] for row in days["rows"]] == [1] * 19 + [0] * 12


def test_a_period_that_has_not_begun_has_points_and_no_days(desk: Office) -> None:
    desk.book(SITE, first=OCTOBER, days=61)
    source = desk.source("2027-01")
    found = checked(source, written(source, "harian"))
    assert (found.wrong, found.unknown, found.unmeasured) == ([], [], 0)


def test_today_counts_as_far_as_it_is_and_begins_earlier_in_the_east(tmp_path: Path) -> None:
    with office(tmp_path, now="10-11 23:30") as desk:
        for site in (SITE, EAST):
            desk.book(site, Lost("10-05 10:00", "10-05 12:00"), days=10)
        days = table(agrees(desk, "2026-10"), "days")
    assert [sum(row["cells"][3:]) for row in days["rows"][-2:]] == [2, 1]
    assert days["rows"][-1]["cells"][0] == "2026-10-12"


@pytest.mark.parametrize("wanted", [{"scope": "regency", "of": "Berau"}, {"scope": "site", "of": "east"}])
def test_a_part_of_the_province_agrees(desk: Office, wanted: dict[str, str]) -> None:
    for site in (SITE, EAST, BERLIN):
        desk.book(site, Lost("10-05 10:00", "10-07 12:00"))
    agrees(desk, "2026-10", **wanted)


@pytest.mark.parametrize(("name", "column"), [("days", "inactive"), ("days", "quiet"), ("matrix", "active_days")])
def test_a_changed_count_is_named(desk: Office, name: str, column: str) -> None:
    desk.book(SITE, Lost("10-01 00:00", "10-02 00:00"), Lost("10-05 00:00", "10-06 00:00", excluded=PLANNED))
    source = desk.source()
    report = written(source, "harian")
    told = table(report, name)
    told["rows"][0]["cells"][place(told, column)] += 1
    [wrong] = checked(source, report).wrong
    assert (wrong.figure.table, wrong.figure.row[:2], wrong.figure.column) == (name, "#1", column)
    assert wrong.computed == wrong.figure.value - 1


@pytest.mark.parametrize(
    ("name", "column", "changed"),
    [("matrix", "2026-10-05", "✓"), ("daily", "active", True), ("daily", "mostly", "up"), ("daily", "outages", 0)],
)
def test_another_sign_or_word_for_a_day_is_named(desk: Office, name: str, column: str, changed: object) -> None:
    desk.book(SITE, Lost("10-05 00:00", "10-06 00:00"))
    source = desk.source("2026-10-05/2026-10-07")
    report = written(source, "harian")
    told = table(report, name)
    told["rows"][0]["cells"][place(told, column)] = changed
    [wrong] = checked(source, report).wrong
    assert (wrong.figure.table, wrong.figure.column, wrong.figure.value) == (name, column, changed)


def test_a_day_is_what_the_program_says() -> None:
    random = Random(1)
    for _ in range(500):
        rows = random.sample(ROWS, random.randrange(1, 5))
        spent = {row: random.choice([0, 1, HOUR - 1, HOUR, 6 * HOUR]) for row in rows}
        spent["unknown"] = spent.get("unknown", 0) + max(0, 24 * HOUR - sum(spent.values()))
        cells = {f"{row}/{random.choice(['inside', 'outside'])}/planned": ms for row, ms in spent.items()}
        found = theirs.judged({"from_ms": 0, "to_ms": 24 * HOUR, "cells": cells}, 0.5, raw=True)
        sheet = Sheet(0, 24 * HOUR, [spent.get(row, 0) for row in ROWS], [])
        assert (found.status, found.mostly) == (status(sheet, 0.5), mostly(sheet))


def test_a_point_that_was_closed_has_days_until_its_last_and_none_in_later_periods(desk: Office) -> None:
    desk.book(SITE, days=61)
    desk.book(replace(EAST, until=date(2026, 10, 9)), Lost("10-05 10:00", "10-07 12:00"), days=9)
    matrix = table(agrees(desk, "2026-10"), "matrix")
    assert [row["cells"][-1] for row in matrix["rows"]] == [31, 9]
    assert len(table(agrees(desk, "2026-11"), "matrix")["rows"]) == 1
