"""Pure: a chart of lines through time, as SVG."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from markupsafe import Markup

from collector.reports.document import Chart, Line, Unit
from collector.reports.writing.axes import Axis
from collector.reports.writing.picture_words import summary, target_words, tick_words, value_words
from collector.reports.writing.strokes import (
    COLOURS,
    EDGE,
    GRID,
    TARGET,
    Frame,
    Size,
    marker,
    number,
    path,
    px,
    short,
    straight,
    svg,
    target_line,
    text,
    whisker,
)
from collector.reports.writing.words import place
from shared.texts import Texts

MOST_MARKED = 62
"""Places up to which each value has its marker and its whiskers; beyond, markers would touch, and errors are a band."""


def is_dense(chart: Chart) -> bool:
    """Whether it has more places than can be told apart."""
    return len(chart.places) > MOST_MARKED


def curves(chart: Chart, axis: Axis, size: Size, texts: Texts) -> Markup:
    """Through time: a gap where nothing is known, a point where only one place among gaps is."""
    left = 12 + max(px(tick_words(tick, chart.unit, texts)) for tick in axis.ticks)
    frame = Frame(left, 10, size.width - 16, size.height - 26, axis)
    step = (frame.right - frame.left) / len(chart.places)
    xs = [frame.left + (i + 0.5) * step for i in range(len(chart.places))]
    inner = [_grid(frame, chart.unit, texts), _place_labels(chart, frame, xs, texts)]
    inner += [_errors(i, line, xs, frame, is_dense(chart)) for i, line in enumerate(chart.lines) if line.low]
    if chart.target is not None:
        y = frame.y(chart.target)
        inner.append(target_line(frame.left, y, frame.right, y))
    inner += [_line(i, line, xs, frame, chart, texts) for i, line in enumerate(chart.lines)]
    if chart.target is not None:
        inner.append(_target_label(chart, frame, xs, texts))
    return svg(size, size.height, summary(chart, texts), inner)


def _grid(frame: Frame, unit: Unit, texts: Texts) -> Markup:
    """Named values, and a line for each; where the axis does not begin at nothing, its end is broken."""
    lines = [
        straight("grid", frame.left, frame.y(tick), frame.right, frame.y(tick), GRID)
        + text(frame.left - 6, frame.y(tick) + 4, tick_words(tick, unit, texts), "end")
        for tick in frame.axis.ticks
    ]
    base = frame.y(max(frame.axis.low, 0.0))
    lines.append(straight("edge", frame.left, base, frame.right, base, EDGE))
    if frame.axis.low > 0:
        lines.append(_broken(frame.left, frame.bottom))
    return Markup("").join(lines)


def _broken(x: float, y: float) -> Markup:
    """A zigzag on the axis: it does not begin at nothing."""
    return Markup('<path class="edge" d="M{} {}l-4 -3l8 -4l-8 -4l4 -3" fill="none" stroke="{}"/>').format(
        number(x), number(y), EDGE
    )


def _place_labels(chart: Chart, frame: Frame, xs: Sequence[float], texts: Texts) -> Markup:
    """As many as fit, evenly, the first among them."""
    words = [place(name, texts) for name in chart.places]
    step = (frame.right - frame.left) / len(words)
    every = max(1, -(-int(max(map(px, words)) + 10) // max(1, int(step))))
    shown = range(0, len(words), every)
    labels = [text(xs[i], frame.bottom + 18, short(words[i], every * step), "middle") for i in shown]
    ticks = [straight("edge", xs[i], frame.bottom, xs[i], frame.bottom + 4, EDGE) for i in shown]
    return Markup("").join([*ticks, *labels])


def _line(i: int, line: Line, xs: Sequence[float], frame: Frame, chart: Chart, texts: Texts) -> Markup:
    drawn: list[Markup] = []
    for run in runs(line.values):
        points = [(xs[at], frame.y(value)) for at in run if (value := line.values[at]) is not None]
        if len(points) > 1:
            drawn.append(path(i, points))
        if len(points) == 1 or not is_dense(chart):
            drawn += [
                marker(
                    i, *point, f"{place(chart.places[at], texts)}: {value_words(line.values[at], chart.unit, texts)}"
                )
                for at, point in zip(run, points, strict=True)
            ]
    return Markup("").join(drawn)


def runs(values: Sequence[float | None]) -> Iterator[range]:
    """The neighbouring places that have a value: never a line across a gap."""
    for known, group in groupby(range(len(values)), lambda i: values[i] is not None):
        if known:
            found = list(group)
            yield range(found[0], found[-1] + 1)


def _errors(i: int, line: Line, xs: Sequence[float], frame: Frame, dense: bool) -> Markup:
    """Whiskers, or a band where there are too many of them."""
    both = [
        (low, high) if low is not None and high is not None else None
        for low, high in zip(line.low, line.high, strict=True)
    ]
    if not dense:
        told = [(x, ends) for x, ends in zip(xs, both, strict=True) if ends]
        return Markup("").join(whisker(i, x, frame.y(high), frame.y(low)) for x, (low, high) in told)
    return Markup("").join(_band(i, run, both, xs, frame) for run in runs([ends and ends[1] for ends in both]))


def _band(i: int, run: range, both: Sequence[tuple[float, float] | None], xs: Sequence[float], frame: Frame) -> Markup:
    known = [(xs[at], ends) for at in run if (ends := both[at])]
    upper = [f"{number(x)} {number(frame.y(high))}" for x, (_, high) in known]
    lower = [f"{number(x)} {number(frame.y(low))}" for x, (low, _) in reversed(known)]
    return Markup('<path class="area a{}" d="M{}Z" fill="{}" fill-opacity="0.2"/>').format(
        i % len(COLOURS), "L".join([*upper, *lower]), COLOURS[i % len(COLOURS)]
    )


def _target_label(chart: Chart, frame: Frame, xs: Sequence[float], texts: Texts) -> Markup:
    """Above or below its line: where the fewest values are."""
    room = frame.right - frame.left
    words = short(target_words(chart, texts), room)
    width, y = px(words), frame.y(chart.target or 0)
    dots = [(x, frame.y(v)) for line in chart.lines for x, v in zip(xs, line.values, strict=True) if v is not None]
    lefts = [frame.right - width - 2 - i * (room - width - 6) / 8 for i in range(9)]
    bases = [base for base in (y - 6, y + 15) if frame.top < base - 9 and base < frame.bottom] or [y - 6]

    def covered(corner: tuple[float, float]) -> int:
        left, base = corner
        return sum(left - 9 < x < left + width + 9 and base - 15 < y < base + 7 for x, y in dots)

    left, base = min(((left, base) for left in lefts for base in bases), key=covered)
    return text(left, base, words, "start", TARGET, "aim")
