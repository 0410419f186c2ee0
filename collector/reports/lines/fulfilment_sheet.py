"""The sheet of one contract, to be handed to the provider: its terms, its lines, what was measured, the working of the
restitution, its charged outages, and lines to sign on."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from collector.contracts import Contract, Formula
from collector.figures.downs import Stop
from collector.figures.periods import local
from collector.figures.restitution import AMOUNTS, Promise, rounded
from collector.registry import Site
from collector.reports.document import Column, Fact, Facts, Prose, Row, Section, Subject, Table, Unit, Value
from collector.reports.heads import period_words
from collector.reports.lines.promises import Kept, Reckoned
from collector.reports.lines.stops import charge_after_ms, lasts
from collector.reports.lines.working import formula_said, sla_said, verdict, working
from collector.reports.measured import cells, columns, words
from collector.reports.source import Source

PROMISED = (
    ("required", Unit.SHARE),
    ("hours", Unit.DURATION),
    ("budget", Unit.DURATION),
    ("charged", Unit.DURATION),
    ("used", Unit.SHARE),
    ("actual", Unit.SHARE),
)
"""Measures `sla.<name>` that need no fee."""
MEASURED = ("line", "line_low", "line_high", "coverage", "outages", "downtime")


def sheet(source: Source, kept: Kept, name: str) -> list[Section]:
    """What is handed to the provider."""
    return [
        _form(source, kept, name),
        _terms(source, kept, name),
        _lines(source, kept, f"{name}_lines"),
        _measured(source, kept, f"{name}_measured"),
        _restitution(source, kept, f"{name}_restitution"),
        _outages(source, kept, f"{name}_outages"),
        _signatures(source, kept, f"{name}_signatures"),
    ]


def _form(source: Source, kept: Kept, name: str) -> Facts:
    say = source.texts.say
    facts = (
        ("number", say("reports.column.contract"), kept.number),
        ("provider", say("reports.column.provider"), ", ".join(providers_of(kept))),
        ("period", say("sla.period"), period_words(source.wanted.period, source.texts)),
        ("lines", say("sla.sum.lines"), str(len(kept.sites))),
        ("note", say("reports.column.note"), "; ".join(filter(None, (one.note for one in kept.versions)))),
    )
    title = say("sla.sheet", number=kept.number, provider=", ".join(providers_of(kept)))
    told = [Fact(name=key, label=label, value=value) for key, label, value in facts if value]
    return Facts(name=name, title=title, facts=told, note=say("sla.estimate"))


def _terms(source: Source, kept: Kept, name: str) -> Table:
    texts, say = source.texts, source.texts.say
    rows = [
        Row(
            cells=(
                one.begins,
                one.ends,
                sla_said(one, texts),
                one.fee,
                say(f"sla.fee_of.{one.fee_of}"),
                formula_said(one.formula, texts),
                charge_after_ms(source, one),
            ),
            subject=_of_version(kept, one, source.wanted.period.name),
        )
        for one in kept.versions
    ]
    columns = (
        Column(name="begins", label=say("sla.begins"), unit=Unit.DAY, measure="sla.begins"),
        Column(name="ends", label=say("sla.ends"), unit=Unit.DAY, measure="sla.ends"),
        Column(name="sla", label=say("sla.required")),
        Column(name="fee", label=say("sla.fee"), unit=Unit.RUPIAH, measure="sla.fee"),
        Column(name="fee_of", label=say("sla.fee_of")),
        Column(name="formula", label=say("sla.formula"), wide=True),
        Column(name="charge_after", label=say("sla.charge_after"), unit=Unit.DURATION, measure="sla.charge_after"),
    )
    title = say("sla.terms", number=kept.number)
    return Table(name=f"{name}_terms", title=title, columns=columns, rows=lambda: iter(rows), note=say("sla.open"))


def _lines(source: Source, kept: Kept, name: str) -> Table:
    """Each line in each month, and all of them together."""
    say = source.texts.say

    def rows() -> Iterator[Row]:
        for one in kept.lines:
            cells = (*_who(one), *promised(one.promise), verdict(one, source.texts))
            yield Row(cells=cells, subject=_of_line(one), mark=_mark(one))
        total = (say("sla.total"), "", None, None, *promised(kept.whole), "")
        yield Row(cells=total, subject=of_contract(source, kept), mark="total")

    return Table(
        name=name,
        title=say("sla.lines", number=kept.number),
        note=say("sla.lines.note"),
        columns=(*_who_columns(source), *promised_columns(source), Column(name="kept", label=say("sla.kept"))),
        rows=rows,
    )


def _measured(source: Source, kept: Kept, name: str) -> Table:
    """Beside what the contract reckons: what was measured, with its bars, as the indicators tell it."""
    say, wanted = source.texts.say, source.wanted.period

    def row(one: Reckoned) -> Row:
        code, *_ = who = _who(one)
        period = wanted.name if (one.first, one.after) == (wanted.start, wanted.end) else f"{one.first}/{one.after}"
        return Row(
            cells=(*who, *cells(one.figures, MEASURED)), subject=Subject(scope="site", of=str(code), period=period)
        )

    return Table(
        name=name,
        title=say("sla.measured", number=kept.number),
        note=say("sla.measured.note"),
        columns=(
            *_who_columns(source),
            *columns(MEASURED, source.texts),
        ),
        rows=lambda: map(row, kept.lines),
    )


def _restitution(source: Source, kept: Kept, name: str) -> Table:
    """All three formulas where they can be reckoned; the contract's own with its working."""
    say = source.texts.say

    def rows() -> Iterator[Row]:
        for one in kept.reckoned:
            fee = None if one.promise.fee is None else rounded(one.promise.fee)
            every = (None if one.elsewhere else one.promise.restitution(formula) for formula in AMOUNTS)
            cells = (*_who(one, say("sla.all_lines", n=one.lines)), fee, *every, one.restitution, working(source, one))
            subject = _of_line(one) if one.of else _of_version(kept, one.contract, _days(one))
            yield Row(cells=cells, subject=subject, mark="bad" if one.restitution else "")
        total = (say("sla.total"), *[None] * 7, kept.restitution, "")
        yield Row(cells=total, subject=of_contract(source, kept), mark="total")

    own = {one.formula for one in kept.versions} - {Formula.NONE}
    labels = [
        (formula, say("sla.own" if formula in own else "sla.compared", formula=say(f"sla.short.{formula}")))
        for formula in AMOUNTS
    ]
    return Table(
        name=name,
        title=say("sla.reckoned", number=kept.number),
        note=say("sla.estimate"),
        columns=(
            *_who_columns(source),
            Column(name="fee", label=say("sla.fee_of_part"), unit=Unit.RUPIAH, measure="sla.fee_of_part"),
            *(
                Column(name=formula.value, label=label, unit=Unit.RUPIAH, measure=f"sla.{formula}")
                for formula, label in labels
            ),
            restitution_column(source),
            Column(name="working", label=say("sla.working"), wide=True),
        ),
        rows=rows,
    )


def _outages(source: Source, kept: Kept, name: str) -> Table:
    """The charged ones; what of each lies in the part of the contract."""
    say = source.texts.say

    return Table(
        name=name,
        title=say("sla.outages", number=kept.number),
        note=say("sla.outages.note"),
        columns=(
            *(words(one, source.texts) for one in ("code", "name")),
            Column(name="condition", label=say("downtime.condition"), unit=Unit.CONDITION, measure="outage.row"),
            Column(name="start", label=say("downtime.start"), unit=Unit.INSTANT, measure="outage.start"),
            Column(name="end", label=say("downtime.end"), unit=Unit.INSTANT, measure="outage.end"),
            Column(name="length", label=say("downtime.length"), unit=Unit.DURATION, measure="outage.length"),
            Column(name="charged", label=say("sla.charged"), unit=Unit.DURATION, measure="sla.outage_charged"),
        ),
        rows=lambda: (
            _outage_row(source, one, site, stop) for one in kept.lines if (site := one.of) for stop in one.stops
        ),
        empty=say("sla.outages.none"),
    )


def _outage_row(source: Source, one: Reckoned, site: Site, stop: Stop) -> Row:
    """What of it is charged: only what lies in this part of the contract."""
    open_ = lasts(source, stop)
    end = None if open_ else local(stop.end_ms, site.timezone)
    times = local(stop.start_ms, site.timezone), end, stop.length_ms, stop.plain_ms(one.span)
    part = (("contract", one.contract.number), ("part", _days(one)))
    subject = Subject(scope="outage", of=site.code, period=str(stop.start_ms), where=part)
    return Row(cells=(site.code, site.name, stop.row.value, *times), subject=subject, mark="open" if open_ else "")


def _signatures(source: Source, kept: Kept, name: str) -> Prose:
    """To be filled in by hand: that both sides have seen it, and what the provider objects to."""
    say = source.texts.say
    lines = [say(f"sla.sign.{line}", provider=", ".join(providers_of(kept))) for line in SIGNED]
    return Prose(name=name, title=say("sla.sign", number=kept.number), paragraphs=lines, fill_in=True)


SIGNED = ("objections", "place", "agency", "provider")


def providers_of(kept: Kept) -> list[str]:
    """As the contract names them, else as its lines do."""
    named = {one.provider for one in kept.versions if one.provider}
    return sorted(named or {site.provider for site in kept.sites if site.provider})


def promised_columns(source: Source) -> list[Column]:
    say = source.texts.say
    return [Column(name=name, label=say(f"sla.{name}"), unit=unit, measure=f"sla.{name}") for name, unit in PROMISED]


def promised(told: Promise) -> tuple[Value, ...]:
    """As PROMISED has them."""
    return (
        _share(told.sla),
        told.hours_ms,
        None if told.budget_ms is None else rounded(told.budget_ms),
        told.charged_ms,
        _share(told.used),
        _share(told.actual),
    )


def restitution_column(source: Source) -> Column:
    label = source.texts.say("sla.restitution")
    return Column(name="restitution", label=label, unit=Unit.RUPIAH, measure="sla.restitution")


def of_contract(source: Source, kept: Kept) -> Subject:
    """Of all of it in the period."""
    return Subject(scope="contract", of=kept.number, period=source.wanted.period.name)


def _share(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _who_columns(source: Source) -> list[Column]:
    say = source.texts.say
    return [
        *(words(one, source.texts) for one in ("code", "name")),
        Column(name="first", label=say("sla.first"), unit=Unit.DAY),
        Column(name="last", label=say("sla.last"), unit=Unit.DAY),
    ]


def _who(one: Reckoned, everybody: str = "") -> tuple[Value, ...]:
    """Code, name, first and last day."""
    named = (one.of.code, one.of.name) if one.of else (everybody, "")
    return *named, one.first, one.after - timedelta(1)


def _of_version(kept: Kept, version: Contract, period: str) -> Subject:
    """Of one version of it alone."""
    return Subject(scope="contract", of=kept.number, period=period, where=(("begins", version.begins.isoformat()),))


def _of_line(one: Reckoned) -> Subject:
    of = one.of.code if one.of else ""
    return Subject(scope="line", of=of, period=_days(one), where=(("contract", one.contract.number),))


def _days(one: Reckoned) -> str:
    return f"{one.first}/{one.after}"


def _mark(one: Reckoned) -> str:
    if one.promise.kept is None:
        return "unknown" if one.promise.sla is not None else ""
    return "" if one.promise.kept else "bad"
