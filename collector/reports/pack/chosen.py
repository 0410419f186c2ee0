"""Of which sites the raw results go into the pack, where those of all would be too many.

1. All, if there are at most MOST_RESULTS in the period.
2. Else the worst by line availability, as many as the settings name, and then sites in the order of the SHA-256 of the
   head of the chain and their code, until it is enough: an order that nobody can choose and anybody can repeat.
"""

import hashlib
from collections.abc import Mapping, Sequence

from collector.accounting.days import day_at, days_between
from collector.figures.indicators import Figures
from collector.registry import Site
from collector.reports.source import Source

MOST_RESULTS = 5_000_000
"""About a hundred site-months: half a gigabyte of text, a twentieth of it in the ZIP, a minute for the script."""


def chosen(source: Source, most: int = MOST_RESULTS) -> list[Site]:
    """By code."""
    counts = {site.code: _estimated(source, site) for site in source.sites}
    if sum(counts.values()) <= most:
        return list(source.sites)
    _, head = source.store.chain.head()
    first = worst(source.figures("site"), source.settings.worst)
    taken, found = 0, []
    for site in sorted(source.sites, key=lambda site: order(site.code, first, head)):
        taken += counts[site.code]
        if taken <= most:
            found.append(site)
    return sorted(found, key=lambda site: site.code)


def worst(figures: Mapping[str, Figures], most: int) -> Sequence[str]:
    """Codes, the worst line first; those of which too little is known are not among them."""
    known = [(one.availability["line"].value, code) for code, one in figures.items()]
    return [code for _, code in sorted((value, code) for value, code in known if value is not None)[:most]]


def order(code: str, first: Sequence[str], head: str) -> tuple[int, str]:
    """The worst first, then by what nobody can choose."""
    if code in first:
        return first.index(code), ""
    return len(first), hashlib.sha256(f"{head}{code}".encode()).hexdigest()


def _estimated(source: Source, site: Site) -> int:
    """The results of the day in the middle of the period, times its days."""
    asked = source.asked(site, source.wanted.period)
    if asked is None:
        return 0
    middle = day_at(site.timezone, (asked.from_ms + asked.to_ms) // 2)
    return len(source.store.read(site.code, *middle)) * len(days_between(site.timezone, asked.from_ms, asked.to_ms))
