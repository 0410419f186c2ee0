"""`bukti`: a folder for the evaluation: the reports that answer its indicators, and a checklist that links to them.

What the software supplies is ticked off by the file that is there; what people must still add is a row with room for
it. Nothing in it says that a level was reached: levels are given by assessors, and no instrument has a threshold.
"""

from collections.abc import Iterator, Mapping

from collector.reports.document import Column, Document, Prose, Row, Section, Table, Unit, Value
from collector.reports.evaluation.indicator_map import EvaluationMap, Indicator, evaluation_map, marked, predicates_of
from collector.reports.heads import document
from collector.reports.shelf import Shelf
from collector.reports.source import Source
from collector.reports.writing.formats import FORMATS, CannotWrite
from collector.reports.writing.words import trimmed
from shared.settings import BadSettings

FOLDER = "laporan"
WRITTEN = ("html", "pdf", "xlsx")
"""In which formats each report is there: to read, to print, to count with. The first is what the checklist links to."""


def fill(source: Source, shelf: Shelf) -> None:
    """Puts the reports and the checklist on the shelf."""
    from collector.reports.kinds import REPORTS  # it has this one too

    known = _map(source)
    files: dict[str, str] = {}
    missing: list[str] = []
    for kind in known.reports():
        if kind in REPORTS:
            made = REPORTS[kind].make(source)
            for form in WRITTEN:
                name = f"{FOLDER}/{kind}.{form}"
                why = _put(made, form, name, source, shelf)
                if why:
                    missing.append(why)
                else:
                    files.setdefault(kind, name)
    checklist = _checklist(source, known, files, missing)
    for form, name in (("html", "index.html"), ("xlsx", "daftar-periksa.xlsx")):
        with shelf.put(name) as file:
            FORMATS[form].write(checklist, file, source.texts, source.progress)


def _map(source: Source) -> EvaluationMap:
    try:
        return evaluation_map(source.settings)
    except BadSettings as bad:
        raise CannotWrite(str(bad)) from None


def _put(made: Document, form: str, name: str, source: Source, shelf: Shelf) -> str:
    """Why it could not be written, "" when it was. What cannot be written is looked for before the file is begun."""
    writer = FORMATS[form]
    try:
        writer.ready(source.texts)
    except CannotWrite as cannot:
        return str(cannot)
    with shelf.put(name) as file:
        writer.write(made, file, source.texts, source.progress)
    return ""


def _checklist(source: Source, known: EvaluationMap, files: Mapping[str, str], missing: list[str]) -> Document:
    say = source.texts.say
    sections: list[Section] = [
        Prose(
            name="how",
            title=say("evidence.how"),
            paragraphs=[say("evidence.how.1"), say("evidence.how.2"), say("evidence.how.3"), *dict.fromkeys(missing)],
        ),
        _overview(source, known, files),
        _instruments(source, known),
        *(_indicator(source, known, one, files) for one in known.indicators),
    ]
    return document("bukti", source, sections, main="overview", own=[say("evidence.method")])


def _overview(source: Source, known: EvaluationMap, files: Mapping[str, str]) -> Table:
    def rows() -> Iterator[Row]:
        for one in known.indicators:
            there = sum(supply.report in files for supply in one.supplies)
            yield Row(
                cells=(
                    known.instrument(one.instrument).name,
                    marked(one.code, one.nc),
                    one.name,
                    marked(trimmed(one.weight, 2, source.texts), one.nc),
                    there,
                    len(one.people),
                    one.source,
                )
            )

    units = {"there": Unit.COUNT, "people": Unit.COUNT}
    return Table(
        name="overview",
        title=source.texts.say("evidence.overview"),
        columns=_columns(source, ("instrument", "code", "name", "weight", "there", "people", "source"), units),
        rows=rows,
        note=source.texts.say("evidence.overview.note"),
    )


def _instruments(source: Source, known: EvaluationMap) -> Table:
    def rows() -> Iterator[Row]:
        for one in known.instruments:
            title, note = one.title.of(source.texts.language), one.note.of(source.texts.language)
            yield Row(cells=(one.name, title, one.told, one.formula, predicates_of(one), note, one.source))

    names = ("instrument", "title", "regulation", "formula", "predicates", "note", "source")
    return Table(
        name="instruments",
        title=source.texts.say("evidence.instruments"),
        columns=_columns(source, names, {}),
        rows=rows,
        note=source.texts.say("evidence.instruments.note"),
    )


def _indicator(source: Source, known: EvaluationMap, one: Indicator, files: Mapping[str, str]) -> Table:
    """Its checklist: what is asked, what is there, what people must add."""
    say, language = source.texts.say, source.texts.language

    def rows() -> Iterator[Row]:
        for asked in one.asks:
            yield Row(cells=(say("evidence.asked"), asked.of(language), None, None))
        for supply in one.supplies:
            file = files.get(supply.report)
            there: Value = say("evidence.there") if file else say("evidence.on_demand", kind=supply.report)
            cells = (say("evidence.supplied"), supply.of(language), file, there)
            yield Row(cells=cells, mark="good" if file else "")
        for person in one.people:
            yield Row(cells=(say("evidence.to_add"), person.of(language), None, "☐"), mark="open")

    instrument = known.instrument(one.instrument).name
    weight = trimmed(one.weight, 2, source.texts)
    title = say("evidence.indicator", instrument=instrument, code=one.code, name=one.name, weight=weight)
    return Table(
        name=f"{one.instrument}_{one.code}",
        title=marked(title, one.nc),
        columns=_columns(source, ("part", "what", "file", "state"), {"file": Unit.LINK}),
        rows=rows,
        note=say("evidence.source", source=one.source),
    )


def _columns(source: Source, names: tuple[str, ...], units: Mapping[str, Unit]) -> tuple[Column, ...]:
    wide = ("what", "predicates", "note")
    return tuple(
        Column(
            name=name,
            label=source.texts.say(f"evidence.column.{name}"),
            unit=units.get(name, Unit.TEXT),
            wide=name in wide,
        )
        for name in names
    )
