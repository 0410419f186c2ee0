"""Pure: how outages and mass outages are told: rows of pages, and of the file that people download."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collector.alerts.deciding.words import duration
from collector.condition import Outage
from collector.faces.pages.shell import Reader
from collector.faces.pages.view import DAY_MS, SYMBOLS, View
from collector.faces.tables import Cell, written
from collector.figures.indicators import CHARGED_ROWS
from collector.figures.mass import Mass
from collector.figures.recap import Case, Recap
from shared.clock import utc
from shared.texts import Texts

NAMED = 12
"""Members of a mass outage that its row names; its page has all."""
MINUTE_MS = 60_000
BOM = b"\xef\xbb\xbf"
"""Without it Excel takes UTF-8 for the alphabet of the machine."""
SEPARATOR = ";"
"""Where the comma is the decimal sign, as in Indonesia, Excel opens no other file as a table by a double click."""
COLUMNS = (
    *("site", "name", "opd", "district", "regency", "provider", "medium", "contract"),
    *("condition", "start", "start_not_earlier_than", "end", "end_not_earlier_than", "timezone"),
    *("duration_s", "in_period_s", "charged_s", "why", "cause", "note", "given_by", "given_at", "mass"),
)
"""Of the file. Whole numbers alone, so that nobody has to know which sign decimals have. New ones go to the end."""

_RANK = {key: rank for rank, key in enumerate(SYMBOLS)}


@dataclass(frozen=True, slots=True)
class Fold:
    """A mass outage with its cases, in the order in which they began; or one case that is part of none."""

    cases: Sequence[Case]
    mass: Mass | None = None

    @property
    def open(self) -> bool:
        """Whether one of them lasts."""
        return any(case.open for case in self.cases)

    @property
    def start_ms(self) -> int:
        return self.cases[0].outage.start_ms

    @property
    def key(self) -> str:
        """The condition that most were in."""
        return Counter(case.outage.condition.value for case in self.cases).most_common(1)[0][0]


def in_order(folds: Iterable[Fold]) -> list[Fold]:
    """What lasts stands first, in it the largest, the worst and the newest; the rest by when it began, newest first."""

    def place(fold: Fold) -> tuple[int, ...]:
        if fold.open:
            return 0, -len(fold.mass.sites if fold.mass else ()), _RANK[fold.key], -fold.start_ms
        return 1, -fold.start_ms

    return sorted(folds, key=place)


def folded(found: Sequence[Case], masses: Iterable[Mass]) -> list[Fold]:
    """`found` with those that are part of one of `masses` in one."""
    case_of = {key_of(case.outage): case for case in found}
    folds = [
        Fold([case_of.pop(key_of(outage)) for outage in mass.outages if key_of(outage) in case_of], mass)
        for mass in masses
    ]
    return [fold for fold in folds if fold.cases] + [Fold([case]) for case in case_of.values()]


def key_of(outage: Outage) -> tuple[str, int]:
    """What names an outage in an address."""
    return outage.site, outage.start_ms


def address(outage: Outage) -> str:
    """The page of an outage."""
    return f"outages/{outage.site}/{outage.start_ms}"


def span_text(start_ms: int, end_ms: int | None, view: View) -> str:
    """`10:32–11:05 WITA`, with dates where they are not today's, and `10:32 WITA – still` while it lasts."""
    if end_ms is None:
        return f"{view.at(start_ms)} – {view.texts.say('page.lasts')}"
    zone = ZoneInfo(view.timezone)
    start, end = utc(start_ms).astimezone(zone), utc(end_ms).astimezone(zone)
    if start.date() == end.date():
        return f"{view.at(start_ms).removesuffix(f' {start:%Z}')}–{end:%H:%M %Z}"
    return f"{view.at(start_ms)} – {view.at(end_ms)}"


def mass_title(mass: Mass, view: View) -> str:
    """`Icon+: 40 dari 48 lokasi`."""
    names = dict(zip(("name", "place"), (*mass.names, ""), strict=False))
    return view.texts.say(f"outages.mass.{mass.scope}", n=len(mass.sites), total=mass.total, **names)


def cause_text(case: Case, view: View) -> str:
    """What a person said, in words; empty if nobody did."""
    return view.texts.say(f"cause.{case.cause.code.value}") if case.cause else ""


def case_row(case: Case, reader: Reader) -> dict[str, Any]:
    """One outage, in the time zone of its site."""
    outage, site = case.outage, case.site
    view = replace(reader.view, timezone=site.timezone)
    end_ms = view.now_ms if outage.end_ms is None else outage.end_ms
    return {
        "name": site.name,
        "code": site.code,
        "href": reader.href(address(outage)),
        "about": " · ".join(part for part in (site.provider, site.district, site.regency) if part),
        "key": outage.condition.value,
        "word": view.word(outage.condition.value),
        "span": span_text(outage.start_ms, outage.end_ms, view),
        "lasted": duration(end_ms - outage.start_ms, view.texts),
        "in_period": "",
        "open": case.open,
        "given": "",
        "cause": cause_text(case, view),
        "note": case.cause.note if case.cause else "",
        "member": "/".join(map(str, key_of(outage))),
    }


def long_row(case: Case, reader: Reader) -> dict[str, Any]:
    """One outage among the longest: exactly enough to be compared, and what of it the order goes by."""
    texts, end_ms = reader.view.texts, reader.view.now_ms if case.outage.end_ms is None else case.outage.end_ms
    whole_ms = end_ms - case.outage.start_ms
    cut = whole_ms - case.lost_ms >= MINUTE_MS
    return case_row(case, reader) | {
        "lasted": precisely(whole_ms, texts),
        "in_period": texts.say("outages.in_period", lasted=precisely(case.lost_ms, texts)) if cut else "",
        "members": [],
    }


def precisely(ms: int, texts: Texts) -> str:
    """To the minute also where it is days."""
    days_ms = ms - ms % DAY_MS
    if not days_ms or ms - days_ms < MINUTE_MS:
        return duration(ms, texts)
    return f"{duration(days_ms, texts)} {duration((ms - days_ms) // MINUTE_MS * MINUTE_MS, texts)}"


def not_charged(case: Case, charge_ms: int, view: View) -> str:
    """Why the contract does not count it; empty if it does."""
    outage = case.outage
    if case.charged_ms:
        return ""
    if outage.condition.value not in CHARGED_ROWS:
        reason = "other"
    elif (outage.end_ms or view.now_ms) - outage.start_ms >= charge_ms:
        reason = "excluded"
    else:
        reason = "open" if outage.end_ms is None else "short"
    return view.texts.say(f"site.outages.charged.{reason}", limit=duration(charge_ms, view.texts))


def fold_row(fold: Fold, reader: Reader) -> dict[str, Any]:
    """A row of the list: of a mass outage with the names of its first members."""
    if fold.mass is None:
        return case_row(fold.cases[0], reader) | {"members": []}
    view, mass = reader.view, fold.mass
    end_ms = mass_end_ms(fold)
    still = len({case.site.code for case in fold.cases if case.open})
    first = list({case.site.code: case for case in reversed(fold.cases)}.values())[::-1]
    causes = Counter(cause_text(case, view) for case in fold.cases)
    return {
        "name": mass_title(mass, view),
        "code": "",
        "href": reader.href(f"{address(mass.outages[0])}/mass"),
        "about": view.texts.say("outages.still", n=still) if still else _half_back(fold, view),
        "key": fold.key,
        "word": view.word(fold.key),
        "span": span_text(mass.start_ms, end_ms, view),
        "lasted": duration((end_ms or view.now_ms) - mass.start_ms, view.texts),
        "in_period": "",
        "open": fold.open,
        "given": view.texts.say(
            "outages.causes_given", n=sum(case.cause is not None for case in fold.cases), all=len(fold.cases)
        ),
        "cause": ", ".join(
            f"{cause} ({n})" if len(causes) > 1 else cause for cause, n in causes.most_common() if cause
        ),
        "note": "",
        "members": [case_row(case, reader) for case in first[:NAMED]],
        "more": max(0, len(first) - NAMED),
    }


def _half_back(fold: Fold, view: View) -> str:
    """When half of it was over: the last one may have taken much longer than the others."""
    ends = sorted(case.outage.end_ms for case in fold.cases if case.outage.end_ms is not None)
    half_ms = ends[(len(ends) - 1) // 2]
    if half_ms - fold.start_ms > (ends[-1] - fold.start_ms) / 2:
        return ""
    return view.texts.say("outages.half_back", at=view.at(half_ms))


def mass_end_ms(fold: Fold) -> int | None:
    """When the last of its cases was over; None while one lasts."""
    ends = [case.outage.end_ms for case in fold.cases]
    return None if None in ends else max(end for end in ends if end is not None)


def sums(told: Recap, longest: Case | None, reader: Reader) -> list[tuple[str, str, str]]:
    """(what, how much, a link) for the top of the page."""
    say, texts, count = reader.view.texts.say, reader.view.texts, reader.view.count
    return [
        (say("outages.sum.n"), say("outages.sum.n_of", n=count(told.n), sites=count(told.sites)), ""),
        (say("outages.sum.open"), count(told.open), ""),
        (say("outages.sum.lost"), duration(told.lost_ms, texts), ""),
        (
            say("outages.sum.longest"),
            duration(told.longest_ms, texts),
            reader.href(address(longest.outage)) if longest else "",
        ),
        (
            say("outages.sum.charged"),
            say("outages.sum.charged_of", n=count(told.charged), lasted=duration(told.charged_ms, texts)),
            "",
        ),
        (say("outages.sum.unexplained"), count(told.unexplained), ""),
    ]


def site_row(site: Any, told: Recap, reader: Reader) -> dict[str, Any]:
    """A site among the most frequent."""
    return {
        "name": site.name,
        "code": site.code,
        "href": reader.href(f"sites/{site.code}"),
        "only_href": reader.again("outages", q=site.code, order="", page=""),
        "about": " · ".join(part for part in (site.provider, site.district, site.regency) if part),
        "n": told.n,
        "lost": duration(told.lost_ms, reader.view.texts),
        "longest": duration(told.longest_ms, reader.view.texts),
        "charged": duration(told.charged_ms, reader.view.texts),
    }


def csv_file(folds: Iterable[Fold], now_ms: int) -> bytes:
    """Every case, not folded: `mass` is the same for those that are."""
    rows = (_csv_row(case, fold, now_ms) for fold in folds for case in fold.cases)
    return BOM + written(COLUMNS, ([row[column] for column in COLUMNS] for row in rows), delimiter=SEPARATOR)


def _csv_row(case: Case, fold: Fold, now_ms: int) -> Mapping[str, Cell]:
    outage, site, cause = case.outage, case.site, case.cause

    def at(at_ms: int | None) -> str:
        """As spreadsheets read a time; the zone has a column of its own."""
        local = utc(at_ms).astimezone(ZoneInfo(site.timezone)) if at_ms else None
        return f"{local + timedelta(milliseconds=500):%Y-%m-%d %H:%M:%S}" if local else ""

    end_ms = now_ms if outage.end_ms is None else outage.end_ms
    about: dict[str, Cell] = {name: str(getattr(site, name)) for name in COLUMNS[1:8]}
    return about | {
        "site": site.code,
        "condition": outage.condition.value,
        "start": at(outage.start_ms),
        "start_not_earlier_than": at(outage.start_not_earlier_than_ms),
        "end": at(outage.end_ms),
        "end_not_earlier_than": at(outage.end_not_earlier_than_ms),
        "timezone": site.timezone,
        "duration_s": round((end_ms - outage.start_ms) / 1000),
        "in_period_s": round(case.lost_ms / 1000),
        "charged_s": round(case.charged_ms / 1000),
        "why": outage.why,
        "cause": cause.code.value if cause else "",
        "note": cause.note if cause else "",
        "given_by": cause.by if cause else "",
        "given_at": at(cause.entered_ms) if cause else "",
        "mass": "/".join((fold.mass.scope, *fold.mass.names, str(fold.mass.start_ms))) if fold.mass else "",
    }
