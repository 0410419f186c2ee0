"""All of the collector's HTTP, wired together; openapi.py describes what of it is for programs."""

from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from typing import IO, TYPE_CHECKING

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
from collector.faces.pages.refusals import refusal_pages
from collector.faces.pages.shell import PageParts, Shell
from collector.faces.report_jobs import Jobs
from collector.faces.report_wanted import Order
from collector.faces.reports_api import ReportsApi
from collector.faces.scrape import Scrape
from collector.figures.totals import Totals
from collector.reports.source import Progress
from collector.reports.writing.formats import FORMATS
from shared.wire import MAX_BODY_BYTES

if TYPE_CHECKING:
    pass

from collector.parts import Parts

JOBS: web.AppKey[Jobs] = web.AppKey("jobs", Jobs)
"""The files of reports that are being made, for whoever has the application alone."""


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
        middlewares=[says_simulated(store), refusals, refusal_pages(shell.refuse, clock), admission(doors)],
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
    jobs = app[JOBS] = Jobs(partial(_written, parts), clock, config.reports.keep_hours * 3600)
    app.on_shutdown.extend([shell.stop, jobs.close])
    app.add_routes([*_for_people(parts, shell, totals, inquiries, jobs), *_for_programs(parts, inquiries, jobs)])
    return app


def _written(parts: Parts, order: Order, file: IO[bytes], progress: Progress) -> None:
    """Writes what is ordered (blocks). What this machine cannot write is known before anything is read."""
    if order.form in FORMATS:
        FORMATS[order.form].ready()
    source = parts.press.source(order.wanted, order.language, progress)
    parts.press.write(order.kind, order.form, source, file)


def _for_people(parts: Parts, shell: Shell, totals: Totals, inquiries: Inquiries, jobs: Jobs) -> Iterator[web.RouteDef]:
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
        press=parts.press,
        jobs=jobs,
    )
    yield from shell.routes()
    for page in PAGES:
        yield from page(page_parts).routes()


def _for_programs(parts: Parts, inquiries: Inquiries, jobs: Jobs) -> Iterator[web.RouteDef]:
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
    yield from ReportsApi(
        jobs=jobs, sites=store.sites, clock=clock, timezone=config.timezone, language=config.language
    ).routes()
    yield from Scrape(store=store, metrics=Metrics(config.per_site_series), facts=parts.facts).routes()
    yield openapi.route(version("kentongan"), config.url)
    yield web.post("/api/v1/batches", parts.ingest.receive)
