"""`verify` without --chain: whether the account of a simulated province is right."""

import csv
import json
from argparse import Namespace
from collections.abc import Callable, Sequence

from collector.accounting.accounts import Day
from collector.commands.desk import FOUND_A_PROBLEM, OK, CannotRun, Desk, accounts_of, at_store, print_table
from collector.commands.simulate import truth_path
from collector.condition import Row
from collector.simulate.compare import Comparison
from collector.simulate.deliver import FixedClock
from collector.simulate.truth import BadTruth, Truth, boundaries, read_truth

SHOWN_DAYS = 50
CLOSES_MS = 3_600_000
"""So long after the end of the last day everything is closed."""


def verify(desk: Desk, options: Namespace) -> int:
    """Compares the collector's ledger with the true one; a problem if time lies beyond the bars."""
    desk = at_store(desk, options.store)
    path = truth_path(desk, options.truth)
    try:
        truth = read_truth(path)
    except OSError as error:
        raise CannotRun(desk.texts.say("verify.no_truth", path=path, error=error.strerror)) from None
    except BadTruth as bad:
        raise CannotRun(str(bad)) from None
    with desk.store() as store:
        accounts = accounts_of(store, desk, FixedClock(truth.header.to_ms + CLOSES_MS, desk.clock))
        compared = compared_with(truth, accounts.days)
    FORMATS[options.format](compared, desk)
    return FOUND_A_PROBLEM if compared.beyond_ms else OK


def compared_with(truth: Truth, days: Callable[[str, int, int], Sequence[Day]]) -> Comparison:
    """Every day of the truth against what `days` has for it."""
    found = Comparison()
    for code, site in sorted(truth.sites.items()):
        kept = {day.ledger.from_ms: day.ledger for day in days(code, truth.header.from_ms, truth.header.to_ms)}
        for day in site.days:
            ledger = kept.get(day.from_ms)
            recorded = (
                {row: int(ms) for row, ms in zip(Row, ledger.cells.sum(axis=(1, 2)), strict=True)} if ledger else {}
            )
            bars = {edge: int(ms.sum()) for edge, ms in ledger.doubt.items()} if ledger else {}
            clock_ms = site.clock_ms * boundaries(site.spells, day.from_ms, day.to_ms)
            found.add(code, day.day, recorded, day.rows, bars, clock_ms)
    return found


def _table(found: Comparison, desk: Desk) -> None:
    head = [
        desk.texts.say(f"verify.{name}") for name in ("row", "true", "recorded", "differs", "over", "under", "beyond")
    ]
    rows = [
        [row, *map(_seconds, (one.true_ms, one.recorded_ms, one.differs_ms, one.over_ms, one.under_ms, one.beyond_ms))]
        for row, one in found.rows.items()
    ]
    print_table([head, *rows], desk.terminal.out)
    for one in sorted(found.beyond, key=lambda beyond: -beyond.beyond_ms)[:SHOWN_DAYS]:
        differs = ", ".join(f"{row} {ms / 1000:+.3f}" for row, ms in one.differs.items())
        desk.say("verify.day", site=one.site, day=one.day, beyond=_seconds(one.beyond_ms), differs=differs)
    desk.say(
        "verify.sum",
        days=found.days,
        wrong=_seconds(found.wrong_ms),
        explained=_seconds(found.explained_ms),
        clock=_seconds(found.by_clock_ms),
        beyond=_seconds(found.beyond_ms),
        n=len(found.beyond),
    )


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def _csv(found: Comparison, desk: Desk) -> None:
    writer = csv.writer(desk.terminal.out, lineterminator="\n")
    writer.writerow(("row", "true_ms", "recorded_ms", "differs_ms", "over_ms", "under_ms", "beyond_ms"))
    for row, one in found.rows.items():
        sums = (one.true_ms, one.recorded_ms, one.differs_ms, one.over_ms, one.under_ms, one.beyond_ms)
        writer.writerow((row, *sums))


def _json(found: Comparison, desk: Desk) -> None:
    said = {
        "days": found.days,
        "wrong_ms": found.wrong_ms,
        "explained_ms": found.explained_ms,
        "by_clock_ms": found.by_clock_ms,
        "beyond_ms": found.beyond_ms,
        "rows": {
            row: {
                "true_ms": one.true_ms,
                "recorded_ms": one.recorded_ms,
                "over_ms": one.over_ms,
                "under_ms": one.under_ms,
                "beyond_ms": one.beyond_ms,
            }
            for row, one in found.rows.items()
        },
        "beyond": [
            {"site": one.site, "day": one.day, "beyond_ms": one.beyond_ms, "differs_ms": dict(one.differs)}
            for one in found.beyond
        ],
    }
    print(json.dumps(said, indent=2), file=desk.terminal.out)


FORMATS = {"table": _table, "csv": _csv, "json": _json}
