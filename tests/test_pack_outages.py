"""The audit pack's script on outages: each one, and sums of them, from the accounts of days alone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collector.acts import CauseCode, GivenCause, cause_of
from collector.condition import Row
from collector.reports.pack.audit import fill
from collector.reports.pack.recompute import outages as theirs
from collector.reports.pack.recompute.checks import Result
from collector.reports.shelf import FolderShelf
from collector.reports.source import Source
from tests.audited import recompute
from tests.booked import SITE, Lost, Office, at, contract, office
from tests.checked import checked, random_losses, written

PERIODS = ("2026-10", "2026-11", "2026-10-31", "2026-10-05/2026-11-01")
EAST = replace(SITE, code="b", timezone="Asia/Jayapura", contract="K-1", provider="Telkom")
MINE = replace(SITE, code="a", contract="K-1|K-2")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def given(site: str, start: str, end: str, code: CauseCode = CauseCode.PENYEDIA, number: int = 0) -> GivenCause:
    entered_ms = at("11-30 00:00")
    return GivenCause(
        id=number, site=site, start_ms=at(start), end_ms=at(end), code=code, note="", by="Ani", entered_ms=entered_ms
    )


def result(source: Source) -> Result:
    return checked(source, written(source, "gangguan"))


def columns(found: Result) -> set[tuple[str, str]]:
    """Those with a figure that is wrong."""
    assert not found.unknown
    return {(one.figure.table, one.figure.column) for one in found.wrong}


@pytest.mark.parametrize("seed", range(4))
def test_every_figure_of_random_outages_agrees(desk: Office, seed: int) -> None:
    random = Random(seed)
    contract(desk.path, "K-1", ends="2026-10-15", after=7200)
    contract(desk.path, "K-1", "2026-10-16", after=60)
    contract(desk.path, "K-2", "2026-11-01", after=900)
    for site in (MINE, EAST, replace(SITE, code="c", regency="Berau")):
        desk.book(site, *random_losses(random), days=61)
        for code in random.sample(list(CauseCode), 4):
            first, last = sorted(random.sample(range(1, 31), 2))
            desk.store.acts.give_cause(given(site.code, f"10-{first:02} 00:00", f"10-{last:02} 12:00", code))
    for period in PERIODS:
        found = result(desk.source(period))
        assert (found.wrong, found.unknown, found.unmeasured) == ([], [], 0)
        assert found.figures == found.agree > 20


@pytest.mark.parametrize("wanted", [{"scope": "regency", "of": "Berau"}, {"scope": "site", "of": "b"}])
def test_sums_of_a_part_of_the_province_agree(desk: Office, wanted: dict[str, str]) -> None:
    lost = Lost("10-05 10:00", "10-05 11:00"), Lost("10-06 10:00", "10-06 12:00", Row.LOCAL_DOWN)
    for site in (MINE, replace(SITE, code="b", regency="Berau"), replace(SITE, code="c", regency="Berau")):
        desk.book(site, *lost)
    source = desk.source(**wanted)
    report = written(source, "gangguan")
    assert not columns(checked(source, report))
    table = next(one for one in report["sections"] if one["name"] == "by_condition")
    assert [row["subject"]["where"]["condition"] for row in table["rows"]] == ["local_down", "line_down"]


def test_an_outage_that_lasts_and_began_long_before_agrees(tmp_path: Path) -> None:
    with office(tmp_path, now="11-20 00:00") as desk:
        desk.book(SITE, Lost("10-03 12:00", "11-30 12:00"), days=50)
        for period in ("2026-10", "2026-11", "2026-11-05/2026-11-06", "2026"):
            assert not columns(result(desk.source(period))), period


def test_a_changed_sum_by_cause_is_named(desk: Office) -> None:
    desk.book(SITE, Lost("10-05 10:00", "10-05 11:00"), Lost("10-06 10:00", "10-06 12:00", Row.LOCAL_DOWN))
    desk.store.acts.give_cause(given(SITE.code, "10-05 10:00", "10-05 11:00"))
    source = desk.source()
    report = written(source, "gangguan")
    row = changed(report, "by_cause", "lost", by=60_000)
    assert row["subject"]["where"] == {"cause": "penyedia"}
    [wrong] = checked(source, report).wrong
    assert (wrong.figure.table, wrong.figure.row, wrong.figure.column) == ("by_cause", "#1 provider", "lost")
    assert (wrong.figure.value, wrong.computed) == (3_660_000, 3_600_000)


def changed(report: Any, name: str, column: str, by: int) -> Any:
    """The first row of a table, after a figure in it was changed."""
    table = next(one for one in report["sections"] if one["name"] == name)
    row = table["rows"][0]
    row["cells"][[one["name"] for one in table["columns"]].index(column)] += by
    return row


def test_the_script_names_a_changed_sum_by_cause_and_a_changed_count_of_inactive_points(desk: Office) -> None:
    """As an auditor runs it."""
    desk.book(SITE, Lost("10-01 00:00", "10-02 00:00"))
    desk.store.acts.give_cause(given(SITE.code, "10-01 10:00", "10-01 11:00"))
    pack = desk.path.parent / "pack"
    fill(desk.source(), FolderShelf(pack))
    for kind, name, column in (("gangguan", "by_cause", "charged_sum"), ("harian", "days", "inactive")):
        path = pack / "reports" / f"{kind}.json"
        report = json.loads(path.read_text())
        changed(report, name, column, by=1)
        path.write_text(json.dumps(report))
    said = recompute(pack, desk.path.parent / "empty").said
    one, other = (line for line in said.splitlines() if "NOT EQUAL" in line)
    assert all(word in one for word in ("gangguan", "table by_cause", "row #1 provider", "column charged_sum"))
    assert all(word in other for word in ("harian", "table days", "row #1 2026-10-01", "column inactive", "2", "1"))


@pytest.mark.parametrize("column", ["start_bar", "excluded", "lost", "charged_time"])
def test_every_column_of_a_single_outage_is_looked_at(desk: Office, column: str) -> None:
    desk.book(SITE, Lost("10-05 10:00", "10-05 11:00"))
    source = desk.source()
    report = written(source, "gangguan")
    table = next(one for one in report["sections"] if one["name"] == "outages")
    place = [one["name"] for one in table["columns"]].index(column)
    table["rows"][0]["cells"][place] = "2026-10-05T09:58:00+08:00" if column == "start_bar" else 7
    assert columns(checked(source, report)) == {("outages", column)}


def test_a_yes_that_was_a_no_is_named(desk: Office) -> None:
    desk.book(SITE, Lost("10-05 10:00", "10-05 10:04"))
    source = desk.source()
    report = written(source, "gangguan")
    table = next(one for one in report["sections"] if one["name"] == "outages")
    place = [one["name"] for one in table["columns"]].index("charged")
    assert table["rows"][0]["cells"][place] is False
    table["rows"][0]["cells"][place] = True
    assert columns(checked(source, report)) == {("outages", "charged")}


def test_the_cause_of_an_outage_is_that_of_the_program() -> None:
    random = Random(1)
    for _ in range(100):
        spans = [sorted(random.sample(range(10), 2)) for _ in range(6)]
        ours = [
            replace(given("a", "10-01 00:00", "10-02 00:00", random.choice(list(CauseCode)), n), start_ms=a, end_ms=b)
            for n, (a, b) in enumerate(spans, 1)
        ]
        told = [{"id": one.id, "start_ms": one.start_ms, "end_ms": one.end_ms, "code": one.code} for one in ours]
        start, end = sorted(random.sample(range(10), 2))
        stop = theirs.Stop("line_down", start, end, start, end, opens=True, closes=True)
        found = cause_of(start, end, random.sample(ours, 6))
        assert theirs.cause_of(stop, told) == (found.code if found else "")


def test_an_outage_in_which_a_point_was_closed_agrees(desk: Office) -> None:
    desk.book(replace(SITE, until=date(2026, 10, 6)), Lost("10-05 10:00", "10-07 12:00"), days=6)
    for period in ("2026-10", "2026-11"):
        assert not columns(result(desk.source(period)))
