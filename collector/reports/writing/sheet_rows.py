"""The rows of a table as XML, past the cell-by-cell way of XlsxWriter: of a year of days of 1,500 sites, twelve million
cells, that way takes two minutes and this one half of one. What is told of a value is told once.

It leans on the inside of XlsxWriter, and nothing else does: a sheet in constant memory writes its rows into the file
`fh`; `_write_single_row` ends the row that is under way and `previous_row` is the next; `_check_dimensions` notes how
far a sheet reaches; `_get_xf_index` numbers a format. tests/test_reports_workbook.py reads all of it back.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name

from collector.reports.document import Column, Unit, Value
from collector.reports.writing.cells import Cells

REMEMBERED = 4096
"""Cells of one column."""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_")
"""What a workbook spells out, and what looks like it was."""


class SheetRows:
    """The rows of one sheet, from `first` on (counted from 0), one after the other; what is above them is written."""

    def __init__(self, sheet: Any, first: int, columns: Sequence[Column], cells: Cells) -> None:
        self._sheet, self._cells, self._at = sheet, cells, first
        sheet._write_single_row(first)
        units = [*(column.unit for column in columns), Unit.TEXT]
        self._openings = [f'<c r="{xl_col_to_name(place)}' for place in range(len(units))]
        self._told = [lru_cache(REMEMBERED)(self._teller(unit)) for unit in units]

    def put(self, values: Sequence[Value], mark: str, height: int = 0) -> None:
        """The next row: one value a column, and the words of its mark; `height` in points, 0 for the usual."""
        self._at += 1
        number = str(self._at)
        cells = "".join([
            opening + number + told(value, mark)
            for opening, told, value in zip(self._openings, self._told, values, strict=True)
        ])  # fmt: skip
        high = f' ht="{height}" customHeight="1"' if height else ""
        self._sheet.fh.write(f'<row r="{number}"{high}>{cells}</row>')

    def end(self) -> None:
        """What comes below may be written in the usual way again."""
        self._sheet._check_dimensions(self._at - 1, len(self._openings) - 1)
        self._sheet.previous_row = self._at

    def _teller(self, unit: Unit) -> Any:
        def told(value: Value, mark: str) -> str:
            """A cell, from behind the number of its row."""
            content, look = self._cells.told(value, unit, mark)
            opening = f'" s="{look._get_xf_index()}"'
            if isinstance(content, str):
                if not content:
                    return f"{opening}/>"
                return f'{opening} t="inlineStr"><is><t xml:space="preserve">{spelled(content)}</t></is></c>'
            return f"{opening}><v>{content!r}</v></c>"

        return told


def spelled(text: str) -> str:
    """`text` within XML."""
    return escape(CONTROL.sub(_spell, text))


def _spell(found: re.Match[str]) -> str:
    """`_x0007_` for a bell, and `_x005F_x0007_` for whoever wrote that."""
    text = found[0]
    return f"_x{ord(text):04X}_" if len(text) == 1 else f"_x005F{text}"
