"""Pure: columns, cells and facts of figures, made from the names of their measures; owners by their names."""

from collections.abc import Sequence

from collector.figures.indicators import Figures
from collector.figures.shares import Hours
from collector.registry import Site
from collector.reports.document import Column, Fact, Subject, Unit, Value
from collector.reports.measures import MEASURES, side
from shared.texts import Texts


def column(measure: str, texts: Texts, hours: Hours = Hours.ALL) -> Column:
    """Of one of MEASURES; what is of service hours says so."""
    return Column(
        name=named(measure, hours),
        label=labelled(measure, texts, hours),
        unit=MEASURES[measure].unit,
        measure=measure,
        hours=hours,
    )


def columns(measures: Sequence[str], texts: Texts, hours: Hours = Hours.ALL) -> list[Column]:
    return [column(measure, texts, hours) for measure in measures]


def named(measure: str, hours: Hours) -> str:
    """What a figure is called in every language."""
    return measure if hours is Hours.ALL else f"{measure}_{hours}"


def labelled(measure: str, texts: Texts, hours: Hours) -> str:
    """What a figure is called in one."""
    label = texts.say(f"reports.measure.{measure}")
    return label if hours is Hours.ALL else texts.say("monthly.in_service", name=label)


def side_column(name: str, measure: str, label: str, unit: Unit, hours: Hours = Hours.ALL) -> Column:
    """Of one of SIDES of one of MEASURES."""
    return Column(name=f"{measure}_{name}", label=label, unit=unit, measure=side(name, measure), hours=hours)


def words(name: str, texts: Texts, unit: Unit = Unit.TEXT, *, wide: bool = False) -> Column:
    """A column that all reports know and that is no figure."""
    return Column(name=name, label=texts.say(f"reports.column.{name}"), unit=unit, wide=wide)


def cells(figures: Figures, measures: Sequence[str]) -> list[Value]:
    """One a measure."""
    return [MEASURES[measure].of(figures) for measure in measures]


def fact(measure: str, figures: Figures, subject: Subject, texts: Texts, hours: Hours = Hours.ALL) -> Fact:
    """One figure by itself; what is of service hours says so."""
    return Fact(
        name=named(measure, hours),
        label=labelled(measure, texts, hours),
        value=MEASURES[measure].of(figures),
        unit=MEASURES[measure].unit,
        measure=measure,
        hours=hours,
        subject=subject,
    )


def difference(now: Value, before: Value) -> float | None:
    """Of two shares, in points; None unless both are known."""
    return now - before if isinstance(now, float) and isinstance(before, float) else None


def owner_words(scope: str, of: str, texts: Texts) -> str:
    """What people call an owner of `scope`."""
    if scope == "all":
        return texts.say("monthly.total")
    if scope in ("medium", "kind") and of:
        return texts.say(f"{scope if scope == 'medium' else 'indicators.kind'}.{of}")
    return of or texts.say("indicators.unnamed")


def unit_of(site: Site) -> str:
    """Whose a site is: its OPD, else its kabupaten/kota."""
    return site.opd or site.regency
