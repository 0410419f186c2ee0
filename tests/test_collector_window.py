"""The de-duplication window against a plain set of numbers."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.store.window import EMPTY, Window

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda s: (s[0], s[0] + s[1])), max_size=14)


def window_of(spans: list[tuple[int, int]]) -> Window:
    window = EMPTY
    for first, end in spans:
        window = window.add(first, end)
    return window


@given(SPANS)
@settings(max_examples=200)
def test_it_holds_exactly_what_was_added(spans: list[tuple[int, int]]) -> None:
    window, truth = window_of(spans), {seq for first, end in spans for seq in range(first, end)}
    present = window.present(np.arange(80))
    assert {seq for seq in range(80) if present[seq]} == truth
    for first, end in ((0, 80), (10, 11), (20, 40)):
        assert window.has_none_of(first, end) == truth.isdisjoint(range(first, end))
        assert {seq for gap in window.gaps(first, end) for seq in range(*gap)} == set(range(first, end)) - truth


@given(SPANS, st.randoms())
@settings(max_examples=100)
def test_the_order_of_arrival_leaves_no_trace(spans: list[tuple[int, int]], random: Random) -> None:
    shuffled = [*spans, *spans]
    random.shuffle(shuffled)
    assert window_of(shuffled) == window_of(spans)


def test_touching_spans_become_one_and_the_contiguous_number_moves_up() -> None:
    assert window_of([(5, 8), (10, 12)]) == Window(0, ((5, 8), (10, 12)))
    assert window_of([(5, 8), (10, 12), (8, 10)]) == Window(0, ((5, 12),))
    assert window_of([(5, 8), (10, 12), (8, 10), (0, 5)]) == Window(12)


def test_what_lies_below_the_floor_counts_as_there() -> None:
    window = window_of([(0, 3), (7, 9), (20, 22)]).raise_floor(8)
    assert window == Window(9, ((20, 22),))
    assert window.present(np.array([4, 8, 9])).tolist() == [True, True, False]


def test_a_lower_floor_changes_nothing() -> None:
    assert Window(9, ((20, 22),)).raise_floor(4) == Window(9, ((20, 22),))


def test_it_comes_back_from_its_bytes() -> None:
    window = window_of([(0, 3), (7, 9), (20, 22)])
    assert Window.from_bytes(window.to_bytes()) == window


def test_its_end_is_above_all_that_came() -> None:
    assert window_of([(3, 5), (9, 11)]).end == 11
    assert EMPTY.end == 0
