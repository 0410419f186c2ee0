"""`gangguan`: every outage, what was measured, what people said, its bars, and whether it is charged and why.

Outages come from the ledger, joined through midnights: they are those that the indicators count, to the millisecond.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from collector.acts import CauseCode
from collector.condition import Row as Condition
from collector.figures.periods import local
from collector.reports.document import Column, Document, Fact, Facts, Row, Section, Subject, Table, Value
from collector.reports.heads import document
from collector.reports.lines.downtime_cases import Case, Given, Sum, Sums, cases, given_causes, sums
from collector.reports.lines.downtime_words import causes_said, evidence, remark, why_charged
from collector.reports.measured import cells, columns, fact, words
from collector.reports.measures import OUTAGE, OUTAGES
from collector.reports.source import Source

SUMMED = ("outages", "downtime", "longest", "power_cuts")
"""Measures of the whole, and of each site."""
AMOUNTS = ("n", "sites", "lost", "excluded", "charged_n", "charged_sum")
"""Sums of outages, as Sum has them: measures `outages.<name>`."""
CHARGED = ("charged_n", "charged_sum")
MAIN = "outages"
PLACE = ("code", "name", "regency", "provider")
MEASURED = {"condition": "row", "charged": "is_charged", "charged_time": "charged"}
"""Columns of one outage whose measure `outage.<name>` has another name than they have."""
LABELS = {"charged_time": "charged_sum"}


def make(source: Source) -> Document:
    """The report."""
    given = given_causes(source)
    found = sums(source, given)
    sections: list[Section] = [
        _facts(source, found),
        _by_condition(source, found.by_condition),
        _by_cause(source, found.by_cause),
        _sites(source, found.by_site),
        _outages(source, given),
        _power_cuts(source, given),
    ]
    own = [source.texts.say(f"downtime.method.{name}") for name in ("where", "charged", "contract", "people", "power")]
    return document("gangguan", source, sections, MAIN, own)


def _facts(source: Source, found: Sums) -> Facts:
    """Of everything that the report is about."""
    texts, subject = source.texts, source.subject("all", "")
    figures = source.figures("all").get("")
    facts = [fact(name, figures, subject, texts) for name in SUMMED] if figures else []
    every = found.by_site.values()
    charged = sum(one.charged for one in every), sum(one.charged_ms for one in every)
    facts += [
        Fact(name=of.name, label=of.label, value=value, unit=of.unit, measure=of.measure, subject=subject)
        for of, value in zip(_summed(source, CHARGED), charged, strict=True)
    ]
    return Facts(name="summary", title=texts.say("downtime.summary"), facts=facts, note=texts.say("downtime.counted"))


def _by_condition(source: Source, found: Mapping[Condition, Sum]) -> Table:
    label, measure = source.texts.say("downtime.by_condition.of"), "outages.condition"
    of = Column(name="of", label=label, unit=OUTAGES[measure], measure=measure)
    return _sums(source, "condition", of, [(row.value, row.value, one) for row, one in found.items()])


def _by_cause(source: Source, found: Mapping[CauseCode | None, Sum]) -> Table:
    texts = source.texts
    of = Column(name="of", label=texts.say("downtime.by_cause.of"))
    return _sums(source, "cause", of, [(causes_said(code, texts), code or "", one) for code, one in found.items()])


def _sums(source: Source, by: str, of: Column, found: Iterable[tuple[str, str, Sum]]) -> Table:
    """Of each as it is said, as its subject is narrowed `by` it, and its sum; only those that occur."""
    whole = source.subject("all", "")
    rows = [
        Row(cells=(said, *one.cells), subject=replace(whole, where=(*whole.where, (by, name))))
        for said, name, one in found
        if one.sites
    ]
    return Table(
        name=f"by_{by}",
        title=source.texts.say(f"downtime.by_{by}"),
        columns=(of, *_summed(source, AMOUNTS)),
        rows=lambda: iter(rows),
        empty=source.texts.say("downtime.none"),
    )


def _sites(source: Source, found: Mapping[str, Sum]) -> Table:
    """Those with most outages first."""
    texts, told = source.texts, source.figures("site")
    known = {site.code: site for site in source.sites}
    stopped = [code for code, one in told.items() if one.outages.total_ms or one.outages.n or one.power_cuts.total_ms]
    ordered = sorted(stopped, key=lambda code: (-told[code].outages.n, -told[code].downtime_ms, code))

    def rows() -> Iterator[Row]:
        for code in ordered:
            site, own = known[code], found.get(code, Sum())
            figures = cells(told[code], SUMMED)
            told_of = (code, site.name, site.regency, site.provider, *figures, own.charged, own.charged_ms)
            yield Row(cells=told_of, subject=source.subject("site", code))

    return Table(
        name="sites",
        title=texts.say("downtime.sites_with"),
        columns=(*(words(one, texts) for one in PLACE), *columns(SUMMED, texts), *_summed(source, CHARGED)),
        rows=rows,
        empty=texts.say("downtime.none"),
    )


def _summed(source: Source, names: Iterable[str]) -> list[Column]:
    """Sums of outages, by what is summed."""
    measured = [(name, f"outages.{name}") for name in names]
    say = source.texts.say
    return [
        Column(name=name, label=say(f"downtime.{name}"), unit=OUTAGES[measure], measure=measure)
        for name, measure in measured
    ]


def _outages(source: Source, given: Given) -> Table:
    """The table that the report is about; read anew each time it is written."""
    say = source.texts.say
    return Table(
        name=MAIN,
        title=say("downtime.outages"),
        note=say("downtime.outages.note"),
        columns=(  # what is looked for first stands first: paper is narrow
            *(words(one, source.texts) for one in PLACE),
            *_told(source, "condition", "start", "end", "length", "lost", "charged", "charged_time"),
            Column(name="why", label=say("downtime.why"), wide=True),
            Column(name="cause", label=say("downtime.cause")),
            Column(name="said", label=say("downtime.note"), wide=True),
            words("note", source.texts, wide=True),
            words("medium", source.texts),
            *_told(source, "start_bar", "end_bar", "excluded", "counts"),
            Column(name="measured", label=say("downtime.measured"), wide=True),
        ),
        rows=lambda: map(partial(_outage_row, source), cases(source, given)),
        empty=say("downtime.none"),
    )


def _power_cuts(source: Source, given: Given) -> Table:
    say = source.texts.say
    return Table(
        name="power_cuts",
        title=say("downtime.power_cuts"),
        note=say("downtime.power_cuts.note"),
        columns=(
            *(words(one, source.texts) for one in PLACE),
            *_told(source, "start", "end", "length", "lost"),
            Column(name="measured", label=say("downtime.measured"), wide=True),
            words("note", source.texts, wide=True),
            *_told(source, "start_bar", "end_bar", "excluded"),
        ),
        rows=lambda: map(partial(_cut_row, source), cases(source, given, outages=False)),
        empty=say("downtime.power_cuts.none"),
    )


def _told(source: Source, *names: str) -> list[Column]:
    """What is measured of one outage."""
    measured = [(name, f"outage.{MEASURED.get(name, name)}") for name in names]
    say = source.texts.say
    return [
        Column(name=name, label=say(f"downtime.{LABELS.get(name, name)}"), unit=OUTAGE[measure], measure=measure)
        for name, measure in measured
    ]


def _outage_row(source: Source, case: Case) -> Row:
    texts, cause = source.texts, case.cause
    told: tuple[Value, ...] = (
        *_place(case),
        case.stop.row.value,
        *_times_of(case),
        case.charged_ms > 0,
        case.charged_ms,
        why_charged(source, case.stop, case.terms, open_=case.open),
        causes_said(cause.code if cause else None, texts),
        texts.say("downtime.said_by", note=cause.note or "–", by=cause.by) if cause else "",
        remark(case.stop, case.span, texts, open_=case.open),
        texts.say(f"medium.{case.site.medium}"),
        *_bars_of(case),
        case.excluded_ms,
        case.counts,
        _seen(source, case),
    )
    return Row(cells=told, subject=_subject(case), mark="open" if case.open else "")


def _cut_row(source: Source, case: Case) -> Row:
    said = _seen(source, case), remark(case.stop, case.span, source.texts, open_=case.open)
    told = (*_place(case), *_times_of(case), *said, *_bars_of(case), case.excluded_ms)
    return Row(cells=told, subject=_subject(case), mark="open" if case.open else "")


def _seen(source: Source, case: Case) -> str:
    """Half a million outages have some dozens of reasons."""
    return source.recall(("evidence", case.stop.why), lambda: evidence(case.stop, source.texts))


def _place(case: Case) -> tuple[str, ...]:
    return case.site.code, case.site.name, case.site.regency, case.site.provider


def _times_of(case: Case) -> tuple[Value, ...]:
    """Start, end, length, and what lies in the period; what lasts has no end."""
    stop, zone = case.stop, case.site.timezone
    end = None if case.open else local(stop.end_ms, zone)
    return local(stop.start_ms, zone), end, stop.length_ms, case.lost_ms


def _bars_of(case: Case) -> tuple[Value, ...]:
    """How early it may have begun and ended."""
    stop, zone = case.stop, case.site.timezone
    return local(stop.not_earlier_ms, zone), None if case.open else local(stop.end_not_earlier_ms, zone)


def _subject(case: Case) -> Subject:
    return Subject(scope="outage", of=case.site.code, period=str(case.stop.start_ms))
