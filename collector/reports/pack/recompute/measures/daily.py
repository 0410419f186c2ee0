"""What a point was on a day, and days and points counted.

1. The days of a point are those that the subject's period touches where it stands, and the report's period, too; today
   as far as it is. Nothing is excluded: all time of a day counts.
2. A day is *active* if the internet or the intranet answered at any time in it; *troubled* if it is, and the point was
   down or without power for an hour or longer.
3. If nothing answered it is *inactive*, provided that it is known what was in as much of the day as the floor asks
   for: measured, or without power. Otherwise it is *unknown*.
4. A day that ended before the day of the first result is *unmeasured*: there is no account of it.
5. Active days, here, are the troubled ones too; known days are the active and the inactive ones. The share is the
   former of the latter, the quiet share only those without trouble of the latter.
6. Mostly: what the most time of the day was spent in; of two that are equal what stands first in the list of rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from ..figures import Account, divided
from ..records import OBSERVED, OUTAGES, ROWS
from ..subjects import Subject, Unknown
from .asked import Asked, Evidence, Told

ANSWERED = ("up", "degraded", "internet_down", "intranet_down")
LOST = (*OUTAGES, "power")
KNOWN = (*OBSERVED, "power")
TROUBLE_MS = 3_600_000
SYMBOLS = {"active": "✓", "troubled": "◐", "inactive": "✗", "unknown": "?", "unmeasured": "–"}
"""Every status, and how the matrix shows it."""
ACTIVE = ("active", "troubled")
JUDGED = (*ACTIVE, "inactive")
KEPT_SITES = 4_000


class Day(NamedTuple):
    """Of one point. `mostly`: the row, "" of what was not measured."""

    status: str
    mostly: str
    raw: bool


Points = Sequence[Sequence[Day]]
"""The days of each point."""


def of_day(known: Evidence, asked: Asked) -> Told:
    what, _, day = asked.what.partition(".")
    if what not in MEASURES:
        raise Unknown(asked.measure)
    points = _points(known, replace(asked.subject, period=day) if day else asked.subject, asked.period)
    return Told(MEASURES[what](points), all(one.raw for days in points for one in days))


@lru_cache(64)
def _points(known: Evidence, subject: Subject, period: str) -> Points:
    there = (site for site in _sites(known, replace(subject, period="")) if _is_there(known, site, period))
    return [_days_of(known, site, subject.period, period) for site in there]


def _is_there(known: Evidence, site: Mapping[str, Any], period: str) -> bool:
    """Whether a site was not closed before the report's period."""
    return known.owners.span(site, period)[0] < known.owners.closes(site)


@lru_cache(KEPT_SITES)
def _sites(known: Evidence, subject: Subject) -> list[Mapping[str, Any]]:
    return known.owners.sites(subject)


def _days_of(known: Evidence, site: Mapping[str, Any], period: str, of_report: str) -> list[Day]:
    code = site["code"]
    accounted, both = _accounted(known, code), [_touched(known, code, one) for one in (period, of_report)]
    days = range(max(first for first, _ in both), min(last for _, last in both) + 1)
    return [accounted.get(day) or _without(known, site, date.fromordinal(day)) for day in days]


@lru_cache(KEPT_SITES)
def _touched(known: Evidence, code: str, period: str) -> tuple[int, int]:
    """The first and the last day of a period at a site, by their numbers; of one that has not begun: none."""
    [site] = _sites(known, Subject("site", code, ""))
    start, end = known.owners.span(site, period)
    zone = known.owners.zone(site)
    first, last = zone.local(start).toordinal(), zone.local(end - 1).toordinal()
    return (first, last) if start < end else (first, first - 1)


@lru_cache(KEPT_SITES)
def _accounted(known: Evidence, code: str) -> dict[int, Day]:
    """Every day of a site of which the pack has an account: decided once."""
    [site] = _sites(known, Subject("site", code, ""))
    zone, accounts = known.owners.zone(site), known.accounts
    return {
        zone.local(at).toordinal(): judged(account, known.floor, raw=accounts.is_raw(code, at))
        for at in accounts.days(code)
        if (account := accounts.get(code, at))
    }


def judged(account: Account, floor: float, *, raw: bool) -> Day:
    spent = dict.fromkeys(ROWS, 0)
    for cell, ms in account["cells"].items():
        spent[cell.partition("/")[0]] += ms
    mostly = max(ROWS, key=lambda row: spent[row])

    def together(rows: Sequence[str]) -> int:
        return sum(spent[row] for row in rows)

    if together(ANSWERED):
        return Day("troubled" if together(LOST) >= TROUBLE_MS else "active", mostly, raw)
    enough = together(KNOWN) / (account["to_ms"] - account["from_ms"]) >= floor
    return Day("inactive" if enough else "unknown", mostly, raw)


def _without(known: Evidence, site: Mapping[str, Any], day: date) -> Day:
    """A day of which there is no account; Unknown unless it lies before the first one."""
    start, _ = known.owners.span_of(site, (day, day + timedelta(1)))
    if site["begins_ms"] is not None and start >= site["begins_ms"]:
        raise Unknown(f"{site['code']} {day}")
    return Day("unmeasured", "", raw=site["raw"] is not None)


def _only(points: Points) -> Day:
    [days] = points
    [day] = days
    return day


def _active(points: Points) -> bool | None:
    status = _only(points).status
    return status in ACTIVE if status in JUDGED else None


def _symbol(points: Points) -> str:
    """ "" of a day that is none of the point's."""
    [days] = points
    return "".join(SYMBOLS[one.status] for one in days)


def _n(points: Points, wanted: Sequence[str]) -> int:
    return sum(one.status in wanted for days in points for one in days)


def _n_of(status: str) -> Callable[[Points], int]:
    return lambda points: _n(points, (status,))


MEASURES: Mapping[str, Callable[[Points], Any]] = {
    "active": _active,
    "mostly": lambda points: _only(points).mostly or None,
    "symbol": _symbol,
    "share": lambda points: divided(_n(points, ACTIVE), _n(points, JUDGED)),
    "quiet": lambda points: divided(_n(points, ("active",)), _n(points, JUDGED)),
    "points": len,
    "always": lambda points: sum(bool(days) and all(one.status in ACTIVE for one in days) for days in points),
    "never": lambda points: sum(all(one.status not in ACTIVE for one in days) for days in points),
    "active_days": lambda points: _n(points, ACTIVE),
    "known_days": lambda points: _n(points, JUDGED),
    **{f"n_{status}": _n_of(status) for status in SYMBOLS},
}
