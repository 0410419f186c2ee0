"""Sections 8 and 9: what a site was in, without gaps, and how exactly that is known."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .records import FOREVER, SILENT, Spell, Turn, World
from .silence import Silence

PROBE, HEARTBEAT, WAKING = 1_000, 16_000, 5_000
"""How long a probe may be under way; how old a host's last sign of life may be; how late a waking is noticed."""


def spells(world: World, site: Sequence[Turn]) -> list[Spell]:
    """Section 8, over all time."""
    case = Case(world, Silence(world.stays))
    edges = sorted({*case.silence.edges, *(at for restart in world.restarts for at in restart)})
    pieces: list[Spell] = []
    intervals = [Turn(-FOREVER, "unobserved", -FOREVER), *site, Turn(FOREVER, "end", FOREVER)]
    for turn, following in pairwise(intervals):
        inner = edges[bisect_right(edges, turn.at) : bisect_left(edges, following.at)]
        for a, b in pairwise(sorted({turn.at, following.at, *inner})):
            row = case.row_at(turn, following.at, a)
            hollow = "" if row in SILENT else case.silence.hollow_at(a)
            pieces.append(Spell(a, b, hollow or row, turn.proof if a == turn.at and not hollow else a))
    return merged(pieces)


@dataclass(frozen=True, slots=True)
class Case:
    """A site, and what its agents say of silence."""

    world: World
    silence: Silence

    def row_at(self, turn: Turn, end: int, at: int) -> str:
        """Rules 8.1 and 8.3; 8.2 comes behind them."""
        if turn.state not in ("unobserved", "unreachable"):
            return turn.state
        row = self.silence.at(at)
        if turn.state == "unreachable":
            powerless = row == "power" or self.restarted(turn.at, end, at)
            return "power" if powerless else "unreachable"
        return "power" if self.silence.watched_only and self.restarted(turn.at, end, at) else row

    def restarted(self, start: int, end: int, at: int) -> bool:
        return any(start <= at < r <= end and start > read for r, read in self.world.restarts)


def merged(pieces: Sequence[Spell]) -> list[Spell]:
    """Rule 8.4."""
    found: list[Spell] = []
    for piece in pieces:
        if found and found[-1].row == piece.row:
            found[-1] = replace(found[-1], end=piece.end)
        elif piece.start < piece.end:
            found.append(replace(piece, proof=proof(found[-1], piece) if found else piece.proof))
    return found


def proof(earlier: Spell, later: Spell) -> int:
    """Section 9: a sleep is dated by a waking that was noticed up to 5 s late."""
    if "asleep" not in (earlier.row, later.row):
        return later.proof
    return min(later.proof, max(later.start - WAKING, earlier.start))


def bars(found: Sequence[Spell]) -> Iterator[tuple[int, int, str, str]]:
    """Section 9: (from, to, recorded as, may have been)."""
    for place, (earlier, later) in enumerate(pairwise(found)):
        at = later.start
        for back in range(place, -1, -1):
            spell = found[back]
            if (early := max(later.proof, spell.start)) < spell.end and spell.row != later.row:
                yield early, spell.end, spell.row, later.row
            if spell.end - spell.start >= PROBE:
                break
        yield at, min(at + (HEARTBEAT if later.row == "power" else PROBE), later.end), later.row, earlier.row
