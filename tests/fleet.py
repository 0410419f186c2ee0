"""A site's agents as they truly push: runs, wrong clocks, batches; for tests that go through the whole store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from hypothesis import strategies as st

from collector.store import Delivery
from shared.result import Group, Outcome, Result
from shared.wire import Batch, Context, Host, Jump, TargetSpec, encode_planes
from tests import oracle
from tests.worlds import AGENTS, CHUNKS, EPOCH, GAPS, PAUSES, SECOND, SITE, Run, probes, runs, target_sets

DAY_MS = 86_400_000
ERRORS = (0, 0, 0, -14 * 365 * DAY_MS, 3_600_000, -90_000, 400 * DAY_MS)
"""How wrong a host's clock is."""
WATCHERS = {"hub": "diskominfo", "far": "elsewhere"}


@dataclass(frozen=True)
class Fleet:
    """Everything of one site and of the sites that watch it. `errors` are by agent and number of its run."""

    targets: tuple[oracle.Target, ...]
    """As they concern the site SITE."""
    own: tuple[oracle.Target, ...]
    """Of the watchers' own sites."""
    runs: dict[str, list[Run]]
    errors: dict[str, list[int]]

    def of(self, agent: str) -> list[oracle.Target]:
        return [target for target in (*self.targets, *self.own) if target.agent == agent]

    def site_of(self, agent: str) -> str:
        return WATCHERS.get(agent, SITE)

    def stays(self, agent: str) -> list[oracle.Stay]:
        """Section 7, in true time."""
        found = []
        for run, stamps in zip(self.runs[agent], self.stamps(agent), strict=True):
            if stamps:
                found.append(replace(run.stay, first=stamps[0], last=stamps[-1]))
        return found

    def stamps(self, agent: str) -> list[list[int]]:
        """When each run measured."""
        mine = self.of(agent)
        return [sorted(p.at for t in mine for p in t.probes if run.has(p.at)) for run in self.runs[agent]]

    def world(self) -> oracle.World:
        """What the oracle is asked about."""
        blind = {}
        for agent, site in WATCHERS.items():
            own = oracle.World(targets=tuple(replace(t, watcher="") for t in self.own if t.agent == agent))
            blind[site] = oracle.blind_spans(oracle.judge(own).site)
        stays = [stay for agent in sorted(self.runs) for stay in self.stays(agent)]
        return oracle.World(targets=self.targets, blind=blind, stays=tuple(stays))

    def moved(self, ms: int) -> "Fleet":
        """The same at another time."""
        return Fleet(
            targets=tuple(_moved(t, ms) for t in self.targets),
            own=tuple(_moved(t, ms) for t in self.own),
            runs={agent: [_moved_run(run, ms) for run in found] for agent, found in self.runs.items()},
            errors=self.errors,
        )


def _moved(target: oracle.Target, ms: int) -> oracle.Target:
    return replace(target, probes=tuple(replace(p, at=p.at + ms) for p in target.probes))


def _moved_run(run: Run, ms: int) -> Run:
    s = run.stay
    stay = replace(
        s,
        booted=s.booted + ms,
        run=s.run + ms,
        alive=s.alive + ms if s.alive else 0,
        woke=s.woke + ms if s.woke else 0,
    )
    gaps = tuple((a + ms, b + ms) for a, b in run.gaps)
    return Run(run.start + ms, run.end + ms, stay, gaps, run.stepped)


@st.composite
def fleets(draw: st.DrawFn, horizon_s: int = 1800, *, watched: bool = True, blind: bool = True) -> Fleet:
    """`watched`: others may look at the site from outside; `blind`: and their own lines may fail."""
    targets = tuple(target for target in draw(target_sets(horizon_s)) if watched or not target.watcher)
    agents = sorted({target.agent for target in targets})
    watchers = [agent for agent in agents if not AGENTS[agent]]
    own = tuple(draw(own_targets(agent, horizon_s)) if blind else good_target(agent, horizon_s) for agent in watchers)
    told = {agent: runs(agent, draw(PAUSES) if draw(st.booleans()) else []) for agent in agents}
    errors = {agent: errors_of(found, [draw(st.sampled_from(ERRORS)) for _ in found]) for agent, found in told.items()}
    fleet = Fleet(targets, own, told, errors)
    return heard(replace(fleet, targets=_kept(fleet, targets), own=_kept(fleet, own)))


def heard(fleet: Fleet) -> Fleet:
    """A run that measured nothing leaves no clock by which the next could tell when it was last alive."""
    told = {}
    for agent, found in fleet.runs.items():
        stamps = fleet.stamps(agent)
        told[agent] = found[:1] + [
            run if before else replace(run, stay=replace(run.stay, alive=0))
            for run, before in zip(found[1:], stamps, strict=False)
        ]
    return replace(fleet, runs=told)


def _kept(fleet: Fleet, targets: Sequence[oracle.Target]) -> tuple[oracle.Target, ...]:
    return tuple(
        replace(t, probes=tuple(p for p in t.probes if any(run.has(p.at) for run in fleet.runs[t.agent])))
        for t in targets
    )


@st.composite
def own_targets(draw: st.DrawFn, agent: str, horizon_s: int) -> oracle.Target:
    chunks = draw(st.lists(st.tuples(CHUNKS, st.sampled_from(GAPS)), min_size=2, max_size=8))
    found = probes(chunks, draw(st.integers(0, 20)), 20, horizon_s)
    return oracle.Target(group="internet", agent=agent, name="own", interval=20 * SECOND, probes=found)


def good_target(agent: str, horizon_s: int) -> oracle.Target:
    found = tuple(oracle.Probe(at=EPOCH + at * SECOND, outcome="ok", got=4) for at in range(0, horizon_s, 20))
    return oracle.Target(group="internet", agent=agent, name="own", interval=20 * SECOND, probes=found)


def errors_of(found: Sequence[Run], drawn: Sequence[int]) -> list[int]:
    """A clock is set when the host boots, or by a step of it."""
    errors = list(drawn[:1])
    for (before, run), error in zip(pairwise(found), drawn[1:], strict=True):
        stays = run.stay.boot == before.stay.boot and not run.stepped
        errors.append(errors[-1] if stays else error)
    return errors


# What is pushed


def deliveries(fleet: Fleet, pieces: int = 2) -> list[Delivery]:
    """In order, each run's results in `pieces` batches; every push is an exact exchange of clocks."""
    return [delivery for agent in sorted(fleet.runs) for delivery in _of_agent(fleet, agent, pieces)]


def _of_agent(fleet: Fleet, agent: str, pieces: int) -> list[Delivery]:
    found: list[Delivery] = []
    seq, answered = 0, dict[str, tuple[int, int]]()
    for number, run in enumerate(fleet.runs[agent]):
        targets = fleet.of(agent)
        measured = sorted(
            ((p.at, i, p) for i, t in enumerate(targets) for p in t.probes if run.has(p.at)), key=lambda one: one[:2]
        )
        size = max(1, -(-len(measured) // pieces))
        for first in range(0, len(measured), size):
            batch = measured[first : first + size]
            sent = batch[-1][0] - run.stay.booted + SECOND
            found.append(_delivery(fleet, agent, number, seq, batch, sent, answered.get(run.stay.boot)))
            answered[run.stay.boot] = (run.stay.booted + sent, sent)
            seq += len(batch)
    return found


def _delivery(
    fleet: Fleet,
    agent: str,
    number: int,
    seq: int,
    measured: Sequence[tuple[int, int, oracle.Probe]],
    sent: int,
    answered: tuple[int, int] | None,
) -> Delivery:
    booted = fleet.runs[agent][number].stay.booted
    context = context_of(fleet, agent, number)
    results = [(i, _result(context.targets[i].name, at - booted, probe)) for at, i, probe in measured]
    base_ms = results[0][1].started_ms
    intervals = [spec.interval_ms for spec in context.targets]
    host = Host(
        sent_wall_ms=sent + context.clock_base_ms,
        sent_boot_ms=sent,
        same_boot=True,
        answered=answered,
    )
    batch = Batch(
        stream=f"{agent}-stream",
        first_seq=seq,
        n=len(results),
        context=context.name,
        host=host,
        base_ms=base_ms,
        planes=encode_planes(results, intervals, base_ms),
    )
    return Delivery(agent=agent, site=fleet.site_of(agent), batch=batch, context=context, received_at_ms=booted + sent)


def _result(target: str, boot_ms: int, probe: oracle.Probe) -> Result:
    rtt = probe.rtt * 1000
    return Result(
        target=target,
        started_ms=boot_ms,
        outcome=Outcome(probe.outcome),
        sent=probe.sent,
        received=probe.got,
        rtt_min_us=rtt,
        rtt_avg_us=rtt,
        rtt_max_us=rtt,
    )


def context_of(fleet: Fleet, agent: str, number: int) -> Context:
    """As the host believes it."""
    run, error = fleet.runs[agent][number], fleet.errors[agent][number]
    stay, base = run.stay, run.stay.booted + error
    alive = stay.alive
    if alive:
        is_other_boot = fleet.runs[agent][number - 1].stay.boot != stay.boot
        alive += fleet.errors[agent][number - 1] if is_other_boot else error
    stepped = error - fleet.errors[agent][number - 1] if number else 0
    jump = Jump(at_ms=(stay.woke or run.start) + error, slept_ms=stay.slept, stepped_ms=0 if stay.slept else stepped)
    return Context(
        boot_id=stay.boot,
        boot_at_ms=base,
        run_at_ms=stay.run + error,
        clock_base_ms=base,
        push_interval_ms=60_000,
        targets=tuple(_spec(target, fleet.site_of(agent)) for target in fleet.of(agent)),
        last_stop=stay.stop,
        last_alive_ms=alive,
        jump=jump if number and (stay.slept or run.stepped) else None,
    )


def _spec(target: oracle.Target, site: str) -> TargetSpec:
    return TargetSpec(
        name=target.name,
        group=Group(target.group),
        kind=target.kind,
        interval_ms=target.interval,
        site=SITE if target.watcher and site != SITE else "",
    )


def shuffled(found: Sequence[Delivery], seed: int, repeats: int = 0) -> list[Delivery]:
    """Any order; some of them come twice or more."""
    random = Random(seed)
    every = [*found, *(random.choice(found) for _ in range(repeats))] if found else []
    random.shuffle(every)
    return every
