"""Section 7: why nothing was measured, instant by instant."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from .records import FOREVER, SILENT, Stay

Gap = tuple[Stay, Stay]
"""The stay before it and the one behind it."""


class Silence:
    """What the stays of a site's agents say of any instant."""

    def __init__(self, stays: Sequence[Stay]) -> None:
        self._agents = [ordered(s for s in stays if s.agent == agent) for agent in sorted({s.agent for s in stays})]
        self._gaps = [gaps(mine) for mine in self._agents]
        self._measured = merged_spans((s.first, s.last) for s in stays)
        self._begun = [start for start, _ in self._measured]
        self.edges = sorted(silence_edges(stays))
        """Instants at which an answer may change."""
        self.watched_only = not any(stay.inside for stay in stays)

    def at(self, at: int) -> str:
        """A row of SILENT."""
        said = [
            row for mine, found in zip(self._agents, self._gaps, strict=True) for row in one_agent_at(mine, found, at)
        ]
        return min(said, key=SILENT.index, default="unknown")

    def hollow_at(self, at: int) -> str:
        """Why nobody can have measured then, `` if somebody can."""
        place = bisect_right(self._begun, at)
        if place and at < self._measured[place - 1][1]:
            return ""
        said = [
            row
            for mine, found in zip(self._agents, self._gaps, strict=True)
            if mine[0].inside
            for before, behind in found
            if before.last <= at < behind.first and stopped_at(before, behind, at)
            for row in one_agent_at([before, behind], [(before, behind)], at)
        ]
        return min((row for row in said if row != "unknown"), key=SILENT.index, default="")


def silence_at(stays: Sequence[Stay], at: int) -> str:
    return Silence(stays).at(at)


def hollow_at(stays: Sequence[Stay], at: int) -> str:
    return Silence(stays).hollow_at(at)


def ordered(stays: Iterable[Stay]) -> list[Stay]:
    return sorted(stays, key=lambda stay: stay.first)


def one_agent_at(stays: Sequence[Stay], found: Sequence[Gap], at: int) -> list[str]:
    """What may be said. A sleep may lie inside the stay before it."""
    said = ["agent" for stay in stays if stay.first <= at < stay.last]
    for before, behind in found:
        if not behind.inside:
            said += ["agent"] if before.last <= at < behind.first else []
        elif slept(before, behind) and before.first <= at < behind.first and fell_asleep(behind) <= at < behind.woke:
            said.append("asleep")
        elif before.last <= at < behind.first:
            said.append(in_gap(before, behind, at))
    return said


def gaps(stays: Sequence[Stay]) -> list[Gap]:
    return [(before, behind) for before, behind in pairwise(stays) if before.last < behind.first]


def slept(before: Stay, behind: Stay) -> bool:
    return before.boot == behind.boot and before.run == behind.run and behind.slept > 0


def fell_asleep(behind: Stay) -> int:
    return behind.woke - behind.slept


def in_gap(before: Stay, behind: Stay, at: int) -> str:
    """Of what was no sleep."""
    if before.boot == behind.boot or 0 < behind.booted <= at:
        return "agent"
    if not behind.booted or at < max(before.last, behind.alive):
        return "unknown"
    return {"power": "power", "clean": "shut_down"}.get(behind.stop, "unknown")


def stopped_at(before: Stay, behind: Stay, at: int) -> bool:
    """Whether the host had stopped by then, as far as is known, and not yet measured again."""
    if before.boot != behind.boot:
        return at >= min(max(before.last, behind.alive), behind.booted)
    return slept(before, behind) and at >= fell_asleep(behind)


def silence_edges(stays: Iterable[Stay]) -> set[int]:
    return {
        at for s in stays for at in (s.first, s.last, s.booted, s.alive, s.woke, s.woke - s.slept) if 0 < at < FOREVER
    }


def merged_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """By time, without overlaps."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found
