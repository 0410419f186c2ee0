"""Contexts and what was measured in them -> stays in true time, for `collector.silence`."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from collector.accounting.silence import Stay
from collector.clocks import UNCHANGED, Correction
from collector.store.chronicles import Chronicles
from shared.wire import Context

FACTS_AT_HAND = 65_536


@dataclass(frozen=True, slots=True)
class Facts:
    """What a stay takes from its context, in wall milliseconds as the host believed; `run`: its start by the boot
    clock."""

    agent: str
    agent_site: str
    boot_id: str
    base_ms: int
    booted_ms: int
    run: int
    last_stop: str
    last_alive_ms: int
    slept_ms: int
    woke_ms: int
    watches: frozenset[str]
    """Other sites that its targets name."""


@dataclass(slots=True)
class _Dated:
    """A stay in the making: its context, when its results were, what moved their stamps; and what the stays around it
    say."""

    facts: Facts
    first_ms: int
    last_ms: int
    first_shift_ms: int
    last_shift_ms: int
    began: "_Dated | None" = None
    """The first of its boot."""
    ran: "_Dated | None" = None
    """The first of its run."""
    before: "_Dated | None" = None
    """The last of the run before."""


class Stays:
    """Reads them. What a context says never changes, so it is read once."""

    def __init__(self) -> None:
        self._facts: dict[int, Facts] = {}

    def find(
        self, db: sqlite3.Connection, chronicles: Chronicles, site: str, place: int, from_ms: int, to_ms: int
    ) -> list[Stay]:
        """See `collector.store.Store.stays`."""
        found: list[Stay] = []
        for (agent,) in db.execute(
            "SELECT agent FROM contexts WHERE site = ?1 UNION SELECT agent FROM series WHERE site = ?1", (place,)
        ).fetchall():
            dated = sorted(self._dated(db, chronicles, agent, site), key=_order)
            _relate(dated)
            found += map(_stay, _around(dated, from_ms, to_ms))
        return found

    def _dated(self, db: sqlite3.Connection, chronicles: Chronicles, agent: str, site: str) -> Iterator[_Dated]:
        for source, measured in _measured(db, chronicles, agent).items():
            facts = self._facts_of(db, source)
            if site != facts.agent_site and site not in facts.watches:
                continue
            spans: list[tuple[int, int, Correction]] = []
            for clock, (first_ms, last_ms) in measured.items():
                correction = chronicles.correction(db, clock) if clock else UNCHANGED
                if correction.trusted:
                    spans.append((first_ms, last_ms, correction))
            if spans:
                yield _date(facts, spans)

    def _facts_of(self, db: sqlite3.Connection, source: int) -> Facts:
        known = self._facts.get(source)
        if known is None:
            if len(self._facts) >= FACTS_AT_HAND:
                self._facts.clear()
            known = self._facts[source] = _read_facts(db, source)
        return known


def _measured(db: sqlite3.Connection, chronicles: Chronicles, agent: str) -> dict[int, dict[int, tuple[int, int]]]:
    """First and last raw stamp of each source of an agent, by clock."""
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for source, clock, first_ms, last_ms in db.execute(
        "SELECT id, clock, first_ms, last_ms FROM contexts LEFT JOIN measured ON source = id WHERE agent = ?", (agent,)
    ):
        spans = found.setdefault(source, {})
        if clock is not None:
            spans[clock] = (first_ms, last_ms)
    for source, spans in found.items():
        for clock, new in chronicles.of_source(source).items():
            first_ms, last_ms = spans.get(clock, (new.first_ms, new.last_ms))
            spans[clock] = (min(new.first_ms, first_ms), max(new.last_ms, last_ms))
    return found


def _read_facts(db: sqlite3.Connection, source: int) -> Facts:
    agent, site, body = db.execute(
        "SELECT agent, code, body FROM contexts JOIN places ON places.id = contexts.site WHERE contexts.id = ?",
        (source,),
    ).fetchone()
    context = msgspec.msgpack.decode(body, type=Context)
    jump = context.jump
    return Facts(
        agent=agent,
        agent_site=site,
        boot_id=context.boot_id,
        base_ms=context.clock_base_ms,
        booted_ms=context.boot_at_ms,
        run=context.run_at_ms - context.clock_base_ms,
        last_stop=context.last_stop,
        last_alive_ms=context.last_alive_ms,
        slept_ms=jump.slept_ms if jump else 0,
        woke_ms=jump.at_ms if jump else 0,
        watches=frozenset(spec.site for spec in context.targets if spec.site),
    )


def _date(facts: Facts, spans: Sequence[tuple[int, int, Correction]]) -> _Dated:
    first, last = min(spans, key=lambda span: span[0]), max(spans, key=lambda span: span[1])
    first_shift_ms, last_shift_ms = first[2].shift_at(first[0]), last[2].shift_at(last[1])
    return _Dated(facts, first[0] + first_shift_ms, last[1] + last_shift_ms, first_shift_ms, last_shift_ms)


def _order(one: _Dated) -> tuple[int, int, str, int, int]:
    return (one.first_ms, one.last_ms, one.facts.boot_id, one.facts.run, one.facts.base_ms)


def _relate(dated: Sequence[_Dated]) -> None:
    """By time: of one boot all say the same of its beginning, and of one run of the agent too: what the first says."""
    boots: dict[str, _Dated] = {}
    runs: dict[tuple[str, int], _Dated] = {}
    before, last = None, None
    for one in dated:
        facts = one.facts
        if last and (last.facts.boot_id, last.facts.run) != (facts.boot_id, facts.run):
            before = last
        one.began = boots.setdefault(facts.boot_id, one)
        one.ran = runs.setdefault((facts.boot_id, facts.run), one)
        one.before, last = before, one


def _stay(one: _Dated) -> Stay:
    facts, began, ran = one.facts, one.began or one, one.ran or one
    return Stay(
        agent=facts.agent,
        agent_site=facts.agent_site,
        boot_id=facts.boot_id,
        booted_ms=began.facts.booted_ms + began.first_shift_ms,
        started_ms=facts.run + ran.facts.base_ms + ran.first_shift_ms,
        first_ms=one.first_ms,
        last_ms=one.last_ms,
        last_stop=facts.last_stop,
        last_alive_ms=_alive_ms(one),
        slept_ms=facts.slept_ms,
        woke_ms=facts.woke_ms + one.first_shift_ms if facts.slept_ms else 0,
    )


def _alive_ms(one: _Dated) -> int:
    """When the run before was last alive, told by the clock of its own boot if that was another."""
    if not one.facts.last_alive_ms:
        return 0
    other = one.before is not None and one.before.facts.boot_id != one.facts.boot_id
    return one.facts.last_alive_ms + (one.before.last_shift_ms if one.before and other else one.first_shift_ms)


def _around(dated: Iterable[_Dated], from_ms: int, to_ms: int) -> Iterator[_Dated]:
    """Those of one agent that overlap [from_ms, to_ms), and the nearest before and after; they come by time."""
    before: _Dated | None = None
    for one in dated:
        if one.last_ms < from_ms:
            before = one if before is None or one.last_ms >= before.last_ms else before
            continue
        if before:
            yield before
            before = None
        yield one
        if one.first_ms >= to_ms:
            return
    if before:
        yield before
