"""Runs a plan in a world and brings home what was true and what was measured."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from agent.spool import Spool, SpoolSettings
from collector.columns import Columns
from collector.store import open_store
from shared.clock import SystemClock, rfc3339
from tests.grafana_queries import MAY_BE_EMPTY, VARIABLES, queries
from tests.rig import peers
from tests.rig.scenarios import SCENARIOS, Plan
from tests.rig.sites import Site
from tests.rig.truth import Account, MeasuredOutage, TrueOutage, count, not_among
from tests.rig.world import Happened, World

DASHBOARDS = peers.REPOSITORY / "grafana" / "dashboards"
FOREVER_MS = 1 << 45
FIRST_SEQ = 1
MOST_AT_ONCE = 10_000
STOP_WITHIN_S = 2.0
Say = Callable[[str], None]


@dataclass(kw_only=True)
class Evidence:
    """Everything the report is made of."""

    plan: Plan
    happened: list[Happened] = field(default_factory=list)
    outages: list[MeasuredOutage] = field(default_factory=list)
    flips: list[tuple[str, int, str]] = field(default_factory=list)
    """(site, wall ms, condition) of every flip of a site."""
    alerts: list[peers.SeenAlert] = field(default_factory=list)
    deliveries: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    duplicates: int = 0
    faults: list[str] = field(default_factory=list)
    """What went wrong beside the figures: an empty query, a rule that fails, an agent that would not stop."""

    def true_outages(self) -> list[TrueOutage]:
        return [
            TrueOutage(site=site, scenario=name, condition=span.condition, start_ms=start_ms, end_ms=end_ms)
            for site, name in dict.fromkeys((h.site, h.scenario) for h in self.happened)
            for span in SCENARIOS[name].outages
            for start_ms, end_ms in [(self.when(site, name, span.begins), self.when(site, name, span.ends))]
        ]

    def when(self, site: str, scenario: str, action: str) -> int:
        """Wall milliseconds of an action."""
        return next(h.wall_ms for h in self.happened if (h.site, h.scenario, h.action) == (site, scenario, action))


def gather(world: World, say: Say) -> Evidence:
    """Warm up, let the plan happen, let it settle, ask everybody, stop everything, count."""
    evidence = Evidence(plan=world.plan)
    begun_ms = SystemClock().wall_ms()
    say(f"{len(world.sites)} sites; warming up for {world.plan.pace.warm_up_s:.0f} s")
    time.sleep(world.plan.pace.warm_up_s)
    evidence.happened = list(_happen(world, say))
    say("settling")
    _settle(world, evidence)
    _ask_collector(world, evidence, begun_ms)
    _ask_prometheus(world, evidence)
    evidence.alerts = world.alerts.seen()
    evidence.deliveries = peers.deliveries(world.deliveries)
    _stop(world, evidence)
    evidence.accounts = _count(world)
    return evidence


def _happen(world: World, say: Say) -> Iterator[Happened]:
    begun_s = time.monotonic()
    for at_s, where, scenario, action in world.plan.timeline():
        time.sleep(max(0.0, begun_s + at_s - time.monotonic()))
        say(f"{time.monotonic() - begun_s:6.1f} s  {where or 'core':8s} {action}")
        yield world.perform(where, scenario.name, action)


def _settle(world: World, evidence: Evidence) -> None:
    """Until every agent has delivered what it had when the last step was done, every alarm is resolved, and Prometheus
    has asked everybody again: it may have met the collector while that was dead, and then its answers are empty."""
    since_s = SystemClock().wall_ms() / 1000 + min(10.0, world.plan.pace.interval_s / 3)

    backlog = 10 * world.plan.pace.push_s / world.plan.pace.interval_s + 20

    def behind() -> list[str]:
        told = {name: world.agent_metrics(site) for name, site in world.sites.items()}
        return [
            name
            for name, figures in told.items()
            if figures.get("kentongan_push_last_success_timestamp_seconds", 0) < since_s
            or figures["kentongan_spool_results"] > backlog
        ]

    def firing() -> set[tuple[str, ...]]:
        over = {what for _, status, what in peers.deliveries(world.deliveries) if status == "resolved"}
        seen: set[tuple[str, ...]] = {(alert.name, alert.site, alert.condition) for alert in world.alerts.seen()}
        return seen - over

    try:
        world.until(
            lambda: not firing() and not behind() and world.prometheus.knows_since(since_s),
            world.plan.pace.settle_s,
            "settled",
        )
    except RuntimeError:
        evidence.faults.append(f"not settled {world.plan.pace.settle_s:.0f} s after the end: {behind()}, {firing()}")


def _ask_collector(world: World, evidence: Evidence, begun_ms: int) -> None:
    period = f"from={rfc3339(begun_ms - 60_000)}&to={rfc3339(SystemClock().wall_ms() + 60_000)}"
    for outage in world.api(f"/api/v1/outages?{period}")["outages"]:
        evidence.outages.append(
            MeasuredOutage(
                site=outage["site"],
                condition=outage["condition"],
                start_ms=_ms(outage["start"]),
                start_not_earlier_ms=_ms(outage["start_not_earlier_than"]),
                end_ms=_ms(outage["end"]) if outage["end"] else None,
                end_not_earlier_ms=_ms(outage["end_not_earlier_than"]) if outage["end_not_earlier_than"] else None,
            )
        )
    for name in world.sites:
        flips = world.api(f"/api/v1/sites/{name}/flips?{period}")["flips"]
        evidence.flips += [(name, _ms(flip["at"]), flip["now"]) for flip in flips if flip["scope"] == "site"]
        (world.directory / f"flips-{name}.json").write_text(json.dumps(flips, indent=1))
    (world.directory / "metrics.txt").write_bytes(world.ask("/metrics"))
    evidence.duplicates = world.all_duplicates()


def _ask_prometheus(world: World, evidence: Evidence) -> None:
    """The shipped rules were evaluated without an error, and every query of every dashboard has an answer, but for
    those about periods: minutes are too little for them."""
    evidence.faults += world.prometheus.faults()
    variables = {**VARIABLES, "site": next(iter(world.sites))}
    for file in sorted(DASHBOARDS.glob("*.json")):
        for one in queries(json.loads(file.read_text(encoding="utf-8")), variables):
            if not (world.prometheus.query(one.expr) or one.title in MAY_BE_EMPTY or one.needs_time):
                evidence.faults.append(f"{file.name}: {one.title}: {one.expr} has no answer")


def _stop(world: World, evidence: Evidence) -> None:
    begun_s = time.monotonic()
    evidence.faults += [f"the agent of {name} ignored SIGTERM" for name in world.stop_agents()]
    took_s = (time.monotonic() - begun_s) / len(world.sites)
    if took_s > STOP_WITHIN_S:
        evidence.faults.append(f"an agent took {took_s:.1f} s to stop")
    if not world.stop_collector():
        evidence.faults.append("the collector ignored SIGTERM")


def _count(world: World) -> list[Account]:
    """Made: what the spool numbered. Stored: what the store has, read from its file."""
    store = open_store(world.store_url)
    try:
        return [_account(site, store.read(name, 0, FOREVER_MS)) for name, site in world.sites.items()]
    finally:
        store.close()


def _account(site: Site, columns: Columns) -> Account:
    stored, twice = count(zip(columns.index.tolist(), columns.at_ms.tolist(), strict=True))
    names = [columns.series[index].target for index in columns.index.tolist()]
    spool = Spool(site.state / "spool", SpoolSettings(), SystemClock())
    return Account(
        agent=site.name,
        made=spool.next_seq - FIRST_SEQ,
        stored=stored,
        twice=twice,
        waiting=not_among(_emptied(spool), zip(names, columns.at_ms.tolist(), strict=True)),
        dropped=sum(spool.dropped.values()),
    )


def _emptied(spool: Spool) -> Iterator[tuple[str, int]]:
    """(target, wall ms) of everything that was still in it."""
    while piece := spool.oldest(spool.next_seq, MOST_AT_ONCE):
        for index, result in piece.results:
            yield piece.context.targets[index].name, piece.context.clock_base_ms + result.started_ms
        spool.ack(piece.first_seq, piece.last_seq)


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
