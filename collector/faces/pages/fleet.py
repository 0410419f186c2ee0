"""The agents: who is heard, what they run, what they hold back."""

from dataclasses import dataclass

from aiohttp import web

from collector.faces.pages.shell import PageParts


@dataclass(frozen=True, slots=True)
class FleetPage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return []
