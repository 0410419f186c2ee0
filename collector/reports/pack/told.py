"""Reports on the shelf, and a note of what their figures are asked about: for that the pack must have accounts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from collector.figures.periods import BadPeriod, Period, between, parse
from collector.reports.document import Column, Document, Fact, Facts, Row, Section, Subject, Table
from collector.reports.measures import side
from collector.reports.pack.listing import ListedShelf
from collector.reports.source import Source
from collector.reports.spans import before
from collector.reports.writing.formats import FORMATS, CannotWrite
from collector.reports.writing.plain import write_json

COMPARED = ("before", "change")
"""Sides of a measure that ask about the period before, too."""
READABLE = ("html", "xlsx")
"""Beside JSON, which the script reads."""


@dataclass(slots=True)
class Asked:
    """What the figures of all reports are asked about: names of periods, and measures."""

    periods: set[str] = field(default_factory=set)
    measures: set[str] = field(default_factory=set)

    def note(self, measures: Iterable[str], subject: Subject | None) -> None:
        told = {measure for measure in measures if measure}
        if subject and told:
            self.measures |= told
            if subject.scope != "outage":
                self.periods.add(subject.period)
            if any(measure.partition(".")[0] in COMPARED for measure in told):
                self.periods |= {before(period).name for period in _parsed([subject.period])}

    def span(self, wanted: Period, timezone: str) -> tuple[int, int]:
        """From when to when at a place of this time zone; what cannot be read asks for nothing."""
        spans = [period.span(timezone) for period in (wanted, *_parsed(self.periods))]
        return min(start for start, _ in spans), max(end for _, end in spans)

    @property
    def connections(self) -> bool:
        """Whether all days since the first are asked about."""
        return any("connected" in measure.split(".") for measure in self.measures)


def _parsed(names: Iterable[str]) -> Iterator[Period]:
    for name in names:
        try:
            yield between(*name.split("/")) if "/" in name else parse(name)
        except BadPeriod:
            continue


def put_reports(source: Source, shelf: ListedShelf) -> Asked:
    """Every report there is."""
    from collector.reports.kinds import REPORTS  # it has this pack too

    asked = Asked()
    for number, (kind, report) in enumerate(REPORTS.items()):
        source.progress(
            source.texts.say("audit.progress.report", title=source.texts.say(f"reports.{kind}")), number, len(REPORTS)
        )
        made = report.make(source)
        with shelf.put(f"reports/{kind}.json") as file:
            write_json(noted(made, asked), file, source.texts, source.progress)
        for form in READABLE:
            _put_readable(made, kind, form, source, shelf)
    return asked


def noted(document: Document, asked: Asked) -> Document:
    """The same document; `asked` learns of its figures while its rows are written."""
    return replace(document, sections=[_noted(section, asked) for section in document.sections])


def _noted(section: Section, asked: Asked) -> Section:
    if isinstance(section, Facts):
        for fact in section.facts:
            asked.note(_measures([fact]), fact.subject)
    if isinstance(section, Table):
        return replace(section, rows=lambda: _noted_rows(section, asked))
    return section


def _noted_rows(table: Table, asked: Asked) -> Iterator[Row]:
    measures = _measures(table.columns)
    for row in table.rows():
        sides = [side(one, row.measure) for one in measures if one] if row.measure else measures
        asked.note(sides, row.subject)
        yield row


def _measures(told: Iterable[Column | Fact]) -> list[str]:
    return [one.measure for one in told]


def _put_readable(made: Document, kind: str, form: str, source: Source, shelf: ListedShelf) -> None:
    """What this machine cannot write is left out: the JSON has everything."""
    writer = FORMATS.get(form)
    if writer is None:
        return
    try:
        writer.ready()
    except CannotWrite:
        return
    with shelf.put(f"reports/{kind}.{form}") as file:
        writer.write(made, file, source.texts, source.progress)
