"""A file that a spreadsheet wrote -> its header and rows of cells, and how it was understood.

CSV: comma, semicolon or tab, as the header decides; UTF-8 with or without byte order mark, UTF-16, or Windows-1252
where it is none of these. XLSX: workbooks.py. Which of the two it is, the content decides and not the name.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from collector.register.faults import BadSheet, Fault

MAX_BYTES = 32 << 20
MAX_ROWS = 100_000
DELIMITERS = ",;\t"
GUARD = "'"
"""Stands before what a spreadsheet would take for a formula: '=1+1 means =1+1."""
FORMULAS = "=+-@\t\r"
WORKBOOK, OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""How XLSX begins; how XLS begins, and XLSX with a password."""


class Was(StrEnum):
    """What a cell was to the spreadsheet. In CSV everything is text."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, without the spaces around it; a number with a point and no group marks, a day as ISO."""

    text: str
    was: Was = Was.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table: `rows` have the numbers that the spreadsheet shows, and rows without any content are left out."""

    header: list[str]
    rows: list[tuple[int, list[Cell]]]
    remarks: list[Fault] = field(default_factory=list)


def read_sheet(path: Path, name: str = "") -> Sheet:
    """The table in the file at `path`; `name`: which sheet of a workbook, the first if empty. Raises BadSheet."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadSheet([Fault(0, "", str(path), "unreadable", error.strerror or str(error))]) from None
    if len(raw) > MAX_BYTES:
        raise BadSheet([Fault(0, "", "", "too_large")])
    if raw.startswith(WORKBOOK):
        from collector.register.workbooks import read_workbook  # its reader is loaded only when there is a workbook

        return read_workbook(raw, name)
    if raw.startswith(OLD_WORKBOOK):
        raise BadSheet([Fault(0, "", "", "old_workbook")])
    text, encoding = decoded(raw)
    sheet = parse_csv(text)
    if encoding:
        sheet.remarks.append(Fault(0, "", "", "guessed_encoding", encoding))
    return sheet


def decoded(raw: bytes) -> tuple[str, str]:
    """The text in `raw`, and the name of the encoding where it is none that says so itself and is not UTF-8."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if raw.startswith(mark):
            return _text(raw[len(mark) :], name), ""
    if b"\0" in raw[:200]:
        name = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
        return _text(raw, name), "UTF-16"
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _text(raw, "cp1252"), "Windows-1252"


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise BadSheet([Fault(0, "", "", "not_text")]) from None


def parse_csv(text: str) -> Sheet:
    """The table in `text`. Raises BadSheet.

    1. A first line `sep=;`, as Excel writes it, names the delimiter; it is no row of the spreadsheet.
    2. Else the header decides: whichever of comma, semicolon and tab it has most.
    """
    first, _, rest = text.partition("\n")
    named = first.strip().lower()
    if named.startswith("sep=") and len(named) == 5:
        delimiter, text = first.strip()[4], rest
    else:
        delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return sheet_of([_cell(value) for value in row] for row in reader)
    except csv.Error as error:
        raise BadSheet([Fault(0, "", "", "not_csv", str(error))]) from None


def sheet_of(rows: Iterable[list[Cell]]) -> Sheet:
    """A header and the rows below it that have any content. Raises BadSheet where there are too many."""
    numbered = enumerate(rows, start=1)
    _, header = next(numbered, (1, []))
    kept = list(_kept(numbered))
    return Sheet(header=[cell.text for cell in header], rows=kept)


def _kept(rows: Iterator[tuple[int, list[Cell]]]) -> Iterator[tuple[int, list[Cell]]]:
    for number, cells in rows:
        if number > MAX_ROWS:
            raise BadSheet([Fault(number, "", "", "too_many_rows", str(MAX_ROWS))])
        if any(cell.text for cell in cells):
            yield number, cells


def _cell(value: str) -> Cell:
    text = value.strip()
    return Cell(text[1:].strip() if is_guarded(text) else text)


def is_guarded(text: str) -> bool:
    """Whether `text` begins with one or more guards before what a spreadsheet would take for a formula."""
    return text.startswith(GUARD) and text.lstrip(GUARD)[:1] in tuple(FORMULAS)


def guarded(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet takes for a formula; reading it again gives `text`."""
    return GUARD + text if text[:1] in tuple(FORMULAS) or is_guarded(text) else text
