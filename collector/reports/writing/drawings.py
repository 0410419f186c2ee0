"""Native charts of a workbook: the numbers stand in cells of a sheet of their own, and the charts refer to these cells.

A line has one column of values and, where it has error bars, its ends and how far they are from the value, which is
what spreadsheets want. The target is a series too: a dashed line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_range_formula

from collector.reports.document import Chart, Line, Unit
from collector.reports.writing.axes import Axis, axis_of
from collector.reports.writing.cells import DAY_MS, FORMATS, legal
from collector.reports.writing.sheets import Book, cut
from collector.reports.writing.words import place, said

COLOURS = ("#0B57A4", "#B3541E", "#2E7D32", "#6A3D9A", "#5D4037", "#00838F")
DASHES = ("solid", "square_dot", "long_dash", "dash_dot", "round_dot", "long_dash_dot")
MARKERS = ("circle", "square", "triangle", "diamond", "x", "plus")
"""Lines differ in three ways: nobody needs the colour."""
TARGET_COLOUR = "#B00020"
WIDTH, HEIGHT = 920, 320
ROWS_HIGH = 17
"""Rows that a chart lies over."""
LONGEST_PLACE = 24
"""Longer names leave no room for the picture; they stand in the table."""
AXIS_FORMATS = {Unit.SHARE: "0.0%", Unit.LATENCY: "#,##0", Unit.DURATION: "[h]:mm"}
Numbers = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Range:
    """Cells below one another, and what stands in them: charts keep a copy, for programs that do not compute."""

    formula: str
    held: Sequence[object]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where the numbers of a line stand; `minus` and `plus` only where there are error bars."""

    label: str
    values: Range
    minus: Range | None = None
    plus: Range | None = None


@dataclass(frozen=True, slots=True)
class Laid:
    """Where the numbers of a chart stand."""

    places: Range
    lines: Sequence[Drawn]
    target: Drawn | None


class Drawings:
    """Lays the numbers of all charts into one sheet, then draws them wherever they are wanted."""

    def __init__(self, book: Book, name: str, charts: Sequence[Chart]) -> None:
        self._book, self._name = book, name
        self._sheet: Any = book.sheet(name) if charts else None
        self._at = 0
        self._laid: Mapping[str, Laid] = {chart.name: self._lay(chart) for chart in charts if axis_of(chart)}
        if self._sheet:
            self._sheet.set_column(0, 0, 26)
            self._sheet.set_column(1, 40, 15)

    def draw(self, sheet: Any, at: int, chart: Chart) -> Axis | None:
        """The axis of what was drawn, None where there was nothing; the picture lies over ROWS_HIGH rows from `at`."""
        laid, axis = self._laid.get(chart.name), axis_of(chart)
        if laid and axis:
            options = {"x_offset": 4, "y_offset": 4, "description": legal(chart.title)}
            sheet.insert_chart(at, 0, self._chart(chart, laid, axis), options)
        return axis

    # numbers

    def _lay(self, chart: Chart) -> Laid:
        """Title, headings, one row a place; then an empty row."""
        columns = list(_columns(chart, self._book))
        sheet, cells, first = self._sheet, self._book.cells, self._at + 2
        sheet.write_string(self._at, 0, legal(chart.title), cells.strong)
        sheet.write_string(self._at + 1, 0, "", cells.heading)
        for at, (heading, _) in enumerate(columns, 1):
            sheet.write_string(self._at + 1, at, legal(heading), cells.heading)
        names = [cut(legal(place(one, self._book.texts)), LONGEST_PLACE) for one in chart.places]
        for row, name in enumerate(names):
            sheet.write_string(first + row, 0, name, cells.plain)
            for at, (_, values) in enumerate(columns, 1):
                if values[row] is not None:  # a text would be drawn as zero
                    cells.put(sheet, first + row, at, values[row], chart.unit)
        self._at = first + len(names) + 1
        ranges = [
            Range("=" + xl_range_formula(self._name, first, at, first + len(names) - 1, at), held)
            for at, held in enumerate([names, *(_in_cells(values, chart.unit) for _, values in columns)])
        ]
        return _laid(chart, ranges, self._book)

    # pictures

    def _chart(self, chart: Chart, laid: Laid, axis: Axis) -> Any:
        bars = chart.kind == "bars"
        drawn = self._book.workbook.add_chart({"type": "column" if bars else "line"})
        for n, line in enumerate(laid.lines):
            drawn.add_series(_series(line, laid.places, _bar(n) if bars else _stroke(n)))
        if laid.target:
            dashed = {"line": {"color": TARGET_COLOUR, "width": 1.5, "dash_type": "dash"}, "marker": {"type": "none"}}
            series = _series(laid.target, laid.places, dashed)
            if bars:
                over = self._book.workbook.add_chart({"type": "line"})
                over.add_series(series)
                drawn.combine(over)
            else:
                drawn.add_series(series)
        self._dress(drawn, chart, axis)
        return drawn

    def _dress(self, drawn: Any, chart: Chart, axis: Axis) -> None:
        """Title, axes, legend."""
        low, high, step = (
            _in_cell(value, chart.unit) for value in (axis.low, axis.high, axis.ticks[1] - axis.ticks[0])
        )
        drawn.set_title({"name": legal(chart.title), "overlay": False, "name_font": {"size": 12}})
        drawn.set_y_axis(
            {
                "num_format": AXIS_FORMATS.get(chart.unit, FORMATS[chart.unit]),
                "min": low,
                "max": high,
                "major_unit": step,
                "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}},
            }
        )
        drawn.set_x_axis({"num_font": {"size": 8, "rotation": -45}, "label_position": "low"})
        drawn.set_legend({"position": "bottom"})
        drawn.set_size({"width": WIDTH, "height": HEIGHT})
        drawn.show_blanks_as("gap")


def _columns(chart: Chart, book: Book) -> Iterator[tuple[str, Numbers]]:
    """(heading, values) of each column of numbers."""
    say = book.texts.say
    for line in chart.lines:
        yield line.label, line.values
        if line.low and line.high:
            yield say("report.chart.low", name=line.label), line.low
            yield say("report.chart.high", name=line.label), line.high
            yield say("report.chart.minus", name=line.label), _apart(line.values, line.low)
            yield say("report.chart.plus", name=line.label), _apart(line.high, line.values)
    if chart.target is not None:
        yield target_label(chart, book), [chart.target] * len(chart.places)


def target_label(chart: Chart, book: Book) -> str:
    """What the dashed line is called."""
    label = chart.target_label or book.texts.say("sheets.chart.plain_target")
    return book.texts.say("sheets.chart.target", label=label, value=said(chart.target, chart.unit, book.texts))


def _apart(upper: Numbers, lower: Numbers) -> Numbers:
    return [None if a is None or b is None else a - b for a, b in zip(upper, lower, strict=True)]


def _laid(chart: Chart, ranges: Sequence[Range], book: Book) -> Laid:
    """`ranges` in the order of `_columns`, after that of the places."""
    left = iter(ranges)
    places = next(left)
    return Laid(
        places,
        [_drawn(line, left) for line in chart.lines],
        Drawn(target_label(chart, book), next(left)) if chart.target is not None else None,
    )


def _drawn(line: Line, left: Iterator[Range]) -> Drawn:
    values = next(left)
    if not (line.low and line.high):
        return Drawn(line.label, values)
    _, _, minus, plus = (next(left) for _ in range(4))
    return Drawn(line.label, values, minus, plus)


def _in_cells(values: Numbers, unit: Unit) -> Sequence[object]:
    return ["" if value is None else _in_cell(value, unit) for value in values]


def _in_cell(value: float, unit: Unit) -> float:
    return value / DAY_MS if unit is Unit.DURATION else value


def _series(line: Drawn, places: Range, look: Mapping[str, object]) -> dict[str, object]:
    series: dict[str, object] = {
        "name": legal(line.label),
        "categories": places.formula,
        "categories_data": list(places.held),
        "values": line.values.formula,
        "values_data": list(line.values.held),
    }
    if line.minus and line.plus:
        series["y_error_bars"] = {
            "type": "custom",
            "plus_values": line.plus.formula,
            "plus_data": list(line.plus.held),
            "minus_values": line.minus.formula,
            "minus_data": list(line.minus.held),
            "line": {"color": "#555555", "width": 0.75},
        }
    return {**series, **look}


def _stroke(n: int) -> dict[str, object]:
    colour = COLOURS[n % len(COLOURS)]
    marker = {"type": MARKERS[n % len(MARKERS)], "size": 4, "border": {"color": colour}, "fill": {"color": colour}}
    return {"line": {"color": colour, "width": 1.75, "dash_type": DASHES[n % len(DASHES)]}, "marker": marker}


def _bar(n: int) -> dict[str, object]:
    return {"fill": {"color": COLOURS[n % len(COLOURS)]}, "gap": 60}
