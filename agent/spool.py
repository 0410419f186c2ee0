"""The durable queue of results that the collector has not acknowledged yet.

What is promised, and what it rests on:

* `append` has written the result when it returns: a `kill -9` loses nothing. `sync` makes it survive a power cut.
* A result is handed out for sending only once it is synced. Otherwise a power cut could take back a number that the
  collector has already stored, and the next result under that number would be thrown away as a duplicate.
* While the disk takes nothing (full, read-only, failing), results are kept in memory, bounded, under a stream of this
  run alone, for the same reason. They are written to disk as soon as it takes them.
* A full disk costs the oldest results, in whole segments; `dropped` counts everything that is lost, by reason.
* Age is measured by the spool's own clock (it counts the boot clock over all runs), because an office PC that wakes up
  in 2012 must not throw away its backlog when it learns the year.

Safe to use from several threads. The files: segment.py, spool_files.py, spool_state.py.
"""

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from threading import Lock, RLock
from typing import Annotated

from pydantic import Field

from agent import spool_state
from agent.durable import flush_file
from agent.holdings import Contexts, Holdings
from agent.segment import pack
from agent.slices import Slice
from agent.spool_files import SpoolFiles
from agent.spool_reader import SpoolReader
from agent.spool_writer import TAIL_RESULTS, SpoolWriter
from shared.clock import Clock
from shared.result import Result
from shared.settings import FilePath, Settings
from shared.wire import Context

log = logging.getLogger(__name__)

SEGMENT_BYTES = 1 << 20
PERSIST_S = 60
"""Seconds of acknowledgements that a crash may forget; what was forgotten is sent again, and recognised."""
AGE_CHECK_S = 60


class SpoolSettings(Settings):
    """`[spool]`: the defaults hold 30 days of 10 targets every 30 s."""

    directory: FilePath | None = None
    """None: `spool` in the agent's state directory."""
    max_bytes: Annotated[int, Field(ge=65_536)] = 256 << 20
    max_age_days: Annotated[float, Field(gt=0)] = 35.0
    sync_s: Annotated[float, Field(gt=0, le=300)] = 5.0
    """A power cut costs at most the results of so many seconds."""
    memory_results: Annotated[int, Field(ge=TAIL_RESULTS)] = 30_000
    """Results kept in memory while the disk takes none."""


class Spool:
    """The queue in `directory`. Raises SpoolInUse if another agent has it.

    A directory that cannot be used is logged, and the spool works in memory.
    """

    def __init__(self, directory: Path, settings: SpoolSettings, clock: Clock) -> None:
        self._clock, self._max_age_s = clock, round(settings.max_age_days * 86_400)
        self._lock, self._syncing = RLock(), Lock()
        self._files = SpoolFiles(directory)
        self._held = Holdings(self._files, clock)
        self._contexts = Contexts(self._files, self._held)
        self._writer = SpoolWriter(
            self._files,
            self._held,
            self._contexts,
            clock,
            segment_bytes=min(SEGMENT_BYTES, settings.max_bytes // 16),
            max_bytes=settings.max_bytes,
            memory_results=settings.memory_results,
        )
        self._reader = SpoolReader(self._held, self._contexts, self._writer, self._lock)
        self._index: dict[str, int] = {}
        self._persist_ns = self._age_ns = 0
        self._oldest: tuple[int, int] | None = None
        self._recover()
        self._persist()

    # what the agent does with it

    @property
    def stream(self) -> str:
        """The stream of new results: the same over restarts, unless damage left it unclear which numbers were used."""
        return self._writer.memory_stream if self._writer.failing else self._held.state.stream

    def open_context(self, context: Context) -> None:
        """What is appended from now on was measured in `context`."""
        with self._lock:
            self._contexts.open(context)
            self._index = {target.name: i for i, target in enumerate(context.targets)}
            self._writer.complete_open()

    def append(self, result: Result) -> int:
        """Keep `result`; returns its sequence number. A disk that does not take it is not the caller's business."""
        with self._lock:
            payload = pack(self._index[result.target], result)
            seq = self._held.state.next_seq
            self._held.state.next_seq = seq + 1
            self._writer.write(seq, payload)
            self._drop_old()
            return seq

    def sync(self) -> None:
        """Make what was appended survive a power cut, and hand it out from now on. Blocks; call it in a thread."""
        with self._syncing:
            with self._lock:
                segment, upto = self._held.open, self._held.state.next_seq - 1
                handle = self._files.duplicate() if segment else -1
            try:
                if handle >= 0:
                    flush_file(handle)
            except OSError as error:
                with self._lock:
                    if self._held.open is segment:
                        self._writer.distrust(error)
            else:
                with self._lock:
                    self._writer.synced = max(self._writer.synced, upto)
            finally:
                if handle >= 0:
                    os.close(handle)
            self._persist()

    def close(self) -> None:
        """Sync, and leave a directory that opens without looking through results."""
        with self._lock:
            self._writer.complete_open()
            self._writer.return_to_disk()
            self._held.urgent = True
            if lost := sum(s.count for s in self._held.in_memory()):
                log.error(
                    "spool_closed lost=%d error=%r the disk took nothing until the end", lost, self._writer.failing
                )
        self.sync()
        self._files.close()

    # what the push does with it

    def newest(self, since_seq: int, limit: int) -> Slice | None:
        """The last run of synced results not yet done with, from `since_seq` on: at most the `limit` newest of it."""
        return self._reader.newest(since_seq, limit)

    def oldest(self, before_seq: int, limit: int) -> Slice | None:
        """The first run of synced results not yet done with, below `before_seq`: at most the `limit` oldest of it."""
        return self._reader.oldest(before_seq, limit)

    def ack(self, first_seq: int, last_seq: int) -> None:
        """The collector has first ... last on disk: they are never sent again."""
        with self._lock:
            self._held.finish(first_seq, min(last_seq, self._held.state.next_seq - 1))

    def set_aside(self, first_seq: int, last_seq: int, why: str) -> None:
        """The collector will never take first ... last: keep them for a person to see, never send them again."""
        with self._lock:
            for segment in self._held.segments:
                low, high = max(first_seq, segment.first), min(last_seq, segment.last)
                with suppress(OSError):
                    if low <= high and (piece := self._reader.read(segment, low, high)):
                        self._files.set_aside(piece.lines(why))
            self._held.state.set_aside += self._held.finish(first_seq, last_seq)
            self._held.urgent = True
        log.warning("spool_set_aside first_seq=%d last_seq=%d why=%r", first_seq, last_seq, why)

    # what is known of it

    @property
    def context(self) -> Context | None:
        """The one that was opened last."""
        with self._lock:
            return self._contexts.get(self._contexts.current) if self._contexts.current else None

    @property
    def next_seq(self) -> int:
        return self._held.state.next_seq

    @property
    def writable(self) -> bool:
        """Whether the disk takes results; while it does not, they are kept in memory."""
        return not self._writer.failing

    @property
    def floor_seq(self) -> int:
        """Nothing below it will ever be sent again."""
        with self._lock:
            return self._held.floor()

    @property
    def pending(self) -> int:
        """Results not yet done with."""
        with self._lock:
            return self._held.pending()

    @property
    def pending_bytes(self) -> int:
        """What the results take on disk and in memory, those included that share a segment with pending ones."""
        with self._lock:
            return self._held.bytes_on_disk + self._held.bytes_in_memory

    @property
    def dropped(self) -> dict[str, int]:
        """Results lost since the directory was made, by reason: age, size, damaged, disk_full."""
        return dict(self._held.state.dropped)

    @property
    def set_aside_count(self) -> int:
        return self._held.state.set_aside

    @property
    def oldest_pending_ms(self) -> int | None:
        """When the oldest result that can be sent was measured, in wall time as the host believed."""
        floor = self.floor_seq
        if self._oldest is None or self._oldest[0] != floor:
            piece = self.oldest(floor + 1, 1)
            self._oldest = (floor, piece.results[0][1].started_ms + piece.context.clock_base_ms) if piece else None
        return self._oldest[1] if self._oldest else None

    # how it is done

    def _recover(self) -> None:
        clear = False
        try:
            self._files.prepare()
        except OSError as error:
            self._writer.work_in_memory(error)
        try:
            clear = self._held.recover()
            self._writer.recovered = True
        except OSError as error:
            self._writer.work_in_memory(error)
        state = self._held.state
        self._writer.synced = state.next_seq - 1
        if not clear:
            state.stream = secrets.token_hex(8)
            self._held.urgent = True
        log.info(
            "spool_opened stream=%s next_seq=%d pending=%d lost=%s",
            state.stream,
            state.next_seq,
            self.pending,
            state.dropped,
        )

    def _drop_old(self) -> None:
        if self._clock.mono_ns() >= self._age_ns:
            self._age_ns = self._clock.mono_ns() + AGE_CHECK_S * 1_000_000_000
            self._held.drop_born_before(self._held.age_s() - self._max_age_s)

    def _persist(self) -> None:
        """Save the state if it is time, and only then delete what it calls finished: no crash can look like a loss."""
        with self._lock:
            held, now_ns = self._held, self._clock.mono_ns()
            if not self._writer.recovered or not (held.urgent or (held.changed and now_ns >= self._persist_ns)):
                return
            held.urgent = held.changed = False
            self._persist_ns = now_ns + PERSIST_S * 1_000_000_000
            held.state.lived_s = held.age_s()
            content, finished = held.state.encode(), list(held.finished)
        try:
            spool_state.save(self._files.directory, held.state.generation, content)
        except OSError:
            held.changed = (
                True  # the writer says what is wrong; acknowledgements that are forgotten are asked for again
            )
        for segment in finished:
            self._files.remove(segment)
        with self._lock:
            held.finished = [s for s in held.finished if s not in finished]
            if finished:
                self._files.forget_contexts({self._contexts.current, *(s.label.context for s in held.segments)})
