"""The durable queue of results that the collector has not acknowledged yet.

What is promised, and what it rests on:

* `append` has written the result when it returns: a `kill -9` loses nothing. `sync` makes it survive a power cut.
* A result is handed out for sending only once it is synced. Otherwise a power cut could take back a number that the collector
  has already stored, and the next result under that number would be thrown away as a duplicate.
* While the disk takes nothing (full, read-only, failing), results are kept in memory, bounded, under a stream of this run alone,
  for the same reason. They are written to disk as soon as it takes them.
* A full disk costs the oldest results, in whole segments; `dropped` counts everything that is lost, by reason.
* Age is measured by the spool's own clock (it counts the boot clock over all runs), because an office PC that wakes up in 2012
  must not throw away its backlog when it learns the year.

Safe to use from several threads. The files: segment.py, spool_files.py, spool_state.py.
"""

import errno
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, RLock
from typing import Annotated

import msgspec
from pydantic import Field

from agent import spool_state
from agent.durable import flush_file
from agent.ranges import Ranges
from agent.segment import RECORD, RECORD_BYTES, Label, Segment, frame, pack, unpack
from agent.spool_files import SpoolFiles
from agent.spool_state import SpoolState
from shared.clock import Clock
from shared.result import Result
from shared.settings import Settings
from shared.wire import MAX_RESULTS, Context

log = logging.getLogger(__name__)

SEGMENT_BYTES = 1 << 20
TAIL_RESULTS = 1_000
"""Results in one segment in memory; so many wait there before a full disk costs the oldest segment on it."""
RETRY_S = 10
"""Seconds between attempts to write to a disk that took nothing."""
PERSIST_S = 60
"""Seconds of acknowledgements that a crash may forget; what was forgotten is sent again, and recognised."""
CONTEXTS_KEPT = 4


class SpoolSettings(Settings):
    """`[spool]`: the defaults hold 30 days of 10 targets every 30 s."""

    directory: str | None = None
    """None: `spool` in the agent's state directory."""
    max_bytes: Annotated[int, Field(ge=65_536)] = 64 << 20
    max_age_days: Annotated[float, Field(gt=0)] = 35.0
    sync_s: Annotated[float, Field(gt=0, le=300)] = 5.0
    """A power cut costs at most the results of so many seconds."""
    memory_results: Annotated[int, Field(ge=TAIL_RESULTS)] = 30_000
    """Results kept in memory while the disk takes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Results of one stream and context with contiguous numbers; `results` are (target index in the context, result)."""

    stream: str
    first_seq: int
    context: Context
    results: Sequence[tuple[int, Result]]

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.results) - 1

    def halves(self) -> tuple["Slice", "Slice"]:
        """The same results in two slices; needs at least two."""
        middle = len(self.results) // 2
        return (
            Slice(stream=self.stream, first_seq=self.first_seq, context=self.context, results=self.results[:middle]),
            Slice(
                stream=self.stream, first_seq=self.first_seq + middle, context=self.context, results=self.results[middle:]
            ),
        )


class Spool:
    """The queue in `directory`. Raises SpoolInUse if another agent has it; a directory that cannot be used is logged, not raised."""

    def __init__(self, directory: Path, settings: SpoolSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._segment_bytes = min(SEGMENT_BYTES, settings.max_bytes // 16)
        self._lock, self._syncing = RLock(), Lock()
        self._files = SpoolFiles(directory)
        self._segments: list[Segment] = []  # in order of sequence number
        self._finished: list[Segment] = []  # nothing left to send; deleted once the state that says so is on disk
        self._open: Segment | None = None
        self._contexts: dict[str, Context] = {}
        self._current = ""
        self._index: dict[str, int] = {}
        self._state = SpoolState()
        self._memory_stream = secrets.token_hex(8)
        self._failing: OSError | None = None
        self._retry_ns = self._persist_ns = self._age_ns = 0
        self._urgent = False
        self._opened_boot_ms = clock.boot_ms()
        self._oldest: tuple[int, int] | None = None
        try:
            self._files.prepare()
            self._recover()
        except OSError as error:
            self._take_to_memory(error)
        self._state.stream = self._state.stream or secrets.token_hex(8)
        self._synced = self._state.next_seq - 1

    # what the agent does with it

    @property
    def stream(self) -> str:
        """The stream of new results: the same over restarts, unless damage left it unclear which numbers were used."""
        return self._memory_stream if self._failing else self._state.stream

    def open_context(self, context: Context) -> None:
        """What is appended from now on was measured in `context`."""
        with self._lock:
            self._current, self._contexts[context.name] = context.name, context
            self._index = {target.name: i for i, target in enumerate(context.targets)}
            if self._open:
                try:
                    self._complete_open()
                except OSError as error:
                    self._leave_disk(error)

    def append(self, result: Result) -> int:
        """Keep `result`; returns its sequence number. A disk that does not take it is our business, not the caller's."""
        payload = pack(self._index[result.target], result)
        with self._lock:
            seq = self._state.next_seq
            if not self._write(seq, payload):
                self._remember(seq, payload, self._current)
            self._state.next_seq = seq + 1
            self._drop_old()
            return seq

    def sync(self) -> None:
        """Make everything appended so far survive a power cut, and hand it out from now on. Blocks; call it in a thread."""
        with self._syncing:
            with self._lock:
                segment, upto = self._open, self._state.next_seq - 1
                handle = self._files.duplicate() if segment else -1
            try:
                if handle >= 0:
                    flush_file(handle)
            except OSError as error:
                with self._lock:
                    if self._open is segment:
                        self._leave_disk(error, distrust=True)
            else:
                with self._lock:
                    self._synced = max(self._synced, upto)
            finally:
                if handle >= 0:
                    os.close(handle)
            self._persist()

    def close(self) -> None:
        """Sync, and leave a directory that opens without looking through results."""
        with self._lock:
            try:
                if self._open:
                    self._complete_open()
            except OSError as error:
                self._leave_disk(error)
            self._return_to_disk(force=True)
            self._urgent = True
        self.sync()
        self._files.close()

    # what the push does with it

    def newest(self, since_seq: int, limit: int) -> Slice | None:
        """The last run of synced results not yet done with, from `since_seq` on: at most the `limit` newest of it."""

        def run(segment: Segment) -> tuple[int, int] | None:
            gap = self._state.done.last_gap(max(segment.first, since_seq), self._last_synced(segment))
            return gap and (max(gap[0], gap[1] - min(limit, MAX_RESULTS) + 1), gap[1])

        return self._take(run, newest_first=True)

    def oldest(self, before_seq: int, limit: int) -> Slice | None:
        """The first run of synced results not yet done with, below `before_seq`: at most the `limit` oldest of it."""

        def run(segment: Segment) -> tuple[int, int] | None:
            gap = self._state.done.first_gap(segment.first, min(self._last_synced(segment), before_seq - 1))
            return gap and (gap[0], min(gap[1], gap[0] + min(limit, MAX_RESULTS) - 1))

        return self._take(run, newest_first=False)

    def ack(self, first_seq: int, last_seq: int) -> None:
        """The collector has first ... last on disk: they are never sent again."""
        with self._lock:
            self._done(first_seq, min(last_seq, self._state.next_seq - 1))

    def set_aside(self, first_seq: int, last_seq: int, why: str) -> None:
        """The collector will never take first ... last: keep them for a person to look at, and never send them again."""
        with self._lock:
            with suppress(OSError):
                self._files.set_aside(self._as_lines(first_seq, last_seq, why))
            self._state.set_aside += self._done(first_seq, last_seq)
            self._urgent = True
        log.warning("spool_set_aside first_seq=%d last_seq=%d why=%r", first_seq, last_seq, why)

    # what is known of it

    @property
    def next_seq(self) -> int:
        return self._state.next_seq

    @property
    def floor_seq(self) -> int:
        """Nothing below it will ever be sent again."""
        with self._lock:
            gaps = (self._state.done.first_gap(s.first, s.last) for s in self._segments)
            return next((gap[0] for gap in gaps if gap), self._state.next_seq)

    @property
    def pending(self) -> int:
        """Results not yet done with."""
        with self._lock:
            return sum(self._pending(s) for s in self._segments)

    @property
    def pending_bytes(self) -> int:
        """What the spool takes on disk and in memory."""
        with self._lock:
            return sum(s.size + len(s.memory or b"") for s in (*self._segments, *self._finished))

    @property
    def dropped(self) -> dict[str, int]:
        """Results lost since the directory was made, by reason: age, size, damaged, disk_full."""
        return dict(self._state.dropped)

    @property
    def set_aside_count(self) -> int:
        return self._state.set_aside

    @property
    def oldest_pending_ms(self) -> int | None:
        """When the oldest result not yet done with was measured, in wall time as the host believed; None if there is none."""
        floor = self.floor_seq
        if self._oldest is None or self._oldest[0] != floor:
            piece = self.oldest(floor + 1, 1)
            self._oldest = piece and (floor, piece.results[0][1].started_ms + piece.context.clock_base_ms)
        return self._oldest and self._oldest[1]
