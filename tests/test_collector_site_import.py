"""Sites come from a spreadsheet that a person keeps: everything wrong with it is told, and nothing is guessed."""

from dataclasses import fields
from pathlib import Path

import pytest

from collector.registry import Medium, Site
from collector.site_import import BadSheet, Fault, parse_sheet, plan, read_sheet

EXAMPLE = Path(__file__).parent.parent / "config" / "sites.example.csv"
WITA = "Asia/Makassar"


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(BadSheet) as bad:
        parse_sheet(text, WITA)
    return bad.value.faults


def test_the_shipped_example_is_imported() -> None:
    sites = {site.code: site for site in read_sheet(EXAMPLE, WITA)}
    assert sites["64.11.04.2001"].medium is Medium.LEO
    assert sites["64.01.04.2009"].name == sites["64.03.03.2006"].name == "Rantau Panjang"


def test_the_shipped_example_shows_every_column() -> None:
    assert EXAMPLE.read_text(encoding="utf-8").splitlines()[0].split(",") == [field.name for field in fields(Site)]


def test_a_code_keeps_its_leading_zeros_and_loses_the_spaces_around_it() -> None:
    assert parse_sheet("code,name\n 0064 , Kantor \n", WITA) == [Site(code="0064", name="Kantor")]


@pytest.mark.parametrize("text", ["code;name\n1;A, B\n", '\ufeffcode,name\r\n1,"A, B"\r\n', 'NAME,Code\n"A, B",1\n\n'])
def test_what_spreadsheets_write_is_understood(text: str, tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(text.encode())
    assert read_sheet(path, WITA) == [Site(code="1", name="A, B")]


def test_an_empty_time_zone_is_that_of_the_collector() -> None:
    assert parse_sheet("code,name,timezone\n1,A,\n", "Asia/Jakarta")[0].timezone == "Asia/Jakarta"


def test_every_bad_cell_is_told_with_row_column_and_value() -> None:
    faults = faults_of("code,name,kind,medium,timezone\na b,,desa,sinyal,Asia/Samarinda\n,B,opd,fiber,\n")
    assert [(f.row, f.column, f.value, f.reason) for f in faults] == [
        (2, "code", "a b", "bad_code"),
        (2, "name", "", "empty"),
        (2, "kind", "desa", "not_one_of"),
        (2, "medium", "sinyal", "not_one_of"),
        (2, "timezone", "Asia/Samarinda", "bad_timezone"),
        (3, "code", "", "empty"),
    ]


def test_an_unknown_column_is_refused_with_a_suggestion() -> None:
    assert faults_of("code,name,provder,xyz\n1,A,B,C\n") == [
        Fault(1, "provder", "", "unknown_column", "provider"),
        Fault(1, "xyz", "", "unknown_column_of", ", ".join(field.name for field in fields(Site))),
    ]


def test_a_required_column_must_be_there_and_none_twice() -> None:
    assert [(f.column, f.reason) for f in faults_of("name,name\nA,B\n")] == [
        ("code", "missing_column"),
        ("name", "twice_column"),
    ]


def test_a_code_that_occurs_twice_is_told_with_the_row_of_the_first() -> None:
    assert faults_of("code,name\n1,A\n\n 1,B\n") == [Fault(4, "code", "1", "twice_code", "2")]


@pytest.mark.parametrize("code", ["..", ".", "a/b", "desa é", "x" * 65])
def test_a_code_that_could_not_stand_in_an_address_is_refused(code: str) -> None:
    assert [f.reason for f in faults_of(f"code,name\n{code},A\n")] == ["bad_code"]


def test_a_separator_without_quotes_is_told_and_does_not_shift_the_columns() -> None:
    assert [(f.row, f.reason) for f in faults_of("code,name\n1,Kantor, lantai 2\n")] == [(2, "too_many_cells")]


def test_a_file_without_rows_is_refused() -> None:
    assert [f.reason for f in faults_of("code,name\n")] == ["no_rows"]
    assert {f.reason for f in faults_of("")} == {"missing_column"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(b"code,name\n1,\xff\n", "not_utf8"), (b'code,name\n1,"' + b"x" * 200_000, "not_csv")],
)
def test_a_file_that_is_no_csv_is_refused(raw: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(raw)
    with pytest.raises(BadSheet) as bad:
        read_sheet(path, WITA)
    assert [f.reason for f in bad.value.faults] == [reason]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSheet) as bad:
        read_sheet(tmp_path / "none.csv", WITA)
    assert bad.value.faults[0].reason == "unreadable"


def test_the_plan_tells_new_changed_unchanged_and_what_stays() -> None:
    known = [Site(code="1", name="A"), Site(code="2", name="B", provider="X"), Site(code="9", name="Z")]
    wanted = [Site(code="1", name="A"), Site(code="2", name="B", provider="Y"), Site(code="3", name="C")]
    planned = plan(known, wanted)
    assert ([s.code for s in planned.new], [s.code for s in planned.staying]) == (["3"], ["9"])
    assert planned.changed[0].fields == [("provider", "X", "Y")]
    assert [s.code for s in planned.writes] == ["3", "2"]
