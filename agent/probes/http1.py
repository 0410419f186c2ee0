"""As much HTTP/1.1 as a probe needs: an address, a request, and one answer read within strict bounds.

No library: none tells connect, TLS, first and last byte apart in time, or at twice the cost, and what is read here is
thrown away after a look at it.
"""

import re
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from agent.probes.exchange import host_port
from agent.probes.failure import Failure
from shared.result import Outcome

MAX_LINE_BYTES = 16 << 10
MAX_HEADER_BYTES = 64 << 10
MAX_BODY_BYTES = 64 << 10
"""A body is read up to here and the rest left with the server."""
MAX_INTERIM_ANSWERS = 8
"""Answers 1xx before the real one."""
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST_NAME = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*", re.ASCII)
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?\r?\n")
UNRESERVED = frozenset(range(0x21, 0x7F))
"""Bytes that may stand in a request line as they are."""


@dataclass(frozen=True, slots=True)
class Url:
    """An http or https address taken apart; `host` is ASCII in lower case, `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """The host as the server knows itself: the zone of a link-local address is nobody's business but ours."""
        return self.host.partition("%")[0]

    @property
    def authority(self) -> str:
        """What stands in the Host header."""
        return host_port(self.name, None if self.port == DEFAULT_PORTS[self.scheme] else self.port)

    @property
    def bare(self) -> str:
        """For people and logs: without the query, which may hold a secret."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"

    def joined(self, location: str) -> "Url":
        """Where a Location header leads from here; ValueError if nowhere."""
        return parse_url(urljoin(f"{self.scheme}://{self.authority}{self.path}", location))


def parse_url(text: str) -> Url:
    """`text` taken apart; ValueError says what is wrong with it."""
    parts = urlsplit(text)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("must begin with http:// or https://")
    if parts.username is not None:
        raise ValueError("must not hold a user name; put an Authorization into headers")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = ascii_host((parts.hostname or "").replace("%25", "%"))
    return Url(parts.scheme, host, parts.port or DEFAULT_PORTS[parts.scheme], _quoted(path))


def ascii_host(host: str) -> str:
    """`host` as certificates and Host headers have it: IDNA, no dot at the end; ValueError if that cannot be."""
    if ":" in host:
        return host  # an IPv6 literal
    name = host.removesuffix(".")
    name = name if name.isascii() else name.encode("idna").decode("ascii")
    if not HOST_NAME.fullmatch(name) or len(name) > 253:
        raise ValueError("needs the name of a host")
    return name


def _quoted(path: str) -> str:
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in path.encode())


def request(method: str, url: Url, headers: Mapping[str, str]) -> bytes:
    """The whole request; `headers` win over our own of the same name."""
    ours = {"Host": url.authority, "User-Agent": "kentongan-agent", "Accept": "*/*", "Accept-Encoding": "identity"}
    given = {name.lower() for name in headers}
    lines = [f"{name}: {value}" for name, value in ours.items() if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"{method} {url.path} HTTP/1.1", *lines, "Connection: close", "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer; header names in lower case."""

    version: float
    status: int
    headers: Mapping[str, str]

    @property
    def content_length(self) -> int | None:
        """As announced; None if it is not, or not a number."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


async def read_head(reader: StreamReader) -> Head:
    """The head of the final answer; raises Failure for what is not HTTP, and for a server that hangs up."""
    for _ in range(MAX_INTERIM_ANSWERS):
        head = _head(await _head_lines(reader))
        if not 100 <= head.status < 200 or head.status == 101:
            return head
    raise Failure(Outcome.BAD_STATUS, "nothing but interim answers")


async def _head_lines(reader: StreamReader) -> list[bytes]:
    """Up to the empty line. Lone line feeds will do: small routers answer so."""
    lines: list[bytes] = []
    left = MAX_HEADER_BYTES
    while True:
        line = await _line(reader)
        if not lines and not line.startswith(b"HTTP/"):
            raise Failure(Outcome.BAD_STATUS, f"the answer is not HTTP: {line[:40]!r}")
        if not line.rstrip(b"\r\n"):
            return lines
        lines.append(line)
        left -= len(line)
        if left < 0:
            raise Failure(Outcome.BAD_STATUS, f"header longer than {MAX_HEADER_BYTES} bytes")


async def _line(reader: StreamReader) -> bytes:
    """One line with its end."""
    try:
        line = await reader.readline()
    except ValueError:  # the reader's limit
        raise Failure(Outcome.BAD_STATUS, "the answer is not HTTP: a line without an end") from None
    if not line:
        raise hung_up("before the answer was complete")
    return line


def hung_up(when: str) -> Failure:
    """The peer closed in order, which is a reset in friendlier words."""
    return Failure(Outcome.REFUSED, f"closed by the peer {when}")


def _head(lines: list[bytes]) -> Head:
    version, _, rest = lines[0].decode("latin-1").rstrip().partition(" ")
    status = rest[:3]
    if version not in ("HTTP/1.0", "HTTP/1.1") or not (status.isascii() and status.isdigit() and len(status) == 3):
        raise Failure(Outcome.BAD_STATUS, f"the answer is not HTTP/1: {lines[0][:40]!r}")
    pairs = (line.decode("latin-1").partition(":") for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
    return Head(float(version[5:]), int(status), headers)


async def read_body(reader: StreamReader, head: Head, method: str) -> bytes:
    """The body, or its first MAX_BODY_BYTES."""
    if method == "HEAD" or head.status in (204, 304):
        return b""
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    if head.content_length is not None:
        return await _exactly(reader, min(head.content_length, MAX_BODY_BYTES))
    return await _all(reader)


async def _exactly(reader: StreamReader, size: int) -> bytes:
    try:
        return await reader.readexactly(size)
    except IncompleteReadError as error:
        raise hung_up(f"after {len(error.partial)} of {size} bytes") from None


async def _all(reader: StreamReader) -> bytes:
    """An answer of HTTP/1.0 ends with its connection."""
    body = bytearray()
    while len(body) < MAX_BODY_BYTES and (piece := await reader.read(MAX_BODY_BYTES - len(body))):
        body += piece
    return bytes(body)


async def _chunks(reader: StreamReader) -> bytes:
    body = bytearray()
    while len(body) < MAX_BODY_BYTES:
        line = await _line(reader)
        if not (match := CHUNK_SIZE.fullmatch(line)):
            raise Failure(Outcome.BAD_STATUS, f"a chunk without a size: {line[:40]!r}")
        if not (size := int(match[1], 16)):
            break
        body += await _exactly(reader, min(size, MAX_BODY_BYTES - len(body)))
        if len(body) < MAX_BODY_BYTES:
            await _exactly(reader, 2)  # the line's end after a chunk
    return bytes(body)
