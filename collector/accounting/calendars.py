"""Pure: calendars of organisations -> the spans in which service is due. (calendar_files.py reads them from TOML.)

The clock on the wall of the site decides. Service is due at an instant if that clock then shows a time inside a shift:

* a shift belongs to the day on which it starts: what goes on after midnight ends when it ends, also on a closed day;
* a time that daylight saving leaves out is never shown: a shift that would start then starts when the clock has jumped,
  one that lies wholly in it does not happen;
* an hour that comes twice counts twice: a shift of which only a part lies in it has that part twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[int, int]
"""[start, end) in wall milliseconds."""

DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Service hours of one day, in the site's own time; `end` before or at `start` means: on the next day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """Shifts by weekday (0 Monday ... 6 Sunday) from `first` to `last`, both included; None: open.

    A season speaks only of the weekdays it has; an empty tuple says that there is no service. Where several speak of a
    day, the latest in the file wins.
    """

    name: str
    first: date | None
    last: date | None
    shifts: Mapping[int, tuple[Shift, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The service hours of an organisation. `closed` are days without service, with why (`open_days` of the file are
    not in it any more). Without any season service is due around the clock on days that are not closed; with seasons, a
    day of which none speaks has no service."""

    name: str
    title: str
    seasons: tuple[Season, ...]
    closed: Mapping[date, str]
    fingerprint: str
    """Changes whenever any answer of `service_spans` may."""


ALWAYS = Calendar(name="", title="24x7", seasons=(), closed={}, fingerprint="")
"""What a site without a calendar has: service is always due."""
WHOLE_DAY = (Shift(start=time(), end=time()),)


def service_spans(calendar: Calendar, timezone: str, from_ms: int, to_ms: int) -> list[Span]:
    """By time, without overlaps, clipped to [from_ms, to_ms). Daylight saving is the time zone's: 07:30 is 07:30.

    1. The period is cut where the site's clock is set: between two cuts local time is UTC plus a constant.
    2. In each piece every day, and the day before the first, has its shifts.
    3. They are clipped to their piece; spans that touch or overlap become one.
    """
    if from_ms >= to_ms:
        return []
    if not calendar.seasons and not calendar.closed:
        return [(from_ms, to_ms)]
    found: list[Span] = []
    for start_ms, end_ms, offset_ms in _pieces(ZoneInfo(timezone), from_ms, to_ms):
        for opens_ms, closes_ms in _shifts(calendar, start_ms + offset_ms, end_ms + offset_ms):
            span = max(start_ms, opens_ms - offset_ms), min(end_ms, closes_ms - offset_ms)
            if span[0] < span[1]:
                found.append(span)
    return _joined(sorted(found))


def shifts_of(calendar: Calendar, day: date) -> tuple[Shift, ...]:
    """The shifts that start on `day`."""
    if day in calendar.closed:
        return ()
    if not calendar.seasons:
        return WHOLE_DAY
    weekday = day.weekday()
    for season in reversed(calendar.seasons):
        known = season.shifts.get(weekday)
        if known is not None and (season.first or day) <= day <= (season.last or day):
            return known
    return ()


def _shifts(calendar: Calendar, start_ms: int, end_ms: int) -> Iterator[Span]:
    """Of the days that may reach into the piece, in milliseconds of local time."""
    for day in range(start_ms // DAY_MS - 1, (end_ms - 1) // DAY_MS + 1):
        for shift in shifts_of(calendar, date.fromordinal(EPOCH + day)):
            opens_ms, closes_ms = _of_day_ms(shift.start), _of_day_ms(shift.end)
            if closes_ms <= opens_ms:
                closes_ms += DAY_MS
            yield day * DAY_MS + opens_ms, day * DAY_MS + closes_ms


def _of_day_ms(at: time) -> int:
    return (at.hour * 3600 + at.minute * 60 + at.second) * 1000


def _pieces(zone: ZoneInfo, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, local minus UTC in milliseconds) without gaps. No zone sets its clock twice within a day."""
    start_ms, offset_ms = from_ms, _offset_ms(zone, from_ms)
    at_ms = from_ms
    while at_ms < to_ms - 1:
        next_ms = min(at_ms + DAY_MS, to_ms - 1)
        if _offset_ms(zone, next_ms) != offset_ms:
            turn_ms = _turn_ms(zone, at_ms, next_ms)
            yield start_ms, turn_ms, offset_ms
            start_ms, offset_ms = turn_ms, _offset_ms(zone, turn_ms)
            next_ms = turn_ms
        at_ms = next_ms
    yield start_ms, to_ms, offset_ms


def _turn_ms(zone: ZoneInfo, before_ms: int, after_ms: int) -> int:
    """The first instant after `before_ms` with another offset, by halving."""
    old_ms = _offset_ms(zone, before_ms)
    while after_ms - before_ms > 1:
        middle_ms = (before_ms + after_ms) // 2
        if _offset_ms(zone, middle_ms) == old_ms:
            before_ms = middle_ms
        else:
            after_ms = middle_ms
    return after_ms


def _offset_ms(zone: ZoneInfo, at_ms: int) -> int:
    offset = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone).utcoffset() or timedelta()
    return (offset.days * 86_400 + offset.seconds) * 1000


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start_ms, end_ms in spans:
        if joined and start_ms <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end_ms)
        else:
            joined.append((start_ms, end_ms))
    return joined
