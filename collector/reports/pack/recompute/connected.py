"""Whether a site is connected, and since when, from how long each way was up on each of its days.

1. Ways are the networks, and `outside`: days on which no network was measured from inside, and who watches the site
   from elsewhere reached it (it was up or degraded) or did not (unreachable).
2. Connected by a way: up for at least so long in the last days of the window, all of them together. Not connected:
   measured and up for less. Never measured in the window: nobody knows. Connected: by any way.
3. Since: the first of the days, back from the last one on which it was up, between which there is never a whole window
   without it; of several ways the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

NETWORKS = ("internet", "intranet")
OUTSIDE = "outside"
WAYS = (*NETWORKS, OUTSIDE)
HUB = "hub"
REACHED, MISSED = ("up", "degraded"), "unreachable"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days the window has, and for how long a way must be up in it."""

    window_days: int
    at_least_ms: int


@dataclass(slots=True)
class Daily:
    """Of one site: by day, for how long each way was up, and measured at all. What was seen from outside is noted for
    all days, and counts on those on which nothing was measured inside."""

    noted: dict[str, dict[date, tuple[int, int]]] = field(default_factory=lambda: {way: {} for way in WAYS})

    def add(self, day: date, way: str, up_ms: int, measured_ms: int) -> None:
        up, measured = self.noted[way].get(day, (0, 0))
        self.noted[way][day] = up + up_ms, measured + measured_ms

    def take(self, day: date, account: Mapping[str, Any]) -> None:
        """From an account of that day."""
        for network in NETWORKS:
            spent = _by_state(account["others"].get(network, {}))
            self.add(day, network, spent.get("up", 0), sum(spent.values()) - spent.get("unobserved", 0))
        rows = _by_state(account["cells"])
        reached = sum(rows.get(row, 0) for row in REACHED)
        self.add(day, OUTSIDE, reached, reached + rows.get(MISSED, 0))

    def of(self, way: str) -> dict[date, tuple[int, int]]:
        """By day: for how long it was up, and measured."""
        if way != OUTSIDE:
            return self.noted[way]
        inside = {day for network in NETWORKS for day, (_, ms) in self.noted[network].items() if ms}
        return {day: told for day, told in self.noted[way].items() if day not in inside}

    def connected(self, way: str, end: date, rule: Rule) -> bool | None:
        window = range(end.toordinal() - rule.window_days + 1, end.toordinal() + 1)
        told = [told for day, told in self.of(way).items() if day.toordinal() in window]
        return sum(up for up, _ in told) >= rule.at_least_ms if any(measured for _, measured in told) else None

    def since(self, way: str, end: date, rule: Rule) -> date | None:
        if not self.connected(way, end, rule):
            return None
        ups = sorted((day for day, (up, _) in self.of(way).items() if up and day <= end), reverse=True)
        first = ups[0]
        for day in ups:
            if (first - day).days > rule.window_days:
                break
            first = day
        return first

    def active_days(self, first: date, last: date, rule: Rule) -> int:
        """On how many days one of the ways was up for long enough."""
        told = ((day, up) for way in WAYS for day, (up, _) in self.of(way).items())
        return len({day for day, up in told if first <= day <= last and up >= rule.at_least_ms})


def _by_state(cells: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, ms in cells.items():
        state = name.partition("/")[0]
        found[state] = found.get(state, 0) + ms
    return found


def either(told: Sequence[bool | None]) -> bool | None:
    """Yes if one is; no if one is known not to be; else nobody knows."""
    return True if True in told else False if False in told else None
