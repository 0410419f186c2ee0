"""Providers one above the other, as far as their sites allow to tell them apart.

1. The field are the sites of the report, or those of one medium: what a subject names without its provider. In it a
   provider has those of its sites whose period has begun, and that were not closed before. *Judged* are those of them
   with enough data for a line availability.
2. The *middle* of a provider is the median of its judged sites' line availability; of an even number of sites half way
   between the two in the middle.
3. The *interval* lies between the k-th lowest of the sites' lowest values and the k-th highest of their highest. k is
   the largest number for which fewer than k heads in as many tosses of a coin as sites are judged come up in at most
   1 of 40 cases. With fewer than 6 judged sites there is none.
4. *Ranked* is who has a name, an interval, enough data all together, and so many sites, and judged ones, as the pack
   says (`at_least_sites`). The *rank* is one more than the number of those ranked whose interval begins above where
   this one ends; *at worst* it stands above only those whose interval ends below where this one begins.
5. *Below* is a judged site whose line availability is less than what its contract promised on the last day of the
   period, or, where none is in force or it promised nothing, less than the pack's `limit`.
6. The *rate* is the number of outages divided by the time accounted for in units of 30 days; there is none without
   enough data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Any

from ..figures import Choice
from ..subjects import Subject, Unknown
from .asked import Asked, Evidence, Told

ONE_OF = 40
"""Rule 3: the interval may miss at either end in one of so many cases."""
DAYS_30_MS = 30 * 86_400_000
PROVIDER = "provider"
Site = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """The line availability of a judged site, and what it should have been."""

    value: float
    low: float
    high: float
    promised: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A provider in a field. `low` and `high` are None without an interval; `raw`: all of it comes from results."""

    lines: Sequence[Line]
    low: float | None
    high: float | None
    ranked: bool
    raw: bool

    @property
    def middle(self) -> float | None:
        ordered = sorted(line.value for line in self.lines)
        n = len(ordered)
        return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2 if n else None

    @property
    def below(self) -> int:
        return sum(line.value < line.promised for line in self.lines)

    @property
    def below_share(self) -> float | None:
        return self.below / len(self.lines) if self.lines else None

    def is_below(self, other: "Standing") -> bool:
        """For certain."""
        return self.high is not None and other.low is not None and other.low > self.high


OF_ONE: Mapping[str, Callable[[Standing], float | int | None]] = {
    "judged": lambda one: len(one.lines),
    "middle": lambda one: one.middle,
    "middle_low": lambda one: one.low,
    "middle_high": lambda one: one.high,
    "below": lambda one: one.below,
    "below_share": lambda one: one.below_share,
}


def of_league(known: Evidence, asked: Asked) -> Told:
    what = asked.what
    if what == "rate":
        return _rate(known, asked)
    every = standings(known, field_of(asked.subject))
    ranked, raw = [one for one in every.values() if one.ranked], all(one.raw for one in every.values())
    if what in ("ranked", "unranked"):
        return Told(len(ranked) if what == "ranked" else len(every) - len(ranked), raw)
    mine = every.get(_provider(known, asked.subject))
    if mine is None:
        raise Unknown(asked.measure)
    if what in OF_ONE:
        return Told(OF_ONE[what](mine), mine.raw)
    if what == "rank":
        return Told(1 + sum(mine.is_below(other) for other in ranked) if mine.ranked else None, raw)
    if what == "at_worst":
        return Told(sum(not other.is_below(mine) for other in ranked) if mine.ranked else None, raw)
    raise Unknown(asked.measure)


def field_of(subject: Subject) -> Subject:
    """Rule 1."""
    pairs = [pair for pair in ((subject.scope, subject.of), *subject.where) if pair[0] != PROVIDER]
    (scope, of), *where = pairs or [("all", "")]
    return Subject(scope, of, subject.period, tuple(where))


def _provider(known: Evidence, subject: Subject) -> str:
    """Whose sites these are: a report of one site names that instead of its provider."""
    return next((str(site[PROVIDER]) for site in known.owners.sites(subject)), "")


@lru_cache(64)
def standings(known: Evidence, field: Subject) -> Mapping[str, Standing]:
    """Everybody in a field, by name."""
    owners = known.owners
    of: dict[str, list[Site]] = {}
    for site in owners.sites(field):
        start, end = owners.span(site, field.period)
        if start < end:
            of.setdefault(site[PROVIDER], []).append(site)
    return {name: _standing(known, name, sites, field) for name, sites in of.items()}


def _standing(known: Evidence, name: str, sites: Sequence[Site], field: Subject) -> Standing:
    told = [line_of(known, str(site["code"]), field.period) for site in sites]
    lines = [line for line, _ in told if line]
    k = tosses(len(lines))
    return Standing(
        lines=lines,
        low=sorted(line.low for line in lines)[k - 1] if k else None,
        high=sorted(line.high for line in lines)[-k] if k else None,
        ranked=bool(name and k)
        and len(lines) >= known.pack["league"]["at_least_sites"]
        and _has_enough_data(known, name, field),
        raw=all(raw for _, raw in told),
    )


def _has_enough_data(known: Evidence, name: str, field: Subject) -> bool:
    """All together."""
    where = tuple(pair for pair in ((field.scope, field.of), *field.where) if pair[0] != "all")
    subject = Subject(PROVIDER, name, field.period, where)
    share = known.of(Asked("known", subject, Choice(), field.period)).value
    return share is not None and bool(share >= known.floor)


@lru_cache(4_000)
def line_of(known: Evidence, code: str, period: str) -> tuple[Line | None, bool]:
    """The line availability of one site, None without enough data; and whether it comes from results."""
    subject = Subject("site", code, period)
    told = [known.of(Asked(measure, subject, Choice(), period)) for measure in ("line", "line_low", "line_high")]
    value, low, high = (one.value for one in told)
    raw = all(one.raw for one in told)
    return None if value is None else Line(value, low, high, _promised(known, code, period)), raw


def _promised(known: Evidence, code: str, period: str) -> float:
    """Rule 5; the days of the period are told where the report is made."""
    here = {"timezone": known.pack["timezone"]}
    start, end = known.owners.span(here, period)
    last = known.owners.zone(here).local(max(start, end - 1)).date()
    contract = known.reckoning.in_force(code, last)
    limit: float = known.pack["league"]["limit"]
    return limit if contract is None or contract.sla is None else float(contract.sla)


def tosses(n: int) -> int:
    """The k of rule 3 for `n` sites; 0: there is none."""
    k = fewer = 0  # of 2**n ways in which the coins may fall: those with fewer than k heads
    while (fewer + comb(n, k)) * ONE_OF <= 2**n:
        fewer, k = fewer + comb(n, k), k + 1
    return k


def _rate(known: Evidence, asked: Asked) -> Told:
    """Rule 6."""
    told = [known.of(Asked(what, asked.subject, asked.choice, asked.period)) for what in ("outages", "period", "known")]
    outages, period_ms, share = (one.value for one in told)
    enough = share is not None and share >= known.floor
    return Told(outages * DAYS_30_MS / period_ms if enough else None, all(one.raw for one in told))
