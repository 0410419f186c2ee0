"""Small pictures: where bars, whiskers and dots stand."""

import pytest

from collector.faces.pages.bars import Amount, chart, line, place, rounded_up


def percent(share: float) -> str:
    return f"{share * 100:g} %"


def test_twice_as_much_is_twice_as_long_and_the_longest_fits() -> None:
    drawn = chart([Amount(label="a", said="", value=0.02), Amount(label="b", said="", value=0.04)], percent)
    assert [bar.width for bar in drawn.bars] == ["40.00%", "80.00%"]
    assert drawn.ticks == [("0.00%", "0 %"), ("50.00%", "2.5 %"), ("100.00%", "5 %")]


def test_the_whisker_and_the_limit_fit_too() -> None:
    drawn = chart([Amount(label="a", said="", value=0.01, low=0.005, high=0.03)], percent, limit=0.1)
    [bar] = drawn.bars
    assert (bar.width, bar.low, bar.high, drawn.limit) == ("10.00%", "5.00%", "30.00%", "100.00%")


def test_what_is_not_known_has_no_bar_and_nothing_has_one_of_no_length() -> None:
    drawn = chart(
        [Amount(label="a", said="not enough data", value=None), Amount(label="b", said="0", value=0)], percent
    )
    assert [bar.width for bar in drawn.bars] == ["", "0.00%"]


def test_a_picture_of_nothing_has_a_scale_all_the_same() -> None:
    assert chart([], percent).ticks[-1] == ("100.00%", "1 %")
    assert line([], percent).dots == []


def test_a_line_is_broken_where_nothing_is_known() -> None:
    drawn = line([(1.0, "1"), (0.99, "2"), (None, "3"), (0.98, "4")], percent)
    assert [dot.said for dot in drawn.dots] == ["1", "2", "4"]
    assert drawn.stretches == [("12.50%", "0.00%", "37.50%", "50.00%")]
    assert drawn.ticks == [("0.00%", "100 %"), ("50.00%", "99 %"), ("100.00%", "98 %")]


@pytest.mark.parametrize(
    ("value", "end"), [(0.009, 0.01), (0.01, 0.01), (0.011, 0.02), (0.021, 0.025), (0.3, 0.5), (1, 1), (0, 0.01)]
)
def test_scales_end_at_numbers_that_people_say(value: float, end: float) -> None:
    assert rounded_up(value) == pytest.approx(end)


def test_nothing_stands_outside_the_picture() -> None:
    assert [place(share) for share in (-0.1, 0.5, 1.2)] == ["0.00%", "50.00%", "100.00%"]
