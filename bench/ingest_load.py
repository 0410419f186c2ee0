"""The same results for everybody: made once, then in the form that each server takes. And who pushes them."""

import asyncio
import multiprocessing
import random
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import cramjam
import msgspec
import zstandard

from bench.dictionary import SyntheticAgent
from shared.result import Outcome, Result
from shared.wire import Host, dictionary

START_MS = 1_790_000_000_000
STEP_MS = 3_000
"""Ten targets asked every 30 s."""
CONNECTIONS = 300
"""With 200 ms a commit that is what 100,000 sites do that push every 60 s."""


OUTAGES_KEPT = 0.1
"""Synthetic agents, made to train a dictionary, are out a tenth of the time; lines are out a hundredth."""


class Noting(SyntheticAgent):
    """It remembers what it measured last."""

    last: Sequence[tuple[int, Result]] = ()

    def results(self, n: int) -> list[tuple[int, Result]]:
        made = super().results(n)
        self.last = made
        return made

    def _result(self, index: int, due_ms: int) -> tuple[int, Result]:
        out_until_ms = self._out_until_ms
        made = super()._result(index, due_ms)
        if self._out_until_ms == out_until_ms or self._rng.random() < OUTAGES_KEPT:
            return made
        self._out_until_ms = out_until_ms
        return self._result(index, due_ms)


@dataclass(frozen=True, slots=True)
class Load:
    """Bodies by round and agent; a round is pushed by all agents before the next begins."""

    agents: int
    n: int
    kentongan: list[list[bytes]]
    remote_write: list[list[bytes]]

    @property
    def rounds(self) -> int:
        return len(self.kentongan)

    @property
    def results(self) -> int:
        return self.agents * self.n * self.rounds


@dataclass(slots=True)
class Figures:
    """Of one server: CPU seconds of its whole process and bytes a result on disk, from which start-up is left out."""

    name: str
    results: int = 0
    cpu_s: float = 0.0
    rss_mib: float = 0.0
    disk_bytes: float = 0.0
    acknowledged: int = 0
    lost: int = 0
    note: str = ""

    @property
    def us(self) -> float:
        return self.cpu_s / max(self.results, 1) * 1e6


def make(agents: int, n: int, rounds: int, *, peers: bool) -> Load:
    """Of `agents` agents at as many sites, `n` results a batch."""
    rng, compressor = random.Random(n), zstandard.ZstdCompressor(dict_data=dictionary())
    load = Load(agents, n, [[] for _ in range(rounds)], [[] for _ in range(rounds)])
    for number in range(agents):
        agent = Noting(rng)
        agent.context = msgspec.structs.replace(
            agent.context, clock_base_ms=START_MS - agent.boot_ms, push_interval_ms=n * STEP_MS
        )
        labels = [_labels(number, spec.name) for spec in agent.context.targets]
        for k in range(rounds):
            batch = agent.batch(n, with_context=k == 0)
            host = Host(sent_wall_ms=START_MS, sent_boot_ms=agent.boot_ms, spool_results=n, same_boot=True)
            body = msgspec.msgpack.encode(msgspec.structs.replace(batch, host=host))
            load.kentongan[k].append(compressor.compress(body))
            if peers:
                load.remote_write[k].append(_remote_write(agent.last, labels, agent.context.clock_base_ms))
    return load


def _labels(number: int, target: str) -> tuple[bytes, bytes]:
    """The label sets of a target's two series, as an exporter and its scrape configuration would name them."""
    common = {"instance": f"10.1.{number // 250}.{number % 250}:9817", "job": "kentongan", "site": site_of(number)}
    names = ("probe_success", "probe_duration_seconds")
    both = [{"__name__": name, **common, "target": target} for name in names]
    return _label_set(both[0]), _label_set(both[1])


def _label_set(labels: dict[str, str]) -> bytes:
    return b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in sorted(labels.items())
    )


def _remote_write(results: Sequence[tuple[int, Result]], labels: Sequence[tuple[bytes, bytes]], base_ms: int) -> bytes:
    """prometheus.WriteRequest, version 1: a success and a round trip for each result, in snappy."""
    samples: dict[tuple[int, int], list[bytes]] = {}
    for index, result in results:
        at_ms = result.started_ms + base_ms
        values = (float(result.outcome is Outcome.OK), result.rtt_avg_us / 1e6)
        for which, value in enumerate(values):
            sample = b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at_ms)
            samples.setdefault((index, which), []).append(_field(2, sample))
    series = (_field(1, labels[index][which] + b"".join(found)) for (index, which), found in sorted(samples.items()))
    return bytes(cramjam.snappy.compress_raw(b"".join(series)))


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def site_of(number: int) -> str:
    return f"64.{number // 10_000:02d}.{number % 10_000:04d}"


def secret_of(number: int) -> str:
    return f"secret-of-agent-{number:06d}"


class Pusher:
    """A process that pushes rounds when told to. Forked, so that nothing is copied; make it before any thread."""

    def __init__(self, path: str, rounds: list[list[bytes]], headers: str) -> None:
        fork = multiprocessing.get_context("fork")
        self._here, there = fork.Pipe()
        self.acknowledged = fork.Value("q", 0)
        self._process = fork.Process(target=self._serve, args=(there, path, rounds, headers), daemon=True)
        self._process.start()

    def start(self, port: int, number: int) -> None:
        """Round `number` from now on."""
        self._here.send((port, number))

    def wait(self) -> None:
        """Until the round is acknowledged."""
        said = self._here.recv()
        if said:
            raise RuntimeError(said)

    def push_until_killed(self, port: int, kill: Callable[[], None]) -> None:
        """One round after the other; in the middle of the second, `kill`."""
        self.start(port, 0)
        self.wait()
        first = int(self.acknowledged.value)
        self.start(port, 1)
        while self.acknowledged.value < first * 3 // 2:
            time.sleep(0.001)
        kill()
        with suppress(RuntimeError):
            self.wait()
        self.stop()

    def stop(self) -> None:
        self._process.kill()
        self._process.join()

    def _serve(self, there: Connection, path: str, rounds: list[list[bytes]], headers: str) -> None:
        with asyncio.Runner() as runner:
            lanes: list[Lane] = []
            while True:
                port, number = there.recv()
                try:
                    lanes = lanes or runner.run(_connect(port, len(rounds[0])))
                    runner.run(_push(lanes, path, rounds[number], headers, self.acknowledged))
                    there.send("")
                except (OSError, RuntimeError, asyncio.IncompleteReadError) as error:
                    there.send(repr(error))


Lane = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connect(port: int, agents: int) -> list[Lane]:
    return [await asyncio.open_connection("127.0.0.1", port) for _ in range(min(CONNECTIONS, agents))]


async def _push(lanes: list[Lane], path: str, bodies: list[bytes], headers: str, acknowledged: Any) -> None:
    async def drive(lane: int) -> None:
        reader, writer = lanes[lane]
        for number in range(lane, len(bodies), len(lanes)):
            body = bodies[number]
            head = (
                f"POST {path} HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer {secret_of(number)}\r\n"
                f"{headers}Content-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await _answer(reader)
            acknowledged.value += 1

    await asyncio.gather(*(drive(lane) for lane in range(len(lanes))))


async def _answer(reader: asyncio.StreamReader) -> None:
    answer = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(answer.split(b"content-length: ")[1].split(b"\r\n")[0]) if b"content-length: " in answer else 0
    said = await reader.readexactly(length)
    if not answer.startswith(b"http/1.1 20"):
        raise RuntimeError((answer + said).decode(errors="replace"))
