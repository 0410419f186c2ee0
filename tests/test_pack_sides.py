"""The pack's script tells periods before, changes, shares of time and targets by its own way as the program does."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.condition import Row
from collector.figures import periods
from collector.registry import Medium
from collector.reports import spans
from collector.reports.connectivity import monthly
from collector.reports.measures import SIDES, TARGET
from collector.reports.pack.recompute.checks import Figure, figures_of, same
from collector.reports.pack.recompute.measures.sides import OF_YEAR, before
from collector.reports.pack.recompute.measures.sides import SIDES as KNOWN_SIDES
from collector.reports.pack.recompute.subjects import bounds
from collector.reports.pack.told import Asked, noted
from tests.audited import Verdict, recompute
from tests.booked import SITE, Lost, at
from tests.tabled import Office, office

EAST = replace(SITE, code="east", regency="Berau", provider="Orbit", medium=Medium.VSAT)
OPD = replace(SITE, code="opd", kind="opd", opd="Dinas A", regency="Berau", timezone="Asia/Jayapura")
TARGETS = (
    {"name": "hit", "indicator": "line", "years": {"2026": 0.5}},
    {"name": "miss", "indicator": "experienced", "years": {"2026": 0.999, "2027": 0.5}},
    {"name": "other years", "indicator": "experienced", "hours": "service", "years": {"2024": 0.5}},
    {"name": "of villages", "indicator": "line", "kind": "village", "hours": "service", "years": {"2026": 1}},
    {"name": "of nobody", "indicator": "internet", "kind": "service", "years": {"2026": 0.5}},
    {"name": "in service", "indicator": "experienced", "hours": "service", "years": {"2026": 0.9}},
    {"name": "connected", "indicator": "connected", "kind": "village", "years": {"2026": 0.5}},
)


# the period before


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("2026", "2025-01-01", "2026-01-01"),
        ("2026-Q1", "2025-10-01", "2026-01-01"),
        ("2026-Q3", "2026-04-01", "2026-07-01"),
        ("2026-W01", "2025-12-22", "2025-12-29"),
        ("2027-W01", "2026-12-28", "2027-01-04"),  # the week before is the 53rd
        ("2026-W40", "2026-09-21", "2026-09-28"),
        ("2026-01", "2025-12-01", "2026-01-01"),
        ("2024-03", "2024-02-01", "2024-03-01"),
        ("2024-03-01", "2024-02-29", "2024-03-01"),
        ("2026-01-01/2026-01-04", "2025-12-29", "2026-01-01"),
        ("2026-10-01/2026-11-01", "2026-08-31", "2026-10-01"),  # as many days, not the month before
    ],
)
def test_the_period_before_is_of_the_same_kind_or_as_long(period: str, first: str, after: str) -> None:
    assert before(period) == f"{first}/{after}"


def test_before_some_time_lies_as_much_time() -> None:
    told = before("2026-01-01T01:00:00+08:00/2026-01-01T03:30:00.250+08:00")
    assert told == "2025-12-31T14:29:59.750000+00:00/2025-12-31T17:00:00+00:00"
    assert bounds(before("2026-10-02/2026-10-02T06:00:00+00:00")) == bounds(
        "2026-10-01T18:00:00+00:00/2026-10-02T00:00:00+00:00"
    )


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = st.dates(date(1980, 1, 1), date(2100, 1, 1))
EDGES = st.one_of(
    DAYS.map(date.isoformat),
    st.integers(0, 4_000_000_000_000).map(lambda ms: (EPOCH + timedelta(milliseconds=ms)).isoformat()),
)
NAMED: Sequence[Callable[[date], str]] = (
    lambda day: f"{day.year}",
    lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    lambda day: f"{day:%Y-%m}",
    lambda day: f"{day:%G-W%V}",
    date.isoformat,
)
PERIODS = st.one_of(
    st.tuples(st.sampled_from(NAMED), DAYS).map(lambda told: told[0](told[1])),
    st.tuples(EDGES, EDGES).map(sorted).filter(lambda told: told[0][:10] < told[1][:10]).map("/".join),
)


@given(PERIODS)
def test_the_script_and_the_program_know_the_same_period_before(period: str) -> None:
    asked = periods.between(*period.split("/")) if "/" in period else periods.parse(period)
    then = spans.before(asked)
    assert bounds(before(period)) == (then.start, then.end)


def test_the_script_has_every_side_and_every_measure_of_a_target() -> None:
    assert {*KNOWN_SIDES} == {*SIDES, "target"}
    assert {*TARGET} == {f"target.{what}" for what in ("aim", "now", *OF_YEAR)}


# packs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """In October one lost a quarter of a day of internet, and the east two days of line and one of power; the east is
    new since then, the office since the middle of September."""
    with office(tmp_path_factory.mktemp("made"), targets=TARGETS) as made:
        made.book(SITE, Lost("10-02 00:00", "10-02 06:00", Row.INTERNET_DOWN), first=date(2025, 12, 1), days=335)
        made.book(EAST, Lost("10-03 00:00", "10-05 00:00"), Lost("10-06 00:00", "10-07 00:00", Row.POWER))
        lost = Lost("09-29 23:00", "10-01 02:00", Row.INTRANET_DOWN)
        made.book(OPD, lost, first=date(2026, 9, 16), days=46)
        yield made


@dataclass(frozen=True)
class Packed:
    """An audit pack in a folder, and its monthly report."""

    folder: Path

    @classmethod
    def of(cls, made: Office, folder: Path, period: str = "2026-10", **wanted: str) -> "Packed":
        made.parts.press.lay_out("audit", made.source(period, **wanted), folder / "pack")
        return cls(folder / "pack")

    def checked(self) -> Verdict:
        return recompute(self.folder, self.folder.parent / "empty")

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Of each row its cells by the names of their columns."""
        found = self._table(json.loads(self._path.read_text()), table)
        names = [column["name"] for column in found["columns"]]
        return [dict(zip(names, row["cells"], strict=True)) for row in found["rows"]]

    def tamper(self, table: str, column: str, value: object) -> None:
        """With the first row."""
        report = json.loads(self._path.read_text())
        found = self._table(report, table)
        at = next(n for n, one in enumerate(found["columns"]) if one["name"] == column)
        assert not same(found["rows"][0]["cells"][at], value)
        found["rows"][0]["cells"][at] = value
        self._path.write_text(json.dumps(report))

    def nameless(self) -> list[Figure]:
        """What does not say what it measures."""
        return [one for one in figures_of(json.loads(self._path.read_text())) if one.asked is None]

    @property
    def _path(self) -> Path:
        return self.folder / "reports" / "bulanan.json"

    def _table(self, report: Any, name: str) -> Any:
        return next(one for one in report["sections"] if one["name"] == name)


def agrees(verdict: Verdict) -> bool:
    """Every figure of the monthly report, and there are some."""
    figures, agree, _ = verdict.reports["bulanan"]
    return figures == agree > 100 and verdict.code == 0


@pytest.mark.parametrize(
    "period",
    ["2026", "2026-Q4", "2026-W41", "2026-10", "2026-10-05", "2026-10-04/2026-10-11", "2026-W01", "2026-01"],
)
def test_every_figure_of_the_monthly_report_agrees_whatever_its_period(
    made: Office, tmp_path: Path, period: str
) -> None:
    pack = Packed.of(made, tmp_path, period)
    verdict = pack.checked()
    assert agrees(verdict), verdict.said
    assert not pack.nameless()


@pytest.mark.parametrize(
    "wanted", [("regency", "Berau"), ("provider", "Orbit"), ("site", "opd"), ("kind", "village"), ("medium", "vsat")]
)
def test_a_pack_of_a_part_agrees_too(made: Office, tmp_path: Path, wanted: tuple[str, str]) -> None:
    pack = Packed.of(made, tmp_path, scope=wanted[0], of=wanted[1])
    verdict = pack.checked()
    assert agrees(verdict), verdict.said
    assert not pack.nameless()


def test_times_that_begin_and_end_with_days_agree(made: Office, tmp_path: Path) -> None:
    first, after = (f"2026-10-{day:02}T00:00:00+08:00" for day in (4, 7))
    verdict = Packed.of(made, tmp_path, f"{first}/{after}", scope="regency", of=SITE.regency).checked()
    assert agrees(verdict), verdict.said


def test_what_is_told_beside_the_period_before_asks_for_its_accounts(made: Office) -> None:
    sheet, asked = monthly.make(made.source()), Asked()
    noted_sheet = noted(replace(sheet, sections=[sheet.table("change")]), asked)
    assert list(noted_sheet.table("change").rows())
    assert asked.periods == {"2026-10", "2026-09"}
    assert {"now.line", "before.line", "change.line"} <= asked.measures
    assert asked.span(periods.parse("2026-10"), SITE.timezone)[0] == at("09-01 00:00")


def test_a_period_that_goes_on_is_compared_with_the_whole_one_before(tmp_path: Path) -> None:
    with office(tmp_path, now="10-20 10:00", targets=TARGETS) as made:
        made.book(SITE, Lost("09-02 00:00", "09-03 00:00"), first=date(2026, 9, 1), days=49)
        pack = Packed.of(made, tmp_path)
    row, *_ = pack.rows("change")
    assert [row["now"], row["before"], row["change"]] == [1.0, pytest.approx(29 / 30), pytest.approx(1 / 30)]
    assert agrees(pack.checked())


def test_of_whom_nothing_was_known_before_nothing_is_compared(made: Office, tmp_path: Path) -> None:
    told = {row["provider"]: row for row in Packed.of(made, tmp_path).rows("provider")}
    assert told["Orbit"]["line"] == pytest.approx(28 / 30)
    assert (told["Orbit"]["line_before"], told["Orbit"]["line_change"]) == (None, None)
    assert told[SITE.provider]["line_before"] == 1.0


def test_targets_are_hit_or_missed_and_one_without_a_number_of_the_year_is_neither(
    made: Office, tmp_path: Path
) -> None:
    pack = Packed.of(made, tmp_path)
    told = {row["name"]: row for row in pack.rows("targets")}
    assert agrees(pack.checked())
    assert told["hit"]["met"] is True
    assert (told["miss"]["target"], told["miss"]["met"]) == (0.999, False)
    assert told["miss"]["distance"] == pytest.approx(told["miss"]["year_so_far"] - 0.999)
    assert [told["other years"][name] for name in ("target", "distance", "met")] == [None] * 3
    assert [told["of nobody"][name] for name in ("now", "year_so_far", "distance", "met")] == [None] * 4
    assert told["connected"]["now"] == told["connected"]["year_so_far"]


TAMPERED = (
    ("change", "before", 0.5),
    ("change", "change", 0.0),
    ("regency", "experienced_distance", 0.001),
    ("spent", "share", 0.123),
    ("spent", "condition", "power"),
    ("targets", "target", 0.4),
    ("targets", "met", False),
    ("worst", "cause", "local_down"),
)


def test_every_side_that_was_changed_is_named(made: Office, tmp_path: Path) -> None:
    pack = Packed.of(made, tmp_path)
    for one in TAMPERED:
        pack.tamper(*one)
    verdict = pack.checked()
    named = re.findall(r"NOT EQUAL: bulanan, table (\w+), row #1.*, column (\w+):", verdict.said)
    assert verdict.code == 1
    assert sorted(named) == sorted((table, column) for table, column, _ in TAMPERED)
