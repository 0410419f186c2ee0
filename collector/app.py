"""The command line of the collector and the wiring of its parts, nothing else. Start reading here.

`serve` is the running collector: every part is made here and handed what it needs. It stops in the opposite order:
first no new requests, then the background work, the store last.
"""

import asyncio
import errno
import gc
import logging
import signal
import ssl
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from getpass import getpass
from importlib.metadata import version
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING

from aiohttp import web

from collector.accounting.accounts import Accounts
from collector.accounting.calendar_files import calendar_of, load_calendars, unknown_calendars
from collector.accounting.calendars import Calendar
from collector.alerts import AlertSettings
from collector.alerts.deliver import Alerts
from collector.alerts.telling.morning_facts import morning_facts
from collector.alerts.vitals import Vitals
from collector.commands.check import server_tls
from collector.commands.desk import CANNOT_RUN, OK, CannotRun, Desk, Terminal, alone
from collector.config import DEFAULT_PATHS, SQLITE, CollectorConfig, load_config
from collector.faces import openapi
from collector.faces.acts_api import ActsApi
from collector.faces.api import Api
from collector.faces.followups_api import FollowUpsApi
from collector.faces.guard import Doors, Tokens, admission, refusals
from collector.faces.indicators_api import IndicatorsApi
from collector.faces.inquiry import Inquiries
from collector.faces.marked import says_simulated
from collector.faces.metrics import Facts, Metrics
from collector.faces.pages import PAGES
from collector.faces.pages.shell import PageParts, Shell
from collector.faces.scrape import Scrape
from collector.figures.board import IndicatorBoard
from collector.figures.totals import Totals
from collector.ingest import Ingest
from collector.judging.rejudge import OnJudged, Rejudge
from collector.live import Live
from collector.options import parser
from collector.registry import Site
from collector.store import Store, StoreError, open_store
from collector.upkeep import Upkeep
from shared.clock import Clock, SystemClock
from shared.settings import BadSettings
from shared.texts import Texts
from shared.wire import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collector.remote_write.sink import Sink

log = logging.getLogger(__name__)

KEEPALIVE_S = 330.0
"""Longer than the longest usual push interval (300 s): agents push over one connection, and a handshake costs more."""
NOBODY = AlertSettings.model_validate({})
"""Whom a simulated province alerts."""
STOP_S = 1.0
"""What requests under way get when the collector stops."""


def main(argv: Sequence[str] | None = None, terminal: Terminal | None = None) -> int:
    """The entry point `kentongan-collector`: runs one command and returns its exit code."""
    options = parser(run).parse_args(argv)
    terminal = terminal or (Terminal(ask=_ask, ask_secret=getpass) if sys.stdin.isatty() else Terminal())
    texts = Texts(options.lang or CollectorConfig.model_fields["language"].default)
    try:
        config = load_config(_config_path(options, texts))
        desk = Desk(config=config, texts=Texts(options.lang or config.language), clock=SystemClock(), terminal=terminal)
        code: int = options.command(desk, options)
        return code
    except (BadSettings, CannotRun) as cannot:
        print(cannot, file=terminal.err)
    except StoreError as error:
        print(texts.say("collector.no_store", error=error), file=terminal.err)
    return CANNOT_RUN


def _config_path(options: Namespace, texts: Texts) -> Path:
    if options.config:
        return Path(options.config)
    here, system = DEFAULT_PATHS
    found = next((path for path in DEFAULT_PATHS if path.is_file()), None)
    if found is None:
        raise CannotRun(texts.say("collector.no_config", here=here, system=system))
    return found


def _ask(question: str) -> bool:
    return input(question).strip().lower() in ("y", "yes", "ya")


def run(desk: Desk, _options: Namespace) -> int:
    """The command `run`: serves until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s level=%(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # a line a second about the alerts' tick says nothing
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_told(desk))
    desk.say("collector.stopped")
    return OK


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one: it needs half the memory a TLS connection."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _until_told(desk: Desk) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task instead
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await serve(desk, stop, lambda url: desk.say("collector.listening", url=url))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a collector, each made from those above it."""

    config: CollectorConfig
    clock: Clock
    store: Store
    live: Live
    tokens: Tokens
    rejudge: Rejudge
    accounts: Accounts
    sinks: Sequence["Sink"]
    board: IndicatorBoard
    ingest: Ingest
    alerts: Alerts
    calendars: Mapping[str, Calendar]
    calendar_of: Callable[[Site], Calendar]
    started_at_ms: int

    @classmethod
    def of(cls, config: CollectorConfig, clock: Clock, store: Store) -> "Parts":
        calendars = load_calendars(config.calendars, config.default_calendar)
        of_site = partial(calendar_of, calendars=calendars, default=config.default_calendar)
        live, tokens = Live(of_site), Tokens(store.tokens, clock)
        ingest = Ingest(store, tokens.find, clock)
        accounts = Accounts(store, of_site, clock, lambda sites: rejudge.settle(sites))  # noqa: PLW0108  made below
        sinks = _sinks(config, store, live, clock)
        rejudge = Rejudge(store, live, config.judge, clock, all_of([accounts.touched, *(s.touched for s in sinks)]))
        return cls(
            config=config,
            clock=clock,
            store=store,
            live=live,
            tokens=tokens,
            rejudge=rejudge,
            accounts=accounts,
            sinks=sinks,
            board=IndicatorBoard(
                accounts,
                store.books,
                store.sites,
                of_site,
                config.accounting,
                clock,
                per_site=config.per_site_series,
            ),
            ingest=ingest,
            alerts=Alerts(
                NOBODY if store.marks.simulated else config.alerts,
                store=store,
                sites=live.sites,
                clock=clock,
                texts=Texts(config.language),
                external_url=config.external_url,
                contacts=config.providers,
                timezone=config.timezone,
                agents=live.agents,
                health=Vitals(
                    Path(config.store.removeprefix(SQLITE)).parent,
                    lag_s=lambda: rejudge.counters.lag_s,
                    refused=lambda: ingest.counts.refused,
                    damage=store.damage,
                    clock=clock,
                ),
                acknowledgements=store.followups.acknowledgements,
                morning=partial(morning_facts, store, config.timezone, config.external_url),
            ),
            calendars=calendars,
            calendar_of=of_site,
            started_at_ms=clock.wall_ms(),
        )

    def facts(self) -> Facts:
        """What one scrape of /metrics tells (blocks)."""
        now_ms = self.clock.wall_ms()
        return Facts(
            now_ms=now_ms,
            version=version("kentongan"),
            sites=self.live.sites(now_ms),
            agents=self.live.agents(),
            ingest=self.ingest.counts,
            judge_seconds=self.rejudge.counters.seconds,
            judge_lag_s=self.rejudge.counters.lag_s,
            store_bytes=self.store.size_bytes(),
            disk_free_bytes=disk_usage(Path(self.config.store.removeprefix(SQLITE)).parent).free,
            started_at_ms=self.started_at_ms,
            limits_of=self.config.judge.limits_of,
            firing=self.alerts.firing(),
            mass_outages=self.alerts.mass_outages(),
            notified=self.alerts.notified(),
            simulated=self.store.marks.simulated,
            untrusted=sum(self.store.untrusted().values()),
            board=self.board.board,
            remote_write=[sink.told(now_ms) for sink in self.sinks],
        )


def _sinks(config: CollectorConfig, store: Store, live: Live, clock: Clock) -> Sequence["Sink"]:
    """One for each remote-write store; a simulated province is told to none."""
    if not config.remote_write or store.marks.simulated:
        return ()
    from collector.remote_write.sink import Sink  # it needs an extra

    return [Sink(settings, store=store, live=live, clock=clock) for settings in config.remote_write]


def all_of(told: Sequence[OnJudged]) -> OnJudged:
    """Tells each of them."""

    def tell(site: str, from_ms: int, to_ms: int) -> None:
        for one in told:
            one(site, from_ms, to_ms)

    return tell


def application(parts: Parts) -> web.Application:
    """All of the collector's HTTP; openapi.py describes every route of it."""
    config, store, live, clock = parts.config, parts.store, parts.live, parts.clock
    doors = Doors(
        find=parts.tokens.find,
        people=store.people,
        clock=clock,
        settings=config.people,
        open_to_read=config.open_to_read,
        public=config.public,
    )
    app = web.Application(
        client_max_size=MAX_BODY_BYTES, middlewares=[says_simulated(store), refusals, admission(doors)]
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
    shell = Shell(config=config, clock=clock, store=store)
    app.on_shutdown.append(shell.stop)
    page_parts = PageParts(
        shell=shell,
        config=config,
        store=store,
        live=live,
        clock=clock,
        accounts=parts.accounts,
        totals=totals,
        inquiries=inquiries,
        calendar_of=parts.calendar_of,
        alerts=parts.alerts,
    )
    app.add_routes(
        [
            *shell.routes(),
            *(route for page in PAGES for route in page(page_parts).routes()),
            *Api(store=store, live=live, clock=clock, timezone=config.timezone).routes(),
            *ActsApi(store=store, clock=clock).routes(),
            *FollowUpsApi(store=store, alerts=parts.alerts, clock=clock).routes(),
            *IndicatorsApi(
                accounts=parts.accounts,
                inquiries=inquiries,
                sites=store.sites,
                calendar_of=parts.calendar_of,
                clock=clock,
            ).routes(),
            *Scrape(store=store, metrics=Metrics(config.per_site_series), facts=parts.facts).routes(),
            openapi.route(version("kentongan"), config.url),
            web.post("/api/v1/batches", parts.ingest.receive),
        ]
    )
    return app


async def serve(desk: Desk, stop: asyncio.Event, started: Callable[[str], None]) -> None:
    """A whole collector until `stop` is set; `started` is told the address when it takes requests."""
    tls = server_tls(desk.config)
    async with AsyncExitStack() as ending:  # runs from the last line to the first
        ending.enter_context(alone(desk))
        store = await asyncio.to_thread(open_store, desk.config.store)
        ending.callback(store.close)
        ending.push_async_callback(asyncio.get_running_loop().shutdown_default_executor)  # nobody uses the store now
        parts = Parts.of(desk.config, desk.clock, store)
        for name, n in unknown_calendars(store.sites(), parts.calendars).items():
            log.warning("event=unknown_calendar name=%s sites=%d service=24x7", name, n)
        ending.push_async_callback(parts.alerts.close)
        await asyncio.to_thread(parts.rejudge.load)
        ending.push_async_callback(asyncio.to_thread, parts.rejudge.close)
        ending.push_async_callback(_end, asyncio.create_task(parts.rejudge.run()))
        for sink in parts.sinks:
            ending.push_async_callback(sink.close)
            ending.push_async_callback(_end, asyncio.create_task(sink.run()))
        upkeep = Upkeep(
            store=store,
            live=parts.live,
            tokens=parts.tokens,
            alerts=parts.alerts,
            accounts=parts.accounts,
            board=parts.board,
            clock=desk.clock,
        )
        await upkeep.refresh()
        await upkeep.cover()
        ending.callback(upkeep.start().shutdown, wait=False)
        runner = web.AppRunner(
            application(parts),
            access_log=None,
            auto_decompress=False,  # ingest does it, within its own limits
            keepalive_timeout=KEEPALIVE_S,
            shutdown_timeout=STOP_S,
        )
        await runner.setup()
        ending.push_async_callback(runner.cleanup)
        gc.freeze()  # what is there now stays to the end: looking through it again and again is CPU for nothing
        started(await _listen(runner, desk, tls))
        await stop.wait()


async def _listen(runner: web.AppRunner, desk: Desk, tls: ssl.SSLContext | None) -> str:
    """Takes requests from now on; returns the address. CannotRun with what to do if it may not."""
    config, texts = desk.config, desk.texts
    try:
        await web.TCPSite(runner, config.host, config.port, ssl_context=tls, backlog=1024).start()
    except OSError as error:
        name = "collector.port_taken" if error.errno == errno.EADDRINUSE else "collector.cannot_listen"
        raise CannotRun(texts.say(name, listen=config.listen, error=error.strerror or error)) from None
    if config.port:
        return config.url
    return f"http://{config.host}:{runner.addresses[0][1]}"  # port 0: any free one


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
