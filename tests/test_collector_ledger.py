"""Every second has one row."""

from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.ledger import account, coverage
from collector.condition import Condition, Flip


def flip(at_ms: int, now: Condition, was: Condition = Condition.UP, proof_ms: int | None = None) -> Flip:
    earlier = at_ms if proof_ms is None else proof_ms
    return Flip(site="s", scope="site", at_ms=at_ms, not_earlier_than_ms=earlier, was=was, now=now)


def test_time_before_the_first_flip_is_unobserved() -> None:
    spent = account([flip(250, Condition.UP)], None, 0, 1000)
    assert (spent[Condition.UNOBSERVED], spent[Condition.UP], coverage(spent)) == (250, 750, 0.75)


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from(list(Condition))), unique_by=lambda pair: pair[0]))
def test_the_rows_sum_to_the_period_exactly(turns: list[tuple[int, Condition]]) -> None:
    flips = [flip(at_ms, now) for at_ms, now in sorted(turns)]
    assert sum(account(flips, None, 0, 1000).values()) == 1000
