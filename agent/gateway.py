"""The address of the default gateway, followed as it changes.

The kernel's tables are read on Linux. Elsewhere the output of `route print` or `netstat -rn` is read (not tried here).
"""

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from shared.clock import Clock

UP, VIA_GATEWAY, REJECT = 0x1, 0x2, 0x200
FRESH_S = 2.0
FRESH_ELSEWHERE_S = 30.0
"""Starting a program costs more than reading a file."""

Read = Callable[[], str | None]


class Gateway:
    """The default gateway, looked up at most every `fresh_s`."""

    def __init__(self, clock: Clock, read: Read | None = None, fresh_s: float | None = None) -> None:
        elsewhere = not sys.platform.startswith("linux")
        self._clock = clock
        self._read = read or (from_programs if elsewhere else from_kernel)
        self._fresh_ns = round((fresh_s or (FRESH_ELSEWHERE_S if elsewhere else FRESH_S)) * 1e9)
        self._address: str | None = None
        self._read_ns: int | None = None

    def current(self) -> str | None:
        """Its address, a link-local one with its interface (`fe80::1%eth0`); None if there is none."""
        now_ns = self._clock.mono_ns()
        if self._read_ns is None or now_ns - self._read_ns >= self._fresh_ns:
            self._address, self._read_ns = self._read(), now_ns
        return self._address


def from_kernel(proc: Path = Path("/proc/net")) -> str | None:
    """The gateway of the default route with the lowest metric, IPv4 before IPv6.

    If that route has no gateway (a point-to-point line: ppp, tun), there is none, whatever a worse route says: packets
    do not take the worse route.
    """
    return _lowest(_ipv4(_lines(proc / "route"))) or _lowest(_ipv6(_lines(proc / "ipv6_route")))


def _lines(path: Path) -> list[list[str]]:
    try:
        return [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    except OSError:
        return []  # no IPv6, or not Linux


def _lowest(routes: list[tuple[int, str | None]]) -> str | None:
    return min(routes, key=lambda route: route[0])[1] if routes else None


def _ipv4(lines: list[list[str]]) -> list[tuple[int, str | None]]:
    """(metric, gateway) of the default routes in /proc/net/route, whose addresses are in the host's byte order."""
    routes: list[tuple[int, str | None]] = []
    for line in lines[1:]:
        if len(line) < 8 or line[1] != "00000000" or line[7] != "00000000":
            continue
        flags = int(line[3], 16)
        if flags & UP and not flags & REJECT:
            address = IPv4Address(struct.pack("=I", int(line[2], 16)))
            routes.append((int(line[6]), str(address) if flags & VIA_GATEWAY else None))
    return routes


def _ipv6(lines: list[list[str]]) -> list[tuple[int, str | None]]:
    """(metric, gateway) of the default routes in /proc/net/ipv6_route."""
    routes: list[tuple[int, str | None]] = []
    for line in lines:
        if len(line) < 10 or line[1] != "00" or int(line[0], 16) != 0:
            continue
        flags, interface = int(line[8], 16), line[9]
        if flags & UP and not flags & REJECT and interface != "lo":
            address = IPv6Address(int(line[4], 16))
            scoped = f"{address}%{interface}" if address.is_link_local else str(address)
            routes.append((int(line[5], 16), scoped if flags & VIA_GATEWAY else None))
    return routes


def from_programs() -> str | None:
    """The gateway as a program of the system tells it. Not tried here."""
    if os.name == "nt":
        return parse_route_print(_output(["route", "print", "-4", "0.0.0.0"]))
    return parse_netstat(_output(["netstat", "-rn"]))


def _output(command: list[str]) -> str:
    program = shutil.which(command[0])
    try:
        run = subprocess.run([program or "", *command[1:]], capture_output=True, text=True, timeout=2, check=False)  # noqa: S603  fixed words
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout


def parse_route_print(text: str) -> str | None:
    """The gateway in the output of Windows' `route print`: rows of destination, mask, gateway, interface, metric."""
    rows = [line.split() for line in text.splitlines()]
    routes = [
        (int(row[4]), _address(row[2]))
        for row in rows
        if len(row) == 5 and row[:2] == ["0.0.0.0", "0.0.0.0"] and row[4].isdigit()
    ]
    return _lowest(routes)


def parse_netstat(text: str) -> str | None:
    """The gateway in the output of BSD's and macOS' `netstat -rn`: the first default route counts."""
    rows = [line.split() for line in text.splitlines()]
    return next((_address(row[1]) for row in rows if len(row) > 1 and row[0] == "default"), None)


def _address(word: str) -> str | None:
    """`word` if it is an address; a link or a name stands where a line has no gateway."""
    try:
        ip_address(word)
    except ValueError:
        return None
    return word
