"""`simulate`: a province whose truth is known."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from collector.commands.desk import FOUND_A_PROBLEM, OK, CannotRun, Desk, accounts_of, alone, at_store, login_name
from collector.config import SQLITE
from collector.ingest import Ingest
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.registry import Site
from collector.simulate.deliver import Done, FixedClock, Province, Receivers, deliver
from collector.simulate.province import contracts_of, details_of, generated, places
from collector.simulate.span import Span
from collector.simulate.truth import Header, line_of
from collector.store import Store
from shared.clock import Clock, utc

TRUTH = "truth.jsonl"
SHOW_EVERY_NS = 1_000_000_000


def simulate(desk: Desk, options: Namespace) -> int:
    """Simulates a province into a store that holds nothing real, and writes the truth beside it."""
    desk = at_store(desk, options.store)
    span = _span(options, desk)
    with alone(desk), desk.store() as store:
        sites = _sites(store, options, desk)
        by = f"seed={options.seed} sites={options.sites} days={options.days} from_ms={span.from_ms}"
        _refuse_real(store, f"{by} interval_s={options.interval} pace_s={options.pace}", desk)
        _confirm(desk, options, sites)
        store.marks.mark_simulated(f"{by} interval_s={options.interval} pace_s={options.pace}")
        store.put_sites(sites)
        if options.sites != "registry":
            _register(store, sites, span, options.seed, desk)
        province = Province(places(sites, Random(f"{options.seed}/places")), span, options.seed)
        with suppress(KeyboardInterrupt):
            asyncio.run(_feed(province, store, options, desk))
            return OK
    desk.complain("simulate.stopped")
    return FOUND_A_PROBLEM


def truth_path(desk: Desk, named: str | None) -> Path:
    return Path(named) if named else Path(desk.config.store.removeprefix(SQLITE)).with_name(TRUTH)


def _span(options: Namespace, desk: Desk) -> Span:
    """The whole days that are simulated; without --from those that ended last midnight."""
    zone = ZoneInfo(desk.config.timezone)
    today = utc(desk.clock.wall_ms()).astimezone(zone).date()
    try:
        first = date.fromisoformat(options.begin) if options.begin else today - timedelta(options.days)
    except ValueError:
        raise CannotRun(desk.texts.say("simulate.bad_date", text=options.begin)) from None
    last = first + timedelta(options.days)
    start_ms, end_ms = (round(datetime(d.year, d.month, d.day, tzinfo=zone).timestamp() * 1000) for d in (first, last))
    span = Span(
        from_ms=start_ms,
        to_ms=end_ms,
        interval_ms=options.interval * 1000,
        down_ms=min(options.pace, options.interval) * 1000,
        web=not options.no_web,
    )
    if not options.until_now:
        return span
    return replace(span, today_ms=max(0, desk.clock.wall_ms() - span.healed_ms))


def _sites(store: Store, options: Namespace, desk: Desk) -> list[Site]:
    if options.sites != "registry":
        return generated(int(options.sites), Random(f"{options.seed}/sites"))
    sites = store.sites()
    if not sites:
        raise CannotRun(desk.texts.say("simulate.no_sites"))
    return sites


def _register(store: Store, sites: Sequence[Site], span: Span, seed: int, desk: Desk) -> None:
    """What a register would say of made sites, and the contracts that they name."""
    zone = ZoneInfo(desk.config.timezone)
    first, after = (utc(at_ms).astimezone(zone).date() for at_ms in (span.from_ms, span.to_ms))
    store.register.put_details(details_of(sites, Random(f"{seed}/details")))
    contracts, at_ms = contracts_of(first, after), desk.clock.wall_ms()
    store.acts.import_contracts(contracts, by=login_name(), at_ms=at_ms, detail={"simulated": True})


def _refuse_real(store: Store, by: str, desk: Desk) -> None:
    """What was measured and what was simulated never stand in one store, nor two simulations."""
    if store.marks.simulated_by not in ("", by):
        raise CannotRun(desk.texts.say("simulate.another", store=desk.config.store, by=store.marks.simulated_by))
    if not store.marks.simulated and store.agents():
        raise CannotRun(desk.texts.say("simulate.real", store=desk.config.store))


def _confirm(desk: Desk, options: Namespace, sites: Sequence[Site]) -> None:
    if options.yes:
        return
    question = desk.texts.say("simulate.ask", n=len(sites), days=options.days, store=desk.config.store)
    if desk.terminal.ask is None:
        raise CannotRun(desk.texts.say("import.needs_yes"))
    if not desk.terminal.ask(question):
        raise CannotRun(desk.texts.say("import.not_done"))


async def _feed(province: Province, store: Store, options: Namespace, desk: Desk) -> None:
    clock = FixedClock(province.span.end_ms + 1_000, desk.clock)
    accounts = accounts_of(store, desk, clock, lambda sites: rejudge.settle(sites))  # noqa: PLW0108  it is made below
    rejudge = Rejudge(store, Live(), desk.config.judge, clock, accounts.touched)
    into = Receivers(store=store, ingest=Ingest(store, _nobody, clock), rejudge=rejudge, accounts=accounts)
    progress = Progress(desk, province, clock)
    span = province.span
    with truth_path(desk, None).open("wb") as truth:
        header = Header(
            simulated=True,
            seed=province.seed,
            from_ms=span.from_ms,
            to_ms=span.to_ms,
            interval_ms=span.interval_ms,
        )
        truth.write(line_of(header))

        def told(done: Done) -> None:
            truth.writelines(map(line_of, done.sites))
            progress.fed(done)

        await deliver(province, into, told, progress.closed, options.order)
    progress.end(store)


async def _nobody(_secret: str) -> None:
    """No token is asked for: what is simulated comes by no door."""


@dataclass(slots=True)
class Progress:
    """Says on stderr how far it is, once a second."""

    desk: Desk
    province: Province
    clock: Clock
    sites: int = 0
    results: int = 0
    days: int = 0
    began_ns: int = field(init=False)
    told_ns: int = 0

    def __post_init__(self) -> None:
        self.began_ns = self.clock.mono_ns()

    def fed(self, done: Done) -> None:
        self.sites += len(done.sites)
        self.results += done.results
        self._tell()

    def closed(self, days: int) -> None:
        self.days += days
        self._tell()

    def end(self, store: Store) -> None:
        self.desk.say(
            "simulate.done",
            sites=self.sites,
            results=self.results,
            seconds=f"{self._seconds():.0f}",
            mib=f"{store.size_bytes() / 2**20:.0f}",
            truth=truth_path(self.desk, None),
        )

    def _seconds(self) -> float:
        return (self.clock.mono_ns() - self.began_ns) / 1e9

    def _tell(self) -> None:
        total, now_ns = len(self.province.places), self.clock.mono_ns()
        if now_ns - self.told_ns < SHOW_EVERY_NS and self.sites < total:
            return
        self.told_ns, spent_s = now_ns, max(0.001, self._seconds())
        self.desk.complain(
            "simulate.progress",
            done=self.sites,
            total=total,
            days=self.days,
            results=self.results,
            rate=f"{self.results / spent_s:.0f}",
            left=f"{spent_s / max(1, self.sites) * (total - self.sites):.0f}",
        )
