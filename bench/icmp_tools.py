"""What bench/icmp.py compares: each tool's own word on round trips, and each tool kept busy."""

import asyncio
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from math import ceil
from urllib.request import urlopen

from agent.doubt import BEAT_S
from agent.probes.echo import EchoEngine
from agent.probes.icmp import IcmpTarget, probe
from agent.probes.kit import Kit
from agent.probes.resolve import Resolver
from bench.icmp_line import address
from shared.clock import SystemClock

BLACKBOX = "127.0.0.1:9115"
SPACING_S = 0.05


def role(*words: str) -> list[str]:
    """The command that starts this benchmark again to play a part in it."""
    return [sys.executable, "-m", "bench.icmp", "--role", *words]


def ping(host: str, count: int) -> list[float]:
    command = ["ping", "-n", "-c", str(count), "-i", str(SPACING_S), host]
    told = subprocess.run(command, capture_output=True, text=True).stdout
    return [float(ms) * 1000 for ms in re.findall(r"time=([\d.]+) ms", told)]


def fping(host: str, count: int) -> list[float]:
    command = ["fping", "-C", str(count), "-p", str(round(SPACING_S * 1000)), "-q", host]
    told = subprocess.run(command, capture_output=True, text=True).stderr
    return [float(ms) * 1000 for ms in told.partition(" : ")[2].split() if ms != "-"]


def blackbox(host: str, count: int) -> list[float]:
    found = []
    for _ in range(count):
        with urlopen(f"http://{BLACKBOX}/probe?module=icmp&target={host}", timeout=5) as response:
            told = response.read().decode()
        found += re.findall(r'probe_icmp_duration_seconds\{phase="rtt"\} (\S+)', told)
        time.sleep(SPACING_S)
    return [float(s) * 1e6 for s in found if float(s) > 0]


def ours(host: str, count: int) -> list[float]:
    told = subprocess.run(role("train", host, str(count)), capture_output=True, text=True, check=True).stdout
    return [float(us) for us in json.loads(told) if us is not None]


async def train(host: str, count: int) -> None:
    """In a process of its own: `count` echoes by the engine, as JSON."""
    engine = EchoEngine(SystemClock(), random.Random())
    rtts_us: list[int | None] = []
    while len(rtts_us) < count:
        packets = min(20, count - len(rtts_us))
        echoes = await engine.echo(host, packets=packets, spacing_s=SPACING_S, timeout_s=1, payload_bytes=56)
        rtts_us += echoes.rtts_us
    engine.close()
    print(json.dumps(rtts_us))


async def load(targets: int, interval_s: float, packets: int) -> None:
    """In a process of its own, until killed: `targets` probes every `interval_s`, begun on the beat of the schedule."""
    clock = SystemClock()
    kit = Kit(clock=clock, echo=EchoEngine(clock, random.Random()), resolver=Resolver(), gateway=lambda: None)
    common = {"group": "internet", "probe": "icmp", "packets": packets}
    numbered = ({"name": f"t{number}", "address": address(number), **common} for number in range(targets))
    turn = cycle([IcmpTarget.model_validate(settings) for settings in numbered])
    loop, running = asyncio.get_running_loop(), set()
    due = beat = ceil(loop.time() / BEAT_S) * BEAT_S
    while True:
        await asyncio.sleep(max(0, beat - loop.time()))
        while due <= beat:
            task = asyncio.ensure_future(probe(next(turn), kit))
            running.add(task)
            task.add_done_callback(running.discard)
            due += interval_s / targets
        beat += BEAT_S


async def scrape(targets: int, seconds: float) -> int:
    """Has blackbox_exporter probe every target once a second over kept-alive connections; how many answers came."""
    done, ends = 0, time.monotonic() + seconds
    connections = min(targets, 100)

    async def worker(first: int) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection(*BLACKBOX.split(":"))
        due = time.monotonic() + first / connections
        own = range(first, targets, connections)
        while time.monotonic() < ends:
            for number in own:
                await asyncio.sleep(max(0, due - time.monotonic()))
                due += 1 / len(own)
                writer.write(f"GET /probe?module=icmp&target={address(number)} HTTP/1.1\r\nHost: b\r\n\r\n".encode())
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = re.search(rb"content-length: (\d+)", head)
                body = reader.readexactly(int(length[1])) if length else reader.readuntil(b"0\r\n\r\n")
                await body
                done += 1
                if time.monotonic() > ends:
                    break
        writer.close()

    await asyncio.gather(*(worker(first) for first in range(connections)))
    return done


@contextmanager
def blackbox_exporter() -> Iterator[int]:
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
        config.write("modules: {icmp: {prober: icmp, timeout: 2s, icmp: {preferred_ip_protocol: ip4}}}")
        config.flush()
        command = ["prometheus-blackbox-exporter", f"--config.file={config.name}", f"--web.listen-address={BLACKBOX}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            host, port = BLACKBOX.split(":")
            while process.poll() is None:
                with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                    break
                time.sleep(0.05)
            yield process.pid
        finally:
            process.kill()
            process.wait()
