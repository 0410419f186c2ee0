"""Pure: how a table lies on paper: upright, across, or as records where no sheet is wide enough."""

from collections.abc import Mapping
from enum import StrEnum

from collector.reports.document import Column, Table, Unit


class Shape(StrEnum):
    """The class of its section."""

    UPRIGHT = "r-upright"
    BROAD = "r-broad"
    """On a sheet that lies across."""
    RECORDS = "r-records"
    """Each row is a record, its values one after the other, each behind its label; on phones likewise."""


ROOM = {Shape.UPRIGHT: 125, Shape.BROAD: 190}
"""Letters that stand beside each other on A4."""
LETTERS: Mapping[Unit, int] = {
    Unit.TEXT: 13,
    Unit.COUNT: 6,
    Unit.SHARE: 8,
    Unit.POINTS: 11,
    Unit.DURATION: 16,
    Unit.LATENCY: 9,
    Unit.RUPIAH: 13,
    Unit.MBPS: 8,
    Unit.NUMBER: 7,
    Unit.DAY: 15,
    Unit.INSTANT: 13,
    Unit.YES: 7,
    Unit.LINK: 24,
    Unit.CONDITION: 11,
}
"""About how wide a column of each unit is, its longest values on two lines."""
WIDE_LETTERS = 24
SYMBOL = 2
"""A column whose label has no more letters holds marks: the days of a month, one sign each."""


def shape_of(table: Table) -> Shape:
    """The first that its columns fit in."""
    letters = sum(map(_letters, table.columns))
    return next((shape for shape, room in ROOM.items() if letters <= room), Shape.RECORDS)


def _letters(column: Column) -> int:
    """With the room between it and the next one."""
    if len(column.label) <= SYMBOL and column.unit is Unit.TEXT:
        return SYMBOL + 1
    longest = max((len(word) for word in column.label.split()), default=0)
    return max(WIDE_LETTERS if column.wide else LETTERS[column.unit], longest) + 1
