"""All of the collector's HTTP, wired together; openapi.py describes what of it is for programs."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from aiohttp import web

from collector.faces import openapi
from collector.faces.acts_api import ActsApi
from collector.faces.api import Api
from collector.faces.followups_api import FollowUpsApi
from collector.faces.guard import Doors, admission, refusals
from collector.faces.indicators_api import IndicatorsApi
from collector.faces.inquiry import Inquiries
from collector.faces.marked import says_simulated
from collector.faces.metrics import Metrics
from collector.faces.pages import PAGES
from collector.faces.pages.shell import PageParts, Shell
from collector.faces.scrape import Scrape
from collector.figures.totals import Totals
from shared.wire import MAX_BODY_BYTES

if TYPE_CHECKING:
    pass

from collector.parts import Parts


def application(parts: Parts) -> web.Application:
    """All of the collector's HTTP."""
    config, store, clock = parts.config, parts.store, parts.clock
    doors = Doors(
        find=parts.tokens.find,
        people=store.people,
        clock=clock,
        settings=config.people,
        open_to_read=config.open_to_read,
        public=config.public,
    )
    shell = Shell(config=config, clock=clock, store=store)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[says_simulated(store), refusals, shell.refusals(), admission(doors)],
    )
    totals = Totals(parts.accounts, store.books, parts.calendar_of, config.accounting)
    inquiries = Inquiries(
        totals=totals,
        calendar_of=parts.calendar_of,
        clock=clock,
        timezone=config.timezone,
        settings=config.accounting,
        acts_version=store.acts.version,
    )
    app.on_shutdown.append(shell.stop)
    app.add_routes([*_for_people(parts, shell, totals, inquiries), *_for_programs(parts, inquiries)])
    return app


def _for_people(parts: Parts, shell: Shell, totals: Totals, inquiries: Inquiries) -> Iterator[web.RouteDef]:
    page_parts = PageParts(
        shell=shell,
        config=parts.config,
        store=parts.store,
        live=parts.live,
        clock=parts.clock,
        accounts=parts.accounts,
        totals=totals,
        inquiries=inquiries,
        calendar_of=parts.calendar_of,
        alerts=parts.alerts,
    )
    yield from shell.routes()
    for page in PAGES:
        yield from page(page_parts).routes()


def _for_programs(parts: Parts, inquiries: Inquiries) -> Iterator[web.RouteDef]:
    config, store, live, clock = parts.config, parts.store, parts.live, parts.clock
    yield from Api(store=store, live=live, clock=clock, timezone=config.timezone).routes()
    yield from ActsApi(store=store, clock=clock).routes()
    yield from FollowUpsApi(store=store, alerts=parts.alerts, clock=clock).routes()
    yield from IndicatorsApi(
        accounts=parts.accounts,
        inquiries=inquiries,
        sites=store.sites,
        calendar_of=parts.calendar_of,
        clock=clock,
    ).routes()
    yield from Scrape(store=store, metrics=Metrics(config.per_site_series), facts=parts.facts).routes()
    yield openapi.route(version("kentongan"), config.url)
    yield web.post("/api/v1/batches", parts.ingest.receive)
