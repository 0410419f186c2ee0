"""A Document as XLSX: real numbers, real charts, one sheet a table.

The first sheet has the head, what is no table in its order, and the charts; then come the tables, and at last the
numbers that the charts draw. cells.py: how values stand in cells; sheets.py: the sheets of tables; drawings.py: charts.

Rows go to the disk one by one, beside the file that is written: they need no memory, but some ten times the room of the
file while it is made.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from collector.reports.document import Chart, Document, Fact, Facts, Head, Prose, Section, Table
from collector.reports.source import Progress
from collector.reports.writing.cells import Cells, legal
from collector.reports.writing.drawings import ROWS_HIGH, Drawings
from collector.reports.writing.sheets import LINE_HEIGHT, SHEET_ROWS, Book, Names, TableSheets, lines_of, quoted
from collector.reports.writing.words import head_lines, said
from shared.texts import Texts

WIDTHS = (34, 26, 18, 18, 18, 18)
"""Of the first sheet, in letters."""
LAST = len(WIDTHS) - 1
PRINT_SCALE = 78
PAGE_HEIGHT = 480 * 100 // PRINT_SCALE
"""In points, of A4 across between its margins."""
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write(
    document: Document, file: IO[bytes], texts: Texts, progress: Progress, *, sheet_rows: int = SHEET_ROWS
) -> None:
    """Writes the whole document. OSError where there is no room."""
    beside = Path(str(getattr(file, "name", "") or "")).parent
    with TemporaryDirectory(prefix=".xlsx-", dir=beside if beside.name and beside.is_dir() else None) as folder:
        workbook = Workbook(file, OPTIONS | {"tmpdir": folder})
        workbook.use_zip64()
        workbook.set_properties(_properties(document.head))
        book = Book(
            workbook=workbook,
            head=document.head,
            texts=texts,
            cells=Cells(workbook, document.head, texts),
            names=Names(),
            progress=progress,
            sheet_rows=sheet_rows,
        )
        try:
            _write_sheets(book, document)
            workbook.close()
        except FileCreateError as error:
            raise error.args[0] from None
        finally:
            for sheet in workbook.worksheets():
                sheet._opt_close()  # a workbook that failed leaves the files of its rows open


def _properties(head: Head) -> dict[str, object]:
    return {
        "title": legal(f"{head.title}, {head.period}"),
        "subject": legal(head.scope),
        "author": legal(head.agency),
        "company": legal(head.agency),
        "comments": head.revision.chain_head,
        "created": head.made_at.replace(tzinfo=None),
    }


def _write_sheets(book: Book, document: Document) -> None:
    """In the order of the tabs; the first sheet is written last: it shows the charts, and says where the tables are."""
    tables = [one for one in document.sections if isinstance(one, Table)]
    charts = [one for one in document.sections if isinstance(one, Chart)]
    first = book.names.take(book.texts.say("report.sheet.summary"))
    names = {table.name: book.names.take(table.title) for table in tables}
    sheet = book.sheet(first, fitted=False)
    sheet.set_print_scale(PRINT_SCALE)
    for table in tables:
        TableSheets(book, table, names[table.name], first).write()
    drawings = Drawings(book, book.names.take(book.texts.say("report.sheet.charts")), charts)
    _Summary(book, sheet, drawings, names).write(document)


class _Summary:
    """Writes the first sheet, from top to bottom."""

    def __init__(self, book: Book, sheet: Any, drawings: Drawings, names: Mapping[str, str]) -> None:
        self._book, self._sheet, self._drawings, self._names = book, sheet, drawings, names
        self._at, self._left = 0, PAGE_HEIGHT
        self._breaks: list[int] = []

    def write(self, document: Document) -> None:
        head, cells, texts = document.head, self._book.cells, self._book.texts
        for place, width in enumerate(WIDTHS):
            self._sheet.set_column(place, place, width)
        self._say(f"{head.title}, {head.period}", cells.title, LINE_HEIGHT + 5)
        for label, value in head_lines(head, texts):
            self._beside(label, value)
        before: Section | None = None
        for section in document.sections:
            if not (isinstance(section, Table) and isinstance(before, Table)):
                self._down(1)
            self._tell(section)
            before = section
        self._down(1)
        self._say(texts.say("sheets.method"), cells.strong)
        for sentence in head.method:
            self._say(sentence, cells.plain)
        if head.revision.chain_head:
            self._beside(texts.say("report.chain_head"), head.revision.chain_head)
        if self._breaks:
            self._sheet.set_h_pagebreaks(self._breaks)

    def _tell(self, section: Section) -> None:
        match section:
            case Table():
                self._point_at(section)
            case Facts():
                self._say(section.title, self._book.cells.strong)
                for fact in section.facts:
                    self._put_fact(fact)
                self._note(section.note)
            case Prose():
                self._write_prose(section)
            case Chart():
                self._draw(section)

    def _point_at(self, table: Table) -> None:
        """Where a table is."""
        name, cells = self._names[table.name], self._book.cells
        high = self._label(table.title, cells.strong)
        there = self._book.texts.say("report.table_there", sheet=name)
        self._sheet.write_url(self._at, 1, f"internal:{quoted(name)}!A1", cells.link, there)
        self._down(1, high)

    def _put_fact(self, fact: Fact) -> None:
        high = self._label(fact.label, self._book.cells.plain)
        self._book.cells.put(self._sheet, self._at, 1, fact.value, fact.unit)
        self._down(1, high)

    def _label(self, text: str, look: Any) -> int:
        """In the first column; how high its row is."""
        high = LINE_HEIGHT * lines_of(text, WIDTHS[0] - 4)
        self._sheet.set_row(self._at, high)
        self._sheet.write_string(self._at, 0, legal(text), look)
        return high

    def _write_prose(self, prose: Prose) -> None:
        cells = self._book.cells
        self._say(prose.title, cells.strong)
        for paragraph in prose.paragraphs:
            self._say(paragraph, cells.plain)
            if prose.fill_in:
                for place in range(len(WIDTHS)):
                    self._sheet.write_blank(self._at, place, None, cells.blank_line)
                self._sheet.set_row(self._at, 2 * LINE_HEIGHT)
                self._down(1, 2 * LINE_HEIGHT)

    def _draw(self, chart: Chart) -> None:
        """On paper no chart is cut in two."""
        texts = self._book.texts
        if self._left < ROWS_HIGH * LINE_HEIGHT:
            self._breaks.append(self._at)
            self._left = PAGE_HEIGHT
        axis = self._drawings.draw(self._sheet, self._at, chart)
        if axis:
            self._down(ROWS_HIGH)
            if axis.low:
                self._note(texts.say("sheets.chart.axis", **{"from": said(axis.low, chart.unit, texts)}))
        else:
            self._say(chart.title, self._book.cells.strong)
            self._say(texts.say("sheets.chart.nothing"), self._book.cells.plain)
        self._note(chart.note)

    def _note(self, note: str) -> None:
        if note:
            self._say(note, self._book.cells.plain)

    def _beside(self, label: str, value: str) -> None:
        cells = self._book.cells
        self._sheet.write_string(self._at, 0, legal(label), cells.strong)
        self._across(1, value, cells.plain)

    def _say(self, text: str, look: Any, height: int = LINE_HEIGHT) -> None:
        self._across(0, text, look, height)

    def _across(self, first: int, text: str, look: Any, height: int = LINE_HEIGHT) -> None:
        """From the column `first` to the last, as high as it needs."""
        high = height * lines_of(text, sum(WIDTHS[first:]) * LINE_HEIGHT // height)
        self._sheet.set_row(self._at, high)
        self._sheet.merge_range(self._at, first, self._at, LAST, legal(text), look)
        self._down(1, high)

    def _down(self, rows: int, height: int = LINE_HEIGHT) -> None:
        """That many rows further, and so much less left of the page."""
        self._at += rows
        self._left -= rows * height
        if self._left < 0:
            self._left += PAGE_HEIGHT
