"""The monthly report's tables per regency, OPD, provider, medium: availability, outages and quality, where the time
went; and the chart beside them."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from collector.condition import ROWS
from collector.figures.indicators import Figures
from collector.figures.periods import Period
from collector.figures.shares import Choice, Exclusions, Hours
from collector.reports.connectivity.targets import aim_of, aim_words
from collector.reports.document import Chart, Column, Line, Row, Table, Unit, Value
from collector.reports.heads import period_words
from collector.reports.measured import cells, column, columns, difference, labelled, owner_words, side_column
from collector.reports.measures import MEASURES
from collector.reports.once import once
from collector.reports.settings import TargetSettings
from collector.reports.source import Source
from collector.reports.spans import before

SCOPES = ("regency", "opd", "provider", "medium")
BARS = {"experienced": ("experienced", "experienced_low", "experienced_high"), "line": ("line",)}
"""Availability that is compared with the period before; what people receive is told with its bars."""
OUTAGES = ("outages", "downtime", "longest", "mttr", "charged", "power_cuts", "internet_loss")
LATENCY = ("internet_p95", "intranet_p95")
"""By medium it is told of what has one; a mixture of media has a mixture of latencies."""
WITH_LATENCY = ("provider", "medium")
IN_SERVICE = ("opd",)
"""Offices are judged by their service hours: at night their computers are off, and nobody knows of their lines."""
Cells = Callable[[str, str, Figures], Sequence[Value]]
"""(scope, owner, its figures) -> what stands behind its name."""


def hours_of(scope: str) -> Hours:
    """Which hours its owners are judged by."""
    return Hours.SERVICE if scope in IN_SERVICE else Hours.ALL


class Breakdowns:
    """Of one source. The period before is compared where anything was measured in it."""

    def __init__(self, source: Source) -> None:
        self._source, self._texts = source, source.texts
        self.before = before(source.wanted.period)

    @once
    def compared(self) -> bool:
        """Whether there is anything in the period before."""
        told = self._source.figures("all", self.before).get("")
        return told is not None and told.observed_ms > 0

    def aim(self, scope: str) -> TargetSettings | None:
        """In the hours that `scope` is judged by."""
        return aim_of(self._source, "experienced", hours=hours_of(scope))

    def charts(self, scope: str) -> Iterator[Chart]:
        """Where there is more than one to compare; of whom too little is known, there is nothing to draw."""
        told = self.owners(scope)
        drawn = [(of, one) for of, one in told if one.availability["experienced"].value is not None]
        if len(drawn) > 1:
            yield self._chart(scope, drawn, len(told) - len(drawn))

    def tables(self, scope: str) -> Iterator[Table]:
        """Both of `scope`; none if nobody is in it."""
        told = self.owners(scope)
        if told:
            yield self._availability(scope, told)
            yield self._outages(scope, told)

    def owners(self, scope: str, hours: Hours | None = None) -> list[tuple[str, Figures]]:
        """Those of `scope`, in the hours that they are judged by or in `hours`; villages have no OPD."""
        found = self._figures(scope, None, hours)
        return [(of, one) for of, one in found.items() if of or scope != "opd"]

    def _figures(self, scope: str, period: Period | None = None, hours: Hours | None = None) -> Mapping[str, Figures]:
        return self._source.figures(scope, period, Choice(hours or hours_of(scope), Exclusions.WITH))

    def _availability(self, scope: str, told: Sequence[tuple[str, Figures]]) -> Table:
        hours = hours_of(scope)
        shown: list[Column] = [self._name(scope), column("sites", self._texts)]
        for measure in BARS:
            shown += columns(BARS[measure], self._texts, hours)
            if self.compared:
                shown += [self._side("before", measure, hours), self._side("change", measure, hours)]
        if self.aim(scope):
            shown.append(self._side("distance", "experienced", hours))
        if hours is Hours.ALL:
            shown.append(column("experienced", self._texts, Hours.SERVICE))
        shown += columns(("internet", "intranet", "coverage"), self._texts, hours)
        note = self._texts.say(
            "monthly.availability.note.compared" if self.compared else "monthly.availability.note",
            before=period_words(self.before, self._texts),
        )
        note = f"{self._texts.say(f'monthly.hours.{hours}')} {note}"
        if scope == "opd":
            note = f"{note} {self._texts.say('monthly.opd.note')}"
        return Table(
            name=scope,
            title=self._texts.say(f"monthly.{scope}"),
            columns=tuple(shown),
            rows=lambda: self._rows(scope, told, self._availability_of),
            note=note,
        )

    def _outages(self, scope: str, told: Sequence[tuple[str, Figures]]) -> Table:
        measures = self._measures(scope)
        say = self._texts.say
        return Table(
            name=f"{scope}_outages",
            title=say(f"monthly.{scope}.outages"),
            columns=(
                self._name(scope),
                column("sites", self._texts),
                *columns(measures, self._texts, hours_of(scope)),
            ),
            rows=lambda: self._rows(scope, told, lambda _s, _o, one: cells(one, ("sites", *measures))),
            note=" ".join(
                (
                    say(f"monthly.hours.{hours_of(scope)}"),
                    say("monthly.outages.note" if scope in WITH_LATENCY else "monthly.outages.note.mixed"),
                )
            ),
        )

    def spent(self, scope: str) -> Table:
        """Where all the time went, by day and night: one column a row of the ledger, which together are the period."""
        measures = ("period", *(f"row_{row}" for row in ROWS))
        shown = [self._name(scope), column("period", self._texts)]
        for row in ROWS:
            label = self._texts.say(f"monthly.row.{row}")
            shown.append(Column(name=f"row_{row}", label=label, unit=Unit.DURATION, measure=f"row_{row}"))
        return Table(
            name=f"{scope}_spent",
            title=self._texts.say(f"monthly.{scope}.spent"),
            columns=tuple(shown),
            rows=lambda: self._rows(scope, self.owners(scope, Hours.ALL), lambda _s, _o, one: cells(one, measures)),
            note=self._texts.say("monthly.spent.note"),
        )

    def _rows(self, scope: str, told: Sequence[tuple[str, Figures]], of: Cells) -> Iterator[Row]:
        """The owners, and all of them together; an OPD table leaves out what the total would have."""
        for owner, one in told:
            yield Row(
                cells=(owner_words(scope, owner, self._texts), *of(scope, owner, one)),
                subject=self._source.subject(scope, owner),
                mark="" if one.enough_data else "unknown",
            )
        whole = self._source.figures("all").get("")
        if whole and scope != "opd":
            name = owner_words("all", "", self._texts)
            yield Row(cells=(name, *of("all", "", whole)), subject=self._source.subject("all", ""), mark="total")

    def _availability_of(self, scope: str, owner: str, one: Figures) -> list[Value]:
        then = self._figures(scope, self.before).get(owner) if self.compared else None
        told: list[Value] = cells(one, ["sites"])
        for measure in BARS:
            now = MEASURES[measure].of(one)
            told += cells(one, BARS[measure])
            if self.compared:
                earlier = MEASURES[measure].of(then) if then else None
                told += [earlier, difference(now, earlier)]
        aim = self.aim(scope)
        if aim:
            told.append(difference(MEASURES["experienced"].of(one), aim.in_year(self._source.span.last.year)))
        if hours_of(scope) is Hours.ALL:
            in_service = self._source.figures(scope, None, Choice(Hours.SERVICE, Exclusions.WITH))
            told += cells(in_service[owner], ["experienced"])
        return told + cells(one, ("internet", "intranet", "coverage"))

    def _chart(self, scope: str, told: Sequence[tuple[str, Figures]], left_out: int) -> Chart:
        aim = self.aim(scope)
        ratios = [one.availability["experienced"] for _, one in told]
        line = Line(
            labelled("experienced", self._texts, hours_of(scope)),
            [one.value for one in ratios],
            [one.low for one in ratios],
            [one.high for one in ratios],
        )
        return Chart(
            name=f"{scope}_chart",
            title=self._texts.say(f"monthly.{scope}.chart"),
            kind="bars",
            places=[owner_words(scope, of, self._texts) for of, _ in told],
            lines=[line],
            target=aim.in_year(self._source.span.last.year) if aim else None,
            target_label=aim_words(self._source, aim) if aim else "",
            note=self._texts.say("monthly.chart.left_out", n=left_out) if left_out else "",
            of_table=scope,
        )

    def _measures(self, scope: str) -> tuple[str, ...]:
        return (*OUTAGES, *LATENCY) if scope in WITH_LATENCY else OUTAGES

    def _name(self, scope: str) -> Column:
        return Column(name=scope, label=self._texts.say(f"reports.column.{scope}"), wide=True)

    def _side(self, name: str, measure: str, hours: Hours) -> Column:
        label = self._texts.say(f"monthly.column.{measure}_{name}")
        return side_column(name, measure, label, Unit.SHARE if name == "before" else Unit.POINTS, hours)
