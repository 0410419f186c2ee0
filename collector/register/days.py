"""Pure: days as people write them. Indonesia writes the day first: 31/12/2026, 31-12-2026, 31 Desember 2026."""

import re
from datetime import date

from collector.register.faults import Wrong

ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
DAY_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{2}|\d{4})")
NAMED = re.compile(r"(\d{1,2})[ -]([A-Za-z]+)[ -](\d{4})")
SERIAL = re.compile(r"\d{5}(?:\.0)?")
"""A day as spreadsheets count it, when they show it as a number."""
MONTHS = ("jan", "feb", "mar", "apr", "mei may", "jun", "jul", "agu ags aug", "sep", "okt oct", "nov nop", "des dec")
FIRST_YEAR, LAST_YEAR = 1990, 2100


def day(text: str) -> date:
    """Raises Wrong, with how to write it where that can be guessed."""
    if found := ISO.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := DAY_FIRST.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if len(found[4]) == 2:
            raise Wrong("short_year", f"{first:02d}/{second:02d}/{2000 + year}")
        if is_month_first(text):
            raise Wrong("month_first", f"{second:02d}/{first:02d}/{year}")
        return _day(year, second, first)
    if (found := NAMED.fullmatch(text)) and (month := _month(found[2])):
        return _day(int(found[3]), month, int(found[1]))
    raise Wrong("day_number" if SERIAL.fullmatch(text) else "bad_day")


def is_month_first(text: str) -> bool:
    """Whether `text` can only be read with the month before the day."""
    found = DAY_FIRST.fullmatch(text)
    return found is not None and 1 <= int(found[1]) <= 12 < int(found[3]) <= 31


def other_way(text: str) -> str:
    """The day that `text` would be with its month first, as ISO; "" where it can be read one way only."""
    found = DAY_FIRST.fullmatch(text)
    if not found or len(found[4]) == 2 or found[1] == found[3] or not 1 <= int(found[1]) <= 12:
        return ""
    try:
        return date(int(found[4]), int(found[1]), int(found[3])).isoformat()
    except ValueError:
        return ""


def _month(word: str) -> int:
    short = word[:3].lower()
    return next((number for number, known in enumerate(MONTHS, start=1) if short in known.split()), 0)


def _day(year: int, month: int, day_of_month: int) -> date:
    try:
        found = date(year, month, day_of_month)
    except ValueError:
        raise Wrong("no_such_day") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Wrong("no_such_day")
    return found
