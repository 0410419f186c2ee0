"""What is known of boots and clocks, kept: the news since the last `save` in memory, all before in tables.

All of it adds up in any order (collector/clocks.py), so that tables plus news is the truth at any moment. The chronicle
of an agent is read from both when somebody asks for it, and then kept in step for a while.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from collector.chronicle import Chronicle
from collector.clocks import Boot, Correction, is_judged, proofs
from collector.store import boots
from collector.store.group import Frame
from shared.wire import Context

AT_HAND = 1_024
"""Chronicles that are kept ready."""


@dataclass(slots=True)
class Measured:
    """From when to when a source was measured in with one clock, in raw stamps."""

    agent: str
    boot_id: str
    base_ms: int
    first_ms: int
    last_ms: int
    rows: int


@dataclass(frozen=True, slots=True)
class Clock:
    """One base of one boot, which was not proved right when its results came."""

    agent: str
    boot_id: str
    base_ms: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock whose correction is another now, for the raw stamps that it has."""

    clock: int
    first_ms: int
    last_ms: int
    before: Correction
    after: Correction

    def spans(self) -> Iterator[tuple[int, int]]:
        """In true time, where results were and where they are now, as far as the two differ."""
        was, now = (set(c.pieces(self.first_ms, self.last_ms)) for c in (self.before, self.after))
        for from_ms, to_ms, shift_ms in sorted(was ^ now):
            yield from_ms + shift_ms, to_ms + shift_ms


class Chronicles:
    """Of all agents. Not thread-safe; the store's lock guards it, and with it every `db` handed in sees all that was
    saved."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.cloned: dict[str, frozenset[str]] = {}
        """Agent -> boots of it that pushed side by side."""
        for agent, boot_id in db.execute("SELECT agent, boot_id FROM cloned"):
            self.cloned[agent] = self.cloned.get(agent, frozenset()) | {boot_id}
        self.measured: dict[tuple[int, int], Measured] = {}
        """(source, clock) -> since the last save."""
        self._judged: dict[int, set[int]] = {}
        """Source -> its clocks in `measured`, beside 0."""
        self._news: dict[str, dict[str, Boot]] = {}
        self._ready: dict[str, Chronicle] = {}
        self._pushed: dict[str, str] = {}
        """Agent -> the boot that pushed last."""
        self._clocks: dict[int, Clock] = {}
        self._of_agent: dict[str, dict[int, Clock] | None] = dict.fromkeys(
            agent for (agent,) in db.execute("SELECT DISTINCT agent FROM clocks")
        )
        """Those that have clocks; None: not read yet."""

    def of(self, db: sqlite3.Connection, agent: str) -> Chronicle:
        """All that is known of an agent."""
        ready = self._ready.get(agent)
        if ready is None:
            while len(self._ready) >= AT_HAND:
                del self._ready[next(iter(self._ready))]
            ready = self._ready[agent] = boots.load(db, agent)
            for boot_id, news in self._news.get(agent, {}).items():
                ready.add(boot_id, news)
        return ready

    def correction(self, db: sqlite3.Connection, number: int) -> Correction:
        """Of clock `number`."""
        clock = self._clock(db, number)
        return self.of(db, clock.agent).correction(clock.boot_id, clock.base_ms)

    def pieces(self, db: sqlite3.Connection, number: int) -> list[tuple[int, int, int]]:
        """(first raw, last raw, shift) of what clock `number` was measured with, at any place; none if not trusted."""
        clock = self._clock(db, number)
        chronicle = self.of(db, clock.agent)
        boot = chronicle.boots.get(clock.boot_id)
        span = boot.bases.get(clock.base_ms) if boot else None  # None: the commit that made it is just being taken in
        return list(chronicle.correction(clock.boot_id, clock.base_ms).pieces(*span)) if span else []

    def reach(
        self, db: sqlite3.Connection, clocks: Iterable[int], from_ms: int, to_ms: int
    ) -> tuple[list[tuple[int, int]], dict[int, Correction]]:
        """Raw spans, half-open, that may have results of true [from_ms, to_ms), and the corrections of `clocks`."""
        spans, corrections = [(from_ms, to_ms)], dict[int, Correction]()
        for clock in clocks:
            corrections[clock] = self.correction(db, clock)
            spans += [
                (max(first_ms, from_ms - shift_ms), min(last_ms + 1, to_ms - shift_ms))
                for first_ms, last_ms, shift_ms in self.pieces(db, clock)
                if first_ms < to_ms - shift_ms and last_ms >= from_ms - shift_ms
            ]
        return spans, corrections

    def add(self, db: sqlite3.Connection, frame: Frame, context: Context | None) -> list[Moved]:
        """A delivery was committed; which clocks it moved."""
        if context is None:
            return []
        self._measure(frame, context)
        if not is_judged(frame.host) or self._is_usual(frame, context):
            return []
        clocks = self._clocks_of(db, frame)
        chronicle = self.of(db, frame.agent) if clocks else self._ready.get(frame.agent)
        before = _corrections(chronicle, clocks)
        news = _news_of(frame, context)
        self._news.setdefault(frame.agent, {}).setdefault(context.boot_id, Boot()).merge(news)
        if chronicle:
            chronicle.add(context.boot_id, news)
        self._look_for_clones(db, frame, context.boot_id)
        return list(_moved(chronicle, clocks, before))

    def save(self, db: sqlite3.Connection) -> None:
        """Adds the news to the tables."""
        for agent, of_agent in self._news.items():
            for boot_id, news in of_agent.items():
                boots.save(db, boots.number_of(db, agent, boot_id), news)
        db.executemany(
            "INSERT INTO measured (source, clock, boot, base_ms, first_ms, last_ms, rows) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (source, clock) DO UPDATE SET first_ms = min(first_ms, excluded.first_ms),"
            " last_ms = max(last_ms, excluded.last_ms), rows = rows + excluded.rows",
            [
                (*key, boots.number_of(db, m.agent, m.boot_id), m.base_ms, m.first_ms, m.last_ms, m.rows)
                for key, m in sorted(self.measured.items())
            ],
        )
        db.executemany(
            "INSERT OR IGNORE INTO cloned (agent, boot_id) VALUES (?, ?)",
            [(agent, boot_id) for agent, names in self.cloned.items() for boot_id in sorted(names)],
        )

    def saved(self) -> None:
        """The transaction of `save` stands."""
        self._news.clear()
        self.measured.clear()
        self._judged.clear()

    def of_source(self, source: int) -> dict[int, Measured]:
        """What was measured in a source since the last save, by clock."""
        clocks = (0, *self._judged.get(source, ()))
        return {clock: self.measured[source, clock] for clock in clocks if (source, clock) in self.measured}

    def untrusted(self, db: sqlite3.Connection) -> dict[str, int]:
        """Agent -> results that are in no account because nobody knows when they were."""
        rows: dict[int, int] = dict(db.execute("SELECT clock, sum(rows) FROM measured WHERE clock <> 0 GROUP BY clock"))
        for (_, clock), measured in self.measured.items():
            if clock:
                rows[clock] = rows.get(clock, 0) + measured.rows
        found: dict[str, int] = {}
        for number, count in rows.items():
            if not self.correction(db, number).trusted:
                agent = self._clock(db, number).agent
                found[agent] = found.get(agent, 0) + count
        return dict(sorted(found.items()))

    def _measure(self, frame: Frame, context: Context) -> None:
        if not frame.stamps:
            return
        key, (first_ms, last_ms) = (frame.source, frame.clock), frame.stamps
        known = self.measured.get(key)
        if known is None:
            base_ms = context.clock_base_ms
            known = self.measured[key] = Measured(frame.agent, context.boot_id, base_ms, first_ms, last_ms, 0)
            if frame.clock:
                self._judged.setdefault(frame.source, set()).add(frame.clock)
        if first_ms < known.first_ms:
            known.first_ms = first_ms
        if last_ms > known.last_ms:
            known.last_ms = last_ms
        known.rows += frame.rows

    def _is_usual(self, frame: Frame, context: Context) -> bool:
        """Whether a delivery makes its boot longer and changes nothing else; then it is taken in here.

        So is the next push of a boot whose clock is known to be right, unless it proves more than those before.
        """
        host, boot_id, base_ms = frame.host, context.boot_id, context.clock_base_ms
        if not (host and host.same_boot and frame.newest) or frame.clock or self._pushed.get(frame.agent) != boot_id:
            return False
        news = self._news.get(frame.agent, {}).get(boot_id)
        if news is None or base_ms not in news.bases or frame.stream not in news.streams:
            return False
        if not news.has_proved(host, base_ms, frame.received_ms):
            return False
        news.go_on(host.sent_boot_ms, frame.received_ms, base_ms, frame.stamps)
        ready = self._ready.get(frame.agent)
        if ready:
            ready.boots[boot_id].go_on(host.sent_boot_ms, frame.received_ms, base_ms, frame.stamps)
        return True

    def _look_for_clones(self, db: sqlite3.Connection, frame: Frame, boot_id: str) -> None:
        """When another boot pushes than the last time: it has booted, or there are two."""
        if not (frame.host and frame.host.same_boot):
            return
        last = self._pushed.get(frame.agent) or boots.last_heard(db, frame.agent)
        self._pushed[frame.agent] = boot_id
        if last not in (None, boot_id):
            found = self.of(db, frame.agent).clones()
            if found:
                self.cloned[frame.agent] = self.cloned.get(frame.agent, frozenset()) | found

    def _clock(self, db: sqlite3.Connection, number: int) -> Clock:
        known = self._clocks.get(number)
        if known is None:
            row = db.execute("SELECT agent, boot_id, base_ms FROM clocks WHERE id = ?", (number,)).fetchone()
            known = self._clocks[number] = Clock(*row)
        return known

    def _clocks_of(self, db: sqlite3.Connection, frame: Frame) -> dict[int, Clock]:
        """Those of the agent of a frame, with the frame's own."""
        if frame.agent not in self._of_agent and not frame.clock:
            return {}
        known = self._of_agent.get(frame.agent)
        if known is None or (frame.clock and frame.clock not in known):
            known = self._of_agent[frame.agent] = {
                number: Clock(frame.agent, boot_id, base_ms)
                for number, boot_id, base_ms in db.execute(
                    "SELECT id, boot_id, base_ms FROM clocks WHERE agent = ?", (frame.agent,)
                )
            }
        return known


def _corrections(chronicle: Chronicle | None, clocks: Mapping[int, Clock]) -> dict[int, Correction]:
    if chronicle is None:
        return {}
    return {number: chronicle.correction(clock.boot_id, clock.base_ms) for number, clock in clocks.items()}


def _moved(
    chronicle: Chronicle | None, clocks: Mapping[int, Clock], before: Mapping[int, Correction]
) -> Iterator[Moved]:
    for number, after in _corrections(chronicle, clocks).items():
        if chronicle is None or after == before[number]:
            continue
        clock = clocks[number]
        span = chronicle.boots[clock.boot_id].bases.get(clock.base_ms)
        if span:
            yield Moved(number, *span, before[number], after)


def _news_of(frame: Frame, context: Context) -> Boot:
    """What one delivery tells of the boot it was measured in."""
    news, host = Boot(), frame.host
    if frame.stamps:
        news.measure(context.clock_base_ms, *frame.stamps)
        news.number(frame.stream, frame.spans[0][0])
    if host and host.same_boot:
        news.send(host.sent_boot_ms, host.sent_boot_ms, frame.received_ms)
        for bucket, proof in proofs(host, context.clock_base_ms, frame.received_ms):
            news.prove(bucket, proof)
    return news
