"""Stays: what hosts were in, and when, in true time."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collector.accounting.silence import Stay
from collector.store import Delivery
from collector.store.log import seal, unseal
from collector.store.schema import FIRST, connect
from collector.store.sqlite import SqliteStore
from shared.result import Group
from shared.wire import Host, Jump, TargetSpec
from tests.clocked import DAY_MS, HOUR_MS, NOON_MS, SITE, TARGET, Machine
from tests.deliveries import CONTEXT, RECEIVED_MS, deliver, run_of

FOREVER_MS = 1 << 60


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(str(tmp_path / "k.db"), linger_s=0)
    yield made
    made.close()


def put(store: SqliteStore, *deliveries: Delivery) -> None:
    for delivery in deliveries:
        store.append(delivery).result(60)


def every(store: SqliteStore, site: str = SITE) -> list[Stay]:
    return store.stays(site, 0, FOREVER_MS)


def spans(stays: list[Stay]) -> list[tuple[str, int, int]]:
    return [(stay.boot_id, stay.first_ms, stay.last_ms) for stay in stays]


def test_a_stay_says_what_its_context_says(store: SqliteStore) -> None:
    put(store, deliver(run_of(0, 30)))
    (stay,) = every(store)
    stamps = [CONTEXT.clock_base_ms + 70_000 + 10_000 * number for number in (0, 29)]
    assert stay == Stay(
        agent="dinkes-1",
        agent_site=SITE,
        boot_id="b0",
        booted_ms=CONTEXT.boot_at_ms,
        started_ms=CONTEXT.run_at_ms,
        first_ms=stamps[0],
        last_ms=stamps[1],
        last_stop="power",
    )
    assert every(store, "nowhere") == []


def test_who_watches_from_outside_stays_there_too(store: SqliteStore) -> None:
    put(store, deliver(run_of(0, 30)))
    assert [(stay.agent, stay.agent_site) for stay in every(store, "64.07")] == [("dinkes-1", SITE)]


def test_a_context_that_does_not_name_a_site_says_nothing_of_it(store: SqliteStore) -> None:
    put(store, deliver(run_of(0, 30)))
    alone = msgspec.structs.replace(CONTEXT, targets=CONTEXT.targets[:2])
    put(store, deliver(run_of(30, 31, context=alone.name), context=alone))
    assert (len(every(store)), len(every(store, "64.07"))) == (2, 1)


def five_days() -> list[Delivery]:
    machine, found = Machine(), list[Delivery]()
    for day in range(5):
        machine.boot(NOON_MS + day * DAY_MS)
        found += machine.live(NOON_MS + day * DAY_MS + 60_000, NOON_MS + day * DAY_MS + HOUR_MS)
    return found


def test_stays_of_a_span_come_with_their_neighbours(store: SqliteStore) -> None:
    put(store, *five_days())

    def boots(from_ms: int, to_ms: int) -> list[str]:
        return [stay.boot_id[-1] for stay in store.stays(SITE, NOON_MS + from_ms, NOON_MS + to_ms)]

    assert boots(2 * DAY_MS, 3 * DAY_MS) == ["2", "3", "4"]
    assert boots(DAY_MS + 2 * HOUR_MS, DAY_MS + 3 * HOUR_MS) == ["2", "3"]
    assert boots(-DAY_MS, 0) == ["1"]
    assert boots(9 * DAY_MS, 10 * DAY_MS) == ["5"]
    assert boots(0, 5 * DAY_MS) == ["1", "2", "3", "4", "5"]


def test_stays_survive_restarts_and_compaction(tmp_path: Path) -> None:
    path, before = str(tmp_path / "k.db"), list[list[Stay]]()
    store = SqliteStore(path, linger_s=0)
    for delivery in five_days():
        put(store, delivery)
    before.append(every(store))
    store.compact(NOON_MS + 2 * DAY_MS)
    before.append(every(store))
    store.close()
    store = SqliteStore(path, linger_s=0)
    before.append(every(store))
    store.compact(FOREVER_MS)
    before.append(every(store))
    assert before == [before[0]] * 4
    store.close()


def test_the_run_before_is_dated_by_the_clock_of_its_own_boot(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS, 1_000)
    found = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    believed_ms = 1_000 + HOUR_MS
    machine.boot(NOON_MS + 5 * HOUR_MS, last_stop="power", last_alive_ms=believed_ms)
    put(store, *found, *machine.live(NOON_MS + 5 * HOUR_MS + 60_000, NOON_MS + 6 * HOUR_MS))
    stay = every(store)[-1]
    assert (stay.last_stop, abs(stay.last_alive_ms - (NOON_MS + HOUR_MS)) < 100) == ("power", True)
    assert abs(stay.booted_ms - (NOON_MS + 5 * HOUR_MS)) < 100


def test_the_run_before_in_the_same_boot_is_dated_by_the_clock_of_now(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS, 1_000)
    found = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    assert machine.context
    told: dict[str, Any] = {"run_at_ms": 1_000 + 2 * HOUR_MS, "last_stop": "crash", "last_alive_ms": 1_000 + HOUR_MS}
    machine.context = msgspec.structs.replace(machine.context, **told)
    put(store, *found, *machine.live(NOON_MS + 2 * HOUR_MS, NOON_MS + 3 * HOUR_MS))
    first, second = every(store)
    assert first.booted_ms == second.booted_ms
    assert abs(second.started_ms - (NOON_MS + 2 * HOUR_MS)) < 100
    assert abs(second.last_alive_ms - (NOON_MS + HOUR_MS)) < 100


def test_contexts_of_one_run_agree_on_when_it_began_although_the_clock_was_set(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS, NOON_MS + 1_500)
    found = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    machine.step(-1_400, NOON_MS + HOUR_MS)
    put(store, *found, *machine.live(NOON_MS + HOUR_MS + 60_000, NOON_MS + 2 * HOUR_MS))
    first, second = every(store)
    assert (first.started_ms, first.booted_ms) == (second.started_ms, second.booted_ms)


def test_a_sleep_is_told_in_true_time(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS, 1_000).measure(NOON_MS + HOUR_MS)
    assert machine.context
    jump = Jump(at_ms=1_000 + 5 * HOUR_MS, slept_ms=3 * HOUR_MS)
    machine.context = msgspec.structs.replace(machine.context, jump=jump)
    put(store, *machine.measure(NOON_MS + 5 * HOUR_MS + 5_000).push(NOON_MS + 5 * HOUR_MS + 6_000))
    first, second = every(store)
    assert (first.slept_ms, second.slept_ms) == (0, 3 * HOUR_MS)
    assert abs(second.woke_ms - (NOON_MS + 5 * HOUR_MS)) < 100


def test_a_hub_without_targets_of_its_own_site_stays_there(store: SqliteStore) -> None:
    target = TargetSpec(name="far", group=Group.INTRANET, kind="icmp", interval_ms=30_000, site="64.01")
    machine = Machine().boot(NOON_MS, targets=(target,))
    put(store, *machine.measure(NOON_MS + 60_000).push(NOON_MS + 90_000))
    assert spans(every(store)) == spans(every(store, "64.01")) == [("boot-1", NOON_MS + 60_000, NOON_MS + 60_000)]


def test_clones_have_stays_of_their_own(store: SqliteStore) -> None:
    twins = [Machine(name=name).boot(NOON_MS) for name in ("xxxxxxxx-1", "yyyyyyyy-2")]
    for at in range(NOON_MS + 60_000, NOON_MS + 6 * HOUR_MS, HOUR_MS):
        for twin in twins:
            put(store, *twin.measure(at).push(at + 30_000))
    assert sorted({stay.agent for stay in every(store)}) == ["a", "a~xxxxxxxx", "a~yyyyyyyy"]


# an old file


def as_of_old(data: bytes) -> bytes:
    """A log row whose frames end with `host`."""
    frames, packed = msgspec.msgpack.decode(unseal(data))
    return seal(msgspec.msgpack.encode([[frame[:9] for frame in frames], packed]))


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A store of the first schema: an hour in chunks, a delivery in the log, windows."""
    path = tmp_path / "k.db"
    store = SqliteStore(str(path), linger_s=0)
    put(store, deliver(run_of(0, 300)))
    store.compact(FOREVER_MS)
    put(store, deliver(run_of(300, 330)))
    store.close()
    db = sqlite3.connect(path)
    rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in ("places", "contexts", "log", "chunks")}
    rows["series"] = db.execute(
        "SELECT id, site, agent, agent_site, target, grp, kind, interval_ms, address FROM series"
    ).fetchall()
    rows["log"] = [(number, at_ms, as_of_old(data)) for number, at_ms, data in rows["log"]]
    rows["windows"] = db.execute("SELECT agent, stream, spans FROM windows").fetchall()
    db.close()
    for file in tmp_path.iterdir():
        file.unlink()
    db = connect(str(path))
    for statement in FIRST.split(";\n"):
        db.execute(statement)
    for table, found in rows.items():
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})", found)
    db.execute("PRAGMA user_version=1")
    db.close()
    return path


def test_a_file_of_the_first_schema_keeps_all_it_has(old_file: Path) -> None:
    store = SqliteStore(str(old_file), linger_s=0)
    assert len(store.read(SITE, 0, FOREVER_MS)) == 220
    assert store.append(deliver(run_of(0, 340))).result(60).duplicates == 330
    assert len(store.read(SITE, 0, FOREVER_MS)) == 227
    assert (store.untrusted(), store.cloned()) == ({}, {})
    store.compact(FOREVER_MS)
    assert len(store.read(SITE, 0, FOREVER_MS)) == 227
    store.close()


def test_what_an_old_agent_sent_is_not_stored_again_when_its_new_version_sends_it(old_file: Path) -> None:
    store = SqliteStore(str(old_file), linger_s=0)
    boot_ms = RECEIVED_MS - CONTEXT.clock_base_ms
    host = Host(sent_wall_ms=RECEIVED_MS, sent_boot_ms=boot_ms, same_boot=True)
    answer = store.append(deliver(run_of(200, 335, host=host))).result(60)
    assert (answer.duplicates, answer.stored) == (130, 5)
    store.close()


def test_an_agent_that_tells_nothing_of_its_boot_is_taken_at_its_word(store: SqliteStore) -> None:
    (told,) = Machine().boot(NOON_MS, NOON_MS + HOUR_MS).measure(NOON_MS + 60_000).push(NOON_MS + 2 * HOUR_MS)
    assert told.batch.host
    host = msgspec.structs.replace(told.batch.host, same_boot=None)
    put(store, replace(told, batch=msgspec.structs.replace(told.batch, host=host)))
    assert store.read(SITE, 0, FOREVER_MS).at_ms.tolist() == [NOON_MS + HOUR_MS + 60_000]
    assert TARGET.name in {series.target for series in store.read(SITE, 0, FOREVER_MS).series}
