"""Which days must be made, and why: those that ended, and those that something has changed.

1. A day is due CLOSE_AFTER_MS after it ended, from the first day with a result of its site on, up to the last day of a
   site that is closed; those behind it wait until it is opened again.
2. What may change a closed day marks it, in the store, so that a crash loses no mark: results that touch it
   (`touched`), an exclusion that was entered or withdrawn, a calendar that is another.
3. Results that end a silence tell what it was, however long ago it began: they mark the closed days it lies in too.
   Finding that out costs a look into the store (hindsight.py), so it is done at once only where there was a gap, and
   now and then everywhere.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from collector.accounting.calendars import Calendar, Span
from collector.accounting.days import day_at, days_between, ends_ms
from collector.accounting.hindsight import UNSEEN, Seen, explained
from collector.acts import Exclusion
from collector.judging.judge import reach_ms
from collector.registry import Site
from collector.store import Store
from collector.store.books import Desk, Mark
from shared.clock import Clock

CLOSE_AFTER_MS = 900_000
FRESH_S = 10
"""How old what is known of the registry may be."""
LOOK_BACK_S = 3_600
"""How often a site is looked at whose results follow one another without a gap."""
GAP_MS = 600_000
USUAL_REACH_MS = reach_ms(300_000)
"""How far results may change the judgement around them, until a site's own intervals are known."""


@dataclass(frozen=True, slots=True)
class Task:
    """A day to be made; `mark` None: because it ended."""

    site: str
    day: Span
    mark: Mark | None = None


@dataclass(slots=True)
class _News:
    """Results of a site that `_look_back` has not seen: from when to when, and why they came."""

    from_ms: int
    to_ms: int
    why: str


class Agenda:
    """May be told from any thread; `take` and `done` are for one thread at a time."""

    def __init__(self, store: Store, calendar_of: Callable[[Site], Calendar], clock: Clock) -> None:
        self._store, self._books = store, store.books
        self._calendar_of, self._clock = calendar_of, clock
        self._lock = threading.RLock()
        self._sites: dict[str, Site] = {}
        self._fresh_until_ns = -1
        self._desks = {desk.site: desk for desk in self._books.desks()}
        self._due = [_due_of(desk) for desk in self._desks.values()]
        heapify(self._due)
        self._resting: set[str] = set()
        self._acts_seen = self._books.acts_seen()
        self._making: dict[str, list[Span]] = {}
        self._marked: set[tuple[str, int, str]] = set()
        self._news: dict[str, _News] = {}
        self._looked: dict[str, tuple[int, int]] = {}
        self._seen: dict[str, Seen] = {}
        self._reach: dict[str, int] = {}

    def desk(self, site: str) -> Desk | None:
        return self._desks.get(site)

    def site(self, code: str) -> Site:
        """Of the registry; results may name a site that is not in it."""
        if code not in self._sites:
            self._sites = {site.code: site for site in self._store.sites()}
        return self._sites.setdefault(code, Site(code=code, name=code))

    def learn(self, site: str, reach: int) -> None:
        """How far results of `site` may change the judgement around them."""
        self._reach[site] = reach

    # telling it

    def touched(self, site: str, from_ms: int, to_ms: int, why: str) -> None:
        """Results in [from_ms, to_ms] were judged. Costs only memory unless a closed day is touched."""
        with self._lock:
            news = self._news.setdefault(site, _News(from_ms, to_ms, why))
            news.from_ms, news.to_ms = min(news.from_ms, from_ms), max(news.to_ms, to_ms)
            desk = self._desks.get(site)
            if desk:  # under the lock: else its books may be retired before its days are marked
                if from_ms < desk.first_ms:
                    self._begin_earlier(desk, from_ms, why)
                reach = self._reach.get(site, USUAL_REACH_MS)
                self._mark(site, from_ms - reach, to_ms + reach, why)

    def acts_changed(self) -> None:
        """Marks the days of exclusions that were entered or withdrawn since the last call."""
        version = self._store.acts.version()
        if self._acts_seen.get(0) == version:
            return
        states = {one.id: (int(one.withdrawn_ms is not None), one) for one in self._store.acts.exclusions()}
        news = [one for number, (state, one) in states.items() if self._acts_seen.get(number) != state]
        self._sites = {site.code: site for site in self._store.sites()}
        marks = [mark for one in news for mark in self._touched_by(one)]
        seen = {0: version} | {one.id: states[one.id][0] for one in news}
        self._books.see_acts(seen, marks)
        self._acts_seen |= seen

    def _touched_by(self, one: Exclusion) -> Iterator[tuple[str, int, int, str]]:
        for desk in list(self._desks.values()):
            if one.touches(self.site(desk.site)):
                yield from ((desk.site, *day, _why(one)) for day in _closed(desk, one.from_ms, one.to_ms))

    # asking it

    def take(self, limit: int, *, thorough: bool) -> list[Task]:
        """Up to `limit` days; those that ended first. Who takes them says `done`, or `failed`."""
        self.acts_changed()
        self._refresh()
        self._look_back(thorough=thorough)
        due = self._take_due(limit)
        tasks = {(mark.site, mark.from_ms): mark for mark in self._books.marks(limit - len(due))}
        ended = [Task(site, day) for site, day in due if (site, day[0]) not in tasks]
        taken = ended + [Task(mark.site, (mark.from_ms, mark.to_ms), mark) for mark in tasks.values()]
        with self._lock:
            self._marked.clear()  # results that come from here on may be too late for what is made now
            for task in taken:
                self._making.setdefault(task.site, []).append(task.day)
        return taken

    def done(self, tasks: Sequence[Task]) -> None:
        """They are written."""
        with self._lock:
            self._making.clear()
            for task in tasks:
                desk = self._desks[task.site]
                if task.day[1] > desk.until_ms:
                    desk = self._desks[task.site] = replace(desk, until_ms=task.day[1])
            self._wait(tasks)

    def failed(self, tasks: Sequence[Task]) -> None:
        """Nothing was written: they wait as before."""
        with self._lock:
            self._making.clear()
            self._wait(tasks)

    def _wait(self, tasks: Sequence[Task]) -> None:
        """For the next day of each site; that some wait twice does no harm."""
        for site in {task.site for task in tasks}:
            heappush(self._due, _due_of(self._desks[site]))

    def _take_due(self, limit: int) -> list[tuple[str, Span]]:
        now_ms = self._clock.wall_ms()
        found: dict[tuple[str, Span], None] = {}
        while len(found) < limit and self._due and self._due[0][0] <= now_ms:
            _, site, from_ms = heappop(self._due)
            desk, closed_ms = self._desks[site], ends_ms(self.site(site))
            if from_ms >= closed_ms:
                self._resting.add(site)
            elif desk.until_ms == from_ms and (site, day_at(desk.timezone, from_ms)) not in found:
                until_ms = min(now_ms - CLOSE_AFTER_MS, closed_ms)
                for day in days_between(desk.timezone, from_ms, until_ms)[: limit - len(found)]:
                    if day[1] + CLOSE_AFTER_MS <= now_ms:
                        found[site, day] = None
        return list(found)

    def _wake(self) -> None:
        """Sites that are open again, or for longer than was known, are due."""
        for code in [code for code in self._resting if code in self._desks]:
            if self._desks[code].until_ms < ends_ms(self.site(code)):
                self._resting.remove(code)
                heappush(self._due, _due_of(self._desks[code]))

    # sites and their calendars

    def _refresh(self) -> None:
        """Opens books for sites that have results and none, and marks what another calendar touches."""
        now_ns = self._clock.mono_ns()
        if now_ns >= self._fresh_until_ns:
            self._fresh_until_ns = now_ns + FRESH_S * 1_000_000_000
            self._sites = {site.code: site for site in self._store.sites()}
            for code in [*self._sites, *(code for code in list(self._desks) if code not in self._sites)]:
                self._keep_books(self.site(code))
            self._wake()

    def _keep_books(self, site: Site) -> None:
        desk, calendar = self._desks.get(site.code), self._calendar_of(site)
        if desk and desk.timezone != site.timezone:
            with self._lock:
                self._books.retire(site.code)
                del self._desks[site.code]
            desk = None
        if desk is None:
            span = self._store.span(site.code)
            if span:
                self._open_books(site, calendar, day_at(site.timezone, span[0])[0])
        elif desk.fingerprint != calendar.fingerprint:
            why = f"calendar {calendar.name or desk.calendar} changed"
            days = _closed(desk, desk.first_ms, desk.until_ms)
            with self._lock:
                changed = replace(self._desks[site.code], calendar=calendar.name, fingerprint=calendar.fingerprint)
                self._books.mark([(site.code, *day, why) for day in days], [changed])
                self._desks[site.code] = changed

    def _open_books(self, site: Site, calendar: Calendar, first_ms: int) -> None:
        desk = Desk(
            site=site.code,
            timezone=site.timezone,
            calendar=calendar.name,
            fingerprint=calendar.fingerprint,
            first_ms=first_ms,
            until_ms=first_ms,
        )
        self._books.mark([], [desk])
        self._desks[site.code] = desk
        heappush(self._due, _due_of(desk))

    def _begin_earlier(self, desk: Desk, from_ms: int, why: str) -> None:
        """Results came from before the first day: all days between are to be made."""
        days = days_between(desk.timezone, from_ms, desk.first_ms)
        with self._lock:
            earlier = replace(self._desks[desk.site], first_ms=days[0][0])
            self._books.mark([(desk.site, *day, why) for day in days], [earlier])
            self._desks[desk.site] = earlier

    # news

    def _mark(self, site: str, from_ms: int, to_ms: int, why: str) -> None:
        """The closed days in [from_ms, to_ms), and those that are being made at this moment."""
        with self._lock:
            making = [day for day in self._making.get(site, ()) if day[0] < to_ms and day[1] > from_ms]
            days = sorted({*_closed(self._desks[site], from_ms, to_ms), *making})
            new = [(site, *day, why) for day in days if (site, day[0], why) not in self._marked]
            self._marked.update((site, day[0], why) for day in days)
        if new:
            self._books.mark(new)

    def _look_back(self, *, thorough: bool) -> None:
        now_ns = self._clock.mono_ns()
        with self._lock:
            found = {site: news for site, news in self._news.items() if thorough or self._is_hint(site, news, now_ns)}
            for site, news in found.items():
                del self._news[site]
                self._looked[site] = now_ns, news.to_ms
        for site, news in found.items():
            if site not in self._desks:
                self._keep_books(self.site(site))
            if site in self._desks:
                spans, self._seen[site] = explained(
                    self._store, site, news.from_ms, news.to_ms, self._seen.get(site, UNSEEN)
                )
                for from_ms, to_ms in spans:
                    self._mark(site, from_ms, to_ms, news.why)

    def _is_hint(self, site: str, news: _News, now_ns: int) -> bool:
        if site not in self._looked:
            return True
        looked_ns, until_ms = self._looked[site]
        is_gap = news.from_ms > until_ms + GAP_MS or news.to_ms < until_ms - GAP_MS
        is_backlog = news.to_ms - news.from_ms > LOOK_BACK_S * 1_000
        return is_gap or is_backlog or now_ns - looked_ns > LOOK_BACK_S * 1_000_000_000


def _due_of(desk: Desk) -> tuple[int, str, int]:
    return day_at(desk.timezone, desk.until_ms)[1] + CLOSE_AFTER_MS, desk.site, desk.until_ms


def _closed(desk: Desk, from_ms: int, to_ms: int) -> list[Span]:
    """The days of the books that touch the span."""
    return days_between(desk.timezone, max(from_ms, desk.first_ms), min(to_ms, desk.until_ms))


def _why(one: Exclusion) -> str:
    if one.withdrawn_ms is not None:
        return f"exclusion {one.id} withdrawn by {one.withdrawn_by}: {one.withdrawn_why}"
    return f"exclusion {one.id} entered by {one.by}: {one.why}"
