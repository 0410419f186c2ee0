"""One push: a slice of the spool becomes a body, the body an HTTP request, what comes back an Answer.

Errors of the network are answers here. The connection is kept alive between pushes; if it turns out to be gone when the
next one begins, that one is sent again at once: sending twice is harmless, the collector knows what it has.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from socket import AddressFamily

import aiohttp
import msgspec
import zstandard
from aiohttp.abc import AbstractResolver, ResolveResult

from agent.probes.kit import Resolve, ResolveError
from agent.slices import Slice
from agent.verdict import Answer, failed, judge
from shared.clock import Clock
from shared.settings import BadSettings
from shared.wire import Batch, Host, encode_planes

MAX_ANSWER_BYTES = 65_536
RESOLVE_S = 5.0

_ERRORS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientSSLError, "tls"),
    (aiohttp.ClientConnectorError, "connect"),
    (aiohttp.ClientConnectionError, "disconnected"),
    (aiohttp.ClientError, "unexpected"),
    (OSError, "connect"),
)
"""The reason of an exception: the first row that fits."""


def encode(piece: Slice, host: Host, floor_seq: int, *, in_full: bool) -> bytes:
    """The msgpack of a batch of `piece`, which may be empty: "we are here". `in_full`: with the context's body."""
    context = piece.context
    base_ms = piece.results[0][1].started_ms if piece.results else 0
    batch = Batch(
        stream=piece.stream,
        first_seq=piece.first_seq,
        floor_seq=floor_seq,
        n=len(piece.results),
        context=context.name,
        context_body=context if in_full else None,
        host=host,
        base_ms=base_ms,
        planes=encode_planes(piece.results, [target.interval_ms for target in context.targets], base_ms),
    )
    return msgspec.msgpack.encode(batch)


class Post:
    """The connection to one collector. `attempts` and `bytes_sent` (bodies, without TLS and headers) only grow."""

    def __init__(
        self,
        url: str,
        *,
        ca_file: Path | None,
        timeout_s: float,
        keep_s: float,
        user_agent: str,
        resolver: Resolve,
        compressor: zstandard.ZstdCompressor,
        clock: Clock,
    ) -> None:
        """Raises BadSettings if `ca_file` cannot be used."""
        self.url, self.attempts, self.bytes_sent = url, 0, 0
        self._tls = _tls(ca_file) if ca_file else True  # True is aiohttp's own context: one is a megabyte
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._keep_s, self._user_agent = keep_s, user_agent
        self._resolver, self._compressor, self._clock = resolver, compressor, clock
        self._session: aiohttp.ClientSession | None = None

    async def send(self, batch: bytes, token: str, *, sent: int) -> Answer:
        """Post a batch of `sent` results; never raises for a network."""
        body = self._compressor.compress(batch)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/msgpack",
            "Content-Encoding": "zstd",
        }
        for again in (True, False):
            self.attempts += 1
            self.bytes_sent += len(body)
            try:
                return await self._once(body, headers, sent)
            except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
                if not (again and _was_gone(error)):
                    return failed(next(reason for kind, reason in _ERRORS if isinstance(error, kind)), _told(error))
        raise AssertionError("unreachable")

    async def close(self) -> None:
        if self._session:
            await self._session.close()
        self._session = None

    async def _once(self, body: bytes, headers: Mapping[str, str], sent: int) -> Answer:
        session = self._open()
        async with session.post(self.url, data=body, headers=headers, allow_redirects=False) as response:
            answer = bytearray()
            async for part in response.content.iter_any():
                answer += part
                if len(answer) > MAX_ANSWER_BYTES:
                    response.close()  # whoever tells so much is not a collector
                    return failed("unexpected", f"{response.status} with more than {MAX_ANSWER_BYTES} bytes")
            return judge(response.status, response.headers, bytes(answer), sent=sent, wall_ms=self._clock.wall_ms())

    def _open(self) -> aiohttp.ClientSession:
        """One connection, no cookies, nothing that a stranger's answer could leave behind."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=1, keepalive_timeout=self._keep_s, ssl=self._tls, resolver=_Names(self._resolver)
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self._user_agent, "Accept": "application/json, application/problem+json"},
                auto_decompress=False,
            )
        return self._session


class _Names(AbstractResolver):
    """aiohttp's view of our resolver: its own would fill the loop's thread pool while a name server is dead."""

    def __init__(self, resolver: Resolve) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._resolver.resolve(host, "any", RESOLVE_S)
        except ResolveError as error:
            raise OSError(str(error)) from error
        return [
            ResolveResult(hostname=host, host=address, port=port, family=of, proto=0, flags=0)
            for of, address in found
            if family in (AddressFamily.AF_UNSPEC, of)
        ]

    async def close(self) -> None:
        """Its owner closes the resolver."""


def _tls(ca_file: Path) -> ssl.SSLContext:
    """Verifies against that authority alone."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BadSettings([f"collector.ca_file: {ca_file} cannot be used: {error}"]) from None


def _was_gone(error: BaseException) -> bool:
    """Whether the connection broke, and was not refused: perhaps it was dead since the last push."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError)


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
