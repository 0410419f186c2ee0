"""Pure: what a figure of a report measures: by name, how it is read from Figures, its unit and its formula.

The audit pack's script has the same names: a measure that it does not know is a figure that nobody can check.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.condition import ROWS, Row
from collector.figures.indicators import FORMULAS, Figures
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
}


CONNECTED: Mapping[str, Unit] = {
    "connected.any": Unit.YES,
    "connected.internet": Unit.YES,
    "connected.intranet": Unit.YES,
    "connected.any_since": Unit.DAY,
    "connected.internet_since": Unit.DAY,
    "connected.intranet_since": Unit.DAY,
    "connected.active_days": Unit.COUNT,
    "connected.share": Unit.SHARE,
    "connected.internet_share": Unit.SHARE,
    "connected.intranet_share": Unit.SHARE,
}
"""What is read from days one by one (figures/connected.py). `connected.share`: of the registered sites, hubs left out,
those that are connected by any way; of a period: on its last day."""


SIDES: Mapping[str, str] = {
    "now": "the measure itself",
    "before": "the same in the period before (reports/spans.py)",
    "change": "now - before; None unless both are known",
    "distance": "how far it is from the target of the report's year; below 0: not reached",
    "part": "its part of the whole period",
}
"""Of a measure: `change.experienced` by itself, or `change` of a column in a row whose measure is `experienced`."""


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
