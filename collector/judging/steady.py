"""The fast lane: sites at which nothing changes, all at once in arrays. No disk, no clock.

A site **held** here stands on a `Footing` (still.py). What is stored of it is what judging all its results would give,
but for the ends of what was observed: with more results of the same kind they only move. `offer` looks at what was
committed, for all sites together:

1. Rows that were judged already are left out. Rows of sites that are not held, and rows far older than what a site
   stands on, are **late**: left to be judged.
2. A site goes on if every other row of it follows the last of its series within its cover, is what its series' results
   must be, and makes no two neighbouring bins bad (bins.py), and if nothing else is new at it.
3. Of sites that go on, the last stamps and the bins are all that changes. The others are let go, to be judged.

`ended`: the ends of a held site are in the store (it fell silent, or an account was made of it).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from collector.judging.arrays import Table
from collector.judging.bins import LONGEST_US, Bins
from collector.judging.block import Block, Mask, block_of
from collector.judging.owed import Range
from collector.judging.quality import Limits
from collector.judging.still import ANSWERS, COUNTED, FAILS, FLAWLESS, INTERCEPTED, NEVER, Footing
from collector.store.fresh import Fresh
from collector.store.rows import Rows
from shared.result import CODE_OF, Outcome

FOREVER_MS = 1 << 62
FAR_REACHES = 8
"""So many times the judge's reach apart, results are judged apart."""

KINDS = np.full(256, FAILS, np.uint8)
KINDS[CODE_OF[Outcome.OK]] = ANSWERS
KINDS[CODE_OF[Outcome.INTERCEPTED]] = INTERCEPTED
KINDS[CODE_OF[Outcome.ERROR]] = 255


@dataclass(slots=True)
class Offer:
    """What came of an offer, by place."""

    accepted: int = 0
    judge: dict[int, list[Range]] = field(default_factory=dict)
    """What is to be judged: first and last stamps, in order of arrival."""
    let_go: list[int] = field(default_factory=list)
    """Held places whose results are not what they must be. They are still held."""
    resumed: list[tuple[int, int]] = field(default_factory=list)
    """Places that went on after their ends were stored, and the stamp after which all their flips are ends."""
    old: list[tuple[int, int, int]] = field(default_factory=list)
    """(place, first, last stamp) of places that went on and whose new results begin before the time asked about."""


class Steady:
    """Not thread-safe. Series and places by their numbers in the store."""

    def __init__(self) -> None:
        self._series = Table(last_ms=np.int64, cover_ms=np.int64, want=np.uint8, counts=np.uint8, place=np.int32)
        self._sites = Table(
            held=np.bool_,
            ended=np.bool_,
            bad=np.bool_,
            floor_ms=np.int64,
            reach_ms=np.int64,
            until_ms=np.int64,
            heard_ms=np.int64,
            patience_ms=np.int64,
            through=np.int64,
            through_ms=np.int64,
            loss_ratio=np.float64,
            rtt_us=np.float64,
            low_ms=np.int64,
            high_ms=np.int64,
        )
        self._bins = Bins(self._sites)
        self._members: dict[int, NDArray[np.int32]] = {}

    def __len__(self) -> int:
        return len(self._members)

    def holds(self, place: int) -> bool:
        return place in self._members

    def places(self) -> list[int]:
        return list(self._members)

    def enter(
        self, place: int, numbers: Sequence[int], footing: Footing, limits: Limits, *, patience_ms: int, reach_ms: int
    ) -> None:
        """Holds a site from now on; `numbers` are those of the held series, in their order. It is silent when it was
        not heard for `patience_ms`. The ends are not in the store."""
        self.leave(place)
        s, sites, at = self._series, self._sites, np.array(numbers, np.int32)
        s.reach(max(numbers))
        sites.reach(place)
        for name in ("last_ms", "cover_ms", "want", "counts"):
            s[name][at] = [getattr(one, name) for one in footing.held]
        s["place"][at] = place
        self._members[place] = at
        sites["held"][place], sites["ended"][place] = True, False
        sites["floor_ms"][place], sites["reach_ms"][place] = footing.oldest_ms - FAR_REACHES * reach_ms, reach_ms
        sites["until_ms"][place] = min(one.last_ms + one.cover_ms for one in footing.held)
        sites["patience_ms"][place] = patience_ms
        sites["loss_ratio"][place], sites["rtt_us"][place] = limits.loss_ratio, limits.rtt_ms * 1000
        self._bins.enter(place, footing.bins)

    def leave(self, place: int) -> None:
        """Holds it no longer."""
        members = self._members.pop(place, None)
        if members is not None:
            self._series["want"][members] = NEVER
            self._sites["held"][place] = False

    def heard(self, place: int, now_ms: int) -> None:
        self._sites.reach(place)
        self._sites["heard_ms"][place] = now_ms

    def judged_through(self, place: int, number: int, from_ms: int) -> None:
        """The rows of `place` up to log row `number` and from `from_ms` on are judged: they are not looked at again."""
        self._sites.reach(place)
        self._sites["through"][place], self._sites["through_ms"][place] = number, from_ms

    def oldest_ms(self, place: int) -> int:
        """Flips of a held site after this are ends: the oldest last result of its series."""
        return int(self._series["last_ms"][self._members[place]].min())

    def newest_ms(self, place: int) -> int:
        return int(self._series["last_ms"][self._members[place]].max())

    def ends_ms(self, place: int) -> int | None:
        """When the evidence of a held site runs out."""
        return int(self._sites["until_ms"][place]) if place in self._members else None

    def is_ended(self, place: int) -> bool:
        return bool(self._sites["ended"][place])

    def end(self, place: int) -> None:
        """The ends of a held site are in the store now."""
        self._sites["ended"][place] = True

    def sweep(self, now_ms: int) -> tuple[list[int], list[int]]:
        """(places that fell silent and whose ends are not stored, places of which a series lags behind the others)."""
        s, sites = self._series, self._sites
        live = np.flatnonzero(s["want"])
        place, last_ms = s["place"][live], s["last_ms"][live]
        oldest_ms, ends_ms = np.full(len(sites), FOREVER_MS), np.full(len(sites), FOREVER_MS)
        newest_ms = np.zeros(len(sites), np.int64)
        np.minimum.at(oldest_ms, place, last_ms)
        np.minimum.at(ends_ms, place, last_ms + s["cover_ms"][live])
        np.maximum.at(newest_ms, place, last_ms)
        held = sites["held"]
        sites["floor_ms"][held] = (oldest_ms - FAR_REACHES * sites["reach_ms"])[held]
        lagging = held & (newest_ms - ends_ms > sites["patience_ms"])
        silent = held & ~sites["ended"] & ~lagging & (now_ms - sites["heard_ms"] > sites["patience_ms"])
        return np.flatnonzero(silent).tolist(), np.flatnonzero(lagging).tolist()

    def offer(self, fresh: Fresh, now_ms: int, old_ms: int) -> Offer:
        """What was committed: sites go on or are let go. See the module; `old_ms` as `Offer.old` has it."""
        offer, sites = Offer(), self._sites
        sites.reach(max((*fresh.touched, *fresh.moved), default=0))
        every = block_of(fresh)
        self._series.reach(int(every.rows.series.max(initial=0)))
        sites["bad"][:] = False
        foreign = self._foreign(fresh, every)
        is_new = every.numbers > sites["through"][every.places]
        block = every.pieces(is_new | (every.earliest_ms < sites["through_ms"][every.places]))
        late = ~sites["held"][block.place] | (block.rows.at_ms < sites["floor_ms"][block.place])
        chosen = slice(None) if not late.any() else np.flatnonzero(~late)
        self._check(block.rows.take(chosen), block.place[chosen])
        sites["bad"][list(foreign)] = True
        self._leave_to_judge(offer, fresh, block, late, foreign)
        self._go_on(offer, block, late, now_ms, old_ms)
        return offer

    def _foreign(self, fresh: Fresh, block: Block) -> set[int]:
        """Places at which more is new than the rows tell."""
        low_ms, high_ms = self._sites["low_ms"], self._sites["high_ms"]
        n = len(fresh.touched)
        places = np.fromiter(fresh.touched, np.int64, n)
        spans = np.array(list(fresh.touched.values()), np.int64).reshape(n, 2)
        low_ms[places], high_ms[places] = FOREVER_MS, 0
        np.minimum.at(low_ms, block.places, block.earliest_ms)
        np.maximum.at(high_ms, block.places, block.latest_ms)
        explained = (low_ms[places] == spans[:, 0]) & (high_ms[places] == spans[:, 1])
        return {*places[~explained].tolist(), *fresh.moved}

    def _check(self, rows: Rows, place: NDArray[np.int64]) -> None:
        """Marks the places at which a row is not what it must be. Takes bins in."""
        starts = _run_starts(rows.series)
        if len(np.unique(rows.series[starts])) < len(starts):
            order = np.argsort(rows.series, kind="stable")
            rows, place = rows.take(order), place[order]
            starts = _run_starts(rows.series)
        s, sites = self._series, self._sites
        before_ms = np.empty(len(rows), np.int64)
        before_ms[1:] = rows.at_ms[:-1]
        before_ms[starts] = s["last_ms"][rows.series[starts]]
        gap_ms = rows.at_ms - before_ms
        want, counts = s["want"][rows.series], s["counts"][rows.series]
        good = (gap_ms > 0) & (gap_ms <= s["cover_ms"][rows.series]) & (KINDS[rows.outcome] == want)
        if (want > ANSWERS).any():
            good &= (want == ANSWERS) | (counts == 0) | (rows.received == 0)
        if (counts == FLAWLESS).any():
            flawless = (rows.received == rows.sent) & (rows.avg_us <= sites["rtt_us"][place])
            good &= (counts != FLAWLESS) | flawless
        good &= (counts == 0) | (rows.avg_us <= LONGEST_US)
        sites["bad"][place[~good]] = True
        echo = (counts == COUNTED) & (want == ANSWERS) & ~sites["bad"][place]
        if echo.any():
            self._bins.take_in(rows.take(echo), place[echo])

    def _leave_to_judge(self, offer: Offer, fresh: Fresh, block: Block, late: Mask, foreign: set[int]) -> None:
        """Ranges of late rows, of all rows of places that are let go, and of what is new but for rows."""
        bad, held = self._sites["bad"], self._sites["held"]
        offer.let_go = np.flatnonzero(bad & held).tolist()
        starts = block.starts
        is_late = np.logical_or.reduceat(late, starts) if len(starts) else np.empty(0, np.bool_)
        for i in np.flatnonzero(is_late | bad[block.places]).tolist():
            place, mine = int(block.places[i]), slice(int(starts[i]), int(starts[i] + block.sizes[i]))
            stamps = block.rows.at_ms[mine] if bad[place] else block.rows.at_ms[mine][late[mine]]
            offer.judge.setdefault(place, []).append((int(stamps.min()), int(stamps.max())))
        for place in foreign & fresh.touched.keys():
            offer.judge[place] = [fresh.touched[place]]

    def _go_on(self, offer: Offer, block: Block, late: Mask, now_ms: int, old_ms: int) -> None:
        """Rule 3."""
        sites, s = self._sites, self._series
        ahead = ~late & ~sites["bad"][block.place]
        rows = block.rows if ahead.all() else block.rows.take(ahead)
        places = np.unique(block.place[ahead])
        offer.accepted = len(places)
        offer.resumed = [(place, self.oldest_ms(place)) for place in places[sites["ended"][places]].tolist()]
        sites["ended"][places], sites["heard_ms"][places] = False, now_ms
        np.maximum.at(s["last_ms"], rows.series, rows.at_ms)
        until_ms = rows.at_ms + s["cover_ms"][rows.series]
        np.maximum.at(sites["until_ms"], s["place"][rows.series], until_ms)
        for i in np.flatnonzero((block.earliest_ms < old_ms) & ~sites["bad"][block.places]).tolist():
            if sites["held"][block.places[i]]:
                offer.old.append((int(block.places[i]), int(block.earliest_ms[i]), int(block.latest_ms[i])))


def _run_starts(series: NDArray[np.int32]) -> NDArray[np.intp]:
    first = np.ones(len(series), np.bool_)
    np.not_equal(series[1:], series[:-1], out=first[1:])
    return np.flatnonzero(first)
