"""The last day of a site in the register: how it is written, kept, told and taken back."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from collector.register.site_sheet import Entry, Known
from collector.registry import Details, Site
from collector.store.schema import MIGRATIONS, connect
from collector.store.sqlite import SqliteStore
from tests.register import Register, sites, told

HEADER = "kode,nama,sampai\n"


def known(**fields: object) -> Known:
    site = Site(code="a", name="A", **fields)  # type: ignore[arg-type]
    return Known(entries={"a": Entry(site, Details(code="a"))})


@pytest.mark.parametrize("text", ["2026-12-31", "31/12/2026", "31 Desember 2026"])
def test_the_last_day_is_written_as_other_days(text: str) -> None:
    assert sites(f"{HEADER}a,A,{text}\n").records[2].site.until == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("31/12/26", "short_year"), ("12/31/2026", "month_first"), ("46387", "day_number"), ("besok", "bad_day")],
)
def test_a_last_day_that_is_none_is_told_by_row_and_column(text: str, reason: str) -> None:
    assert told(sites(f"{HEADER}a,A,{text}\n").faults) == [(2, "sampai", reason)]


def test_a_day_that_could_be_another_is_refused_where_the_file_has_months_first() -> None:
    reading = sites(f"{HEADER}a,A,12/31/2026\nb,B,01/02/2026\n")
    assert told(reading.faults) == [(2, "sampai", "month_first"), (3, "sampai", "either_day")]
    assert told(sites(f"{HEADER}b,B,01/02/2026\n").remarks) == [(2, "sampai", "day_first")]


def test_without_the_column_it_stays_and_an_empty_cell_opens_the_site_again() -> None:
    closed = known(until=date(2026, 1, 31))
    assert sites("kode,nama\na,B\n", closed).records[2].site.until == date(2026, 1, 31)
    assert sites(f"{HEADER}a,A,\n", closed).records[2].site.until is None


def test_a_store_of_before_knows_no_closed_site(tmp_path: Path) -> None:
    db = connect(str(tmp_path / "k.db"))
    for script in MIGRATIONS[: MIGRATIONS.index(next(s for s in MIGRATIONS if "ADD COLUMN until" in s))]:
        for statement in script.split(";\n"):
            db.execute(statement)
    db.execute("INSERT INTO sites VALUES ('a', 'A', 'opd', '', '', '', '', 'fiber', '', 'Asia/Makassar', '')")
    db.execute(f"PRAGMA user_version={len(MIGRATIONS) - 1}")
    db.close()
    store = SqliteStore(str(tmp_path / "k.db"))
    [site] = store.sites()
    assert (site.code, site.until) == ("a", None)
    store.put_sites([replace(site, until=date(2026, 1, 31))])
    assert store.sites()[0].until == date(2026, 1, 31)
    store.close()


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_what_is_exported_is_imported_unchanged(tmp_path: Path, name: str) -> None:
    register = Register(tmp_path)
    register.imports(f"{HEADER}a,A,31/12/2026\nb,B,\n")
    assert register.types("sites", "export", str(tmp_path / name))[0] == 0
    assert "0 new, 0 changed" in register.types("sites", "import", str(tmp_path / name), "--dry-run")[1]
    assert [one.site.until for one in register.known().entries.values()] == [date(2026, 12, 31), None]


def test_lists_have_the_last_day(tmp_path: Path) -> None:
    register = Register(tmp_path)
    register.imports(f"{HEADER}a,A,31/12/2026\nb,B,\n")
    assert "2026-12-31" in register.types("sites", "list")[1]
    listed = json.loads(register.types("sites", "list", "--format", "json")[1])
    assert [one["until"] for one in listed] == ["2026-12-31", None]


def test_closing_and_opening_again_stand_in_the_log_of_human_acts(tmp_path: Path) -> None:
    register = Register(tmp_path)
    for cell in ("", "2026-12-31", ""):
        assert register.imports(f"{HEADER}a,A,{cell}\n")[0] == 0
    with register.store() as store:
        changed = [json.loads(entry.detail)["changed"] for entry in store.acts.audit_log(0)]
    assert changed[1:] == [{"a": [["until", "", "2026-12-31"]]}, {"a": [["until", "2026-12-31", ""]]}]
