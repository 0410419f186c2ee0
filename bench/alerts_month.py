"""A simulated province, pushed through the real ingest, judge and alerts on virtual time; what was told, and when.

Agents ask every minute and push every five, and at once when a target turns, as the real ones do; what they could not
send comes when they are back. Virtual time goes on by STEP_MS, and by BUSY_STEP_MS after anything turns at any site: a
silence is therefore told up to a minute later here than by a collector that looks every second.
"""

import asyncio
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
import numpy as np

from collector.accounting.calendar_files import calendar_of, load_calendars
from collector.accounting.calendars import Calendar
from collector.alerts import AlertSettings
from collector.alerts.channel import Standing
from collector.alerts.deciding.rules import MASS_OUTAGE
from collector.alerts.deliver import Alerts
from collector.ingest import MSGPACK, Ingest
from collector.judging.judge import JudgeSettings
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.registry import Site, Token
from collector.simulate.deliver import Province
from collector.simulate.measure import Agent, Taken, agent_of
from collector.simulate.parcels import arrivals, body_of
from collector.simulate.province import Role, generated, places
from collector.simulate.span import Span
from collector.simulate.world import Story
from collector.store import SentAlert
from collector.store.sqlite import SqliteStore
from shared.result import CODE_OF, Outcome
from shared.texts import Texts
from tests.fakes import SetClock

CALENDARS = Path(__file__).resolve().parent.parent / "config" / "calendars"
START_MS = 1_793_462_400_000  # 2026-11-01 00:00 in Makassar
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
INTERVAL_MS, DOWN_MS, PUSH_MS = 60_000, 10_000, 300_000
STEP_MS, BUSY_STEP_MS, BUSY_MS = 60_000, 3_000, 110_000
FAILURES, SUCCESSES = 3, 2
OK = CODE_OF[Outcome.OK]


@dataclass(slots=True)
class Life:
    """An alert as people saw it: `told_ms` when it was told first, `over_ms` when it was told to be over; `members`:
    the sites of a mass outage, and when each belonged to it first."""

    alert: SentAlert
    told_ms: int
    over_ms: int | None = None
    members: dict[str, int] = field(default_factory=dict)


class Ear:
    """The channel that writes down what it is told."""

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = {}
        self.lives: list[Life] = []
        self.open: dict[str, Life] = {}

    def restore(self, records: Sequence[SentAlert]) -> None:
        """Nothing was told before."""

    def deliver(self, alerts: Mapping[str, SentAlert], changed: Collection[str], standing: Standing) -> None:
        for key in changed:
            life, alert = self.open.get(key), alerts[key]
            if life is None and alert.ends_at_ms is None:
                self.open[key] = life = Life(alert, standing.now_ms)
                self.lives.append(life)
            elif life is not None:
                life.alert = alert
            if life is not None and alert.ends_at_ms is not None:
                life.over_ms = standing.now_ms
                del self.open[key]

    def owes(self, key: str) -> bool:
        return False

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Push:
    """A body on its way."""

    received_ms: int
    agent: str
    site: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Month:
    """What was simulated and what was told of it."""

    province: Province
    calendar_of: Callable[[Site], Calendar]
    lives: Sequence[Life]
    pushes: int
    ticks: int


def province(sites: int, days: int, seed: int) -> Province:
    """The same for the same numbers."""
    known = places(generated(sites, Random(f"{seed}/sites")), Random(f"{seed}/places"))
    span = Span(from_ms=START_MS, to_ms=START_MS + days * DAY_MS, interval_ms=INTERVAL_MS, down_ms=DOWN_MS)
    return Province(known, span, seed)


def run(simulated: Province, told: Callable[[str], None]) -> Month:
    """The whole month; `told` is told how far it is."""
    shm = Path("/dev/shm")  # a disk would be waited for a hundred thousand times
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        return asyncio.run(_run(simulated, Path(folder), told))


async def _run(simulated: Province, folder: Path, told: Callable[[str], None]) -> Month:
    pushes = sorted(_pushes(simulated, told), key=lambda push: push.received_ms)
    calendars = load_calendars((CALENDARS,), "24x7")

    def service(site: Site) -> Calendar:
        return calendar_of(site, calendars=calendars, default="24x7")

    clock, ear = SetClock(START_MS), Ear()
    store, live = SqliteStore(str(folder / "store.db"), linger_s=0), Live(service)
    store.put_sites([place.site for place in simulated.places])
    rejudge = Rejudge(store, live, JudgeSettings(), clock)
    ingest = Ingest(store, _nobody, clock)
    settings = AlertSettings.model_validate({"startup_grace_s": 1.5 * PUSH_MS / 1000})
    alerts = Alerts(
        settings, store=store, sites=live.sites, clock=clock, texts=Texts("id"), external_url="", agents=live.agents
    )
    alerts.channels["ear"] = ear
    rejudge.load()
    at, ticks, compacted_ms = 0, 0, START_MS
    for now_ms in _moments(simulated):
        clock.now_ms, first = now_ms, at
        while at < len(pushes) and pushes[at].received_ms <= now_ms:
            at += 1
        if first < at:
            await asyncio.gather(*(_accept(ingest, push) for push in pushes[first:at]))
            rejudge.judge_touched()
        await alerts.tick()
        _join(ear, alerts, now_ms)
        ticks += 1
        if now_ms - compacted_ms >= 6 * HOUR_MS:
            compacted_ms = now_ms
            await asyncio.to_thread(store.compact, now_ms - now_ms % HOUR_MS)
            told(f"day {(now_ms - START_MS) / DAY_MS:.2f}, {len(ear.lives)} alerts")
    store.close()
    return Month(simulated, service, ear.lives, len(pushes), ticks)


def _join(ear: Ear, alerts: Alerts, now_ms: int) -> None:
    for key, life in ear.open.items():
        if life.alert.labels["alertname"] == MASS_OUTAGE:
            for code in alerts.members(key):
                life.members.setdefault(code, now_ms)


async def _nobody(_secret: str) -> None:
    """No token is asked for."""


async def _accept(ingest: Ingest, push: Push) -> None:
    token = Token(id="simulated", kind="agent", agent=push.agent, site=push.site, hash=b"", created_at_ms=0)
    await ingest.accept(push.body, MSGPACK, "", token, push.received_ms)


def _moments(simulated: Province) -> Iterator[int]:
    """When the collector looks: every STEP_MS, and more often for BUSY_MS after anything turned anywhere."""
    edges = sorted({piece[0] for story in simulated.stories.values() for piece in story.pieces})
    now_ms, place = START_MS, 0
    while now_ms < simulated.span.to_ms:
        while place < len(edges) and edges[place] + BUSY_MS <= now_ms:
            place += 1
        quiet_until_ms = edges[place] if place < len(edges) else simulated.span.to_ms
        busy = quiet_until_ms <= now_ms
        now_ms = now_ms + BUSY_STEP_MS if busy else min(now_ms + STEP_MS, max(quiet_until_ms, now_ms + BUSY_STEP_MS))
        yield now_ms


def _pushes(simulated: Province, told: Callable[[str], None]) -> Iterator[Push]:
    agents = list(simulated.agents)
    for number, story in enumerate(agents, 1):
        agent = _measured(simulated, story)
        random = Random(f"{simulated.seed}/{agent.site}/post")
        known: dict[str, int] = {}
        for one in arrivals(agent, story, simulated.span.end_ms, PUSH_MS, random, _turns):
            batch = one.batch
            if one.received_ms - known.setdefault(batch.context, one.received_ms) > PUSH_MS:
                batch = msgspec.structs.replace(batch, context_body=None)  # known by now, as agents do it
            yield Push(one.received_ms, one.agent, one.site, body_of(batch))
        if number % 20 == 0:
            told(f"{number} of {len(agents)} agents measured")


def _measured(simulated: Province, story: Story) -> Agent:
    watched = simulated.watched if story.place.role is Role.SERVER else []
    seeds = np.random.SeedSequence([simulated.seed, *story.place.site.code.encode()])
    return agent_of(story, watched, simulated.span, PUSH_MS, np.random.default_rng(seeds))


def _turns(taken: Taken) -> Sequence[int]:
    """When the agent pushes at once: at its start, and when a target has failed or answered often enough to turn."""
    found = [int(taken.at_ms[0]) + 10_000]
    for target in range(int(taken.target.max()) + 1):
        mine = np.flatnonzero(taken.target == target)
        bad = taken.outcome[mine] != OK
        fell = _runs(bad, FAILURES)
        rose = _runs(~bad, SUCCESSES)
        at, down = -1, False
        while True:
            turns = rose if down else fell
            place = int(np.searchsorted(turns, at, "right"))
            if place == len(turns):
                break
            at, down = int(turns[place]), not down
            found.append(int(taken.at_ms[mine[at]]))
    return sorted(found)


def _runs(values: "np.ndarray[tuple[int], np.dtype[np.bool_]]", n: int) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Where the last `n` were all true."""
    if len(values) < n:
        return np.zeros(0, dtype=np.intp)
    windows = np.lib.stride_tricks.sliding_window_view(values, n)
    return np.flatnonzero(windows.all(axis=1)) + n - 1
