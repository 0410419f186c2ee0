"""The sheets of a workbook: their names, how they are printed, and the sheets of a table.

Every sheet of a table begins with what stands on every sheet of a report, in the same rows: agency and title; period
and scope; when it was made, coverage, revision, chain; where the method stands; the table's title; its note. The
headings stand in row HEADING_ROW (counted from 0), the rows below. A table that is longer than a sheet goes on upon
another, and both say so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, islice
from textwrap import wrap
from typing import Any

from collector.reports.document import Column, Head, Row, Table, Unit, Value
from collector.reports.source import Progress
from collector.reports.writing.cells import Cells, heading_of, legal, text_of
from collector.reports.writing.rows import MARKS
from collector.reports.writing.sheet_rows import SheetRows
from collector.reports.writing.words import foot, head_lines, notes
from shared.texts import Texts

HEADING_ROW = 6
SHEET_ROWS = 1_048_576
LOOKED_AT = 200
"""So many rows say how wide the columns are."""
NARROWEST, WIDEST, OF_PROSE = 8, 30, 42
MARK_WIDTH = 18
ACROSS = 120
"""The head of a sheet is so many letters wide, however narrow or wide its table is."""
PAGE_WIDTH = 200
"""More letters side by side on A4 nobody can read: a table that is wider is printed on several pages in a row."""
USUAL_WIDTH = 8
WIDTHS = {Unit.DAY: 11, Unit.INSTANT: 20, Unit.SHARE: 11, Unit.POINTS: 11, Unit.DURATION: 13, Unit.RUPIAH: 16}
LINE_HEIGHT = 15
TELL_EVERY = 2_000
A4 = 9
LONGEST_NAME = 31
LONGEST_FOOT = 250


@dataclass(slots=True)
class Names:
    """Names of sheets: short, without what is forbidden in them, each once."""

    taken: set[str] = field(default_factory=set)

    def take(self, title: str) -> str:
        """The name of the next sheet about `title`."""
        bare = " ".join(re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", legal(title)).split()).strip("'") or "-"
        name, n = cut(bare, LONGEST_NAME), 1
        while name.lower() in self.taken or name.lower() == "history":
            n += 1
            name = f"{cut(bare, LONGEST_NAME - len(f' ({n})'))} ({n})"
        self.taken.add(name.lower())
        return name


def cut(text: str, longest: int) -> str:
    """`text` in so many UTF-16 units, as Excel counts, with an ellipsis where it was longer."""
    if len(text.encode("utf-16-le")) <= 2 * longest:
        return text
    return text.encode("utf-16-le")[: 2 * (longest - 1)].decode("utf-16-le", "ignore").rstrip(" '") + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What all sheets of a workbook have in common."""

    workbook: Any
    head: Head
    texts: Texts
    cells: Cells
    names: Names
    progress: Progress
    sheet_rows: int = SHEET_ROWS

    def sheet(self, name: str, *, fitted: bool = True) -> Any:
        """The next sheet, ready for paper: A4 across, and as wide as a page if it is to be `fitted`."""
        head, texts = self.head, self.texts
        sheet = self.workbook.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(A4)
        if fitted:
            sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
        parts = (_printed(head.agency, 80), _printed(head.title, 80), _printed(head.period, 60))
        sheet.set_header("&L&8{}&C&8&B{}&R&8{}".format(*parts))
        page = f"{texts.say('sheets.page')} &P {texts.say('sheets.of')} &N"
        sheet.set_footer(f"&L&8{_printed(foot(head, texts), LONGEST_FOOT - len(page) - 12)}&R&8{page}")
        return sheet


def _printed(text: str, longest: int) -> str:
    """As headers of pages take it: & begins a command."""
    return cut(legal(text).replace("\n", " "), longest - text.count("&")).replace("&", "&&")


def top_lines(head: Head, texts: Texts) -> list[str]:
    """The head of a report in three lines."""
    told = dict(head_lines(head, texts))
    of = {
        name: texts.say(f"sheets.head.{name}") for name in ("period", "scope", "made", "coverage", "revision", "chain")
    }
    lines = [f"{of[name]}: {told[of[name]]}" for name in of if of[name] in told]
    warnings = [sentence for _, sentence in notes(head, texts)]
    return [f"{head.agency} — {head.title}", " · ".join([*lines[:2], *warnings]), " · ".join(lines[2:])]


class TableSheets:
    """Writes one table, upon as many sheets as it needs."""

    def __init__(self, book: Book, table: Table, name: str, summary: str) -> None:
        self._book, self._table, self._summary = book, table, summary
        self._columns, self._name = table.columns, name
        self._last = len(table.columns)
        """The column of the marks."""
        self._sheet: Any = None
        self._at, self._marked = HEADING_ROW, False
        self._widths: Sequence[int] = ()
        self._texts = [place for place, column in enumerate(table.columns) if column.unit is Unit.TEXT]
        """The columns of text, which may need several lines."""
        self._linked = any(column.unit is Unit.LINK for column in table.columns)
        self._rows: SheetRows

    def write(self) -> None:
        """The first rows say how wide the columns are."""
        rows = self._table.rows()
        first = list(islice(rows, LOOKED_AT))
        self._widths = [
            width_of(column, [row.cells[i] for row in first], self._book) for i, column in enumerate(self._columns)
        ]
        self._begin("")
        self._put(chain(first, rows))
        self._end_rows()
        if self._at == HEADING_ROW:
            said = self._table.empty or self._book.texts.say("report.empty")
            self._sheet.merge_range(
                HEADING_ROW + 1, 0, HEADING_ROW + 1, self._last, legal(said), self._book.cells.plain
            )
        self._end()

    def _put(self, rows: Iterator[Row]) -> None:
        words = {mark: f"{symbol} {self._book.texts.say(f'sheets.mark.{mark}')}" for mark, symbol in MARKS.items()}
        for done, row in enumerate(rows, 1):
            if self._at == self._book.sheet_rows - 2:  # the last row of a full sheet says where it goes on
                self._turn()
            self._at += 1
            self._marked = self._marked or bool(row.mark)
            told = (*row.cells, words.get(row.mark, ""))
            if self._linked:
                self._put_links(told, row.mark)
            else:
                self._rows.put(told, row.mark, self._height(row))
            if done % TELL_EVERY == 0:
                self._book.progress(self._table.title, done, 0)

    def _put_links(self, told: Sequence[Value], mark: str) -> None:
        """Cell by cell: a sheet has a list of its links."""
        units = [*(column.unit for column in self._columns), Unit.TEXT]
        for place, (value, unit) in enumerate(zip(told, units, strict=True)):
            self._book.cells.put(self._sheet, self._at, place, value, unit, mark)

    def _height(self, row: Row) -> int:
        """Some programs do not look by themselves how high a row must be; 0: as high as any."""
        lines = 1
        for place in self._texts:
            text, width = row.cells[place], self._widths[place]
            if isinstance(text, str) and (len(text) > width or "\n" in text):
                lines = max(lines, lines_of(text, width))
        return LINE_HEIGHT * lines if lines > 1 else 0

    def _turn(self) -> None:
        """On to the next sheet."""
        before, self._name = self._name, self._book.names.take(self._table.title)
        self._end_rows()
        goes_on = self._book.texts.say("report.goes_on", sheet=self._name)
        self._sheet.write_string(self._at + 1, 0, goes_on, self._book.cells.strong)
        self._end()
        self._begin(before)

    def _begin(self, before: str) -> None:
        """The head of a sheet, down to the headings; `before` is the sheet that it continues."""
        book, cells, table = self._book, self._book.cells, self._table
        self._sheet, self._at = book.sheet(self._name), HEADING_ROW
        lines = top_lines(book.head, book.texts)
        self._line(0, lines[0], cells.title, 20)
        self._line(1, lines[1], cells.plain)
        self._line(2, lines[2], cells.plain)
        method = book.texts.say("report.method_there", sheet=self._summary)
        self._sheet.write_url(3, 0, f"internal:{quoted(self._summary)}!A1", cells.link, method)
        self._line(4, table.title, cells.strong)
        comes = book.texts.say("report.comes_from", sheet=before) if before else ""
        self._line(5, " ".join(part for part in (comes, table.note) if part), cells.plain)
        headings = [heading_of(column.label, column.unit, book.head, book.texts) for column in self._columns]
        high = max(lines_of(heading, width - 2) for heading, width in zip(headings, self._widths, strict=True))
        self._sheet.set_row(HEADING_ROW, LINE_HEIGHT * high)
        for place, heading in enumerate(headings):
            self._sheet.write_string(HEADING_ROW, place, legal(heading), cells.heading)
        self._sheet.write_string(HEADING_ROW, self._last, book.texts.say("report.column.mark"), cells.heading)
        if not self._linked:
            self._rows = SheetRows(self._sheet, HEADING_ROW + 1, self._columns, cells)

    def _end_rows(self) -> None:
        if not self._linked:
            self._rows.end()

    def _line(self, at: int, text: str, look: Any, height: int = LINE_HEIGHT) -> None:
        """Across so many columns that it can be read, beyond the last where all are narrow; as high as it needs."""
        ends = [*accumulate([*self._widths, MARK_WIDTH])]
        last = next((place for place, end in enumerate(ends) if end >= ACROSS), self._last)
        last += max(0, -(-(ACROSS - ends[last]) // USUAL_WIDTH))
        self._sheet.set_row(
            at, height * lines_of(text, max(ends[min(last, self._last)], ACROSS) * LINE_HEIGHT // height)
        )
        self._sheet.merge_range(at, 0, at, max(last, 1), legal(text), look)

    def _end(self) -> None:
        """What is known of a sheet when its rows are written."""
        sheet = self._sheet
        for place, width in enumerate(self._widths):
            sheet.set_column(place, place, width)
        sheet.set_column(self._last, self._last, MARK_WIDTH, None, {"hidden": not self._marked})
        sheet.freeze_panes(HEADING_ROW + 1, 0)
        sheet.repeat_rows(HEADING_ROW)
        pages = -(-sum(self._widths) // PAGE_WIDTH)
        if pages > 1:
            sheet.fit_to_pages(pages, 0)
            sheet.repeat_columns(0)
        sheet.autofilter(HEADING_ROW, 0, max(self._at, HEADING_ROW + 1), self._last)
        self._marked = False


def width_of(column: Column, values: Sequence[Value], book: Book) -> int:
    """In letters: what its first values need, and its heading in two lines."""
    heading = heading_of(column.label, column.unit, book.head, book.texts)
    longest = max([len(word) for word in heading.split()] + [-(-len(heading) // 2), NARROWEST]) + 3
    if column.unit in WIDTHS:
        return max(longest, WIDTHS[column.unit])
    told = max((len(text_of(value, column.unit, book.texts)) for value in values), default=0) + 2
    roomy = column.wide or column.unit is Unit.CONDITION
    return min(max(longest, told), OF_PROSE if roomy else WIDEST)


def lines_of(text: str, width: int) -> int:
    """How many lines `text` takes where so many letters stand side by side."""
    return sum(max(1, len(wrap(part, max(width, 1)))) for part in text.split("\n"))


def quoted(sheet: str) -> str:
    """The name of a sheet as references have it."""
    doubled = sheet.replace("'", "''")
    return f"'{doubled}'"
