"""Pure: answers as CSV: RFC 4180, UTF-8, a header row, columns that keep their order, a point in decimals.

A row stands by itself: it repeats what it is about and how it was computed.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from collector.accounting.latency import GROUPS
from collector.condition import ROWS
from collector.faces.indicator_answers import (
    AvailabilityAnswer,
    IndicatorAnswer,
    IndicatorsAnswer,
)
from collector.faces.ledger_answers import LedgerAnswer, RevisionAnswer, RevisionsAnswer

Cell = str | int | float | bool | datetime | None
ALWAYS_TOLD = ("line", "experienced", "internet", "intranet")
"""Availability with columns of its own; services share one column, because their names differ from site to site."""
DIGITS = {"_s": 3, "_ms": 3}
"""Of columns that end so."""
RATIO_DIGITS = 6
PRINTED = ("line", "experienced", "coverage", "known", "mttr", "mtbf", "charged")
"""Formulas in columns at the end."""


ABOUT = (
    "scope",
    "of",
    "period",
    "from",
    "to",
    "timezone",
    "hours",
    "exclusions",
    "calendar",
    "as_of",
    "corrected_days",
)
SUMS = ("sites", "period_s", "observed_s", "coverage", "known", "enough_data", "downtime_s", "mttr_s", "mtbf_s")
EXCLUDED = ("planned", "late", "force_majeure")
RATIO = {"": "value", "_low": "low", "_high": "high", "_part_s": "part_s", "_whole_s": "whole_s"}
STRETCHES = {"": "n", "_total_s": "total_s", "_longest_s": "longest_s"}
COUNTED = ("outages", "charged", "power_cuts")
COUNTED_FROM = ("counted_from", "counted_all_from", "counted_share", "late_sites")
ECHO = ("sent", "lost", "loss", "jitter_ms", "p50_ms", "p95_ms", "p99_ms")
COLUMNS = (
    *ABOUT,
    *SUMS,
    *(f"excluded_{name}_s" for name in EXCLUDED),
    *(f"{row}_s" for row in ROWS),
    *(f"{name}{ending}" for name in ALWAYS_TOLD for ending in RATIO),
    "services",
    *(f"{name}{ending}" for name in COUNTED for ending in STRETCHES),
    *(f"{group}_{part}" for group in GROUPS for part in ECHO),
    *(f"{name}_formula" for name in PRINTED),
    *COUNTED_FROM,
)
"""Of indicators. New ones go to the end."""


def written(header: Iterable[str], rows: Iterable[Iterable[Cell]], *, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", delimiter=delimiter)
    names = list(header)
    writer.writerow(names)
    digits = [_digits(name) for name in names]
    writer.writerows([_text(cell, n) for cell, n in zip(row, digits, strict=True)] for row in rows)
    return text.getvalue().encode()


def indicators_table(answer: IndicatorsAnswer) -> bytes:
    """One row for each site, provider, regency ..."""
    rows = (_indicator_row(answer, one) for one in answer.indicators)
    return written(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))


def ledger_table(answer: LedgerAnswer) -> bytes:
    """One row for each cell of each piece; a pivot table of it adds up to the period."""
    about = ("site", "period", "by", "timezone", "calendar", "as_of")
    head = (answer.site, answer.period, answer.by, answer.timezone, answer.calendar, answer.as_of)
    return written(
        (*about, "piece", "from", "to", "row", "in_service", "exclusion", "ms"),
        (
            (*head, piece.name, piece.from_, piece.to, cell.row, cell.in_service, cell.exclusion, cell.ms)
            for piece in answer.pieces
            for cell in piece.cells
        ),
    )


def revisions_table(answer: RevisionsAnswer) -> bytes:
    """One row for each change; a revision that changed nothing has one row without."""
    header = ("site", "timezone", "day", "from", "to", "number", "made", "why", "what", "before", "after")
    return written(
        header,
        (
            (answer.site, answer.timezone, one.day, one.from_, one.to, one.number, one.made, one.why, *change)
            for one in answer.revisions
            for change in _changes(one)
        ),
    )


def _changes(one: RevisionAnswer) -> list[tuple[Cell, Cell, Cell]]:
    return [(change.what, change.before, change.after) for change in one.changes] or [("", None, None)]


def _indicator_row(answer: IndicatorsAnswer, one: IndicatorAnswer) -> dict[str, Cell]:
    """By column."""
    told: dict[str, AvailabilityAnswer] = {ratio.name: ratio for ratio in one.availability}
    echoes = {echo.group: echo for echo in one.latency}
    row: dict[str, Cell] = {name: getattr(answer, name) for name in ABOUT if hasattr(answer, name)}
    row |= {"from": one.from_, "to": one.to} | {
        name: getattr(one, name) for name in (*ABOUT, *SUMS, *COUNTED_FROM) if hasattr(one, name)
    }
    row |= {f"excluded_{name}_s": one.excluded_s[name] for name in EXCLUDED} | {f"{r}_s": one.rows[r] for r in ROWS}
    row["services"] = _services(told)
    for name in ALWAYS_TOLD:
        row |= {f"{name}{ending}": getattr(told.get(name), part, None) for ending, part in RATIO.items()}
    for name in COUNTED:
        row |= {f"{name}{ending}": getattr(getattr(one, name), part) for ending, part in STRETCHES.items()}
    for group in GROUPS:
        row |= {f"{group}_{part}": getattr(echoes.get(group), part, None) for part in ECHO}
    return row | {f"{name}_formula": answer.formulas.get(name) for name in PRINTED}


def _services(told: Mapping[str, AvailabilityAnswer]) -> str:
    """name=value, by name, with a blank between; nothing behind the = is "not known"."""
    pairs = ((name.partition("/")[2], _text(ratio.value)) for name, ratio in told.items() if "/" in name)
    return " ".join(f"{name}={value}" for name, value in sorted(pairs))


def _digits(column: str) -> int:
    """Behind the point: times to the millisecond, as they are measured."""
    return next((digits for ending, digits in DIGITS.items() if column.endswith(ending)), RATIO_DIGITS)


def _text(cell: Cell, digits: int = RATIO_DIGITS) -> str:
    """A name that begins like a formula would be computed by a spreadsheet: an apostrophe tells it not to."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.isoformat(timespec="milliseconds" if cell.microsecond else "seconds")
        case float():
            return f"{cell:.{digits}f}".rstrip("0").rstrip(".")
        case str():
            return f"'{cell}" if re.match(r"[=+\-@\t\r]", cell) else cell
    return str(cell)
