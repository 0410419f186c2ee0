"""What changes on the board, as server-sent events: `/events`. One look at all sites serves every listener.

state   what all tiles are now (`tiles.state_of`); first of all, and when there are other sites: a page that shows
        something else loads its tiles again
tiles   {"state": ..., "tiles": {code: [look, label]}}: those that changed since the look before
beat    the time, as pages show it; whoever does not hear it for a while is not live

A stream ends after LIFE_S and the browser opens another, so that whoever may no longer read does not go on listening.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import hdrs, web

from collector.faces import marked
from collector.faces.guard import SECURITY_HEADERS, Refused, who_of
from collector.faces.pages.shell import PageParts, language_of
from collector.faces.pages.tiles import label_of, look_of, looks_of, state_of
from collector.faces.pages.view import View
from collector.live import SiteNow
from shared.texts import Texts

MAX_LISTENERS = 200
"""Who comes later is refused, and reads the page again every minute instead."""
LOOK_EVERY_S = 1.0
LOOK_SHARE = 20
"""Looking takes at most one part in so many of a core: a country is looked at less often than a province."""
BEAT_S = 20
LIFE_S = 600
RETRY_MS = 3000
WAITING = 32
"""Messages that a slow listener may be behind; then it is sent away, and comes back with a fresh state."""


class Audience(NamedTuple):
    """Whom the same words can be told."""

    regency: str
    language: str


@dataclass(slots=True)
class Listener:
    """One stream: what it is to be sent; None: that was all."""

    audience: Audience
    queue: "asyncio.Queue[bytes | None]"
    greeted: bool = False

    def tell(self, message: bytes) -> None:
        if self.queue.full():
            self.end()
        else:
            self.queue.put_nowait(message)

    def end(self) -> None:
        """The stream ends now, whatever it has not heard yet."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


@dataclass(frozen=True, slots=True)
class News:
    """What one look found for the readers of a regency; `elsewhere`: there are other sites than before."""

    looks: Mapping[str, str]
    state: str
    changed: Sequence[SiteNow]
    elsewhere: bool


class Events:
    """The handler, its listeners, and the task that looks for all of them while there are any."""

    def __init__(self, parts: PageParts) -> None:
        self._parts, self._stopping = parts, parts.shell.stopping
        self._listeners: list[Listener] = []
        self._seen: Mapping[str, News] = {}
        self._looking: asyncio.Task[None] | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/events", self.events, allow_head=False)]

    async def events(self, request: web.Request) -> web.StreamResponse:
        if len(self._listeners) >= MAX_LISTENERS or self._stopping.is_set():
            raise Refused(503, "too-many-listeners", "load the page again from time to time instead")
        language = language_of(request, self._parts.config.language)
        listener = Listener(Audience(who_of(request).regency, language), asyncio.Queue(WAITING))
        response = web.StreamResponse(headers=self._headers())
        await response.prepare(request)
        self._listeners.append(listener)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            with suppress(TimeoutError, ConnectionResetError):  # it has lived long enough, or the browser is gone
                await _stream(listener, response)
        finally:
            self._listeners.remove(listener)
        return response

    def _headers(self) -> dict[str, str]:
        """A stream has begun before the middlewares could add theirs."""
        mark = {marked.HEADER: "yes"} if self._parts.store.marks.simulated else {}
        return {
            **SECURITY_HEADERS,
            **mark,
            hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8",
            hdrs.CACHE_CONTROL: "no-store",
            "X-Accel-Buffering": "no",  # nginx would keep it back
        }

    async def _look_on(self) -> None:
        clock, beat_ns = self._parts.clock, None
        try:
            while self._listeners and not self._stopping.is_set():
                began_ns = clock.mono_ns()
                audiences = {one.audience for one in self._listeners}
                greetings, messages = await asyncio.to_thread(self._look, audiences)
                beats = beat_ns is None or began_ns - beat_ns >= BEAT_S * 1e9
                beat_ns = began_ns if beats else beat_ns
                for one in self._listeners:
                    self._tell(one, greetings, messages, beats)
                took_s = (clock.mono_ns() - began_ns) / 1e9
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), max(LOOK_EVERY_S, LOOK_SHARE * took_s))
        finally:
            self._seen = {}
            for one in self._listeners:
                one.end()

    def _tell(
        self, one: Listener, greetings: Mapping[Audience, bytes], messages: Mapping[Audience, bytes], beats: bool
    ) -> None:
        """What this look is to one listener; who came after it began waits for the next."""
        if one.audience not in greetings:
            return
        said = messages.get(one.audience, b"") if one.greeted else greetings[one.audience]
        if said or beats:
            one.tell(said + (self._beat() if beats or not one.greeted else b""))
        one.greeted = True

    def _beat(self) -> bytes:
        now_ms = self._parts.clock.wall_ms()
        return _event("beat", View(Texts(self._parts.config.language), now_ms, self._parts.config.timezone).at(now_ms))

    def _look(self, audiences: Iterable[Audience]) -> tuple[dict[Audience, bytes], dict[Audience, bytes]]:
        """For each audience what to tell who is new, and who heard of the look before; nothing if nothing changed."""
        now_ms = self._parts.clock.wall_ms()
        sites = self._parts.live.sites(now_ms)
        news = {
            regency: _news(regency, sites, self._seen.get(regency)) for regency in {one.regency for one in audiences}
        }
        self._seen = news
        greetings, messages = {}, {}
        for one in audiences:
            of = news[one.regency]
            greetings[one] = _event("state", of.state)
            if of.elsewhere:
                messages[one] = greetings[one]
            elif of.changed:
                messages[one] = _tiles(of, View(Texts(one.language), now_ms, self._parts.config.timezone))
        return greetings, messages


def _news(regency: str, sites: Iterable[SiteNow], before: News | None) -> News:
    visible = [now for now in sites if regency in ("", now.site.regency)]
    looks = looks_of(visible)
    if before is None or before.looks == looks:
        return News(looks, before.state if before else state_of(looks), (), elsewhere=False)
    changed = [now for now in visible if before.looks.get(now.site.code) != look_of(now)]
    return News(looks, state_of(looks), changed, elsewhere=before.looks.keys() != looks.keys())


def _tiles(news: News, view: View) -> bytes:
    tiles = {now.site.code: [look_of(now), label_of(now, view)] for now in news.changed}
    return _event("tiles", json.dumps({"state": news.state, "tiles": tiles}, ensure_ascii=False))


def _event(kind: str, data: str) -> bytes:
    return f"event: {kind}\ndata: {data}\n\n".encode()


async def _stream(listener: Listener, response: web.StreamResponse) -> None:
    async with asyncio.timeout(LIFE_S):
        await response.write(f"retry: {RETRY_MS}\n\n".encode())
        while (message := await listener.queue.get()) is not None:
            await response.write(message)
