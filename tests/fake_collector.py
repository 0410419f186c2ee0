"""A collector that really decodes, stores and de-duplicates, and a push that runs beside it."""

import asyncio
import ssl
from array import array
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from socket import AddressFamily

import msgspec
import zstandard
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.probes.kit import IpVersion, ResolveError
from agent.push import PATH, Push, PushSettings
from agent.spool import Spool
from shared.clock import SystemClock
from shared.result import OUTCOMES
from shared.wire import Batch, Context, Problem, Receipt, dictionary, order_code
from tests.spooling import a_result

TOKEN = "kentongan-test-token"
DEADLINE_S = 60.0
"""Bounds a failure; what works is there in an instant, on a busy machine in a second."""
Answering = Callable[[web.Request, Batch], Awaitable[web.StreamResponse | None]]


def problem(status: int, kind: str, **headers: str) -> web.Response:
    body = msgspec.json.encode(Problem(type=kind, title=kind, status=status))
    return web.Response(status=status, body=body, content_type="application/problem+json", headers=headers)


def numbers(raw: bytes, n: int) -> list[int]:
    """What the planes of n numbers hold."""
    return list(array("I", b"".join(raw[k::n] for k in range(n))))


def signed(zigzag: int) -> int:
    return zigzag >> 1 if zigzag % 2 == 0 else -(zigzag >> 1) - 1


def rows_of(batch: Batch, context: Context) -> list[tuple[int, tuple[object, ...]]]:
    """(number, (target, started_ms, outcome, sent, received, min, avg, max)), decoded as wire.py describes it."""
    n, at = batch.n, 0

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return batch.planes[at - size : at]

    order = array(order_code(len(context.targets)), take(n * (1 if len(context.targets) <= 256 else 2)))
    starts, outcome, sent, received = numbers(take(4 * n), n), take(n), take(n), take(n)
    averages, below, above = (numbers(take(4 * n), n) for _ in range(3))
    last, before = dict[int, int](), dict[int, int]()
    rows = list[tuple[int, tuple[object, ...]]]()
    for i, place in enumerate(sorted(range(n), key=lambda place: order[place])):
        target = context.targets[order[place]]
        expected = last[order[place]] + target.interval_ms if order[place] in last else batch.base_ms
        last[order[place]] = started = expected + signed(starts[i])
        before[order[place]] = avg = before.get(order[place], 0) + signed(averages[i])
        told = (target.name, started, OUTCOMES[outcome[i]], sent[i], received[i])
        rows.append((batch.first_seq + place, (*told, avg - below[i], avg, avg + above[i])))
    return rows


class FakeCollector:
    """Stores by (stream, number). `answers` are used up first, one a request; None of one means: go on as usual."""

    def __init__(self) -> None:
        self.answers: deque[Answering] = deque()
        self.always: Answering | None = None
        self.stored: dict[tuple[str, int], tuple[object, ...]] = {}
        self.contexts: dict[str, Context] = {}
        self.batches: list[Batch] = []
        self.duplicates = 0
        self.ahead_ms = 0
        self._changed = asyncio.Condition()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Content-Type"] == "application/msgpack"
        assert request.headers["User-Agent"].startswith("kentongan-agent/0.1")
        decompressor = zstandard.ZstdDecompressor(dict_data=dictionary())
        batch = msgspec.msgpack.decode(decompressor.decompress(await request.read()), type=Batch)
        async with self._changed:
            self.batches.append(batch)
            answering = self.answers.popleft() if self.answers else self.always
            answer = await answering(request, batch) if answering else None
            answer = answer or self._store(request, batch)
            self._changed.notify_all()
        return answer

    def _store(self, request: web.Request, batch: Batch) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "unauthorised")
        if batch.context_body:
            self.contexts[batch.context_body.name] = batch.context_body
        if batch.context not in self.contexts:
            return problem(409, "unknown-context")
        return self.receipt(batch)

    def receipt(self, batch: Batch) -> web.Response:
        rows = {(batch.stream, seq): row for seq, row in rows_of(batch, self.contexts[batch.context])}
        duplicates = len(rows.keys() & self.stored.keys())
        self.duplicates += duplicates
        self.stored |= rows
        time_ms = SystemClock().wall_ms() + self.ahead_ms
        receipt = Receipt(stored=len(rows) - duplicates, duplicates=duplicates, time_ms=time_ms)
        return web.Response(body=msgspec.json.encode(receipt), content_type="application/json")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until a request has made `condition` true."""
        async with asyncio.timeout(DEADLINE_S), self._changed:
            await self._changed.wait_for(condition)

    async def has_more_than(self, count: int) -> None:
        await self.until(lambda: len(self.stored) > count)

    def has(self, *numbers: int) -> bool:
        """Whether exactly the results of these numbers are stored, each once."""
        told = sorted((row[0], row[1]) for row in self.stored.values())
        return told == sorted((a_result(n).target, a_result(n).started_ms) for n in numbers)


class NoNames:
    """A resolver for tests that use literal addresses: no name is known."""

    async def resolve(self, host: str, ip: IpVersion, timeout_s: float) -> list[tuple[AddressFamily, str]]:
        raise ResolveError(f"{host}: no name server answers")


@asynccontextmanager
async def serving(collector: FakeCollector, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post(PATH, collector.receive)
    server = TestServer(app, port=port or None, host="127.0.0.1")
    await server.start_server(ssl=tls, auto_decompress=False)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.port}"
    finally:
        await server.close()


@asynccontextmanager
async def pushing(spool: Spool, url: str, **settings: object) -> AsyncIterator[Push]:
    token = {} if "token_file" in settings or "token_env" in settings else {"token": TOKEN}
    quick = {"interval_s": 0.05, "backlog_pause_s": 0.0, "max_backoff_s": 0.05, "timeout_s": 5.0}
    made = PushSettings.model_validate({"url": url, **quick, **token, **settings})
    push = Push(made, spool, SystemClock(), Random(4), version="0.1", resolver=NoNames(), environ={"TOKEN": TOKEN})
    running = asyncio.create_task(push.run())
    try:
        yield push
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def becomes(condition: Callable[[], bool]) -> None:
    """Waits for what no event tells of: looks again and again, until it is so or the deadline has passed."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def emptied(spool: Spool, push: Push) -> None:
    """Waits until everything was acknowledged."""
    await becomes(lambda: not spool.pending and push.last_success_wall_ms is not None)
