"""Every report of a simulated month: all its formats say the same, and /api/v1/indicators does so, too."""

import asyncio
import math
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from collector.app import main
from collector.commands.desk import Terminal
from collector.config import CollectorConfig
from collector.contracts import Contract, FeeOf, Formula
from collector.figures.periods import parse
from collector.parts import Parts
from collector.registry import Details
from collector.reports.document import Column, Document, Fact, Facts, Subject, Table, Value
from collector.reports.kinds import REPORTS
from collector.reports.measures import MEASURES
from collector.reports.source import Wanted
from collector.reports.writing import html
from collector.reports.writing.words import said
from collector.store import open_store
from shared.texts import Texts
from tests.faces import Faces, faces
from tests.fakes import FakeClock
from tests.read_back import differing, of_workbook, read, told_of, written

NOW_MS = 1_793_498_400_000
"""2026-11-01 10:00 WITA: October is over, and of November there are ten hours."""
SETTINGS = {
    "province": "Kalimantan Timur",
    "targets": [{"name": "RPJMD", "indicator": "experienced", "years": {"2026": 0.95}}],
}
ARGUMENTS = ("--sites", "10", "--days", "31", "--from", "2026-10-01", "--seed", "64", "--no-web", "--yes")
LAST_DIGIT = 6e-16
"""A cell of a workbook has sixteen digits."""
FIFTEEN_DIGITS = 6e-15


@pytest.fixture(scope="module")
def october(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated month with contracts and what the register says of lines, about five seconds."""
    folder = tmp_path_factory.mktemp("october")
    (folder / "collector.toml").write_text('store = "sqlite:///faces.db"\n', encoding="utf-8")
    argv = ["simulate", *ARGUMENTS, "--config", str(folder / "collector.toml")]
    assert main(argv, Terminal(out=StringIO(), err=StringIO())) == 0
    store = open_store(f"sqlite:///{folder}/faces.db")
    store.register.put_contracts(list(_contracts({site.contract for site in store.sites()} - {""})))
    store.register.put_details([Details(code=site.code, bandwidth_mbps=50.0) for site in store.sites()[:5]])
    store.close()
    return folder


def _contracts(numbers: set[str]) -> Iterator[Contract]:
    """One of each formula, one without an SLA; the first changes in mid-month."""
    formulas = [*Formula]
    for n, number in enumerate(sorted(numbers)):
        one = Contract(
            number=number,
            begins=date(2026, 1, 1),
            sla=Decimal("0.98") if n % 4 != 3 else None,
            fee=2_500_000,
            fee_of=[*FeeOf][n % len(FeeOf)],
            formula=formulas[n % len(formulas)],
        )
        yield one
        if n == 0:
            yield Contract(number=number, begins=date(2026, 10, 16), sla=Decimal("0.99"), fee=3_000_000)


def made(parts: Parts, kind: str, language: str = "id", period: str = "2026-10") -> Document:
    wanted = Wanted(period=parse(period), sites=parts.store.sites())
    return parts.press.document(kind, parts.press.source(wanted, language))


@pytest.fixture(scope="module")
def parts(october: Path) -> Iterator[Parts]:
    config = CollectorConfig.model_validate(SETTINGS | {"store": f"sqlite:///{october}/faces.db"})
    made = Parts.of(config, FakeClock(wall_ms=NOW_MS), open_store(config.store))
    yield made
    made.store.close()


@pytest.mark.parametrize("form", ["json", "csv", "html", "xlsx"])
@pytest.mark.parametrize("kind", REPORTS)
def test_every_format_says_what_the_report_says(kind: str, form: str, parts: Parts) -> None:
    document = made(parts, kind)
    told = told_of(document)
    assert sum(len(rows) for rows in told.values()) > 5
    assert not differing(told, read(document, form), LAST_DIGIT if form == "xlsx" else 0.0)


@pytest.mark.parametrize("kind", REPORTS)
def test_no_two_places_of_a_report_have_the_same_name(kind: str, parts: Parts) -> None:
    document = made(parts, kind)
    page = "".join(html.fragment(document, Texts("id")))
    for told in (re.findall(r' id="([^"]+)"', page), [one.name for one in document.sections]):
        assert len(told) == len(set(told))
    titles = [one.title for one in document.sections]
    assert len(titles) == len(set(titles))


# the API


def figures_of(document: Document) -> Iterator[tuple[Column | Fact, Subject, Value]]:
    """Every value that MEASURES knows, and of whom it is."""
    for one in document.sections:
        if isinstance(one, Table):
            for row in one.rows():
                cells = zip(one.columns, row.cells, strict=True)
                yield from ((c, row.subject, value) for c, value in cells if row.subject and c.measure in MEASURES)
        elif isinstance(one, Facts):
            yield from ((f, f.subject, f.value) for f in one.facts if f.subject and f.measure in MEASURES)


class Asked:
    """/api/v1/indicators, of every owner of a scope at once."""

    def __init__(self, face: Faces) -> None:
        self._face = face
        self._known: dict[tuple[tuple[str, str], ...], Mapping[str, Any]] = {}

    async def value(self, one: Column | Fact, subject: Subject) -> Value:
        """In the unit of the report; None: not known."""
        period = parse(subject.period) if "/" not in subject.period else None
        first, _, after = subject.period.partition("/")
        span = (("period", period.name),) if period else (("from", first), ("to", after))
        choice = (("hours", one.hours.value), ("exclusions", one.exclusions.value))
        query = (("scope", subject.scope), *span, *choice, *subject.where)
        if query not in self._known:
            async with self._face.client.get("/api/v1/indicators", params=query) as answer:
                assert answer.status == 200, await answer.text()
                self._known[query] = {told["of"]: told for told in (await answer.json())["indicators"]}
        found = self._known[query].get(subject.of)
        return None if found is None else answered(found, one.measure)


IN_SECONDS = {
    "period": "period_s",
    "observed": "observed_s",
    "downtime": "downtime_s",
    "mttr": "mttr_s",
    "mtbf": "mtbf_s",
}
STRETCHES = {
    "outages": ("outages", "n"),
    "longest": ("outages", "longest_s"),
    "charged": ("charged", "n"),
    "charged_time": ("charged", "total_s"),
    "power_cuts": ("power_cuts", "n"),
}
LOST = ("intercepted", "local_down", "line_down", "internet_down", "intranet_down", "unreachable", "power")
ECHO = {"loss": "loss", "p50": "p50_ms", "p95": "p95_ms", "jitter": "jitter_ms"}


def answered(told: Mapping[str, Any], measure: str) -> Value:
    """Where the answer of the API has a measure; times in milliseconds."""
    name, _, rest = measure.rpartition("_")
    if measure in ("sites", "coverage", "known"):
        return told[measure]  # type: ignore[no-any-return]
    if measure in IN_SECONDS:
        return in_ms(told[IN_SECONDS[measure]])
    if measure == "most_lost":
        return most_lost(told["rows"])
    if measure in STRETCHES:
        part, field = STRETCHES[measure]
        return in_ms(told[part][field]) if field.endswith("_s") else told[part][field]
    if measure.startswith("row_"):
        return in_ms(told["rows"][measure.removeprefix("row_")])
    if rest in ECHO:
        return next((one[ECHO[rest]] for one in told["latency"] if one["group"] == name), None)
    name, end = (name, rest) if rest in ("low", "high") else (measure, "value")
    return next((one[end] for one in told["availability"] if one["name"] == name), None)


def most_lost(rows: Mapping[str, float]) -> str | None:
    """Of equals the first."""
    row = max(LOST, key=rows.__getitem__)
    return row if rows[row] else None


def in_ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def agrees(value: Value, told: Value) -> bool:
    if value is None or told is None or isinstance(value, str):
        return value == told
    assert isinstance(value, int | float)
    assert isinstance(told, int | float)
    return math.isclose(value, told, rel_tol=1e-12, abs_tol=1e-9)


@pytest.mark.parametrize("kind", REPORTS)
async def test_every_figure_is_what_the_api_answers(kind: str, october: Path) -> None:
    async with faces(october, FakeClock(wall_ms=NOW_MS), **SETTINGS) as face:
        document = await asyncio.to_thread(made, face.parts, kind)
        asked, n, differ = Asked(face), 0, []
        for one, subject, value in figures_of(document):
            told = await asked.value(one, subject)
            n += 1
            if not agrees(value, told):
                differ.append(f"{subject} {one.measure}: {value} -> {told}")
    assert not differ[:10]
    assert n > 0 or not has_measures(document)


def has_measures(document: Document) -> bool:
    columns = {column.measure for one in document.sections if isinstance(one, Table) for column in one.columns}
    facts = {fact.measure for one in document.sections if isinstance(one, Facts) for fact in one.facts}
    return not MEASURES.keys().isdisjoint(columns | facts)


# programs of others


@pytest.mark.peers
@pytest.mark.parametrize("kind", REPORTS)
def test_the_words_of_the_pdf_are_those_of_the_report(kind: str, parts: Parts, tmp_path: Path) -> None:
    document = made(parts, kind)
    (tmp_path / "report.pdf").write_bytes(written(document, "pdf"))
    argv = ["pdftotext", "-raw", str(tmp_path / "report.pdf"), "-"]
    text = "".join(subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300).stdout.split())
    texts = Texts(document.head.language)
    words = {said(value, one.unit, texts) for one, _, value in figures_of(document)}
    assert not [word for word in words if "".join(word.split()) not in text]


@pytest.mark.peers
def test_libreoffice_reads_the_same_from_every_workbook(parts: Parts, tmp_path: Path) -> None:
    """It writes what it has read into a workbook of its own, with fifteen digits."""
    documents = {kind: made(parts, kind) for kind in REPORTS}
    for kind, document in documents.items():
        (tmp_path / f"{kind}.xlsx").write_bytes(written(document, "xlsx"))
    argv = [f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    argv += ["--outdir", str(tmp_path / "theirs"), *(str(tmp_path / f"{kind}.xlsx") for kind in documents)]
    subprocess.run(["soffice", *argv], check=True, capture_output=True, timeout=300)
    for kind, document in documents.items():
        content = (tmp_path / "theirs" / f"{kind}.xlsx").read_bytes()
        assert not differing(told_of(document), of_workbook(document, content), FIFTEEN_DIGITS), kind
        assert not errors_in(content), kind


ERRORS = {"Err:5", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!"}


def errors_in(content: bytes) -> set[str]:
    """Those of ERRORS that stand anywhere in a workbook."""
    with ZipFile(BytesIO(content)) as book:
        parts = [book.read(name).decode("utf-8", "ignore") for name in book.namelist() if name.endswith(".xml")]
    return {error for error in ERRORS if any(error in part for part in parts)}
