"""Pure: sums of accounts -> shares of time with their error bars, for many owners at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan

import numpy as np
from numpy.typing import NDArray

from collector.accounting.ledger import PLAIN, Standing
from collector.condition import DOWN_ROWS, ROWS, SILENT_ROWS, Row

Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]


class Hours(StrEnum):
    """Which time is looked at."""

    ALL = "all"
    SERVICE = "service"


class Exclusions(StrEnum):
    """Whether excluded time is taken out (`with` exclusions), or counts like any other."""

    WITH = "with"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the cells count."""

    hours: Hours
    exclusions: Exclusions

    def sum(self, cells: Numbers) -> Numbers:
        """Over the last two axes, (service hours, exclusion)."""
        hours = cells[..., 1:, :] if self.hours is Hours.SERVICE else cells
        chosen = hours[..., PLAIN : PLAIN + 1] if self.exclusions is Exclusions.WITH else hours
        total: Numbers = chosen.sum(axis=(-2, -1))
        return total


@dataclass(frozen=True, slots=True)
class Share:
    """The share of `part` in `part` and `rest` together, each a sum of rows."""

    part: tuple[Row, ...]
    rest: tuple[Row, ...]

    @property
    def formula(self) -> str:
        return f"({' + '.join(self.part)}) / ({' + '.join((*self.part, *self.rest))})"


OBSERVED_ROWS = tuple(row for row in ROWS if row not in SILENT_ROWS)
LINE = Share((Row.UP, Row.DEGRADED, Row.INTERCEPTED, Row.INTERNET_DOWN, Row.INTRANET_DOWN), (Row.LINE_DOWN,))
EXPERIENCED = Share((Row.UP, Row.DEGRADED), (*(row for row in ROWS if row in DOWN_ROWS), Row.POWER))
SHARES: Mapping[str, Share] = {"line": LINE, "experienced": EXPERIENCED}
PART_OF_SUBJECT = (Standing.UP,)
REST_OF_SUBJECT = (Standing.INTERCEPTED, Standing.DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """`value` = part / whole; it lies between `low` and `high` if every moment in doubt went one way.

    None: not enough data, or nothing to divide by; `low` and `high` also where doubt is not accounted for.
    """

    value: float | None
    low: float | None
    high: float | None
    part_ms: int
    whole_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """A Ratio of each owner, as columns; nan for None."""

    value: Reals
    low: Reals
    high: Reals
    part_ms: Numbers
    whole_ms: Numbers

    def rows(self, enough: Sequence[bool]) -> list[Ratio]:
        """With the numbers withheld of those that have not enough data."""
        columns = zip(
            enough,
            *(column.tolist() for column in (self.value, self.low, self.high, self.part_ms, self.whole_ms)),
            strict=True,
        )
        return [
            Ratio(
                value=shown(value if yes else np.nan),
                low=shown(low if yes else np.nan),
                high=shown(high if yes else np.nan),
                part_ms=part_ms,
                whole_ms=whole_ms,
            )
            for yes, value, low, high, part_ms, whole_ms in columns
        ]


def shown(value: float) -> float | None:
    """None for nan."""
    return None if isnan(value) else value


def ratios(share: Share, spent: Numbers, doubt: Numbers) -> Ratios:
    """Of `spent[owner, row]` and `doubt[owner, row, maybe]`.

    A moment in doubt is moved from its row to the one it may have been. The lowest value moves all that can lower the
    share: out of the part, or into the rest; the highest all that can raise it. Doubts may overlap, so that more is
    moved out of a row than is in it: neither end leaves 0 to 1.
    """
    part, whole = mask(share.part), mask((*share.part, *share.rest))
    part_ms, whole_ms = spent[:, part].sum(axis=1), spent[:, whole].sum(axis=1)
    to_part = part.astype(np.int64)[np.newaxis, :] - part[:, np.newaxis]
    to_whole = whole.astype(np.int64)[np.newaxis, :] - whole[:, np.newaxis]
    lowers = (to_part < 0) | ((to_part == 0) & (to_whole > 0))
    raises = (to_part > 0) | ((to_part == 0) & (to_whole < 0))

    def moved(which: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        chosen = doubt[:, which]
        return part_ms + chosen @ to_part[which], whole_ms + chosen @ to_whole[which]

    low_part, low_whole = moved(lowers)
    high_part, high_whole = moved(raises)
    value = divided(part_ms, whole_ms)
    known = ~np.isnan(value)
    low = np.where(low_part > 0, divided(low_part, low_whole), 0)
    high = np.where(high_whole > high_part, divided(high_part, high_whole), 1)
    return Ratios(
        value=value,
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
        part_ms=part_ms,
        whole_ms=whole_ms,
    )


def ratios_of_subject(spent: Numbers) -> Ratios:
    """Of `spent[owner, standing]`; the doubt of groups and services is not accounted for."""
    standings = list(Standing)
    part_ms = spent[:, [standings.index(one) for one in PART_OF_SUBJECT]].sum(axis=1)
    whole_ms = part_ms + spent[:, [standings.index(one) for one in REST_OF_SUBJECT]].sum(axis=1)
    nobody_knows = np.full(len(spent), np.nan)
    return Ratios(
        value=divided(part_ms, whole_ms), low=nobody_knows, high=nobody_knows, part_ms=part_ms, whole_ms=whole_ms
    )


def mask(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Which of ROWS they are."""
    return np.array([row in rows for row in ROWS])


def divided(part: Numbers, whole: Numbers) -> Reals:
    """nan where there is nothing to divide by."""
    found: Reals = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found
