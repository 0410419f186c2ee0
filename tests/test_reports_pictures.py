"""Pictures of reports: nothing is drawn that was not measured, no axis deceives, nobody needs the colour."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from collector.reports.document import Chart, Line, Unit
from collector.reports.writing.axes import axis_of
from collector.reports.writing.curves import runs
from collector.reports.writing.picture_words import axis_note, summary, target_words
from collector.reports.writing.pictures import legend, parts, pictures
from shared.texts import Texts
from tests.sample_documents import LONG_NAME, sample

INDONESIAN = Texts("id")


def a_chart(*values: float | None, kind: str = "lines", unit: Unit = Unit.SHARE, target: float | None = None) -> Chart:
    return Chart(
        name="c",
        title="Saluran",
        kind=kind,
        places=[f"2026-10-{i + 1:02}" for i in range(len(values))],
        lines=[Line("Saluran", values)],
        unit=unit,
        target=target,
    )


def drawn(chart: Chart) -> str:
    """As it stands on paper."""
    return str(pictures(chart, INDONESIAN)[0])


def test_every_picture_is_well_formed_in_both_sizes() -> None:
    charts = [one for one in sample().sections if isinstance(one, Chart)]
    found = [picture for chart in charts for picture in pictures(chart, INDONESIAN)]
    assert [ElementTree.fromstring(one).tag for one in found] == ["svg"] * 6


def test_no_line_crosses_a_gap() -> None:
    picture = drawn(a_chart(0.9, 0.95, None, 0.97, 0.99))
    assert picture.count('class="line l0"') == 2
    assert list(runs((0.9, 0.95, None, 0.97))) == [range(2), range(3, 4)]


def test_a_single_day_among_gaps_is_a_point() -> None:
    picture = drawn(a_chart(None, 0.95, None))
    assert 'class="line l0"' not in picture
    assert picture.count('class="mark m0"') == 1


def test_nothing_known_is_no_picture() -> None:
    assert pictures(a_chart(None, None), INDONESIAN) == []
    assert pictures(a_chart(), INDONESIAN) == []


AXES = [
    (a_chart(0.91, 1.0), 0.9, 1.0),
    (a_chart(1.0, 1.0), 0.99, 1.0),
    (a_chart(0.97, 0.99, target=0.95), 0.94, 1.0),
    (a_chart(0.3, 0.9), 0.0, 1.0),
    (a_chart(0.0, 0.0), 0.0, 1.0),
    (a_chart(0.011, 0.031), 0.0, 0.04),
    (a_chart(-0.02, 0.04, unit=Unit.POINTS), -0.02, 0.04),
    (a_chart(0.0, 3.0, unit=Unit.COUNT), 0.0, 3.0),
    (a_chart(0.0, 5_000_000.0, unit=Unit.DURATION), 0.0, 5_400_000.0),
    (a_chart(12.0, 930.0, unit=Unit.LATENCY), 0.0, 1000.0),
]


@pytest.mark.parametrize(("chart", "low", "high"), AXES)
def test_an_axis_holds_all_values_and_its_target(chart: Chart, low: float, high: float) -> None:
    axis = axis_of(chart)
    assert axis
    assert axis.low == pytest.approx(low)
    assert axis.high == pytest.approx(high)
    assert 2 <= len(axis.ticks) <= 7


def test_an_axis_holds_the_error_bars() -> None:
    axis = axis_of(replace(a_chart(0.99), lines=[Line("x", [0.99], [0.87], [1.0])]))
    assert axis
    assert axis.low <= 0.87


def test_an_axis_that_does_not_begin_at_nothing_says_so() -> None:
    assert axis_note(a_chart(0.91, 1.0), INDONESIAN) == "Sumbu nilai dimulai dari 90\u00a0%, bukan dari nol."
    assert axis_note(a_chart(0.1, 1.0), INDONESIAN) == ""


def test_bars_that_do_not_begin_at_nothing_are_cut_at_their_foot() -> None:
    assert 'class="cut"' in drawn(a_chart(0.91, 0.99, kind="bars"))
    assert 'class="cut"' not in drawn(a_chart(0.2, 0.99, kind="bars"))


def test_the_target_has_a_dashed_line_and_its_value() -> None:
    chart = replace(a_chart(0.97, 0.99, target=0.95), target_label="Target RPJMD")
    picture = drawn(chart)
    assert re.search(r'class="target"[^>]*stroke-dasharray', picture)
    assert "Target RPJMD: 95\u00a0%" in picture
    assert target_words(replace(chart, target_label="SLA 95 %"), INDONESIAN) == "SLA 95 %"


def test_error_bars_are_whiskers_and_a_band_where_places_are_many() -> None:
    few, many = ([0.9] * n for n in (31, 365))
    charts = [replace(a_chart(*one), lines=[Line("x", one, one, [0.95] * len(one))]) for one in (few, many)]
    assert drawn(charts[0]).count('class="whisker') == 31
    assert (drawn(charts[1]).count('class="whisker'), drawn(charts[1]).count('class="area')) == (0, 1)


def test_error_bars_that_nobody_knows_are_not_drawn() -> None:
    chart = replace(a_chart(0.9, 0.9), lines=[Line("x", [0.9, 0.9], [None, 0.8], [None, 0.95])])
    assert drawn(chart).count('class="whisker') == 1


def test_lines_differ_by_dash_and_marker_not_only_by_colour() -> None:
    chart = next(one for one in sample().sections if isinstance(one, Chart) and one.name == "latency")
    picture = drawn(chart)
    lines = re.findall(r'class="line l\d"[^>]*/>', picture)
    dashes = {one.partition("stroke-dasharray")[2] for one in lines}
    shapes = {re.sub(r"[\d. ]", "", one) for one in re.findall(r'class="mark m\d" d="([^"]*)"', picture)}
    assert (len(dashes), len(shapes)) == (4, 4)


def test_a_picture_is_told_to_those_who_do_not_see_it() -> None:
    told = summary(a_chart(0.91, None, 0.99, target=0.95), INDONESIAN).replace("\u00a0", " ")
    assert (
        told == "Saluran. Saluran: 2 nilai dari 3, terendah 91,00 % (1 Okt), tertinggi 99,00 % (3 Okt). target: 95 %."
    )


def test_counts_stay_whole_on_the_picture() -> None:
    assert ">12<" in drawn(a_chart(12.0, 7.0, kind="bars", unit=Unit.COUNT))


def test_many_bars_stand_in_pictures_that_fit_on_a_sheet() -> None:
    chart = a_chart(*[0.9] * 70, kind="bars")
    assert [len(one.places) for one in parts(chart, INDONESIAN)] == [24, 24, 22]
    assert parts(chart, INDONESIAN)[0].title == "Saluran, bagian 1 dari 3"
    assert len(pictures(chart, INDONESIAN)) == 6


def test_a_long_name_is_cut_on_the_picture() -> None:
    chart = replace(a_chart(0.9, kind="bars"), places=[LONG_NAME])
    assert "…" in drawn(chart)
    assert LONG_NAME not in drawn(chart).split(">", 1)[1]


def test_a_name_that_is_markup_stays_a_name() -> None:
    chart = replace(a_chart(0.9, kind="bars"), places=["<b>&"])
    assert "&lt;b&gt;&amp;" in drawn(chart)


def test_the_legend_names_lines_errors_and_target() -> None:
    trend = next(one for one in sample().sections if isinstance(one, Chart))
    assert [words.replace("\u00a0", " ") for _, words in legend(trend, INDONESIAN)] == [
        "Saluran",
        "Dirasakan",
        "batas galat",
        "Target RPJMD 2026: 95 %",
    ]
