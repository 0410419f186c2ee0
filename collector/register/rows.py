"""Pure: a sheet -> what each row gives, and every mistake in it.

1. The header decides the columns; with a wrong header no row can be judged.
2. Each cell is read by its column. A cell that is only a dash is an empty one.
3. A row with any mistake is not imported; what can be read of it still counts where rows are compared: a code that
   occurs twice occurs twice, whatever else is wrong beside it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from collector.register.columns import Column, Layout
from collector.register.faults import BadSheet, Fault, Wrong
from collector.register.sheets import Cell, Sheet
from collector.register.words import plain_word

T = TypeVar("T")
DASHES = frozenset("-–—")
EMPTY = Cell("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one row gives: a value for every column of the file that could be read; `cells` are what stood there."""

    number: int
    given: Mapping[str, Any]
    cells: Mapping[str, Cell]

    def fault(self, column: str, reason: str, detail: str = "") -> Fault:
        return Fault(self.number, column, self.cells.get(column, EMPTY).text, reason, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[T]):
    """What a file says: records by row, every mistake, and what is worth a look; columns are called as in the file."""

    records: Mapping[int, T]
    faults: list[Fault]
    remarks: list[Fault]

    @property
    def wrong_rows(self) -> list[int]:
        return sorted({fault.row for fault in self.faults})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of a sheet, and the mistakes that cells have by themselves. `titles`: our name of a column -> theirs."""

    rows: list[Row]
    faults: list[Fault]
    remarks: list[Fault]
    titles: Mapping[str, str]

    @property
    def right(self) -> dict[int, Row]:
        """By number, those without such a mistake."""
        wrong = {fault.row for fault in self.faults}
        return {row.number: row for row in self.rows if row.number not in wrong}

    def twice(self, key: Sequence[str], reason: str) -> Iterator[Fault]:
        """Rows that give the same key. Nobody can know which of them is meant, so all are wrong."""
        at: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in self.rows:
            if all(name in row.given for name in key):
                at[tuple(row.given[name] for name in key)].append(row)
        for same in at.values():
            for row in same if len(same) > 1 else ():
                others = ", ".join(str(other.number) for other in same if other is not row)
                yield row.fault(key[0], reason, others)

    def reading(self, records: Mapping[int, T], faults: Sequence[Fault], remarks: Sequence[Fault]) -> Reading[T]:
        """All of it, by row, with the file's names of columns."""
        return Reading(
            records=records,
            faults=sorted(map(self._titled, (*self.faults, *faults)), key=lambda fault: fault.row),
            remarks=sorted(map(self._titled, (*self.remarks, *remarks)), key=lambda fault: fault.row),
        )

    def _titled(self, fault: Fault) -> Fault:
        return replace(fault, column=self.titles.get(fault.column, fault.column))


def read_rows(sheet: Sheet, layout: Layout) -> Rows:
    """Raises BadSheet where the header is wrong, or where there is no row."""
    places = _places(sheet, layout)
    if not sheet.rows:
        raise BadSheet([Fault(0, "", "", "no_rows")])
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, cells in sheet.rows:
        row, wrong = _row(number, cells, places, layout, len(sheet.header))
        faults += wrong
        rows.append(row)
    titles = {name: sheet.header[place] for name, place in places.items()}
    return Rows(rows=rows, faults=faults, remarks=sheet.remarks, titles=titles)


def _places(sheet: Sheet, layout: Layout) -> dict[str, int]:
    """Our name of a column -> where it stands. Raises BadSheet with everything that is wrong with the header."""
    known = {plain_word(word): one.name for one in layout.columns for word in one.also}
    known |= {plain_word(one.name): one.name for one in layout.columns}  # our own names first
    places: dict[str, int] = {}
    faults: list[Fault] = []
    for place, title in enumerate(sheet.header):
        name = known.get(plain_word(title))
        if name is None:
            faults += _unknown(sheet, place, title, layout, known)
        elif name in places:
            faults.append(Fault(1, title, "", "twice_column", sheet.header[places[name]]))
        else:
            places[name] = place
    missing = [name for name in layout.key if name not in places]
    faults = [*(Fault(1, name, "", "missing_column", layout.column(name).also[0]) for name in missing), *faults]
    if faults:
        raise BadSheet(faults)
    return places


def _unknown(sheet: Sheet, place: int, title: str, layout: Layout, known: Mapping[str, str]) -> Iterator[Fault]:
    if not title:
        filled = next((number for number, cells in sheet.rows if place < len(cells) and cells[place].text), None)
        if filled is not None:
            yield Fault(filled, "", sheet_cell(sheet, filled, place), "no_title")
        return
    close = get_close_matches(plain_word(title), known, n=1)
    if close:
        yield Fault(1, title, "", "unknown_column", close[0])
    else:
        yield Fault(1, title, "", "unknown_column_of", ", ".join(one.name for one in layout.columns))


def sheet_cell(sheet: Sheet, number: int, place: int) -> str:
    """What stands in that row of the spreadsheet."""
    return next(cells[place].text for row, cells in sheet.rows if row == number)


def _row(
    number: int, cells: Sequence[Cell], places: Mapping[str, int], layout: Layout, width: int
) -> tuple[Row, list[Fault]]:
    if any(cell.text for cell in cells[width:]):
        text = ";".join(cell.text for cell in cells[width:])
        return Row(number=number, given={}, cells={}), [Fault(number, "", text, "too_many_cells")]
    here = {name: cells[place] if place < len(cells) else EMPTY for name, place in places.items()}
    row = Row(number=number, given={}, cells=here)
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, cell in here.items():
        try:
            given[name] = _value(layout.column(name), cell)
        except Wrong as wrong:
            faults.append(row.fault(name, wrong.reason, wrong.detail))
    return replace(row, given=given), faults


def _value(column: Column, cell: Cell) -> Any:
    if cell.text and not set(cell.text) <= DASHES:
        return column.read(cell)
    if column.required:
        raise Wrong("empty")
    return column.empty
