"""Indicators: `/indicators`: choose a period and a scope, read, compare, download.

figures_wanted.py, figure_rows.py, period_words.py, bars.py (pure): what is asked, the table, the words for periods and
the pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import web

from collector.faces.guard import Refused
from collector.faces.indicator_answers import IndicatorAnswer, IndicatorsAnswer
from collector.faces.inquiry import FILTERS, Question
from collector.faces.pages import figure_rows, period_words
from collector.faces.pages.bars import Line, line
from collector.faces.pages.figure_rows import COLUMNS, Teller, availability
from collector.faces.pages.figures_wanted import CHOICES, Wanted
from collector.faces.pages.paging import Sheet
from collector.faces.pages.shell import PageParts, Reader
from collector.figures.periods import Period, local
from collector.figures.totals import SCOPES
from collector.figures.trend import pieces_of, trend
from collector.registry import Site
from shared.texts import Texts

ROWS = 50
"""Rows on one page of the table."""


@dataclass(frozen=True, slots=True)
class IndicatorsPage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/indicators", self.indicators)]

    async def indicators(self, request: web.Request) -> web.Response:
        """In turn with everybody who asks for figures: the other pages breathe."""
        async with self.parts.inquiries.turn:
            return await self.parts.shell.answer(request, "indicators", "indicators.html", self._tell)

    def _tell(self, reader: Reader) -> Mapping[str, Any]:
        texts, today = reader.view.texts, local(reader.view.now_ms, self.parts.config.timezone).date()
        wanted = Wanted.of(reader.query, today, texts)
        sites = [site for site in self.parts.store.sites() if reader.who.sees(site)]
        told = self._answer(wanted.question, wanted.question.period, sites, today, reader)
        then = self._answer(wanted.question, wanted.then, sites, today, reader) if wanted.then else None
        names = figure_rows.names_of(told.indicators, told.scope, sites, texts)
        return {
            **_choices(wanted, sites, today, reader),
            **_told(wanted, told, then, names, sites, reader),
            "floor": Teller(texts).share(told.coverage_floor, 0),
            "formulas": told.formulas,
            "trend": self._trend(wanted, sites, today, texts) if wanted.single and told.indicators else None,
        }

    def _answer(
        self, question: Question, period: Period, sites: Sequence[Site], today: date, reader: Reader
    ) -> IndicatorsAnswer:
        asked = Question(
            scope=question.scope,
            period=period_words.over(period, today),
            choice=question.choice,
            of=question.of,
            where=question.where,
        )
        try:
            return self.parts.inquiries.remembered(asked, sites)
        except Refused as refused:
            say, scope = reader.view.texts.say, question.scope
            if refused.problem.type == "closed":
                raise Refused(400, "closed", say("indicators.closed", of=question.of)) from None
            if refused.problem.status != 404:
                raise
            said = say("indicators.unknown", scope=say(f"indicators.scope.{scope}"), of=question.of)
            raise Refused(404, refused.problem.type, said) from None

    def _trend(self, wanted: Wanted, sites: Sequence[Site], today: date, texts: Texts) -> Mapping[str, Any]:
        """Of the one row, by days or months."""
        question, teller = wanted.question, Teller(texts)
        mine = [
            site
            for site in sites
            if question.touches(site) and (not question.of or SCOPES[question.scope](site) == question.of)
        ]
        pieces = pieces_of(question.period, today)
        points = self.parts.inquiries.recall(
            ("trend", question, tuple(mine), tuple(pieces)),
            lambda: trend(self.parts.store.books, mine, pieces, question.choice, self.parts.config.accounting),
        )
        told = [
            {
                "name": point.name,
                "line": teller.share(point.line.value),
                "experienced": teller.share(point.experienced.value),
                "coverage": teller.share(point.coverage, 0),
            }
            for point in points
        ]
        values = [
            (point.line.value, texts.say("indicators.trend.point", **one))
            for point, one in zip(points, told, strict=True)
        ]
        picture: Line = line(values, teller.scale, wanted.limit)
        return {"line": picture, "points": told, "first": points[0].name, "last": points[-1].name}


def _told(
    wanted: Wanted,
    told: IndicatorsAnswer,
    then: IndicatorsAnswer | None,
    names: Mapping[str, str],
    sites: Sequence[Site],
    reader: Reader,
) -> dict[str, Any]:
    """The table, the picture above it and the sentence above that."""
    texts, teller, scope = reader.view.texts, Teller(reader.view.texts), wanted.question.scope
    ordered = figure_rows.in_order(told.indicators, wanted.sort, names)
    sheet = Sheet.of(wanted.page, len(ordered), ROWS)
    shown = ordered[sheet.span]
    known = {site.code: site for site in sites} if scope == "site" else {}
    hrefs = {one.of: _down(scope, one.of, reader) for one in shown}
    details = {one.of: "" if wanted.single else reader.again("indicators", of=one.of, page="") for one in shown}
    base = next((one for one in told.indicators if one.of == wanted.against), None) if wanted.against else None
    befores = {one.of: one for one in then.indicators} if then else {}
    return {
        "since": _since(wanted, told, then, texts),
        "lead": _lead(told.indicators, names, details, teller),
        "rows": [
            {
                **_called(one.of, names, known),
                "href": hrefs[one.of],
                "detail": details[one.of] if one.of else "",
                "against": reader.again("indicators", against=one.of, compare="", page="") if one.of else "",
                "cells": figure_rows.cells(one, teller),
                "difference": _difference(one, base, befores, then is not None, teller),
            }
            for one in shown
        ],
        "compared": _compared(wanted, base, names, texts),
        "found": len(ordered),
        "picture": figure_rows.picture(shown, names, details if not wanted.single else hrefs, teller, wanted.limit),
        "spent": figure_rows.spent(ordered[0], teller) if wanted.single and ordered else None,
        **sheet.parts,
        "single": wanted.single,
        "single_name": names[ordered[0].of] if wanted.single and ordered else wanted.question.of,
    }


def _called(of: str, names: Mapping[str, str], known: Mapping[str, Site]) -> dict[str, str]:
    """What a row is of; of a site also its code and where it is."""
    small = " · ".join(part for part in (of, known[of].regency) if part) if known else ""
    return {"of": of, "name": names[of], "small": small}


def _since(wanted: Wanted, told: IndicatorsAnswer, then: IndicatorsAnswer | None, texts: Texts) -> list[str]:
    """Sentences for periods that are not accounted for as a whole: the one told, the one compared with."""
    said = [period_words.since(told.indicators, texts)]
    if wanted.then and then and (of_then := period_words.since(then.indicators, texts)):
        period = period_words.called(wanted.then, texts)
        said.append(texts.say("indicators.counted.then", period=period, said=of_then))
    return [sentence for sentence in said if sentence]


def _down(scope: str, of: str, reader: Reader) -> str:
    """From a row to its sites, or to the page of the site."""
    if scope == "site":
        return reader.href(f"sites/{of}")
    narrowed = {} if scope == "all" else {scope: of}
    return reader.again("indicators", scope="site", of="", sort="", page="", against="", **narrowed) if of else ""


def _difference(
    one: IndicatorAnswer,
    base: IndicatorAnswer | None,
    befores: Mapping[str, IndicatorAnswer],
    by_period: bool,
    teller: Teller,
) -> figure_rows.Difference | None:
    if by_period:
        return figure_rows.difference(one, befores.get(one.of), teller)
    return figure_rows.difference(one, base, teller) if base and base.of != one.of else None


def _compared(wanted: Wanted, base: IndicatorAnswer | None, names: Mapping[str, str], texts: Texts) -> str:
    """What the rows are compared with; "": nothing."""
    if wanted.then:
        return period_words.called(wanted.then, texts)
    return names[base.of] if base else ""


def _lead(
    told: Sequence[IndicatorAnswer], names: Mapping[str, str], hrefs: Mapping[str, str], teller: Teller
) -> dict[str, Any] | None:
    """Who is worst, whether the next one is any better, and who is best; None where there is nothing to compare."""
    known = [one for one in figure_rows.in_order(told, "line", names) if COLUMNS["line"].value(one) is not None]
    if len(known) < 2:
        return None
    say, worst, second, best = teller.texts.say, known[0], known[1], known[-1]
    line_of = {one.of: availability(one, "line") for one in (worst, second, best)}
    value = {of: teller.share(found.value if found else None) for of, found in line_of.items()}
    tie = figure_rows.difference(worst, second, teller).kind == "same"
    return {
        "worst": say(
            "indicators.worst",
            name=names[worst.of],
            value=value[worst.of],
            span=f"({span})" if (span := teller.span(line_of[worst.of], "between")) else "",
            coverage=teller.share(worst.coverage, 0),
        ),
        "name": names[worst.of],
        "href": hrefs.get(worst.of, ""),
        "tie": say("indicators.worst.tie", name=names[second.of], value=value[second.of]) if tie else "",
        "best": say("indicators.best", name=names[best.of], value=value[best.of]),
    }


def _choices(wanted: Wanted, sites: Sequence[Site], today: date, reader: Reader) -> dict[str, Any]:
    """What can be chosen, and what is."""
    texts, question = reader.view.texts, wanted.question
    before, after = period_words.neighbours(question.period, today)
    words = {name: period_words.called(period_words.known(name), texts) for name in (before, after) if name}
    return {
        "period": question.period.name,
        "period_called": period_words.called(question.period, texts),
        "is_over": period_words.over(question.period, today) == question.period,
        "periods": [
            (texts.say(f"indicators.period.{word}"), name, reader.again("indicators", period=name, page=""))
            for word, name in period_words.offered(today)
        ],
        "neighbours": [
            (words.get(name, ""), reader.again("indicators", period=name, page="") if name else "")
            for name in (before, after)
        ],
        "compare_before": (words[before], reader.again("indicators", compare=before, against="", page=""))
        if before
        else None,
        "of": question.of,
        "scope": question.scope,
        "scopes": [
            (name, reader.again("indicators", scope=name, of="", sort="", page="", against=""))
            for name in CHOICES["scope"]
        ],
        "hours": question.choice.hours.value,
        "exclusions": question.choice.exclusions.value,
        "sort": wanted.sort,
        "columns": list(COLUMNS),
        "limit": reader.query.get("limit", "").strip(),
        "limit_said": "" if wanted.limit is None else Teller(texts).scale(wanted.limit),
        "compare": wanted.then.name if wanted.then else "",
        "filters": [
            (name, sorted({SCOPES[name](site) for site in sites} - {""}), dict(question.where).get(name, ""))
            for name in FILTERS
        ],
        "name_of": lambda scope, of: figure_rows.name_of(scope, of, texts),
        "download": _download(question, today, reader),
    }


def _download(question: Question, today: date, reader: Reader) -> dict[str, str]:
    """Where the same figures are had as a file; of one site its ledger too."""
    period = period_words.over(question.period, today)
    span = {"period": period.name} if period == question.period else {"from": period.start, "to": period.end}
    asked = {
        "scope": question.scope,
        "of": question.of,
        "hours": question.choice.hours,
        "exclusions": question.choice.exclusions,
        **dict(question.where),
        **span,
    }
    found = {form: reader.href("api/v1/indicators", **asked, format=form) for form in ("csv", "json")}
    if question.scope == "site" and question.of:
        found["ledger"] = reader.href("api/v1/ledger", site=question.of, **span, by="day", format="csv")
        found["revisions"] = reader.href("api/v1/revisions", site=question.of, **span, format="csv")
        found["site"] = reader.href(f"sites/{question.of}")
    return found
