"""Contracts as people type them: days, money and SLAs are read where they can mean one thing, and refused where not."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from collector.contracts import Contract, FeeOf, Formula
from collector.register.columns import CONTRACTS
from collector.register.contract_sheet import KnownContracts, read_contracts
from collector.register.sheets import read_sheet
from tests.register import contracts, told

EXAMPLE = Path(__file__).parent.parent / "config" / "contracts.example.csv"
FIRST = Contract(number="K1", begins=date(2026, 1, 1), provider="Icon+")


def one(**cells: str) -> Contract | str:
    """The contract that such a row gives, or why it gives none."""
    cells = {"number": "K1", "begins": "2026-01-01"} | cells
    reading = contracts(";".join(cells) + "\n" + ";".join(cells.values()) + "\n")
    return reading.faults[0].reason if reading.faults else next(iter(reading.records.values()))


@pytest.mark.source
def test_the_shipped_example_shows_every_column_all_formulas_and_an_amendment() -> None:
    reading = read_contracts(read_sheet(EXAMPLE), KnownContracts())
    made = list(reading.records.values())
    assert reading.faults == reading.remarks == []
    assert {contract.formula for contract in made} == set(Formula)
    assert [contract.sla for contract in made if contract.number == "CONTOH/002/2026"] == [
        Decimal("0.98"),
        Decimal("0.985"),
    ]
    header = EXAMPLE.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header == [column.name for column in CONTRACTS.columns]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("31/12/2026", date(2026, 12, 31)),
        ("31-12-2026", date(2026, 12, 31)),
        ("1.2.2026", date(2026, 2, 1)),
        ("2026-12-31", date(2026, 12, 31)),
        ("31 Desember 2026", date(2026, 12, 31)),
        ("1 Agustus 2026", date(2026, 8, 1)),
        ("12/31/2026", "month_first"),
        ("31/12/26", "short_year"),
        ("30/02/2026", "no_such_day"),
        ("31/12/206", "bad_day"),
        ("46387", "day_number"),
        ("besok", "bad_day"),
    ],
)
def test_days_are_read_with_the_day_first(text: str, found: date | str) -> None:
    made = one(begins=text)
    assert (made.begins if isinstance(made, Contract) else made) == found


def test_a_day_that_can_be_read_both_ways_is_remarked_with_how_it_was_read() -> None:
    [remark] = contracts("number,begins\nK1,03/04/2026\n").remarks
    assert (remark.reason, remark.detail) == ("day_first", "2026-04-03")


def test_in_a_file_that_writes_the_month_first_such_a_day_is_refused() -> None:
    reading = contracts("number,begins\nK1,03/04/2026\nK2,12/31/2026\nK3,2026-01-01\n")
    assert told(reading.faults) == [(2, "begins", "either_day"), (3, "begins", "month_first")]
    assert [made.number for made in reading.records.values()] == ["K3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Rp 1.250.000,00", 1_250_000),
        ("Rp. 1.250.000", 1_250_000),
        ("Rp1.250.000,-", 1_250_000),
        ("1,250,000.00", 1_250_000),
        ("1.250.000", 1_250_000),
        ("1250000", 1_250_000),
        ("0", 0),
        ("1.250", "ambiguous_number"),
        ("1.250.00", "bad_number"),
        ("1250000,50", "not_whole_rupiah"),
        ("-5", "bad_rupiah"),
        ("1,5 juta", "not_number"),
    ],
)
def test_money_is_whole_rupiah(text: str, found: int | str) -> None:
    made = one(fee=text)
    assert (made.fee if isinstance(made, Contract) else made) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("98,5 %", "0.985"),
        ("98.5%", "0.985"),
        ("98,5", "0.985"),
        ("0,985", "0.985"),
        ("0.985", "0.985"),
        ("100 %", "1"),
        ("99,999", "0.99999"),
        ("1", "ambiguous_share"),
        ("5", "ambiguous_share"),
        ("0,1", "ambiguous_share"),
        ("0 %", "bad_share"),
        ("101", "bad_share"),
    ],
)
def test_an_sla_is_a_share_however_it_is_written(text: str, found: str) -> None:
    made = one(sla=text)
    assert (str(made.sla.normalize()) if isinstance(made, Contract) and made.sla else made) == found


def test_an_empty_sla_is_none_and_a_formula_that_needs_one_is_remarked() -> None:
    reading = contracts("number,begins,sla,formula\nK1,2026-01-01,,selisih\n")
    assert reading.records[2].sla is None
    assert told(reading.remarks) == [(2, "formula", "formula_without")]


def test_words_and_lengths_are_read_in_indonesian() -> None:
    made = one(fee_of="per kontrak", formula="Prorata", charge_after_s="5 menit")
    assert isinstance(made, Contract)
    assert (made.fee_of, made.formula, made.charge_after_s) == (FeeOf.CONTRACT, Formula.PRORATA, 300)


def test_an_end_before_the_beginning_and_a_number_with_a_bar_are_refused() -> None:
    assert one(ends="2025-12-31") == "ends_before"
    assert one(number="K1|K2") == "bad_number_of_contract"


def test_an_amendment_is_another_version_and_must_not_overlap() -> None:
    good = contracts("number,begins,ends\nK1,2026-01-01,2026-10-15\nK1,2026-10-16,\n")
    assert (good.faults, len(good.records)) == ([], 2)
    bad = contracts("number,begins,ends\nK1,2026-01-01,\nK1,2026-10-16,\nK1,2026-10-16,\n")
    assert {fault.reason for fault in bad.faults} == {"twice_version"}
    overlap = contracts("number,begins,ends\nK1,2026-01-01,\nK1,2026-10-16,\n").faults
    assert [(one.row, one.reason, one.detail) for one in overlap] == [
        (2, "overlaps_row", "3 (2026-10-15)"),
        (3, "overlaps_row", "2 (2026-10-15)"),
    ]


def test_a_version_that_is_kept_and_not_in_the_file_counts_for_overlaps() -> None:
    reading = contracts("number,begins\nK1,2026-10-16\n", KnownContracts.of([FIRST]))
    assert [(one.reason, one.detail) for one in reading.faults] == [("overlaps_known", "2026-01-01 (2026-10-15)")]


def test_a_row_that_is_left_out_leaves_the_version_that_it_would_have_ended() -> None:
    text = "number,begins,ends,fee\nK1,2026-01-01,2026-10-15,x\nK1,2026-10-16,,1\n"
    reading = contracts(text, KnownContracts.of([FIRST]))
    assert [(one.row, one.reason) for one in reading.faults] == [(2, "not_number"), (3, "overlaps_known")]
    assert reading.records == {}


def test_a_column_that_is_not_in_the_file_leaves_the_contract_as_it_is() -> None:
    [made] = contracts("number,begins,fee\nK1,2026-01-01,5\n", KnownContracts.of([FIRST])).records.values()
    assert made == Contract(number="K1", begins=date(2026, 1, 1), provider="Icon+", fee=5)
