"""What a contract promised, what became of it, and what is owed."""

from datetime import date

from ..contracts import MEASURES as OF_PROMISE
from ..contracts import Promise
from ..subjects import Unknown
from .asked import Asked, Evidence, Told


def of_contract(known: Evidence, asked: Asked) -> Told:
    subject = asked.subject
    number = dict(subject.where).get("contract", "") if subject.scope == "line" else subject.of
    kept = known.reckoning.of(asked.period).get(number)
    if kept is None or kept.whole is None:
        return Told(None, raw=True)
    amount: int | None = None
    promise: Promise | None = None
    if subject.scope == "line":
        found = kept.lines.get((subject.of, *_days(subject.period)))
    else:
        found = None if subject.period == asked.period else kept.months.get(_days(subject.period))
        if subject.period == asked.period:
            amounts = kept.amounts()
            promise, amount = kept.whole, sum(amounts) if amounts else None
    if found:
        promise, amount = found[1], kept.amount(*found)
    if asked.measure == "sla.restitution":
        return Told(amount, kept.raw)
    if asked.measure not in OF_PROMISE:
        raise Unknown(asked.measure)
    return Told(None if promise is None else OF_PROMISE[asked.measure](promise), kept.raw)


def _days(period: str) -> tuple[date, date]:
    first, _, after = period.partition("/")
    return date.fromisoformat(first), date.fromisoformat(after)
