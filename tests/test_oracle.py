"""The collector agrees with the oracle, which was written from docs/accounting.md and not from the code."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.fleet import Fleet, deliveries, fleets, shuffled
from tests.house import collector
from tests.worlds import (
    Agreement,
    accounted,
    agreements,
    by_scope,
    cells_of,
    doubts_of,
    hosts,
    judged,
    lines,
    others_of,
    spelled,
    watched,
)

QUICK = (HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(max_examples=800, suppress_health_check=QUICK)
@given(watched())
def test_the_judge_agrees_on_every_flip(world: oracle.World) -> None:
    assert by_scope(judged(world)) == oracle.judge(world).flips()


@settings(max_examples=500, suppress_health_check=QUICK)
@given(lines())
def test_the_judge_agrees_on_what_is_degraded(world: oracle.World) -> None:
    assert by_scope(judged(world)) == oracle.judge(world).flips()


HISTORIES = watched().flatmap(hosts)


@settings(max_examples=800, suppress_health_check=QUICK)
@given(HISTORIES, agreements())
def test_the_ledger_agrees_to_the_millisecond(world: oracle.World, agreement: Agreement) -> None:
    flips, judgement, terms = judged(world), oracle.judge(world), agreement.terms()
    found, expected = spelled(world, flips), oracle.spells(world, judgement.site)
    ledger = accounted(flips, found, agreement)
    assert cells_of(ledger) == oracle.ledger(expected, terms)
    assert doubts_of(ledger) == oracle.doubts(expected, terms)
    assert others_of(ledger) == observed(oracle.others(judgement, expected, terms))
    assert [(d.row, d.start_ms, d.end_ms, d.opens) for d in ledger.downs] == oracle.outages(expected, terms)


PUSHES = settings(max_examples=70, suppress_health_check=[*QUICK, HealthCheck.function_scoped_fixture])


@PUSHES
@given(fleets(blind=False), agreements(), st.integers(0, 1 << 30))
def test_the_whole_collector_agrees(tmp_path: Path, fleet: Fleet, agreement: Agreement, seed: int) -> None:
    """From what agents push, with wrong clocks and in any order, to the account that is read."""
    compare(tmp_path, fleet, agreement, seed)


@PUSHES
@given(fleets(), agreements(), st.integers(0, 1 << 30))
def test_the_whole_collector_agrees_where_watchers_go_blind(
    tmp_path: Path, fleet: Fleet, agreement: Agreement, seed: int
) -> None:
    compare(tmp_path, fleet, agreement, seed)


def compare(folder: Path, fleet: Fleet, agreement: Agreement, seed: int) -> None:
    fleet, agreement = fleet.moved(agreement.shift), agreement.moved()
    world, terms = fleet.world(), agreement.terms()
    judgement = oracle.judge(world)
    expected = oracle.spells(world, judgement.site)
    with collector(folder, agreement) as house:
        house.take(shuffled(deliveries(fleet), seed, repeats=2))
        ledger = house.account(agreement)
    assert cells_of(ledger) == oracle.ledger(expected, terms)
    assert doubts_of(ledger) == oracle.doubts(expected, terms)
    assert others_of(ledger) == observed(oracle.others(judgement, expected, terms))


def observed(subjects: dict[str, oracle.Cells]) -> dict[str, oracle.Cells]:
    """Without those that nobody saw."""
    return {subject: cells for subject, cells in subjects.items() if {key[0] for key in cells} - {"unobserved"}}
