"""Pure: when an agent asks its targets, and what they answer. agent/doubt.py says the rules; this follows them.

1. While every target is settled it is asked at its slots: once an interval, or every `down_ms` while it is down. All
   slots until one of them must tell something new are made at once, as an array.
2. From that one on the answers are played one by one, as the agent hears them: its first failure asks the circle (its
   group and the gateway) at once and then every 2 s, until everybody has answered and is settled.
3. Then it is steady again.

Left out: the credit of rule 7 (here no line flutters for days), and that a watched target which has long been down is
asked ever more seldom (here: at most every fifth of an interval).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count

import numpy as np
from numpy.typing import NDArray

from shared.result import Group

AGAIN_MS, STEP_MS = 2_000, 200
START_MS = 2_000
"""Over how long the first questions of a run are spread."""
TRAIN_MS = (0, 100, 200, 300)
"""When the packets of an echo leave."""
FAILS_MS, ANSWERS_MS = 1_800, 350
"""How long an echo takes that nobody answers, and one that is answered."""
FAILURES, SUCCESSES = 3, 2
NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a group of targets over time: from `edges[i]` on it is `open_[i]`."""

    edges: tuple[int, ...]
    open_: tuple[bool, ...]

    def is_open(self, at_ms: int) -> bool:
        return self.open_[max(0, bisect_right(self.edges, at_ms) - 1)]

    def turns(self, after_ms: int, open_: bool) -> Sequence[tuple[int, int]]:
        """[start, end) of the times after `after_ms` in which it is `open_`."""
        first = max(0, bisect_right(self.edges, after_ms) - 1)
        ends = (*self.edges[1:], NEVER)
        return [(self.edges[i], ends[i]) for i in range(first, len(self.edges)) if self.open_[i] is open_]


@dataclass(frozen=True, slots=True)
class Asked:
    """A target: `echo` has a train of packets, others one exchange."""

    group: Group
    echo: bool
    interval_ms: int
    down_ms: int
    way: Way
    circle: str = ""
    """The site it watches; empty: its own."""

    def answers(self, at_ms: int) -> bool:
        """Whether a probe that starts at `at_ms` succeeds: one packet is enough."""
        return self.way.is_open(at_ms) or (self.echo and self.way.is_open(at_ms + TRAIN_MS[-1]))

    def next_change(self, due_ms: int, every_ms: int, good: bool) -> int:
        """The first of the slots due_ms, due_ms + every_ms ... at which the answer is not `good`; NEVER if none."""
        reach = TRAIN_MS[-1] if self.echo else 0
        for start_ms, end_ms in self.way.turns(due_ms, not good):
            # A train that begins before an opening still gets an answer; one that begins before a closing got one.
            first_ms, last_ms = (start_ms, end_ms - reach) if good else (start_ms - reach, end_ms)
            slot_ms = due_ms + max(0, -(-(first_ms - due_ms) // every_ms)) * every_ms
            if slot_ms < last_ms:
                return slot_ms
        return NEVER


@dataclass(slots=True, eq=False)
class _Item:
    index: int
    asked: Asked
    slot: float
    state: str = "unknown"
    good: int = 0
    bad: int = 0
    due_ms: int = 0
    started_ms: int = -NEVER
    waiting: bool = False
    circles: list["_Circle"] = field(default_factory=list)
    circle: "_Circle | None" = None

    @property
    def settled(self) -> bool:
        return self.good == 0 if self.state == "down" else self.state == "up" and self.good >= SUCCESSES

    @property
    def excused(self) -> bool:
        return self.state == "down" and self.settled

    @property
    def in_doubt(self) -> bool:
        return not self.excused and (not self.settled or any(circle.owing for circle in self.circles))

    @property
    def every_ms(self) -> int:
        return self.asked.down_ms if self.state == "down" else self.asked.interval_ms

    def hear(self, good: bool) -> None:
        self.good, self.bad = (self.good + 1, 0) if good else (0, self.bad + 1)
        if self.state == "unknown" and good:
            self.state, self.good = "up", SUCCESSES
        elif self.state == "down" and self.good >= SUCCESSES:
            self.state = "up"
        elif self.state != "down" and self.bad >= FAILURES:
            self.state = "down"


@dataclass(slots=True, eq=False)
class _Circle:
    members: list[_Item]
    owing: set[int] = field(default_factory=set)
    raised_ms: int = 0


class Asking:
    """One agent's questions. `answers` collects (target, start, answered) as arrays."""

    def __init__(self, targets: Sequence[Asked], phase: float) -> None:
        order = _interleaved(targets)
        slots = {index: (phase + place / len(targets)) % 1 for place, index in enumerate(order)}
        self._order = order
        self._items = [_Item(i, target, slots[i]) for i, target in enumerate(targets)]
        _join(self._items)
        self._events: list[tuple[int, int, int, bool]] = []
        self._tick = count()
        self._shift_ms = 0
        self._single: list[tuple[int, int, bool]] = []
        self._arrays: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]] = []

    def run(self, from_ms: int, to_ms: int) -> None:
        """A new run of the agent: nothing is known, everybody is asked once within START_MS."""
        n = len(self._items)
        for place, index in enumerate(self._order):
            item = self._items[index]
            item.state, item.good, item.bad, item.started_ms = "unknown", 0, 0, -NEVER
            item.due_ms, item.waiting = from_ms + round(place / n * START_MS), True
        for circle in self._circles():
            circle.owing.clear()
        self._play(to_ms)
        self._go_on(to_ms)

    def wake(self, from_ms: int, to_ms: int, slept_ms: int) -> None:
        """After a sleep the schedule goes on where it stood: its clock stood too."""
        self._shift_ms += slept_ms
        for item in self._items:
            item.due_ms = max(from_ms, item.due_ms + slept_ms)
            item.started_ms += slept_ms
            item.waiting = True
        if any(item.in_doubt for item in self._items):
            self._play(to_ms)
        self._go_on(to_ms)

    def take(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """(target, start, answered) by start of all that was asked since the last call."""
        if self._single:
            indexes, starts, answers = zip(*self._single, strict=True)
            self._arrays.append((np.array(indexes), np.array(starts), np.array(answers, np.bool_)))
        parts, self._arrays, self._single = self._arrays, [], []
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_)
        target, at_ms, good = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((target, at_ms))
        return target[order], at_ms[order], good[order]

    def _circles(self) -> list[_Circle]:
        return list({id(circle): circle for item in self._items for circle in item.circles}.values())

    def _go_on(self, to_ms: int) -> None:
        """Rules 1 to 3, until the agent's host stops."""
        while True:
            changes = [item.asked.next_change(item.due_ms, item.every_ms, item.state == "up") for item in self._items]
            news_ms = min(*changes, NEVER, to_ms)
            for item in self._items:
                self._slots(item, news_ms)
            if news_ms >= to_ms:
                return
            self._play(to_ms)

    def _slots(self, item: _Item, until_ms: int) -> None:
        if item.due_ms >= until_ms:
            return
        at_ms = np.arange(item.due_ms, until_ms, item.every_ms)
        self._arrays.append((np.full(len(at_ms), item.index), at_ms, np.full(len(at_ms), item.state == "up")))
        item.started_ms = int(at_ms[-1])
        item.due_ms = item.started_ms + item.every_ms

    def _play(self, to_ms: int) -> None:
        """One by one, until nobody is in doubt and nobody is on the way."""
        heap = [(item.due_ms, next(self._tick), item.index, True) for item in self._items]
        heapify(heap)
        self._events, began = heap, False
        while heap:
            at_ms, _, index, starts = heap[0]
            item = self._items[index]
            if at_ms >= to_ms and starts:
                item.waiting = False
                heappop(heap)
                continue
            if began and starts and item.waiting and self._is_calm():
                break
            heappop(heap)
            if starts:
                if not item.waiting or at_ms != item.due_ms:
                    continue
                began = True
                self._ask(item, at_ms)
            elif at_ms < to_ms + FAILS_MS:
                self._hear(item, at_ms)
        for item in self._items:
            item.waiting = True

    def _is_calm(self) -> bool:
        return (
            all(item.settled for item in self._items)
            and not any(not starts for _, _, _, starts in self._events)
            and not any(circle.owing for circle in self._circles())
        )

    def _ask(self, item: _Item, at_ms: int) -> None:
        item.waiting, item.started_ms = False, at_ms
        good = item.asked.answers(at_ms)
        self._single.append((item.index, at_ms, good))
        heappush(self._events, (at_ms + (ANSWERS_MS if good else FAILS_MS), next(self._tick), item.index, False))

    def _hear(self, item: _Item, now_ms: int) -> None:
        good = self._answer_of(item)
        item.hear(good)
        if not good and item.bad == 1 and item.state != "down" and item.circle:
            self._raise(item.circle, now_ms)
        self._plan(item, now_ms)
        for circle in item.circles:
            if circle.owing:
                if item.excused or (item.settled and item.started_ms >= circle.raised_ms):
                    circle.owing.discard(item.index)
                else:
                    circle.owing.add(item.index)
                if not circle.owing:
                    for member in circle.members:
                        if member.waiting:
                            self._plan(member, now_ms)

    def _answer_of(self, item: _Item) -> bool:
        return item.asked.answers(item.started_ms)

    def _raise(self, circle: _Circle, now_ms: int) -> None:
        circle.raised_ms = now_ms
        circle.owing = {item.index for item in circle.members if not item.excused}
        step_ms = min(STEP_MS, AGAIN_MS // len(circle.members))
        for place, item in enumerate(item for item in circle.members if item.waiting and item.in_doubt):
            at_ms = max(now_ms + place * step_ms, item.started_ms + AGAIN_MS)
            if at_ms < item.due_ms:
                self._wait(item, at_ms)

    def _plan(self, item: _Item, now_ms: int) -> None:
        if item.in_doubt:
            return self._wait(item, max(now_ms, item.started_ms + AGAIN_MS))
        every_ms = item.every_ms
        after_ms = max(now_ms, item.started_ms + every_ms // 2)
        slot_ms = round(item.slot * every_ms) + self._shift_ms
        return self._wait(item, ((after_ms - slot_ms) // every_ms + 1) * every_ms + slot_ms)

    def _wait(self, item: _Item, due_ms: int) -> None:
        if not item.waiting or item.due_ms != due_ms:
            item.waiting, item.due_ms = True, due_ms
            heappush(self._events, (due_ms, next(self._tick), item.index, True))


def _interleaved(targets: Sequence[Asked]) -> list[int]:
    """Positions in the order of their slots: each group spread over the whole turn."""
    groups: dict[tuple[bool, Group], list[int]] = {}
    for index, target in enumerate(targets):
        groups.setdefault((bool(target.circle), target.group), []).append(index)
    placed = [(rank / len(members), index) for members in groups.values() for rank, index in enumerate(members)]
    return [index for _, index in sorted(placed)]


def _join(items: Sequence[_Item]) -> None:
    gateways = [item for item in items if not item.asked.circle and item.asked.group is Group.GATEWAY]
    circles: dict[str, _Circle] = {}
    for item in items:
        inner = not item.asked.circle and item.asked.group is not Group.GATEWAY
        name = item.asked.circle or str(item.asked.group)
        circle = circles.setdefault(name, _Circle(list(gateways) if inner else []))
        circle.members.append(item)
        item.circle = circle
    for circle in circles.values():
        for item in circle.members:
            item.circles.append(circle)
