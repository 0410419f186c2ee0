"""How results become flips: the tables of the design, by eye."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from collector.columns import Columns, Series, concatenate
from collector.condition import Condition, Flip
from collector.judging.judge import Case, JudgeSettings, judge
from collector.judging.quality import Limits
from shared.result import CODE_OF, Group, Outcome

MINUTE = 60_000
SIGNS = {
    "o": Outcome.OK,
    "t": Outcome.TIMEOUT,
    "e": Outcome.ERROR,
    "i": Outcome.INTERCEPTED,
}


def rows(
    story: str,
    group: Group = Group.INTERNET,
    *,
    target: str = "anchor",
    start_ms: int = 0,
    every_ms: int = MINUTE,
    site: str = "s",
    agent_site: str = "s",
    kind: str = "icmp",
    received: int = 4,
    rtt_us: int = 900,
) -> Columns:
    """One letter a result; a space is a result that is missing."""
    seen = [(start_ms + i * every_ms, SIGNS[sign]) for i, sign in enumerate(story) if sign != " "]
    ok = np.array([outcome is Outcome.OK for _, outcome in seen], np.bool_)
    n = len(seen)
    series = Series(
        site=site, agent="a", agent_site=agent_site, target=target, group=group, kind=kind, interval_ms=every_ms
    )
    rtt = np.where(ok, rtt_us, 0).astype(np.uint32)
    return Columns(
        (series,),
        np.zeros(n, np.uint16),
        np.array([at for at, _ in seen], np.int64),
        np.array([CODE_OF[outcome] for _, outcome in seen], np.uint8),
        np.full(n, 4, np.uint8),
        np.where(ok, received, 0).astype(np.uint8),
        rtt,
        rtt,
        rtt,
    )


def flips_of(
    *parts: Columns, blind: Mapping[str, Sequence[tuple[int, int]]] | None = None, limits: Limits | None = None
) -> list[Flip]:
    case = Case(site="s", columns=concatenate(parts), from_ms=-1, standing={}, blind=blind or {})
    return judge(case, JudgeSettings(), limits or Limits())


def site(flips: Sequence[Flip]) -> list[tuple[str, float]]:
    """(condition, minutes) of each flip of the site, without the end of the results."""
    return [(f.now, f.at_ms / MINUTE) for f in flips if f.scope == "site"][:-1]


# o = answer, t = timeout, e = our own error; one probe a minute
@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("oottoo", []),  # two losses are a blip
        ("oottt", [("down", 2)]),  # dated to the first loss, not to the third
        ("ootttoto", [("down", 2)]),  # one good reply is no recovery
        ("oottttoo", [("down", 2), ("up", 6)]),  # dated to the first good reply
        ("oteteet", [("down", 1)]),  # our own errors are not evidence, and do not break a run
        ("tttoto", [("down", 0)]),
        ("ott      t", []),  # after a gap the count begins anew
    ],
)
def test_a_target_turns_as_the_table_says(story: str, expected: list[tuple[str, float]]) -> None:
    found = [(f.now, f.at_ms / MINUTE) for f in flips_of(rows(story)) if f.scope == "internet:a/anchor"]
    assert [turn for turn in found if turn[0] != "unobserved" and turn != ("up", 0)] == expected


def test_time_beyond_two_and_a_half_intervals_is_unobserved() -> None:
    found = [(f.now, f.at_ms / MINUTE) for f in flips_of(rows("oo     oo")) if f.scope == "internet"]
    assert found == [("up", 0), ("unobserved", 3.5), ("up", 7), ("unobserved", 10.5)]


def test_one_anchor_that_fails_is_not_the_outage_of_the_village() -> None:
    assert site(flips_of(rows("oottttt"), rows("ooooooo", target="other"))) == [("up", 0)]


def test_a_flip_carries_the_last_proof_of_the_opposite() -> None:
    down = [f for f in flips_of(rows("ooottt")) if f.scope == "site" and f.now == Condition.LINE_DOWN]
    assert [(f.not_earlier_than_ms, f.at_ms) for f in down] == [(2 * MINUTE, 3 * MINUTE)]


def test_a_group_falls_with_the_first_failure_after_its_last_success() -> None:
    second = rows("oottt", target="other", start_ms=20_000)
    third = rows("oottt", target="third", start_ms=40_000)
    assert site(flips_of(rows("oottt"), second, third)) == [("up", 0), ("line_down", 2)]


@pytest.mark.parametrize(
    ("gateway", "intranet", "internet", "expected"),
    [
        ("oooooo", "oottto", "oottto", "line_down"),
        ("oottto", "oottto", "oottto", "local_down"),
        ("oooooo", "oooooo", "oottto", "internet_down"),
        ("oooooo", "oottto", "oooooo", "intranet_down"),
        ("tttttt", "oottto", "oottto", "line_down"),  # a gateway that never answers pings proves nothing
        ("oooooo", "", "oottto", "line_down"),  # there is only one way out
        ("", "oottto", "oottto", "line_down"),
    ],
)
def test_the_ladder_names_what_is_down(gateway: str, intranet: str, internet: str, expected: str) -> None:
    flips = flips_of(
        rows(gateway, Group.GATEWAY, target="gw"),
        rows(intranet, Group.INTRANET, target="portal", start_ms=10_000),
        rows(internet, Group.INTERNET, start_ms=20_000),
    )
    assert [condition for condition, _ in site(flips)][:2] == ["up", expected]


def test_groups_that_fall_together_make_one_outage() -> None:
    flips = flips_of(
        rows("oooooottt", Group.GATEWAY, target="gw", every_ms=30_000),
        rows("oooooottt", Group.INTRANET, target="portal", start_ms=10_000, every_ms=30_000),
        rows("ooooottt", Group.INTERNET, start_ms=25_000, every_ms=30_000),
    )
    assert [condition for condition, _ in site(flips)] == ["up", "local_down"]


def test_an_answer_by_somebody_else_is_intercepted() -> None:
    flips = flips_of(rows("oooooo"), rows("oiiiii", target="portal-check", kind="http"))
    assert site(flips) == [("up", 0), ("intercepted", 1)]


def test_a_site_watched_from_outside_is_unreachable_not_down() -> None:
    flips = flips_of(rows("oottttoo", agent_site="hub"))
    assert [condition for condition, _ in site(flips)] == ["up", "unreachable", "up"]


def test_a_watcher_whose_own_line_is_down_sees_nothing() -> None:
    flips = flips_of(rows("oottttoo", agent_site="hub"), blind={"hub": [(MINUTE, 6 * MINUTE)]})
    assert Condition.UNREACHABLE not in [condition for condition, _ in site(flips)]


def test_evidence_from_inside_outranks_evidence_from_outside() -> None:
    flips = flips_of(rows("oooooo"), rows("oottttt", target="router", agent_site="hub"))
    assert site(flips) == [("up", 0)]


def test_a_line_that_loses_a_third_is_degraded_and_not_down() -> None:
    good, bad = rows("o" * 12, every_ms=5_000), rows("o" * 18, start_ms=60_000, every_ms=5_000, received=2)
    after = rows("o" * 12, start_ms=150_000, every_ms=5_000)
    assert [condition for condition, _ in site(flips_of(good, bad, after))] == ["up", "degraded", "up"]


def test_a_satellite_at_600_ms_is_not_degraded() -> None:
    slow = rows("o" * 40, every_ms=5_000, rtt_us=600_000)
    assert [c for c, _ in site(flips_of(slow, limits=Limits(rtt_ms=900)))] == ["up"]
    assert [c for c, _ in site(flips_of(slow, limits=Limits(rtt_ms=300)))] == ["degraded"]


def test_the_end_of_an_outage_of_everything_is_one_flip() -> None:
    flips = flips_of(
        rows("ooottttttooo", Group.INTRANET, target="portal", every_ms=5_000),
        rows("ooottttttooo", Group.INTERNET, start_ms=2_000, every_ms=5_000),
    )
    assert [(c, m * 60) for c, m in site(flips)][1:] == [("line_down", 15), ("up", 45)]


def test_an_agent_that_stops_does_not_leave_a_false_outage_behind() -> None:
    """The dead anchor is asked more often, so its last failure is younger than the last success of the others."""
    alive = rows("oooooo", every_ms=30_000)
    dead = concatenate([rows("t" * 36, target="dead", every_ms=5_000)])
    assert site(flips_of(alive, dead)) == [("up", 0)]


def test_a_slow_web_check_does_not_hold_up_the_verdict() -> None:
    quick = rows("oooottttttttt", every_ms=2_000)
    slow = rows("oo", target="web", kind="http", every_ms=5_000, start_ms=1_000)
    pending = rows("t", target="web", kind="http", every_ms=5_000, start_ms=11_000)
    assert site(flips_of(quick, slow, pending))[-1] == ("line_down", 8 / 60)


def test_a_success_speaks_for_the_moment_of_its_answer() -> None:
    """A check that began before the line came back, and was answered by its third attempt."""
    failing = rows("oooottt", every_ms=10_000)
    late = rows("oo", start_ms=70_000, every_ms=10_000, rtt_us=7_000_000)
    assert site(flips_of(failing, late))[-1] == ("up", 77 / 60)


def test_an_answer_by_satellite_that_was_under_way_does_not_split_an_outage() -> None:
    """One target fails at the cut; the other was asked just before, and its answer still comes in."""
    flips = flips_of(
        rows("oooottttt", Group.INTRANET, target="portal", start_ms=200, every_ms=5_000, rtt_us=600_000),
        rows("ooooottttt", Group.INTERNET, every_ms=5_000, rtt_us=600_000),
    )
    assert [condition for condition, _ in site(flips)] == ["up", "line_down"]
