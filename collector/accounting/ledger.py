"""Pure: flips of a site -> outages, and milliseconds spent in each condition. Integers throughout; rows sum to the
period exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from collector.condition import ROWS, Condition, Flip, Row


def intervals(
    flips: Sequence[Flip], opening: Flip | None, from_ms: int, to_ms: int
) -> Iterator[tuple[Condition, int, int]]:
    """(condition, start, end) without gaps from `from_ms` to `to_ms`.

    `flips` are those of scope `site` inside the period, by time; `opening` is the last one before it, None when
    nothing was known.
    """
    condition = Condition(opening.now) if opening else Condition.UNOBSERVED
    start_ms = from_ms
    for flip in flips:
        if start_ms < flip.at_ms:
            yield condition, start_ms, flip.at_ms
        condition, start_ms = Condition(flip.now), flip.at_ms
    if start_ms < to_ms:
        yield condition, start_ms, to_ms


def account(flips: Sequence[Flip], opening: Flip | None, from_ms: int, to_ms: int) -> dict[Condition, int]:
    """Milliseconds in each condition; every condition has its row, and the rows sum to `to_ms - from_ms`."""
    spent = dict.fromkeys(Condition, 0)
    for condition, start_ms, end_ms in intervals(flips, opening, from_ms, to_ms):
        spent[condition] += end_ms - start_ms
    return spent


def coverage(spent: dict[Condition, int]) -> float | None:
    """Observed / all time of a period, 0 to 1; None for an empty period."""
    total = sum(spent.values())
    return (total - spent[Condition.UNOBSERVED]) / total if total else None


Cells = NDArray[np.int64]
"""Milliseconds; the last two axes are outside/inside service hours, and PLAIN ... LATE."""
CODES = 4
PLAIN, PLANNED, MAJEURE, LATE = range(CODES)
"""The last axis of `Ledger.cells`: not excluded; planned maintenance; force majeure; maintenance entered afterwards.
Where exclusions overlap, the first of planned, force majeure, late."""


class Standing(StrEnum):
    """Rows of what is accounted for beside the site: the groups internet and intranet, and each service. The order is
    that of `Ledger.others`."""

    UP = "up"
    INTERCEPTED = "intercepted"
    DOWN = "down"
    """Down, and its provider answers for it."""
    ELSEWHERE = "elsewhere"
    """Down, but by another's fault: the local network (groups), the site's own line (services)."""
    UNOBSERVED = "unobserved"


STANDINGS: tuple[Standing, ...] = tuple(Standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """A piece of an outage or of a power cut, clipped to the ledger's period and cut where an exclusion begins or ends;
    `row` a DOWN_ROWS or power.

    `opens`, `closes`: whether it truly begins and ends inside, or goes on before and behind. The proofs
    (`not_earlier_ms`, `end_not_earlier_ms`) are those of the true ends; at a seam they are the seam. `excluded` is
    what holds in the piece.
    """

    start_ms: int
    end_ms: int
    row: Row
    not_earlier_ms: int
    end_not_earlier_ms: int
    opens: bool
    closes: bool
    excluded: int
    why: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Ledger:
    """Milliseconds of one site from `from_ms` to `to_ms`. Adds up; `cells` sums to the period exactly.

    `cells[row, service, exclusion]`: by ROWS, outside/inside service hours (0, 1), PLAIN ... LATE.
    `doubt[row, maybe]` has the same two axes: milliseconds recorded as `row` that may have been `maybe`. Doubts of
    several boundaries may overlap in a short spell: their sum may be more than what is recorded.
    `others[subject]` is `[standing, service, exclusion]`, subject `internet`, `intranet` or `service/<target>`; one
    that was never observed in the period is left out.
    """

    from_ms: int
    to_ms: int
    cells: Cells
    doubt: dict[tuple[Row, Row], Cells]
    others: dict[str, Cells]
    downs: list[Down]

    def __iadd__(self, other: "Ledger") -> "Ledger":
        """The period that follows this one, or ValueError. `joined` adds many."""
        return joined([self, other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ledger) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # it has arrays, which may change

    def to_bytes(self) -> bytes:
        """Only what is not 0, and equal ledgers as equal bytes."""
        doubts = [
            (ROWS.index(row), ROWS.index(maybe), *_sparse(ms)) for (row, maybe), ms in self.doubt.items() if ms.any()
        ]
        others = [(subject, *_sparse(ms)) for subject, ms in sorted(self.others.items())]
        downs = [_down_to_wire(down, self.from_ms) for down in self.downs]
        parts = (self.from_ms, self.to_ms, _sparse(self.cells), sorted(doubts), others, downs)
        return msgspec.msgpack.encode(parts)

    @classmethod
    def from_bytes(cls, blob: bytes) -> "Ledger":
        from_ms, to_ms, cells, doubts, others, downs = msgspec.msgpack.decode(blob)
        return cls(
            from_ms=from_ms,
            to_ms=to_ms,
            cells=_dense(len(ROWS), *cells),
            doubt={(ROWS[row], ROWS[maybe]): _dense(1, *ms)[0] for row, maybe, *ms in doubts},
            others={subject: _dense(len(Standing), *ms) for subject, *ms in others},
            downs=[down_from_wire(down, from_ms) for down in downs],
        )


def joined(ledgers: Sequence[Ledger]) -> Ledger:
    """The ledger of neighbouring periods, by time; ValueError if there are gaps between them. A Down that meets its
    other piece at a seam becomes one again."""
    doubt: dict[tuple[Row, Row], Cells] = {}
    downs: list[Down] = []
    for one, following in pairwise(ledgers):
        if one.to_ms != following.from_ms:
            raise ValueError(f"a ledger that ends at {one.to_ms} is not followed by one from {following.from_ms}")
    for ledger in ledgers:
        for key, ms in ledger.doubt.items():
            doubt[key] = doubt[key] + ms if key in doubt else ms
        first = ledger.downs[:1]
        if downs and first and _goes_on(downs[-1], first[0]):
            downs[-1:] = [_one_down(downs[-1], first[0]), *ledger.downs[1:]]
        else:
            downs += ledger.downs
    return Ledger(
        from_ms=ledgers[0].from_ms,
        to_ms=ledgers[-1].to_ms,
        cells=np.sum([ledger.cells for ledger in ledgers], axis=0),
        doubt=doubt,
        others={name: _other(ledgers, name) for name in {name for ledger in ledgers for name in ledger.others}},
        downs=downs,
    )


def _other(ledgers: Sequence[Ledger], subject: str) -> Cells:
    """Where it was left out it was not observed."""
    total = np.zeros((len(Standing), 2, CODES), np.int64)
    for ledger in ledgers:
        if subject in ledger.others:
            total += ledger.others[subject]
        else:
            total[STANDINGS.index(Standing.UNOBSERVED)] += ledger.cells.sum(axis=0)
    return total


def _goes_on(earlier: Down, later: Down) -> bool:
    """Whether the seam alone parts them; where an exclusion begins or ends, they stay two pieces."""
    meet = not earlier.closes and not later.opens and earlier.end_ms == later.start_ms
    return meet and earlier.excluded == later.excluded


def _one_down(earlier: Down, later: Down) -> Down:
    return replace(earlier, end_ms=later.end_ms, end_not_earlier_ms=later.end_not_earlier_ms, closes=later.closes)


def _down_to_wire(down: Down, from_ms: int) -> tuple[int | str, ...]:
    times = (down.start_ms, down.end_ms, down.not_earlier_ms, down.end_not_earlier_ms)
    flags = down.opens | down.closes << 1 | down.excluded << 2
    return (ROWS.index(down.row), *(at_ms - from_ms for at_ms in times), flags, down.why)


def down_from_wire(parts: Sequence[Any], from_ms: int) -> Down:
    """One of the last part of `to_bytes`; `from_ms` is its first."""
    row, *times, flags, why = parts
    start_ms, end_ms, not_earlier_ms, end_not_earlier_ms = (from_ms + at_ms for at_ms in times)
    return Down(
        start_ms=start_ms,
        end_ms=end_ms,
        row=ROWS[row],
        not_earlier_ms=not_earlier_ms,
        end_not_earlier_ms=end_not_earlier_ms,
        opens=bool(flags & 1),
        closes=bool(flags & 2),
        excluded=flags >> 2,
        why=why,
    )


def _sparse(cells: Cells) -> tuple[list[int], list[int]]:
    flat = cells.reshape(-1)
    places = np.flatnonzero(flat)
    return places.tolist(), flat[places].tolist()


def _dense(rows: int, places: list[int], ms: list[int]) -> Cells:
    cells = np.zeros((rows, 2, CODES), np.int64)
    cells.reshape(-1)[places] = ms
    return cells
