"""The command line of the collector, and the collector that runs. Start reading here; parts.py is the wiring.

`serve` is the running collector. It stops in the opposite order of its start: first no new requests, then the
background work, the store last.
"""

import asyncio
import errno
import gc
import logging
import signal
import ssl
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from collector.accounting.calendar_files import unknown_calendars
from collector.commands.check import server_tls
from collector.commands.desk import CANNOT_RUN, OK, CannotRun, Desk, Terminal, alone
from collector.config import DEFAULT_PATHS, CollectorConfig, load_config
from collector.faces.server import application
from collector.options import parser
from collector.parts import Parts
from collector.store import StoreError, open_store
from collector.upkeep import Upkeep
from shared.clock import SystemClock
from shared.settings import BadSettings
from shared.texts import Texts

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)

KEEPALIVE_S = 330.0
"""Longer than the longest usual push interval (300 s): agents push over one connection, and a handshake costs more."""
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
        upkeep = _upkeep(parts)
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


def _upkeep(parts: Parts) -> Upkeep:
    return Upkeep(
        store=parts.store,
        live=parts.live,
        tokens=parts.tokens,
        alerts=parts.alerts,
        accounts=parts.accounts,
        board=parts.board,
        clock=parts.clock,
        before_compacting=[partial(sink.note, settled=False) for sink in parts.sinks],
    )


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
