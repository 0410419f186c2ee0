"""A server that tests of alerts post to: it takes what comes and answers as told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.daemons import serving


class Listener:
    """A server that takes what is posted and answers as told; `hold` keeps it from answering."""

    def __init__(self) -> None:
        self.posts: list[Any] = []
        self.headers: list[Any] = []
        self.status = 200
        self.hold = asyncio.Event()
        self.hold.set()

    async def _take(self, request: web.Request) -> web.Response:
        self.headers.append(request.headers)
        self.posts.append(json.loads(await request.read()))
        await self.hold.wait()
        return web.Response(status=self.status, text="because")

    @asynccontextmanager
    async def up(self, **site: object) -> AsyncIterator[str]:
        async with serving(web.post("/{path:.*}", self._take), **site) as url:  # type: ignore[arg-type]  # port is never given
            try:
                yield url
            finally:
                self.hold.set()


def as_apprise(url: str) -> str:
    """The address of a Listener as Apprise writes it, with a secret in it."""
    return url.replace("http://", "json://") + "/kata-sandi"
