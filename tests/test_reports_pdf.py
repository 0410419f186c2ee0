"""A report as PDF: pages with heads, what is cut says so, and a machine without WeasyPrint says what to install."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.reports.document import Document, Row
from collector.reports.source import silent
from collector.reports.writing import pdf
from shared.texts import Texts
from tests.daemons import found
from tests.sample_documents import sample, unfinished


def printed(document: Document, folder: Path, language: str = "id", most: int = pdf.MOST_CELLS) -> Path:
    path = folder / "report.pdf"
    with path.open("wb") as file:
        pdf.write(document, file, Texts(language), silent, most)
    return path


def told(program: str, *arguments: object) -> str:
    argv = [found(program), *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def pages(path: Path) -> list[str]:
    """The text of each page, with plain spaces."""
    return told("pdftotext", "-layout", path, "-").replace("\u00a0", " ").split("\f")[:-1]


@pytest.mark.peers
def test_every_page_carries_agency_report_moment_and_number(tmp_path: Path) -> None:
    sheets = pages(printed(sample(rows=30), tmp_path))
    assert len(sheets) > 3
    for number, sheet in enumerate(sheets, start=1):
        assert "Dinas Komunikasi dan Informatika Provinsi Kalimantan Timur" in sheet
        assert "Laporan bulanan konektivitas · Oktober 2026" in sheet
        assert "Dibuat 1 November 2026 10:00 WITA · cakupan 98,77 % · revisi 1" in sheet
        assert f"Halaman {number} dari {len(sheets)}" in sheet


@pytest.mark.peers
def test_the_file_says_whose_it_is_and_is_tagged(tmp_path: Path) -> None:
    facts = dict(line.split(":", 1) for line in told("pdfinfo", printed(sample(rows=1), tmp_path)).splitlines())
    assert facts["Author"].strip() == "Dinas Komunikasi dan Informatika Provinsi Kalimantan Timur"
    assert facts["Title"].strip().startswith("Laporan bulanan konektivitas, Oktober 2026")
    assert facts["Tagged"].strip() == "yes"
    assert facts["Page size"].strip().endswith("(A4)")


@pytest.mark.peers
def test_simulated_figures_say_so_on_every_page(tmp_path: Path) -> None:
    sheets = pages(printed(unfinished("en"), tmp_path, "en"))
    assert all("Simulated data" in sheet for sheet in sheets)


@pytest.mark.peers
def test_a_table_that_is_cut_says_so_before_and_after_its_rows(tmp_path: Path) -> None:
    text = " ".join(" ".join(pages(printed(sample(rows=100), tmp_path, most=1_000))).split())
    cut = "Di sini hanya 54 baris pertama yang dicetak; masih ada baris sesudahnya. Semua baris ada dalam format HTML"
    assert text.count(cut) == 2
    assert "64.03.13.0053" in text
    assert "64.03.14.0054" not in text


@pytest.mark.peers
def test_a_table_that_fits_is_not_called_cut(tmp_path: Path) -> None:
    assert "baris pertama" not in " ".join(pages(printed(sample(rows=5), tmp_path)))


def test_short_tables_are_whole_and_long_ones_share_the_rest() -> None:
    assert pdf.allotted([10, 2_000, 500, 3_000], 3_000) == [10, 1_245, 500, 1_245]
    assert pdf.allotted([10, 20], 3_000) == [10, 20]
    assert pdf.allotted([], 3_000) == []


def test_rows_are_counted_no_further_than_could_be_printed() -> None:
    counted: list[int] = []
    table = sample().table("ms")

    def rows() -> Iterator[Row]:
        for i in range(1_000_000):
            counted.append(i)
            yield Row(cells=("2026-W40", 1.0, 1.0, 1.0, 1.0))

    endless = Document(head=sample().head, sections=[replace(table, rows=rows)])
    assert pdf.limits(endless, 500) == {"ms": 100}
    assert len(counted) == 101


WITHOUT = """
import sys
sys.modules["weasyprint"] = None
from collector.reports.writing import pdf
from collector.reports.writing.formats import CannotWrite
from shared.texts import Texts
try:
    pdf.ready(Texts(sys.argv[1]))
except CannotWrite as error:
    print(error)
"""


@pytest.mark.parametrize(("language", "word"), [("id", "Pasang"), ("en", "Install")])
def test_a_machine_without_weasyprint_says_what_to_install(language: str, word: str) -> None:
    said = subprocess.run([sys.executable, "-c", WITHOUT, language], capture_output=True, text=True, check=True).stdout
    assert all(part in said for part in (word, "kentongan[pdf]", "libpango-1.0-0", "libpangoft2-1.0-0", "fonts-dejavu"))


def test_a_machine_with_weasyprint_is_ready() -> None:
    pdf.ready(Texts("id"))
