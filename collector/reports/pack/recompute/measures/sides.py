"""Sides of another measure, and what was reached of a target.

1. `now`: the measure itself. `part`: divided by all the time there was. `condition`: of a row of the ledger its name.
2. `before`: the same in the period before. Of a year, quarter, month, week or day: the one before it. Of other days: as
   many before them. Of other times: as much time before, a day beginning with its midnight in UTC.
3. `change`: now less before, where both are known.
4. `distance`: the measure less its target in the year of the report: the first one that is for the same hours, for no
   kind of sites, and has a number for this year. The year is that of the last day of the report, or of today.
5. `target`: one of the targets by its place. `now` is what was reached in the period, `year_so_far` from the first day
   of the year to the last day of the period, or today; who is connected is told of a day, so that both are the same.
   `distance` and `met` are of the year so far.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ..figures import Choice
from ..subjects import Subject, Unknown, bounds
from .asked import Asked, Evidence, Told

CONNECTED = "connected"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def of_side(known: Evidence, asked: Asked) -> Told:
    return SIDES[asked.measure.partition(".")[0]](known, asked)


def _now(known: Evidence, asked: Asked) -> Told:
    return known.of(replace(asked, measure=asked.what))


def _before(known: Evidence, asked: Asked) -> Told:
    subject = replace(asked.subject, period=before(asked.subject.period))
    return known.of(Asked(asked.what, subject, asked.choice, before(asked.period)))


def _change(known: Evidence, asked: Asked) -> Told:
    now, then = _now(known, asked), _before(known, asked)
    return Told(_less(now.value, then.value), now.raw and then.raw)


def _part(known: Evidence, asked: Asked) -> Told:
    part, whole = _now(known, asked), known.of(replace(asked, measure="period"))
    return Told(part.value / whole.value if whole.value else None, part.raw and whole.raw)


def _condition(_known: Evidence, asked: Asked) -> Told:
    name, _, row = asked.what.partition("_")
    if name != "row":
        raise Unknown(asked.measure)
    return Told(row, raw=True)


def _distance(known: Evidence, asked: Asked) -> Told:
    now, year = _now(known, asked), _last_day(known, asked.period).year
    aims = [
        _aim(one, year)
        for one in known.pack["targets"]
        if (one["indicator"], one["hours"], one["kind"]) == (asked.what, asked.choice.hours, "")
    ]
    return Told(_less(now.value, next((aim for aim in aims if aim is not None), None)), now.raw)


def _target(known: Evidence, asked: Asked) -> Told:
    target = dict(enumerate(known.pack["targets"], 1))[int(asked.subject.of)]
    last = _last_day(known, asked.subject.period)
    aim = _aim(target, last.year)
    if asked.what == "aim":
        return Told(aim, raw=True)
    if asked.what == "now":
        return _reached(known, asked, target, asked.subject.period)
    year = asked.subject.period if target["indicator"] == CONNECTED else f"{last.year}-01-01/{last + timedelta(1)}"
    reached = _reached(known, asked, target, year)
    return Told(OF_YEAR[asked.what](reached.value, aim), reached.raw)


def _reached(known: Evidence, asked: Asked, target: Mapping[str, Any], period: str) -> Told:
    scope = "kind" if target["kind"] else "all"
    subject = Subject(scope, target["kind"], period, asked.subject.where)
    measure = "connected.share" if target["indicator"] == CONNECTED else target["indicator"]
    return known.of(Asked(measure, subject, Choice(target["hours"]), asked.period))


def _aim(target: Mapping[str, Any], year: int) -> float | None:
    aim: float | None = target["years"].get(str(year))
    return aim


def _last_day(known: Evidence, period: str) -> date:
    """The last one that has begun, by the clock of the report."""
    place = {"timezone": known.pack["timezone"]}
    start, end = known.owners.span(place, period)
    return known.owners.zone(place).local(max(start, end - 1)).date()


def _less(one: Any, other: Any) -> Any:
    return None if one is None or other is None else one - other


def _enough(reached: float | None, aim: float | None) -> bool | None:
    return None if reached is None or aim is None else reached >= aim


def before(period: str) -> str:
    """By its first day or instant, and the one at which it ends."""
    start, end = bounds(period)
    if not isinstance(start, date) or not isinstance(end, date):
        from_ms, to_ms = _in_utc(start), _in_utc(end)
        return f"{_written(2 * from_ms - to_ms)}/{_written(from_ms)}"
    months = (end.year - start.year) * 12 + end.month - start.month
    if "/" in period or "W" in period or not months or len(period) == len("2026-10-05"):
        return f"{start - (end - start)}/{start}"
    month = start.year * 12 + start.month - 1 - months
    return f"{date(month // 12, month % 12 + 1, 1)}/{start}"


def _in_utc(edge: date | int) -> int:
    return edge if isinstance(edge, int) else (edge.toordinal() - EPOCH.toordinal()) * 86_400_000


def _written(at: int) -> str:
    return (EPOCH + timedelta(milliseconds=at)).isoformat()


OF_YEAR: Mapping[str, Callable[[Any, Any], Any]] = {
    "year_so_far": lambda reached, _aim: reached,
    "distance": _less,
    "met": _enough,
}
SIDES: Mapping[str, Callable[[Evidence, Asked], Told]] = {
    "now": _now,
    "before": _before,
    "change": _change,
    "part": _part,
    "condition": _condition,
    "distance": _distance,
    "target": _target,
}
