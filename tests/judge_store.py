"""Just what judging asks of a store, without a disk; and judging everything at once, to compare with."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from collector.columns import Columns, Series, concatenate
from collector.condition import Flip
from collector.judging.examine import BLIND
from collector.judging.judge import SITE, Case, JudgeSettings, judge
from collector.registry import AgentState, Medium, Site
from collector.store import Replacement, Touched
from collector.store.fresh import Fresh, Part
from collector.store.rows import Rows
from collector.unpack import Ints

FOREVER_MS = 1 << 62


class MemoryStore:
    """Sites are places 1, 2, ... in the order of `codes`; series get their numbers when they come."""

    def __init__(self, codes: Sequence[str] = ("s",)) -> None:
        self.codes = list(codes)
        self.columns = Columns.empty()
        self.kept: list[Flip] = []
        self._numbers: dict[Series, int] = {}
        self._number = 0
        self._parts: list[Part] = []
        self._touched: dict[int, tuple[int, int]] = {}
        self.moved: set[int] = set()

    def sites(self) -> list[Site]:
        return [Site(code=code, name=code, medium=Medium.FIBER) for code in self.codes]

    def agents(self) -> list[AgentState]:
        heard_ms = int(self.columns.at_ms.max(initial=0))
        homes = {"a": "s", "b": "s", "h": "hub"}
        return [AgentState(name=name, site=home, heard_at_ms=heard_ms) for name, home in homes.items()]

    def add(self, part: Columns) -> None:
        """A commit group."""
        self.columns = concatenate([self.columns, part])
        self._number += 1
        place = np.array([self.codes.index(s.site) + 1 for s in part.series], np.int64)[part.index]
        part, place = part.take(order := np.argsort(place, kind="stable")), place[order]
        numbers = [self._numbers.setdefault(s, len(self._numbers) + 1) for s in part.series]
        series = np.array(numbers, np.int32)[part.index]
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        c, none = part, np.zeros(len(starts), np.int64)
        rows = Rows(series, c.at_ms, c.outcome, c.sent, c.received, c.avg_us, c.min_us, c.max_us)
        self._parts.append(Part(self._number, rows, starts, place[starts], none))
        self._touch(place, part.at_ms)

    def forget(self) -> None:
        """As after opening: what was committed is touched, but nothing is known of when."""
        self._parts.clear()
        for place in range(1, len(self.codes) + 1):
            span = self.span(self.codes[place - 1])
            if span:
                self._touched[place] = span

    def _touch(self, place: Ints, at_ms: Ints) -> None:
        for one in np.unique(place).tolist():
            mine, known = at_ms[place == one], self._touched.get(one, (FOREVER_MS, 0))
            self._touched[one] = min(known[0], int(mine.min())), max(known[1], int(mine.max()))

    def take_fresh(self) -> Fresh:
        parts, touched, self._parts, self._touched = self._parts, self._touched, [], {}
        moved, self.moved = frozenset(self.moved), set()
        return Fresh(touched, parts, moved)

    def take_touched(self) -> list[Touched]:
        touched = self.take_fresh().touched
        return [Touched(site=self.site_of(place), from_ms=a, to_ms=b) for place, (a, b) in touched.items()]

    def newest(self) -> int:
        return self._number

    def place_of(self, site: str) -> int | None:
        return self.codes.index(site) + 1 if site in self.codes else None

    def site_of(self, place: int) -> str:
        return self.codes[place - 1]

    def watched(self) -> list[tuple[str, int]]:
        return sorted({(s.agent_site, self.codes.index(s.site) + 1) for s in self.columns.series if s.outside})

    def series_numbers(self, site: str) -> dict[Series, int]:
        return {series: number for series, number in self._numbers.items() if series.site == site}

    def of(self, site: str) -> Columns:
        c = self.columns
        mine = np.array([s.site == site for s in c.series], np.bool_)
        return concatenate([c.take(mine[c.index])]) if len(c) else c

    def read(self, site: str, from_ms: int, to_ms: int) -> Columns:
        c = self.of(site)
        found = c.take((c.at_ms >= from_ms) & (c.at_ms < to_ms))
        used = np.unique(found.index).tolist()
        new = np.zeros(len(c.series) + 1, np.uint16)
        new[used] = np.arange(len(used))
        values = (found.at_ms, found.outcome, found.sent, found.received, found.avg_us, found.min_us, found.max_us)
        return Columns(tuple(c.series[i] for i in used), new[found.index], *values)

    def span(self, site: str) -> tuple[int, int] | None:
        c = self.of(site)
        return (int(c.at_ms.min()), int(c.at_ms.max())) if len(c) else None

    def flips(self, site: str, from_ms: int, to_ms: int, scope: str | None = None) -> list[Flip]:
        found = (f for f in self.kept if f.site == site and from_ms <= f.at_ms < to_ms)
        return [f for f in found if scope in (None, f.scope)]

    def state_at(self, site: str, at_ms: int) -> list[Flip]:
        last = {f.scope: f for f in self.kept if f.site == site and f.at_ms <= at_ms}
        return [last[scope] for scope in sorted(last)]

    def latest_site_flips(self, at_ms: int) -> dict[str, Flip]:
        return {f.site: f for f in self.kept if f.scope == SITE and f.at_ms <= at_ms}

    def replace_flips(self, site: str, from_ms: int, to_ms: int, flips: Sequence[Flip]) -> None:
        rest = [f for f in self.kept if f.site != site or not from_ms <= f.at_ms < to_ms]
        self.kept = sorted([*rest, *flips], key=lambda f: (f.at_ms, f.scope))

    def replace_many(self, changes: Sequence[Replacement]) -> None:
        for change in changes:
            self.replace_flips(*change)


def judge_at_once(columns: Columns, site: str, watcher_flips: Sequence[Flip] = ()) -> list[Flip]:
    """The flips of `site`, from all its results in one go. `watcher_flips` are those of the site that watches it."""
    turns = [flip for flip in watcher_flips if flip.scope == SITE]
    ends = [*(flip.at_ms for flip in turns[1:]), FOREVER_MS]
    blind = [(f.not_earlier_than_ms, end) for f, end in zip(turns, ends, strict=False) if f.now in BLIND]
    watchers = {flip.site for flip in watcher_flips}
    settings = JudgeSettings()
    case = Case(site=site, columns=columns, from_ms=-1, standing={}, blind=dict.fromkeys(watchers, blind))
    return judge(case, settings, settings.limits_of(Medium.FIBER))


def by_site(flips: Sequence[Flip]) -> dict[str, list[Flip]]:
    ordered = sorted(flips, key=lambda f: (f.site, f.at_ms, f.scope))
    return {site: list(found) for site, found in groupby(ordered, key=lambda f: f.site)}
