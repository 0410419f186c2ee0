"""Pictures: what was not measured is not drawn, and nobody needs the colour."""

from math import nan
from xml.etree import ElementTree

import pytest

from collector.condition import ROWS, Row
from collector.faces.pages.charts import (
    TILES,
    WIDTH,
    Mark,
    Plot,
    Tick,
    area_path,
    line_path,
    nice,
    plot,
    runs,
    strip,
    swatch,
    tiles,
)

QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def a_plot(values: tuple[float, ...] = (10.0, nan, 30.0, 40.0), title: str = "Latency") -> Plot:
    return Plot(
        name="latency",
        title=title,
        summary="10 to 40 ms",
        edges=QUARTERS,
        line=values,
        low=values,
        high=[value * 2 for value in values],
        top=100,
        top_text="100 ms",
        limit=50,
        limit_text="limit 50 ms",
        ticks=[Tick(0.5, "12:00")],
    )


def test_no_line_crosses_a_gap() -> None:
    first, second = line_path(QUARTERS, (10, nan, 30, 40), 100).split("M")[1:]
    assert first == f"0 90H{WIDTH // 4}"
    assert second == f"{WIDTH // 2} 70H{WIDTH * 3 // 4}V60H{WIDTH}"


def test_no_area_crosses_a_gap() -> None:
    path = area_path(QUARTERS, (10, nan, 30, 40), (20, nan, 30, 80), 100)
    assert path.count("M") == path.count("Z") == 2


def test_a_single_bin_among_gaps_is_still_seen() -> None:
    assert line_path(QUARTERS, (nan, 10, nan, nan), 100) == f"M{WIDTH // 4} 90H{WIDTH // 2}"


def test_nothing_measured_draws_nothing() -> None:
    assert (line_path(QUARTERS, (nan,) * 4, 100), list(runs((nan,) * 4))) == ("", [])


def test_what_is_above_the_axis_is_cut_at_its_end() -> None:
    assert line_path((0.0, 1.0), (500,), 100) == f"M0 0H{WIDTH}"


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.03, 0.03), (7, 8), (172.5, 200), (900, 1000), (1035, 2000)])
def test_an_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert nice(value) == pytest.approx(top)


def test_every_row_of_the_ledger_has_a_tile_of_its_own() -> None:
    assert set(ROWS) <= set(TILES)
    drawn = [TILES[row] for row in ROWS if row not in (Row.UP, Row.LINE_DOWN)]  # plain: low, and as high as it goes
    assert len(set(drawn)) == len(drawn)
    assert "" not in drawn


def test_faults_stand_higher_than_what_is_well_and_silence_is_low() -> None:
    heights = {}
    for row in (Row.LINE_DOWN, Row.DEGRADED, Row.UP, Row.POWER):
        picture = ElementTree.fromstring(strip([Mark(start=0, end=1, kind=row)], [], [], []))
        (rect,) = picture.iter("rect")
        heights[row] = int(rect.attrib["height"])
    assert list(heights) == sorted(heights, key=lambda row: -heights[row])


def test_a_mark_that_leads_on_is_a_link_with_its_words() -> None:
    link = ElementTree.fromstring(strip([Mark(start=0, end=0.5, kind="up", said="a & b", href="x?at=1")], [], [], []))
    (anchor,) = link.iter("a")
    assert anchor.attrib["href"] == "x?at=1"
    assert [title.text for title in anchor.iter("title")] == ["a & b"]


def test_labels_at_the_edges_are_left_out() -> None:
    ticks = [Tick(0.01, "00:00"), Tick(0.5, "12:00"), Tick(0.99, "24:00")]
    assert [text.text for text in ElementTree.fromstring(strip([], [], [], ticks)).iter("text")] == ["12:00"]


def test_a_plot_has_a_title_and_a_summary_to_be_read_aloud() -> None:
    picture = ElementTree.fromstring(plot(a_plot()))
    names = {part.attrib["id"]: part.text for part in picture if "id" in part.attrib}
    assert picture.attrib["role"] == "img"
    assert [names[name] for name in picture.attrib["aria-labelledby"].split()] == ["Latency", "10 to 40 ms"]


def test_words_are_shown_as_text() -> None:
    assert "<b>" not in plot(a_plot(title="<b>"))
    assert "<b>" not in strip([], [Mark(start=0, end=1, kind="excluded", said="<b>")], [], [])


def test_nothing_has_a_style_of_its_own() -> None:
    pictures = [plot(a_plot()), tiles(), swatch("up"), strip([Mark(start=0, end=1, kind="up")], [], [], [])]
    assert not any("style" in picture for picture in pictures)
