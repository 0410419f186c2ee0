"""`harian`: each point, one row a day: was it active, for how long, and what it was in. The auditors' question.

Days are read straight from the books, a site at a time. A day that is not kept (today) is made on the spot; one before
the first result of a site is said to be that, and is no row of zeros. Nothing is excluded here: it tells what was.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from collector.accounting.days import midnight_ms
from collector.condition import ROWS
from collector.figures import status
from collector.figures.downs import Sheet
from collector.figures.periods import local, pieces
from collector.figures.shares import Exclusions
from collector.figures.status import ACTIVE, SYMBOLS, Status
from collector.registry import Site
from collector.reports.document import (
    Chart,
    Column,
    Document,
    Fact,
    Facts,
    Line,
    Row,
    Section,
    Subject,
    Table,
    Unit,
    Value,
)
from collector.reports.heads import document
from collector.reports.lines.stops import sheets
from collector.reports.measured import unit_of, words
from collector.reports.measures import DAILY, MEASURES
from collector.reports.source import Source
from collector.reports.writing.words import condition

MATRIX_DAYS = 31
"""So many days have room beside each other on paper."""
MAIN = "daily"
MEASURED = ("experienced", "coverage", "outages", *(f"row_{row}" for row in ROWS))
QUIET = (Status.ACTIVE,)
Days = Mapping[str, Mapping[date, Status]]
"""By code and day."""


def make(source: Source) -> Document:
    """The report."""
    known = _statuses(source)
    days = sorted({day for of_site in known.values() for day in of_site})
    sections: list[Section] = [_facts(source, known), _chart(source, known, days), _by_day(source, known, days)]
    if len(days) <= MATRIX_DAYS:
        sections.append(_matrix(source, known, days))
    sections.append(_daily(source))
    own = [source.texts.say(f"daily.method.{name}") for name in ("active", "inactive", "whole", "first")]
    return document("harian", source, sections, MAIN, own)


def days_of(source: Source, site: Site) -> Iterator[tuple[date, Sheet | None]]:
    """The whole days of `site` that the period touches, until now; None before its first result."""
    asked = source.asked(site, source.wanted.period)
    if asked is None:
        return
    first = midnight_ms(local(asked.from_ms, site.timezone).date(), site.timezone)
    after = midnight_ms(local(asked.to_ms - 1, site.timezone).date() + timedelta(1), site.timezone)
    until_ms = min(after, source.now_ms)
    found = {sheet.from_ms: sheet for sheet in sheets(source, site, first, until_ms)}
    for day, from_ms in source.recall(
        ("days", first, until_ms, site.timezone), lambda: _days(first, until_ms, site.timezone)
    ):
        yield day, found.get(from_ms)


def _days(from_ms: int, to_ms: int, timezone: str) -> list[tuple[date, int]]:
    """Each with when it begins."""
    return [(date.fromisoformat(name), start_ms) for name, start_ms, _ in pieces(from_ms, to_ms, "day", timezone)]


def _statuses(source: Source) -> Days:
    """Of every site and day; a year of a province fits into the memory as words."""
    floor, found = source.accounting.coverage_floor, {}
    for portion in source.in_portions(source.texts.say("daily.progress")):
        for site in portion:
            told = {day: _status(sheet, floor) for day, sheet in days_of(source, site)}
            found[site.code] = told
    return found


def _status(sheet: Sheet | None, floor: float) -> Status:
    return status.status(sheet, floor) if sheet else Status.UNMEASURED


def _facts(source: Source, known: Days) -> Facts:
    """How many days of points were what."""
    say = source.texts.say
    told = Counter(one for of_site in known.values() for one in of_site.values())
    always = sum(bool(of_site) and ACTIVE.issuperset(of_site.values()) for of_site in known.values())
    never = sum(not ACTIVE.intersection(of_site.values()) for of_site in known.values())
    values = _share(told), _share(told, QUIET), len(known), always, never, *(told[one] for one in Status)
    subject = source.subject("all", "")
    of_values = *_measured(source, "share", "quiet", "points", "always", "never"), *_counted(source, "days")
    facts = [
        Fact(name=of.name, label=of.label, value=value, unit=of.unit, measure=of.measure, subject=subject)
        for of, value in zip(of_values, values, strict=True)
    ]
    return Facts(name="summary", title=say("daily.summary"), facts=facts, note=say("daily.summary.note"))


def _measured(source: Source, *names: str) -> list[Column]:
    """By the names of their measures `daily.<name>`."""
    say = source.texts.say
    return [
        Column(name=name, label=say(f"daily.{name}"), unit=DAILY[f"daily.{name}"], measure=f"daily.{name}")
        for name in names
    ]


def _counted(source: Source, what: str) -> list[Column]:
    """How many `days` or `points` were what."""
    say = source.texts.say
    return [
        Column(name=one, label=say(f"daily.{what}.{one}"), unit=Unit.COUNT, measure=f"daily.n_{one}") for one in Status
    ]


def _share(told: Counter[Status], which: Iterable[Status] = ACTIVE) -> float | None:
    """Active days, or those that were `which`, of those of which it is known."""
    judged = sum(told[one] for one in (*ACTIVE, Status.INACTIVE))
    return sum(told[one] for one in which) / judged if judged else None


def _counts(known: Days, days: Sequence[date]) -> list[Counter[Status]]:
    return [Counter(of_site[day] for of_site in known.values() if day in of_site) for day in days]


def _chart(source: Source, known: Days, days: Sequence[date]) -> Chart:
    say = source.texts.say
    return Chart(
        name="active",
        title=say("daily.chart"),
        kind="lines",
        places=[day.isoformat() for day in days],
        lines=[
            Line(say("daily.share"), [_share(told) for told in _counts(known, days)]),
            Line(say("daily.quiet"), [_share(told, QUIET) for told in _counts(known, days)]),
        ],
        of_table="days",
    )


def _by_day(source: Source, known: Days, days: Sequence[date]) -> Table:
    """How many points were what on each day."""
    say = source.texts.say

    def rows() -> Iterator[Row]:
        for day, told in zip(days, _counts(known, days), strict=True):
            cells = (day, _share(told), _share(told, QUIET), *(told[one] for one in Status))
            yield Row(cells=cells, subject=source.subject("all", "", day.isoformat()))

    return Table(
        name="days",
        title=say("daily.by_day"),
        columns=(
            words("day", source.texts, Unit.DAY),
            *_measured(source, "share", "quiet"),
            *_counted(source, "points"),
        ),
        rows=rows,
        empty=say("daily.none"),
    )


def _matrix(source: Source, known: Days, days: Sequence[date]) -> Table:
    """A point a row, a day a column, one symbol each: to be printed."""
    say = source.texts.say
    legend = "; ".join(f"{SYMBOLS[one]} {say(f'daily.status.{one}')}" for one in Status)

    def rows() -> Iterator[Row]:
        for site in source.sites:
            told = known[site.code]
            counts = Counter(told.values())
            symbols = (SYMBOLS[told[day]] if day in told else "" for day in days)
            active = sum(counts[one] for one in ACTIVE)
            cells: tuple[Value, ...] = site.code, site.name, *symbols, active, active + counts[Status.INACTIVE]
            yield Row(cells=cells, subject=source.subject("site", site.code))

    return Table(
        name="matrix",
        title=say("daily.matrix"),
        note=say("daily.matrix.note", legend=legend),
        columns=(
            words("code", source.texts),
            words("name", source.texts),
            *(Column(name=day.isoformat(), label=str(day.day), measure=f"daily.symbol.{day}") for day in days),
            *_measured(source, "active_days", "known_days"),
        ),
        rows=rows,
        empty=say("daily.none"),
    )


def _daily(source: Source) -> Table:
    """Read anew each time it is written: half a million rows of a year need no memory."""
    say, texts = source.texts.say, source.texts
    return Table(
        name=MAIN,
        title=say("daily.daily"),
        note=say("daily.daily.note"),
        columns=(
            words("day", texts, Unit.DAY),
            words("code", texts),
            words("name", texts),
            Column(name="unit", label=say("daily.unit")),
            *_measured(source, "active"),
            Column(name="status", label=say("daily.status")),
            *_measured(source, "mostly"),
            *(_column(measure, source) for measure in MEASURED),
        ),
        rows=lambda: _rows(source),
        empty=say("daily.none"),
    )


def _column(measure: str, source: Source) -> Column:
    """Of one of MEASURED, with nothing excluded; rows of the ledger by their names."""
    row = measure.removeprefix("row_")
    return Column(
        name=measure,
        label=condition(row, source.texts) if row in ROWS else source.texts.say(f"reports.measure.{measure}"),
        unit=MEASURES[measure].unit,
        measure=measure,
        exclusions=Exclusions.WITHOUT,
    )


def _rows(source: Source) -> Iterator[Row]:
    floor = source.accounting.coverage_floor
    said = {one: source.texts.say(f"daily.status.{one}") for one in Status}
    active = dict.fromkeys(ACTIVE, True) | {Status.INACTIVE: False}
    for portion in source.in_portions(source.texts.say("daily.progress")):
        for site in portion:
            who = site.code, site.name, unit_of(site)
            for day, sheet in days_of(source, site):
                one = _status(sheet, floor)
                told = (day, *who, active.get(one), said[one])
                if sheet is None:
                    yield Row(cells=(*told, *[None] * (len(MEASURED) + 1)), mark="unknown")
                    continue
                subject = Subject(scope="site", of=site.code, period=day.isoformat())
                yield Row(cells=(*told, *_figures(sheet, floor)), subject=subject, mark=MARKS.get(one, ""))


MARKS = {Status.INACTIVE: "bad", Status.UNKNOWN: "unknown"}


def _figures(sheet: Sheet, floor: float) -> tuple[str | float | int | None, ...]:
    """What most of the day was in, then as MEASURED has them."""
    shares = status.mostly(sheet).value, status.experienced(sheet, floor), status.coverage(sheet)
    return *shares, status.outages(sheet), *sheet.spent_ms
