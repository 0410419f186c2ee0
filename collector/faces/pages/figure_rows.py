"""Pure: figures as the indicators page tells them: columns, the order of rows, and what differs from what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from collector.alerts.deciding.words import duration
from collector.faces.indicator_answers import AvailabilityAnswer, IndicatorAnswer, LatencyAnswer
from collector.faces.pages.bars import Amount, Chart, chart
from collector.faces.pages.view import grouped
from collector.registry import Site
from collector.reports.writing.words import hundreds
from shared.texts import Texts

LATENCY_OF = "internet"
"""The group of targets whose latency and loss the table tells."""
MOST_BARS = 20
"""Bars in the picture above the table: more nobody looks at."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Numbers in the words of one language."""

    texts: Texts

    def decimal(self, value: float, places: int) -> str:
        said = f"{value:.{places}f}"
        return said.replace(".", ",") if self.texts.language == "id" else said

    def share(self, ratio: float | None, places: int = 2) -> str:
        """A percentage as reports print it: rounded, but 100 % means all of it."""
        return "–" if ratio is None else f"{hundreds(ratio, self.texts, places)} %"

    def span(self, told: AvailabilityAnswer | None, form: str = "range") -> str:
        """Between what and what it lies; nothing where doubt is not accounted for or makes no difference."""
        if told is None or told.low is None or told.high is None or self.share(told.low) == self.share(told.high):
            return ""
        low, high = self.share(told.low), self.share(told.high)
        return self.texts.say(f"indicators.{form}", low=low.removesuffix(" %") if form == "range" else low, high=high)

    def lasted(self, seconds: float | None) -> str:
        return "–" if seconds is None else duration(round(seconds * 1000), self.texts)

    def count(self, n: int) -> str:
        return grouped(n, self.texts)

    def counted(self, one: IndicatorAnswer) -> str:
        """How much of the period is accounted for; nothing where all of it is."""
        if not one.late_sites or one.counted_share is None:
            return ""
        first, last, days = one.counted_from, one.counted_all_from, (one.to.date() - one.from_.date()).days
        if first and last and first.date() == last.date() and days > 1:
            return self.texts.say("indicators.counted.days", n=(one.to.date() - first.date()).days, total=days)
        return self.texts.say("indicators.counted.share", share=self.share(one.counted_share, 0))

    def scale(self, share: float) -> str:
        """A number on a scale of shares: as few digits as it takes."""
        said = f"{round(share * 100, 6):g}"
        return f"{said.replace('.', ',') if self.texts.language == 'id' else said} %"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a column; `small` below it. `missing`: there is no number, because too little is known."""

    text: str
    small: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """`value` is what rows are sorted by; `low_is_bad`: the lowest is the worst; otherwise the highest."""

    value: Callable[[IndicatorAnswer], float | None]
    tell: Callable[[IndicatorAnswer, Teller], Cell]
    low_is_bad: bool = False
    divided: bool = False
    """It is withheld below the coverage floor."""


def availability(one: IndicatorAnswer, name: str) -> AvailabilityAnswer | None:
    return next((told for told in one.availability if told.name == name), None)


def latency(one: IndicatorAnswer) -> LatencyAnswer | None:
    return next((echo for echo in one.latency if echo.group == LATENCY_OF), None)


def _available(name: str) -> Column:
    def value(one: IndicatorAnswer) -> float | None:
        told = availability(one, name)
        return told.value if told else None

    def tell(one: IndicatorAnswer, teller: Teller) -> Cell:
        return Cell(teller.share(value(one)), teller.span(availability(one, name)))

    return Column(value, tell, low_is_bad=True, divided=True)


def _p95(one: IndicatorAnswer) -> float | None:
    echo = latency(one)
    return echo.p95_ms if echo else None


def _loss(one: IndicatorAnswer) -> float | None:
    echo = latency(one)
    return echo.loss if echo else None


COLUMNS: Mapping[str, Column] = {
    "line": _available("line"),
    "experienced": _available("experienced"),
    "coverage": Column(
        lambda one: one.coverage, lambda one, t: Cell(t.share(one.coverage, 0), t.counted(one)), low_is_bad=True
    ),
    "outages": Column(lambda one: one.outages.n, lambda one, t: Cell(t.count(one.outages.n))),
    "downtime": Column(lambda one: one.downtime_s, lambda one, t: Cell(t.lasted(one.downtime_s))),
    "longest": Column(lambda one: one.outages.longest_s, lambda one, t: Cell(t.lasted(one.outages.longest_s))),
    "mttr": Column(lambda one: one.mttr_s, lambda one, t: Cell(t.lasted(one.mttr_s)), divided=True),
    "p95": Column(
        _p95, lambda one, t: Cell("–" if (ms := _p95(one)) is None else f"{t.decimal(ms, 0)} ms"), divided=True
    ),
    "loss": Column(_loss, lambda one, t: Cell(t.share(_loss(one))), divided=True),
    "sites": Column(lambda one: one.sites, lambda one, t: Cell(t.count(one.sites))),
}
"""The columns by name, as they stand in the table behind the name of the row; the first is the default order."""


def cells(one: IndicatorAnswer, teller: Teller) -> list[tuple[str, Cell]]:
    """(column, cell) of a row: below the coverage floor there are words instead of what is divided."""
    missing = Cell(teller.texts.say("indicators.not_enough"), missing=True)
    return [
        (name, missing if column.divided and not one.enough_data else column.tell(one, teller))
        for name, column in COLUMNS.items()
    ]


def in_order(told: Sequence[IndicatorAnswer], sort: str, names: Mapping[str, str]) -> list[IndicatorAnswer]:
    """The worst first by column `sort`, `-` before it turns that round; what has no number comes last either way."""
    backward, by = sort.startswith("-"), sort.removeprefix("-")
    by_name = sorted(told, key=lambda one: (names[one.of].casefold(), one.of))
    if by == "name":
        return by_name[::-1] if backward else by_name
    column = COLUMNS[by]
    sign = 1 if column.low_is_bad is not backward else -1
    values = {one.of: column.value(one) for one in told}
    return sorted(by_name, key=lambda one: (values[one.of] is None, sign * (values[one.of] or 0)))


@dataclass(frozen=True, slots=True)
class Difference:
    """How a row compares with another: `kind` better, worse, same or unknown; what the other is, and words."""

    kind: str
    then: str
    text: str


def difference(now: IndicatorAnswer | None, then: IndicatorAnswer | None, teller: Teller) -> Difference:
    """Of the availability of the line. Where the error bars overlap nobody can tell a difference, and none is told."""
    one, other = (availability(row, "line") if row else None for row in (now, then))
    before = teller.share(other.value) if other else "–"
    if one is None or other is None or one.value is None or other.value is None:
        return Difference("unknown", before, teller.texts.say("indicators.difference.unknown"))
    (low, high), (other_low, other_high) = _bars(one), _bars(other)
    if low <= other_high and other_low <= high:
        return Difference("same", before, teller.texts.say("indicators.difference.same"))
    kind = "better" if one.value > other.value else "worse"
    points = teller.decimal(abs(one.value - other.value) * 100, 2)
    return Difference(kind, before, teller.texts.say(f"indicators.difference.{kind}", points=points))


def _bars(told: AvailabilityAnswer) -> tuple[float, float]:
    value = told.value or 0.0
    return (value if told.low is None else told.low), (value if told.high is None else told.high)


def picture(
    rows: Sequence[IndicatorAnswer],
    names: Mapping[str, str],
    hrefs: Mapping[str, str],
    teller: Teller,
    limit: float | None,
) -> Chart:
    """How much of the time the line was down: what is missing to 100 % availability. A bar from 0, so that twice as
    long is twice as bad."""
    amounts = []
    for one in rows[:MOST_BARS]:
        told = availability(one, "line") if one.enough_data else None
        known = told is not None and told.value is not None
        amounts.append(
            Amount(
                label=names[one.of],
                href=hrefs[one.of],
                said=teller.share(told.value if told else None) if known else teller.texts.say("indicators.not_enough"),
                value=_rest(told.value if told else None),
                low=_rest(told.high if told else None),
                high=_rest(told.low if told else None),
            )
        )
    return chart(amounts, teller.scale, None if limit is None else 1 - limit)


def _rest(share: float | None) -> float | None:
    return None if share is None else 1 - share


SPENT = (
    ("up", ("up",)),
    ("degraded", ("degraded",)),
    ("line", ("line_down", "internet_down", "intranet_down")),
    ("intercepted", ("intercepted",)),
    ("local", ("local_down",)),
    ("unreachable", ("unreachable",)),
    ("power", ("power",)),
    ("unobserved", ("shut_down", "asleep", "agent", "unknown")),
)
"""Where the time of a period went, as a person would divide it: (name, rows of the ledger)."""


def spent(one: IndicatorAnswer, teller: Teller) -> Chart:
    """Where the time went; what took none is left out."""
    say, total = teller.texts.say, sum(one.rows.values()) or 1.0
    sums = [(name, sum(one.rows.get(row, 0.0) for row in rows)) for name, rows in SPENT]
    return chart(
        [
            Amount(
                label=say(f"indicators.spent.{name}"),
                said=f"{teller.share(seconds / total)} · {teller.lasted(seconds)}",
                value=seconds / total,
                mark=name,
            )
            for name, seconds in sums
            if seconds
        ],
        teller.scale,
    )


def names_of(told: Sequence[IndicatorAnswer], scope: str, sites: Sequence[Site], texts: Texts) -> dict[str, str]:
    """What rows are called: a site by its name, a medium by its word; what nobody named, by words that say so."""
    known = {site.code: site.name for site in sites} if scope == "site" else {}
    return {one.of: known.get(one.of) or name_of(scope, one.of, texts) for one in told}


def name_of(scope: str, of: str, texts: Texts) -> str:
    if scope == "all":
        return texts.say("indicators.everything")
    if not of:
        return texts.say("indicators.unnamed")
    words = {"medium": "medium.", "kind": "indicators.kind."}.get(scope)
    return texts.say(words + of) if words else of
