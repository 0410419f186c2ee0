"""Every report of a simulated month on paper: sheets that are worth printing, and nothing on them but what is seen."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collector.app import main
from collector.commands.desk import Terminal
from collector.config import CollectorConfig
from collector.contracts import Contract, Formula
from collector.figures.periods import parse
from collector.parts import Parts
from collector.reports.kinds import REPORTS
from collector.reports.source import Wanted, silent
from collector.reports.writing import pdf
from collector.reports.writing.rows import MARKS
from collector.store import open_store
from shared.texts import Texts
from tests.daemons import found
from tests.fakes import FakeClock

NOW_MS = 1_793_498_400_000
"""2026-11-01 10:00 WITA."""
ARGUMENTS = ("--sites", "6", "--days", "31", "--from", "2026-10-01", "--seed", "7", "--no-web", "--yes")
TARGETS = [{"name": "RPJMD", "indicator": "experienced", "years": {"2026": 0.95}}]
TERMS: Mapping[str, Any] = {
    "begins": date(2026, 1, 1),
    "sla": Decimal("0.99"),
    "fee": 450_000,
    "formula": Formula.SHORTFALL,
}
DPI = 25
TOP_MM, BOTTOM_MM = 19, 17
"""The margins, in which stand the lines that every sheet has."""
INK = 200
"""What is darker than this is printed."""
NEARLY_EMPTY, HALF = 0.15, 0.5

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("paper")
    (folder / "collector.toml").write_text('store = "sqlite:///paper.db"\n', encoding="utf-8")
    argv = ["simulate", *ARGUMENTS, "--config", str(folder / "collector.toml")]
    assert main(argv, Terminal(out=StringIO(), err=StringIO())) == 0
    store = open_store(f"sqlite:///{folder}/paper.db")
    numbers = sorted({site.contract for site in store.sites()} - {""})
    store.register.put_contracts([Contract(number=number, **TERMS) for number in numbers])
    config = CollectorConfig.model_validate({"province": "Kalimantan Timur", "targets": TARGETS})
    yield Parts.of(config, FakeClock(wall_ms=NOW_MS), store)
    store.close()


@pytest.fixture(scope="module", params=REPORTS)
def paper(request: pytest.FixtureRequest, parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One kind of report, printed."""
    source = parts.press.source(Wanted(period=parse("2026-10"), sites=parts.store.sites()), "id")
    path: Path = tmp_path_factory.mktemp("pdf") / f"{request.param}.pdf"
    with path.open("wb") as file:
        pdf.write(parts.press.document(request.param, source), file, Texts("id"), silent)
    return path


def used(path: Path) -> list[float]:
    """Of each page, how much of the height between its margins is used."""
    left, shares = printed("pdftoppm", "-gray", "-r", str(DPI), path), []
    while left:
        head = re.match(rb"P5\s(\d+) (\d+)\s255\s", left)
        assert head
        width, height = map(int, head.groups())
        page = np.frombuffer(left, np.uint8, width * height, head.end()).reshape(height, width)
        body = page[round(TOP_MM * DPI / 25.4) : height - round(BOTTOM_MM * DPI / 25.4)]
        inked = np.flatnonzero((body < INK).any(axis=1))
        shares.append((int(inked[-1]) + 1) / len(body) if len(inked) else 0.0)
        left = left[head.end() + width * height :]
    return shares


def printed(program: str, *arguments: object) -> bytes:
    return subprocess.run([found(program), *map(str, arguments)], capture_output=True, check=True).stdout


def test_no_sheet_is_nearly_empty(paper: Path) -> None:
    shares = used(paper)
    print(paper.name, len(shares), "pages:", *(f"{share:.0%}" for share in shares))
    assert [n for n, share in enumerate(shares, 1) if share < NEARLY_EMPTY] == []
    assert sum(shares) / len(shares) > HALF


def test_every_sheet_says_whose_it_is_of_when_and_which_one(paper: Path) -> None:
    sheets = printed("pdftotext", "-layout", paper, "-").decode().replace("\u00a0", " ").split("\f")[:-1]
    for number, sheet in enumerate(sheets, 1):
        assert "Oktober 2026" in sheet
        assert f"Halaman {number} dari {len(sheets)}" in sheet
        assert "Dibuat 1 November 2026 10:00 WITA" in sheet


def test_whoever_copies_from_a_sheet_copies_what_is_seen(paper: Path) -> None:
    """Captions and the words of symbols are for those who listen to the page in a browser."""
    text = printed("pdftotext", "-raw", paper, "-").decode()
    texts = Texts("id")
    assert not [mark for mark in MARKS if f"{texts.say(f'sheets.mark.{mark}')}: " in text]
    titles = [line for line in text.splitlines() if line.startswith("Ketersediaan per ")]
    assert len(titles) == len(set(titles))
