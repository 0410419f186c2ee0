"""The process in the core that plays everything a site talks to except the collector. Standard library only.

10.78.0.5:80      HTTP 204, the check for interception; a site may be made to get a portal's page instead
10.78.0.53:53     DNS over UDP: every name has one address
10.79.0.2:80      the intranet's web server; 10.79.0.3:443 takes TCP connections
10.76.0.1:8818    the collector once more, behind a proxy that can lose answers after they were given
127.0.0.1:9099    for the rig itself: POST /alerts (Alertmanager's webhook) and POST /messages (a receiver's), each kept
                  in a file, POST /lose/N (answers), POST /intercept/ADDRESS, POST /honest/ADDRESS
"""

import asyncio
import json
import struct
import sys
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import cast

CHECK, DNS, WEB, TCP = ("10.78.0.5", 80), ("10.78.0.53", 53), ("10.79.0.2", 80), ("10.79.0.3", 443)
DIRECT, PROXY, RIG = ("10.76.0.1", 8817), ("10.76.0.1", 8818), ("127.0.0.1", 9099)
ANSWER_TO_EVERY_NAME = bytes((10, 78, 0, 1))


class Services:
    """All of them; `deliveries` and `messages` are the files that get a line for each one."""

    def __init__(self, deliveries: Path, messages: Path) -> None:
        self._kept = {"alerts": deliveries, "messages": messages}
        self._to_lose = 0
        self._intercepted: set[str] = set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(DnsServer, local_addr=DNS)
        handlers = {CHECK: self._check, WEB: _page, TCP: _page, PROXY: self._proxy, RIG: self._rig}
        servers = [await asyncio.start_server(handler, *address) for address, handler in handlers.items()]
        print("ready", flush=True)
        gone: asyncio.Future[None] = loop.create_future()
        await loop.connect_read_pipe(lambda: EndsWith(gone), sys.stdin)
        await gone
        for server in servers:
            server.close()

    async def _check(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitor = writer.get_extra_info("peername")[0]
        if visitor in self._intercepted:
            await _answer(reader, writer, "302 Found\r\nLocation: http://portal.invalid/")
        else:
            await _answer(reader, writer, "204 No Content")

    async def _rig(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_ms = time_ns() // 1_000_000
        path, body = await _read(reader)
        match path.split("/")[1:]:
            case ["alerts" | "messages" as what]:
                with self._kept[what].open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"wall_ms": at_ms, **json.loads(body)}) + "\n")
            case ["lose", count]:
                self._to_lose = int(count)
            case ["intercept", address]:
                self._intercepted.add(address)
            case ["honest", address]:
                self._intercepted.discard(address)
        await _write(writer, "200 OK", str(self._to_lose))

    async def _proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hands bytes on both ways; an answer to be lost is read from the collector and thrown away with the line."""
        try:
            up_reader, up_writer = await asyncio.open_connection(*DIRECT)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._hand_on(reader, up_writer), self._hand_on(up_reader, writer, answers=True))

    async def _hand_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if answers and self._to_lose and data.startswith(b"HTTP/1.1 200"):
                    self._to_lose -= 1
                    break
                writer.write(data)
                await writer.drain()
        writer.close()


class DnsServer(asyncio.DatagramProtocol):
    """Answers every question for an A record with the same address, and every other with nothing."""

    _transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end = data.index(0, 12) + 5  # the name's last label, type and class
        wants_a = data[end - 4 : end - 2] == b"\0\1"
        header = data[:2] + struct.pack("!HHHHH", 0x8180, 1, int(wants_a), 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + ANSWER_TO_EVERY_NAME
        self._transport.sendto(header + data[12:end] + (record if wants_a else b""), addr)


class EndsWith(asyncio.Protocol):
    """Resolves `gone` when the other end of a pipe closes: the rig is no more."""

    def __init__(self, gone: "asyncio.Future[None]") -> None:
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set_result(None)


async def _page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _answer(reader, writer, "200 OK", "selamat datang")


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: str, body: str = "") -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        await _read(reader)
        await _write(writer, status, body)
    writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The path and the body of one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next((int(h.split(":")[1]) for h in head.lower().split("\r\n") if h.startswith("content-length:")), 0)
    return head.split(" ")[1], await reader.readexactly(length)


async def _write(writer: asyncio.StreamWriter, status: str, body: str) -> None:
    length = "" if status.startswith("204") else f"Content-Length: {len(body)}\r\n"
    writer.write(f"HTTP/1.1 {status}\r\n{length}Connection: close\r\n\r\n{body}".encode())
    await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(Services(Path(sys.argv[1]), Path(sys.argv[2])).run())
