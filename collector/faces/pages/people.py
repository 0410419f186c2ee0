"""Log-in and log-out, and who may sign in."""

from dataclasses import dataclass

from aiohttp import web

from collector.faces.pages.shell import PageParts


@dataclass(frozen=True, slots=True)
class PeoplePages:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return []
