"""Makes the derived tables anew from results alone, and says what had been another: flips, and the kept days.

1. A site is judged as if its results came now and in order, WINDOW_MS at a time; `_Past` hides what has not come yet
   and what stands. So one window of one site is in memory, and nothing that stands takes part.
2. Sites with agents of their own come first: the flips of a watcher say when it was blind.
3. What came out is compared with what stands and, unless it is only a check, replaces it.
4. Then every kept day of the site is made anew. One that comes out as it stands is not written, and gets no revision.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import cast

from collector.accounting.accounts import Accounts
from collector.accounting.days import days_between
from collector.columns import Columns
from collector.condition import Flip
from collector.figures.sums import tally
from collector.judging.examine import FOREVER_MS, rejudge_site
from collector.judging.judge import SITE, JudgeSettings
from collector.registry import Medium
from collector.store import Store, Touched
from collector.store.books import Desk, KeptDay

WINDOW_MS = 3 * 86_400_000
WHY = "rebuild"
_at_ms = attrgetter("at_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Told after each site; `number` of `sites` are done in this stage, `flips` or `days`."""

    stage: str
    number: int
    sites: int
    site: str


@dataclass(slots=True, kw_only=True)
class Difference:
    """What was another than the results say: sites by their flips, and kept days."""

    sites: list[str]
    days: int = 0

    def __bool__(self) -> bool:
        return bool(self.sites or self.days)


class Rebuild:
    """Blocks. Nobody else may use the store meanwhile. `check`: compare only, write nothing."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        settings: JudgeSettings,
        *,
        check: bool = False,
        tell: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._store, self._accounts, self._settings = store, accounts, settings
        self._check, self._tell = check, tell
        self._mediums = {site.code: site.medium for site in store.sites()}
        self._anew: dict[str, list[Flip]] = {}
        """In a check: the flips of scope `site`, made anew, where they are others than those that stand."""

    def run(self) -> Difference:
        """Everything."""
        found = Difference(sites=[])
        sites = self._sites()
        for number, site in enumerate(sites, 1):
            if self._flips(site):
                found.sites.append(site)
            self._tell(Progress(stage="flips", number=number, sites=len(sites), site=site))
        desks = self._store.books.desks()
        for number, desk in enumerate(desks, 1):
            found.days += self._days(desk)
            self._tell(Progress(stage="days", number=number, sites=len(desks), site=desk.site))
        return found

    def _sites(self) -> list[str]:
        """All of which something is known; watchers before what they watch, and agents' sites before the others."""
        own = {agent.site for agent in self._store.agents()}
        books = {desk.site for desk in self._store.books.desks()}
        known = {*self._mediums, *own, *books, *self._store.latest_site_flips(FOREVER_MS)}
        watchers = {watcher for watcher, _ in self._store.watched()}
        return sorted(known, key=lambda site: (site not in watchers, site not in own, site))

    def _flips(self, site: str) -> bool:
        """Whether the flips of `site` were others."""
        made = self._judge(site)
        if made == self._store.flips(site, -FOREVER_MS, FOREVER_MS):
            return False
        if self._check:
            self._anew[site] = [flip for flip in made if flip.scope == SITE]
        else:
            self._store.replace_flips(site, -FOREVER_MS, FOREVER_MS, made)
        return True

    def _judge(self, site: str) -> list[Flip]:
        past = _Past(self._store, site, self._anew)
        medium = self._mediums.get(site, Medium.OTHER)
        for touched in _windows(self._store, site):
            past.last_ms = touched.to_ms
            rejudge_site(cast("Store", past), touched, self._settings, medium)  # all of a store that it asks for
        return past.kept

    def _days(self, desk: Desk) -> int:
        """How many kept days of a site were others, or were missing."""
        before = {day.from_ms: day for day in self._store.books.days(desk.site, desk.first_ms, desk.until_ms)}
        if self._check:
            days = days_between(desk.timezone, desk.first_ms, desk.until_ms)
            return sum(from_ms not in before or self._is_other(before[from_ms]) for from_ms, _ in days)
        self._accounts.touched(desk.site, desk.first_ms, desk.until_ms - 1, WHY)
        while self._accounts.close():
            pass
        after = self._store.books.days(desk.site, desk.first_ms, desk.until_ms)
        return sum(day.from_ms not in before or before[day.from_ms].number != day.number for day in after)

    def _is_other(self, day: KeptDay) -> bool:
        made = self._accounts.make(day.site, day.from_ms, day.to_ms)
        return (day.ledger, day.tally) != (made.ledger.to_bytes(), tally(made.ledger, made.latency))


def _windows(store: Store, site: str) -> Iterator[Touched]:
    """All results of `site` in order: from the first to the last of each window that has any."""
    span = store.span(site)
    start_ms = span[0] if span else 0
    while span and start_ms <= span[1]:
        at_ms = store.read(site, start_ms, start_ms + WINDOW_MS).at_ms
        if len(at_ms):
            yield Touched(site=site, from_ms=int(at_ms.min()), to_ms=int(at_ms.max()))
        start_ms += WINDOW_MS


class _Past:
    """A store in which the results of `site` up to `last_ms` have come, and nothing was judged but what is `kept`.

    Of other sites, the flips that stand, or `anew` those of scope `site` that would.
    """

    def __init__(self, store: Store, site: str, anew: dict[str, list[Flip]]) -> None:
        self._store, self._site, self._anew = store, site, anew
        self.last_ms = 0
        self.kept: list[Flip] = []
        """By time and scope."""

    def read(self, site: str, from_ms: int, to_ms: int) -> Columns:
        return self._store.read(site, from_ms, min(to_ms, self.last_ms + 1))

    def span(self, site: str) -> tuple[int, int] | None:
        span = self._store.span(site)
        return (span[0], min(span[1], self.last_ms)) if span else None

    def flips(self, site: str, from_ms: int, to_ms: int, scope: str | None = None) -> list[Flip]:
        known = self._known(site)
        if known is None:
            return self._store.flips(site, from_ms, to_ms, scope)
        inside = known[bisect_left(known, from_ms, key=_at_ms) : bisect_left(known, to_ms, key=_at_ms)]
        return [flip for flip in inside if scope in (None, flip.scope)]

    def state_at(self, site: str, at_ms: int) -> list[Flip]:
        known = self._known(site)
        if known is None:
            return self._store.state_at(site, at_ms)
        last = {flip.scope: flip for flip in known[: bisect_left(known, at_ms + 1, key=_at_ms)]}
        return [last[scope] for scope in sorted(last)]

    def replace_flips(self, _site: str, from_ms: int, to_ms: int, flips: Sequence[Flip]) -> None:
        first, end = (bisect_left(self.kept, ms, key=_at_ms) for ms in (from_ms, to_ms))
        self.kept[first:end] = flips

    def _known(self, site: str) -> list[Flip] | None:
        return self.kept if site == self._site else self._anew.get(site)
