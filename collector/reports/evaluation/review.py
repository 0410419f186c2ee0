"""`tinjauan`: minutes of the periodic review, filled with the period's facts.

SPBE and Pemdi ask whether the network is reviewed, and whether the review was followed up. Both are proved by records:
what was found follows from the figures by the rules of findings.py; what was to be done about it, who did it and when
are follow-ups, which nobody can change or delete. What people decide in the meeting they write into the minutes.
"""

from collections.abc import Iterator, Mapping, Sequence

from collector.acts import Exclusion
from collector.figures.indicators import Figures
from collector.figures.periods import local
from collector.figures.shares import Choice, Exclusions, Hours
from collector.followups import FollowUpState, Matter
from collector.registry import Site
from collector.reports.document import Column, Document, Facts, Prose, Row, Section, Subject, Table, Unit, Value
from collector.reports.evaluation import findings
from collector.reports.heads import document
from collector.reports.measured import cells, columns, fact, words
from collector.reports.measures import ENTERED
from collector.reports.source import Source

OFFICE = "opd"
"""The kind of sites that are judged by their service hours."""
KEY_FIGURES = ("experienced", "line", "coverage", "outages", "downtime", "charged_time", "power_cuts")
CHARGED = ("sites", "charged", "charged_time", "line")
STATE_MARKS = {FollowUpState.OPEN: "open", FollowUpState.DONE: "good", FollowUpState.DROPPED: ""}


def make(source: Source) -> Document:
    """The minutes; follow-ups as they stand now, whatever the period."""
    review = _Review(source)
    sections: list[Section] = [
        review.meeting(),
        review.key_figures(),
        *review.found(),
        *review.followed_up(),
        Prose(
            name="decisions",
            title=source.texts.say("review.decisions"),
            paragraphs=[source.texts.say(f"review.decisions.{n}") for n in (1, 2, 3, 4)],
            fill_in=True,
        ),
        review.signatures(),
    ]
    rules = source.texts.say("review.method", recurrent=findings.RECURRENT, most=source.settings.worst)
    return document("tinjauan", source, sections, main="followups_before", own=[rules])


class _Review:
    """The sections, one method each."""

    def __init__(self, source: Source) -> None:
        self._source, self._say = source, source.texts.say
        self._by_site = source.figures("site")
        self._names = {site.code: site for site in source.sites}

    def meeting(self) -> Prose:
        """What the secretary writes down."""
        fields = [self._say(f"review.meeting.{name}") for name in ("when", "where", "chair", "present")]
        city = self._source.settings.city
        if city:
            fields[1] = f"{fields[1]} {city}"
        return Prose(name="meeting", title=self._say("review.meeting"), paragraphs=fields, fill_in=True)

    def key_figures(self) -> Facts:
        """The period in a few figures."""
        wanted = self._source.wanted
        found = self._source.figures(wanted.scope).get(wanted.of)
        subject = self._source.subject(wanted.scope, wanted.of)
        return Facts(
            name="key",
            title=self._say("review.key"),
            facts=[fact(name, found, subject, self._source.texts) for name in KEY_FIGURES] if found else [],
        )

    def found(self) -> Iterator[Table]:
        """What the figures say by the rules of findings.py, each with the follow-ups that are open about it."""
        most, texts = self._source.settings.worst, self._source.texts
        recurrent = findings.recurrent(self._by_site, most)
        yield self._sites_table("recurrent", recurrent, ("outages", "downtime", "longest", "experienced"))
        yield self._unseen("unseen", Hours.ALL)
        yield self._unseen("unseen_offices", Hours.SERVICE)
        providers = self._source.figures("provider")
        yield self._table(
            "charged",
            (words("provider", texts), *columns(CHARGED, texts)),
            [
                ((name or self._say("indicators.unnamed"),), "provider", name, providers[name])
                for name in findings.charged(providers, most)
            ],
            CHARGED,
        )
        yield self._late()

    def followed_up(self) -> Iterator[Table]:
        """What was open when the period began or was finished since, and what came in the period."""
        from_ms, to_ms = self._source.wanted.period.span(self._source.timezone)
        before, during = findings.matters(self._source.matters, from_ms, to_ms)
        yield self._matters_table("followups_before", before)
        yield self._matters_table("followups_new", during)

    def signatures(self) -> Prose:
        """Who stands for it."""
        lines = [self._say(f"review.sign.{name}") for name in ("secretary", "chair")]
        return Prose(name="signatures", title=self._say("review.sign"), paragraphs=lines, fill_in=True)

    def _unseen(self, name: str, hours: Hours) -> Table:
        """Of the offices, whose hours are those of their service, or of all other sites."""
        told = self._source.figures("site", choice=Choice(hours, Exclusions.WITH))
        offices = hours is Hours.SERVICE
        mine = {code: one for code, one in told.items() if (self._names[code].kind == OFFICE) is offices}
        return self._sites_table(name, findings.unseen(mine), ("known", "coverage"), mine, hours)

    def _sites_table(
        self,
        name: str,
        codes: Sequence[str],
        measures: Sequence[str],
        of: Mapping[str, Figures] | None = None,
        hours: Hours = Hours.ALL,
    ) -> Table:
        """`of`: the figures in those hours, by code."""
        texts, told = self._source.texts, of or self._by_site
        named = (words("code", texts), words("name", texts), words("provider", texts))
        rows = [(self._site_cells(self._names[code]), "site", code, told[code]) for code in codes]
        return self._table(name, (*named, *columns(measures, texts, hours)), rows, measures)

    def _table(
        self,
        name: str,
        shown: tuple[Column, ...],
        found: Sequence[tuple[tuple[Value, ...], str, str, Figures]],
        measures: Sequence[str],
    ) -> Table:
        def rows() -> Iterator[Row]:
            for named, scope, of, figures in found:
                told = (*named, *cells(figures, measures), self._open_about(scope, of))
                yield Row(cells=told, subject=self._source.subject(scope, of))

        return Table(
            name=name,
            title=self._say(f"review.{name}"),
            columns=(*shown, Column(name="followups", label=self._say("review.column.open"))),
            rows=rows,
            note=self._say(f"review.{name}.note", recurrent=findings.RECURRENT, most=self._source.settings.worst),
            empty=self._say("review.nothing_found"),
        )

    def _late(self) -> Table:
        from_ms, to_ms = self._source.wanted.period.span(self._source.timezone)
        late = findings.late(self._source.store.acts.exclusions(), self._source.sites, from_ms, to_ms)
        names = ("of", "from", "to", "entered", "by", "why")
        return Table(
            name="late",
            title=self._say("review.late"),
            columns=self._columns("exclusion", names, wide=("why",)),
            rows=lambda: (Row(cells=self._late_cells(one), subject=self._act("exclusion", one.id)) for one in late),
            note=self._say("review.late.note"),
            empty=self._say("review.nothing_found"),
        )

    def _late_cells(self, one: Exclusion) -> tuple[Value, ...]:
        return (
            self._whom(one.scope, one.of),
            self._at(one.from_ms),
            self._at(one.to_ms),
            self._at(one.entered_ms),
            one.by,
            one.why,
        )

    def _matters_table(self, name: str, found: Sequence[Matter]) -> Table:
        names = ("id", "what", "of", "owner", "entered", "due", "state", "last", "by", "at")
        return Table(
            name=name,
            title=self._say(f"review.{name}"),
            columns=self._columns("followup", names, wide=("what", "last")),
            rows=lambda: (
                Row(cells=self._matter(one), subject=self._act("followup", one.followup.id), mark=self._mark(one))
                for one in found
            ),
            note=self._say(f"review.{name}.note"),
            empty=self._say(f"review.{name}.none"),
        )

    def _columns(self, kind: str, names: Sequence[str], wide: Sequence[str]) -> tuple[Column, ...]:
        """Of what people entered; what has no measure is text."""
        return tuple(
            Column(
                name=name,
                label=self._say(f"review.column.{name}"),
                unit=ENTERED.get(measure, Unit.TEXT),
                measure=measure if measure in ENTERED else "",
                wide=name in wide,
            )
            for name in names
            for measure in (f"{kind}.{name}",)
        )

    def _matter(self, one: Matter) -> tuple[Value, ...]:
        followup, last = one.followup, one.steps[-1] if one.steps else None
        state = self._say(f"followups.state.{one.state}")
        late = one.overdue(self._source.now_ms)
        return (
            followup.id,
            followup.what,
            self._whom(followup.scope, followup.of),
            followup.owner,
            self._at(followup.entered_ms),
            None if followup.due_ms is None else self._at(followup.due_ms),
            f"{state} ({self._say('followups.overdue')})" if late else state,
            last.note if last else None,
            last.by if last else None,
            self._at(last.entered_ms) if last else None,
        )

    def _act(self, scope: str, number: int) -> Subject:
        """What was entered under that number."""
        return Subject(scope=scope, of=str(number), period=self._source.wanted.period.name)

    def _mark(self, one: Matter) -> str:
        return "bad" if one.overdue(self._source.now_ms) else STATE_MARKS[one.state]

    def _open_about(self, scope: str, of: str) -> str:
        """The numbers of the follow-ups that are open about it, or that there is none."""
        sites = [self._names[of]] if scope == "site" else [s for s in self._source.sites if s.provider == of]
        found = findings.open_about(self._source.matters, scope, of, sites)
        return ", ".join(str(number) for number in found) or self._say("review.no_followup")

    def _whom(self, scope: str, of: str) -> str:
        if scope == "all":
            return self._say("reports.scope.all")
        return f"{self._names[of].name} ({of})" if scope == "site" and of in self._names else of

    def _at(self, at_ms: int) -> Value:
        return local(at_ms, self._source.timezone)

    def _site_cells(self, site: Site) -> tuple[Value, ...]:
        return site.code, site.name, site.provider
