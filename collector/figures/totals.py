"""The accounts of many sites -> sums and figures, in portions: what API, metrics and reports ask.

Kept days come as tallies, a month of a site in one addition; what is not kept (today, parts of a day, an older telling)
is made by `Accounts.days` and costs more.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

from collector.accounting.accounts import Day, Revision
from collector.accounting.calendars import Calendar, Span, service_spans
from collector.accounting.days import ends_ms
from collector.accounting.ledger import Ledger
from collector.condition import Row
from collector.figures.indicators import CHARGED_ROWS, AccountingSettings, Figures, figures
from collector.figures.shares import Choice
from collector.figures.sums import Counted, Piece, ServiceOf, Sums, opened, pieces_of
from collector.registry import Site

PORTION = 64
"""Owners at once: their sums are 4 MB then."""
SCOPES: Mapping[str, Callable[[Site], str]] = {
    "site": lambda site: site.code,
    "opd": lambda site: site.opd,
    "regency": lambda site: site.regency,
    "provider": lambda site: site.provider,
    "medium": lambda site: site.medium.value,
    "kind": lambda site: site.kind,
    "all": lambda site: "",
}
"""What figures are told of, and which of them a site belongs to."""


class Accounts(Protocol):
    """The account of every site and day; `as_of_ms`: as it was told then."""

    def days(self, site: str, from_ms: int, to_ms: int, as_of_ms: int | None = None) -> Sequence[Day]: ...
    def revisions(self, site: str, from_ms: int, to_ms: int) -> Sequence[Revision]: ...


class KeptDay(Protocol):
    """A closed day in bytes: Ledger.to_bytes, and sums.tally of it and its latencies."""

    @property
    def from_ms(self) -> int: ...
    @property
    def to_ms(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def ledger(self) -> bytes: ...
    @property
    def tally(self) -> bytes: ...


class Books(Protocol):
    """The closed days of a site that begin in [from_ms, to_ms), by time."""

    def tallies(self, site: str, from_ms: int, to_ms: int) -> Sequence[KeptDay]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A site with the period that is asked of it; a site's day is its own time zone's."""

    site: Site
    from_ms: int
    to_ms: int


def asked_of(site: Site, span: Span, now_ms: int) -> Asked | None:
    """What counts of `span` at `site`: nothing that has not come, and nothing after its last day. None: nothing."""
    to_ms = min(span[1], now_ms, ends_ms(site))
    return Asked(site=site, from_ms=span[0], to_ms=to_ms) if span[0] < to_ms else None


class Totals:
    """Adds accounts up. Blocks; a province's month takes half a second."""

    def __init__(
        self,
        accounts: Accounts,
        books: Books,
        calendar_of: Callable[[Site], Calendar],
        settings: AccountingSettings,
    ) -> None:
        self._accounts, self._books, self._calendar_of, self._settings = accounts, books, calendar_of, settings

    def figures(
        self, owners: Sequence[Sequence[Asked]], choice: Choice, as_of_ms: int | None = None
    ) -> Iterator[tuple[Figures, int]]:
        """Of each owner, and how many of its days were corrected after they were closed."""
        for first in range(0, len(owners), PORTION):
            sums = self.sums(owners[first : first + PORTION], as_of_ms)
            yield from zip(figures(sums, choice, self._settings), sums.corrected_days.tolist(), strict=True)

    def sums(self, owners: Sequence[Sequence[Asked]], as_of_ms: int | None = None) -> Sums:
        """What is asked of each owner, added up."""
        sums = Sums(len(owners))
        for owner, several in enumerate(owners):
            for asked in several:
                self._add(sums, owner, asked, as_of_ms)
        return sums

    def _add(self, sums: Sums, owner: int, asked: Asked, as_of_ms: int | None) -> None:
        """1. Kept days add up as tallies; of their ledgers only outages and services are read.
        2. What lies between and around them is made.
        3. An outage that an edge of the period cuts short is followed beyond it: whether it is charged depends on it.
           Not beyond the last day of its site: there it ends.
        """
        code, from_ms, to_ms = asked.site.code, asked.from_ms, asked.to_ms
        kept = [] if as_of_ms else [day for day in self._books.tallies(code, from_ms, to_ms) if day.to_ms <= to_ms]
        sums.add_tallies(owner, [day.tally for day in kept])
        sums.corrected_days[owner] += self._corrected(asked, kept, as_of_ms)
        pieces: list[Piece] = []
        spans = [(day.from_ms, day.to_ms) for day in kept]
        for day in kept:
            downs, has_services = opened(day.ledger)
            pieces += downs
            if has_services:
                sums.add_services(owner, [Ledger.from_bytes(day.ledger).others])
        for gap in gaps(tuple(spans), from_ms, to_ms):
            made = self._accounts.days(code, *gap, as_of_ms)
            sums.add_days(owner, made)
            sums.add_services(owner, (day.ledger.others for day in made))
            pieces += _pieces(made)
            spans += [(day.ledger.from_ms, day.ledger.to_ms) for day in made]
        pieces.sort(key=attrgetter("start_ms"))
        sums.add_outages(owner, pieces, self._service_of(asked.site), self._beyond(asked, pieces, as_of_ms))
        sums.sites[owner] += 1
        sums.counted[owner].append(_counted(asked, spans))

    def _corrected(self, asked: Asked, kept: Sequence[KeptDay], as_of_ms: int | None) -> int:
        if not as_of_ms:
            return sum(day.number > 1 for day in kept)
        told = self._accounts.revisions(asked.site.code, asked.from_ms, asked.to_ms)
        return len({one.from_ms for one in told if one.number > 1 and one.made_ms <= as_of_ms})

    def _service_of(self, site: Site) -> ServiceOf:
        calendar = self._calendar_of(site)
        return lambda from_ms, to_ms: service_spans(calendar, site.timezone, from_ms, to_ms)

    def _beyond(self, asked: Asked, pieces: Sequence[Piece], as_of_ms: int | None) -> tuple[int, int]:
        """How much longer the first and the last outage are than the period shows, as far as it matters."""
        charge_ms = round(self._settings.charge_after_s * 1000)
        code, before_ms, after_ms = asked.site.code, 0, 0
        if pieces and not pieces[0].opens and _may_be_charged(pieces[0], charge_ms):
            earlier = _pieces(self._accounts.days(code, asked.from_ms - charge_ms, asked.from_ms, as_of_ms))
            before_ms = _reaching_ms(earlier, pieces[0].row, asked.from_ms)
        if pieces and not pieces[-1].closes and _may_be_charged(pieces[-1], charge_ms):
            until_ms = min(asked.to_ms + charge_ms, ends_ms(asked.site))
            later = self._accounts.days(code, asked.to_ms, until_ms, as_of_ms) if asked.to_ms < until_ms else ()
            after_ms = _going_on_ms(_pieces(later), pieces[-1].row, asked.to_ms)
        return before_ms, after_ms


def gaps(spans: Iterable[Span], from_ms: int, to_ms: int) -> Iterator[Span]:
    """What of [from_ms, to_ms) lies in none of `spans`; these by time, without overlaps."""
    at_ms = from_ms
    for start_ms, end_ms in spans:
        if at_ms < start_ms:
            yield at_ms, start_ms
        at_ms = end_ms
    if at_ms < to_ms:
        yield at_ms, to_ms


def _counted(asked: Asked, spans: Sequence[Span]) -> Counted:
    begins_ms = min((from_ms for from_ms, _ in spans), default=None)
    return Counted(asked.from_ms, asked.to_ms, begins_ms, sum(to_ms - from_ms for from_ms, to_ms in spans))


def _pieces(days: Sequence[Day]) -> list[Piece]:
    return [piece for day in days for piece in pieces_of(day.ledger)]


def _reaching_ms(pieces: Sequence[Piece], row: Row, edge_ms: int) -> int:
    """How long the outage in `row` that goes on at `edge_ms` had lasted, of the `pieces` before it."""
    at_ms = edge_ms
    for piece in reversed(pieces):
        if (piece.row, piece.end_ms) != (row, at_ms):
            break
        at_ms = piece.start_ms
        if piece.opens:
            break
    return edge_ms - at_ms


def _going_on_ms(pieces: Sequence[Piece], row: Row, edge_ms: int) -> int:
    """How much longer the outage in `row` that goes on at `edge_ms` lasts, of the `pieces` behind it."""
    at_ms = edge_ms
    for piece in pieces:
        if piece.opens or (piece.row, piece.start_ms) != (row, at_ms):
            break
        at_ms = piece.end_ms
    return at_ms - edge_ms


def _may_be_charged(piece: Piece, charge_ms: int) -> bool:
    """It is too short by itself; what lies beyond the edge decides."""
    return piece.row in CHARGED_ROWS and piece.end_ms - piece.start_ms < charge_ms
