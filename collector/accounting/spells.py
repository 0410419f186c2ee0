"""Pure: conditions and causes of silence -> spells: what a site was in, without gaps, each with its row of the
ledger.

1. Flips make intervals of conditions; each holds until the next.
2. A restart of a watched device says `power` from the beginning of the unreachable interval in which it lies (at a
   site that is only watched from outside also: of the unobserved one) to the restart, if the reading before lies
   before that interval. It joins the causes.
3. An unobserved interval takes the rows of the causes inside it, `unknown` where there are none; an unreachable one
   takes `power`, and nothing else.
4. Hollow time takes its cause in every condition: what a result covers ends when its host stops. Its edges are exact.
5. Neighbours of one row are one spell.
6. A sleep is dated by the waking, which the agent notices up to NOTICED_MS late: so much earlier its spell may have
   begun, and what is behind it too.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from collector.accounting.silence import Cause, Restart, strongest
from collector.condition import SILENT_ROWS, Condition, Flip, Row

NOTICED_MS = 5_000
"""How often an agent looks at its clocks (CLOCKS_S of agent/app.py)."""
FOREVER_MS = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """From `start_ms` to `end_ms` the site was in `row`. The start may truly lie anywhere from `not_earlier_ms` on
    (the last proof of what was before); `why` is the evidence in one English line."""

    start_ms: int
    end_ms: int
    row: Row
    not_earlier_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interval:
    start_ms: int
    end_ms: int
    condition: Condition
    not_earlier_ms: int
    why: str


def spells(
    flips: Sequence[Flip],
    opening: Flip | None,
    found: Sequence[Cause],
    from_ms: int,
    to_ms: int,
    *,
    hollow: Sequence[Cause] = (),
    restarts: Sequence[Restart] = (),
    watched_only: bool = False,
) -> list[Spell]:
    """Without gaps from `from_ms` to `to_ms`; neighbours differ in their row. `flips` of scope `site`, by time.

    `opening` is the flip that stands at `from_ms`, None when there is none. `found` and `hollow` as `silence.causes`
    and `silence.hollow` return them. `watched_only`: no agent stands at the site. Give `restarts` only with the flips
    of the whole silence they lie in.
    """
    intervals = _intervals(flips, opening)
    if restarts:
        found = strongest([*found, *_powerless(intervals, restarts, watched_only=watched_only)])
    ends = [cause.end_ms for cause in found]
    pieces = (piece for interval in intervals for piece in _pieces(interval, found, ends))
    hollow_ends = [cause.end_ms for cause in hollow]
    return _joined((part for piece in pieces for part in _emptied(piece, hollow, hollow_ends)), from_ms, to_ms)


def _intervals(flips: Sequence[Flip], opening: Flip | None) -> list[_Interval]:
    first = _Interval(
        start_ms=-FOREVER_MS, end_ms=FOREVER_MS, condition=Condition.UNOBSERVED, not_earlier_ms=-FOREVER_MS, why=""
    )
    found = [_begun(opening) if opening else first, *map(_begun, flips)]
    ends = [*(following.start_ms for following in found[1:]), FOREVER_MS]
    closed = [replace(one, end_ms=end_ms) for one, end_ms in zip(found, ends, strict=True) if one.start_ms < end_ms]
    return [one for _, same in groupby(closed, lambda one: one.condition) for one in _one(list(same))]


def _begun(flip: Flip) -> _Interval:
    proof_ms = min(flip.not_earlier_than_ms, flip.at_ms)
    return _Interval(
        start_ms=flip.at_ms, end_ms=FOREVER_MS, condition=Condition(flip.now), not_earlier_ms=proof_ms, why=flip.why
    )


def _one(same: Sequence[_Interval]) -> list[_Interval]:
    """Where flips of one instant cancelled out, what was before and behind them is one interval."""
    return [replace(same[0], end_ms=same[-1].end_ms)]


def _powerless(intervals: Sequence[_Interval], restarts: Sequence[Restart], *, watched_only: bool) -> Iterator[Cause]:
    """Rule 2."""
    silent = {Condition.UNREACHABLE, Condition.UNOBSERVED} if watched_only else {Condition.UNREACHABLE}
    for interval in intervals:
        for restart in restarts if interval.condition in silent else ():
            if restart.after_ms < interval.start_ms < restart.at_ms <= interval.end_ms:
                why = f"{restart.target}: uptime began anew"
                yield Cause(start_ms=interval.start_ms, end_ms=restart.at_ms, row=Row.POWER, why=why)


def _pieces(interval: _Interval, found: Sequence[Cause], ends: Sequence[int]) -> Iterator[Spell]:
    """Rule 3."""
    own = Row.UNKNOWN if interval.condition is Condition.UNOBSERVED else Row(interval.condition.value)
    at_ms, proof_ms = interval.start_ms, interval.not_earlier_ms
    for start_ms, end_ms, row, why in _inside(interval, found, ends):
        if at_ms < start_ms:
            yield Spell(start_ms=at_ms, end_ms=start_ms, row=own, not_earlier_ms=proof_ms, why=interval.why)
            proof_ms = start_ms
        yield Spell(start_ms=start_ms, end_ms=end_ms, row=row, not_earlier_ms=proof_ms, why=why)
        at_ms = proof_ms = end_ms
    if at_ms < interval.end_ms:
        yield Spell(start_ms=at_ms, end_ms=interval.end_ms, row=own, not_earlier_ms=proof_ms, why=interval.why)


def _inside(interval: _Interval, found: Sequence[Cause], ends: Sequence[int]) -> Iterator[tuple[int, int, Row, str]]:
    """The causes that refine `interval`, cut to it."""
    if interval.condition not in (Condition.UNOBSERVED, Condition.UNREACHABLE):
        return
    for position in range(bisect_right(ends, interval.start_ms), len(found)):
        cause = found[position]
        if cause.start_ms >= interval.end_ms:
            return
        if cause.row is Row.POWER or interval.condition is Condition.UNOBSERVED:
            cut = max(cause.start_ms, interval.start_ms), min(cause.end_ms, interval.end_ms)
            yield *cut, cause.row, cause.why


def _emptied(piece: Spell, hollow: Sequence[Cause], ends: Sequence[int]) -> Iterator[Spell]:
    """Rule 4."""
    at_ms, proof_ms = piece.start_ms, piece.not_earlier_ms
    first = len(hollow) if piece.row in SILENT_ROWS else bisect_right(ends, piece.start_ms)
    for position in range(first, len(hollow)):
        cause = hollow[position]
        if cause.start_ms >= piece.end_ms:
            break
        start_ms, end_ms = max(cause.start_ms, piece.start_ms), min(cause.end_ms, piece.end_ms)
        if at_ms < start_ms:
            yield replace(piece, start_ms=at_ms, end_ms=start_ms, not_earlier_ms=proof_ms)
        yield Spell(start_ms=start_ms, end_ms=end_ms, row=cause.row, not_earlier_ms=start_ms, why=cause.why)
        at_ms = proof_ms = end_ms
    if at_ms < piece.end_ms:
        yield replace(piece, start_ms=at_ms, not_earlier_ms=proof_ms)


def _joined(pieces: Iterable[Spell], from_ms: int, to_ms: int) -> list[Spell]:
    found: list[Spell] = []
    for piece in pieces:
        start_ms, end_ms = max(piece.start_ms, from_ms), min(piece.end_ms, to_ms)
        if start_ms >= end_ms:
            continue
        if found and found[-1].row is piece.row:
            found[-1] = replace(found[-1], end_ms=end_ms)
        else:
            proof_ms = min(piece.not_earlier_ms, start_ms)
            if found and Row.ASLEEP in (found[-1].row, piece.row):
                proof_ms = min(proof_ms, max(start_ms - NOTICED_MS, found[-1].start_ms))
            found.append(Spell(start_ms=start_ms, end_ms=end_ms, row=piece.row, not_earlier_ms=proof_ms, why=piece.why))
    return found
