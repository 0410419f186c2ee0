"""What the tests of tcp, http and dns probes share: a kit with names of our choice, and servers on loopback."""

import asyncio
import gc
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from socket import AddressFamily

from agent.probes.kit import Echoes, IpVersion, Kit, Resolve, ResolveError, silent
from shared.clock import Clock, SystemClock
from tests.daemons import free_port

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Names:
    """A resolver that knows the names it was given, and literals."""

    def __init__(self, **addresses: Sequence[str]) -> None:
        self._addresses: Mapping[str, Sequence[str]] = {name.replace("_", "."): a for name, a in addresses.items()}

    async def resolve(self, host: str, ip: IpVersion, timeout_s: float) -> list[tuple[AddressFamily, str]]:
        with suppress(ValueError):
            return [(family_of(host), host)]
        if host not in self._addresses:
            raise ResolveError(f"{host}: Name or service not known")
        return [(family_of(a), a) for a in self._addresses[host] if ip in ("any", str(ip_address(a).version))]


def family_of(address: str) -> AddressFamily:
    return AddressFamily.AF_INET6 if ip_address(address).version == 6 else AddressFamily.AF_INET


class NoEcho:
    """For probes that send no echo requests."""

    async def echo(
        self, address: str, *, packets: int, spacing_s: float, timeout_s: float, payload_bytes: int
    ) -> Echoes:
        raise AssertionError("no echo was asked for")


def kit(resolver: Resolve | None = None, log: Callable[[str], None] = silent, clock: Clock | None = None) -> Kit:
    return Kit(
        clock=clock or SystemClock(),
        echo=NoEcho(),
        resolver=resolver or Names(),
        gateway=lambda: None,
        log=log,
    )


@asynccontextmanager
async def serving(handler: Handler, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server on loopback that handles connections by `handler` and then closes them."""
    served: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):  # a probe may hang up at any time
            await handler(reader, writer)
            await writer.drain()
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(handle(reader, writer))
        served.add(task)
        task.add_done_callback(served.discard)

    async with await asyncio.start_server(accept, host, 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]
    for task in served:
        task.cancel()
    await asyncio.gather(*served, return_exceptions=True)


@contextmanager
def silent_port(family: AddressFamily = AddressFamily.AF_INET, port: int = 0) -> Iterator[int]:
    """A port whose queue of connections is full: the kernel drops every further SYN, as a dead line would."""
    loopback = "::1" if family is AddressFamily.AF_INET6 else "127.0.0.1"
    with socket.socket(family) as listener, socket.socket(family) as first, socket.socket(family) as second:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((loopback, port))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def closed_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody listens on, and that a connection to it cannot have as its own: that would talk
    to itself."""
    return free_port(kind)


def descriptors() -> int:
    """How many files and sockets this process has open, without those that tests before have left to the garbage."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


async def eventually_descriptors(expected: int) -> None:
    """Waits until no more than that are open: both ends of a connection end a few turns of the loop after the probe."""
    async with asyncio.timeout(60):
        while descriptors() > expected:
            await asyncio.sleep(0.01)


def states_of(port: int) -> set[str]:
    """The kernel's states (hexadecimal, 06 is TIME_WAIT) of all TCP sockets at the near or far end of `port`."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[3] for row in rows if f":{port:04X}" in (row[1][-5:], row[2][-5:])}


def saying(answer: bytes, requests: list[bytes] | None = None) -> Handler:
    """A server that says `answer` to every request."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if requests is not None:
            requests.append(request)
        writer.write(answer)

    return handle


def stalling_after(answer: bytes) -> Handler:
    """A server that says `answer` and then nothing until the probe hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        while await reader.read(4096):
            pass

    return handle


def page(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
