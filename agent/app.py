"""The command line of the agent and the wiring of its parts, nothing else. Start reading here.

`Agent` is the running agent: every part is made there and handed what it needs. A result goes from the schedule to the
spool and the board; a flip has the spool synced and the push woken. It stops in the opposite order: first no new
probes, then no sending, the spool last.
"""

import asyncio
import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from random import Random

from agent.commands import CANNOT_RUN, OK, CannotRun, Desk
from agent.config import DEFAULT_PATHS, AgentConfig, load_config
from agent.doubt import State
from agent.gateway import Gateway
from agent.host import HEARTBEAT_S, HostWatch
from agent.metrics import Board, Vitals
from agent.options import parser
from agent.probes import PROBES
from agent.probes.echo import EchoEngine
from agent.probes.kit import Kit, TargetSettings
from agent.probes.resolve import Resolver, hurry
from agent.push import Push, PushSettings
from agent.schedule import Schedule
from agent.spool import Spool
from agent.spool_files import SpoolInUse
from agent.status import AgentNow, PushNow, SpoolNow
from agent.web import CannotListen, application, listening, serve
from shared.clock import SystemClock
from shared.result import Outcome, Result
from shared.settings import BadSettings, split_listen
from shared.texts import Texts
from shared.wire import TargetSpec

log = logging.getLogger("agent")

VERSION = version("kentongan")
CLOCKS_S = 5.0
"""How often the clocks are looked at when nothing is measured."""
RESTART_S = 10.0
"""A background task that broke (our bug) is begun again after this long: measuring must not end with it."""
STALE_S = 60.0
"""The agent is not ready when no probe has ended for two intervals and this long."""


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point `kentongan-agent`: runs one command and returns its exit code."""
    options = parser(run).parse_args(argv)
    texts = Texts(options.lang or AgentConfig.model_fields["language"].default)
    try:
        path = options.config or _found(texts)
        config = load_config(path)
        desk = Desk(
            config=config,
            path=path,
            texts=Texts(options.lang or config.language),
            clock=SystemClock(),
            rng=Random(),
            environ=os.environ,
        )
        hurry(os.environ)
        code: int = options.command(desk, options)
        return code
    except (BadSettings, CannotRun) as cannot:
        print(cannot, file=sys.stderr)
        return CANNOT_RUN


def _found(texts: Texts) -> Path:
    here, system = DEFAULT_PATHS
    found = next((path for path in DEFAULT_PATHS if path.is_file()), None)
    if found is None:
        raise CannotRun(texts.say("agent.no_config", here=here, system=system))
    return found


def run(desk: Desk, _options: Namespace) -> int:
    """The command `run`: measures until SIGTERM or Ctrl-C."""
    level = desk.config.log_level.upper()
    logging.basicConfig(level=level, format="%(asctime)s level=%(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would tell every round
    asyncio.run(_until_told(desk))
    desk.say("agent.stopped")
    return OK


async def _until_told(desk: Desk) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task instead
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await serve_until(desk, stop, lambda url, n: desk.say("agent.started", url=url, n=n))


async def serve_until(desk: Desk, stop: asyncio.Event, started: Callable[[str, int], None]) -> None:
    """The running agent. Raises CannotRun if its address or its spool is taken."""
    listen = desk.config.listen
    try:
        sock = listening(*split_listen(listen))  # first of all: a second agent must not touch the state of the first
    except CannotListen as cannot:
        name = "agent.port_taken" if cannot.taken else "agent.cannot_listen"
        raise CannotRun(desk.texts.say(name, listen=listen, error=cannot, path=desk.path)) from None
    try:
        agent = Agent(desk)
    except SpoolInUse:
        sock.close()
        raise CannotRun(desk.texts.say("agent.spool_in_use", directory=desk.spool_dir, path=desk.path)) from None
    web = await serve(application(agent.board, agent.now, agent.why_not_ready), sock)
    agent.start()
    host, port = sock.getsockname()[:2]
    started(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}", len(agent.targets))
    await stop.wait()
    await agent.stop()
    await web.cleanup()


class Agent:
    """The parts of a running agent, each made from those above it."""

    def __init__(self, desk: Desk) -> None:
        config, clock, rng = desk.config, desk.clock, desk.rng
        self._config, self._clock = config, clock
        self.targets = config.every_target
        kind_of = {kind.settings: name for name, kind in PROBES.items()}
        self._specs = [_spec(target, kind_of[type(target)], config.interval_s) for target in self.targets]
        self._spool = Spool(desk.spool_dir, config.spool, clock)
        self._resolver, self._echo, self._gateway = Resolver(), EchoEngine(clock, rng), Gateway(clock)
        self._push = self._pusher(config.collector, desk) if config.collector else None
        push_s = config.collector.interval_s if config.collector else 60
        self._host = HostWatch(clock, desk.state_dir, VERSION, round(push_s * 1000))
        self._spool.open_context(self._host.context(self._specs))
        self.board = Board([(target, kind_of[type(target)]) for target in self.targets], clock)
        self.board.registry.register(Vitals(self.now))
        self._schedule = Schedule(
            self.targets,
            Kit(clock=clock, echo=self._echo, resolver=self._resolver, gateway=self._gateway.current),
            interval_s=config.interval_s,
            rng=rng,
            on_result=self._keep,
            on_flip=self._tell,
        )
        self._flipped = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def _pusher(self, settings: PushSettings, desk: Desk) -> Push:
        return Push(settings, self._spool, desk.clock, desk.rng, version=VERSION, resolver=self._resolver)

    def start(self) -> None:
        self._schedule.start()
        works = [self._sync_often, self._watch_clocks, self._beat, *([self._push.run] if self._push else [])]
        self._tasks = [asyncio.create_task(_tended(work)) for work in works]

    async def stop(self) -> None:
        """In less than two seconds, whatever the network does."""
        await self._schedule.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._echo.close()
        self._resolver.close()
        await asyncio.to_thread(self._spool.close)
        await asyncio.to_thread(self._host.stopped_cleanly)

    # what the schedule hands on

    def _keep(self, result: Result, target: TargetSettings) -> None:
        self._follow_clocks()  # here too, so that no result is stamped by clocks of before a jump
        self._spool.append(result)
        before = self.board.records[target.name].last
        self.board.observe(result)
        if result.outcome is Outcome.ERROR and (before is None or before.outcome is not Outcome.ERROR):
            log.warning("probe_error target=%s reason=%r", target.name, result.reason)

    def _tell(self, target: TargetSettings, state: State) -> None:
        was = self.board.records[target.name].state
        self.board.settle(target.name, state)
        usual = was is State.UNKNOWN and state is State.UP
        level = logging.DEBUG if usual else logging.INFO
        log.log(level, "flip target=%s group=%s was=%s now=%s", target.name, target.group, was, state)
        if not usual:  # a province that gets its power back must not push all at once
            self._flipped.set()

    # what goes on beside

    async def _sync_often(self) -> None:
        """Only what is synced is sent; so after a flip first the one, then the other."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._flipped.wait(), self._config.spool.sync_s)
            flipped = self._flipped.is_set()
            self._flipped.clear()
            await asyncio.to_thread(self._spool.sync)
            if flipped and self._push:
                self._push.now()

    async def _watch_clocks(self) -> None:
        while True:
            self._follow_clocks()
            await asyncio.sleep(CLOCKS_S)

    def _follow_clocks(self) -> None:
        if self._host.check():
            self._spool.open_context(self._host.context(self._specs))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await asyncio.to_thread(self._host.heartbeat)

    # what the faces show

    def why_not_ready(self) -> str:
        """Empty when the agent measures and keeps what it measures."""
        quiet_s = (self._clock.mono_ns() - self._schedule.heard_mono_ns) / 1e9
        if quiet_s > 2 * self._config.interval_s + STALE_S:
            return f"no probe has ended for {quiet_s:.0f} s"
        return "" if self._spool.writable else "the spool cannot be written, results are kept in memory"

    def now(self) -> AgentNow:
        spool = self._spool
        return AgentNow(
            version=VERSION,
            name=self._config.name,
            stream=spool.stream,
            now_ms=self._clock.wall_ms(),
            started_ms=self._host.run_at_ms,
            boot_at_ms=self._host.boot_at_ms,
            last_stop=self._host.last_stop,
            gateway=self._gateway.current(),
            jumps=self._host.jumps,
            spool=SpoolNow(
                results=spool.pending,
                bytes=spool.pending_bytes,
                oldest_ms=spool.oldest_pending_ms,
                dropped=spool.dropped,
                set_aside=spool.set_aside_count,
                writable=spool.writable,
            ),
            push=_push_now(self._push) if self._push else None,
        )


def _push_now(push: Push) -> PushNow:
    return PushNow(
        url=push.url,
        last_success_ms=push.last_success_wall_ms,
        problem=push.last_error,
        offset_ms=push.clock_offset_ms,
        attempts=push.attempts,
        failures=dict(push.failures),
        bytes=push.bytes_sent,
        results=push.results_sent,
    )


def _spec(target: TargetSettings, kind: str, interval_s: float) -> TargetSpec:
    return TargetSpec(
        name=target.name,
        group=target.group,
        kind=kind,
        interval_ms=round((target.interval_s or interval_s) * 1000),
        address=target.where,
        site=target.site,
    )


async def _tended(work: Callable[[], Awaitable[None]]) -> None:
    """Runs `work`, which does not end by itself, until it is cancelled."""
    while True:
        try:
            await work()
        except Exception:  # the boundary of a background task: its bug must not end the measuring
            log.exception("task_broken task=%s", getattr(work, "__qualname__", work))
        await asyncio.sleep(RESTART_S)


if __name__ == "__main__":
    sys.exit(main())
