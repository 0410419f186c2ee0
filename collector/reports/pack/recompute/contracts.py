"""Section 15: what contracts promised, what was kept, and what the restitution would be: exact, rounded once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

OPEN = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One version of a contract; `after` is the first day it is no longer in force."""

    number: str
    begins: date
    after: date
    sla: Fraction | None
    fee: int | None
    fee_of: str
    formula: str
    charge_after_ms: int | None

    @classmethod
    def of(cls, told: Any) -> "Contract":
        seconds = told["charge_after_s"]
        return cls(
            number=told["number"],
            begins=date.fromisoformat(told["begins"]),
            after=date.fromisoformat(told["ends"]) + timedelta(1) if told["ends"] else OPEN,
            sla=None if told["sla"] is None else Fraction(told["sla"]),
            fee=told["fee"],
            fee_of=told["fee_of"],
            formula=told["formula"],
            charge_after_ms=None if seconds is None else seconds * 1000,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`hours`: how long the contract was in force; `answerable`: the time that was observed and for which the provider
    answers. All in milliseconds; `fee` is what is paid for that time."""

    hours: int
    charged: int
    answerable: int
    sla: Fraction | None
    fee: Fraction | None
    enough: bool

    @property
    def budget(self) -> Fraction | None:
        return None if self.sla is None else self.hours * (1 - self.sla)

    @property
    def actual(self) -> Fraction | None:
        if not self.enough or not self.answerable:
            return None
        return max(Fraction(0), 1 - Fraction(self.charged, self.answerable))

    @property
    def kept(self) -> bool | None:
        """None: nothing was promised, or too little is known. Met exactly is kept."""
        actual, sla = self.actual, self.sla
        return None if actual is None or sla is None else actual >= sla

    @property
    def used(self) -> Fraction | None:
        budget = self.budget
        return self.charged / budget if budget else None

    def restitution(self, formula: str) -> int | None:
        """In whole rupiah; None: not known, or none was promised."""
        actual, sla, fee, budget = self.actual, self.sla, self.fee, self.budget
        if actual is None or sla is None or fee is None or budget is None:
            return None
        if formula == "shortfall":
            return rounded(max(Fraction(0), sla - actual) * fee)
        if formula == "prorated":
            return rounded(Fraction(0) if actual >= sla else fee * self.charged / (self.hours * sla))
        if formula == "prorata":
            return rounded(fee * max(Fraction(0), self.charged - budget) / self.hours)
        return None


def rounded(amount: Fraction) -> int:
    """Half up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def together(known: Sequence[Promise], fee: Fraction | None, *, enough: bool) -> Promise:
    """All lines whose one fee is for all of them: added first, divided once. The SLA is there if it is the same."""
    slas = {one.sla for one in known}
    return Promise(
        hours=sum(one.hours for one in known),
        charged=sum(one.charged for one in known),
        answerable=sum(one.answerable for one in known),
        sla=known[0].sla if len(slas) == 1 else None,
        fee=fee,
        enough=enough,
    )


def parts(
    named: str, contracts: Sequence[Contract], start: date, end: date
) -> Iterator[tuple[Contract | None, date, date]]:
    """[start, end) of a site that names the contracts `named`, cut where another is in force and where months end."""
    numbers = [number.strip() for number in named.split("|")]
    mine = [one for one in contracts if one.number in numbers and one.begins < end and one.after > start]
    cuts = {start, end, *(day for one in mine for day in (one.begins, one.after) if start < day < end)}
    cuts |= {day for day in (start + timedelta(n) for n in range((end - start).days)) if day.day == 1}
    found: list[tuple[Contract | None, date, date]] = []
    for first, after in pairwise(sorted(cuts)):
        valid = [one for one in mine if one.begins <= first < one.after]
        contract = max(valid, key=lambda one: (one.begins, one.number), default=None)
        same = found and found[-1][0] == contract and first.day != 1
        found[-1:] = [(contract, found[-1][1], after)] if same else [*found[-1:], (contract, first, after)]
    yield from found


def month_of(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(31)).replace(day=1)


def _whole(value: Fraction | None) -> int | None:
    return None if value is None else rounded(value)


def _share(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


FORMULAS = ("shortfall", "prorated", "prorata")
MEASURES: Mapping[str, Callable[[Promise], float | int | None]] = {
    "required": lambda p: _share(p.sla),
    "hours": lambda p: p.hours,
    "budget": lambda p: _whole(p.budget),
    "charged": lambda p: p.charged,
    "used": lambda p: _share(p.used),
    "actual": lambda p: _share(p.actual),
    "fee_of_part": lambda p: _whole(p.fee),
    **{formula: partial(lambda name, p: p.restitution(name), formula) for formula in FORMULAS},
}
"""Of a promise, by what stands behind `sla.`."""
