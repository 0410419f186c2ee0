"""The rig: that it compares rightly, and what real processes on real lines do, told quickly."""

import os
from pathlib import Path

import pytest

from tests.rig import netns, peers
from tests.rig.evidence import Evidence, gather
from tests.rig.peers import SeenAlert
from tests.rig.report import Report, judge, render
from tests.rig.scenarios import FULL, QUICK, SCENARIOS, Action
from tests.rig.truth import Account, MeasuredOutage, TrueOutage, count, match, not_among
from tests.rig.world import Happened, World

LACKING = netns.missing() or peers.missing()
needs_rig = pytest.mark.skipif(bool(LACKING) and os.environ.get("CI") != "true", reason=LACKING or "has all")

CUT_MS, MENDED_MS = 1_000_000, 1_040_000


def true(site: str = "cut20", condition: str = "line_down") -> TrueOutage:
    return TrueOutage(site=site, scenario="line_cut", condition=condition, start_ms=CUT_MS, end_ms=MENDED_MS)


def measured(start_ms: int = CUT_MS, end_ms: int | None = MENDED_MS, condition: str = "line_down") -> MeasuredOutage:
    return MeasuredOutage(
        site="cut20",
        condition=condition,
        start_ms=start_ms,
        start_not_earlier_ms=start_ms - 3_000,
        end_ms=end_ms,
        end_not_earlier_ms=end_ms - 3_000 if end_ms else None,
    )


def evidence(
    *outages: MeasuredOutage, accounts: tuple[Account, ...] = (), alerts: tuple[SeenAlert, ...] = ()
) -> Evidence:
    happened = [
        Happened("cut20", "line_cut", Action.CUT, CUT_MS, 0),
        Happened("cut20", "line_cut", Action.MEND, MENDED_MS, 0),
    ]
    return Evidence(plan=FULL, happened=happened, outages=list(outages), accounts=list(accounts), alerts=list(alerts))


def test_an_outage_is_matched_to_what_overlaps_it() -> None:
    late, other = measured(CUT_MS + 1_500, MENDED_MS + 2_000), measured(2_000_000, 2_010_000)
    [pair], invented = match([true()], [other, late])
    assert (pair.start_error_s, pair.end_error_s, pair.bars_hold) == (1.5, 2.0, True)
    assert invented == [other]


def test_an_outage_measured_in_two_pieces_has_one_piece_too_many() -> None:
    pieces = [measured(CUT_MS, CUT_MS + 30_000), measured(CUT_MS + 31_000, MENDED_MS)]
    [pair], invented = match([true()], pieces)
    assert pair.measured == pieces[0]
    assert invented == [pieces[1]]


def test_an_outage_that_nobody_measured_is_not_found() -> None:
    [pair], invented = match([true()], [])
    assert (pair.measured, invented) == (None, [])


def test_repetitions_are_counted_apart() -> None:
    assert count(["a", "b", "a", "a"]) == (2, 2)


def test_what_is_made_and_neither_stored_nor_waiting_nor_counted_is_lost() -> None:
    assert Account(agent="a", made=100, stored=90, twice=0, waiting=5, dropped=2).lost == 3


def test_what_waits_although_it_was_stored_is_not_counted_twice() -> None:
    stored = [("a", 1_000), ("b", 1_000), ("a", 3_000)]
    assert not_among([("a", 3_020), ("b", 3_000), ("c", 1_000)], stored) == 2


def test_a_good_measurement_keeps_all_limits() -> None:
    report = judge(evidence(measured(CUT_MS + 2_900, MENDED_MS + 2_900)))
    assert report.broken == []
    assert "all limits kept" in render(report)


@pytest.mark.parametrize(
    ("outages", "says"),
    [
        ((), "cut20 line_cut: the outage was not found"),
        ((measured(CUT_MS + 3_100),), "cut20 line_cut: start is +3.1 s off, more than 3 s"),
        ((measured(end_ms=None),), "cut20 line_cut: the outage has no end"),
        ((measured(condition="local_down"),), "cut20 line_cut: local_down instead of line_down"),
        ((measured(), measured(9_000_000, 9_001_000)), "cut20: invented line_down from 02:30:00.0 to 02:30:01.0"),
    ],
)
def test_a_wrong_outage_breaks_a_limit(outages: tuple[MeasuredOutage, ...], says: str) -> None:
    assert judge(evidence(*outages)).broken == [says]


def test_lost_and_doubled_results_break_a_limit() -> None:
    account = Account(agent="cut20", made=10, stored=8, twice=1, waiting=0)
    broken = judge(evidence(measured(), accounts=(account,))).broken
    assert broken == ["cut20: 2 results lost", "cut20: 1 results stored twice"]


def test_an_alert_of_what_never_was_breaks_a_limit() -> None:
    alert = SeenAlert("SiteDown", "cut20", "internet_down", "2026-11-22T03:00:00Z", CUT_MS)
    assert len(judge(evidence(measured(), alerts=(alert,))).broken) == 1


def test_every_scenario_has_its_place_in_the_full_plan() -> None:
    assert {scenario.name for _, _, scenario, _ in FULL.timeline()} == set(SCENARIOS)


def test_a_plan_of_one_scenario_begins_with_it() -> None:
    alone = FULL.only(["answers_lost"])
    assert [(at_s, where) for at_s, where, _, _ in alone.timeline()] == [(0, "net20")]


@pytest.mark.rig
@needs_rig
def test_real_processes_on_real_lines_keep_all_limits(tmp_path: Path) -> None:
    with World(QUICK, tmp_path) as world:
        report: Report = judge(gather(world, print))
    print(render(report))
    assert report.broken == []
