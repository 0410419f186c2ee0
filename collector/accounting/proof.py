"""Pure: what is proved of a closed day: digests of its results and of its account, and the links they are chained in.

docs/accounting.md, section 16, prints these forms, so that anybody can make the same digests with any tool:

* `result_lines` is the text whose SHA-256 is the digest of results: CSV as Python's csv module writes it with
  QUOTE_NONNUMERIC and "\\n", one line a result, RESULT_FIELDS in this order, without a line of names. Lines are sorted
  field by field: by series, then time, then outcome (in the order of Outcome), then the five numbers.
* `account_json` is the text whose SHA-256 is the digest of the account: canonical JSON (collector/acts.py).
* The content of a link is the canonical JSON of a Proof and its number; link n = SHA-256(link n-1, SHA-256(content)),
  with 32 zero bytes before the first. So who may not know a site can be given the digest of a content alone, and still
  check the whole chain.

A chain is not a function of the results: it also tells when each day was closed.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from collector.accounting.changes import Change, Latencies
from collector.accounting.latency import SLOTS, Latency
from collector.accounting.ledger import LATE, MAJEURE, PLAIN, PLANNED, STANDINGS, Cells, Down, Ledger
from collector.acts import canonical
from collector.columns import VALUES, Columns, Series
from collector.condition import ROWS
from shared.result import OUTCOMES

SERIES_FIELDS = ("site", "agent", "target", "group", "kind", "interval_ms", "address", "agent_site")
"""The order is that of columns.series_order."""
RESULT_FIELDS = (*SERIES_FIELDS, *VALUES)
BEFORE_FIRST = bytes(32)
LINKED_LATER = "linked later"
"""Why a day has a link that was closed before there was a chain."""
HOURS = ("outside", "inside")
EXCLUSIONS = {PLAIN: "none", PLANNED: "planned", MAJEURE: "force_majeure", LATE: "late"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one link says: that at `at_ms` revision `number` of a site's day stood, and what it was linked for. `day` is
    its local date; the three digests are SHA-256 in hexadecimal, `changes` that of `changes_digest`."""

    site: str
    day: str
    from_ms: int
    to_ms: int
    number: int
    at_ms: int
    why: str
    results: str
    account: str
    changes: str


@dataclass(frozen=True, slots=True)
class Link:
    """Number `n` of the chain, counted from 1; `link` is its digest in hexadecimal."""

    n: int
    of: Proof
    link: str

    @property
    def content(self) -> str:
        """The canonical JSON that its digest covers."""
        return canonical({"n": self.n, **asdict(self.of)})

    @property
    def content_digest(self) -> bytes:
        """What to give to who may not read `content`."""
        return hashlib.sha256(self.content.encode()).digest()


def linked(before: bytes, content_digest: bytes) -> bytes:
    """The link over a content that follows the link `before`."""
    return hashlib.sha256(before + content_digest).digest()


def proof_of(
    site: str, timezone: str, at_ms: int, results: Columns, ledger: Ledger, latencies: Latencies, why: str
) -> Proof:
    """Of the first revision of a day that is cut by the midnights of `timezone`; `results` are all that lie in it."""
    return Proof(
        site=site,
        day=day_of(timezone, ledger.from_ms),
        from_ms=ledger.from_ms,
        to_ms=ledger.to_ms,
        number=1,
        at_ms=at_ms,
        why=why,
        results=results_digest(results),
        account=account_digest(ledger, latencies),
        changes=changes_digest(()),
    )


def day_of(timezone: str, from_ms: int) -> str:
    """The local date of the day that begins then."""
    return datetime.fromtimestamp(from_ms // 1000, ZoneInfo(timezone)).date().isoformat()


def results_digest(columns: Columns) -> str:
    """Of all results of a site's day, as `Store.read` gives them."""
    return hashlib.sha256(result_lines(columns)).hexdigest()


def changes_digest(changes: Sequence[Change]) -> str:
    """Of what a revision says that it changed; of none for all other links."""
    return hashlib.sha256(canonical({"changes": changes}).encode()).hexdigest()


def account_digest(ledger: Ledger, latencies: Latencies) -> str:
    """Of what a day's results became."""
    return hashlib.sha256(account_json(ledger, latencies).encode()).hexdigest()


def result_lines(columns: Columns) -> bytes:
    """The results as text, UTF-8; nothing for none. `columns` in the order of `Store.read`."""
    if not len(columns):
        return b""
    c = columns
    outcomes = np.array(OUTCOMES, object)[c.outcome]
    numbers = (c.at_ms, outcomes, c.sent, c.received, c.avg_us, c.min_us, c.max_us)
    rows = list(zip(*(column.tolist() for column in numbers), strict=True))
    starts = [0, *(np.flatnonzero(c.index[1:] != c.index[:-1]) + 1).tolist(), len(rows)]
    pieces: list[bytes] = []
    for start, end in pairwise(starts):
        head = _series_text(c.series[c.index[start]])
        # a list of lists in JSON differs from the lines only by what stands between two rows
        pieces += (head, msgspec.json.encode(rows[start:end])[2:-2].replace(b"],[", b"\n" + head), b"\n")
    return b"".join(pieces)


def account_json(ledger: Ledger, latencies: Latencies) -> str:
    """A day's account with one way to write it: only what is not 0, everything by name. Milliseconds, microseconds in
    latencies; buckets by their number (latency.py)."""
    return canonical(
        {
            "from_ms": ledger.from_ms,
            "to_ms": ledger.to_ms,
            "cells": _named(ledger.cells, ROWS),
            "doubt": dict(_doubts(ledger)),
            "others": {subject: _named(cells, STANDINGS) for subject, cells in ledger.others.items()},
            "downs": [_down(down) for down in ledger.downs],
            "latency": {
                f"{group}/{HOURS[service]}": _echoes(latencies[group, service])
                for group, service in SLOTS
                if (group, service) in latencies
            },
        }
    )


def _series_text(series: Series) -> bytes:
    values = (getattr(series, name) for name in SERIES_FIELDS)
    told = (str(value) if isinstance(value, int) else '"' + value.replace('"', '""') + '"' for value in values)
    return (",".join(told) + ",").encode()


def _named(cells: Cells, names: tuple[str, ...]) -> dict[str, int]:
    """`up/inside/none` -> milliseconds."""
    first, service, code = np.nonzero(cells)
    ms = cells[first, service, code].tolist()
    places = zip(first.tolist(), service.tolist(), code.tolist(), ms, strict=True)
    return {f"{names[i]}/{HOURS[j]}/{EXCLUSIONS[k]}": spent_ms for i, j, k, spent_ms in places}


def _doubts(ledger: Ledger) -> Iterator[tuple[str, int]]:
    """`up/line_down/inside/none` -> milliseconds recorded as the first that may have been the second."""
    for (row, maybe), cells in ledger.doubt.items():
        yield from _named(cells[np.newaxis], (f"{row}/{maybe}",)).items()


def _down(down: Down) -> dict[str, int | str | bool]:
    return {
        "row": down.row,
        "start_ms": down.start_ms,
        "end_ms": down.end_ms,
        "not_earlier_ms": down.not_earlier_ms,
        "end_not_earlier_ms": down.end_not_earlier_ms,
        "opens": down.opens,
        "closes": down.closes,
        "excluded": EXCLUSIONS[down.excluded],
        "why": down.why,
    }


def _echoes(latency: Latency) -> dict[str, int | dict[str, int]]:
    used = np.flatnonzero(latency.buckets)
    buckets = zip(used.tolist(), latency.buckets[used].tolist(), strict=True)
    told = {
        "sent": latency.sent,
        "lost": latency.lost,
        "jitter_sum_us": latency.jitter_sum_us,
        "jitter_n": latency.jitter_n,
    }
    return {name: n for name, n in told.items() if n} | {"buckets": {str(number): n for number, n in buckets}}
