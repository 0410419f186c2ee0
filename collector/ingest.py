"""POST /api/v1/batches: authenticate, decode, store, acknowledge.

The answers, and what a sender does about them:

    200   a Receipt: all of it is on disk, fsynced, or was there already, or is set aside for good
    400   malformed, incomplete: never send it again
    401, 403   no valid token; revoked, or not one that may push
    408   the body came too slowly: send it again
    409   unknown-context: send it again with `context_body`
    413   too-large: split it
    415   a type, encoding or dictionary we do not read
    503   busy, store-failed: nothing was stored; send it again after `Retry-After`

The server must be made with `auto_decompress=False`: aiohttp knows neither our dictionary nor our limits.
"""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate

import msgspec
from aiohttp import hdrs, web

from collector.body import BODY_S, Decompressor, encoding_of, read_body
from collector.decode import BadBatch, check, check_context, is_too_long
from collector.faces.guard import Refused, problem_response
from collector.faces.tokens import FindToken
from collector.registry import Token
from collector.store import BadDelivery, Delivery, Store, Stored, StoreError, UnknownContext
from shared.clock import Clock
from shared.wire import MAX_RESULTS, VERSION, Batch, Context, Receipt

MSGPACK, JSON = "application/msgpack", "application/json"
MAX_WAITING = 200_000
"""Results that may wait for their commit; more are refused, because memory must stay bounded while the disk is slow."""
RETRY_AFTER_S = 10
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class CommitTimes:
    """A histogram of seconds."""

    sum: float = 0.0
    count: int = 0
    _counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))

    def observe(self, seconds: float) -> None:
        self.sum += seconds
        self.count += 1
        self._counts[bisect_left(BOUNDS_S, seconds)] += 1

    @property
    def buckets(self) -> list[tuple[float, int]]:
        """(upper bound, observations at most that)."""
        return list(zip(BOUNDS_S, accumulate(self._counts), strict=False))


@dataclass(slots=True)
class IngestCounts:
    """What /metrics says of ingest."""

    batches: dict[str, int] = field(default_factory=lambda: {"stored": 0, "duplicate": 0, "refused": 0})
    refused: dict[str, int] = field(default_factory=dict)
    results: int = 0
    duplicates: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    commit_seconds: CommitTimes = field(default_factory=CommitTimes)

    def store(self, stored: Stored, seconds: float) -> None:
        only_repeats = stored.duplicates and not stored.stored and not stored.set_aside
        self.batches["duplicate" if only_repeats else "stored"] += 1
        self.results += stored.stored
        self.duplicates += stored.duplicates
        for reason, rows in stored.reasons.items():
            self.set_aside[reason] = self.set_aside.get(reason, 0) + rows
        self.commit_seconds.observe(seconds)

    def refuse(self, reason: str) -> None:
        self.batches["refused"] += 1
        self.refused[reason] = self.refused.get(reason, 0) + 1


class Commits:
    """Awaits what the writer's thread resolves.

    A group commit resolves hundreds of futures at once; waking the loop for each of them, as `asyncio.wrap_future`
    does, costs more than decoding its batch.
    """

    def __init__(self) -> None:
        self._done: deque[tuple[asyncio.Future[Stored], Future[Stored]]] = deque()

    async def result(self, committed: "Future[Stored]") -> Stored:
        """What `committed` resolves to."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Stored] = loop.create_future()

        def hand_over(future: "Future[Stored]") -> None:  # in the writer's thread
            self._done.append((waiter, future))
            if len(self._done) == 1:
                with suppress(RuntimeError):  # the loop has closed: nobody waits any more
                    loop.call_soon_threadsafe(self._wake)

        committed.add_done_callback(hand_over)
        return await waiter

    def _wake(self) -> None:
        while self._done:
            waiter, future = self._done.popleft()
            if waiter.done():  # its request was cancelled
                continue
            error = future.exception()
            if error is None:
                waiter.set_result(future.result())
            else:
                waiter.set_exception(error)


class Ingest:
    """The handler and its counts. Belongs to one event loop."""

    def __init__(
        self, store: Store, find_token: FindToken, clock: Clock, *, config_etag: str = "", body_s: float = BODY_S
    ) -> None:
        self._store, self._find, self._clock = store, find_token, clock
        self._config_etag, self._body_s = config_etag, body_s
        self._decompressor = Decompressor()
        self._decoders: Mapping[str, Callable[[bytes], Batch]] = {
            MSGPACK: msgspec.msgpack.Decoder(Batch).decode,
            JSON: msgspec.json.Decoder(Batch).decode,
        }
        self._encoders: Mapping[str, Callable[[Receipt], bytes]] = {
            MSGPACK: msgspec.msgpack.Encoder().encode,
            JSON: msgspec.json.Encoder().encode,
        }
        self._commits = Commits()
        self.counts = IngestCounts()

    async def receive(self, request: web.Request) -> web.Response:
        """One push."""
        try:
            return await self._receive(request)
        except Refused as refused:
            return self._refuse(refused)
        except UnknownContext as error:
            return self._refuse(Refused(409, "unknown-context", f"{error}: send it again with context_body"))
        except (BadBatch, BadDelivery) as error:
            return self._refuse(Refused(400, "malformed", str(error)))
        except StoreError as error:
            return self._refuse(Refused(503, "store-failed", str(error)))

    def _refuse(self, refused: Refused) -> web.Response:
        self.counts.refuse(refused.problem.type)
        response = problem_response(refused.problem)
        if refused.problem.status == 503:
            response.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER_S)
        return response

    async def _receive(self, request: web.Request) -> web.Response:
        token = await self._authenticate(request)
        if self._store.waiting() > MAX_WAITING:
            raise Refused(503, "busy", "more results wait to be written than memory may hold")
        kind = request.headers.get(hdrs.CONTENT_TYPE, "")
        if kind not in self._decoders:
            kind = request.content_type  # it may have parameters
        if kind not in self._decoders:
            raise Refused(415, "unsupported-type", f"Content-Type must be {MSGPACK} or {JSON}")
        receipt = await self.accept(await read_body(request, self._body_s), kind, encoding_of(request), token)
        answer = _preferred(request.headers.get(hdrs.ACCEPT, ""), kind)
        return web.Response(body=self._encoders[answer](receipt), content_type=answer)

    async def accept(
        self, body: bytes, kind: str, encoding: str, token: Token, received_at_ms: int | None = None
    ) -> Receipt:
        """Stores one push of whoever `token` is; `kind` is MSGPACK or JSON. What `receive` makes of its exceptions
        is what became of it: Refused, BadBatch, StoreError. `received_at_ms` None: now."""
        received_ms = self._clock.wall_ms() if received_at_ms is None else received_at_ms
        stored = await self._deliver(self._decode(body, kind, encoding), token, received_ms)
        return Receipt(
            stored=stored.stored,
            duplicates=stored.duplicates,
            set_aside=stored.set_aside,
            reasons=dict(stored.reasons),
            time_ms=self._clock.wall_ms() if received_at_ms is None else received_at_ms,
            config_etag=self._config_etag,
        )

    async def _authenticate(self, request: web.Request) -> Token:
        scheme, _, secret = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        token = await self._find(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise Refused(401, "unauthorized", "pushing needs the token of an agent: kentongan-collector tokens create")
        if token.revoked_at_ms is not None:
            raise Refused(403, "revoked", "this token was revoked")
        if token.kind != "agent":
            raise Refused(403, "forbidden", "this token may read, not push")
        return token

    def _decode(self, body: bytes, kind: str, encoding: str) -> Batch:
        try:
            batch = self._decoders[kind](self._decompressor.decompress(body, encoding))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Refused(400, "malformed", f"the body is no batch of version {VERSION}: {error}") from None
        if is_too_long(batch):
            raise Refused(413, "too-large", f"a batch holds at most {MAX_RESULTS} results: split it")
        return batch

    async def _deliver(self, batch: Batch, token: Token, received_ms: int) -> Stored:
        context = self._context(batch, token.agent)
        started_ns = self._clock.mono_ns()
        delivery = Delivery(
            agent=token.agent,
            site=token.site,
            batch=batch,
            context=context,
            received_at_ms=received_ms,
        )
        stored = await self._commits.result(self._store.append(delivery))
        self.counts.store(stored, (self._clock.mono_ns() - started_ns) / 1e9)
        return stored

    def _context(self, batch: Batch, agent: str) -> Context:
        """The context that the batch names, checked with it."""
        name, sent = batch.context, batch.context_body
        if not 0 < len(name) <= 64:
            raise BadBatch("a batch names its context, with 1 to 64 characters")
        known = self._store.context(agent, name)
        context = known or sent
        if context is None:
            raise UnknownContext(f"context {name} was never sent in full")
        if known is None:
            check_context(context)
        elif sent is not None and sent != known:
            raise BadBatch(f"context {name} was another one before: a new context needs a new name")
        check(batch, context)
        return context


def _preferred(accept: str, sent: str) -> str:
    """The type to answer in: the one that Accept names alone, else the one that was sent."""
    named = [kind for kind in (MSGPACK, JSON) if kind in accept]
    return named[0] if len(named) == 1 else sent
