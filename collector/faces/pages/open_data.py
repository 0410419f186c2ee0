"""What is set public, for everybody: a page, CSV and JSON."""

from dataclasses import dataclass

from aiohttp import web

from collector.faces.pages.shell import PageParts


@dataclass(frozen=True, slots=True)
class OpenData:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return []
