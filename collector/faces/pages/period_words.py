"""Pure: periods as people choose them: what they are called, which ones are offered, what of them is over, and since
when there is an account of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from collector.faces.indicator_answers import IndicatorAnswer
from collector.faces.pages.view import grouped
from collector.figures.periods import STEPS, Period, parse
from shared.texts import Texts

OLDEST = 2000
OFFERED = (
    ("yesterday", "day", 1),
    ("last_week", "week", 1),
    ("this_month", "month", 0),
    ("last_month", "month", 1),
    ("this_quarter", "quarter", 0),
    ("last_quarter", "quarter", 1),
    ("this_year", "year", 0),
)
"""(word for it, how periods are cut, how many of them ago)."""


def offered(today: date) -> list[tuple[str, str]]:
    """(word, name) of the periods that people ask for most."""
    return [(word, ago(today, by, n)) for word, by, n in OFFERED]


def ago(today: date, by: str, n: int) -> str:
    """The name of the period that `today` lies in, or of the one `n` before."""
    start_of, _, form = STEPS[by]
    first = start_of(today)
    for _ in range(n):
        first = start_of(first - timedelta(1))
    return form(first)


def neighbours(period: Period, today: date) -> tuple[str, str]:
    """The names of the periods of the same kind before and after; "" where there is none: what has not begun."""
    for start_of, following, form in STEPS.values():
        if isinstance(period.start, date) and form(start_of(period.start)) == period.name:
            after = following(period.start)
            return form(start_of(period.start - timedelta(1))), form(after) if after <= today else ""
    return "", ""


def over(period: Period, today: date) -> Period:
    """Of a period that goes on, what is over: today is not closed, and making its account takes long. A period that
    begins today goes on as it is."""
    if not isinstance(period.start, date) or not isinstance(period.end, date):
        return period
    return replace(period, end=today) if period.start < today < period.end else period


def called(period: Period, texts: Texts) -> str:
    """`Oktober 2026`, `triwulan 4 2026`, or as it was asked for."""
    return next(_called(period.name, texts), period.name.replace("/", " – "))


def _called(name: str, texts: Texts) -> Iterator[str]:
    match name.split("-"):
        case [year, part] if part.startswith("Q"):
            yield texts.say("indicators.quarter", year=year, n=part[1:])
        case [year, part] if part.startswith("W"):
            yield texts.say("indicators.week", year=year, n=part[1:])
        case [year, month] if month.isdigit() and "/" not in name:
            yield f"{texts.say(f'indicators.month.{int(month)}')} {year}"
        case [year, month, day] if "/" not in name:
            yield f"{int(day)} {texts.say(f'indicators.month.{int(month)}')} {year}"


def since(told: Sequence[IndicatorAnswer], texts: Texts) -> str:
    """Where the account of what is told begins later than the period, since when there is one; "" where it does not."""
    late, begun = sum(one.late_sites for one in told), [one.counted_from for one in told if one.counted_from]
    if not late:
        return ""
    if not begun:
        return texts.say("indicators.counted.none")
    if late < (sites := sum(one.sites for one in told)):
        return texts.say("indicators.counted.some", n=grouped(late, texts), total=grouped(sites, texts))
    first = min(at.date() for at in begun)
    together = all(one.counted_all_from and one.counted_all_from.date() == first for one in told)
    day = next(_called(first.isoformat(), texts))
    return texts.say("indicators.counted.since" if together else "indicators.counted.at_first", day=day)


def too_old(period: Period) -> bool:
    """Whether it lies before there could be anything: the calendar does not reach back for ever."""
    return isinstance(period.start, date) and period.start.year < OLDEST


def known(name: str) -> Period:
    """The period of this name; BadPeriod if there is none."""
    return parse(name)
