"""What supervisors and Prometheus ask: /-/healthy, /-/ready and /metrics."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from collector.faces.guard import Refused, of_all, who_of
from collector.faces.metrics import CONTENT_TYPE, Facts, Metrics
from collector.store import Store, StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """The handlers and what they need. `facts` gathers what a scrape tells; it may block."""

    store: Store
    metrics: Metrics
    facts: Callable[[], Facts]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/-/healthy", self.healthy),
            web.get("/-/ready", self.ready),
            web.get("/metrics", self.scrape),
        ]

    async def healthy(self, _request: web.Request) -> web.Response:
        return web.Response(text="healthy\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """503 while the store cannot be asked: then neither pushes nor pages would get an answer."""
        try:
            await asyncio.to_thread(self.store.size_bytes)
        except StoreError as error:
            raise Refused(503, "not-ready", str(error)) from None
        return web.Response(text="ready\n")

    async def scrape(self, request: web.Request) -> web.Response:
        """A large province takes 0.2 s to render: in a thread, so that pushes need not wait for it."""
        of_all(who_of(request))
        body = await asyncio.to_thread(lambda: self.metrics.render(self.facts()))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
