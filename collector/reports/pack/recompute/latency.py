"""Section 13: loss, round trips and jitter of the echo results of one site and day."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from .records import Target

GROUPS = ("gateway", "intranet", "internet", "outside")
AVAILABLE = ("up", "degraded", "intercepted", "internet_down", "intranet_down")
BUCKETS = 508
SHORTEST_US, LONGEST_US = 10, 3_600_000_000
GROWTH = (LONGEST_US / SHORTEST_US) ** (1 / BUCKETS)
"""Each bucket ends this many times later than it begins: its middle is off by at most 2 %."""
BOUNDS = [ceil(SHORTEST_US * GROWTH**i) for i in range(1, BUCKETS)]
"""Bucket i has the round trips from bound i - 1 up to below bound i, in whole microseconds."""

Echoes = dict[str, Any]
"""`sent`, `lost`, `jitter_sum_us`, `jitter_n`, and `buckets`: how many round trips by bucket. What is 0 is left out."""


def latency(
    targets: Iterable[Target], counts: Callable[[int], bool], in_service: Callable[[int], bool]
) -> dict[str, Echoes]:
    """By `internet/inside`. `counts`: whether a result that began then is counted; the probes of `targets` are those of
    the day."""
    found: dict[str, Echoes] = {}
    for target in targets:
        if target.kind != "icmp" or target.stands_in not in GROUPS:
            continue
        before: int | None = None
        for probe in target.probes:
            counted = probe.outcome != "error" and counts(probe.at)
            if not counted:
                before = None
                continue
            slot = found.setdefault(f"{target.stands_in}/{'inside' if in_service(probe.at) else 'outside'}", empty())
            slot["sent"] += probe.sent
            slot["lost"] += probe.sent - probe.got
            if not probe.got:
                before = None
                continue
            us = probe.average_us
            bucket = bisect_right(BOUNDS, us)
            slot["buckets"][bucket] = slot["buckets"].get(bucket, 0) + 1
            if before is not None:
                slot["jitter_sum_us"] += abs(us - before)
                slot["jitter_n"] += 1
            before = us
    return found


def empty() -> Echoes:
    return {"sent": 0, "lost": 0, "jitter_sum_us": 0, "jitter_n": 0, "buckets": {}}


def add_echoes(total: Echoes, other: Mapping[str, Any]) -> None:
    """`other` as a kept account has it, or as `latency` makes it."""
    for name in ("sent", "lost", "jitter_sum_us", "jitter_n"):
        total[name] += other.get(name, 0)
    buckets = total["buckets"]
    for bucket, n in other["buckets"].items():
        buckets[int(bucket)] = buckets.get(int(bucket), 0) + n


def percentile_us(buckets: Mapping[int, int], share: float) -> float | None:
    """The middle of the bucket that has the round trip of rank `share` x n."""
    rank = max(1, ceil(share * sum(buckets.values()) - 1e-9))
    reached = 0
    for bucket in sorted(buckets):
        reached += buckets[bucket]
        if reached >= rank:
            return float(SHORTEST_US * GROWTH ** (bucket + 0.5))
    return None


def within(spans: Sequence[tuple[int, int]]) -> Callable[[int], bool]:
    """Whether an instant lies in one of `spans`; these by time, without overlaps."""
    starts = [start for start, _ in spans]

    def inside(at: int) -> bool:
        place = bisect_right(starts, at)
        return place > 0 and at < spans[place - 1][1]

    return inside
