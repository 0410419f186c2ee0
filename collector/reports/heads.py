"""What stands on every sheet: whose it is, of when and of whom, what it rests on and how it was made."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from collector.figures.periods import Period, local
from collector.reports.document import Column, Document, Fact, Facts, Head, Section, Table
from collector.reports.measured import owner_words
from collector.reports.measures import formula_of
from collector.reports.source import Source
from shared.texts import Texts

METHOD = ("silence", "ledger", "line", "experienced", "exclusions", "bars", "script")
"""The sentences of the method that every report has: `reports.method.<name>`."""


def document(
    kind: str, source: Source, sections: Sequence[Section], main: str = "", own: Sequence[str] = ()
) -> Document:
    """A report of `source`; `own`: what its method has beside what is common to all."""
    return Document(head=head_of(kind, source, sections, own), sections=sections, main=main)


def head_of(kind: str, source: Source, sections: Iterable[Section], own: Sequence[str] = ()) -> Head:
    """See Head."""
    texts, wanted = source.texts, source.wanted
    unfinished = wanted.period.span(source.timezone)[1] > source.now_ms
    return Head(
        kind=kind,
        title=texts.say(f"reports.{kind}"),
        agency=source.settings.agency or source.province,
        province=source.province,
        period=period_words(wanted.period, texts),
        scope=scope_words(wanted.scope, wanted.of, texts, wanted.within),
        made_at=local(source.now_ms, source.timezone),
        timezone=source.timezone,
        language=texts.language,
        sites=len(source.sites),
        coverage=source.coverage,
        revision=source.revision,
        method=[*(texts.say(f"reports.method.{name}") for name in METHOD), *own, *_formulas(sections, texts)],
        until=local(source.now_ms, source.timezone) if unfinished else None,
        simulated=source.store.marks.simulated,
        asked={"period": wanted.period.name, "scope": wanted.scope, "of": wanted.of},
    )


def period_words(period: Period, texts: Texts) -> str:
    """Months, quarters, weeks and days by their names; from ... to with both days included; else as it was asked."""
    if "/" in period.name and isinstance(period.start, date) and isinstance(period.end, date):
        return f"{day_words(period.start, texts)} – {day_words(period.end - timedelta(1), texts)}"
    match period.name.split("-"):
        case [year, part] if part.startswith(("Q", "W")):
            return texts.say("indicators.quarter" if part[0] == "Q" else "indicators.week", n=int(part[1:]), year=year)
        case [year, month] if month.isdigit():
            return f"{texts.say(f'indicators.month.{int(month)}')} {year}"
        case [_, _, _] if isinstance(period.start, date):
            return day_words(period.start, texts)
    return period.name


def day_words(day: date, texts: Texts) -> str:
    """`1 Oktober 2026`."""
    return f"{day.day} {texts.say(f'indicators.month.{day.month}')} {day.year}"


def scope_words(scope: str, of: str, texts: Texts, within: str = "") -> str:
    """Whom a report is about; `within`: only of that regency."""
    if scope == "all":
        return texts.say("reports.scope.all")
    one = texts.say("reports.scope.one", scope=texts.say(f"indicators.scope.{scope}"), of=owner_words(scope, of, texts))
    return f"{one} · {within}" if within else one


def _formulas(sections: Iterable[Section], texts: Texts) -> Iterator[str]:
    """Of every measure that occurs, once; its error bars and its service hours have the same."""
    told: dict[str, str] = {}
    for one in _measured(sections):
        measure = one.measure.removesuffix("_low").removesuffix("_high")
        formula = formula_of(measure, texts)
        if formula and formula not in told:
            name = texts.say(f"reports.measure.{measure}")
            told[formula] = texts.say("reports.method.formula", name=name, formula=formula)
    yield from told.values()


def _measured(sections: Iterable[Section]) -> Iterator[Column | Fact]:
    for section in sections:
        if isinstance(section, Table):
            yield from section.columns
        elif isinstance(section, Facts):
            yield from section.facts
