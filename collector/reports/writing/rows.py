"""Pure: the rows of a table as HTML: what people read, and in it the exact value for programs.

Half a million rows pass here, so what is the same for a whole column is decided once.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from collector.reports.document import Column, Fact, Row, Subject, Table, Unit, Value
from collector.reports.writing.shapes import Shape, shape_of
from collector.reports.writing.words import CONDITION_SYMBOLS, SPACE, exact, said
from shared.texts import Texts

MARKS: Mapping[str, str] = {"good": "✓", "bad": "✗", "open": "…", "unknown": "?", "total": "Σ"}
"""The symbol of a row's mark; `sheets.mark.<mark>` is its word."""
NUMBERS = frozenset({
    Unit.COUNT, Unit.SHARE, Unit.POINTS, Unit.DURATION, Unit.LATENCY, Unit.RUPIAH, Unit.MBPS, Unit.NUMBER,
})  # fmt: skip
"""They stand to the right."""
NAMES = frozenset({Unit.TEXT, Unit.DAY, Unit.INSTANT})
"""What can be the name of a row."""
CODE = re.compile(r"(?=.*\d)(?=.*[-/])[^\s]{4,32}")
"""A text of one word with numbers, and places where a line could be broken."""
YES = {True: "✓", False: "✗"}

REMEMBERED = 4096
"""Cells of one column."""

Told = Callable[[Value], str]


class Rows:
    """The rows of one table, at most `limit` of them (None: all). On `paper` there are the words alone: no program
    reads there, and every element costs. After they were written, `marks` names those that occur."""

    def __init__(self, table: Table, texts: Texts, limit: int | None = None, paper: bool = False) -> None:
        self._table, self._texts, self._limit, self._paper = table, texts, limit, paper
        self._seen: set[str] = set()
        self._head_at = row_name_at(table)
        self._labelled = shape_of(table) is Shape.RECORDS
        self._open, self._told = zip(*map(self._column, range(len(table.columns))), strict=True)

    def __call__(self) -> Iterator[Markup]:
        for row in islice(self._table.rows(), self._limit):
            yield Markup(self._row(row))  # noqa: S704  every part is escaped below

    @property
    def marks(self) -> list[tuple[str, str]]:
        """(symbol, word) of the marks that were written, for the legend."""
        return [
            (symbol, self._texts.say(f"sheets.mark.{mark}")) for mark, symbol in MARKS.items() if mark in self._seen
        ]

    def _column(self, at: int) -> tuple[str, Told]:
        column = self._table.columns[at]
        opening = '<th scope="row"' if at == self._head_at else "<td"
        told = remembered(cell(column.unit, self._texts, self._paper))
        label = column.label if self._labelled else ""
        return f"{opening}{attributes({'class': kinds_of(column), 'data-label': label})}>", told

    def _row(self, row: Row) -> str:
        cells = [
            f"{opening}{self._mark(row)}{told(value)}</th>" if at == self._head_at else f"{opening}{told(value)}</td>"
            for at, (opening, told, value) in enumerate(zip(self._open, self._told, row.cells, strict=True))
        ]
        kind = f' class="r-{row.mark}"' if row.mark in MARKS else ""
        whom = "" if self._paper else subject(row.subject)
        return f"<tr{kind}{whom}>{''.join(cells)}</tr>"

    def _mark(self, row: Row) -> str:
        """Before the name of the row: a symbol, and its word for those who listen."""
        if row.mark not in MARKS:
            return ""
        self._seen.add(row.mark)
        word = escape(self._texts.say(f"sheets.mark.{row.mark}"))
        symbol = f'<span class="r-mark" aria-hidden="true">{MARKS[row.mark]}{SPACE}</span>'
        return f'<span class="r-sr">{word}: </span>{symbol}'


def remembered(told: Told) -> Told:
    """Days, providers, conditions, 100 %: most cells of a long table have been told before."""
    return lru_cache(maxsize=REMEMBERED)(told)


def row_name_at(table: Table) -> int:
    """Which column names a row: the first that is no number."""
    return next((i for i, column in enumerate(table.columns) if column.unit in NAMES), 0)


def heading(table: Table) -> Markup:
    """What each column is and measures."""
    return Markup("<tr>{}</tr>").format(Markup("").join(map(_head_cell, table.columns)))


def _head_cell(column: Column) -> Markup:
    told = {"class": kinds_of(column), "data-column": column.name, "data-unit": column.unit.value}
    return Markup('<th scope="col"{}>{}</th>').format(attributes(told | measured(column)), column.label)


def kinds_of(column: Column) -> str:
    """How its cells are laid out: `r-n` numbers, `r-w` wide, `r-d` days, which stay on one line."""
    told = {"r-n": column.unit in NUMBERS, "r-w": column.wide, "r-d": column.unit is Unit.DAY}
    return " ".join(name for name, yes in told.items() if yes)


def measured(one: Column | Fact) -> dict[str, str]:
    """The attributes with which a figure can be asked for again."""
    if not one.measure:
        return {}
    return {"data-measure": one.measure, "data-hours": one.hours.value, "data-exclusions": one.exclusions.value}


def attributes(told: Mapping[str, str]) -> Markup:
    """Without those that are empty."""
    return Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in told.items() if value)


def subject(told: Subject | None) -> str:
    """Of whom: as a query, the way /api/v1/indicators is asked."""
    if told is None:
        return ""
    query = urlencode([("scope", told.scope), ("of", told.of), ("period", told.period), *told.where])
    return f' data-subject="{escape(query)}"'


def cell(unit: Unit, texts: Texts, paper: bool = False) -> Told:
    """What stands in a cell of this unit: the words, and, but on `paper`, the exact value in an attribute."""
    if paper:
        return lambda value: f"{_symbol(value, unit)}{_whole(said(value, unit, texts))}"
    if unit is Unit.LINK:
        return _link
    if unit is Unit.TEXT:
        return lambda value: '<data value="">–</data>' if value is None else _whole(str(value))
    if unit in (Unit.DAY, Unit.INSTANT):
        return lambda value: _with("time", "datetime", value, unit, texts)
    return lambda value: _with("data", "value", value, unit, texts)


def _whole(words: str) -> str:
    """A number of a contract or a code is not broken at its hyphens."""
    told = str(escape(words))
    return f'<bdi class="r-code">{told}</bdi>' if CODE.fullmatch(words) else told


def _with(tag: str, attribute: str, value: Value, unit: Unit, texts: Texts) -> str:
    """Only a condition is somebody's text; numbers, dates and their words have nothing to be escaped."""
    if value is None:
        return '<data value="">–</data>'
    words = said(value, unit, texts)
    if unit is Unit.CONDITION:
        return f'<{tag} {attribute}="{escape(value)}">{_symbol(value, unit)}{escape(words)}</{tag}>'
    return f'<{tag} {attribute}="{exact(value)}">{_symbol(value, unit)}{words}</{tag}>'


def _link(value: Value) -> str:
    """A path beside this file: whatever it says, it leads to no other scheme or host."""
    if value is None:
        return '<data value="">–</data>'
    return f'<a href="./{escape(quote(str(value)))}">{escape(str(value))}</a>'


def _symbol(value: Value, unit: Unit) -> str:
    """Before what is yes or no, or a condition."""
    if unit is Unit.YES and value is not None:
        kind, symbol = "yes" if value else "no", YES[bool(value)]
    elif unit is Unit.CONDITION and value in CONDITION_SYMBOLS:
        kind, symbol = str(value), CONDITION_SYMBOLS[str(value)]
    else:
        return ""
    return f'<span class="r-is r-{kind}" aria-hidden="true">{symbol}{SPACE}</span>'
