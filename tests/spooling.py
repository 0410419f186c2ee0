"""What the tests of the spool and of the push share: contexts and results to put in, and everything that comes out."""

from pathlib import Path

from agent.slices import Slice
from agent.spool import Spool, SpoolSettings
from shared.clock import Clock
from shared.result import Group, Outcome, Result
from shared.wire import Context, TargetSpec
from tests.fakes import FakeClock

SMALL = SpoolSettings(max_bytes=65_536)  # segments of 4 KiB, so that tests fill several


def a_context(targets: int = 2, **changes: object) -> Context:
    specs = tuple(
        TargetSpec(name=f"t{i}", group=Group.INTERNET, kind="icmp", interval_ms=30_000, address=f"192.0.2.{i % 250}")
        for i in range(targets)
    )
    values = {"boot_id": "b1", "boot_at_ms": 1_000, "run_at_ms": 2_000, "clock_base_ms": 1_789_995_000_000}
    return Context(**{**values, "push_interval_ms": 60_000, "targets": specs, **changes})  # type: ignore[arg-type]


def a_result(n: int, targets: int = 2, outcome: Outcome = Outcome.OK) -> Result:
    """Told apart by its start."""
    return Result(
        target=f"t{n % targets}",
        started_ms=n * 1_000,
        outcome=outcome,
        sent=4,
        received=4,
        rtt_min_us=20_000 + n,
        rtt_avg_us=21_000 + n,
        rtt_max_us=25_000 + n,
    )


def a_spool(directory: Path, clock: Clock | None = None, settings: SpoolSettings = SMALL) -> Spool:
    spool = Spool(directory, settings, clock or FakeClock())
    spool.open_context(a_context())
    return spool


def fill(spool: Spool, count: int, start: int = 1) -> list[int]:
    """Appends results `start` ... and syncs; returns their numbers."""
    numbers = [spool.append(a_result(n)) for n in range(start, start + count)]
    spool.sync()
    return numbers


def drain(spool: Spool) -> list[Slice]:
    """Everything there is to send, oldest first, acknowledged as it is read."""
    slices = []
    while piece := spool.oldest(spool.next_seq, 20_000):
        slices.append(piece)
        spool.ack(piece.first_seq, piece.last_seq)
    return slices


def seqs(slices: list[Slice]) -> list[int]:
    return [seq for piece in slices for seq in range(piece.first_seq, piece.last_seq + 1)]
