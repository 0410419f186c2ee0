"""What the probes that hold one exchange (tcp, http, dns, uptime) share: its course in time, the connection it needs.

    return await course(target, kit, steps)      steps(exchange) does the work and raises what went wrong

One "packet" is the whole exchange: `sent` is 1, and `received` is 1 when the target itself gave a whole answer, be it a
bad one.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from socket import AddressFamily
from typing import Annotated

from pydantic import Field

from agent.probes.failure import Failure, failure_of
from agent.probes.kit import Kit, ResolveError, TargetSettings
from shared.result import Outcome, Result

Host = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\s/\[\]]+$")]
"""A name or a literal address, without brackets."""
Port = Annotated[int, Field(ge=1, le=65535)]

TCP_INFO_BYTES = 72
TCP_INFO_RTT = struct.Struct("@68xI")
"""linux/tcp.h: tcpi_rtt is the 32-bit word at byte 68, in microseconds."""
RECEIVE_BUFFER_BYTES = 64 << 10
"""As much as a probe reads: what a server sends beyond it would only cost the line."""
RST_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""SO_LINGER with no time to linger: a probe every few seconds must not heap up TIME_WAIT."""
MOST_TELLING = (Outcome.REFUSED, Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.ERROR)
"""Which failure to tell when IPv6 and IPv4 failed differently: the one that came furthest."""


class Exchange:
    """One exchange while it goes on: when it started, how long each phase took, what else was found."""

    def __init__(self, target: TargetSettings, kit: Kit) -> None:
        self.kit = kit
        self.facts: dict[str, float] = {}
        self.phases: dict[str, float] = {}
        self.answer_us: int | None = None
        """The round trip of a whole answer from the target itself, in microseconds."""
        self.reading = 0
        """What the answer says, where a kind of probe reads a number."""
        self.in_phase = ""
        self.instead_of_timeout: Failure | None = None
        """What to tell when the time is up, if there is more to tell than that."""
        self._target = target
        self._deadline = asyncio.get_running_loop().time() + target.timeout_s
        self._began_ns = kit.clock.mono_ns()
        self._started_ms = kit.clock.boot_ms()

    @property
    def remaining_s(self) -> float:
        return max(0.0, self._deadline - asyncio.get_running_loop().time())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times what is inside and adds it to the phase; a phase that fails counts too and stays in `in_phase`."""
        self.in_phase, before_ns = name, self.kit.clock.mono_ns()
        try:
            yield
        finally:
            seconds = (self.kit.clock.mono_ns() - before_ns) / 1e9
            self.phases[name] = self.phases.get(name, 0.0) + seconds
        self.in_phase = ""
        self.kit.log(f"{name} took {seconds * 1000:.3f} ms")

    async def resolve(self, host: str) -> list[tuple[AddressFamily, str]]:
        """The first address of each family that `host` has, in the order the system prefers."""
        is_first = "resolve" not in self.phases
        with self.phase("resolve"):
            found = await self.kit.resolver.resolve(host, self._target.ip, self.remaining_s)
        if is_first:
            self._started_ms = self.kit.clock.boot_ms()
        firsts: dict[AddressFamily, str] = {}
        for family, address in found:
            firsts.setdefault(family, address)
        self.kit.log(f"{host} is {', '.join(firsts.values())}")
        return list(firsts.items())

    def answered(self) -> None:
        """A whole answer of the target is here; its round trip is everything but the look-up of names."""
        self.answer_us = round(1e6 * sum(seconds for name, seconds in self.phases.items() if name != "resolve"))

    def result(self, outcome: Outcome, reason: str = "") -> Result:
        is_answered = self.answer_us is not None and outcome is not Outcome.INTERCEPTED  # then somebody else answered
        rtt_us = max(1, self.answer_us or 0) if is_answered else 0
        return Result(
            target=self._target.name,
            started_ms=self._started_ms,
            outcome=outcome,
            sent=1,
            received=int(is_answered),
            rtt_min_us=rtt_us,
            rtt_avg_us=rtt_us,
            rtt_max_us=rtt_us,
            reading=self.reading if is_answered else 0,
            duration_s=(self.kit.clock.mono_ns() - self._began_ns) / 1e9,
            reason=reason,
            phases=self.phases,
            facts=self.facts,
        )


async def course(target: TargetSettings, kit: Kit, steps: Callable[[Exchange], Awaitable[None]]) -> Result:
    """Runs `steps` within the target's timeout; the result is `ok` if they return, else what they raised."""
    exchange = Exchange(target, kit)
    try:
        async with asyncio.timeout(target.timeout_s):
            await steps(exchange)
    except (Failure, ResolveError, OSError) as error:
        # No name for the failure here: with its traceback it would hold this frame, and that the sockets of a library.
        return _failed(exchange, _told(failure_of(error), exchange, target))
    kit.log("ok")
    return exchange.result(Outcome.OK)


def _failed(exchange: Exchange, failure: Failure) -> Result:
    exchange.kit.log(f"{failure.outcome}: {failure}")
    return exchange.result(failure.outcome, str(failure))


def _told(failure: Failure, exchange: Exchange, target: TargetSettings) -> Failure:
    """A timeout says in which phase; in `resolve` it is the name server's."""
    if failure.outcome is not Outcome.TIMEOUT or not exchange.in_phase:
        return failure
    if exchange.instead_of_timeout:
        return exchange.instead_of_timeout
    outcome = Outcome.DNS_FAILURE if exchange.in_phase == "resolve" else Outcome.TIMEOUT
    return Failure(outcome, f"{exchange.in_phase}: no answer within {target.timeout_s:g} s")


async def dial(exchange: Exchange, host: str, port: int) -> tuple[socket.socket, int]:
    """A TCP connection to `host` and the round trip of its SYN in microseconds; the caller closes it, which resets it.

    A name with addresses of both families is tried in the order the system prefers, the first within half of the time
    that is left, so that a dead IPv6 does not hide a living IPv4; `ip` in the target's settings probes one family.
    """
    addresses = await exchange.resolve(host)
    failures: list[Failure] = []
    with exchange.phase("connect"):
        for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                async with asyncio.timeout(exchange.remaining_s / left):
                    return await _connect(exchange, family, address, port)
            except OSError as error:
                failures.append(failure_of(error))
                exchange.kit.log(f"connect to {address} port {port}: {failures[-1]}")
        raise min(failures, key=lambda failure: MOST_TELLING.index(failure.outcome))


def aim(exchange: Exchange, addresses: list[tuple[AddressFamily, str]], port: int) -> socket.socket:
    """A datagram socket that hears one address alone, its "port unreachable" too: the first one with a route."""
    error: OSError | None = None
    for family, address in addresses:
        there, line = endpoint(address, port), open_socket(family, socket.SOCK_DGRAM)
        try:
            line.connect(there)  # sends nothing, so it cannot block
        except OSError as no_route:
            line.close()
            error = no_route
        else:
            exchange.facts["ip_protocol"] = 6 if family is AddressFamily.AF_INET6 else 4
            return line
    raise error or Failure(Outcome.DNS_FAILURE, "the name has no address")


async def _connect(exchange: Exchange, family: AddressFamily, address: str, port: int) -> tuple[socket.socket, int]:
    line = open_socket(family, socket.SOCK_STREAM)
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        before_ns = exchange.kit.clock.mono_ns()
        await asyncio.get_running_loop().sock_connect(line, endpoint(address, port))
        measured_us = (exchange.kit.clock.mono_ns() - before_ns) // 1000
    except BaseException:  # a cancelled probe must not leave its socket behind either
        line.close()
        raise
    exchange.facts["ip_protocol"] = 6 if family is AddressFamily.AF_INET6 else 4
    kernel_us = kernel_rtt_us(line)
    exchange.kit.log(f"connected to {address} port {port}, round trip {kernel_us or measured_us} us")
    return line, kernel_us or measured_us


def open_socket(family: AddressFamily, kind: socket.SocketKind) -> socket.socket:
    line = socket.socket(family, kind)
    line.setblocking(False)
    return line


def endpoint(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """The socket address of a literal, its zone as a number: with a name in it asyncio would look the address up."""
    address, _, zone = address.partition("%")
    if ":" not in address:
        return address, port
    try:
        return address, port, 0, int(zone) if zone.isdecimal() else socket.if_nametoindex(zone) if zone else 0
    except OSError:
        raise Failure(Outcome.UNREACHABLE, f"there is no interface {zone}") from None


def kernel_rtt_us(line: socket.socket) -> int:
    """The kernel's own measure of the SYN's round trip, free of our load; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    information = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    (rtt_us,) = TCP_INFO_RTT.unpack(information) if len(information) == TCP_INFO_BYTES else (0,)
    return int(rtt_us)


def host_port(host: str, port: int | None) -> str:
    """`host:port` or the host alone; an IPv6 literal in brackets."""
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"
