"""Batches and deliveries as agents make them, for the tests of wire, decode, store and ingest."""

from collections.abc import Sequence
from typing import Any

import msgspec

from collector.columns import Columns
from collector.store import Delivery
from shared.result import Group, Outcome, Result
from shared.wire import Batch, Context, Host, Rows, TargetSpec, encode_planes

RECEIVED_MS = 1_790_200_000_000
BASE_MS = 1_790_000_000_000
"""The wall stamp of the boot clock's zero."""
CONTEXT = Context(
    boot_id="b0",
    boot_at_ms=BASE_MS,
    run_at_ms=BASE_MS + 60_000,
    clock_base_ms=BASE_MS,
    push_interval_ms=300_000,
    targets=(
        TargetSpec(name="gw", group=Group.GATEWAY, kind="icmp", interval_ms=30_000, address="192.168.1.1"),
        TargetSpec(name="web", group=Group.INTERNET, kind="http", interval_ms=60_000),
        TargetSpec(name="kubar", group=Group.INTRANET, kind="icmp", interval_ms=30_000, site="64.07"),
    ),
    last_stop="power",
    version="0.1.0",
)
INTERVALS_MS = [spec.interval_ms for spec in CONTEXT.targets]
SITE = "64.72"


def probe(number: int, **known: Any) -> tuple[int, Result]:
    """Result `number` of an agent that probes its targets in turn, every ten seconds one; every seventh is lost."""
    index = number % len(CONTEXT.targets)
    name = CONTEXT.targets[index].name
    lost = number % 7 == 6
    made: dict[str, Any] = {"target": name, "started_ms": 70_000 + 10_000 * number, "sent": 4}
    if lost:
        made |= {"outcome": Outcome.TIMEOUT, "received": 0}
    else:
        made |= {"outcome": Outcome.OK, "received": 4}
        made |= {"rtt_min_us": 900 + number, "rtt_avg_us": 1_000 + 3 * number, "rtt_max_us": 2_000 + 5 * number}
    return index, Result(**made | known)


def batch_of(results: Sequence[tuple[int, Result]], first_seq: int = 0, **known: Any) -> Batch:
    """`results` in planes."""
    base_ms = min((result.started_ms for _, result in results), default=0)
    made: dict[str, Any] = {
        "stream": "00aa",
        "first_seq": first_seq,
        "n": len(results),
        "context": CONTEXT.name,
        "host": Host(sent_wall_ms=RECEIVED_MS + 250, sent_boot_ms=3_600_250, spool_results=len(results)),
        "base_ms": base_ms,
        "planes": encode_planes(results, INTERVALS_MS, base_ms),
    }
    return Batch(**made | known)


def run_of(first: int, end: int, **known: Any) -> Batch:
    """Results `first` to `end` - 1 of the agent, under the sequence numbers of the same value."""
    return batch_of([probe(number) for number in range(first, end)], first, **known)


def in_rows(results: Sequence[tuple[int, Result]], first_seq: int = 0, **known: Any) -> Batch:
    """`results`, of one target, as JSON rows."""
    found = [result for _, result in results]
    rows = Rows(
        target=found[0].target,
        started_ms=[result.started_ms + BASE_MS for result in found],
        outcome=[str(result.outcome) for result in found],
        sent=[result.sent for result in found],
        received=[result.received for result in found],
        rtt_us=[[r.rtt_min_us, r.rtt_avg_us, r.rtt_max_us] if r.received else [] for r in found],
    )
    return msgspec.structs.replace(batch_of([], first_seq, **known), rows=[rows])


def deliver(batch: Batch, agent: str = "dinkes-1", site: str = SITE, **known: Any) -> Delivery:
    """`batch` as ingest hands it to the store."""
    made: dict[str, Any] = {"context": CONTEXT, "received_at_ms": RECEIVED_MS}
    return Delivery(agent=agent, site=site, batch=batch, **made | known)


def same(one: Columns, other: Columns) -> bool:
    """Whether two reads are identical to the byte."""
    arrays = ("index", "at_ms", "outcome", "sent", "received", "avg_us", "min_us", "max_us")
    return one.series == other.series and all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in arrays
    )
