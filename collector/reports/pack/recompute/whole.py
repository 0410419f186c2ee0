"""Whether lists are whole: who takes the worst row out of one changes no figure. These have everything there is:

1. the registers of sites: every point that is not closed by the end of the period;
2. outages and power cuts: all of which anything lies in the period;
3. the days of points: every day of which there is an account.

Tables that rank or choose, and those that add up by owners, are not looked at.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .measures.asked import Evidence
from .measures.linked import points
from .records import OUTAGES
from .subjects import Subject

Listed = tuple[str, str]
"""What a row is about: site, and period as its subject has it."""


class LeftOut(NamedTuple):
    table: str
    of: str
    period: str


def left_out(report: Any, known: Evidence) -> Iterator[LeftOut]:
    """What the lists of a report should have and have not."""
    asked = Subject.of_report(report["asked"])
    rows = {one["name"]: one["rows"] for one in report["sections"] if one["type"] == "table"}
    for table, of in LISTS.get(report["kind"], {}).items():
        subjects = [Subject.of_report(row["subject"]) for row in rows.get(table, ()) if row["subject"]]
        found = {(one.of, one.period) for one in subjects}
        yield from (LeftOut(table, *one) for one in of(known, asked) if one not in found)


def _points(known: Evidence, asked: Subject) -> Iterator[Listed]:
    return ((str(site["code"]), asked.period) for site in points(known.owners, asked))


def _outages(known: Evidence, asked: Subject) -> Iterator[Listed]:
    return _stops(known, asked, OUTAGES)


def _power_cuts(known: Evidence, asked: Subject) -> Iterator[Listed]:
    return _stops(known, asked, ("power",))


def _stops(known: Evidence, asked: Subject, rows: tuple[str, ...]) -> Iterator[Listed]:
    for site in known.owners.sites(asked):
        start, end = known.owners.span(site, asked.period)
        for stop in known.stops_of(site["code"]):
            if stop.row in rows and start < end and stop.touches(start, end):
                yield site["code"], str(stop.start)


def _days(known: Evidence, asked: Subject) -> Iterator[Listed]:
    for site in known.owners.sites(asked):
        start, end = known.owners.span(site, asked.period)
        zone = known.owners.zone(site)
        for at in known.accounts.days(site["code"], start, end):
            yield site["code"], zone.local(at).date().isoformat()


LISTS: Mapping[str, Mapping[str, Callable[[Evidence, Subject], Iterator[Listed]]]] = {
    "bulanan": {"nodes": _points},
    "keterhubungan": {"sites": _points},
    "gangguan": {"outages": _outages, "power_cuts": _power_cuts},
    "harian": {"daily": _days},
}
"""By report and table."""
