"""Pure: kept days -> outages and power cuts, whole, as they run through midnights.

The same pieces that sums.py adds up, joined in the same way, but with what a recap tells of each: its bars, evidence,
and what of it lies in any span, excluded or not. So the number, the time and the charged time of what is listed agree
with the figures to the millisecond.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from collector.accounting.calendars import Span
from collector.accounting.ledger import CODES, PLAIN, Down, Ledger, down_from_wire
from collector.condition import DOWN_ROWS, ROWS, Row
from collector.figures.indicators import CHARGED_ROWS
from collector.figures.sums import HOURS

CELLS_OF_ROW = HOURS * CODES

_KEPT = msgspec.msgpack.Decoder(
    tuple[
        int,
        int,
        tuple[list[int], list[int]],
        msgspec.Raw,
        msgspec.Raw,
        list[tuple[int, int, int, int, int, int, str]],
    ]
)
"""A Ledger.to_bytes: doubts and what stands beside the site are left as they are."""


class Sheet(NamedTuple):
    """What of one day of a site, or of a part of it, is read here. `spent_ms` in the order of ROWS, excluded or not."""

    from_ms: int
    to_ms: int
    spent_ms: Sequence[int]
    downs: list[Down]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An outage or a power cut. `opens`, `closes`: whether it is known where it begins and ends; otherwise it was
    there before anything was accounted for, or lasts still. `pieces` are (start, end, exclusion), by time, without
    gaps between them."""

    row: Row
    not_earlier_ms: int
    end_not_earlier_ms: int
    opens: bool
    closes: bool
    pieces: tuple[tuple[int, int, int], ...]
    why: str = ""

    @property
    def start_ms(self) -> int:
        return self.pieces[0][0]

    @property
    def end_ms(self) -> int:
        return self.pieces[-1][1]

    @property
    def length_ms(self) -> int:
        """All of it, as far as it is known."""
        return self.end_ms - self.start_ms

    @property
    def outage(self) -> bool:
        """Whether it is an outage, and no power cut."""
        return self.row in DOWN_ROWS

    def within_ms(self, span: Span) -> int:
        """What of it lies in `span`."""
        return max(0, min(self.end_ms, span[1]) - max(self.start_ms, span[0]))

    def plain_ms(self, span: Span) -> int:
        """What of that is not excluded."""
        inside = ((max(start, span[0]), min(end, span[1])) for start, end, code in self.pieces if code == PLAIN)
        return sum(max(0, end - start) for start, end in inside)

    def counts_in(self, span: Span) -> bool:
        """Whether it is one of the outages of `span`: it begins there, and is not excluded wholly."""
        return self.opens and span[0] <= self.start_ms < span[1] and self.plain_ms(span) > 0

    def charged_ms(self, span: Span, charge_after_ms: int) -> int:
        """What the provider answers for in `span`: it was the line or the internet, all of it lasted for at least
        `charge_after_ms`, and what is excluded is out."""
        chargeable = self.row in CHARGED_ROWS and self.length_ms >= charge_after_ms
        return self.plain_ms(span) if chargeable else 0


def kept_sheet(ledger: bytes) -> Sheet:
    """Of a Ledger.to_bytes."""
    from_ms, to_ms, (places, amounts), _, _, downs = _KEPT.decode(ledger)
    spent_ms = [0] * len(ROWS)
    for place, ms in zip(places, amounts, strict=True):
        spent_ms[place // CELLS_OF_ROW] += ms
    return Sheet(from_ms, to_ms, spent_ms, [down_from_wire(one, from_ms) for one in downs])


def sheet_of(ledger: Ledger) -> Sheet:
    """The same of a ledger that was just made."""
    return Sheet(ledger.from_ms, ledger.to_ms, ledger.cells.sum(axis=(1, 2)).tolist(), list(ledger.downs))


def stops(downs: Iterable[Down]) -> list[Stop]:
    """Those of one site, by time: pieces that meet and of which the later does not begin there are one."""
    found: list[Stop] = []
    for down in downs:
        last = found[-1] if found else None
        if last and not down.opens and (last.row, last.end_ms) == (down.row, down.start_ms):
            found[-1] = _longer(last, down)
        else:
            found.append(_stop(down))
    return found


def clipped(found: Sequence[Stop], span: Span) -> list[Stop]:
    """Those of which something lies in `span`."""
    return [one for one in found if one.start_ms < span[1] and one.end_ms > span[0]]


def _stop(down: Down) -> Stop:
    return Stop(
        row=down.row,
        not_earlier_ms=down.not_earlier_ms,
        end_not_earlier_ms=down.end_not_earlier_ms,
        opens=down.opens,
        closes=down.closes,
        pieces=((down.start_ms, down.end_ms, down.excluded),),
        why=down.why,
    )


def _longer(stop: Stop, down: Down) -> Stop:
    return replace(
        stop,
        end_not_earlier_ms=down.end_not_earlier_ms,
        closes=down.closes,
        pieces=(*stop.pieces, (down.start_ms, down.end_ms, down.excluded)),
    )
