"""`gangguan`: every outage once, in full, and in agreement with the indicators to the millisecond."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from collector.accounting.ledger import LATE, MAJEURE, PLANNED
from collector.acts import CauseCode, GivenCause
from collector.condition import Row
from collector.figures.periods import parse
from collector.reports.document import Facts, Subject, Value
from collector.reports.lines.downtime import make
from collector.reports.source import Source, Wanted
from tests.booked import SITE, Lost, Office, at, contract, office
from tests.checked import random_losses
from tests.faces import faces
from tests.fakes import FakeClock

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def rows(source: Source, name: str = "outages") -> list[dict[str, Value]]:
    """Of a table, by the names of its columns."""
    found = make(source).table(name)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row.cells, strict=True)) for row in found.rows()]


def total(found: list[dict[str, Value]], column: str) -> int:
    return sum(int(value) for row in found if isinstance(value := row[column], int))


def only(source: Source) -> dict[str, Value]:
    [row] = rows(source)
    return row


@pytest.mark.parametrize("seed", range(6))
def test_number_time_and_charged_time_agree_with_the_indicators(desk: Office, seed: int) -> None:
    random = Random(seed)
    for code in "ab":
        desk.book(replace(SITE, code=code), *random_losses(random), days=61)
    for period in ("2026-10", "2026-11", "2026-10-31", "2026-10-05/2026-11-01"):
        source = desk.source(period)
        figures, found = source.figures("all")[""], rows(source)
        assert total(found, "counts") == figures.outages.n
        assert total(found, "lost") - total(found, "excluded") == figures.downtime_ms
        assert total(found, "charged_time") == figures.charged.total_ms
        assert sum(bool(row["counts"] and row["charged"]) for row in found) == figures.charged.n
        cuts = rows(source, "power_cuts")
        assert total(cuts, "lost") - total(cuts, "excluded") == figures.rows[Row.POWER]


async def test_they_agree_with_the_interface(tmp_path: Path) -> None:
    lost = [Lost("10-05 10:00", "10-05 10:04"), Lost("10-06 22:00", "10-07 02:00", Row.INTERNET_DOWN)]
    with office(tmp_path) as desk:
        desk.book(SITE, *lost)
    async with faces(tmp_path, FakeClock(at("11-02 10:00"))) as face:
        wanted = Wanted(period=parse("2026-10"), sites=[SITE])
        found = rows(face.parts.press.source(wanted))
        async with face.client.get("/api/v1/indicators", params={"scope": "site", "period": "2026-10"}) as answer:
            [told] = (await answer.json())["indicators"]
    assert (told["outages"]["n"], told["downtime_s"]) == (total(found, "counts"), total(found, "lost") / 1000)
    assert (told["charged"]["n"], told["charged"]["total_s"]) == (1, total(found, "charged_time") / 1000)


def test_an_outage_over_midnight_at_the_months_end_counts_where_it_begins(desk: Office) -> None:
    desk.book(SITE, Lost("10-31 23:56", "11-01 00:08"), days=61)
    october, november = only(desk.source("2026-10")), only(desk.source("2026-11"))
    assert (october["counts"], october["lost"], october["length"]) == (True, 4 * MINUTE, 12 * MINUTE)
    assert (november["counts"], november["lost"], november["length"]) == (False, 8 * MINUTE, 12 * MINUTE)
    assert (october["start"], october["end"]) == (november["start"], november["end"])
    assert "Goes on after this period" in str(october["note"])
    assert "Began before this period" in str(november["note"])


def test_it_is_charged_in_both_months_because_all_of_it_is_long_enough(desk: Office) -> None:
    desk.book(SITE, Lost("10-31 23:56", "11-01 00:08"), days=61)
    charged = [only(desk.source(period))["charged_time"] for period in ("2026-10", "2026-11")]
    assert charged == [4 * MINUTE, 8 * MINUTE]


def test_an_outage_of_many_days_is_one(desk: Office) -> None:
    desk.book(SITE, Lost("10-03 12:00", "11-20 12:00"), days=61)
    row = only(desk.source("2026-11-05/2026-11-06"))
    assert (row["length"], row["lost"], str(row["start"])[:16]) == (48 * 24 * HOUR, 24 * HOUR, "2026-10-03 12:00")


def test_bars_are_the_last_proofs_of_what_was_before(desk: Office) -> None:
    desk.book(SITE, Lost("10-05 10:00", "10-05 11:00"))
    row = only(desk.source())
    assert [str(row[name])[11:16] for name in ("start", "start_bar", "end", "end_bar")] == [
        "10:00",
        "09:59",
        "11:00",
        "10:59",
    ]


def test_what_lasts_is_said_to_last(tmp_path: Path) -> None:
    with office(tmp_path, now="11-01 00:00") as desk:
        desk.book(SITE, Lost("10-31 22:00", "11-05 00:00"))
        source = desk.source()
        row = only(source)
        assert (row["end"], row["lost"]) == (None, 2 * HOUR)
        assert "Still going on" in str(row["note"])
        assert [one.mark for one in make(source).table("outages").rows()] == ["open"]


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (Lost("10-05 10:00", "10-05 11:00"), "yes: line or internet down for 5 min or longer; no contract"),
        (Lost("10-05 10:00", "10-05 10:04"), "no: shorter than 5 min"),
        (Lost("10-05 10:00", "10-05 11:00", Row.LOCAL_DOWN), "no: this condition is not the provider's"),
        (Lost("10-05 10:00", "10-05 11:00", Row.INTRANET_DOWN), "no: this condition is not the provider's"),
        (Lost("10-05 10:00", "10-05 11:00", excluded=PLANNED), "no: excluded (planned maintenance)"),
        (Lost("10-05 10:00", "10-05 11:00", excluded=LATE), "no: excluded (maintenance entered afterwards)"),
        (Lost("10-05 10:00", "10-05 11:00", excluded=MAJEURE), "no: excluded (force majeure)"),
    ],
)
def test_why_it_is_charged_or_not_is_said(desk: Office, lost: Lost, said: str) -> None:
    desk.book(SITE, lost)
    row = only(desk.source())
    assert str(row["why"]).replace("\u00a0", " ").startswith(said)
    assert row["charged"] is said.startswith("yes")


def test_the_threshold_is_that_of_the_contract_in_force(desk: Office) -> None:
    contract(desk.path, "K-1", ends="2026-10-15", after=7200)
    contract(desk.path, "K-1", "2026-10-16", after=60)
    desk.book(replace(SITE, contract="K-1"), Lost("10-05 10:00", "10-05 11:00"), Lost("10-20 10:00", "10-20 10:02"))
    assert [row["charged_time"] for row in rows(desk.source())] == [0, 2 * MINUTE]


def test_under_two_contracts_both_are_named(desk: Office) -> None:
    contract(desk.path, "K-1", ends="2026-10-15", after=7200)
    contract(desk.path, "K-2", "2026-10-16", after=60)
    desk.book(replace(SITE, contract="K-1|K-2"), Lost("10-15 23:30", "10-16 00:30"))
    row = only(desk.source())
    assert row["charged_time"] == 30 * MINUTE
    assert str(row["why"]).replace("\u00a0", " ").split("; ")[0] == "K-1: no: shorter than 2 h"
    assert "K-2: yes" in str(row["why"])


def test_the_newest_cause_that_people_gave_stands_beside_what_was_measured(desk: Office) -> None:
    desk.book(SITE, Lost("10-05 10:00", "10-05 11:00"))
    for code, note in ((CauseCode.LISTRIK, "?"), (CauseCode.PENYEDIA, "kabel putus")):
        desk.store.acts.give_cause(given(code, note))
    row = only(desk.source(language="id"))
    assert (row["cause"], row["said"]) == ("penyedia", "kabel putus (Ani)")
    assert row["measured"] == "gateway menjawab, jaringan intra tidak menjawab, internet tidak menjawab"


def given(code: CauseCode, note: str) -> GivenCause:
    return GivenCause(
        id=0,
        site=SITE.code,
        start_ms=at("10-05 10:00"),
        end_ms=at("10-05 11:00"),
        code=code,
        note=note,
        by="Ani",
        entered_ms=at("10-06 00:00"),
    )


def test_sums_by_cause_and_condition_are_those_of_the_rows(desk: Office) -> None:
    desk.book(
        SITE, Lost("10-05 10:00", "10-05 11:00"), Lost("10-06 10:00", "10-06 12:00", Row.INTERCEPTED, excluded=PLANNED)
    )
    desk.store.acts.give_cause(given(CauseCode.PENYEDIA, ""))
    source = desk.source()
    assert [(row["of"], row["n"], row["lost"]) for row in rows(source, "by_condition")] == [
        ("intercepted", 0, 2 * HOUR),
        ("line_down", 1, HOUR),
    ]
    assert [(row["of"], row["n"]) for row in rows(source, "by_cause")] == [("provider", 1), ("not given yet", 0)]


def test_power_cuts_are_listed_by_themselves(desk: Office) -> None:
    desk.book(SITE, Lost("10-05 10:00", "10-05 11:00", Row.POWER))
    source = desk.source()
    assert (rows(source), [row["length"] for row in rows(source, "power_cuts")]) == ([], [HOUR])


def test_sites_are_counted_as_the_indicators_count_them(desk: Office) -> None:
    desk.book(replace(SITE, code="a"), Lost("10-05 10:00", "10-05 11:00"))
    desk.book(replace(SITE, code="b"), Lost("10-05 10:00", "10-05 11:00"), Lost("10-06 10:00", "10-06 10:01"))
    desk.book(replace(SITE, code="c"))
    found = rows(desk.source(), "sites")
    assert [(row["code"], row["outages"], row["charged_n"]) for row in found] == [("b", 2, 1), ("a", 1, 1)]


def test_only_sites_of_the_scope_are_told(desk: Office) -> None:
    desk.book(replace(SITE, code="a"), Lost("10-05 10:00", "10-05 11:00"))
    desk.book(replace(SITE, code="b", regency="Berau"), Lost("10-05 10:00", "10-05 12:00"))
    document = make(desk.source(scope="regency", of="Berau"))
    assert [row.cells[0] for row in document.table("outages").rows()] == ["b"]
    facts = document.sections[0]
    assert isinstance(facts, Facts)
    assert {fact.subject for fact in facts.facts if fact.measure} == {
        Subject(scope="regency", of="Berau", period="2026-10")
    }


def test_without_outages_it_says_so(desk: Office) -> None:
    desk.book(SITE, first=date(2026, 10, 1))
    table = make(desk.source()).table("outages")
    assert (list(table.rows()), table.empty) == ([], "No outages in this period.")
