"""`gangguan`: every outage, what was measured, what people said, its bars, and whether it is charged and why.

Outages come from the ledger, joined through midnights: they are those that the indicators count, to the millisecond.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from collector.accounting.calendars import Span
from collector.acts import CauseCode, GivenCause, cause_of
from collector.condition import DOWN_ROWS
from collector.figures.downs import Stop
from collector.figures.periods import local
from collector.registry import Site
from collector.reports.document import Column, Document, Fact, Facts, Row, Section, Subject, Table, Unit, Value
from collector.reports.heads import document
from collector.reports.lines.downtime_words import causes_said, evidence, remark, why_charged
from collector.reports.lines.stops import Term, charged_ms, each, lasts, terms
from collector.reports.measured import cells, columns, fact, words
from collector.reports.source import Source

SUMMED = ("outages", "downtime", "longest", "power_cuts")
"""Measures of the whole, and of each site."""
MAIN = "outages"


@dataclass(slots=True)
class Sum:
    """Of outages: how many begin in the period, at how many sites, and their time in it."""

    n: int = 0
    lost_ms: int = 0
    excluded_ms: int = 0
    charged: int = 0
    charged_ms: int = 0
    sites: set[str] = field(default_factory=set)

    def add(self, case: "Case") -> None:
        self.n += case.counts
        self.lost_ms += case.lost_ms
        self.excluded_ms += case.excluded_ms
        self.charged += case.counts and case.charged_ms > 0
        self.charged_ms += case.charged_ms
        self.sites.add(case.site.code)

    @property
    def cells(self) -> tuple[Value, ...]:
        return self.n, len(self.sites), self.lost_ms, self.excluded_ms, self.charged, self.charged_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A stop in the period of the report. `lost_ms` lies in it, `excluded_ms` and `charged_ms` of that are excluded
    and charged; `counts`: it is one of the period's outages."""

    site: Site
    stop: Stop
    span: Span
    cause: GivenCause | None
    lost_ms: int
    excluded_ms: int
    charged_ms: int
    counts: bool
    open: bool
    terms: Sequence[Term]


def make(source: Source) -> Document:
    """The report."""
    given = _given(source)
    by_condition = {row.value: Sum() for row in DOWN_ROWS}
    by_cause: dict[CauseCode | None, Sum] = {code: Sum() for code in (*CauseCode, None)}
    by_site: dict[str, Sum] = {}
    for case in cases(source, given):
        for one in (
            by_condition[case.stop.row.value],
            by_cause[case.cause.code if case.cause else None],
            by_site.setdefault(case.site.code, Sum()),
        ):
            one.add(case)
    sections: list[Section] = [
        _facts(source, by_site),
        _sums(source, "by_condition", Unit.CONDITION, by_condition),
        _sums(source, "by_cause", Unit.TEXT, {causes_said(code, source.texts): one for code, one in by_cause.items()}),
        _sites(source, by_site),
        _outages(source, given),
        _power_cuts(source, given),
    ]
    own = [source.texts.say(f"downtime.method.{name}") for name in ("where", "charged", "contract", "people", "power")]
    return document("gangguan", source, sections, MAIN, own)


def cases(source: Source, given: Mapping[str, Sequence[GivenCause]], *, outages: bool = True) -> Iterator[Case]:
    """The outages of all sites of the report, or their power cuts, by site and time."""
    for site, found in each(source, source.texts.say("downtime.progress")):
        chosen = [stop for stop in found if stop.outage is outages]
        mine = terms(source, site) if chosen else []
        yield from (_case(source, site, stop, mine, given.get(site.code, ())) for stop in chosen)


def _case(source: Source, site: Site, stop: Stop, mine: Sequence[Term], given: Iterable[GivenCause]) -> Case:
    span = mine[0].span[0], mine[-1].span[1]
    lost_ms = stop.within_ms(span)
    return Case(
        site=site,
        stop=stop,
        span=span,
        cause=cause_of(stop.start_ms, stop.end_ms, given),
        lost_ms=lost_ms,
        excluded_ms=lost_ms - stop.plain_ms(span),
        charged_ms=charged_ms(source, stop, mine),
        counts=stop.counts_in(span),
        open=lasts(source, stop),
        terms=mine,
    )


def _given(source: Source) -> dict[str, list[GivenCause]]:
    found: dict[str, list[GivenCause]] = {}
    for one in source.store.acts.given_causes():
        found.setdefault(one.site, []).append(one)
    return found


def _facts(source: Source, by_site: Mapping[str, Sum]) -> Facts:
    """Of everything that the report is about."""
    texts, subject = source.texts, source.subject("all", "")
    figures = source.figures("all").get("")
    facts = [fact(name, figures, subject, texts) for name in SUMMED] if figures else []
    charged = sum(one.charged for one in by_site.values()), sum(one.charged_ms for one in by_site.values())
    facts += [
        Fact(name="charged_n", label=texts.say("downtime.charged_n"), value=charged[0], unit=Unit.COUNT),
        Fact(name="charged_sum", label=texts.say("downtime.charged_sum"), value=charged[1], unit=Unit.DURATION),
    ]
    return Facts(name="summary", title=texts.say("downtime.summary"), facts=facts, note=texts.say("downtime.counted"))


def _sums(source: Source, name: str, unit: Unit, sums: Mapping[str, Sum]) -> Table:
    texts = source.texts
    amounts = [(one, Unit.COUNT) for one in ("n", "sites")] + [(one, Unit.DURATION) for one in ("lost", "excluded")]
    amounts += [("charged_n", Unit.COUNT), ("charged_sum", Unit.DURATION)]
    rows = [Row(cells=(of, *one.cells)) for of, one in sums.items() if one.sites]
    return Table(
        name=name,
        title=texts.say(f"downtime.{name}"),
        columns=(
            Column(name="of", label=texts.say(f"downtime.{name}.of"), unit=unit),
            *(Column(name=one, label=texts.say(f"downtime.{one}"), unit=kind) for one, kind in amounts),
        ),
        rows=lambda: iter(rows),
        empty=texts.say("downtime.none"),
    )


def _sites(source: Source, sums: Mapping[str, Sum]) -> Table:
    """Those with most outages first."""
    texts, told = source.texts, source.figures("site")
    known = {site.code: site for site in source.sites}
    stopped = [code for code, one in told.items() if one.outages.total_ms or one.outages.n or one.power_cuts.total_ms]
    ordered = sorted(stopped, key=lambda code: (-told[code].outages.n, -told[code].downtime_ms, code))

    def rows() -> Iterator[Row]:
        for code in ordered:
            site, own = known[code], sums.get(code, Sum())
            figures = cells(told[code], SUMMED)
            told_of = (code, site.name, site.regency, site.provider, *figures, own.charged, own.charged_ms)
            yield Row(cells=told_of, subject=source.subject("site", code))

    return Table(
        name="sites",
        title=texts.say("downtime.sites_with"),
        columns=(
            *(words(one, texts) for one in PLACE),
            *columns(SUMMED, texts),
            Column(name="charged_n", label=texts.say("downtime.charged_n"), unit=Unit.COUNT),
            Column(name="charged_sum", label=texts.say("downtime.charged_sum"), unit=Unit.DURATION),
        ),
        rows=rows,
        empty=texts.say("downtime.none"),
    )


PLACE = ("code", "name", "regency", "provider")
TIMES = {
    "start": (Unit.INSTANT, "outage.start"),
    "start_bar": (Unit.INSTANT, ""),
    "end": (Unit.INSTANT, "outage.end"),
    "end_bar": (Unit.INSTANT, ""),
    "length": (Unit.DURATION, "outage.length"),
    "lost": (Unit.DURATION, "outage.lost"),
}
"""Unit and measure of each column of times."""


def _outages(source: Source, given: Mapping[str, Sequence[GivenCause]]) -> Table:
    """The table that the report is about; read anew each time it is written."""
    say = source.texts.say
    return Table(
        name=MAIN,
        title=say("downtime.outages"),
        note=say("downtime.outages.note"),
        columns=(  # what is looked for first stands first: paper is narrow
            *(words(one, source.texts) for one in PLACE),
            Column(name="condition", label=say("downtime.condition"), unit=Unit.CONDITION, measure="outage.row"),
            *_times(source, ("start", "end", "length", "lost")),
            Column(name="charged", label=say("downtime.charged"), unit=Unit.YES),
            Column(
                name="charged_time", label=say("downtime.charged_sum"), unit=Unit.DURATION, measure="outage.charged"
            ),
            Column(name="why", label=say("downtime.why"), wide=True),
            Column(name="cause", label=say("downtime.cause")),
            Column(name="said", label=say("downtime.note"), wide=True),
            words("note", source.texts, wide=True),
            words("medium", source.texts),
            *_times(source, ("start_bar", "end_bar")),
            Column(name="excluded", label=say("downtime.excluded"), unit=Unit.DURATION),
            Column(name="counts", label=say("downtime.counts"), unit=Unit.YES),
            Column(name="measured", label=say("downtime.measured"), wide=True),
        ),
        rows=lambda: map(partial(_outage_row, source), cases(source, given)),
        empty=say("downtime.none"),
    )


def _power_cuts(source: Source, given: Mapping[str, Sequence[GivenCause]]) -> Table:
    say = source.texts.say
    return Table(
        name="power_cuts",
        title=say("downtime.power_cuts"),
        note=say("downtime.power_cuts.note"),
        columns=(
            *(words(one, source.texts) for one in PLACE),
            *_times(source, ("start", "end", "length", "lost")),
            Column(name="measured", label=say("downtime.measured"), wide=True),
            words("note", source.texts, wide=True),
            *_times(source, ("start_bar", "end_bar")),
            Column(name="excluded", label=say("downtime.excluded"), unit=Unit.DURATION),
        ),
        rows=lambda: map(partial(_cut_row, source), cases(source, given, outages=False)),
        empty=say("downtime.power_cuts.none"),
    )


def _times(source: Source, names: Sequence[str]) -> list[Column]:
    return [
        Column(name=name, label=source.texts.say(f"downtime.{name}"), unit=TIMES[name][0], measure=TIMES[name][1])
        for name in names
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
        _measured(source, case),
    )
    return Row(cells=told, subject=_subject(case), mark="open" if case.open else "")


def _cut_row(source: Source, case: Case) -> Row:
    said = _measured(source, case), remark(case.stop, case.span, source.texts, open_=case.open)
    told = (*_place(case), *_times_of(case), *said, *_bars_of(case), case.excluded_ms)
    return Row(cells=told, subject=_subject(case), mark="open" if case.open else "")


def _measured(source: Source, case: Case) -> str:
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
