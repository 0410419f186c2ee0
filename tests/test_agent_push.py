"""The push, against a collector that really decodes, stores and de-duplicates: nothing missing, nothing twice."""

import asyncio
import logging
import ssl
from array import array
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from socket import AddressFamily

import msgspec
import pytest
import trustme
import zstandard
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from agent.pace import Pace
from agent.probes.kit import IpVersion, ResolveError
from agent.push import PATH, Push, PushSettings
from agent.spool import Spool
from agent.verdict import Verdict, judge, retry_after
from shared.clock import SystemClock
from shared.result import OUTCOMES
from shared.settings import BadSettings, check
from shared.wire import Batch, Context, Problem, Receipt, dictionary, order_code
from tests.spooling import a_context, a_result, a_spool, drain, fill, seqs

TOKEN = "kentongan-test-token"
Answering = Callable[[web.Request, Batch], Awaitable[web.StreamResponse | None]]


def problem(status: int, kind: str, **headers: str) -> web.Response:
    body = msgspec.json.encode(Problem(type=kind, title=kind, status=status))
    return web.Response(status=status, body=body, content_type="application/problem+json", headers=headers)


def numbers(raw: bytes, code: str, n: int) -> list[int]:
    """What a plane column of 4 n bytes holds."""
    return list(array(code, b"".join(raw[k::n] for k in range(n))))


def rows_of(batch: Batch, context: Context) -> list[tuple[int, tuple[object, ...]]]:
    """(sequence number, (target, started_ms, outcome, sent, received, min, avg, max)), decoded as wire.py describes it."""
    n, at = batch.n, 0

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return batch.planes[at - size : at]

    order = array(order_code(len(context.targets)), take(n * (1 if len(context.targets) <= 256 else 2)))
    starts, outcome, sent, received = numbers(take(4 * n), "i", n), take(n), take(n), take(n)
    avg, below, above = (numbers(take(4 * n), "I", n) for _ in range(3))
    rows, last = [], dict[int, int]()
    for i, place in enumerate(sorted(range(n), key=lambda place: order[place])):
        target = context.targets[order[place]]
        expected = last[order[place]] + target.interval_ms if order[place] in last else batch.base_ms
        last[order[place]] = started = expected + starts[i]
        told = (target.name, started, OUTCOMES[outcome[i]], sent[i], received[i])
        rows.append((batch.first_seq + place, (*told, avg[i] - below[i], avg[i], avg[i] + above[i])))
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
        assert request.headers["User-Agent"] == "kentongan-agent/0.1"
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

    async def until(self, condition: Callable[[], bool], timeout_s: float = 10) -> None:
        """Waits until a request has made `condition` true."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(condition)

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
    await server.start_server(ssl=tls)
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


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    made = a_spool(tmp_path / "spool", SystemClock())
    yield made
    made.close()


async def emptied(spool: Spool, push: Push) -> None:
    """Waits until everything was acknowledged."""
    async with asyncio.timeout(10):
        while spool.pending or not push.last_success_wall_ms:
            await asyncio.sleep(0.01)  # the spool tells nobody; this only looks again


# what arrives


async def test_results_arrive_as_they_were_measured(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 30)
    async with serving(collector) as url, pushing(spool, url) as push:
        await emptied(spool, push)
    result = a_result(7)
    row = (
        result.target,
        result.started_ms,
        result.outcome,
        4,
        4,
        result.rtt_min_us,
        result.rtt_avg_us,
        result.rtt_max_us,
    )
    assert collector.stored[spool.stream, 7] == row
    assert collector.has(*range(1, 31))
    assert (push.results_sent, push.last_error, push.failures.total()) == (30, "", 0)


async def test_a_flip_is_pushed_at_once(spool: Spool) -> None:
    collector = FakeCollector()
    async with serving(collector) as url, pushing(spool, url, interval_s=3600) as push:
        spool.append(a_result(1))
        push.now()
        push.now()
        await collector.until(lambda: collector.has(1), timeout_s=1)
    assert len(collector.batches) == 1


async def test_what_is_left_goes_when_the_agent_stops(spool: Spool) -> None:
    collector = FakeCollector()
    async with serving(collector) as url:
        async with pushing(spool, url, interval_s=3600):
            await asyncio.sleep(0)
            fill(spool, 3)
        assert collector.has(1, 2, 3)


async def test_an_agent_with_nothing_to_tell_says_that_it_is_there(spool: Spool) -> None:
    collector = FakeCollector()
    async with serving(collector) as url, pushing(spool, url):
        await collector.until(lambda: len(collector.batches) >= 3)
    assert [b.n for b in collector.batches[:3]] == [0, 0, 0]
    assert collector.batches[0].context_body == a_context()
    assert collector.batches[1].context_body is None
    assert collector.batches[1].host is not None


async def test_a_batch_tells_of_losses_and_of_what_still_waits(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 3_000)
    async with serving(collector) as url, pushing(spool, url, batch_results=10) as push:
        await collector.until(lambda: len(collector.batches) == 1)
        host = collector.batches[0].host
        assert host is not None
        assert host.dropped == {"size": spool.dropped["size"]}
        assert host.spool_results + host.dropped["size"] == 3_000
        assert collector.batches[0].floor_seq == host.dropped["size"] + 1
        assert push.bytes_sent > 0


async def test_the_offset_of_the_clocks_is_learnt(spool: Spool) -> None:
    collector = FakeCollector()
    collector.ahead_ms = 7_200_000
    async with serving(collector) as url, pushing(spool, url) as push:
        await collector.until(lambda: len(collector.batches) >= 2)
        assert push.clock_offset_ms is not None
        assert -7_202_000 < push.clock_offset_ms < -7_198_000


# order


async def test_fresh_results_overtake_the_backlog(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 300)
    async with serving(collector) as url, pushing(spool, url, batch_results=20, interval_s=0.2) as push:
        fill(spool, 5, start=301)
        push.now()
        await emptied(spool, push)
    firsts = [b.first_seq for b in collector.batches if b.n]
    assert firsts[0] == 301
    assert firsts[1:] == sorted(firsts[1:])
    assert collector.has(*range(1, 306))


async def test_a_beat_is_at_most_one_batch_late_while_the_backlog_drains(spool: Spool) -> None:
    collector, late = FakeCollector(), list[int]()
    fill(spool, 600)
    spool_size = spool.next_seq

    async def append_and_go_on(_request: web.Request, batch: Batch) -> None:
        if batch.first_seq < spool_size and not late:
            late.append(spool.append(a_result(601)))
            push.now()

    collector.always = append_and_go_on
    async with (
        serving(collector) as url,
        pushing(spool, url, batch_results=20, interval_s=3600, backlog_pause_s=1) as push,
    ):
        push.now()
        await collector.until(lambda: bool(late) and collector.has(601, *[n for _, n in collector.stored if n < 601]))
    sent = [b.first_seq for b in collector.batches if b.n]
    assert sent.index(601) <= 2


async def test_the_newest_go_first_after_an_outage(spool: Spool) -> None:
    collector = FakeCollector()
    port = unused_port()
    async with pushing(spool, f"http://127.0.0.1:{port}", batch_results=10) as push:
        fill(spool, 200)
        async with asyncio.timeout(10):
            while push.failures["connect"] < 3:
                await asyncio.sleep(0.01)
        async with serving(collector, port):
            await emptied(spool, push)
    assert [b.first_seq for b in collector.batches if b.n][:2] == [191, 1]
    assert collector.has(*range(1, 201))
    assert (push.last_error, collector.duplicates) == ("", 0)


# nothing missing, nothing twice


async def test_an_answer_that_got_lost_after_storing_changes_nothing(spool: Spool) -> None:
    collector = FakeCollector()

    async def store_and_hang_up(request: web.Request, batch: Batch) -> web.StreamResponse:
        collector.contexts |= {batch.context: batch.context_body or collector.contexts[batch.context]}
        answer = collector.receipt(batch)
        assert request.transport is not None
        request.transport.abort()
        return answer

    collector.answers += [store_and_hang_up] * 3
    fill(spool, 40)
    async with serving(collector) as url, pushing(spool, url, batch_results=7) as push:
        await emptied(spool, push)
    assert collector.has(*range(1, 41))
    assert collector.duplicates > 0
    assert push.failures["disconnected"] == 1  # the first of the three was tried again at once


async def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    collector, clock = FakeCollector(), SystemClock()
    for start in (1, 101, 201):
        spool = a_spool(tmp_path, clock)
        fill(spool, 100, start=start)
        async with serving(collector) as url, pushing(spool, url, batch_results=9):
            wanted = len(collector.stored) + 60
            await collector.until(lambda wanted=wanted: len(collector.stored) >= wanted)  # type: ignore[misc]
        spool.close()
    spool = a_spool(tmp_path, clock)
    async with serving(collector) as url, pushing(spool, url) as push:
        await emptied(spool, push)
    spool.close()
    assert collector.has(*range(1, 301))


async def test_a_collector_that_comes_and_goes_gets_everything_once(spool: Spool) -> None:
    collector, port, sent = FakeCollector(), unused_port(), 0
    async with pushing(spool, f"http://127.0.0.1:{port}", batch_results=5) as push:
        for _ in range(4):
            fill(spool, 25, start=sent + 1)
            sent += 25
            async with serving(collector, port):
                await collector.until(lambda: len(collector.stored) >= sent - 10)
        async with serving(collector, port):
            await emptied(spool, push)
    assert collector.has(*range(1, 101))


# answers


async def test_a_context_that_the_collector_has_lost_is_sent_again_at_once(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 5)
    async with serving(collector) as url, pushing(spool, url, interval_s=0.2) as push:
        await collector.until(lambda: collector.has(1, 2, 3, 4, 5))
        collector.contexts.clear()
        fill(spool, 1, start=6)
        await collector.until(lambda: collector.has(1, 2, 3, 4, 5, 6))
    bodies = [b.context_body is not None for b in collector.batches if b.n and b.first_seq == 6]
    assert bodies == [False, True]
    assert push.failures.total() == 0


async def test_a_batch_that_is_too_large_is_halved_and_stays_small(spool: Spool) -> None:
    collector = FakeCollector()

    async def at_most_10(_request: web.Request, batch: Batch) -> web.Response | None:
        return web.Response(status=413) if batch.n > 10 else None

    collector.always = at_most_10
    fill(spool, 100)
    async with serving(collector) as url, pushing(spool, url, batch_results=64) as push:
        await emptied(spool, push)
    assert collector.has(*range(1, 101))
    assert sum(b.n > 10 for b in collector.batches) <= 6
    assert push.failures.total() == 0


async def test_poison_is_set_aside_alone(spool: Spool) -> None:
    collector = FakeCollector()

    async def refuse(_request: web.Request, batch: Batch) -> web.Response | None:
        poisoned = {17, 18, 55} & set(range(batch.first_seq, batch.first_seq + batch.n))
        return problem(400, "bad-batch") if poisoned else None

    collector.always = refuse
    fill(spool, 60)
    async with serving(collector) as url, pushing(spool, url, batch_results=32) as push:
        await emptied(spool, push)
    assert collector.has(*(set(range(1, 61)) - {17, 18, 55}))
    assert (spool.set_aside_count, push.last_error) == (3, "")


async def test_poison_that_stands_alone_from_the_start_waits_for_a_witness(spool: Spool) -> None:
    collector = FakeCollector()

    async def refuse(_request: web.Request, batch: Batch) -> web.Response | None:
        return problem(422, "bad-batch") if batch.n and batch.first_seq <= 1 else None

    collector.always = refuse
    async with serving(collector) as url, pushing(spool, url) as push:
        fill(spool, 1)
        await collector.until(lambda: sum(b.n for b in collector.batches) >= 3)
        assert spool.set_aside_count == 0
        fill(spool, 1, start=2)
        await emptied(spool, push)
    assert spool.set_aside_count == 1
    assert collector.has(2)


async def test_a_collector_that_refuses_everything_throws_nothing_away(spool: Spool) -> None:
    collector = FakeCollector()

    async def refuse(_request: web.Request, _batch: Batch) -> web.Response:
        return problem(400, "bad-batch")

    collector.always = refuse
    fill(spool, 500)
    async with serving(collector) as url, pushing(spool, url, max_backoff_s=3600) as push:
        await asyncio.sleep(0)
        push.now()
        async with asyncio.timeout(10):
            while not push.failures:
                await asyncio.sleep(0.01)
        assert len(collector.batches) < 40
    assert (spool.pending, spool.set_aside_count) == (500, 0)
    assert push.last_error == "refused: 400 bad-batch"


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<html>Please log in</html>", content_type="text/html"),
        lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/login"}),
        lambda: web.Response(text='{"status": "ok"}', content_type="application/json"),
        lambda: web.Response(text='{"stored": 0}', content_type="application/json"),
        lambda: web.Response(status=204),
        lambda: web.Response(status=400, text="plain HTTP was sent to an HTTPS port", content_type="text/html"),
        lambda: web.Response(status=413, text="too large even alone"),
        lambda: web.Response(status=404, text="no such page"),
        lambda: web.Response(body=b"x" * 500_000, content_type="application/json"),
    ],
)
async def test_nobody_but_the_collector_acknowledges_or_condemns(
    spool: Spool, answer: Callable[[], web.Response]
) -> None:
    collector = FakeCollector()

    async def portal(_request: web.Request, _batch: Batch) -> web.Response:
        return answer()

    collector.always = portal
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url) as push:
        async with asyncio.timeout(10):
            while push.failures.total() < 2:
                await asyncio.sleep(0.01)
        assert (spool.pending, spool.set_aside_count) == (3, 0)
        collector.always = None
        await emptied(spool, push)
    assert collector.has(1, 2, 3)


async def test_a_revoked_token_keeps_everything_and_is_told_once(
    spool: Spool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector, file = FakeCollector(), tmp_path / "token"
    file.write_text("revoked-token\n")
    fill(spool, 3)
    with caplog.at_level(logging.INFO, "agent.push"):
        async with serving(collector) as url, pushing(spool, url, token_file=file) as push:
            await collector.until(lambda: len(collector.batches) >= 4)
            assert spool.pending == 3
            file.write_text(TOKEN)
            await emptied(spool, push)
    assert [r.getMessage().split()[1] for r in caplog.records] == ["state=unauthorised", "state=ok"]
    assert TOKEN not in caplog.text + repr(push) + repr(vars(push))
    assert "revoked-token" not in caplog.text


async def test_a_token_that_is_not_there_yet_is_waited_for(spool: Spool, tmp_path: Path) -> None:
    collector, file = FakeCollector(), tmp_path / "token"
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url, token_file=file) as push:
        async with asyncio.timeout(10):
            while push.failures["token"] < 2:
                await asyncio.sleep(0.01)
        file.write_text(TOKEN)
        await emptied(spool, push)
    assert collector.has(1, 2, 3)


async def test_the_token_may_stand_in_the_environment(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 1)
    async with serving(collector) as url, pushing(spool, url, token_env="TOKEN") as push:
        await emptied(spool, push)
    assert collector.has(1)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_collector_that_asks_for_quiet_gets_it(spool: Spool, status: int) -> None:
    collector, clock, at = FakeCollector(), SystemClock(), list[int]()

    async def busy(_request: web.Request, _batch: Batch) -> web.Response:
        at.append(clock.mono_ns())
        return problem(status, "busy", **{"Retry-After": "1"})

    collector.answers.append(busy)
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url) as push:
        await collector.until(lambda: bool(at))
        push.now()  # not even a flip
        await emptied(spool, push)
        assert 1.0 <= (clock.mono_ns() - at[0]) / 1e9 < 2.5
    assert push.failures == {"told_to_wait": 1}


# the network


async def test_tls_with_a_private_authority(spool: Spool, tmp_path: Path) -> None:
    collector, authority = FakeCollector(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    fill(spool, 3)
    async with serving(collector, tls=tls) as url:
        async with pushing(spool, url) as push:
            async with asyncio.timeout(10):
                while not push.failures["tls"]:
                    await asyncio.sleep(0.01)
            assert "CERTIFICATE_VERIFY_FAILED" in push.last_error
        async with pushing(spool, url, ca_file=tmp_path / "ca.pem") as push:
            await emptied(spool, push)
    assert collector.has(1, 2, 3)


async def test_without_names_and_network_it_goes_on_and_stops_at_once(spool: Spool) -> None:
    fill(spool, 3)
    async with pushing(spool, "http://collector.example.id") as push:
        async with asyncio.timeout(10):
            while push.failures["dns"] < 3:
                await asyncio.sleep(0.01)
        began = SystemClock().mono_ns()
    assert (SystemClock().mono_ns() - began) / 1e9 < 1.5
    assert spool.pending == 3


async def test_a_collector_that_never_answers_does_not_hold_up_the_stop(spool: Spool) -> None:
    collector, asked = FakeCollector(), asyncio.Event()

    async def hang(_request: web.Request, _batch: Batch) -> None:
        asked.set()
        await asyncio.sleep(30)

    collector.always = hang
    fill(spool, 3)
    async with serving(collector) as url:
        async with pushing(spool, url):
            await asyncio.wait_for(asked.wait(), 10)
            began = SystemClock().mono_ns()
        assert (SystemClock().mono_ns() - began) / 1e9 < 1.8
    assert seqs(drain(spool)) == [1, 2, 3]


async def test_a_timeout_is_a_failure_like_any_other(spool: Spool) -> None:
    collector = FakeCollector()

    async def hang(_request: web.Request, _batch: Batch) -> None:
        await asyncio.sleep(0.3)

    collector.answers.append(hang)
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url, timeout_s=0.1) as push:
        await emptied(spool, push)
    assert push.failures["timeout"] >= 1
    assert collector.has(1, 2, 3)


# when


def a_pace(seed: int = 1, **changes: float) -> Pace:
    times = {"interval_s": 60.0, "pause_s": 1.0, "cap_s": 300.0, "now_s": 0.0, **changes}
    return Pace(rng=Random(seed), **times)


def test_the_beat_is_steady_and_its_phase_is_not() -> None:
    phases = [a_pace(seed).fresh_at(flip=False) for seed in range(200)]
    assert min(phases) < 3
    assert max(phases) > 57
    pace, beats = a_pace(), []
    for _ in range(5):
        beats.append(pace.fresh_at(flip=False))
        pace.trying(beats[-1] + 0.4, fresh=True)  # never exactly on time
        pace.succeeded(beats[-1] + 0.9)
    assert [round(b - a, 6) for a, b in zip(beats, beats[1:], strict=False)] == [60.0] * 4


def test_a_flip_does_not_move_the_beat() -> None:
    pace = a_pace()
    beat = pace.fresh_at(flip=False)
    pace.trying(beat - 5, fresh=True)
    pace.succeeded(beat - 5)
    assert pace.fresh_at(flip=False) == beat


def test_after_the_cap_the_back_off_is_still_spread() -> None:
    waits = []
    for seed in range(400):
        pace = a_pace(seed)
        for _ in range(20):
            pace.failed(1_000.0)
        waits.append(pace.fresh_at(flip=False) - 1_000)
    assert all(0 <= wait <= 300 for wait in waits)
    assert sum(wait == 300 for wait in waits) == 0
    tenths = [sum(30 * i <= wait < 30 * (i + 1) for wait in waits) for i in range(10)]
    assert min(tenths) > 20  # 40 expected


def test_the_back_off_grows() -> None:
    means = []
    for failures in range(1, 12):
        waits = []
        for seed in range(200):
            pace = a_pace(seed)
            for _ in range(failures):
                pace.failed(0.0)
            waits.append(pace.fresh_at(flip=False))
        means.append(sum(waits) / len(waits))
    assert means[:4] == sorted(means[:4])
    assert 0.8 < means[0] < 1.2
    assert 130 < means[-1] < 170


def test_a_flip_passes_the_back_off_but_not_the_collectors_wish() -> None:
    pace = a_pace()
    pace.trying(10.0, fresh=True)
    pace.failed(10.0, slowly=True)
    assert pace.fresh_at(flip=True) == 11.0
    assert pace.fresh_at(flip=False) >= 160
    pace.failed(10.0, retry_after_s=100)
    assert 110 <= pace.fresh_at(flip=True) <= 135


def test_those_who_were_told_the_same_do_not_come_back_together() -> None:
    times = []
    for seed in range(100):
        pace = a_pace(seed)
        pace.failed(0.0, retry_after_s=40)
        times.append(pace.fresh_at(flip=True))
    assert min(times) >= 40
    assert max(times) <= 50
    assert len({round(t) for t in times}) >= 9


def test_the_backlog_waits_for_no_reason_but_failures() -> None:
    pace = a_pace()
    pace.succeeded(5.0)
    assert pace.backlog_at() == 6.0
    pace.failed(6.0)
    assert pace.backlog_at() == float("inf")
    pace.succeeded(7.0)
    pace.backlog_failed(8.0)
    assert pace.backlog_at() > 9.0


def test_a_retry_after_is_seconds_or_a_date() -> None:
    wall_ms = 1_790_000_000_000
    assert retry_after("120", wall_ms) == 120
    assert retry_after("Mon, 21 Sep 2026 14:14:20 GMT", wall_ms) == 60
    assert retry_after("Mon, 21 Sep 2015 14:14:20 GMT", wall_ms) == 0
    assert retry_after("999999999", wall_ms) == 3_600
    for nonsense in ("", "soon", "-5", "1.5", "\N{SUPERSCRIPT TWO}"):
        assert retry_after(nonsense, wall_ms) is None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(500, Verdict.FAILED), (502, Verdict.FAILED), (301, Verdict.FAILED), (201, Verdict.FAILED), (409, Verdict.FAILED)],
)
def test_anything_else_is_tried_again(status: int, verdict: Verdict) -> None:
    assert judge(status, {}, b"", sent=1, wall_ms=0).verdict is verdict


# settings


def test_mistakes_in_the_settings_are_told() -> None:
    with pytest.raises(BadSettings) as told:
        check({"url": "collector.example.id", "intervall_s": 5}, PushSettings, "agent.toml")
    assert told.value.lines == [
        "agent.toml: url: must be the address of the collector, like https://collector.example.id"
        " (given: 'collector.example.id')",
        "agent.toml: intervall_s is not a known key. Did you mean interval_s?",
    ]
    with pytest.raises(BadSettings, match="needs one of token_file, token_env and token"):
        check({"url": "https://c.example.id", "token": "a", "token_env": "B"}, PushSettings, "agent.toml")


async def test_an_authority_that_cannot_be_read_is_told_at_the_start(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("rubbish")
    with pytest.raises(BadSettings, match=r"collector\.ca_file: .*ca\.pem cannot be used"):
        async with pushing(spool, "https://127.0.0.1", ca_file=tmp_path / "ca.pem"):
            pass


def test_the_path_may_be_part_of_the_address() -> None:
    assert PushSettings(url=f"https://c.example.id{PATH}", token_env="T").url == "https://c.example.id"
    assert "secret" not in repr(check({"url": "https://c.example.id", "token": "secret"}, PushSettings, "a"))
