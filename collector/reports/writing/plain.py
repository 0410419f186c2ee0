"""A Document as CSV and as JSON: what programs read. Values are exact, and written row by row.

CSV is UTF-8 with a byte order mark, commas, CRLF, quotes where RFC 4180 wants them. It is blocks with an empty line
between them:

1. The head: a line each of label and value, as it stands on every sheet.
2. Each section. Its first line is `#table`, `#facts` or `#prose`, its name (the same in every language) and its title;
   then perhaps a line `#note` and the note. A table goes on with a line of headings, each with its unit in brackets,
   and its rows; the last column is the mark of the row (`good`, `bad`, `open`, `unknown`, `total` or nothing). Where
   it has no row, a line `#empty` says why. Facts: name, label, value, unit. Prose: one paragraph a line.
   Charts are left out: their numbers stand in a table.
3. The method: `#method`, then a sentence a line.

Numbers have a dot, shares lie between 0 and 1, durations and latencies are in milliseconds, dates and instants are
ISO 8601, conditions are rows of the ledger by their name, yes and no are `true` and `false`. A cell that is not known
is empty.

What a spreadsheet would take for a formula gets an apostrophe before it: every text, and every part of a text behind a
semicolon, a tab or a line break (they end a cell where commas are decimal), that begins with = + - @ or an apostrophe,
spaces aside. A reader who takes one apostrophe away in these places has the text again (`undefused`). Numbers are never
touched: -0.5 is no formula.

JSON is one object of the format `kentongan-report/1`:

    format, kind, title, language, agency, province, period, scope, asked {period, scope, of}, made_at, timezone,
    until, simulated, sites, coverage, revision {highest, corrected_days, chain_length, chain_head, audit_head},
    method [sentence], main, sections [...]

A section has `type`, `name`, `title` and
    table  note, empty, columns [{name, label, unit, measure, hours, exclusions}],
           rows [{cells, subject {scope, of, period, where {}}, mark}], with measure and hours where a whole row is
           about one measure: its columns' measures are then sides of that (`change` of `experienced`)
    facts  note, facts [{name, label, value, unit, measure, hours, exclusions, subject}]
    prose  paragraphs, fill_in
    chart  kind, unit, places, lines [{label, values, low, high}], target, target_label, note, of_table

`measure`, `hours`, `exclusions` and `subject` are null where a value is no figure; with them /api/v1/indicators
answers the same. null is "not known", never zero. Fields may be added; a change of what is there is another format.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import IO

import msgspec

from collector.reports.document import (
    Chart,
    Column,
    Document,
    Fact,
    Facts,
    Head,
    Prose,
    Row,
    Section,
    Subject,
    Table,
    Unit,
    Value,
)
from collector.reports.source import Progress
from collector.reports.writing.words import exact, head_lines
from shared.texts import Texts

FORMAT = "kentongan-report/1"
TELL_EVERY = 5_000
BOM = b"\xef\xbb\xbf"
UNITS = {
    Unit.SHARE: "0-1",
    Unit.POINTS: "-1..1",
    Unit.DURATION: "ms",
    Unit.LATENCY: "ms",
    Unit.RUPIAH: "Rp",
    Unit.MBPS: "Mbps",
}
"""What stands in brackets behind a heading."""
HEAD = (
    *("kind", "title", "language", "agency", "province", "period", "scope", "asked", "made_at", "timezone"),
    *("until", "simulated", "sites", "coverage", "revision", "method"),
)
"""What JSON tells of the head, in this order."""
BEGINS = r"(^|[;\t\r\n])([ \u00a0]*)"
SIGNS = "=+\\-@'＝＋－＠"
FORMULA = re.compile(f"{BEGINS}(?=[{SIGNS}])")
DEFUSED = re.compile(f"{BEGINS}'(?=[{SIGNS}])")
Cells = Sequence[str]


def write_csv(document: Document, file: IO[bytes], texts: Texts, progress: Progress) -> None:
    """Writes the whole document; see above."""
    file.write(BOM)
    lines = csv.writer(_Encoded(file))
    lines.writerows([label, defused(value)] for label, value in head_lines(document.head, texts))
    if document.head.revision.chain_head:
        lines.writerow([texts.say("report.chain_head"), document.head.revision.chain_head])
    for section in document.sections:
        for line in _lines_of(section, texts, progress):
            lines.writerow(line)
    lines.writerow([])
    lines.writerow(["#method"])
    lines.writerows([defused(sentence)] for sentence in document.head.method)


def defused(text: str) -> str:
    """`text` so that no spreadsheet takes it or a part of it for a formula."""
    return FORMULA.sub(r"\1\2'", text)


def undefused(text: str) -> str:
    """What was `defused`, as it was."""
    return DEFUSED.sub(r"\1\2", text)


class _Encoded:
    """A file of bytes, as the writer of CSV wants it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode("utf-8", "replace"))


def _lines_of(section: Section, texts: Texts, progress: Progress) -> Iterator[Cells]:
    """A block, with the empty line before it."""
    match section:
        case Table():
            yield from _opening("table", section.name, section.title, section.note)
            yield from _table_lines(section, texts, progress)
        case Facts():
            yield from _opening("facts", section.name, section.title, section.note)
            yield from ([fact.name, defused(fact.label), _cell(fact.value), fact.unit] for fact in section.facts)
        case Prose():
            yield from _opening("prose", section.name, section.title)
            yield from ([defused(paragraph)] for paragraph in section.paragraphs)


def _opening(kind: str, name: str, title: str, note: str = "") -> Iterator[Cells]:
    yield []
    yield [f"#{kind}", name, defused(title)]
    if note:
        yield ["#note", defused(note)]


def _table_lines(table: Table, texts: Texts, progress: Progress) -> Iterator[Cells]:
    yield [*(defused(_heading(column)) for column in table.columns), texts.say("report.column.mark")]
    n = 0
    for n, row in enumerate(table.rows(), 1):
        yield [*map(_cell, row.cells), row.mark]
        if n % TELL_EVERY == 0:
            progress(table.title, n, 0)
    if not n:
        yield ["#empty", defused(table.empty or texts.say("report.empty"))]


def _heading(column: Column) -> str:
    unit = UNITS.get(column.unit, "")
    return f"{column.label} [{unit}]" if unit and f"({unit})" not in column.label else column.label


def _cell(value: Value) -> str:
    return defused(value) if isinstance(value, str) else exact(value)


def write_json(document: Document, file: IO[bytes], _texts: Texts, progress: Progress) -> None:
    """Writes the whole document; see above."""
    encode = msgspec.json.Encoder().encode
    file.write(encode(_head(document.head, document.main))[:-1] + b',\n"sections":[')
    for n, section in enumerate(document.sections):
        file.write(b",\n" if n else b"\n")
        if isinstance(section, Table):
            file.write(encode(_table(section))[:-1] + b',"rows":[')
            _write_rows(section, file, encode, progress)
            file.write(b"]}")
        else:
            file.write(encode(_section(section)))
    file.write(b"\n]}\n")


def _write_rows(table: Table, file: IO[bytes], encode: Callable[[object], bytes], progress: Progress) -> None:
    for n, row in enumerate(table.rows(), 1):
        file.write((b"\n" if n == 1 else b",\n") + encode(_row(row)))
        if n % TELL_EVERY == 0:
            progress(table.title, n, 0)


def _head(head: Head, main: str) -> dict[str, object]:
    return {"format": FORMAT, **{name: getattr(head, name) for name in HEAD}, "main": main}


def _table(table: Table) -> dict[str, object]:
    return {
        "type": "table",
        "name": table.name,
        "title": table.title,
        "note": table.note,
        "empty": table.empty,
        "columns": [
            {"name": column.name, "label": column.label, "unit": column.unit, **_measured(column)}
            for column in table.columns
        ],
    }


def _row(row: Row) -> dict[str, object]:
    told: dict[str, object] = {"cells": row.cells, "subject": _subject(row.subject), "mark": row.mark}
    return {**told, "measure": row.measure, "hours": row.hours} if row.measure else told


def _section(section: Facts | Prose | Chart) -> dict[str, object]:
    known = {"name": section.name, "title": section.title}
    match section:
        case Facts():
            return {"type": "facts", **known, "note": section.note, "facts": [_fact(one) for one in section.facts]}
        case Prose():
            return {"type": "prose", **known, "paragraphs": section.paragraphs, "fill_in": section.fill_in}
        case Chart():
            names = ("kind", "unit", "places", "lines", "target", "target_label", "note", "of_table")
            return {"type": "chart", **known, **{name: getattr(section, name) for name in names}}


def _fact(fact: Fact) -> dict[str, object]:
    known = {"name": fact.name, "label": fact.label, "value": fact.value, "unit": fact.unit}
    return {**known, **_measured(fact), "subject": _subject(fact.subject)}


def _measured(one: Column | Fact) -> dict[str, object]:
    hours, exclusions = (one.hours, one.exclusions) if one.measure else (None, None)
    return {"measure": one.measure or None, "hours": hours, "exclusions": exclusions}


def _subject(subject: Subject | None) -> dict[str, object] | None:
    if subject is None:
        return None
    where = dict(subject.where)
    return {"scope": subject.scope, "of": subject.of, "period": subject.period, "where": where}
