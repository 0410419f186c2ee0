"""Prometheus and VictoriaMetrics as Debian has them, taking the same results by remote write. On loopback alone."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.ingest_load import START_MS, Figures, Load, Pusher

HEADERS = (
    "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n"
)
SAMPLES = 2
"""A result is a success and a round trip."""
SETTLE_S = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Peer:
    """How a server is started in a folder, where it takes remote writes, how it is asked to write out everything."""

    name: str
    program: str
    path: str
    argv: Callable[[Path, int], list[str]]
    flush: tuple[str, ...]
    kept: str
    """Where its bytes on disk are, below its folder."""


PROMETHEUS = Peer(
    name="prometheus",
    program="prometheus",
    path="/api/v1/write",
    argv=lambda folder, port: [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=100y",
        "--web.enable-remote-write-receiver",
        "--web.enable-admin-api",
        "--log.level=error",
    ],
    flush=("/api/v1/admin/tsdb/snapshot",),
    kept="data/snapshots",
)
VICTORIA = Peer(
    name="victoria-metrics",
    program="victoria-metrics",
    path="/api/v1/write",
    argv=lambda folder, port: [
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-loggerLevel=ERROR",
    ],
    flush=("/internal/force_flush", "/internal/force_merge"),
    kept="data",
)
PEERS = {peer.name: peer for peer in (PROMETHEUS, VICTORIA)}


class Server:
    """A peer that runs in `folder`; entered once it answers, killed at the end."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self.peer, self.folder, self.port = peer, folder, _free_port()
        folder.mkdir(exist_ok=True)
        (folder / "prometheus.yml").write_text("global: {}\n")

    def __enter__(self) -> "Server":
        program = shutil.which(self.peer.program)
        if program is None:
            raise FileNotFoundError(f"{self.peer.program} is not installed (Debian: apt install {self.peer.program})")
        self._process = subprocess.Popen(
            [program, *self.peer.argv(self.folder, self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            with suppress(OSError):
                self.ask("/-/ready")
                return self
            time.sleep(0.1)
        raise RuntimeError(f"{self.peer.name} does not start")

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def ask(self, path: str, method: str = "GET") -> bytes:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        with urllib.request.urlopen(asked, timeout=120) as answer:
            said: bytes = answer.read()
            return said

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def samples(self) -> int:
        return sum(self._samples(name) for name in ("probe_success", "probe_duration_seconds"))

    def _samples(self, name: str) -> int:
        until_s = START_MS // 1000 + 2 * 86_400
        query = f"sum(count_over_time({name}%5B3d%5D))&time={until_s}&nocache=1"
        found = json.loads(self.ask(f"/api/v1/query?query={query}"))["data"]["result"]
        return int(float(found[0]["value"][1])) if found else 0

    def kept_bytes(self) -> int:
        for path in self.peer.flush:
            self.ask(path, "POST")
        time.sleep(SETTLE_S / 2)
        return sum(file.stat().st_size for file in (self.folder / self.peer.kept).rglob("*") if file.is_file())


def measure(peer: Peer, load: Load, folder: Path, *, warm: int) -> Figures:
    """Pushes `load`; the first `warm` rounds, in which every series is new, do not count. CPU until it has settled."""
    pusher, figures = Pusher(peer.path, load.remote_write, HEADERS), Figures(peer.name)
    with Server(peer, folder / peer.name) as server:
        for number in range(load.rounds):
            if number == warm:
                figures.cpu_s = -server.cpu_s()
            pusher.start(server.port, number)
            pusher.wait()
        time.sleep(SETTLE_S)
        figures.cpu_s += server.cpu_s()
        figures.results = load.results * (load.rounds - warm) // load.rounds
        figures.rss_mib = server.rss_mib()
        figures.disk_bytes = server.kept_bytes() / load.results
    pusher.stop()
    return figures


def lost_by_kill(peer: Peer, load: Load, folder: Path) -> tuple[int, int]:
    """(acknowledged, lost) results of a server that is killed while it takes the load."""
    pusher, place = Pusher(peer.path, load.remote_write, HEADERS), folder / f"{peer.name}-killed"
    with Server(peer, place) as server:
        pusher.push_until_killed(server.port, server.kill)
    acknowledged = pusher.acknowledged.value * load.n
    with Server(peer, place) as server:
        time.sleep(2)
        return acknowledged, max(0, acknowledged - server.samples() // SAMPLES)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
