"""Outages, open ones first, mass outages folded."""

from dataclasses import dataclass

from aiohttp import web

from collector.faces.pages.shell import PageParts


@dataclass(frozen=True, slots=True)
class OutagesPage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return []
