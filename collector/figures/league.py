"""Pure: providers one above the other, as far as their sites allow to tell them apart.

1. What is typical of a provider is the middle of its sites: as many are better as are worse. So a site counts once,
   however long it was measured, and one that was down all month does not hide what the others receive.
2. How sure that is says its interval. Of n sites in order, the k-th worst and the k-th best enclose the true middle in
   at least 95 of 100 cases, whatever the sites are like; k is the largest for which the chance of fewer than k of n
   tosses of a coin is at most 2.5 %. With fewer than 6 sites there is no such k.
   The lower end is taken from the sites' lowest values, the upper from their highest: doubt in measuring widens it.
3. A provider is certainly better than another if its whole interval lies above the other's. Its rank is one more than
   how many are certainly better; it may be as bad as all but those that are certainly worse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import comb
from statistics import median

CHANCE_INVERSE = 40
"""1 / 2.5 %: what may be missed at either end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """Of `n` sites: what is typical, and between which it lies; None: too few."""

    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`rank` is the best place it may have, `at_worst` the worst; `like`: whom it cannot be told from, in order."""

    rank: int
    at_worst: int
    like: tuple[str, ...]


def nth(n: int) -> int:
    """The k of rule 2; 0: there is none."""
    at_most = 2**n
    return sum(chance * CHANCE_INVERSE <= at_most for chance in accumulate(comb(n, i) for i in range(n // 2)))


def middle(ratios: Sequence[tuple[float, float, float]]) -> Middle:
    """Of (value, low, high) of each site."""
    n, k = len(ratios), nth(len(ratios))
    return Middle(
        n=n,
        value=median(value for value, _, _ in ratios) if ratios else None,
        low=sorted(low for _, low, _ in ratios)[k - 1] if k else None,
        high=sorted(high for _, _, high in ratios)[-k] if k else None,
    )


def places(middles: Mapping[str, Middle]) -> dict[str, Place]:
    """Of each that has an interval, by what is typical of it, the best first; equals by name."""
    spans = {
        name: (one.value, one.low, one.high)
        for name, one in middles.items()
        if one.value is not None and one.low is not None and one.high is not None
    }
    ordered = sorted(spans, key=lambda name: (-spans[name][0], name))
    found = {}
    for name in ordered:
        _, low, high = spans[name]
        better = {one for one in ordered if spans[one][1] > high}
        worse = {one for one in ordered if spans[one][2] < low}
        like = tuple(one for one in ordered if one not in {*better, *worse, name})
        found[name] = Place(rank=len(better) + 1, at_worst=len(ordered) - len(worse), like=like)
    return found
