"""The audit pack: its own script, alone in an empty folder, confirms every figure, and names what was changed."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from collector.acts import Exclusion
from collector.registry import Site
from collector.reports.kinds import REPORTS
from collector.reports.pack.audit import fill
from collector.reports.pack.register import zones
from collector.reports.shelf import FolderShelf
from collector.reports.writing.formats import CannotWrite
from tests.audited import FROM_MS, HOUR, PHONE, House, exclusion_at, province, recompute

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House.of(province(tmp_path_factory.mktemp("province")))
    yield found
    found.store.close()


@pytest.fixture(scope="module")
def made(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of the whole province, unpacked."""
    folder = tmp_path_factory.mktemp("pack")
    house.parts.press.lay_out("audit", house.source(), folder)
    return folder


@pytest.fixture
def pack(made: Path, tmp_path: Path) -> Path:
    """A copy that may be tampered with."""
    return Path(shutil.copytree(made, tmp_path / "pack"))


def a_day(pack: Path) -> Path:
    """The results of an office on a day in the period."""
    return min(pack.glob("data/sites/64.72.*/results/2026-09-04.csv"))


def link_of(pack: Path, site: str, day: str) -> int:
    """The number of the newest link of that day."""
    told = [json.loads(line) for line in (pack / "data" / "chain.jsonl").read_text().splitlines()]
    known = [json.loads(one["content"]) for one in told if "content" in one]
    return max(int(one["n"]) for one in known if (one["site"], one["day"]) == (site, day))


def test_the_script_confirms_every_figure_in_an_empty_folder(made: Path, tmp_path: Path) -> None:
    verdict = recompute(made, tmp_path / "empty")
    assert verdict.code == 0, verdict.said
    assert "EVERYTHING AGREES" in verdict.said
    assert "Not checked" not in verdict.said
    assert verdict.reports.keys() == REPORTS.keys()
    for kind, (figures, agree, _) in verdict.reports.items():
        assert figures == agree > 0, kind


def test_the_province_has_what_is_hard_to_account_for(made: Path) -> None:
    """Otherwise the test above proves little."""
    accounts = "".join(path.read_text() for path in made.glob("data/sites/*/accounts.jsonl"))
    assert all(f'"{row}/' in accounts for row in ("power", "line_down", "asleep", "unreachable", "intercepted"))
    assert '/late"' in accounts
    assert '/planned"' in accounts
    assert "late results" in "".join(path.read_text() for path in made.glob("data/sites/*/revisions.jsonl"))


def test_the_same_pack_as_a_zip_is_confirmed_too(house: House, tmp_path: Path) -> None:
    with (tmp_path / "audit.zip").open("wb") as file:
        house.parts.press.write("audit", "zip", house.source(), file)
    verdict = recompute(tmp_path / "audit.zip", tmp_path / "empty")
    assert verdict.code == 0, verdict.said


def test_the_same_data_make_the_same_pack(house: House, made: Path, tmp_path: Path) -> None:
    house.parts.press.lay_out("audit", house.source(), tmp_path / "again")
    manifests = [(folder / "MANIFEST.json").read_text() for folder in (made, tmp_path / "again")]
    data = [
        {one["name"]: one["sha256"] for one in json.loads(text)["files"] if one["name"].startswith("data/")}
        for text in manifests
    ]
    assert data[0] == data[1]


def test_one_changed_byte_of_a_result_names_its_link_and_the_figures(pack: Path, tmp_path: Path) -> None:
    results = a_day(pack)
    lines = results.read_text().splitlines(keepends=True)
    pings = [n for n, line in enumerate(lines) if '"internet","icmp"' in line and ',"ok",4,4,' in line]
    at = pings[len(pings) // 2]
    lines[at] = lines[at].replace(',"ok",4,4,', ',"ok",4,0,')
    results.write_text("".join(lines))
    verdict, site = recompute(pack, tmp_path / "empty"), results.parts[-3]
    assert verdict.code == 1
    link = link_of(pack, site, "2026-09-04")
    assert f"Results of {site} 2026-09-04: not those that link {link} was made of" in verdict.said
    assert f"Account of {site} 2026-09-04: its raw results make another one" in verdict.said
    assert "NOT EQUAL: bulanan" in verdict.said
    assert "internet_loss" in verdict.said


def test_a_result_that_cannot_be_read_is_named(pack: Path, tmp_path: Path) -> None:
    results = a_day(pack)
    text = results.read_text()
    results.write_text(text.replace(",178", ",x78", 1))
    verdict = recompute(pack, tmp_path / "empty")
    assert verdict.code == 1
    assert f"{results.relative_to(pack)}, line 1: cannot be read" in verdict.said


def test_a_changed_figure_of_a_report_is_named(pack: Path, tmp_path: Path) -> None:
    path = pack / "reports" / "bulanan.json"
    report = json.loads(path.read_text())
    table = next(one for one in report["sections"] if one["name"] == "provider")
    at = next(n for n, column in enumerate(table["columns"]) if column["measure"] == "experienced")
    table["rows"][0]["cells"][at] = 0.999999
    path.write_text(json.dumps(report))
    verdict = recompute(pack, tmp_path / "empty")
    assert verdict.code == 1
    [line] = [line for line in verdict.said.splitlines() if "NOT EQUAL" in line]
    assert all(word in line for word in ("bulanan", "table provider", "row #1", "column experienced", "0.999999"))


def test_a_link_that_was_taken_out_is_named(pack: Path, tmp_path: Path) -> None:
    chain = pack / "data" / "chain.jsonl"
    lines = chain.read_text().splitlines(keepends=True)
    gone = json.loads(lines.pop(len(lines) // 2))["n"]
    chain.write_text("".join(lines))
    verdict = recompute(pack, tmp_path / "empty")
    assert verdict.code == 1
    assert f"Link {gone}: missing" in verdict.said


def test_a_link_that_was_rewritten_is_named(pack: Path, tmp_path: Path) -> None:
    chain = pack / "data" / "chain.jsonl"
    lines = [json.loads(line) for line in chain.read_text().splitlines()]
    lines[3]["content"] = lines[3]["content"].replace('"number":1', '"number":7')
    chain.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    verdict = recompute(pack, tmp_path / "empty")
    assert f"Link {lines[3]['n']}: changed" in verdict.said


def test_a_changed_kept_account_is_named(pack: Path, tmp_path: Path) -> None:
    site = a_day(pack).parts[-3]
    path = pack / "data" / "sites" / site / "accounts.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if '"up/' in line)
    lines[at] = (
        lines[at].replace('"why":"', '"why":"!', 1) if '"why":"' in lines[at] else lines[at].replace("{", "{ ", 1)
    )
    path.write_text("".join(lines))
    verdict = recompute(pack, tmp_path / "empty")
    assert verdict.code == 1
    assert f"Account of {site}" in verdict.said


def test_a_missing_file_is_named(pack: Path, tmp_path: Path) -> None:
    (pack / "reports" / "harian.html").unlink()
    verdict = recompute(pack, tmp_path / "empty")
    assert verdict.code == 1
    assert "MISSING: reports/harian.html" in verdict.said


def test_an_act_of_people_that_was_changed_is_named(pack: Path, tmp_path: Path) -> None:
    path = pack / "data" / "audit_log.jsonl"
    path.write_text(path.read_text().replace("new antenna", "old antenna", 1))
    assert "Log of human acts: entry 3 " in recompute(pack, tmp_path / "empty").said


def test_a_log_of_acts_that_cannot_be_read_does_not_stop_the_script(pack: Path, tmp_path: Path) -> None:
    path = pack / "data" / "audit_log.jsonl"
    path.write_text("{\n" + path.read_text().partition("\n")[2])
    verdict = recompute(pack, tmp_path / "empty")
    assert "Log of human acts: entry 1 " in verdict.said
    assert "What people entered cannot be compared" in verdict.said
    assert "NOT EQUAL" not in verdict.said


def test_terms_that_were_changed_are_named_beside_the_amounts_that_they_change(pack: Path, tmp_path: Path) -> None:
    path = pack / "data" / "contracts.json"
    path.write_text(path.read_text().replace("3000000", "2999999", 1))
    verdict = recompute(pack, tmp_path / "empty")
    assert "Contract K-1 2026-01-01: entry 2 of the log of human acts says something else" in verdict.said
    wrong = [line for line in verdict.said.splitlines() if "NOT EQUAL: sla" in line]
    assert any(f"column {column}:" in line for line in wrong for column in ("fee", "shortfall", "restitution"))


def test_a_follow_up_that_was_dated_back_is_named(pack: Path, tmp_path: Path) -> None:
    """In the data and in the minutes of the review alike, so that these two agree."""
    for path in (pack / "data" / "followups.json", pack / "reports" / "tinjauan.json"):
        told = path.read_text()
        path.write_text(told.replace(f"{FROM_MS}", f"{FROM_MS - HOUR}").replace("2026-09-01T00:", "2026-08-31T23:"))
    verdict = recompute(pack, tmp_path / "empty")
    assert "Follow-up 1: entry 8 of the log of human acts says something else" in verdict.said
    assert "NOT EQUAL" not in verdict.said


def test_what_is_no_pack_is_said_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"PK no")
    verdict = recompute(tmp_path / "no.zip", tmp_path / "empty")
    assert (verdict.code, verdict.said) == (2, "")
    assert "PAKET.zip" in verdict.complained


def test_a_damaged_zip_does_not_stop_the_script(made: Path, tmp_path: Path) -> None:
    """Bytes of one results file that the ZIP's own check refuses."""
    archive = tmp_path / "pack.zip"
    with ZipFile(archive, "w") as whole:
        for path in sorted(one for one in made.rglob("*") if one.is_file()):
            whole.write(path, path.relative_to(made))
    name = a_day(made).relative_to(made).as_posix()
    content = bytearray(archive.read_bytes())
    content[ZipFile(archive).getinfo(name).header_offset + len(name) + 300] ^= 1
    archive.write_bytes(content)
    verdict = recompute(archive, tmp_path / "empty")
    assert verdict.code == 1
    assert f"{name}, line 0: cannot be read" in verdict.said


def test_a_sample_is_confirmed_and_says_what_rests_on_kept_accounts(house: House, tmp_path: Path) -> None:
    fill(house.source(), FolderShelf(tmp_path / "pack"), most=10_000)
    verdict = recompute(tmp_path / "pack", tmp_path / "empty")
    assert verdict.code == 0, verdict.said
    assert "From kept accounts only" in verdict.said
    raw = [site["code"] for site in json.loads((tmp_path / "pack/data/sites.json").read_text()) if site["raw"]]
    assert 0 < len(raw) < 4
    assert 0 < verdict.reports["harian"][2] < verdict.reports["harian"][0]


def test_a_period_that_goes_on_is_confirmed(house: House, tmp_path: Path) -> None:
    """Today as far as it is."""
    house.parts.press.lay_out("audit", house.source(period="2026-09"), tmp_path / "pack")
    verdict = recompute(tmp_path / "pack", tmp_path / "empty")
    assert verdict.code == 0, verdict.said
    harian = json.loads((tmp_path / "pack/reports/harian.json").read_text())
    assert "2026-09-08" in json.dumps(harian)


def test_a_year_that_ends_much_later_is_confirmed(house: House, tmp_path: Path) -> None:
    house.parts.press.lay_out("audit", house.source(period="2026"), tmp_path / "pack")
    verdict = recompute(tmp_path / "pack", tmp_path / "empty")
    assert verdict.code == 0, verdict.said


def test_the_month_in_which_a_pack_begins_is_told_from_its_first_day_on() -> None:
    """Fees are of whole months."""
    days = zones(["Asia/Makassar"], (FROM_MS + 20 * DAY_MS, FROM_MS + 22 * DAY_MS))["Asia/Makassar"]["days"]
    assert days[0] == ["2026-09-01", FROM_MS, FROM_MS + DAY_MS]


def test_nothing_secret_is_in_the_pack(made: Path, house: House) -> None:
    hashes = [token.hash.hex() for token in house.store.tokens()]
    for path in (one for one in made.rglob("*") if one.is_file()):
        content = path.read_bytes()
        assert PHONE.encode() not in content, path
        assert b"Pak Budi" not in content, path
        assert not any(one.encode() in content for one in hashes), path


def test_who_sees_one_site_gets_only_digests_of_the_others(house: House, tmp_path: Path) -> None:
    mine, *others = house.store.sites()
    house.parts.press.lay_out("audit", house.source("site", mine.code, [mine]), tmp_path / "pack")
    text = (tmp_path / "pack/data/chain.jsonl").read_text() + (tmp_path / "pack/data/audit_log.jsonl").read_text()
    assert mine.code in text
    assert not any(other.code in text for other in others)
    assert '"digest"' in text
    verdict = recompute(tmp_path / "pack", tmp_path / "empty")
    assert verdict.code == 0, verdict.said


def test_the_sheet_says_what_the_pack_is_about(made: Path) -> None:
    text = (made / "README.txt").read_text()
    assert "2 September 2026" in text
    assert "It does not prove" in text
    assert (made / "method" / "akuntansi.md").read_text().startswith("#")


def test_a_pack_is_filled_anew_when_a_day_in_it_is_corrected_meanwhile(house: House, tmp_path: Path) -> None:
    source, [site, *_] = house.source(), house.store.sites()
    entered: list[Exclusion] = []

    def corrected(what: str, done: int, _of: int) -> None:
        if what == source.texts.say("audit.progress.site") and done and not entered:
            entered.append(house.store.acts.add_exclusion(exclusion_at(site, FROM_MS + 40 * HOUR)))
            while house.parts.accounts.close(thorough=True):
                pass

    source.progress = corrected
    with (tmp_path / "pack.zip").open("w+b") as file:
        house.parts.press.write("audit", "zip", source, file)
    verdict = recompute(tmp_path / "pack.zip", tmp_path / "empty")
    assert (len(entered), verdict.code) == (1, 0), verdict.said


def test_half_a_day_is_refused_before_anything_is_written(house: House, tmp_path: Path) -> None:
    half = house.source(period="2026-09-02T08:00:00+08:00/2026-09-03T08:00:00+08:00")
    with pytest.raises(CannotWrite, match="whole days"):
        house.parts.press.lay_out("audit", half, tmp_path / "pack")


def test_a_pack_of_a_site_that_was_never_measured_shows_the_head_of_the_chain(house: House, tmp_path: Path) -> None:
    bare = Site(code="never", name="Never", regency="Paser")
    house.parts.press.lay_out("audit", house.source("site", "never", [*house.store.sites(), bare]), tmp_path / "pack")
    verdict = recompute(tmp_path / "pack", tmp_path / "empty")
    assert verdict.code == 0, verdict.said
