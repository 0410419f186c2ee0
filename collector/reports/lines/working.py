"""The working of a restitution, with the numbers filled in: exact ones, so that anybody can do the sum again.

Times are in hours where they are whole hours, else in seconds with what they have of one.
"""

from fractions import Fraction

from collector.contracts import Contract, FeeOf, Formula
from collector.figures.restitution import AMOUNTS, Promise
from collector.reports.document import Unit
from collector.reports.lines.promises import Reckoned, known_share
from collector.reports.source import Source
from collector.reports.writing.words import HOUR_MS, SECOND_MS, grouped, percent, said, trimmed
from shared.texts import Texts

MORE_PLACES = 6
"""Of a share that is shown beside its exact working."""


def working(source: Source, one: Reckoned) -> str:
    """How the contract's own amount came about, or why there is none."""
    texts, promise = source.texts, one.promise
    if promise.kept:
        return texts.say("sla.working.kept", **_numbers(one, texts))
    reason = _no_amount(source, one)
    if reason:
        return reason
    amount = said(promise.restitution(one.contract.formula), Unit.RUPIAH, texts)
    return texts.say(f"sla.working.{one.contract.formula}", amount=amount, **_numbers(one, texts))


def verdict(one: Reckoned, texts: Texts) -> str:
    """Whether the promise was kept."""
    if one.promise.sla is None:
        return texts.say("sla.kept.no_sla")
    if one.promise.kept is None:
        return texts.say("sla.kept.unknown")
    return texts.say("sla.kept.yes" if one.promise.kept else "sla.kept.no")


def sla_said(contract: Contract, texts: Texts) -> str:
    """What was promised, with as many places as the contract has."""
    if contract.sla is None:
        return texts.say("sla.kept.no_sla")
    return texts.say("sheets.unit.share", n=trimmed(float(contract.sla * 100), MORE_PLACES, texts))


def formula_said(formula: Formula, texts: Texts) -> str:
    return texts.say(f"sla.formula.{formula}")


def time_said(ms: int | Fraction, texts: Texts) -> str:
    """Exactly: whole hours, or seconds."""
    if ms % HOUR_MS == 0:
        return texts.say("sla.time.hours", n=grouped(int(ms / HOUR_MS), texts))
    return texts.say("sla.time.seconds", n=trimmed(float(ms / SECOND_MS), 3, texts))


def _numbers(one: Reckoned, texts: Texts) -> dict[str, str]:
    promise = one.promise
    return {
        "sla": sla_said(one.contract, texts),
        "fee": _fee(one, texts),
        "actual": _actual(promise, texts),
        "charged": time_said(promise.charged_ms, texts),
        "answerable": time_said(promise.answerable_ms, texts),
        "hours": time_said(promise.hours_ms, texts),
        "budget": time_said(promise.budget_ms or 0, texts),
    }


def _fee(one: Reckoned, texts: Texts) -> str:
    """The fee of a month, and what of the month it is paid for."""
    fee = said(one.contract.fee, Unit.RUPIAH, texts)
    part = _fee_ms(one)
    if part == one.month_ms:
        return fee
    return texts.say("sla.part_of_fee", fee=fee, part=time_said(part, texts), month=time_said(one.month_ms, texts))


def _fee_ms(one: Reckoned) -> int:
    """For how long of the month the fee is paid."""
    if one.contract.fee_of is FeeOf.LINE or not one.contract.fee or one.promise.fee is None:
        return one.promise.hours_ms
    return int(one.promise.fee * one.month_ms / one.contract.fee)


def _actual(promise: Promise, texts: Texts) -> str:
    """To read; what it is made of stands beside it."""
    share = 100 * float(promise.actual or 0)
    return texts.say("sheets.unit.share", n=trimmed(share, MORE_PLACES, texts))


def _no_amount(source: Source, one: Reckoned) -> str:
    """Why nothing is reckoned, the strongest reason first; "" where something is."""
    say, promise, contract = source.texts.say, one.promise, one.contract
    if promise.sla is None:
        return say("sla.working.no_sla")
    if promise.kept is None:
        known, floor = known_share(one.figures), source.accounting.coverage_floor
        return say("sla.working.unknown", known=percent(known, source.texts), floor=percent(floor, source.texts))
    if one.elsewhere:
        return say("sla.working.elsewhere", n=one.lines, all=one.lines + one.elsewhere)
    if contract.formula not in AMOUNTS:
        return say("sla.working.no_formula")
    return say("sla.working.no_fee") if contract.fee is None else ""
