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


@dataclass(frozen=True, slots=True)
class Settings:
    """What the whole province goes by."""

    floor: float
    charge_after_ms: int


@dataclass(slots=True)
class Kept:
    """A contract in the period. `raw`: all of it comes from results."""

    lines: dict[Line, tuple[Contract, Promise]] = field(default_factory=dict)
    months: dict[tuple[date, date], tuple[Contract, Promise]] = field(default_factory=dict)
    whole: Promise | None = None
    raw: bool = True
    elsewhere: int = 0

    def amounts(self) -> list[int]:
        """What is known, each rounded."""
        own = [one for one in self.lines.values() if one[0].fee_of == "line"]
        found = [self.amount(*one) for one in (*own, *self.months.values())]
        return [one for one in found if one is not None]

    def amount(self, contract: Contract, promise: Promise) -> int | None:
        """None where the fee is for lines that are not in the pack, too."""
        missing = self.elsewhere and contract.fee_of == "contract"
        return None if missing else promise.restitution(contract.formula)


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
        self.of = lru_cache(8)(self._of)

    def charged(self, site: Mapping[str, Any], stop: Stop, period: str) -> int:
        """What of an outage is charged in the period: in each part of it by the contract of that part."""
        return sum(
            stop.charged(*self._span(site, first, after, period), self._charge_after(contract))
            for contract, first, after in self._parts(site, period)
        )

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

    def _charge_after(self, contract: Contract | None) -> int:
        own = contract.charge_after_ms if contract else None
        return self._settings.charge_after_ms if own is None else own

    def _of(self, period: str) -> dict[str, Kept]:
        """Every contract by number."""
        found: dict[str, Kept] = {}
        for code in self._owners.names():
            [site] = self._owners.sites(Subject("site", code, ""))
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
            charged=sum(s.charged(start, end, self._charge_after(contract)) for s in self._stops_of(line[0])),
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
        for (_, month), lines in months.items():
            contract = kept.lines[lines[0]][0]
            first, after = min(line[1] for line in lines), max(line[2] for line in lines)
            in_force, month_ms = self._in_force(lines, month, period)
            fee = None if contract.fee is None else Fraction(contract.fee * in_force, month_ms)
            added = together([kept.lines[line][1] for line in lines], fee, enough=False)
            kept.months[first, after] = contract, self._judged(kept, added, lines)
        every = together([promise for _, promise in kept.lines.values()], None, enough=False)
        kept.whole = self._judged(kept, every, list(kept.lines))

    def _in_force(self, lines: Sequence[Line], month: date, period: str) -> tuple[int, int]:
        """For how long any of them was, of how long: from the first instant of the month at each, whatever its zone."""
        spans = [self._span(self._site(code), a, b, period) for code, a, b in lines]
        months = [self._owners.span_of(self._site(code), month_of(month)) for code, _, _ in lines]
        since = [(start - first, end - first) for (start, end), (first, _) in zip(spans, months, strict=True)]
        in_force = max(end for _, end in since) - min(start for start, _ in since)
        return in_force, max(end - start for start, end in months)

    def _site(self, code: str) -> Mapping[str, Any]:
        return self._owners.sites(Subject("site", code, ""))[0]
