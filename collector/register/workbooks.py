"""An XLSX file -> its header and rows of cells.

A workbook is a ZIP of XML. Before its reader sees it, three things are looked at: how much it unpacks to (a few
kilobytes can become gigabytes), how far its cells lie apart (one cell in the last row and column is a table of 17
thousand million cells), and which cells hold an error such as #N/A (the reader tells them as empty, and an empty cell
empties what is known).
"""

import io
import math
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from itertools import islice

from python_calamine import CalamineError, CalamineWorkbook

from collector.register.faults import BadSheet, Fault
from collector.register.sheets import MAX_ROWS, Cell, Sheet, Was, sheet_of
from collector.register.words import GUIDES

MAX_UNPACKED = 256 << 20
MAX_FILES = 1_000
MAX_COLUMNS = 500
WORKBOOK, RELATIONS, SHEETS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/"
TAG = re.compile(rb"<(?:\w+:)?(c|row)(?:\s[^>]*)?>")
PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Z]*)(\d+)["']""")
ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
CHUNK = 1 << 20
Value = int | float | str | bool | date | datetime | time | timedelta


def read_workbook(raw: bytes, name: str = "") -> Sheet:
    """The sheet `name`, the first if empty. Raises BadSheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_sizes(archive)
            with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
                names = book.sheet_names
                if not names or (name and name not in names):
                    raise BadSheet([Fault(0, "", name, "no_such_sheet", ", ".join(names))])
                chosen = name or names[0]
                errors = _errors(archive, chosen)
                rows = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, CalamineError, NotImplementedError, RuntimeError, EOFError, OSError):
        raise BadSheet([Fault(0, "", "", "not_workbook")]) from None
    sheet = sheet_of([cell_of(value) for value in row] for row in rows)
    if set(names[1:]) - set(GUIDES) and not name:
        sheet.remarks.append(Fault(0, "", "", "chosen_sheet", chosen))
    if errors:
        raise BadSheet([Fault(row, _heading(sheet, column), "", "error_cell") for row, column in errors])
    return sheet


def _check_sizes(archive: zipfile.ZipFile) -> None:
    """What is declared is small enough, and what is there is what is declared."""
    files = archive.infolist()
    if len(files) > MAX_FILES or sum(file.file_size for file in files) > MAX_UNPACKED:
        raise BadSheet([Fault(0, "", "", "too_large_unpacked", str(MAX_UNPACKED >> 20))])
    if WORKBOOK not in archive.namelist():
        raise BadSheet([Fault(0, "", "", "not_workbook")])
    if archive.testzip() is not None:
        raise zipfile.BadZipFile


def _errors(archive: zipfile.ZipFile, chosen: str) -> list[tuple[int, int]]:
    """(row, column) of the cells of that sheet that hold an error. BadSheet if it is too wide or too long. Where the
    names of sheets cannot be told, all of them are looked at."""
    files = dict(_sheet_files(archive))
    all_of_them = [file for file in archive.namelist() if file.startswith(SHEETS)]
    errors: list[tuple[int, int]] = []
    for file in [files[chosen]] if chosen in files else all_of_them:
        for row, column, tag in _cells(archive, file):
            if row > MAX_ROWS or column > MAX_COLUMNS:
                raise BadSheet([Fault(0, "", chosen, "too_wide", f"{MAX_ROWS} × {MAX_COLUMNS}")])
            if ERROR.search(tag):
                errors.append((row, column))
    return errors


def _cells(archive: zipfile.ZipFile, file: str) -> Iterator[tuple[int, int, bytes]]:
    """(row, column, tag) of every cell that has content: an empty one with a format may lie anywhere. A cell that does
    not say where it is follows the one before it."""
    row = column = 0
    for name, tag in _tags(archive, file):
        place = PLACE.search(tag)
        if name == b"row":
            row, column = int(place[2][:9]) if place else row + 1, 0
        elif not tag.endswith(b"/>"):
            row, column = (int(place[2][:9]), _column(place[1])) if place else (row, column + 1)
            yield row, column, tag


def _sheet_files(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """(name as people see it, file in the archive) of every sheet."""
    relations = archive.read(RELATIONS).decode("utf-8", "replace") if RELATIONS in archive.namelist() else ""
    targets = {_of(tag, "Id"): _of(tag, "Target") for tag in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", relations)}
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", archive.read(WORKBOOK).decode("utf-8", "replace")):
        target = targets.get(_of(tag, r"\w+:id"), "")
        file = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if file in archive.namelist():
            yield _of(tag, "name"), file


def _of(tag: str, attribute: str) -> str:
    found = re.search(rf"""\s{attribute}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return unescape(found[1] or found[2] or "") if found else ""


def _tags(archive: zipfile.ZipFile, file: str) -> Iterator[tuple[bytes, bytes]]:
    """(name, text) of every opening tag of a row or a cell, read in pieces."""
    rest = b""
    with archive.open(file) as stream:
        while piece := stream.read(CHUNK):
            whole, _, rest = (rest + piece).rpartition(b">")
            yield from ((found[1], found[0]) for found in TAG.finditer(whole + b">"))


def _column(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in islice(letters, 9):
        number = number * 26 + letter - 64
    return number


def _heading(sheet: Sheet, column: int) -> str:
    return sheet.header[column - 1] if column <= len(sheet.header) else ""


def cell_of(value: Value) -> Cell:
    """What the spreadsheet meant: a code that became a number is told apart from one that stayed text."""
    if isinstance(value, str):
        return Cell(value.strip())
    if isinstance(value, bool):
        return Cell(str(value).upper(), Was.OTHER)
    if isinstance(value, int | float):  # a file may say NaN, or more than a number can be
        return Cell(plain(value), Was.NUMBER) if math.isfinite(value) else Cell(str(value), Was.OTHER)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return Cell(value.isoformat() if is_day else str(value), Was.DAY if is_day else Was.OTHER)  # type: ignore[union-attr]


def plain(value: float) -> str:
    """The shortest digits that mean `value`, without an exponent."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
