"""Pure: what the network of a site is in over time: pieces, one behind the other without gaps, cut and joined.

What is shorter than an agent can see, and what changes places at one instant, is no part of a story (world.py).
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from collector.simulate.span import Span


class Kind(StrEnum):
    """What the site's network is in, the gravest last."""

    UP = "up"
    INTERCEPTED = "intercepted"
    INTRANET_DOWN = "intranet_down"
    INTERNET_DOWN = "internet_down"
    LINE_DOWN = "line_down"
    LOCAL_DOWN = "local_down"


KINDS: tuple[Kind, ...] = tuple(Kind)
PARTIAL = frozenset({Kind.INTERCEPTED, Kind.INTRANET_DOWN, Kind.INTERNET_DOWN})
Piece = tuple[int, int, Kind]
"""[start, end) and what the network is in."""


def painted(faults: Sequence[Piece], span: Span) -> list[Piece]:
    """The gravest fault at every instant."""
    sound = ((span.from_ms, span.to_ms), (span.healed_ms, span.end_ms))
    faults = [(max(a, lo), min(b, hi), kind) for a, b, kind in faults for lo, hi in sound if max(a, lo) < min(b, hi)]
    edges = sorted({span.from_ms, span.end_ms, *(t for a, b, _ in faults for t in (a, b))})
    pieces: list[Piece] = []
    for start_ms, end_ms in pairwise(edges):
        kind = max((k for a, b, k in faults if a <= start_ms < b), key=KINDS.index, default=Kind.UP)
        pieces.append((start_ms, end_ms, kind))
    return joined(list(one_by_one(pieces)))


def one_by_one(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """What does not cover one another does not change places at one instant: in between all is well."""
    before = Kind.UP
    for start_ms, end_ms, kind in pieces:
        changes = before is not kind and before in PARTIAL and kind in PARTIAL
        before = Kind.UP if changes else kind
        yield start_ms, end_ms, before


def covered(pieces: Sequence[Piece], well: Sequence[tuple[int, int]]) -> list[Piece]:
    """With all being well in the spans `well`."""
    edges = sorted({t for a, b, _ in pieces for t in (a, b)} | {t for span in well for t in span})
    found: list[Piece] = []
    for start_ms, end_ms in pairwise(t for t in edges if pieces[0][0] <= t <= pieces[-1][1]):
        (kind,) = (kind for _, _, kind in cut(pieces, start_ms, end_ms))
        is_well = any(a <= start_ms < b for a, b in well)
        found.append((start_ms, end_ms, Kind.UP if is_well else kind))
    return joined(found)


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1][2] is piece[2]:
            found[-1] = (found[-1][0], piece[1], piece[2])
        else:
            found.append(piece)
    return found


def without_inner(pieces: Sequence[Piece]) -> list[Piece]:
    """As it looks from outside: the router answers as long as the line is up."""
    return joined([(a, b, Kind.LINE_DOWN if kind is Kind.LINE_DOWN else Kind.UP) for a, b, kind in pieces])


def long_enough(pieces: Sequence[Piece], shortest_ms: int) -> list[Piece]:
    """Without pieces too short to be seen: each goes to the one before it, the first to the one behind."""
    found: list[Piece] = []
    for start_ms, end_ms, kind in pieces:
        if found and (end_ms - start_ms < shortest_ms or found[-1][2] is kind):
            found[-1] = (found[-1][0], end_ms, found[-1][2])
        elif found and found[-1][1] - found[-1][0] < shortest_ms:
            found[-1] = (found[-1][0], end_ms, kind)
        else:
            found.append((start_ms, end_ms, kind))
    return joined(found)


def cut(pieces: Sequence[Piece], from_ms: int, to_ms: int) -> Iterator[Piece]:
    for start_ms, end_ms, kind in pieces:
        if start_ms < to_ms and end_ms > from_ms:
            yield max(start_ms, from_ms), min(end_ms, to_ms), kind
