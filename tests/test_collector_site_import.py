"""Sites come from a spreadsheet that a person keeps: everything wrong with it is told, and nothing is guessed."""

from pathlib import Path

import pytest

from collector.register.columns import SITES
from collector.register.faults import BadSheet, Fault
from collector.register.plan import plan
from collector.register.sheets import read_sheet
from collector.register.site_sheet import Entry, Known, read_sites
from collector.registry import Details, Medium, Network, Ownership, Site, Use
from tests.register import sites, told

EXAMPLE = Path(__file__).parent.parent / "config" / "sites.example.csv"


def faults_of(text: str, known: Known | None = None) -> list[Fault]:
    try:
        return sites(text, known).faults
    except BadSheet as bad:
        return bad.faults


def the_only(text: str) -> Site:
    reading = sites(text)
    assert not reading.faults
    [entry] = reading.records.values()
    return entry.site


def entry(code: str, name: str, **details: object) -> Entry:
    return Entry(Site(code=code, name=name), Details(code=code, **details))  # type: ignore[arg-type]


@pytest.mark.source
def test_the_shipped_example_is_imported() -> None:
    found = {one.code: one for one in read_sites(read_sheet(EXAMPLE), Known()).records.values()}
    assert found["64.11.04.2001"].site.medium is Medium.LEO
    assert found["64.01.04.2009"].site.name == found["64.03.03.2006"].site.name == "Rantau Panjang"
    assert found["diskominfo"].details.latitude == -0.5021


@pytest.mark.source
def test_the_shipped_example_shows_every_column() -> None:
    header = EXAMPLE.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header == [column.name for column in SITES.columns]


def test_a_code_keeps_its_leading_zeros_and_loses_the_spaces_around_it() -> None:
    assert the_only("code,name\n 0064 , Kantor \n") == Site(code="0064", name="Kantor")


@pytest.mark.parametrize(
    "text",
    ["code;name\n1;A, B\n", 'code,name\r\n1,"A, B"\r\n', 'NAME,Code\n"A, B",1\n\n', "sep=;\ncode;name\n1;A, B\n"],
)
def test_what_spreadsheets_write_is_understood(text: str) -> None:
    assert the_only(text) == Site(code="1", name="A, B")


def test_an_empty_time_zone_is_that_of_the_collector() -> None:
    [made] = sites("code,name,timezone\n1,A,\n", Known(timezone="Asia/Jakarta")).records.values()
    assert made.site.timezone == "Asia/Jakarta"


def test_a_time_zone_may_be_written_as_people_say_it() -> None:
    made = sites("code,name,timezone\n1,A,WITA\n2,B,wib\n3,C,WIT\n").records.values()
    assert [one.site.timezone for one in made] == ["Asia/Makassar", "Asia/Jakarta", "Asia/Jayapura"]


def test_every_bad_cell_is_told_with_row_column_and_value() -> None:
    faults = faults_of("code,name,kind,medium,timezone\na b,,gudang,sinyal,Asia/Samarinda\n,B,opd,fiber,\n")
    assert [(f.row, f.column, f.value, f.reason) for f in faults] == [
        (2, "code", "a b", "bad_code"),
        (2, "name", "", "empty"),
        (2, "kind", "gudang", "not_one_of"),
        (2, "medium", "sinyal", "not_one_of"),
        (2, "timezone", "Asia/Samarinda", "bad_timezone"),
        (3, "code", "", "empty"),
    ]


def test_a_sheet_in_indonesian_says_the_same_as_one_in_our_words() -> None:
    indonesian = (
        "Kode;Nama;Jenis;Kabupaten/Kota;Kecamatan;Penyedia;Media;Jaringan;Kepemilikan;Lebar Pita;Peran;Lintang;Bujur\n"
        "1;A;Desa;Berau;Tasuk;Icon+;Fiber Optic;Intranet;BUMN;12,5;Utama;-0,5021;117,15\n"
    )
    ours = (
        "code,name,kind,regency,district,provider,medium,network,ownership,bandwidth_mbps,use,latitude,longitude\n"
        "1,A,village,Berau,Tasuk,Icon+,fiber,intranet,state_owned,12.5,primary,-0.5021,117.15\n"
    )
    [made] = sites(indonesian).records.values()
    assert [made] == [*sites(ours).records.values()]
    assert (made.details.network, made.details.ownership) == (Network.INTRANET, Ownership.STATE_OWNED)
    assert (made.details.bandwidth_mbps, made.details.use) == (12.5, Use.PRIMARY)


def test_an_unknown_column_is_refused_with_a_suggestion() -> None:
    assert faults_of("code,name,provder,xyz\n1,A,B,C\n") == [
        Fault(1, "provder", "", "unknown_column", "provider"),
        Fault(1, "xyz", "", "unknown_column_of", ", ".join(column.name for column in SITES.columns)),
    ]


def test_a_column_must_not_be_there_twice_not_even_under_two_names() -> None:
    assert told(faults_of("nama,name\nA,B\n")) == [(1, "code", "missing_column"), (1, "name", "twice_column")]


def test_a_filled_column_without_a_heading_is_told_and_an_empty_one_is_nothing() -> None:
    assert told(faults_of("code,name,,\n1,A,,\n")) == []
    assert told(faults_of("code,name,\n1,A,\n2,B,x\n")) == [(3, "", "no_title")]


@pytest.mark.parametrize("code", ["..", ".", "a/b", "desa é", "x" * 65])
def test_a_code_that_could_not_stand_in_an_address_is_refused(code: str) -> None:
    assert [f.reason for f in faults_of(f"code,name\n{code},A\n")] == ["bad_code"]


def test_a_separator_without_quotes_is_told_and_does_not_shift_the_columns() -> None:
    assert told(faults_of("code,name\n1,Kantor, lantai 2\n")) == [(2, "", "too_many_cells")]


def test_a_file_without_rows_is_refused() -> None:
    assert [f.reason for f in faults_of("code,name\n")] == ["no_rows"]
    assert {f.reason for f in faults_of("")} == {"missing_column"}


def test_a_cell_that_is_only_a_dash_is_an_empty_one() -> None:
    [made] = sites("code,name,provider,bandwidth_mbps\n1,A,-,–\n").records.values()
    assert (made.site.provider, made.details.bandwidth_mbps) == ("", None)


def test_a_column_that_is_not_in_the_file_stays_and_an_empty_cell_empties() -> None:
    known = Known(
        entries={"1": Entry(Site(code="1", name="A", provider="X", regency="Berau"), Details(code="1", unit="U"))}
    )
    [made] = sites("code,provider\n1,\n", known).records.values()
    assert made == Entry(Site(code="1", name="A", regency="Berau"), Details(code="1", unit="U"))


def test_a_new_site_needs_a_name_though_a_known_one_may_be_told_without() -> None:
    known = Known(entries={"1": entry("1", "A")})
    assert told(faults_of("code,unit\n1,U\n2,U\n", known)) == [(3, "name", "new_without_name")]


def test_the_plan_tells_new_changed_unchanged_and_what_stays() -> None:
    known = [entry("1", "A"), entry("2", "B", unit="X"), entry("9", "Z")]
    wanted = [entry("1", "A"), entry("2", "B", unit="Y"), entry("3", "C")]
    planned = plan(known, wanted, SITES, Entry.values)
    assert ([one.code for one in planned.new], [one.code for one in planned.staying]) == (["3"], ["9"])
    assert planned.changed[0].fields == [("unit", "X", "Y")]
    assert [one.code for one in planned.writes] == ["3", "2"]
