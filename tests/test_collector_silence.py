"""What hosts say when they come back tells why nothing was measured; of several agents the strongest word counts."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.silence import Cause, Stay, causes, hollow, strongest
from collector.condition import SILENT_ROWS

SITE = "64.01"
BEFORE = Stay(agent="pc", agent_site=SITE, boot_id="b1", booted_ms=50, started_ms=60, first_ms=100, last_ms=200)
ANEW = replace(BEFORE, boot_id="b2", booted_ms=300, started_ms=310, first_ms=330, last_ms=400)


def told(stays: Sequence[Stay]) -> list[tuple[int, int, str]]:
    return [(cause.start_ms, cause.end_ms, str(cause.row)) for cause in causes(SITE, stays)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"last_stop": "power"}, [(100, 200, "agent"), (200, 300, "power"), (300, 400, "agent")]),
        ({"last_stop": "power", "last_alive_ms": 240}, [(100, 200, "agent"), (240, 300, "power"), (300, 400, "agent")]),
        ({"last_stop": "power", "last_alive_ms": 150}, [(100, 200, "agent"), (200, 300, "power"), (300, 400, "agent")]),
        (
            {"last_stop": "power", "last_alive_ms": 305},
            [(100, 200, "agent"), (300, 400, "agent")],
        ),  # it was of this boot
        ({"last_stop": "clean"}, [(100, 200, "agent"), (200, 300, "shut_down"), (300, 400, "agent")]),
        ({"last_stop": "crash"}, [(100, 200, "agent"), (300, 400, "agent")]),
        ({"last_stop": "power", "booted_ms": 0}, [(100, 200, "agent"), (330, 400, "agent")]),
        ({"boot_id": "b1"}, [(100, 400, "agent")]),
        ({"boot_id": "b1", "slept_ms": 50, "woke_ms": 300}, [(100, 400, "agent")]),  # another run did not sleep
    ],
)
def test_a_host_that_returns_tells_of_the_gap(after: dict[str, Any], expected: list[tuple[int, int, str]]) -> None:
    assert told([BEFORE, replace(ANEW, **after)]) == expected


AWAKE = replace(BEFORE, first_ms=330, last_ms=400, slept_ms=50, woke_ms=310)


def test_a_sleep_may_begin_before_the_last_result_that_came_before_it_was_noticed() -> None:
    found = told([BEFORE, replace(AWAKE, slept_ms=150)])
    assert found == [(100, 160, "agent"), (160, 310, "asleep"), (310, 400, "agent")]


def test_a_sleep_is_what_lies_of_it_between_the_first_results() -> None:
    assert told([BEFORE, replace(AWAKE, slept_ms=900)])[0] == (100, 310, "asleep")
    assert told([BEFORE, replace(AWAKE, woke_ms=900, slept_ms=650)])[1] == (250, 330, "asleep")


def test_before_the_first_and_after_the_last_result_nothing_is_known() -> None:
    assert told([BEFORE]) == [(100, 200, "agent")]
    assert told([]) == []


def test_of_two_agents_the_stronger_word_counts() -> None:
    off = replace(ANEW, last_stop="clean")
    box = replace(BEFORE, agent="box", last_ms=150)
    box_back = replace(ANEW, agent="box", first_ms=280, booted_ms=250, last_stop="power")
    assert told([off, BEFORE, box_back, box]) == [
        (100, 150, "agent"),
        (150, 250, "power"),
        (250, 300, "shut_down"),
        (300, 400, "agent"),
    ]


def test_a_watcher_without_power_says_nothing_of_the_site() -> None:
    stays = [replace(stay, agent_site="hub") for stay in (BEFORE, replace(ANEW, last_stop="power"))]
    assert told(stays) == [(100, 400, "agent")]


POWER = replace(ANEW, last_stop="power", last_alive_ms=240)


def hollows(*stays: Stay) -> list[tuple[int, int, str]]:
    return [(cause.start_ms, cause.end_ms, str(cause.row)) for cause in hollow(SITE, stays)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (POWER, [(240, 300, "power"), (300, 330, "agent")]),
        (replace(POWER, last_stop="clean"), [(240, 300, "shut_down"), (300, 330, "agent")]),
        (replace(POWER, last_stop="crash"), [(300, 330, "agent")]),
        (replace(POWER, booted_ms=0), []),
        (replace(POWER, boot_id="b1"), []),  # it merely started anew
        (AWAKE, [(260, 310, "asleep"), (310, 330, "agent")]),
        (replace(AWAKE, slept_ms=0), []),
    ],
)
def test_from_a_stop_until_the_next_result_time_is_hollow(after: Stay, expected: list[tuple[int, int, str]]) -> None:
    assert hollows(after, BEFORE) == expected


@pytest.mark.parametrize("site", [SITE, "hub"])
def test_time_in_which_anybody_measured_is_not_hollow(site: str) -> None:
    other = replace(BEFORE, agent="other", agent_site=site, first_ms=250, last_ms=310)
    assert hollows(BEFORE, POWER, other) == [(240, 250, "power"), (310, 330, "agent")]


def test_a_watcher_that_stopped_makes_no_hollow_time() -> None:
    assert hollows(*(replace(stay, agent_site="hub") for stay in (BEFORE, POWER))) == []


def test_a_sleep_in_which_results_lie_is_hollow_only_behind_them() -> None:
    assert hollows(BEFORE, replace(AWAKE, slept_ms=150)) == [(200, 310, "asleep"), (310, 330, "agent")]


TIMES = st.integers(0, 60)
STAYS = st.builds(
    lambda first, length, **known: Stay(first_ms=first, last_ms=first + length, **known),
    TIMES,
    st.integers(0, 20),
    agent=st.sampled_from("ab"),
    agent_site=st.sampled_from([SITE, SITE, "hub"]),
    boot_id=st.sampled_from(["b1", "b2"]),
    booted_ms=TIMES,
    started_ms=st.sampled_from([0, 1]),
    last_stop=st.sampled_from(["power", "clean", "crash"]),
    last_alive_ms=TIMES,
    slept_ms=st.sampled_from([0, 10]),
    woke_ms=TIMES,
)


@given(st.lists(STAYS, max_size=8), st.randoms())
def test_the_order_of_stays_is_irrelevant_and_causes_never_overlap(stays: list[Stay], random: Any) -> None:
    found = causes(SITE, stays)
    random.shuffle(stays)
    assert causes(SITE, stays) == found
    assert all(cause.start_ms < cause.end_ms for cause in found)
    assert all(a.end_ms <= b.start_ms and (a.end_ms, a.row) != (b.start_ms, b.row) for a, b in pairwise(found))


@given(st.lists(STAYS, max_size=8))
def test_hollow_time_lies_in_no_stay_and_says_what_the_causes_say(stays: list[Stay]) -> None:
    found, expected = hollow(SITE, stays), causes(SITE, stays)
    for at_ms in range(90):
        rows = [one.row for one in found if one.start_ms <= at_ms < one.end_ms]
        assert not rows or rows == [one.row for one in expected if one.start_ms <= at_ms < one.end_ms]
        assert not rows or not any(stay.first_ms <= at_ms < stay.last_ms for stay in stays)


CAUSES = st.builds(
    lambda start, length, row, why: Cause(start_ms=start, end_ms=start + length, row=row, why=why),
    TIMES,
    st.integers(0, 20),
    st.sampled_from(SILENT_ROWS),
    st.sampled_from(["x", "y"]),
)


@given(st.lists(CAUSES, max_size=10))
def test_at_every_instant_the_strongest_cause_stands(said: list[Cause]) -> None:
    found = strongest(said)
    for at_ms in range(100):
        here = [SILENT_ROWS.index(c.row) for c in said if c.start_ms <= at_ms < c.end_ms]
        rows = [c.row for c in found if c.start_ms <= at_ms < c.end_ms]
        assert rows == [SILENT_ROWS[min(here)]] if here and min(here) < 4 else not rows
