"""Pure: outages that began together at many sites of one provider or place, folded into one.

A cut trunk takes forty villages down within seconds. Whoever reads of it wants one line that names and counts them, and
wants it to name what they have in common as narrowly as it can be named.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from collector.condition import Outage
from collector.registry import Site

SCOPES: Mapping[str, Callable[[Site], tuple[str, ...]]] = {
    "district": lambda site: (site.district, site.regency),
    "provider_regency": lambda site: (site.provider, site.regency),
    "regency": lambda site: (site.regency,),
    "provider": lambda site: (site.provider,),
}
"""What sites may have in common, the narrowest first; district names repeat, so the regency is told with them. The
whole province is none of them: somewhere in it something always falls within two minutes of the last."""
EXPLAINS = 0.8
"""A narrower group is named instead of a wider one if it has at least so much of what went down."""

Group = tuple[str, tuple[str, ...]]
"""A key of SCOPES and what its sites have in common."""
Spell = tuple[Outage, ...]
"""Outages of one site that follow each other without a break: a line that is down in one way and then in another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MassRules:
    """From `at_least` sites and `share` of a group on it is a mass outage, if each began at most `window_ms` after
    the one before."""

    at_least: int = 5
    share: float = 0.3
    window_ms: int = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mass:
    """`outages`, by start, that are told as one. `total`: sites of the group, those too that stayed up."""

    scope: str
    names: tuple[str, ...]
    outages: tuple[Outage, ...]
    total: int

    @property
    def sites(self) -> list[str]:
        """Their codes, in the order in which they went down."""
        return list(dict.fromkeys(outage.site for outage in self.outages))

    @property
    def start_ms(self) -> int:
        return self.outages[0].start_ms

    @property
    def end_ms(self) -> int | None:
        """When the last of them was over; None while one lasts."""
        ends = [outage.end_ms for outage in self.outages]
        return None if None in ends else max(end for end in ends if end is not None)


RULES = MassRules()


def fold(
    outages: Iterable[Outage], sites: Mapping[str, Site], rules: MassRules = RULES
) -> tuple[list[Mass], list[Outage]]:
    """The mass outages by start, and the outages that are part of none. `sites`: all that count, by code.

    1. Outages of a site without a break between them are one spell; when it began is what is compared.
    2. In each group of SCOPES the spells that began at most `window_ms` after the one before are a run.
    3. A run counts from `at_least` sites and `share` of its group on.
    4. The run with most sites is found; among it and those that have EXPLAINS of its spells, the one whose group has
       fewest sites becomes a mass outage: a district that lost its power, and not the regency around it.
    5. Its spells are taken away, and what is left of the other runs is cut and counted again, until none counts.
    """
    spells = _spells(outage for outage in outages if outage.site in sites)
    groups_of = {code: [*_groups(site)] for code, site in sites.items()}
    totals = Counter(group for groups in groups_of.values() for group in groups)
    together: defaultdict[Group, list[int]] = defaultdict(list)
    for place, spell in enumerate(spells):
        for group in groups_of[spell[0].site]:
            together[group].append(place)
    runs = [(group, run) for group, members in together.items() for run in _runs(members, spells, totals[group], rules)]
    found: list[Mass] = []
    taken: set[int] = set()
    while runs:
        group, members = _narrowest(runs, spells, totals)
        found.append(_mass(group, [spells[place] for place in members], totals[group]))
        taken.update(members)
        runs = [
            (group, rest)
            for group, run in runs
            for rest in _runs([place for place in run if place not in taken], spells, totals[group], rules)
        ]
    rest_of = (spell for place, spell in enumerate(spells) if place not in taken)
    return sorted(found, key=lambda mass: mass.start_ms), [outage for spell in rest_of for outage in spell]


def _groups(site: Site) -> Iterator[Group]:
    """What `site` has in common with others; a name that is empty is nothing in common."""
    for scope, names_of in SCOPES.items():
        names = names_of(site)
        if all(names):
            yield scope, names


def _spells(outages: Iterable[Outage]) -> list[Spell]:
    """By start."""
    spells: list[list[Outage]] = []
    for outage in sorted(outages, key=lambda outage: (outage.site, outage.start_ms)):
        before = spells[-1][-1] if spells else None
        if before and before.site == outage.site and before.end_ms == outage.start_ms:
            spells[-1].append(outage)
        else:
            spells.append([outage])
    return sorted(map(tuple, spells), key=lambda spell: (spell[0].start_ms, spell[0].site))


def _runs(places: Sequence[int], spells: Sequence[Spell], total: int, rules: MassRules) -> Iterator[list[int]]:
    """Steps 2 and 3, by places in `spells`, which are by start."""
    least = max(rules.at_least, rules.share * total)
    if len(places) < least:
        return
    starts = [spells[place][0].start_ms for place in places]
    gaps = [i for i, (one, after) in enumerate(pairwise(starts), 1) if after - one > rules.window_ms]
    for first, end in pairwise([0, *gaps, len(places)]):
        if end - first >= least and _count(places[first:end], spells) >= least:
            yield [*places[first:end]]


def _narrowest(
    runs: Sequence[tuple[Group, list[int]]], spells: Sequence[Spell], totals: Mapping[Group, int]
) -> tuple[Group, list[int]]:
    """Step 4. Where two are alike, the first scope in SCOPES."""
    _, largest = max(runs, key=lambda found: (_count(found[1], spells), -found[1][0]))
    whole = set(largest)
    explaining = (found for found in runs if len(whole.intersection(found[1])) >= EXPLAINS * len(whole))
    return min(explaining, key=lambda found: (totals[found[0]], [*SCOPES].index(found[0][0]), found[0]))


def _mass(group: Group, members: Sequence[Spell], total: int) -> Mass:
    outages = sorted((o for spell in members for o in spell), key=lambda outage: (outage.start_ms, outage.site))
    return Mass(scope=group[0], names=group[1], outages=tuple(outages), total=total)


def _count(places: Iterable[int], spells: Sequence[Spell]) -> int:
    """Sites among them."""
    return len({spells[place][0].site for place in places})
