"""The sections of a document as templates lay them out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from markupsafe import Markup

from collector.reports.document import Chart, Document, Fact, Facts, Prose, Section, Table
from collector.reports.writing.picture_words import axis_note
from collector.reports.writing.pictures import legend, pictures
from collector.reports.writing.records import Records
from collector.reports.writing.rows import NUMBERS, Rows, attributes, cell, heading, measured, subject
from collector.reports.writing.shapes import Shape, shape_of
from collector.reports.writing.strokes import SIZES
from collector.reports.writing.words import grouped
from shared.texts import Texts

FEW = 3
"""Sections that are not worth a sheet of their own."""


class Part(Protocol):
    """A section as its template lays it out."""

    @property
    def template(self) -> str: ...

    @property
    def anchor(self) -> str: ...

    @property
    def title(self) -> str: ...

    across: bool
    """Whether it stands on a sheet that lies across."""


def parts_of(document: Document, texts: Texts, limits: Mapping[str, int] | None) -> Sequence[Part]:
    """All of them. `limits`: how many rows are written of a table that is cut, by its name; with them it is for paper
    (html.page)."""
    tables = {one.name: (f"r-{one.name}", one.title) for one in document.sections if isinstance(one, Table)}
    parts = [_part(one, texts, tables, limits) for one in document.sections]
    for part, across in zip(parts, lying([part.across for part in parts]), strict=True):
        part.across = across
    return parts


def _part(
    one: Section, texts: Texts, tables: Mapping[str, tuple[str, str]], limits: Mapping[str, int] | None
) -> "TablePart | ChartPart | FactsPart | ProsePart":
    match one:
        case Table():
            return TablePart(one, texts, limits)
        case Chart():
            return ChartPart(one, texts, tables.get(one.of_table))
        case Facts():
            return FactsPart(one, texts)
        case Prose():
            return ProsePart(one)


def lying(across: Sequence[bool]) -> list[bool]:
    """With few sections between two that lie across, those lie across, too, and so does a single one before the first:
    paper is turned only where it pays. The head lies as the first section, the method as the last."""
    told, at = list(across), 0
    for lies, group in groupby(across):
        n = len(list(group))
        if not lies and at + n < len(told) and n <= (FEW if at else 1):
            told[at : at + n] = [True] * n
        at += n
    return told


class TablePart:
    """`rows` is gone through once; `marks` is known after that. `listed`: each row is a <tbody> without a heading."""

    template = "table.html"

    def __init__(self, table: Table, texts: Texts, limits: Mapping[str, int] | None) -> None:
        limit = (limits or {}).get(table.name)
        self.shape = shape_of(table).value
        self.listed = limits is not None and self.shape == Shape.RECORDS
        self._table = table
        self._rows = Records(table, texts, limit) if self.listed else Rows(table, texts, limit, limits is not None)
        self.name, self.title, self.note, self.empty = table.name, table.title, table.note, table.empty
        self.anchor = f"r-{table.name}"
        self.width = len(table.columns)
        self.across = self.shape == Shape.BROAD
        self.cut = "" if limit is None else texts.say("sheets.table.cut", n=grouped(limit, texts))

    @property
    def heading(self) -> Markup:
        return heading(self._table)

    @property
    def marks(self) -> list[tuple[str, str]]:
        return self._rows.marks

    def rows(self) -> Iterator[Markup]:
        return self._rows()


class ChartPart:
    """`table`: (anchor, title) of the table with its numbers. `whole`: it has one picture, and fits on one sheet."""

    template = "chart.html"

    def __init__(self, chart: Chart, texts: Texts, table: tuple[str, str] | None) -> None:
        self.name, self.title, self.note, self.table = chart.name, chart.title, chart.note, table
        self.anchor = f"r-{chart.name}"
        self.across = False
        self.pictures = pictures(chart, texts)
        self.whole = len(self.pictures) <= len(SIZES)
        self.legend = legend(chart, texts)
        self.axis_note = axis_note(chart, texts)


@dataclass(frozen=True, slots=True)
class Figure:
    """A fact in markup; `told` are the attributes that programs read."""

    label: str
    value: Markup
    told: Markup


class FactsPart:
    """Figures in a row, or the fields of a form below each other: where no number is told it is a form, which begins a
    sheet, because it is handed to somebody."""

    template = "facts.html"

    def __init__(self, facts: Facts, texts: Texts) -> None:
        self.name, self.title, self.note = facts.name, facts.title, facts.note
        self.anchor = f"r-{facts.name}"
        self.across = False
        self.figures = any(fact.unit in NUMBERS for fact in facts.facts)
        self.facts = [Figure(fact.label, _fact_value(fact, texts), _fact_told(fact)) for fact in facts.facts]


def _fact_value(fact: Fact, texts: Texts) -> Markup:
    """A text that is empty is written by hand: a line to write on."""
    if fact.value == "":
        return Markup('<span class="r-line"><span class="r-sr">({})</span></span>').format(texts.say("sheets.fill"))
    return Markup(cell(fact.unit, texts)(fact.value))  # noqa: S704  cell escapes


def _fact_told(fact: Fact) -> Markup:
    told = {"data-fact": fact.name, "data-unit": fact.unit.value} | measured(fact)
    return attributes(told) + Markup(subject(fact.subject))  # noqa: S704  subject escapes


class ProsePart:
    """Paragraphs, or lines to be filled in."""

    template = "prose.html"

    def __init__(self, prose: Prose) -> None:
        self.name, self.title = prose.name, prose.title
        self.anchor = f"r-{prose.name}"
        self.across = False
        self.paragraphs, self.fill_in = prose.paragraphs, prose.fill_in
