"""What the recap of outages says of one, in the reader's language: evidence, causes, why it is charged or not."""

from collections.abc import Iterator, Sequence

from collector.accounting.calendars import Span
from collector.accounting.ledger import LATE, MAJEURE, PLAIN, PLANNED
from collector.acts import CauseCode
from collector.condition import State
from collector.figures.downs import Stop
from collector.figures.indicators import CHARGED_ROWS
from collector.reports.lines.stops import Term, charge_after_ms
from collector.reports.source import Source
from collector.reports.writing.words import duration
from shared.result import Group
from shared.texts import Texts

EXCLUSIONS = {PLANNED: "planned", MAJEURE: "majeure", LATE: "late"}
GROUPS = (*(group.value for group in Group), "outside")
STATES = (State.UP.value, State.DOWN.value, State.INTERCEPTED.value)
POWER = {"power stop, booted anew": "stopped", "uptime began anew": "uptime"}
"""How a ledger tells of power, behind the name of the host or device."""


def evidence(stop: Stop, texts: Texts) -> str:
    """What was measured. The ledger tells it in one English line; what is none that we know stays as it is."""
    device, _, told = stop.why.partition(": ")
    if told in POWER:
        return texts.say(f"downtime.power.{POWER[told]}", device=device)
    clauses = [clause.split(" ") for clause in stop.why.split(", ")]
    if all(len(words) == 2 and words[0] in GROUPS and words[1] in STATES for words in clauses):
        return ", ".join(
            texts.say(f"downtime.saw.{state}", group=texts.say(f"downtime.group.{group}")) for group, state in clauses
        )
    return stop.why


def causes_said(code: CauseCode | None, texts: Texts) -> str:
    """A cause as people give it."""
    return texts.say(f"cause.{code}") if code else texts.say("outages.cause.none")


def why_charged(source: Source, stop: Stop, terms: Sequence[Term], *, open_: bool) -> str:
    """Why the provider answers for an outage or not, under each contract that it touches."""
    touched = [term for term in terms if stop.within_ms(term.span)]
    said = [_why(source, stop, term, open_=open_) for term in touched]
    if len({*said}) == 1:
        return said[0]
    return "; ".join(
        source.texts.say("downtime.why.under", contract=_named(term, source.texts), why=why)
        for term, why in zip(touched, said, strict=True)
    )


def remark(stop: Stop, span: Span, texts: Texts, *, open_: bool) -> str:
    """What must be known to add it up: that it reaches over an edge of the period, lasts, or counts nowhere."""
    return " ".join(texts.say(f"downtime.remark.{name}") for name in _remarks(stop, span, open_=open_))


def _remarks(stop: Stop, span: Span, *, open_: bool) -> Iterator[str]:
    if not stop.opens:
        yield "unknown_start"
    elif stop.start_ms < span[0]:
        yield "began_before"
    elif not stop.plain_ms(span):
        yield "excluded"
    if open_:
        yield "open"
    elif stop.end_ms > span[1]:
        yield "goes_on"


def _why(source: Source, stop: Stop, term: Term, *, open_: bool) -> str:
    """The first reason that holds: another's fault, too short, excluded."""
    texts, after_ms = source.texts, charge_after_ms(source, term.contract)
    limit = duration(after_ms, texts)
    if stop.row not in CHARGED_ROWS:
        return texts.say("downtime.why.other")
    if stop.length_ms < after_ms:
        said = texts.say(f"downtime.why.{'open' if open_ else 'short'}", limit=limit)
    elif not stop.plain_ms(term.span):
        said = texts.say("downtime.why.excluded", kinds=_kinds(stop, term.span, texts))
    elif stop.plain_ms(term.span) < stop.within_ms(term.span):
        said = texts.say("downtime.why.partly", limit=limit, kinds=_kinds(stop, term.span, texts))
    else:
        said = texts.say("downtime.why.yes", limit=limit)
    return said if term.contract else texts.say("downtime.why.no_contract", why=said)


def _kinds(stop: Stop, span: Span, texts: Texts) -> str:
    codes = {code for start, end, code in stop.pieces if code != PLAIN and start < span[1] and end > span[0]}
    return ", ".join(texts.say(f"downtime.exclusion.{EXCLUSIONS[code]}") for code in sorted(codes))


def _named(term: Term, texts: Texts) -> str:
    return term.contract.number if term.contract else texts.say("downtime.no_contract")
