"""What stands on every sheet: whose it is, of when and of whom, what it rests on and how it was made."""

from collections.abc import Iterable, Iterator, Sequence

from collector.figures.periods import Period, local
from collector.reports.document import Column, Document, Fact, Facts, Head, Section, Table
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
        scope=scope_words(wanted.scope, wanted.of, texts),
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
    """A month by its name, other periods as people write them."""
    if len(period.name) == len("2026-10") and period.name[5:].isdigit():
        year, month = period.name.split("-")
        return f"{texts.say(f'indicators.month.{int(month)}')} {year}"
    return period.name


def scope_words(scope: str, of: str, texts: Texts) -> str:
    """Whom a report is about."""
    if scope == "all":
        return texts.say("reports.scope.all")
    return texts.say("reports.scope.one", scope=texts.say(f"indicators.scope.{scope}"), of=of)


def _formulas(sections: Iterable[Section], texts: Texts) -> Iterator[str]:
    """Of every measure that occurs, once."""
    told: dict[str, None] = {}
    for one in _measured(sections):
        formula = formula_of(one.measure)
        if formula:
            told.setdefault(texts.say("reports.method.formula", name=one.label, formula=formula))
    yield from told


def _measured(sections: Iterable[Section]) -> Iterator[Column | Fact]:
    for section in sections:
        if isinstance(section, Table):
            yield from section.columns
        elif isinstance(section, Facts):
            yield from section.facts
