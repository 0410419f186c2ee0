"""The figures that /metrics tells: of all, of each regency, provider and medium, of each site; for a few periods.

They are added up by the clock and not by the scrape, and as seldom as they cost much: today is made on the spot.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from collector.accounting.accounts import Day, Revision
from collector.accounting.calendars import Calendar
from collector.figures.indicators import AccountingSettings, Figures, figures
from collector.figures.periods import CURRENT, current
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.sums import Sums
from collector.figures.totals import PORTION, SCOPES, Accounts, Asked, Books, Totals, asked_of
from collector.registry import Site
from shared.clock import Clock

EVERY_S = 300
SHARE = 20
"""Adding up takes at most one part in so many of a core: a large province is told of less often."""
GROUPED = ("all", "regency", "provider", "medium")
CHOICE = Choice(Hours.ALL, Exclusions.WITH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The figures of `of` in a period of periods.CURRENT, around the clock, without what is excluded."""

    scope: str
    of: str
    period: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What was told last, and when it was."""

    at_ms: int = 0
    told: Sequence[Told] = ()


NOTHING_TOLD = Board()


class IndicatorBoard:
    """Keeps the Board; `refresh` blocks and may be called as often as one likes."""

    def __init__(
        self,
        accounts: Accounts,
        books: Books,
        sites: Callable[[], Sequence[Site]],
        calendar_of: Callable[[Site], Calendar],
        settings: AccountingSettings,
        clock: Clock,
        *,
        per_site: bool,
    ) -> None:
        self._accounts, self._books, self._calendar_of = accounts, books, calendar_of
        self._sites, self._settings, self._clock, self._per_site = sites, settings, clock, per_site
        self._not_before_ns = -1
        self.board = NOTHING_TOLD

    def refresh(self) -> bool:
        """Adds up anew if it is time to; says whether it did."""
        started_ns = self._clock.mono_ns()
        if started_ns < self._not_before_ns:
            return False
        now_ms = self._clock.wall_ms()
        self.board = Board(at_ms=now_ms, told=self._tell(now_ms))
        ended_ns = self._clock.mono_ns()
        self._not_before_ns = ended_ns + max(EVERY_S * 1_000_000_000, SHARE * (ended_ns - started_ns))
        return True

    def _tell(self, now_ms: int) -> list[Told]:
        """Site by site, all periods of a portion at once: they have today in common, which costs the most."""
        sites = [site for site in self._sites() if any(_asked(site, period, now_ms) for period in CURRENT)]
        groups = _groups(sites)
        sums = {period: Sums(len(groups)) for period in CURRENT}
        told: list[Told] = []
        for first in range(0, len(sites), PORTION):
            portion = sites[first : first + PORTION]
            totals = Totals(_Remembering(self._accounts), self._books, self._calendar_of, self._settings)
            owners_of = [[groups[scope, SCOPES[scope](site)] for scope in GROUPED] for site in portion]
            for period in CURRENT:
                part = totals.sums([_asked(site, period, now_ms) for site in portion])
                sums[period].merge(part, owners_of)
                if self._per_site:
                    told += self._told([("site", site.code) for site in portion], period, part)
        return [one for period in CURRENT for one in self._told(list(groups), period, sums[period])] + told

    def _told(self, owners: Sequence[tuple[str, str]], period: str, sums: Sums) -> list[Told]:
        """Nothing is told of who has no site in that period; of all together it always is."""
        found = figures(sums, CHOICE, self._settings)
        return [
            Told(scope=scope, of=of, period=period, figures=one)
            for (scope, of), one in zip(owners, found, strict=True)
            if one.sites or scope == "all"
        ]


class _Remembering:
    """Accounts that make no day twice."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._made: dict[tuple[str, int, int, int | None], Sequence[Day]] = {}

    def days(self, site: str, from_ms: int, to_ms: int, as_of_ms: int | None = None) -> Sequence[Day]:
        key = site, from_ms, to_ms, as_of_ms
        if key not in self._made:
            self._made[key] = self._accounts.days(*key)
        return self._made[key]

    def revisions(self, site: str, from_ms: int, to_ms: int) -> Sequence[Revision]:
        return self._accounts.revisions(site, from_ms, to_ms)


def _groups(sites: Sequence[Site]) -> Mapping[tuple[str, str], int]:
    """(scope, of) -> its place; `all` is always there."""
    names = dict.fromkeys([("all", ""), *((scope, SCOPES[scope](site)) for scope in GROUPED for site in sites)])
    return {name: place for place, name in enumerate(names)}


def _asked(site: Site, period: str, now_ms: int) -> list[Asked]:
    """At most one: nothing of a site that was closed before."""
    asked = asked_of(site, current(period, now_ms, site.timezone), now_ms)
    return [asked] if asked else []
