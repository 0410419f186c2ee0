"""Whatever a host's clock says, its results stand where they were measured, or nowhere."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.chronicle import Chronicle
from collector.clocks import BUCKET_MS, Boot, Bounds
from collector.store import Delivery, Stored
from collector.store.sqlite import SqliteStore
from tests.clocked import DAY_MS, HOUR_MS, NOON_MS, SITE, Machine, later
from tests.deliveries import same

FOREVER_MS = 1 << 60
WAIT_S = 60.0
WRONG = {
    "1970": 1_000,
    "2012": 1_325_376_000_000,
    "in 100 years": NOON_MS + 100 * 365 * DAY_MS,
    "two weeks back": NOON_MS - 14 * DAY_MS,
    "an hour ahead": NOON_MS + HOUR_MS,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(str(tmp_path / "k.db"), linger_s=0)
    yield made
    made.close()


def put(store: SqliteStore, deliveries: Iterable[Delivery]) -> list[Stored]:
    futures = [store.append(delivery) for delivery in deliveries]
    return [future.result(WAIT_S) for future in futures]


def stamps(store: SqliteStore) -> list[int]:
    return sorted(store.read(SITE, 0, FOREVER_MS).at_ms.tolist())


def near(found: Iterable[int], expected: Iterable[int], within_ms: int = 100) -> bool:
    found, expected = list(found), list(expected)
    return len(found) == len(expected) and all(abs(f - e) <= within_ms for f, e in zip(found, expected, strict=True))


def hourly(from_ms: int, hours: int) -> list[int]:
    return [from_ms + hour * HOUR_MS for hour in range(hours)]


# one boot


@pytest.mark.parametrize("wall_ms", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_clock_is_corrected_by_every_push(store: SqliteStore, wall_ms: int) -> None:
    put(store, Machine().boot(NOON_MS, wall_ms).live(NOON_MS + 60_000, NOON_MS + DAY_MS))
    expected = list(range(NOON_MS + 60_000, NOON_MS + DAY_MS, 600_000))
    assert near(stamps(store), expected)
    found = store.read(SITE, expected[30], expected[60]).at_ms.tolist()
    assert near(sorted(found), expected[30:60])
    span = store.span(SITE)
    assert span
    assert near(span, (expected[0], expected[-1]))
    assert store.untrusted() == {}


def test_a_right_clock_is_left_alone_and_costs_no_clock(store: SqliteStore) -> None:
    put(store, Machine().boot(NOON_MS, NOON_MS + 900).live(NOON_MS + 60_000, NOON_MS + DAY_MS))
    assert stamps(store) == [at + 900 for at in range(NOON_MS + 60_000, NOON_MS + DAY_MS, 600_000)]
    assert not store._names.judged


def test_a_clock_that_is_set_right_in_an_outage_moves_what_was_before_and_not_what_is_behind(
    store: SqliteStore,
) -> None:
    machine = Machine().boot(NOON_MS, NOON_MS - 14 * DAY_MS)
    put(store, machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS))
    machine.measure(*hourly(NOON_MS + 2 * HOUR_MS, 5))
    machine.step(14 * DAY_MS, NOON_MS + 7 * HOUR_MS)
    machine.measure(*hourly(NOON_MS + 7 * HOUR_MS, 5))
    put(store, machine.push(NOON_MS + 12 * HOUR_MS))
    expected = [*range(NOON_MS + 60_000, NOON_MS + HOUR_MS, 600_000), *hourly(NOON_MS + 2 * HOUR_MS, 10)]
    assert near(stamps(store), expected)


def test_a_drifting_clock_is_followed_over_a_month(store: SqliteStore) -> None:
    machine = Machine(drift_ppm=80).boot(NOON_MS)
    put(store, machine.live(NOON_MS + 60_000, NOON_MS + 30 * DAY_MS, HOUR_MS))
    expected = list(range(NOON_MS + 60_000, NOON_MS + 30 * DAY_MS, HOUR_MS))
    assert near(stamps(store), expected, 4_000)
    assert near(stamps(store)[-300:], expected[-300:], 2_000)


def test_an_outage_of_a_week_in_a_wrong_boot_comes_back_to_its_days(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS, WRONG["2012"]).measure(*hourly(NOON_MS + HOUR_MS, 7 * 24))
    put(store, machine.push(NOON_MS + 8 * DAY_MS))
    assert near(stamps(store), hourly(NOON_MS + HOUR_MS, 7 * 24))


# boots that never reached anybody


def no_rtc(boots: int) -> tuple[list[Delivery], list[int]]:
    """Every boot begins in 1970; NTP sets the clock after two hours, if there is a line."""
    machine, found, expected = Machine(), list[Delivery](), list[int]()
    for boot in range(boots):
        at = NOON_MS + boot * DAY_MS
        machine.boot(at, 5_000)
        before, behind = hourly(at + 60_000, 2), hourly(at + 3 * HOUR_MS, 5)
        machine.measure(*before).step(at - 5_000, at + 2 * HOUR_MS)
        machine.measure(*behind)
        found += machine.push(at + 9 * HOUR_MS)
        expected += before + behind
    return found, expected


def test_a_host_without_a_clock_is_dated_by_its_pushes(store: SqliteStore) -> None:
    found, expected = no_rtc(5)
    put(store, found)
    assert near(stamps(store), expected)
    store.compact(FOREVER_MS)
    assert near(stamps(store), expected)


def offline_boot(wall_ms: int | None) -> list[Delivery]:
    """Three boots; the second never pushes itself."""
    machine = Machine().boot(NOON_MS)
    found = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    machine.boot(NOON_MS + 2 * HOUR_MS, wall_ms).measure(*hourly(NOON_MS + 3 * HOUR_MS, 3))
    machine.boot(NOON_MS + 7 * HOUR_MS)
    return found + machine.measure(NOON_MS + 8 * HOUR_MS).push(NOON_MS + 9 * HOUR_MS)


def test_an_offline_boot_is_trusted_if_it_lies_between_its_neighbours(store: SqliteStore) -> None:
    put(store, offline_boot(None))
    assert [at for at in stamps(store) if at > NOON_MS + HOUR_MS] == [
        *hourly(NOON_MS + 3 * HOUR_MS, 3),
        NOON_MS + 8 * HOUR_MS,
    ]
    assert store.untrusted() == {}


@pytest.mark.parametrize("wall_ms", WRONG.values(), ids=WRONG.keys())
def test_an_offline_boot_with_a_dead_clock_is_counted_and_in_no_account(store: SqliteStore, wall_ms: int) -> None:
    if wall_ms == WRONG["an hour ahead"]:
        wall_ms = NOON_MS + 8 * HOUR_MS
    put(store, offline_boot(wall_ms))
    assert len(stamps(store)) == 6 + 1
    assert store.untrusted() == {"a": 3}
    store.compact(FOREVER_MS)
    assert (len(stamps(store)), store.untrusted()) == (7, {"a": 3})
    assert [stay.boot_id for stay in store.stays(SITE, 0, FOREVER_MS)] == ["boot-1", "boot-3"]


def test_several_offline_boots_in_a_row_are_trusted_in_their_order(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS)
    found = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    for day, wrong_ms in ((1, 0), (2, 0), (3, -2 * DAY_MS), (4, 0)):
        machine.boot(NOON_MS + day * DAY_MS, NOON_MS + day * DAY_MS + wrong_ms)
        machine.measure(NOON_MS + day * DAY_MS + HOUR_MS)
    machine.boot(NOON_MS + 5 * DAY_MS)
    put(store, found + machine.measure(NOON_MS + 5 * DAY_MS + 60_000).push(NOON_MS + 5 * DAY_MS + 90_000))
    assert [(at - NOON_MS) // DAY_MS for at in stamps(store)[6:]] == [1, 2, 4, 5]
    assert store.untrusted() == {"a": 1}


def test_an_offline_boot_is_doubted_when_the_next_one_came_up_wrong(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS)
    found = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    machine.boot(NOON_MS + 2 * HOUR_MS).measure(NOON_MS + 3 * HOUR_MS)
    machine.boot(NOON_MS + 5 * HOUR_MS, NOON_MS + 4 * HOUR_MS).measure(NOON_MS + 6 * HOUR_MS)
    put(store, found + machine.push(NOON_MS + 7 * HOUR_MS))
    assert len(stamps(store)) == 7
    assert store.untrusted() == {"a": 1}


# what is touched


def test_a_correction_touches_where_results_were_and_where_they_are_now(store: SqliteStore) -> None:
    *others, fresh = offline_boot(None)
    put(store, others)
    store.take_touched()
    assert store.untrusted() == {"a": 3}
    put(store, [fresh])
    (touched,) = store.take_touched()
    assert (touched.from_ms, touched.to_ms) == (NOON_MS + 3 * HOUR_MS, NOON_MS + 8 * HOUR_MS)
    assert store.take_touched() == []


def test_results_that_nobody_can_date_touch_nothing(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS, 5_000).measure(NOON_MS + HOUR_MS)
    machine.boot(NOON_MS + 2 * HOUR_MS)
    put(store, machine.push(NOON_MS + 3 * HOUR_MS))
    assert store.take_touched() == []
    put(store, machine.measure(NOON_MS + 3 * HOUR_MS).push(NOON_MS + 3 * HOUR_MS + 60_000))
    (touched,) = store.take_touched()
    assert (touched.from_ms, touched.to_ms) == (NOON_MS + 3 * HOUR_MS, NOON_MS + 3 * HOUR_MS)


# any order

BOOTS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 700, -5_000, HOUR_MS, -14 * DAY_MS, -NOON_MS, 100 * 365 * DAY_MS]),
        st.integers(1, 30),
        st.booleans(),
        st.sampled_from([0, 0, 500, -HOUR_MS, 14 * DAY_MS]),
        st.sampled_from([20, 800, 9_000]),
    ),
    min_size=1,
    max_size=6,
)


def history(boots: list[tuple[int, int, bool, int, int]]) -> list[Delivery]:
    """Boots of a host: (error of its clock, hours it lasts, whether it reaches the collector, a step in it, delay)."""
    machine, at, found = Machine(), NOON_MS, list[Delivery]()
    for wrong_ms, hours, online, step_ms, delay_ms in boots:
        machine.delay_ms = delay_ms
        machine.boot(at, max(at + wrong_ms, 1_000))
        for number, hour in enumerate(hourly(at + 120_000, hours)):
            if number == hours // 2 and step_ms:
                machine.step(max(step_ms, -machine.boot_clock(hour)), hour)
            machine.measure(hour, hour + 1_200_000)
            if online and number % 3 == 2:
                found += machine.push(hour + 1_800_000)
        at += (hours + 1) * HOUR_MS
    return found + machine.push(at)


def answers(store: SqliteStore) -> tuple[object, ...]:
    return (
        store.stays(SITE, 0, FOREVER_MS),
        store.stays(SITE, NOON_MS + DAY_MS, NOON_MS + 2 * DAY_MS),
        store.untrusted(),
        store.span(SITE),
    )


@given(BOOTS, st.integers(0, 1 << 30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_order_with_repeats_restarts_and_compaction_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, boots: list[tuple[int, int, bool, int, int]], seed: int
) -> None:
    random, folder, deliveries = Random(seed), tmp_path_factory.mktemp("order"), history(boots)
    one, other = (SqliteStore(str(folder / name), linger_s=0) for name in "ab")
    put(one, deliveries)
    shuffled = random.sample(deliveries, len(deliveries)) + random.sample(deliveries, len(deliveries) // 3)
    for delivery in shuffled:
        put(other, [delivery])
        if random.random() < 0.1:
            other.compact(FOREVER_MS)
        if random.random() < 0.1:
            other.close()
            other = SqliteStore(str(folder / "b"), linger_s=0)
    assert same(one.read(SITE, 0, FOREVER_MS), other.read(SITE, 0, FOREVER_MS))
    part = (NOON_MS + DAY_MS, NOON_MS + 2 * DAY_MS)
    assert same(one.read(SITE, *part), other.read(SITE, *part))
    assert answers(one) == answers(other)
    one.close()
    other.close()


@given(BOOTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_what_is_read_is_what_was_measured_then(
    tmp_path_factory: pytest.TempPathFactory, boots: list[tuple[int, int, bool, int, int]]
) -> None:
    """Every result that is read lies within the doubt of its push of when it truly was, if its boot ever pushed."""
    store = SqliteStore(str(tmp_path_factory.mktemp("truth") / "k.db"), linger_s=0)
    online = [(wrong, max(hours, 3), True, step, delay) for wrong, hours, _, step, delay in boots]
    put(store, history(online))
    expected, at = list[int](), NOON_MS
    for _, hours, *_ in online:
        expected += [stamp for hour in hourly(at + 120_000, hours) for stamp in (hour, hour + 1_200_000)]
        at += (hours + 1) * HOUR_MS
    read = store.read(SITE, 0, FOREVER_MS)
    found = dict(zip(read.avg_us.tolist(), read.at_ms.tolist(), strict=True))
    for number, true_ms in enumerate(expected, 1):
        assert abs(found[number] - true_ms) <= 9_000 + 2_000
    store.close()


@given(BOOTS, st.integers(0, 1 << 30))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_nothing_changes_outside_of_what_is_touched(
    tmp_path_factory: pytest.TempPathFactory, boots: list[tuple[int, int, bool, int, int]], seed: int
) -> None:
    random, path, was = Random(seed), str(tmp_path_factory.mktemp("touched") / "k.db"), set[tuple[int, int]]()
    store, deliveries = SqliteStore(path, linger_s=0), history(boots)
    for delivery in random.sample(deliveries, len(deliveries)):
        put(store, [delivery])
        if random.random() < 0.1:
            store.close()
            store = SqliteStore(path, linger_s=0)
        read = store.read(SITE, 0, FOREVER_MS)
        now = set(zip(read.at_ms.tolist(), read.avg_us.tolist(), strict=True))
        spans = [(touched.from_ms, touched.to_ms) for touched in store.take_touched()]
        assert all(any(low <= at <= high for low, high in spans) for at, _ in was ^ now)
        was = now
    store.close()


# clones


def side_by_side() -> list[list[Delivery]]:
    """Two hosts from one image: the same stream and numbers, the same token."""
    twins = [Machine(name=name).boot(NOON_MS) for name in ("xxxxxxxx-1", "yyyyyyyy-2")]
    return [twin.measure(at).push(at + 30_000) for at in hourly(NOON_MS + 60_000, 6) for twin in twins]


def test_clones_lose_nothing_and_are_kept_apart_once_they_are_noticed(store: SqliteStore) -> None:
    assert [put(store, found)[0].stored for found in side_by_side()] == [1] * 12
    assert store.cloned() == {"a": ("xxxxxxxx-1-1", "yyyyyyyy-2-1")}
    assert [state.cloned for state in store.agents()] == [True]
    agents = {series.agent for series in store.read(SITE, 0, FOREVER_MS).series}
    assert agents == {"a", "a~xxxxxxxx", "a~yyyyyyyy"}
    assert len(stamps(store)) == 12


def test_what_a_boot_of_long_ago_sends_again_is_known(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS)
    old = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    put(store, old)
    machine.boot(NOON_MS + DAY_MS)
    for hour in range(1, 4):
        put(store, machine.measure(NOON_MS + DAY_MS + hour * HOUR_MS).push(NOON_MS + DAY_MS + hour * HOUR_MS + 60_000))
        store.compact(FOREVER_MS)
    assert len(store._memory.windows._used) <= 1
    assert [answer.duplicates for answer in put(store, old)] == [1] * 6
    assert len(stamps(store)) == 9


def test_clones_are_remembered(tmp_path: Path) -> None:
    for rounds in side_by_side():
        store = SqliteStore(str(tmp_path / "k.db"), linger_s=0)
        put(store, rounds)
        store.compact(FOREVER_MS)
        store.close()
    store = SqliteStore(str(tmp_path / "k.db"), linger_s=0)
    assert len(store.cloned()["a"]) == 2
    assert len(stamps(store)) == 12
    store.close()


def test_a_reboot_and_a_late_copy_of_a_push_are_no_clones(store: SqliteStore) -> None:
    machine = Machine().boot(NOON_MS)
    before = machine.live(NOON_MS + 60_000, NOON_MS + HOUR_MS)
    machine.boot(NOON_MS + 2 * HOUR_MS)
    behind = machine.live(NOON_MS + 2 * HOUR_MS + 60_000, NOON_MS + 4 * HOUR_MS)
    put(store, [*before, *behind[:6], later(before[-1], 3 * HOUR_MS), *behind[6:]])
    assert store.cloned() == {}
    assert [state.cloned for state in store.agents()] == [False]


# the pure part


def test_bounds_add_up_in_any_order() -> None:
    parts = [Bounds(5, 90), Bounds(7, 100, frozenset((1,))), Bounds(high_ms=50), Bounds(low_ms=20)]
    one, other = Bounds(), Bounds()
    for part in parts:
        one.merge(part)
    for part in reversed(parts * 2):
        other.merge(part)
    assert one == other == Bounds(20, 50, frozenset((1,)))
    assert (one.middle_ms, one.error_ms) == (35, 15)


def test_a_base_is_right_in_the_bucket_of_the_push_and_the_one_before() -> None:
    boot = Boot(buckets={3: Bounds(1_000_000, 1_000_100)})
    correction = boot.correction(1_000_500)
    shifts = [correction.shift_at(1_000_500 + bucket * BUCKET_MS) for bucket in range(6)]
    assert shifts == [-450, -450, 0, 0, -450, -450]


def test_a_boot_takes_the_nearest_bounds_the_later_of_two() -> None:
    boot = Boot(buckets={0: Bounds(10_000, 10_000), 4: Bounds(50_000, 50_000)})
    correction = boot.correction(0)
    shifts = [correction.shift_at(bucket * BUCKET_MS) for bucket in range(6)]
    assert shifts == [10_000, 10_000, 50_000, 50_000, 50_000, 50_000]


def test_pieces_cover_what_they_are_asked_for_once() -> None:
    boot = Boot(buckets={1: Bounds(10_000, 10_000), 4: Bounds(50_000, 50_000)})
    pieces = list(boot.correction(0).pieces(500, 6 * BUCKET_MS))
    assert (pieces[0][0], pieces[-1][1]) == (500, 6 * BUCKET_MS)
    assert all(one[1] + 1 == following[0] for one, following in pairwise(pieces))


def test_nobody_knows_anything_of_a_boot_that_was_never_heard_of() -> None:
    assert not Chronicle().correction("b", 0).trusted
