"""Pure: a report before it has a format: sections of typed values, each of which says what it measures and of whom.

Every format is written from the same Document, so figures cannot differ between them. A value that is a figure has a
`measure` (its column's) and a `subject` (its row's): with these two anybody can ask /api/v1/indicators for it again,
and the audit pack's script recomputes it.

Rows are functions that give an iterator, so that half a million of them need no memory and may be written twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from collector.figures.shares import Exclusions, Hours


class Unit(StrEnum):
    """What kind of value a column has: how each format writes it."""

    TEXT = "text"
    COUNT = "count"
    """int"""
    SHARE = "share"
    """float from 0 to 1, shown as per cent"""
    POINTS = "points"
    """float: a difference of two shares, shown as percentage points with its sign"""
    DURATION = "duration"
    """int, milliseconds"""
    LATENCY = "latency"
    """float, milliseconds"""
    RUPIAH = "rupiah"
    """int"""
    MBPS = "mbps"
    """float"""
    NUMBER = "number"
    """float"""
    DAY = "day"
    """date"""
    INSTANT = "instant"
    """datetime with its zone"""
    YES = "yes"
    """bool"""
    LINK = "link"
    """str: where a file of the same pack lies, relative to the report; shown as a link, with that text"""
    CONDITION = "condition"
    """str: a Row of the ledger (collector/condition.py), shown by its name in the reader's language and its colour"""


Value = str | int | float | bool | date | datetime | None
"""None: not known, or not enough data; never zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Of whom and when a row's figures are. `scope` and `of` as /api/v1/indicators has them (`site`, `opd`, `regency`,
    `provider`, `medium`, `kind`, `all`), `where` narrows it likewise; `period` as figures/periods.py reads it. Other
    scopes: `outage` (of: a site's code, period: the start in ms), `contract` (of: number, period: its days), `line`
    (the same of one site; `where` names the contract), `target` (of: its place among [[targets]], from 1), `followup`
    and `exclusion` (of: its number)."""

    scope: str
    of: str
    period: str
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`label` is in the reader's language; `measure` one of reports/measures.py, "" where the value is no figure. Every
    number is one: what has none, the audit pack's script could not check (a test looks)."""

    name: str
    label: str
    unit: Unit = Unit.TEXT
    measure: str = ""
    hours: Hours = Hours.ALL
    exclusions: Exclusions = Exclusions.WITH
    wide: bool = False
    """Long text: takes what room there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value a column. `mark`: "" or `good`, `bad`, `open`, `unknown`, `total`: how it is set off, never by colour
    alone. `measure`, `hours`: what the whole row is about, where its columns tell the sides of one measure: then a
    column's measure is one of reports/measures.py's SIDES (`now`, `before`, `change` ...)."""

    cells: tuple[Value, ...]
    subject: Subject | None = None
    mark: str = ""
    measure: str = ""
    hours: Hours = Hours.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`name` is the same in every language, and of one table a report. `note` says what must be known to read it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterator[Row]]
    note: str = ""
    empty: str = ""
    """What is said where there is no row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One figure or fact by itself."""

    name: str
    label: str
    value: Value
    unit: Unit = Unit.TEXT
    measure: str = ""
    hours: Hours = Hours.ALL
    exclusions: Exclusions = Exclusions.WITH
    subject: Subject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts side by side: the figures one looks for first, or the fields of a form."""

    name: str
    title: str
    facts: Sequence[Fact]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Paragraphs. `lines` True: each is a line to be filled in by hand, with room for writing."""

    name: str
    title: str
    paragraphs: Sequence[str]
    fill_in: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: a value at each of the chart's places; None: a gap."""

    label: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture whose numbers stand in a table of the same report too. `kind`: `lines` (through `places` in time) or
    `bars` (one line of values, one bar a place). `target`: where the dashed line stands, with its label."""

    name: str
    title: str
    kind: str
    places: Sequence[str]
    lines: Sequence[Line]
    unit: Unit = Unit.SHARE
    target: float | None = None
    target_label: str = ""
    note: str = ""
    of_table: str = ""
    """The table that has its numbers."""


Section = Table | Facts | Prose | Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What the figures rest on. `highest` is the largest number of revisions that any day has, `corrected_days` how
    many were corrected after they were closed; `chain_length` and `chain_head` say where the chain of evidence stood
    ("" where there is none), `audit_head` the same of the log of human acts."""

    highest: int = 1
    corrected_days: int = 0
    chain_length: int = 0
    chain_head: str = ""
    audit_head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands on every sheet. `period` and `scope` are in words; `until` is set where the period has not ended."""

    kind: str
    title: str
    agency: str
    province: str
    period: str
    scope: str
    made_at: datetime
    timezone: str
    language: str
    sites: int
    coverage: float | None
    revision: Revision
    method: Sequence[str]
    """How the figures are made, in sentences; the formulas of the measures that occur, too."""
    until: datetime | None = None
    simulated: bool = False
    asked: Mapping[str, str] = field(default_factory=dict)
    """period, scope, of, as they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report. `main` names the table that it is about."""

    head: Head
    sections: Sequence[Section]
    main: str = ""

    def table(self, name: str) -> Table:
        """The table of that name; KeyError."""
        return {one.name: one for one in self.sections if isinstance(one, Table)}[name]
