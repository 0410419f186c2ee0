"""Periods mean what people mean by them, on the wall of each site."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.figures.periods import BY, HOUR_MS, BadPeriod, between, current, parse, pieces

WITA, BERLIN = "Asia/Makassar", "Europe/Berlin"
ZONES = st.sampled_from([WITA, BERLIN, "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("2026", "2026-01-01T00:00+08:00", "2027-01-01T00:00+08:00"),
        ("2026-Q4", "2026-10-01T00:00+08:00", "2027-01-01T00:00+08:00"),
        ("2026-11", "2026-11-01T00:00+08:00", "2026-12-01T00:00+08:00"),
        ("2026-W47", "2026-11-16T00:00+08:00", "2026-11-23T00:00+08:00"),
        ("2026-W01", "2025-12-29T00:00+08:00", "2026-01-05T00:00+08:00"),  # ISO: the week with the first Thursday
        ("2026-11-22", "2026-11-22T00:00+08:00", "2026-11-23T00:00+08:00"),
    ],
)
def test_a_period_begins_at_midnight_of_the_site(name: str, start: str, end: str) -> None:
    assert parse(name).span(WITA) == (ms(start), ms(end))


def test_a_date_is_midnight_of_each_site_and_an_instant_is_the_same_everywhere() -> None:
    period = between("2026-11-22", "2026-11-23T10:00:00+08:00")
    assert period.span(WITA)[0] - period.span("Asia/Jayapura")[0] == HOUR_MS
    assert period.span(WITA)[1] == period.span("Asia/Jayapura")[1]


@pytest.mark.parametrize(
    "name", ["", "26", "2026-13", "2026-W54", "2026-Q5", "2026-02-30", "9999", "yesterday", "٢٠٢٦"]
)
def test_what_is_no_period_is_told_how_to_write_one(name: str) -> None:
    with pytest.raises(BadPeriod, match="use 2026-11-22, 2026-W47"):
        parse(name)


@pytest.mark.parametrize(
    ("start", "end", "hint"),
    [
        ("2026-11-22T10:00", "2026-11-23", "RFC 3339"),
        ("2026-11-22", "soon", "RFC 3339"),
        ("2026-11-22", "2026-11-22", "from must lie before to"),
    ],
)
def test_bounds_that_are_none_are_refused(start: str, end: str, hint: str) -> None:
    with pytest.raises(BadPeriod, match=hint):
        between(start, end)


def test_a_day_has_the_hours_that_the_clock_on_the_wall_shows() -> None:
    spring, autumn = (parse(day).span(BERLIN) for day in ("2026-03-29", "2026-10-25"))
    assert [len(list(pieces(*span, "hour", BERLIN))) for span in (spring, autumn)] == [23, 25]
    names = [name for name, *_ in pieces(*autumn, "hour", BERLIN)]
    assert names[2:4] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("day", ["2026-11-30", "2026-12-01"]),
        ("week", ["2026-W49"]),
        ("month", ["2026-11", "2026-12"]),
        ("quarter", ["2026-Q4"]),
        ("year", ["2026"]),
    ],
)
def test_pieces_have_the_names_of_periods(by: str, names: list[str]) -> None:
    span = between("2026-11-30", "2026-12-02").span(WITA)
    assert [name for name, *_ in pieces(*span, by, WITA)] == names


@given(st.integers(1_500_000_000_000, 1_900_000_000_000), st.integers(1, 400 * 24), st.sampled_from(BY), ZONES)
def test_pieces_fill_a_period_without_gaps(from_ms: int, hours: int, by: str, zone: str) -> None:
    hours = hours % 200 + 1 if by == "hour" else hours
    found = list(pieces(from_ms, from_ms + hours * HOUR_MS, by, zone))
    assert (found[0][1], found[-1][2]) == (from_ms, from_ms + hours * HOUR_MS)
    assert all(one[2] == following[1] for one, following in pairwise(found))
    assert all(start < end for _, start, end in found)


@given(st.integers(1_500_000_000_000, 1_900_000_000_000), st.sampled_from(BY[1:]), ZONES)
def test_the_name_of_a_whole_piece_is_its_period(at_ms: int, by: str, zone: str) -> None:
    for name, start_ms, end_ms in list(pieces(at_ms, at_ms + 800 * 24 * HOUR_MS, by, zone))[1:-1]:
        assert parse(name).span(zone) == (start_ms, end_ms)


def test_today_and_this_month_end_now_and_the_others_have_ended() -> None:
    now_ms = ms("2026-03-01T10:00+08:00")
    spans = {name: current(name, now_ms, WITA) for name in ("today", "yesterday", "month", "last_month")}
    assert spans == {
        "today": (ms("2026-03-01T00:00+08:00"), now_ms),
        "yesterday": (ms("2026-02-28T00:00+08:00"), ms("2026-03-01T00:00+08:00")),
        "month": (ms("2026-03-01T00:00+08:00"), now_ms),
        "last_month": (ms("2026-02-01T00:00+08:00"), ms("2026-03-01T00:00+08:00")),
    }
