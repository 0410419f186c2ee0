"""What contracts promised of each line, and what was kept: per line, contract version and calendar month.

1. The period of a line is cut where another contract comes into force, and at the ends of months: fees are monthly.
2. Of each part: its hours, its charged outages by that contract's threshold, the time that its provider answers for.
3. A version whose fee is for all of its lines is reckoned once a month, after the times of its lines are added.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from collector.accounting.calendars import Span
from collector.accounting.days import midnight_ms
from collector.contracts import Contract, FeeOf, numbers_of
from collector.figures.downs import Stop
from collector.figures.indicators import Figures
from collector.figures.periods import STEPS, local, pieces
from collector.figures.restitution import Promise, fee_of_part, together
from collector.figures.totals import Asked
from collector.registry import Site
from collector.reports.lines.stops import Term, charge_after_ms, each, terms
from collector.reports.source import PLAIN, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """A promise with what it rests on. `of`: the line, None for all lines of the contract. `stops` are the outages
    that are charged in it. `month_ms`: how long the month is in which it lies. `lines`: how many lines were added;
    `elsewhere`: how many more would have to be that are not in the report, so that there is no amount."""

    contract: Contract
    of: Site | None
    first: date
    after: date
    span: Span
    month_ms: int
    promise: Promise
    figures: Figures
    stops: Sequence[Stop] = ()
    lines: int = 1
    elsewhere: int = 0

    @property
    def restitution(self) -> int | None:
        """By the contract's own formula."""
        return self.promise.restitution(self.contract.formula) if not self.elsewhere else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A contract in the period: each line and month, and, where the fee is for all lines, each month of all of them.
    `whole` is everything of it added: its SLA is there only if it is the same all along."""

    number: str
    versions: Sequence[Contract]
    lines: Sequence[Reckoned]
    together: Sequence[Reckoned]
    whole: Promise
    figures: Figures

    @property
    def reckoned(self) -> list[Reckoned]:
        """What amounts are made of."""
        own = [one for one in self.lines if one.contract.fee_of is FeeOf.LINE]
        return sorted([*own, *self.together], key=lambda one: (one.first, one.of.code if one.of else ""))

    @property
    def restitution(self) -> int | None:
        """The amounts of its lines and months, each rounded, so that the column adds up; None if none is known."""
        known = [one.restitution for one in self.reckoned]
        return sum(one for one in known if one is not None) if any(one is not None for one in known) else None

    @property
    def sites(self) -> list[Site]:
        return list({one.of.code: one.of for one in self.lines if one.of}.values())


@dataclass(frozen=True, slots=True)
class Bare:
    """A part of the period of a line for which no contract is known."""

    site: Site
    term: Term
    charged_ms: int


@dataclass(frozen=True, slots=True)
class _Part:
    """Of a line: one contract, one month, until now; `month` is all of it where the line is."""

    site: Site
    term: Term
    contract: Contract
    month: Span
    stops: Sequence[Stop]

    @property
    def month_ms(self) -> int:
        return self.month[1] - self.month[0]

    @property
    def asked(self) -> Asked:
        return Asked(site=self.site, from_ms=self.term.span[0], to_ms=self.term.span[1])


def promises(source: Source) -> tuple[list[Kept], list[Bare]]:
    """Of every contract that is in force at a line of the report, by number; and the lines without one."""
    bare: list[Bare] = []
    found: dict[str, list[_Part]] = {}
    for site, stops in each(source, source.texts.say("sla.progress")):
        for term in terms(source, site):
            if term.contract is None:
                after_ms = charge_after_ms(source, None)
                bare.append(Bare(site, term, sum(stop.charged_ms(term.span, after_ms) for stop in stops)))
                continue
            for part in _months(source, site, term, stops):
                found.setdefault(term.contract.number, []).append(part)
    return [_kept(source, number, found[number]) for number in sorted(found)], bare


def _months(source: Source, site: Site, term: Term, stops: Sequence[Stop]) -> Iterator[_Part]:
    """Step 1: a term, month by month."""
    contract = term.contract
    if contract is None:
        return
    after_ms = charge_after_ms(source, contract)
    for _, from_ms, to_ms in pieces(*term.span, "month", site.timezone):
        span = from_ms, to_ms
        days = [local(at_ms, site.timezone).date() for at_ms in (from_ms, to_ms - 1)]
        first = days[0].replace(day=1)
        month = midnight_ms(first, site.timezone), midnight_ms(STEPS["month"][1](first), site.timezone)
        yield _Part(
            site,
            Term(contract, days[0], days[1] + timedelta(1), span),
            contract,
            month,
            [stop for stop in stops if stop.charged_ms(span, after_ms)],
        )


def _kept(source: Source, number: str, found: Sequence[_Part]) -> Kept:
    """Steps 2 and 3 of one contract."""
    months: dict[tuple[date, date], list[_Part]] = {}
    for part in found:
        if part.contract.fee_of is FeeOf.CONTRACT:
            months.setdefault((part.contract.begins, part.term.first.replace(day=1)), []).append(part)
    owners = [[part] for part in found] + list(months.values()) + [list(found)]
    told = [one for one, _ in source.totals.figures([[part.asked for part in owner] for owner in owners], PLAIN)]
    lines = [_line(source, part, figures) for part, figures in zip(found, told[: len(found)], strict=True)]
    promised = {id(part): line.promise for part, line in zip(found, lines, strict=True)}
    elsewhere = _elsewhere(source, number)
    return Kept(
        number=number,
        versions=list(dict.fromkeys(part.contract for part in found)),
        lines=lines,
        together=[
            _together(several, [promised[id(part)] for part in several], source, figures, elsewhere)
            for several, figures in zip(months.values(), told[len(found) : -1], strict=True)
        ],
        whole=_whole([line.promise for line in lines], enough=_enough(source, told[-1])),
        figures=told[-1],
    )


def _line(source: Source, part: _Part, figures: Figures) -> Reckoned:
    contract, span = part.contract, part.term.span
    hours_ms = span[1] - span[0]
    promise = Promise(
        hours_ms=hours_ms,
        charged_ms=sum(stop.plain_ms(span) for stop in part.stops),
        answerable_ms=figures.availability["line"].whole_ms,
        sla=None if contract.sla is None else Fraction(contract.sla),
        fee=fee_of_part(contract.fee, hours_ms, part.month_ms) if contract.fee_of is FeeOf.LINE else None,
        enough=_enough(source, figures),
    )
    return Reckoned(
        contract=contract,
        of=part.site,
        first=part.term.first,
        after=part.term.after,
        span=span,
        month_ms=part.month_ms,
        promise=promise,
        figures=figures,
        stops=part.stops,
    )


def _together(
    several: Sequence[_Part], known: Sequence[Promise], source: Source, figures: Figures, elsewhere: int
) -> Reckoned:
    """All lines of a version in one month. The fee is for the time of the month in which any of them was in force:
    where they lie in several time zones, one month is still one."""
    contract = several[0].contract
    first, after = min(part.term.first for part in several), max(part.term.after for part in several)
    span = min(part.term.span[0] for part in several), max(part.term.span[1] for part in several)
    month_ms = max(part.month_ms for part in several)
    begins = min(part.term.span[0] - part.month[0] for part in several)
    in_force_ms = max(part.term.span[1] - part.month[0] for part in several) - begins
    return Reckoned(
        contract=contract,
        of=None,
        first=first,
        after=after,
        span=span,
        month_ms=month_ms,
        promise=together(known, fee_of_part(contract.fee, in_force_ms, month_ms), enough=_enough(source, figures)),
        figures=figures,
        lines=len({part.site.code for part in several}),
        elsewhere=elsewhere,
    )


def _whole(known: Sequence[Promise], *, enough: bool) -> Promise:
    slas = {one.sla for one in known}
    added = together(known, None, enough=enough)
    return added if len(slas) == 1 else replace(added, sla=None)


def known_share(figures: Figures) -> float:
    """How much is known of the time in force, that before the first result of a line included."""
    asked_ms = sum(one.to_ms - one.from_ms for one in figures.counted)
    return (figures.known or 0.0) * sum(one.counted_ms for one in figures.counted) / asked_ms


def _enough(source: Source, figures: Figures) -> bool:
    return known_share(figures) >= source.accounting.coverage_floor


def _elsewhere(source: Source, number: str) -> int:
    """How many lines name that contract that are not in the report."""
    return sum(number in numbers_of(site) for site in source.elsewhere())
