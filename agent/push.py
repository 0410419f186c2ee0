"""Spool to collector, over two lanes: fresh results first, the backlog beside them.

On every beat, and at once on a flip, the newest results go (at most a batch), so that the collector knows what is so
now. What is older follows oldest first, a batch every `backlog_pause_s`, and steps aside for every beat and flip.
pace.py says when; delivery.py gets a slice across; here is who goes next, and what is told of it: a log line for each
change of the state, not for each attempt.
"""

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Annotated, Self
from urllib.parse import urlsplit

import zstandard
from pydantic import Field, SecretStr, field_validator, model_validator

from agent.delivery import Delivery
from agent.pace import Pace
from agent.post import Post
from agent.probes.kit import Resolve
from agent.slices import Slice
from agent.spool import Spool
from agent.verdict import Answer, Verdict
from shared.clock import Clock
from shared.settings import FilePath, Settings
from shared.wire import MAX_RESULTS, dictionary

log = logging.getLogger(__name__)

PATH = "/api/v1/batches"
LAST_WORDS_S = 1.0
"""How long a stop waits for the last results to be taken; they are on disk anyway."""


class PushSettings(Settings):
    """`[collector]`: where results go. The token stands in a file, in the environment or, if it must be, here."""

    url: str
    token: SecretStr | None = None
    token_file: FilePath | None = None
    token_env: Annotated[str, Field(min_length=1)] | None = None
    ca_file: FilePath | None = None
    """A private authority, in PEM; it replaces those of the system."""
    interval_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 20.0
    batch_results: Annotated[int, Field(ge=1, le=MAX_RESULTS)] = 2_000
    backlog_pause_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    max_backoff_s: Annotated[float, Field(gt=0, le=3600)] = 300.0

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError("must be the address of the collector, like https://collector.example.id")
        return url.rstrip("/").removesuffix(PATH)

    @model_validator(mode="after")
    def _has_one_token(self) -> Self:
        if sum(given is not None for given in (self.token, self.token_file, self.token_env)) != 1:
            raise ValueError("needs one of token_file, token_env and token")
        return self

    def read_token(self, environ: Mapping[str, str]) -> str:
        """The token; raises OSError or ValueError with what is wrong with where it should be."""
        if self.token_file:
            token = self.token_file.read_text(encoding="utf-8").strip()
        else:
            token = self.token.get_secret_value() if self.token else environ.get(self.token_env or "", "")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError(f"there is no usable token in {self.token_file or self.token_env or 'token'}")
        return token


class Push:
    """Sends what is in `spool` until cancelled. Everything that goes wrong is a state that ends by itself."""

    def __init__(
        self,
        settings: PushSettings,
        spool: Spool,
        clock: Clock,
        rng: Random,
        *,
        version: str,
        resolver: Resolve,
        compressor: zstandard.ZstdCompressor | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Raises BadSettings if the private authority cannot be used."""
        self._settings, self._spool, self._clock = settings, spool, clock
        packer = compressor or zstandard.ZstdCompressor(level=3, dict_data=dictionary())
        self._post = _post_to(settings, version, resolver, packer, clock)
        read_token = partial(settings.read_token, environ)
        self._delivery = Delivery(spool, self._post, clock, read_token, self._succeeded, limit=settings.batch_results)
        self._pace = _pace_of(settings, rng, self._now_s())
        self._wake = asyncio.Event()
        self._fresh_from = spool.next_seq
        """What was appended since the last fresh push; everything older is backlog."""
        self._state = ""
        self.failures: Counter[str] = Counter()
        """Deliveries that failed, by reason."""
        self.last_success_wall_ms: int | None = None
        self.last_error = ""
        """Why pushing fails, for a person; empty while it does not."""

    @property
    def url(self) -> str:
        return self._settings.url

    @property
    def attempts(self) -> int:
        """Requests begun."""
        return self._post.attempts

    @property
    def bytes_sent(self) -> int:
        """Of bodies, compressed."""
        return self._post.bytes_sent

    @property
    def results_sent(self) -> int:
        """Results that the collector has acknowledged."""
        return self._delivery.results_sent

    @property
    def clock_offset_ms(self) -> float | None:
        """Our wall clock minus the collector's, by the last answer; None before the first."""
        return self._delivery.clock_offset_ms

    def now(self) -> None:
        """Something has changed: push at once. Any number of calls make one push. Call it in the loop's thread."""
        self._wake.set()

    async def run(self) -> None:
        """Push until cancelled; then try for a second to send what is left."""
        try:
            while True:
                await self._step()
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    if not self._pace.is_forbidden(self._now_s()):
                        await self._push_fresh(even_if_empty=False)
            await self._post.close()

    async def _step(self) -> None:
        """Wait for what is due next, and do it."""
        flip = self._wake.is_set()
        fresh_s, now_s = self._pace.fresh_at(flip=flip), self._now_s()
        if fresh_s <= now_s:
            self._wake.clear()
            await self._push_fresh(even_if_empty=True)
            return
        backlog_s = self._pace.backlog_at() if self._spool.floor_seq < self._fresh_from else fresh_s
        if backlog_s <= now_s:
            await self._push_backlog()
            return
        wait_s = min(fresh_s, backlog_s) - now_s
        if flip:  # heard, but it is too early
            await asyncio.sleep(wait_s)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait_s)

    async def _push_fresh(self, *, even_if_empty: bool) -> None:
        """Send the newest results; if there are none, an empty batch, so that silence means what it should."""
        self._pace.trying(self._now_s(), fresh=True)
        await asyncio.to_thread(self._spool.sync)
        piece = await asyncio.to_thread(self._spool.newest, self._fresh_from, self._delivery.limit)
        context = self._spool.context
        if piece is None and even_if_empty and context:
            piece = Slice(stream=self._spool.stream, first_seq=self._spool.next_seq, context=context, results=())
        if piece is None:
            return
        answer = await self._delivery.deliver(piece)
        if answer.verdict is Verdict.STORED:
            self._fresh_from = piece.last_seq + 1
        else:
            self._failed(answer)

    async def _push_backlog(self) -> None:
        """Send the oldest results. If it is these that are refused, the fresh ones need not wait for it."""
        self._pace.trying(self._now_s(), fresh=False)
        piece = await asyncio.to_thread(self._spool.oldest, self._fresh_from, self._delivery.limit)
        if piece is None:  # what is there cannot be read now
            self._pace.backlog_failed(self._now_s())
            return
        answer = await self._delivery.deliver(piece)
        if answer.verdict is Verdict.STORED:
            self._pace.backlog_succeeded(self._now_s())
        elif answer.verdict is Verdict.FAILED:
            self._failed(answer)
        else:
            self._tell(answer)
            self._pace.backlog_failed(self._now_s())

    def _succeeded(self) -> None:
        """The collector has taken a batch."""
        self._pace.succeeded(self._now_s())
        self.last_success_wall_ms, self.last_error = self._clock.wall_ms(), ""
        if self._state != "ok":
            log.info("push state=ok url=%s pending=%d", self.url, self._spool.pending)
        self._state = "ok"

    def _failed(self, answer: Answer) -> None:
        self._tell(answer)
        self._pace.failed(self._now_s(), retry_after_s=answer.retry_after_s, slowly=answer.slowly)

    def _tell(self, answer: Answer) -> None:
        self.failures[answer.reason] += 1
        self.last_error = f"{answer.reason}: {answer.detail}"
        if self._state != answer.reason:
            pending = self._spool.pending
            log.warning("push state=%s url=%s pending=%d detail=%r", answer.reason, self.url, pending, answer.detail)
        self._state = answer.reason

    def _now_s(self) -> float:
        return self._clock.mono_ns() / 1e9


def _post_to(
    settings: PushSettings, version: str, resolver: Resolve, compressor: zstandard.ZstdCompressor, clock: Clock
) -> Post:
    return Post(
        settings.url + PATH,
        ca_file=settings.ca_file,
        timeout_s=settings.timeout_s,
        keep_s=2 * settings.interval_s + 30,
        user_agent=f"kentongan-agent/{version}",
        resolver=resolver,
        compressor=compressor,
        clock=clock,
    )


def _pace_of(settings: PushSettings, rng: Random, now_s: float) -> Pace:
    return Pace(
        interval_s=settings.interval_s,
        pause_s=settings.backlog_pause_s,
        cap_s=settings.max_backoff_s,
        rng=rng,
        now_s=now_s,
    )
