"""The history in real stores: holes are filled when the agent is back, repeats and order do no harm."""

import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from collector.live import Live
from collector.remote_write import RemoteWriteSettings
from collector.remote_write.address import Address, Away, Counters
from collector.remote_write.message import Series
from collector.remote_write.sink import Sink
from tests.bookkeeping import HOUR, MINUTE, MONDAY, SITE, Office
from tests.daemons import found, free_port, running
from tests.fakes import FakeClock

pytestmark = pytest.mark.peers

PROMETHEUS = "storage: {tsdb: {out_of_order_time_window: 40d}}\n"
HISTORY = "kentongan_history_site_up"


@dataclass(frozen=True, slots=True)
class Peer:
    """A store at `address`, started in `folder` by `argv`."""

    argv: list[str]
    address: str
    folder: Path

    @property
    def write_url(self) -> str:
        return f"http://{self.address}/api/v1/write"

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        async with running(self.argv, f"http://{self.address}/-/ready", self.folder):
            yield

    async def at(self, minute: float, query: str = HISTORY) -> dict[str, float]:
        """What an instant query answers, by condition or group or just the name."""
        asked = {"query": query, "time": str((MONDAY + round(minute * MINUTE)) / 1000), "nocache": "1"}
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{self.address}/internal/force_flush") as flushed:
                await flushed.read()  # VictoriaMetrics shows what it has at once
            async with session.get(f"http://{self.address}/api/v1/query", params=asked) as answer:
                said: Mapping[str, Any] = await answer.json()
        return {one["metric"].get("group", "site"): float(one["value"][1]) for one in said["data"]["result"]}


def prometheus(folder: Path) -> Peer:
    address = f"127.0.0.1:{free_port()}"
    (folder / "p.yml").write_text(PROMETHEUS)
    argv = [found("prometheus"), "--config.file=p.yml", "--storage.tsdb.path=data", f"--web.listen-address={address}"]
    return Peer([*argv, "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"], address, folder)


def victoria(folder: Path) -> Peer:
    address = f"127.0.0.1:{free_port()}"
    argv = [found("victoria-metrics"), "-storageDataPath=data", f"-httpListenAddr={address}", "-retentionPeriod=100y"]
    # Without a minimal interval it keeps a sample as often as it was sent; 1 ms drops what is identical, nothing else.
    return Peer([*argv, "-search.latencyOffset=0s", "-dedup.minScrapeInterval=1ms"], address, folder)


PEERS = {"prometheus": prometheus, "victoria-metrics": victoria}


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Peer:
    return PEERS[request.param](tmp_path)


@asynccontextmanager
async def sender(peer: Peer) -> AsyncIterator[tuple[Address, Counters]]:
    counters = Counters()
    address = Address(RemoteWriteSettings(url=peer.write_url), counters)
    try:
        yield address, counters
    finally:
        await address.close()


@asynccontextmanager
async def told(peer: Peer, office: Office) -> AsyncIterator[Sink]:
    """A sink for `peer` beside the office's store."""
    live = Live()
    live.set_registry([SITE], office.store.agents())
    sink = Sink(RemoteWriteSettings(url=peer.write_url), store=office.store, live=live, clock=office.clock)
    try:
        yield sink
    finally:
        await sink.close()
        office.store.close()


async def report(
    office: Office, sink: Sink, live_hours: tuple[float, float], what: str = "up", *, late: bool = True
) -> None:
    """The agent delivers [from, to) hours after MONDAY; the sink hears of it if `late`; a round when it has rested."""
    from_ms, to_ms = (MONDAY + round(hours * HOUR) for hours in live_hours)
    office.clock.advance(max(0, to_ms - office.clock.wall_ms()) / 1000)
    office.deliver(from_ms, to_ms, what)
    sink._live.set_registry([SITE], office.store.agents())
    if late:
        sink.touched(SITE.code, from_ms, to_ms)
    office.clock.advance(11 * 60)
    await sink.round()


async def test_the_hole_that_an_outage_tore_is_filled_when_the_agent_is_back(peer: Peer, tmp_path: Path) -> None:
    office = Office(tmp_path, clock=FakeClock(wall_ms=MONDAY))
    async with peer.up(), told(peer, office) as sink:
        await report(office, sink, (0, 1))
        await report(office, sink, (3, 4))
        assert await peer.at(30) == {"site": 1}
        assert await peer.at(120) == {}
        await report(office, sink, (1, 3), "line")
        assert await peer.at(120) == {"site": 0}
        assert await peer.at(120, "kentongan_history_condition") == {"site": 4}
        assert (await peer.at(120, "kentongan_history_group_up"))["internet"] == 0
        assert await peer.at(210) == {"site": 1}
    assert (sink.counters.refused, sink.counters.failed) == (0, 0)


async def test_a_store_that_is_away_loses_nothing(peer: Peer, tmp_path: Path) -> None:
    office = Office(tmp_path, clock=FakeClock(wall_ms=MONDAY))
    async with told(peer, office) as sink:
        for hours, what in (((0, 1), "up"), ((1, 2), "line"), ((2, 3), "up")):
            with pytest.raises(Away):
                await report(office, sink, hours, what)
        async with peer.up():
            await sink.round()
            assert [await peer.at(minute) for minute in (30, 90, 150)] == [{"site": 1}, {"site": 0}, {"site": 1}]
    assert sink.counters.failed == 3


async def test_repeats_and_disorder_leave_the_same_history(peer: Peer) -> None:
    series = [
        Series.of({"__name__": HISTORY, "site": str(n)}, [(MONDAY + at * MINUTE, float(n % 2)) for at in range(90)])
        for n in range(5)
    ]
    pieces = [[Series(one.labels, one.samples[first : first + 9]) for one in series] for first in range(0, 90, 9)] * 2
    Random(5).shuffle(pieces)
    async with peer.up(), sender(peer) as (address, counters):
        for piece in pieces:
            await address.send(piece)
        counted = await peer.at(89, f"sum(count_over_time({HISTORY}[90m]))")
        assert counted == {"site": 450}
        assert await peer.at(60, f"sum({HISTORY})") == {"site": 2}
    assert (counters.sent, counters.refused) == (900, 0)


async def test_one_sample_that_is_refused_takes_no_other_with_it(tmp_path: Path) -> None:
    peer = prometheus(tmp_path)
    fine = [
        Series.of({"__name__": HISTORY, "site": str(n)}, [(MONDAY, 1.0), (MONDAY + MINUTE, 1.0)]) for n in range(20)
    ]
    too_old = Series.of({"__name__": HISTORY, "site": "old"}, [(MONDAY - 50 * 24 * HOUR, 1.0)])
    async with peer.up(), sender(peer) as (address, counters):
        await address.send(fine)
        await address.send([*fine[:10], too_old, *fine[10:]])
        assert await peer.at(1, f"count({HISTORY})") == {"site": 20}
    assert (counters.sent, counters.refused) == (80, 1)


async def test_what_late_results_correct_is_read_as_corrected(peer: Peer, tmp_path: Path) -> None:
    office = Office(tmp_path, clock=FakeClock(wall_ms=MONDAY))
    async with peer.up(), told(peer, office) as sink:
        await report(office, sink, (0, 2))
        await report(office, sink, (2, 3))
        assert await peer.at(60) == {"site": 1}
        office.store.replace_flips(SITE.code, MONDAY, MONDAY + 2 * HOUR, [])
        sink.touched(SITE.code, MONDAY, MONDAY + 2 * HOUR)
        office.clock.advance(61)
        await sink.round()
        assert await peer.at(60.5) == {}
        assert not math.isnan((await peer.at(170))["site"])


async def test_what_was_told_while_our_clock_was_ahead_is_told_again_when_it_has_passed(tmp_path: Path) -> None:
    peer, office = prometheus(tmp_path), Office(tmp_path, clock=FakeClock(wall_ms=MONDAY))
    async with peer.up(), told(peer, office) as sink:
        await report(office, sink, (0, 1))
        office.clock.step(4 * 3600)
        await report(office, sink, (1, 1.1), late=False)
        office.clock.step(-4 * 3600)
        for hour in range(1, 6):
            await report(office, sink, (hour + 0.1, hour + 1.1), "line", late=False)
        office.clock.advance(3600)
        await sink.round()
        assert await peer.at(270) == {"site": 0}
        assert await peer.at(150) == {"site": 0}
