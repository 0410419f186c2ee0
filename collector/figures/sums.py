"""Pure: the accounts of many days and sites -> their sums by owner: a site, a provider, a regency, everything.

What adds up is added as it stands, in milliseconds and counts; nothing here is divided (indicators.py does that, once,
at the end). Of a day, `tally` makes one row of numbers (latency, cells, groups, doubt) that digits.py adds by the
thousand. Services, whose names differ from site to site, and outages come one by one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from collector.accounting import digits, latency
from collector.accounting.calendars import Span
from collector.accounting.digits import Numbers
from collector.accounting.latency import SLOTS, WIDTH, Latency
from collector.accounting.ledger import CODES, STANDINGS, Ledger
from collector.condition import ROWS, Row
from shared.result import Group

if TYPE_CHECKING:  # accounts.py keeps tallies
    from collector.accounting.accounts import Day

HOURS = 2
"""Outside and inside service hours: the axis before the last (the exclusion codes) of everything in a ledger."""
CELL = HOURS * CODES
MOST_ROWS = 21
"""As many rows of the ledger have room in a row; the places of the numbers must never change."""
GROUPS = (Group.INTERNET.value, Group.INTRANET.value)
_GROUPS = frozenset(GROUPS)
CELLS_AT = latency.NUMBERS
GROUPS_AT = CELLS_AT + MOST_ROWS * CELL
DOUBT_AT = GROUPS_AT + len(GROUPS) * len(STANDINGS) * CELL
NUMBERS = DOUBT_AT + MOST_ROWS * MOST_ROWS * CELL
PLACE_OF = {row: place for place, row in enumerate(ROWS)}

_LISTS = msgspec.msgpack.Decoder(
    tuple[
        int,
        int,
        msgspec.Raw,
        msgspec.Raw,
        list[tuple[str, msgspec.Raw, msgspec.Raw]],
        list[tuple[int, int, int, int, int, int, msgspec.Raw]],
    ]
)
"""A Ledger.to_bytes: only what a tally has not is taken apart."""

ServiceOf = Callable[[int, int], Sequence[Span]]
"""The spans in which service is due at the site from ... to."""


class Piece(NamedTuple):
    """What counts of a Down."""

    row: Row
    start_ms: int
    end_ms: int
    opens: bool
    closes: bool
    excluded: int


class Counted(NamedTuple):
    """How much of what is asked of a site is accounted for: nothing before the first day with a result of it.
    `begins_ms` None: nothing at all."""

    from_ms: int
    to_ms: int
    begins_ms: int | None
    counted_ms: int

    @property
    def late(self) -> bool:
        """Whether the account begins later than what is asked for, or not at all."""
        return self.begins_ms is None or self.begins_ms > self.from_ms


@dataclass(slots=True)
class Stretch:
    """One outage or power cut, put together from the days it lies in. `spent_ms`, by service hours and then exclusion,
    lies in the period; `length_ms` is the whole of it as far as it is known; `opens`: it begins in the period."""

    owner: int
    row: Row
    end_ms: int
    opens: bool
    length_ms: int
    spent_ms: list[int]


class Sums:
    """Of `n` owners; 63 kB each, so a province is better done in portions.

    `cells[owner, row]`, `doubt[owner, row, maybe]`, `others[subject][owner, standing]`, each with the axes of service
    hours and exclusions behind; `latency[owner, slot, number]` as in latency.py.
    """

    def __init__(self, n: int) -> None:
        self.sites = np.zeros(n, np.int64)
        self.corrected_days = np.zeros(n, np.int64)
        self.numbers = np.zeros((n, NUMBERS), np.int64)
        self.services: dict[str, Numbers] = {}
        self.stretches: list[Stretch] = []
        self.counted: list[list[Counted]] = [[] for _ in range(n)]

    def __len__(self) -> int:
        return len(self.sites)

    @property
    def latency(self) -> Numbers:
        return self.numbers[:, :CELLS_AT].reshape(-1, len(SLOTS), WIDTH)

    @property
    def cells(self) -> Numbers:
        return self.numbers[:, CELLS_AT:GROUPS_AT].reshape(-1, MOST_ROWS, HOURS, CODES)[:, : len(ROWS)]

    @property
    def doubt(self) -> Numbers:
        square = self.numbers[:, DOUBT_AT:].reshape(-1, MOST_ROWS, MOST_ROWS, HOURS, CODES)
        return square[:, : len(ROWS), : len(ROWS)]

    @property
    def others(self) -> Mapping[str, Numbers]:
        groups = self.numbers[:, GROUPS_AT:DOUBT_AT].reshape(-1, len(GROUPS), len(STANDINGS), HOURS, CODES)
        return {name: groups[:, place] for place, name in enumerate(GROUPS)} | self.services

    def add(self, owner: int, days: Sequence["Day"], service_of: ServiceOf, beyond: tuple[int, int] = (0, 0)) -> None:
        """The days of one site in a period, by time; `beyond` as `add_outages` has it."""
        self.add_days(owner, days)
        self.add_services(owner, (day.ledger.others for day in days))
        self.add_outages(owner, [piece for day in days for piece in pieces_of(day.ledger)], service_of, beyond)
        self.sites[owner] += 1

    def add_days(self, owner: int, days: Iterable["Day"]) -> None:
        """Their rows of numbers."""
        for day in days:
            self.numbers[owner] += row_of(day.ledger, day.latency)

    def add_tallies(self, owner: int, tallies: Sequence[bytes]) -> None:
        """The same numbers, of many days at once."""
        digits.add(self.numbers[owner], tallies)

    def merge(self, other: "Sums", owners_of: Sequence[Sequence[int]]) -> None:
        """All of `other`: what its owner i has goes to each of `owners_of[i]` here."""
        for place, owners in enumerate(owners_of):
            for owner in owners:
                self.sites[owner] += other.sites[place]
                self.corrected_days[owner] += other.corrected_days[place]
                self.counted[owner] += other.counted[place]
                self.numbers[owner] += other.numbers[place]
                self.add_services(owner, [{name: spent_ms[place] for name, spent_ms in other.services.items()}])
        for stretch in other.stretches:
            self.stretches += [replace(stretch, owner=owner) for owner in owners_of[stretch.owner]]

    def add_services(self, owner: int, others: Iterable[Mapping[str, Numbers]]) -> None:
        for of_day in others:
            for subject, spent_ms in of_day.items():
                if subject not in GROUPS:
                    empty = np.zeros((len(self), len(STANDINGS), HOURS, CODES), np.int64)
                    self.services.setdefault(subject, empty)[owner] += spent_ms

    def add_outages(
        self, owner: int, pieces: Sequence[Piece], service_of: ServiceOf, beyond: tuple[int, int] = (0, 0)
    ) -> None:
        """Of one site, by time. `beyond`: how much longer the first is than it looks, because it began before the
        period, and the last, because it goes on."""
        joined = stretches(owner, pieces, service_of)
        if joined:
            joined[0].length_ms += beyond[0]
            joined[-1].length_ms += beyond[1]
        self.stretches += joined


def opened(ledger: bytes) -> tuple[list[Piece], bool]:
    """Of a Ledger.to_bytes, what a tally has not: its downs, and whether there are services."""
    from_ms, _, _, _, others, downs = _LISTS.decode(ledger)
    pieces = [
        Piece(ROWS[row], from_ms + start_ms, from_ms + end_ms, bool(flags & 1), bool(flags & 2), flags >> 2)
        for row, start_ms, end_ms, _, _, flags, _ in downs
    ]
    return pieces, not _GROUPS.issuperset([other[0] for other in others])


def pieces_of(ledger: Ledger) -> list[Piece]:
    return [
        Piece(down.row, down.start_ms, down.end_ms, down.opens, down.closes, down.excluded) for down in ledger.downs
    ]


def tally(ledger: Ledger, latencies: Mapping[tuple[str, int], Latency]) -> bytes:
    """Of one day: what `digits.added` adds to rows of `Sums.numbers`. Who keeps it need not keep the latencies too:
    `latencies_of` has them."""
    return digits.pack(row_of(ledger, latencies))


def latencies_of(tally: bytes) -> dict[tuple[str, int], Latency]:
    """The latencies that a `tally` was made of."""
    return latency.by_slot(digits.unpack(tally, NUMBERS)[:CELLS_AT].reshape(len(SLOTS), WIDTH))


def row_of(ledger: Ledger, latencies: Mapping[tuple[str, int], Latency]) -> Numbers:
    """Of one day: a row of `Sums.numbers`."""
    one = Sums(1)
    one.latency[0] = latency.numbers_of(latencies)
    one.cells[0] = ledger.cells
    for (row, maybe), spent_ms in ledger.doubt.items():
        one.doubt[0, PLACE_OF[row], PLACE_OF[maybe]] = spent_ms
    for name in GROUPS:
        if name in ledger.others:
            one.others[name][0] = ledger.others[name]
    return one.numbers.reshape(NUMBERS)


def stretches(owner: int, pieces: Sequence[Piece], service_of: ServiceOf) -> list[Stretch]:
    """The outages and power cuts of one site, those that run through midnight as one."""
    joined: list[Stretch] = []
    service = service_of(pieces[0].start_ms, pieces[-1].end_ms) if pieces else ()
    starts, ends = [span[0] for span in service], [span[1] for span in service]
    for row, start_ms, end_ms, opens, _, excluded in pieces:
        last = joined[-1] if joined else None
        if last is None or opens or (last.row, last.end_ms) != (row, start_ms):
            last = Stretch(owner, row, end_ms, opens, 0, [0] * CELL)
            joined.append(last)
        due = service[bisect_right(ends, start_ms) : bisect_left(starts, end_ms)]
        due_ms = sum(min(to_ms, end_ms) - max(from_ms, start_ms) for from_ms, to_ms in due)
        last.end_ms = end_ms
        last.length_ms += end_ms - start_ms
        last.spent_ms[excluded] += end_ms - start_ms - due_ms
        last.spent_ms[CODES + excluded] += due_ms
    return joined
