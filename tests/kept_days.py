"""Closed days as tests of pages make them up, in the books of a real store."""

from datetime import date, timedelta

from collector.accounting.days import midnight_ms
from collector.accounting.latency import Latency
from collector.accounting.ledger import PLAIN, Ledger
from collector.condition import Row
from collector.figures.sums import tally
from collector.registry import Site
from collector.store import Store
from collector.store.books import Desk, KeptDay
from tests.made_days import cells, down, plain

MINUTE = 60_000
AUGUST = date(2026, 8, 1)
"""The month before the one that FakeClock begins in."""


def keep(
    store: Store,
    site: Site,
    first: date = AUGUST,
    days: int = 31,
    *,
    down_ms: int = 0,
    doubt_ms: int = 0,
    silent: bool = False,
    office: bool = False,
) -> None:
    """`days` closed days of `site`: of each the line was down for `down_ms` from midnight on, and `doubt_ms` of the
    rest may have been so too; or nothing is known of them; or of nothing but eight hours of service."""
    made = []
    for n in range(days):
        start, end = (midnight_ms(first + timedelta(k), site.timezone) for k in (n, n + 1))
        spent = {(Row.LINE_DOWN, 0, PLAIN): down_ms, (Row.UP, 0, PLAIN): end - start - down_ms}
        if silent:
            spent = {(Row.UNKNOWN, 0, PLAIN): end - start}
        if office:
            spent = {(Row.UP, 1, PLAIN): 480 * MINUTE, (Row.UNKNOWN, 0, PLAIN): end - start - 480 * MINUTE}
        ledger = Ledger(
            from_ms=start,
            to_ms=end,
            cells=cells(spent),
            doubt={(Row.UP, Row.LINE_DOWN): plain(doubt_ms)} if doubt_ms else {},
            others={},
            downs=[down(start, start + down_ms)] if down_ms else [],
        )
        made.append(
            KeptDay(
                site=site.code,
                from_ms=start,
                to_ms=end,
                number=1,
                closed_ms=end,
                ledger=ledger.to_bytes(),
                tally=tally(ledger, {("internet", 0): Latency(sent=1000, lost=5)}),
            )
        )
    desk = Desk(
        site=site.code,
        timezone=site.timezone,
        calendar="",
        fingerprint="",
        first_ms=made[0].from_ms,
        until_ms=made[-1].to_ms,
    )
    store.books.mark([], [desk])
    store.books.write(made, {}, [])
