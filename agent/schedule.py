"""Runs each probe when the agenda says so, one run of a target at a time, and hands the results on.

`doubt.Agenda` decides who is asked when. APScheduler wakes us at that moment: **one** job, whose trigger is the agenda.
A job a target is the obvious use, and was measured: 1,000 targets at 30 s cost 1.6 % of a core before anything is
probed, against 0.7 % with the probes' own tasks for one job on a beat.

APScheduler reads the wall clock, through its time zone. On a host whose clock is set while we run (an office PC that
believes it is 2012, until NTP comes) its own interval trigger would run through every missed turn of 14 years, or sleep
until the clock has caught up again. So it gets a time zone whose "now" is the monotonic clock.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import Any

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from agent.doubt import Agenda, Asked, State
from agent.probes import PROBES, ProbeKind
from agent.probes.kit import Kit, TargetSettings
from shared.clock import Clock
from shared.result import Outcome, Result

log = logging.getLogger(__name__)

AT_MOST = 200
"""Probes running at the same moment; the rest wait. A thousand targets that go down together hurt nobody."""
GRACE_S = 30.0
"""A probe keeps its own time. One that is not back so long after twice its timeout is broken, and is ended."""
SLEPT_MS = 1_000
"""A probe during which the host slept longer than this says nothing about the line."""

Run = Callable[[Any, Kit], Awaitable[Result]]
OnResult = Callable[[Result, TargetSettings], None]
OnFlip = Callable[[TargetSettings, State], None]


class Schedule:
    """Probes `targets` until it is stopped."""

    def __init__(
        self,
        targets: Sequence[TargetSettings],
        kit: Kit,
        *,
        interval_s: float,
        rng: Random,
        on_result: OnResult,
        on_flip: OnFlip,
        probes: Mapping[str, ProbeKind] = PROBES,
        at_most: int = AT_MOST,
        grace_s: float = GRACE_S,
    ) -> None:
        asked = [Asked(name=t.name, group=t.group, interval_s=t.interval_s or interval_s, site=t.site) for t in targets]
        self._targets, self._kit, self._at_most, self._grace_s = tuple(targets), kit, at_most, grace_s
        self._on_result, self._on_flip = on_result, on_flip
        self._run_of = {kind.settings: kind.run for kind in probes.values()}
        self._zone = SteadyZone(kit.clock)
        self._agenda = Agenda(asked, self._zone.now_s(), rng)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._scheduler = AsyncIOScheduler(timezone=self._zone)
        self._job: Job | None = None
        self.heard_mono_ns = kit.clock.mono_ns()
        """When a probe last came to its end."""

    def start(self) -> None:
        """Needs a running loop."""
        self._scheduler.start()
        self._job = self._scheduler.add_job(
            self._round,
            _WhenDue(self._agenda, self._zone),
            misfire_grace_time=None,  # a late probe is a probe
            coalesce=True,
            max_instances=10,  # a round never waits, so rounds cannot overlap; APScheduler only notices their end late
        )
        self._begin(self._zone.now_s())  # who is due already is not in the agenda's future

    async def stop(self) -> None:
        """Cancels what is under way; its results are not measured to the end and are none."""
        self._job = None
        self._scheduler.shutdown(wait=False)
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await asyncio.sleep(0)  # shutdown() above only asked the loop to do it

    async def _round(self) -> None:
        self._begin(self._zone.now_s())

    def _begin(self, now_s: float) -> None:
        """Starts who is due, as far as there is room."""
        for index in self._agenda.take(now_s, self._at_most - len(self._running)):
            self._running[index] = asyncio.create_task(self._one(index))

    async def _one(self, index: int) -> None:
        target = self._targets[index]
        result = await ask(self._run_of[type(target)], target, self._kit, self._grace_s)
        del self._running[index]
        self.heard_mono_ns = self._kit.clock.mono_ns()
        state = self._agenda.hear(index, result.ok if result.is_evidence else None, self._zone.now_s())
        try:
            self._on_result(result, target)
            if state is not None:
                self._on_flip(target, state)
        except Exception:  # the boundary of this task: one result that cannot be kept must not end the target's probing
            log.exception("result_not_kept target=%s", target.name)
        self._hurry()

    def _hurry(self) -> None:
        """After an answer there is room for who waits, and somebody may be due before the job was going to run."""
        now_s = self._zone.now_s()  # one "now" for both: who becomes due between two would be seen by neither
        self._begin(now_s)
        due_s = self._agenda.next_due_s(now_s)
        if due_s is not None and self._job and self._zone.at(due_s) < self._job.next_run_time:
            self._job.modify(next_run_time=self._zone.at(due_s))


async def ask(run: Run, target: TargetSettings, kit: Kit, grace_s: float = GRACE_S) -> Result:
    """One probe that ends, and whose end is a result whatever happens in it."""
    started_ms, asleep_ms = kit.clock.boot_ms(), _asleep_ms(kit.clock)
    try:
        async with asyncio.timeout(2 * target.timeout_s + grace_s):
            result = await run(target, kit)
    except Exception as error:  # the boundary of a probe: what escapes it is our bug and no fault of the line
        log.error("probe_broken target=%s error=%r", target.name, error)
        log.debug("probe_broken target=%s", target.name, exc_info=True)
        return _our_error(target, started_ms, repr(error))
    if _asleep_ms(kit.clock) - asleep_ms > SLEPT_MS:
        return _our_error(target, started_ms, "the host slept during the probe")
    return result


def _our_error(target: TargetSettings, started_ms: int, reason: str) -> Result:
    return Result(
        target=target.name, started_ms=started_ms, outcome=Outcome.ERROR, sent=0, received=0, reason=reason[:200]
    )


def _asleep_ms(clock: Clock) -> float:
    """How long the host has slept since it booted, give or take a constant."""
    return clock.boot_ms() - clock.mono_ns() / 1e6


class SteadyZone(tzinfo):
    """A time zone in which it is as late as the monotonic clock says, counted from an arbitrary day."""

    _DAY = datetime(2000, 1, 1, tzinfo=UTC)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_s(self) -> float:
        return self._clock.mono_ns() / 1e9

    def at(self, at_s: float) -> datetime:
        return (self._DAY + timedelta(seconds=at_s)).replace(tzinfo=self)

    def fromutc(self, _wall: datetime) -> datetime:
        """Whoever wants to know how late it is in this zone comes here with the wall clock's time: we put it aside."""
        return self.at(self.now_s())

    def utcoffset(self, _at: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, _at: datetime | None) -> None:
        return None

    def tzname(self, _at: datetime | None) -> str:
        return "steady"


class _WhenDue(BaseTrigger):  # type: ignore[misc]  # apscheduler ships no types
    """Fires when the agenda has somebody due."""

    def __init__(self, agenda: Agenda, zone: SteadyZone) -> None:
        self._agenda, self._zone = agenda, zone

    def get_next_fire_time(self, _previous: datetime | None, _now: datetime) -> datetime:
        now_s = self._zone.now_s()
        due_s = self._agenda.next_due_s(now_s)
        return self._zone.at(now_s + 60 if due_s is None else due_s)
