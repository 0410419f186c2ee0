"""`penyedia`: providers side by side for the January evaluation: what is typical of their sites, how sure that is, and
ranks only where it is sure. figures/league.py has the method.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.contracts import parts
from collector.figures.indicators import Figures
from collector.figures.league import Middle, Place, middle, places
from collector.registry import Site
from collector.reports.document import (
    Chart,
    Column,
    Document,
    Fact,
    Facts,
    Line,
    Prose,
    Row,
    Section,
    Table,
    Unit,
    Value,
)
from collector.reports.heads import document
from collector.reports.measured import cells, columns, fact, owner_words, words
from collector.reports.measures import LEAGUE
from collector.reports.once import once
from collector.reports.source import Source
from collector.reports.spans import DAY
from collector.reports.sweep import Owner, Scope, owner_of
from collector.reports.writing.words import said

DAYS_30_MS = 30 * 86_400_000
PROVIDER: Scope = ("provider",)
BY_MEDIUM: Scope = ("medium", "provider")
LINE = ("line", "line_low", "line_high")
OUTAGES = ("outages", "mttr", "longest", "charged", "charged_time", "coverage")
SEVERAL = ", "


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A provider, or what it has of one medium. `place` None: not ranked, `why` says it. `below` of its `judged` sites
    were below what was promised, or the limit."""

    owner: Owner
    figures: Figures
    sites: Sequence[Site]
    middle: Middle
    place: Place | None
    why: str
    judged: int
    below: int

    @property
    def provider(self) -> str:
        return self.owner[-1]


def make(source: Source) -> Document:
    """See the head of this file."""
    league, say = League(source), source.texts.say
    told = league.standings(PROVIDER)
    ranked, unranked = ([one for one in told if (one.place is None) is left] for left in (False, True))
    media = league.standings(BY_MEDIUM)
    sections: list[Section] = [
        league.key_figures(ranked, unranked),
        *([league.chart(ranked)] if ranked else []),
        Prose(name="ranking", title=say("league.method.title"), paragraphs=league.method()),
        league.table("league", ranked, empty=say("league.empty")),
        league.table("unranked", unranked, empty=say("league.unranked.empty")),
        league.table("by_medium", media, empty=say("league.empty")),
        league.outages(told),
    ]
    return document("penyedia", source, sections, main="league", own=league.method())


class League:
    """Of one source."""

    def __init__(self, source: Source) -> None:
        self._source, self._texts = source, source.texts

    @once
    def _required(self) -> Mapping[str, float]:
        """By site: what its contract promised on the last day, or the limit of the settings."""
        last, settings = self._source.span.last, self._source.settings
        found = {}
        for site in self._source.sites:
            contract = parts(site, self._source.contracts, last, last + DAY)[0].contract
            promised = contract.sla if contract else None
            found[site.code] = settings.league_limit if promised is None else float(promised)
        return found

    def standings(self, scope: Scope) -> list[Standing]:
        """Medium by medium if they are in `scope`; in it who is ranked, the best first, then the others by name."""
        told = self._source.figures_of(scope)
        of: dict[Owner, list[Site]] = {}
        for site in self._source.sites:
            of.setdefault(owner_of(site, scope), []).append(site)
        middles = {owner: self._middle(of[owner]) for owner in told}
        whys = {owner: self._why(owner, one, middles[owner]) for owner, one in told.items()}
        placed: dict[Owner, Place] = {}
        for medium in sorted({owner[:-1] for owner in told}):
            mine = {owner[-1]: middles[owner] for owner in told if owner[:-1] == medium and not whys[owner]}
            placed |= {(*medium, provider): place for provider, place in places(mine).items()}
        ordered = [*placed, *(owner for owner in told if owner not in placed)]
        found = [
            Standing(
                owner=owner,
                figures=told[owner],
                sites=of[owner],
                middle=middles[owner],
                place=placed.get(owner),
                why=whys[owner],
                judged=middles[owner].n,
                below=self._below(of[owner]),
            )
            for owner in ordered
        ]
        return sorted(found, key=lambda one: one.owner[:-1])

    def _ratios(self, sites: Sequence[Site]) -> Iterator[tuple[Site, tuple[float, float, float]]]:
        """(value, low, high) of the lines of those with enough data."""
        told = self._source.figures("site")
        for site in sites:
            line = told[site.code].availability["line"] if site.code in told else None
            if line and line.value is not None and line.low is not None and line.high is not None:
                yield site, (line.value, line.low, line.high)

    def _middle(self, sites: Sequence[Site]) -> Middle:
        return middle([ratio for _, ratio in self._ratios(sites)])

    def _below(self, sites: Sequence[Site]) -> int:
        return sum(value < self._required[site.code] for site, (value, _, _) in self._ratios(sites))

    def _why(self, owner: Owner, one: Figures, found: Middle) -> str:
        """Why it is not ranked; "": it is."""
        say, least = self._texts.say, self._source.settings.league_at_least_sites
        if not owner[-1]:
            return say("league.why.unnamed")
        if one.sites < least:
            return say("league.why.few", n=one.sites, least=least)
        if found.n < least:
            return say("league.why.silent", n=found.n, sites=one.sites, least=least)
        if not one.enough_data:
            return say("league.why.coverage")
        return "" if found.low is not None else say("league.why.few", n=found.n, least=6)

    def key_figures(self, ranked: Sequence[Standing], unranked: Sequence[Standing]) -> Facts:
        say = self._texts.say
        told = self._source.figures("all").get("")
        subject = self._source.subject("all", "")
        facts = [
            Fact(
                name=name,
                label=say(f"league.{name}"),
                value=len(found),
                unit=Unit.COUNT,
                measure=f"league.{name}",
                subject=subject,
            )
            for name, found in (("ranked", ranked), ("unranked", unranked))
        ]
        facts += [fact(name, told, subject, self._texts) for name in (*LINE, "outages", "coverage") if told]
        return Facts(name="key", title=say("league.key"), facts=facts)

    def method(self) -> list[str]:
        """How providers are compared, in sentences."""
        settings = self._source.settings
        least = {"least": settings.league_at_least_sites}
        return [
            self._texts.say(f"league.method.{name}", **least) for name in ("middle", "interval", "rank", "media", "few")
        ]

    def chart(self, ranked: Sequence[Standing]) -> Chart:
        line = Line(
            self._texts.say("league.column.middle"),
            [one.middle.value for one in ranked],
            [one.middle.low for one in ranked],
            [one.middle.high for one in ranked],
        )
        return Chart(
            name="league_chart",
            title=self._texts.say("league.chart"),
            kind="bars",
            places=[one.provider for one in ranked],
            lines=[line],
            note=self._texts.say("league.chart.note"),
            of_table="league",
        )

    def table(self, name: str, found: Sequence[Standing], empty: str) -> Table:
        """Ranks and what they rest on."""
        ranks, medium = name != "unranked", name == "by_medium"
        shown = [words("medium", self._texts)] if medium else []
        shown += [words("provider", self._texts, wide=True)]
        shown += self._columns("rank", "at_worst") if ranks else []
        shown += [] if medium else [words("medium", self._texts)]
        shown += [*columns(("sites",), self._texts), *self._columns("judged", "middle", "middle_low", "middle_high")]
        shown += [*columns(LINE, self._texts), *self._columns("below", "below_share"), self._why_column(ranks=ranks)]
        return Table(
            name=name,
            title=self._texts.say(f"league.{name}.title"),
            columns=tuple(shown),
            rows=lambda: (self._row(one, ranks, medium) for one in found),
            note=self._texts.say(
                f"league.{name}.note", limit=said(self._source.settings.league_limit, Unit.SHARE, self._texts)
            ),
            empty=empty,
        )

    def _row(self, one: Standing, ranks: bool, medium: bool) -> Row:
        place = one.place
        media = sorted({site.medium.value for site in one.sites})
        names = SEVERAL.join(owner_words("medium", medium, self._texts) for medium in media)
        told: list[Value] = [names] if medium else []
        told.append(owner_words("provider", one.provider, self._texts))
        told += [place.rank if place else None, place.at_worst if place else None] if ranks else []
        told += [] if medium else [names]
        told += [*cells(one.figures, ["sites"]), one.judged, one.middle.value, one.middle.low, one.middle.high]
        told += [*cells(one.figures, LINE), one.below, one.below / one.judged if one.judged else None]
        told.append(SEVERAL.join(place.like) if place else one.why)
        where = (("medium", one.owner[0]),) if medium else ()
        return Row(
            cells=tuple(told),
            subject=self._source.subject("provider", one.provider, where=where),
        )

    def outages(self, found: Sequence[Standing]) -> Table:
        """How often, how long, how soon repaired."""
        shown = columns(("sites", *OUTAGES), self._texts)
        return Table(
            name="outages",
            title=self._texts.say("league.outages.title"),
            columns=(words("provider", self._texts, wide=True), *shown, self._column("rate")),
            rows=lambda: (self._outages(one) for one in sorted(found, key=lambda one: one.provider)),
            note=self._texts.say("league.outages.note"),
        )

    def _outages(self, one: Standing) -> Row:
        told, months = one.figures, one.figures.period_ms / DAYS_30_MS
        return Row(
            cells=(
                owner_words("provider", one.provider, self._texts),
                *cells(told, ("sites", *OUTAGES)),
                told.outages.n / months if months and told.enough_data else None,
            ),
            subject=self._source.subject("provider", one.provider),
        )

    def _column(self, name: str) -> Column:
        """Of one of LEAGUE."""
        measure = f"league.{name}"
        label = self._texts.say(f"league.column.{name}")
        return Column(name=name, label=label, unit=LEAGUE[measure], measure=measure)

    def _columns(self, *names: str) -> list[Column]:
        return [self._column(name) for name in names]

    def _why_column(self, *, ranks: bool) -> Column:
        name = "like" if ranks else "why"
        return Column(name=name, label=self._texts.say(f"league.column.{name}"), wide=True)
