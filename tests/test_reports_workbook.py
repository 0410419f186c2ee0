"""XLSX: what stands where, and what a register may hold without harm."""

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from collector.reports.document import Column, Document, Fact, Facts, Row, Table, Unit, Value
from collector.reports.source import silent
from collector.reports.writing import workbook
from collector.reports.writing.cells import DAY_MS
from collector.reports.writing.sheets import HEADING_ROW, Names
from shared.texts import Texts
from tests.read_back import differing, of_workbook, told_of
from tests.sample_documents import HOSTILE_NAMES, sample, unfinished

LAST_DIGIT = 6e-16


def made(document: Document, sheet_rows: int = 1_048_576) -> bytes:
    file = BytesIO()
    workbook.write(document, file, Texts(document.head.language), silent, sheet_rows=sheet_rows)
    return file.getvalue()


def rows_of(content: bytes, sheet: int) -> list[list[object]]:
    found = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(sheet)
    rows = found.to_python(skip_empty_area=False)
    return [[cell.replace("\u00a0", " ") if isinstance(cell, str) else cell for cell in row] for row in rows]


def xml_of(content: bytes, name: str) -> str:
    with ZipFile(BytesIO(content)) as book:
        return book.read(name).decode()


def only(*rows: tuple[Value, ...], unit: Unit = Unit.TEXT, title: str = "Tabel") -> Document:
    """A document of one table with columns of `unit`."""
    columns = tuple(Column(name=f"c{i}", label=f"C{i}", unit=unit) for i in range(len(rows[0])))
    table = Table(name="t", title=title, columns=columns, rows=lambda: (Row(cells=cells) for cells in rows))
    return replace(sample("en"), sections=[table], main="t")


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_value_comes_back_as_it_was(language: str) -> None:
    document = sample(language, rows=60)
    assert not differing(told_of(document), of_workbook(document, made(document)), LAST_DIGIT)


def test_the_first_sheet_says_whose_and_when_and_by_which_method() -> None:
    document = sample("en")
    said = "\n".join(str(cell) for row in rows_of(made(document), 0) for cell in row if cell != "")
    for part in (document.head.agency, "October 2026", "1 November 2026 10:00 WITA", *document.head.method):
        assert part in said
    assert document.head.revision.chain_head in said


def test_every_sheet_of_a_table_has_the_head_above_it_and_on_paper() -> None:
    document = unfinished("en")
    content = made(document)
    for number in range(1, 5):
        above = "\n".join(str(row[0]) for row in rows_of(content, number)[:HEADING_ROW])
        for part in (document.head.agency, document.head.title, "October 2026", "WITA", "Revision: 3", "Summary"):
            assert part in above
        xml = xml_of(content, f"xl/worksheets/sheet{number + 1}.xml")
        assert 'orientation="landscape"' in xml
        assert 'paperSize="9"' in xml
        assert "fitToWidth" in xml or "fitToHeight" in xml
        assert document.head.agency in re.search(r"<oddHeader>(.*?)</oddHeader>", xml)[1]  # type: ignore[index]


def test_what_is_unfinished_or_simulated_says_so_on_every_sheet() -> None:
    content = made(unfinished("en"))
    above = str(rows_of(content, 1)[1][0])
    assert "simulated" in above
    assert "20 October 2026 14:05" in above


def test_headings_stay_in_sight_and_on_every_printed_page() -> None:
    content = made(sample("en"))
    sheet, book = xml_of(content, "xl/worksheets/sheet2.xml"), xml_of(content, "xl/workbook.xml")
    assert f'ySplit="{HEADING_ROW + 1}"' in sheet
    assert "<autoFilter" in sheet
    assert f"${HEADING_ROW + 1}:${HEADING_ROW + 1}" in book


def test_a_table_too_wide_to_be_read_on_one_page_is_printed_on_several_with_its_first_column() -> None:
    content = made(only(tuple("x" * 28 for _ in range(12))))
    assert 'fitToWidth="2"' in xml_of(content, "xl/worksheets/sheet2.xml")
    assert "Tabel!$A:$A,Tabel!$7:$7" in xml_of(content, "xl/workbook.xml")


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "<r><t>x</t></r>", "'quoted", "\ufffe", "1e5", "http://x", "007"])
def test_text_stays_text(name: str) -> None:
    content = made(only((name, "end")))
    xml = xml_of(content, "xl/worksheets/sheet2.xml")
    assert rows_of(content, 1)[HEADING_ROW + 1][0] in (name, f"{name} ", "\ufffd")
    assert "<f>" not in xml
    assert xml.count("<hyperlink ") == 1, "the way to the method, and no other"


@pytest.mark.parametrize("ms", [0, 1, 999, 86_399_999, 86_400_000, 31 * DAY_MS + 1, 547_500 * DAY_MS - 1, -90_001])
def test_a_duration_keeps_every_millisecond(ms: int) -> None:
    (cell, *_) = rows_of(made(only((ms, 0), unit=Unit.DURATION)), 1)[HEADING_ROW + 1]
    days = cell / timedelta(1) if isinstance(cell, timedelta) else cell
    assert isinstance(days, float)
    assert round(days * DAY_MS) == ms


def test_what_is_not_known_is_no_zero() -> None:
    (cells,) = rows_of(made(only((None, 0), unit=Unit.COUNT)), 1)[HEADING_ROW + 1 :]
    assert cells[:2] == ["–", 0.0]


def test_a_mark_is_a_word_and_no_colour_alone() -> None:
    marks = {str(row[-1]) for row in rows_of(made(sample("en")), 1)[HEADING_ROW + 1 :]}
    assert {"✗ needs attention", "? not known yet", ""} == marks


def test_marks_are_hidden_where_there_are_none() -> None:
    assert 'hidden="1"' in xml_of(made(only(("a", "b"))), "xl/worksheets/sheet2.xml")


def test_a_table_that_is_too_long_goes_on_upon_another_sheet() -> None:
    document = only(*((n, n) for n in range(25)), unit=Unit.COUNT)
    content = made(document, sheet_rows=HEADING_ROW + 12)
    names = CalamineWorkbook.from_filelike(BytesIO(content)).sheet_names
    assert names == ["Summary", "Tabel", "Tabel (2)", "Tabel (3)"]
    parts = [rows_of(content, n)[HEADING_ROW + 1 :] for n in (1, 2, 3)]
    assert [row[0] for part in parts for row in part if isinstance(row[0], float)] == list(range(25))
    assert parts[0][-1][0] == "Goes on upon the sheet Tabel (2)."
    assert "Comes from the sheet Tabel." in str(rows_of(content, 2)[5][0])


def test_an_empty_table_says_why() -> None:
    content = made(sample("id"))
    names = CalamineWorkbook.from_filelike(BytesIO(content)).sheet_names
    rows = rows_of(content, names.index("Gangguan massal"))
    assert rows[HEADING_ROW + 1][0] == "Tidak ada gangguan massal dalam periode ini."


def test_names_of_sheets_are_short_legal_and_each_once() -> None:
    names = Names()
    taken = [names.take(title) for title in ("a/b:c?", "A b c", "x" * 40, "x" * 41, "History", "'q'", "[]", "🗺" * 20)]
    assert taken[:2] == ["a b c", "A b c (2)"]
    assert taken[4:7] == ["History (2)", "q", "-"]
    assert all(len(name.encode("utf-16-le")) <= 62 for name in taken)
    assert len({name.lower() for name in taken}) == len(taken)


def test_charts_refer_to_the_cells_of_their_numbers_and_the_target_is_a_dashed_line() -> None:
    content = made(sample("en"))
    chart = xml_of(content, "xl/charts/chart1.xml")
    numbers = rows_of(content, len(CalamineWorkbook.from_filelike(BytesIO(content)).sheet_names) - 1)
    assert "'Chart data'!$B$3:$B$33" in chart
    assert '<a:prstDash val="dash"/>' in chart
    assert "Target RPJMD 2026" in chart
    shown = [row[1] for row in numbers[2:33]]
    days = told_of(sample("en"))["days"]
    assert [None if cell == "" else cell for cell in shown] == pytest.approx([row[1] for row in days])


def test_a_chart_of_nothing_says_so_and_draws_nothing() -> None:
    content = made(sample("en"))
    with ZipFile(BytesIO(content)) as book:
        assert len([name for name in book.namelist() if "charts/chart" in name]) == 3
    assert "There is no value to draw yet." in [row[0] for row in rows_of(content, 0)]


def test_an_instant_names_its_zone_in_the_heading() -> None:
    headings = rows_of(made(sample("id")), 4)[HEADING_ROW]
    assert "Gangguan terakhir (WITA)" in headings
    assert "Lama gangguan (jam:mnt:dtk)" in headings


def test_half_written_workbooks_leave_nothing_in_the_folder(tmp_path: Path) -> None:
    def broken() -> object:
        yield Row(cells=("a",))
        raise ValueError("the store is gone")

    table = Table(name="t", title="T", columns=(Column(name="c", label="C"),), rows=broken)  # type: ignore[arg-type]
    with (tmp_path / "report.xlsx").open("wb") as file, pytest.raises(ValueError, match="gone"):
        workbook.write(replace(sample(), sections=[table]), file, Texts("id"), silent)
    assert [path.name for path in tmp_path.iterdir()] == ["report.xlsx"]


def test_facts_of_a_form_stand_beside_their_labels() -> None:
    facts = Facts(name="f", title="Rapat", facts=[Fact(name="a", label="Tempat", value="Samarinda")])
    rows = rows_of(made(replace(sample(), sections=[facts])), 0)
    assert ["Tempat", "Samarinda"] in [row[:2] for row in rows]
