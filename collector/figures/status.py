"""Pure: one day of one site in one word: was it active?

Nothing is excluded here: it is told what was, also during maintenance.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from operator import itemgetter

from collector.condition import DOWN_ROWS, ROWS, Row
from collector.figures.downs import Sheet
from collector.figures.indicators import KNOWN_ROWS
from collector.figures.shares import EXPERIENCED, OBSERVED_ROWS

ACTIVE_ROWS = (Row.UP, Row.DEGRADED, Row.INTERNET_DOWN, Row.INTRANET_DOWN)
"""In these the internet or the intranet answers."""
LONG_MS = 3_600_000
"""A day on which more than that was lost is not a day without trouble."""


class Status(StrEnum):
    """What a day of a site was."""

    ACTIVE = "active"
    TROUBLED = "troubled"
    """Active, but it was down or without power for LONG_MS or longer."""
    INACTIVE = "inactive"
    """Never active, and enough is known to say so."""
    UNKNOWN = "unknown"
    UNMEASURED = "unmeasured"
    """Before its first result."""


ACTIVE = frozenset({Status.ACTIVE, Status.TROUBLED})
SYMBOLS: Mapping[Status, str] = {
    Status.ACTIVE: "✓",
    Status.TROUBLED: "◐",
    Status.INACTIVE: "✗",
    Status.UNKNOWN: "?",
    Status.UNMEASURED: "–",
}


def of_rows(rows: Sequence[Row]) -> Callable[[Sequence[int]], int]:
    """Adds several rows of a Sheet up: half a million of them are read for a year."""
    of = itemgetter(*(ROWS.index(row) for row in rows))
    return lambda spent_ms: sum(of(spent_ms))


ACTIVE_MS, LOST_MS = of_rows(ACTIVE_ROWS), of_rows((*DOWN_ROWS, Row.POWER))
KNOWN_MS, OBSERVED_MS = of_rows(KNOWN_ROWS), of_rows(OBSERVED_ROWS)
GOT_MS, WANTED_MS = of_rows(EXPERIENCED.part), of_rows((*EXPERIENCED.part, *EXPERIENCED.rest))


def status(sheet: Sheet, floor: float) -> Status:
    """Of a day; `floor`: how much of it must be known before it is called inactive."""
    if ACTIVE_MS(sheet.spent_ms):
        return Status.TROUBLED if LOST_MS(sheet.spent_ms) >= LONG_MS else Status.ACTIVE
    return Status.INACTIVE if known(sheet) >= floor else Status.UNKNOWN


def known(sheet: Sheet) -> float:
    """The share of the day of which it is known what was: measured, or without power."""
    return KNOWN_MS(sheet.spent_ms) / (sheet.to_ms - sheet.from_ms)


def coverage(sheet: Sheet) -> float:
    """The share of the day that was measured."""
    return OBSERVED_MS(sheet.spent_ms) / (sheet.to_ms - sheet.from_ms)


def experienced(sheet: Sheet, floor: float) -> float | None:
    """What people got, as the indicators have it; None where too little is known."""
    whole_ms = WANTED_MS(sheet.spent_ms)
    return GOT_MS(sheet.spent_ms) / whole_ms if whole_ms and known(sheet) >= floor else None


def mostly(sheet: Sheet) -> Row:
    """The row that most of the day was in."""
    return ROWS[sheet.spent_ms.index(max(sheet.spent_ms))]


def outages(sheet: Sheet) -> int:
    """How many began that day."""
    return sum(down.opens and down.row in DOWN_ROWS for down in sheet.downs)
