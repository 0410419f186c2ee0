"""What a site was in has no gaps; silence takes its cause, and a result's cover ends when its host stops."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.app import CLOCKS_S
from collector.accounting.silence import Cause, Restart, strongest
from collector.accounting.spells import NOTICED_MS, Spell, spells
from collector.condition import SILENT_ROWS, Condition, Flip, Row


def flip(at_ms: int, now: Condition, proof_ms: int | None = None) -> Flip:
    proof = at_ms if proof_ms is None else proof_ms
    return Flip(site="s", scope="site", at_ms=at_ms, not_earlier_than_ms=proof, was="", now=now, why=str(now))


def power(start_ms: int, end_ms: int, row: Row = Row.POWER) -> Cause:
    return Cause(start_ms=start_ms, end_ms=end_ms, row=row, why=f"{row}!")


UP = flip(100, Condition.UP)
SILENT = flip(400, Condition.UNOBSERVED, 300)
BACK = flip(800, Condition.UP)
GONE = flip(400, Condition.UNREACHABLE, 390)


def told(flips: Sequence[Flip], causes: Sequence[Cause] = (), **known: Any) -> list[tuple[int, str]]:
    return [(spell.start_ms, str(spell.row)) for spell in spells(flips, None, causes, 0, 1000, **known)]


def test_silence_takes_the_causes_inside_it() -> None:
    found = told([UP, SILENT, BACK], [power(450, 600), power(600, 700, Row.AGENT)])
    assert found == [
        (0, "unknown"),
        (100, "up"),
        (400, "unknown"),
        (450, "power"),
        (600, "agent"),
        (700, "unknown"),
        (800, "up"),
    ]


def test_what_a_result_covers_ends_when_its_host_stops() -> None:
    off = [power(340, 800)]
    found = told([UP, SILENT, BACK], off, hollow=off)
    assert found == [(0, "unknown"), (100, "up"), (340, "power"), (800, "up")]


@pytest.mark.parametrize("now", sorted(set(Condition) - {Condition.UNOBSERVED}))
def test_hollow_time_is_cut_out_of_every_condition(now: Condition) -> None:
    off = [power(340, 500), power(500, 520, Row.AGENT)]
    found = told([UP, flip(200, now), BACK], off, hollow=off)
    assert [one for one in found if one[0] >= 340] == [
        (340, "power"),
        (500, "agent"),
        (520, str(now)),
        *([(800, "up")] if now != Condition.UP else []),
    ]


def test_where_somebody_else_measured_the_cover_of_a_result_holds() -> None:
    assert told([UP, SILENT, BACK], [power(340, 800)])[2] == (400, "power")


def test_the_edges_of_hollow_time_are_exact_and_others_keep_their_proof() -> None:
    off = [power(340, 360)]
    found = spells([UP, SILENT, BACK], None, off, 0, 1000, hollow=off)
    assert [(s.start_ms, s.not_earlier_ms) for s in found[2:5]] == [(340, 340), (360, 360), (400, 300)]


def test_a_sleep_may_have_begun_and_ended_earlier_than_its_waking_was_noticed() -> None:
    off = [power(5_340, 5_500, Row.ASLEEP), power(5_500, 9_000, Row.AGENT)]
    found = spells([UP], None, off, 0, 20_000, hollow=off)
    assert [(s.start_ms, s.not_earlier_ms) for s in found[2:]] == [(5_340, 340), (5_500, 5_340), (9_000, 9_000)]


def test_unreachable_takes_power_and_nothing_else() -> None:
    found = told([UP, GONE, BACK], [power(450, 600), power(600, 700, Row.SHUT_DOWN)])
    assert found[2:] == [(400, "unreachable"), (450, "power"), (600, "unreachable"), (800, "up")]


def test_a_restart_in_the_silence_tells_of_power() -> None:
    router = Restart(target="router", at_ms=700, after_ms=350)
    assert told([UP, GONE, BACK], restarts=[router])[2:] == [(400, "power"), (700, "unreachable"), (800, "up")]


def test_a_restart_says_nothing_of_a_silence_it_does_not_lie_in_or_that_began_before_the_last_reading() -> None:
    for at_ms, after_ms in ((900, 350), (700, 400), (400, 350)):
        assert (400, "unreachable") in told(
            [UP, GONE, BACK], restarts=[Restart(target="r", at_ms=at_ms, after_ms=after_ms)]
        )


def test_a_restart_explains_unobserved_time_only_where_nobody_stands() -> None:
    router = [Restart(target="router", at_ms=700, after_ms=350)]
    assert (400, "power") in told([UP, SILENT, BACK], restarts=router, watched_only=True)
    assert (400, "unknown") in told([UP, SILENT, BACK], restarts=router)


def test_a_waking_is_noticed_as_often_as_the_agent_looks_at_its_clocks() -> None:
    assert NOTICED_MS == CLOCKS_S * 1000


FLIPS = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(Condition), st.integers(0, 30)), max_size=9).map(
    lambda found: [flip(at_ms, now, at_ms - ago) for at_ms, now, ago in sorted(found, key=lambda one: one[0])]
)
CAUSES = st.lists(st.tuples(st.integers(0, 99), st.integers(1, 30), st.sampled_from(SILENT_ROWS)), max_size=6).map(
    lambda found: strongest(power(start, start + length, row) for start, length, row in found)
)


@given(FLIPS, CAUSES, CAUSES, st.integers(1, 99))
def test_spells_have_no_gaps_and_a_shorter_period_shows_the_same(
    flips: list[Flip], causes: list[Cause], hollow: list[Cause], cut: int
) -> None:
    whole = spells(flips, None, causes, 0, 100, hollow=hollow)
    assert [whole[0].start_ms, *(s.end_ms for s in whole)] == [*(s.start_ms for s in whole), 100]
    assert all(a.row is not b.row for a, b in pairwise(whole))
    assert spells(flips, None, causes, 0, cut, hollow=hollow) == _clipped(whole, cut)


def _clipped(whole: Sequence[Spell], cut: int) -> list[Spell]:
    return [
        Spell(start_ms=s.start_ms, end_ms=min(s.end_ms, cut), row=s.row, not_earlier_ms=s.not_earlier_ms, why=s.why)
        for s in whole
        if s.start_ms < cut
    ]
