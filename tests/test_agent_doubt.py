"""When targets are asked, told as stories: a little world of targets that answer or do not, and who was asked when."""

from heapq import heappop, heappush
from itertools import pairwise
from random import Random

import pytest

from agent.doubt import Agenda, Asked, Health, Pace, State
from shared.result import Group

TIMEOUT_S = 2.0


def health(answers: str) -> tuple[str, bool]:
    """State and settledness after answers o = good, t = failed, e = our own error."""
    it = Health(Pace())
    for answer in answers:
        if answer != "e":
            it.hear(answer == "o")
    return it.state, it.settled


@pytest.mark.parametrize(
    ("answers", "state", "settled"),
    [
        ("", "unknown", False),
        ("o", "up", True),  # nothing speaks against it
        ("t", "unknown", False),
        ("tt", "unknown", False),
        ("ttt", "down", True),
        ("ot", "up", False),
        ("ott", "up", False),
        ("otto", "up", False),  # one good answer after a failure is not enough
        ("ottoo", "up", True),  # two losses are a blip
        ("ottt", "down", True),
        ("otttt", "down", True),
        ("oeteett", "down", True),  # our own errors are not evidence, and do not break a run
        ("oottto", "down", False),  # one good reply is no recovery
        ("ootttoo", "up", True),
        ("ootttoto", "down", False),
        ("ttot", "up", False),  # unknown, a success, a new failure
    ],
)
def test_state_follows_the_answers(answers: str, state: str, settled: bool) -> None:
    assert health(answers) == (state, settled)


class World:
    """Targets and what is broken when; runs an agenda as the schedule would."""

    def __init__(self, targets: list[Asked], broken: dict[str, list[tuple[float, float]]], room: int = 200) -> None:
        self.targets, self.broken, self.room = targets, broken, room
        self.asked: dict[str, list[float]] = {target.name: [] for target in targets}
        self.flips: list[tuple[str, State, float]] = []
        self.busiest = 0

    def answer(self, name: str, at_s: float) -> bool:
        return not any(start <= at_s < end for start, end in self.broken.get(name, ()))

    def run(self, until_s: float, pace: Pace | None = None) -> "World":
        agenda = Agenda(self.targets, 0.0, Random(7), pace)
        running: list[tuple[float, int, bool]] = []
        now_s = 0.0
        while now_s < until_s:
            for index in agenda.take(now_s, self.room - len(running)):
                self.asked[self.targets[index].name].append(now_s)
                good = self.answer(self.targets[index].name, now_s)
                heappush(running, (now_s + (0.02 if good else TIMEOUT_S), index, good))
            self.busiest = max(self.busiest, len(running))
            now_s = min(agenda.next_due_s(now_s) or until_s, running[0][0] if running else until_s)
            while running and running[0][0] <= now_s:
                _, index, good = heappop(running)
                if state := agenda.hear(index, good, now_s):
                    self.flips.append((self.targets[index].name, state, now_s))
        return self

    def between(self, name: str, start_s: float, end_s: float) -> list[float]:
        return [at_s for at_s in self.asked[name] if start_s <= at_s < end_s]

    def down_at(self, name: str) -> float:
        return next(at_s for who, state, at_s in self.flips if (who, state) == (name, State.DOWN))


def site(interval_s: float = 30) -> list[Asked]:
    """An office: a gateway, two intranet servers, three anchors."""
    names = {"gw": Group.GATEWAY, "simpeg": Group.INTRANET, "mail": Group.INTRANET}
    names |= {"a1": Group.INTERNET, "a2": Group.INTERNET, "a3": Group.INTERNET}
    return [Asked(name=name, group=group, interval_s=interval_s) for name, group in names.items()]


def village(number: int) -> Asked:
    return Asked(name=f"v{number}", group=Group.GATEWAY, interval_s=30, site=f"64.07.{number}")


def test_a_quiet_site_is_asked_once_an_interval_evenly_spread() -> None:
    world = World(site(), {}).run(630)
    assert {len(world.between(name, 30, 630)) for name in world.asked} == {20}
    all_times = sorted(at_s for times in world.asked.values() for at_s in times if 30 <= at_s < 600)
    assert all(abs(b - a - 5) < 0.01 for a, b in pairwise(all_times))


def test_each_group_is_spread_over_the_whole_interval() -> None:
    world = World(site(), {}).run(90)
    anchors = sorted(at_s for name in ("a1", "a2", "a3") for at_s in world.between(name, 30, 90))
    assert max(b - a for a, b in pairwise(anchors)) <= 15.1


def test_two_agents_do_not_ask_at_the_same_moments() -> None:
    first, second = (Agenda(site(), 0.0, Random(seed)) for seed in (1, 2))
    for agenda in (first, second):
        agenda.take(3.0, 99)
        for index in range(6):
            agenda.hear(index, True, 3.0)
    assert first.next_due_s(3.0) != second.next_due_s(3.0)


def test_at_start_everybody_is_asked_within_two_seconds_and_up_at_once() -> None:
    world = World(site(), {}).run(2.1)
    assert [len(times) for times in world.asked.values()] == [1] * 6
    assert {state for _, state, _ in world.flips} == {State.UP}


def test_a_target_that_never_answered_is_down_after_three_questions() -> None:
    world = World(site(), {"a1": [(0, 999)]}).run(20)
    assert world.down_at("a1") <= 2 + 3 * TIMEOUT_S + 0.1


def test_the_first_failure_asks_its_group_and_the_gateway_but_not_the_others() -> None:
    cut = [(100.0, 999.0)]
    world = World(site(), {"a1": cut}).run(300)
    first_failure_s = world.between("a1", 100, 300)[0] + TIMEOUT_S
    for name in ("gw", "a2", "a3"):
        assert world.between(name, first_failure_s, first_failure_s + 1)
    assert len(world.between("simpeg", first_failure_s, first_failure_s + 25)) <= 1


def test_a_cut_line_is_down_in_all_anchors_soon_after_the_first_failure() -> None:
    cut = [(100.0, 999.0)]
    world = World(site(), {"a1": cut, "a2": cut, "a3": cut}).run(300)
    first_s = min(world.between(name, 100, 300)[0] for name in ("a1", "a2", "a3"))
    assert first_s - 100 <= 10  # three anchors at 30 s sample the line every 10 s
    for name in ("a1", "a2", "a3"):
        assert world.down_at(name) <= first_s + TIMEOUT_S + 0.6 + 3 * TIMEOUT_S


def test_a_blip_is_settled_by_two_successes_and_the_asking_stops() -> None:
    world = World(site(), {"a1": [(100, 131)]}).run(400)
    failure_s = world.between("a1", 100, 140)[0]
    settled_s = [at_s for at_s in world.asked["a1"] if at_s > 131][1]
    assert not [flip for flip in world.flips if flip[1] is State.DOWN] or world.down_at("a1") < 131
    assert settled_s - failure_s < 40
    assert len(world.between("gw", settled_s + 5, settled_s + 5 + 300)) <= 10


def test_a_lone_dead_anchor_does_not_keep_its_group_awake() -> None:
    world = World(site(), {"a1": [(100, 9999)]}).run(700)
    for name in ("gw", "a2", "a3", "simpeg"):
        assert len(world.between(name, 160, 700)) <= 18 + 1


def test_a_down_target_of_the_own_site_is_asked_every_five_seconds_for_ever() -> None:
    world = World(site(), {"a1": [(100, 99_999)]}).run(20_000)
    late = world.between("a1", 19_000, 20_000)
    assert {round(b - a, 1) for a, b in pairwise(late)} == {5.0}


def test_the_end_of_an_outage_is_sampled_more_often_than_one_target_is() -> None:
    cut = [(100.0, 999.0)]
    world = World(site(), {"a1": cut, "a2": cut, "a3": cut}).run(400)
    anchors = sorted(at_s for name in ("a1", "a2", "a3") for at_s in world.between(name, 200, 400))
    assert max(b - a for a, b in pairwise(anchors)) <= 2.6


def test_recovery_is_confirmed_two_seconds_after_the_first_success() -> None:
    world = World(site(), {"a1": [(100, 200)]}).run(300)
    back_s = next(at_s for name, state, at_s in world.flips if name == "a1" and state is State.UP and at_s > 200)
    assert 200 <= back_s <= 200 + 5 + 2 + 0.1


def test_our_own_errors_are_asked_no_oftener_than_in_their_slot() -> None:
    agenda = Agenda(site(), 0.0, Random(1))
    asked, now_s = 0, 0.0
    while now_s < 300:
        for index in agenda.take(now_s, 99):
            asked += index == 3
            agenda.hear(index, None if index == 3 else True, now_s)
        now_s = agenda.next_due_s(now_s) or 300
    assert asked <= 12


def test_one_villages_failure_asks_no_other_village() -> None:
    world = World([*site(), *map(village, range(100))], {"v5": [(100, 999)]}).run(200)
    asked = {name for name in world.asked if len(world.between(name, 100, 130)) > 1}
    assert asked == {"v5"}


def test_a_village_long_without_a_line_costs_no_more_than_a_living_one() -> None:
    world = World([village(1), village(2)], {"v1": [(100, 99_999)]}).run(8_000)
    assert len(world.between("v1", 150, 400)) >= 45
    assert len(world.between("v1", 4_000, 7_000)) <= 101
    gaps = [b - a for a, b in pairwise(world.between("v1", 100, 8_000))]
    assert max(gaps) <= 46


def test_a_line_that_flutters_costs_at_most_three_times_its_usual_traffic_in_the_long_run() -> None:
    flutter = [(100.0 + 10 * k, 104.0 + 10 * k) for k in range(720)]
    world = World(site(), dict.fromkeys(("a1", "a2", "a3"), flutter)).run(7_300)
    usual = 6 * 3_600 / 30
    assert sum(len(world.between(name, 3_700, 7_300)) for name in world.asked) <= 3.2 * usual


def test_no_more_run_at_once_than_allowed_and_the_own_site_goes_first() -> None:
    villages = [village(number) for number in range(300)]
    cut = {target.name: [(100.0, 999.0)] for target in [*site(), *villages]}
    world = World([*villages, *site()], cut, room=50).run(300)
    assert world.busiest == 50
    assert world.down_at("a1") < 100 + 30 + 3 * TIMEOUT_S + 5
    assert sum(state is State.DOWN for _, state, _ in world.flips) == 306


def test_a_target_is_never_asked_while_it_is_being_asked() -> None:
    agenda = Agenda(site(), 0.0, Random(1))
    started = set(agenda.take(10.0, 99))
    assert started == set(range(6))
    agenda.hear(3, False, 12.0)  # raises the question; the others still run
    assert agenda.take(12.0, 99) == [3]
    assert agenda.take(60.0, 99) == []
