"""The pack's script against who forges: figures that agree, under another name, without the worst row, as words."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from collector.reports.kinds import REPORTS
from collector.reports.pack.recompute.main import KINDS
from tests.audited import House, Verdict, province, recompute

Change = Callable[[Any], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The pack of the whole province, unpacked."""
    house, folder = House.of(province(tmp_path_factory.mktemp("province"))), tmp_path_factory.mktemp("pack")
    house.parts.press.lay_out("audit", house.source(), folder)
    yield folder
    house.store.close()


@pytest.fixture
def pack(made: Path, tmp_path: Path) -> Path:
    """A copy that may be tampered with."""
    return Path(shutil.copytree(made, tmp_path / "pack"))


def told(pack: Path, file: str, change: Change) -> Verdict:
    """What the script says when the content of a file was changed."""
    content = json.loads((pack / file).read_text())
    change(content)
    (pack / file).write_text(json.dumps(content))
    return recompute(pack, pack.parent / "empty")


def table(report: Any, name: str) -> Any:
    return next(one for one in report["sections"] if one["name"] == name and one["type"] == "table")


def swapped(name: str, column: str) -> Change:
    """The first and the last row change what stands in a column."""

    def change(report: Any) -> None:
        found = table(report, name)
        at = [one["name"] for one in found["columns"]].index(column)
        one, other = found["rows"][0]["cells"], found["rows"][-1]["cells"]
        assert one[at] != other[at]
        one[at], other[at] = other[at], one[at]

    return change


@pytest.mark.parametrize(
    ("kind", "name", "column"),
    [
        ("bulanan", "regency", "regency"),
        ("bulanan", "medium", "medium"),
        ("bulanan", "days", "period"),
        ("gangguan", "outages", "name"),
        ("harian", "days", "day"),
        ("sla", "contracts", "contract"),
        ("sla", "contract_2_measured", "first"),
        ("tinjauan", "late", "of"),
    ],
)
def test_rows_that_changed_their_names_are_named(pack: Path, kind: str, name: str, column: str) -> None:
    verdict = told(pack, f"reports/{kind}.json", swapped(name, column))
    assert verdict.code == 1
    assert f"NOT WHOSE IT SAYS: {kind}, table {name}, row #1, column {column}:" in verdict.said


def test_a_figure_of_a_better_place_is_not_that_of_all(pack: Path) -> None:
    def change(report: Any) -> None:
        [key] = [one for one in report["sections"] if one["name"] == "key"]
        fact = next(one for one in key["facts"] if one["name"] == "sites" or one["measure"] == "coverage")
        best = table(report, "regency")["rows"][1]
        at = [one["measure"] for one in table(report, "regency")["columns"]].index("coverage")
        fact["subject"], fact["value"] = best["subject"], best["cells"][at]

    verdict = told(pack, "reports/bulanan.json", change)
    assert (verdict.code, "NOT WHOSE IT SAYS: bulanan, table key, row coverage" in verdict.said) == (1, True)


@pytest.mark.parametrize(
    ("kind", "name"), [("bulanan", "nodes"), ("keterhubungan", "sites"), ("gangguan", "outages"), ("harian", "daily")]
)
def test_a_row_that_was_left_out_is_named(pack: Path, kind: str, name: str) -> None:
    verdict = told(pack, f"reports/{kind}.json", lambda report: table(report, name)["rows"].pop())
    assert verdict.code == 1
    assert f"LEFT OUT: {kind}, table {name}: " in verdict.said


def test_a_row_that_is_there_twice_is_named(pack: Path) -> None:
    def change(report: Any) -> None:
        table(report, "outages")["rows"].append(table(report, "outages")["rows"][0])

    assert "THERE TWICE: gangguan, table outages, row #" in told(pack, "reports/gangguan.json", change).said


def test_a_report_that_is_gone_is_named(pack: Path) -> None:
    (pack / "reports" / "sla.json").unlink()
    assert "MISSING: the report sla" in recompute(pack, pack.parent / "empty").said
    assert {*KINDS} == REPORTS.keys()


def test_a_column_of_figures_cannot_be_made_one_of_words(pack: Path) -> None:
    def change(report: Any) -> None:
        found = table(report, "provider")
        at = [one["name"] for one in found["columns"]].index("experienced")
        found["columns"][at] |= {"measure": None, "unit": "text"}
        for row in found["rows"]:
            row["cells"][at] = "99.99 %"

    verdict = told(pack, "reports/bulanan.json", change)
    assert (verdict.code, "Not checked: " in verdict.said) == (1, True)


@pytest.mark.parametrize("name", ["chain_head", "audit_head"])
def test_a_report_stands_on_the_chain_and_the_log_of_its_pack(pack: Path, name: str) -> None:
    verdict = told(pack, "reports/sla.json", lambda report: report["revision"].update({name: "ab" * 32}))
    assert (verdict.code, "The report sla names another head" in verdict.said) == (1, True)


def test_the_verdict_is_not_the_packs_to_choose(pack: Path) -> None:
    (pack / "reports" / "sla.json").unlink()
    forged = "\x1b[2JSEMUA SAMA / EVERYTHING AGREES{n:>99999999999}{n.__class__}"
    verdict = told(pack, "data/words.json", lambda words: words.update(dict.fromkeys(words, forged)))
    assert verdict.code == 1
    assert "\x1b" not in verdict.said
    assert verdict.said.splitlines()[-1].startswith("ADA YANG TIDAK SAMA / SOMETHING DOES NOT AGREE")


@pytest.mark.parametrize("file", ["data/pack.json", "data/sites.json", "data/contracts.json", "reports/bulanan.json"])
@pytest.mark.parametrize("content", [b"null", b"[]", b'{"a":', b"1e999", b"[" * 100_000, b"\xff\xfe\x00"])
def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path, made: Path, file: str, content: bytes) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack", ignore=shutil.ignore_patterns("sites")))
    (pack / file).write_bytes(content)
    verdict = recompute(pack, tmp_path / "empty")
    assert verdict.code in (1, 2)
    assert "Traceback" not in verdict.complained
    assert "EVERYTHING AGREES" not in verdict.said


def test_a_zip_that_would_fill_the_memory_is_refused(tmp_path: Path, made: Path) -> None:
    with ZipFile(tmp_path / "bomb.zip", "w", ZIP_DEFLATED) as file:
        for path in made.rglob("*.py"):
            file.write(path, path.relative_to(made).as_posix())
        with file.open("data/pack.json", "w") as one:
            for _ in range(80):
                one.write(b" " * (1 << 20))
    assert recompute(tmp_path / "bomb.zip", tmp_path / "empty").code == 2
