"""Section 12: accounts of many sites and days -> figures. Sums are added first and divided once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .latency import Echoes, add_echoes, empty, percentile_us
from .records import OBSERVED, OUTAGES, ROWS

Account = Mapping[str, Any]
"""The account of one site and day, as kept accounts are written, with `due_ms` of each down: what of it lies in service
hours."""
LINE = ("up", "degraded", "intercepted", "internet_down", "intranet_down")
WORKING = ("up", "degraded")
SHARES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "line": (LINE, ("line_down",)),
    "experienced": (WORKING, (*OUTAGES, "power")),
}
"""What is divided by what: the rows of the part, and those that are in the whole besides."""
CHARGED = ("line_down", "internet_down")
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which cells count: `hours` `all` or `service`; `exclusions` `with`: only what is not excluded, `without`: all."""

    hours: str = "all"
    exclusions: str = "with"

    def has(self, hours: str, excluded: str) -> bool:
        return (self.hours == "all" or hours == "inside") and (self.exclusions == "without" or excluded == "none")


@dataclass(slots=True)
class Stretch:
    """One outage or power cut, put together from the days it lies in. `spent` in the period, by (inside or outside,
    exclusion); `length` is the whole of it; `opens`: it begins in the period."""

    row: str
    end: int
    opens: bool
    length: int = 0
    spent: dict[tuple[str, str], int] = field(default_factory=dict)

    def chosen(self, choice: Choice) -> int:
        return sum(ms for (hours, excluded), ms in self.spent.items() if choice.has(hours, excluded))


@dataclass(slots=True)
class Sums:
    """What adds up."""

    sites: int = 0
    cells: dict[str, int] = field(default_factory=dict)
    doubt: dict[str, int] = field(default_factory=dict)
    others: dict[str, dict[str, int]] = field(default_factory=dict)
    latency: dict[str, Echoes] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)

    def add_site(self, days: Iterable[Account], before: Account | None, behind: Account | None) -> None:
        """The days of one site in the period, by time; those next to it only say how long an outage was that an edge
        of the period cuts."""
        mine = list(days)
        self.sites += 1
        for day in mine:
            _add(self.cells, day["cells"])
            _add(self.doubt, day["doubt"])
            for subject, cells in day["others"].items():
                _add(self.others.setdefault(subject, {}), cells)
            for slot, echoes in day["latency"].items():
                add_echoes(self.latency.setdefault(slot, empty()), echoes)
        self.stretches += stretches(mine, before, behind)

    def rows(self, choice: Choice) -> dict[str, int]:
        return _chosen(self.cells, choice)


def _add(total: dict[str, int], other: Mapping[str, int]) -> None:
    for name, ms in other.items():
        total[name] = total.get(name, 0) + ms


def _chosen(cells: Mapping[str, int], choice: Choice) -> dict[str, int]:
    """By what stands before the last two words of a name."""
    found: dict[str, int] = {}
    for name, ms in cells.items():
        what, hours, excluded = name.rsplit("/", 2)
        if choice.has(hours, excluded):
            found[what] = found.get(what, 0) + ms
    return found


def stretches(days: Sequence[Account], before: Account | None, behind: Account | None) -> list[Stretch]:
    """Section 11: pieces that meet, and of which the later does not begin there, are one."""
    found: list[Stretch] = []
    parts = ((before, False), *((day, True) for day in days), (behind, False))
    pieces = [(down, inside) for day, inside in parts if day for down in day["downs"]]
    for down, inside in pieces:
        last = found[-1] if found else None
        if last is None or down["opens"] or (last.row, last.end) != (down["row"], down["start_ms"]):
            last = Stretch(down["row"], down["end_ms"], inside and down["opens"])
            found.append(last)
        length = down["end_ms"] - down["start_ms"]
        last.end = down["end_ms"]
        last.length += length
        if inside:
            for hours, ms in (("inside", down["due_ms"]), ("outside", length - down["due_ms"])):
                key = hours, down["excluded"]
                last.spent[key] = last.spent.get(key, 0) + ms
    return [one for one in found if one.spent]


class Figures:
    """Of one owner and period, for one choice. `floor`: below it there is not enough data; outages shorter than
    `charge_after_ms` are not charged."""

    def __init__(self, sums: Sums, choice: Choice, floor: float, charge_after_ms: int) -> None:
        self._sums, self._choice, self._charge_after_ms = sums, choice, charge_after_ms
        self.rows = sums.rows(choice)
        self.period = sum(self.rows.values())
        self.known_ms = self._of((*OBSERVED, "power"))
        self.known = known = divided(self.known_ms, self.period)
        self.enough = known is not None and known >= floor

    def of(self, measure: str) -> Value:
        """KeyError for a measure that nobody knows."""
        plain = PLAIN.get(measure)
        if plain:
            return plain(self)
        name, _, what = measure.partition("_")
        if name == "row" and what in ROWS:
            return self.rows.get(what, 0)
        if name in SHARES and what in ("", "low", "high"):
            return self._share(name, what)
        if name in ("internet", "intranet") and what in ("", "low", "high"):
            return self._of_group(name) if not what else None
        if name in ("internet", "intranet"):
            return self._echo(name, what)
        raise KeyError(measure)

    def whole(self, name: str) -> int:
        """What a share is a share of."""
        return self._of([row for rows in SHARES[name] for row in rows])

    def _of(self, rows: Iterable[str]) -> int:
        return sum(self.rows.get(row, 0) for row in rows)

    def _share(self, name: str, end: str) -> Value:
        """Error bars: all doubt that can lower the share moved at once, or all that can raise it."""
        part, rest = SHARES[name]
        part_ms, whole_ms = self._of(part), self._of((*part, *rest))
        if not self.enough or not whole_ms:
            return None
        if not end:
            return part_ms / whole_ms
        for move, ms in _chosen(self._sums.doubt, self._choice).items():
            row, maybe = move.split("/")
            to_part = (maybe in part) - (row in part)
            to_whole = (maybe in part or maybe in rest) - (row in part or row in rest)
            lowers = to_part < 0 or (to_part == 0 and to_whole > 0)
            raises = to_part > 0 or (to_part == 0 and to_whole < 0)
            if lowers if end == "low" else raises:
                part_ms, whole_ms = part_ms + to_part * ms, whole_ms + to_whole * ms
        if end == "low":
            return part_ms / whole_ms if part_ms > 0 else 0
        return part_ms / whole_ms if whole_ms > part_ms else 1

    def _of_group(self, name: str) -> Value:
        cells = _chosen(self._sums.others.get(name, {}), self._choice)
        up = cells.get("up", 0)
        return divided(up, up + cells.get("intercepted", 0) + cells.get("down", 0)) if self.enough else None

    def _echo(self, group: str, what: str) -> Value:
        total = empty()
        for slot, echoes in self._sums.latency.items():
            name, _, hours = slot.partition("/")
            if name == group and (self._choice.hours == "all" or hours == "inside"):
                add_echoes(total, echoes)
        if what == "loss":
            value = divided(total["lost"], total["sent"])
        elif what == "jitter":
            mean_us = divided(total["jitter_sum_us"], total["jitter_n"])
            value = None if mean_us is None else mean_us / 1000
        else:
            us = percentile_us(total["buckets"], PERCENTILES[what])
            value = None if us is None else us / 1000
        return value if self.enough and total["sent"] else None

    def _stretches(self, rows: Sequence[str], at_least_ms: int = 0) -> tuple[int, int, int]:
        """(how many begin in the period, their time in it, the longest's)."""
        mine = [one for one in self._sums.stretches if one.row in rows and one.length >= at_least_ms]
        spent = [one.chosen(self._choice) for one in mine]
        begun = sum(1 for one, ms in zip(mine, spent, strict=True) if one.opens and ms)
        return begun, sum(spent), max(spent, default=0)

    def outages(self) -> tuple[int, int, int]:
        return self._stretches(OUTAGES)

    def charged(self) -> tuple[int, int, int]:
        return self._stretches(CHARGED, self._charge_after_ms)

    def power_cuts(self) -> int:
        return self._stretches(("power",))[0]

    def sites(self) -> int:
        return self._sums.sites

    def observed(self) -> int:
        return self._of(OBSERVED)

    def most_lost(self) -> Value:
        """Which of the rows in which people go without took the most time; of equals the first."""
        row = max((*OUTAGES, "power"), key=lambda row: self.rows.get(row, 0))
        return row if self.rows.get(row) else None

    def mean(self, rows: Sequence[str]) -> Value:
        """Time in `rows` by outage."""
        return divided(self._of(rows), self.outages()[0]) if self.enough else None

    def downtime(self) -> int:
        return self._of(OUTAGES)


def divided(part: int, whole: int) -> float | None:
    return part / whole if whole else None


PLAIN: Mapping[str, Callable[[Figures], Value]] = {
    "sites": Figures.sites,
    "period": lambda f: f.period,
    "observed": Figures.observed,
    "coverage": lambda f: divided(f.observed(), f.period),
    "known": lambda f: f.known,
    "outages": lambda f: f.outages()[0],
    "downtime": Figures.downtime,
    "longest": lambda f: f.outages()[2],
    "charged": lambda f: f.charged()[0],
    "charged_time": lambda f: f.charged()[1],
    "power_cuts": Figures.power_cuts,
    "most_lost": Figures.most_lost,
    "mttr": lambda f: f.mean(OUTAGES),
    "mtbf": lambda f: f.mean(WORKING),
}
"""Measures by their names in the reports."""
