"""Whether a site is connected, and since when, from how long each way was up on each of its days.

1. Ways are the networks, and `outside`: days on which no network was measured from inside, and who watches the site
   from elsewhere reached it (it was up or degraded) or did not (unreachable).
2. Connected by a way: up for at least so long in the last days of the window, all of them together. Not connected:
   measured and up for less. Never measured in the window: nobody knows. Connected: by any way.
3. Since: the first of the days, back from the last one on which it was up, between which there is never a whole window
   without it; of several ways the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

NETWORKS = ("internet", "intranet")
OUTSIDE = "outside"
WAYS = (*NETWORKS, OUTSIDE)
HUB = "hub"
REACHED, MISSED = ("up", "degraded"), "unreachable"
NOTHING = 0, 0
ONE = timedelta(1)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days the window has, and for how long a way must be up in it."""

    window_days: int
    at_least_ms: int

    def opens(self, end: date) -> date:
        """The first day of the window that ends with `end`."""
        return end - (self.window_days - 1) * ONE


@dataclass(slots=True)
class Daily:
    """Of one site: by day, for how long each way was up, and measured at all. What was seen from outside is noted for
    all days, and counts on those on which nothing was measured inside. `kept`: days that are told as they were kept,
    and not from results."""

    noted: dict[str, dict[date, tuple[int, int]]] = field(default_factory=lambda: {way: {} for way in WAYS})
    kept: set[date] = field(default_factory=set)

    def add(self, day: date, way: str, up_ms: int, measured_ms: int, *, raw: bool = False) -> None:
        """More of a day; `raw`: from results."""
        up, measured = self.noted[way].get(day, NOTHING)
        self.noted[way][day] = up + up_ms, measured + measured_ms
        if not raw:
            self.kept.add(day)

    def take(self, day: date, account: Mapping[str, Any], *, raw: bool) -> None:
        """From an account of that day."""
        for network in NETWORKS:
            spent = _by_state(account["others"].get(network, {}))
            measured_ms = sum(spent.values()) - spent.get("unobserved", 0)
            self.add(day, network, spent.get("up", 0), measured_ms, raw=raw)
        rows = _by_state(account["cells"])
        reached = sum(rows.get(row, 0) for row in REACHED)
        self.add(day, OUTSIDE, reached, reached + rows.get(MISSED, 0), raw=raw)

    def of(self, way: str, day: date) -> tuple[int, int]:
        """For how long it was up, and measured."""
        if way == OUTSIDE and any(self.noted[network].get(day, NOTHING)[1] for network in NETWORKS):
            return NOTHING
        return self.noted[way].get(day, NOTHING)

    def is_raw(self, first: date, last: date) -> bool:
        """Whether all that is told of these days comes from results."""
        return self.kept.isdisjoint(_days(first, last))

    def connected(self, way: str, end: date, rule: Rule) -> bool | None:
        told = [self.of(way, day) for day in _days(rule.opens(end), end)]
        return sum(up for up, _ in told) >= rule.at_least_ms if any(measured for _, measured in told) else None

    def since(self, way: str, end: date, rule: Rule) -> date | None:
        if not self.connected(way, end, rule):
            return None
        first, day = end, end
        while (first - day).days <= rule.window_days:
            first = day if self.of(way, day)[0] else first
            day -= ONE
        return first

    def active_days(self, first: date, last: date, rule: Rule) -> int:
        """On how many days one of the ways was up for long enough."""
        return sum(any(self.of(way, day)[0] >= rule.at_least_ms for way in WAYS) for day in _days(first, last))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * ONE for n in range((last - first).days + 1))


def _by_state(cells: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, ms in cells.items():
        state = name.partition("/")[0]
        found[state] = found.get(state, 0) + ms
    return found


def either(told: Sequence[bool | None]) -> bool | None:
    """Yes if one is; no if one is known not to be; else nobody knows."""
    return True if True in told else False if False in told else None
