"""Whether sites are connected, since when, and how many are."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ..connected import HUB, NETWORKS, WAYS, either
from ..subjects import Unknown
from .asked import Asked, Evidence, Told

Site = Mapping[str, Any]


def of_connection(known: Evidence, asked: Asked) -> Told:
    sites = [one for one in known.owners.sites(asked.subject) if one["kind"] != HUB]
    what = asked.what
    name, _, rest = what.rpartition("_") if what.endswith(("_share", "_since")) else (what, "", "")
    if what == "active_days":
        return Told(
            sum(known.daily[one["code"]].active_days(*_span(known, one, asked), known.rule) for one in sites), raw=False
        )
    ways = {"any": WAYS, "share": WAYS}.get(name) or tuple(network for network in NETWORKS if network == name)
    if not ways:
        raise Unknown(asked.measure)
    if rest == "since":
        return Told(_since(known, sites, ways, asked), raw=False)
    every = [_is(known, site, ways, asked) for site in sites]
    if rest == "share" or name == "share":
        return Told(every.count(True) / len(every) if every else None, raw=False)
    return Told(either(every), raw=False)


def _is(known: Evidence, site: Site, ways: Sequence[str], asked: Asked) -> bool | None:
    last = _span(known, site, asked)[1]
    return either([known.daily[site["code"]].connected(way, last, known.rule) for way in ways])


def _since(known: Evidence, sites: Sequence[Site], ways: Sequence[str], asked: Asked) -> str | None:
    told = (
        known.daily[one["code"]].since(way, _span(known, one, asked)[1], known.rule) for one in sites for way in ways
    )
    return min((day.isoformat() for day in told if day), default=None)


def _span(known: Evidence, site: Site, asked: Asked) -> tuple[date, date]:
    """The first and the last day of the period at a site."""
    start, end = known.owners.span(site, asked.subject.period)
    zone = known.owners.zone(site)
    return zone.local(start).date(), zone.local(max(start, end - 1)).date()
