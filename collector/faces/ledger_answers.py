"""What /api/v1/ledger and /revisions answer: the structs, and how accounts become them.

Times are RFC 3339 with the offset of the site's time zone; amounts are exact, in whole milliseconds.
"""

import msgspec
import numpy as np

from collector.accounting.accounts import Revision
from collector.accounting.ledger import LATE, MAJEURE, PLAIN, PLANNED, STANDINGS, Down, Ledger
from collector.condition import ROWS, Row
from collector.faces.answers import Time
from collector.figures.periods import local

EXCLUSION_NAMES = {PLAIN: "none", PLANNED: "planned", MAJEURE: "force_majeure", LATE: "late"}


class CellAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds in a row, inside or outside service hours, excluded or not. Cells sum to the piece exactly."""

    row: str
    in_service: bool
    exclusion: str
    ms: int


class DoubtAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds recorded as `row` that may have been `maybe`."""

    row: str
    maybe: str
    ms: int


class StandingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of a group or service (`internet`, `intranet`, `service/<target>`)."""

    subject: str
    standing: str
    in_service: bool
    exclusion: str
    ms: int


class DownAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of an outage or power cut; `opens` and `closes`: whether it begins and ends in it, or goes on."""

    row: str
    start: Time
    start_not_earlier_than: Time
    end: Time
    end_not_earlier_than: Time
    opens: bool
    closes: bool
    exclusion: str
    why: str


class PieceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger of one hour, day, week ... of the site's calendar, as far as it lies in the period."""

    name: str
    from_: Time = msgspec.field(name="from")
    to: Time
    cells: list[CellAnswer]
    doubt: list[DoubtAnswer]
    others: list[StandingAnswer]
    downs: list[DownAnswer]


class LedgerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger of one site, piece by piece; there is none before the first result of the site."""

    site: str
    period: str
    by: str
    timezone: str
    calendar: str
    as_of: Time
    pieces: list[PieceAnswer]


class ChangeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a correction changed, in milliseconds or counts."""

    what: str
    before: int
    after: int


class RevisionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A closed day as it was told from `made` on; the first has number 1 and no changes."""

    day: str
    from_: Time = msgspec.field(name="from")
    to: Time
    number: int
    made: Time
    why: str
    changes: list[ChangeAnswer]


class RevisionsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The revisions of the closed days of a site, by day and number."""

    site: str
    period: str
    timezone: str
    revisions: list[RevisionAnswer]


def piece_answer(name: str, ledger: Ledger, timezone: str) -> PieceAnswer:
    return PieceAnswer(
        name=name,
        from_=local(ledger.from_ms, timezone),
        to=local(ledger.to_ms, timezone),
        cells=[
            CellAnswer(row=ROWS[row], in_service=bool(service), exclusion=EXCLUSION_NAMES[code], ms=ms)
            for (row, service, code), ms in _nonzero(ledger.cells)
        ],
        doubt=[
            DoubtAnswer(row=row, maybe=maybe, ms=int(ms.sum()))
            for (row, maybe), ms in sorted(ledger.doubt.items(), key=_by_rows)
        ],
        others=[
            StandingAnswer(
                subject=subject,
                standing=STANDINGS[standing],
                in_service=bool(service),
                exclusion=EXCLUSION_NAMES[code],
                ms=ms,
            )
            for subject, spent in sorted(ledger.others.items())
            for (standing, service, code), ms in _nonzero(spent)
        ],
        downs=[_down_answer(down, timezone) for down in ledger.downs],
    )


def revision_answer(revision: Revision, timezone: str) -> RevisionAnswer:
    start = local(revision.from_ms, timezone)
    return RevisionAnswer(
        day=start.date().isoformat(),
        from_=start,
        to=local(revision.to_ms, timezone),
        number=revision.number,
        made=local(revision.made_ms, timezone),
        why=revision.why,
        changes=[ChangeAnswer(what=what, before=before, after=after) for what, before, after in revision.changes],
    )


def _down_answer(down: Down, timezone: str) -> DownAnswer:
    return DownAnswer(
        row=down.row,
        start=local(down.start_ms, timezone),
        start_not_earlier_than=local(down.not_earlier_ms, timezone),
        end=local(down.end_ms, timezone),
        end_not_earlier_than=local(down.end_not_earlier_ms, timezone),
        opens=down.opens,
        closes=down.closes,
        exclusion=EXCLUSION_NAMES[down.excluded],
        why=down.why,
    )


def _nonzero(cells: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[tuple[tuple[int, int, int], int]]:
    """((first axis, service, exclusion), milliseconds)."""
    places = np.argwhere(cells).tolist()
    return [((first, service, code), int(cells[first, service, code])) for first, service, code in places]


def _by_rows(item: tuple[tuple[Row, Row], object]) -> tuple[int, int]:
    row, maybe = item[0]
    return ROWS.index(row), ROWS.index(maybe)
