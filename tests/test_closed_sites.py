"""A site that is closed counts up to the midnight that ends its last day, and in nothing after it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from collector.accounting.days import FOREVER_MS, ends_ms
from collector.condition import Condition, Outage, Row
from collector.figures.indicators import AccountingSettings, Figures
from collector.figures.recap import lived
from collector.figures.totals import Totals, asked_of
from collector.registry import Site
from collector.reports.connectivity import connected
from collector.reports.connectivity.nodes import nodes
from collector.reports.document import Table
from collector.reports.lines.promises import promises
from collector.reports.lines.stops import stops_of, terms
from collector.reports.source import PLAIN, Source
from tests.booked import SITE, Lost, Office, at, contract, office
from tests.bookkeeping import DAY, HOUR, MONDAY
from tests.bookkeeping import Office as Measured

MID = replace(SITE, until=date(2026, 10, 16))
OTHER = replace(SITE, code="64.07.05.2018", name="Tering")
GONE = replace(OTHER, until=date(2026, 9, 30))


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def figures_of(source: Source, code: str = SITE.code) -> Figures:
    return source.figures("site")[code]


# its end


@pytest.mark.parametrize(("zone", "hour"), [("Asia/Jakarta", 17), ("Asia/Makassar", 16), ("Asia/Jayapura", 15)])
def test_it_ends_at_its_own_midnight(zone: str, hour: int) -> None:
    site = Site(code="a", name="A", timezone=zone, until=date(2026, 1, 4))
    assert ends_ms(site) == MONDAY - DAY + hour * HOUR
    assert ends_ms(replace(site, until=None)) == FOREVER_MS


@pytest.mark.parametrize(
    ("last", "hours"), [("2026-01-04", None), ("2026-01-05", 24), ("2026-01-06", 48), ("2026-01-09", 72)]
)
def test_what_is_asked_ends_with_it(last: str, hours: int | None) -> None:
    site = Site(code="a", name="A", timezone="Etc/UTC", until=date.fromisoformat(last))
    asked = asked_of(site, (MONDAY, MONDAY + 7 * DAY), MONDAY + 3 * DAY)
    assert (asked and asked.to_ms - asked.from_ms) == (hours and hours * HOUR)


def test_an_outage_ends_with_its_site_and_none_begins_later() -> None:
    site = Site(code="a", name="A", timezone="Etc/UTC", until=date(2026, 1, 5))

    def outage(start_ms: int, end_ms: int | None) -> Outage:
        return Outage(site="a", condition=Condition.LINE_DOWN, start_ms=start_ms, start_not_earlier_than_ms=start_ms,
                      end_ms=end_ms, end_not_earlier_than_ms=end_ms)  # fmt: skip

    found = [outage(MONDAY, MONDAY + HOUR), outage(MONDAY + 2 * HOUR, None), outage(MONDAY + DAY, None)]
    told = list(lived(found, {"a": site}, MONDAY, MONDAY + 9 * DAY))
    assert [(one.start_ms, one.end_ms) for one in told] == [
        (MONDAY, MONDAY + HOUR),
        (MONDAY + 2 * HOUR, MONDAY + DAY),
    ]
    assert not list(lived(found[1:], {"a": site}, MONDAY + DAY, MONDAY + 9 * DAY))


# its account


@pytest.fixture
def measured(tmp_path: Path) -> Iterator[Measured]:
    found = Measured(tmp_path)
    found.deliver(MONDAY, MONDAY + 6 * DAY)
    found.clock.advance(4 * 86_400)
    yield found
    found.store.close()


def shut(one: Measured, until: date | None) -> None:
    """It is in the registry, and the accounts have looked there since."""
    one.store.put_sites([replace(one.site, until=until)])
    one.clock.advance(60)


def test_no_day_after_the_last_one_is_closed_until_the_site_is_opened_again(measured: Measured) -> None:
    shut(measured, date(2026, 1, 7))
    assert (measured.close(), measured.close()) == (3, 0)
    shut(measured, date(2026, 1, 8))
    assert measured.close() == 1
    shut(measured, None)
    assert measured.close() == 2


def test_days_that_were_closed_before_stay_and_are_linked(measured: Measured) -> None:
    measured.close()
    shut(measured, date(2026, 1, 6))
    assert measured.close() == 0
    kept = measured.store.books.days(measured.site.code, MONDAY, MONDAY + 9 * DAY)
    assert len(kept) == len(measured.store.chain.of(measured.site.code, MONDAY, MONDAY + 9 * DAY)) == 6


def test_results_that_still_come_are_stored_and_judged(measured: Measured) -> None:
    shut(measured, date(2026, 1, 5))
    measured.deliver(MONDAY + 6 * DAY, MONDAY + 6 * DAY + HOUR, "line")
    assert len(measured.store.read(measured.site.code, MONDAY + 6 * DAY, MONDAY + 7 * DAY))
    [state] = [flip for flip in measured.store.state_at(measured.site.code, MONDAY + 6 * DAY + 30 * 60_000)
               if flip.scope == "site"]  # fmt: skip
    assert state.now == Condition.LINE_DOWN


# figures


def test_a_site_that_is_closed_within_the_period_counts_until_then(booked: Office) -> None:
    booked.book(MID, Lost("10-10 00:00", "10-10 06:00"), Lost("10-20 00:00", "10-21 00:00"))
    found = figures_of(booked.source())
    assert (found.period_ms, found.downtime_ms, found.outages.n) == (16 * DAY, 6 * HOUR, 1)


def test_on_its_last_day_it_counts_whole(booked: Office) -> None:
    booked.book(replace(SITE, until=date(2026, 10, 31)))
    assert figures_of(booked.source()).period_ms == 31 * DAY


def test_of_an_outage_over_the_last_midnight_only_the_part_before_counts_and_is_charged_by_itself(
    booked: Office,
) -> None:
    """Followed on, it would be long enough to be charged."""
    booked.book(MID, Lost("10-16 23:57", "10-17 09:00"))
    found = figures_of(booked.source())
    assert (found.outages.n, found.outages.total_ms, found.charged.n) == (1, 3 * 60_000, 0)
    [stop] = stops_of(booked.source(), MID)
    assert (stop.start_ms, stop.end_ms) == (at("10-16 23:57"), at("10-17 00:00"))


def test_a_site_that_was_closed_before_the_period_is_not_in_it(booked: Office) -> None:
    booked.book(SITE)
    booked.book(GONE, first=date(2026, 9, 1), days=61)
    source = booked.source()
    assert [site.code for site in source.sites] == [SITE.code]
    assert source.figures("all")[""].sites == 1
    assert list(source.figures("site")) == [SITE.code]


def test_in_the_period_before_it_counts_still(booked: Office) -> None:
    booked.book(SITE, first=date(2026, 9, 1), days=61)
    booked.book(GONE, first=date(2026, 9, 1), days=61)
    september = booked.source("2026-09").wanted.period
    assert booked.source().figures("all", september)[""].sites == 2
    pieces = [("2026-09", date(2026, 9, 1)), ("2026-10", date(2026, 10, 1)), ("", date(2026, 11, 1))]
    sums = booked.source()._added(pieces)
    assert sums.cells.sum(axis=(1, 2, 3)).tolist() == [60 * DAY, 31 * DAY]


def test_each_site_ends_at_the_midnight_of_its_own_zone(booked: Office) -> None:
    east = replace(MID, code="e", timezone="Asia/Jayapura")
    booked.book(MID)
    booked.book(east)
    asked = [booked.source().asked(site, booked.source().wanted.period) for site in (MID, east)]
    assert [one and one.to_ms for one in asked] == [at("10-17 00:00"), at("10-17 00:00", "Asia/Jayapura")]
    assert at("10-17 00:00") - at("10-17 00:00", "Asia/Jayapura") == HOUR


def test_opened_again_it_counts_on(booked: Office) -> None:
    booked.book(MID)
    booked.store.put_sites([SITE])
    assert figures_of(booked.source()).period_ms == 31 * DAY


def test_what_is_told_as_of_then_ends_with_it_too(booked: Office) -> None:
    booked.book(MID)
    source = booked.source()
    totals = Totals(source.accounts, source.store.books, source.calendar_of, AccountingSettings())
    asked = source.asked(MID, source.wanted.period)
    assert asked is not None
    [(told, _)] = totals.figures([[asked]], PLAIN, as_of_ms=at("11-20 00:00"))
    assert told.period_ms == 16 * DAY


# connected, contracts


@pytest.mark.parametrize(("site", "there"), [(MID, []), (replace(SITE, until=date(2026, 10, 31)), [SITE.code])])
def test_the_share_of_the_connected_is_of_those_that_are_there_on_the_last_day(
    booked: Office, site: Site, there: list[str]
) -> None:
    booked.book(site)
    assert [node.site.code for node in nodes(booked.source())] == there


def test_at_the_ends_of_earlier_months_it_was_registered(booked: Office) -> None:
    """Of two villages one was never reached, and dismantled in September."""
    booked.book(SITE, first=date(2026, 8, 1), days=92)
    booked.book(replace(OTHER, until=date(2026, 9, 29)), Lost("08-01 00:00", "10-01 00:00", Row.UNREACHABLE),
                first=date(2026, 8, 1), days=61)  # fmt: skip
    [table] = [one for one in connected.make(booked.source()).sections if one.name == "months"]
    assert isinstance(table, Table)
    shares = {row.cells[-2]: row.cells[-1] for row in table.rows()}
    assert shares == {date(2026, 8, 31): 0.5, date(2026, 9, 30): 1.0, date(2026, 10, 31): 1.0}


def test_the_part_of_a_contract_ends_with_the_line_and_so_does_its_fee(booked: Office) -> None:
    contract(booked.path, "K-1", sla="0.99", fee=3_100_000, formula="shortfall")
    booked.book(replace(MID, contract="K-1"))
    source = booked.source()
    [term] = terms(source, source.sites[0])
    assert (term.first, term.after) == (date(2026, 10, 1), date(2026, 10, 17))
    [kept], bare = promises(source)
    assert bare == []
    assert kept.lines[0].promise.fee == 1_600_000


def test_a_line_that_was_closed_before_is_no_line_elsewhere(booked: Office) -> None:
    contract(booked.path, "K-1", sla="0.99", fee=3_100_000, formula="shortfall", fee_of="contract")
    booked.book(replace(SITE, contract="K-1"), Lost("10-10 00:00", "10-20 00:00"))
    booked.store.put_sites([replace(GONE, contract="K-1")])
    [kept], _ = promises(booked.source(scope="site", of=SITE.code))
    assert kept.together[0].elsewhere == 0
    booked.store.put_sites([replace(OTHER, contract="K-1")])
    [kept], _ = promises(booked.source(scope="site", of=SITE.code))
    assert kept.together[0].elsewhere == 1
