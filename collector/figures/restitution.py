"""Pure: what a contract promised and what was kept -> whether it was kept, and what the restitution would be.

Exact: shares, fees and times are rational numbers, and an amount is rounded once, at its end, half a rupiah up. What
comes out is an estimate: what is owed, the contract says (docs/accounting.md, section 15).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from collector.contracts import Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One line in (a part of) one month, or all lines of a contract together. `hours_ms`: for how long the contract
    was in force; `charged_ms`: outages that the provider answers for; `answerable_ms`: the time that was observed and
    for which it answers, whatever the line was in. `fee`: what is paid for that time, in rupiah, before rounding.
    `sla` None: none was promised. `enough` False: too little is known to judge by it."""

    hours_ms: int
    charged_ms: int
    answerable_ms: int
    sla: Fraction | None
    fee: Fraction | None
    enough: bool = True

    @property
    def budget_ms(self) -> Fraction | None:
        """How long the line may be down."""
        return None if self.sla is None else self.hours_ms * (1 - self.sla)

    @property
    def actual(self) -> Fraction | None:
        """Availability as the contract reckons it; None where too little is known."""
        if not self.enough or not self.answerable_ms:
            return None
        return max(Fraction(0), 1 - Fraction(self.charged_ms, self.answerable_ms))

    @property
    def used(self) -> Fraction | None:
        """The share of the budget that was used; None where there is none."""
        return Fraction(self.charged_ms) / self.budget_ms if self.budget_ms else None

    @property
    def kept(self) -> bool | None:
        """Whether the promise was kept: met exactly is kept. None: nothing was promised, or too little is known."""
        return None if self.sla is None or self.actual is None else self.actual >= self.sla

    def restitution(self, formula: Formula) -> int | None:
        """In whole rupiah. None: not known, or the contract promises none."""
        if self.kept is None or self.fee is None or formula not in AMOUNTS:
            return None
        return rounded(AMOUNTS[formula](self))


def together(promises: Iterable[Promise], fee: Fraction | None, *, enough: bool) -> Promise:
    """All lines of a contract whose one fee is for all of them: times are added first, then it is divided once."""
    known = list(promises)
    return Promise(
        hours_ms=sum(one.hours_ms for one in known),
        charged_ms=sum(one.charged_ms for one in known),
        answerable_ms=sum(one.answerable_ms for one in known),
        sla=known[0].sla,
        fee=fee,
        enough=enough,
    )


def fee_of_part(fee: int | None, hours_ms: int, month_ms: int) -> Fraction | None:
    """What of a month's fee is paid for the time of it that the contract was in force."""
    return None if fee is None else Fraction(fee * hours_ms, month_ms)


def rounded(amount: Fraction) -> int:
    """To a whole number (rupiah, milliseconds), half up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def _shortfall(told: Promise) -> Fraction:
    """(SLA - actual) x fee."""
    return max(Fraction(0), _known(told.sla) - _known(told.actual)) * _known(told.fee)


def _prorated(told: Promise) -> Fraction:
    """(fee x downtime) / (hours x SLA), where the SLA was missed."""
    if told.kept:
        return Fraction(0)
    return _known(told.fee) * told.charged_ms / (told.hours_ms * _known(told.sla))


def _prorata(told: Promise) -> Fraction:
    """fee x (downtime - budget) / hours: the hours beyond the budget."""
    return _known(told.fee) * max(Fraction(0), told.charged_ms - _known(told.budget_ms)) / told.hours_ms


def _known(value: Fraction | None) -> Fraction:
    if value is None:
        raise ValueError("a formula was asked for what is not known")
    return value


AMOUNTS: Mapping[Formula, Callable[[Promise], Fraction]] = {
    Formula.SHORTFALL: _shortfall,
    Formula.PRORATED: _prorated,
    Formula.PRORATA: _prorata,
}
