"""Import, export and template on the command line: all or nothing or --partial, and what is written is read again."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from collector.contracts import Contract, FeeOf, Formula
from collector.register.regions import Wanted, regency_names, sites_of
from collector.registry import Details, Medium, Network, Ownership, Site, Use
from tests.register import Register, cells_of

WITA = "Asia/Makassar"
SITES = [
    Site(code="0064", name="=HYPERLINK(A1)", kind="opd", regency="Samarinda", provider="+Icon", medium=Medium.FIBER),
    Site(code="64.10", name="'kutip", kind="village", district="@x", contract="K/1|K/2", timezone=WITA),
    Site(code="-1", name="Kosong"),
]
DETAILS = [
    Details(
        code="0064",
        description="koma, titik; kutip\" dan '=",
        network=Network.SDWAN,
        ownership=Ownership.OWN,
        bandwidth_mbps=12.5,
        use=Use.BACKUP,
        latitude=-0.5021,
        longitude=117.1537,
        contact="Ani",
        phone="+62 812-3456",
    ),
    Details(code="64.10", unit="Bidang", rai="RAI.02.01.03", bandwidth_mbps=1e-3),
]
CONTRACTS = [
    Contract(number="0001", begins=date(2026, 1, 1), ends=date(2026, 10, 15), sla=Decimal("0.985"), fee=1_250_000),
    Contract(number="0001", begins=date(2026, 10, 16), sla=Decimal(1), fee=0, formula=Formula.PRORATED),
    Contract(
        number="=2", begins=date(2026, 1, 1), provider="Icon+", fee_of=FeeOf.CONTRACT, charge_after_s=0, note="-x"
    ),
]


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path)


@pytest.fixture
def filled(register: Register) -> Register:
    with register.store() as store:
        store.put_sites(SITES)
        store.register.put_details(DETAILS)
        store.register.put_contracts(CONTRACTS)
    return register


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("what", ["sites", "contracts"])
def test_what_is_exported_is_read_again_unchanged(
    filled: Register, tmp_path_factory: pytest.TempPathFactory, what: str, suffix: str, language: str
) -> None:
    path = str(filled.folder / f"out.{suffix}")
    assert filled.types(what, "export", path, "--lang", language)[0] == 0
    assert "0 new, 0 changed, 3 unchanged" in filled.types(what, "import", path, "--yes")[1]
    other = Register(tmp_path_factory.mktemp("other"))
    assert other.types(what, "import", path, "--yes")[0] == 0
    if what == "sites":
        assert other.known().entries == filled.known().entries
    else:
        assert other.contracts() == filled.contracts() == CONTRACTS


def test_no_cell_of_an_export_is_a_formula(filled: Register) -> None:
    filled.types("sites", "export", str(filled.folder / "a.xlsx"))
    filled.types("sites", "export", str(filled.folder / "a.csv"))
    with zipfile.ZipFile(filled.folder / "a.xlsx") as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    lines = (filled.folder / "a.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["Kosong", "'=HYPERLINK(A1)", "'kutip"]
    assert lines[1].startswith("'-1,")


def test_a_workbook_has_text_codes_a_frozen_header_lists_and_an_explanation(filled: Register) -> None:
    path = filled.folder / "a.xlsx"
    filled.types("sites", "export", str(path), "--lang", "id")
    with zipfile.ZipFile(path) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<pane" in xml and "frozen" in xml  # noqa: PT018  one thing
    assert '"serat optik,tembaga,nirkabel,seluler,satelit orbit rendah,vsat,lainnya"' in xml
    assert "several sheets" not in filled.types("sites", "import", str(path), "--dry-run")[2]  # the guide is none
    table, guide = cells_of(path), cells_of(path, 1)
    assert table[0][:3] == ["kode", "nama", "jenis"]
    assert [row[0] for row in table[1:]] == ["-1", "0064", "64.10"]
    assert [row[0] for row in guide[1 : 1 + len(table[0])]] == table[0]


def test_one_wrong_row_imports_nothing_and_partial_imports_the_others(register: Register) -> None:
    text = "kode;nama;media\n1;A;serat optik\n2;B;sinyal\n3;C;VSAT\n"
    code, _, errors = register.imports(text)
    assert (code, register.known().entries) == (2, {})
    assert "row 3, column media ('sinyal'): use one of: fiber (serat optik)" in errors
    code, output, errors = register.imports(text, "--partial")
    assert (code, "2 sites saved" in output, "1 rows are left out, rows 3" in errors) == (1, True, True)
    assert set(register.known().entries) == {"1", "3"}


def test_a_dry_run_shows_the_plan_and_changes_nothing(register: Register) -> None:
    code, output, _ = register.imports("code,name\n1,A\n2,\n", "--partial", "--dry-run")
    assert (code, "+ 1  A" in output, register.known().entries) == (1, True, {})


def test_site_and_details_are_written_with_one_entry_of_the_audit_log_without_personal_data(register: Register) -> None:
    register.imports("code,name,contact,phone,unit\n1,A,Ani,0812345,U\n")
    register.imports("code,contact,unit\n1,Budi,V\n")
    with register.store() as store:
        _, entry = store.acts.audit_log()
        assert store.register.details() == [Details(code="1", contact="Budi", phone="0812345", unit="V")]
        assert store.acts.faults() == []
    assert json.loads(entry.detail)["changed"] == {"1": [["unit", "U", "V"], ["contact"]]}


def test_a_record_that_says_nothing_any_more_is_not_kept(register: Register) -> None:
    register.imports("code,name,unit\n1,A,U\n")
    register.imports("code,unit\n1,\n")
    with register.store() as store:
        assert store.register.details() == []
        assert store.register.details_of("1") == Details(code="1")


def test_remarks_of_many_rows_that_say_the_same_are_one_line(register: Register) -> None:
    rows = "".join(f"{number},Kantor {number},PKS/9\n" for number in range(20))
    _, _, errors = register.imports(f"code,name,contract\n{rows}")
    assert len(errors.splitlines()) == 1
    assert "row 2 and 19 more, column contract ('PKS/9'): there is no contract PKS/9 yet" in errors


def test_contracts_are_imported_listed_and_removed_with_a_reason(register: Register) -> None:
    assert "no contracts yet" in register.types("contracts", "list")[1]
    register.imports("nomor;mulai;sla\nK1;31/12/2025;98,5 %\n", what="contracts")
    assert json.loads(register.types("contracts", "list", "--format", "json")[1])[0]["sla"] == 0.985
    assert register.types("contracts", "remove", "K1", "2026-01-01", "--why", "salah ketik", "--yes")[0] == 2
    assert register.types("contracts", "remove", "K1", "2025-12-31", "--why", "salah ketik", "--yes")[0] == 0
    assert register.contracts() == []
    with register.store() as store:
        assert json.loads(store.acts.audit_log()[-1].detail)["why"] == "salah ketik"


def test_an_export_writes_over_nothing_unless_it_is_told_to(filled: Register) -> None:
    path = filled.file("a.csv", "mine")
    assert filled.types("sites", "export", str(path))[0] == 2
    assert path.read_text() == "mine"
    assert filled.types("sites", "export", str(path), "--force")[0] == 0
    assert filled.types("sites", "export", str(filled.folder / "a.ods"))[0] == 2
    assert [one.name for one in filled.folder.glob(".*")] == []


# the template


def test_the_template_of_province_64_has_its_841_villages_and_is_imported_as_it_is(register: Register) -> None:
    path = register.folder / "desa.xlsx"
    assert register.types("sites", "template", "--province", "64", "--output", str(path))[0] == 0
    code, output, _ = register.types("sites", "import", str(path), "--yes")
    assert (code, "841 sites saved" in output) == (0, True)
    entries = register.known().entries
    assert {entry.site.kind for entry in entries.values()} == {"village"}
    assert entries["64.01.04.2009"].site.regency == "Paser"
    names = [entry.site.name for entry in entries.values()]
    assert len(set(names)) < 841  # repeated names stay apart by their codes


def test_a_template_keeps_what_is_known_so_that_importing_it_loses_nothing(register: Register) -> None:
    register.imports("code,name,kind,provider,unit\n64.01.04.2009,Nama kami,desa,Icon+,U\n")
    text = register.types("sites", "template", "--province", "64")[1]
    _, output, _ = register.imports(text)
    assert "840 new, 0 changed, 1 unchanged" in output


def test_towns_have_kelurahan_and_districts_have_offices() -> None:
    assert len(sites_of(Wanted(province="64", with_kelurahan=True))) == 841 + 197
    offices = sites_of(Wanted(province="64", level="kecamatan"))
    assert (len(offices), offices[0].kind) == (105, "opd")


def test_the_shortest_name_of_a_regency_that_is_no_other_is_taken() -> None:
    names = ["Kabupaten Bogor", "Kota Bogor", "Kota Depok"]
    assert [*regency_names(names).values()] == ["Bogor", "Kota Bogor", "Depok"]


@pytest.mark.parametrize("province", ["71", "94", "11"])
def test_any_province_is_imported_as_it_is_also_where_a_name_repeats_in_a_district(
    register: Register, province: str
) -> None:
    text = register.types("sites", "template", "--province", province, "--with-kelurahan")[1]
    assert register.imports(text)[0] == 0


def test_an_unknown_province_is_told_with_those_there_are(register: Register) -> None:
    code, _, errors = register.types("sites", "template", "--province", "60")
    assert (code, "64 Kalimantan Timur" in errors) == (2, True)


def test_without_the_list_of_regions_it_says_what_to_install(register: Register) -> None:
    program = "import sys; sys.modules['lokal'] = None; from collector.app import main; sys.exit(main(sys.argv[1:]))"
    argv = ["sites", "template", "--province", "64", "--config", str(register.config)]
    done = subprocess.run([sys.executable, "-c", program, *argv], capture_output=True, text=True, timeout=300)
    assert (done.returncode, "kentongan[wilayah]" in done.stderr) == (2, True)


def test_terms_of_a_contract_that_were_changed_in_the_file_do_not_agree_with_the_log(register: Register) -> None:
    with register.store() as store:
        store.acts.import_contracts(CONTRACTS, by="budi", at_ms=1, detail={})
        store.acts.remove_contract(CONTRACTS[0], by="budi", at_ms=2, detail={})
        assert store.acts.faults() == []
        store.register.put_contracts([replace(CONTRACTS[1], fee=1)])
        [fault] = store.acts.faults()
    assert fault.startswith(f"contract {CONTRACTS[1].number} {CONTRACTS[1].begins}:")
