"""Section 15, of the sites of a pack: every contract in the period of a report, line by line and month by month."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .contracts import Contract, Promise, month_of, parts, together
from .figures import Choice, Figures
from .outages import Stop
from .subjects import Owners, Subject

Line = tuple[str, date, date]
"""Site, first day, and the day after the last."""
Month = tuple[date, date, date]
"""The day on which the version of the contract began, the first day, and the day after the last."""
EVERYBODY = Subject("all", "", "")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the whole province goes by."""

    floor: float
    charge_after_ms: int


@dataclass(slots=True)
class Kept:
    """A contract in the period: each line in each month, and, where the fee is for all lines, each month of all of
    them, by the day on which the version began. `raw`: all of it comes from results."""

    lines: dict[Line, tuple[Contract, Promise]] = field(default_factory=dict)
    months: dict[Month, tuple[Contract, Promise]] = field(default_factory=dict)
    whole: Promise | None = None
    raw: bool = True
    elsewhere: int = 0

    @property
    def codes(self) -> set[str]:
        """Of the sites that have lines of it."""
        return {code for code, _, _ in self.lines}

    @property
    def promises(self) -> list[Promise]:
        """Of each line in each month."""
        return [promise for _, promise in self.lines.values()]

    def version(self, begins: date) -> Contract | None:
        """The one that began on that day, if it is in force at a line."""
        return next((contract for contract, _ in self.lines.values() if contract.begins == begins), None)

    def restitution(self) -> int | None:
        """The sum of what is known, each amount rounded; None where none is."""
        own = [one for one in self.lines.values() if one[0].fee_of == "line"]
        found = [self.amount(*one) for one in (*own, *self.months.values())]
        known = [one for one in found if one is not None]
        return sum(known) if known else None

    def amount(self, contract: Contract, promise: Promise, formula: str = "") -> int | None:
        """By a formula, else by the contract's own; None where the fee is for lines that are not in the pack, too."""
        missing = self.elsewhere and contract.fee_of == "contract"
        return None if missing else promise.restitution(formula or contract.formula)


class Reckoning:
    """`elsewhere`: by number, how many lines of a contract are not in the pack."""

    def __init__(
        self,
        owners: Owners,
        stops_of: Callable[[str], Sequence[Stop]],
        contracts: Sequence[Contract],
        elsewhere: Mapping[str, int],
        settings: Settings,
    ) -> None:
        self._owners, self._stops_of, self._contracts = owners, stops_of, contracts
        self._elsewhere, self._settings = elsewhere, settings
        self._sites = {site["code"]: site for site in owners.sites(EVERYBODY)}
        self.of = lru_cache(8)(self._of)
        self.bare = lru_cache(8)(self._bare)

    def charged(self, site: Mapping[str, Any], stop: Stop, period: str) -> int:
        """What of an outage is charged in the period: in each part of it by the contract of that part."""
        return sum(
            stop.charged(*self._span(site, first, after, period), self.charge_after(contract))
            for contract, first, after in self._parts(site, period)
        )

    def charged_in(self, line: Line, contract: Contract | None, period: str, start: int | None = None) -> int:
        """What is charged between the first and the last day of a line, by the terms of one contract; of the one
        outage that began at `start`, or of all."""
        span = self._span(self._sites[line[0]], line[1], line[2], period)
        stops = (one for one in self._stops_of(line[0]) if start is None or one.start == start)
        return sum(stop.charged(*span, self.charge_after(contract)) for stop in stops)

    def in_force(self, code: str, day: date) -> Contract | None:
        """The version that holds at a site on that day; None: none that is known."""
        return next(parts(self._sites[code]["contract"], self._contracts, day, day + timedelta(1)))[0]

    def charge_after(self, contract: Contract | None) -> int:
        """How long an outage must last to be charged: as the contract says, else as the province does."""
        own = contract.charge_after_ms if contract else None
        return self._settings.charge_after_ms if own is None else own

    def is_raw(self, line: Line) -> bool:
        """Whether what is known of it comes from results."""
        return self._owners.of(Subject("site", line[0], f"{line[1]}/{line[2]}")).raw

    def _bare(self, period: str) -> list[Line]:
        """Where no contract is known that is in force; months are not told apart."""
        found: list[Line] = []
        for code, site in self._sites.items():
            for contract, first, after in self._parts(site, period):
                if contract is None:
                    goes_on = bool(found) and found[-1][0] == code and found[-1][2] == first
                    found[-1:] = [(code, found[-1][1], after)] if goes_on else [*found[-1:], (code, first, after)]
        return found

    def _parts(self, site: Mapping[str, Any], period: str) -> list[tuple[Contract | None, date, date]]:
        start, end = self._owners.span(site, period)
        if start >= end:
            return []
        zone = self._owners.zone(site)
        first, last = zone.local(start).date(), zone.local(end - 1).date()
        return list(parts(site["contract"], self._contracts, first, last + timedelta(1)))

    def _span(self, site: Mapping[str, Any], first: date, after: date, period: str) -> tuple[int, int]:
        start, end = self._owners.span(site, period)
        part_start, part_end = self._owners.span(site, f"{first}/{after}")
        return max(start, part_start), min(end, part_end)

    def _of(self, period: str) -> dict[str, Kept]:
        """Every contract by number."""
        found: dict[str, Kept] = {}
        for code, site in self._sites.items():
            for contract, first, after in self._parts(site, period):
                if contract:
                    kept = found.setdefault(contract.number, Kept(elsewhere=self._elsewhere.get(contract.number, 0)))
                    self._line(kept, contract, site, (code, first, after), period)
        for kept in found.values():
            self._together(kept, period)
        return found

    def _line(self, kept: Kept, contract: Contract, site: Mapping[str, Any], line: Line, period: str) -> None:
        start, end = self._span(site, line[1], line[2], period)
        month = self._owners.span_of(site, month_of(line[1]))
        fee = None if contract.fee is None else Fraction(contract.fee * (end - start), month[1] - month[0])
        promise = Promise(
            hours=end - start,
            charged=self.charged_in(line, contract, period),
            answerable=0,
            sla=contract.sla,
            fee=fee if contract.fee_of == "line" else None,
            enough=False,
        )
        kept.lines[line] = contract, self._judged(kept, promise, [line])

    def _judged(self, kept: Kept, promise: Promise, lines: Sequence[Line]) -> Promise:
        """With what was measured of these lines."""
        asked_ms, counted_ms, known_ms, period_ms, answerable = 0, 0, 0, 0, 0
        for code, first, after in lines:
            found = self._owners.of(Subject("site", code, f"{first}/{after}"))
            figures = Figures(found.sums, Choice(), self._settings.floor, self._settings.charge_after_ms)
            asked_ms, counted_ms = asked_ms + found.asked_ms, counted_ms + found.counted_ms
            known_ms, period_ms = known_ms + figures.known_ms, period_ms + figures.period
            answerable += figures.whole("line")
            kept.raw = kept.raw and found.raw
        known = known_ms / period_ms if period_ms else 0.0
        return Promise(
            hours=promise.hours,
            charged=promise.charged,
            answerable=answerable,
            sla=promise.sla,
            fee=promise.fee,
            enough=known * counted_ms / asked_ms >= self._settings.floor,
        )

    def _together(self, kept: Kept, period: str) -> None:
        """Versions whose fee is for all lines, month by month; and everything added."""
        months: dict[tuple[date, date], list[Line]] = {}
        for line, (contract, _) in kept.lines.items():
            if contract.fee_of == "contract":
                months.setdefault((contract.begins, line[1].replace(day=1)), []).append(line)
        for (begins, month), lines in months.items():
            contract = kept.lines[lines[0]][0]
            first, after = min(line[1] for line in lines), max(line[2] for line in lines)
            in_force, month_ms = self._in_force(lines, month, period)
            fee = None if contract.fee is None else Fraction(contract.fee * in_force, month_ms)
            added = together([kept.lines[line][1] for line in lines], fee, enough=False)
            kept.months[begins, first, after] = contract, self._judged(kept, added, lines)
        every = together(kept.promises, None, enough=False)
        kept.whole = self._judged(kept, every, list(kept.lines))

    def _in_force(self, lines: Sequence[Line], month: date, period: str) -> tuple[int, int]:
        """For how long any of them was, of how long: from the first instant of the month at each, whatever its zone."""
        spans = [self._span(self._sites[code], a, b, period) for code, a, b in lines]
        months = [self._owners.span_of(self._sites[code], month_of(month)) for code, _, _ in lines]
        since = [(start - first, end - first) for (start, end), (first, _) in zip(spans, months, strict=True)]
        in_force = max(end for _, end in since) - min(start for start, _ in since)
        return in_force, max(end - start for start, end in months)
