"""What /api/v1/indicators answers: the structs, and how figures become them.

Times are RFC 3339 with the offset of the site's time zone; amounts of time are in seconds. A ratio is
between 0 and 1; null means "not known", never zero.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from collector.condition import Row
from collector.faces.answers import Ratio, Time
from collector.figures.indicators import FORMULAS, Figures, Stretches
from collector.figures.periods import local


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
    """One site, provider, regency ... Of a site that is closed nothing counts after its last day, where `to` is then;
    one that was closed before the period is not among `sites`. `period_s` is what was accounted for: the sum of `rows`,
    over all its sites, from the day of the first result of each on: a period that begins earlier counts from then on,
    and so does `coverage`. `counted_from`: when the account of the first of them begins (null: nothing is accounted
    for), `counted_all_from`: that of the last (null: one has no result yet), `late_sites`: how many begin later than
    `from` or not yet, `counted_share`: how much of the time of all sites from `from` to `to` is accounted for.
    `corrected_days`: how many of its days have a later revision than the first."""

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
