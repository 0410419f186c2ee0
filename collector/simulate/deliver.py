"""Batches -> the real ingest, the real judge, the real accounts; agent by agent, the watching one first.

Simulated is only the time: every batch has its own moment of arrival, and the judge's clock stands at the end of all.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from collector.accounting.accounts import Accounts
from collector.clocks import TRUSTED_MS
from collector.ingest import MSGPACK, Ingest
from collector.judging.rejudge import Rejudge
from collector.registry import Token
from collector.simulate.faults import mass_outages
from collector.simulate.measure import Agent, agent_of
from collector.simulate.parcels import LONGEST_WAY_MS, Arrival, arrivals, body_of
from collector.simulate.province import Place, Role
from collector.simulate.span import Span
from collector.simulate.truth import TrueSite, inner_spells, outer_spells, true_site
from collector.simulate.world import Story, story
from collector.store import Store
from shared.clock import Clock

PARCEL_MS = 12 * 3_600_000
PUSH_MS = 60_000
AT_ONCE = 50_000
"""Results that are on their way at the same time."""
FOLD_EVERY = 2_000_000
CLOSED_AT_ONCE = 200
FOREVER_MS = 1 << 62


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Wall time stands still, so that everybody is at the end of what was simulated; durations are real."""

    stands_ms: int
    real: Clock

    def wall_ms(self) -> int:
        return self.stands_ms

    def wall_ns(self) -> int:
        return self.stands_ms * 1_000_000

    def mono_ns(self) -> int:
        return self.real.mono_ns()

    def boot_ms(self) -> int:
        return self.real.boot_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """The parts of a collector that take in what is simulated."""

    store: Store
    ingest: Ingest
    rejudge: Rejudge
    accounts: Accounts


@dataclass(frozen=True, slots=True)
class Done:
    """One more agent was simulated: the truth of the sites it told of."""

    results: int
    sites: tuple[TrueSite, ...]


class Province:
    """All that is simulated, from one seed; the same seed and sites give the same bytes."""

    def __init__(self, sites: Sequence[Place], span: Span, seed: int) -> None:
        self.span, self.seed, self.places = span, seed, tuple(sites)
        mass = mass_outages(self.places, span, Random(f"{seed}/mass"))
        self.stories: Mapping[str, Story] = {
            place.site.code: story(place, span, mass, self._random(place.site.code, "story")) for place in self.places
        }

    @property
    def agents(self) -> Iterator[Story]:
        """The stories of the places where an agent stands, the watching one first."""
        own = [one for one in self.stories.values() if one.place.role is not Role.WATCHED]
        return iter(sorted(own, key=lambda one: one.place.role is not Role.SERVER))

    @property
    def watched(self) -> list[Story]:
        return [one for one in self.stories.values() if one.place.role is Role.WATCHED]

    def measured(self, one: Story) -> Agent:
        """What the agent at a place measures."""
        watched = self.watched if one.place.role is Role.SERVER else []
        seeds = np.random.SeedSequence([self.seed, *one.place.site.code.encode()])
        return agent_of(one, watched, self.span, PUSH_MS, np.random.default_rng(seeds))

    def posted(self, agent: Agent, one: Story, order: int) -> list[Arrival]:
        """What reaches the collector of it, in any order; `order` seeds it. The newest comes last, as it must: when an
        agent was heard last, and in what state, is told by what came last."""
        found = arrivals(agent, one, self.span.end_ms, PARCEL_MS, self._random(agent.site, "post"))
        newest = found.pop(max(range(len(found)), key=lambda place: found[place].received_ms))
        Random(f"{self.seed}/{agent.site}/{order}").shuffle(found)
        return [*found, newest]

    def true_sites(self, agent: Agent, one: Story) -> tuple[TrueSite, ...]:
        """The truth of the site where the agent stands, and of those it watches."""
        site = one.place.site
        spells, clock_ms = inner_spells(one, agent, self.span), clock_error_ms(one)
        found = [true_site(site.code, site.timezone, spells, self.span, clock_ms)]
        if one.place.role is Role.SERVER:
            for other in self.watched:
                there = other.place.site
                spells = outer_spells(other, agent, self.span)
                found.append(true_site(there.code, there.timezone, spells, self.span, clock_ms))
        return tuple(found)

    def _random(self, code: str, what: str) -> Random:
        return Random(f"{self.seed}/{code}/{what}")


def clock_error_ms(one: Story) -> int:
    """How wrong stamps may be that the collector lets stand, or has corrected by the way that a push takes."""
    wrong_ms = [abs(error_ms) for stretch in one.stretches for _, error_ms in stretch.wrong]
    return max([LONGEST_WAY_MS, *(error_ms for error_ms in wrong_ms if error_ms <= TRUSTED_MS)])


async def deliver(
    province: Province, into: Receivers, told: Callable[[Done], None], closed: Callable[[int], None], order: int = 0
) -> None:
    """Everything, agent by agent; `told` after each, `closed` how many days were. Cancelled, it leaves a usable store.

    Days are closed before their results are folded into chunks: from memory that takes a third of the time.
    """
    since_folding = 0
    for one in province.agents:
        agent = await asyncio.to_thread(province.measured, one)
        posted = await asyncio.to_thread(province.posted, agent, one, order)
        for some in _groups(posted):
            await asyncio.gather(*(_accept(into.ingest, arrival) for arrival in some))
        await asyncio.to_thread(into.rejudge.judge_touched)
        results = sum(len(taken) for taken in agent.taken)
        told(Done(results, province.true_sites(agent, one)))
        since_folding += results
        if since_folding >= FOLD_EVERY:
            since_folding = 0
            await _fold(into, closed)
    await _fold(into, closed)


async def _fold(into: Receivers, closed: Callable[[int], None]) -> None:
    while days := await asyncio.to_thread(into.accounts.close, CLOSED_AT_ONCE):
        closed(days)
    await asyncio.to_thread(into.store.compact, FOREVER_MS)


def _groups(posted: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    some: list[Arrival] = []
    results = 0
    for arrival in posted:
        some.append(arrival)
        results += arrival.batch.n
        if results >= AT_ONCE:
            yield some
            some, results = [], 0
    if some:
        yield some


async def _accept(ingest: Ingest, arrival: Arrival) -> None:
    token = Token(id="simulated", kind="agent", agent=arrival.agent, site=arrival.site, hash=b"", created_at_ms=0)
    await ingest.accept(body_of(arrival.batch), MSGPACK, "", token, arrival.received_ms)
