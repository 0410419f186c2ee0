"""What the collector does by the clock: decide on alerts, take note of imports and revoked tokens, cover, compact."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from collector.accounting.accounts import Accounts
from collector.accounting.days import day_at, ends_ms
from collector.alerts.deliver import Alerts
from collector.faces.tokens import Tokens
from collector.figures.board import IndicatorBoard
from collector.judging.tidings import coverage_today
from collector.live import Live
from collector.store import Store, StoreError
from shared.clock import Clock

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
REFRESH_S = 5
"""How soon a running collector knows of imported sites and revoked tokens."""
COVER_S = 30
ACCOUNT_S = 10
TELL_S = 30
COVER_SHARE = 20
"""Coverage of today takes at most one part in so many of a core: a large province is covered less often."""


class Upkeep:
    """The periodic work. Each job is a method that may also be called by hand; one run of a job at a time."""

    def __init__(
        self,
        *,
        store: Store,
        live: Live,
        tokens: Tokens,
        alerts: Alerts,
        accounts: Accounts,
        board: IndicatorBoard,
        clock: Clock,
        before_compacting: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._store, self._live, self._tokens, self._alerts, self._clock = store, live, tokens, alerts, clock
        self._accounts, self._board = accounts, board
        self._before_compacting = before_compacting
        self._cover_from_ns = 0

    def start(self) -> AsyncIOScheduler:
        """Starts the jobs on the running loop; the caller shuts the scheduler down."""
        scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1})
        scheduler.add_job(_told_once(self._alerts.tick), "interval", seconds=1)
        scheduler.add_job(_told_once(self.refresh), "interval", seconds=REFRESH_S)
        scheduler.add_job(_told_once(self.cover), "interval", seconds=COVER_S)
        scheduler.add_job(_told_once(self.account), "interval", seconds=ACCOUNT_S)
        scheduler.add_job(_told_once(self.tell), "interval", seconds=TELL_S)
        scheduler.add_job(_told_once(self.compact), "cron", minute=2, jitter=60)
        scheduler.start()
        return scheduler

    async def refresh(self) -> None:
        """Sites, tokens and exclusions are changed by other processes: read them again."""
        sites, agents, exclusions = await asyncio.to_thread(
            lambda: (self._store.sites(), self._store.agents(), self._store.acts.exclusions())
        )
        self._live.set_registry(sites, agents)
        self._live.exclude(exclusions)
        await asyncio.to_thread(self._tokens.refresh)

    async def cover(self) -> None:
        """Tell `live` what share of today was observed at each site."""
        started_ns = self._clock.mono_ns()
        if started_ns >= self._cover_from_ns:
            self._live.covered(await asyncio.to_thread(self._coverage))
            ended_ns = self._clock.mono_ns()
            self._cover_from_ns = ended_ns + COVER_SHARE * (ended_ns - started_ns)

    async def account(self) -> None:
        """Close the days that ended, correct those that late results or people changed. Then a portion of the days that
        were closed before there was a chain of evidence gets its links: it is in no hurry."""
        while await asyncio.to_thread(self._accounts.close):
            pass
        await asyncio.to_thread(self._accounts.catch_up)

    async def tell(self) -> None:
        """Add up the indicators that /metrics tells; it paces itself."""
        await asyncio.to_thread(self._board.refresh)

    async def compact(self) -> None:
        """Fold what was received before this hour into chunks. What of it sinks still have to be told is noted first:
        after a restart nobody would hear of it again."""
        for note in self._before_compacting:
            await asyncio.to_thread(note)
        rows = await asyncio.to_thread(self._store.compact, start_of_hour(self._clock.wall_ms()))
        log.info("event=compacted rows=%d", rows)

    def _coverage(self) -> dict[str, float]:
        now_ms = self._clock.wall_ms()
        sites = [site for site in self._store.sites() if now_ms < ends_ms(site)]
        midnights = {zone: day_at(zone, now_ms)[0] for zone in {site.timezone for site in sites}}
        pairs = ((s.code, coverage_today(self._store, s.code, midnights[s.timezone], now_ms)) for s in sites)
        return {code: coverage for code, coverage in pairs if coverage is not None}


def start_of_hour(now_ms: int) -> int:
    return now_ms - now_ms % HOUR_MS


def _told_once(job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """`job` with a store that fails told in one line; the next run tries again."""

    async def run() -> None:
        try:
            await job()
        except StoreError as error:
            log.error("event=%s_failed error=%s", getattr(job, "__name__", "job"), error)

    return run
