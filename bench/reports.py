"""What a year of a province costs as a report: seconds and peak memory of every kind in every format, each in a process
of its own. Asked for: under a minute and 500 MB.

`python -m bench.reports [--sites 1500] [--days 365] [--store FILE] [kind.format ...]`: days of ten echo targets, made
up but of the real kind (bench/indicators.py), are kept in a real store as the collector keeps them, with contracts.
`--store` names one that is made once and used again. PDF is left out unless it is asked for: it prints the first rows.
"""

import argparse
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from bench.indicators import KINDS, echoes, ledger
from collector.accounting.accounts import Accounts
from collector.accounting.calendar_files import calendar_of, load_calendars
from collector.accounting.days import midnight_ms
from collector.accounting.ledger import Ledger
from collector.config import CollectorConfig
from collector.contracts import Contract, FeeOf, Formula
from collector.figures.periods import Period
from collector.figures.sums import tally
from collector.registry import Details, Site
from collector.reports.kinds import REPORTS
from collector.reports.press import Press
from collector.reports.source import Wanted, silent
from collector.reports.writing.formats import FORMATS
from collector.simulate.deliver import FixedClock
from collector.simulate.province import generated
from collector.store import Store, open_store
from collector.store.books import Desk, KeptDay
from shared.clock import SystemClock

ZONE = "Asia/Makassar"
FIRST = date(2025, 1, 1)
DAY_MS = 86_400_000
MOST_S, MOST_MB = 60, 500
AT_ONCE = 10
"""Sites whose days are written in one transaction."""


def fill(path: str, sites: int, days: int) -> None:
    """A year of closed days; the registry, contracts and details beside them."""
    store = open_store(f"sqlite:///{path}")
    rng, numbers = random.Random(1), np.random.default_rng(1)
    made = [(one, tally(one, echoes(numbers))) for one in (ledger(rng) for _ in range(KINDS))]
    known = generated(sites, rng)
    store.put_sites(known)
    store.register.put_contracts(list(contracts(known)))
    store.register.put_details([Details(code=site.code, bandwidth_mbps=50.0) for site in known])
    start_ms = midnight_ms(FIRST, ZONE)
    store.books.mark([], [desk(site, start_ms, days) for site in known])
    for first in range(0, sites, AT_ONCE):
        portion = known[first : first + AT_ONCE]
        kept = [kept_day(site, start_ms + n * DAY_MS, *rng.choice(made)) for site in portion for n in range(days)]
        store.books.write(kept, {}, [])
    store.close()


def contracts(sites: list[Site]) -> Iterator[Contract]:
    formulas = [*Formula]
    for n, number in enumerate(sorted({site.contract for site in sites} - {""})):
        yield Contract(
            number=number,
            begins=FIRST,
            sla=Decimal("0.98"),
            fee=2_500_000,
            fee_of=[*FeeOf][n % len(FeeOf)],
            formula=formulas[n % len(formulas)],
        )


def desk(site: Site, start_ms: int, days: int) -> Desk:
    until_ms = start_ms + days * DAY_MS
    return Desk(site=site.code, timezone=ZONE, calendar="", fingerprint="", first_ms=start_ms, until_ms=until_ms)


def kept_day(site: Site, from_ms: int, one: Ledger, tally_blob: bytes) -> KeptDay:
    """`one` on the day that begins at `from_ms`."""
    to_ms = from_ms + DAY_MS
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
    return KeptDay(
        site=site.code,
        from_ms=from_ms,
        to_ms=to_ms,
        number=1,
        closed_ms=to_ms + 900_000,
        ledger=blob,
        tally=tally_blob,
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one report: until its document stood, until all was written; and what the process needed at most."""

    made_s: float
    all_s: float
    cpu_s: float
    peak_mb: float
    file_mb: float


def cost(path: str, days: int, kind: str, form: str, told: Connection) -> None:
    config = CollectorConfig.model_validate({"store": f"sqlite:///{path}", "province": "Kalimantan Timur"})
    store = open_store(config.store)
    end_ms = midnight_ms(FIRST, ZONE) + days * DAY_MS
    began, cpu = time.perf_counter(), time.process_time()
    press = press_of(config, store, end_ms + 10 * DAY_MS)
    period = Period(str(FIRST.year), FIRST, date.fromordinal(FIRST.toordinal() + days))
    source = press.source(Wanted(period=period, sites=store.sites()), progress=silent)
    document = press.document(kind, source)
    made_s = time.perf_counter() - began
    with tempfile.NamedTemporaryFile() as file:
        FORMATS[form].write(document, file, source.texts, silent)
        size = file.tell()
    all_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told.send(Cost(made_s, all_s, cpu_s, peak_kb / 2**10, size / 2**20))
    store.close()


def press_of(config: CollectorConfig, store: Store, now_ms: int) -> Press:
    clock = FixedClock(now_ms, SystemClock())
    of_site = partial(calendar_of, calendars=load_calendars(config.calendars, ""), default="")
    return Press(config, store, Accounts(store, of_site, clock), of_site, clock)


def run(path: str, days: int, wanted: list[str]) -> bool:
    """Whether all of it costs no more than was asked for."""
    within = True
    print(f"{'report':26} {'made':>7} {'all':>7} {'CPU':>7} {'peak':>7} {'file':>8}")
    for name in wanted:
        kind, _, form = name.partition(".")
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(target=cost, args=(path, days, kind, form, theirs))
        process.start()
        theirs.close()
        try:
            one: Cost = ours.recv()
        except EOFError:
            print(f"{name:26} failed")
            within = False
            continue
        finally:
            process.join()
        bad = one.all_s > MOST_S or one.peak_mb > MOST_MB
        within = within and not bad
        print(
            f"{name:26} {one.made_s:6.1f}s {one.all_s:6.1f}s {one.cpu_s:6.1f}s"
            f" {one.peak_mb:5.0f}MB {one.file_mb:6.1f}MB{'  <- more than asked for' if bad else ''}",
            flush=True,
        )
    return within


def main() -> None:
    read = argparse.ArgumentParser(description="What a year of a province costs as a report.")
    read.add_argument("wanted", nargs="*", metavar="KIND.FORMAT")
    read.add_argument("--sites", type=int, default=1500)
    read.add_argument("--days", type=int, default=365)
    read.add_argument("--store", help="made if it is not there, and kept")
    options = read.parse_args()
    wanted = options.wanted or [f"{kind}.{form}" for kind in REPORTS for form in FORMATS if form != "pdf"]
    with tempfile.TemporaryDirectory() as folder:
        path = options.store or f"{folder}/year.db"
        if not Path(path).exists():
            filling = multiprocessing.get_context("spawn").Process(
                target=fill, args=(path, options.sites, options.days)
            )
            filling.start()
            filling.join()
        print(f"{options.sites} sites, {options.days} days: {Path(path).stat().st_size / 2**20:.0f} MB")
        sys.exit(0 if run(path, options.days, wanted) else 1)


if __name__ == "__main__":
    main()
