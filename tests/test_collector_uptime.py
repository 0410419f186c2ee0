"""When a watched device started anew: told by its counter alone, never by our clocks."""

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.silence import Restart
from collector.accounting.uptime import JITTER_MS, WRAP_MS, restarts
from collector.columns import Columns, Series, concatenate
from collector.judging.judge import Case, JudgeSettings, judge
from collector.judging.quality import Limits
from collector.store import Delivery
from shared.result import CODE_OF, Group, Outcome, Result
from shared.wire import Batch, Context, TargetSpec, encode_planes
from tests.bookkeeping import BASE, DAY, HOUR, MONDAY, ROUND, SITE, Office

T0_MS = 1_790_000_000_000
MINUTE = 60_000


def readings(
    rows: Sequence[tuple[int, int | None]],
    *,
    target: str = "router",
    agent: str = "hub",
    agent_site: str = "hub",
    group: Group = Group.GATEWAY,
    kind: str = "uptime",
    address: str = "",
    rtt_us: int = 40_000,
) -> Columns:
    """(when, what the counter said in seconds; None: no answer) as the store hands them out."""
    series = Series(
        site="s", agent=agent, agent_site=agent_site, target=target, group=group, kind=kind,
        interval_ms=MINUTE, address=address,
    )  # fmt: skip
    ok = np.array([reading is not None for _, reading in rows], np.bool_)
    avg = np.where(ok, rtt_us, 0).astype(np.uint32)
    return Columns(
        (series,),
        np.zeros(len(rows), np.uint16),
        np.array([at_ms for at_ms, _ in rows], np.int64),
        np.where(ok, CODE_OF[Outcome.OK], CODE_OF[Outcome.TIMEOUT]).astype(np.uint8),
        np.ones(len(rows), np.uint8),
        ok.astype(np.uint8),
        avg,
        avg,
        avg + np.array([reading or 0 for _, reading in rows], np.uint32),
    )


def counted(boots_ms: Sequence[int], asked_ms: Sequence[int]) -> list[tuple[int, int]]:
    """What a device that started at `boots_ms` says when it is asked."""
    return [(at, (at + 40 - max(boot for boot in boots_ms if boot <= at)) // 1000) for at in asked_ms]


def test_a_device_that_runs_on_did_not_restart() -> None:
    assert restarts(readings(counted([0], range(MINUTE, 60 * MINUTE, MINUTE)))) == []


def test_a_power_cut_in_a_gap_is_a_restart_at_the_start_of_the_device() -> None:
    cut = readings([(T0_MS, 86_400), (T0_MS + MINUTE, None), (T0_MS + 10 * MINUTE, 90)])
    [restart] = restarts(cut)
    assert restart == Restart(target="router", at_ms=T0_MS + 10 * MINUTE + 40 - 90_000, after_ms=T0_MS + 40)


def test_two_power_cuts_are_two_restarts() -> None:
    boots = [0, 20 * MINUTE, 50 * MINUTE]
    asked = [
        at for at in range(MINUTE, 90 * MINUTE, MINUTE) if not (17 <= at // MINUTE < 20 or 40 <= at // MINUTE < 50)
    ]
    found = restarts(readings(counted(boots, asked)))
    assert [restart.after_ms // MINUTE for restart in found] == [16, 39]
    assert [abs(restart.at_ms - boot) <= 1_000 for restart, boot in zip(found, boots[1:], strict=True)] == [True, True]


def test_a_counter_that_begins_anew_after_497_days_is_no_restart() -> None:
    end_s = WRAP_MS // 1000
    assert restarts(readings([(T0_MS, end_s - 30), (T0_MS + MINUTE, 30)])) == []
    week_ms = 7 * 86_400_000
    assert restarts(readings([(T0_MS, end_s - 86_400), (T0_MS + week_ms, 6 * 86_400 + 300)])) == []
    assert len(restarts(readings([(T0_MS, end_s - 30), (T0_MS + 60 * MINUTE, 30)]))) == 1


def test_a_counter_that_jumps_without_a_start_in_the_gap_says_nothing() -> None:
    """hrSystemUptime and sysUpTime differ by months: reading now one, now the other is no power cut."""
    assert restarts(readings([(T0_MS, 9_000_000), (T0_MS + MINUTE, 5_000), (T0_MS + 2 * MINUTE, 9_000_120)])) == []


def test_what_only_ran_elsewhere_says_nothing_of_the_site() -> None:
    cut = [(T0_MS, 86_400), (T0_MS + 10 * MINUTE, 90)]
    assert restarts(readings(cut, agent_site="s", group=Group.SERVICE)) == []
    assert len(restarts(readings(cut, agent_site="s", group=Group.GATEWAY))) == 1
    assert restarts(readings(cut, kind="http")) == []


def test_another_device_under_the_same_name_is_another_counter() -> None:
    parts = [readings([(T0_MS, 86_400)], address="old"), readings([(T0_MS + 10 * MINUTE, 90)], address="new")]
    assert restarts(concatenate(parts)) == []


def test_two_watchers_say_the_same_of_one_device_each_in_its_own_words() -> None:
    cut = [(T0_MS, 86_400), (T0_MS + 10 * MINUTE, 90)]
    assert len(restarts(concatenate([readings(cut), readings(cut, agent="hub-2")]))) == 1
    assert len(restarts(concatenate([readings(cut), readings(cut, agent="hub-2", target="lain")]))) == 2


asked_ms = st.lists(st.integers(5_000, 600_000), min_size=2, max_size=60)
"""How long between questions."""


@given(asked_ms, st.integers(0, WRAP_MS - 1), st.data())
@settings(max_examples=200)
def test_neither_jitter_nor_steps_of_the_clock_nor_a_wrap_invent_a_restart(
    gaps: list[int], counter_ms: int, data: st.DataObject
) -> None:
    rows, now_ms, wall_ms = [], 0, T0_MS
    steps_ms = [0, 0, 0, 500, -500, 3_600_000, 86_400_000]
    if counter_ms > 10 * 86_400_000:  # else two readings in the wrong order look like a device that just started
        steps_ms += [-3_600_000, -14_000_000]
    for gap_ms in gaps:
        now_ms += gap_ms
        wall_ms += gap_ms + data.draw(st.sampled_from(steps_ms))
        jitter_ms = data.draw(st.integers(-2_000, 2_000))
        rows.append((wall_ms, (counter_ms + now_ms + jitter_ms) % WRAP_MS // 1000))
    stepped = any(not 0 < b - a < 660_000 for (a, _), (b, _) in pairwise(rows))
    wraps = counter_ms + now_ms + 2_000 >= WRAP_MS
    if not (stepped and wraps):  # both at once cannot be told from a power cut
        assert restarts(readings(rows)) == []


@given(asked_ms, st.sets(st.integers(0, 59), max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_every_restart_is_found_within_a_second_and_no_other(
    gaps: list[int], cuts: set[int], shuffle: random.Random
) -> None:
    asked: list[int] = []
    at_ms, boots = T0_MS, [T0_MS - 86_400_000]
    for number, gap_ms in enumerate(gaps):
        if number in cuts and asked and asked[-1] - boots[-1] > 70_000:
            at_ms += 300_000
            boots.append(at_ms - 60_000)
        asked.append(at_ms)
        at_ms += gap_ms
    rows = counted(boots, asked)
    shuffle.shuffle(rows)
    found = restarts(readings(rows))
    assert len(found) == len(boots) - 1
    assert all(0 <= found.at_ms - boot <= 1_000 for found, boot in zip(found, boots[1:], strict=True))
    assert all(restart.after_ms <= restart.at_ms for restart in found)


@pytest.mark.parametrize("story", [[(0, 100)], [], [(0, None), (MINUTE, 1)]])
def test_one_reading_alone_says_nothing(story: list[tuple[int, int | None]]) -> None:
    assert restarts(readings(story)) == []
    assert restarts(Columns.empty()) == []


def test_a_start_just_before_the_reading_is_still_after_it() -> None:
    """The host's clock was 2 s slow at the second reading: the device cannot have started before it was read."""
    [restart] = restarts(readings([(T0_MS, 900), (T0_MS + 8_000, 10)]))
    assert (restart.after_ms, restart.at_ms) == (T0_MS + 40, T0_MS + 40)
    assert JITTER_MS > 2_000


def test_an_answer_with_a_reading_is_dated_by_its_round_trip() -> None:
    """The way up of a target is dated to its answer; the reading must not be taken for a round trip of months."""
    story = [
        *((at, None) for at in range(0, 5 * MINUTE, MINUTE)),
        *((at, 40_000_000) for at in range(5 * MINUTE, 9 * MINUTE, MINUTE)),
    ]
    case = Case(site="s", columns=readings(story, agent_site="s"), from_ms=-1, standing={}, blind={})
    flips = judge(case, JudgeSettings(), Limits())
    assert [f.at_ms for f in flips if f.scope == "gateway:hub/router" and f.now == "up"] == [5 * MINUTE + 40]


ROUTER = tuple(
    TargetSpec(name=kind, group=Group.INTRANET, kind=kind, interval_ms=ROUND, site=SITE.code)
    for kind in ("icmp", "uptime")
)
OFF = (MONDAY + 10 * HOUR, MONDAY + 12 * HOUR)


def watched(boots_ms: Sequence[int]) -> Delivery:
    """A day of a village's router, seen by a hub: echo, and the counter since the last of `boots_ms`; silent in OFF."""
    made = []
    for at_ms in range(MONDAY, MONDAY + DAY, ROUND):
        on = not OFF[0] <= at_ms < OFF[1]
        known: dict[str, Any] = {"sent": 1, "received": int(on), "outcome": Outcome.OK if on else Outcome.TIMEOUT}
        known |= dict.fromkeys(("rtt_min_us", "rtt_avg_us", "rtt_max_us"), 800 * on) | {"started_ms": at_ms - BASE}
        reading = (at_ms - max(boot for boot in boots_ms if boot <= at_ms)) // 1000 * on
        made += [(0, Result(target="icmp", **known)), (1, Result(target="uptime", reading=reading, **known))]
    known = {"boot_id": "h", "boot_at_ms": BASE, "run_at_ms": BASE, "clock_base_ms": BASE, "push_interval_ms": ROUND}
    context, base_ms = Context(targets=ROUTER, **known), MONDAY - BASE
    planes = encode_planes(made, [ROUND, ROUND], base_ms)
    batch = Batch(stream="h", first_seq=0, n=len(made), context=context.name, base_ms=base_ms, planes=planes)
    return Delivery(agent="hub", site="hub", batch=batch, context=context, received_at_ms=MONDAY + 3 * DAY)


@pytest.mark.parametrize(
    ("boots_ms", "row"), [([MONDAY - DAY, OFF[1] - MINUTE], "power"), ([MONDAY - DAY], "unreachable")]
)
def test_a_counter_that_began_anew_makes_power_of_a_silence(tmp_path: Path, boots_ms: list[int], row: str) -> None:
    office = Office(tmp_path)
    office.store.append(watched(boots_ms)).result()
    office.judge()
    rows = office.rows(MONDAY, MONDAY + DAY)
    office.store.close()
    assert abs(rows[row] - 2 * HOUR) <= 2 * MINUTE, rows
    assert {"power", "unreachable"} & set(rows) <= {row, "unreachable"}
