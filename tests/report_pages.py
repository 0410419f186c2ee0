"""Reads a report's page back, as any program could: tables, facts and heads with their exact values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from urllib.parse import parse_qsl

from collector.reports.document import Subject, Unit, Value

READ: Mapping[Unit, Callable[[str], Value]] = {
    **dict.fromkeys((Unit.COUNT, Unit.DURATION, Unit.RUPIAH), int),
    **dict.fromkeys((Unit.SHARE, Unit.POINTS, Unit.LATENCY, Unit.MBPS, Unit.NUMBER), float),
    Unit.DAY: date.fromisoformat,
    Unit.INSTANT: datetime.fromisoformat,
    Unit.YES: lambda text: text == "true",
}


@dataclass(slots=True)
class TableRead:
    """`columns`: (name, unit, measure); `rows`: (subject, values)."""

    columns: list[tuple[str, str, str]] = field(default_factory=list)
    rows: list[tuple[Subject | None, list[Value]]] = field(default_factory=list)


@dataclass(slots=True)
class PageRead:
    """By name; `headings` are (level, text)."""

    tables: dict[str, TableRead] = field(default_factory=dict)
    facts: dict[str, Value] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    headings: list[tuple[int, str]] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)


class Reader(HTMLParser):
    """Fills `page`. A cell's value is in <data value> or <time datetime>, a text is what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.page = PageRead()
        self._table: TableRead | None = None
        self._unit = self._fact = self._head = ""
        self._exact: str | None = None
        self._text: list[str] | None = None
        self._aside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.page.tags.add(tag)
        self.page.attributes += [(tag, name, value) for name, value in told.items()]
        if tag == "table":
            self._table = self.page.tables.setdefault(told["data-name"], TableRead())
        elif self._table and tag == "th" and "data-column" in told:
            self._table.columns.append((told["data-column"], told["data-unit"], told.get("data-measure", "")))
        elif self._table and tag == "tr" and self._table.columns:
            self._table.rows.append((subject_of(told.get("data-subject", "")), []))
        elif tag in ("td", "th", "h1", "h2", "h3", "dd"):
            self._text, self._exact, self._head = [], None, told.get("data-head", "")
            self._unit = self._unit if tag == "dd" else ""
        elif "data-fact" in told:
            self._fact, self._unit = told["data-fact"], told["data-unit"]
        elif tag in ("data", "time"):
            self._exact = told.get("value", told.get("datetime", ""))
        elif tag == "span" and told.get("class", "").split(" ")[0] in ("r-mark", "r-sr", "r-line"):
            self._aside += 1

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._aside:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "span":
            self._aside = max(0, self._aside - 1)
        elif tag == "table":
            self._table = None
        elif tag in ("td", "th") and self._table and self._table.rows and self._text is not None:
            values = self._table.rows[-1][1]
            values.append(self._value(self._table.columns[len(values)][1]))
        elif tag == "dd" and self._text is not None:
            if self._head:
                self.page.heads[self._head] = "".join(self._text)
            else:
                self.page.facts[self._fact] = self._value(self._unit)
        elif tag in ("h1", "h2", "h3") and self._text is not None:
            self.page.headings.append((int(tag[1]), "".join(self._text)))
        if tag in ("td", "th", "dd", "h1", "h2", "h3"):
            self._text = None

    def _value(self, unit: str) -> Value:
        if self._exact == "":
            return None
        if self._exact is None:
            return "".join(self._text or [])
        return READ.get(Unit(unit), str)(self._exact)


def subject_of(query: str) -> Subject | None:
    """What `data-subject` says."""
    if not query:
        return None
    told = parse_qsl(query, keep_blank_values=True)
    known = dict(told[:3])
    return Subject(scope=known["scope"], of=known["of"], period=known["period"], where=tuple(told[3:]))


def read(html: str) -> PageRead:
    """What stands on the page."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.page
