"""What is handed out for sending: runs of results that are synced and not done with, and what damage shows then."""

import logging
from collections.abc import Callable
from threading import RLock

from agent.holdings import Contexts, Holdings
from agent.segment import Segment, unpack
from agent.slices import Slice
from agent.spool_writer import SpoolWriter
from shared.wire import MAX_RESULTS

log = logging.getLogger(__name__)

Run = Callable[[Segment], tuple[int, int] | None]
"""The first and last number of what a segment has to hand out."""


class SpoolReader:
    """The reading end. Takes the spool's lock for one attempt at a time, so that nobody waits while much is damaged."""

    def __init__(self, held: Holdings, contexts: Contexts, writer: SpoolWriter, lock: RLock) -> None:
        self._held, self._contexts, self._writer, self._lock = held, contexts, writer, lock

    def newest(self, since_seq: int, limit: int) -> Slice | None:
        """See `Spool.newest`."""

        def run(segment: Segment) -> tuple[int, int] | None:
            gap = self._held.state.done.last_gap(max(segment.first, since_seq), self._last_synced(segment))
            return gap and (max(gap[0], gap[1] - min(limit, MAX_RESULTS) + 1), gap[1])

        return self._take(run, newest_first=True)

    def oldest(self, before_seq: int, limit: int) -> Slice | None:
        """See `Spool.oldest`."""

        def run(segment: Segment) -> tuple[int, int] | None:
            gap = self._held.state.done.first_gap(segment.first, min(self._last_synced(segment), before_seq - 1))
            return gap and (gap[0], min(gap[1], gap[0] + min(limit, MAX_RESULTS) - 1))

        return self._take(run, newest_first=False)

    def _take(self, run: Run, *, newest_first: bool) -> Slice | None:
        """The run of the first segment that has one; what turns out to be damaged is left out, and looked for anew."""
        while True:
            with self._lock:
                segments = reversed(self._held.segments) if newest_first else iter(self._held.segments)
                chosen = next(((s, found) for s in segments if (found := run(s))), None)
                if chosen is None:
                    return None
                segment, (first, last) = chosen
                try:
                    if piece := self.read(segment, first, last):
                        return piece
                except OSError as error:  # too many open files and the like: it is there, but not now
                    log.warning("spool_read state=failing error=%r", str(error))
                    return None

    def read(self, segment: Segment, first: int, last: int) -> Slice | None:
        """All of first ... last, or None after what is damaged was counted. Raises OSError.

        Without a context (both copies damaged) nobody knows what was measured: the whole segment is lost.
        """
        context = self._contexts.get(segment.label.context)
        rows = segment.read(first, last) if context else []
        if context and len(rows) == last - first + 1:
            results = [unpack(payload, context) for _, payload in rows]
            return Slice(stream=segment.label.stream, first_seq=first, context=context, results=results)
        first, last = (first, last) if context else (segment.first, segment.last)
        lost = self._held.lose_all_but(rows, first, last)
        log.warning("spool_damaged first_seq=%d last_seq=%d lost=%d", first, last, lost)
        return None

    def _last_synced(self, segment: Segment) -> int:
        return min(segment.last, self._writer.synced) if segment is self._held.open else segment.last
