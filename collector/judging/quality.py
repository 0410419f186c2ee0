"""Pure: when a line is up but bad. Loss and latency over available time only (MEF 10.2.1); a lost packet has no
latency (RFC 2681).

1. Only echo results with at least one reply count, and of these only those whose neighbours were answered too: the
   probe that the cut of a line runs through belongs to the outage.
2. Time is cut into bins of 30 s, aligned to the epoch, so that no order of arrival can move them. Results from
   inside count; where a bin has none, those from outside do.
3. Two neighbouring bins together are bad if more than `loss_ratio` of their packets were lost, and at least 3 and
   one in twenty more, so that bad luck on a good line is not called degraded; or if the mean round trip of both is
   above `rtt_ms`.
4. A bin is degraded if it is in a bad pair and is not itself without fault; a hole of one or two bins between
   degraded ones is filled.
"""

import numpy as np
from numpy.typing import NDArray

from collector.columns import Columns, Series
from collector.judging.groups import LINE_GROUPS
from shared.settings import Settings

BIN_MS = 30_000

Numbers = NDArray[np.float64] | NDArray[np.int64]


class Limits(Settings):
    """What a medium may do before it counts as degraded."""

    loss_ratio: float = 0.1
    rtt_ms: float = 300.0


def is_echo(series: Series) -> bool:
    """Whether its results say how good the line is."""
    return series.kind == "icmp" and (series.outside or series.group in LINE_GROUPS)


def echoes_of(columns: Columns) -> Columns:
    """Rules 1 and 2: the results that count."""
    counts = np.array([is_echo(s) for s in columns.series], np.bool_)
    outside = np.array([s.outside for s in columns.series], np.bool_)
    if not counts.any():
        return Columns.empty()
    rows = columns.take(np.flatnonzero(counts[columns.index])).by_series()
    ok, same = rows.received > 0, rows.index[1:] == rows.index[:-1]
    good = ok.copy()
    good[1:] &= ok[:-1] | ~same
    good[:-1] &= ok[1:] | ~same
    if not good.all():
        rows = rows.take(good)
    if not outside.any():
        return rows
    return rows.take(~outside[rows.index] | ~np.isin(rows.at_ms // BIN_MS, rows.at_ms[~outside[rows.index]] // BIN_MS))


def degraded_spans(
    at_ms: NDArray[np.int64],
    sent: NDArray[np.uint8],
    received: NDArray[np.uint8],
    avg_us: NDArray[np.uint32],
    limits: Limits,
) -> list[tuple[int, int]]:
    """[(start, end)] of degraded time in milliseconds; the rows are those of rule 1 and 2, in any order."""
    if not len(at_ms):
        return []
    bins = at_ms // BIN_MS
    first = int(bins.min()) - 1  # the empty bin before makes a pair too, as the one behind does
    place = (bins - first).astype(np.int64)
    size = int(place.max()) + 2
    packets = np.bincount(place, sent, size)
    lost = np.bincount(place, sent.astype(np.int64) - received, size)
    rows = np.bincount(place, minlength=size)
    rtt_us = np.divide(np.bincount(place, avg_us, size), rows, out=np.zeros(size), where=rows > 0)
    lossy, slow = lost > 0, rtt_us > limits.rtt_ms * 1000
    bad_loss = is_loss_bad(lost[:-1] + lost[1:], packets[:-1] + packets[1:], limits.loss_ratio)
    bad_rtt = slow[:-1] & slow[1:]
    bad = np.zeros(size, np.bool_)
    for shift in (0, 1):
        part = slice(shift, size - 1 + shift)
        bad[part] |= (bad_loss & lossy[part]) | (bad_rtt & slow[part])
    return [((first + a) * BIN_MS, (first + b) * BIN_MS) for a, b in _filled(np.flatnonzero(bad))]


def is_loss_bad(lost: Numbers, packets: Numbers, loss_ratio: Numbers | float) -> NDArray[np.bool_]:
    """Rule 3 for the packets of two neighbouring bins together."""
    bad: NDArray[np.bool_] = (lost > loss_ratio * packets) & (lost >= 3 + packets / 20)
    return bad


def _filled(bad: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Runs of bin numbers as [start, end), holes of up to two bins filled."""
    if not len(bad):
        return []
    cuts = np.flatnonzero(np.diff(bad) > 3) + 1
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(bad, cuts)]
