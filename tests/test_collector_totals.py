"""Kept days are added as they are kept; the rest is made; the sum is the same."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.accounts import Day
from collector.accounting.calendars import ALWAYS
from collector.accounting.latency import Latency
from collector.accounting.ledger import PLAIN, PLANNED, Standing
from collector.condition import Row
from collector.figures import sums
from collector.figures.board import EVERY_S, IndicatorBoard
from collector.figures.indicators import AccountingSettings, Figures
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.totals import SCOPES, Asked, Totals, gaps
from collector.registry import Site
from tests.fakes import FakeClock
from tests.made_days import DAY_MS, MadeAccounts, corrected, days, down, made_day, standings

SITE = Site(code="s", name="Tasuk", regency="Berau", provider="Icon+", timezone="UTC")
EVERYTHING = Choice(Hours.ALL, Exclusions.WITHOUT)
TODAY = 20_717
NOW_MS = TODAY * DAY_MS + DAY_MS // 2


def totals(accounts: MadeAccounts) -> Totals:
    return Totals(accounts, accounts.books, lambda site: ALWAYS, AccountingSettings())


def told(accounts: MadeAccounts, *period: int, as_of_ms: int | None = None) -> tuple[Figures, int]:
    """The figures of SITE from day ... to day, and its corrected days."""
    asked = Asked(site=SITE, from_ms=period[0] * DAY_MS, to_ms=period[1] * DAY_MS)
    [one] = totals(accounts).figures([[asked]], EVERYTHING, as_of_ms)
    return one


def board(accounts: MadeAccounts, clock: FakeClock, *sites: Site, per_site: bool = False) -> IndicatorBoard:
    settings = AccountingSettings()
    return IndicatorBoard(accounts, accounts.books, lambda: sites, lambda _: ALWAYS, settings, clock, per_site=per_site)


@settings(max_examples=40)
@given(st.lists(days(), max_size=4, unique_by=lambda day: day.ledger.from_ms), st.integers(0, 4))
def test_what_is_kept_and_what_is_made_give_the_same_figures(some: list[Day], kept: int) -> None:
    same_site = [Day(site="s", ledger=day.ledger, latency=day.latency) for day in some]
    assert told(MadeAccounts(same_site, kept * DAY_MS), 0, 4) == told(MadeAccounts(same_site), 0, 4)


def test_a_kept_day_is_never_made() -> None:
    accounts = MadeAccounts([made_day(number=n) for n in range(4)], kept_until_ms=3 * DAY_MS)
    told(accounts, 0, 4)
    assert accounts.asked == [("s", 3 * DAY_MS, 4 * DAY_MS)]


def test_what_was_told_before_is_not_what_is_kept_now() -> None:
    accounts = MadeAccounts([made_day()], kept_until_ms=DAY_MS)
    told(accounts, 0, 1, as_of_ms=5)
    assert accounts.asked == [("s", 0, DAY_MS)]


def test_services_of_kept_days_are_told_too() -> None:
    day = made_day(others={"service/samsat": standings({Standing.UP: 3, Standing.DOWN: 1})})
    figures, _ = told(MadeAccounts([day], kept_until_ms=DAY_MS), 0, 1)
    assert figures.availability["service/samsat"].value == 0.75


@pytest.mark.parametrize("kept", [0, 3 * DAY_MS])
def test_an_outage_at_the_edge_is_charged_if_all_of_it_is_long_enough(kept: int) -> None:
    evening = made_day(number=0, downs=[down(DAY_MS - 200_000, DAY_MS, closes=False)])
    morning = made_day(number=1, downs=[down(DAY_MS, DAY_MS + 150_000, opens=False)])
    accounts = MadeAccounts([evening, morning], kept_until_ms=kept)
    first, second = told(accounts, 0, 1)[0], told(accounts, 1, 2)[0]
    assert (first.charged.n, first.charged.total_ms) == (1, 200_000)
    assert (second.charged.n, second.charged.total_ms) == (0, 150_000)


@pytest.mark.parametrize("kept", [0, 3 * DAY_MS])
def test_an_outage_that_exclusions_cut_is_still_one_and_as_long_beyond_the_edge(kept: int) -> None:
    start = DAY_MS - 250_000
    evening = [
        down(start, start + 100_000, closes=False),
        replace(down(start + 100_000, start + 150_000, opens=False, closes=False), excluded=PLANNED),
        down(start + 150_000, DAY_MS, opens=False, closes=False),
    ]
    morning = down(DAY_MS, DAY_MS + 50_000, opens=False)
    accounts = MadeAccounts([made_day(number=0, downs=evening), made_day(number=1, downs=[morning])], kept)
    asked = [Asked(site=SITE, from_ms=day * DAY_MS, to_ms=(day + 1) * DAY_MS) for day in (0, 1)]
    told_of = totals(accounts).figures([[one] for one in asked], Choice(Hours.ALL, Exclusions.WITH))
    charged = [(one.charged.n, one.charged.total_ms) for one, _ in told_of]
    assert charged == [(1, 200_000), (0, 50_000)]


def test_corrected_days_are_counted_also_as_of_then() -> None:
    day = made_day()
    revisions = [corrected(day, 1, 10), corrected(day, 2, 20), corrected(day, 3, 30)]
    accounts = MadeAccounts([day], kept_until_ms=DAY_MS, revisions=revisions)
    assert [told(accounts, 0, 1)[1], told(accounts, 0, 1, as_of_ms=15)[1], told(accounts, 0, 1, as_of_ms=25)[1]] == [
        1,
        0,
        1,
    ]


def test_a_site_belongs_to_one_of_every_scope() -> None:
    assert {scope: of(SITE) for scope, of in SCOPES.items()} == {
        "site": "s",
        "opd": "",
        "regency": "Berau",
        "provider": "Icon+",
        "medium": "other",
        "kind": "other",
        "all": "",
    }


def test_gaps_are_what_is_not_kept() -> None:
    assert list(gaps([(2, 4), (4, 5), (7, 8)], 0, 10)) == [(0, 2), (5, 7), (8, 10)]


@given(days())
def test_a_ledger_in_bytes_tells_its_outages_and_whether_it_has_services(day: Day) -> None:
    pieces, has_services = sums.opened(day.ledger.to_bytes())
    assert pieces == sums.pieces_of(day.ledger)
    assert has_services == any(name.startswith("service/") for name in day.ledger.others)


@given(days())
def test_a_tally_has_the_latencies_in_it(day: Day) -> None:
    kept = {slot: latency for slot, latency in day.latency.items() if latency != Latency()}
    assert sums.latencies_of(sums.tally(day.ledger, day.latency)) == kept


def test_the_board_tells_of_everything_and_of_regencies_providers_and_media() -> None:
    accounts = MadeAccounts([made_day(number=TODAY), made_day({(Row.UP, 0, PLAIN): 5}, site="t", number=TODAY)])
    shown = board(accounts, FakeClock(NOW_MS), SITE, replace(SITE, code="t", regency="Paser"))
    shown.refresh()
    period_ms = {(one.scope, one.of): one.figures.period_ms for one in shown.board.told if one.period == "today"}
    assert period_ms == {
        ("all", ""): DAY_MS + 5,
        ("regency", "Berau"): DAY_MS,
        ("regency", "Paser"): 5,
        ("provider", "Icon+"): DAY_MS + 5,
        ("medium", "other"): DAY_MS + 5,
    }


def test_the_board_tells_of_sites_if_it_may_and_makes_today_once() -> None:
    accounts = MadeAccounts([made_day(number=n) for n in range(TODAY - 60, TODAY + 1)], kept_until_ms=TODAY * DAY_MS)
    shown = board(accounts, FakeClock(NOW_MS), SITE, per_site=True)
    shown.refresh()
    of_site = {one.period: one.figures.period_ms // DAY_MS for one in shown.board.told if one.scope == "site"}
    assert of_site == {"today": 1, "yesterday": 1, "month": 21, "last_month": 31}
    assert accounts.asked == [("s", TODAY * DAY_MS, NOW_MS)]


def test_the_board_is_added_up_seldom() -> None:
    clock = FakeClock(NOW_MS)
    shown = board(MadeAccounts([]), clock, SITE)
    assert [shown.refresh(), shown.refresh()] == [True, False]
    clock.advance(EVERY_S)
    assert shown.refresh()


def test_a_board_without_sites_tells_of_nothing() -> None:
    shown = board(MadeAccounts([]), FakeClock(NOW_MS))
    shown.refresh()
    assert {(one.scope, one.figures.enough_data) for one in shown.board.told} == {("all", False)}
