"""Every figure of every report of the pack against the one that was computed here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isclose
from typing import Any

from .expected import Expected
from .figures import Choice
from .measures.asked import Asked
from .subjects import Subject, bounds

FORMAT = "kentongan-report/1"
TOLERANCE = 1e-9
"""Relative: what two ways to compute the same fraction may differ by. Everything whole must be equal."""
NUMBERS = ("count", "share", "points", "duration", "latency", "rupiah", "mbps", "number", "instant", "yes", "condition")
WORDS = frozenset({
    *("code", "name", "unit", "regency", "opd", "provider", "medium", "kind", "contract", "indicator", "source"),
    *("day", "period", "first", "last", "last_day", "year", "of", "what", "owner", "by", "why", "said", "note", "like"),
    *("cause", "status", "state", "measured", "followups", "kept", "working", "sla", "fee_of", "formula", "bandwidth"),
    *("number", "lines"),
})  # fmt: skip
"""What has words in it, and no figure. Everything else must say what it measures."""
NAMES = ("text", "day", "condition")
"""What a row may be called by."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Where a figure stands, and what it says."""

    table: str
    row: str
    column: str
    unit: str
    value: Any
    asked: Asked | None
    """None: nobody says what it measures."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A figure that does not agree. `why`: what is missing, where nothing could be computed."""

    figure: Figure
    computed: Any = None
    why: str = ""


@dataclass(slots=True)
class Result:
    """Of one report. `kept`: how many figures rest on kept accounts, and not on results in the pack; `unmeasured`:
    numbers that say of nothing what they measure."""

    figures: int = 0
    agree: int = 0
    kept: int = 0
    unmeasured: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    unknown: list[Wrong] = field(default_factory=list)


def check(report: Any, expected: Expected) -> Result:
    """Every figure of one report."""
    result = Result()
    for figure in figures_of(report):
        if figure.asked is None:
            result.unmeasured += 1
            continue
        result.figures += 1
        try:
            told = expected.of(figure.asked)
        except Exception as missing:  # whatever a report asks: what cannot be answered is told, and the next asked
            result.unknown.append(Wrong(figure, why=str(missing)))
            continue
        if same(said(figure), told.value):
            result.agree += 1
            result.kept += not told.raw
        else:
            result.wrong.append(Wrong(figure, told.value))
    return result


def figures_of(report: Any) -> Iterator[Figure]:
    """All values of tables and facts that are numbers, or say what they measure."""
    period = report["asked"]["period"]
    if all(isinstance(edge, date) for edge in bounds(period)):  # accounts are of whole days
        yield _coverage(report)
    for section in report["sections"]:
        if section["type"] == "table":
            for number, row in enumerate(section["rows"], 1):
                name = _name_of(section["columns"], row["cells"], number)
                for column, value in zip(section["columns"], row["cells"], strict=True):
                    if _matters(column, value, row["subject"]) and not _is_name(column, row):
                        asked = _asked(_of_row(column, row), row["subject"], period)
                        yield Figure(section["name"], name, column["name"], column["unit"], value, asked)
        elif section["type"] == "facts":
            for fact in section["facts"]:
                if _matters(fact, fact["value"], fact["subject"]):
                    asked = _asked(fact, fact["subject"], period)
                    yield Figure(section["name"], fact["name"], fact["name"], fact["unit"], fact["value"], asked)


def _coverage(report: Any) -> Figure:
    """The one figure that stands on every sheet."""
    asked = Asked("coverage", Subject.of_report(report["asked"]), Choice(), report["asked"]["period"])
    return Figure("", "", "coverage", "share", report["coverage"], asked)


def _matters(one: Mapping[str, Any], value: Any, subject: Any) -> bool:
    """An empty cell in a row that is of nobody claims nothing."""
    if value is None and subject is None:
        return False
    if one["measure"]:
        return True
    is_number = isinstance(value, (int, float)) or one["unit"] in NUMBERS
    return value is not None and (is_number or one["name"] not in WORDS)


def _is_name(column: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """The sum of all conditions is called by a word where each of them has its own name."""
    return bool(column["unit"] == "condition" and row["mark"] == "total")


def _name_of(columns: Any, cells: Any, number: int) -> str:
    """What a reader finds the row by: its number and its first texts."""
    texts = [str(v) for c, v in zip(columns, cells, strict=True) if c["unit"] in NAMES and v][:2]
    return " ".join([f"#{number}", *texts])


def _of_row(column: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a row is about one measure, its columns tell sides of that."""
    measure = row.get("measure")
    if not measure or not column["measure"]:
        return column
    return {**column, "measure": f"{column['measure']}.{measure}", "hours": row["hours"]}


def _asked(one: Mapping[str, Any], subject: Any, period: str) -> Asked | None:
    if subject is None or not one["measure"]:
        return None
    choice = Choice(one["hours"] or "all", one["exclusions"] or "with")
    return Asked(one["measure"], Subject.of_report(subject), choice, period)


def said(figure: Figure) -> Any:
    """The value as it is computed here: instants in milliseconds."""
    if figure.unit == "instant" and isinstance(figure.value, str):
        return round(datetime.fromisoformat(figure.value).timestamp() * 1000)
    return figure.value


def same(told: Any, computed: Any) -> bool:
    """Whether both are the same; fractions as far as their last digits go."""
    if isinstance(told, bool) or isinstance(computed, bool) or told is None or computed is None:
        return told is computed or (told == computed and type(told) is type(computed))
    if isinstance(computed, float):
        return isinstance(told, (int, float)) and isclose(told, computed, rel_tol=TOLERANCE)
    return bool(told == computed)
