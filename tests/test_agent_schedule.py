"""The schedule with real timers and made-up probes; what is decided when is told in test_agent_doubt.py."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Literal

import pytest

from agent.doubt import State
from agent.probes import PROBES, ProbeKind
from agent.probes.kit import Echoes, Kit, TargetSettings
from agent.probes.resolve import Resolver
from agent.probes.tcp import TcpTarget
from agent.schedule import Schedule, SteadyZone
from shared.clock import SystemClock
from shared.result import Group, Outcome, Result
from tests.fakes import FakeClock

Run = Callable[[TargetSettings, Kit], Awaitable[Result]]
DEADLINE_S = 60


class MadeUp(TargetSettings):
    """A target of a probe that the test makes up."""

    probe: Literal["made_up"] = "made_up"


class DrowsyClock(SystemClock):
    """This machine's clocks, and naps that never were."""

    slept_ms = 0

    def boot_ms(self) -> int:
        return super().boot_ms() + self.slept_ms


class NoEcho:
    async def echo(
        self, address: str, *, packets: int, spacing_s: float, timeout_s: float, payload_bytes: int
    ) -> Echoes:
        raise AssertionError("nobody pings here")


class Sink:
    """Collects what a schedule hands on, and lets a test wait for it."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.flips: list[tuple[str, State]] = []
        self._came = asyncio.Condition()

    def on_result(self, result: Result, _target: TargetSettings) -> None:
        self.results.append(result)
        asyncio.ensure_future(self._tell())  # noqa: RUF006  it ends within this turn of the loop

    def on_flip(self, target: TargetSettings, state: State) -> None:
        self.flips.append((target.name, state))

    async def _tell(self) -> None:
        async with self._came:
            self._came.notify_all()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S), self._came:
            await self._came.wait_for(is_so)


def good(target: TargetSettings, kit: Kit) -> Result:
    return Result(target=target.name, started_ms=kit.clock.boot_ms(), outcome=Outcome.OK, sent=1, received=1)


async def fine(target: TargetSettings, kit: Kit) -> Result:
    return good(target, kit)


def targets(*names: str) -> list[MadeUp]:
    return [MadeUp(name=name, group=Group.INTERNET, timeout_s=0.05) for name in names]


@asynccontextmanager
async def running(
    run: Run, sink: Sink, *names: str, clock: SystemClock | None = None, at_most: int = 200
) -> AsyncIterator[Schedule]:
    """A schedule of made-up targets at a tenth of a second."""
    kit = Kit(clock=clock or SystemClock(), echo=NoEcho(), resolver=Resolver(), gateway=lambda: None)
    schedule = Schedule(
        targets(*names),
        kit,
        interval_s=0.1,
        rng=Random(1),
        on_result=sink.on_result,
        on_flip=sink.on_flip,
        probes={"made_up": ProbeKind(MadeUp, run)},
        at_most=at_most,
        grace_s=0.1,
    )
    schedule.start()
    try:
        yield schedule
    finally:
        await schedule.stop()


async def test_every_target_is_probed_again_and_again() -> None:
    sink = Sink()
    async with running(fine, sink, "a", "b", "c"):
        await sink.until(lambda: min(Counter(r.target for r in sink.results)[name] for name in "abc") >= 5)
    counts = Counter(result.target for result in sink.results)
    assert max(counts.values()) <= min(counts.values()) + 2


async def test_the_first_success_is_told_as_up_and_only_once() -> None:
    sink = Sink()
    async with running(fine, sink, "a"):
        await sink.until(lambda: len(sink.results) >= 4)
    assert sink.flips == [("a", State.UP)]


async def test_failures_are_told_as_down_and_recovery_as_up() -> None:
    sink = Sink()

    async def run(target: TargetSettings, kit: Kit) -> Result:
        outcome = Outcome.TIMEOUT if 3 <= len(sink.results) < 8 else Outcome.OK
        return Result(target=target.name, started_ms=0, outcome=outcome, sent=1, received=0)

    async with running(run, sink, "a"):
        await sink.until(lambda: len(sink.flips) == 3)
    assert sink.flips == [("a", State.UP), ("a", State.DOWN), ("a", State.UP)]


async def test_a_probe_that_raises_is_our_own_error_and_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()

    async def run(target: TargetSettings, kit: Kit) -> Result:
        raise ZeroDivisionError("oops")

    async with running(run, sink, "a"):
        await sink.until(lambda: len(sink.results) >= 1)
    assert (sink.results[0].outcome, sink.results[0].reason) == (Outcome.ERROR, "ZeroDivisionError('oops')")
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert lines[0] == "probe_broken target=a error=ZeroDivisionError('oops')"
    assert len(lines) == len(sink.results)


async def test_a_probe_that_hangs_is_ended_and_is_our_own_error() -> None:
    sink = Sink()

    async def run(target: TargetSettings, kit: Kit) -> Result:
        await asyncio.Event().wait()
        return good(target, kit)

    async with running(run, sink, "a"):
        await sink.until(lambda: len(sink.results) >= 2)
    assert {result.outcome for result in sink.results} == {Outcome.ERROR}
    assert sink.flips == []


@pytest.mark.parametrize(("names", "at_most"), [("a", 200), ("abcdef", 2)])
async def test_a_target_never_runs_twice_at_once_nor_more_targets_than_allowed(names: str, at_most: int) -> None:
    sink, under_way, most = Sink(), Counter[str](), Counter[str]()

    async def slow(target: TargetSettings, kit: Kit) -> Result:
        under_way[target.name] += 1
        most[target.name] = max(most[target.name], under_way[target.name])
        most["all"] = max(most["all"], under_way.total())
        try:
            await asyncio.sleep(0.12)  # longer than the interval
        finally:  # on a machine that stands still meanwhile the schedule ends it
            under_way[target.name] -= 1
        return good(target, kit)

    async with running(slow, sink, *names, at_most=at_most):
        await sink.until(lambda: len({result.target for result in sink.results}) == len(names))
        await sink.until(lambda: len(sink.results) >= 2 * len(names))
    assert most.pop("all") == min(at_most, len(names))
    assert set(most.values()) == {1}


async def test_a_probe_through_which_the_host_slept_says_nothing_about_the_line() -> None:
    sink, clock = Sink(), DrowsyClock()

    async def run(target: TargetSettings, kit: Kit) -> Result:
        clock.slept_ms += 8 * 3_600_000
        return Result(target=target.name, started_ms=0, outcome=Outcome.TIMEOUT, sent=4, received=0)

    async with running(run, sink, "a", clock=clock):
        await sink.until(lambda: len(sink.results) >= 4)
    assert {result.outcome for result in sink.results} == {Outcome.ERROR}
    assert sink.flips == []


async def test_a_result_that_cannot_be_kept_does_not_end_the_probing(caplog: pytest.LogCaptureFixture) -> None:
    class Full(Sink):
        def on_result(self, result: Result, target: TargetSettings) -> None:
            super().on_result(result, target)
            raise OSError("no space left on device")

    sink = Full()
    async with running(fine, sink, "a"):
        await sink.until(lambda: len(sink.results) >= 3)
    assert "result_not_kept target=a" in caplog.text


async def test_stopping_leaves_nothing_running() -> None:
    sink, started = Sink(), asyncio.Event()

    async def run(target: TargetSettings, kit: Kit) -> Result:
        started.set()
        await asyncio.Event().wait()
        return good(target, kit)

    async with running(run, sink, "a", "b"):
        await started.wait()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert sink.results == []


def test_the_schedules_time_does_not_follow_the_wall_clock() -> None:
    clock = FakeClock()
    zone = SteadyZone(clock)
    before = datetime.now(zone)
    clock.step(14 * 365 * 86_400)
    assert datetime.now(zone) == before
    clock.advance(30)
    assert (datetime.now(zone) - before).total_seconds() == 30
    assert before.astimezone(UTC) == before


async def test_a_port_that_closes_is_down_and_up_again_when_it_opens() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    sink = Sink()
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    target = TcpTarget(probe="tcp", name="shop", group=Group.SERVICE, address="127.0.0.1", port=port, timeout_s=1)
    kit = Kit(clock=SystemClock(), echo=NoEcho(), resolver=Resolver(), gateway=lambda: None)
    schedule = Schedule(
        [target],
        kit,
        interval_s=0.1,
        rng=Random(1),
        on_result=sink.on_result,
        on_flip=sink.on_flip,
        probes=PROBES,
    )
    schedule.start()
    await sink.until(lambda: sink.flips == [("shop", State.UP)])
    server.close()
    await sink.until(lambda: sink.flips[1:] == [("shop", State.DOWN)])
    assert {result.outcome for result in sink.results if not result.ok} == {Outcome.REFUSED}
    again = await asyncio.start_server(hang_up, "127.0.0.1", port)
    await sink.until(lambda: sink.flips[2:] == [("shop", State.UP)])
    await schedule.stop()
    again.close()
