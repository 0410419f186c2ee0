"""Pure: rows of a table that no sheet is wide enough for, as records on paper: labelled values in columns."""

from collections.abc import Iterator, Sequence

from markupsafe import escape

from collector.reports.document import Row, Table, Unit, Value
from collector.reports.writing.rows import MARKS, Rows
from shared.texts import Texts

COLUMNS = 3
"""Values beside each other."""
ADDED = frozenset({Unit.COUNT, Unit.DURATION})
"""What is 0 where nothing happened: most of a record, and not printed."""


class Records(Rows):
    """The rows of one table, each a <tbody>: its name and its values in COLUMNS, long texts below. What is 0 or an
    empty text is left out; what is not known is not."""

    def __init__(self, table: Table, texts: Texts, limit: int | None = None) -> None:
        super().__init__(table, texts, limit, paper=True)
        self._labels = [f'<span class="r-label">{escape(column.label)}</span> ' for column in table.columns]
        values = [at for at in range(len(table.columns)) if at != self._head_at]
        self._long = [at for at in values if table.columns[at].wide]
        self._short = [at for at in values if not table.columns[at].wide]

    def _row(self, row: Row) -> str:
        name = f'<th scope="row">{self._mark(row)}{self._told[self._head_at](row.cells[self._head_at])}</th>'
        cells = [name, *(f"<td>{told}</td>" for told in self._labelled_of(row, self._short))]
        lines = [cells[at : at + COLUMNS] for at in range(0, len(cells), COLUMNS)]
        texts = " · ".join(self._labelled_of(row, self._long))
        if texts:
            lines.append([f'<td colspan="{COLUMNS}">{texts}</td>'])
        kind = f" r-{row.mark}" if row.mark in MARKS else ""
        return f'<tbody class="r-record{kind}">{"".join(f"<tr>{_line(line)}</tr>" for line in lines)}</tbody>'

    def _labelled_of(self, row: Row, columns: Sequence[int]) -> Iterator[str]:
        for at in columns:
            value = row.cells[at]
            if not is_left_out(value, self._table.columns[at].unit):
                yield self._labels[at] + self._told[at](value)


def _line(cells: Sequence[str]) -> str:
    """Every line has as many columns as the first, or the first decides for fewer."""
    return "".join(cells) + ("<td></td>" * (COLUMNS - len(cells)) if "colspan" not in cells[0] else "")


def is_left_out(value: Value, unit: Unit) -> bool:
    """Whether a record on paper does without this value: an empty text, and 0 of what is added up."""
    return value == "" or (unit in ADDED and value == 0)
