"""One outage, told by its site and its start; and sums of outages."""

from ..subjects import Subject, Unknown
from .asked import Asked, Evidence, Told


def of_outage(known: Evidence, asked: Asked) -> Told:
    [site] = known.owners.sites(Subject("site", asked.subject.of, ""))
    mine = [one for one in known.stops_of(site["code"]) if one.start == int(asked.subject.period)]
    raw = _is_raw(known, site["code"], int(asked.subject.period))
    if not mine:
        return Told(None, raw)
    [stop] = mine
    start, end = known.owners.span(site, asked.period)
    charged = known.reckoning.charged(site, stop, asked.period)
    lasts = not stop.closes and stop.end >= known.owners.now_ms
    told = {
        "row": stop.row,
        "start": stop.start,
        "start_bar": stop.proof,
        "end": None if lasts else stop.end,
        "end_bar": None if lasts else stop.end_proof,
        "length": stop.length,
        "lost": stop.within(start, end),
        "excluded": stop.within(start, end) - stop.plain(start, end),
        "charged": charged,
        "is_charged": charged > 0,
        "counts": stop.counts(start, end),
    }
    what = asked.what
    if what not in told:
        raise Unknown(asked.measure)
    return Told(told[what], raw)


def of_outages(known: Evidence, asked: Asked) -> Told:
    raise Unknown(asked.measure)


def _is_raw(known: Evidence, code: str, at: int) -> bool:
    day = max((day for day in known.accounts.days(code) if day <= at), default=None)
    return day is not None and known.accounts.is_raw(code, day)
