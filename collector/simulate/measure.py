"""Pure: answers -> results, context by context, as the spool of a real agent would hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collector.condition import Row
from collector.registry import Medium
from collector.simulate.asking import ANSWERS_MS, FAILS_MS, Asked, Asking, Way
from collector.simulate.hosts import contexts_of
from collector.simulate.pieces import Kind, Piece
from collector.simulate.planes import Ints
from collector.simulate.span import Span
from collector.simulate.world import Story, Stretch
from shared.result import CODE_OF, Group, Outcome
from shared.wire import Context, TargetSpec

RTT_US = {
    Medium.FIBER: 12_000,
    Medium.COPPER: 30_000,
    Medium.WIRELESS: 22_000,
    Medium.CELLULAR: 55_000,
    Medium.LEO: 45_000,
    Medium.VSAT: 610_000,
    Medium.OTHER: 30_000,
}
GATEWAY_US = 900
LOSS = 0.001
PACKETS = 4
LONGEST_US, SPREAD_US = 900_000, 20_000
OPEN: Mapping[str, frozenset[Kind]] = {
    "gateway": frozenset(Kind) - {Kind.LOCAL_DOWN},
    "intranet": frozenset({Kind.UP, Kind.INTERNET_DOWN, Kind.INTERCEPTED}),
    "anchor": frozenset({Kind.UP, Kind.INTRANET_DOWN, Kind.INTERCEPTED}),
    "web": frozenset({Kind.UP, Kind.INTRANET_DOWN}),
}
"""In what kinds of trouble each target of a site still answers."""
GROUPS = {"gateway": Group.GATEWAY, "intranet": Group.INTRANET, "anchor": Group.INTERNET, "web": Group.INTERNET}


@dataclass(frozen=True, slots=True)
class Taken:
    """What was measured in one context, by time. `at_ms` is true time."""

    context: Context
    stretch: Stretch
    target: Ints
    at_ms: Ints
    outcome: NDArray[np.uint8]
    sent: NDArray[np.uint8]
    received: NDArray[np.uint8]
    avg_us: Ints
    below_us: Ints
    above_us: Ints

    def __len__(self) -> int:
        return len(self.at_ms)


@dataclass(frozen=True, slots=True)
class Sight:
    """When a stretch of the host's life had its first result, when all groups had spoken, and the last target of all:
    before it nobody can tell that somebody else answers."""

    first_ms: int
    seen_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Agent:
    """All that one agent measured: `targets` in the order of the contexts."""

    name: str
    site: str
    targets: tuple[TargetSpec, ...]
    taken: tuple[Taken, ...]
    sights: tuple[Sight, ...]
    """One a stretch."""


def agent_of(story: Story, watched: Sequence[Story], span: Span, push_ms: int, rng: np.random.Generator) -> Agent:
    """What the agent at a place measures: its own targets, and the routers of those it watches."""
    names = [name for name in OPEN if span.web or name != "web"]
    targets = [_own(name, span) for name in names] + [_router(one, span) for one in watched]
    asked = [_asked(story.pieces, name, span) for name in names] + [_from_outside(one, span) for one in watched]
    own_us = [_rtt_us(name, story.place.site.medium) for name in names]
    rtt_us = np.array(own_us + [RTT_US[one.place.site.medium] for one in watched])
    contexts = list(contexts_of(story, push_ms, targets, rng))
    parts = _answers(story, asked, float(rng.random()))
    target, at_ms, good = (np.concatenate(column) for column in zip(*parts, strict=True))
    columns = _columns(target, at_ms, good, asked, rtt_us, _intercepts(story.pieces), rng)
    groups = [spec.group for spec in targets[: len(names)]]
    spoke_ms = at_ms + np.where(good, (columns[5] + columns[7]) // 1_000, 0)
    ends = np.cumsum([len(part[0]) for part in parts])[:-1]
    by_stretch = [np.split(column, ends) for column in (target, at_ms, spoke_ms)]
    sights = [_sight(*one, groups) for one in zip(by_stretch[0], by_stretch[1], by_stretch[2], strict=True)]
    edges = [0, *np.searchsorted(at_ms, [begins_ms for begins_ms, _, _ in contexts[1:]]).tolist(), len(at_ms)]
    taken = [
        Taken(context, stretch, *(column[start:end] for column in columns))
        for (_, context, stretch), start, end in zip(contexts, edges, edges[1:], strict=False)
        if end > start
    ]
    return Agent(
        name=f"sim-{story.place.site.code}",
        site=story.place.site.code,
        targets=tuple(targets),
        taken=tuple(taken),
        sights=tuple(sights),
    )


def _own(name: str, span: Span) -> TargetSpec:
    kind = "http" if name == "web" else "icmp"
    return TargetSpec(
        name=name, group=GROUPS[name], kind=kind, interval_ms=span.interval_ms, address=f"{name}.simulasi"
    )


def _router(story: Story, span: Span) -> TargetSpec:
    code = story.place.site.code
    return TargetSpec(name=f"router-{code}", group=Group.INTERNET, kind="icmp", interval_ms=span.interval_ms, site=code)


def _way(pieces: Sequence[Piece], kinds: frozenset[Kind]) -> Way:
    edges, open_ = [pieces[0][0]], [pieces[0][2] in kinds]
    for start_ms, _, kind in pieces[1:]:
        if (kind in kinds) is not open_[-1]:
            edges.append(start_ms)
            open_.append(kind in kinds)
    return Way(tuple(edges), tuple(open_))


def _asked(pieces: Sequence[Piece], name: str, span: Span) -> Asked:
    return Asked(GROUPS[name], name != "web", span.interval_ms, span.down_ms, _way(pieces, OPEN[name]))


def _from_outside(story: Story, span: Span) -> Asked:
    way = _way(story.pieces, frozenset({Kind.UP}))
    down_ms = max(span.down_ms, span.interval_ms // 5)
    return Asked(Group.INTERNET, True, span.interval_ms, down_ms, way, circle=story.place.site.code)


def _rtt_us(name: str, medium: Medium) -> int:
    if name == "gateway":
        return GATEWAY_US
    return min(850_000, RTT_US[medium] * (3 if name == "web" else 1))


def _intercepts(pieces: Sequence[Piece]) -> Sequence[tuple[int, int]]:
    return [(start_ms, end_ms) for start_ms, end_ms, kind in pieces if kind is Kind.INTERCEPTED]


def _answers(story: Story, asked: Sequence[Asked], phase: float) -> list[tuple[Ints, Ints, NDArray[np.bool_]]]:
    """(target, start in true time, answered) by time, stretch by stretch."""
    asking = Asking(asked, phase)
    parts: list[tuple[Ints, Ints, NDArray[np.bool_]]] = []
    for stretch in story.stretches:
        silence = stretch.before
        if silence and silence.row is Row.ASLEEP:
            asking.wake(stretch.from_ms, stretch.to_ms, silence.end_ms - silence.start_ms)
        else:
            asking.run(stretch.from_ms, stretch.to_ms)
        target, at_ms, good = asking.take()
        ended = at_ms + np.where(good, ANSWERS_MS, FAILS_MS) <= stretch.to_ms  # the others were under way at the end
        parts.append((target[ended], at_ms[ended], good[ended]))
    return parts


def _sight(target: Ints, at_ms: Ints, spoke_ms: Ints, groups: Sequence[Group]) -> Sight:
    first: dict[Group, int] = {}
    for index, group in enumerate(groups):
        at = int(spoke_ms[np.argmax(target == index)])
        first[group] = min(first.get(group, at), at)
    web = max(int(spoke_ms[np.argmax(target == index)]) for index in range(len(groups)))  # a group waits for its last
    return Sight(int(at_ms[0]), max(first.values()), web)


def _columns(
    target: Ints,
    at_ms: Ints,
    good: NDArray[np.bool_],
    asked: Sequence[Asked],
    rtt_us: Ints,
    intercepts: Sequence[tuple[int, int]],
    rng: np.random.Generator,
) -> tuple[Any, ...]:
    """The columns of Taken from `target` on."""
    n, answered = len(at_ms), good.copy()
    echo = np.array([one.echo for one in asked])[target]
    outcome = np.where(
        good, CODE_OF[Outcome.OK], np.where(echo, CODE_OF[Outcome.TIMEOUT], CODE_OF[Outcome.DNS_FAILURE])
    )
    for start_ms, end_ms in intercepts:
        first, last = np.searchsorted(at_ms, (start_ms, end_ms))
        portal = first + np.flatnonzero(~echo[first:last] & ~good[first:last])
        outcome[portal], answered[portal] = CODE_OF[Outcome.INTERCEPTED], True
    sent = np.where(echo, PACKETS, 1)
    received = np.where(answered, sent - (echo & (rng.random(n) < LOSS * PACKETS)), 0)
    avg_us = np.minimum(rtt_us[target] * (1 + 0.05 * rng.standard_exponential(n)), LONGEST_US)
    spread_us = np.where(answered & echo, np.minimum(avg_us * (0.03 * rng.random(n)), SPREAD_US), 0).astype(np.int64)
    avg_us = np.where(answered, avg_us, 0).astype(np.int64)
    octets = [column.astype(np.uint8) for column in (outcome, sent, received)]
    return target, at_ms, *octets, avg_us, spread_us, spread_us
