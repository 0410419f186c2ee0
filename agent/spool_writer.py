"""Where a new result goes: to the open segment, or to memory while the disk takes nothing."""

import errno
import logging
import secrets
from contextlib import suppress

from agent.holdings import Contexts, Holdings
from agent.segment import RECORD, RECORD_BYTES, Label, Segment, frame
from agent.spool_files import SpoolFiles, SpoolInUse
from shared.clock import Clock

log = logging.getLogger(__name__)

TAIL_RESULTS = 1_000
"""Results in one segment in memory; so many wait there before a full disk costs the oldest segment on it."""
RETRY_S = 10
"""Seconds between attempts to write to a disk that took nothing."""


class SpoolWriter:
    """The writing end. Not locked: the spool does that.

    Results in memory belong to a stream of this run alone (`memory_stream`), because they may be sent before they are
    on disk. Had they the spool's own stream, a restart would give their numbers to other results, which the collector
    would take for duplicates.
    """

    def __init__(
        self,
        files: SpoolFiles,
        held: Holdings,
        contexts: Contexts,
        clock: Clock,
        *,
        segment_bytes: int,
        max_bytes: int,
        memory_results: int,
    ) -> None:
        self._files, self._held, self._contexts, self._clock = files, held, contexts, clock
        self._segment_bytes, self._max_bytes, self._memory_results = segment_bytes, max_bytes, memory_results
        self.memory_stream = secrets.token_hex(8)
        self.failing = ""
        """Why the disk takes nothing; empty while it does."""
        self.synced = 0
        """Everything up to here that is on disk at all survives a power cut."""
        self.recovered = False
        """Whether it is known what the directory holds."""
        self._retry_ns = 0

    def write(self, seq: int, payload: bytes) -> None:
        """Keep a result; never raises for a disk."""
        if not self._to_disk(seq, payload):
            self._remember(seq, payload, self._contexts.current)

    def complete_open(self) -> None:
        """Complete the open segment, if there is one; what turns out not to be on disk goes to memory."""
        segment, self._held.open = self._held.open, None
        if segment is None:
            return
        self._held.urgent = True
        try:
            self._files.finish(segment)
            self.synced = max(self.synced, segment.last)
        except OSError as error:
            self.work_in_memory(error)
            self._rescue(segment)
        self._held.reap()

    def distrust(self, error: OSError) -> None:
        """A sync failed: move what it was to secure to memory.

        A second sync may claim success, because the pages are marked clean though they were not written.
        """
        self.work_in_memory(error)
        if segment := self._held.open:
            self._held.open = None
            with suppress(OSError):
                self._files.finish(segment)
            self._rescue(segment)

    def work_in_memory(self, error: Exception) -> None:
        """The disk takes nothing, for this reason, until it is tried again."""
        why = str(error) or type(error).__name__
        if why != self.failing:
            log.error("spool_disk state=failing error=%r memory_results=%d", why, self._memory_results)
        self.failing = why
        self._retry_ns = self._clock.mono_ns() + RETRY_S * 1_000_000_000

    def return_to_disk(self) -> bool:
        """Try to write what waits in memory; False if that does not work yet."""
        waiting = self._held.in_memory()
        if self.failing and sum(s.count for s in waiting) >= TAIL_RESULTS:
            self._held.drop_oldest("disk_full")
        try:
            self._files.prepare()
            if not self.recovered and not self._files.is_empty():
                raise FileExistsError(errno.EEXIST, "results from before are there now; restart the agent to send them")
            for segment in waiting:
                if context := self._contexts.get(segment.label.context):
                    self._files.store(segment, context)
        except (OSError, SpoolInUse) as error:
            self.work_in_memory(error)
            return False
        if self.failing:
            log.warning("spool_disk state=ok kept=%d", sum(s.count for s in waiting))
        self.failing, self.recovered = "", True
        return True

    def _to_disk(self, seq: int, payload: bytes) -> bool:
        if self.failing and (self._clock.mono_ns() < self._retry_ns or not self.return_to_disk()):
            return False
        try:
            segment = self._held.open
            if segment is None or segment.size + RECORD_BYTES > self._segment_bytes:
                segment = self._start_segment(seq)
            self._files.write(frame(RECORD, seq, payload, segment.label.seed))
        except OSError as error:
            self.work_in_memory(error)
            self.complete_open()
            return False
        segment.count += 1
        return True

    def _start_segment(self, first: int) -> Segment:
        """Complete the open segment and open one that begins with `first`; raises OSError."""
        self.complete_open()
        if self.failing:
            raise OSError(self.failing)
        self._held.drop_beyond(self._max_bytes - self._segment_bytes)
        context = self._contexts.get(self._contexts.current)
        if context is None:
            raise LookupError("append() before open_context()")
        label = Label(first, self._held.age_s(), self._held.state.stream, self._contexts.current)
        self._held.open = self._files.start(label, context)
        self._held.segments.append(self._held.open)
        return self._held.open

    def _rescue(self, segment: Segment) -> None:
        """Move what is not known to be on disk from `segment` to memory."""
        first, last = max(segment.first, self.synced + 1), segment.last
        try:
            rows = segment.read(first, last)
        except OSError:
            rows = []
        segment.count = first - segment.first
        self._files.cut(segment)
        self._held.lose_all_but(rows, first, last)
        for seq, payload in rows:
            self._remember(seq, payload, segment.label.context)

    def _remember(self, seq: int, payload: bytes, context: str) -> None:
        """Keep a result in memory, at the cost of the oldest ones there."""
        last = self._held.segments[-1] if self._held.segments else None
        if (
            last is None
            or last.memory is None
            or last.count >= TAIL_RESULTS
            or (last.label.context, last.last + 1) != (context, seq)
        ):
            tail = self._held.in_memory()
            if sum(s.count for s in tail) > self._memory_results - TAIL_RESULTS:
                self._held.drop(tail[0], "disk_full")
            last = Segment(Label(seq, self._held.age_s(), self.memory_stream, context), memory=bytearray())
            self._held.segments.append(last)
        if last.memory is not None:
            last.memory += frame(RECORD, seq, payload, last.label.seed)
            last.count += 1
