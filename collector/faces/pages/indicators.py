"""Indicators: choose a period and a scope, read, compare, download."""

from dataclasses import dataclass

from aiohttp import web

from collector.faces.pages.shell import PageParts


@dataclass(frozen=True, slots=True)
class IndicatorsPage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return []
