"""Pure: what pictures are drawn with: sizes, colours, strokes, text.

Colours are presentation attributes, those of paper: WeasyPrint reads no style sheet for SVG, and the product's pages
allow no style attributes. Classes let screens.css choose others for the dark. Nobody needs the colour: lines differ by
dash and marker, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from collector.reports.writing.axes import Axis

INK, SOFT, GRID, EDGE, PAPER = "#1d2126", "#575d66", "#dcdad3", "#85888d", "#ffffff"
TARGET, BAR = "#a3201a", "#a9d0d7"
COLOURS = ("#0b5f6e", "#b34d00", "#5d3a94", "#3f4650")
DASHES = ("", "7 3", "2 3", "9 3 2 3")
MARKERS = (
    "M{x0} {y}A3 3 0 1 1 {x1} {y}A3 3 0 1 1 {x0} {y}Z",
    "M{x0} {y0}H{x1}V{y1}H{x0}Z",
    "M{x} {y0}L{x1} {y1}H{x0}Z",
    "M{x} {y0}L{x1} {y}L{x} {y1}L{x0} {y}Z",
)
MARKER_PX = 3
LETTER_PX = 7.0
"""About, of a letter of 12 px."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of one drawing, in pixels of the SVG; `wide` names are beside the bars, else above them."""

    name: str
    width: int
    height: int
    row: int
    names: int

    @property
    def wide(self) -> bool:
        return self.names > 0


WIDE = Size("wide", 720, 260, 26, 220)
NARROW = Size("narrow", 340, 230, 42, 0)
SIZES = (WIDE, NARROW)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where in the drawing the values lie."""

    left: float
    top: float
    right: float
    bottom: float
    axis: Axis

    def y(self, value: float) -> float:
        return self.bottom - self.axis.at(value) * (self.bottom - self.top)

    def x(self, value: float) -> float:
        """Of bars, which lie."""
        return self.left + self.axis.at(value) * (self.right - self.left)


def svg(size: Size, height: float, spoken: str, inner: Sequence[Markup]) -> Markup:
    """A whole drawing; `spoken` is read to those who do not see it."""
    return Markup(
        '<svg class="picture {}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="{}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="12">{}</svg>'
    ).format(size.name, spoken, Markup("").join(inner), width=size.width, height=number(height))


def path(i: int, points: Sequence[tuple[float, float]]) -> Markup:
    """Line `i` through `points`."""
    d = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return Markup(
        '<path class="line l{}" d="{}" fill="none" stroke="{}" stroke-width="2" stroke-linejoin="round"{}/>'
    ).format(i % len(COLOURS), d, COLOURS[i % len(COLOURS)], _dash(i))


def stroke(i: int, x0: float, y0: float, x1: float, y1: float) -> Markup:
    return path(i, [(x0, y0), (x1, y1)])


def _dash(i: int) -> Markup:
    dash = DASHES[i % len(DASHES)]
    return Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup("")


def marker(i: int, x: float, y: float, told: str = "") -> Markup:
    """The point of line `i`; `told` is said where it is pointed at."""
    places = {"x": x, "x0": x - MARKER_PX, "x1": x + MARKER_PX, "y": y, "y0": y - MARKER_PX, "y1": y + MARKER_PX}
    d = MARKERS[i % len(MARKERS)].format(**{name: number(value) for name, value in places.items()})
    title = Markup("<title>{}</title>").format(told) if told else Markup("")
    return Markup('<path class="mark m{}" d="{}" fill="{}">{}</path>').format(
        i % len(COLOURS), d, COLOURS[i % len(COLOURS)], title
    )


def whisker(i: int, x: float, top: float, bottom: float) -> Markup:
    """An error bar of line `i`."""
    told = [number(one) for one in (x, top, bottom, x - 2.5, x + 2.5)]
    d = "M{0} {1}V{2}M{3} {1}H{4}M{3} {2}H{4}".format(*told)
    return Markup('<path class="whisker l{}" d="{}" fill="none" stroke="{}"/>').format(
        i % len(COLOURS), d, COLOURS[i % len(COLOURS)]
    )


def whisker_across(left: float, right: float, y: float) -> Markup:
    """An error bar of a bar, which lies."""
    told = [number(one) for one in (left, right, y, y - 4, y + 4)]
    d = "M{0} {2}H{1}M{0} {3}V{4}M{1} {3}V{4}".format(*told)
    return Markup('<path class="whisker ink" d="{}" fill="none" stroke="{}" stroke-width="1.5"/>').format(d, INK)


def target_line(x0: float, y0: float, x1: float, y1: float) -> Markup:
    d = "M{} {}L{} {}".format(*map(number, (x0, y0, x1, y1)))
    return Markup(
        '<path class="target" d="{}" fill="none" stroke="{}" stroke-width="1.5" stroke-dasharray="6 4"/>'
    ).format(d, TARGET)


def straight(name: str, x0: float, y0: float, x1: float, y1: float, colour: str) -> Markup:
    return Markup('<path class="{}" d="M{} {}L{} {}" fill="none" stroke="{}"/>').format(
        name, *map(number, (x0, y0, x1, y1)), colour
    )


def rect(name: str, x: float, y: float, width: float, height: float, stroke: str, fill: str) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}"/>').format(
        name, *map(number, (x, y, width, height)), fill, stroke
    )


def text(x: float, y: float, words: str, anchor: str, colour: str = SOFT, name: str = "soft") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>').format(
        name, number(x), number(y), anchor, colour, words
    )


def px(words: str) -> float:
    """How wide they are, about."""
    return LETTER_PX * len(words)


def short(words: str, room: float) -> str:
    """Cut to `room` pixels; the table has the whole name."""
    most = max(3, int(room / LETTER_PX))
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def number(value: float) -> str:
    """Short, for there are thousands."""
    return f"{value:.1f}".removesuffix(".0")
