"""Files as Excel and LibreOffice write them: encodings and separators are understood or told, and no bomb goes off."""

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from collector.register import workbooks
from collector.register.faults import BadSheet
from collector.register.sheets import Cell, Was, guarded, is_guarded, parse_csv, read_sheet
from collector.register.site_sheet import Known, read_sites
from tests.register import told, workbook

TEXT = "kode;nama\n0064;Désa\n"


def reasons(path: Path, sheet: str = "") -> list[str]:
    with pytest.raises(BadSheet) as bad:
        read_sheet(path, sheet)
    return [fault.reason for fault in bad.value.faults]


@pytest.mark.parametrize(
    ("raw", "guessed"),
    [
        (TEXT.encode("utf-8"), []),
        (TEXT.encode("utf-8-sig"), []),
        (TEXT.encode("utf-16"), []),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), []),
        (TEXT.encode("utf-16-le"), ["UTF-16"]),
        (TEXT.encode("cp1252"), ["Windows-1252"]),
    ],
)
def test_every_encoding_that_excel_writes_is_read_and_a_guess_is_told(
    tmp_path: Path, raw: bytes, guessed: list[str]
) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(raw)
    sheet = read_sheet(path)
    assert sheet.rows == [(2, [Cell("0064"), Cell("Désa")])]
    assert [remark.detail for remark in sheet.remarks] == guessed


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_decides_the_separator(delimiter: str) -> None:
    sheet = parse_csv(f'kode{delimiter}nama\n1{delimiter}"a,b;c"\n')
    assert (sheet.header, sheet.rows) == (["kode", "nama"], [(2, [Cell("1"), Cell("a,b;c")])])


def test_rows_have_the_numbers_that_the_spreadsheet_shows() -> None:
    assert [number for number, _ in parse_csv('code,name\n\n1,"A\nB"\n\n2,C\n').rows] == [3, 5]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"code,name\n1,\x81\n", "not_text"),
        (b'code,name\n1,"' + b"x" * 200_000, "not_csv"),
        (b"\xd0\xcf\x11\xe0 old Excel", "old_workbook"),
        (b"PK\x03\x04 cut off", "not_workbook"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, raw: bytes, reason: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(raw)
    assert reasons(path) == [reason]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert reasons(tmp_path / "none.csv") == ["unreadable"]


def test_an_apostrophe_keeps_a_text_from_being_a_formula_and_is_taken_away_again() -> None:
    for text in ("=1+1", "+62 812", "-x", "@a", "'=1", "''+1", "Desa", "'biasa", ""):
        assert parse_csv(f'a,b\n"{guarded(text)}",x\n').rows[0][1][0].text == text
        assert guarded(text)[:1] not in tuple("=+-@")
    assert not is_guarded("'biasa")


def test_a_workbook_tells_numbers_days_and_text_apart(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["kode", "nama"], ["0064", 12.5], [], [date(2026, 12, 31), True]])
    assert read_sheet(path).rows == [
        (2, [Cell("0064"), Cell("12.5", Was.NUMBER)]),
        (4, [Cell("2026-12-31", Was.DAY), Cell("TRUE", Was.OTHER)]),
    ]


def test_a_code_that_excel_made_a_number_is_refused_and_not_guessed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["kode", "nama", "telepon"], [64.10, "A", 812345678], ["64.10", "B", "0812"]])
    assert told(read_sites(read_sheet(path), Known()).faults) == [
        (2, "kode", "number_cell"),
        (2, "telepon", "number_cell"),
    ]


@pytest.mark.parametrize("value", [b"NaN", b"1e400"])
def test_what_is_no_number_but_called_one_is_told(tmp_path: Path, value: bytes) -> None:
    path = workbook(tmp_path / "a.xlsx", [["code", "name", "kind", "bandwidth_mbps"], ["A", "B", "village", 12.25]])
    rewritten(path, "xl/worksheets/sheet1.xml", b"12.25", value)
    assert told(read_sites(read_sheet(path), Known()).faults) == [(2, "bandwidth_mbps", "not_number")]


def test_another_sheet_of_a_workbook_is_read_by_its_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["code", "name"], ["1", "A"]])
    assert read_sheet(path, "Lokasi").rows == [(2, [Cell("1"), Cell("A")])]
    assert reasons(path, "Lain") == ["no_such_sheet"]


def test_a_cell_with_an_error_is_told_because_an_empty_one_would_empty_what_is_known(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["code", "name"], ["1", "A"]])
    rewritten(
        path,
        "xl/worksheets/sheet1.xml",
        b"</sheetData>",
        b'<row r="3"><c r="B3" t="e"><v>#N/A</v></c></row></sheetData>',
    )
    with pytest.raises(BadSheet) as bad:
        read_sheet(path)
    assert told(bad.value.faults) == [(3, "name", "error_cell")]


def rewritten(path: Path, file: str, before: bytes, after: bytes) -> None:
    """One file inside the workbook, with something in it replaced."""
    with zipfile.ZipFile(path) as old:
        inside = {name: old.read(name) for name in old.namelist()}
    assert before in inside[file]
    inside[file] = inside[file].replace(before, after)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, raw in inside.items():
            new.writestr(name, raw)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("xl/a.xml", "w") as inside:
        for _ in range(257):
            inside.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    assert reasons(path) == ["too_large_unpacked"]


def test_a_table_of_seventeen_thousand_million_cells_is_refused_before_it_is_laid_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["code", "name"], ["1", "A"]])
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    rewritten(path, "xl/worksheets/sheet1.xml", b"</sheetData>", far)
    assert reasons(path) == ["too_wide"]


def test_an_empty_cell_with_a_format_may_lie_anywhere(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["code", "name"], ["1", "A"]])
    far = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    rewritten(path, "xl/worksheets/sheet1.xml", b"</sheetData>", far)
    assert len(read_sheet(path).rows) == 1


def test_a_tag_that_is_cut_by_the_end_of_a_piece_is_seen(tmp_path: Path) -> None:
    padding = b"<!--" + b"x" * (workbooks.CHUNK - 40) + b"-->"
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("a.xml", padding + b'<row r="7"><c r="C7"><v>1</v></c></row>')
    with zipfile.ZipFile(raw) as archive:
        assert [cell[:2] for cell in workbooks._cells(archive, "a.xml")] == [(7, 3)]
