"""What is asked about figures, and the answer: the API tells it as JSON and CSV, the page as tables and pictures.

Adding up a province takes half a second: it is done in a thread, one question at a time (`turn`), so that the others
breathe. What pages asked is remembered for a minute, unless a person said something meanwhile that changes accounts.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from collector.accounting.calendars import ALWAYS, Calendar
from collector.accounting.days import ends_ms
from collector.faces import indicator_answers as answers
from collector.faces.guard import Refused
from collector.figures.indicators import AccountingSettings
from collector.figures.periods import Period, local
from collector.figures.shares import Choice
from collector.figures.totals import SCOPES, Asked, Totals, asked_of
from collector.registry import Site
from shared.clock import Clock

REMEMBERED_NS = 60 * 1_000_000_000
MOST_REMEMBERED = 64
T = TypeVar("T")

FILTERS = tuple(scope for scope in SCOPES if scope not in ("site", "all"))
"""What a question may be narrowed by: only the sites of this OPD, regency, provider, medium, kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which figures are wanted: of every owner in `scope`, or `of` one; only of sites that are `where` says."""

    scope: str
    period: Period
    choice: Choice
    of: str = ""
    where: tuple[tuple[str, str], ...] = ()
    as_of_ms: int | None = None

    def touches(self, site: Site) -> bool:
        """Whether `site` counts in it."""
        return all(SCOPES[scope](site) == value for scope, value in self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiries:
    """Answers questions. `acts_version` changes when people enter or withdraw something; `timezone` is that of the
    times of answers about sites in several time zones."""

    totals: Totals
    calendar_of: Callable[[Site], Calendar]
    clock: Clock
    timezone: str
    settings: AccountingSettings
    acts_version: Callable[[], int]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _made: dict[object, tuple[int, object]] = field(default_factory=dict)

    def remembered(self, question: Question, sites: Sequence[Site]) -> answers.IndicatorsAnswer:
        """`answer`, up to a minute old: `as_of` says when it was made. Take your `turn` before."""
        return self.recall((question, tuple(sites)), lambda: self.answer(question, sites))

    def recall(self, asked: object, make: Callable[[], T]) -> T:
        """What `make` makes of `asked`, which names everything that matters except what people said."""
        now_ns, key = self.clock.mono_ns(), (asked, self.acts_version())
        for old in [key for key, (made_ns, _) in self._made.items() if now_ns - made_ns >= REMEMBERED_NS]:
            del self._made[old]
        if key not in self._made:
            made = make()
            if len(self._made) >= MOST_REMEMBERED:
                del self._made[next(iter(self._made))]
            self._made[key] = now_ns, made
        return cast(T, self._made[key][1])

    def answer(self, question: Question, sites: Sequence[Site]) -> answers.IndicatorsAnswer:
        """Of `sites`, which are all that the asker may know of (blocks; take your `turn` before)."""
        now_ms = self.clock.wall_ms()
        owners = owners_of(question, sites, question.as_of_ms or now_ms)
        told = self.totals.figures(list(owners.values()), question.choice, question.as_of_ms)
        found: list[answers.IndicatorAnswer] = []
        everywhere = {one.site.timezone for asked in owners.values() for one in asked}
        for (of, asked), (figures, corrected_days) in zip(owners.items(), told, strict=True):
            zones = sorted({one.site.timezone for one in asked})
            found.append(
                answers.indicator_answer(
                    of,
                    figures,
                    corrected_days,
                    timezone=self._zone(zones),
                    zones=", ".join(zones),
                    span=(min(one.from_ms for one in asked), max(one.to_ms for one in asked)),
                    calendar=", ".join(sorted({title_of(self.calendar_of(one.site)) for one in asked})),
                )
            )
        return answers.IndicatorsAnswer(
            scope=question.scope,
            period=question.period.name,
            hours=question.choice.hours,
            exclusions=question.choice.exclusions,
            as_of=local(question.as_of_ms or now_ms, self._zone(everywhere)),
            coverage_floor=self.settings.coverage_floor,
            charge_after_s=self.settings.charge_after_s,
            formulas=answers.formulas(found),
            indicators=found,
        )

    def _zone(self, zones: Collection[str]) -> str:
        """The one of all times about sites in `zones`."""
        return next(iter(zones)) if len(zones) == 1 else self.timezone


def owners_of(question: Question, sites: Sequence[Site], now_ms: int) -> Mapping[str, list[Asked]]:
    """Who is asked for, by name, with their sites among `sites`; Refused if nobody is."""
    scope, of, period = question.scope, question.of, question.period
    owners: dict[str, list[Asked]] = {}
    for site in sites:
        owner = SCOPES[scope](site)
        if (not of or owner == of) and question.touches(site):
            asked = asked_of(site, period.span(site.timezone), now_ms)
            if asked:
                owners.setdefault(owner, []).append(asked)
    if of and not owners:
        raise _nothing([site for site in sites if SCOPES[scope](site) == of and question.touches(site)], question)
    return dict(sorted(owners.items()))


def _nothing(known: Sequence[Site], question: Question) -> Refused:
    """Why nothing of `known` counts: there is none, they were closed before, or the period has not begun."""
    scope, of, period = question.scope, question.of, question.period
    if not known:
        return Refused(404, f"unknown-{scope}", f"there is no {scope} {of!r}")
    if all(period.span(site.timezone)[0] >= ends_ms(site) for site in known):
        return Refused(400, "closed", f"{scope} {of!r} was closed before {period.name}")
    return not_begun(period)


def not_begun(period: Period) -> Refused:
    return Refused(400, "bad-period", f"{period.name} has not begun")


def title_of(calendar: Calendar) -> str:
    """The name that stands beside figures which were made with it."""
    return calendar.name or ALWAYS.title
