"""When service is due: the clock on the site's wall decides, whatever is done to it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.calendars import ALWAYS, Calendar, Season, Shift, service_spans, shifts_of

WITA = "Asia/Makassar"
BERLIN = "Europe/Berlin"
ST_JOHNS = "America/St_Johns"
HOUR = 3_600_000


def shift(text: str) -> Shift:
    start, end = (time.fromisoformat(part) for part in text.split("-"))
    return Shift(start=start, end=end)


def season(hours: Mapping[int, str], first: str = "", last: str = "") -> Season:
    return Season(
        name="",
        first=date.fromisoformat(first) if first else None,
        last=date.fromisoformat(last) if last else None,
        shifts={day: tuple(shift(part) for part in text.split()) for day, text in hours.items()},
    )


def calendar(*seasons: Season, closed: tuple[str, ...] = ()) -> Calendar:
    days = {date.fromisoformat(day): "libur" for day in closed}
    return Calendar(name="x", title="", seasons=seasons, closed=days, fingerprint="")


def daily(text: str) -> Calendar:
    return calendar(season(dict.fromkeys(range(7), text)))


def ms(text: str, zone: str = WITA) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def on(known: Calendar, day: str, zone: str = WITA, days: int = 1) -> list[str]:
    """The spans of the day(s) as the clock there shows them."""
    after = date.fromisoformat(day) + timedelta(days=days)
    spans = service_spans(known, zone, ms(day, zone), ms(str(after), zone))
    clock = [[datetime.fromtimestamp(at / 1000, ZoneInfo(zone)) for at in span] for span in spans]
    return [f"{start:%H:%M}-{end:%H:%M}" for start, end in clock]


def hours_in(known: Calendar, first: str, last: str, zone: str) -> float:
    return sum(end - start for start, end in service_spans(known, zone, ms(first, zone), ms(last, zone))) / HOUR


OFFICE = calendar(season(dict.fromkeys(range(4), "07:30-12:00 13:00-16:00") | {4: "07:30-11:00"}))


def test_a_day_has_the_shifts_of_its_weekday() -> None:
    assert on(OFFICE, "2026-11-23") == ["07:30-12:00", "13:00-16:00"]
    assert on(OFFICE, "2026-11-27") == ["07:30-11:00"]
    assert on(OFFICE, "2026-11-28") == []


def test_without_a_calendar_service_is_always_due() -> None:
    assert service_spans(ALWAYS, WITA, 5, 9) == [(5, 9)]
    assert service_spans(ALWAYS, WITA, 9, 9) == []


def test_a_calendar_without_seasons_is_around_the_clock_but_for_closed_days() -> None:
    assert on(calendar(closed=("2026-11-24",)), "2026-11-23", days=3) == ["00:00-00:00", "00:00-00:00"]


def test_the_later_season_wins_for_the_weekdays_it_names_and_only_within_its_dates() -> None:
    ramadan = season(dict.fromkeys(range(4), "08:00-15:30"), "2026-02-19", "2026-03-20")
    wfa = season({4: ""}, "2026-02-13")
    both = calendar(*OFFICE.seasons, ramadan, wfa)
    assert [on(both, day) for day in ("2026-02-12", "2026-02-13", "2026-02-20")] == [
        ["07:30-12:00", "13:00-16:00"],
        [],
        [],
    ]
    assert [on(both, day) for day in ("2026-02-19", "2026-03-19")] == [["08:00-15:30"], ["08:00-15:30"]]
    assert on(both, "2026-03-23") == ["07:30-12:00", "13:00-16:00"]


def test_a_day_of_which_no_season_speaks_has_no_service() -> None:
    assert on(calendar(season({0: "07:30-16:00"}, "2026-11-24")), "2026-11-23") == []


def test_spans_are_cut_at_the_period() -> None:
    assert service_spans(OFFICE, WITA, ms("2026-11-23T08:00"), ms("2026-11-23T13:30")) == [
        (ms("2026-11-23T08:00"), ms("2026-11-23T12:00")),
        (ms("2026-11-23T13:00"), ms("2026-11-23T13:30")),
    ]


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    nights = calendar(season({0: "20:00-06:00"}), closed=("2026-11-24",))
    assert on(nights, "2026-11-23", days=2) == ["20:00-06:00"]  # the closed Tuesday does not send anybody home
    assert on(nights, "2026-11-24") == ["00:00-06:00"]
    assert on(calendar(*nights.seasons, closed=("2026-11-23",)), "2026-11-23", days=2) == []


def test_shifts_that_touch_or_overlap_are_one_span() -> None:
    assert on(daily("07:00-12:00 11:00-13:00 13:00-15:00"), "2026-11-23") == ["07:00-15:00"]
    assert on(daily("00:00-00:00"), "2026-11-23", days=3) == ["00:00-00:00"]


@pytest.mark.parametrize(
    ("zone", "spring", "autumn"), [(BERLIN, "2026-03-28", "2026-10-24"), (ST_JOHNS, "2026-03-07", "2026-10-31")]
)
def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn(zone: str, spring: str, autumn: str) -> None:
    nights = daily("22:00-06:00")
    for first, hours in ((spring, 7), (autumn, 9)):
        start = date.fromisoformat(first)
        begin, end = f"{start}T12:00", f"{start + timedelta(days=1)}T12:00"
        assert hours_in(nights, begin, end, zone) == hours


@pytest.mark.parametrize("zone", [BERLIN, ST_JOHNS])
def test_office_hours_do_not_notice_that_the_clock_was_set(zone: str) -> None:
    for day in ("2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"):
        assert on(daily("07:30-16:00"), day, zone) == ["07:30-16:00"]


def test_a_shift_that_would_start_in_the_hour_left_out_starts_when_the_clock_has_jumped() -> None:
    assert on(daily("02:30-05:00"), "2026-03-29", BERLIN) == ["03:00-05:00"]
    assert on(daily("02:10-02:50"), "2026-03-29", BERLIN) == []


def test_what_lies_in_the_hour_that_comes_twice_is_due_twice() -> None:
    assert on(daily("02:10-02:50"), "2026-10-25", BERLIN) == ["02:10-02:50", "02:10-02:50"]
    assert hours_in(daily("01:00-04:00"), "2026-10-25", "2026-10-26", BERLIN) == 4


def due(known: Calendar, zone: str, at_ms: int) -> bool:
    """The rule as a person would apply it, looking at the clock on the wall."""
    wall = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    clock, today, yesterday = wall.time(), wall.date(), wall.date() - timedelta(days=1)
    for one in shifts_of(known, today):
        if clock >= one.start and (clock < one.end or one.end <= one.start):
            return True
    return any(one.end <= one.start and clock < one.end for one in shifts_of(known, yesterday))


QUARTERS = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
SHIFTS = st.lists(st.builds(Shift, start=QUARTERS, end=QUARTERS), max_size=3).map(tuple)
WEEKS = st.dictionaries(st.integers(0, 6), SHIFTS, min_size=1).map(
    lambda hours: Season(name="", first=None, last=None, shifts=hours)
)
TURNS = {BERLIN: ("2026-03-29", "2026-10-25"), ST_JOHNS: ("2026-03-08", "2026-11-01"), WITA: ("2026-11-22",)}


@given(weeks=st.lists(WEEKS, min_size=1, max_size=2), zone=st.sampled_from(sorted(TURNS)), data=st.data())
def test_an_instant_is_in_a_span_if_the_clock_on_the_wall_says_so(
    weeks: list[Season], zone: str, data: st.DataObject
) -> None:
    day = data.draw(st.sampled_from(TURNS[zone]))
    known = calendar(*weeks, closed=data.draw(st.sampled_from([(), (day,)])))
    from_ms = ms(day, zone) - 6 * HOUR
    spans = service_spans(known, zone, from_ms, from_ms + 40 * HOUR)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    for at_ms in range(from_ms, from_ms + 40 * HOUR, 450_000):
        assert any(start <= at_ms < end for start, end in spans) == due(known, zone, at_ms)
