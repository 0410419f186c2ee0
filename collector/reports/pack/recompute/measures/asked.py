"""What is asked of the script, what it tells, and what a value may be computed from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..connected import Daily, Rule
from ..figures import Choice
from ..outages import Stop, stops
from ..reckoning import Reckoning
from ..subjects import Accounts, Owners, Subject


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure: what is measured, of whom, and which time counts; `period` is that of the report."""

    measure: str
    subject: Subject
    choice: Choice
    period: str

    @property
    def what(self) -> str:
        """Behind the dot."""
        return self.measure.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Told:
    """The value: a date as `2026-10-05`, an instant in milliseconds. `raw`: it was computed from results alone."""

    value: Any
    raw: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # only one there is: what is made of it may be kept
class Evidence:
    """`of` answers any other question: what is a side of another measure asks for that. `pack` is data/pack.json;
    `acts` has `exclusions`, `causes` and `followups` as the pack has them. A question that cannot be answered raises
    Unknown."""

    owners: Owners
    accounts: Accounts
    reckoning: Reckoning
    daily: Mapping[str, Daily]
    rule: Rule
    floor: float
    charge_after_ms: int
    pack: Mapping[str, Any]
    acts: Mapping[str, Sequence[Mapping[str, Any]]]
    of: Callable[[Asked], Told]

    def stops_of(self, code: str) -> list[Stop]:
        return stops_of(self.accounts, code)


@lru_cache(256)
def stops_of(accounts: Accounts, code: str) -> list[Stop]:
    """All outages and power cuts of a site that the pack has an account of."""
    days = (accounts.get(code, at) for at in accounts.days(code))
    return stops(down for day in days if day for down in day["downs"])
