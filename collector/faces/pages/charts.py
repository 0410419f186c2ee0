"""Pure: pictures as SVG markup. Places along the time are shares of the picture, 0 to 1; colours are those of
site.css, by class.

A picture has no viewBox of its own: places are percentages and text keeps its size, so that it is legible on a phone.
Only lines lie in an inner SVG that is stretched. A value holds for a whole bin, so lines are steps; where a bin has no
value there is no line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, isnan, log10

from markupsafe import Markup

from collector.condition import Row

TILES: Mapping[str, str] = {
    Row.UP: "",
    Row.DEGRADED: "M1.5 2h2M5.5 6h2",
    Row.INTERCEPTED: "M0 6l2-4 4 4 2-4",
    Row.LOCAL_DOWN: "M2 0v8M6 0v8",
    Row.LINE_DOWN: "",
    Row.INTERNET_DOWN: "M-2 2l4-4M0 8l8-8M6 10l4-4",
    Row.INTRANET_DOWN: "M-2 6l4 4M0 0l8 8M6-2l4 4",
    Row.UNREACHABLE: "M0 2h8M0 6h8",
    Row.POWER: "M4 1v6M1 4h6",
    Row.SHUT_DOWN: "M2 2h4v4H2z",
    Row.ASLEEP: "M0 5q2-4 4 0t4 0",
    Row.AGENT: "M0 8l8-8",
    Row.UNKNOWN: "M3.5 4h1",
    "service": "",
    "excluded": "M0 8l8-8M-2 2l4-4M6 10l4-4",
}
"""What lies on the colour of each kind of mark, 8 by 8: nobody needs the colour."""
WIDTH = 720
"""Of the inner SVG that lines lie in."""
PLOT_PX = 100
EDGE = 0.035
"""Half a label on a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that lasts: a key of TILES. `said` is told where it is pointed at; `href` leads on."""

    start: float
    end: float
    kind: str
    said: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of the time axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Values of bins between `edges` (one more than bins), nan where there are none: a line, and an area from `low` to
    `high`. `top` is the upper end, 0 the lower; `limit` a dashed line. `title` and `summary` are read aloud."""

    name: str
    title: str
    summary: str
    edges: Sequence[float]
    line: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    top: float
    top_text: str
    limit: float
    limit_text: str
    ticks: Sequence[Tick]


def tiles() -> Markup:
    """The patterns that marks and swatches are filled with: once a page, before the first of them."""
    return Markup('<svg class="tiles" width="0" height="0" aria-hidden="true"><defs>{}</defs></svg>').format(
        Markup("").join(map(_tile, TILES))
    )


def swatch(kind: str) -> Markup:
    """One mark for a legend."""
    return Markup('<svg class="swatch" width="22" height="16" aria-hidden="true">{}</svg>').format(
        Markup('<rect width="22" height="16" fill="url(#tile-{})"/>').format(kind)
    )


def strip(marks: Sequence[Mark], above: Sequence[Mark], below: Sequence[Mark], ticks: Sequence[Tick]) -> Markup:
    """What was when: faults stand as high as the strip, silence is low. `above` and `below` are narrow rows.

    It is hidden from screen readers, its links from the keyboard: a sentence before it and a table behind it tell the
    same, and a month may have hundreds of links.
    """
    drawn = [_drawn(mark, _top_of(mark.kind), 58) for mark in marks]
    drawn += [_drawn(mark, 0, 7) for mark in above] + [_drawn(mark, 60, 65) for mark in below]
    return Markup(
        '<svg class="strip" width="100%" height="84" aria-hidden="true">{}{}<g class="frame">{}</g>{}</svg>'
    ).format(
        _grid(ticks, 65),
        Markup("").join(drawn),
        Markup('<line x2="100%" y1="58.5" y2="58.5"/>'),
        _labels(ticks, 80),
    )


def plot(p: Plot) -> Markup:
    """A line with an area and a limit over the time."""
    scale = PLOT_PX / p.top
    limit_y = PLOT_PX - p.limit * scale
    return Markup(
        '<svg class="plot" width="100%" height="{height}" role="img" aria-labelledby="{name}-t {name}-s">'
        '<title id="{name}-t">{title}</title><desc id="{name}-s">{summary}</desc>{grid}'
        '<svg viewBox="0 0 {width} {px}" width="100%" height="{px}" preserveAspectRatio="none">'
        '<path class="area" d="{area}"/><path class="line" d="{line}"/></svg>'
        '<g class="limit"><line x2="100%" y1="{limit_y}" y2="{limit_y}"/><text x="100%" y="{text_y}">{limit}</text></g>'
        '<g class="frame"><line x2="100%" y1="{px}" y2="{px}"/><text x="2" y="11">{top}</text></g>{labels}</svg>'
    ).format(
        name=p.name,
        title=p.title,
        summary=p.summary,
        grid=_grid(p.ticks, PLOT_PX),
        area=area_path(p.edges, p.low, p.high, p.top),
        line=line_path(p.edges, p.line, p.top),
        limit_y=_number(limit_y),
        text_y=_number(limit_y + 12 if limit_y < 14 else limit_y - 3),
        limit=p.limit_text,
        top=p.top_text,
        labels=_labels(p.ticks, PLOT_PX + 15),
        px=PLOT_PX,
        width=WIDTH,
        height=PLOT_PX + 19,
    )


def line_path(edges: Sequence[float], values: Sequence[float], top: float) -> str:
    """Steps, one path for each run of bins that have a value: never a line across a gap."""
    return "".join(_steps(edges, values, run, top) for run in runs(values))


def area_path(edges: Sequence[float], low: Sequence[float], high: Sequence[float], top: float) -> str:
    """Between two lines of steps: along the upper one, and back along the lower one."""
    found = ""
    for run in runs([a + b for a, b in zip(low, high, strict=True)]):
        found += _steps(edges, high, run, top)
        for i in reversed(run):
            y = _y(low[i], top)
            found += f"L{_x(edges[i + 1])} {y}H{_x(edges[i])}"
        found += "Z"
    return found


def runs(values: Sequence[float]) -> Iterator[range]:
    """The neighbouring bins that have a value."""
    for missing, group in groupby(range(len(values)), lambda i: isnan(values[i])):
        if not missing:
            first, *rest = group
            yield range(first, (rest[-1] if rest else first) + 1)


def nice(value: float) -> float:
    """The next of 1, 2, 3, 4, 5, 6, 8 x a power of ten at or above `value`: the upper end of an axis."""
    if value <= 0:
        return 1.0
    power: float = 10 ** (ceil(log10(value)) - 1)
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.9999)


def _tile(kind: str) -> Markup:
    return Markup(
        '<pattern id="tile-{kind}" class="tile {kind}" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<rect width="8" height="8"/><path d="{path}"/></pattern>'
    ).format(kind=kind, path=TILES[kind])


def _top_of(kind: str) -> int:
    """How high a mark of the strip stands: its shape tells it as well as its pattern."""
    return TOPS.get(kind, 10)


TOPS: Mapping[str, int] = {
    Row.UP: 34,
    Row.DEGRADED: 24,
    **dict.fromkeys((Row.POWER, Row.SHUT_DOWN, Row.ASLEEP, Row.AGENT, Row.UNKNOWN), 46),
}
"""Where a mark of the strip begins, in pixels from above; faults at 10."""


def _drawn(mark: Mark, top: int, bottom: int) -> Markup:
    rect = Markup(
        '<rect x="{}%" width="{}%" y="{}" height="{}" class="{kind}" fill="url(#tile-{kind})">{said}</rect>'
    ).format(
        _number(100 * mark.start),
        _number(100 * (mark.end - mark.start)),
        top,
        bottom - top,
        kind=mark.kind,
        said=Markup("<title>{}</title>").format(mark.said) if mark.said else "",
    )
    return Markup('<a href="{}" tabindex="-1">{}</a>').format(mark.href, rect) if mark.href else rect


def _grid(ticks: Sequence[Tick], height: int) -> Markup:
    lines = (Markup('<line x1="{0}%" x2="{0}%" y2="{1}"/>').format(_number(100 * tick.at), height) for tick in ticks)
    return Markup('<g class="grid">{}</g>').format(Markup("").join(lines))


def _labels(ticks: Sequence[Tick], y: int) -> Markup:
    """Those that would stand over an edge are left out."""
    inside = (tick for tick in ticks if EDGE < tick.at < 1 - EDGE)
    return Markup('<g class="labels" aria-hidden="true">{}</g>').format(
        Markup("").join(
            Markup('<text x="{}%" y="{}">{}</text>').format(_number(100 * tick.at), y, tick.text) for tick in inside
        )
    )


def _steps(edges: Sequence[float], values: Sequence[float], run: range, top: float) -> str:
    path = f"M{_x(edges[run[0]])} {_y(values[run[0]], top)}H{_x(edges[run[0] + 1])}"
    for i in run[1:]:
        path += f"V{_y(values[i], top)}H{_x(edges[i + 1])}"
    return path


def _x(share: float) -> str:
    return _number(WIDTH * share)


def _y(value: float, top: float) -> str:
    """What is above the upper end is cut."""
    return _number(PLOT_PX * (1 - min(value / top, 1)))


def _number(value: float) -> str:
    """Short, for there are thousands."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
