"""Pure: what was measured -> batches, and when each reaches the collector: late, some twice, in any order.

1. What one context holds is cut soon after it began, every `parcel_ms`, and shortly before the host stops: what was
   measured after the last push is told when it is back.
2. A batch is sent when its last result is there and the collector can be reached: the host awake, its line up. So an
   outage makes a backlog.
3. Of every REPEATED batches one is sent again later, as after an answer that was lost.
4. Every sending is an exchange: it tells the boot clock of that moment, and of the answer before.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import msgspec
import numpy as np

from collector.simulate.measure import Agent, Taken
from collector.simulate.pieces import Kind
from collector.simulate.planes import planes_of
from collector.simulate.world import Story, Stretch
from shared.wire import Batch, Host

REPEATED = 25
MOST_RESULTS = 20_000
READY_MS = 3_000
FIRST_MS = 10 * 60_000
"""How long after the beginning of a context something is sent, so that its clock is known."""
APART_MS = 300
LONGEST_WAY_MS = 120
"""What a push or its answer takes at most."""
UNREACHED = frozenset({Kind.LOCAL_DOWN, Kind.LINE_DOWN})


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch as it reaches the collector."""

    agent: str
    site: str
    batch: Batch
    received_ms: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """Rows `start` to `end` of one context, with their first sequence number."""

    taken: Taken
    start: int
    end: int
    first_seq: int


def arrivals(
    agent: Agent,
    story: Story,
    end_ms: int,
    parcel_ms: int,
    rng: Random,
    at_once: Callable[[Taken], Sequence[int]] = lambda _taken: (),
) -> list[Arrival]:
    """All that reaches the collector of one agent, in the order of sending; any other order means the same. `at_once`:
    when something turned that is told without waiting for the parcel to be full."""
    windows = _connected(story)
    sends: list[tuple[int, int, _Cut]] = []
    for number, cut in enumerate(_cuts(agent, parcel_ms, at_once)):
        ready_ms = int(cut.taken.at_ms[cut.end - 1]) + READY_MS + rng.randint(0, APART_MS)
        sent_ms = _next_in(windows, ready_ms, end_ms)
        again_ms = _next_in(windows, (sent_ms or 0) + rng.randint(5_000, 7_200_000), end_ms)
        if sent_ms:
            sends.append((sent_ms, number, cut))
        if again_ms and rng.random() < 1 / REPEATED:
            sends.append((again_ms, number, cut))
    return list(_posted(agent, story, sorted(sends, key=lambda send: send[:2]), rng))


def _connected(story: Story) -> list[tuple[int, int]]:
    """When the host can reach the collector."""
    return [
        (max(start_ms, stretch.from_ms), min(end_ms, stretch.to_ms))
        for stretch in story.stretches
        for start_ms, end_ms, kind in story.pieces
        if kind not in UNREACHED and max(start_ms, stretch.from_ms) + READY_MS < min(end_ms, stretch.to_ms)
    ]


def _next_in(windows: Sequence[tuple[int, int]], at_ms: int, end_ms: int) -> int | None:
    """The first moment from `at_ms` on in one of `windows`; the very end if it is in one, else never."""
    place = bisect_left(windows, at_ms, key=lambda window: window[1])
    if place < len(windows):
        return max(at_ms, windows[place][0] + READY_MS)
    return end_ms - 1 if windows and windows[-1][1] == end_ms else None


def _cuts(agent: Agent, parcel_ms: int, at_once: Callable[[Taken], Sequence[int]]) -> Iterator[_Cut]:
    seq = 0
    for taken in agent.taken:
        push_ms = taken.context.push_interval_ms
        last_ms = min(int(taken.at_ms[-1]), taken.stretch.to_ms - push_ms)
        first_ms = int(taken.at_ms[0])
        marks = np.array([first_ms + FIRST_MS, *range(first_ms + parcel_ms, last_ms, parcel_ms), last_ms])
        turned = np.searchsorted(taken.at_ms, np.array(at_once(taken), dtype=np.int64), "right").tolist()
        edges = sorted({0, *np.searchsorted(taken.at_ms, marks).tolist(), *turned, len(taken)})
        for start, end in pairwise(edges):
            for begin in range(start, end, MOST_RESULTS):
                stop = min(end, begin + MOST_RESULTS)
                yield _Cut(taken, begin, stop, seq + begin)
        seq += len(taken)


def _posted(agent: Agent, story: Story, sends: Sequence[tuple[int, int, _Cut]], rng: Random) -> Iterator[Arrival]:
    starts = [stretch.from_ms for stretch in story.stretches]
    answered: tuple[int, tuple[int, int]] | None = None
    for sent_ms, _, cut in sends:
        stretch = story.stretches[max(0, bisect_left(starts, sent_ms + 1) - 1)]
        received_ms = sent_ms + rng.randint(8, LONGEST_WAY_MS)
        own = answered[1] if answered and answered[0] == stretch.boot else None
        yield Arrival(agent.name, agent.site, _batch(agent, cut, _host(stretch, cut, sent_ms, own)), received_ms)
        answered = stretch.boot, (received_ms, received_ms + rng.randint(8, LONGEST_WAY_MS) - stretch.booted_ms)


def _host(stretch: Stretch, cut: _Cut, sent_ms: int, answered: tuple[int, int] | None) -> Host:
    wrong_ms = [wrong for at_ms, wrong in stretch.wrong if at_ms <= max(sent_ms, stretch.from_ms)][-1]
    return Host(
        sent_wall_ms=sent_ms + wrong_ms,
        sent_boot_ms=sent_ms - stretch.booted_ms,
        spool_results=cut.end - cut.start,
        same_boot=cut.taken.stretch.boot == stretch.boot,
        answered=answered,
    )


def _batch(agent: Agent, cut: _Cut, host: Host) -> Batch:
    taken, part = cut.taken, slice(cut.start, cut.end)
    boot_ms = taken.at_ms[part] - taken.stretch.booted_ms
    base_ms = int(boot_ms[0])
    planes = planes_of(
        taken.target[part],
        boot_ms,
        taken.outcome[part],
        taken.sent[part],
        taken.received[part],
        taken.avg_us[part],
        taken.below_us[part],
        taken.above_us[part],
        np.array([spec.interval_ms for spec in agent.targets]),
        base_ms,
    )
    return Batch(
        stream=f"sim-{agent.site}"[:64],
        first_seq=cut.first_seq,
        n=cut.end - cut.start,
        context=taken.context.name,
        context_body=taken.context,
        host=host,
        base_ms=base_ms,
        planes=planes,
    )


def body_of(batch: Batch) -> bytes:
    """As it travels: msgpack, here without compression."""
    return msgspec.msgpack.encode(batch)
