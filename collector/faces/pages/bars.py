"""Pure: small pictures: bars with error whiskers, and a line through time with gaps. All places are percentages of the
picture's width or height, so that it fits every screen; templates/bars.html draws them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

STEPS = (1, 2, 2.5, 5, 10)
"""A scale ends at one of these times a power of ten: its ticks are numbers that people can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What a bar shows, from 0 on; `low` and `high`: where its whisker ends. `said`: the number in words, always
    beside it. None: there is no number, and so no bar."""

    label: str
    said: str
    value: float | None
    low: float | None = None
    high: float | None = None
    href: str = ""
    mark: str = ""
    """A symbol before the label, and the name of its colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An Amount with its places."""

    label: str
    said: str
    href: str
    mark: str
    width: str
    low: str
    high: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars one below the other on one scale. `limit`: where the line stands that they should not cross; "": none."""

    bars: Sequence[Bar]
    ticks: Sequence[tuple[str, str]]
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One moment of a line, with what stands there in words."""

    x: str
    y: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Through time: a stretch (x1, y1, x2, y2) only between moments side by side that are both known."""

    dots: Sequence[Dot]
    stretches: Sequence[tuple[str, str, str, str]]
    ticks: Sequence[tuple[str, str]]
    limit: str = ""


def chart(amounts: Sequence[Amount], tell: Callable[[float], str], limit: float | None = None) -> Chart:
    """`amounts` on a scale from 0 that all of them and `limit` fit on; `tell` says the numbers on it."""
    ends = [end for one in amounts for end in (one.value, one.high) if end is not None]
    full = rounded_up(max([*ends, limit or 0.0]))
    return Chart(
        bars=[
            Bar(
                label=one.label,
                said=one.said,
                href=one.href,
                mark=one.mark,
                width="" if one.value is None else place(one.value / full),
                low="" if one.low is None else place(one.low / full),
                high="" if one.high is None else place(one.high / full),
            )
            for one in amounts
        ],
        ticks=[(place(share), tell(share * full)) for share in (0, 0.5, 1)],
        limit="" if limit is None else place(limit / full),
    )


def line(values: Sequence[tuple[float | None, str]], tell: Callable[[float], str], limit: float | None = None) -> Line:
    """Shares of 1 with what is said of each, by time. The scale ends at 1 and begins where the lowest is still seen:
    a line, unlike a bar, need not begin at 0."""
    known = [value for value, _ in values if value is not None] + ([] if limit is None else [limit])
    depth = min(1.0, rounded_up(1 - min(known, default=0.0)))
    dots = [
        None if value is None else Dot(x=place((n + 0.5) / len(values)), y=place((1 - value) / depth), said=said)
        for n, (value, said) in enumerate(values)
    ]
    return Line(
        dots=[dot for dot in dots if dot],
        stretches=[(a.x, a.y, b.x, b.y) for a, b in pairwise(dots) if a and b],
        ticks=[(place(share), tell(1 - share * depth)) for share in (0, 0.5, 1)],
        limit="" if limit is None else place((1 - limit) / depth),
    )


def rounded_up(value: float) -> float:
    """The next number that people can say; of nothing, 0.01."""
    if value <= 0:
        return 0.01
    unit = 10.0 ** floor(log10(value))
    return next(step * unit for step in STEPS if value <= step * unit * (1 + 1e-9))


def place(share: float) -> str:
    """A percentage as SVG reads it, within the picture."""
    return f"{min(max(share, 0.0), 1.0) * 100:.2f}%"
