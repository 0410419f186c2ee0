"""A commit group: many deliveries decoded, de-duplicated and put in order at once, ready to be one row of the log.

1. Decode all batches of the group in one pass.
2. Per delivery, ask its window what is there already; the rest goes on.
3. Rows whose stamps their push does not prove right get series of a clock of their own, to be corrected when read.
4. Put the rows of each delivery in order of place, so that the rows of a site stand together.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from collector.clocks import is_judged, is_proved
from collector.columns import Columns
from collector.decode import decode_parts
from collector.store import Delivery, Refusal, Stored
from collector.store.names import Names, Source
from collector.store.rows import Rows, join
from collector.store.window import Window
from collector.unpack import Aside, Ints, Part
from shared.wire import Context, Host

Stream = tuple[str, str, str]
"""(agent, stream, boot): two hosts made from one disk image number their results alike."""

FindWindow = Callable[[Stream], Window]


class Frame(msgspec.Struct, array_like=True):
    """What the log keeps of a delivery beside its rows. `spans`: the sequence numbers that were new, half-open."""

    agent: str
    site: str
    stream: str
    source: int
    spans: tuple[tuple[int, int], ...]
    floor: int
    received_ms: int
    newest: bool
    """Nothing later of this stream had come before: its context is the one that the agent is in."""
    host: Host | None = None
    stamps: tuple[int, int] | None = None
    """First and last raw stamp of the rows that were new; None: there were none."""
    rows: int = 0
    clock: int = 0
    """What the rows' stamps are corrected by; 0: they stand as they are."""
    boot_id: str = ""
    """Of the context; '' if the delivery does not tell enough of its clock to judge it."""


@dataclass(slots=True)
class _Block:
    """Rows on their way into a group: `of` is the delivery that each belongs to, ascending."""

    of: Ints
    seq: Ints
    place: Ints
    rows: Rows

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "_Block":
        return _Block(self.of[chosen], self.seq[chosen], self.place[chosen], self.rows.take(chosen))


@dataclass(slots=True)
class Group:
    """What a commit group changes."""

    clocks: list[int]
    """By delivery."""
    frames: list[Frame] = field(default_factory=list)
    contexts: list[Context | None] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    windows: dict[Stream, Window] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    rows: Rows = field(default_factory=lambda: join([]))
    starts: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    places: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    clock_of: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """Rows of one delivery and place stand together: piece i begins at `starts[i]`, is of `places[i]`, and its stamps
    are those of clock `clock_of[i]`."""

    def admit(
        self,
        delivery: Delivery,
        source: Source | None,
        seqs: Ints,
        refused: Sequence[Aside],
        windows: FindWindow,
    ) -> NDArray[np.bool_] | None:
        """Takes a delivery in; returns which of its rows are there already, None if none is."""
        batch, judged = delivery.batch, is_judged(delivery.batch.host)
        boot_id = source.context.boot_id if source and judged else ""
        stream = (delivery.agent, batch.stream, boot_id)
        window = self.windows.get(stream) or windows(stream)
        count = len(seqs) + len(refused)
        first, end = batch.first_seq, batch.first_seq + count
        spans: tuple[tuple[int, int], ...] = ((first, end),)
        there = None
        if not window.has_none_of(first, end):
            there, spans = window.present(seqs), tuple(window.gaps(first, end))
            refused = [row for row, old in zip(refused, window.present(_seqs(refused)), strict=True) if not old]
        new = len(seqs) - (int(there.sum()) if there is not None else 0)
        frame = Frame(
            agent=delivery.agent,
            site=delivery.site,
            stream=batch.stream,
            source=source.id if source else 0,
            spans=spans,
            floor=min(batch.floor_seq, first),
            received_ms=delivery.received_at_ms,
            newest=end >= window.end and not (judged and batch.host and not batch.host.same_boot),
            host=batch.host,
            rows=new,
            boot_id=boot_id,
        )
        self.frames.append(frame)
        self.contexts.append(source.context if source else delivery.context)
        self.windows[stream] = apply(frame, window)
        self._answer(delivery, count, new, refused)
        return there

    def date(self, block: _Block, sources: Sequence[Source | None], names: Names) -> None:
        """Notes from when to when the new rows of each delivery were measured, and gives those that are not proved
        right a clock."""
        starts = np.flatnonzero(np.diff(block.of, prepend=-1))
        ends = np.append(starts[1:], len(block.of)).tolist()
        if not ends[0]:
            return
        lows, highs = (each.reduceat(block.rows.at_ms, starts).tolist() for each in (np.minimum, np.maximum))
        of = block.of[starts].tolist()
        for number, start, end, first_ms, last_ms in zip(of, starts.tolist(), ends, lows, highs, strict=True):
            frame, source, clock = self.frames[number], sources[number], 0
            if source and frame.boot_id and frame.host:
                base_ms = source.context.clock_base_ms
                if not is_proved(frame.host, base_ms, frame.received_ms, first_ms, last_ms):
                    clock = names.clock(frame.agent, source.context)
                    block.rows.series[start:end] = names.under(clock, source, block.rows.series[start:end])
            frame.stamps, frame.clock, self.clocks[number] = (first_ms, last_ms), clock, clock

    def lay(self, block: _Block, *, mixed: bool) -> None:
        """Takes the rows in. `mixed`: a delivery may concern several places, whose rows are put together."""
        if mixed:
            block = block.take(np.lexsort((block.place, block.of)))
        apart = np.ones(len(block.of), np.bool_)
        apart[1:] = (block.of[1:] != block.of[:-1]) | (block.place[1:] != block.place[:-1])
        self.rows, self.starts = block.rows, np.flatnonzero(apart)
        self.places = block.place[self.starts]
        self.clock_of = np.array(self.clocks, np.int64)[block.of[self.starts]]

    def _answer(self, delivery: Delivery, count: int, new: int, refused: Sequence[Aside]) -> None:
        agent, stream, at_ms = delivery.agent, delivery.batch.stream, delivery.received_at_ms
        self.stored.append(
            Stored(
                stored=new,
                duplicates=count - new - len(refused),
                set_aside=len(refused),
                reasons=Counter(reason for _, reason, _ in refused) if refused else {},
            )
        )
        for seq, reason, text in refused:
            self.refusals.append(Refusal(agent=agent, stream=stream, seq=seq, reason=reason, text=text, at_ms=at_ms))


def apply(frame: Frame, window: Window) -> Window:
    """The window after a delivery."""
    for first, end in frame.spans:
        window = window.add(first, end)
    return window.raise_floor(frame.floor)


def _seqs(refused: Sequence[Aside]) -> Ints:
    return np.array([seq for seq, _, _ in refused], np.int64)


def gather(
    deliveries: Sequence[Delivery], names: Names, windows: FindWindow, cloned: Mapping[str, frozenset[str]]
) -> Group:
    """The group of `deliveries`. Changes nothing but `names`; an exception means that one of them is poisonous.

    `cloned`: agent -> boots whose results are kept under a name of their own.
    """
    sources = [_source(delivery, names, cloned) for delivery in deliveries]
    block, aside = _read(deliveries, sources, names)
    counts = np.bincount(block.of, minlength=len(deliveries)).tolist()
    group = Group([0] * len(deliveries))
    twice: list[NDArray[np.intp]] = []
    at = 0
    for number, (delivery, source, count) in enumerate(zip(deliveries, sources, counts, strict=True)):
        refused = aside.get(number, delivery.set_aside)
        there = group.admit(delivery, source, block.seq[at : at + count], refused, windows)
        if there is not None:
            twice.append(at + np.flatnonzero(there))
        at += count
    if twice:
        block = block.take(np.delete(np.arange(len(block.of)), np.concatenate(twice)))
    group.date(block, sources, names)
    group.lay(block, mixed=any(source is None or source.place is None for source in sources))
    return group


def _source(delivery: Delivery, names: Names, cloned: Mapping[str, frozenset[str]]) -> Source | None:
    if delivery.columns is not None and delivery.context is None:
        return None
    name = delivery.batch.context
    source = names.source(delivery.agent, delivery.site, name, delivery.context)
    boot_id = source.context.boot_id
    if boot_id not in cloned.get(delivery.agent, ()):
        return source
    return names.source(delivery.agent, delivery.site, name, source.context, apart=boot_id[:8])


def _read(
    deliveries: Sequence[Delivery], sources: Sequence[Source | None], names: Names
) -> tuple[_Block, dict[int, list[Aside]]]:
    """The rows of all deliveries, and what was refused of those that were decoded here."""
    aside: dict[int, list[Aside]] = {}
    blocks: list[_Block] = []
    encoded: list[tuple[int, Delivery, Source]] = []
    for number, (delivery, source) in enumerate(zip(deliveries, sources, strict=True)):
        if delivery.columns is not None:
            blocks.append(_given(number, delivery.columns, delivery.seqs, names))
        elif source:
            encoded.append((number, delivery, source))
    if encoded:
        block, aside = _decoded(encoded)
        blocks.append(block)
    return _merged(blocks), aside


def _decoded(encoded: Sequence[tuple[int, Delivery, Source]]) -> tuple[_Block, dict[int, list[Aside]]]:
    parts = [
        Part(delivery.batch, source.context, source.intervals_ms, delivery.received_at_ms)
        for _, delivery, source in encoded
    ]
    found = decode_parts(parts)
    numbers = np.array([number for number, _, _ in encoded], np.int64)
    sizes = np.array([len(source.series) for _, _, source in encoded], np.int64)
    target = (np.cumsum(sizes) - sizes)[found.part] + found.target
    series = np.concatenate([source.series for _, _, source in encoded])[target]
    place = np.concatenate([source.places for _, _, source in encoded])[target]
    f = found
    rows = Rows(series, f.at_ms, f.outcome, f.sent, f.received, f.avg_us, f.min_us, f.max_us)
    aside = {encoded[part][0]: refused for part, refused in found.aside.items()}
    return _Block(numbers[found.part], found.seq, place, rows), aside


def _merged(blocks: Sequence[_Block]) -> _Block:
    if len(blocks) == 1:
        return blocks[0]
    block = _Block(
        np.concatenate([b.of for b in blocks]),
        np.concatenate([b.seq for b in blocks]),
        np.concatenate([b.place for b in blocks]),
        join([b.rows for b in blocks]),
    )
    return block.take(np.argsort(block.of, kind="stable"))


def _given(number: int, columns: Columns, seqs: Sequence[int], names: Names) -> _Block:
    if len(seqs) != len(columns) or (len(columns) and int(columns.at_ms.min()) < 0):
        raise ValueError("a delivery needs one sequence number a row, and stamps after 1970")
    series = names.series(columns.series)[columns.index]
    place = np.array([names.place(one.site) for one in columns.series], np.int64)[columns.index]
    c = columns
    rows = Rows(series, c.at_ms, c.outcome, c.sent, c.received, c.avg_us, c.min_us, c.max_us)
    return _Block(np.full(len(columns), number, np.int64), np.asarray(seqs, np.int64), place, rows)
