"""HTML for people: made here, readable without script, nothing from outside.

shell.py        what every page has; start here
view.py         pure: how conditions, times and spans are told
board.py        all sites at a glance; events.py: what changes on it, live
site.py         one site, and why we think so
outages.py      outages with causes
maintenance.py  maintenance planned and entered; followups.py: what is done about what was found
indicators.py   figures of periods
fleet.py        the agents
people.py       log-in, and who may sign in
open_data.py    what everybody may see
"""

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from collector.faces.pages.board import Board
from collector.faces.pages.events import Events
from collector.faces.pages.fleet import FleetPage
from collector.faces.pages.followups import FollowUpsPage
from collector.faces.pages.indicators import IndicatorsPage
from collector.faces.pages.maintenance import MaintenancePage
from collector.faces.pages.open_data import OpenData
from collector.faces.pages.outages import OutagesPage
from collector.faces.pages.people import PeoplePages
from collector.faces.pages.shell import PageParts
from collector.faces.pages.site import SitePage


class Page(Protocol):
    """Some addresses and who answers them."""

    def routes(self) -> list[web.RouteDef]: ...


PAGES: tuple[Callable[[PageParts], Page], ...] = (
    Board,
    Events,
    SitePage,
    OutagesPage,
    MaintenancePage,
    FollowUpsPage,
    IndicatorsPage,
    FleetPage,
    PeoplePages,
    OpenData,
)
