"""Pure: what a review finds in the figures, by rules that stand in its minutes.

1. Recurrent: a site with at least RECURRENT outages, the most first.
2. Unseen: a site whose known share is below the floor, so that there is no figure, the least known first. Offices are
   judged by their service hours: at night their computers are off, and nobody knows of their lines.
3. Charged: a provider with charged time, the most first.
4. Late: maintenance that was entered after it had begun, and stands.
"""

from collections.abc import Iterable, Mapping, Sequence

from collector.acts import Exclusion, ExclusionKind
from collector.figures.indicators import Figures
from collector.followups import FollowUpState, Matter
from collector.registry import Site

RECURRENT = 3


def recurrent(by_site: Mapping[str, Figures], most: int) -> list[str]:
    """Rule 1: at most `most` codes."""
    found = [(-one.outages.n, -one.downtime_ms, code) for code, one in by_site.items() if one.outages.n >= RECURRENT]
    return [code for *_, code in sorted(found)[:most]]


def unseen(by_site: Mapping[str, Figures]) -> list[str]:
    """Rule 2: all of them."""
    return [code for _, code in sorted((one.known or 0, code) for code, one in by_site.items() if not one.enough_data)]


def charged(by_provider: Mapping[str, Figures], most: int) -> list[str]:
    """Rule 3: at most `most` names."""
    found = [(-one.charged.total_ms, name) for name, one in by_provider.items() if one.charged.total_ms]
    return [name for _, name in sorted(found)[:most]]


def late(exclusions: Iterable[Exclusion], sites: Sequence[Site], from_ms: int, to_ms: int) -> list[Exclusion]:
    """Rule 4: those that touch one of `sites` in [from_ms, to_ms)."""
    return [
        one
        for one in exclusions
        if one.late
        and one.kind is ExclusionKind.MAINTENANCE
        and one.withdrawn_ms is None
        and one.from_ms < to_ms
        and one.to_ms > from_ms
        and any(one.touches(site) for site in sites)
    ]


def matters(found: Iterable[Matter], from_ms: int, to_ms: int) -> tuple[list[Matter], list[Matter]]:
    """(what was open when the period began, what was entered in it)."""
    before, during = [], []
    for one in found:
        if one.followup.entered_ms < from_ms:
            if _ended_ms(one) is None or (_ended_ms(one) or 0) >= from_ms:
                before.append(one)
        elif one.followup.entered_ms < to_ms:
            during.append(one)
    return before, during


def open_about(found: Iterable[Matter], scope: str, of: str, sites: Sequence[Site]) -> list[int]:
    """Numbers of the open follow-ups about `scope` and `of` itself, or, of a site, about something it belongs to."""
    return [
        one.followup.id
        for one in found
        if one.state is FollowUpState.OPEN
        and (
            (one.followup.scope, one.followup.of) == (scope, of)
            or (scope == "site" and any(one.followup.touches(site) for site in sites))
        )
    ]


def _ended_ms(one: Matter) -> int | None:
    """When it was done or dropped for good; None while it is open."""
    if one.state is FollowUpState.OPEN:
        return None
    ended_ms = one.steps[-1].entered_ms
    for step in reversed(one.steps):
        if step.state is FollowUpState.OPEN:
            break
        ended_ms = step.entered_ms
    return ended_ms
