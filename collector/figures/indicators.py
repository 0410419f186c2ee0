"""Pure: sums of accounts -> indicators: availability with its error bars, outages, latency; each with what it rests on.

A ratio is divided once, after everything was added: never an average of averages. Below the coverage floor there is no
number. `FORMULAS` says how each is computed, in words that docs/accounting.md quotes; those of availability are made
from the rows that are added, so they cannot differ from what is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from collector.accounting.latency import BUCKETS, GROUPS, JITTER_N, JITTER_SUM, LOST, SENT, WIDTH, percentiles_us
from collector.accounting.ledger import CODES, LATE, MAJEURE, PLANNED
from collector.condition import DOWN_ROWS, ROWS, Row
from collector.figures.shares import (
    OBSERVED_ROWS,
    SHARES,
    Choice,
    Hours,
    Numbers,
    Ratio,
    Reals,
    divided,
    mask,
    ratios,
    ratios_of_subject,
    shown,
)
from collector.figures.sums import HOURS, Counted, Sums
from shared.settings import Settings


class AccountingSettings(Settings):
    """The table [accounting]."""

    coverage_floor: Annotated[float, Field(ge=0, le=1)] = 0.5
    charge_after_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0


CHARGED_ROWS = (Row.LINE_DOWN, Row.INTERNET_DOWN)
WORKING_ROWS = (Row.UP, Row.DEGRADED)
KNOWN_ROWS = (*OBSERVED_ROWS, Row.POWER)
EXCLUDED = {"planned": PLANNED, "late": LATE, "force_majeure": MAJEURE}
PERCENTILES = (0.5, 0.95, 0.99)


def _of_subject(name: str) -> str:
    return f"{name}.up / ({name}.up + {name}.intercepted + {name}.down)"


FORMULAS: Mapping[str, str] = {
    **{name: share.formula for name, share in SHARES.items()},
    "internet": _of_subject("internet"),
    "intranet": _of_subject("intranet"),
    "service": _of_subject("service"),
    "coverage": f"({' + '.join(OBSERVED_ROWS)}) / period",
    "known": "coverage + power / period",
    "outages": f"stretches without a break in one of {', '.join(DOWN_ROWS)} that begin in the period",
    "downtime": " + ".join(DOWN_ROWS),
    "longest": "the most time of the period in one outage",
    "mttr": "downtime / outages",
    "mtbf": f"({' + '.join(WORKING_ROWS)}) / outages",
    "charged": f"outages in {' or '.join(CHARGED_ROWS)} that last at least charge_after_s as a whole",
    "power_cuts": "unbroken stretches in the row power (cuts) that begin in the period",
    "loss": "packets lost / packets sent, in available time that is not excluded",
    "jitter": "sum of |round trip - round trip before| / number of such pairs, in available time that is not excluded",
    "percentile": "the round trip of rank share x n by length, in available time that is not excluded, within 2 %",
}
"""How each indicator is computed, for people who must check it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Round trips of a group of targets; None: not measured, or not enough data."""

    sent: int
    lost: int
    loss: float | None
    jitter_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """How many outages (or power cuts) began, and their time in the period, the longest's too."""

    n: int
    total_ms: int
    longest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything about one owner for one choice of hours and exclusions. `rows` (milliseconds) sums to `period_ms`.

    `availability` by `line`, `experienced`, `internet`, `intranet`, `service/<target>`; `latency` by group.
    `excluded_ms` by planned, late, force_majeure: what lies in the chosen hours, whether or not it was taken out.
    """

    sites: int
    period_ms: int
    observed_ms: int
    excluded_ms: Mapping[str, int]
    rows: Mapping[Row, int]
    coverage: float | None
    known: float | None
    enough_data: bool
    availability: Mapping[str, Ratio]
    outages: Stretches
    charged: Stretches
    power_cuts: Stretches
    downtime_ms: int
    mttr_ms: float | None
    mtbf_ms: float | None
    latency: Mapping[str, Echo]
    counted: Sequence[Counted]
    """Of each site, where it is known."""


EXCLUDED = {"planned": PLANNED, "late": LATE, "force_majeure": MAJEURE}


def figures(sums: Sums, choice: Choice, settings: AccountingSettings) -> list[Figures]:
    """Of every owner of `sums`.

    1. The cells that were chosen are added, by row.
    2. Where less than the floor of the period is known, what is divided is withheld; sums and counts stay.
    3. Shares of time and their bars: shares.py. Outages: `_stretches`. Latency: `_echoes`.
    """
    spent = choice.sum(sums.cells)
    known = divided(_of(spent, KNOWN_ROWS), spent.sum(axis=1))
    enough: list[bool] = (known >= settings.coverage_floor).tolist()  # nan is not
    outages = _stretches(sums, choice, DOWN_ROWS)
    columns: dict[str, list[Any]] = {
        "sites": sums.sites.tolist(),
        "period_ms": spent.sum(axis=1).tolist(),
        "observed_ms": _of(spent, OBSERVED_ROWS).tolist(),
        "excluded_ms": _excluded(sums.cells, choice.hours),
        "rows": [dict(zip(ROWS, row, strict=True)) for row in spent.tolist()],
        "coverage": list(map(shown, divided(_of(spent, OBSERVED_ROWS), spent.sum(axis=1)).tolist())),
        "known": list(map(shown, known.tolist())),
        "enough_data": enough,
        "availability": _availability(sums, choice, spent, enough),
        "outages": outages,
        "charged": _stretches(sums, choice, CHARGED_ROWS, round(settings.charge_after_s * 1000)),
        "power_cuts": _stretches(sums, choice, (Row.POWER,)),
        "downtime_ms": _of(spent, DOWN_ROWS).tolist(),
        "mttr_ms": _mean(_of(spent, DOWN_ROWS), outages, enough),
        "mtbf_ms": _mean(_of(spent, WORKING_ROWS), outages, enough),
        "latency": _echoes(sums.latency, choice.hours, enough),
        "counted": sums.counted,
    }
    return [Figures(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _of(spent: Numbers, rows: Sequence[Row]) -> Numbers:
    total: Numbers = spent[:, mask(rows)].sum(axis=1)
    return total


def _excluded(cells: Numbers, hours: Hours) -> list[dict[str, int]]:
    """In the chosen hours, whether or not it is taken out."""
    everything = cells[..., 1:, :] if hours is Hours.SERVICE else cells
    by_code = everything.sum(axis=(1, 2)).tolist()
    return [{name: row[code] for name, code in EXCLUDED.items()} for row in by_code]


def _mean(total_ms: Numbers, outages: Sequence[Stretches], enough: Sequence[bool]) -> list[float | None]:
    return [
        ms / found.n if yes and found.n else None
        for ms, found, yes in zip(total_ms.tolist(), outages, enough, strict=True)
    ]


def _availability(sums: Sums, choice: Choice, spent: Numbers, enough: Sequence[bool]) -> list[dict[str, Ratio]]:
    """A subject that was never asked for has none."""
    doubt = choice.sum(sums.doubt)
    found = {name: ratios(share, spent, doubt).rows(enough) for name, share in SHARES.items()}
    asked = {name: [True] * len(sums) for name in found}
    for subject, cells in sorted(sums.others.items()):
        found[subject] = ratios_of_subject(choice.sum(cells)).rows(enough)
        asked[subject] = [bool(one.any()) for one in cells]
    return [{name: column[i] for name, column in found.items() if asked[name][i]} for i in range(len(sums))]


def _stretches(sums: Sums, choice: Choice, rows: Sequence[Row], at_least_ms: int = 0) -> list[Stretches]:
    """Of the outages in one of `rows` that lasted at least so long as a whole.

    One counts if it begins in the period and some of its time there was chosen; time counts where it lies, also that
    of outages that began before.
    """
    chosen = [one for one in sums.stretches if one.row in rows and one.length_ms >= at_least_ms]
    owner = np.array([one.owner for one in chosen], np.int64)
    spent_ms = choice.sum(np.array([one.spent_ms for one in chosen], np.int64).reshape(-1, HOURS, CODES))
    begins = (spent_ms > 0) & np.array([one.opens for one in chosen], np.bool_)
    n = np.bincount(owner[begins], minlength=len(sums))
    total_ms, longest_ms = np.zeros((2, len(sums)), np.int64)
    np.add.at(total_ms, owner, spent_ms)
    np.maximum.at(longest_ms, owner, spent_ms)
    columns = zip(n.tolist(), total_ms.tolist(), longest_ms.tolist(), strict=True)
    return [Stretches(n=n, total_ms=total, longest_ms=longest) for n, total, longest in columns]


def _echoes(latency: Numbers, hours: Hours, enough: Sequence[bool]) -> list[dict[str, Echo]]:
    """By group, of `latency[owner, slot, number]`; a group of which nothing was sent has none."""
    by_group = latency.reshape(len(latency), len(GROUPS), HOURS, WIDTH)
    chosen = by_group[:, :, 1] if hours is Hours.SERVICE else by_group.sum(axis=2)
    columns = {group: _echoes_of(chosen[:, place], enough) for place, group in enumerate(GROUPS)}
    return [{group: column[i] for group, column in columns.items() if column[i].sent} for i in range(len(latency))]


def _echoes_of(numbers: Numbers, enough: Sequence[bool]) -> list[Echo]:
    """Of `numbers[owner, number]`."""
    sent, lost, jitter_us, pairs = (numbers[:, place] for place in (SENT, LOST, JITTER_SUM, JITTER_N))
    withheld = ~np.array(enough, np.bool_)
    reals: list[Reals] = [divided(lost, sent), divided(jitter_us, pairs) / 1000]
    reals += [percentiles_us(numbers[:, :BUCKETS], share) / 1000 for share in PERCENTILES]
    told = [map(shown, np.where(withheld, np.nan, column).tolist()) for column in reals]
    return [
        Echo(sent=sent, lost=lost, loss=loss, jitter_ms=jitter_ms, p50_ms=p50, p95_ms=p95, p99_ms=p99)
        for sent, lost, loss, jitter_ms, p50, p95, p99 in zip(sent.tolist(), lost.tolist(), *told, strict=True)
    ]
