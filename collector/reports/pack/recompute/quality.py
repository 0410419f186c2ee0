"""Section 6: when a line that was up was bad."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from .records import LADDER, Probe, Turn, World

BIN = 30_000


@dataclass(slots=True)
class Bin:
    """What the results of 30 seconds add up to."""

    sent: int = 0
    lost: int = 0
    results: int = 0
    rtt_us: int = 0

    def is_slow(self, limit_ms: float) -> bool:
        return self.results > 0 and self.rtt_us / self.results > limit_ms * 1000


NONE = Bin()


def degraded_track(world: World) -> list[Turn]:
    """Turns to `bad` and back to `good`."""
    bins = chosen_bins(world)
    bad = sorted(n for n in bins if is_bad(bins, n, world))
    bad += [n for a, b in pairwise(bad) if b - a <= 3 for n in range(a + 1, b)]  # rule 6.4: holes of up to two
    turns: list[Turn] = []
    for number in sorted(bad):
        at = number * BIN
        if turns and turns[-1].at == at:
            turns.pop()
        else:
            turns.append(Turn(at, "bad", at - BIN))
        turns.append(Turn(at + BIN, "good", at))
    return turns


def chosen_bins(world: World) -> dict[int, Bin]:
    """Rule 6.2: by number; from inside, and from outside where there is nothing from inside."""
    inside: dict[int, Bin] = {}
    outside: dict[int, Bin] = {}
    for target in world.targets:
        if target.kind == "icmp" and target.stands_in in LADDER[1:]:
            add(outside if target.watcher else inside, counting(target.probes))
    return outside | inside


def counting(probes: Iterable[Probe]) -> Iterator[Probe]:
    """Rule 6.1."""
    known = list(probes)
    around = [None, *known, None]
    for before, probe, behind in zip(around, known, around[2:], strict=False):
        if probe.got and (before is None or before.got) and (behind is None or behind.got):
            yield probe


def add(bins: dict[int, Bin], probes: Iterable[Probe]) -> None:
    for probe in probes:
        one = bins.setdefault(probe.at // BIN, Bin())
        one.sent += probe.sent
        one.lost += probe.sent - probe.got
        one.results += 1
        one.rtt_us += probe.average_us


def is_bad(bins: dict[int, Bin], number: int, world: World) -> bool:
    """Rules 6.3 and 6.4, without the filling of holes."""
    here = bins[number]
    for other in (bins.get(number - 1, NONE), bins.get(number + 1, NONE)):
        packets, gone = here.sent + other.sent, here.lost + other.lost
        if here.lost and gone > world.loss * packets and gone >= 3 + packets / 20:
            return True
        if here.is_slow(world.rtt) and other.is_slow(world.rtt):
            return True
    return False
