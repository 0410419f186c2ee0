"""Figures are sums divided once, with bars round them; where too little is known there is no figure."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting import digits
from collector.accounting.accounts import Day
from collector.accounting.calendars import Span
from collector.accounting.latency import MIDDLES_US, Latency
from collector.accounting.ledger import LATE, MAJEURE, PLAIN, PLANNED, Standing
from collector.condition import DOWN_ROWS, Row
from collector.figures.indicators import FORMULAS, AccountingSettings, Figures, figures
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.sums import NUMBERS, Sums, row_of, tally
from tests.made_days import DAY_MS, MINUTE, days, down, made_day, plain, standings

ALL = Choice(Hours.ALL, Exclusions.WITHOUT)
CHOICES = [Choice(hours, exclusions) for hours, exclusions in product(Hours, Exclusions)]
SETTINGS = AccountingSettings()
UP, LINE, POWER, UNKNOWN = Row.UP, Row.LINE_DOWN, Row.POWER, Row.UNKNOWN


def never(_from_ms: int, _to_ms: int) -> Sequence[Span]:
    return ()


def of(*some: Day, choice: Choice = ALL, service: Sequence[Span] = (), beyond: tuple[int, int] = (0, 0)) -> Figures:
    """The figures of days of one site."""
    sums = Sums(1)
    sums.add(0, some, lambda *_: service, beyond)
    return figures(sums, choice, SETTINGS)[0]


def test_the_line_is_not_to_blame_for_power_cuts_but_people_had_no_internet() -> None:
    told = of(made_day({(UP, 0, PLAIN): 50, (LINE, 0, PLAIN): 4, (POWER, 0, PLAIN): 6}))
    assert told.availability["line"].value == 50 / 54
    assert told.availability["experienced"].value == 50 / 60
    assert (told.coverage, told.known, told.rows[POWER]) == (54 / 60, 1.0, 6)


def test_below_the_floor_there_is_no_number_but_what_was_counted_stays() -> None:
    silent = made_day({(UP, 0, PLAIN): 10, (LINE, 0, PLAIN): 5, (UNKNOWN, 0, PLAIN): 50}, downs=[down(0, 5)])
    told = of(silent)
    assert (told.enough_data, told.mttr_ms) == (False, None)
    assert {ratio.value for ratio in told.availability.values()} == {None}
    assert (told.availability["line"].part_ms, told.outages.n, told.downtime_ms) == (10, 1, 5)


def test_a_power_cut_is_known_so_a_village_without_electricity_has_a_figure() -> None:
    told = of(made_day({(UP, 0, PLAIN): 30, (POWER, 0, PLAIN): 70}))
    assert (told.enough_data, told.availability["line"].value, told.availability["experienced"].value) == (True, 1, 0.3)


def test_nothing_to_divide_by_is_no_figure() -> None:
    assert of(made_day({(POWER, 0, PLAIN): 70})).availability["line"].value is None
    assert not of().enough_data


def test_the_bars_move_every_moment_in_doubt_one_way_and_then_the_other() -> None:
    doubt = {(UP, LINE): plain(10), (LINE, UP): plain(5), (LINE, POWER): plain(3)}
    line = of(made_day({(UP, 0, PLAIN): 80, (LINE, 0, PLAIN): 20}, doubt=doubt)).availability["line"]
    assert (line.low, line.value, line.high) == (70 / 100, 0.8, 85 / 97)


def test_excluded_time_is_taken_out_of_part_whole_and_period() -> None:
    day = made_day(
        {(UP, 0, PLAIN): 60, (LINE, 0, PLAIN): 20, (LINE, 0, PLANNED): 5, (LINE, 1, LATE): 7, (UP, 0, MAJEURE): 8}
    )
    told = of(day, choice=Choice(Hours.ALL, Exclusions.WITH))
    assert (told.period_ms, told.availability["line"].value) == (80, 60 / 80)
    assert told.excluded_ms == {"planned": 5, "late": 7, "force_majeure": 8}
    assert of(day).period_ms == 100


def test_service_hours_have_figures_of_their_own() -> None:
    told = of(made_day({(UP, 1, PLAIN): 90, (LINE, 1, PLAIN): 10, (LINE, 0, PLAIN): 50}), choice=CHOICES[2])
    assert (CHOICES[2].hours, told.period_ms, told.availability["line"].value) == (Hours.SERVICE, 100, 0.9)


def test_groups_and_services_are_shares_of_what_their_provider_answers_for() -> None:
    spent = {Standing.UP: 90, Standing.DOWN: 5, Standing.INTERCEPTED: 5, Standing.ELSEWHERE: 30}
    told = of(made_day(others={"internet": standings(spent), "service/samsat": standings({Standing.UP: 4})}))
    assert (told.availability["internet"].value, told.availability["internet"].low) == (0.9, None)
    assert told.availability["service/samsat"].value == 1
    assert "intranet" not in told.availability


def test_an_outage_that_runs_through_midnight_is_one() -> None:
    evening = made_day(downs=[down(DAY_MS - 200_000, DAY_MS, closes=False)])
    morning = made_day(number=1, downs=[down(DAY_MS, DAY_MS + 150_000, opens=False)])
    told = of(evening, morning)
    assert (told.outages.n, told.outages.longest_ms, told.charged.n) == (1, 350_000, 1)


def test_an_outage_counts_in_the_period_in_which_it_begins_and_its_time_where_it_lies() -> None:
    morning = made_day(number=1, downs=[down(DAY_MS, DAY_MS + 400_000, opens=False)])
    told = of(morning)
    assert (told.outages.n, told.outages.total_ms, told.charged.n, told.charged.total_ms) == (0, 400_000, 0, 400_000)


def test_short_outages_are_listed_and_not_charged_unless_they_go_on_beyond_the_period() -> None:
    evening = made_day(downs=[down(5, 6), down(DAY_MS - 200_000, DAY_MS, closes=False)])
    alone, with_the_next_day = of(evening), of(evening, beyond=(0, 100_000))
    assert (alone.outages.n, alone.charged.n) == (2, 0)
    assert (with_the_next_day.charged.n, with_the_next_day.charged.total_ms) == (1, 200_000)


def test_only_faults_of_the_line_are_charged_and_power_cuts_are_no_outages() -> None:
    rows = (Row.LOCAL_DOWN, Row.INTERNET_DOWN, Row.POWER)
    told = of(made_day(downs=[down(i * 400_000, (i + 1) * 400_000, row) for i, row in enumerate(rows)]))
    assert (told.outages.n, told.charged.n, told.power_cuts.n, told.power_cuts.longest_ms) == (2, 1, 1, 400_000)


def test_an_outage_in_the_night_is_none_of_the_service_hours() -> None:
    day = made_day({(UP, 1, PLAIN): 1}, downs=[down(0, MINUTE), down(5 * MINUTE, 9 * MINUTE)])
    told = of(day, choice=CHOICES[2], service=[(8 * MINUTE, 20 * MINUTE)])
    assert (told.outages.n, told.outages.total_ms, told.outages.longest_ms) == (1, MINUTE, MINUTE)


def test_repair_and_failure_times_are_means_over_outages() -> None:
    downs = [down(0, 100), down(200, 500)]
    told = of(made_day({(UP, 0, PLAIN): 600, (LINE, 0, PLAIN): 400}, downs=downs))
    assert (told.mttr_ms, told.mtbf_ms) == (200, 300)


def test_latency_is_told_by_group_and_for_service_hours() -> None:
    def trips(n: int) -> Latency:
        return Latency(4 * n, n, 2_000 * n, n, np.array([0] * 200 + [n], np.int64))

    day = made_day(
        {(UP, 0, PLAIN): 1, (UP, 1, PLAIN): 1}, latency={("internet", 0): trips(1), ("internet", 1): trips(3)}
    )
    everything, service = of(day).latency["internet"], of(day, choice=CHOICES[2]).latency["internet"]
    assert (everything.sent, everything.loss, everything.jitter_ms) == (16, 0.25, 2.0)
    assert service.sent == 12
    assert everything.p50_ms == everything.p99_ms == MIDDLES_US[200] / 1000


@settings(max_examples=40)
@given(st.lists(days(), max_size=4), st.sampled_from(CHOICES))
def test_bars_contain_the_value_and_rows_sum_to_the_period(some: list[Day], choice: Choice) -> None:
    told = of(*some, choice=choice)
    assert sum(told.rows.values()) == told.period_ms
    for name in ("line", "experienced"):
        ratio = told.availability[name]
        if ratio.value is not None:
            assert ratio.low is not None
            assert ratio.high is not None
            assert 0 <= ratio.low <= ratio.value <= ratio.high <= 1


@settings(max_examples=40)
@given(st.lists(days(), max_size=4))
def test_with_nothing_excluded_there_is_no_difference(some: list[Day]) -> None:
    for day in some:
        day.ledger.cells[..., PLANNED:] = 0
        for spent in (*day.ledger.doubt.values(), *day.ledger.others.values()):
            spent[..., PLANNED:] = 0
    for hours in Hours:
        with_, without = (of(*some, choice=Choice(hours, exclusions)) for exclusions in Exclusions)
        assert with_ == without


@settings(max_examples=40)
@given(st.lists(days(), max_size=5), st.sampled_from(CHOICES))
def test_the_whole_is_the_sum_of_its_parts(some: list[Day], choice: Choice) -> None:
    apart, together = Sums(3), Sums(1)
    for owner in range(3):
        apart.add(owner, some[owner::3], never)
        together.add(0, some[owner::3], never)
    parts, (whole,) = figures(apart, choice, SETTINGS), figures(together, choice, SETTINGS)
    assert whole.period_ms == sum(part.period_ms for part in parts)
    assert whole.outages.n == sum(part.outages.n for part in parts)
    for name, ratio in whole.availability.items():
        assert ratio.part_ms == sum(part.availability[name].part_ms for part in parts if name in part.availability)
    for group, echo in whole.latency.items():
        assert echo.lost == sum(part.latency[group].lost for part in parts if group in part.latency)


@settings(max_examples=40)
@given(st.permutations(range(4)), st.lists(days(), min_size=4, max_size=4))
def test_sites_may_be_added_in_any_order(order: list[int], some: list[Day]) -> None:
    def told(places: Sequence[int]) -> Figures:
        sums = Sums(1)
        for place in places:
            sums.add(0, [some[place]], never)
        return figures(sums, ALL, SETTINGS)[0]

    assert told(order) == told(range(4))


@settings(max_examples=40)
@given(st.lists(days(), max_size=4))
def test_packed_days_add_up_like_the_days_they_were_made_of(some: list[Day]) -> None:
    blobs = [tally(day.ledger, day.latency) for day in some]
    expected = np.sum([row_of(day.ledger, day.latency) for day in some], axis=0) if some else np.zeros(NUMBERS)
    assert (digits.added([blobs], NUMBERS)[0] == expected).all()
    assert blobs == [tally(day.ledger, day.latency) for day in some]


def test_formulas_are_printed_as_they_are_computed() -> None:
    assert FORMULAS["experienced"] == (
        "(up + degraded) / (up + degraded + intercepted + local_down + line_down + internet_down + intranet_down"
        " + unreachable + power)"
    )
    assert FORMULAS["coverage"].endswith("/ period")
    assert set(DOWN_ROWS) <= set(FORMULAS["downtime"].split(" + "))
