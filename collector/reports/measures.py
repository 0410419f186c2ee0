"""Pure: what a figure of a report measures: by name, how it is read from Figures, its unit and its formula.

The audit pack's script has the same names: a measure that it does not know is a figure that nobody can check.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.condition import DOWN_ROWS, ROWS, Row
from collector.figures.indicators import FORMULAS, Figures
from collector.figures.status import Status
from collector.reports.document import Unit, Value
from shared.texts import Texts


@dataclass(frozen=True, slots=True)
class Measure:
    """`of` reads it; `formula` names one of FORMULAS, "" where the name says it all."""

    unit: Unit
    of: Callable[[Figures], Value]
    formula: str = ""


def _ratio(name: str, end: str) -> Callable[[Figures], Value]:
    def of(figures: Figures) -> Value:
        found = figures.availability.get(name)
        value: Value = getattr(found, end) if found else None
        return value

    return of


def _echo(group: str, what: str) -> Callable[[Figures], Value]:
    def of(figures: Figures) -> Value:
        found = figures.latency.get(group)
        value: Value = getattr(found, what) if found else None
        return value

    return of


def _row(row: Row) -> Callable[[Figures], Value]:
    return lambda figures: figures.rows[row]


LOST_ROWS = (*DOWN_ROWS, Row.POWER)
"""What keeps people from the network: the cause of a bad figure is one of these."""


def _most_lost(figures: Figures) -> str | None:
    """What took most of the time that people did without, of equals the first; None if nothing did."""
    row = max(LOST_ROWS, key=lambda row: figures.rows[row])
    return row.value if figures.rows[row] else None


MEASURES: Mapping[str, Measure] = {
    "sites": Measure(Unit.COUNT, lambda f: f.sites),
    "period": Measure(Unit.DURATION, lambda f: f.period_ms),
    "observed": Measure(Unit.DURATION, lambda f: f.observed_ms),
    "coverage": Measure(Unit.SHARE, lambda f: f.coverage, "coverage"),
    "known": Measure(Unit.SHARE, lambda f: f.known, "known"),
    "outages": Measure(Unit.COUNT, lambda f: f.outages.n, "outages"),
    "downtime": Measure(Unit.DURATION, lambda f: f.downtime_ms, "downtime"),
    "longest": Measure(Unit.DURATION, lambda f: f.outages.longest_ms, "longest"),
    "charged": Measure(Unit.COUNT, lambda f: f.charged.n, "charged"),
    "charged_time": Measure(Unit.DURATION, lambda f: f.charged.total_ms, "charged"),
    "power_cuts": Measure(Unit.COUNT, lambda f: f.power_cuts.n, "power_cuts"),
    "mttr": Measure(Unit.LATENCY, lambda f: f.mttr_ms, "mttr"),
    "mtbf": Measure(Unit.LATENCY, lambda f: f.mtbf_ms, "mtbf"),
    **{
        f"{name}{suffix}": Measure(Unit.SHARE, _ratio(name, end), name)
        for name in ("line", "experienced", "internet", "intranet")
        for suffix, end in (("", "value"), ("_low", "low"), ("_high", "high"))
    },
    **{
        f"{group}_{what}": Measure(unit, _echo(group, source), formula)
        for group in ("internet", "intranet")
        for what, source, unit, formula in (
            ("loss", "loss", Unit.SHARE, "loss"),
            ("p50", "p50_ms", Unit.LATENCY, "percentile"),
            ("p95", "p95_ms", Unit.LATENCY, "percentile"),
            ("jitter", "jitter_ms", Unit.LATENCY, "jitter"),
        )
    },
    **{f"row_{row}": Measure(Unit.DURATION, _row(row)) for row in ROWS},
    "most_lost": Measure(Unit.CONDITION, _most_lost),
}


CONNECTED: Mapping[str, Unit] = {
    "connected.any": Unit.YES,
    "connected.internet": Unit.YES,
    "connected.intranet": Unit.YES,
    "connected.any_since": Unit.DAY,
    "connected.internet_since": Unit.DAY,
    "connected.intranet_since": Unit.DAY,
    "connected.active_days": Unit.COUNT,
    "connected.sites": Unit.COUNT,
    **{
        f"connected.{way}_{what}": Unit.COUNT
        for way in ("any", "internet", "intranet")
        for what in ("yes", "no", "unknown")
    },
    "connected.share": Unit.SHARE,
    "connected.internet_share": Unit.SHARE,
    "connected.intranet_share": Unit.SHARE,
    "connected.opd_share": Unit.SHARE,
    "connected.village_share": Unit.SHARE,
    "connected.service_share": Unit.SHARE,
    "connected.other_share": Unit.SHARE,
}
"""What is read from days one by one (figures/connected.py). `connected.share`: of the registered sites, hubs left out,
those that are connected by any way; of a period: on its last day. `connected.sites`: how many are registered;
`_yes`, `_no`, `_unknown`: how many of them are connected, are not, were not measured. `connected.opd_share` and the
like: the share among the sites of one kind."""


LEAGUE: Mapping[str, Unit] = {
    "league.ranked": Unit.COUNT,
    "league.unranked": Unit.COUNT,
    "league.rank": Unit.COUNT,
    "league.at_worst": Unit.COUNT,
    "league.judged": Unit.COUNT,
    "league.middle": Unit.SHARE,
    "league.middle_low": Unit.SHARE,
    "league.middle_high": Unit.SHARE,
    "league.below": Unit.COUNT,
    "league.below_share": Unit.SHARE,
    "league.rate": Unit.NUMBER,
}
"""Of one provider (figures/league.py) among all of the report, or of a medium where the subject is narrowed to one.
`judged`: its sites with enough data; `below`: those of them that missed what was promised; `rate`: outages by site and
30 days. `ranked` and `unranked`: how many providers are, and are not."""


REGISTER: Mapping[str, Unit] = {"register.bandwidth_mbps": Unit.MBPS}
"""What the register says of a site, as it was entered."""


OUTAGE: Mapping[str, Unit] = {
    "outage.row": Unit.CONDITION,
    "outage.start": Unit.INSTANT,
    "outage.start_bar": Unit.INSTANT,
    "outage.end": Unit.INSTANT,
    "outage.end_bar": Unit.INSTANT,
    "outage.length": Unit.DURATION,
    "outage.lost": Unit.DURATION,
    "outage.excluded": Unit.DURATION,
    "outage.charged": Unit.DURATION,
    "outage.is_charged": Unit.YES,
    "outage.counts": Unit.YES,
}
"""Of one outage or power cut (figures/downs.py). The last five are of what lies in the period of the report."""
OUTAGES: Mapping[str, Unit] = {
    "outages.condition": Unit.CONDITION,
    "outages.n": Unit.COUNT,
    "outages.sites": Unit.COUNT,
    "outages.lost": Unit.DURATION,
    "outages.excluded": Unit.DURATION,
    "outages.charged_n": Unit.COUNT,
    "outages.charged_sum": Unit.DURATION,
}
"""Of all outages that touch the period of the subject, under the contract in force on each day. Its `where` may narrow
them by `condition`, which is what `outages.condition` says again, and by `cause`: as people gave it, "" for none."""

DAILY: Mapping[str, Unit] = {
    "daily.active": Unit.YES,
    "daily.mostly": Unit.CONDITION,
    "daily.symbol": Unit.TEXT,
    "daily.share": Unit.SHARE,
    "daily.quiet": Unit.SHARE,
    "daily.points": Unit.COUNT,
    "daily.always": Unit.COUNT,
    "daily.never": Unit.COUNT,
    "daily.active_days": Unit.COUNT,
    "daily.known_days": Unit.COUNT,
    **{f"daily.n_{one}": Unit.COUNT for one in Status},
}
"""What a point was on a day (figures/status.py). The first three are of one point and day; `daily.symbol` is followed
by a dot and the day. The others are of all days of points in the subject's period that lie in the report's, too."""


PROMISED: Mapping[str, Unit] = {
    "sla.required": Unit.SHARE,
    "sla.hours": Unit.DURATION,
    "sla.budget": Unit.DURATION,
    "sla.charged": Unit.DURATION,
    "sla.used": Unit.SHARE,
    "sla.actual": Unit.SHARE,
    "sla.fee_of_part": Unit.RUPIAH,
    "sla.shortfall": Unit.RUPIAH,
    "sla.prorated": Unit.RUPIAH,
    "sla.prorata": Unit.RUPIAH,
    "sla.restitution": Unit.RUPIAH,
    "sla.outage_charged": Unit.DURATION,
    "sla.begins": Unit.DAY,
    "sla.ends": Unit.DAY,
    "sla.fee": Unit.RUPIAH,
    "sla.charge_after": Unit.DURATION,
    "sla.contracts": Unit.COUNT,
    "sla.lines": Unit.COUNT,
    "sla.missed": Unit.COUNT,
    "sla.unjudged": Unit.COUNT,
    "sla.unpromised": Unit.COUNT,
    "sla.bare": Unit.COUNT,
}
"""Of contracts (figures/restitution.py). Subjects: a `line` in a part of a `contract` (none: where it has none), all of
a `contract` in the period, one version of it (`where` says on which day that `begins`; then `period` is the part), an
`outage` in a `part` of a line; or everybody, for the sums of the report. `sla.restitution` is by the contract's own
formula; the three before it are by each. `sla.begins` to `sla.charge_after` are the terms of a version."""

ENTERED: Mapping[str, Unit] = {
    "followup.id": Unit.COUNT,
    "followup.entered": Unit.INSTANT,
    "followup.due": Unit.INSTANT,
    "followup.at": Unit.INSTANT,
    "exclusion.from": Unit.INSTANT,
    "exclusion.to": Unit.INSTANT,
    "exclusion.entered": Unit.INSTANT,
}
"""What people entered. `followup.at`: when its last step was."""


SIDES: Mapping[str, str] = {
    "now": "the measure itself",
    "before": "the same in the period before (reports/spans.py)",
    "change": "now - before; None unless both are known",
    "distance": "how far it is from the target of the report's year; below 0: not reached",
    "part": "its part of the whole period",
    "condition": "the row of the ledger that it is the time in",
}
"""Of a measure: `change.experienced` by itself, or `change` of a column in a row whose measure is `experienced`."""


TARGET: Mapping[str, Unit] = {
    "target.aim": Unit.SHARE,
    "target.now": Unit.SHARE,
    "target.year_so_far": Unit.SHARE,
    "target.distance": Unit.POINTS,
    "target.met": Unit.YES,
}
"""Of one of [[targets]]: what it is in the report's year, what was reached in the period and in the year up to the
period's end, how far that is from the target, and whether it is enough."""


def side(name: str, measure: str) -> str:
    """The measure that is a side of another."""
    if name not in SIDES:
        raise KeyError(name)
    return f"{name}.{measure}"


IN_WORDS = ("outages", "longest", "charged", "power_cuts", "loss", "jitter", "percentile")
"""Formulas that are sentences: `reports.formula.<name>` has them in the reader's language. The others are sums of rows,
which are called the same everywhere."""


def formula_of(measure: str, texts: Texts) -> str:
    """How it is computed, "" where its name says it all."""
    known = MEASURES.get(measure)
    if not known or not known.formula:
        return ""
    return texts.say(f"reports.formula.{known.formula}") if known.formula in IN_WORDS else FORMULAS[known.formula]
