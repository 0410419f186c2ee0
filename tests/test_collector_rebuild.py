"""`rebuild` makes everything derived anew and finds what is another; `backup` copies a store that is in use."""

import random
import sqlite3
import threading
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from collector.accounting.accounts import Accounts
from collector.accounting.calendars import ALWAYS
from collector.app import main
from collector.commands.desk import Terminal
from collector.judging.judge import JudgeSettings
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.registry import Site
from collector.sole import sole_owner
from collector.store import Delivery, Store, open_store
from shared.clock import SystemClock
from shared.result import Group, Outcome, Result
from shared.wire import Batch, Context, Host, TargetSpec, encode_planes

BASE_MS = 1_788_998_400_000
"""Midnight at Samarinda, and the start of the host."""
HOUR_MS, DAY_MS, EVERY_MS = 3_600_000, 86_400_000, 300_000
DAYS = 6
CONTEXT = Context(
    boot_id="b",
    boot_at_ms=BASE_MS,
    run_at_ms=BASE_MS,
    clock_base_ms=BASE_MS,
    push_interval_ms=60_000,
    targets=(
        TargetSpec(name="gw", group=Group.GATEWAY, kind="icmp", interval_ms=EVERY_MS),
        TargetSpec(name="net", group=Group.INTERNET, kind="icmp", interval_ms=EVERY_MS),
        TargetSpec(name="pos", group=Group.INTERNET, kind="icmp", interval_ms=EVERY_MS, site="pos"),
        TargetSpec(name="pos-up", group=Group.GATEWAY, kind="uptime", interval_ms=EVERY_MS, site="pos"),
    ),
    last_stop="first",
)


def fails(target: int, at_ms: int) -> bool:
    """Half an hour now and then, target by target; the agent's own line takes the watched site with it."""
    own = random.Random(f"1 {at_ms // 1_800_000}").random() < 0.05
    return random.Random(f"{target} {at_ms // 1_800_000}").random() < 0.05 or (own and target > 0)


def results(from_ms: int, to_ms: int) -> list[tuple[int, Result]]:
    made = []
    for at_ms in range(from_ms, to_ms, EVERY_MS):
        for index, spec in enumerate(CONTEXT.targets):
            ok = not fails(min(index, 2), at_ms) and at_ms % (40 * HOUR_MS) > 5 * HOUR_MS  # the host is off for 5 hours
            us = 900 + at_ms // EVERY_MS % 97 if ok else 0
            rtts = (us, us, us)
            if at_ms % (40 * HOUR_MS) > 5 * HOUR_MS:
                outcome = Outcome.OK if ok else Outcome.TIMEOUT
                made.append((index, result(spec.name, at_ms + index * 7_000, outcome, rtts)))
    return made


def result(target: str, at_ms: int, outcome: Outcome, rtts: tuple[int, int, int]) -> Result:
    low, average, high = rtts
    return Result(
        target=target,
        started_ms=at_ms,
        outcome=outcome,
        sent=1,
        received=int(outcome is Outcome.OK),
        rtt_min_us=low,
        rtt_avg_us=average,
        rtt_max_us=high,
        reading=at_ms // 1000 if target == "pos-up" and outcome is Outcome.OK else 0,
    )


def deliveries() -> list[Delivery]:
    """Six hours each, late and in any order."""
    found, seq = [], 0
    for from_ms in range(0, DAYS * DAY_MS, 6 * HOUR_MS):
        made = sorted(results(from_ms, from_ms + 6 * HOUR_MS), key=lambda one: one[1].started_ms)
        sent_ms = from_ms + 6 * HOUR_MS
        base_ms = made[0][1].started_ms if made else 0
        batch = Batch(
            stream="s",
            first_seq=seq,
            n=len(made),
            context=CONTEXT.name,
            host=Host(sent_wall_ms=BASE_MS + sent_ms, sent_boot_ms=sent_ms),
            base_ms=base_ms,
            planes=encode_planes(made, [EVERY_MS] * 4, base_ms),
        )
        seq += len(made)
        received_ms = BASE_MS + sent_ms + 20
        found.append(Delivery(agent="a", site="kantor", batch=batch, context=CONTEXT, received_at_ms=received_ms))
    random.Random(7).shuffle(found)
    return found


class House:
    """A collector that was stopped, and somebody who types commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file, self.config = folder, folder / "kentongan.db", folder / "collector.toml"
        self.config.write_text('language = "en"\n', encoding="ascii")
        self.said, self.told = "", ""

    def types(self, *argv: str) -> int:
        out, err = StringIO(), StringIO()
        code = main([*argv, "--config", str(self.config)], Terminal(out=out, err=err))
        self.said, self.told = out.getvalue(), err.getvalue()
        return code

    def store(self) -> Store:
        return open_store(f"sqlite:///{self.file}")

    def sql(self, statement: str) -> int:
        with closing(sqlite3.connect(self.file)) as db, db:
            return db.execute(statement).rowcount

    def derived(self) -> list[object]:
        """Everything that can be made anew, to the byte."""
        with closing(sqlite3.connect(self.file)) as db:
            tables = (
                "SELECT * FROM flips ORDER BY site, scope, at_ms, ordinal",
                "SELECT key, from_ms, to_ms, ledger, tally FROM days ORDER BY key",
            )
            return [row for table in tables for row in db.execute(table)]

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(self.file)) as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def live_through(store: Store) -> None:
    """All of it comes, is judged and accounted for as it comes, and is folded."""
    clock = SystemClock()
    store.put_sites([Site(code="kantor", name="Kantor"), Site(code="pos", name="Pos")])
    accounts = Accounts(store, lambda _site: ALWAYS, clock, lambda sites: rejudge.settle(sites))  # noqa: PLW0108  made below
    rejudge = Rejudge(store, Live(), JudgeSettings(), clock, accounts.touched)
    rejudge.load()
    for delivery in deliveries():
        store.append(delivery).result()
        rejudge.judge_touched()
        while accounts.close(thorough=True):
            pass
    store.compact(clock.wall_ms())
    rejudge.close()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = House(tmp_path_factory.mktemp("history"))
    with closing(house.store()) as store:
        live_through(store)
    assert min(house.count("flips"), house.count("days")) > 100, "two sites, to this day"
    return house.file


@pytest.fixture
def house(tmp_path: Path, history: Path) -> House:
    """With the same history each time."""
    made = House(tmp_path)
    made.file.write_bytes(history.read_bytes())
    return made


def test_a_sound_store_is_rebuilt_to_the_byte_and_gets_no_revision(house: House) -> None:
    before, revisions = house.derived(), house.count("revisions")
    assert (house.types("rebuild"), house.said.splitlines()[-1]) == (0, "Nothing is different.")
    assert house.derived() == before
    assert house.count("revisions") == revisions


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM flips",
        "DELETE FROM flips WHERE at_ms % 3 = 0",
        "UPDATE flips SET at_ms = at_ms + 1 WHERE scope = 'site'",
        "UPDATE flips SET now = 'down', was = 'up' WHERE scope = 'internet'",
        "INSERT INTO flips SELECT 'hantu', scope, at_ms, ordinal, not_earlier_than_ms, was, now, why FROM flips",
    ],
)
def test_damaged_flips_are_found_and_repaired(house: House, damage: str) -> None:
    before = house.derived()
    assert house.sql(damage) > 0
    damaged = house.derived()
    assert house.types("rebuild", "--check") == 1
    assert (house.derived() == damaged, "Nothing was changed" in house.said) == (True, True)
    assert house.types("rebuild") == 1
    assert house.derived() == before
    assert house.types("rebuild", "--check") == 0, house.said


def test_days_that_were_made_from_damaged_flips_are_made_anew_with_a_revision(house: House) -> None:
    before = house.derived()
    with closing(sqlite3.connect(house.file)) as db, db:
        (one, other) = db.execute("SELECT key, ledger FROM days ORDER BY key LIMIT 2 OFFSET 2").fetchall()
        db.execute("UPDATE days SET ledger = ? WHERE key = ?", (other[1], one[0]))
    assert house.types("rebuild", "--check") == 1
    assert "flips of 0 sites (–), 1 kept days" in house.said
    revisions = house.count("revisions")
    assert house.types("rebuild") == 1
    assert house.derived() == before
    assert house.count("revisions") == revisions + 1


def test_days_that_are_gone_come_back(house: House) -> None:
    before = house.derived()
    assert house.sql("DELETE FROM days WHERE key NOT IN (SELECT key FROM revisions)") > 0
    assert house.types("rebuild", "--check") == 1
    assert house.types("rebuild") == 1
    assert house.derived() == before


def test_sums_of_days_are_repaired(house: House) -> None:
    before = house.derived()
    assert house.sql("UPDATE days SET tally = (SELECT tally FROM days ORDER BY key LIMIT 1) WHERE key % 2 = 0") > 0
    assert (house.types("rebuild", "--check"), house.types("rebuild")) == (1, 1)
    assert house.derived() == before


def test_nothing_is_rebuilt_while_a_collector_runs(house: House) -> None:
    with sole_owner(f"sqlite:///{house.file}"):
        assert house.types("rebuild") == 2
        assert house.types("rebuild", "--check") == 2
    assert "Another collector uses the store" in house.told


def test_a_backup_is_the_whole_store_in_one_file(house: House) -> None:
    copy = House(house.folder)
    copy.file = house.folder / "copy.db"
    assert house.types("backup", str(copy.file)) == 0
    assert "complete and checked" in house.said
    assert copy.derived() == house.derived()
    assert copy.file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in house.folder.glob("copy.db*")) == ["copy.db"]


def test_a_backup_overwrites_nothing(house: House) -> None:
    there = house.folder / "there.db"
    there.write_bytes(b"precious")
    assert house.types("backup", str(there)) == 2
    assert (there.read_bytes(), "overwrites nothing" in house.told) == (b"precious", True)


def test_a_backup_that_cannot_be_made_leaves_nothing_behind(house: House) -> None:
    assert house.types("backup", str(house.folder / "no" / "such.db")) == 2
    assert "No such file or directory" in house.told
    house.file.write_bytes(house.file.read_bytes()[:8192] + bytes(40_000))
    assert house.types("backup", str(house.folder / "broken.db")) == 2
    assert not list(house.folder.glob("broken.db*"))


def test_a_backup_of_a_store_in_use_is_of_one_moment(tmp_path: Path) -> None:
    house, copies = House(tmp_path), 5
    with closing(house.store()) as store:
        writing = threading.Thread(target=lambda: [store.append(one).result() for one in deliveries()])
        writing.start()
        for number in range(copies):
            assert house.types("backup", str(tmp_path / f"{number}.db")) == 0, house.told
        writing.join()
    sizes = []
    for number in range(copies):
        with closing(open_store(f"sqlite:///{tmp_path}/{number}.db")) as copy:
            sizes.append(len(copy.read("kantor", 0, 1 << 62)))
    assert sizes == sorted(sizes)
