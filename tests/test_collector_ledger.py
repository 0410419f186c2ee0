"""Every second has one row, and an outage is a maximal interval in one down condition."""

from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.ledger import account, coverage, outages
from collector.condition import Condition, Flip


def flip(at_ms: int, now: Condition, was: Condition = Condition.UP, proof_ms: int | None = None) -> Flip:
    earlier = at_ms if proof_ms is None else proof_ms
    return Flip(site="s", scope="site", at_ms=at_ms, not_earlier_than_ms=earlier, was=was, now=now)


DOWN = flip(200, Condition.LINE_DOWN, proof_ms=170)
UP = flip(500, Condition.UP, Condition.LINE_DOWN, proof_ms=490)


def test_an_outage_carries_the_error_bars_of_both_ends() -> None:
    (outage,) = outages([DOWN, UP], None, 0, 1000)
    assert (outage.start_not_earlier_than_ms, outage.start_ms) == (170, 200)
    assert (outage.end_not_earlier_than_ms, outage.end_ms) == (490, 500)


def test_an_outage_that_began_before_the_period_is_whole() -> None:
    (outage,) = outages([UP], DOWN, 300, 1000)
    assert (outage.start_ms, outage.end_ms) == (200, 500)


def test_an_outage_that_lasts_has_no_end() -> None:
    assert [o.end_ms for o in outages([DOWN], None, 0, 1000)] == [None]


def test_a_change_from_one_down_condition_to_another_is_two_outages() -> None:
    worse = flip(300, Condition.LOCAL_DOWN, Condition.LINE_DOWN)
    assert [o.condition for o in outages([DOWN, worse, UP], None, 0, 1000)] == ["line_down", "local_down"]


def test_time_before_the_first_flip_is_unobserved() -> None:
    spent = account([flip(250, Condition.UP)], None, 0, 1000)
    assert (spent[Condition.UNOBSERVED], spent[Condition.UP], coverage(spent)) == (250, 750, 0.75)


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from(list(Condition))), unique_by=lambda pair: pair[0]))
def test_the_rows_sum_to_the_period_exactly(turns: list[tuple[int, Condition]]) -> None:
    flips = [flip(at_ms, now) for at_ms, now in sorted(turns)]
    assert sum(account(flips, None, 0, 1000).values()) == 1000
