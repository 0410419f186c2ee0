"""What reports are made of: the store, the accounts and the registry, read for one period, scope and moment.

One Source is for one report (or one pack of them): it adds a period up once for all scopes, however many tables want
it, and tells how far it is. `now_ms` is one moment for everything in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar, cast

from collector.accounting.accounts import Day
from collector.accounting.accounts import Revision as DayRevision
from collector.accounting.calendars import Calendar
from collector.accounting.days import ends_ms
from collector.contracts import Contract
from collector.figures.indicators import AccountingSettings, Figures, figures
from collector.figures.periods import Period
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.sums import Sums
from collector.figures.totals import SCOPES, Accounts, Asked, Totals, asked_of
from collector.figures.trend import Point, added, points
from collector.followups import Matter, told
from collector.judging.judge import JudgeSettings
from collector.registry import Details, Site
from collector.reports.document import Revision, Subject
from collector.reports.once import once
from collector.reports.settings import ReportSettings, TargetSettings
from collector.reports.spans import Pieces, Span, months_shown, span_of
from collector.reports.sweep import SITE, SWEPT, Scope, Swept, sweep
from collector.store import Store
from shared.texts import Texts

Progress = Callable[[str, int, int], None]
"""Told (what is being done, done so far, of how many)."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a report is asked for. `sites` are all that the asker may know of; `by` is who asks, "" for nobody.
    `within`: the regency to which the asker is confined, where `scope` does not say so by itself."""

    period: Period
    sites: Sequence[Site]
    scope: str = "all"
    of: str = ""
    by: str = ""
    within: str = ""

    def touches(self, site: Site) -> bool:
        """Whether `site` is within the scope."""
        return self.scope == "all" or SCOPES[self.scope](site) == self.of

    def finds(self, site: Site) -> bool:
        """Whether `site` is there in the period: it was not closed before."""
        return self.period.span(site.timezone)[0] < ends_ms(site)


PLAIN = Choice(Hours.ALL, Exclusions.WITH)
SERVICE = Choice(Hours.SERVICE, Exclusions.WITH)
TOGETHER = (PLAIN, SERVICE)
"""What most reports want; it costs little more than one of them."""
BRIEF_MS = 2 * 86_400_000
"""What is made of so much time at once may be remembered; more of it would fill the memory."""
T = TypeVar("T")


def everything(_site: Site) -> bool:
    """Every site counts."""
    return True


@dataclass(kw_only=True)
class Source:
    """Blocks; for one thread."""

    wanted: Wanted
    store: Store
    accounts: Accounts
    calendar_of: Callable[[Site], Calendar]
    accounting: AccountingSettings
    judge: JudgeSettings
    settings: ReportSettings
    targets: Sequence[TargetSettings]
    texts: Texts
    now_ms: int
    timezone: str
    province: str = ""
    progress: Progress = silent
    known: dict[object, object] = field(default_factory=dict)

    @once
    def registered(self) -> list[Site]:
        """Those of the scope, by code, also those that were closed before the period: they count in earlier ones."""
        return sorted((one for one in self.wanted.sites if self.wanted.touches(one)), key=lambda one: one.code)

    @once
    def sites(self) -> list[Site]:
        """Those of the scope that are there in the period, by code."""
        return [site for site in self.registered if self.wanted.finds(site)]

    def elsewhere(self) -> list[Site]:
        """Sites that are there in the period and are not in the report."""
        inside = {site.code for site in self.registered}
        return [site for site in self.store.sites() if site.code not in inside and self.wanted.finds(site)]

    @once
    def details(self) -> Mapping[str, Details]:
        """By code; of every site, also of those whose register says nothing."""
        told = {one.code: one for one in self.store.register.details()}
        return {site.code: told.get(site.code) or Details(code=site.code) for site in self.registered}

    @once
    def matters(self) -> Sequence[Matter]:
        """Follow-ups that are about a site of the scope; of everything, also those whose site has left the register."""
        known = told(self.store.followups.all(), self.store.followups.steps())
        whole = self.wanted.scope == "all" and len(self.wanted.sites) == len(self.store.sites())
        return [one for one in known if whole or any(one.followup.touches(site) for site in self.registered)]

    @once
    def contracts(self) -> Sequence[Contract]:
        """All versions of all contracts, by number and first day."""
        return self.store.register.contracts()

    @once
    def remembering(self) -> "Remembering":
        """The accounts; today is made only once."""
        return Remembering(self.accounts)

    @once
    def totals(self) -> Totals:
        return Totals(self.remembering, self.store.books, self.calendar_of, self.accounting)

    @property
    def span(self) -> Span:
        """The days of the report: up to today where its period has not ended."""
        return span_of(self.wanted.period, self.now_ms, self.timezone)

    def asked(self, site: Site, period: Period) -> Asked | None:
        """`period` of `site` until now, or its last day; None where it has not begun, or the site was closed before."""
        return asked_of(site, period.span(site.timezone), self.now_ms)

    def figures(
        self,
        scope: str,
        period: Period | None = None,
        choice: Choice = PLAIN,
        where: Callable[[Site], bool] = everything,
    ) -> Mapping[str, Figures]:
        """Of every owner in `scope` among the sites of this report, by name. Costs next to nothing the second time,
        unless there is a `where`."""
        if where is everything:
            return {owner[0]: one for owner, one in self.figures_of((scope,), period, choice).items()}
        owners: dict[str, list[Asked]] = {}
        for site in self.registered:
            asked = self.asked(site, period or self.wanted.period)
            if asked and where(site):
                owners.setdefault(SCOPES[scope](site), []).append(asked)
        named = dict(sorted(owners.items()))
        return dict(zip(named, (one for one, _ in self.totals.figures(list(named.values()), choice)), strict=True))

    def figures_of(
        self, scope: Scope, period: Period | None = None, choice: Choice = PLAIN
    ) -> Mapping[tuple[str, ...], Figures]:
        """Of every owner by its names; `scope` is one of sweep.SWEPT, or the site."""
        return self._swept(period or self.wanted.period, choice).figures.get((scope, choice), {})

    def figures_of_all(
        self, period: Period | None = None, choice: Choice = PLAIN
    ) -> Mapping[str, Mapping[str, Figures]]:
        """`figures` of every scope that has one name."""
        return {scope[0]: self.figures(scope[0], period, choice) for scope in (SITE, *SWEPT) if len(scope) == 1}

    def _swept(self, period: Period, choice: Choice) -> Swept:
        choices = TOGETHER if choice in TOGETHER else (choice,)
        what = self.texts.say("monthly.doing.figures", period=period.name)
        return self.recall(
            ("swept", period.start, period.end, choices),
            lambda: sweep(
                self.totals,
                [asked for site in self.registered if (asked := self.asked(site, period))],
                choices,
                self.accounting,
                lambda done: self.progress(what, done, len(self.sites)),
            ),
        )

    def recall(self, asked: object, make: Callable[[], T]) -> T:
        """What `make` makes of `asked`, which names everything that matters, made once."""
        if asked not in self.known:
            self.known[asked] = make()
        return cast(T, self.known[asked])

    def points(self, pieces: Pieces) -> list[Point]:
        """All sites of the report together in each of `pieces`, today as far as it is."""
        n = len(pieces) - 1
        by_kind = self._added(pieces)
        together = Sums(n)
        together.numbers[:] = by_kind.numbers.reshape(-1, n, by_kind.numbers.shape[1]).sum(axis=0)
        return points(pieces, figures(together, PLAIN, self.accounting))

    def year_so_far(self, kind: str, choice: Choice) -> Figures:
        """Without outages: of the sites of `kind` ("": all), from the first day of the year that the report's last day
        lies in. It is added up from the months, which the trend has anyway."""
        pieces = months_shown(self.span)
        whole, first = Sums(1), date(self.span.last.year, 1, 1)
        owners = [(of, begins) for of in self._kinds for _, begins in pieces[:-1]]
        for numbers, (of, begins) in zip(self._added(pieces).numbers, owners, strict=True):
            if begins >= first and kind in ("", of):
                whole.numbers[0] += numbers
        return figures(whole, choice, self.accounting)[0]

    @once
    def _kinds(self) -> list[str]:
        return sorted({site.kind for site in self.registered})

    def _added(self, pieces: Pieces) -> Sums:
        """Of each kind of sites in each of `pieces`."""

        def tell() -> Sums:
            self.progress(self.texts.say("monthly.doing.trend"), 0, len(self.sites))
            groups = [[site for site in self.registered if site.kind == kind] for kind in self._kinds]
            return added(self.store.books, groups, pieces, self.made)

        return self.recall(("added", *pieces), tell)

    def made(self, site: Site, from_ms: int, to_ms: int) -> Sequence[Day]:
        """The days that are not closed, until now, or the last day of the site."""
        until_ms = min(to_ms, self.now_ms, ends_ms(site))
        return self.remembering.days(site.code, from_ms, until_ms) if from_ms < until_ms else ()

    @once
    def coverage(self) -> float | None:
        """Of the whole scope in the period asked for."""
        found = self.figures("all").get("")
        return found.coverage if found else None

    @once
    def revision(self) -> Revision:
        """What the figures of the whole scope rest on."""
        corrected = self._swept(self.wanted.period, PLAIN).corrected_days
        told = [
            one.number
            for site in self.sites
            if site.code in corrected and (asked := self.asked(site, self.wanted.period))
            for one in self.store.books.tallies(site.code, asked.from_ms, asked.to_ms)
        ]
        length, head = self.store.chain.head()
        return Revision(
            highest=max(told, default=1),
            corrected_days=sum(corrected.values()),
            chain_length=length,
            chain_head=head,
            audit_head=self.store.acts.head(),
        )

    def subject(self, scope: str, of: str, period: str = "", where: tuple[tuple[str, str], ...] = ()) -> Subject:
        """Of whom a row of `figures(scope)` is: narrowed to the scope of the report where that is another one."""
        wanted, period = self.wanted, period or self.wanted.period.name
        belongs = wanted.scope == "site" and all(SCOPES[scope](site) == of for site in self.registered)
        if belongs or (scope == "all" and not where):  # whatever one site belongs to is that site here
            return Subject(scope=wanted.scope, of=wanted.of, period=period)
        narrowed = wanted.scope != "all" and wanted.scope != scope
        return Subject(scope=scope, of=of, period=period, where=(*where, *([(wanted.scope, wanted.of)] * narrowed)))

    def in_portions(self, what: str, n: int = 64, sites: Sequence[Site] | None = None) -> Iterator[Sequence[Site]]:
        """The sites, or those, `n` at a time, telling progress."""
        chosen = self.sites if sites is None else sites
        for first in range(0, len(chosen), n):
            self.progress(what, first, len(chosen))
            yield chosen[first : first + n]
        self.progress(what, len(chosen), len(chosen))


class Remembering:
    """Accounts that make nothing brief twice: every table that has today in it would."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._made: dict[tuple[str, int, int, int | None], Sequence[Day]] = {}

    def days(self, site: str, from_ms: int, to_ms: int, as_of_ms: int | None = None) -> Sequence[Day]:
        key = site, from_ms, to_ms, as_of_ms
        if key in self._made:
            return self._made[key]
        days = self._accounts.days(*key)
        if to_ms - from_ms <= BRIEF_MS or not days:
            self._made[key] = days
        return days

    def revisions(self, site: str, from_ms: int, to_ms: int) -> Sequence[DayRevision]:
        return self._accounts.revisions(site, from_ms, to_ms)
