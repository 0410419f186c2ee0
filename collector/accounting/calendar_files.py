"""Calendars from TOML files: read, told what is wrong, with the holidays of the country put in.

    [calendars.kantor]
    title = "Kantor, 5 hari kerja"
    holidays = "ID"

    [[calendars.kantor.seasons]]
    name = "Jam kerja"
    first_day = 2025-06-01
    hours.mon-thu = ["07:30-12:00", "13:00-16:00"]
    hours.fri = ["07:30-11:00"]

The holidays come from the package `holidays`; days of which it says that they are estimated are closed all the same,
and move with an update of the package: then the fingerprint changes, and with it the account.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from collector.accounting.calendars import ALWAYS, Calendar, Season, Shift
from collector.acts import canonical
from collector.registry import CODE, Site
from shared.settings import BadSettings, Settings, load

AROUND_THE_CLOCK = "24x7"
"""The name of the calendar that needs no file: service is always due."""
HOLIDAY_YEARS = range(2024, 2033)
"""For which holidays are put in. Always the same ones, so that the fingerprint does not change with the clock."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHIFT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def _hours(written: object) -> Mapping[int, tuple[Shift, ...]]:
    """`{"mon-thu": ["07:30-16:00"]}` as shifts by weekday. ValueError with how to write it."""
    if not isinstance(written, dict):
        raise ValueError('must be lines like mon-thu = ["07:30-12:00", "13:00-16:00"]')
    hours: dict[int, tuple[Shift, ...]] = {}
    for days, texts in written.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f'{days} must be a list of texts like ["07:30-16:00"]')
        shifts = tuple(_shift(days, text) for text in texts)
        for weekday in _weekdays(days):
            if weekday in hours:
                raise ValueError(f"{days} names {WEEKDAYS[weekday]}, which stands in another line already")
            hours[weekday] = shifts
    return hours


def _weekdays(days: str) -> range:
    first, _, last = days.partition("-")
    for name in (first, last or first):
        if name not in WEEKDAYS:
            raise ValueError(f"{days} is no weekday; use {', '.join(WEEKDAYS)}, or a range like mon-thu.{_near(name)}")
    if WEEKDAYS.index(last or first) < WEEKDAYS.index(first):
        raise ValueError(f"{days} runs backwards; the week begins on mon")
    return range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)


def _near(name: str, known: Sequence[str] = WEEKDAYS) -> str:
    close = get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _shift(days: str, text: str) -> Shift:
    found = SHIFT.fullmatch(text)
    if found is None or (found[3] == "24" and found[4] != "00"):
        raise ValueError(f"{days} has {text!r}; write hours like 07:30-16:00, and 20:00-06:00 if they go over midnight")
    return Shift(start=time(int(found[1]), int(found[2])), end=time(int(found[3]) % 24, int(found[4])))


def _day(written: object) -> object:
    """2026-03-20, with or without quotes; nothing else that could be made a date of."""
    if isinstance(written, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", written):
        return written
    if type(written) is date:  # a datetime is one too, and is none here
        return written
    raise ValueError("must be a date like 2026-03-20")


Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
MAX_DAYS = 400
"""A longer run of closed days is a slip, or a season."""


class SeasonSettings(Settings):
    """`[[calendars.NAME.seasons]]`: hours by weekday, from a day to a day, both included. The later in the file wins,
    for the weekdays that it names; `[]` is a weekday without service."""

    name: Text
    first_day: Day | None = None
    last_day: Day | None = None
    hours: Annotated[Mapping[int, tuple[Shift, ...]], BeforeValidator(_hours)]
    source: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"ends on {self.last_day}, before it begins on {self.first_day}")
        return self


class ClosedSettings(Settings):
    """`[[calendars.NAME.closed]]`: a day without service, or all of them to `last_day`, and why."""

    day: Day
    last_day: Day | None = None
    why: Text
    source: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day and self.last_day < self.day:
            raise ValueError(f"ends on {self.last_day}, before it begins on {self.day}")
        if self.last_day and (self.last_day - self.day).days >= MAX_DAYS:
            raise ValueError(f"closes more than {MAX_DAYS} days; a season says that better")
        return self

    def days(self) -> Iterable[date]:
        last = self.last_day or self.day
        return (date.fromordinal(number) for number in range(self.day.toordinal(), last.toordinal() + 1))


def _country(code: str) -> str:
    if code and code not in _countries():
        known = sorted(_countries())
        raise ValueError(f"is not a country of the package holidays; use a code like ID.{_near(code.upper(), known)}")
    return code


def _countries() -> Mapping[str, Any]:
    import holidays  # 0.1 s and 10 MB, only for those who use it

    return holidays.list_supported_countries()


class CalendarSettings(Settings):
    """`[calendars.NAME]`: the service hours of an organisation."""

    title: Text
    holidays: Annotated[str, BeforeValidator(_country)] = ""
    collective_leave: bool = True
    closed: tuple[ClosedSettings, ...] = ()
    open_days: tuple[Day, ...] = ()
    seasons: tuple[SeasonSettings, ...] = ()
    source: str = ""


class CalendarFile(Settings):
    """A file of calendars, by the name that stands in the column `calendar` of the sites."""

    calendars: dict[str, CalendarSettings]

    @classmethod
    def across(cls, table: Mapping[str, Any]) -> Iterator[str]:
        for name in named if isinstance(named := table.get("calendars"), dict) else ():
            if name == AROUND_THE_CLOCK:
                yield f"calendars.{name}: {name} is always there and means around the clock; choose another name"
            elif not CODE.fullmatch(name):
                yield f"calendars.{name}: use letters, digits, dots, underscores, hyphens for a name; at most 64"


def load_calendars(paths: Iterable[Path], default: str = "") -> Mapping[str, Calendar]:
    """The calendars in the files, and in the `*.toml` of the folders, at `paths`, by name. `default` must be one.

    Raises BadSettings with every mistake in every file.
    """
    calendars: dict[str, Calendar] = {AROUND_THE_CLOCK: ALWAYS}
    told_in: dict[str, Path] = {}
    lines: list[str] = []
    for path in _files(paths):
        try:
            named = load(path, CalendarFile).calendars
        except BadSettings as bad:
            lines += bad.lines
            continue
        for name, settings in named.items():
            if name in told_in:
                lines.append(f"{path.name}: calendars.{name}: this name stands already in {told_in[name]}")
            told_in[name] = path
            calendars[name] = _calendar(name, settings)
    if default and default not in calendars and not lines:
        lines.append(f"default_calendar: there is no calendar {default}.{_near(default, [*calendars])}")
    if lines:
        raise BadSettings(lines)
    return calendars


def calendar_of(site: Site, calendars: Mapping[str, Calendar], default: str = "") -> Calendar:
    """The calendar of `site`; around the clock if it has none, or one that nobody knows (`unknown_calendars` tells)."""
    return calendars.get(site.calendar or default, ALWAYS)


def unknown_calendars(sites: Iterable[Site], calendars: Mapping[str, Calendar]) -> Mapping[str, int]:
    """Names of calendars that sites have and that are in no file, and how many sites have them."""
    counts: dict[str, int] = {}
    for site in sites:
        if site.calendar and site.calendar not in calendars:
            counts[site.calendar] = counts.get(site.calendar, 0) + 1
    return dict(sorted(counts.items()))


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        yield from sorted(path.glob("*.toml")) if path.is_dir() else (path,)


def _calendar(name: str, settings: CalendarSettings) -> Calendar:
    """1. Holidays of the country. 2. Own closed days, whose reason wins. 3. Days that are open all the same."""
    closed = _holidays(settings.holidays, settings.collective_leave) if settings.holidays else {}
    for entry in settings.closed:
        closed |= dict.fromkeys(entry.days(), entry.why)
    for day in settings.open_days:
        closed.pop(day, None)
    seasons = tuple(Season(name=s.name, first=s.first_day, last=s.last_day, shifts=s.hours) for s in settings.seasons)
    return Calendar(
        name=name, title=settings.title, seasons=seasons, closed=closed, fingerprint=_fingerprint(seasons, closed)
    )


def _holidays(country: str, collective_leave: bool) -> dict[date, str]:
    """The days that are holidays there, with their names in the country's own language."""
    import holidays

    plain = holidays.country_holidays(country)
    wanted = ("public", "government") if collective_leave else ("public",)
    found = holidays.country_holidays(
        country,
        years=HOLIDAY_YEARS,
        categories=tuple(category for category in wanted if category in plain.supported_categories),
        language=plain.default_language,
    )
    return {day: found[day] for day in sorted(found)}


def _fingerprint(seasons: Sequence[Season], closed: Mapping[date, str]) -> str:
    """Of all that `service_spans` looks at: titles and reasons may be corrected without a new account."""
    content = {
        "closed": [str(day) for day in sorted(closed)],
        "seasons": [
            [str(s.first), str(s.last), {d: [f"{x.start}-{x.end}" for x in s.shifts[d]] for d in sorted(s.shifts)}]
            for s in seasons
        ],
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()[:32]
