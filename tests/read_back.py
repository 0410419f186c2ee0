"""What stands in a report, read back from each format as a program would: every cell of every table, every fact."""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html.parser import HTMLParser
from io import BytesIO, StringIO
from itertools import groupby, zip_longest
from typing import Any

from python_calamine import CalamineWorkbook

from collector.reports.document import Document, Facts, Table, Unit, Value
from collector.reports.source import silent
from collector.reports.writing.cells import DAY_MS, text_of
from collector.reports.writing.formats import FORMATS
from collector.reports.writing.plain import undefused
from collector.reports.writing.sheets import HEADING_ROW
from collector.reports.writing.words import NOT_KNOWN
from shared.texts import Texts

Told = Mapping[str, Sequence[Sequence[Value]]]
"""The rows of every table and the facts of every group of them (each a row of one cell), by name."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The units of a part: of a table by column, of facts by row."""

    units: Sequence[Unit]
    is_table: bool
    title: str

    def unit(self, row: int, column: int) -> Unit:
        return self.units[column if self.is_table else row]


def shapes_of(document: Document) -> dict[str, Shape]:
    found = {}
    for one in document.sections:
        if isinstance(one, Table):
            found[one.name] = Shape([column.unit for column in one.columns], True, one.title)
        elif isinstance(one, Facts):
            found[one.name] = Shape([fact.unit for fact in one.facts], False, one.title)
    return found


def told_of(document: Document) -> Told:
    """What is to be read."""
    found: dict[str, list[Sequence[Value]]] = {}
    for one in document.sections:
        if isinstance(one, Table):
            found[one.name] = [row.cells for row in one.rows()]
        elif isinstance(one, Facts):
            found[one.name] = [(fact.value,) for fact in one.facts]
    return found


def written(document: Document, form: str) -> bytes:
    file = BytesIO()
    FORMATS[form].write(document, file, Texts(document.head.language), silent)
    return file.getvalue()


def read(document: Document, form: str) -> Told:
    """What stands in the document when it is written as `form` and read again."""
    return {"json": _json, "csv": _csv, "html": _html, "xlsx": of_workbook}[form](document, written(document, form))


def differing(told: Told, found: Told, digits: float = 0.0) -> list[str]:
    """Where `found` says something else; numbers may differ by the part `digits` of themselves."""
    faults = [f"{name} is not there" for name in told.keys() ^ found.keys()]
    for name in told.keys() & found.keys():
        for n, (mine, other) in enumerate(zip_longest(told[name], found[name])):
            if mine is None or other is None or len(mine) != len(other):
                faults.append(f"{name}[{n}]: {mine} -> {other}")
            else:
                pairs = enumerate(zip(mine, other, strict=True))
                faults += [f"{name}[{n}][{at}]: {a!r} -> {b!r}" for at, (a, b) in pairs if not _same(a, b, digits)]
    return faults


def _same(one: Value, other: Value, digits: float) -> bool:
    if isinstance(one, bool | str) or one is None or isinstance(one, date):
        return (None if one in ("", NOT_KNOWN) else one) == (None if other in ("", NOT_KNOWN) else other)
    if isinstance(other, bool) or not isinstance(other, int | float):
        return False
    return one == other or math.isclose(one, other, rel_tol=digits)


def value_of(text: str, unit: Unit) -> Value:
    """Of a cell as programs read it."""
    if text == "":
        return None
    match unit:
        case Unit.TEXT | Unit.LINK | Unit.CONDITION:
            return text
        case Unit.YES:
            return {"true": True, "false": False}[text]
        case Unit.DAY:
            return date.fromisoformat(text)
        case Unit.INSTANT:
            return datetime.fromisoformat(text)
    return float(text) if set(text) & set(".en") else int(text)


def _json(document: Document, content: bytes) -> Told:
    shapes, found = shapes_of(document), {}
    for section in json.loads(content)["sections"]:
        shape = shapes.get(section["name"])
        if section["type"] == "table":
            found[section["name"]] = [row["cells"] for row in section["rows"]]
        elif section["type"] == "facts":
            found[section["name"]] = [[fact["value"]] for fact in section["facts"]]
        if shape and section["name"] in found:
            cells = enumerate(found[section["name"]])
            found[section["name"]] = [[_typed(v, shape.unit(n, at)) for at, v in enumerate(row)] for n, row in cells]
    return found


def _typed(value: Any, unit: Unit) -> Value:
    """JSON has no dates."""
    known: Value = value_of(value, unit) if isinstance(value, str) else value
    return known


def _csv(document: Document, content: bytes) -> Told:
    lines = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))
    shapes, found = shapes_of(document), {}
    for is_block, grouped in groupby(lines, bool):
        block = list(grouped)
        if not is_block or block[0][0] not in ("#table", "#facts"):
            continue
        (kind, name, _), rest = block[0], [line for line in block[1:] if line[0] not in ("#note", "#empty")]
        rows = [line[:-1] for line in rest[1:]] if kind == "#table" else [line[2:3] for line in rest]
        shape = shapes[name]
        found[name] = [[_plain(cell, shape.unit(n, at)) for at, cell in enumerate(row)] for n, row in enumerate(rows)]
    return found


def _plain(cell: str, unit: Unit) -> Value:
    return value_of(undefused(cell) if unit in (Unit.TEXT, Unit.LINK, Unit.CONDITION) else cell, unit)


class _Page(HTMLParser):
    """The parts of a page with `data-name`: of each the cells, row by row, as programs read them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self._exact: str | None = None
        self._aside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if "data-name" in told:
            self._rows = self.parts.setdefault(str(told["data-name"]), [])
        elif tag in ("tr", "dt") and told.get("class") != "r-empty":
            self._rows.append([])
        elif tag in ("td", "dd") or (tag == "th" and told.get("scope") == "row"):
            self._cell, self._exact = [], None
        elif tag in ("data", "time"):
            self._exact = told.get("value") or told.get("datetime") or ""
        elif tag == "span":
            self._aside += 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._aside:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "span":
            self._aside -= 1
        if tag in ("td", "dd", "th") and self._cell is not None:
            text = "".join(self._cell) if self._exact is None else self._exact
            if self._rows:
                self._rows[-1].append(text)
            self._cell = None


def _html(document: Document, content: bytes) -> Told:
    page, found = _Page(), {}
    page.feed(content.decode())
    for name, shape in shapes_of(document).items():
        rows = page.parts[name][1:] if shape.is_table else page.parts[name]
        rows = [row for row in rows if row]
        if shape.is_table and rows and len(rows[0]) != len(shape.units):
            rows = []  # what is said where there is no row
        found[name] = [[value_of(cell, shape.unit(n, at)) for at, cell in enumerate(row)] for n, row in enumerate(rows)]
    return found


def of_workbook(document: Document, content: bytes) -> Told:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    texts, shapes, told = Texts(document.head.language), shapes_of(document), told_of(document)
    names = iter(book.sheet_names[1:])
    first = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    found: dict[str, list[list[Value]]] = {}
    for name, shape in shapes.items():
        if shape.is_table:
            rows = book.get_sheet_by_name(next(names)).to_python(skip_empty_area=False)[HEADING_ROW + 1 :]
            cells = [row[: len(shape.units)] for row in rows] if told[name] else []
        else:
            below = next(n for n, row in enumerate(first) if row[0] == shape.title) + 1
            cells = [row[1:2] for row in first[below : below + len(shape.units)]]
        words = _words(told[name], shape, texts)
        found[name] = [
            [_cell(c, shape.unit(n, at), words, document) for at, c in enumerate(row)] for n, row in enumerate(cells)
        ]
    return found


def _words(rows: Iterable[Sequence[Value]], shape: Shape, texts: Texts) -> dict[object, Value]:
    """What is shown in words in a workbook, and what it means."""
    cells = ((value, shape.unit(n, at)) for n, row in enumerate(rows) for at, value in enumerate(row))
    worded = ((value, unit) for value, unit in cells if unit in (Unit.YES, Unit.CONDITION) and value is not None)
    return {text_of(value, unit, texts): value for value, unit in worded}


def _cell(cell: Any, unit: Unit, words: Mapping[object, Value], document: Document) -> Value:
    if cell == NOT_KNOWN:
        return None
    if unit in (Unit.YES, Unit.CONDITION):
        return words[cell]
    if unit is Unit.DURATION:
        return round(float(cell / timedelta(1) if isinstance(cell, timedelta) else cell) * DAY_MS)
    if unit is Unit.INSTANT:
        at = cell if isinstance(cell, datetime) else datetime.combine(cell, time.min)
        known_at: datetime = at.replace(tzinfo=document.head.made_at.tzinfo)
        return known_at
    known: Value = cell
    return known
