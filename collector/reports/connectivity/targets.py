"""Yearly targets (RPJMD, IKU) beside what was reached: in the period, and in the year up to its end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from collector.figures.indicators import Figures
from collector.figures.shares import Choice, Exclusions, Hours
from collector.reports.connectivity.nodes import brief_nodes, share_of
from collector.reports.document import Column, Fact, Facts, Row, Subject, Table, Unit, Value
from collector.reports.heads import day_words
from collector.reports.measured import difference
from collector.reports.measures import MEASURES, TARGET
from collector.reports.settings import TargetSettings
from collector.reports.source import Source
from collector.reports.spans import year_so_far

CONNECTED = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """`aim` is the target of `year` (None: there is none), `now` what was reached in the period, `year_so_far` from the
    year's first day to the period's last. Being connected is told of a day, so both are the same."""

    target: TargetSettings
    year: int
    aim: float | None
    now: float | None
    year_so_far: float | None
    now_subject: Subject
    year_subject: Subject

    @property
    def measure(self) -> str:
        return "connected.share" if self.target.indicator == CONNECTED else self.target.indicator

    @property
    def distance(self) -> float | None:
        """Of the year so far from the target, in points; below 0: not reached."""
        return difference(self.year_so_far, self.aim)

    @property
    def met(self) -> bool | None:
        """Whether the year's figures so far reach it; None: nobody knows, or there is no target for this year."""
        return None if self.year_so_far is None or self.aim is None else self.year_so_far >= self.aim


def reached(source: Source, indicator: str = "") -> list[Reached]:
    """Every target that is configured, or those of one indicator, in that order."""
    return [_reached(source, one) for one in source.targets if indicator in ("", one.indicator)]


def aim_of(source: Source, indicator: str, kind: str = "", hours: Hours = Hours.ALL) -> TargetSettings | None:
    """The target of the report's year that is drawn beside `indicator`, in the same hours; the first there is."""
    year = source.span.last.year
    return next(
        (
            one
            for one in source.targets
            if (one.indicator, one.hours, one.kind) == (indicator, hours, kind) and one.in_year(year) is not None
        ),
        None,
    )


def aim_words(source: Source, target: TargetSettings) -> str:
    """What stands at the line of a target."""
    return source.texts.say("targets.line", name=target.name, year=source.span.last.year)


def facts(source: Source, indicator: str = "") -> Iterator[Facts]:
    """What was reached of each target (of one indicator), figure by figure; nothing where there is no target."""
    found = reached(source, indicator)
    if found:
        several = [fact for one in found for fact in _facts(source, one)]
        yield Facts(name="targets_reached", title=source.texts.say("targets.reached.title"), facts=several)


def table(source: Source, indicator: str = "") -> Iterator[Table]:
    """The targets (of one indicator) with their distance; nothing where there is none."""
    found = reached(source, indicator)
    first = day_words(date(source.span.last.year, 1, 1), source.texts)
    if found:
        yield Table(
            name="targets",
            title=source.texts.say("targets.title"),
            columns=_columns(source),
            rows=lambda: (_row(source, one) for one in found),
            note=source.texts.say("targets.note", first=first),
        )


def _reached(source: Source, target: TargetSettings) -> Reached:
    span = source.span
    year = year_so_far(span)
    scope = "kind" if target.kind else "all"
    subject, in_year = source.subject(scope, target.kind), source.subject(scope, target.kind, year.name)
    told: Sequence[float | None]
    if target.indicator == CONNECTED:
        chosen = [node.connected for node in brief_nodes(source) if target.kind in ("", node.site.kind)]
        told, in_year = [share_of(chosen).value] * 2, subject
    else:
        choice = Choice(Hours(target.hours), Exclusions.WITH)
        now = source.figures(scope, choice=choice).get(target.kind)
        told = [_value(target, now), _value(target, source.year_so_far(target.kind, choice))]
    return Reached(
        target=target,
        year=span.last.year,
        aim=target.in_year(span.last.year),
        now=told[0],
        year_so_far=told[1],
        now_subject=subject,
        year_subject=in_year,
    )


def _value(target: TargetSettings, found: Figures | None) -> float | None:
    value = MEASURES[target.indicator].of(found) if found else None
    return value if isinstance(value, float) else None


def _columns(source: Source) -> tuple[Column, ...]:
    def named(name: str, measure: str = "", *, wide: bool = False) -> Column:
        label, unit = source.texts.say(f"targets.column.{name}"), TARGET.get(measure, Unit.TEXT)
        return Column(name=name, label=label, unit=unit, measure=measure, wide=wide)

    return (
        named("name", wide=True),
        named("source"),
        named("indicator", wide=True),
        named("year"),
        named("target", "target.aim"),
        named("now", "target.now"),
        named("year_so_far", "target.year_so_far"),
        named("distance", "target.distance"),
        named("met", "target.met"),
    )


def _row(source: Source, one: Reached) -> Row:
    cells: tuple[Value, ...] = (
        one.target.name,
        one.target.source,
        _what(source, one.target),
        str(one.year),
        one.aim,
        one.now,
        one.year_so_far,
        one.distance,
        one.met,
    )
    mark = {True: "good", False: "bad", None: "unknown"}[one.met]
    return Row(cells=cells, subject=_subject(source, one.target), mark=mark)


def _subject(source: Source, target: TargetSettings) -> Subject:
    """Of the target by its place, in the scope of the report."""
    wanted = source.wanted
    where = ((wanted.scope, wanted.of),) if wanted.scope != "all" else ()
    return Subject(scope="target", of=str(_place(source, target)), period=wanted.period.name, where=where)


def _place(source: Source, target: TargetSettings) -> int:
    """Among all of them, from 1."""
    return source.targets.index(target) + 1


def _what(source: Source, target: TargetSettings) -> str:
    """The indicator in words, with its hours and its kind of sites."""
    say = source.texts.say
    name = say("targets.connected") if target.indicator == CONNECTED else say(f"reports.measure.{target.indicator}")
    if target.hours == "service" and target.indicator != CONNECTED:
        name = say("monthly.in_service", name=name)
    return say("targets.of_kind", name=name, kind=say(f"indicators.kind.{target.kind}")) if target.kind else name


def _facts(source: Source, one: Reached) -> Iterator[Fact]:
    """Being connected is told once: it is of one day."""
    told = [("now", one.now, one.now_subject), ("year_so_far", one.year_so_far, one.year_subject)]
    n = _place(source, one.target)
    for name, value, subject in told[:1] if one.target.indicator == CONNECTED else told:
        yield Fact(
            name=f"target_{n}_{name}",
            label=f"{one.target.name} – {source.texts.say(f'targets.column.{name}')}",
            value=value,
            unit=Unit.SHARE,
            measure=one.measure,
            hours=Hours(one.target.hours),
            subject=subject,
        )
