"""Pure: what a reader asked of the indicators page; what cannot be asked is refused in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from collector.faces.guard import Refused
from collector.faces.inquiry import FILTERS, Question
from collector.faces.pages import period_words
from collector.faces.pages.figure_rows import COLUMNS
from collector.faces.pages.paging import number_of
from collector.figures.periods import BadPeriod, Period
from collector.figures.shares import Choice, Exclusions, Hours
from collector.registry import KINDS, Medium
from shared.texts import Texts

CHOICES: Mapping[str, Sequence[str]] = {
    "scope": ("provider", "regency", "opd", "medium", "kind", "site", "all"),
    "hours": tuple(Hours),
    "exclusions": tuple(Exclusions),
    "sort": (*COLUMNS, "name", *(f"-{name}" for name in (*COLUMNS, "name"))),
}
"""What may be asked for; the first of each is what is told when nobody asks."""


CLOSED: Mapping[str, Sequence[str]] = {"medium": tuple(Medium), "kind": KINDS}
"""Filters whose values have words of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asked for. `then`: the period to compare with; `against`: the row to compare with."""

    question: Question
    then: Period | None
    against: str
    sort: str
    page: int
    limit: float | None

    @classmethod
    def of(cls, query: Mapping[str, str], today: date, texts: Texts) -> "Wanted":
        chosen = {name: _one_of(query, name, texts) for name in CHOICES}
        for name, known in CLOSED.items():
            if query.get(name) and query[name] not in known:
                raise Refused(400, f"bad-{name}", texts.say("indicators.bad_choice", given=query[name], name=name))
        question = Question(
            scope=chosen["scope"],
            period=_period(query.get("period", "").strip() or period_words.ago(today, "month", 1), today, texts),
            choice=Choice(Hours(chosen["hours"]), Exclusions(chosen["exclusions"])),
            of=query.get("of", ""),
            where=tuple((name, query[name]) for name in FILTERS if query.get(name)),
        )
        then = query.get("compare", "").strip()
        return cls(
            question=question,
            then=_period(then, today, texts) if then else None,
            against=query.get("against", ""),
            sort=chosen["sort"],
            page=number_of(query.get("page", "")) or 1,
            limit=_limit(query.get("limit", "").strip(), texts),
        )

    @property
    def single(self) -> bool:
        """Whether one row is looked at in detail."""
        return bool(self.question.of) or self.question.scope == "all"


def _one_of(query: Mapping[str, str], name: str, texts: Texts) -> str:
    given = query.get(name) or CHOICES[name][0]
    if given not in CHOICES[name]:
        raise Refused(400, f"bad-{name}", texts.say("indicators.bad_choice", given=given, name=name))
    return given


def _period(name: str, today: date, texts: Texts) -> Period:
    try:
        period = period_words.known(name)
        if period_words.too_old(period):
            raise BadPeriod
    except BadPeriod:
        raise Refused(400, "bad-period", texts.say("indicators.bad_period", given=name)) from None
    if isinstance(period.start, date) and period.start > today:
        said = texts.say("indicators.not_begun", period=period_words.called(period, texts))
        raise Refused(400, "bad-period", said)
    return period


def _limit(given: str, texts: Texts) -> float | None:
    try:
        limit = float(given.replace(",", ".").rstrip("% ")) / 100 if given else None
    except ValueError:
        limit = -1.0
    if limit is not None and not 0 <= limit <= 1:
        raise Refused(400, "bad-limit", texts.say("indicators.bad_limit", given=given))
    return limit
