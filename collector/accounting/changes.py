"""Pure: what a correction changed in the account of a day, from what to what."""

from collections.abc import Iterator, Mapping

from collector.accounting.latency import Latency
from collector.accounting.ledger import LATE, MAJEURE, PLANNED, STANDINGS, Ledger
from collector.condition import ROWS

Change = tuple[str, int, int]
"""Name, before, after."""
Latencies = Mapping[tuple[str, int], Latency]
EXCLUSIONS = {"planned": PLANNED, "force_majeure": MAJEURE, "late": LATE}


def changes(before: Ledger, after: Ledger, latency_before: Latencies, latency_after: Latencies) -> tuple[Change, ...]:
    """Only what differs. Rows, service hours, exclusions, doubt and what stands beside the site (`internet down`) in
    milliseconds; outages, power cuts and packets (`latency internet sent`) in numbers."""
    was = dict(_figures(before)) | dict(_packets(latency_before))
    now = dict(_figures(after)) | dict(_packets(latency_after))
    names = [*was, *(name for name in now if name not in was)]
    return tuple((name, was.get(name, 0), now.get(name, 0)) for name in names if was.get(name, 0) != now.get(name, 0))


def _figures(ledger: Ledger) -> Iterator[tuple[str, int]]:
    for row, ms in zip(ROWS, ledger.cells.sum(axis=(1, 2)).tolist(), strict=True):
        yield str(row), ms
    yield "service_hours", int(ledger.cells[:, 1].sum())
    for name, code in EXCLUSIONS.items():
        yield name, int(ledger.cells[:, :, code].sum())
    listed = [down.row for down in ledger.downs if down.opens]
    yield "outages", sum(row != "power" for row in listed)
    yield "power_cuts", sum(row == "power" for row in listed)
    yield "doubt", int(sum(ms.sum() for ms in ledger.doubt.values()))
    for subject, cells in sorted(ledger.others.items()):
        for standing, ms in zip(STANDINGS, cells.sum(axis=(1, 2)).tolist(), strict=True):
            yield f"{subject} {standing}", ms


def _packets(latencies: Latencies) -> Iterator[tuple[str, int]]:
    for group in sorted({group for group, _ in latencies}):
        both = [latency for (name, _), latency in latencies.items() if name == group]
        yield f"latency {group} sent", sum(one.sent for one in both)
        yield f"latency {group} lost", sum(one.lost for one in both)
