"""A commit group: many deliveries decoded, de-duplicated and put in order at once, ready to be one row of the log.

1. Decode all batches of the group in one pass.
2. Per delivery, ask its window what is there already; the rest goes on.
3. Put the rows of each delivery in order of place, so that the rows of a site stand together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from collector.columns import Columns
from collector.decode import decode_parts
from collector.store import Delivery, Refusal, Stored
from collector.store.names import Names, Source
from collector.store.rows import Rows, join
from collector.store.window import EMPTY, Window
from collector.unpack import Aside, Ints, Part
from shared.wire import Context, Host

Stream = tuple[str, str]
"""(agent, stream)."""


class Frame(msgspec.Struct, frozen=True, array_like=True):
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


@dataclass(slots=True)
class Group:
    """What a commit group changes. `starts` and `places`: rows of one delivery and place stand together."""

    frames: list[Frame]
    contexts: list[Context | None]
    rows: Rows
    starts: Ints
    places: Ints
    windows: dict[Stream, Window]
    stored: list[Stored]
    refusals: list[Refusal] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """Rows on their way into a group: `of` is the delivery that each belongs to, ascending."""

    of: Ints
    seq: Ints
    place: Ints
    rows: Rows

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "_Block":
        return _Block(self.of[chosen], self.seq[chosen], self.place[chosen], self.rows.take(chosen))


def gather(deliveries: Sequence[Delivery], names: Names, windows: Mapping[Stream, Window]) -> Group:
    """The group of `deliveries`. Changes nothing but `names`; an exception means that one of them is poisonous."""
    sources = [_source(delivery, names) for delivery in deliveries]
    block, aside = _read(deliveries, sources, names)
    counts = np.bincount(block.of, minlength=len(deliveries)).tolist()
    group = Group([], [delivery.context for delivery in deliveries], block.rows, block.of, block.place, {}, [])
    drop: list[NDArray[np.intp]] = []
    at = 0
    for number, delivery in enumerate(deliveries):
        refused = aside.get(number, delivery.set_aside)
        seqs = block.seq[at : at + counts[number]]
        there = _admit(group, delivery, sources[number], seqs, refused, windows)
        if there is not None:
            drop.append(at + np.flatnonzero(there))
        at += counts[number]
    if drop:
        block = block.take(np.delete(np.arange(len(block.of)), np.concatenate(drop)))
    _order(group, block, any(source is None or source.place is None for source in sources))
    return group


def _source(delivery: Delivery, names: Names) -> Source | None:
    if delivery.columns is not None and delivery.context is None:
        return None
    return names.source(delivery.agent, delivery.site, delivery.batch.context, delivery.context)


def _read(
    deliveries: Sequence[Delivery], sources: Sequence[Source | None], names: Names
) -> tuple[_Block, dict[int, list[Aside]]]:
    encoded = [
        (number, source) for number, source in enumerate(sources) if deliveries[number].columns is None and source
    ]
    blocks = [
        _given(number, delivery.columns, delivery.seqs, names)
        for number, delivery in enumerate(deliveries)
        if delivery.columns is not None
    ]
    aside: dict[int, list[Aside]] = {}
    if encoded:
        parts = [
            Part(deliveries[n].batch, source.context, source.intervals_ms, deliveries[n].received_at_ms)
            for n, source in encoded
        ]
        numbers, found = np.array([number for number, _ in encoded], np.int64), decode_parts(parts)
        sizes = np.array([len(source.series) for _, source in encoded], np.int64)
        target = (np.cumsum(sizes) - sizes)[found.part] + found.target
        series, place = (
            np.concatenate(column)[target] for column in zip(*((s.series, s.places) for _, s in encoded), strict=True)
        )
        rows = Rows(
            series, found.at_ms, found.outcome, found.sent, found.received, found.avg_us, found.min_us, found.max_us
        )
        blocks.append(_Block(numbers[found.part], found.seq, place, rows))
        aside = {encoded[part][0]: refused for part, refused in found.aside.items()}
    if len(blocks) == 1:
        return blocks[0], aside
    block = _Block(
        *(np.concatenate([getattr(b, name) for b in blocks]) for name in ("of", "seq", "place")),
        join([b.rows for b in blocks]),
    )
    return block.take(np.argsort(block.of, kind="stable")), aside


def _given(number: int, columns: Columns, seqs: Sequence[int], names: Names) -> _Block:
    if len(seqs) != len(columns) or (len(columns) and int(columns.at_ms.min()) < 0):
        raise ValueError("a delivery needs one sequence number a row, and stamps after 1970")
    series = names.series(columns.series)[columns.index]
    place = np.array([names.place(one.site) for one in columns.series], np.int64)[columns.index]
    c = columns
    rows = Rows(series, c.at_ms, c.outcome, c.sent, c.received, c.avg_us, c.min_us, c.max_us)
    return _Block(np.full(len(columns), number, np.int64), np.asarray(seqs, np.int64), place, rows)


def _admit(
    group: Group,
    delivery: Delivery,
    source: Source | None,
    seqs: Ints,
    refused: Sequence[Aside],
    windows: Mapping[Stream, Window],
) -> NDArray[np.bool_] | None:
    """Adds a delivery to the group; returns which of its rows are there already, None if none is."""
    stream = (delivery.agent, delivery.batch.stream)
    window = group.windows.get(stream) or windows.get(stream, EMPTY)
    first, count = delivery.batch.first_seq, len(seqs) + len(refused)
    end = first + count
    there = None
    if not window.has_none_of(first, end):
        there = window.present(seqs)
        refused = [row for row, old in zip(refused, window.present(_seqs(refused)), strict=True) if not old]
    new = len(seqs) - (int(there.sum()) if there is not None else 0)
    reasons: dict[str, int] = {}
    for seq, reason, text in refused:
        reasons[reason] = reasons.get(reason, 0) + 1
        group.refusals.append(
            Refusal(
                agent=delivery.agent,
                stream=delivery.batch.stream,
                seq=seq,
                reason=reason,
                text=text,
                at_ms=delivery.received_at_ms,
            )
        )
    group.stored.append(
        Stored(stored=new, duplicates=count - new - len(refused), set_aside=len(refused), reasons=reasons)
    )
    group.frames.append(
        Frame(
            agent=delivery.agent,
            site=delivery.site,
            stream=delivery.batch.stream,
            source=source.id if source else 0,
            spans=((first, end),) if there is None else tuple(window.gaps(first, end)),
            floor=min(delivery.batch.floor_seq, first),
            received_ms=delivery.received_at_ms,
            newest=end >= window.end,
            host=delivery.batch.host,
        )
    )
    group.windows[stream] = apply(group.frames[-1], window)
    return there


def apply(frame: Frame, window: Window) -> Window:
    """The window after a delivery."""
    for first, end in frame.spans:
        window = window.add(first, end)
    return window.raise_floor(frame.floor)


def _seqs(refused: Sequence[Aside]) -> Ints:
    return np.array([seq for seq, _, _ in refused], np.int64)


def _order(group: Group, block: _Block, mixed: bool) -> None:
    """Puts the rows of `block` into the group; `mixed`: a delivery may concern several places."""
    if mixed:
        block = block.take(np.lexsort((block.place, block.of)))
    apart = np.ones(len(block.of), np.bool_)
    apart[1:] = (block.of[1:] != block.of[:-1]) | (block.place[1:] != block.place[:-1])
    group.rows, group.starts = block.rows, np.flatnonzero(apart)
    group.places = block.place[group.starts]
