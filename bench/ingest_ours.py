"""Our side of bench/ingest.py: HTTP, authentication, decoding, de-duplication, store, judge, account, compaction."""

import asyncio
import cProfile
import multiprocessing
import pstats
import resource
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop
from aiohttp import web

from bench.ingest_load import START_MS, STEP_MS, Figures, Load, Pusher, secret_of, site_of
from collector.accounting.accounts import Accounts
from collector.accounting.calendars import ALWAYS
from collector.ingest import Ingest
from collector.judging.judge import JudgeSettings
from collector.judging.rejudge import ROUND_S, Rejudge
from collector.live import Live
from collector.registry import Medium, Site, Token
from collector.store.sqlite import SqliteStore
from shared.clock import SystemClock

PATH = "/api/v1/batches"
HEADERS = "Content-Type: application/msgpack\r\nContent-Encoding: zstd\r\n"
FOREVER_MS = 1 << 62


class PushClock(SystemClock):
    """Wall time goes on with the pushes: in each round all agents push what they measured since the last."""

    def __init__(self, load: Load) -> None:
        self._step_ms, self.round = load.n * STEP_MS, 0

    def wall_ms(self) -> int:
        return START_MS + (self.round + 1) * self._step_ms + 500


class Collector:
    """The parts of a collector that a result goes through."""

    def __init__(self, load: Load, file: Path, *, profile: bool = False) -> None:
        self.clock, self.store = PushClock(load), SqliteStore(str(file))
        self.store.put_sites([Site(code=site_of(i), name=site_of(i), medium=Medium.VSAT) for i in range(load.agents)])
        self._tokens = {secret_of(i): _token(i) for i in range(load.agents)}
        accounts = Accounts(self.store, lambda _site: ALWAYS, self.clock)
        self.rejudge = Rejudge(self.store, Live(), JudgeSettings(), self.clock, accounts.touched)
        self.ingest = Ingest(self.store, self._find, self.clock)
        self.judge_s, self._turn = 0.0, threading.Lock()
        self._profiler = cProfile.Profile(time.thread_time) if profile else None

    async def _find(self, secret: str) -> Token | None:
        return self._tokens.get(secret)

    async def start(self) -> tuple[web.AppRunner, int]:
        app = web.Application()
        app.add_routes([web.post(PATH, self.ingest.receive)])
        runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        return runner, int(runner.addresses[0][1])

    async def judge_for_ever(self) -> None:
        while True:
            await asyncio.to_thread(self.judge)
            await asyncio.sleep(ROUND_S)

    def judge(self) -> None:
        with self._turn:
            before_s = time.thread_time()
            if self._profiler:
                self._profiler.runcall(self.rejudge.judge_touched)
            else:
                self.rejudge.judge_touched()
            self.judge_s += time.thread_time() - before_s

    def print_profile(self) -> None:
        if self._profiler:
            pstats.Stats(self._profiler).sort_stats("cumtime").print_stats(40)


def measure(load: Load, folder: Path, *, warm: int, profile: bool = False) -> Figures:
    """Pushes `load`; the first `warm` rounds, in which everything is new, do not count."""
    pusher = Pusher(PATH, load.kentongan, HEADERS)
    try:
        return uvloop.run(_measure(load, pusher, Collector(load, folder / "ours.db", profile=profile), warm))
    finally:
        pusher.stop()


async def _measure(load: Load, pusher: Pusher, collector: Collector, warm: int) -> Figures:
    figures, counters = Figures("kentongan"), collector.rejudge.counters
    runner, port = await collector.start()
    task = asyncio.create_task(collector.judge_for_ever())
    for collector.clock.round in range(load.rounds):
        if collector.clock.round == warm:
            figures.cpu_s, collector.judge_s, judged = -time.process_time(), 0.0, counters.sites - counters.steady
        pusher.start(port, collector.clock.round)
        await asyncio.to_thread(pusher.wait)
        await asyncio.to_thread(collector.judge)  # what was pushed in a round is judged at its time
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    figures.cpu_s += time.process_time()
    figures.results = load.results * (load.rounds - warm) // load.rounds
    await runner.cleanup()
    _compact(collector, load, figures)
    judged = counters.sites - counters.steady - judged
    share = judged / load.agents / (load.rounds - warm)
    figures.note = f"of it judge {collector.judge_s / figures.results * 1e6:.2f}; judged anew {share:.1%} of pushes"
    collector.print_profile()
    collector.store.close()
    return figures


def _compact(collector: Collector, load: Load, figures: Figures) -> None:
    before_s = time.process_time()
    collector.store.compact(FOREVER_MS)
    figures.cpu_s += (time.process_time() - before_s) * figures.results / load.results
    figures.rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures.disk_bytes = collector.store.used_bytes() / load.results


def lost_by_kill(load: Load, folder: Path) -> tuple[int, int]:
    """(acknowledged, lost) results of a collector that is killed while it takes the load."""
    fork = multiprocessing.get_context("fork")
    pusher, (here, there) = Pusher(PATH, load.kentongan, HEADERS), fork.Pipe()
    server = fork.Process(target=_serve, args=(load, folder / "killed.db", there), daemon=True)
    server.start()
    pusher.push_until_killed(int(here.recv()), server.kill)
    server.join()
    store = SqliteStore(str(folder / "killed.db"))
    there_now = sum(len(store.read(site_of(i), 0, FOREVER_MS)) for i in range(load.agents))
    store.close()
    acknowledged = pusher.acknowledged.value * load.n
    return acknowledged, max(0, acknowledged - there_now)


def _serve(load: Load, file: Path, there: Connection) -> None:
    async def run() -> None:
        _, port = await Collector(load, file).start()
        there.send(port)
        await asyncio.Event().wait()

    uvloop.run(run())


def _token(number: int) -> Token:
    name = f"agent-{number}"
    return Token(id=name, kind="agent", agent=name, site=site_of(number), hash=b"", created_at_ms=0)
