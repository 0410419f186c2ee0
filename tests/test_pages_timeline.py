"""The strip shows every fault, however short; bins show what was measured, and nothing else."""

from math import isnan

import numpy as np
import pytest

from collector.accounting.spells import Spell
from collector.columns import Columns, Series
from collector.condition import Row
from collector.faces.pages.timeline import CELLS, Picture, bins_of, heard_of, picture_of, stretches, ticks_of
from shared.result import CODE_OF, Group, Outcome

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_767_844_800_000
"""2026-01-08 12:00 WITA."""
WITA = "Asia/Makassar"
MONTH = picture_of("30d", NOW, WITA)
TODAY = picture_of("24h", NOW, WITA)


def spell(row: Row, from_ms: int, to_ms: int) -> Spell:
    return Spell(start_ms=from_ms, end_ms=to_ms, row=row, not_earlier_ms=from_ms)


def a_month_with(row: Row, at_ms: int, lasts_ms: int) -> list[Spell]:
    return [
        spell(Row.UP, MONTH.from_ms, at_ms),
        spell(row, at_ms, at_ms + lasts_ms),
        spell(Row.UP, at_ms + lasts_ms, NOW),
    ]


def rows(spells: list[Spell], picture: Picture = MONTH) -> list[tuple[Row, int]]:
    return [(one.row, one.behind - one.first) for one in stretches(spells, picture)]


def test_a_fault_of_a_second_shows_in_a_month() -> None:
    found = stretches(a_month_with(Row.LINE_DOWN, NOW - 10 * DAY, 1000), MONTH)
    assert [one.row for one in found] == [Row.UP, Row.LINE_DOWN, Row.UP]
    assert found[1].behind - found[1].first == 1
    assert [one.start_ms for one in found[1].spells] == [NOW - 10 * DAY]


def test_a_silence_of_a_second_does_not_hide_an_hour() -> None:
    assert rows(a_month_with(Row.AGENT, NOW - 10 * DAY, 1000)) == [(Row.UP, CELLS)]


def test_in_one_column_the_worst_fault_is_shown() -> None:
    at_ms = NOW - 10 * DAY
    both = [spell(Row.DEGRADED, at_ms, at_ms + 1000), spell(Row.LINE_DOWN, at_ms + 1000, at_ms + 2000)]
    assert [row for row, _ in rows([*both, spell(Row.UP, at_ms + 2000, NOW)])] == [Row.LINE_DOWN, Row.UP]


def test_what_is_not_known_is_left_empty() -> None:
    (only,) = stretches([spell(Row.UP, NOW - 12 * HOUR, NOW)], TODAY)
    assert (only.first, only.behind) == (CELLS // 2, CELLS)


def test_the_time_since_the_last_push_is_no_silence() -> None:
    found = [spell(Row.UP, NOW - HOUR, NOW - MINUTE), spell(Row.UNKNOWN, NOW - MINUTE, NOW)]
    assert [one.row for one in heard_of(found, silent=False)] == [Row.UP]
    assert [one.row for one in heard_of(found, silent=True)] == [Row.UP, Row.UNKNOWN]


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        ("24h", ["12:00", "18:00", "8/1", "06:00", "12:00"]),
        ("7d", ["2/1", "3/1", "4/1", "5/1", "6/1", "7/1", "8/1"]),
        ("30d", ["14/12", "19/12", "24/12", "29/12", "3/1", "8/1"]),
    ],
)
def test_the_axis_has_the_hours_and_days_of_the_site(span: str, labels: list[str]) -> None:
    assert [tick.text for tick in ticks_of(picture_of(span, NOW, WITA))] == labels


def echoes(*results: tuple[int, str, int], group: Group = Group.INTERNET, kind: str = "icmp") -> Columns:
    """(milliseconds ago, outcome, round trip in microseconds; 0: all four packets were lost)."""
    series = Series(site="s", agent="a", agent_site="s", target="t", group=group, kind=kind, interval_ms=30_000)
    at, said, took = zip(*sorted((NOW - ago, CODE_OF[Outcome(said)], us) for ago, said, us in results), strict=True)
    us = np.array(took, np.uint32)
    sent = np.full(len(at), 4, np.uint8)
    received = np.where(us > 0, sent, 0).astype(np.uint8)
    index = np.zeros(len(at), np.uint16)
    return Columns((series,), index, np.array(at, np.int64), np.array(said, np.uint8), sent, received, us, us, us)


UP = [spell(Row.UP, TODAY.from_ms, NOW)]


def test_a_bin_has_the_median_the_p95_and_the_loss_of_its_results() -> None:
    results = [(HOUR + n, "ok", 1000 * n) for n in range(1, 20)]
    (bins,) = bins_of(echoes(*results, (HOUR + 20, "timeout", 0)), UP, TODAY)
    (place,) = [i for i, value in enumerate(bins.median_ms) if not isnan(value)]
    assert (bins.median_ms[place], bins.p95_ms[place], bins.loss[place]) == (10, 19, 0.05)


def test_bins_without_results_have_no_value() -> None:
    (bins,) = bins_of(echoes((HOUR, "ok", 9), (5 * HOUR, "ok", 9)), UP, TODAY)
    assert sum(not isnan(value) for value in bins.median_ms) == 2
    assert len(bins.edges_ms) == len(bins.median_ms) + 1


def test_a_bin_in_which_every_packet_was_lost_has_a_loss_and_no_latency() -> None:
    (bins,) = bins_of(echoes((HOUR, "timeout", 0)), UP, TODAY)
    assert [value for value in bins.loss if not isnan(value)] == [1]
    assert all(map(isnan, bins.median_ms))


def test_what_a_dead_line_loses_is_no_loss() -> None:
    down = [spell(Row.UP, TODAY.from_ms, NOW - 2 * HOUR), spell(Row.LINE_DOWN, NOW - 2 * HOUR, NOW)]
    (bins,) = bins_of(echoes((HOUR, "timeout", 0), (3 * HOUR, "ok", 9)), down, TODAY)
    assert [value for value in bins.loss if not isnan(value)] == [0]


@pytest.mark.parametrize(
    "columns",
    [
        echoes((HOUR, "error", 0)),
        echoes((HOUR, "ok", 9), kind="http"),
        echoes((HOUR, "ok", 9), group=Group.GATEWAY),
        Columns.empty(),
    ],
)
def test_only_echoes_of_the_line_are_drawn(columns: Columns) -> None:
    assert bins_of(columns, UP, TODAY) == []
