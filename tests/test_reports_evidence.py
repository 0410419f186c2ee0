"""The evaluation map, and the folder that is made of it."""

import re
from pathlib import Path

import pytest

from collector.reports.evaluation.indicator_map import OURS, REPORTS_NAMED, EvaluationMap, evaluation_map, predicates_of
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.settings import ReportSettings
from collector.reports.writing.formats import CannotWrite
from shared.settings import BadSettings, load
from tests.desk_of_reports import report_desk

ASKED = {"pemdi": {"I14", "I19", "I2"}, "spbe": {"6", "16", "17", "18", "21", "24", "28", "29"}}


def ours() -> EvaluationMap:
    return evaluation_map(ReportSettings())


def test_every_indicator_that_connectivity_counts_in_has_its_evidence() -> None:
    known = ours()
    found = {one.id: {i.code for i in known.indicators if i.instrument == one.id} for one in known.instruments}
    assert found == ASKED
    assert all(one.asks and one.supplies and one.people and one.source for one in known.indicators)


def test_the_map_names_only_reports_that_there_are() -> None:
    assert set(REPORTS_NAMED) <= {*REPORTS, *PACKS}


def test_what_nobody_confirmed_is_marked() -> None:
    pemdi, spbe = (ours().instrument(name) for name in ("pemdi", "spbe"))
    assert pemdi.told.endswith("[NC]")
    assert predicates_of(pemdi).endswith("4 <= x: Memuaskan [NC]")
    assert predicates_of(spbe).split("; ")[1:] == [
        "1.8 <= x < 2.6: Cukup",
        "2.6 <= x < 3.5: Baik",
        "3.5 <= x < 4.2: Sangat Baik",
        "4.2 <= x: Memuaskan",
    ]


def test_a_map_with_mistakes_says_all_of_them(tmp_path: Path) -> None:
    text = OURS.read_text(encoding="utf-8").replace('report = "sla"', 'report = "slaa"', 1)
    path = tmp_path / "peta.toml"
    path.write_text(text.replace('instrument = "spbe"\ncode = "6"', 'instrument = "spb"\ncode = "6"'), encoding="utf-8")
    with pytest.raises(BadSettings) as bad:
        load(path, EvaluationMap)
    assert [line.partition(": ")[2].partition(":")[0] for line in bad.value.lines] == ["indicators I14", "indicators 6"]


def test_a_map_that_cannot_be_read_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with report_desk(tmp_path, reports={"evaluation": str(tmp_path / "nirgends.toml")}) as desk:
        with pytest.raises(CannotWrite, match=r"nirgends\.toml: there is no such file"):
            desk.parts.press.lay_out("bukti", desk.source(), tmp_path / "bukti")
        assert not (tmp_path / "bukti").exists()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a month: made once, for it has every report in it."""
    where = tmp_path_factory.mktemp("bukti")
    with report_desk(where) as desk:
        desk.parts.press.lay_out("bukti", desk.source(language="en"), where / "bukti")
    return where / "bukti"


def test_the_checklist_links_to_every_report_that_lies_beside_it(folder: Path) -> None:
    linked = set(re.findall(r'href="\./(laporan/[^"]+)"', (folder / "index.html").read_text(encoding="utf-8")))
    assert {f"laporan/{kind}.html" for kind in ours().reports() if kind in REPORTS} == linked
    assert all((folder / name).stat().st_size > 1000 for name in linked)


def test_the_folder_never_says_that_a_level_was_reached(folder: Path) -> None:
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"level \d|tingkat \d", html, re.IGNORECASE)
    assert "does not say which level was reached" in html


def test_what_cannot_be_printed_here_is_said_in_the_checklist(folder: Path) -> None:
    """Whether this machine has what PDF needs or not: each report is there as PDF, or the checklist says why not."""
    printed = {path.stem for path in (folder / "laporan").glob("*.pdf")}
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert printed == {path.stem for path in (folder / "laporan").glob("*.html")} or "libpango" in html
