"""HTML for people: made here, readable without script, nothing from outside.

shell.py        what every page has; start here; refusals.py: what is refused, as a page
view.py         pure: how conditions, times and spans are told; paging.py (pure): pages of long tables
board.py        all sites at a glance; tiles.py (pure): as tiles, in groups; events.py: what changes on them, live
site.py         one site, and why we think so; site_words.py, reasons.py (pure): how it is told
                timeline.py, timeline_words.py, charts.py (pure): what it was in, and its latency, as pictures
                register_words.py (pure): what the register says of its line
                explain.py  the results behind a condition; verdict.py, explain_words.py (pure): what each meant
outages.py      outages with causes; outage.py, mass_outage.py: one of them, one of many sites; outage_acts.py: what
                people enter about them; outage_rows.py (pure): how they are told
                forms.py: what people typed, and what is wrong with it
maintenance.py  maintenance planned and entered; followups.py: what is done about what was found
indicators.py   figures of periods; figures_wanted.py, figure_rows.py, period_words.py, bars.py (pure): what is asked of
                it, its table, words and pictures
reports.py      reports to be read, and files of them; report_view.py (pure): how they are told
fleet.py        the agents; fleet_view.py (pure): what is wrong with them
login.py        log-in and log-out; people.py: who may log in, and one's own account
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
from collector.faces.pages.mass_outage import MassOutagePage
from collector.faces.pages.open_data import OpenData
from collector.faces.pages.outage import OutagePage
from collector.faces.pages.outages import OutagesPage
from collector.faces.pages.people import PeoplePages
from collector.faces.pages.reports import ReportsPage
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
    OutagePage,
    MassOutagePage,
    MaintenancePage,
    FollowUpsPage,
    IndicatorsPage,
    ReportsPage,
    FleetPage,
    PeoplePages,
    OpenData,
)
