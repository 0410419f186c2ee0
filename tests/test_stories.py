"""Stories of the whole collector: from what agents push to what is told of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.condition import Row
from collector.registry import Site
from collector.store import Delivery
from shared.wire import Host
from tests import oracle
from tests.fleet import WATCHERS, Fleet, deliveries, fleets, shuffled
from tests.house import House, collector
from tests.worlds import MINUTE_MS, SITE, Agreement, Run, agreements

DAY_MS = 86_400_000
START_MS = round(datetime(2026, 1, 5, 16, tzinfo=UTC).timestamp() * 1000)
"""A midnight in Samarinda."""
DAYS = 7
POWER_OFF_MIN, LINE_DOWN_MIN = 613, 21
"""Of each day; the rest of it, 806 minutes, the village has internet."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    site = Site(code=SITE, name="Village")
    made = House(tmp_path / "store.db", [site], START_MS + (DAYS + 1) * DAY_MS)
    yield made
    made.store.close()


def village() -> Fleet:
    """Its power goes every day at ten; the line fails every day for a while at six."""
    runs, boots = list[Run](), [START_MS - 60_000, *(day(n, 600 + POWER_OFF_MIN) for n in range(DAYS))]
    ends = [*(day(n, 600) for n in range(DAYS)), day(DAYS, 0)]
    for number, (booted, end) in enumerate(zip(boots, ends, strict=True)):
        stay = oracle.Stay(
            agent="pc",
            inside=True,
            boot=f"b{number}",
            booted=booted,
            run=booted,
            first=0,
            last=0,
            stop="power" if number else "first",
            alive=ends[number - 1] if number else 0,
        )
        runs.append(Run(booted, end, stay))
    places = (("gateway", "gw"), ("intranet", "portal"), ("internet", "anchor"))
    targets = tuple(
        oracle.Target(group=group, agent="pc", name=name, interval=MINUTE_MS, probes=tuple(probes_of(group, runs)))
        for group, name in places
    )
    return Fleet(targets, (), {"pc": runs}, {"pc": [0] * len(runs)})


def day(number: int, minute: int) -> int:
    return START_MS + number * DAY_MS + minute * MINUTE_MS


def probes_of(group: str, runs: list[Run]) -> Iterator[oracle.Probe]:
    for at in range(START_MS, day(DAYS, 0), MINUTE_MS):
        is_down = group != "gateway" and 360 <= (at - START_MS) % DAY_MS // MINUTE_MS < 360 + LINE_DOWN_MIN
        if any(run.has(at) for run in runs):
            yield oracle.Probe(at=at, outcome="timeout" if is_down else "ok", got=0 if is_down else 4)


async def test_a_village_without_steady_power_keeps_the_good_name_of_its_line(house: House) -> None:
    """Who counts power cuts as failures of the line says 56 %; the truth about the line is 97.5 %."""
    for delivery in deliveries(village(), pieces=5):
        await house.receive(delivery)
    house.rejudge.judge_touched()
    house.close_days()
    found, ledger = house.figures(SITE, day(0, 0), day(DAYS, 0))
    told = {name: f"{100 * (found.availability[name].value or 0):.1f}" for name in ("line", "experienced")}
    assert told == {"line": "97.5", "experienced": "56.0"}
    cuts = [(down.start_ms, down.end_ms) for down in ledger.downs if down.row is Row.POWER]
    assert cuts == [(day(n, 600), day(n, 600 + POWER_OFF_MIN)) for n in range(DAYS)]
    assert (found.outages.n, found.power_cuts.n) == (DAYS, DAYS)


# Permutation

SITES = (SITE, *WATCHERS.values())
TREATMENTS = st.lists(
    st.tuples(st.sampled_from(["restart", "rebuild", "compact", "settle", "close"]), st.integers(0, 40)), max_size=3
)


PERMUTED = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
MIXED = st.tuples(st.integers(1, 4), st.integers(0, 1 << 30), TREATMENTS)
"""Batches a run, how they are shuffled, and what else is done meanwhile."""


@PERMUTED
@given(fleets(watched=False), agreements(), MIXED)
def test_order_batching_repeats_restarts_and_rebuilds_leave_no_trace(
    tmp_path: Path, fleet: Fleet, agreement: Agreement, mixed: tuple[int, int, list[tuple[str, int]]]
) -> None:
    permute(tmp_path, fleet, agreement, mixed)


@PERMUTED
@given(fleets(), agreements(), MIXED)
def test_nor_do_they_where_others_watch(
    tmp_path: Path, fleet: Fleet, agreement: Agreement, mixed: tuple[int, int, list[tuple[str, int]]]
) -> None:
    permute(tmp_path, fleet, agreement, mixed)


def permute(folder: Path, fleet: Fleet, agreement: Agreement, mixed: tuple[int, int, list[tuple[str, int]]]) -> None:
    pieces, seed, treatments = mixed
    fleet, agreement = fleet.moved(agreement.shift), agreement.moved()
    with collector(folder, agreement) as plain, collector(folder, agreement) as other:
        plain.take(deliveries(fleet, 1), at_once=100)
        for place, delivery in enumerate(shuffled(deliveries(fleet, pieces), seed, repeats=3)):
            other.take([delivery])
            for treatment in [name for name, at in treatments if at == place]:
                treat(other, treatment, agreement.end)
        for treatment, _ in treatments:
            treat(other, treatment, agreement.end)
        span = agreement.start, agreement.end
        assert other.told(SITES, *span) == plain.told(SITES, *span)


def treat(house: House, treatment: str, now_ms: int) -> None:
    if treatment == "restart":
        house.restart()
    elif treatment == "rebuild":
        house.rebuild()
    elif treatment == "compact":
        house.store.compact(now_ms + 400 * DAY_MS)
    elif treatment == "settle":
        house.rejudge.settle(SITES)
    else:
        house.close_days()


# A week of backlog

LATE, LIVE = 300, 20
WEEK = 7
COARSE_MS = 900_000
PUSH_S = 60.0


def cabins(from_ms: int, to_ms: int, name: str, first_seq: int, sent_ms: int, down: range = range(0)) -> Delivery:
    """One push of one agent with all it measured from `from_ms` to `to_ms`, every COARSE_MS; `down` are failures."""
    run = Run(from_ms, to_ms, booted_long_ago(name))
    found = tuple(
        oracle.Probe(at=at, outcome="timeout" if i in down else "ok", got=0 if i in down else 4)
        for i, at in enumerate(range(from_ms, to_ms, COARSE_MS))
    )
    target = oracle.Target(group="internet", agent=name, name="anchor", interval=COARSE_MS, probes=found)
    fleet = Fleet((target,), (), {name: [run]}, {name: [0]})
    [delivery] = deliveries(fleet, 1)
    host = msgspec.structs.replace(
        cast("Host", delivery.batch.host), sent_boot_ms=sent_ms - START_MS + DAY_MS, sent_wall_ms=sent_ms
    )
    batch = msgspec.structs.replace(delivery.batch, first_seq=first_seq, host=host)
    return replace(delivery, batch=batch, site=name, received_at_ms=sent_ms)


def booted_long_ago(name: str) -> oracle.Stay:
    booted = START_MS - DAY_MS
    return oracle.Stay(agent=name, inside=True, boot="b", booted=booted, run=booted, first=0, last=0)


async def test_a_week_of_backlog_corrects_the_reports_and_wakes_nobody(tmp_path: Path) -> None:
    late, live = [f"late{n}" for n in range(LATE)], [f"live{n}" for n in range(LIVE)]
    now_ms = START_MS + WEEK * DAY_MS + 12 * 3_600_000
    house = House(tmp_path / "store.db", [Site(code=name, name=name) for name in (*late, *live)], now_ms)
    hours = 4 * COARSE_MS
    for name in late:
        await house.receive(cabins(START_MS, START_MS + hours, name, 0, START_MS + hours))
    for name in live:
        await house.receive(cabins(now_ms - 2 * hours, now_ms, name, 0, now_ms))
    house.rejudge.judge_touched()
    house.close_days()
    later_ms = now_ms + hours
    house.clock.advance(hours / 1000)
    began = perf_counter()
    for name in late:
        await house.receive(cabins(START_MS + hours, later_ms, name, 4, later_ms, down=range(100, 200)))
    for name in live:
        await house.receive(cabins(now_ms, later_ms, name, 8, later_ms, down=range(4 if name == live[0] else 0)))
    house.rejudge.judge_touched()
    await house.alerts.tick()
    assert perf_counter() - began < PUSH_S
    house.clock.advance(30)
    await house.alerts.tick()
    assert {name: n for name, n in house.alerts.firing().items() if n} == {"SiteDown": 1}
    house.close_days()
    for name in late[:: LATE // 10]:
        told = house.accounts.revisions(name, START_MS, START_MS + WEEK * DAY_MS)
        assert [one.number for one in told] == [1, 2] * WEEK
        found, _ = house.figures(name, START_MS, START_MS + WEEK * DAY_MS)
        assert found.coverage == pytest.approx(1, abs=0.01)
        assert (found.outages.n, found.downtime_ms) == (1, 100 * COARSE_MS)
    house.store.close()
