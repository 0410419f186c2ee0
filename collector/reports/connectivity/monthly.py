"""`bulanan`: how connected the province was. First what is seen at a glance: key figures, the graph of the days and of
the months, a picture of each breakdown; then the tables: targets, breakdowns, worst and best sites, where the time
went, the numbers of the graphs, and every node by name. Any period will do; a month is what people ask for.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from collector.condition import ROWS
from collector.figures.periods import between, parse
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.trend import Point
from collector.reports.connectivity.breakdowns import SCOPES, Breakdowns
from collector.reports.connectivity.by_site import BySite
from collector.reports.connectivity.nodes import Node, brief_nodes, rule_words, share_of
from collector.reports.connectivity.targets import aim_of, aim_words
from collector.reports.connectivity.targets import facts as target_facts
from collector.reports.connectivity.targets import table as target_table
from collector.reports.document import (
    Chart,
    Column,
    Document,
    Fact,
    Facts,
    Line,
    Row,
    Section,
    Table,
    Unit,
)
from collector.reports.heads import document, period_words
from collector.reports.measured import columns, difference, fact
from collector.reports.source import PLAIN, SERVICE, Source
from collector.reports.spans import before, days_shown, months_shown

KEY = ("experienced", "experienced_low", "experienced_high", "line", "internet", "intranet")
IN_SERVICE = ("experienced", "line")
SUMMED = ("coverage", "outages", "downtime", "power_cuts")
POINT = ("experienced", "experienced_low", "experienced_high", "line", "coverage")
CHANGED = (
    ("experienced", Hours.ALL),
    ("experienced", Hours.SERVICE),
    ("line", Hours.ALL),
    ("line", Hours.SERVICE),
    ("internet", Hours.ALL),
    ("intranet", Hours.ALL),
    ("coverage", Hours.ALL),
)
KINDS_SHOWN = ("opd", "village")
PLACE = {"days": len("2026-10-05"), "months": len("2026-10")}
"""How much of the name of a period stands at a chart; a month that is not whole has its days there."""


def make(source: Source) -> Document:
    """See the head of this file."""
    monthly, days, months = Monthly(source), source.points(days_shown(source.span)), measured_months(source)
    breakdowns, sites = Breakdowns(source), BySite(source)
    scopes = [s for s in SCOPES if source.wanted.scope not in ("site", s) and breakdowns.owners(s)]
    sections: list[Section] = [
        monthly.key_figures(),
        monthly.trend_chart("days", days),
        *([monthly.change()] if breakdowns.compared else []),
        *target_facts(source),
        *([monthly.trend_chart("months", months)] if len(months) > 1 else []),
        *(chart for scope in scopes for chart in breakdowns.charts(scope)),
        *target_table(source),
        *(section for scope in scopes for section in breakdowns.tables(scope)),
        monthly.spent(),
        *(breakdowns.spent(scope) for scope in scopes[:1]),
        *sites.extremes(),
        *([monthly.trend_table("months", months)] if len(months) > 1 else []),
        monthly.trend_table("days", days),
        sites.every_node(),
    ]
    own = [source.texts.say("connected.rule", **rule_words(source))]
    return document("bulanan", source, sections, main=scopes[0] if scopes else "days", own=own)


def measured_months(source: Source) -> Sequence[Point]:
    """The last months, from the first on in which anything was measured; at least the last one."""
    points = source.points(months_shown(source.span))
    first = next((n for n, one in enumerate(points) if one.coverage), len(points) - 1)
    return points[first:]


class Monthly:
    """The sections that are of the whole scope."""

    def __init__(self, source: Source) -> None:
        self._source, self._texts = source, source.texts

    def key_figures(self) -> Facts:
        say, source = self._texts.say, self._source
        subject = source.subject("all", "")
        facts: list[Fact] = []
        for choice, measures in ((PLAIN, KEY), (SERVICE, IN_SERVICE), (PLAIN, SUMMED)):
            told = source.figures("all", choice=choice).get("")
            facts += [fact(measure, told, subject, self._texts, choice.hours) for measure in measures if told]
        known = [node for node in brief_nodes(source) if node.site.kind in KINDS_SHOWN]
        facts += [self._connected(kind, known) for kind in KINDS_SHOWN if any(n.site.kind == kind for n in known)]
        return Facts(name="key", title=say("monthly.key"), facts=facts, note=say("monthly.key.note"))

    def _connected(self, kind: str, known: Sequence[Node]) -> Fact:
        return Fact(
            name=f"connected_{kind}",
            label=self._texts.say(f"monthly.connected.{kind}"),
            value=share_of(node.connected for node in known if node.site.kind == kind).value,
            unit=Unit.SHARE,
            measure="connected.share",
            subject=self._source.subject("kind", kind),
        )

    def trend_chart(self, name: str, points: Sequence[Point]) -> Chart:
        """Of days or months; their numbers stand in the table of that name."""
        source = self._source
        aim = aim_of(source, "experienced")
        lines = [
            Line(
                self._texts.say("reports.measure.experienced"),
                [one.experienced.value for one in points],
                [one.experienced.low for one in points],
                [one.experienced.high for one in points],
            ),
            Line(self._texts.say("reports.measure.line"), [one.line.value for one in points]),
            Line(self._texts.say("reports.measure.coverage"), [one.coverage for one in points]),
        ]
        return Chart(
            name=f"{name}_chart",
            title=self._texts.say(f"monthly.{name}.chart", n=len(points)),
            kind="lines",
            places=[one.name.partition("/")[0][: PLACE[name]] for one in points],
            lines=lines,
            target=aim.in_year(source.span.last.year) if aim else None,
            target_label=aim_words(source, aim) if aim else "",
            note=self._texts.say("monthly.trend.note"),
            of_table=name,
        )

    def trend_table(self, name: str, points: Sequence[Point]) -> Table:
        unit = Unit.DAY if name == "days" else Unit.TEXT
        first = Column(name="period", label=self._texts.say(f"monthly.{name}.column"), unit=unit)
        return Table(
            name=name,
            title=self._texts.say(f"monthly.{name}", n=len(points)),
            columns=(first, *columns(POINT, self._texts)),
            rows=lambda: (self._point(one) for one in points),
            note=self._texts.say("monthly.trend.note"),
        )

    def _point(self, one: Point) -> Row:
        period = parse(one.name) if "/" not in one.name else between(*one.name.split("/"))
        day = len(one.name) == PLACE["days"]
        when = period.start if day and isinstance(period.start, date) else period_words(period, self._texts)
        told = (one.experienced.value, one.experienced.low, one.experienced.high, one.line.value, one.coverage)
        return Row(
            cells=(when, *told),
            subject=self._source.subject("all", "", one.name),
            mark="" if one.experienced.value is not None else "unknown",
        )

    def change(self) -> Table:
        """The province against the period before, one indicator a row."""
        say = self._texts.say
        return Table(
            name="change",
            title=say("monthly.change"),
            columns=(
                Column(name="indicator", label=say("monthly.column.indicator"), wide=True),
                Column(name="now", label=say("monthly.column.now"), unit=Unit.SHARE, measure="now"),
                Column(name="before", label=say("reports.column.before"), unit=Unit.SHARE, measure="before"),
                Column(name="change", label=say("reports.column.change"), unit=Unit.POINTS, measure="change"),
            ),
            rows=self._changes,
            note=say("monthly.change.note", before=period_words(before(self._source.wanted.period), self._texts)),
        )

    def _changes(self) -> Iterator[Row]:
        source, earlier = self._source, before(self._source.wanted.period)
        subject = source.subject("all", "")
        for measure, hours in CHANGED:
            choice = Choice(hours, Exclusions.WITH)
            told, then = (source.figures("all", period, choice).get("") for period in (None, earlier))
            if told:
                now = fact(measure, told, subject, self._texts, hours)
                past = fact(measure, then, subject, self._texts, hours).value if then else None
                cells = now.label, now.value, past, difference(now.value, past)
                yield Row(cells=cells, subject=subject, measure=measure, hours=hours)

    def spent(self) -> Table:
        """Where all the time of the whole scope went, one condition a row; `<scope>_spent` has it by owners."""
        say, condition = self._texts.say, Unit.CONDITION
        return Table(
            name="spent",
            title=say("monthly.spent"),
            columns=(
                Column(name="condition", label=say("monthly.column.condition"), unit=condition, measure="condition"),
                Column(name="time", label=say("monthly.column.time"), unit=Unit.DURATION, measure="now"),
                Column(name="share", label=say("monthly.column.share"), unit=Unit.SHARE, measure="part"),
            ),
            rows=self._spent,
            note=say("monthly.spent.note"),
        )

    def _spent(self) -> Iterator[Row]:
        told, subject = self._source.figures("all").get(""), self._source.subject("all", "")
        if told and told.period_ms:
            for row in ROWS:
                spent_ms = told.rows[row]
                cells = row.value, spent_ms, spent_ms / told.period_ms
                yield Row(cells=cells, subject=subject, measure=f"row_{row}")
            total = self._texts.say("monthly.total"), told.period_ms, 1.0
            yield Row(cells=total, subject=subject, mark="total", measure="period")
