"""After each commit: judge again what the new results touch, write the flips, tell `live`.

Sites at which nothing changes cost nothing but their new results (steady.py). Of all others the window that was touched
is judged, and nothing else (examine.py).

What is stored of a site in the fast lane has no ends: it stands until the site is let go, falls silent, or `settle` is
asked for the whole truth.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.condition import Condition
from collector.judging import tidings
from collector.judging.examine import BLIND, FOREVER_MS, USUAL_INTERVAL_MS, Examined, changed_between, examine
from collector.judging.judge import JudgeSettings, reach_ms
from collector.judging.known import Known
from collector.judging.owed import Owed, Range, apart
from collector.judging.steady import FAR_REACHES, Offer, Steady
from collector.judging.still import footing
from collector.judging.watchers import Watchers
from collector.live import SILENT_PUSHES, Live
from collector.store import Replacement, Store, StoreError, Touched
from shared.clock import Clock

log = logging.getLogger(__name__)

ROUND_S = 0.2
SWEEP_MS = 10_000
"""How often the fast lane is searched for sites that fell silent."""
REFRESH_NS = 1_000_000_000
REFRESH_SHARE = 50
"""The registry is read at most so often, and in at most one part in so many of the time."""
OLD_MS = 600_000
"""New results older than this may belong to a day that is closed."""
WAVES = 4
"""How often a round follows what watchers could see of sites, before it leaves the rest to the next round."""
TOGETHER = 64
"""So many sites are written in one transaction."""

OnJudged = Callable[[str, int, int], None]
"""(site, from, to): results or flips there are not what they were."""


@dataclass(slots=True)
class JudgeCounters:
    """What /metrics says of judging. `steady`: how many of the `sites` went on without being judged."""

    sites: int = 0
    steady: int = 0
    seconds: float = 0.0
    lag_s: float = 0.0


class Rejudge:
    """Judges touched sites in rounds. A round is one blocking call, run in a thread beside the event loop."""

    def __init__(
        self,
        store: Store,
        live: Live,
        settings: JudgeSettings,
        clock: Clock,
        on_judged: OnJudged = lambda _site, _from_ms, _to_ms: None,
    ) -> None:
        self._store, self._live, self._settings, self._clock = store, live, settings, clock
        self._on_judged = on_judged
        self._steady = Steady()
        self._lock = threading.RLock()
        self._known, self._watchers, self._owed = Known(store), Watchers(store), Owed()
        self._untold: list[tuple[str, int, int]] = []
        self._refresh_from_ns: int | None = None
        self._swept_ms = 0
        self.counters = JudgeCounters()
        live.lasting(self._ends_ms)

    async def run(self) -> None:
        """Judge for ever, a round every ROUND_S while there is something to judge."""
        while True:
            try:
                await asyncio.to_thread(self.judge_touched)
            except Exception:  # a task's boundary: a site that cannot be judged must not stop the judging of all others
                log.exception("event=judging_failed")
            await asyncio.sleep(ROUND_S)

    def load(self) -> None:
        """At start: the registry and the flips that stand. What was committed but not judged comes with the first
        round, and what was in the fast lane when the collector was killed."""
        with self._lock:
            self._refresh_registry()
            self._watchers.load()
            now_ms = self._clock.wall_ms()
            for site in self._known.mediums:
                judged, agents = tidings.of_store(self._store, site, now_ms)
                for agent in agents:
                    self._live.watched_by(site, agent)
                self._live.judged(site, judged)
            for site, flip in self._store.latest_site_flips(FOREVER_MS).items():
                place, span = self._store.place_of(site), self._store.span(site)
                if flip.now != Condition.UNOBSERVED and place is not None and span:
                    self._owed.add(place, (span[1], span[1]))

    def judge_touched(self) -> int:
        """One round: the number of sites whose new results were judged or went on as they were."""
        with self._lock:
            count = self._round()
        while self._untold:  # without the lock: who is told may be waiting for `settle`
            self._on_judged(*self._untold[-1])
            self._untold.pop()
        return count

    def _round(self) -> int:
        started_ns, now_ms = self._clock.mono_ns(), self._clock.wall_ms()
        fresh = self._store.take_fresh()
        for place, span in fresh.touched.items() if not fresh.parts else ():
            self._owed.add(place, span)
        offer = Offer()
        if fresh.touched:
            self._refresh_if_due()
        if fresh.parts:
            offer = self._steady.offer(fresh, now_ms, now_ms - OLD_MS)
            self._take_note(offer, now_ms)
        self._sweep(now_ms)
        judged = self._judge_owed(now_ms)
        if offer.accepted or judged:
            self._count(offer.accepted, judged, started_ns, now_ms)
        return offer.accepted + judged

    def settle(self, sites: Iterable[str]) -> None:
        """Writes the ends of those of `sites` that are in the fast lane: their flips are whole then, until more results
        come."""
        with self._lock:
            places = [place for site in sites if (place := self._store.place_of(site)) is not None]
            self._settle([place for place in places if self._unsettled(place)])

    def close(self) -> None:
        """Everything is settled, for who reads the store while no collector runs."""
        self.settle([self._store.site_of(place) for place in self._steady.places()])

    # the round

    def _take_note(self, offer: Offer, now_ms: int) -> None:
        """Notes what is to be judged and told, and takes the ends of sites that go on out of the store."""
        site_of = self._store.site_of
        for place, ranges in offer.judge.items():
            self._owed.add(place, *ranges)
        for place in offer.let_go:
            self._let_go(place)
        self._untold += [(site_of(place), from_ms, to_ms) for place, from_ms, to_ms in offer.old]
        self._untold += [(site_of(place), at_ms, now_ms) for place, at_ms in offer.resumed if at_ms < now_ms - OLD_MS]
        try:
            self._write([(site_of(place), oldest_ms + 1, FOREVER_MS, []) for place, oldest_ms in offer.resumed])
        except StoreError:
            for place, oldest_ms in offer.resumed:
                self._owed.add(place, (oldest_ms, oldest_ms))
                self._let_go(place)
            raise

    def _sweep(self, now_ms: int) -> None:
        """Sites in the fast lane that fell silent get their ends; those of which a part fell silent are let go."""
        if 0 <= now_ms - self._swept_ms < SWEEP_MS:
            return
        self._swept_ms = now_ms
        silent, lagging = self._steady.sweep(now_ms)
        for place in lagging:
            self._let_go(place)
        self._settle(silent)
        self._untold += [(self._store.site_of(place), self._steady.oldest_ms(place), now_ms) for place in silent]

    def _let_go(self, place: int) -> None:
        self._owed.add(place, (self._steady.oldest_ms(place), self._steady.newest_ms(place)))
        self._steady.leave(place)

    def _judge_owed(self, now_ms: int) -> int:
        """Watchers first, each by itself: a watcher whose line is down is blind, so what its own site was in decides
        what it saw of others. If that changes, those it watches are owed another judging."""
        judged = 0
        for _ in range(WAVES):
            sites = {place: self._store.site_of(place) for place in self._owed.places()}
            order = sorted(sites, key=lambda place: sites[place])
            rest = [place for place in order if sites[place] not in self._watchers]
            batches = [[place] for place in order if sites[place] in self._watchers]
            for batch in (*batches, *(rest[first : first + TOGETHER] for first in range(0, len(rest), TOGETHER))):
                self._judge_together(batch, sites, now_ms)
            judged += len(sites)
        return judged

    def _judge_together(self, places: Sequence[int], sites: Mapping[int, str], now_ms: int) -> None:
        """Several sites, written in one transaction."""
        changes: list[Replacement] = []
        owed = {place: self._owed.of(place) for place in places}
        for place, spans in owed.items():
            *earlier, last = apart(spans, FAR_REACHES * reach_ms(USUAL_INTERVAL_MS))
            for span in earlier:
                self._write(self._judge(place, sites[place], span, now_ms))
            changes += self._judge(place, sites[place], last, now_ms)
        self._write(changes)
        for place, spans in owed.items():
            self._owed.paid(place, len(spans))

    def _judge(self, place: int, site: str, span: Range, now_ms: int) -> list[Replacement]:
        """Of one window; what is to be written."""
        through = self._store.newest()
        examined = self._examine(place, Touched(site=site, from_ms=span[0], to_ms=span[1]))
        self._note_watchers(place, examined, span)
        end_ms = FOREVER_MS
        if examined.is_last:
            self._steady.leave(place)
            judged, agents = tidings.of_examined(self._store, examined, now_ms)
            end_ms = self._try_to_hold(place, examined) if judged.confirmed else FOREVER_MS
            self._steady.judged_through(place, through, span[0])
            self._steady.heard(place, now_ms)
            for agent in agents:
                self._live.watched_by(site, agent)
            self._live.judged(site, judged)
        change = examined.replacement(end_ms)
        before = self._store.flips(*change[:3])
        from_ms, to_ms = changed_between(before, change[3]) or span
        if min(from_ms, span[0]) < now_ms - OLD_MS:
            self._untold.append((site, min(from_ms, span[0]), max(to_ms, span[1])))
        if before == change[3]:
            return []
        for watched, doubted in self._watchers.doubted(before, change):
            self._owed.add(watched, doubted)
        return [change]

    def _examine(self, place: int, touched: Touched) -> Examined:
        """Of a held site whose late results touch what it stands on, all to the end."""
        tail_ms = FOREVER_MS
        if self._steady.holds(place):
            tail_ms = self._steady.oldest_ms(place) - 2 * reach_ms(USUAL_INTERVAL_MS)
        return examine(self._store, touched, self._settings, self._known.medium(touched.site), tail_ms)

    def _try_to_hold(self, place: int, examined: Examined) -> int:
        """Takes the site into the fast lane if it stands still; up to when its flips are to be written then."""
        site, case = examined.case.site, examined.case
        agents = {series.agent for series in case.columns.series}
        push_ms = self._known.push_ms(agents)
        if push_ms is None:
            return FOREVER_MS  # who was never heard before may push at any interval; the next refresh tells
        cover_ms = examined.reach_ms // 4  # 2.5 of 10 intervals, and more
        patience_ms = round(SILENT_PUSHES * push_ms) + cover_ms
        limits = self._settings.limits_of(self._known.medium(site))
        found = footing(examined.verdict, case.standing, self._settings, limits, patience_ms)
        if found is None or (found.condition in BLIND and site in self._watchers):
            return FOREVER_MS
        numbers = self._store.series_numbers(site)
        if any(one.series not in numbers for one in found.held):
            return FOREVER_MS
        mine = [numbers[one.series] for one in found.held]
        self._steady.enter(place, mine, found, limits, patience_ms=patience_ms, reach_ms=examined.reach_ms)
        return found.oldest_ms

    def _note_watchers(self, place: int, examined: Examined, span: Range) -> None:
        """A watcher that is new is judged anew, for a site whose line is down and that watches others needs its ends:
        they say until when it was blind. What it watches is judged once more behind it."""
        for watcher in self._watchers.take_note(place, examined.case.columns.series):
            self._owed.add(place, span)
            own = self._store.place_of(watcher)
            if own is not None and self._steady.holds(own):
                self._let_go(own)

    def _write(self, changes: Sequence[Replacement]) -> None:
        if changes:
            self._store.replace_many(changes)

    # the fast lane

    def _unsettled(self, place: int) -> bool:
        return self._steady.holds(place) and not self._steady.is_ended(place)

    def _settle(self, places: Sequence[int]) -> None:
        """Writes the ends of held sites."""
        changes: list[Replacement] = []
        for place in places:
            span = self._steady.oldest_ms(place), self._steady.newest_ms(place)
            touched = Touched(site=self._store.site_of(place), from_ms=span[0], to_ms=span[1])
            changes.append(self._examine(place, touched).replacement())
        self._write(changes)
        for place in places:
            self._steady.end(place)

    def _ends_ms(self, site: str) -> int | None:
        place = self._store.place_of(site)
        return None if place is None else self._steady.ends_ms(place)

    # registry

    def _refresh_if_due(self) -> None:
        now_ns = self._clock.mono_ns()
        if self._refresh_from_ns is None or now_ns >= self._refresh_from_ns:
            self._refresh_registry()
            took_ns = self._clock.mono_ns() - now_ns
            self._refresh_from_ns = now_ns + max(REFRESH_NS, REFRESH_SHARE * took_ns)

    def _refresh_registry(self) -> None:
        """What is slow, lossy or silent at a site may be another matter than before: then it leaves the fast lane."""
        sites, agents, changed = self._known.read()
        for place in [place for code in changed if (place := self._store.place_of(code)) is not None]:
            if self._steady.holds(place):
                self._let_go(place)
        self._live.set_registry(sites, agents)

    def _count(self, steady: int, judged: int, started_ns: int, now_ms: int) -> None:
        self.counters.sites += steady + judged
        self.counters.steady += steady
        self.counters.seconds += (self._clock.mono_ns() - started_ns) / 1e9
        self.counters.lag_s = (self._clock.wall_ms() - now_ms) / 1000
