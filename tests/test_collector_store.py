"""What every store promises; a new engine is a line in ENGINES. What only SQLite can break is at the end."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.columns import Columns
from collector.condition import Flip
from collector.decode import decode
from collector.registry import AgentState, Medium, Site, Token
from collector.store import (
    BadDelivery,
    Delivery,
    SentAlert,
    Store,
    Stored,
    StoreError,
    Touched,
    UnknownContext,
    open_store,
)
from collector.store.sqlite import SqliteStore
from collector.store.writer import Writer
from shared.clock import SystemClock
from shared.wire import Batch, Host
from tests.deliveries import BASE_MS, CONTEXT, RECEIVED_MS, SITE, batch_of, deliver, in_rows, probe, run_of, same

FOREVER_MS = 1 << 60
WAIT_S = 60.0

Open = Callable[[], Store]
"""Opens the same store again; the one before was closed."""

ENGINES: dict[str, Callable[[Path], Store]] = {"sqlite": lambda folder: SqliteStore(str(folder / "k.db"), linger_s=0)}


@pytest.fixture(params=list(ENGINES))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    stores: list[Store] = []

    def open_it() -> Store:
        if stores:
            stores.pop().close()
        stores.append(ENGINES[request.param](tmp_path))
        return stores[0]

    yield open_it
    while stores:
        stores.pop().close()


@pytest.fixture
def store(opened: Open) -> Store:
    return opened()


def put(store: Store, *deliveries: Delivery) -> list[Stored]:
    futures = [store.append(delivery) for delivery in deliveries]
    return [future.result(WAIT_S) for future in futures]


def everything(store: Store, site: str = SITE) -> Columns:
    return store.read(site, 0, FOREVER_MS)


# results


def test_what_is_appended_can_be_read_by_site(store: Store) -> None:
    assert put(store, deliver(run_of(0, 30))) == [Stored(stored=30, duplicates=0)]
    assert len(everything(store)) == 20
    assert {series.target for series in everything(store).series} == {"gw", "web"}
    watched = everything(store, "64.07")
    assert [series.target for series in watched.series] == ["kubar"]
    assert watched.series[0].outside
    assert len(everything(store, "nowhere")) == 0


def test_a_delivery_that_was_decoded_before_is_stored_alike(store: Store, tmp_path: Path) -> None:
    batch = run_of(0, 30)
    columns, seqs, aside = decode(batch, CONTEXT, "dinkes-1", SITE, RECEIVED_MS)
    put(store, deliver(batch))
    with_columns = SqliteStore(str(tmp_path / "other.db"))
    put(with_columns, deliver(batch, context=None, columns=columns, seqs=seqs.tolist(), set_aside=aside))
    assert same(everything(store), everything(with_columns))
    with_columns.close()


def test_reading_a_span_excludes_its_end(store: Store) -> None:
    put(store, deliver(run_of(0, 30)))
    stamps = sorted(everything(store).at_ms.tolist())
    assert sorted(store.read(SITE, stamps[3], stamps[9]).at_ms.tolist()) == stamps[3:9]
    assert store.span(SITE) == (stamps[0], stamps[-1])
    assert store.span("nowhere") is None


def test_a_batch_sent_again_changes_nothing(store: Store) -> None:
    put(store, deliver(run_of(0, 20)))
    before = everything(store)
    again = put(store, deliver(run_of(0, 20)), deliver(run_of(10, 25)), deliver(run_of(0, 20)))
    assert [(answer.stored, answer.duplicates) for answer in again] == [(0, 20), (5, 10), (0, 20)]
    assert not same(everything(store), before)
    put(store, deliver(run_of(3, 25)))
    assert len(everything(store)) + len(everything(store, "64.07")) == 25


def test_streams_and_agents_count_by_themselves(store: Store) -> None:
    answers = put(
        store, deliver(run_of(0, 9)), deliver(run_of(0, 9), agent="dinkes-2"), deliver(run_of(0, 9, stream="00bb"))
    )
    assert [answer.stored for answer in answers] == [9, 9, 9]


def test_nothing_below_the_floor_is_taken_any_more(store: Store) -> None:
    put(store, deliver(run_of(50, 60, floor_seq=50)))
    assert put(store, deliver(run_of(45, 55))) == [Stored(stored=0, duplicates=10)]


def test_a_floor_above_its_own_batch_does_not_lose_the_future(store: Store) -> None:
    put(store, deliver(run_of(0, 5, floor_seq=1000)))
    assert put(store, deliver(run_of(5, 9))) == [Stored(stored=4, duplicates=0)]


ARRIVALS = st.lists(st.tuples(st.integers(0, 55), st.integers(1, 25)), min_size=1, max_size=12)


@given(ARRIVALS, st.integers(0, 1 << 30))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_order_split_and_repetition_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[tuple[int, int]], seed: int
) -> None:
    random = Random(seed)
    whole = [(first, min(first + n, 60)) for first, n in arrivals] + [(0, 30), (30, 60)]
    random.shuffle(whole)
    folder = tmp_path_factory.mktemp("order")
    one, other = (SqliteStore(str(folder / name), linger_s=0) for name in "ab")
    put(one, deliver(run_of(0, 60)))
    for first, end in whole:
        put(other, deliver(run_of(first, end)))
        if random.random() < 0.3:
            other.compact(RECEIVED_MS + 1)
    assert same(everything(one), everything(other))
    assert same(everything(one, "64.07"), everything(other, "64.07"))
    one.close()
    other.close()


def test_rows_and_planes_of_one_group_stand_side_by_side(store: Store) -> None:
    rows = in_rows([probe(n) for n in (0, 3, 6)], 0, stream="curl")
    answers = put(store, deliver(run_of(0, 9)), deliver(rows), deliver(run_of(9, 18)))
    assert [answer.stored for answer in answers] == [9, 3, 9]
    assert len(everything(store)) == 12 + 3


def test_stays_say_from_when_to_when_each_context_was_measured_in(opened: Open) -> None:
    later = msgspec.structs.replace(CONTEXT, run_at_ms=CONTEXT.run_at_ms + 5)
    put(opened(), deliver(run_of(0, 5)), deliver(run_of(5, 9, context=later.name), context=later))
    spans = [(BASE_MS + 70_000, BASE_MS + 110_000), (BASE_MS + 120_000, BASE_MS + 150_000)]
    for _ in range(2):
        store = opened()
        assert [(stay.first_ms, stay.last_ms) for stay in store.stays(SITE, 0, FOREVER_MS)] == spans
        store.compact(FOREVER_MS)
    assert (opened().untrusted(), opened().cloned()) == ({}, {})


def test_what_is_touched_is_told_once(store: Store) -> None:
    put(store, deliver(run_of(0, 5)), deliver(run_of(5, 9)))
    spans = {site: everything(store, site).at_ms for site in (SITE, "64.07")}
    touched = {one.site: one for one in store.take_touched()}
    assert touched == {
        site: Touched(site=site, from_ms=int(at_ms.min()), to_ms=int(at_ms.max())) for site, at_ms in spans.items()
    }
    assert store.take_touched() == []
    put(store, deliver(run_of(0, 9)))
    assert store.take_touched() == []


def test_an_opened_store_tells_again_what_may_not_have_been_judged(opened: Open) -> None:
    put(opened(), deliver(run_of(0, 5)))
    assert {one.site for one in opened().take_touched()} == {SITE, "64.07"}


def test_a_context_is_known_after_its_first_delivery(opened: Open) -> None:
    store = opened()
    assert store.context("dinkes-1", CONTEXT.name) is None
    with pytest.raises(UnknownContext):
        put(store, deliver(run_of(0, 3), context=None))
    put(store, deliver(run_of(0, 3)))
    assert store.context("dinkes-1", CONTEXT.name) == CONTEXT
    assert opened().context("dinkes-1", CONTEXT.name) == CONTEXT
    assert put(opened(), deliver(run_of(3, 6), context=None))[0].stored == 3


def test_one_poisonous_delivery_does_not_take_its_group_along(store: Store) -> None:
    poison = deliver(msgspec.structs.replace(run_of(0, 9), planes=b"short"), agent="poison")
    futures = [store.append(each) for each in (deliver(run_of(0, 9)), poison, deliver(run_of(9, 18)))]
    assert [futures[0].result(WAIT_S).stored, futures[2].result(WAIT_S).stored] == [9, 9]
    with pytest.raises(BadDelivery):
        futures[1].result(WAIT_S)


def test_rows_that_were_set_aside_are_counted_once_and_kept_bounded(store: Store) -> None:
    bad = batch_of([probe(n, started_ms=2_280_000_000) for n in range(240)])
    assert put(store, deliver(bad)) == [Stored(stored=0, duplicates=0, set_aside=240, reasons={"future": 240})]
    assert put(store, deliver(bad)) == [Stored(stored=0, duplicates=240)]
    assert store.refusal_counts() == {("dinkes-1", "future"): 240}
    kept = store.refusals("dinkes-1")
    assert len(kept) <= 100
    assert kept[0].seq == 239


def test_compacting_changes_nothing_that_is_read(opened: Open) -> None:
    store = opened()
    for first in range(0, 1200, 100):
        put(store, deliver(run_of(first, first + 100), received_at_ms=BASE_MS + 15_000_000 + first))
    before, span = everything(store), store.span(SITE)
    assert store.compact(BASE_MS + 15_000_600) == 600
    assert same(everything(store), before)
    assert store.compact(FOREVER_MS) == 600
    assert store.compact(FOREVER_MS) == 0
    assert same(everything(store), before)
    store = opened()
    assert same(everything(store), before)
    assert store.span(SITE) == span
    assert put(store, deliver(run_of(0, 1200)))[0].duplicates == 1200


def test_who_reads_while_it_compacts_sees_every_row_once(store: Store) -> None:
    acknowledged, failure = [0], threading.Event()

    def watch() -> None:
        while acknowledged[0] < 300:
            least = acknowledged[0]
            columns = everything(store)
            if len(columns) < least or len(set(columns.at_ms.tolist())) != len(columns):
                failure.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    for first in range(0, 300, 10):
        put(store, deliver(in_rows([probe(3 * n) for n in range(first, first + 10)], first)))
        acknowledged[0] = first + 10
        store.compact(FOREVER_MS)
    watcher.join(WAIT_S)
    assert not failure.is_set()


def test_an_agent_is_known_by_its_last_delivery(opened: Open) -> None:
    store = opened()
    store.put_token(Token(id="1", kind="agent", agent="silent", site="64.09", hash=b"1", created_at_ms=0))
    host = Host(
        sent_wall_ms=RECEIVED_MS - 4_000, sent_boot_ms=1, spool_results=7, dropped={"age": 2, "size": 3}, set_aside=1
    )
    put(store, deliver(run_of(10, 20, host=host)))
    heard = AgentState(
        name="dinkes-1",
        site=SITE,
        heard_at_ms=RECEIVED_MS,
        push_interval_ms=300_000,
        clock_offset_ms=-4_000,
        boot_at_ms=BASE_MS,
        run_at_ms=BASE_MS + 60_000,
        last_stop="power",
        version="0.1.0",
        spool_results=7,
        dropped=5,
        set_aside=1,
    )
    assert store.agents() == [heard, AgentState(name="silent", site="64.09")]
    assert opened().agents()[0] == heard
    opened().compact(FOREVER_MS)
    assert opened().agents()[0] == heard


def test_backlog_does_not_bring_back_an_older_boot(store: Store) -> None:
    old = msgspec.structs.replace(CONTEXT, boot_at_ms=1, version="0.0.9")
    put(store, deliver(run_of(10, 20)))
    put(store, deliver(run_of(0, 10, context=old.name), context=old, received_at_ms=RECEIVED_MS + 5))
    assert (store.agents()[0].version, store.agents()[0].heard_at_ms) == ("0.1.0", RECEIVED_MS + 5)


# flips, registry, alerts


def flip(at_ms: int, now: str, scope: str = "site", site: str = SITE) -> Flip:
    return Flip(site=site, scope=scope, at_ms=at_ms, not_earlier_than_ms=at_ms - 9, was="unobserved", now=now, why="…")


def test_an_outage_is_told_whole_with_its_error_bars_and_is_over_when_the_condition_changes(opened: Open) -> None:
    store = opened()
    turns = [flip(10, "line_down"), flip(20, "internet_down"), flip(30, "up"), flip(40, "local_down"), flip(95, "up")]
    store.replace_flips(SITE, 0, 99, turns)
    spans = [(0, 99), (12, 18), (12, 25), (30, 40), (20, 21), (50, 60), (0, 5)]
    starts = [[outage.start_ms for outage in store.outages([SITE, "other"], *span, 99)] for span in spans]
    assert starts == [[10, 20, 40], [10], [10, 20], [], [20], [40], []]
    found = store.outages([SITE], 0, 99, now_ms=90)
    assert [outage.end_ms for outage in found] == [20, 30, None]  # what results cover may reach beyond now
    assert [outage.start_ms - outage.start_not_earlier_than_ms for outage in found] == [9, 9, 9]


def test_flips_are_replaced_within_their_span_alone(opened: Open) -> None:
    store = opened()
    store.replace_flips(
        SITE, 0, 100, [flip(10, "up"), flip(50, "line_down"), flip(50, "down", "internet"), flip(90, "up")]
    )
    store.replace_flips(SITE, 40, 90, [flip(60, "local_down")])
    store.replace_flips("64.01", 0, 100, [flip(55, "up", site="64.01")])
    assert [each.at_ms for each in store.flips(SITE, 0, 100)] == [10, 60, 90]
    assert [each.at_ms for each in store.flips(SITE, 10, 90, "site")] == [10, 60]
    assert opened().flips("64.01", 0, 100) == [flip(55, "up", site="64.01")]


def test_the_state_at_an_instant_is_the_last_flip_of_each_scope(store: Store) -> None:
    flips = [
        flip(10, "up"),
        flip(20, "up", "internet"),
        flip(30, "line_down"),
        flip(30, "up"),
        flip(40, "down", "a/gw"),
    ]
    store.replace_flips(SITE, 0, 100, flips)
    assert store.state_at(SITE, 30) == [flips[1], flips[3]]
    assert store.state_at(SITE, 9) == []
    assert store.latest_site_flips(15) == {SITE: flips[0]}
    assert store.flips(SITE, 0, 100, "site") == [flips[0], flips[2], flips[3]]


def test_sites_are_kept_by_code(opened: Open) -> None:
    store = opened()
    site = Site(code="64.07.05.2003", name="Muara Kedang", medium=Medium.VSAT, provider="Icon+", calendar="kantor")
    store.put_sites([Site(code="64.01", name="old"), site])
    store.put_sites([Site(code="64.01", name="new")])
    assert opened().sites() == [Site(code="64.01", name="new"), site]


def test_a_revoked_token_stays_known(opened: Open) -> None:
    store = opened()
    token = Token(id="t1", kind="agent", agent="a", site="s", hash=b"\x00\xff", created_at_ms=5)
    store.put_token(token)
    revoked = Token(id="t1", kind="agent", agent="a", site="s", hash=b"\x00\xff", created_at_ms=5, revoked_at_ms=9)
    store.put_token(revoked)
    assert opened().tokens() == [revoked]


def test_alerts_that_were_sent_survive_a_restart(opened: Open) -> None:
    store = opened()
    down, silent = (
        SentAlert(key=key, labels={"site": "64.01"}, annotations={"s": "Mati…"}, starts_at_ms=7) for key in "ab"
    )
    store.put_alerts([down, silent])
    store.put_alerts([SentAlert(key="a", labels={}, annotations={}, starts_at_ms=7, ends_at_ms=8)], forget=["b"])
    assert opened().sent_alerts() == [SentAlert(key="a", labels={}, annotations={}, starts_at_ms=7, ends_at_ms=8)]


def test_a_store_that_is_closed_takes_nothing(store: Store) -> None:
    store.close()
    with pytest.raises(StoreError):
        store.append(deliver(run_of(0, 3)))


@pytest.mark.parametrize("url", ["k.db", "postgres:///x", "sqlite:///", "sqlite:////no/such/folder/k.db"])
def test_a_store_that_cannot_be_opened_is_told(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


# SQLite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "k.db"


def test_a_file_of_a_newer_program_is_refused(path: Path) -> None:
    SqliteStore(str(path)).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer"):
        SqliteStore(str(path))


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database at all " * 200)
    with pytest.raises(StoreError):
        SqliteStore(str(path))


def damage(path: Path, table: str, key: str) -> None:
    """Flips a bit in the middle of one row's blob."""
    db = sqlite3.connect(path)
    number, data = db.execute(f"SELECT {key}, data FROM {table} ORDER BY {key} LIMIT 1").fetchone()
    broken = bytearray(data)
    broken[len(broken) // 2] ^= 1
    with db:
        db.execute(f"UPDATE {table} SET data = ? WHERE {key} = ?", (bytes(broken), number))
    db.close()


def test_a_damaged_log_row_is_reported_and_blocks_no_other(path: Path) -> None:
    store = SqliteStore(str(path))
    for first in (0, 10, 20):
        put(store, deliver(run_of(first, first + 10)))
    store.close()
    damage(path, "log", "id")
    store = SqliteStore(str(path))
    assert len(store.damage()) == 1
    assert len(everything(store)) + len(everything(store, "64.07")) == 20
    assert store.compact(FOREVER_MS) == 20
    assert put(store, deliver(run_of(0, 10))) == [Stored(stored=10, duplicates=0)]
    store.close()


def test_a_damaged_chunk_is_reported_kept_and_blocks_no_other(path: Path) -> None:
    store = SqliteStore(str(path))
    put(store, deliver(run_of(0, 1000)))
    store.compact(FOREVER_MS)
    damage(path, "chunks", "key")
    left = everything(store)
    assert 0 < len(left) < 667
    assert len(store.damage()) == 1
    put(store, deliver(run_of(1000, 1010)), deliver(run_of(0, 100, stream="late")))
    assert store.compact(FOREVER_MS) == 110
    assert len(everything(store)) == len(left) + 74
    store.close()


def test_two_processes_cannot_append_to_one_file(path: Path) -> None:
    one, other = SqliteStore(str(path)), SqliteStore(str(path))
    put(one, deliver(run_of(0, 5)))
    with pytest.raises(StoreError, match="another process"):
        put(other, deliver(run_of(5, 9)))
    other.put_sites([Site(code="64.01", name="Paser")])
    assert one.sites()[0].name == "Paser"
    one.close()
    other.close()


CHILD = """
import sys
import threading
from tests.deliveries import deliver, run_of
from collector.store.sqlite import SqliteStore
from collector.store.writer import Writer
from shared.clock import SystemClock
store = SqliteStore(sys.argv[1], linger_s=0)
first = int(sys.argv[2])
while True:
    store.append(deliver(run_of(first, first + 7))).result()
    first += 7
    print(first, flush=True)
    if first % 3 == 0:
        store.compact(1 << 60)
"""


def killed_after(path: Path, first: int, acknowledgements: int) -> int:
    """Kills a child that appends and compacts when it has acknowledged so many deliveries; the last that it said."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, path, str(first)], stdout=subprocess.PIPE, cwd=Path.cwd())
    with child:
        assert child.stdout
        lines = [child.stdout.readline() for _ in range(acknowledgements)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    return int([line for line in lines if line.endswith(b"\n")][-1])


def test_everything_that_was_acknowledged_survives_kill_9(path: Path) -> None:
    end = 0
    for acknowledgements in (3, 8, 5):
        end = killed_after(path, end, acknowledgements)
        store = SqliteStore(str(path))
        rows = len(everything(store)) + len(everything(store, "64.07"))
        assert rows >= end
        assert put(store, deliver(run_of(0, end)))[0].duplicates == end
        assert not store.damage()
        end = rows
        store.close()


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB, really full when it is full."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_space(small_disk: Path) -> None:
    store = SqliteStore(str(small_disk / "k.db"))
    put(store, deliver(run_of(0, 30)))
    ballast = small_disk / "ballast"
    fill(ballast)
    batches: Sequence[Batch] = [run_of(30 + 500 * n, 530 + 500 * n) for n in range(20)]
    futures = [store.append(deliver(batch)) for batch in batches]
    failed = [future for future in futures if isinstance(future.exception(WAIT_S), StoreError)]
    assert failed
    ballast.unlink()
    again = put(store, *(deliver(batch) for batch in batches))
    assert sum(answer.stored for answer in again) == 500 * len(failed)
    assert len(everything(store)) + len(everything(store, "64.07")) == 30 + 500 * 20
    store.close()


# the writer


class Commits:
    """A commit that can be held up, and remembers its groups by the first sequence numbers in them."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, deliveries: Sequence[Delivery]) -> list[Stored]:
        self.groups.append([delivery.batch.first_seq for delivery in deliveries])
        self.begun.set()
        assert self.may_go_on.wait(WAIT_S)
        if self.groups[-1] == [99]:
            raise KeyError("poison")
        return [Stored(stored=delivery.batch.n, duplicates=0) for delivery in deliveries]


@pytest.fixture
def commits() -> Iterator[Commits]:
    commits = Commits()
    yield commits
    commits.may_go_on.set()


def test_the_first_delivery_waits_for_nobody_and_the_next_share_a_commit(commits: Commits) -> None:
    writer = Writer(commits, SystemClock(), linger_s=0.01)
    futures = [writer.append(deliver(run_of(0, 3)))]
    assert commits.begun.wait(WAIT_S)
    futures += [writer.append(deliver(run_of(first, first + 3))) for first in (3, 6, 9)]
    assert writer.waiting() == 9
    commits.may_go_on.set()
    assert [future.result(WAIT_S).stored for future in futures] == [3, 3, 3, 3]
    assert commits.groups == [[0], [3, 6, 9]]
    writer.close()


def test_a_job_does_not_wait_for_the_group_to_gather(commits: Commits) -> None:
    commits.may_go_on.set()
    writer = Writer(commits, SystemClock(), linger_s=3600)
    writer.append(deliver(run_of(0, 3))).result(WAIT_S)
    late = writer.append(deliver(run_of(3, 6)))
    assert writer.do(lambda: "done") == "done"
    assert not late.done()
    writer.close()
    assert late.result(WAIT_S).stored == 3


def test_a_sender_that_hung_up_does_not_stop_the_writer(commits: Commits) -> None:
    writer = Writer(commits, SystemClock(), linger_s=0)
    writer.append(deliver(run_of(0, 3)))
    assert commits.begun.wait(WAIT_S)
    gone, here = writer.append(deliver(run_of(3, 6))), writer.append(deliver(run_of(6, 9)))
    assert gone.cancel()
    commits.may_go_on.set()
    assert here.result(WAIT_S).stored == 3
    assert commits.groups[1] == [3, 6]
    writer.close()


def test_a_job_that_fails_tells_its_caller_alone(commits: Commits) -> None:
    commits.may_go_on.set()
    writer = Writer(commits, SystemClock(), linger_s=0)
    with pytest.raises(ZeroDivisionError):
        writer.do(lambda: 1 // 0)
    with pytest.raises(BadDelivery):
        writer.append(deliver(run_of(99, 102))).result(WAIT_S)
    assert writer.append(deliver(run_of(0, 3))).result(WAIT_S).stored == 3
    writer.close()
