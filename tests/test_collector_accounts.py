"""A day is closed once, corrected when something new is known of it, and stays readable as it was."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collector.accounting.accounts import Accounts, Revision
from collector.accounting.calendars import ALWAYS, Calendar, Season, Shift
from collector.accounting.days import day_at, days_between
from collector.accounting.latency import pack
from collector.accounting.ledger import joined
from collector.condition import Row
from collector.store import StoreError
from collector.store.books import Books
from tests.bookkeeping import DAY, HOUR, MINUTE, MONDAY, SITE, Office, midnight, story

POWER = {"boot_id": "b2", "last_stop": "power"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.store.close()


def revisions(office: Office) -> list[Revision]:
    return office.accounts.revisions(SITE.code, MONDAY - DAY, MONDAY + 9 * DAY)


def test_a_day_is_closed_once_and_only_after_it_ended(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + DAY)
    office.clock.step((MONDAY + DAY + 15 * MINUTE - 1 - office.clock.wall_ms()) / 1000)
    assert office.close() == 0
    office.clock.advance(0.001)
    assert office.close() == 1
    assert office.close() == 0
    assert [(one.number, one.why, one.changes) for one in revisions(office)] == [(1, "closed", ())]


def test_a_site_that_was_never_measured_has_no_days(office: Office) -> None:
    assert office.close() == 0
    assert office.accounts.days(SITE.code, MONDAY, MONDAY + DAY) == []


def test_days_begin_with_the_first_result_and_end_now(office: Office) -> None:
    office.deliver(MONDAY + 30 * HOUR, MONDAY + 31 * HOUR)
    office.clock.step((MONDAY + 50 * HOUR - office.clock.wall_ms()) / 1000)
    office.close()
    days = office.accounts.days(SITE.code, MONDAY, MONDAY + 9 * DAY)
    assert [(day.ledger.from_ms, day.ledger.to_ms) for day in days] == [
        (MONDAY + DAY, MONDAY + 2 * DAY),
        (MONDAY + 2 * DAY, MONDAY + 50 * HOUR),
    ]


def late_backlog(office: Office) -> Revision:
    """The line was down from 10 to 12; that is told after the day was closed."""
    office.deliver(MONDAY, MONDAY + 10 * HOUR)
    office.deliver(MONDAY + 12 * HOUR, MONDAY + DAY + 3 * HOUR)
    office.close()
    office.clock.advance(60)
    office.deliver(MONDAY + 10 * HOUR, MONDAY + 12 * HOUR, "line")
    office.close()
    return next(one for one in revisions(office) if one.number == 2)


def test_late_results_correct_the_day_and_say_what_they_changed(office: Office) -> None:
    corrected = late_backlog(office)
    assert (corrected.from_ms, corrected.number, corrected.why) == (MONDAY, 2, "late results")
    changes = {name: (before, after) for name, before, after in corrected.changes}
    assert changes["line_down"] == (0, 2 * HOUR)
    assert changes["outages"] == (0, 1)
    assert changes["agent"][0] > changes["agent"][1]
    assert office.rows(MONDAY, MONDAY + DAY)["line_down"] == 2 * HOUR


def test_a_corrected_day_stays_readable_as_it_was(office: Office) -> None:
    corrected = late_backlog(office)
    before = office.rows(MONDAY, MONDAY + DAY, corrected.made_ms - 1)
    assert "line_down" not in before
    assert sum(before.values()) == DAY
    assert office.rows(MONDAY, MONDAY + DAY, corrected.made_ms)["line_down"] == 2 * HOUR
    assert office.accounts.days(SITE.code, MONDAY, MONDAY + DAY, as_of_ms=MONDAY + DAY) == []


def test_results_that_change_nothing_make_no_revision(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + DAY)
    office.close()
    office.accounts.touched(SITE.code, MONDAY, MONDAY + HOUR)
    assert office.close() == 1
    assert {one.number for one in revisions(office)} == {1}


def test_a_mark_survives_a_crash(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + DAY)
    office.close()
    office.accounts.touched(SITE.code, MONDAY, MONDAY + HOUR)
    office.reopen()
    assert office.close() == 1


def test_results_from_before_the_first_day_open_the_books_there(office: Office) -> None:
    office.deliver(MONDAY + 2 * DAY, MONDAY + 2 * DAY + HOUR)
    office.clock.step((MONDAY + 4 * DAY - office.clock.wall_ms()) / 1000)
    assert office.close() == 1
    office.deliver(MONDAY, MONDAY + HOUR)
    assert office.close() == 2
    assert [one.from_ms for one in revisions(office)] == [MONDAY, MONDAY + DAY, MONDAY + 2 * DAY]


def test_an_exclusion_and_its_withdrawal_correct_the_days_it_spans(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + 2 * DAY)
    office.close()
    number = office.exclude(MONDAY + 20 * HOUR, MONDAY + 28 * HOUR)
    assert office.close() == 2
    office.store.acts.withdraw(number, by="kepala", why="salah lokasi", at_ms=office.clock.wall_ms())
    assert office.close() == 2
    of_monday = [one for one in revisions(office) if one.from_ms == MONDAY]
    assert [one.why for one in of_monday[1:]] == [
        f"exclusion {number} entered by operator: banjir",
        f"exclusion {number} withdrawn by kepala: salah lokasi",
    ]
    assert ("force_majeure", 0, 4 * HOUR) in of_monday[1].changes
    assert ("force_majeure", 4 * HOUR, 0) in of_monday[2].changes


def test_an_exclusion_of_another_provider_touches_nothing(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + DAY)
    office.store.put_sites([replace(SITE, code="64.02", provider="penyedia-b")])
    office.close()
    office.site = replace(SITE, provider="penyedia-b")
    office.exclude(MONDAY, MONDAY + DAY)
    assert office.close() == 0


def test_another_calendar_makes_its_days_anew(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + DAY)
    office.close()
    shifts = dict.fromkeys(range(7), (Shift(start=time(8), end=time(16)),))
    season = Season(name="", first=None, last=None, shifts=shifts)
    office.calendars[""] = Calendar(name="kantor", title="", seasons=(season,), closed={}, fingerprint="k1")
    office.clock.advance(60)
    office.close()
    corrected = [one for one in revisions(office) if one.number == 2]
    assert (corrected[0].from_ms, corrected[0].why) == (MONDAY, "calendar kantor changed")
    assert ("service_hours", DAY, 8 * HOUR) in corrected[0].changes
    assert office.close() == 0


def test_a_day_with_a_clock_set_back_has_25_hours(tmp_path: Path) -> None:
    office = Office(tmp_path, site=replace(SITE, timezone="Europe/Berlin"))
    start_ms = midnight("2026-10-25", "Europe/Berlin")
    office.clock.step((start_ms + 2 * DAY - office.clock.wall_ms()) / 1000)
    office.deliver(start_ms, start_ms + 25 * HOUR)
    office.close()
    (day,) = office.accounts.days(SITE.code, start_ms, start_ms + 25 * HOUR)
    assert day.ledger.cells.sum() == 25 * HOUR
    office.store.close()


def test_days_are_those_of_the_zone() -> None:
    spring = midnight("2026-03-29", "Europe/Berlin")
    assert day_at("Europe/Berlin", spring) == (spring, spring + 23 * HOUR)
    days = days_between("America/St_Johns", spring, spring + 400 * DAY)
    assert all(one[1] == following[0] for one, following in pairwise(days))
    assert {day[1] - day[0] for day in days} == {23 * HOUR, 24 * HOUR, 25 * HOUR}


def test_several_agents_complete_each_other(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + 13 * HOUR, agent="pc")
    office.deliver(MONDAY + 12 * HOUR, MONDAY + DAY + HOUR, agent="box")
    office.close()
    rows = office.rows(MONDAY, MONDAY + DAY)
    assert rows == {"up": DAY - rows["agent"], "agent": rows["agent"]}
    assert rows["agent"] < MINUTE  # until all three groups were first seen


def test_a_power_cut_ends_what_the_last_result_covers(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + 10 * HOUR)
    alive_ms = MONDAY + 10 * HOUR - MINUTE
    booted_ms = MONDAY + 11 * HOUR
    anew: dict[str, Any] = {"boot_at_ms": booted_ms, "run_at_ms": booted_ms, "last_alive_ms": alive_ms, **POWER}
    office.deliver(booted_ms + MINUTE, MONDAY + DAY + HOUR, **anew)
    office.close()
    assert office.rows(MONDAY, MONDAY + DAY)["power"] == HOUR + MINUTE
    (cut,) = office.accounts.days(SITE.code, MONDAY, MONDAY + DAY)[0].ledger.downs
    assert (cut.row, cut.start_ms, cut.end_ms, cut.opens, cut.closes) == (Row.POWER, alive_ms, booted_ms, True, True)


@pytest.mark.parametrize("closes", [True, False])
def test_a_power_cut_shorter_than_the_cover_of_a_result_counts_on_both_days(office: Office, closes: bool) -> None:
    office.deliver(MONDAY, MONDAY + DAY)
    if closes:
        office.close()
    booted_ms = MONDAY + DAY + 2 * MINUTE
    anew: dict[str, Any] = {"boot_at_ms": booted_ms, "run_at_ms": booted_ms, **POWER}
    office.deliver(booted_ms + 3 * MINUTE, MONDAY + 2 * DAY, last_alive_ms=MONDAY + DAY - 3 * MINUTE, **anew)
    office.close()
    first, second = (office.rows(MONDAY + n * DAY, MONDAY + (n + 1) * DAY) for n in (0, 1))
    assert (first["power"], second["power"], second["agent"]) == (3 * MINUTE, 2 * MINUTE, 3 * MINUTE)
    assert sum(first.values()) == sum(second.values()) == DAY
    days = office.accounts.days(SITE.code, MONDAY, MONDAY + 2 * DAY)
    assert [(cut.opens, cut.closes) for cut in joined([day.ledger for day in days]).downs] == [(True, True)]
    assert days[1].ledger.others["internet"].sum() == DAY


def test_an_agent_that_starts_anew_leaves_what_its_results_cover(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + 10 * HOUR)
    office.deliver(MONDAY + 10 * HOUR + 4 * MINUTE, MONDAY + DAY, run_at_ms=MONDAY + 10 * HOUR, last_stop="power")
    office.close()
    assert set(office.rows(MONDAY, MONDAY + DAY)) == {"up", "agent"}
    assert office.rows(MONDAY, MONDAY + DAY)["agent"] < MINUTE


def test_a_host_that_returns_after_days_explains_them(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + 10 * HOUR)
    booted_ms = MONDAY + 2 * DAY + 8 * HOUR
    assert office.close() == 2
    assert "power" not in office.rows(MONDAY, MONDAY + 2 * DAY)
    office.deliver(booted_ms, booted_ms + HOUR, boot_at_ms=booted_ms, run_at_ms=booted_ms, **POWER)
    assert office.close() == 2
    assert office.rows(MONDAY + DAY, MONDAY + 2 * DAY) == {"power": DAY}
    cuts = joined([day.ledger for day in office.accounts.days(SITE.code, MONDAY, MONDAY + 9 * DAY)]).downs
    assert [(cut.row, cut.end_ms, cut.opens, cut.closes) for cut in cuts] == [(Row.POWER, booted_ms, True, True)]


def test_unreachable_becomes_power_when_the_agent_inside_returns(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + 10 * HOUR, agent="hub", at="hub")
    office.deliver(MONDAY + 14 * HOUR, MONDAY + DAY + HOUR, agent="hub", at="hub")
    office.deliver(MONDAY, MONDAY + 10 * HOUR)
    office.deliver(MONDAY + 10 * HOUR, MONDAY + 14 * HOUR, "router", agent="hub", at="hub")
    office.close()
    assert office.rows(MONDAY, MONDAY + DAY)["unreachable"] > 2 * HOUR
    booted_ms = MONDAY + 14 * HOUR
    office.deliver(booted_ms, MONDAY + 30 * HOUR, boot_at_ms=booted_ms, run_at_ms=booted_ms, **POWER)
    office.close()
    assert "unreachable" not in office.rows(MONDAY, MONDAY + DAY)
    assert office.rows(MONDAY, MONDAY + DAY)["power"] > 3 * HOUR


def test_a_router_that_counts_anew_explains_the_silence_of_closed_days(office: Office) -> None:
    hub: dict[str, Any] = {"agent": "hub", "at": "hub"}
    gone_ms, back_ms = MONDAY + 20 * HOUR, MONDAY + 2 * DAY + 6 * HOUR
    office.deliver(MONDAY, gone_ms, router_ms=MONDAY - DAY, **hub)
    office.deliver(gone_ms, back_ms, "router", router_ms=MONDAY - DAY, **hub)
    office.close()
    assert office.rows(MONDAY + DAY, MONDAY + 2 * DAY) == {"unreachable": DAY}
    office.deliver(back_ms, back_ms + HOUR, router_ms=back_ms - MINUTE, **hub)
    office.close()
    assert office.rows(MONDAY + DAY, MONDAY + 2 * DAY) == {"power": DAY}
    cuts = joined([day.ledger for day in office.accounts.days(SITE.code, MONDAY, MONDAY + 9 * DAY)]).downs
    assert (cuts[0].row, cuts[0].start_ms) == (Row.POWER, gone_ms)


def told(office: Office, parts: list[dict[str, Any]], random: Random | None = None) -> list[bytes]:
    """The days after all of `parts`; with `random` in any order, closing and crashing in between."""
    office.clock.step((MONDAY + 6 * DAY - office.clock.wall_ms()) / 1000)
    for part in random.sample(parts, len(parts)) if random else parts:
        office.deliver(**part)
        if random and random.random() < 0.3:
            office.accounts.close()
        if random and random.random() < 0.1:
            office.reopen()
            office.judge()
    office.close()
    days = office.accounts.days(SITE.code, MONDAY, MONDAY + 9 * DAY)
    assert [(day.ledger, day.latency) for day in days] == [
        (made.ledger, made.latency)
        for made in (office.accounts.make(SITE.code, day.ledger.from_ms, day.ledger.to_ms) for day in days)
    ]
    office.store.close()
    return [day.ledger.to_bytes() + pack(day.latency) for day in days]


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_arrival_ends_in_the_same_days(tmp_path: Path, seed: int) -> None:
    parts = story(Random(seed))
    first = told(Office(tmp_path, file="a.db"), parts)
    assert len(first) >= 4
    assert told(Office(tmp_path, file="b.db"), parts, Random(seed)) == first


def test_a_site_that_moves_into_another_time_zone_gets_its_days_anew(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + DAY)
    office.close()
    office.store.put_sites([replace(SITE, timezone="Asia/Makassar")])
    office.clock.advance(60)
    office.close()
    found = office.accounts.days(SITE.code, MONDAY - 8 * HOUR, MONDAY + 16 * HOUR)
    assert [(day.ledger.from_ms, day.ledger.to_ms) for day in found] == [(MONDAY - 8 * HOUR, MONDAY + 16 * HOUR)]
    assert {(one.number, (one.from_ms - MONDAY) % DAY) for one in revisions(office)} == {(1, 16 * HOUR)}


def test_days_that_waited_when_a_site_moved_into_another_time_zone_are_not_made_as_they_were_cut(
    office: Office,
) -> None:
    office.deliver(MONDAY, MONDAY + 2 * DAY)
    office.close()
    office.deliver(MONDAY + 10 * HOUR, MONDAY + 11 * HOUR, agent="late")
    office.store.put_sites([replace(SITE, timezone="Asia/Makassar")])
    office.clock.advance(60)
    office.close()
    assert {(day.from_ms - MONDAY) % DAY for day in office.store.books.days(SITE.code, 0, 1 << 60)} == {16 * HOUR}


def test_a_day_is_the_sum_of_its_pieces(office: Office) -> None:
    late_backlog(office)
    edges = [MONDAY, MONDAY + 10 * HOUR, MONDAY + 10 * HOUR + 1, MONDAY + 11 * HOUR, MONDAY + DAY]
    pieces = [office.accounts.make(SITE.code, *span).ledger for span in pairwise(edges)]
    assert joined(pieces) == office.accounts.days(SITE.code, MONDAY, MONDAY + DAY)[0].ledger


class Full(Books):
    """A disk that is full for as long as `writes` is false."""

    writes = False

    def write(self, *known: Any) -> None:
        if not self.writes:
            raise StoreError("disk full")
        super().write(*known)


def test_what_the_store_refuses_is_tried_again(office: Office) -> None:
    full = Full(office.store._ask, office.store._write)
    office.store.books = full
    office.accounts = Accounts(office.store, lambda site: ALWAYS, office.clock)
    office.deliver(MONDAY, MONDAY + DAY)
    with pytest.raises(StoreError):
        office.close()
    full.writes = True
    assert office.close() == 2
