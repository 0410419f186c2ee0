"""The embedded store: one SQLite file in WAL mode, one writer thread, readers beside it.

    schema.py   tables and migrations          names.py    numbers for sites and series
    writer.py   the thread and group commit    group.py    deliveries -> one group: decode, de-duplicate, order
    log.py      a group as one row             window.py   which sequence numbers are there
    chunks.py   hours of a site                rows.py     rows and their packed bytes
    memory.py   what is known by heart         recent.py, heard.py   its rows and its agents
    readers.py  who reads beside the writer    archive.py   what of a site is in chunks; damage.py   what cannot be read
    windows.py  the windows of all streams     chronicles.py, boots.py   boots and clocks; stays.py   from when to when
    flips.py, facts.py   the relational part; acts.py, audit.py, books.py, marks.py, people.py, followups.py, outbox.py,
    register.py and chain.py too, which reach the file by doors.py

A commit writes one row: frames and results of the whole group. Windows and what is known of agents follow from the
frames; they are written out when `compact` deletes the frames, in the same transaction, and the rest of the log is
played back on opening. Another process may write the registry at any time, but only one may append.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from collector.accounting.silence import Stay
from collector.columns import Columns, Series
from collector.condition import Flip, Outage
from collector.registry import AgentState, Site, Token
from collector.store import (
    Delivery,
    Refusal,
    Replacement,
    SentAlert,
    Stored,
    StoreError,
    Touched,
    chunks,
    facts,
    flips,
    log,
)
from collector.store.acts import Acts
from collector.store.archive import Archive
from collector.store.book import SeriesBook, series_numbers
from collector.store.books import Books
from collector.store.chain import Chain
from collector.store.damage import Damage
from collector.store.followups import FollowUps, standing
from collector.store.fresh import Fresh, FreshRows, watched
from collector.store.group import gather
from collector.store.heard import known_agents
from collector.store.marks import Marks
from collector.store.memory import Memory
from collector.store.names import Names, find_context
from collector.store.outbox import Outbox
from collector.store.people import People
from collector.store.readers import Readers, take_snapshot
from collector.store.register import Register
from collector.store.rows import Rows, join
from collector.store.schema import connect, migrate
from collector.store.stays import Stays
from collector.store.writer import LINGER_S, Writer
from shared.clock import Clock, SystemClock
from shared.wire import Context

T = TypeVar("T")


class SqliteStore:
    """See `collector.store.Store`. `clock` and `linger_s` only time the group commit."""

    def __init__(self, path: str, clock: Clock | None = None, linger_s: float = LINGER_S) -> None:
        self._path = Path(path)
        try:
            self._db = connect(path)
            migrate(self._db)
            self._names, self._memory = Names(self._db), Memory(self._db)
            self._last_number = log.last_number(self._db)
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be used as a store: {error}") from None
        self._damage, self._readers = Damage(self._path), Readers(self._path)
        self._damage.report(self._memory.damage)
        self._ask = self._readers.ask
        self._lock = threading.RLock()
        self._book = SeriesBook()
        self._archive = Archive(self._names, self._book, self._damage)
        self._fresh = FreshRows()
        self._compacting = threading.Lock()
        self._stays = Stays()
        self._writer = Writer(self._commit, clock or SystemClock(), linger_s)
        self.acts, self.books = Acts(self._ask, self._write, [standing]), Books(self._ask, self._write)
        self.marks = Marks(self._ask, self._write)
        self.people, self.followups = People(self._ask, self._write), FollowUps(self._ask, self._write)
        self.outbox = Outbox(self._ask, self._write)
        self.register, self.chain = Register(self._ask, self._write), Chain(self._ask, self._write)

    # results

    def append(self, delivery: Delivery) -> "Future[Stored]":
        return self._writer.append(delivery)

    def waiting(self) -> int:
        return self._writer.waiting()

    def take_touched(self) -> list[Touched]:
        with self._lock:
            touched = self._memory.recent.take_touched()
        return [
            Touched(site=self._names.code(place), from_ms=from_ms, to_ms=to_ms)
            for place, (from_ms, to_ms) in sorted(touched.items())
        ]

    def take_fresh(self) -> Fresh:
        with self._lock:
            recent = self._memory.recent
            return Fresh(recent.take_touched(), self._fresh.take(), frozenset(recent.take_moved()))

    def place_of(self, site: str) -> int | None:
        return self._names.known_place(site)

    def site_of(self, place: int) -> str:
        return self._names.code(place)

    def watched(self) -> list[tuple[str, int]]:
        return self._ask(watched)

    def series_numbers(self, site: str) -> dict[Series, int]:
        place = self._names.known_place(site)
        return {} if place is None else self._ask(lambda db: series_numbers(db, place))

    def newest(self) -> int:
        with self._lock:
            return self._fresh.newest

    def read(self, site: str, from_ms: int, to_ms: int) -> Columns:
        place = self._names.known_place(site)
        if place is None:
            return Columns.empty()
        with self._readers.open() as db:
            with self._lock:  # memory and snapshot of the file must be of the same moment
                judged = self._names.judged.get(place, ())
                spans, corrections = self._memory.chronicles.reach(db, judged, from_ms, to_ms)
                parts = [Rows.of(self._memory.recent.pieces(place))]
                spans = self._archive.hourly(db, place, spans)
                if spans:
                    take_snapshot(db)
            for first_ms, end_ms in spans:
                parts += self._archive.rows(db, place, first_ms, end_ms)
            rows = join(parts)
            if corrections:
                rows = self._book.dated(db, place, rows, corrections)
            inside = (rows.at_ms >= from_ms) & (rows.at_ms < to_ms)
            return self._book.columns(db, place, rows if inside.all() else rows.take(inside))

    def span(self, site: str) -> tuple[int, int] | None:
        place = self._names.known_place(site)
        if place is None:
            return None
        with self._lock, self._readers.open() as db:
            found = [span for span in (self._archive.span(db, place), self._memory.recent.span(place)) if span]
            for clock in self._names.judged.get(place, ()):
                found += [(a + shift, b + shift) for a, b, shift in self._memory.chronicles.pieces(db, clock)]
        return (min(first for first, _ in found), max(last for _, last in found)) if found else None

    def stays(self, site: str, from_ms: int, to_ms: int) -> list[Stay]:
        place = self._names.known_place(site)
        if place is None:
            return []
        with self._lock, self._readers.open() as db:
            return self._stays.find(db, self._memory.chronicles, site, place, from_ms, to_ms)

    def untrusted(self) -> dict[str, int]:
        with self._lock, self._readers.open() as db:
            return self._memory.chronicles.untrusted(db)

    def cloned(self) -> dict[str, tuple[str, ...]]:
        with self._lock:
            return {agent: tuple(sorted(boots)) for agent, boots in sorted(self._memory.chronicles.cloned.items())}

    def context(self, agent: str, name: str) -> Context | None:
        known = self._names.known_context(agent, name)
        if known is None:
            with self._readers.open() as db:
                known = find_context(db, agent, name)
        return known

    def compact(self, before_ms: int) -> int:
        """The work is done in the caller's thread; the writer is held up only for the writing."""
        with self._compacting:
            with self._lock:
                recent = self._memory.recent
                numbers = {number for number, slab in recent.slabs.items() if slab.received_ms < before_ms}
                places = recent.places()
            new: list[chunks.Chunk] = []
            with self._readers.open() as db:
                for place in places:
                    with self._lock:
                        pieces = self._memory.recent.pieces(place, numbers)
                    if pieces:
                        new += chunks.fold(db, place, pieces)
            return self._writer.do(lambda: self._swap(numbers, new)) if numbers else 0

    def refusals(self, agent: str) -> list[Refusal]:
        return self._ask(lambda db: facts.refusals(db, agent))

    def refusal_counts(self) -> dict[tuple[str, str], int]:
        return self._ask(facts.refusal_counts)

    def damage(self) -> list[str]:
        return self._damage.sentences()

    # flips

    def flips(self, site: str, from_ms: int, to_ms: int, scope: str | None = None) -> list[Flip]:
        return self._ask(lambda db: flips.between(db, site, from_ms, to_ms, scope))

    def state_at(self, site: str, at_ms: int) -> list[Flip]:
        return self._ask(lambda db: flips.state_at(db, site, at_ms))

    def latest_site_flips(self, at_ms: int) -> dict[str, Flip]:
        return self._ask(lambda db: flips.latest_of_sites(db, at_ms))

    def outages(self, sites: Sequence[str], from_ms: int, to_ms: int, now_ms: int) -> list[Outage]:
        return self._ask(lambda db: list(flips.outages(db, sites, from_ms, to_ms, now_ms)))

    def replace_flips(self, site: str, from_ms: int, to_ms: int, new: Sequence[Flip]) -> None:
        if self.flips(site, from_ms, to_ms) != flips.in_order(new):
            self._write(lambda db: flips.replace(db, site, from_ms, to_ms, new))

    def replace_many(self, changes: Sequence[Replacement]) -> None:
        self._write(lambda db: flips.replace_all(db, changes))

    # registry and alerts

    def sites(self) -> list[Site]:
        return self._ask(facts.sites)

    def put_sites(self, sites: Sequence[Site]) -> None:
        self._write(lambda db: facts.put_sites(db, sites))

    def agents(self) -> list[AgentState]:
        with self._lock:
            heard, cloned = self._memory.agents.states(), set(self._memory.chronicles.cloned)
        return known_agents(heard, cloned, self.tokens())

    def tokens(self) -> list[Token]:
        return self._ask(facts.tokens)

    def put_token(self, token: Token) -> None:
        self._write(lambda db: facts.put_token(db, token))

    def sent_alerts(self) -> list[SentAlert]:
        return self._ask(facts.sent_alerts)

    def put_alerts(self, alerts: Sequence[SentAlert], forget: Sequence[str] = ()) -> None:
        self._write(lambda db: facts.put_alerts(db, alerts, forget))

    # the file

    def size_bytes(self) -> int:
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def used_bytes(self) -> int:
        """`size_bytes` without what the next log rows will fill again."""
        pages = "(SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)"
        ask = f"SELECT ({pages}) * (SELECT page_size FROM pragma_page_size)"  # noqa: S608  words of ours
        return self._ask(lambda db: int(db.execute(ask).fetchone()[0]))

    def close(self) -> None:
        self._writer.close()
        self._readers.close()
        self._db.close()

    def _commit(self, deliveries: Sequence[Delivery]) -> list[Stored]:
        with self._transaction() as db:
            if log.last_number(db) != self._last_number:
                raise StoreError(f"another process appends to {self._path}; stop one of the two")
            memory = self._memory
            group = gather(deliveries, self._names, memory.windows.find, memory.chronicles.cloned)
            number = log.insert(db, group)
            if group.refusals:
                facts.add_refusals(db, group.refusals)
        self._last_number = number
        with self._lock:
            self._memory.add(number, group)
            self._fresh.add(number, group)
        return group.stored

    def _swap(self, numbers: set[int], new: Sequence[chunks.Chunk]) -> int:
        """In the writer's thread: chunks in, log rows out."""
        with ExitStack() as held:
            with self._transaction() as db:
                chunks.write(db, new)
                db.executemany("DELETE FROM log WHERE id = ?", [(number,) for number in sorted(numbers)])
                self._memory.save(db)
                held.enter_context(self._lock)  # readers see the rows in memory or in chunks, not in both or neither
            folded = sum(len(self._memory.recent.slabs[number].records) for number in numbers)
            self._memory.saved()
            self._memory.recent.drop(numbers)
            self._archive.changed()
        return folded

    def _write(self, statement: Callable[[sqlite3.Connection], T]) -> T:
        def job() -> T:
            with self._transaction() as db:
                return statement(db)

        return self._writer.do(job)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Of the writer's thread. What was done inside stands together or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # after some errors SQLite has rolled back by itself
                self._db.execute("ROLLBACK")
            self._names.forget()
            raise
        self._names.settle()
