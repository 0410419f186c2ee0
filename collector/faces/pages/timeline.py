"""Pure: what a site was in over a span, as marks of a strip, and its latency and loss as bins under it.

The strip has CELLS columns. A column shows the worst fault in it, however short; silence only where it fills the
middle of the column: so a fault of a minute is visible in a month, and a picture of a month has a bounded size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isnan, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collector.accounting.accounts import Day
from collector.accounting.calendars import DAY_MS, Span
from collector.accounting.days import day_at, days_between
from collector.accounting.evidence import AVAILABLE
from collector.accounting.latency import ECHO, ERROR, Latency, inside
from collector.accounting.spells import Spell
from collector.columns import Columns
from collector.condition import DOWN_ROWS, SILENT_ROWS, Row
from collector.faces.pages.charts import Tick
from collector.figures.periods import local
from collector.judging.groups import OUTSIDE
from shared.result import Group

CELLS = 720
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FAULTS = frozenset({*DOWN_ROWS, Row.DEGRADED})
SEVERITY = (
    Row.UP,
    *reversed(SILENT_ROWS),
    Row.DEGRADED,
    Row.INTERCEPTED,
    Row.LOCAL_DOWN,
    Row.INTRANET_DOWN,
    Row.INTERNET_DOWN,
    Row.UNREACHABLE,
    Row.LINE_DOWN,
)
"""The later ones are drawn over the earlier ones."""
GROUPS = (Group.INTERNET.value, Group.INTRANET.value, OUTSIDE)
"""Whose echoes are drawn."""


class Scale(NamedTuple):
    """How a span is drawn: in bins of `bin_ms`; 0: in days of the site, as the books have them."""

    days: int
    bin_ms: int


SCALES: Mapping[str, Scale] = {"24h": Scale(1, 15 * MINUTE_MS), "7d": Scale(7, 2 * HOUR_MS), "30d": Scale(30, 0)}
"""What `?span=` may be. Thirty days of raw results are too many to read for one look at a page."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Which time is drawn, and how places in it are told."""

    span: str
    from_ms: int
    to_ms: int
    timezone: str

    def share(self, at_ms: int) -> float:
        """0 at its beginning, 1 at its end, never outside."""
        return min(max((at_ms - self.from_ms) / (self.to_ms - self.from_ms), 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Neighbouring columns of the strip in one row: from which to behind which, and the spells that they show."""

    first: int
    behind: int
    row: Row
    spells: Sequence[Spell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Of the echoes of one group: median and p95 in milliseconds and loss (0 to 1) by bin, nan where nothing was
    measured in available time. `edges_ms` has one more."""

    group: str
    edges_ms: Sequence[int]
    median_ms: Sequence[float]
    p95_ms: Sequence[float]
    loss: Sequence[float]


def picture_of(span: str, now_ms: int, timezone: str) -> Picture:
    """The time before now; whole days of the site where days are drawn."""
    scale = SCALES[span]
    from_ms = now_ms - scale.days * DAY_MS
    if not scale.bin_ms:
        from_ms = day_at(timezone, from_ms + DAY_MS)[0]
    return Picture(span, from_ms, now_ms, timezone)


def stretches(found: Sequence[Spell], picture: Picture) -> list[Stretch]:
    """The strip. Columns that no spell covers are left out."""
    shown = [NOTHING] * CELLS
    by_severity = sorted(range(len(found)), key=lambda i: SEVERITY.index(found[i].row))
    for i in by_severity:
        first, behind = _cells(found[i], picture)
        shown[first:behind] = [i] * (behind - first)
    rows = [None if i == NOTHING else found[i].row for i in shown]
    cut: list[Stretch] = []
    for row, columns in groupby(range(CELLS), lambda column: rows[column]):
        places = list(columns)
        if row is not None:
            told = [found[i] for i in dict.fromkeys(shown[places[0] : places[-1] + 1])]
            cut.append(Stretch(first=places[0], behind=places[-1] + 1, row=row, spells=told))
    return cut


NOTHING = -1


def _cells(spell: Spell, picture: Picture) -> tuple[int, int]:
    first, behind = CELLS * picture.share(spell.start_ms), CELLS * picture.share(spell.end_ms)
    if spell.row in FAULTS and first < behind:
        return int(first), min(CELLS, int(behind) + (behind > int(behind)))
    return round(first), round(behind)


def heard_of(found: Sequence[Spell], *, silent: bool) -> Sequence[Spell]:
    """Without the end that nobody has told of yet: between two pushes that is no silence."""
    return found[:-1] if found and found[-1].row is Row.UNKNOWN and not silent else found


def bins_of(columns: Columns, found: Sequence[Spell], picture: Picture) -> list[Bins]:
    """Of each group that has echoes: of results that begin in available time (MEF 10.2.1); what did not come back is
    lost, and has no latency (RFC 2681)."""
    bin_ms = SCALES[picture.span].bin_ms
    first_ms = picture.from_ms // bin_ms * bin_ms
    edges = np.arange(first_ms, picture.to_ms + bin_ms, bin_ms)
    available = [(spell.start_ms, spell.end_ms) for spell in found if spell.row in AVAILABLE]
    counts = (columns.outcome != ERROR) & inside(columns.at_ms, available)
    drawn: list[Bins] = []
    for group in GROUPS:
        mine = [s.kind == ECHO and (OUTSIDE if s.outside else s.group) == group for s in columns.series]
        rows = columns.take(counts & np.array([*mine, False])[columns.index])
        if len(rows):
            drawn.append(_binned(group, rows, edges))
    return drawn


def _binned(group: str, rows: Columns, edges: NDArray[np.int64]) -> Bins:
    place, size = np.searchsorted(edges, rows.at_ms, "right") - 1, len(edges) - 1
    sent, received = (np.bincount(place, packets, size) for packets in (rows.sent, rows.received))
    loss = np.divide(sent - received, sent, out=np.full(size, nan), where=sent > 0)
    answered = rows.received > 0
    place, rtt_us = place[answered], rows.avg_us[answered]
    rtt_us = rtt_us[np.lexsort((rtt_us, place))]
    n = np.bincount(place, minlength=size)
    ends = n.cumsum()
    percentiles = []
    for share in (0.5, 0.95):
        rank = np.where(n > 0, ends - n + np.maximum(np.ceil(share * n - 1e-9), 1) - 1, 0).astype(np.int64)
        known = rtt_us[np.minimum(rank, len(rtt_us) - 1)] / 1000 if len(rtt_us) else np.full(size, nan)
        percentiles.append(np.where(n > 0, known, nan).tolist())
    return Bins(
        group=group, edges_ms=edges.tolist(), median_ms=percentiles[0], p95_ms=percentiles[1], loss=loss.tolist()
    )


def bins_of_days(days: Sequence[Day]) -> list[Bins]:
    """The same from the books: a bin is a day."""
    edges_ms = [*(day.ledger.from_ms for day in days), *(day.ledger.to_ms for day in days[-1:])]
    drawn: list[Bins] = []
    for group in GROUPS:
        told = [_of_day(day, group) for day in days]
        if any(one.sent for one in told):
            drawn.append(
                Bins(
                    group=group,
                    edges_ms=edges_ms,
                    median_ms=[_ms(one, 0.5) for one in told],
                    p95_ms=[_ms(one, 0.95) for one in told],
                    loss=[one.lost / one.sent if one.sent else nan for one in told],
                )
            )
    return drawn


def _of_day(day: Day, group: str) -> Latency:
    total = Latency()
    for (name, _), latency in day.latency.items():
        if name == group:
            total += latency
    return total


def _ms(latency: Latency, share: float) -> float:
    found = latency.percentile_us(share)
    return nan if found is None else found / 1000


def most(values: Sequence[float]) -> float:
    """The greatest that there is; 0 if there is none."""
    return max((value for value in values if not isnan(value)), default=0.0)


def least(values: Sequence[float]) -> float:
    """The smallest that there is; 0 if there is none."""
    return min((value for value in values if not isnan(value)), default=0.0)


TICK_HOURS = 6
DAYS_BETWEEN_TICKS = {"7d": 1, "30d": 5}


def ticks_of(picture: Picture) -> list[Tick]:
    """Midnights by their date, and at a single day some hours too, by the clock of the site."""
    found: list[Tick] = []
    days = days_between(picture.timezone, picture.from_ms, picture.to_ms)
    step = DAYS_BETWEEN_TICKS.get(picture.span, 1)
    for day in days[(len(days) - 1) % step :: step]:
        found += [
            Tick(picture.share(at_ms), _label(at_ms, day, picture))
            for at_ms in _ticks_of_day(day, picture)
            if picture.from_ms <= at_ms <= picture.to_ms
        ]
    return found


def _ticks_of_day(day: Span, picture: Picture) -> range:
    return range(day[0], day[1], TICK_HOURS * HOUR_MS) if picture.span == "24h" else range(day[0], day[0] + 1)


def _label(at_ms: int, day: Span, picture: Picture) -> str:
    at = local(at_ms, picture.timezone)
    return f"{at.day}/{at.month}" if at_ms == day[0] else f"{at:%H:%M}"
