"""`sla`: per contract what was promised and what was kept, and an estimate of the restitution with its working.

Every contract has a sheet of its own to hand to the provider: its terms, its lines, what was measured, the working,
its charged outages, and lines to sign on.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import chain

from collector.contracts import numbers_of
from collector.figures.restitution import AMOUNTS
from collector.reports.document import Column, Document, Fact, Facts, Row, Section, Subject, Table, Unit
from collector.reports.heads import document
from collector.reports.lines.fulfilment_sheet import (
    of_contract,
    promised,
    promised_columns,
    providers_of,
    restitution_column,
    sheet,
)
from collector.reports.lines.promises import Bare, Kept, promises
from collector.reports.measured import words
from collector.reports.source import Source

MAIN = "contracts"


def make(source: Source) -> Document:
    """The report."""
    found, bare = promises(source)
    own = [source.texts.say(f"sla.method.{name}") for name in ("hours", "charged", "actual", "kept", "fee", "estimate")]
    own += [source.texts.say(f"sla.formula.{formula}") for formula in AMOUNTS]
    sections: list[Section] = [_summary(source, found, bare), _contracts(source, found)]
    for i, kept in enumerate(found, 1):
        sections += sheet(source, kept, f"contract_{i}")
    sections.append(_without(source, bare))
    return document("sla", source, sections, MAIN, own)


def _summary(source: Source, found: Sequence[Kept], bare: Sequence[Bare]) -> Facts:
    say = source.texts.say
    lines = list(chain.from_iterable(kept.lines for kept in found))
    amounts = [kept.restitution for kept in found if kept.restitution is not None]
    counts = (
        ("contracts", len(found)),
        ("lines", len({line.of.code for line in lines if line.of})),
        ("missed", sum(line.promise.kept is False for line in lines)),
        ("unjudged", sum(line.promise.sla is not None and line.promise.kept is None for line in lines)),
        ("unpromised", sum(line.promise.sla is None for line in lines)),
        ("bare", len({one.site.code for one in bare})),
    )
    total = sum(amounts) if amounts else None
    told = [
        *((name, say(f"sla.sum.{name}"), n, Unit.COUNT) for name, n in counts),
        ("restitution", say("sla.restitution"), total, Unit.RUPIAH),
    ]
    everything = source.subject("all", "")
    facts = [
        Fact(name=name, label=label, value=value, unit=unit, measure=f"sla.{name}", subject=everything)
        for name, label, value, unit in told
    ]
    return Facts(name="summary", title=say("sla.summary"), facts=facts, note=say("sla.estimate"))


def _contracts(source: Source, found: Sequence[Kept]) -> Table:
    """One row a contract."""
    say = source.texts.say

    def row(kept: Kept) -> Row:
        providers = ", ".join(providers_of(kept))
        judged = [line.promise.kept for line in kept.lines]
        cells = (kept.number, providers, len(kept.sites), *promised(kept.whole), judged.count(False), kept.restitution)
        return Row(cells=cells, subject=of_contract(source, kept), mark="bad" if False in judged else "")

    return Table(
        name=MAIN,
        title=say("sla.contracts"),
        note=say("sla.contracts.note"),
        columns=(
            words("contract", source.texts),
            words("provider", source.texts),
            Column(name="lines", label=say("sla.sum.lines"), unit=Unit.COUNT, measure="sla.lines"),
            *promised_columns(source),
            Column(name="missed", label=say("sla.sum.missed"), unit=Unit.COUNT, measure="sla.missed"),
            restitution_column(source),
        ),
        rows=lambda: map(row, found),
        empty=say("sla.none"),
    )


def _without(source: Source, bare: Sequence[Bare]) -> Table:
    """Lines for which no contract is known: nothing is promised, nothing is judged."""
    say = source.texts.say

    def row(one: Bare) -> Row:
        site, term = one.site, one.term
        why = say("sla.bare.unknown", numbers=", ".join(numbers_of(site))) if numbers_of(site) else say("sla.bare.none")
        last = term.after - timedelta(1)
        cells = (site.code, site.name, site.regency, site.provider, term.first, last, one.charged_ms, why)
        return Row(cells=cells, subject=Subject(scope="line", of=site.code, period=f"{term.first}/{term.after}"))

    return Table(
        name="without",
        title=say("sla.without"),
        note=say("sla.without.note"),
        columns=(
            *(words(one, source.texts) for one in ("code", "name", "regency", "provider")),
            Column(name="first", label=say("sla.first"), unit=Unit.DAY),
            Column(name="last", label=say("sla.last"), unit=Unit.DAY),
            Column(name="charged", label=say("sla.charged"), unit=Unit.DURATION, measure="sla.charged"),
            words("note", source.texts, wide=True),
        ),
        rows=lambda: map(row, bare),
        empty=say("sla.without.none"),
    )
