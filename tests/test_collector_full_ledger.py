"""A ledger sums to its period, adds up exactly, and does not mind in which order it was told."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.ledger import LATE, MAJEURE, PLAIN, PLANNED, STANDINGS, Down, Ledger, Standing, joined
from collector.accounting.spells import Spell
from collector.accounting.tally import full_account
from collector.condition import ROWS, Flip, Row, State

END_MS = 100_000


def chain(*parts: tuple[int, Row] | tuple[int, Row, int]) -> list[Spell]:
    """(start, row[, proof]) to END_MS."""
    ends = [*(part[0] for part in parts[1:]), END_MS]
    return [
        Spell(start_ms=part[0], end_ms=end, row=part[1], not_earlier_ms=part[2] if len(part) > 2 else part[0])
        for part, end in zip(parts, ends, strict=True)
    ]


OUTAGE = chain((0, Row.UP), (40_000, Row.LINE_DOWN, 37_000), (60_000, Row.UP, 58_500))


def made(found: Sequence[Spell] = OUTAGE, **known: Any) -> Ledger:
    terms: dict[str, Any] = {"service": [], "excluded": [], "groups": {}, "from_ms": 0, "to_ms": END_MS}
    return full_account(found, **terms | known)


def flips(*turns: tuple[int, str]) -> list[Flip]:
    return [Flip(site="s", scope="x", at_ms=at, not_earlier_than_ms=at, was="", now=now) for at, now in turns]


def standing(ledger: Ledger, subject: str) -> dict[Standing, int]:
    sums = ledger.others[subject].sum(axis=(1, 2)).tolist()
    return {one: ms for one, ms in zip(STANDINGS, sums, strict=True) if ms}


def test_each_cell_has_its_service_hours_and_its_exclusion() -> None:
    ledger = made(service=[(30_000, 90_000)], excluded=[(50_000, 95_000, LATE), (55_000, 57_000, PLANNED)])
    down = ledger.cells[ROWS.index(Row.LINE_DOWN)]
    assert (down[1, PLAIN], down[1, LATE], down[1, PLANNED]) == (10_000, 8_000, 2_000)
    assert ledger.cells[ROWS.index(Row.UP), 0].tolist() == [35_000, 0, 0, 5_000]


def test_an_outage_is_cut_where_an_exclusion_begins_and_ends() -> None:
    found = made(service=[(42_000, 47_000)], excluded=[(45_000, 50_000, PLANNED)]).downs
    assert [(one.start_ms, one.end_ms, one.excluded, one.opens, one.closes) for one in found] == [
        (40_000, 45_000, PLAIN, True, False),
        (45_000, 50_000, PLANNED, False, False),
        (50_000, 60_000, PLAIN, False, True),
    ]
    assert [(found[0].not_earlier_ms, found[-1].end_not_earlier_ms)] == [(37_000, 58_500)]


def test_where_exclusions_overlap_planned_counts_then_force_majeure_then_late() -> None:
    spans = [(0, 30_000, LATE), (0, 20_000, MAJEURE), (0, 10_000, PLANNED)]
    assert made(excluded=spans).cells.sum(axis=(0, 1)).tolist() == [70_000, 10_000, 10_000, 10_000]


def test_each_boundary_has_its_two_bars() -> None:
    doubt = {key: int(ms.sum()) for key, ms in made().doubt.items()}
    assert doubt == {
        (Row.UP, Row.LINE_DOWN): 3_000 + 1_000,
        (Row.LINE_DOWN, Row.UP): 1_000 + 1_500,
    }


def test_bars_end_with_the_spells_they_stand_between() -> None:
    doubt = made(chain((0, Row.UP), (40_000, Row.DEGRADED), (41_000, Row.LINE_DOWN, 30_000), (99_000, Row.UP))).doubt
    assert doubt[Row.DEGRADED, Row.LINE_DOWN].sum() == 1_000
    assert doubt[Row.DEGRADED, Row.UP].sum() == 1_000
    assert doubt[Row.UP, Row.LINE_DOWN].sum() == 1_000  # of the boundary at 99 s alone, a second behind it


def test_a_spell_shorter_than_a_probe_separates_nothing() -> None:
    doubt = made(chain((0, Row.UP), (40_000, Row.DEGRADED), (40_500, Row.LINE_DOWN, 30_000), (99_000, Row.UP))).doubt
    assert doubt[Row.DEGRADED, Row.LINE_DOWN].sum() == 500
    assert doubt[Row.UP, Row.LINE_DOWN].sum() == 10_000 + 1_000


def test_a_bar_of_the_next_day_reaches_into_this_one() -> None:
    assert made(to_ms=39_000).doubt[Row.UP, Row.LINE_DOWN].sum() == 2_000


def test_a_down_tells_its_proofs_and_where_it_goes_on() -> None:
    (down,) = made().downs
    known: dict[str, Any] = {"row": Row.LINE_DOWN, "excluded": PLAIN}
    ends: dict[str, Any] = {
        "start_ms": 40_000,
        "not_earlier_ms": 37_000,
        "end_ms": 60_000,
        "end_not_earlier_ms": 58_500,
    }
    assert down == Down(**known, **ends, opens=True, closes=True)
    (piece,) = made(from_ms=50_000).downs
    assert (piece.start_ms, piece.opens, piece.closes) == (50_000, False, True)


def test_a_group_that_is_down_behind_a_broken_cable_is_not_its_providers_fault() -> None:
    found = chain((0, Row.UP), (20_000, Row.LOCAL_DOWN), (50_000, Row.LINE_DOWN))
    groups = {"internet": flips((0, State.UP), (20_000, State.DOWN), (90_000, State.UNOBSERVED))}
    assert standing(made(found, groups=groups), "internet") == {
        Standing.UP: 20_000,
        Standing.ELSEWHERE: 30_000,
        Standing.DOWN: 40_000,
        Standing.UNOBSERVED: 10_000,
    }


def test_a_service_is_up_if_any_agent_reaches_it_and_down_only_while_the_line_serves() -> None:
    groups = {
        "service:a/samsat": flips((0, State.UP), (20_000, State.DOWN)),
        "service:b/samsat": flips((10_000, State.UP), (30_000, State.DOWN), (80_000, State.UP)),
    }
    assert standing(made(groups=groups), "service/samsat") == {
        Standing.UP: 50_000,
        Standing.DOWN: 30_000,
        Standing.ELSEWHERE: 20_000,
    }


def test_what_was_never_observed_is_left_out() -> None:
    assert made(groups={"internet": flips((0, State.UNOBSERVED))}).others == {}


def test_neighbours_only() -> None:
    with pytest.raises(ValueError, match="not followed"):
        joined([made(to_ms=1_000), made(from_ms=2_000)])


SCALE = 400
"""Milliseconds of a tick, so that the blur of a second is two and a half of them."""
TICKS = st.integers(0, 99)
TIMES = TICKS.map(lambda tick: tick * SCALE)
LENGTHS = st.integers(0, 40).map(lambda ticks: ticks * SCALE)
STATES = st.sampled_from([State.UP, State.DOWN, State.INTERCEPTED, State.UNOBSERVED])
SPANS = st.lists(st.tuples(TIMES, LENGTHS).map(lambda span: (span[0], sum(span))), max_size=4)
EXCLUDED = st.lists(
    st.tuples(TIMES, LENGTHS, st.sampled_from([PLANNED, MAJEURE, LATE])).map(lambda x: (x[0], x[0] + x[1], x[2])),
    max_size=5,
)
GROUPS = st.dictionaries(
    st.sampled_from(["internet", "service:a/x", "service:b/x"]),
    st.lists(st.tuples(TIMES, STATES), max_size=6).map(lambda found: flips(*sorted(found))),
)
TURNS = st.dictionaries(st.integers(-20, 120), st.tuples(st.sampled_from(ROWS), st.integers(0, 40)), max_size=12)


@st.composite
def terms(draw: st.DrawFn) -> dict[str, Any]:
    """Spells without gaps from before to behind the period, and all the rest."""
    found = [Spell(start_ms=-30 * SCALE, end_ms=130 * SCALE, row=Row.UNKNOWN, not_earlier_ms=-30 * SCALE)]
    for tick, (row, ago) in sorted(draw(TURNS).items()):
        if found[-1].row is not row:
            found[-1] = replace(found[-1], end_ms=tick * SCALE)
            proof_ms = (tick - ago) * SCALE
            found.append(Spell(start_ms=tick * SCALE, end_ms=130 * SCALE, row=row, not_earlier_ms=proof_ms))
    return {"found": found, "service": draw(SPANS), "excluded": draw(EXCLUDED), "groups": draw(GROUPS)}


@given(terms(), st.integers(1, 39_999), st.integers(1, 39_999))
def test_a_period_is_the_sum_of_its_pieces_wherever_it_is_cut(known: dict[str, Any], one: int, other: int) -> None:
    whole = full_account(**known, from_ms=0, to_ms=40_000)
    edges = sorted({0, one, other, 40_000})
    pieces = [full_account(**known, from_ms=a, to_ms=b) for a, b in pairwise(edges)]
    total = pieces[0]
    for piece in pieces[1:]:
        total += piece
    assert total == whole == joined(pieces)


@given(terms())
def test_cells_and_others_sum_to_the_period_and_nothing_is_negative(known: dict[str, Any]) -> None:
    ledger = full_account(**known, from_ms=0, to_ms=40_000)
    assert ledger.cells.sum() == 40_000
    for other in ledger.others.values():
        assert np.array_equal(other.sum(axis=0), ledger.cells.sum(axis=0))
    assert all((ms >= 0).all() for ms in [ledger.cells, *ledger.others.values(), *ledger.doubt.values()])
    assert all(down.start_ms < down.end_ms for down in ledger.downs)


@given(terms(), st.randoms())
def test_the_order_of_exclusions_and_agents_is_irrelevant(known: dict[str, Any], random: Any) -> None:
    ledger = full_account(**known, from_ms=0, to_ms=40_000)
    random.shuffle(known["excluded"])
    random.shuffle(known["service"])
    groups = list(known["groups"].items())
    random.shuffle(groups)
    again = full_account(**known | {"groups": dict(groups)}, from_ms=0, to_ms=40_000)
    assert again.to_bytes() == ledger.to_bytes()


@given(terms())
def test_a_ledger_comes_back_from_its_bytes(known: dict[str, Any]) -> None:
    ledger = full_account(**known, from_ms=0, to_ms=40_000)
    again = Ledger.from_bytes(ledger.to_bytes())
    assert again == ledger
    assert again.downs == ledger.downs
