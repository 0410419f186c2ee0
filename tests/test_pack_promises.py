"""What the audit pack's script reckons of contracts, by itself, worked by hand to the rupiah."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from collector.figures.restitution import AMOUNTS
from collector.reports.measures import PROMISED
from collector.reports.pack.recompute.calendar import Zone
from collector.reports.pack.recompute.connected import Rule
from collector.reports.pack.recompute.contracts import Contract, Promise
from collector.reports.pack.recompute.expected import Expected
from collector.reports.pack.recompute.figures import Account, Choice
from collector.reports.pack.recompute.measures.asked import Asked, stops_of
from collector.reports.pack.recompute.reckoning import Reckoning, Settings
from collector.reports.pack.recompute.subjects import Accounts, Owners, Subject, Unknown

HOUR = 3_600_000
DAY = 24 * HOUR
BEGINS = 1_790_784_000_000
"""2026-10-01 in Samarinda."""
NOW = BEGINS + 40 * DAY
PERIOD = "2026-10"
FIRST, SECOND = "2026-10-01/2026-10-16", "2026-10-16/2026-11-01"
TERMS: dict[str, Any] = {"ends": None, "sla": None, "fee": None, "fee_of": "line", "formula": "none"}
TERMS["charge_after_s"] = None
Lost = tuple[float, float]
"""Hours of October, from and to, in which the line was down."""


def contract(number: str = "K", begins: str = "2026-01-01", **terms: object) -> Contract:
    return Contract.of({**TERMS, "number": number, "begins": begins, **terms})


CHANGES = (
    contract(ends="2026-10-15", sla="0.99", fee=3_000_000, formula="shortfall"),
    contract(begins="2026-10-16", sla="0.95", fee=6_000_000, formula="prorata"),
)
ONE_FEE = (contract(sla="0.99", fee=10_000_000, fee_of="contract", formula="shortfall"),)


def account(n: int, lost: Sequence[Lost]) -> dict[str, Any]:
    """Of day `n` of October: up, but for what was lost."""
    start, end = BEGINS + n * DAY, BEGINS + (n + 1) * DAY
    spans = [(BEGINS + round(a * HOUR), BEGINS + round(b * HOUR)) for a, b in lost]
    downs = [down(a, b, max(a, start), min(b, end)) for a, b in spans if a < end and b > start]
    down_ms = sum(one["end_ms"] - one["start_ms"] for one in downs)
    cells = {"up/inside/none": end - start - down_ms, "line_down/inside/none": down_ms}
    return {"from_ms": start, "to_ms": end, "cells": cells, "downs": downs, "doubt": {}, "others": {}, "latency": {}}


def down(begins: int, ends: int, start: int, end: int) -> dict[str, Any]:
    told = {"row": "line_down", "start_ms": start, "end_ms": end, "excluded": "none", "due_ms": end - start}
    proofs = {"not_earlier_ms": start, "end_not_earlier_ms": end}
    return {**told, **proofs, "opens": start == begins, "closes": end == ends}


class Made(Accounts):
    """In memory, by site: October."""

    def __init__(self, lines: dict[str, Sequence[Lost]]) -> None:
        found = {code: [account(n, lost) for n in range(31)] for code, lost in lines.items()}
        self._days = {code: {one["from_ms"]: one for one in days} for code, days in found.items()}

    def get(self, site: str, from_ms: int) -> Account | None:
        return self._days[site].get(from_ms)

    def days(self, site: str, from_ms: int = 0, to_ms: int = 1 << 62) -> list[int]:
        return [at for at in self._days[site] if from_ms <= at < to_ms]

    def is_raw(self, site: str, from_ms: int) -> bool:
        return from_ms in self._days[site]


def expected(lines: dict[str, Sequence[Lost]], contracts: Sequence[Contract], elsewhere: int = 0) -> Expected:
    """`lines`: sites, those named after a letter have the contract K, those that begin with a minus none."""
    names = [date(2026, 10, 1) + timedelta(n) for n in range(62)]
    days = {one.isoformat(): (BEGINS + n * DAY, BEGINS + (n + 1) * DAY) for n, one in enumerate(names)}
    zones, accounts = {"z": Zone([0], [8 * HOUR], days)}, Made(lines)
    sites = [
        {"code": code, "contract": "" if code.startswith("-") else "K", "timezone": "z", "begins_ms": BEGINS}
        for code in lines
    ]
    owners = Owners(sites, zones, accounts, NOW)
    known = Settings(0.5, 300_000)
    reckoning = Reckoning(owners, lambda code: stops_of(accounts, code), contracts, {"K": elsewhere}, known)
    rest: dict[str, Any] = {"daily": {}, "rule": Rule(7, HOUR), "pack": {}, "acts": {}}
    return Expected(owners=owners, accounts=accounts, reckoning=reckoning, floor=0.5, charge_after_ms=300_000, **rest)


def ask(known: Expected, names: str, scope: str, of: str = "K", period: str = PERIOD, **where: str) -> list[Any]:
    """What the script tells of each of `names`, without `sla.`."""
    subject = Subject(scope, of, period, tuple(where.items()))
    return [known.of(Asked(f"sla.{name}", subject, Choice(), PERIOD)).value for name in names.split()]


AMOUNTS_AND_OWN = "shortfall prorated prorata restitution"


def test_a_version_that_ends_in_mid_month_is_reckoned_by_its_own_terms() -> None:
    known = expected({"A": [(15 * 24 - 9, 15 * 24 + 21)]}, CHANGES)
    # 3,000,000 x 360 / 744 = 1,451,612.90; 9 h of 360: 97.5 %; 1.5 % of it = 21,774.19
    # 1,451,612.90 x 9 / (360 x 0.99) = 36,656.89; budget 3.6 h: 1,451,612.90 x 5.4 / 360 = 21,774.19
    assert ask(known, f"fee_of_part {AMOUNTS_AND_OWN}", "line", "A", FIRST, contract="K") == [
        1_451_613,
        21_774,
        36_657,
        21_774,
        21_774,
    ]


def test_the_version_behind_it_has_its_own_part_and_the_total_is_the_sum_of_rounded_amounts() -> None:
    known = expected({"A": [(15 * 24 - 9, 15 * 24 + 21)]}, CHANGES)
    # 6,000,000 x 384 / 744 = 3,096,774.19; 21 h of 384: 94.53125 %; 0.46875 % of it = 14,516.13
    # 3,096,774.19 x 21 / (384 x 0.95) = 178,268.25; budget 19.2 h: 3,096,774.19 x 1.8 / 384 = 14,516.13
    assert ask(known, f"fee_of_part {AMOUNTS_AND_OWN}", "line", "A", SECOND, contract="K") == [
        3_096_774,
        14_516,
        178_268,
        14_516,
        14_516,
    ]
    assert ask(known, f"fee_of_part {AMOUNTS_AND_OWN}", "contract") == [None, None, None, None, 36_290]


def test_of_one_outage_each_part_has_what_lies_in_it() -> None:
    known = expected({"A": [(15 * 24 - 9, 15 * 24 + 21)]}, CHANGES)
    start = str(BEGINS + (15 * 24 - 9) * HOUR)
    parts = [ask(known, "outage_charged", "outage", "A", start, contract="K", part=part) for part in (FIRST, SECOND)]
    assert parts == [[9 * HOUR], [21 * HOUR]]


def test_one_fee_for_all_lines_is_reckoned_once_from_added_times() -> None:
    known = expected({"A": [(96, 120)], "B": []}, ONE_FEE)
    month = f"fee_of_part {AMOUNTS_AND_OWN}", "contract", "K", "2026-10-01/2026-11-01"
    # 24 of 1,488 h: 98.387 %; 0.6129 % x 10,000,000 = 61,290.32
    # 10,000,000 x 24 / (1,488 x 0.99) = 162,919.52; 10,000,000 x (24 - 14.88) / 1,488 = 61,290.32
    assert ask(known, *month, begins="2026-01-01") == [10_000_000, 61_290, 162_920, 61_290, 61_290]
    assert ask(known, AMOUNTS_AND_OWN, "line", "A", "2026-10-01/2026-11-01", contract="K") == [None] * 4
    assert ask(known, "lines hours charged restitution", "contract") == [2, 1_488 * HOUR, 24 * HOUR, 61_290]


def test_a_month_of_all_lines_is_told_apart_from_all_of_the_contract_also_where_the_days_are_the_same() -> None:
    known, days = expected({"A": [(96, 120)], "B": []}, ONE_FEE), "2026-10-01/2026-11-01"
    for where, fee in (((), None), ((("begins", "2026-01-01"),), 10_000_000)):
        asked = Asked("sla.fee_of_part", Subject("contract", "K", days, where), Choice(), days)
        assert known.of(asked).value == fee


def test_where_lines_of_one_fee_are_not_in_the_pack_there_is_no_amount_of_it() -> None:
    known = expected({"A": [(96, 120)]}, ONE_FEE, elsewhere=1)
    found = ask(known, f"fee_of_part {AMOUNTS_AND_OWN}", "contract", "K", "2026-10-01/2026-11-01", begins="2026-01-01")
    assert found == [10_000_000, None, None, None, None]
    assert ask(known, "restitution", "all", "") == [None]


def test_terms_are_those_of_the_version_with_the_threshold_that_holds() -> None:
    known = expected({"A": []}, (CHANGES[0], contract(begins="2026-10-16", charge_after_s=3600)))
    terms = "begins ends fee charge_after", "contract", "K", PERIOD
    assert ask(known, *terms, begins="2026-01-01") == ["2026-01-01", "2026-10-15", 3_000_000, 300_000]
    assert ask(known, *terms, begins="2026-10-16") == ["2026-10-16", None, None, HOUR]
    assert ask(known, *terms, begins="2026-10-17") == [None] * 4


def test_a_line_without_a_contract_is_charged_by_the_threshold_of_the_province() -> None:
    known = expected({"-A": [(24, 24 + 4 / 60), (48, 57)], "B": []}, CHANGES)
    assert ask(known, "charged", "line", "-A", "2026-10-01/2026-11-01") == [9 * HOUR]
    assert ask(known, "charged", "line", "B", "2026-10-01/2026-11-01") == [None]


def test_lines_are_counted_once_and_promises_by_the_line_and_month() -> None:
    known = expected(
        {"A": [(15 * 24 - 9, 15 * 24 + 21)], "B": [], "-C": []}, (CHANGES[0], contract(begins="2026-10-16"))
    )
    # A and B: two parts each; A misses the first; the second promises nothing
    names = "contracts lines missed unjudged unpromised bare restitution"
    assert ask(known, names, "all", "") == [1, 2, 1, 0, 2, 1, 21_774]
    assert ask(known, "lines missed", "contract") == [2, 1]


def test_sums_of_fewer_sites_than_the_pack_has_are_not_made_up() -> None:
    known = expected({"A": [], "B": []}, CHANGES)
    with pytest.raises(Unknown):
        ask(known, "missed", "site", "A")


def test_an_amount_is_rounded_once_half_a_rupiah_up() -> None:
    # 36 of 720 h: 95 %; 4 % of a fee of 1,000,012.5 is 40,000.5
    half = Promise(hours=720, charged=36, answerable=720, sla=Fraction("0.99"), fee=Fraction("1000012.5"), enough=True)
    assert half.restitution("shortfall") == 40_001


def test_every_measure_of_a_contract_is_known_to_the_script() -> None:
    known = expected({"A": [(96, 120)]}, [replace(ONE_FEE[0], after=date(2027, 1, 1))])
    where = {"contract": {"begins": "2026-01-01"}, "line": {"contract": "K"}, "outage": {"contract": "K"}}
    where["outage"]["part"] = month = "2026-10-01/2026-11-01"
    of = {"contract": "K", "line": "A", "outage": "A", "all": ""}
    period = {"outage": str(BEGINS + 96 * HOUR), "all": PERIOD}
    for name in PROMISED:
        told = [_told(known, name, scope, of[scope], period.get(scope, month), where.get(scope, {})) for scope in of]
        assert any(one is not None for one in told), name
    assert {f"sla.{formula}" for formula in AMOUNTS} <= PROMISED.keys()


def _told(known: Expected, name: str, scope: str, of: str, period: str, where: dict[str, str]) -> Any:
    try:
        return known.of(Asked(name, Subject(scope, of, period, tuple(where.items())), Choice(), PERIOD)).value
    except Unknown:
        return None
