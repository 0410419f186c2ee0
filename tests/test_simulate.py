"""The simulator: its small worlds have everything that happens, the account of them is right, and verify can fail."""

import io
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from collector.app import main
from collector.commands.desk import Terminal
from collector.condition import Row
from collector.faces.marked import HEADER, says_simulated
from collector.registry import Medium, Site, new_token
from collector.simulate.asking import Asked, Asking, Way
from collector.simulate.compare import left_over
from collector.simulate.deliver import Province
from collector.simulate.pieces import KINDS
from collector.simulate.planes import planes_of
from collector.simulate.province import OFFICES, Role, generated, places
from collector.simulate.span import Span
from collector.simulate.truth import read_truth
from collector.store import open_store
from shared.result import OUTCOMES, Group, Result
from shared.wire import encode_planes

DAY_MS = 86_400_000
FROM_MS = 1_788_192_000_000
"""2026-09-01 in Samarinda."""
SPAN = Span(from_ms=FROM_MS, to_ms=FROM_MS + 3 * DAY_MS, interval_ms=300_000, down_ms=60_000)
WORLD = ("--sites", "5", "--days", "3", "--from", "2026-09-01", "--seed")


def province(seed: int, count: int = 5, days: int = 3) -> Province:
    span = Span(from_ms=FROM_MS, to_ms=FROM_MS + days * DAY_MS, interval_ms=300_000, down_ms=60_000)
    return Province(places(generated(count, Random(seed)), Random(seed)), span, seed)


def call(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """One command in `folder`: exit code, what it printed, what it complained."""
    config = folder / "collector.toml"
    config.write_text('store = "sqlite:///simulated.db"\nlanguage = "en"\n', encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    code = main([*arguments, "--config", str(config)], Terminal(out=out, err=err))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five sites over three days, simulated once for the tests that only look."""
    folder = tmp_path_factory.mktemp("world")
    code, said, _ = call(folder, "simulate", *WORLD, "1", "--yes")
    assert code == 0, said
    return folder


def ledgers(folder: Path) -> str:
    """A digest of all flips and kept days."""
    store = open_store(f"sqlite:///{folder / 'simulated.db'}")
    digest = sha256()
    for site in store.sites():
        digest.update(repr(store.flips(site.code, 0, 1 << 60)).encode())
        for day in store.books.days(site.code, 0, 1 << 60):
            digest.update(day.ledger + day.tally)
    store.close()
    return digest.hexdigest()


def compared(folder: Path) -> dict[str, object]:
    _, said, _ = call(folder, "verify", "--format", "json")
    found: dict[str, object] = msgspec.json.decode(said)
    return found


# the province


def test_the_province_has_the_counts_of_kalimantan_timur() -> None:
    sites = generated(878, Random(1))
    assert sum(site.kind == "village" for site in sites) == 841
    assert len({site.code for site in sites}) == 878
    assert sum(site.kind == "opd" for site in sites) == OFFICES
    assert sum(site.regency == "Kutai Kartanegara" for site in sites) == 193
    assert {site.medium for site in sites} >= {Medium.FIBER, Medium.LEO, Medium.WIRELESS, Medium.CELLULAR}


def test_every_name_says_that_it_is_simulated() -> None:
    assert all(site.name.startswith("Simulasi") for site in generated(100, Random(1)))


def test_even_the_smallest_province_has_one_of_each_role() -> None:
    assert {place.role for place in province(1).places} == set(Role)


def test_a_registered_office_alone_can_be_simulated() -> None:
    assert [place.role for place in places([Site(code="a", name="A", kind="opd")], Random(1))] == [Role.SERVER]


# what happens


def test_small_worlds_have_every_kind_of_event() -> None:
    stories = [story for seed in range(12) for story in province(seed, 8).stories.values()]
    silences = {silence.row for story in stories for silence in story.silences}
    wrong = [error for story in stories for stretch in story.stretches for _, error in stretch.wrong]
    assert {kind for story in stories for _, _, kind in story.pieces} == set(KINDS)
    assert silences == {Row.POWER, Row.SHUT_DOWN, Row.ASLEEP, Row.AGENT, None}
    assert min(wrong) < -10 * 365 * DAY_MS
    assert max(wrong) >= 14 * DAY_MS
    assert any(len(stretch.wrong) > 1 for story in stories for stretch in story.stretches)


@pytest.mark.parametrize("seed", range(5))
def test_what_happens_leaves_no_gap_and_lasts_long_enough_to_be_seen(seed: int) -> None:
    for story in province(seed, 8).stories.values():
        assert story.pieces[0][0] == SPAN.from_ms
        assert story.pieces[-1][1] == SPAN.end_ms
        assert all(one[1] == other[0] and one[2] is not other[2] for one, other in pairwise(story.pieces))
        for stretch in story.stretches:
            inside = [piece for piece in story.pieces if piece[0] > stretch.from_ms and piece[1] < stretch.to_ms]
            assert all(end_ms - start_ms >= SPAN.shortest_ms for start_ms, end_ms, _ in inside)


def test_some_power_cuts_are_shorter_than_what_a_result_covers() -> None:
    stories = [story for seed in range(30) for story in province(seed, 8).stories.values() if story.stretches]
    brief = [one for story in stories for one in story.silences if one.is_brief(SPAN)]
    assert {one.row for one in brief} >= {Row.POWER}
    assert all(one.gone_ms < SPAN.cover_ms - SPAN.interval_ms for one in brief)


def test_true_days_add_up_and_sites_without_agents_are_told_by_their_watcher() -> None:
    made = province(1)
    told = {site.site: site for one in made.agents for site in made.true_sites(made.measured(one), one)}
    assert set(told) == set(made.stories)
    assert all(sum(day.rows.values()) == DAY_MS for site in told.values() for day in site.days)
    assert all(len(site.days) == 3 for site in told.values())


# what is measured


def way(*turns: tuple[int, bool]) -> Way:
    return Way(tuple(at_ms for at_ms, _ in turns), tuple(open_ for _, open_ in turns))


def asked(way_: Way, group: Group = Group.INTERNET) -> Asked:
    return Asked(group, True, 300_000, 5_000, way_)


def test_a_first_failure_asks_the_group_and_the_gateway_at_once() -> None:
    cut = way((0, True), (1_000_000, False), (2_000_000, True))
    asking = Asking([asked(way((0, True)), Group.GATEWAY), asked(cut), asked(cut)], 0.0)
    asking.run(0, 3_000_000)
    target, at_ms, good = asking.take()
    first = int(at_ms[~good][0])
    soon = (at_ms >= first) & (at_ms < first + 15_000)
    assert 1_000_000 <= first < 1_000_000 + 300_000
    assert set(target[soon]) == {0, 1, 2}
    assert sum(soon & ~good) >= 6


def test_what_is_down_is_asked_every_few_seconds_until_it_is_back() -> None:
    cut = way((0, True), (1_000_000, False), (2_000_000, True))
    asking = Asking([asked(way((0, True)), Group.GATEWAY), asked(cut)], 0.5)
    asking.run(0, 3_000_000)
    target, at_ms, good = asking.take()
    back = int(at_ms[good & (target == 1) & (at_ms > 1_500_000)][0])
    assert 2_000_000 - 300 <= back <= 2_005_000
    assert np.diff(at_ms[(target == 1) & (at_ms > 1_300_000) & (at_ms < 1_900_000)]).max() == 5_000


def test_fast_planes_are_those_of_the_agent() -> None:
    made = province(2)
    taken = made.measured(next(iter(made.agents))).taken[0]
    boot_ms = taken.at_ms - taken.stretch.booted_ms
    columns = (taken.outcome, taken.sent, taken.received, taken.avg_us, taken.below_us, taken.above_us)
    rows = zip(taken.target.tolist(), boot_ms.tolist(), *(column.tolist() for column in columns), strict=True)
    results = [
        (
            target,
            Result(
                target="",
                started_ms=at_ms,
                outcome=OUTCOMES[outcome],
                sent=sent,
                received=received,
                rtt_min_us=avg_us - below_us,
                rtt_avg_us=avg_us,
                rtt_max_us=avg_us + above_us,
            ),
        )
        for target, at_ms, outcome, sent, received, avg_us, below_us, above_us in rows
    ]
    intervals = [spec.interval_ms for spec in taken.context.targets]
    base_ms = int(boot_ms[0])
    fast = planes_of(taken.target, boot_ms, *columns, np.array(intervals), base_ms)
    assert fast == encode_planes(results, intervals, base_ms)


def test_some_batches_arrive_late_and_some_twice() -> None:
    made = province(3)
    posted = [arrival for one in made.agents for arrival in made.posted(made.measured(one), one, order=0)]
    firsts = [(arrival.agent, arrival.batch.first_seq) for arrival in posted]
    assert len(set(firsts)) < len(firsts)
    assert any(arrival.batch.host and not arrival.batch.host.same_boot for arrival in posted)
    assert [a.received_ms for a in posted] != sorted(a.received_ms for a in posted)


# comparing


def test_a_difference_within_the_bars_is_explained_also_through_a_third_row() -> None:
    bars = {(Row.UP, Row.LINE_DOWN): 500, (Row.LINE_DOWN, Row.LOCAL_DOWN): 500}
    assert left_over({Row.UP: 400, Row.LOCAL_DOWN: -400}, bars) == {}


def test_a_difference_beyond_the_bars_or_against_them_is_left_over() -> None:
    bars = {(Row.UP, Row.LINE_DOWN): 500}
    assert left_over({Row.UP: 700, Row.LINE_DOWN: -700}, bars) == {Row.UP: 200}
    assert left_over({Row.LINE_DOWN: 10, Row.UP: -10}, bars) == {Row.LINE_DOWN: 10}


# the commands


def test_days_without_power_cut_and_sleep_are_right_within_their_bars(world: Path) -> None:
    truth = read_truth(world / "truth.jsonl")
    for one in compared(world)["beyond"]:  # type: ignore[attr-defined]
        site = truth.sites[one["site"]]
        day = next(day for day in site.days if day.day == one["day"])
        rows = {row for row, start_ms, end_ms in site.spells if start_ms < day.to_ms and end_ms > day.from_ms}
        assert rows & {Row.POWER, Row.ASLEEP}, one


def test_the_whole_account_of_a_simulated_world_is_right_within_its_bars(world: Path) -> None:
    assert compared(world)["beyond_ms"] == 0


def test_verify_prints_a_table_and_how_many_days_it_compared(world: Path) -> None:
    code, said, _ = call(world, "verify")
    assert code in (0, 1)
    assert said.startswith("ROW ")
    assert "15 days:" in said
    assert call(world, "verify", "--format", "csv")[1].startswith("row,true_ms,recorded_ms")


def test_verify_finds_a_truth_that_was_damaged(world: Path, tmp_path: Path) -> None:
    lines = (world / "truth.jsonl").read_bytes().splitlines(keepends=True)
    site = msgspec.json.decode(lines[1])
    rows = site["days"][1]["rows"]
    rows["up"], rows["line_down"] = rows.get("up", 0) - 3_600_000, rows.get("line_down", 0) + 3_600_000
    damaged = tmp_path / "truth.jsonl"
    damaged.write_bytes(b"".join([lines[0], msgspec.json.encode(site) + b"\n", *lines[2:]]))
    code, said, _ = call(world, "verify", "--truth", str(damaged))
    assert code == 1
    assert f"{site['site']} {site['days'][1]['day']}" in said


def test_a_file_that_is_no_truth_is_refused(world: Path, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text("{}\n", encoding="utf-8")
    assert call(world, "verify", "--truth", str(tmp_path / "t.jsonl"))[0] == 2
    assert call(world, "verify", "--truth", str(tmp_path / "none"))[0] == 2


def test_the_same_seed_gives_the_same_account_in_any_order_and_again(world: Path, tmp_path: Path) -> None:
    assert call(tmp_path, "simulate", *WORLD, "1", "--yes", "--order", "7")[0] == 0
    first = ledgers(tmp_path)
    assert first == ledgers(world)
    assert (tmp_path / "truth.jsonl").read_bytes() == (world / "truth.jsonl").read_bytes()
    assert call(tmp_path, "simulate", *WORLD, "1", "--yes", "--order", "8")[0] == 0
    assert ledgers(tmp_path) == first


def test_another_seed_is_another_province(world: Path, tmp_path: Path) -> None:
    assert call(tmp_path, "simulate", *WORLD, "2", "--yes")[0] == 0
    assert ledgers(tmp_path) != ledgers(world)


def test_a_store_with_something_real_is_refused(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'simulated.db'}")
    store.put_token(new_token("agent", "pc-1", "64.72", 1)[0])
    store.close()
    code, _, complaint = call(tmp_path, "simulate", *WORLD, "1", "--yes")
    assert code == 2
    assert "real" in complaint


def test_two_simulations_never_share_a_store(world: Path) -> None:
    assert call(world, "simulate", *WORLD, "2", "--yes")[0] == 2


def test_nothing_is_simulated_unasked(tmp_path: Path) -> None:
    assert call(tmp_path, "simulate", *WORLD, "1")[0] == 2
    store = open_store(f"sqlite:///{tmp_path / 'simulated.db'}")
    assert not store.marks.simulated
    store.close()


def test_a_simulated_store_says_so_for_ever(world: Path) -> None:
    store = open_store(f"sqlite:///{world / 'simulated.db'}")
    assert store.marks.simulated
    store.marks.mark_simulated("another")
    assert store.marks.simulated_by.startswith("seed=1 ")
    store.close()


def test_progress_tells_sites_results_and_the_time_left(tmp_path: Path) -> None:
    _, _, complaint = call(tmp_path, "simulate", *WORLD, "1", "--yes")
    assert "sites 5/5" in complaint
    assert "left" in complaint


@pytest.mark.parametrize("simulated", [True, False])
async def test_every_answer_from_a_simulated_store_says_so(simulated: bool, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'k.db'}")
    if simulated:
        store.marks.mark_simulated("seed=1")
    app = web.Application(middlewares=[says_simulated(store)])
    app.router.add_get("/", answer)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
    assert (HEADER in response.headers) is simulated
    store.close()


async def answer(_request: web.Request) -> web.Response:
    return web.Response(text="")
