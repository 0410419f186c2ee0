"""Pure: whether a site is connected to a network, and since when.

1. The window are the last `window_days` days, the last one included. A site is connected to a network if that was up
   for at least `at_least_ms` in the window, all its days together. It is not if it was measured there and was up for
   less. If it was never measured in the window, nobody knows: silence is no evidence.
2. It has been connected since the first of the days, back from the last one on which the network was up, between
   which there are never `window_days` or more on end without it. Never since before measurements began.
3. Days on which neither network was measured from inside count for a third way, `outside`: who watches the site from
   elsewhere reached it (the site was up or degraded) or did not (unreachable). A site is connected, without a word
   more, if it is by one of the three ways.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from collector.accounting.digits import DIGIT_BITS, MAX_NUMBERS, PLACE_BITS, Numbers
from collector.accounting.ledger import STANDINGS, Ledger, Standing
from collector.condition import Row
from collector.figures.sums import CELL, CELLS_AT, DOUBT_AT, GROUPS, MOST_ROWS, PLACE_OF

NETWORKS = GROUPS
"""What a site can be connected to."""
OUTSIDE = "outside"
WAYS = (*NETWORKS, OUTSIDE)
"""How it can be known to be connected."""
UP, UNOBSERVED = STANDINGS.index(Standing.UP), STANDINGS.index(Standing.UNOBSERVED)
REACHED, MISSED = [PLACE_OF[Row.UP], PLACE_OF[Row.DEGRADED]], PLACE_OF[Row.UNREACHABLE]
WIDTH = MOST_ROWS + len(NETWORKS) * len(STANDINGS)
"""Of a tally's numbers: the rows of the site, then the standings of each network, each a sum of CELL cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """See above."""

    window_days: int
    at_least_ms: int


@dataclass(frozen=True, slots=True)
class Daily:
    """How long each of WAYS was up at a site, and measured at all: `up_ms[day, way]`, `measured_ms` likewise.
    `days` are the site's own, as ordinals (date.toordinal), rising; those without an account are not among them."""

    days: Numbers
    up_ms: Numbers
    measured_ms: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """By one way, or by any. `connected` None: not measured. `since` is set where it is connected; `at_least`: it may
    have been so for longer, for measurements began that day. `last_up` and `last_measured`: as long as anything is
    known, None: never."""

    connected: bool | None
    since: date | None = None
    at_least: bool = False
    last_up: date | None = None
    last_measured: date | None = None


def connected(daily: Daily, end: date, rule: Rule) -> list[bool | None]:
    """By each of WAYS in the window that ends with the day `end`; None: not measured."""
    window = slice(*np.searchsorted(daily.days, (end.toordinal() - rule.window_days + 1, end.toordinal() + 1)))
    up_ms, measured_ms = daily.up_ms[window].sum(axis=0), daily.measured_ms[window].sum(axis=0)
    return [
        bool(up >= rule.at_least_ms) if measured else None
        for up, measured in zip(up_ms.tolist(), measured_ms.tolist(), strict=True)
    ]


def connections(daily: Daily, end: date, rule: Rule) -> list[Connection]:
    """By each of WAYS as of the end of the day `end`."""
    known = daily.days <= end.toordinal()
    found = []
    for place, yes in enumerate(connected(daily, end, rule)):
        ups = daily.days[known & (daily.up_ms[:, place] > 0)]
        measured = daily.days[known & (daily.measured_ms[:, place] > 0)]
        since = _since(ups, rule.window_days) if yes else None
        found.append(
            Connection(
                connected=yes,
                since=since,
                at_least=since is not None and since.toordinal() == measured[0],
                last_up=_last(ups),
                last_measured=_last(measured),
            )
        )
    return found


def active_days(daily: Daily, first: date, after: date, rule: Rule) -> int:
    """On how many days from `first` on and before `after` one of the ways was up for at least the rule's time."""
    chosen = (daily.days >= first.toordinal()) & (daily.days < after.toordinal())
    return int((daily.up_ms[chosen] >= rule.at_least_ms).any(axis=1).sum())


def together(found: Sequence[Connection]) -> Connection:
    """Of several ways or sites: connected if one of them is, since the first of those that are."""
    yes = [one for one in found if one.connected]
    since = min((one.since for one in yes if one.since), default=None)
    return Connection(
        connected=True if yes else False if any(one.connected is False for one in found) else None,
        since=since,
        at_least=any(one.at_least for one in yes if one.since == since),
        last_up=max((one.last_up for one in found if one.last_up), default=None),
        last_measured=max((one.last_measured for one in found if one.last_measured), default=None),
    )


def daily(kept: Sequence[tuple[int, bytes]], made: Iterable[tuple[int, Ledger]]) -> Daily:
    """Of one site: (day, tally) of days that are kept, (day, ledger) of what was made; a day may come in pieces."""
    days = np.array([day for day, _ in kept], np.int64)
    spent_ms = _spent([tally for _, tally in kept])
    for day, ledger in made:
        days, spent_ms = np.append(days, day), np.append(spent_ms, _of(ledger)[np.newaxis], axis=0)
    each, place = np.unique(days, return_inverse=True)
    total_ms = np.zeros((len(each), WIDTH), np.int64)
    np.add.at(total_ms, place, spent_ms)
    standings_ms = total_ms[:, MOST_ROWS:].reshape(-1, len(NETWORKS), len(STANDINGS))
    up_ms, measured_ms = standings_ms[..., UP], standings_ms.sum(axis=2) - standings_ms[..., UNOBSERVED]
    from_outside = ~measured_ms.any(axis=1)
    reached_ms = total_ms[:, REACHED].sum(axis=1) * from_outside
    watched_ms = reached_ms + total_ms[:, MISSED] * from_outside
    return Daily(each, np.column_stack((up_ms, reached_ms)), np.column_stack((measured_ms, watched_ms)))


def _spent(tallies: Sequence[bytes]) -> Numbers:
    """[day, WIDTH] in milliseconds: of each tally only what is needed is taken apart."""
    pairs = np.frombuffer(b"".join(tallies), "<u2").reshape(-1, 2)
    number = pairs[:, 0] & (MAX_NUMBERS - 1)
    wanted = np.flatnonzero((number >= CELLS_AT) & (number < DOUBT_AT))
    day = np.searchsorted(np.cumsum([len(tally) // 4 for tally in tallies]), wanted, side="right")
    cell: NDArray[np.int64] = day * WIDTH + (number[wanted].astype(np.int64) - CELLS_AT) // CELL
    digit = pairs[wanted, 0].astype(np.int64) >> PLACE_BITS
    ms = pairs[wanted, 1].astype(np.int64) << DIGIT_BITS * digit
    total = np.bincount(cell, ms, minlength=len(tallies) * WIDTH)  # exact: far below 2^53
    return total.astype(np.int64).reshape(-1, WIDTH)


def _of(ledger: Ledger) -> Numbers:
    """[WIDTH] in milliseconds."""
    found = np.zeros(WIDTH, np.int64)
    found[: len(ledger.cells)] = ledger.cells.sum(axis=(1, 2))
    for place, name in enumerate(NETWORKS):
        if name in ledger.others:
            at = MOST_ROWS + place * len(STANDINGS)
            found[at : at + len(STANDINGS)] = ledger.others[name].sum(axis=(1, 2))
    return found


def _since(ups: Numbers, window_days: int) -> date | None:
    breaks = np.flatnonzero(np.diff(ups) > window_days)
    first = ups[breaks[-1] + 1] if len(breaks) else ups[0]
    return date.fromordinal(int(first))


def _last(days: Numbers) -> date | None:
    return date.fromordinal(int(days[-1])) if len(days) else None
