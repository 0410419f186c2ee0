"""One outage, told by its site and its start; and sums of outages.

1. Outages and power cuts are whole, as section 11 has them (outages.py). What of one lies in a period: all of it
   between the period's edges at that site, now at the latest; excluded: what of that an exclusion covers.
2. It counts in a period if it begins there and is not excluded wholly.
3. Charged is what the contract of each part of the period makes of it (reckoning.py).
4. A sum is of all outages, power cuts left out, of which anything lies in the subject's period: the number of those
   that count, of those that count and are charged, and of the sites that have any; and the times of all of them.
5. It may be narrowed by `condition`, and by `cause`: the one that people gave, "" where nobody gave one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..outages import Stop, cause_of
from ..records import OUTAGES
from ..subjects import Subject, Unknown
from .asked import Asked, Evidence, Told

KEPT_SITES = 4_000
NARROWING = ("condition", "cause")
OF_ONE = (
    *("row", "start", "start_bar", "end", "end_bar", "length"),
    *("lost", "excluded", "charged", "is_charged", "counts"),
)
"""What is told of one; the second line is of what lies in the report's period."""


@dataclass(frozen=True, slots=True)
class Case:
    """An outage as far as it lies in a period."""

    site: str
    row: str
    cause: str
    lost: int
    excluded: int
    charged: int
    counts: bool
    raw: bool


SUMS: Mapping[str, Callable[[Sequence[Case]], int]] = {
    "n": lambda cases: sum(one.counts for one in cases),
    "sites": lambda cases: len({one.site for one in cases}),
    "lost": lambda cases: sum(one.lost for one in cases),
    "excluded": lambda cases: sum(one.excluded for one in cases),
    "charged_n": lambda cases: sum(one.counts and one.charged > 0 for one in cases),
    "charged_sum": lambda cases: sum(one.charged for one in cases),
}


def of_outage(known: Evidence, asked: Asked) -> Told:
    if asked.what not in OF_ONE:
        raise Unknown(asked.measure)
    told, raw = _told(known, asked.subject.of, int(asked.subject.period), asked.period)
    return Told(told.get(asked.what), raw)


@lru_cache(64)
def _told(known: Evidence, code: str, start_ms: int, period: str) -> tuple[Mapping[str, Any], bool]:
    """Everything about the outage that begins then, nothing where none does; and whether it comes from results."""
    [site] = known.owners.sites(Subject("site", code, ""))
    mine = [one for one in known.stops_of(code) if one.start == start_ms]
    if not mine:
        return {}, _is_raw(known, code, start_ms, start_ms + 1)
    [stop] = mine
    case = _case(known, site, stop, period)
    lasts = not stop.closes and stop.end >= known.owners.now_ms
    told = {
        "row": stop.row,
        "start": stop.start,
        "start_bar": stop.proof,
        "end": None if lasts else stop.end,
        "end_bar": None if lasts else stop.end_proof,
        "length": stop.length,
        "lost": case.lost,
        "excluded": case.excluded,
        "charged": case.charged,
        "is_charged": case.charged > 0,
        "counts": case.counts,
    }
    return told, case.raw


def of_outages(known: Evidence, asked: Asked) -> Told:
    wanted = {name: of for name, of in asked.subject.where if name in NARROWING}
    if asked.what == "condition":
        return Told(wanted.get("condition"), raw=True)
    if asked.what not in SUMS:
        raise Unknown(asked.measure)
    cases, raw = _cases(known, asked.subject)
    return Told(SUMS[asked.what](cases), raw and all(one.raw for one in cases))


@lru_cache(16)
def _cases(known: Evidence, subject: Subject) -> tuple[list[Case], bool]:
    """All that the subject is about; and whether all days of its sites in its period are computed from results."""
    where = tuple((name, of) for name, of in subject.where if name not in NARROWING)
    wanted = {name: of for name, of in subject.where if name in NARROWING}
    found: list[Case] = []
    raw = True
    for site in known.owners.sites(Subject(subject.scope, subject.of, "", where)):
        mine, is_raw = _cases_of(known, site["code"], subject.period)
        found += [
            one
            for one in mine
            if wanted.get("condition", one.row) == one.row and wanted.get("cause", one.cause) == one.cause
        ]
        raw = raw and is_raw
    return found, raw


@lru_cache(KEPT_SITES)
def _cases_of(known: Evidence, code: str, period: str) -> tuple[list[Case], bool]:
    """Of one site; Unknown unless the pack has an account of each of its days."""
    own = Subject("site", code, period)
    [site] = known.owners.sites(own)
    start, end = known.owners.span(site, period)
    stops = [one for one in known.stops_of(code) if one.row in OUTAGES and one.touches(start, end)]
    return [_case(known, site, one, period) for one in stops], known.owners.of(own).raw


def _case(known: Evidence, site: Mapping[str, Any], stop: Stop, period: str) -> Case:
    code: str = site["code"]
    start, end = known.owners.span(site, period)
    lost = stop.within(start, end)
    return Case(
        site=code,
        row=stop.row,
        cause=cause_of(stop, _given(known).get(code, ())),
        lost=lost,
        excluded=lost - stop.plain(start, end),
        charged=known.reckoning.charged(site, stop, period),
        counts=stop.counts(start, end),
        raw=_is_raw(known, code, stop.start, stop.end),
    )


@lru_cache(1)
def _given(known: Evidence) -> Mapping[str, Iterable[Mapping[str, Any]]]:
    """What people gave as causes, by site."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in known.acts["causes"]:
        found.setdefault(one["site"], []).append(one)
    return found


def _is_raw(known: Evidence, code: str, start: int, end: int) -> bool:
    """Whether the days that [start, end) lies in were computed from results."""
    first = max((day for day in known.accounts.days(code) if day <= start), default=None)
    return first is not None and all(known.accounts.is_raw(code, day) for day in known.accounts.days(code, first, end))
