"""The `sla` report of random contracts and outages, checked by the audit pack's script from the accounts of days."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collector.contracts import FeeOf, Formula
from collector.reports.pack.recompute.checks import Result
from collector.reports.source import Source
from tests.booked import SITE, Office, contract, office
from tests.checked import checked, random_losses, written

PERIODS = ("2026-10", "2026-11", "2026-10-05/2026-11-20", "2026-10-01/2026-11-01", "2026")
LINES = (
    replace(SITE, code="a", contract="K-1"),
    replace(SITE, code="b", contract="K-1|K-2", timezone="Asia/Jayapura", provider="Telkom"),
    replace(SITE, code="c", contract="K-2", regency="Berau"),
    replace(SITE, code="d", contract="K-9"),
)
SLAS = (None, "0.875", "0.95", "0.99", "0.9999")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def random_terms(random: Random) -> dict[str, Any]:
    return {
        "sla": random.choice(SLAS),
        "fee": random.choice([None, 0, 1, 450_000, 3_333_333, 987_654_321]),
        "fee_of": random.choice([*FeeOf]).value,
        "formula": random.choice([*Formula]).value,
        "after": random.choice([None, 60, 7200]),
    }


def filled(desk: Office, seed: int) -> None:
    """Two contracts of two versions each, that change in mid month; one line has none that is known."""
    random = Random(seed)
    for number in ("K-1", "K-2"):
        day = random.randrange(2, 30)
        contract(desk.path, number, ends=f"2026-10-{day:02}", **random_terms(random))
        contract(desk.path, number, f"2026-10-{day + 1:02}", **random_terms(random))
    for line in LINES:
        desk.book(line, *random_losses(random), days=61)


def result(source: Source) -> Result:
    return checked(source, written(source, "sla"))


@pytest.mark.parametrize("seed", range(6))
def test_every_figure_of_random_contracts_agrees(desk: Office, seed: int) -> None:
    filled(desk, seed)
    for period in PERIODS:
        found = result(desk.source(period))
        assert (found.wrong, found.unknown, found.unmeasured) == ([], [], 0), period
        assert found.figures > 100


@pytest.mark.parametrize("seed", range(3))
def test_also_those_of_a_part_of_the_lines(desk: Office, seed: int) -> None:
    filled(desk, seed)
    for scope, of in (("regency", "Berau"), ("provider", "Telkom"), ("site", "a")):
        found = result(desk.source(scope=scope, of=of))
        assert (found.wrong, found.unknown, found.unmeasured) == ([], [], 0), scope


def raised(report: Any) -> int:
    """Every number of it by one, and how many there are."""
    changed = 0
    for section in report["sections"]:
        for fact in section.get("facts", ()):
            if is_number(fact["value"]):
                changed, fact["value"] = changed + 1, fact["value"] + 1
        for row in section.get("rows", ()):
            changed += sum(map(is_number, row["cells"]))
            row["cells"] = [value + 1 if is_number(value) else value for value in row["cells"]]
    return changed


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def test_every_number_that_was_changed_is_named(desk: Office) -> None:
    filled(desk, 1)
    source = desk.source()
    report = written(source, "sla")
    n = raised(report)
    assert len(checked(source, report).wrong) == n > 100
