"""Pure: charts as SVG that stands by itself on paper, on a phone and in the dark.

Every chart is drawn twice, wide for desks and paper and narrow for phones, where text that shrinks with its picture
could not be read; the style sheets show one of them. curves.py draws lines through time, bars.py bars; strokes.py is
what they draw with, axes.py where values stand, picture_words.py what is said of it.
"""

from dataclasses import replace

from markupsafe import Markup

from collector.reports.document import Chart, Line
from collector.reports.writing.axes import axis_of
from collector.reports.writing.bars import BARS_A_PICTURE, bars
from collector.reports.writing.curves import curves, is_dense
from collector.reports.writing.picture_words import target_words
from collector.reports.writing.strokes import (
    BAR,
    COLOURS,
    SIZES,
    marker,
    rect,
    stroke,
    target_line,
    whisker,
    whisker_across,
)
from shared.texts import Texts


def pictures(chart: Chart, texts: Texts) -> list[Markup]:
    """The drawings of `chart`, every one in all SIZES; none where no value is known."""
    axis = axis_of(chart)
    if axis is None:
        return []
    if chart.kind == "bars":
        return [bars(part, axis, size, texts) for part in parts(chart, texts) for size in SIZES]
    return [curves(chart, axis, size, texts) for size in SIZES]


def parts(chart: Chart, texts: Texts) -> list[Chart]:
    """Bars in portions that fit on a sheet; their titles say which."""
    n = -(-len(chart.places) // BARS_A_PICTURE)
    if n <= 1:
        return [chart]
    size = -(-len(chart.places) // n)
    return [
        replace(
            chart,
            title=f"{chart.title}, {texts.say('sheets.chart.part', n=i + 1, all=n)}",
            places=chart.places[i * size : (i + 1) * size],
            lines=[_cut(line, i * size, (i + 1) * size) for line in chart.lines],
        )
        for i in range(n)
    ]


def _cut(line: Line, first: int, behind: int) -> Line:
    return Line(line.label, line.values[first:behind], line.low[first:behind], line.high[first:behind])


def legend(chart: Chart, texts: Texts) -> list[tuple[Markup, str]]:
    """(swatch, words) of every line, of error bars and of the target."""
    drawn = chart.lines[:1] if chart.kind == "bars" else chart.lines
    told = [(_swatch(_sample(i, chart)), line.label) for i, line in enumerate(drawn)]
    if any(one is not None for line in drawn for one in (*line.low, *line.high)):
        told.append((_swatch(_error_sample(chart)), texts.say("sheets.chart.errors")))
    if chart.target is not None:
        told.append((_swatch(target_line(0, 8, 26, 8)), target_words(chart, texts)))
    return told


def _swatch(inner: Markup) -> Markup:
    return Markup('<svg class="swatch" width="26" height="16" viewBox="0 0 26 16" aria-hidden="true">{}</svg>').format(
        inner
    )


def _sample(i: int, chart: Chart) -> Markup:
    if chart.kind == "bars":
        return rect("bar", 1, 2, 24, 12, COLOURS[0], BAR)
    return stroke(i, 0, 8, 26, 8) + (Markup("") if is_dense(chart) else marker(i, 13, 8))


def _error_sample(chart: Chart) -> Markup:
    if chart.kind == "bars":
        return whisker_across(3, 23, 8)
    if not is_dense(chart):
        return whisker(0, 13, 2, 14)
    return Markup('<path class="area a0" d="M0 2H26V14H0Z" fill="{}" fill-opacity="0.2"/>').format(COLOURS[0])
