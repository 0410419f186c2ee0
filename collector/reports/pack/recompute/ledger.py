"""Sections 10 and 11: milliseconds by row, service hours and exclusion; groups and services; outages."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

from .judging import Judgement, Track
from .records import OUTAGES, SILENT, Spell, Turn
from .spells import bars

KINDS = ("plain", "planned", "majeure", "late")
"""Of exclusions, in the order in which the first counts where several overlap; `plain`: not excluded."""

Cells = dict[tuple[str, bool, str], int]
"""Milliseconds by (row, in service hours, exclusion)."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a period is to be accounted for. `service_at` tells of an instant; `edges` are those where it may change."""

    start: int
    end: int
    service_at: Callable[[int], bool] = lambda _at: True
    edges: tuple[int, ...] = ()
    exclusions: tuple[tuple[int, int, str], ...] = ()
    """(from, to, `planned`, `majeure` or `late`)"""

    @cached_property
    def cuts(self) -> list[int]:
        """All instants at which a cell may change."""
        return sorted({*self.edges, *(at for a, b, _ in self.exclusions for at in (a, b))})

    @cached_property
    def _known(self) -> dict[int, tuple[bool, str]]:
        return {}

    def cell(self, at: int) -> tuple[bool, str]:
        """(in service hours, exclusion) from the last cut before `at` on; worked out once for each cut."""
        place = bisect_right(self.cuts, at)
        if place not in self._known:
            here = [kind for a, b, kind in self.exclusions if a <= at < b]
            self._known[place] = self.service_at(at), min(here, key=KINDS.index, default="plain")
        return self._known[place]

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """[start, end) within the period, cut wherever a cell may change."""
        start, end = max(start, self.start), min(end, self.end)
        inner = self.cuts[bisect_right(self.cuts, start) : bisect_left(self.cuts, end)]
        yield from pairwise([start, *inner, end]) if start < end else ()

    def excluded_pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The same, cut only where an exclusion begins or ends."""
        for _, members in groupby(self.pieces(start, end), key=lambda piece: self.cell(piece[0])[1]):
            run = list(members)
            yield run[0][0], run[-1][1]


def ledger(found: Sequence[Spell], terms: Terms) -> Cells:
    """Section 10."""
    cells: Cells = {}
    for spell in found:
        for a, b in terms.pieces(spell.start, spell.end):
            key = (spell.row, *terms.cell(a))
            cells[key] = cells.get(key, 0) + b - a
    return cells


def doubts(found: Sequence[Spell], terms: Terms) -> dict[tuple[str, str, bool, str], int]:
    """Section 9: milliseconds by (recorded as, may have been, in service hours, exclusion)."""
    cells: dict[tuple[str, str, bool, str], int] = {}
    for start, end, row, maybe in bars(found):
        for a, b in terms.pieces(start, end):
            key = (row, maybe, *terms.cell(a))
            cells[key] = cells.get(key, 0) + b - a
    return cells


def others(judged: Judgement, found: Sequence[Spell], terms: Terms) -> dict[str, Cells]:
    """Section 10, beside the site: by subject."""
    subjects: dict[str, list[list[Turn]]] = {
        n: [judged.groups[n]] for n in ("internet", "intranet") if n in judged.groups
    }
    for scope, track in sorted(judged.targets.items()):
        if scope.startswith("service:"):
            subjects.setdefault(f"service/{scope.partition('/')[2]}", []).append(track)
    return {subject: stands(subject, tracks, found, terms) for subject, tracks in subjects.items()}


def stands(subject: str, tracks: list[list[Turn]], found: Sequence[Spell], terms: Terms) -> Cells:
    cells: Cells = {}
    edges = sorted({turn.at for track in tracks for turn in track})
    states = [Track(track) for track in tracks]
    for spell in found:
        inside = edges[bisect_right(edges, spell.start) : bisect_left(edges, spell.end)]
        for a, b in pairwise([spell.start, *inside, spell.end]):
            standing_now = stand(subject, states, spell.row, a)
            for c, d in terms.pieces(a, b):
                key = (standing_now, *terms.cell(c))
                cells[key] = cells.get(key, 0) + d - c
    return cells


def stand(subject: str, tracks: Sequence[Track], row: str, at: int) -> str:
    states = [seen_state(track, at) for track in tracks]
    state = next((s for s in ("up", "intercepted", "down") if s in states), "unobserved")
    if row in SILENT:
        return "unobserved"
    if subject.startswith("service/"):
        reachable = row in ("up", "degraded", "internet_down", "intranet_down", "intercepted")
        return "elsewhere" if state in ("down", "intercepted") and not reachable else state
    return "elsewhere" if state == "down" and row == "local_down" else state


def seen_state(track: Track, at: int) -> str:
    """A suspect target is still up."""
    turn = track.standing(at)
    if turn is None:
        return "unobserved"
    return "up" if turn.state == "suspect" else turn.state


def outages(found: Sequence[Spell], terms: Terms) -> list[tuple[str, int, int, bool]]:
    """Section 11: (row, start, end, begins in the period), clipped, and cut where an exclusion begins or ends; power
    cuts too."""
    return [
        (s.row, a, b, a == s.start)
        for s in found
        if s.row in (*OUTAGES, "power")
        for a, b in terms.excluded_pieces(s.start, s.end)
    ]
