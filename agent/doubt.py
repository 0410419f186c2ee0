"""When each target is asked next and what is known of it. Pure: `now_s` is any clock that only grows.

1. **Slot.** Every target is asked once an interval, in its own slot. The slots stand evenly over the interval, groups
   interleaved, from a random phase; so the line is sampled every interval / targets.
2. **State.** unknown -> up at the first success; up or unknown -> down at the 3rd failure in a row; down -> up at the
   2nd success in a row. Our own errors are skipped: they change no count.
3. A target is **settled** when up with two successes since its last failure (or never failed), or down with a failure
   last. Unknown is never settled.
4. **Asking again.** The first failure of a target that is not down raises a question in its circle, the targets that
   can tell what broke: its group and the gateway of its own site, or all targets of the other site it watches (one
   village asks no 999 others). Everybody in the circle is asked at once, then every 2 s, until each has answered since
   the question was raised and is settled. Down targets are not asked so, nor those whose last answer was our own error.
5. Unsettled targets are asked every 2 s, question or not.
6. **Down** targets are asked every 5 s, in slots of those 5 s. A watched one that has been down for more than 5 minutes
   is asked every 1/60 of the time it has been down, at last as often as an up one: a village without a line for
   months must not cost six times a living one, and the end of its outage is still dated to 2 % of its length.
7. Asking again (4, 5) is paid from a target's **credit**: 30 questions, and 2 more each interval. So a line that
   flutters for days costs at most three times its usual traffic.
8. When more are due than may run, the agent's own site goes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heappop, heappush
from math import ceil
from random import Random

from shared.result import Group

BEAT_S = 0.1
"""Slots begin on a beat: a wake-up costs more than a probe, so a thousand targets share ten a second."""


class State(StrEnum):
    """What is known of a target."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The numbers of the rules above: seconds, results in a row, questions."""

    again_s: float = 2.0
    down_s: float = 5.0
    failures: int = 3
    successes: int = 2
    patience_s: float = 300.0
    credit: float = 30.0
    credit_per_interval: float = 2.0
    starts_per_s: float = 50.0
    """When the agent starts, it does not ask a thousand targets in the same breath."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A target as far as its asking goes."""

    name: str
    group: Group
    interval_s: float
    site: str = ""


class Health:
    """Rules 2 and 3 for one target."""

    __slots__ = ("bad", "good", "pace", "state")

    def __init__(self, pace: Pace) -> None:
        self.pace, self.state, self.good, self.bad = pace, State.UNKNOWN, 0, 0

    def hear(self, good: bool) -> bool:
        """One more answer that is evidence; whether it changed the state."""
        before = self.state
        self.good, self.bad = (self.good + 1, 0) if good else (0, self.bad + 1)
        if self.state is State.UNKNOWN and good:
            self.state, self.good = State.UP, self.pace.successes  # nothing speaks against it: settled
        elif self.state is State.DOWN and self.good >= self.pace.successes:
            self.state = State.UP
        elif self.state is not State.DOWN and self.bad >= self.pace.failures:
            self.state = State.DOWN
        return self.state is not before

    @property
    def settled(self) -> bool:
        if self.state is State.DOWN:
            return self.good == 0
        return self.state is State.UP and self.good >= self.pace.successes


@dataclass(slots=True, eq=False)
class _Circle:
    """Targets that are asked together, and what they still owe to the question; nobody owes: there is none."""

    members: "list[_Item]" = field(default_factory=list)
    owing: set[int] = field(default_factory=set)
    raised_s: float = 0.0

    def ask(self, now_s: float) -> None:
        self.raised_s = now_s
        self.owing = {item.index for item in self.members if not item.excused}

    def hear(self, item: "_Item") -> bool:
        """`item` has answered; whether that closed the question."""
        if not self.owing:
            return False
        if item.excused or (item.health.settled and item.started_s >= self.raised_s):
            self.owing.discard(item.index)
        else:
            self.owing.add(item.index)
        return not self.owing


@dataclass(slots=True, eq=False, kw_only=True)
class _Item:
    """One target in the agenda. `circle` is the one its own failure asks, `circles` are those it stands in."""

    index: int
    target: Asked
    slot: float
    health: Health
    since_s: float
    spent: float = 0.0
    spent_at_s: float = 0.0
    circle: _Circle = field(default_factory=_Circle)
    circles: list[_Circle] = field(default_factory=list)
    waiting: bool = False
    erring: bool = False
    due_s: float = 0.0
    started_s: float = float("-inf")

    @property
    def excused(self) -> bool:
        """Not asked again: known to be down, or not to be asked for our own fault."""
        return self.erring or (self.health.state is State.DOWN and self.health.settled)

    @property
    def in_doubt(self) -> bool:
        return not self.excused and (not self.health.settled or any(circle.owing for circle in self.circles))


class Agenda:
    """Who is to be asked when. Targets are known by their position in `targets`."""

    def __init__(self, targets: Sequence[Asked], now_s: float, rng: Random, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        phase, order = rng.random(), _interleaved(targets)
        slots = {index: (phase + place / len(targets)) % 1 for place, index in enumerate(order)}
        self._items = [
            _Item(index=i, target=target, slot=slots[i], health=Health(self._pace), since_s=now_s)
            for i, target in enumerate(targets)
        ]
        self._waiting: list[tuple[float, int]] = []
        self._ready: list[tuple[bool, float, int]] = []
        _join(targets, self._items)
        for place, index in enumerate(order):
            span_s = max(self._pace.again_s, len(order) / self._pace.starts_per_s)
            self._wait(self._items[index], now_s + place / len(order) * min(span_s, targets[index].interval_s))

    def next_due_s(self, now_s: float) -> float | None:
        """When somebody will next become due after `now_s`; those due until then stand ready for `take`."""
        while self._waiting:
            due_s, index = self._waiting[0]
            item = self._items[index]
            if item.waiting and item.due_s == due_s:
                if due_s > now_s:
                    return due_s
                item.waiting = False
                heappush(self._ready, (bool(item.target.site), due_s, index))
            heappop(self._waiting)
        return None

    def take(self, now_s: float, room: int) -> list[int]:
        """Up to `room` targets that are to be asked now; each is asked no more until it was heard."""
        self.next_due_s(now_s)
        taken = [heappop(self._ready)[2] for _ in range(min(room, len(self._ready)))]
        for item in map(self._items.__getitem__, taken):
            item.started_s = now_s
            if item.in_doubt:
                item.spent = min(self._pace.credit, self._spent(item, now_s) + 1)
                item.spent_at_s = now_s
        return taken

    def hear(self, index: int, good: bool | None, now_s: float) -> State | None:
        """What the target answered, None for our own error; returns its new state if that changed it."""
        item = self._items[index]
        item.erring = good is None
        changed = good is not None and item.health.hear(good)
        if changed:
            item.since_s = now_s
        if good is False and item.health.bad == 1 and item.health.state is not State.DOWN:
            self._raise(item.circle, now_s)
        self._plan(item, now_s)
        for circle in item.circles:
            if circle.hear(item):
                self._dismiss(circle, now_s)
        return item.health.state if changed else None

    def _raise(self, circle: _Circle, now_s: float) -> None:
        """Rule 4: everybody at once, but one after the other, and nobody twice within two seconds."""
        circle.ask(now_s)
        step_s = min(0.2, self._pace.again_s / len(circle.members))
        asked = [item for item in circle.members if item.waiting and item.in_doubt]
        for place, item in enumerate(asked):
            at_s = max(now_s + place * step_s, item.started_s + self._pace.again_s)
            if at_s < item.due_s and self._may_ask(item, now_s):
                self._wait(item, at_s)

    def _dismiss(self, circle: _Circle, now_s: float) -> None:
        for item in circle.members:
            if item.waiting:
                self._plan(item, now_s)

    def _plan(self, item: _Item, now_s: float) -> None:
        """The next time for a target that is not being asked: rules 1, 4 to 7."""
        if item.in_doubt and self._may_ask(item, now_s):
            return self._wait(item, max(now_s, item.started_s + min(self._pace.again_s, item.target.interval_s)))
        every_s = item.target.interval_s
        if item.health.state is State.DOWN and not item.erring:
            every_s = self._down_every_s(item, now_s)
        # half a turn of distance, so that a question just answered does not come again at once
        return self._wait(item, _next_slot(max(now_s, item.started_s + every_s / 2), every_s, item.slot))

    def _down_every_s(self, item: _Item, now_s: float) -> float:
        down_s = now_s - item.since_s
        patient_s = down_s / 60 if item.target.site and down_s > self._pace.patience_s else 0.0
        return min(item.target.interval_s, max(self._pace.down_s, patient_s))

    def _may_ask(self, item: _Item, now_s: float) -> bool:
        return self._spent(item, now_s) <= self._pace.credit - 1

    def _spent(self, item: _Item, now_s: float) -> float:
        earned = (now_s - item.spent_at_s) / item.target.interval_s * self._pace.credit_per_interval
        return max(0.0, item.spent - earned)

    def _wait(self, item: _Item, due_s: float) -> None:
        if not item.waiting or item.due_s != due_s:
            item.waiting, item.due_s = True, due_s
            heappush(self._waiting, (due_s, item.index))


def _next_slot(after_s: float, every_s: float, slot: float) -> float:
    """The first time after `after_s` that lies at the share `slot` of a turn of `every_s`, rounded to a beat."""
    in_turn_s = ceil(slot * every_s / BEAT_S) * BEAT_S
    return ((after_s - in_turn_s) // every_s + 1) * every_s + in_turn_s


def _interleaved(targets: Sequence[Asked]) -> list[int]:
    """Positions in the order of their slots: each group spread over the whole turn, not one group after the other."""
    groups: dict[tuple[bool, Group], list[int]] = {}
    for index, target in enumerate(targets):
        groups.setdefault((bool(target.site), target.group), []).append(index)
    placed = [(rank / len(members), index) for members in groups.values() for rank, index in enumerate(members)]
    return [index for _, index in sorted(placed)]


def _join(targets: Sequence[Asked], items: Sequence[_Item]) -> None:
    """Rule 4: who is asked together with whom; the gateway first, it tells most."""
    gateways = [item for item, target in zip(items, targets, strict=True) if _circle_of(target) == Group.GATEWAY]
    circles: dict[str, _Circle] = {}
    for item, target in zip(items, targets, strict=True):
        known = gateways if not target.site and target.group is not Group.GATEWAY else []
        circle = circles.setdefault(_circle_of(target), _Circle(list(known)))
        circle.members.append(item)
        item.circle = circle
    for circle in circles.values():
        for item in circle.members:
            item.circles.append(circle)


def _circle_of(target: Asked) -> str:
    return f"site {target.site}" if target.site else target.group
