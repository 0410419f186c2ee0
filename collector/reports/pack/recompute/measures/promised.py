"""What contracts promised, what became of it, and what is owed. Of whom it is told:

`contract`           all of a contract in the period of the report; with `begins` only the version that began then,
                     and of its fee for all lines what stands between the days that are asked for
`line`               one line, in the part of a contract between two days; without `contract` where there is none
`outage`             what one outage has in such a part
any other            all contracts of these sites, which must be all sites of the pack
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from ..contracts import FORMULAS, OPEN, Contract, Promise
from ..contracts import MEASURES as OF_PROMISE
from ..reckoning import EVERYBODY, Kept, Line
from ..subjects import Unknown
from .asked import Asked, Evidence, Told

Value = float | int | str | None
NOTHING = Told(None, raw=True)
"""Of what is in no contract."""


def of_contract(known: Evidence, asked: Asked) -> Told:
    where = dict(asked.subject.where)
    if asked.subject.scope == "contract":
        return _of_version(known, asked, where["begins"]) if "begins" in where else _of_whole(known, asked)
    if asked.subject.scope == "line":
        return _of_line(known, asked, where["contract"]) if "contract" in where else _of_bare(known, asked)
    if asked.subject.scope == "outage":
        return _of_outage(known, asked, where["contract"], where["part"])
    return _of_all(known, asked)


def _of_whole(known: Evidence, asked: Asked) -> Told:
    """Amounts are sums of rounded ones, and so there is only that by the contract's own formulas."""
    kept = known.reckoning.of(asked.period).get(asked.subject.of)
    if kept is None or kept.whole is None:
        return NOTHING
    if asked.what == "restitution":
        return Told(kept.restitution(), kept.raw)
    if asked.what in COUNTS:
        return Told(COUNTS[asked.what]([kept]), kept.raw)
    return Told(_of_promise(asked, kept.whole), kept.raw)


def _of_version(known: Evidence, asked: Asked, begins: str) -> Told:
    kept = known.reckoning.of(asked.period).get(asked.subject.of)
    contract = kept.version(date.fromisoformat(begins)) if kept else None
    if kept is None or contract is None:
        return NOTHING
    if asked.what == "charge_after":
        return Told(known.reckoning.charge_after(contract), raw=True)
    if asked.what in TERMS:
        return Told(TERMS[asked.what](contract), raw=True)
    found = kept.months.get((contract.begins, *_days(asked.subject.period)))
    return _of_part(asked, kept, *found) if found else NOTHING


def _of_line(known: Evidence, asked: Asked, number: str) -> Told:
    kept = known.reckoning.of(asked.period).get(number)
    found = kept.lines.get(_line(asked.subject.of, asked.subject.period)) if kept else None
    return _of_part(asked, kept, *found) if kept and found else NOTHING


def _of_part(asked: Asked, kept: Kept, contract: Contract, promise: Promise) -> Told:
    if asked.what == "restitution":
        return Told(kept.amount(contract, promise), kept.raw)
    if asked.what in FORMULAS:
        return Told(kept.amount(contract, promise, asked.what), kept.raw)
    return Told(_of_promise(asked, promise), kept.raw)


def _of_promise(asked: Asked, promise: Promise) -> Value:
    if asked.what not in OF_PROMISE:
        raise Unknown(asked.measure)
    return OF_PROMISE[asked.what](promise)


def _of_bare(known: Evidence, asked: Asked) -> Told:
    """Charged by the threshold of the province."""
    if asked.what != "charged":
        raise Unknown(asked.measure)
    line = _line(asked.subject.of, asked.subject.period)
    if line not in known.reckoning.bare(asked.period):
        return NOTHING
    return Told(known.reckoning.charged_in(line, None, asked.period), known.reckoning.is_raw(line))


def _of_outage(known: Evidence, asked: Asked, number: str, part: str) -> Told:
    if asked.what != "outage_charged":
        raise Unknown(asked.measure)
    line = _line(asked.subject.of, part)
    kept = known.reckoning.of(asked.period).get(number)
    if kept is None or line not in kept.lines:
        return NOTHING
    contract, _ = kept.lines[line]
    start = int(asked.subject.period)
    return Told(known.reckoning.charged_in(line, contract, asked.period, start), known.reckoning.is_raw(line))


def _of_all(known: Evidence, asked: Asked) -> Told:
    if known.owners.sites(asked.subject) != known.owners.sites(EVERYBODY):
        raise Unknown(asked.subject.scope)
    every, bare = list(known.reckoning.of(asked.period).values()), known.reckoning.bare(asked.period)
    if asked.what == "bare":
        return Told(len({code for code, _, _ in bare}), raw=True)
    raw = all(kept.raw for kept in every)
    if asked.what == "restitution":
        amounts = [amount for kept in every if (amount := kept.restitution()) is not None]
        return Told(sum(amounts) if amounts else None, raw)
    if asked.what not in COUNTS:
        raise Unknown(asked.measure)
    return Told(COUNTS[asked.what](every), raw)


def _promises(every: Iterable[Kept]) -> list[Promise]:
    return [promise for kept in every for promise in kept.promises]


COUNTS: Mapping[str, Callable[[list[Kept]], int]] = {
    "contracts": len,
    "lines": lambda every: len({code for kept in every for code in kept.codes}),
    "missed": lambda every: sum(one.kept is False for one in _promises(every)),
    "unjudged": lambda every: sum(one.sla is not None and one.kept is None for one in _promises(every)),
    "unpromised": lambda every: sum(one.sla is None for one in _promises(every)),
}
"""Lines are counted once each, promises by the line and month."""

TERMS: Mapping[str, Callable[[Contract], Value]] = {
    "begins": lambda one: one.begins.isoformat(),
    "ends": lambda one: None if one.after == OPEN else (one.after - timedelta(1)).isoformat(),
    "fee": lambda one: one.fee,
}


def _line(code: str, period: str) -> Line:
    return code, *_days(period)


def _days(period: str) -> tuple[date, date]:
    first, _, after = period.partition("/")
    return date.fromisoformat(first), date.fromisoformat(after)
