"""The WAN: one process that carries every packet between core and sites over TUN devices, late, lossy or not at all.

The kernel here has no netem, and a relay knows the truth: every change of a line is logged with wall and monotonic
time. Two things make it exact: CPython rounds the timeout of `epoll.poll()` up to a millisecond but not that of
`select()`, so the loop selects on the epoll's own descriptor; and the process asks for SCHED_FIFO and a timer slack
of 1 ns (where that is refused it goes on with about 0.4 ms more jitter). A TUN device stays attached to its descriptor
when it is moved into another namespace, so one process serves all.

    python -m tests.rig.wan '{"core": "kr1c", "control": "/tmp/x/wan.sock", "log": "/tmp/x/wan.jsonl", "sites": {...}}'

Standard library only; `Wan` is the client.
"""

import ctypes
import fcntl
import gc
import heapq
import json
import os
import select
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from random import Random
from time import monotonic_ns, time_ns
from typing import Any

from tests.rig.link import Link, addresses

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PR_SET_TIMERSLACK = 29
SITE_SHIFT = {4: 8, 6: 64}
"""A site owns a /24 and a /64."""
AT_ONCE = 64
"""Packets read from one device before the timers are looked at again."""


@dataclass(slots=True)
class Port:
    """One TUN device; `up` is towards the core and `down` away from it. The core's own port has neither."""

    fd: int
    up: Link = field(default_factory=Link)
    down: Link = field(default_factory=Link)


def open_tun(name: str) -> int:
    """A descriptor of the new TUN device `name`."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


class Relay:
    """The loop: read what came, decide when it leaves, write what is due, obey commands."""

    def __init__(self, plan: Mapping[str, Any], random: Random) -> None:
        self._random, self._running, self._number = random, True, 0
        self._core = open_tun(plan["core"])
        self._ports = {name: Port(open_tun(site["device"])) for name, site in plan["sites"].items()}
        self._by_fd = {port.fd: port for port in self._ports.values()}
        self._by_network = {
            _key(n): self._ports[name] for name, site in plan["sites"].items() for n in site["networks"]
        }
        self._due: list[tuple[int, int, int, bytes]] = []
        self._log = Path(plan["log"]).open("a", buffering=1, encoding="utf-8")  # noqa: SIM115  as long as the process
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.bind(plan["control"])
        self._control.listen(8)
        self._epoll = select.epoll()
        for fd in (self._core, *self._by_fd, self._control.fileno(), sys.stdin.fileno()):
            self._epoll.register(fd, select.EPOLLIN)

    def run(self) -> None:
        """Until told to stop, or until the parent is gone (its end of our stdin closes)."""
        while self._running:
            self._deliver()
            wait_s = max(0, self._due[0][0] - monotonic_ns()) / 1e9 if self._due else None
            select.select([self._epoll.fileno()], (), (), wait_s)
            for fd, _ in self._epoll.poll(0):
                if fd == self._control.fileno():
                    self._obey()
                elif fd == sys.stdin.fileno():
                    self._running = bool(os.read(fd, 4096))
                else:
                    self._receive(fd)

    def _deliver(self) -> None:
        while self._due and self._due[0][0] <= monotonic_ns():
            _, _, fd, packet = heapq.heappop(self._due)
            with suppress(OSError):  # the device at the far end is down: the packet is lost there, as on a real line
                os.write(fd, packet)

    def _receive(self, fd: int) -> None:
        for _ in range(AT_ONCE):
            try:
                packet = os.read(fd, 65535)
            except OSError:  # nothing more, or the device is down
                return
            self._carry(self._by_fd.get(fd), packet)

    def _carry(self, came_from: Port | None, packet: bytes) -> None:
        """To the core over the sender's up link, to a site over its down link; sites do not talk to each other."""
        version, source, destination = addresses(packet)
        if not version:
            return
        if came_from is not None:
            fd, link, far = self._core, came_from.up, destination
        else:
            port = self._by_network.get((version, destination >> SITE_SHIFT[version]))
            if port is None:
                return
            fd, link, far = port.fd, port.down, source
        leaves_ns = link.departure_ns(monotonic_ns(), version, far, self._random)
        if leaves_ns is not None:
            self._number += 1  # keeps the heap's order stable without comparing packets
            heapq.heappush(self._due, (leaves_ns, self._number, fd, packet))

    def _obey(self) -> None:
        """One command a connection: a JSON object in, a JSON object with the time of the change out."""
        connection, _ = self._control.accept()
        with connection:
            try:
                answer = self._change(json.loads(connection.recv(65536)))
            except (KeyError, ValueError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            connection.sendall(json.dumps(answer).encode())

    def _change(self, command: dict[str, Any]) -> dict[str, Any]:
        stamp = {"wall_ms": time_ns() // 1_000_000, "mono_ns": monotonic_ns()}
        if "site" in command:
            port = self._ports[command["site"]]
            port.up.configure(command.get("up", {}))
            port.down.configure(command.get("down", {}))
            self._log.write(json.dumps(stamp | command) + "\n")
        return stamp | {"stats": {name: _counts(port) for name, port in self._ports.items()}}


def _key(network: str) -> tuple[int, int]:
    parsed = ip_network(network)
    return parsed.version, int(parsed.network_address) >> SITE_SHIFT[parsed.version]


def _counts(port: Port) -> dict[str, int]:
    return {
        "up_passed": port.up.passed,
        "up_dropped": port.up.dropped,
        "down_passed": port.down.passed,
        "down_dropped": port.down.dropped,
    }


def be_punctual() -> bool:
    """Ask the kernel for exact timers; False when real-time scheduling was refused."""
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    gc.collect()
    gc.freeze()
    gc.disable()  # the loop makes no cycles
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    except OSError:
        return False
    return True


class Wan:
    """Changes lines of a running relay."""

    def __init__(self, control: Path) -> None:
        self._control = str(control)

    def set(self, site: str, *, up: Mapping[str, Any] | None = None, down: Mapping[str, Any] | None = None) -> int:
        """Change the line of `site`; the wall milliseconds at which it was changed."""
        return int(self._ask({"site": site, "up": up or {}, "down": down or {}})["wall_ms"])

    def both(self, site: str, **settings: object) -> int:
        """The same change in both directions."""
        return self.set(site, up=settings, down=settings)

    def counts(self, site: str) -> dict[str, int]:
        """Packets passed and dropped by direction."""
        return dict(self._ask({})["stats"][site])

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(5)
            connection.connect(self._control)
            connection.sendall(json.dumps(command).encode())
            answer: dict[str, Any] = json.loads(connection.recv(1 << 20))
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer


def main() -> None:
    relay = Relay(json.loads(sys.argv[1]), Random())
    exact = be_punctual()
    print("ready" if exact else "ready, without real-time scheduling", flush=True)
    relay.run()


if __name__ == "__main__":
    main()
