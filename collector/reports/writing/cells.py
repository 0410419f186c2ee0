"""How values stand in the cells of a workbook: real numbers and dates, under formats that show what people read.

Shares are fractions under 0.00 %, durations fractions of a day under [h]:mm:ss (the sixteen digits that a cell keeps
give every millisecond back: `round(cell * 86_400_000)`), latencies milliseconds, dates dates. Instants are wall time in
the report's zone, which the column's heading names: a cell has no zone. What is not known is "–", which no sum and no
mean takes for zero. Text is text: nothing in it becomes a formula, a link or a number.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collector.condition import DOWN_ROWS, SILENT_ROWS, Row
from collector.reports.document import Head, Unit, Value
from collector.reports.once import once
from collector.reports.writing.words import CONDITION_SYMBOLS, NOT_KNOWN, said
from shared.texts import Texts

DAY_MS = 86_400_000
DAY_ZERO, ONE_DAY = datetime(1899, 12, 30), timedelta(1)  # noqa: DTZ001  a cell has no zone
FORMATS: Mapping[Unit, str] = {
    Unit.COUNT: "#,##0",
    Unit.SHARE: '[=1]0.00%;[>=0.99995]"<"0.00%;0.00%',  # what is rounded to 100 % is not all
    Unit.POINTS: "+0.00%;-0.00%;0.00%",
    Unit.DURATION: "[h]:mm:ss",
    Unit.LATENCY: '[>=10000]#,##0," s";#,##0.0" ms"',
    Unit.RUPIAH: '"Rp"#,##0',
    Unit.MBPS: "#,##0.0",
    Unit.NUMBER: "#,##0.00",
    Unit.DAY: "yyyy-mm-dd",
    Unit.INSTANT: "yyyy-mm-dd hh:mm:ss",
}
"""Everything else is text."""
BEFORE_ZERO = '0.0000" d"'
"""Spreadsheets have no negative times of day: such a duration is shown in days."""
TINTS: Mapping[str, str] = {"good": "#E3F2E1", "bad": "#FBE3DF", "open": "#FFF4CC", "unknown": "#ECECEC"}
BAD, WEAK, MUTE = "bad", "open", "unknown"
TONES: Mapping[str, str] = {
    Row.UP: "good",
    Row.DEGRADED: WEAK,
    Row.INTERCEPTED: WEAK,
    **dict.fromkeys(DOWN_ROWS, BAD),
    **dict.fromkeys(SILENT_ROWS, MUTE),
}
ILLEGAL = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""What no XML may hold; control characters XlsxWriter takes care of."""
FORMULA = ("=", "+", "-", "@")
LONGEST = 32_000
UNKNOWN = "?"
Look = tuple[str, str, str, bool]
"""(number format, "" for text and UNKNOWN for what is not known; mark of the row, tint of the cell, quoted)."""


class Cells:
    """How each value stands in a cell of one workbook, and the looks of what is no value."""

    def __init__(self, workbook: Any, head: Head, texts: Texts) -> None:
        self._workbook, self._texts = workbook, texts
        self._zone = ZoneInfo(head.timezone)
        self._looks: dict[Look, Any] = {}

    def put(self, sheet: Any, row: int, at: int, value: Value, unit: Unit, mark: str = "") -> None:
        """`value` in the cell (row, at), both counted from 0."""
        content, look = self.told(value, unit, mark)
        if not isinstance(content, str):
            sheet.write_number(row, at, content, look)
        elif unit is Unit.LINK and value:
            sheet.write_url(row, at, f"external:{content}", self.link, legal(content))
        else:
            sheet.write_string(row, at, legal(content), look)

    def told(self, value: Value, unit: Unit, mark: str = "") -> tuple[float | str, Any]:
        """What a cell holds, and its look; `mark` is that of the row."""
        if value is None:
            return NOT_KNOWN, self._look(UNKNOWN, mark, MUTE)
        if isinstance(value, str) or unit not in FORMATS:
            words = text_of(value, unit, self._texts)
            tint = TONES.get(str(value), "") if unit is Unit.CONDITION else ""
            return words, self._look("", mark, tint, quoted=words.startswith(FORMULA))
        if isinstance(value, datetime):
            return (value.astimezone(self._zone).replace(tzinfo=None) - DAY_ZERO) / ONE_DAY, self._look(
                FORMATS[Unit.INSTANT], mark
            )
        if isinstance(value, date):
            return (value - DAY_ZERO.date()).days, self._look(FORMATS[Unit.DAY], mark)
        if unit is Unit.DURATION:
            return value / DAY_MS, self._look(FORMATS[unit] if value >= 0 else BEFORE_ZERO, mark)
        return value, self._look(FORMATS[unit], mark)

    def _look(self, number_format: str, mark: str, tint: str = "", *, quoted: bool = False) -> Any:
        """`quoted`: it stays text when somebody edits the cell."""
        key = number_format, mark, tint, quoted
        if key not in self._looks:
            look: dict[str, object] = {"valign": "top", "bottom": 4, "bottom_color": "#C9C9C9"}
            if number_format == UNKNOWN:
                look["align"] = "center"
            elif number_format:
                look["num_format"] = number_format
            else:
                look |= {"text_wrap": True, "align": "left", "indent": 1, "quote_prefix": quoted}
            if mark == "total":
                look |= {"bold": True, "top": 1}
            elif tint or mark:
                look["bg_color"] = TINTS[tint or mark]
            self._looks[key] = self._workbook.add_format(look)
        return self._looks[key]

    @once
    def title(self) -> Any:
        return self._workbook.add_format({"bold": True, "font_size": 14, "valign": "top", "text_wrap": True})

    @once
    def strong(self) -> Any:
        return self._workbook.add_format({"bold": True, "valign": "top", "text_wrap": True})

    @once
    def plain(self) -> Any:
        return self._workbook.add_format({"valign": "top", "text_wrap": True})

    @once
    def heading(self) -> Any:
        look = {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#DCE6F1", "border": 1}
        return self._workbook.add_format(look)

    @once
    def link(self) -> Any:
        return self._workbook.add_format({"font_color": "#0B57A4", "underline": 1, "valign": "top"})

    @once
    def blank_line(self) -> Any:
        """To be written on by hand."""
        return self._workbook.add_format({"bottom": 1})


def text_of(value: Value, unit: Unit, texts: Texts) -> str:
    """What stands in a cell of text."""
    words = str(value) if isinstance(value, str) and unit is not Unit.CONDITION else said(value, unit, texts)
    if unit is Unit.CONDITION and value in CONDITION_SYMBOLS:
        words = f"{CONDITION_SYMBOLS[str(value)]} {words}"
    return clean(words)


def clean(text: str) -> str:
    """`text` as a cell takes it."""
    return ILLEGAL.sub("\ufffd", text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def legal(text: str) -> str:
    """`text` as XlsxWriter takes it: what looks like markup of its own it would write as it is."""
    text = clean(text)
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def heading_of(label: str, unit: Unit, head: Head, texts: Texts) -> str:
    """What stands over a column: with the unit, where its cells do not show it."""
    if unit is Unit.INSTANT:
        return f"{label} ({zone_of(head)})"
    if unit in (Unit.DURATION, Unit.POINTS):
        return f"{label} ({texts.say(f'report.unit.{unit}')})"
    return label


def zone_of(head: Head) -> str:
    """`WITA`; the zone's full name where summer has another one."""
    zone = ZoneInfo(head.timezone)
    names = {datetime(head.made_at.year, month, 1, tzinfo=zone).tzname() for month in range(1, 13)}
    return names.pop() or head.timezone if len(names) == 1 else head.timezone
