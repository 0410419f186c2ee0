"""One site: `/sites/{code}`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from collector.faces.api import opening_of, outages_of, site_detail
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.view import DAY_MS, Story, site_parts
from collector.judging.judge import SITE
from collector.live import SiteNow
from collector.store import Store


@dataclass(frozen=True, slots=True)
class SitePage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/sites/{code}", self.site)]

    async def site(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        return await self.parts.shell.answer(request, "site", "site.html", lambda reader: self._site(reader, code))

    def _site(self, reader: Reader, code: str) -> Mapping[str, Any]:
        now = self.parts.site(reader, code)
        view = replace(reader.view, timezone=now.site.timezone)
        return site_parts(story_of(self.parts.store, now, view.now_ms), view)


def story_of(store: Store, now: SiteNow, now_ms: int) -> Story:
    """Everything that the page of one site tells (blocks)."""
    code, from_ms = now.site.code, now_ms - 7 * DAY_MS
    return Story(
        now=now,
        detail=site_detail(store, now, now_ms),
        opening=opening_of(store, code, from_ms),
        flips=store.flips(code, from_ms, now_ms, SITE),
        outages=outages_of(store, [code], from_ms, now_ms, now_ms),
    )
