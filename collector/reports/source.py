"""What reports are made of: the store, the accounts and the registry, read for one period, scope and moment.

One Source is for one report (or one pack of them): it reads a site's figures once, however many tables want them, and
tells how far it is. `now_ms` is one moment for everything in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from collector.accounting.calendars import Calendar
from collector.contracts import Contract
from collector.figures.indicators import AccountingSettings, Figures
from collector.figures.periods import Period
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.totals import SCOPES, Accounts, Asked, Totals
from collector.registry import Details, Site
from collector.reports.document import Revision, Subject
from collector.reports.settings import ReportSettings, TargetSettings
from collector.store import Store
from shared.texts import Texts

Progress = Callable[[str, int, int], None]
"""Told (what is being done, done so far, of how many)."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a report is asked for. `sites` are all that the asker may know of; `by` is who asks, "" for nobody."""

    period: Period
    sites: Sequence[Site]
    scope: str = "all"
    of: str = ""
    by: str = ""

    def touches(self, site: Site) -> bool:
        """Whether `site` is within the scope."""
        return self.scope == "all" or SCOPES[self.scope](site) == self.of


PLAIN = Choice(Hours.ALL, Exclusions.WITH)


@dataclass(kw_only=True)
class Source:
    """Blocks; for one thread."""

    wanted: Wanted
    store: Store
    accounts: Accounts
    calendar_of: Callable[[Site], Calendar]
    accounting: AccountingSettings
    settings: ReportSettings
    targets: Sequence[TargetSettings]
    texts: Texts
    now_ms: int
    timezone: str
    province: str = ""
    progress: Progress = silent
    known: dict[object, object] = field(default_factory=dict)

    @cached_property
    def sites(self) -> list[Site]:
        """Those of the scope, by code."""
        return sorted((one for one in self.wanted.sites if self.wanted.touches(one)), key=lambda one: one.code)

    @cached_property
    def details(self) -> Mapping[str, Details]:
        """By code; of every site, also of those whose register says nothing."""
        told = {one.code: one for one in self.store.register.details()}
        return {site.code: told.get(site.code) or Details(code=site.code) for site in self.sites}

    @cached_property
    def contracts(self) -> Sequence[Contract]:
        """All versions of all contracts, by number and first day."""
        return self.store.register.contracts()

    @cached_property
    def totals(self) -> Totals:
        return Totals(self.accounts, self.store.books, self.calendar_of, self.accounting)

    def asked(self, site: Site, period: Period) -> Asked | None:
        """`period` of `site` until now; None where it has not begun."""
        from_ms, to_ms = period.span(site.timezone)
        return Asked(site=site, from_ms=from_ms, to_ms=min(to_ms, self.now_ms)) if from_ms < self.now_ms else None

    def figures(
        self,
        scope: str,
        period: Period | None = None,
        choice: Choice = PLAIN,
        where: Callable[[Site], bool] = lambda _site: True,
    ) -> Mapping[str, Figures]:
        """Of every owner in `scope` among the sites of this report, by name."""
        owners: dict[str, list[Asked]] = {}
        for site in self.sites:
            asked = self.asked(site, period or self.wanted.period)
            if asked and where(site):
                owners.setdefault(SCOPES[scope](site), []).append(asked)
        named = dict(sorted(owners.items()))
        return dict(zip(named, (one for one, _ in self.totals.figures(list(named.values()), choice)), strict=True))

    @cached_property
    def coverage(self) -> float | None:
        """Of the whole scope in the period asked for."""
        found = self.figures("all").get("")
        return found.coverage if found else None

    @cached_property
    def revision(self) -> Revision:
        """What the figures of the whole scope rest on."""
        told = [
            one.number
            for site in self.sites
            if (asked := self.asked(site, self.wanted.period))
            for one in self.store.books.tallies(site.code, asked.from_ms, asked.to_ms)
        ]
        length, head = self.store.chain.head()
        return Revision(
            highest=max(told, default=1),
            corrected_days=sum(number > 1 for number in told),
            chain_length=length,
            chain_head=head,
            audit_head=self.store.acts.head(),
        )

    def subject(self, scope: str, of: str, period: str = "") -> Subject:
        """Of whom a row of `figures(scope)` is: narrowed to the scope of the report where that is another one."""
        narrowed = self.wanted.scope not in ("all", scope)
        where = ((self.wanted.scope, self.wanted.of),) if narrowed else ()
        return Subject(scope=scope, of=of, period=period or self.wanted.period.name, where=where)

    def in_portions(self, what: str, n: int = 64) -> Iterator[Sequence[Site]]:
        """The sites, `n` at a time, telling progress."""
        for first in range(0, len(self.sites), n):
            self.progress(what, first, len(self.sites))
            yield self.sites[first : first + n]
        self.progress(what, len(self.sites), len(self.sites))
