"""What a month of a province costs: availability and p95 of every site, from kept days, in CPU time of the process.

`python -m bench.indicators [sites] [days]`: days of ten echo targets asked every 30 s, made up but of the real kind,
are kept in a real store as the collector keeps them; then they are added up and divided in a fresh process.
"""

import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from collector.accounting.accounts import Day, Revision
from collector.accounting.calendars import ALWAYS
from collector.accounting.days import days_between
from collector.accounting.latency import Latency, latency_of
from collector.accounting.ledger import CODES, PLAIN, STANDINGS, Down, Ledger, Standing
from collector.columns import Columns, Series
from collector.condition import ROWS, Row
from collector.figures.indicators import AccountingSettings, Figures
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.sums import tally
from collector.figures.totals import Asked, Totals
from collector.registry import Site
from collector.store.books import Desk, KeptDay
from collector.store.sqlite import SqliteStore
from shared.result import Group

ZONE = "Asia/Makassar"
START_MS = 1_793_462_400_000  # 2026-11-01 00:00 in Makassar
DAY_MS = 86_400_000
KINDS = 200
"""So many different days there are; sites and dates have them in turn."""
GROUPS = (Group.GATEWAY, *(Group.INTRANET,) * 3, *(Group.INTERNET,) * 6)


class NoAccounts:
    """Every day is kept: nobody needs to make one."""

    def days(self, site: str, from_ms: int, to_ms: int, as_of_ms: int | None = None) -> Sequence[Day]:
        raise RuntimeError(f"{site} from {from_ms} to {to_ms} is not kept")

    def revisions(self, site: str, from_ms: int, to_ms: int) -> Sequence[Revision]:
        return ()


def echoes(rng: np.random.Generator) -> dict[tuple[str, int], Latency]:
    """A day of ten targets, in service from 08:00 to 16:00."""
    n = DAY_MS // 30_000
    series = tuple(
        Series(site="s", agent="a", agent_site="s", target=f"t{i}", group=group, kind="icmp", interval_ms=30_000)
        for i, group in enumerate(GROUPS)
    )
    trips = rng.lognormal(np.repeat(rng.uniform(6, 11, len(GROUPS)), n), 0.25).astype(np.uint32)
    four = np.full(n * len(GROUPS), 4, np.uint8)
    received = np.where(rng.random(len(four)) < 0.01, 3, 4).astype(np.uint8)
    at_ms = np.tile(np.arange(n, dtype=np.int64) * 30_000, len(GROUPS))
    index = np.repeat(np.arange(len(GROUPS)), n).astype(np.uint16)
    columns = Columns(series, index, at_ms, np.zeros(len(four), np.uint8), four, received, trips, trips, trips)
    return latency_of(columns, [(0, 86_000_000)], [(28_800_000, 57_600_000)])


def down(row: Row, start_ms: int, end_ms: int) -> Down:
    return Down(
        row=row,
        start_ms=start_ms,
        end_ms=end_ms,
        not_earlier_ms=start_ms - 3_000,
        end_not_earlier_ms=end_ms - 2_000,
        opens=True,
        closes=True,
        excluded=PLAIN,
        why="three anchors silent",
    )


def ledger(rng: random.Random) -> Ledger:
    """Up but for an outage on one day of three, and a power cut on one of five."""
    lost_ms = {Row.LINE_DOWN: rng.randrange(3_600_000) * (rng.random() < 0.3), Row.POWER: 0}
    lost_ms[Row.POWER] = rng.randrange(7_200_000) * (rng.random() < 0.2)
    cells = np.zeros((len(ROWS), 2, CODES), np.int64)
    doubt = {}
    downs, at_ms = [], 30_000_000
    for row, ms in lost_ms.items():
        cells[ROWS.index(row), 1, PLAIN] = ms
        if ms:
            doubt[Row.UP, row] = np.full((2, CODES), 3_000) * np.eye(2, CODES, dtype=np.int64)[1]
            downs.append(down(row, at_ms, at_ms + ms))
            at_ms += ms + 60_000
    cells[ROWS.index(Row.UP), 1, PLAIN] = 28_800_000
    cells[ROWS.index(Row.UP), 0, PLAIN] = DAY_MS - int(cells.sum())
    group = np.zeros((len(STANDINGS), 2, CODES), np.int64)
    group[STANDINGS.index(Standing.UP)] = cells[ROWS.index(Row.UP)]
    others = {"internet": group, "intranet": group}
    return Ledger(from_ms=0, to_ms=DAY_MS, cells=cells, doubt=doubt, others=others, downs=downs)


def kept_days(sites: int, days: int) -> list[KeptDay]:
    rng, numbers = random.Random(1), np.random.default_rng(1)
    made = []
    for _ in range(KINDS):
        one, latency = ledger(rng), echoes(numbers)
        made.append((one, tally(one, latency)))
    found = []
    for site in range(sites):
        for from_ms, to_ms in days_between(ZONE, START_MS, START_MS + days * DAY_MS):
            one, tally_blob = rng.choice(made)
            downs = [
                replace(
                    down,
                    start_ms=down.start_ms + from_ms,
                    end_ms=down.end_ms + from_ms,
                    not_earlier_ms=down.not_earlier_ms + from_ms,
                    end_not_earlier_ms=down.end_not_earlier_ms + from_ms,
                )
                for down in one.downs
            ]
            blob = replace(one, from_ms=from_ms, to_ms=to_ms, downs=downs).to_bytes()
            found.append(
                KeptDay(
                    site=f"s{site:05}",
                    from_ms=from_ms,
                    to_ms=to_ms,
                    number=1,
                    closed_ms=to_ms + 900_000,
                    ledger=blob,
                    tally=tally_blob,
                )
            )
    return found


def fill(path: str, sites: int, days: int) -> None:
    store = SqliteStore(path)
    desks = [
        Desk(
            site=f"s{site:05}",
            timezone=ZONE,
            calendar="",
            fingerprint="",
            first_ms=START_MS,
            until_ms=START_MS + days * DAY_MS,
        )
        for site in range(sites)
    ]
    store.books.mark([], desks)
    found = kept_days(sites, days)
    for first in range(0, len(found), 5_000):
        store.books.write(found[first : first + 5_000], {}, [])
    store.close()


def tell(path: str, sites: int, days: int) -> None:
    store = SqliteStore(path)
    totals = Totals(NoAccounts(), store.books, lambda site: ALWAYS, AccountingSettings())
    end_ms = START_MS + days * DAY_MS
    owners = [
        [Asked(site=Site(code=f"s{site:05}", name="s", timezone=ZONE), from_ms=START_MS, to_ms=end_ms)]
        for site in range(sites)
    ]
    choice = Choice(Hours.ALL, Exclusions.WITH)
    for run in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        told: list[Figures] = [figures for figures, _ in totals.figures(owners, choice)]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        line, p95_ms = told[0].availability["line"].value, told[0].latency["internet"].p95_ms
        print(f"run {run + 1}: {cpu:.2f} s CPU, {wall:.2f} s; site 0: line {line:.5f}, p95 {p95_ms:.1f} ms")
    together = [[asked for several in owners for asked in several]]
    cpu = time.process_time()
    (province, _), *_ = totals.figures(together, choice)
    print(
        f"the province as one: {time.process_time() - cpu:.2f} s CPU, {province.sites} sites,"
        f" {province.outages.n} outages; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )
    store.close()


def main() -> None:
    sites, days = (int(argument) for argument in [*sys.argv[1:], "1500", "30"][:2])
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/books.db"
        for target in (fill, tell):
            process = multiprocessing.get_context("spawn").Process(target=target, args=(path, sites, days))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)
        size = Path(path).stat().st_size
        print(f"{sites} sites, {days} days: {size / 2**20:.0f} MB, {size / sites / days:.0f} bytes a day of a site")


if __name__ == "__main__":
    main()
