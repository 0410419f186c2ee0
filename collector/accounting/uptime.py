"""Pure: readings of a watched device's uptime counter -> when it started anew, which says that it had no power.

Of each device (agent, target and address), its readings in order of time, each with the one before it:

1. A reading is whole seconds since the device started, true when its answer came: at the stamp and its round trip.
2. A counter that stands lower than before by more than JITTER_MS began anew. That alone needs no clock, so neither a
   step of the host's clock nor a slow answer makes a restart of a counter that runs on.
3. It began anew at the answer less the reading. A device that answered was on, so that lies behind the reading before;
   where it does not (a step of the clock has put readings in the wrong order, or another counter was read), nothing is
   said.
4. A counter of 32 bits begins anew by itself after 497 days: where the reading is what the one before would have become
   by then, the device ran on. A clock that drifts may be off by a minute and a thousandth of the time between.

Only devices of the site itself are looked at: those that are watched from outside, and the site's own gateway.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from collector.accounting.silence import Restart
from collector.columns import Columns, Series
from shared.result import CODE_OF, UPTIME, Group, Outcome

JITTER_MS = 5_000
WRAP_MS = (1 << 32) * 10
"""A counter of hundredths of a second in 32 bits."""
WRAP_SLACK_MS = 60_000


def restarts(columns: Columns) -> list[Restart]:
    """Every restart between two readings in `columns`, by time and target; the order of rows does not matter.

    A restart is known only with the reading before it: `columns` must begin before the gap that is asked about.
    """
    devices: dict[tuple[str, str, str], list[int]] = {}
    for position, series in enumerate(columns.series):
        if _stands_at_the_site(series):
            devices.setdefault((series.agent, series.target, series.address), []).append(position)
    found = {restart for key, positions in devices.items() for restart in _of_device(columns, key[1], positions)}
    return sorted(found, key=lambda restart: (restart.at_ms, restart.target, restart.after_ms))


def _stands_at_the_site(series: Series) -> bool:
    return series.kind == UPTIME and (series.outside or series.group is Group.GATEWAY)


def _of_device(columns: Columns, target: str, positions: list[int]) -> Iterator[Restart]:
    answered = np.isin(columns.index, positions) & (columns.outcome == CODE_OF[Outcome.OK]) & (columns.received > 0)
    rows = columns.take(answered)
    read_ms = (rows.max_us - rows.avg_us).astype(np.int64) * 1000
    at_ms = rows.at_ms + rows.avg_us // 1000
    order = np.lexsort((read_ms, at_ms))
    read_ms, at_ms = read_ms[order], at_ms[order]
    began_ms, before_ms = at_ms[1:] - read_ms[1:], at_ms[:-1]
    anew = (read_ms[:-1] - read_ms[1:] > JITTER_MS) & (began_ms > before_ms - JITTER_MS)
    for row in np.flatnonzero(anew & ~_wrapped(read_ms, at_ms)).tolist():
        after_ms = int(before_ms[row])
        yield Restart(target=target, at_ms=max(after_ms, int(began_ms[row])), after_ms=after_ms)


def _wrapped(read_ms: NDArray[np.int64], at_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which readings follow from the one before by rule 4."""
    between_ms = np.diff(at_ms)
    off_ms = np.abs(read_ms[:-1] + between_ms - WRAP_MS - read_ms[1:])
    return np.asarray(off_ms <= WRAP_SLACK_MS + between_ms // 1000)
