"""Restitution by the three formulas, worked by hand, to the rupiah."""

from fractions import Fraction

import pytest

from collector.contracts import Formula
from collector.figures.restitution import AMOUNTS, Promise, fee_of_part, rounded, together

HOUR = 3_600_000
SHORTFALL, PRORATED, PRORATA = Formula.SHORTFALL, Formula.PRORATED, Formula.PRORATA


def promise(
    hours: int,
    down_h: str,
    sla: str | None = "0.99",
    fee: int | None = 3_100_000,
    observed_h: int | None = None,
    enough: bool = True,
) -> Promise:
    """A line that its provider answered for all the time, unless less was observed."""
    return Promise(
        hours_ms=hours * HOUR,
        charged_ms=int(Fraction(down_h) * HOUR),
        answerable_ms=(hours if observed_h is None else observed_h) * HOUR,
        sla=None if sla is None else Fraction(sla),
        fee=None if fee is None else Fraction(fee),
        enough=enough,
    )


def amounts(told: Promise) -> list[int | None]:
    return [told.restitution(formula) for formula in (SHORTFALL, PRORATED, PRORATA)]


def test_a_month_of_31_days() -> None:
    told = promise(744, "14.88")
    # reached 1 - 14.88 / 744 = 98 %; budget 744 x 1 % = 7.44 h, used twice
    assert (told.actual, told.budget_ms, told.used) == (Fraction(98, 100), Fraction("7.44") * HOUR, Fraction(2))
    # (99 % - 98 %) x 3,100,000 = 31,000
    # (3,100,000 x 14.88) / (744 x 0.99) = 62,626.26...
    # 3,100,000 x (14.88 - 7.44) / 744 = 31,000
    assert amounts(told) == [31_000, 62_626, 31_000]


def test_the_same_outages_in_a_month_of_30_days_cost_more() -> None:
    # 1 - 14.88 / 720 = 97.9333 %: 1.0667 % x 3,100,000 = 33,066.67
    # 3,100,000 x 14.88 / (720 x 0.99) = 64,713.80; 3,100,000 x (14.88 - 7.2) / 720 = 33,066.67
    assert amounts(promise(720, "14.88")) == [33_067, 64_714, 33_067]


def test_what_was_not_observed_is_in_no_denominator_of_the_shortfall() -> None:
    told = promise(744, "14.88", observed_h=372)
    # 1 - 14.88 / 372 = 96 %: 3 % x 3,100,000 = 93,000; the other two go by the hours in force
    assert told.actual == Fraction(96, 100)
    assert amounts(told) == [93_000, 62_626, 31_000]


def test_an_sla_that_is_met_exactly_is_kept() -> None:
    told = promise(744, "7.44")
    assert (told.kept, told.used) == (True, Fraction(1))
    assert amounts(told) == [0, 0, 0]


def test_one_millisecond_more_is_not() -> None:
    told = promise(744, "7.44")
    worse = Promise(
        hours_ms=told.hours_ms,
        charged_ms=told.charged_ms + 1,
        answerable_ms=told.answerable_ms,
        sla=told.sla,
        fee=told.fee,
    )
    # 3,100,000 x 7.44 h / (744 h x 0.99) = 31,313.13: prorated pays from the first second on, once it is missed
    assert worse.kept is False
    assert amounts(worse) == [0, 31_313, 0]


@pytest.mark.parametrize(
    "told", [promise(744, "20", sla=None), promise(744, "20", fee=None), promise(744, "20", enough=False)]
)
def test_without_sla_fee_or_data_there_is_no_number(told: Promise) -> None:
    assert amounts(told) == [None, None, None]


def test_what_was_promised_is_judged_also_where_no_fee_is_known() -> None:
    assert promise(744, "20", fee=None).kept is False
    assert promise(744, "20", sla=None).kept is None


def test_a_line_that_nobody_answered_for_is_not_judged() -> None:
    assert promise(744, "0", observed_h=0).kept is None


def test_a_contract_without_a_formula_pays_nothing_that_is_known() -> None:
    assert promise(744, "20").restitution(Formula.NONE) is None


def test_of_a_month_that_is_cut_each_part_has_its_hours_of_the_fee() -> None:
    # 15 of 31 days of 3,000,000 = 1,451,612.903...; 18 h down of 360 = 95 %, 4 % missing: 58,064.516...
    fee = fee_of_part(3_000_000, 360 * HOUR, 744 * HOUR)
    told = Promise(hours_ms=360 * HOUR, charged_ms=18 * HOUR, answerable_ms=360 * HOUR, sla=Fraction("0.99"), fee=fee)
    assert fee == Fraction(45_000_000, 31)
    # prorated: 1,451,612.903 x 18 / (360 x 0.99) = 73,313.78; pro rata: x (18 - 3.6) / 360 = 58,064.52
    assert amounts(told) == [58_065, 73_314, 58_065]


def test_lines_with_one_fee_are_added_before_anything_is_divided() -> None:
    bad, good = promise(744, "22.32", fee=None), promise(744, "0", fee=None)
    told = together([bad, good], Fraction(10_000_000), enough=True)
    # 1 - 22.32 / 1,488 = 98.5 %: 0.5 % x 10,000,000 = 50,000, and not 2 % of one half
    # 10,000,000 x 22.32 / (1,488 x 0.99) = 151,515.15; 10,000,000 x (22.32 - 14.88) / 1,488 = 50,000
    assert amounts(told) == [50_000, 151_515, 50_000]


def test_a_budget_of_nothing_has_no_share() -> None:
    assert promise(744, "1", sla="1").used is None


def test_half_a_rupiah_is_rounded_up() -> None:
    assert [rounded(Fraction(n, 2)) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert rounded(Fraction(49, 100)) == 0


def test_a_rupiah_is_rounded_once_at_the_end() -> None:
    # 1 % of Rp50 = 0.5 -> 1; a fee that was rounded before, Rp1 x 15 / 31 = 0, would give 0
    assert promise(100, "2", fee=50).restitution(SHORTFALL) == 1
    assert set(AMOUNTS) == {SHORTFALL, PRORATED, PRORATA}
