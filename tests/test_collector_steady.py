"""The fast lane changes what judging costs, never what it says."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.columns import Columns, Series, concatenate
from collector.condition import Flip
from collector.judging.judge import Case, JudgeSettings, judge
from collector.judging.quality import Limits
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.store import Delivery, Store
from collector.store.sqlite import SqliteStore
from shared.result import CODE_OF, Group, Outcome
from shared.wire import Batch
from tests.fakes import FakeClock
from tests.judge_store import FOREVER_MS, MemoryStore, judge_at_once

SECOND, MINUTE = 1000, 60_000
START_MS = 1_790_000_000_000


class Bench:
    """A judge on a store in memory."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(("s", "hub")), FakeClock(wall_ms=START_MS)
        self.told: list[tuple[str, int, int]] = []
        self.restart()

    def restart(self) -> None:
        self.live = Live()
        self.rejudge = Rejudge(
            cast("Store", self.store), self.live, JudgeSettings(), self.clock, lambda *told: self.told.append(told)
        )
        self.rejudge.load()

    def push(self, part: Columns) -> None:
        self.store.add(part)
        self.clock.advance(max(0, int(part.at_ms.max()) - self.clock.wall_ms()) / 1000)
        self.rejudge.judge_touched()

    @property
    def steady(self) -> int:
        return self.rejudge.counters.steady

    def settled(self) -> list[Flip]:
        self.rejudge.settle(["s", "hub"])
        return [flip for flip in self.store.kept if flip.site == "s"]

    def at_once(self) -> list[Flip]:
        hub = judge_at_once(self.store.of("hub"), "hub")
        return judge_at_once(self.store.of("s"), "s", hub)


SLOT_MS = 30 * SECOND
KINDS = {
    "o": (Outcome.OK, 4, 900),
    "l": (Outcome.OK, 3, 900),  # a packet is lost
    "h": (Outcome.OK, 1, 900),
    "s": (Outcome.OK, 4, 400_000),  # slow
    "t": (Outcome.TIMEOUT, 0, 0),
    "i": (Outcome.INTERCEPTED, 0, 0),
    "e": (Outcome.ERROR, 0, 0),
}


@dataclass(frozen=True)
class Target:
    """Of agent `agent` at `home`, probed every `every` slots of 30 s, `shift_s` into the slot."""

    name: str
    group: Group
    kind: str = "icmp"
    every: int = 1
    shift_s: int = 0
    agent: str = "a"
    home: str = "s"
    site: str = "s"


OFFICE = (
    Target("gw", Group.GATEWAY),
    Target("portal", Group.INTRANET, shift_s=6),
    Target("anchor", Group.INTERNET, shift_s=12),
    Target("second", Group.INTERNET, shift_s=18),
    Target("web", Group.INTERNET, "http", every=2, shift_s=24),
)
ANNEX = (Target("gw", Group.GATEWAY, shift_s=3, agent="b"), Target("anchor", Group.INTERNET, shift_s=9, agent="b"))
HUB = (
    Target("portal", Group.INTRANET, shift_s=15, agent="h", home="hub", site="hub"),
    Target("router", Group.INTRANET, shift_s=21, agent="h", home="hub"),
)


def results(target: Target, story: str, start_ms: int = START_MS) -> Columns:
    """One letter a slot of 30 s; a space is a result that is missing."""
    asked = [(i, KINDS[sign]) for i, sign in enumerate(story) if sign != " " and i % target.every == 0]
    t, n = target, len(asked)
    series = Series(
        site=t.site, agent=t.agent, agent_site=t.home, target=t.name, group=t.group, kind=t.kind,
        interval_ms=t.every * SLOT_MS,
    )  # fmt: skip
    rtt_us = np.array([rtt for _, (_, _, rtt) in asked], np.uint32)
    return Columns(
        (series,),
        np.zeros(n, np.uint16),
        np.array([start_ms + i * SLOT_MS + t.shift_s * SECOND for i, _ in asked], np.int64),
        np.array([CODE_OF[outcome] for _, (outcome, _, _) in asked], np.uint8),
        np.full(n, 4, np.uint8),
        np.array([received for _, (_, received, _) in asked], np.uint8),
        rtt_us,
        rtt_us,
        rtt_us,
    )


def office(story: str, first_minute: int = 0) -> Columns:
    """All targets of the office with the same story."""
    return concatenate([results(target, story, START_MS + first_minute * MINUTE) for target in OFFICE])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_site_at_which_nothing_changes_is_not_judged(bench: Bench) -> None:
    for minute in range(0, 30, 2):
        bench.push(office("oooo", minute))
    assert bench.steady >= 10
    assert bench.settled() == bench.at_once()


def test_a_steady_site_has_no_end_until_somebody_asks(bench: Bench) -> None:
    for minute in range(0, 20, 2):
        bench.push(office("oooo", minute))
    assert "unobserved" not in [flip.now for flip in bench.store.kept]
    assert [flip.now for flip in bench.settled() if flip.scope == "site"] == ["up", "unobserved"]
    bench.push(office("oooo", 20))
    assert "unobserved" not in [flip.now for flip in bench.store.kept]


def test_a_dead_target_and_a_few_lost_packets_keep_a_site_steady(bench: Bench) -> None:
    dead = Target("dead", Group.SERVICE, "http", shift_s=27)
    for minute in range(0, 40, 2):
        bench.push(concatenate([office("olol" if minute % 6 else "oooo", minute), late(dead, "tttt", minute)]))
    assert bench.steady >= 15
    assert bench.settled() == bench.at_once()


def late(target: Target, story: str, first_minute: int) -> Columns:
    return results(target, story, START_MS + first_minute * MINUTE)


def test_a_site_that_falls_silent_gets_its_end_without_being_asked_for(bench: Bench) -> None:
    for minute in range(0, 20, 2):
        bench.push(office("oooo", minute))
    bench.clock.advance(600)
    bench.rejudge.judge_touched()
    assert [flip for flip in bench.store.kept if flip.site == "s"] == bench.at_once()
    assert bench.told[-1][0] == "s"


def test_what_a_killed_collector_left_without_an_end_gets_one_at_start(bench: Bench) -> None:
    for minute in range(0, 20, 2):
        bench.push(office("oooo", minute))
    bench.clock.advance(3600)
    bench.restart()
    bench.rejudge.judge_touched()
    assert bench.settled() == bench.at_once()


def test_live_knows_how_far_the_evidence_of_a_steady_site_reaches(bench: Bench) -> None:
    for minute in range(0, 20, 2):
        bench.push(office("oooo", minute))
    now = bench.live.site("s", bench.clock.wall_ms() + 30 * SECOND)
    assert now is not None
    assert now.condition == "up"
    later = bench.live.site("s", bench.clock.wall_ms() + 900 * SECOND)
    assert later is not None
    assert later.condition == "unobserved"


def test_results_older_than_ten_minutes_are_told_to_the_account_even_if_nothing_changes(bench: Bench) -> None:
    for minute in range(0, 20, 2):
        bench.push(office("oooo", minute))
    bench.clock.advance(1200)
    bench.told.clear()
    bench.push(office("oooo", 20))
    assert min(from_ms for _, from_ms, _ in bench.told) <= START_MS + 20 * MINUTE


def test_backlog_of_the_day_before_leaves_a_steady_site_steady(bench: Bench) -> None:
    for minute in range(1440, 1470, 2):
        bench.push(office("oooo", minute))
    for minute in range(0, 60, 10):
        bench.store.add(office("oottttttttttttoooooo", minute))
        before = bench.steady
        bench.push(office("oooo", 1470 + minute // 5))
        assert bench.steady == before + 1
    assert bench.settled() == bench.at_once()


def test_a_site_whose_stamps_were_corrected_is_judged(bench: Bench) -> None:
    for minute in range(0, 20, 2):
        bench.push(office("oooo", minute))
    before = bench.steady
    bench.store.moved = {1}
    bench.push(office("oooo", 20))
    assert bench.steady == before
    assert bench.settled() == bench.at_once()


def test_two_agents_that_push_in_turn_keep_a_site_steady(bench: Bench) -> None:
    for minute in range(0, 40, 2):
        annex = [late(target, "oooo", minute - 1) for target in ANNEX]
        bench.push(concatenate(annex))
        bench.push(office("oooo", minute))
    assert bench.steady >= 25
    assert bench.settled() == bench.at_once()


def test_on_disk_with_compaction_and_a_restart_the_flips_are_the_same(tmp_path: Path) -> None:
    story = "o" * 60 + "t" * 8 + "o" * 80 + " " * 20 + "o" * 40 + "l" * 8 + "o" * 60
    whole, clock = office(story), FakeClock(wall_ms=START_MS)
    store = SqliteStore(str(tmp_path / "k.db"), linger_s=0)
    for number, part in enumerate(pushes(whole)):
        if number in (12, 40):
            store.compact(FOREVER_MS)
        if number % 20 == 19:
            store.close()
            store = SqliteStore(str(tmp_path / "k.db"), linger_s=0)
        if number % 20 in (0, 19):
            rejudge = Rejudge(store, Live(), JudgeSettings(), clock)
            rejudge.load()
        append(store, part, int(part.at_ms[0]))
        rejudge.judge_touched()
    rejudge.close()
    at_once = judge(Case(site="s", columns=whole, from_ms=-1, standing={}, blind={}), JudgeSettings(), Limits())
    assert store.flips("s", 0, FOREVER_MS) == at_once
    store.close()


def pushes(whole: Columns) -> list[Columns]:
    number = (whole.at_ms - START_MS) // (2 * MINUTE)
    return [whole.take(number == one) for one in np.unique(number).tolist()]


def append(store: SqliteStore, part: Columns, seq: int) -> None:
    batch = Batch(stream="s", first_seq=seq, n=len(part), context="c")
    seqs = range(seq, seq + len(part))
    delivery = Delivery(
        agent="a", site="s", batch=batch, context=None, received_at_ms=seq, columns=part, seqs=list(seqs)
    )
    assert store.append(delivery).result(60).stored == len(part)


PIECES = st.sampled_from(
    ["o" * 20, "o" * 40, "o", "l", "lo", "h", "s", "ss", "sss", "t", "tttt", "t" * 16, "e", "i", "iiii", " ", " " * 6]
)
STORIES = st.lists(PIECES, min_size=1, max_size=6).map("".join)


@st.composite
def histories(draw: st.DrawFn) -> list[Columns]:
    """An hour or two of a site with two agents, watched from a hub; each agent's results in pushes of two minutes."""
    shared = draw(STORIES)
    targets = [*OFFICE, *(ANNEX if draw(st.booleans()) else ()), *(HUB if draw(st.booleans()) else ())]
    whole = {
        target: results(target, (shared if draw(st.integers(0, 2)) else draw(STORIES)).ljust(160, "o")[:160])
        for target in targets
    }
    pushes: list[tuple[int, Columns]] = []
    for agent in sorted({target.agent for target in targets}):
        mine = concatenate([part for target, part in whole.items() if target.agent == agent])
        number = (mine.at_ms - START_MS) // (draw(st.sampled_from([2, 3, 5])) * MINUTE)
        for one in np.unique(number).tolist():
            part = mine.take(number == one)
            held_up = draw(st.sampled_from([0, 0, 0, 0, 0, 0, 0, 0, 4, 40]))
            pushes.append((int(part.at_ms.max()) + held_up * MINUTE, part))
    return [part for _, part in sorted(pushes, key=lambda push: push[0])]


ACTS = st.sampled_from(["push", "push", "push", "push", "push", "push", "add", "settle", "restart", "wait"])


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(histories(), st.data())
def test_the_fast_lane_ends_in_the_flips_of_judging_everything_at_once(
    parts: list[Columns], data: st.DataObject
) -> None:
    bench = Bench()
    for part in parts:
        act = data.draw(ACTS)
        if act == "settle":
            bench.rejudge.settle(["s"])
        elif act == "wait":
            bench.clock.advance(data.draw(st.sampled_from([20, 300])))
            bench.rejudge.judge_touched()
        elif act == "restart":
            bench.store.forget()
            bench.restart()
        if act == "add":
            bench.store.add(part)
        else:
            bench.push(part)
    bench.rejudge.judge_touched()
    assert bench.settled() == bench.at_once()
