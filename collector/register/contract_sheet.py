"""Pure: rows -> versions of contracts, against what is known.

1. What each row gives is laid over what is known of its number and first day.
2. A number and first day that occur twice; an end before the beginning.
3. Versions of one number that are in force on the same day: in the file, or with one that is known and stays. A row
   that is left out for it may leave the version that it would have ended, so this is asked again until nothing changes.
4. Days that can be read both ways (day_order.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from collector.contracts import Contract, Formula, overlapping
from collector.register import day_order
from collector.register.columns import CONTRACTS
from collector.register.faults import Fault
from collector.register.rows import Reading, Row, read_rows
from collector.register.sheets import Sheet
from collector.register.site_sheet import ALIKE

Key = tuple[str, date]
DAYS = ("begins", "ends")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownContracts:
    """What a sheet of contracts is held against."""

    contracts: Mapping[Key, Contract] = field(default_factory=dict)
    providers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, contracts: Iterable[Contract], providers: Iterable[str] = ()) -> "KnownContracts":
        told = {key_of(one): one for one in contracts}
        named = {one.provider for one in told.values()}
        return cls(contracts=told, providers=(frozenset(providers) | named) - {""})


def key_of(contract: Contract) -> Key:
    return contract.number, contract.begins


def values_of(contract: Contract) -> Mapping[str, Any]:
    """By column."""
    return {one.name: getattr(contract, one.name) for one in fields(Contract)}


def read_contracts(sheet: Sheet, known: KnownContracts) -> Reading[Contract]:
    """Raises BadSheet where no row can be judged."""
    told = read_rows(sheet, CONTRACTS)
    rows = told.right
    read = {number: _contract(row, known) for number, row in rows.items()}
    faults = [
        *day_order.refused(sheet, told, DAYS),
        *told.twice(CONTRACTS.key, "twice_version"),
        *_backwards(rows, read),
    ]
    wrong = {fault.row for fault in faults}
    right = {number: contract for number, contract in read.items() if number not in wrong}
    while found := list(_overlaps(rows, right, known)):
        faults += found
        right = {number: contract for number, contract in right.items() if number not in {one.row for one in found}}
    remarks = [fault for number, contract in right.items() for fault in _remarks(rows[number], contract, known)]
    return told.reading(right, faults, remarks)


def _contract(row: Row, known: KnownContracts) -> Contract:
    before = known.contracts.get((row.given["number"], row.given["begins"]))
    return replace(before, **row.given) if before else Contract(**row.given)


def _backwards(rows: Mapping[int, Row], read: Mapping[int, Contract]) -> Iterator[Fault]:
    for number, contract in read.items():
        if contract.ends is not None and contract.ends < contract.begins:
            yield rows[number].fault("ends", "ends_before", contract.begins.isoformat())


def _overlaps(rows: Mapping[int, Row], right: Mapping[int, Contract], known: KnownContracts) -> Iterator[Fault]:
    row_of = {key_of(contract): number for number, contract in right.items()}
    after = {**known.contracts, **{key_of(contract): contract for contract in right.values()}}
    of_number: dict[str, list[Contract]] = defaultdict(list)
    for contract in after.values():
        of_number[contract.number].append(contract)
    for number in sorted({contract.number for contract in right.values()}):
        for pair in overlapping(sorted(of_number[number], key=lambda one: one.begins)):
            for one, other in (pair, pair[::-1]):
                if key_of(one) in row_of:
                    yield rows[row_of[key_of(one)]].fault("begins", *_overlap(one, other, row_of))


def _overlap(one: Contract, other: Contract, row_of: Mapping[Key, int]) -> tuple[str, str]:
    """The reason, and what it quotes: the other version, and when the earlier one would have to end."""
    ends = max(one.begins, other.begins) - timedelta(1)
    if key_of(other) in row_of:
        return "overlaps_row", f"{row_of[key_of(other)]} ({ends.isoformat()})"
    return "overlaps_known", f"{other.begins.isoformat()} ({ends.isoformat()})"


def _remarks(row: Row, contract: Contract, known: KnownContracts) -> Iterator[Fault]:
    yield from day_order.remarks(row, DAYS)
    if contract.formula is not Formula.NONE and (contract.sla is None or contract.fee is None):
        yield row.fault("formula", "formula_without", contract.formula)
    if contract.provider and contract.provider not in known.providers:
        near = {name.casefold(): name for name in known.providers}
        close = get_close_matches(contract.provider.casefold(), near, n=1, cutoff=ALIKE)
        if close:
            yield row.fault("provider", "unusual_spelling", near[close[0]])
