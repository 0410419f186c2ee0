"""Pure: the recap of downtime: outages with what people said of them, what each cost, and their sums."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.accounting.days import ends_ms
from collector.acts import Exclusion, GivenCause, cause_of
from collector.condition import Outage
from collector.figures.indicators import CHARGED_ROWS
from collector.registry import Site

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An outage, where it was, and what a person said it came from (None: nobody did). `lost_ms` is what of it lies in
    the period, `charged_ms` what of that the provider answers for: it was the line or the internet, it lasted for
    longer than the contract allows, and no exclusion took it out."""

    outage: Outage
    site: Site
    cause: GivenCause | None
    lost_ms: int
    charged_ms: int

    @property
    def open(self) -> bool:
        """Whether it lasts."""
        return self.outage.end_ms is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """Sums of cases: their number, sites, time lost and charged; how many of them last, and are without a cause."""

    n: int
    sites: int
    open: int
    unexplained: int
    lost_ms: int
    charged: int
    charged_ms: int
    longest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What outages are told by: the period, the moment, and what people entered."""

    period: Span
    now_ms: int
    charge_after_ms: int
    given: Mapping[str, Sequence[GivenCause]]
    """By site."""
    exclusions: Sequence[Exclusion]


def lived(outages: Iterable[Outage], sites: Mapping[str, Site], from_ms: int, now_ms: int) -> Iterator[Outage]:
    """Of `outages` from `from_ms` on what counts: one that lasts when its site is closed ends there, and none begins
    later."""
    for outage in outages:
        end_ms = ends_ms(sites[outage.site])
        if end_ms > (now_ms if outage.end_ms is None else outage.end_ms):
            yield outage
        elif max(outage.start_ms, from_ms) < end_ms:
            proof_ms = min(outage.end_not_earlier_than_ms or end_ms, end_ms)
            yield replace(outage, end_ms=end_ms, end_not_earlier_than_ms=proof_ms)


def cases(outages: Iterable[Outage], sites: Mapping[str, Site], basis: Basis) -> list[Case]:
    """The cases of `sites`, in the order of `outages`.

    1. The newest cause that touches an outage is its cause (acts.py).
    2. Only what lies within the period and before now is counted; its length as a whole decides if it is charged.
    """
    standing = [one for one in basis.exclusions if one.withdrawn_ms is None]
    out: dict[str, list[Span]] = {}
    found = []
    for outage in outages:
        site = sites[outage.site]
        end_ms = basis.now_ms if outage.end_ms is None else outage.end_ms
        spent = max(outage.start_ms, basis.period[0]), min(end_ms, basis.period[1])
        if site.code not in out:
            out[site.code] = [(one.from_ms, one.to_ms) for one in standing if one.touches(site)]
        charged = outage.condition.value in CHARGED_ROWS and end_ms - outage.start_ms >= basis.charge_after_ms
        found.append(
            Case(
                outage=outage,
                site=site,
                cause=cause_of(outage.start_ms, max(end_ms, outage.start_ms + 1), basis.given.get(site.code, ())),
                lost_ms=max(0, spent[1] - spent[0]),
                charged_ms=_left(spent, out[site.code]) if charged else 0,
            )
        )
    return found


def recap(found: Iterable[Case]) -> Recap:
    """The sums."""
    known = list(found)
    return Recap(
        n=len(known),
        sites=len({case.site.code for case in known}),
        open=sum(case.open for case in known),
        unexplained=sum(case.cause is None for case in known),
        lost_ms=sum(case.lost_ms for case in known),
        charged=sum(case.charged_ms > 0 for case in known),
        charged_ms=sum(case.charged_ms for case in known),
        longest_ms=max((case.lost_ms for case in known), default=0),
    )


def by_site(found: Iterable[Case]) -> list[tuple[Site, Recap]]:
    """The sums of each site, the most frequent first, in it the longest."""
    cases_of: defaultdict[str, list[Case]] = defaultdict(list)
    for case in found:
        cases_of[case.site.code].append(case)
    told = [(known[0].site, recap(known)) for known in cases_of.values()]
    return sorted(told, key=lambda one: (-one[1].n, -one[1].lost_ms, one[0].code))


def _left(spent: Span, out: Sequence[Span]) -> int:
    """Milliseconds of `spent` that lie in none of `out`, which may overlap."""
    at_ms, left = spent[0], 0
    for start_ms, end_ms in sorted(out):
        left += max(0, min(start_ms, spent[1]) - at_ms)
        at_ms = max(at_ms, end_ms)
    return left + max(0, spent[1] - at_ms)
