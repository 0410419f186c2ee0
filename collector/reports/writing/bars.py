"""Pure: a chart of bars, which lie, as SVG."""

from markupsafe import Markup

from collector.reports.document import Chart, Unit
from collector.reports.writing.axes import Axis
from collector.reports.writing.picture_words import summary, target_words, tick_words, value_words
from collector.reports.writing.strokes import (
    BAR,
    COLOURS,
    EDGE,
    GRID,
    INK,
    PAPER,
    TARGET,
    Frame,
    Size,
    number,
    px,
    rect,
    short,
    straight,
    svg,
    target_line,
    text,
    whisker_across,
)
from collector.reports.writing.words import place
from shared.texts import Texts

BARS_A_PICTURE = 30
"""More bars than this stand in pictures of their own: one picture must fit on one sheet of paper."""


def bars(chart: Chart, axis: Axis, size: Size, texts: Texts) -> Markup:
    """Lying, the name beside or above each, the value at its end; only the first line is drawn."""
    line = chart.lines[0]
    words = [value_words(value, chart.unit, texts) for value in line.values]
    room = max(map(px, words)) + 14
    aim = 18 if chart.target is not None else 4
    right = size.width - (room if size.wide else 8)
    frame = Frame(size.names + 8, aim, right, aim + size.row * len(words), axis)
    inner = [_upright_grid(frame, chart.unit, texts)]
    inner += [_bar(at, chart, frame, size, words[at], texts) for at in range(len(words))]
    if chart.target is not None:
        x = frame.x(chart.target)
        inner.append(target_line(x, frame.top - 4, x, frame.bottom))
        inner.append(_aim_above(short(target_words(chart, texts), size.width), x, size))
    return svg(size, frame.bottom + 24, summary(chart, texts), inner)


def _aim_above(words: str, x: float, size: Size) -> Markup:
    half = px(words) / 2
    return text(min(max(x, half + 4), size.width - half - 4), 11, words, "middle", TARGET, "aim")


def _upright_grid(frame: Frame, unit: Unit, texts: Texts) -> Markup:
    every = 1 if frame.right - frame.left > 60 * len(frame.axis.ticks) else 2
    named = frame.axis.ticks[::-1][::every]
    anchors = {frame.axis.high: "end", **({frame.axis.low: "start"} if frame.left < 20 else {})}
    lines = [
        straight("grid", frame.x(tick), frame.top, frame.x(tick), frame.bottom, GRID)
        + text(frame.x(tick), frame.bottom + 16, tick_words(tick, unit, texts), anchors.get(tick, "middle"))
        for tick in named
    ]
    base = frame.x(max(frame.axis.low, 0.0))
    return Markup("").join([*lines, straight("edge", base, frame.top, base, frame.bottom, EDGE)])


def _bar(at: int, chart: Chart, frame: Frame, size: Size, words: str, texts: Texts) -> Markup:
    line, top = chart.lines[0], frame.top + at * size.row
    y = top + (4 if size.wide else 20)
    value_y = top + 17 if size.wide else top + 14
    room = size.names if size.wide else size.width - px(words) - 32
    drawn = [
        text(
            size.names if size.wide else 8,
            value_y,
            short(place(chart.places[at], texts), room),
            "end" if size.wide else "start",
            INK,
            "strong",
        ),
        text(size.width - 4 if size.wide else frame.right, value_y, words, "end", INK, "strong"),
    ]
    value = line.values[at]
    if value is not None:
        base, end = sorted((frame.x(max(frame.axis.low, 0.0)), frame.x(value)))
        drawn.append(rect("bar", base, y, max(end - base, 1), 16, COLOURS[0], BAR))
        drawn += [_slash(base, y)] if frame.axis.low > 0 else []
        low, high = (ends[at] if ends else None for ends in (line.low, line.high))
        drawn += [whisker_across(frame.x(low), frame.x(high), y + 8)] if low is not None and high is not None else []
    return Markup("").join(drawn)


def _slash(x: float, y: float) -> Markup:
    """Two strokes through the foot of a bar that does not begin at nothing."""
    return Markup('<path class="cut" d="M{} {}l5 -20M{} {}l5 -20" fill="none" stroke="{}" stroke-width="2"/>').format(
        number(x + 5), number(y + 18), number(x + 10), number(y + 18), PAPER
    )
