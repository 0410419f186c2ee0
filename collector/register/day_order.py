"""Pure: cells of days that could be read with the day or with the month first.

1. In a file that writes any day with its month first, every day that can be read both ways is refused.
2. In any other it is read with the day first, and a remark says so.
"""

from collections.abc import Iterator, Sequence

from collector.register.days import is_month_first, other_way
from collector.register.faults import Fault
from collector.register.rows import Row, Rows
from collector.register.sheets import Sheet


def refused(sheet: Sheet, told: Rows, columns: Sequence[str]) -> Iterator[Fault]:
    """Rule 1, of these `columns`."""
    places = [sheet.header.index(told.titles[name]) for name in columns if name in told.titles]
    texts = [cells[place].text for _, cells in sheet.rows for place in places if place < len(cells)]
    witness = next((text for text in texts if is_month_first(text)), None)
    if witness is None:
        return
    for row in told.right.values():
        for name, other in _both_ways(row, columns):
            yield row.fault(name, "either_day", f"{row.given[name].isoformat()} / {other} ({witness})")


def remarks(row: Row, columns: Sequence[str]) -> Iterator[Fault]:
    """Rule 2."""
    for name, _ in _both_ways(row, columns):
        yield row.fault(name, "day_first", row.given[name].isoformat())


def _both_ways(row: Row, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(column, the day that it would be with its month first)."""
    for name in columns:
        if name in row.cells and (other := other_way(row.cells[name].text)):
            yield name, other
