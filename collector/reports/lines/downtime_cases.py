"""Outages and power cuts of the sites of a report, as far as they lie in its period, and sums of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.accounting.calendars import Span
from collector.acts import CauseCode, GivenCause, cause_of
from collector.condition import DOWN_ROWS, Row
from collector.figures.downs import Stop
from collector.registry import Site
from collector.reports.document import Value
from collector.reports.lines.stops import Term, charged_ms, each, lasts, terms
from collector.reports.source import Source

Given = Mapping[str, Sequence[GivenCause]]
"""What people gave as causes, by site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A stop in the period of the report. `lost_ms` lies in it, `excluded_ms` and `charged_ms` of that are excluded
    and charged; `counts`: it is one of the period's outages."""

    site: Site
    stop: Stop
    span: Span
    cause: GivenCause | None
    lost_ms: int
    excluded_ms: int
    charged_ms: int
    counts: bool
    open: bool
    terms: Sequence[Term]


@dataclass(slots=True)
class Sum:
    """Of outages: how many begin in the period, at how many sites, and their time in it."""

    n: int = 0
    lost_ms: int = 0
    excluded_ms: int = 0
    charged: int = 0
    charged_ms: int = 0
    sites: set[str] = field(default_factory=set)

    def add(self, case: Case) -> None:
        self.n += case.counts
        self.lost_ms += case.lost_ms
        self.excluded_ms += case.excluded_ms
        self.charged += case.counts and case.charged_ms > 0
        self.charged_ms += case.charged_ms
        self.sites.add(case.site.code)

    @property
    def cells(self) -> tuple[Value, ...]:
        return self.n, len(self.sites), self.lost_ms, self.excluded_ms, self.charged, self.charged_ms


@dataclass(frozen=True, slots=True)
class Sums:
    """Every outage is in one of each."""

    by_condition: Mapping[Row, Sum]
    by_cause: Mapping[CauseCode | None, Sum]
    by_site: dict[str, Sum]


def given_causes(source: Source) -> Given:
    """Everything that anybody ever gave."""
    found: dict[str, list[GivenCause]] = {}
    for one in source.store.acts.given_causes():
        found.setdefault(one.site, []).append(one)
    return found


def cases(source: Source, given: Given, *, outages: bool = True) -> Iterator[Case]:
    """The outages of all sites of the report, or their power cuts, by site and time."""
    for site, found in each(source, source.texts.say("downtime.progress")):
        chosen = [stop for stop in found if stop.outage is outages]
        mine = terms(source, site) if chosen else []
        yield from (_case(source, site, stop, mine, given.get(site.code, ())) for stop in chosen)


def sums(source: Source, given: Given) -> Sums:
    """Of all outages."""
    found = Sums({row: Sum() for row in DOWN_ROWS}, {code: Sum() for code in (*CauseCode, None)}, {})
    for case in cases(source, given):
        found.by_condition[case.stop.row].add(case)
        found.by_cause[case.cause.code if case.cause else None].add(case)
        found.by_site.setdefault(case.site.code, Sum()).add(case)
    return found


def _case(source: Source, site: Site, stop: Stop, mine: Sequence[Term], given: Iterable[GivenCause]) -> Case:
    span = mine[0].span[0], mine[-1].span[1]
    lost_ms = stop.within_ms(span)
    return Case(
        site=site,
        stop=stop,
        span=span,
        cause=cause_of(stop.start_ms, stop.end_ms, given),
        lost_ms=lost_ms,
        excluded_ms=lost_ms - stop.plain_ms(span),
        charged_ms=charged_ms(source, stop, mine),
        counts=stop.counts_in(span),
        open=lasts(source, stop),
        terms=mine,
    )
