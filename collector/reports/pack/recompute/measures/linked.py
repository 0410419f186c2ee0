"""Whether sites are connected, since when, and how many are: section 17. Hubs, which only watch others, are left out.

A value rests on results if all the days did that decided it: those of the window, and for `since` all that had to be
looked at, back to the first day of the run and through the window before it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from ..connected import HUB, NETWORKS, WAYS, either
from ..subjects import Owners, Subject, Unknown, bounds
from .asked import Asked, Evidence, Told

Site = Mapping[str, Any]
WAYS_OF: Mapping[str, Sequence[str]] = {"any": WAYS, **{network: (network,) for network in NETWORKS}}
COUNTED: Mapping[str, bool | None] = {"yes": True, "no": False, "unknown": None}
KINDS = ("opd", "village", "service", "other")
ONE = timedelta(1)


def of_connection(known: Evidence, asked: Asked) -> Told:
    sites = points(known.owners, asked.subject)
    if asked.what == "sites":
        return Told(len(sites), raw=True)
    if asked.what == "active_days":
        return _active_days(known, sites, asked)
    name, side = _read(asked.what)
    if name in KINDS and side == "share":
        end = last_day(asked.subject.period)
        return _share([_is(known, site, "any", end) for site in sites if site["kind"] == name])
    if name not in WAYS_OF:
        raise Unknown(asked.measure)
    if side == "since":
        return _since(known, sites, name, asked)
    told = [_is(known, site, name, _days(known, site, asked)[1]) for site in sites]
    every, raw = [one.value for one in told], _is_raw(told)
    if side == "share":
        return _share(told)
    if side in COUNTED:
        return Told(every.count(COUNTED[side]), raw)
    if side:
        raise Unknown(asked.measure)
    return Told(either(every), raw)


def _read(what: str) -> tuple[str, str]:
    """`internet` and "", `internet` and `since`; a share without more is of any way."""
    if what in WAYS_OF:
        return what, ""
    name, _, side = what.rpartition("_")
    return name or "any", side


@lru_cache(64)
def points(owners: Owners, subject: Subject) -> Sequence[Site]:
    """The sites of a subject without hubs, and without those that are closed by the end of its period."""
    return [one for one in owners.sites(subject) if one["kind"] != HUB and owners.is_there(one, subject.period)]


def last_day(period: str) -> date:
    """Of a period that ends at a midnight."""
    after = bounds(period)[1]
    if not isinstance(after, date):
        raise Unknown(period)
    return after - ONE


def _is(known: Evidence, site: Site, name: str, last: date) -> Told:
    """Whether a site is connected as of the end of a day."""
    daily, rule = known.daily[site["code"]], known.rule
    yes = either([daily.connected(way, last, rule) for way in WAYS_OF[name]])
    return Told(yes, daily.is_raw(rule.opens(last), last))


def _share(told: Sequence[Told]) -> Told:
    """Connected / registered: of whom nobody knows, is not connected."""
    yes = sum(one.value is True for one in told)
    return Told(yes / len(told) if told else None, _is_raw(told))


def _since(known: Evidence, sites: Sequence[Site], name: str, asked: Asked) -> Told:
    """The first of all days since when a site is connected by a way."""
    told = [_since_at(known, site, way, asked) for site in sites for way in WAYS_OF[name]]
    return Told(min((one.value for one in told if one.value), default=None), _is_raw(told))


def _since_at(known: Evidence, site: Site, way: str, asked: Asked) -> Told:
    daily, rule, last = known.daily[site["code"]], known.rule, _days(known, site, asked)[1]
    day = daily.since(way, last, rule)
    looked_at = rule.opens(last) if day is None else day - rule.window_days * ONE
    return Told(day.isoformat() if day else None, daily.is_raw(looked_at, last))


def _active_days(known: Evidence, sites: Sequence[Site], asked: Asked) -> Told:
    """Of several sites added up."""
    spans = [(known.daily[site["code"]], *_days(known, site, asked)) for site in sites]
    return Told(
        sum(daily.active_days(first, last, known.rule) for daily, first, last in spans),
        all(daily.is_raw(first, last) for daily, first, last in spans),
    )


def _is_raw(told: Sequence[Told]) -> bool:
    return all(one.raw for one in told)


def _days(known: Evidence, site: Site, asked: Asked) -> tuple[date, date]:
    """The first and the last day of the period at a site."""
    start, end = known.owners.span(site, asked.subject.period)
    zone = known.owners.zone(site)
    return zone.local(start).date(), zone.local(max(start, end - 1)).date()
