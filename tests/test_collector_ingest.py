"""Every answer of POST /api/v1/batches, over real sockets into a real store."""

import asyncio
import gzip
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import zstandard
from aiohttp import web

from collector.ingest import MAX_WAITING, CommitTimes, Ingest
from collector.registry import Token
from collector.store.sqlite import SqliteStore
from shared.wire import MAX_BODY_BYTES, Batch, Problem, Receipt, dictionary
from tests.deliveries import CONTEXT, RECEIVED_MS, SITE, batch_of, in_rows, probe, run_of
from tests.fakes import FakeClock

PATH = "/api/v1/batches"


def token(name: str, **known: Any) -> Token:
    made: dict[str, Any] = {"id": name, "kind": "agent", "agent": name, "site": SITE, "hash": b"", "created_at_ms": 0}
    return Token(**made | known)


TOKENS: Mapping[str, Token] = {
    **{f"agent-{number}": token(f"agent-{number}", site=f"64.{number}") for number in range(6)},
    "good": token("dinkes-1"),
    "other": token("dinkes-2"),
    "reader": token("r", kind="read", agent="", site=""),
    "old": token("dinkes-3", revoked_at_ms=5),
}


async def find(secret: str) -> Token | None:
    return TOKENS.get(secret)


class BusyStore(SqliteStore):
    """A store whose disk is slow when it is told to be."""

    behind = 0

    def waiting(self) -> int:
        return self.behind + super().waiting()


@dataclass
class Collector:
    """A collector that only ingests, and a client that pushes to it."""

    store: BusyStore
    ingest: Ingest
    client: aiohttp.ClientSession
    port: int

    async def push(self, body: bytes, secret: str = "good", **headers: str) -> tuple[int, Receipt | Problem]:
        """(status, answer); header names are given with underscores."""
        named = {"Content-Type": "application/msgpack", "Authorization": f"Bearer {secret}"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post(PATH, data=body, headers=named) as response:
            answer = await response.read()
            if response.status != 200:
                assert response.content_type == "application/problem+json"
                return response.status, msgspec.json.decode(answer, type=Problem)
            decoder = msgspec.json if response.content_type == "application/json" else msgspec.msgpack
            return 200, decoder.decode(answer, type=Receipt)

    def rows(self) -> int:
        return len(self.store.read(SITE, 0, 1 << 60)) + len(self.store.read("64.07", 0, 1 << 60))


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    store = BusyStore(str(tmp_path / "k.db"), linger_s=0)
    ingest = Ingest(store, find, FakeClock(wall_ms=RECEIVED_MS), body_s=0.3)
    app = web.Application()
    app.add_routes([web.post(PATH, ingest.receive)])
    runner = web.AppRunner(app, auto_decompress=False, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        yield Collector(store, ingest, client, port)
    await runner.cleanup()
    store.close()


def packed(batch: Batch) -> bytes:
    return msgspec.msgpack.encode(batch)


def first(batch: Batch) -> Batch:
    """`batch` with its context in full."""
    return msgspec.structs.replace(batch, context_body=CONTEXT)


def zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(dict_data=dictionary()).compress(body)


async def test_a_batch_is_acknowledged_when_it_can_be_read(collector: Collector) -> None:
    body = zstd(packed(first(run_of(0, 30))))
    assert await collector.push(body, Content_Encoding="zstd") == (200, Receipt(stored=30, time_ms=RECEIVED_MS))
    assert collector.rows() == 30
    assert await collector.push(packed(run_of(20, 40))) == (200, Receipt(stored=10, duplicates=10, time_ms=RECEIVED_MS))
    assert await collector.push(packed(run_of(0, 9))) == (200, Receipt(stored=0, duplicates=9, time_ms=RECEIVED_MS))
    counts = collector.ingest.counts
    assert counts.batches == {"stored": 2, "duplicate": 1, "refused": 0}
    assert (counts.results, counts.duplicates, counts.commit_seconds.count) == (40, 19, 3)


async def test_a_push_may_be_handed_in_without_a_server(collector: Collector) -> None:
    body, at_ms = zstd(packed(first(run_of(0, 30)))), RECEIVED_MS - 86_400_000
    receipt = await collector.ingest.accept(body, "application/msgpack", "zstd", TOKENS["good"], at_ms)
    assert receipt == Receipt(stored=30, time_ms=at_ms)
    assert (await collector.push(body, Content_Encoding="zstd"))[1] == Receipt(
        stored=0, duplicates=30, time_ms=RECEIVED_MS
    )
    assert collector.store.agents()[0].heard_at_ms == RECEIVED_MS


async def test_every_encoding_stores_the_same(collector: Collector) -> None:
    probed = [probe(n) for n in range(0, 60, 3)]
    json, planes = (msgspec.json.encode, packed)
    forms: list[tuple[str, str, Callable[[Batch], bytes]]] = [
        ("application/json", "identity", json),
        ("application/json; charset=utf-8", "gzip", lambda b: gzip.compress(json(b))),
        ("application/json", "zstd", lambda b: zstandard.ZstdCompressor().compress(json(b))),
        ("application/msgpack", "identity", planes),
        ("application/msgpack", "gzip", lambda b: gzip.compress(planes(b))),
        ("application/msgpack", "zstd", lambda b: zstd(planes(b))),
    ]
    for number, (kind, encoding, encode) in enumerate(forms):
        batch = first((in_rows if "json" in kind else batch_of)(probed, stream=f"s{number}"))
        pushed = await collector.push(
            encode(batch), secret=f"agent-{number}", Content_Type=kind, Content_Encoding=encoding
        )
        assert pushed == (200, Receipt(stored=20, time_ms=RECEIVED_MS))
    reads = [collector.store.read(f"64.{number}", 0, 1 << 60) for number in range(len(forms))]
    assert [len(read) for read in reads] == [20] * len(forms)
    assert len({(read.at_ms.tobytes(), read.avg_us.tobytes(), read.outcome.tobytes()) for read in reads}) == 1


async def test_the_answer_is_in_the_encoding_of_the_question_unless_told(collector: Collector) -> None:
    body = packed(first(run_of(0, 3)))
    headers = {"Content-Type": "application/msgpack", "Authorization": "Bearer good"}
    async with collector.client.post(PATH, data=body, headers=headers) as response:
        assert response.content_type == "application/msgpack"
    async with collector.client.post(PATH, data=body, headers=headers | {"Accept": "application/json"}) as response:
        assert (await response.json())["duplicates"] == 3


async def test_a_context_is_asked_for_once(collector: Collector) -> None:
    status, problem = await collector.push(packed(run_of(0, 3)))
    assert isinstance(problem, Problem)
    assert (status, problem.type) == (409, "unknown-context")
    assert (await collector.push(packed(first(run_of(0, 3)))))[0] == 200
    assert (await collector.push(packed(run_of(3, 6))))[0] == 200
    assert (await collector.push(packed(run_of(0, 3)), secret="other"))[0] == 409


async def test_a_batch_without_a_token_is_challenged(collector: Collector) -> None:
    for authorization in ("Bearer wrong", "Basic good", "good", "Bearer", ""):
        headers = {"Authorization": authorization, "Content-Type": "application/msgpack"}
        async with collector.client.post(PATH, data=b"x", headers=headers) as response:
            assert response.status == 401
            assert "Bearer" in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("secret", "kind"), [("reader", "forbidden"), ("old", "revoked")])
async def test_a_token_that_may_not_push_is_refused(collector: Collector, secret: str, kind: str) -> None:
    status, problem = await collector.push(packed(first(run_of(0, 3))), secret=secret)
    assert isinstance(problem, Problem)
    assert (status, problem.type) == (403, kind)
    assert collector.rows() == 0


MALFORMED = {
    "no msgpack": b"\xc1",
    "no batch": msgspec.msgpack.encode({"stream": 5}),
    "another version": packed(msgspec.structs.replace(first(run_of(0, 3)), version=7)),
    "short planes": packed(msgspec.structs.replace(first(run_of(0, 3)), n=9)),
    "no context": packed(msgspec.structs.replace(run_of(0, 3), context="")),
    "an impossible context": packed(
        msgspec.structs.replace(run_of(0, 3), context_body=msgspec.structs.replace(CONTEXT, targets=()))
    ),
    "a deep nest": b"\x91" * 100_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_no_batch_is_never_asked_for_again(collector: Collector, body: bytes) -> None:
    status, problem = await collector.push(body)
    assert isinstance(problem, Problem)
    assert (status, problem.type, problem.status) == (400, "malformed", 400)
    assert problem.detail
    assert collector.ingest.counts.refused == {"malformed": 1}


async def test_a_name_cannot_stand_for_two_contexts(collector: Collector) -> None:
    await collector.push(packed(first(run_of(0, 3))))
    other = msgspec.structs.replace(CONTEXT, clock_base_ms=0)
    status, _ = await collector.push(packed(msgspec.structs.replace(run_of(3, 6), context_body=other)))
    assert status == 400


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Content_Type": "text/plain"}, "unsupported-type"),
        ({"Content_Encoding": "br"}, "unsupported-encoding"),
        ({"Content_Encoding": "gzip, zstd"}, "unsupported-encoding"),
    ],
)
async def test_what_cannot_be_read_is_named(collector: Collector, headers: dict[str, str], kind: str) -> None:
    status, problem = await collector.push(packed(run_of(0, 3)), **headers)
    assert isinstance(problem, Problem)
    assert (status, problem.type) == (415, kind)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_damaged_body_is_malformed(collector: Collector, encoding: str) -> None:
    body = (gzip.compress if encoding == "gzip" else zstd)(packed(first(run_of(0, 300))))
    for damaged in (body[:-20], body[:10], b"", body + b"more"):
        assert (await collector.push(damaged, Content_Encoding=encoding))[0] == 400
    assert collector.rows() == 0


async def test_too_many_results_are_to_be_split(collector: Collector) -> None:
    status, problem = await collector.push(packed(msgspec.structs.replace(run_of(0, 3), n=20_001)))
    assert isinstance(problem, Problem)
    assert (status, problem.type) == (413, "too-large")


async def test_a_body_that_announces_too_much_is_refused_before_it_comes(collector: Collector) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", collector.port)
    writer.write(head("Content-Length: 10000000000"))
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


async def test_a_chunked_body_is_refused_when_it_becomes_too_long(collector: Collector) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 65_536 + 4):
            yield bytes(65_536)

    headers = {"Content-Type": "application/msgpack", "Authorization": "Bearer good"}
    async with collector.client.post(PATH, data=endless(), headers=headers) as response:
        assert response.status == 413


def head(*lines: str) -> bytes:
    always = ("Host: c", "Authorization: Bearer good", "Content-Type: application/msgpack")
    return "\r\n".join([f"POST {PATH} HTTP/1.1", *always, *lines, "", ""]).encode()


async def test_a_body_that_stops_in_the_middle_stores_nothing(collector: Collector) -> None:
    body = packed(first(run_of(0, 30)))
    _, writer = await asyncio.open_connection("127.0.0.1", collector.port)
    writer.write(head(f"Content-Length: {len(body)}") + body[:100])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(60):
        while collector.ingest.counts.batches["refused"] == 0:
            await asyncio.sleep(0.005)
    assert collector.ingest.counts.batches["stored"] == 0
    assert collector.rows() == 0


async def test_a_body_that_never_ends_is_given_up(collector: Collector) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", collector.port)
    writer.write(head("Content-Length: 500") + b"half")
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_one_bad_row_and_a_stamp_in_2099_do_not_hold_up_the_good_ones(collector: Collector) -> None:
    probed = [*(probe(n) for n in range(8)), probe(8, started_ms=2_100_000_000), probe(9, received=9)]
    status, receipt = await collector.push(packed(first(batch_of(probed))))
    assert isinstance(receipt, Receipt)
    assert (status, receipt.stored, receipt.set_aside) == (200, 8, 2)
    assert receipt.reasons == {"future": 1, "packets": 1}
    assert collector.ingest.counts.set_aside == {"future": 1, "packets": 1}
    assert {refusal.seq for refusal in collector.store.refusals("dinkes-1")} == {8, 9}


async def test_a_store_that_fails_asks_for_patience(collector: Collector) -> None:
    await asyncio.to_thread(collector.store.close)
    headers = {"Content-Type": "application/msgpack", "Authorization": "Bearer good"}
    async with collector.client.post(PATH, data=packed(first(run_of(0, 3))), headers=headers) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0


async def test_a_store_that_is_behind_takes_no_more_until_it_has_caught_up(collector: Collector) -> None:
    collector.store.behind = MAX_WAITING + 1
    status, problem = await collector.push(packed(first(run_of(0, 3))))
    assert isinstance(problem, Problem)
    assert (status, problem.type) == (503, "busy")
    collector.store.behind = 0
    assert (await collector.push(packed(first(run_of(0, 3)))))[0] == 200


async def test_many_senders_share_commits_and_each_gets_its_own_answer(collector: Collector) -> None:
    await collector.push(packed(first(run_of(0, 1))))
    pushes = (collector.push(packed(run_of(n, n + 1 + n % 3, stream=f"s{n}"))) for n in range(60))
    answers = await asyncio.gather(*pushes)
    assert [answer.stored for _, answer in answers if isinstance(answer, Receipt)] == [1 + n % 3 for n in range(60)]


def test_commit_times_are_a_cumulative_histogram() -> None:
    times = CommitTimes()
    for seconds in (0.001, 0.2, 0.2, 99.0):
        times.observe(seconds)
    assert dict(times.buckets)[0.005] == 1
    assert dict(times.buckets)[0.25] == 3
    assert times.buckets[-1] == (10.0, 3)
    assert times.count == 4


BOMBS = """
import resource, sys, zlib
from collector.body import Decompressor
from collector.faces.guard import Refused

def block(size, last):  # zstd: one byte, repeated
    return (size << 3 | 1 << 1 | last).to_bytes(3, "little") + b"\\0"

blocks = block(131072, 0) * 81920 + block(131072, 1)  # 10 GiB in 330 kB
magic = b"\\x28\\xb5\\x2f\\xfd"
silent = magic + b"\\x00\\x38" + blocks  # does not say how long it is
honest = magic + b"\\xc0\\x38" + (81921 * 131072).to_bytes(8, "little") + blocks
lying = magic + b"\\x40\\x38" + (1000).to_bytes(2, "little") + blocks
squeeze = zlib.compressobj(9, wbits=31)
gzip = b"".join([*(squeeze.compress(bytes(1 << 20)) for _ in range(500)), squeeze.flush()])  # 0.5 GiB in 500 kB
unpack = Decompressor()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for body, encoding in ((silent, "zstd"), (honest, "zstd"), (lying, "zstd"), (gzip, "gzip")):
    try:
        unpack.decompress(body, encoding)
    except Refused as refused:
        print(refused.problem.status)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_bomb_of_ten_gigabytes_is_refused_and_memory_stays_flat() -> None:
    said = subprocess.run([sys.executable, "-c", BOMBS], capture_output=True, text=True, timeout=300)
    assert said.stderr == ""
    *statuses, grown_mib = map(int, said.stdout.split())
    assert statuses == [400, 413, 400, 413]
    assert grown_mib < 16
