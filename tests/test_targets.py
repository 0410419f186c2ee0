"""Yearly targets: what they count, how far off the year is, and where their line is drawn."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from collector.reports.connectivity import targets
from collector.reports.document import Value
from collector.reports.source import Source
from tests.booked import SITE, Lost
from tests.tabled import Office, office, rows

OPD = replace(SITE, code="opd-a", kind="opd", opd="Dinas A")
Target = Mapping[str, object]


def target(**known: object) -> Target:
    return {"name": "RPJMD", "indicator": "experienced", "years": {"2026": 0.95}} | known


def year(made: Office) -> Source:
    """The village was without a line all September and for the first ten days of October; the office never."""
    made.book(SITE, Lost("09-01 00:00", "10-11 00:00"), first=date(2026, 9, 1), days=61)
    made.book(OPD, first=date(2026, 9, 1), days=61)
    return made.source()


def told(folder: Path, *several: Target) -> list[dict[str, Value]]:
    with office(folder, targets=list(several)) as made:
        source = year(made)
        return [row for one in targets.table(source) for row in rows(one)]


def test_the_distance_is_that_of_the_year_so_far(tmp_path: Path) -> None:
    [row] = told(tmp_path, target())
    assert row["now"] == pytest.approx(1 - 10 / 62)
    assert row["year_so_far"] == pytest.approx(1 - 40 / 122)
    assert row["distance"] == pytest.approx(1 - 40 / 122 - 0.95)
    assert row["met"] is False


def test_a_target_of_one_kind_counts_only_its_sites(tmp_path: Path) -> None:
    [office_row, village_row] = told(tmp_path, target(kind="opd"), target(kind="village"))
    assert (office_row["year_so_far"], office_row["met"]) == (1.0, True)
    assert village_row["year_so_far"] == pytest.approx(21 / 61)


def test_a_year_without_a_target_has_no_distance(tmp_path: Path) -> None:
    [row] = told(tmp_path, target(years={"2027": 0.96}))
    assert (row["target"], row["distance"], row["met"]) == (None, None, None)
    assert row["year_so_far"] is not None


def test_of_a_kind_that_nobody_has_nothing_is_known(tmp_path: Path) -> None:
    [row] = told(tmp_path, target(kind="service"))
    assert (row["now"], row["year_so_far"], row["met"]) == (None, None, None)


def test_being_connected_is_a_target_too(tmp_path: Path) -> None:
    [row] = told(tmp_path, target(indicator="connected", years={"2026": 1.0}))
    assert (row["now"], row["year_so_far"], row["met"]) == (1.0, 1.0, True)


def test_every_figure_of_the_table_can_be_asked_for_again(tmp_path: Path) -> None:
    with office(tmp_path, targets=[target(kind="opd", hours="service")]) as made:
        [facts] = targets.facts(year(made))
    asked = [(fact.measure, fact.hours, fact.subject and fact.subject.period) for fact in facts.facts]
    assert asked == [("experienced", "service", "2026-10"), ("experienced", "service", "2026-01-01/2026-11-01")]


def test_a_year_so_far_is_what_its_days_add_up_to(tmp_path: Path) -> None:
    with office(tmp_path, targets=[target()]) as made:
        source = year(made)
        [one] = targets.reached(source)
        again = made.source("2026-01-01/2026-11-01").figures("all")[""]
    assert one.year_so_far == again.availability["experienced"].value


def test_without_targets_there_is_no_section(tmp_path: Path) -> None:
    assert told(tmp_path) == []
