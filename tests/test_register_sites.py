"""Mistakes that people and spreadsheets make with sites are told with what to write; names may repeat elsewhere."""

import pytest

from collector.register.site_sheet import Entry, Known
from collector.registry import Details, Site
from tests.register import sites, told

BAYAN = Site(code="64.07.05.2017", name="Long Iram Bayan", kind="village", regency="Kutai Barat", provider="Icon+")


def known(*found: Site, contracts: tuple[str, ...] = ()) -> Known:
    details = [Details(code=site.code) for site in found]
    return Known.of(found, details, contracts=contracts, timezone="Asia/Makassar")


@pytest.mark.parametrize(
    ("whole", "damaged", "reason"),
    [
        ("0064", "64", "lost_leading_zero"),
        ("64.10", "64.1", "lost_trailing_zero"),
        ("64.07.05.2017", "6407052017", "lost_dots"),
    ],
)
def test_a_code_that_a_spreadsheet_damaged_is_refused_with_the_whole_one(whole: str, damaged: str, reason: str) -> None:
    for text, before in (
        (f"code,name\n{damaged},A\n", known(Site(code=whole, name="A"))),
        (f"code,name\n{damaged},A\n{whole},B\n", known()),
        (f"code,name,kind\n{damaged},A,opd\n{whole},B,wrong\n", known()),  # that row is wrong, its code counts
    ):
        [fault] = [one for one in sites(text, before).faults if one.row == 2]
        assert (fault.column, fault.reason, fault.detail) == ("code", reason, whole)


def test_a_code_that_is_known_is_right_whatever_it_looks_like() -> None:
    before = known(Site(code="0064", name="A"), Site(code="64", name="B"))
    assert sites("code,name\n64,B\n0064,A\n", before).faults == []


@pytest.mark.parametrize("code", ["6.41E+09", "6,41E+09", "641E9"])
def test_a_code_that_became_a_scientific_number_is_refused(code: str) -> None:
    assert told(sites(f"code;name\n{code};A\n").faults) == [(2, "code", "scientific")]


def test_ten_digits_are_remarked_as_a_village_without_dots() -> None:
    [remark] = sites("code,name\n6407052017,A\n").remarks
    assert (remark.reason, remark.detail) == ("dots_missing", "64.07.05.2017")


def test_rows_of_one_code_are_all_wrong_because_nobody_knows_which_is_meant() -> None:
    reading = sites("code,name,kind\n1,A,opd\n2,B,opd\n1,C,wrong\n")
    assert told(reading.faults) == [(2, "code", "twice_code"), (4, "kind", "not_one_of"), (4, "code", "twice_code")]
    assert [entry.code for entry in reading.records.values()] == ["2"]


def test_two_villages_of_one_name_in_one_district_are_a_mistake() -> None:
    text = "code,name,kind,regency,district\n1,Tepian,desa,Berau,Tasuk\n2,tepian,desa,Berau,Tasuk\n"
    assert told(sites(text).faults) == [(2, "name", "same_name"), (3, "name", "same_name")]


def test_the_same_name_elsewhere_is_a_remark_and_both_are_imported() -> None:
    text = "code,name,kind,regency,district\n1,Tepian,desa,Berau,Tasuk\n2,Tepian,desa,Paser,Kuaro\n"
    reading = sites(text)
    assert (reading.faults, told(reading.remarks)) == (
        [],
        [(2, "name", "name_elsewhere"), (3, "name", "name_elsewhere")],
    )
    assert reading.remarks[0].detail == "Paser (2)"


def test_a_registry_that_has_two_sites_of_one_name_can_be_imported_as_it_is() -> None:
    before = known(Site(code="1", name="A"), Site(code="2", name="A"))
    assert sites("code,name\n1,A\n2,A\n", before).faults == []


@pytest.mark.parametrize(
    ("latitude", "longitude", "found"),
    [
        ("-0,5021", "117,15", []),
        ("117,15", "-0,5021", [(2, "latitude", "swapped"), (2, "longitude", "swapped")]),
        ("-5021", "117.15", [(2, "latitude", "outside_indonesia")]),
        ("0°30'", "117.15", [(2, "latitude", "not_degrees")]),
        ("-0.5021", "", [(2, "longitude", "half_a_place")]),
    ],
)
def test_coordinates_lie_in_indonesia_and_come_in_pairs(
    latitude: str, longitude: str, found: list[tuple[int, str, str]]
) -> None:
    assert told(sites(f"code;name;latitude;longitude\n1;A;{latitude};{longitude}\n").faults) == found


@pytest.mark.parametrize(
    ("text", "mbps", "reasons"),
    [
        ("12,5", 12.5, []),
        ("12.5", 12.5, []),
        ("50 Mbps", 50.0, []),
        ("1 Gbps", 1000.0, []),
        ("512 kbps", 0.512, []),
        ("1.250,5", 1250.5, []),
        ("1.000", None, ["ambiguous_number"]),
        ("0", None, ["bad_mbps"]),
        ("s.d. 100", None, ["not_number"]),
        ("1.2.3", None, ["bad_number"]),
    ],
)
def test_bandwidth_is_read_with_comma_or_point_and_never_guessed(
    text: str, mbps: float | None, reasons: list[str]
) -> None:
    reading = sites(f"code;name;bandwidth_mbps\n1;A;{text}\n")
    assert [fault.reason for fault in reading.faults] == reasons
    assert [entry.details.bandwidth_mbps for entry in reading.records.values()] == ([] if reasons else [mbps])


def test_a_contract_that_nobody_knows_is_remarked_once_it_is_written() -> None:
    before = known(BAYAN, contracts=("PKS/01/2026",))
    [remark] = sites("code,contract\n64.07.05.2017,PKS/01/2026|PKS/01/2027\n", before).remarks
    assert (remark.reason, remark.detail) == ("unknown_contract_of", "PKS/01/2026")


def test_a_provider_spelled_almost_like_another_is_remarked_with_the_other() -> None:
    text = (
        "code,name,provider\n1,A,Telkomsel Indihome\n2,B,Telkomsel IndiHome\n3,C,Telkomsel IndiHome\n4,D,Telkom WMS\n"
    )
    [remark] = sites(text).remarks
    assert (remark.row, remark.reason, remark.detail) == (2, "unusual_spelling", "Telkomsel IndiHome")


def test_a_telephone_number_that_lost_its_zero_is_remarked() -> None:
    reading = sites("code,name,phone\n1,A,81234567890\n2,B,telepon saja\n3,C,+62 812-3456\n")
    assert [(one.row, one.detail) for one in reading.remarks] == [(2, "081234567890")]
    assert told(reading.faults) == [(3, "phone", "bad_phone")]


def test_the_columns_of_messages_are_called_as_in_the_file() -> None:
    assert told(sites("Kode;Lebar Pita;nama\n1;x;A\n").faults) == [(2, "Lebar Pita", "not_number")]


def test_an_entry_tells_every_column() -> None:
    values = Entry(BAYAN, Details(code=BAYAN.code, unit="U")).values()
    assert (values["code"], values["unit"], values["latitude"]) == (BAYAN.code, "U", None)
