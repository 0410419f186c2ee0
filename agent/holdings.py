"""What the spool holds: its segments in order, which of their results are done with, and the count of what was lost."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.ranges import Ranges
from agent.segment import RECORD_BYTES, Segment
from agent.spool_files import SpoolFiles
from agent.spool_state import SpoolState
from shared.clock import Clock
from shared.wire import Context

CONTEXTS_KEPT = 4


@dataclass(slots=True)
class Holdings:
    """Numbers in `state.done` are acknowledged, lost or set aside.

    `finished` segments have nothing left to send and wait to be deleted. The newest segment on disk is never finished:
    it is the proof of which numbers were used.
    """

    files: SpoolFiles
    clock: Clock
    state: SpoolState = field(default_factory=SpoolState)
    segments: list[Segment] = field(default_factory=list)
    finished: list[Segment] = field(default_factory=list)
    open: Segment | None = None
    """The one that is being written to disk."""
    changed: bool = False
    urgent: bool = False
    """Losses and completed segments are saved at once, acknowledgements at leisure."""
    _lived_s: int = 0
    _since_boot_ms: int = 0

    def recover(self) -> bool:
        """Take stock of the directory; returns whether it is clear which numbers were used. Raises OSError.

        Numbers that were used, but that no segment has, are lost: a file was cut short or vanished.
        """
        self._since_boot_ms = self.clock.boot_ms()
        self.state, torn = SpoolState.load(self.files.directory), False
        for segment, missing, was_open in self.files.find():
            torn = was_open and any(missing)
            self.segments.append(segment)
            for first, last in missing:
                self.lose(first, last, "damaged")
        end = self.segments[-1].last + 1 if self.segments else 0
        clear = end >= self.state.next_seq and not torn and self.segments[-1].label.stream == self.state.stream
        self.state.next_seq = max(self.state.next_seq, end)
        self._account_for_gaps()
        self.reap()
        self._lived_s = max([self.state.lived_s, *(s.label.born_s for s in self.segments)])
        return clear

    def age_s(self) -> int:
        """The spool's own clock: seconds that it has lived through since it was made, sleep included."""
        return self._lived_s + (self.clock.boot_ms() - self._since_boot_ms) // 1000

    def _account_for_gaps(self) -> None:
        """Numbers neither done with nor held are lost, unless this is an older state that does not know better."""
        held = Ranges((s.first, s.last) for s in self.segments)
        for first, last in list(self.state.done.gaps(1, self.state.next_seq - 1)):
            for gone in list(held.gaps(first, last)):
                if self.state.is_newest:
                    self.lose(*gone, "damaged")
                else:
                    self.state.done.add(*gone)

    def finish(self, first: int, last: int) -> int:
        """first ... last are done with; returns how many of them were not before."""
        new = self.state.done.add(first, last)
        self.changed = True
        self.reap()
        return new

    def lose(self, first: int, last: int, reason: str) -> int:
        """first ... last are lost; returns how many results that costs."""
        lost = self.finish(first, last)
        self.state.dropped[reason] += lost
        self.urgent = True
        return lost

    def lose_all_but(self, rows: list[tuple[int, bytes]], first: int, last: int) -> int:
        """Of first ... last only `rows` could be read; returns how many results that costs."""
        found = Ranges((seq, seq) for seq, _ in rows)
        return sum(self.lose(*gap, "damaged") for gap in list(found.gaps(first, last)))

    def drop(self, segment: Segment, reason: str) -> None:
        """Give up a whole segment to make room."""
        self.segments.remove(segment)
        self.files.remove(segment)
        self.lose(segment.first, segment.last, reason)

    def drop_oldest(self, reason: str) -> bool:
        """Give up the oldest complete segment on disk; False if there is none."""
        oldest = next((s for s in self.segments if s.path and s is not self.open), None)
        if oldest:
            self.drop(oldest, reason)
        return oldest is not None

    def drop_beyond(self, max_bytes: int) -> None:
        while self.bytes_on_disk > max_bytes and self.drop_oldest("size"):
            pass

    def drop_born_before(self, born_s: int) -> None:
        """Give up the segments that ended (that is: the next one began) before `born_s` on the spool's clock."""
        while len(self.segments) > 1 and self.segments[1].label.born_s < born_s:
            self.drop(self.segments[0], "age")

    def in_memory(self) -> list[Segment]:
        return [s for s in self.segments if s.memory is not None]

    def of_context(self, name: str) -> Iterator[Segment]:
        return (s for s in (*self.segments, *self.finished) if s.label.context == name)

    def pending(self) -> int:
        return sum(s.count - self.state.done.count(s.first, s.last) for s in self.segments)

    def floor(self) -> int:
        gaps = (self.state.done.first_gap(s.first, s.last) for s in self.segments)
        return next((gap[0] for gap in gaps if gap), self.state.next_seq)

    @property
    def bytes_on_disk(self) -> int:
        return sum(s.size for s in self.segments)

    @property
    def bytes_in_memory(self) -> int:
        return sum(s.count * RECORD_BYTES for s in self.in_memory())

    def reap(self) -> None:
        """Segments with nothing left to send are finished, but for the one that is written and the newest on disk."""
        newest = next((s for s in reversed(self.segments) if s.path), None)
        done = [
            s
            for s in self.segments
            if s is not newest and s is not self.open and self.state.done.count(s.first, s.last) == s.count
        ]
        for segment in done:
            self.segments.remove(segment)
            if segment.path:
                self.finished.append(segment)


class Contexts:
    """The contexts of the results held: those of the next result and of memory always, of the others a few."""

    def __init__(self, files: SpoolFiles, held: Holdings) -> None:
        self._files, self._held = files, held
        self._known: dict[str, Context] = {}
        self.current = ""
        """The name of the context that new results belong to."""

    def open(self, context: Context) -> None:
        self.current = context.name
        self._keep(context.name, context)

    def get(self, name: str) -> Context | None:
        """The context called `name`; None if every copy is damaged."""
        if name not in self._known:
            context = self._files.context(name, self._held.of_context(name))
            if context is None:
                return None
            self._keep(name, context)
        return self._known[name]

    def _keep(self, name: str, context: Context) -> None:
        needed = {self.current, *(s.label.context for s in self._held.in_memory())}
        for old in [n for n in self._known if n not in needed][:-CONTEXTS_KEPT]:
            del self._known[old]
        self._known[name] = context
