"""Pure: contracts with providers: what was promised, what it costs, how what was missed is reckoned.

A site names its contracts in `Site.contract`, several with `|` between them. A contract is a number and may have
several versions, one after the other: an amendment is another version of the same number, valid from another day. In
force at a site on a day is the version whose span contains the day; of several, the one that began last.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from collector.registry import Site

SEPARATOR = "|"


class Formula(StrEnum):
    """How restitution is reckoned (docs/accounting.md, section 15)."""

    SHORTFALL = "shortfall"
    """(SLA - actual) x fee."""
    PRORATED = "prorated"
    """(fee x downtime) / (hours x SLA)."""
    PRORATA = "prorata"
    """fee x (downtime - budget) / hours: the hours beyond the budget."""
    NONE = "none"


class FeeOf(StrEnum):
    """What the fee of a month is paid for, and so of what availability is judged."""

    LINE = "line"
    """Each line."""
    CONTRACT = "contract"
    """All lines of the contract together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One version of a contract. `sla` is a share of time, None: none was promised; `fee` in whole rupiah a month;
    outages shorter than `charge_after_s` are not charged (None: as the collector's settings say). `begins` and `ends`
    are its first and last day, `ends` None: open."""

    number: str
    begins: date
    provider: str = ""
    ends: date | None = None
    sla: Decimal | None = None
    fee: int | None = None
    fee_of: FeeOf = FeeOf.LINE
    formula: Formula = Formula.NONE
    charge_after_s: int | None = None
    note: str = ""

    @property
    def terms(self) -> dict[str, str | None]:
        """All of it as text, for a log that must say it the same way for ever."""
        known = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: None if value is None else str(value) for name, value in known}

    @property
    def after(self) -> date:
        """The first day it is no longer in force; `date.max` where it is open."""
        return self.ends + timedelta(1) if self.ends else date.max


@dataclass(frozen=True, slots=True)
class Part:
    """From `start` to `end` (not included) `contract` is in force at a site; None: no contract that is known."""

    contract: Contract | None
    start: date
    end: date


def numbers_of(site: Site) -> list[str]:
    """The numbers of the contracts that `site` names."""
    return [number for part in site.contract.split(SEPARATOR) if (number := part.strip())]


def parts(site: Site, contracts: Iterable[Contract], start: date, end: date) -> list[Part]:
    """[start, end) of `site`, cut where another contract comes into force; without gaps."""
    named = numbers_of(site)
    mine = [one for one in contracts if one.number in named and one.begins < end and one.after > start]
    cuts = {start, end, *(day for one in mine for day in (one.begins, one.after) if start < day < end)}
    days = sorted(cuts)
    found: list[Part] = []
    for first, after in pairwise(days):
        contract = _in_force(mine, first)
        if found and found[-1].contract == contract:
            found[-1] = Part(contract, found[-1].start, after)
        else:
            found.append(Part(contract, first, after))
    return found


def in_force(site: Site, contracts: Iterable[Contract], day: date) -> Contract | None:
    """The version that is in force at `site` on that day; None: none that is known."""
    named = numbers_of(site)
    return _in_force((one for one in contracts if one.number in named), day)


def overlapping(contracts: Sequence[Contract]) -> Iterator[tuple[Contract, Contract]]:
    """Versions of one number that are in force on the same day."""
    for i, one in enumerate(contracts):
        for other in contracts[i + 1 :]:
            if one.number == other.number and one.begins < other.after and other.begins < one.after:
                yield one, other


def _in_force(contracts: Iterable[Contract], day: date) -> Contract | None:
    valid = [one for one in contracts if one.begins <= day < one.after]
    return max(valid, key=lambda one: (one.begins, one.number), default=None)
