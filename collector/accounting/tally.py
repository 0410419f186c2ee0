"""Pure: spells + calendar + exclusions -> the ledger of a site. (ledger.py says what a ledger is.)

1. Service hours and exclusions cut the period into slots, each with one service flag and one exclusion code.
2. Every spell is spread over the slots: cells.
3. Every boundary between two spells spreads its two bars: doubt.
4. Of a group or service, each state is spread likewise; spells are walked along with it, for what the site was in
   decides who answers for it: others.
5. Down spells, cut to the period and where exclusions begin and end: downs.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from collector.accounting.calendars import Span
from collector.accounting.ledger import CODES, PLAIN, STANDINGS, Cells, Down, Ledger, Standing
from collector.accounting.spells import Spell
from collector.condition import DOWN_ROWS, ROWS, SILENT_ROWS, Flip, Row, State

BLUR_MS = 1_000
"""How long after a boundary the state before it may still have held: a probe was under way."""
HEARTBEAT_BLUR_MS = 16_000
"""The same where the power went: the host's last sign of life is written every 15 s."""
SLOT = 2 * CODES
LISTED = frozenset({*DOWN_ROWS, Row.POWER})
LINE_SERVES = frozenset({Row.UP, Row.DEGRADED, Row.INTERNET_DOWN, Row.INTRANET_DOWN, Row.INTERCEPTED})
"""While the site is in one of these, a service that does not answer is itself down."""
SERVICE = "service:"
PREFERRED = (State.UP, State.INTERCEPTED, State.DOWN)
"""What a service is in when its targets differ: the first of these."""
STANDING_OF: dict[str, Standing] = {
    State.UP: Standing.UP,
    State.INTERCEPTED: Standing.INTERCEPTED,
    State.DOWN: Standing.DOWN,
    State.UNOBSERVED: Standing.UNOBSERVED,
}
FOREVER_MS = 1 << 62

Piece = tuple[int, int, str]
"""From, to, and the state in between."""


@dataclass(slots=True)
class _Slots:
    """Rule 1: `edges[i]` ... `edges[i + 1]` has service and exclusion in one number, `of[i]`."""

    edges: list[int]
    of: list[int] = field(default_factory=list)

    def excluded(self, start_ms: int, end_ms: int) -> Iterator[tuple[int, int, int]]:
        """[start, end), which lies in the period, cut where the exclusion code changes: (from, to, code)."""
        i = bisect_right(self.edges, start_ms, 1, len(self.of)) - 1
        code = self.of[i] % CODES
        while self.edges[i + 1] < end_ms:
            i += 1
            if self.of[i] % CODES != code:
                yield start_ms, self.edges[i], code
                start_ms, code = self.edges[i], self.of[i] % CODES
        yield start_ms, end_ms, code

    def spread(self, target: list[int], base: int, start_ms: int, end_ms: int) -> None:
        """Add [start, end), as far as it lies in the period, to `target` from place `base` on."""
        edges = self.edges
        start_ms, end_ms = max(start_ms, edges[0]), min(end_ms, edges[-1])
        i = bisect_right(edges, start_ms, 1, len(self.of)) - 1
        while start_ms < end_ms:
            upto_ms = min(end_ms, edges[i + 1])
            target[base + self.of[i]] += upto_ms - start_ms
            start_ms, i = upto_ms, i + 1


def full_account(
    found: Sequence[Spell],
    service: Sequence[Span],
    excluded: Sequence[tuple[int, int, int]],
    groups: Mapping[str, Sequence[Flip]],
    from_ms: int,
    to_ms: int,
) -> Ledger:
    """The ledger of a site. `found` covers the period without gaps; `service` are spans in which service is due;
    `excluded` are (start, end, PLANNED | MAJEURE | LATE), in any order; `groups` has by scope (`internet`, `intranet`,
    `service:<agent>/<target>`) the flip that stands at `from_ms`, if any, and those inside, by time.

    What happens at the ends (bars that reach in, outages that go on) is exact if `found` has the spells around the
    period too: what its first and last spell did before and behind is not known, so they neither open nor close.
    """
    slots = _slots(service, excluded, from_ms, to_ms)
    cells = [0] * (len(ROWS) * SLOT)
    for spell in found:
        slots.spread(cells, ROWS.index(spell.row) * SLOT, spell.start_ms, spell.end_ms)
    return Ledger(
        from_ms=from_ms,
        to_ms=to_ms,
        cells=_cells(cells),
        doubt=_doubt(found, slots),
        others=_others(found, slots, groups),
        downs=list(_downs(found, slots, from_ms, to_ms)),
    )


def _slots(service: Sequence[Span], excluded: Sequence[tuple[int, int, int]], from_ms: int, to_ms: int) -> _Slots:
    spans = [(start_ms, end_ms, 0) for start_ms, end_ms in service] + list(excluded)
    cut = [(max(a, from_ms), min(b, to_ms), kind) for a, b, kind in spans]
    turns = [(at_ms, kind, step) for a, b, kind in cut if a < b for at_ms, step in ((a, 1), (b, -1))]
    edges = sorted({from_ms, to_ms, *map(itemgetter(0), turns)})
    slots, here = _Slots(edges), [0] * CODES
    turns.sort()
    done = 0
    for at_ms in edges[:-1]:
        while done < len(turns) and turns[done][0] <= at_ms:
            here[turns[done][1]] += turns[done][2]
            done += 1
        code = next((code for code in range(1, CODES) if here[code]), PLAIN)
        slots.of.append(bool(here[0]) * CODES + code)
    return slots


def _doubt(found: Sequence[Spell], slots: _Slots) -> dict[tuple[Row, Row], Cells]:
    bars: dict[tuple[Row, Row], list[int]] = {}
    for i, later in enumerate(found[1:]):
        earlier, at_ms = found[i], later.start_ms
        for spell in _before(found, i, later):
            before = bars.setdefault((spell.row, later.row), [0] * SLOT)
            slots.spread(before, 0, max(later.not_earlier_ms, spell.start_ms), spell.end_ms)
        behind = bars.setdefault((later.row, earlier.row), [0] * SLOT)
        blur_ms = HEARTBEAT_BLUR_MS if later.row is Row.POWER else BLUR_MS
        slots.spread(behind, 0, at_ms, min(at_ms + blur_ms, later.end_ms))
    return {key: _cells(ms)[0] for key, ms in bars.items() if any(ms)}


def _before(found: Sequence[Spell], i: int, later: Spell) -> Iterator[Spell]:
    """The spells that the first bar of `later` may lie in, back from `found[i]`: it goes on through those that are
    shorter than a probe, for they separate nothing."""
    for spell in reversed(found[: i + 1]):
        if spell.row is not later.row:
            yield spell
        if spell.end_ms - spell.start_ms >= BLUR_MS or spell.start_ms <= later.not_earlier_ms:
            return


def _downs(found: Sequence[Spell], slots: _Slots, from_ms: int, to_ms: int) -> Iterator[Down]:
    """Rule 5: cut where an exclusion begins or ends, so that each piece lies wholly in one or in none."""
    last = len(found) - 1
    for i, spell in enumerate(found):
        start_ms, end_ms = max(spell.start_ms, from_ms), min(spell.end_ms, to_ms)
        if spell.row not in LISTED or start_ms >= end_ms:
            continue
        opens, closes = i > 0 and spell.start_ms >= from_ms, i < last and spell.end_ms <= to_ms
        for a_ms, b_ms, code in slots.excluded(start_ms, end_ms):
            first, final = opens and a_ms == start_ms, closes and b_ms == end_ms
            yield Down(
                start_ms=a_ms,
                end_ms=b_ms,
                row=spell.row,
                not_earlier_ms=max(spell.not_earlier_ms, found[i - 1].start_ms) if first else a_ms,
                end_not_earlier_ms=max(found[i + 1].not_earlier_ms, spell.start_ms) if final else b_ms,
                opens=first,
                closes=final,
                excluded=code,
                why=spell.why,
            )


def _others(found: Sequence[Spell], slots: _Slots, groups: Mapping[str, Sequence[Flip]]) -> dict[str, Cells]:
    subjects: dict[str, list[Sequence[Flip]]] = {}
    for scope, flips in groups.items():
        subject = f"service/{scope.partition('/')[2]}" if scope.startswith(SERVICE) else scope
        subjects.setdefault(subject, []).append(flips)
    others: dict[str, Cells] = {}
    for subject, tracks in sorted(subjects.items()):
        ms = [0] * (len(STANDINGS) * SLOT)
        for start_ms, end_ms, standing in _standings(subject, _together(tracks), found):
            slots.spread(ms, STANDINGS.index(standing) * SLOT, start_ms, end_ms)
        if any(ms[:-SLOT]):
            others[subject] = _cells(ms)
    return others


def _together(tracks: Sequence[Sequence[Flip]]) -> Iterator[Piece]:
    """What they are in, as one, over all time."""
    now: list[str] = [State.UNOBSERVED] * len(tracks)
    turns = sorted(((flip.at_ms, i, flip.now) for i, flips in enumerate(tracks) for flip in flips), key=itemgetter(0))
    start_ms, state = -FOREVER_MS, str(State.UNOBSERVED)
    for at_ms, i, said in turns:
        if start_ms < at_ms:
            yield start_ms, at_ms, state
        now[i] = said
        start_ms, state = at_ms, next((one for one in PREFERRED if one in now), State.UNOBSERVED)
    yield start_ms, FOREVER_MS, state


def _standings(subject: str, pieces: Iterator[Piece], found: Sequence[Spell]) -> Iterator[tuple[int, int, Standing]]:
    i = 0
    for start_ms, end_ms, state in pieces:
        while i < len(found) and found[i].end_ms <= start_ms:
            i += 1
        while i < len(found) and found[i].start_ms < end_ms:
            spell = found[i]
            standing = _standing(subject, state, spell.row)
            yield max(start_ms, spell.start_ms), min(end_ms, spell.end_ms), standing
            if spell.end_ms > end_ms:
                break
            i += 1


def _standing(subject: str, state: str, row: Row) -> Standing:
    """Who answers for what does not work. Where nothing was measured at the site, nothing was of its parts: what a
    last result covered ended with its host (spells.py, rule 4)."""
    if row in SILENT_ROWS:
        return Standing.UNOBSERVED
    if subject.startswith("service/"):
        is_elsewhere = state in (State.DOWN, State.INTERCEPTED) and row not in LINE_SERVES
    else:
        is_elsewhere = state == State.DOWN and row is Row.LOCAL_DOWN
    return Standing.ELSEWHERE if is_elsewhere else STANDING_OF[state]


def _cells(ms: list[int]) -> Cells:
    return np.array(ms, np.int64).reshape(-1, 2, CODES)
