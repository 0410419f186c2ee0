"""Hosts whose clocks are wrong, for the tests of clocks and stays: the truth is known, and what they believe."""

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import msgspec

from collector.store import Delivery
from shared.result import Group, Outcome, Result
from shared.wire import Batch, Context, Host, Jump, TargetSpec, encode_planes

SITE = "64.72"
NOON_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TARGET = TargetSpec(name="gw", group=Group.GATEWAY, kind="icmp", interval_ms=30_000)


@dataclass
class Machine:
    """One host. All times handed in are true; `wall_ms` is what its clock says then. `drift_ppm` of its boot clock."""

    agent: str = "a"
    stream: str = "s"
    drift_ppm: int = 0
    seq: int = 0
    boots: int = 0
    delay_ms: int = 40
    name: str = "boot"
    context: Context | None = None
    waiting: list[tuple[Context, int, Result]] = field(default_factory=list)
    answered: tuple[int, int] | None = None
    _booted_ms: int = 0

    def boot(self, at_ms: int, wall_ms: int | None = None, **known: Any) -> "Machine":
        """Its clock says `wall_ms` then; None: it is right."""
        self.boots, self._booted_ms, self.answered = self.boots + 1, at_ms, None
        base_ms = at_ms if wall_ms is None else wall_ms
        made: dict[str, Any] = {
            "boot_id": f"{self.name}-{self.boots}",
            "boot_at_ms": base_ms,
            "run_at_ms": base_ms + 10_000,
            "clock_base_ms": base_ms,
            "push_interval_ms": 60_000,
            "targets": (TARGET,),
        }
        self.context = Context(**made | known)
        return self

    def step(self, by_ms: int, at_ms: int) -> None:
        """Somebody, or NTP, sets its clock."""
        assert self.context
        base_ms = self.context.clock_base_ms + by_ms
        jump = Jump(at_ms=base_ms + self.boot_clock(at_ms), stepped_ms=by_ms)
        self.context = msgspec.structs.replace(
            self.context, clock_base_ms=base_ms, boot_at_ms=base_ms, run_at_ms=base_ms + 10_000, jump=jump
        )

    def boot_clock(self, at_ms: int) -> int:
        passed_ms = at_ms - self._booted_ms
        return passed_ms + passed_ms * self.drift_ppm // 1_000_000

    def measure(self, *at_ms: int) -> "Machine":
        """The true time is also told by the round trip, so that a test finds the result again."""
        for at in at_ms:
            assert self.context
            known: dict[str, Any] = {"started_ms": self.boot_clock(at), "sent": 1, "received": 1}
            known |= dict.fromkeys(("rtt_min_us", "rtt_avg_us", "rtt_max_us"), self.seq + 1)
            self.waiting.append((self.context, self.seq, Result(target="gw", outcome=Outcome.OK, **known)))
            self.seq += 1
        return self

    def push(self, at_ms: int, *, keep: bool = False) -> list[Delivery]:
        """All that waits, or nothing at all; a batch a context. `keep`: nobody answers, and it waits on."""
        assert self.context
        found = [
            self._delivery(context, list(group), at_ms) for context, group in groupby(self.waiting, key=lambda w: w[0])
        ] or [self._delivery(self.context, [], at_ms)]
        if not keep:
            self.waiting, self.answered = [], (at_ms + self.delay_ms, self.boot_clock(at_ms + 2 * self.delay_ms))
        return found

    def live(self, from_ms: int, to_ms: int, every_ms: int = 600_000) -> list[Delivery]:
        """Measures and pushes, again and again."""
        return [
            delivery for at in range(from_ms, to_ms, every_ms) for delivery in self.measure(at).push(at + every_ms // 2)
        ]

    def _delivery(self, context: Context, waiting: list[tuple[Context, int, Result]], at_ms: int) -> Delivery:
        assert self.context
        boot_ms = self.boot_clock(at_ms)
        host = Host(
            sent_wall_ms=self.context.clock_base_ms + boot_ms,
            sent_boot_ms=boot_ms,
            same_boot=context.boot_id == self.context.boot_id,
            answered=self.answered,
        )
        results = [(0, result) for _, _, result in waiting]
        base_ms = results[0][1].started_ms if results else 0
        batch = Batch(
            stream=self.stream,
            first_seq=waiting[0][1] if waiting else self.seq,
            n=len(results),
            context=context.name,
            host=host,
            base_ms=base_ms,
            planes=encode_planes(results, [30_000], base_ms),
        )
        return Delivery(agent=self.agent, site=SITE, batch=batch, context=context, received_at_ms=at_ms + self.delay_ms)


def later(delivery: Delivery, by_ms: int) -> Delivery:
    """A copy that comes later."""
    return replace(delivery, received_at_ms=delivery.received_at_ms + by_ms)
