"""The printed forms of the proof are the forms: anybody makes the same digests with the standard library alone."""

import csv
import hashlib
import json
from dataclasses import replace
from io import StringIO
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collector.accounting.latency import BOUNDS_US, latency_of
from collector.accounting.ledger import CODES, LATE, Down, Ledger
from collector.accounting.proof import (
    BEFORE_FIRST,
    RESULT_FIELDS,
    Link,
    account_json,
    linked,
    proof_of,
    result_lines,
)
from collector.columns import Columns, Series, concatenate
from collector.condition import ROWS, Row
from collector.figures.sums import latencies_of, tally
from shared.result import OUTCOMES, Group
from tests.bookkeeping import DAY, MONDAY, SITE, Office
from tests.chained import lived
from tests.scenes import blocks

DOCS = Path(__file__).resolve().parent.parent / "docs"
ENGLISH, INDONESIAN = DOCS / "accounting.md", DOCS / "akuntansi.md"
FROM_MS = 1_790_784_000_000
"""2026-10-01 in Samarinda."""
SERIES = Series(
    site="64.01",
    agent="pc",
    agent_site="64.01",
    target="anchor",
    group=Group.INTERNET,
    kind="icmp",
    interval_ms=300_000,
    address="10.0.0.1",
)
NUMBERS = frozenset(("interval_ms", "at_ms", "sent", "received", "avg_us", "min_us", "max_us"))


def results(series: Series, *rows: tuple[int, int, int, int, int, int, int]) -> Columns:
    """Rows of (at_ms, outcome, sent, received, average, minimum, maximum)."""
    columns = list(zip(*rows, strict=True))
    kinds = (np.int64, np.uint8, np.uint8, np.uint8, np.uint32, np.uint32, np.uint32)
    arrays: list[Any] = [np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return Columns((series,), np.zeros(len(rows), np.uint16), *arrays)


PRINTED = results(
    SERIES,
    (FROM_MS + 1_000, 0, 4, 4, 13_689, 13_579, 13_799),
    (FROM_MS + 301_000, 1, 4, 0, 0, 0, 0),
)


def cells(n: int, **ms: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Milliseconds outside service hours, not excluded, by place."""
    made = np.zeros((n, 2, CODES), np.int64)
    for place, spent_ms in ms.items():
        made[int(place.removeprefix("at_")), 0, 0] = spent_ms
    return made


def printed_ledger() -> Ledger:
    down = Down(
        start_ms=FROM_MS + 301_000,
        end_ms=FROM_MS + 601_000,
        row=Row.LINE_DOWN,
        not_earlier_ms=FROM_MS + 1_000,
        end_not_earlier_ms=FROM_MS + 301_000,
        opens=True,
        closes=True,
        excluded=0,
        why="anchor: timeout",
    )
    return Ledger(
        from_ms=FROM_MS,
        to_ms=FROM_MS + DAY,
        cells=cells(len(ROWS), at_0=86_100_000, at_4=300_000),
        doubt={(Row.UP, Row.LINE_DOWN): cells(1, at_0=300_000)[0]},
        others={"internet": cells(5, at_0=86_100_000, at_2=300_000)},
        downs=[down],
    )


@pytest.mark.source
def test_the_printed_forms_are_those_that_are_made() -> None:
    ledger, latencies = printed_ledger(), latency_of(PRINTED, [(FROM_MS, FROM_MS + DAY)], [])
    proof = proof_of("64.01", "Asia/Makassar", FROM_MS + DAY + 900_000, PRINTED, ledger, latencies, "closed")
    content = Link(1, proof, "").content
    link = linked(BEFORE_FIRST, hashlib.sha256(content.encode()).digest()).hex()
    made = [result_lines(PRINTED).decode(), account_json(ledger, latencies) + "\n", content + "\n", link + "\n"]
    assert [blocks(ENGLISH, kind)[-1] for kind in ("results", "account", "content", "link")] == made


@pytest.mark.source
def test_both_languages_print_the_same_forms() -> None:
    for kind in ("results", "account", "content", "link"):
        assert blocks(ENGLISH, kind) == blocks(INDONESIAN, kind) != []


@pytest.mark.source
def test_the_printed_bounds_of_buckets_are_those_that_are_used() -> None:
    assert [ceil(10 * 360_000_000 ** ((i + 1) / 508)) for i in range(507)] == BOUNDS_US.tolist()
    for outcome in OUTCOMES:
        assert f"`{outcome}`" in ENGLISH.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ['ban"jir', "a,b", "Kantor Désa 村", "a\\b", "line\nfeed", "];[", "],["])
def test_pythons_csv_module_writes_the_same_lines_whatever_a_target_is_called(name: str) -> None:
    odd = replace(PRINTED, series=(replace(SERIES, target=name, address=name),))
    text = result_lines(concatenate([odd, PRINTED])).decode()
    written = StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    for row in csv.reader(StringIO(text, newline="")):
        values = zip(RESULT_FIELDS, row, strict=True)
        writer.writerow([int(value) if field in NUMBERS else value for field, value in values])
    assert written.getvalue() == text
    assert text.count(name.replace('"', '""')) == 4


def test_the_order_in_which_results_came_leaves_no_trace_in_their_lines() -> None:
    other = replace(PRINTED, series=(replace(SERIES, target="a"),))
    assert result_lines(concatenate([PRINTED, other])) == result_lines(concatenate([other, PRINTED]))
    assert result_lines(Columns.empty()) == b""


def test_pythons_json_module_writes_the_same_account() -> None:
    ledger = printed_ledger()
    ledger.others['service/"e-village\t村"'] = cells(5, at_4=DAY)
    ledger.cells[12, 1, LATE] = 7
    text = account_json(ledger, latency_of(PRINTED, [(FROM_MS, FROM_MS + DAY)], [(FROM_MS, FROM_MS + DAY)]))
    assert json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":")) == text
    assert json.loads(text)["cells"]["unknown/inside/late"] == 7
    assert json.loads(text)["latency"]["internet/inside"]["lost"] == 4


def test_an_account_is_the_same_after_it_was_kept() -> None:
    ledger, latencies = printed_ledger(), latency_of(PRINTED, [(FROM_MS, FROM_MS + DAY)], [])
    kept = Ledger.from_bytes(ledger.to_bytes()), latencies_of(tally(ledger, latencies))
    assert account_json(*kept) == account_json(ledger, latencies)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_standard_library_alone_recomputes_a_chain(tmp_path: Path) -> None:
    office = lived(tmp_path)
    lines = result_lines(office.store.read(SITE.code, MONDAY, MONDAY + DAY)).decode()
    [day] = office.store.books.days(SITE.code, MONDAY, MONDAY + 1)
    account = account_json(Ledger.from_bytes(day.ledger), latencies_of(day.tally))
    links = [(json.loads(link.content), link.content, link.link) for link in office.store.chain.links()]
    office.store.close()
    before = bytes(32)
    for _, content, link in links:
        before = hashlib.sha256(before + hashlib.sha256(content.encode()).digest()).digest()
        assert before.hex() == link
    assert (links[-1][0]["results"], links[-1][0]["account"]) == (sha(lines), sha(account))
    assert links[0][0]["changes"] == sha('{"changes":[]}') != links[-1][0]["changes"]


def test_the_changes_of_a_revision_are_digested_as_they_are_told(tmp_path: Path) -> None:
    office: Office = lived(tmp_path)
    [_, second, _] = office.accounts.revisions(SITE.code, MONDAY, MONDAY + 1)
    told = json.dumps({"changes": second.changes}, separators=(",", ":"), ensure_ascii=False)
    assert office.store.chain.links()[2].of.changes == sha(told)
    office.store.close()
