"""The parts of a collector, each made from those before it: who is wired to whom, and nothing else.

The faces are wired in faces/server.py, what goes on by itself in app.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING

from collector.accounting.accounts import Accounts
from collector.accounting.calendar_files import calendar_of, load_calendars
from collector.accounting.calendars import Calendar
from collector.alerts import AlertSettings
from collector.alerts.deliver import Alerts
from collector.alerts.telling.morning_facts import morning_facts
from collector.alerts.vitals import Vitals
from collector.config import SQLITE, CollectorConfig
from collector.faces.metrics import Facts
from collector.faces.tokens import Tokens
from collector.figures.board import IndicatorBoard
from collector.ingest import Ingest
from collector.judging.rejudge import OnJudged, Rejudge
from collector.live import Live
from collector.registry import Site
from collector.reports.press import Press
from collector.store import Store
from shared.clock import Clock
from shared.texts import Texts

if TYPE_CHECKING:
    from collector.remote_write.sink import Sink

NOBODY = AlertSettings.model_validate({})
"""Whom a simulated province alerts."""


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
    press: Press
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
            alerts=_alerts(config, store, live, rejudge, ingest, clock),
            calendars=calendars,
            calendar_of=of_site,
            press=Press(config, store, accounts, of_site, clock),
            started_at_ms=clock.wall_ms(),
        )

    def facts(self) -> Facts:
        """What one scrape of /metrics tells (blocks)."""
        now_ms = self.clock.wall_ms()
        return Facts(
            now_ms=now_ms,
            version=version("kentongan"),
            sites=self.live.sites(now_ms),
            agents=self.live.agents_at_work(now_ms),
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


def _alerts(
    config: CollectorConfig, store: Store, live: Live, rejudge: Rejudge, ingest: Ingest, clock: Clock
) -> Alerts:
    return Alerts(
        NOBODY if store.marks.simulated else config.alerts,
        store=store,
        sites=live.sites,
        clock=clock,
        texts=Texts(config.language),
        external_url=config.external_url,
        contacts=config.providers,
        timezone=config.timezone,
        agents=lambda: live.agents_at_work(clock.wall_ms()),
        health=Vitals(
            Path(config.store.removeprefix(SQLITE)).parent,
            lag_s=lambda: rejudge.counters.lag_s,
            refused=lambda: ingest.counts.refused,
            damage=store.damage,
            clock=clock,
        ),
        acknowledgements=store.followups.acknowledgements,
        morning=partial(morning_facts, store, config.timezone, config.external_url),
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
