"""Records -> CSV and XLSX, which an import reads again unchanged.

CSV is for programs: our own names of columns, a point in decimals, UTF-8 with a byte order mark. A text that a
spreadsheet would take for a formula gets an apostrophe before it, which reading takes away again. XLSX is for people:
the headings and words of their language, codes as text, drop-down lists, and a second sheet that explains every column.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from collector.register.columns import Column, Form, Layout
from collector.register.sheets import guarded
from collector.register.words import plain_word, word_for
from shared.texts import Texts

Record = Mapping[str, Any]
"""A value by column."""
TEXT_FORMS = (Form.TEXT, Form.CODE, Form.CHOICE)
FORMATS: Mapping[Form, str] = {
    Form.TEXT: "@",
    Form.CODE: "@",
    Form.CHOICE: "@",
    Form.NUMBER: "0.######",
    Form.MONEY: "#,##0",
    Form.SHARE: "0.####%",
    Form.DAY: "dd/mm/yyyy",
}
SPARE_ROWS = 1_000
"""So many rows below the last one have the drop-down lists, too."""
WIDTHS: Mapping[Form, int] = {Form.TEXT: 22, Form.CODE: 18, Form.CHOICE: 18}


def csv_of(records: Iterable[Record], layout: Layout) -> bytes:
    """As `sites import` and `contracts import` read it."""
    out = io.StringIO()
    write_csv(records, layout, out)
    return out.getvalue().encode("utf-8-sig")


def write_csv(records: Iterable[Record], layout: Layout, out: Any) -> None:
    """`csv_of` into a text file."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in layout.columns])
    writer.writerows([csv_cell(column, record[column.name]) for column in layout.columns] for record in records)


def csv_cell(column: Column, value: Any) -> str:
    """Numbers stand as they are, with their minus."""
    return guarded(column.written(value)) if column.form in TEXT_FORMS else column.written(value)


def xlsx_of(records: Sequence[Record], layout: Layout, texts: Texts) -> bytes:
    """A workbook in the language of `texts`."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": texts.say(f"register.sheet.{layout.name}")})
        head = book.add_format({"bold": True, "bg_color": "#E7EEF7", "bottom": 1, "num_format": "@"})
        formats = {form: book.add_format({"num_format": text}) for form, text in FORMATS.items()}
        sheet = book.add_worksheet(texts.say(f"register.sheet.{layout.name}"))
        _write_table(sheet, records, layout, texts, head, formats)
        _write_guide(book.add_worksheet(texts.say("register.sheet.guide")), layout, texts, head, book)
    return out.getvalue()


def _write_table(
    sheet: Any, records: Sequence[Record], layout: Layout, texts: Texts, head: Any, formats: Mapping[Form, Any]
) -> None:
    sheet.freeze_panes(1, 1)
    last = len(records) + SPARE_ROWS
    for place, column in enumerate(layout.columns):
        sheet.set_column(place, place, WIDTHS.get(column.form, 14), formats[column.form])
        sheet.write_string(0, place, column.title(texts.language), head)
        if column.choices:
            listed = [word_for(meaning, column.choices, texts.language) for meaning in column.choices]
            sheet.data_validation(1, place, last, place, {"validate": "list", "source": listed})
        put = _writer(sheet, column, texts.language)
        for row, record in enumerate(records, start=1):
            value = record[column.name]
            if value not in ("", None):
                put(row, place, value, formats[column.form])
    sheet.autofilter(0, 0, len(records), len(layout.columns) - 1)


Put = Callable[[int, int, Any, Any], Any]


def _writer(sheet: Any, column: Column, language: str) -> Put:
    """How a value gets into a cell: never as a formula, whatever it begins with."""
    choices = column.choices
    if choices:
        return lambda row, place, value, form: sheet.write_string(row, place, word_for(value, choices, language), form)
    if column.form is Form.DAY:
        return lambda row, place, value, form: sheet.write_datetime(row, place, _midnight(value), form)
    if column.form in TEXT_FORMS:
        put_text: Put = sheet.write_string
        return put_text
    return lambda row, place, value, form: sheet.write_number(row, place, float(value), form)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  a spreadsheet knows no time zones


def _write_guide(sheet: Any, layout: Layout, texts: Texts, head: Any, book: Any) -> None:
    """Column, what it means, what may stand there, whether it must."""
    sheet.freeze_panes(1, 0)
    for place, (name, width) in enumerate((("column", 18), ("meaning", 70), ("values", 60), ("other_names", 40))):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, texts.say(f"register.guide.{name}"), head)
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    for row, column in enumerate(layout.columns, start=1):
        for place, text in enumerate(_explained(column, layout, texts)):
            sheet.write_string(row, place, text, wrapped)
    below = len(layout.columns) + 2
    for row, name in enumerate(("missing", "empty", "decimals"), start=below):
        sheet.write_string(row, 0, texts.say(f"register.guide.{name}"))


def _explained(column: Column, layout: Layout, texts: Texts) -> tuple[str, str, str, str]:
    title = column.title(texts.language)
    must = f" {texts.say('register.guide.required')}" if column.required else ""
    values = [word_for(meaning, column.choices, texts.language) for meaning in column.choices] if column.choices else []
    others = dict.fromkeys(name for name in (column.name, *column.also) if plain_word(name) != plain_word(title))
    about = texts.say(f"register.about.{layout.name}.{column.name}")
    return title, about + must, " | ".join(values), ", ".join(others)
