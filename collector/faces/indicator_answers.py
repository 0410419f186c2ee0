"""What /api/v1/indicators, /ledger and /revisions answer: the structs, and how accounts become them.

Times are RFC 3339 with the offset of the site's time zone. Indicators are in seconds; ledgers and revisions are exact,
in whole milliseconds. A ratio is between 0 and 1; null means "not known", never zero.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np

from collector.accounting.accounts import Revision
from collector.accounting.ledger import LATE, MAJEURE, PLAIN, PLANNED, STANDINGS, Down, Ledger
from collector.condition import ROWS, Row
from collector.faces.answers import Ratio, Time
from collector.figures.indicators import FORMULAS, Figures, Stretches
from collector.figures.periods import local

EXCLUSION_NAMES = {PLAIN: "none", PLANNED: "planned", MAJEURE: "force_majeure", LATE: "late"}


class AvailabilityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A share of time: part / whole, between `low` and `high` if every moment in doubt went one way."""

    name: str
    value: Ratio | None
    low: Ratio | None
    high: Ratio | None
    part_s: float
    whole_s: float


class StretchesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`n` begin in the period; the seconds are those that lie in it."""

    n: int
    total_s: float
    longest_s: float


class LatencyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Echoes of a group of targets in available time that is not excluded; percentiles within 2 %."""

    group: str
    sent: int
    lost: int
    loss: Ratio | None
    jitter_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class IndicatorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One site, provider, regency ... `period_s` is what was accounted for: the sum of `rows`, over all its sites, from
    the day of the first result of each on: a period that begins earlier counts from then on, and so does `coverage`.
    `counted_from`: when the account of the first of them begins (null: nothing is accounted for), `counted_all_from`:
    that of the last (null: one has no result yet), `late_sites`: how many begin later than `from` or not yet,
    `counted_share`: how much of the time of all sites from `from` to `to` is accounted for. `corrected_days`: how many
    of its days have a later revision than the first."""

    of: str
    sites: int
    timezone: str
    from_: Time = msgspec.field(name="from")
    to: Time
    calendar: str
    corrected_days: int
    period_s: float
    observed_s: float
    coverage: Ratio | None
    known: Ratio | None
    enough_data: bool
    rows: dict[str, float]
    excluded_s: dict[str, float]
    availability: list[AvailabilityAnswer]
    outages: StretchesAnswer
    charged: StretchesAnswer
    power_cuts: StretchesAnswer
    downtime_s: float
    mttr_s: float | None
    mtbf_s: float | None
    latency: list[LatencyAnswer]
    counted_from: Time | None
    counted_all_from: Time | None
    counted_share: Ratio | None
    late_sites: int


class IndicatorsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Indicators by `of`. Below the coverage floor what is divided is null. Asked again with this `as_of`, closed days
    give the same answer."""

    scope: str
    period: str
    hours: str
    exclusions: str
    as_of: Time
    coverage_floor: float
    charge_after_s: float
    formulas: dict[str, str]
    indicators: list[IndicatorAnswer]


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


def indicator_answer(
    of: str, told: Figures, corrected_days: int, *, timezone: str, zones: str, span: tuple[int, int], calendar: str
) -> IndicatorAnswer:
    """`timezone` is that of the times, `zones` all of the sites."""
    asked_ms = sum(one.to_ms - one.from_ms for one in told.counted)
    return IndicatorAnswer(
        of=of,
        sites=told.sites,
        timezone=zones,
        from_=local(span[0], timezone),
        to=local(span[1], timezone),
        calendar=calendar,
        corrected_days=corrected_days,
        period_s=told.period_ms / 1000,
        observed_s=told.observed_ms / 1000,
        coverage=told.coverage,
        known=told.known,
        enough_data=told.enough_data,
        rows=_seconds(told.rows),
        excluded_s=_seconds(told.excluded_ms),
        availability=_availability(told),
        outages=_stretches(told.outages),
        charged=_stretches(told.charged),
        power_cuts=_stretches(told.power_cuts),
        downtime_s=told.downtime_ms / 1000,
        mttr_s=_seconds_or_none(told.mttr_ms),
        mtbf_s=_seconds_or_none(told.mtbf_ms),
        latency=_latency(told),
        counted_from=_begins(told, min, timezone),
        counted_all_from=None if any(one.begins_ms is None for one in told.counted) else _begins(told, max, timezone),
        counted_share=sum(one.counted_ms for one in told.counted) / asked_ms if asked_ms else None,
        late_sites=sum(one.late for one in told.counted),
    )


def _begins(told: Figures, which: Callable[[list[int]], int], timezone: str) -> datetime | None:
    begun = [one.begins_ms for one in told.counted if one.begins_ms is not None]
    return local(which(begun), timezone) if begun else None


def formulas(told: Sequence[IndicatorAnswer]) -> dict[str, str]:
    """FORMULAS, each service by its name."""
    services = {one.name for answer in told for one in answer.availability if one.name.startswith("service/")}
    general = {name: text for name, text in FORMULAS.items() if name != "service"}
    return general | {name: FORMULAS["service"].replace("service.", f"{name}.") for name in sorted(services)}


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


def _availability(told: Figures) -> list[AvailabilityAnswer]:
    return [
        AvailabilityAnswer(
            name=name,
            value=ratio.value,
            low=ratio.low,
            high=ratio.high,
            part_s=ratio.part_ms / 1000,
            whole_s=ratio.whole_ms / 1000,
        )
        for name, ratio in told.availability.items()
    ]


def _latency(told: Figures) -> list[LatencyAnswer]:
    return [
        LatencyAnswer(
            group=group,
            sent=echo.sent,
            lost=echo.lost,
            loss=echo.loss,
            jitter_ms=echo.jitter_ms,
            p50_ms=echo.p50_ms,
            p95_ms=echo.p95_ms,
            p99_ms=echo.p99_ms,
        )
        for group, echo in told.latency.items()
    ]


def _stretches(told: Stretches) -> StretchesAnswer:
    return StretchesAnswer(n=told.n, total_s=told.total_ms / 1000, longest_s=told.longest_ms / 1000)


def _seconds(spent_ms: Mapping[Row, int] | Mapping[str, int]) -> dict[str, float]:
    return {str(name): ms / 1000 for name, ms in spent_ms.items()}


def _seconds_or_none(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


def _nonzero(cells: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[tuple[tuple[int, int, int], int]]:
    """((first axis, service, exclusion), milliseconds)."""
    places = np.argwhere(cells).tolist()
    return [((first, service, code), int(cells[first, service, code])) for first, service, code in places]


def _by_rows(item: tuple[tuple[Row, Row], object]) -> tuple[int, int]:
    row, maybe = item[0]
    return ROWS.index(row), ROWS.index(maybe)
