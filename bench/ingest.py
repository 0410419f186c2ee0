"""What a result costs the collector from the socket to the fsynced log and into its chunk, in CPU time of the process.

`python -m bench.ingest [agents] [batches]`: pushes of 20 and of 100 results over kept-alive connections, one an agent,
from another process; then compaction. Judging is not in it.
"""

import asyncio
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop
import zstandard
from aiohttp import web

from bench.dictionary import SyntheticAgent
from collector.ingest import Ingest
from collector.registry import Token
from collector.store.sqlite import SqliteStore
from shared.clock import SystemClock
from shared.wire import dictionary

AHEAD_MS = 60 * 86_400_000


class LateClock(SystemClock):
    """The synthetic agents live in 2026 and boot up to 40 days before; nothing of theirs is in the future."""

    def wall_ms(self) -> int:
        return max(super().wall_ms(), 1_790_000_000_000) + AHEAD_MS


def bodies(agents: int, batches: int, n: int) -> list[list[bytes]]:
    """What each agent sends, ready made."""
    rng = random.Random(n)
    compressor = zstandard.ZstdCompressor(dict_data=dictionary())
    made = [SyntheticAgent(rng) for _ in range(agents)]
    return [
        [compressor.compress(msgspec.msgpack.encode(agent.batch(n, with_context=k == 0))) for k in range(batches)]
        for agent in made
    ]


async def push_all(port: int, sent: list[list[bytes]]) -> None:
    async def push(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in sent[number]:
            head = (
                f"POST /api/v1/batches HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer secret-of-agent-{number:05d}\r\n"
                f"Content-Type: application/msgpack\r\nContent-Encoding: zstd\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError((answer + await reader.read(500)).decode())
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(push(number) for number in range(len(sent))))


def client(port: int, sent: list[list[bytes]]) -> None:
    asyncio.run(push_all(port, sent))


async def serve(folder: Path, agents: int, batches: int, n: int) -> None:
    clock = LateClock()
    store = SqliteStore(str(folder / f"{n}.db"))
    tokens = {f"secret-of-agent-{i:05d}": _token(i) for i in range(agents)}

    async def find(secret: str) -> Token | None:
        return tokens.get(secret)

    ingest = Ingest(store, find, clock)
    app = web.Application()
    app.add_routes([web.post("/api/v1/batches", ingest.receive)])
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    sent = bodies(agents, batches, n)
    results = agents * batches * n
    sent_bytes = sum(len(body) for one in sent for body in one)
    pusher = multiprocessing.get_context("spawn").Process(target=client, args=(runner.addresses[0][1], sent))
    pusher.start()
    while not ingest.counts.commit_seconds.count:
        await asyncio.sleep(0.01)
    cpu_s, wall_s, before = time.process_time(), time.monotonic(), ingest.counts.results
    await asyncio.to_thread(pusher.join)
    cpu_s, wall_s, measured = time.process_time() - cpu_s, time.monotonic() - wall_s, ingest.counts.results - before
    print(
        f"n={n} results={ingest.counts.results} cpu_us_per_result={cpu_s / measured * 1e6:.2f} "
        f"cpu_us_per_batch={cpu_s / measured * n * 1e6:.0f} seconds={wall_s:.1f} "
        f"wire_bytes_per_result={sent_bytes / results:.2f}"
    )
    await runner.cleanup()
    _compact(store, clock, results)


def _compact(store: SqliteStore, clock: LateClock, results: int) -> None:
    log_bytes = store.size_bytes()
    cpu_s = time.process_time()
    folded = store.compact(clock.wall_ms() + 1)
    cpu_s = time.process_time() - cpu_s
    used = store.used_bytes()
    rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  folded={folded} compact_us_per_result={cpu_s / results * 1e6:.2f} "
        f"log_bytes_per_result={log_bytes / results:.2f} chunk_bytes_per_result={used / results:.2f} "
        f"peak_rss_mib={rss_mib:.0f}"
    )
    store.close()


def _token(number: int) -> Token:
    name = f"agent-{number}"
    return Token(id=name, kind="agent", agent=name, site=f"64.07.05.{number:04d}", hash=b"", created_at_ms=0)


def main() -> None:
    agents, batches = map(int, sys.argv[1:3] or ("150", "40"))
    with tempfile.TemporaryDirectory() as folder:
        for n in (20, 100):
            uvloop.run(serve(Path(folder), agents, batches, n))


if __name__ == "__main__":
    main()
