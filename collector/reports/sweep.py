"""One sweep over the sites of a report: the figures of every scope at once, each site's account read a single time.

Sites come in portions. What a site sums up to is divided for itself, and added to all its owners. Outages need not be
added up again: those of an owner are those of its sites, and each is at one site alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.figures.indicators import WORKING_ROWS, AccountingSettings, Figures, Stretches, figures
from collector.figures.shares import Choice
from collector.figures.sums import Sums
from collector.figures.totals import PORTION, SCOPES, Asked, Totals
from collector.registry import Site

Scope = tuple[str, ...]
"""Names of totals.SCOPES: one, or several that an owner is named by together."""
Owner = tuple[str, ...]
SWEPT: Sequence[Scope] = (
    ("all",),
    ("kind",),
    ("regency",),
    ("opd",),
    ("provider",),
    ("medium",),
    ("medium", "provider"),
)
SITE: Scope = ("site",)


@dataclass(frozen=True, slots=True)
class Swept:
    """`figures[scope, choice]` by owner, sorted; `corrected_days` by site code, where there are any."""

    figures: Mapping[tuple[Scope, Choice], Mapping[Owner, Figures]]
    corrected_days: Mapping[str, int]


def owner_of(site: Site, scope: Scope) -> Owner:
    """Whom in `scope` a site belongs to."""
    return tuple(SCOPES[name](site) for name in scope)


def sweep(
    totals: Totals,
    asked: Sequence[Asked],
    choices: Sequence[Choice],
    settings: AccountingSettings,
    told: Callable[[int], None],
) -> Swept:
    """Of `asked`, one for each site; `told` how many are done (blocks)."""
    owners = {scope: sorted({owner_of(one.site, scope) for one in asked}) for scope in SWEPT}
    place = {scope: {owner: n for n, owner in enumerate(named)} for scope, named in owners.items()}
    sums = {scope: Sums(len(named)) for scope, named in owners.items()}
    of_sites: dict[Choice, list[Figures]] = {choice: [] for choice in choices}
    corrected: dict[str, int] = {}
    for first in range(0, len(asked), PORTION):
        portion = asked[first : first + PORTION]
        told(first)
        part = totals.sums([[one] for one in portion])
        for choice in choices:
            of_sites[choice] += figures(part, choice, settings)
        part.stretches = []  # they are not added up: see _of_owners
        for scope, whole in sums.items():
            whole.merge(part, [[place[scope][owner_of(one.site, scope)]] for one in portion])
        days = zip(portion, part.corrected_days.tolist(), strict=True)
        corrected |= {one.site.code: n for one, n in days if n}
    told(len(asked))
    sites = [one.site for one in asked]
    found: dict[tuple[Scope, Choice], Mapping[Owner, Figures]] = {}
    for choice, each in of_sites.items():
        found[SITE, choice] = {(site.code,): one for site, one in zip(sites, each, strict=True)}
        for scope, whole in sums.items():
            told_of = figures(whole, choice, settings)
            found[scope, choice] = _of_owners(owners[scope], told_of, [owner_of(one, scope) for one in sites], each)
    return Swept(found, corrected)


def _of_owners(
    owners: Sequence[Owner], told: Sequence[Figures], owner_of_site: Sequence[Owner], of_sites: Sequence[Figures]
) -> Mapping[Owner, Figures]:
    """`told`, of sums without outages, with those of their sites."""
    theirs: dict[Owner, list[Figures]] = {owner: [] for owner in owners}
    for owner, one in zip(owner_of_site, of_sites, strict=True):
        theirs[owner].append(one)
    return {owner: _with_outages(one, theirs[owner]) for owner, one in zip(owners, told, strict=True)}


def _with_outages(one: Figures, sites: Sequence[Figures]) -> Figures:
    outages = _together(site.outages for site in sites)
    n = outages.n if one.enough_data else 0
    return replace(
        one,
        outages=outages,
        charged=_together(site.charged for site in sites),
        power_cuts=_together(site.power_cuts for site in sites),
        mttr_ms=one.downtime_ms / n if n else None,
        mtbf_ms=sum(one.rows[row] for row in WORKING_ROWS) / n if n else None,
    )


def _together(found: Iterable[Stretches]) -> Stretches:
    several = list(found)
    return Stretches(
        n=sum(one.n for one in several),
        total_ms=sum(one.total_ms for one in several),
        longest_ms=max((one.longest_ms for one in several), default=0),
    )
