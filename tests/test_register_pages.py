"""The register on the page of a site and over the API: whom to call is told to people who signed in, to nobody else."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from collector.contracts import Contract, FeeOf, Formula, in_force, overlapping
from collector.people import Role
from collector.register.columns import LATITUDES, LONGITUDES
from collector.registry import Details, Medium, Network, Site, Use
from collector.simulate.province import PROVIDERS, contracts_of, details_of, generated
from tests.faces import BAYAN, Faces, faces
from tests.measured import text_of

LINE = replace(BAYAN, contract="PKS/1", medium=Medium.VSAT)
DETAILS = Details(
    code=LINE.code,
    unit="Bidang Aptika",
    network=Network.SDWAN,
    use=Use.BACKUP,
    bandwidth_mbps=12.5,
    latitude=-0.25,
    longitude=115.75,
    contact="Ani <b>",
    phone="0812-3456 (pagi)",
)
CONTRACT = Contract(number="PKS/1", begins=date(2020, 1, 1), sla=Decimal("0.985"), provider="Icon+", fee=1)
PAGE = f"/sites/{LINE.code}"


def registered(face: Faces) -> None:
    face.know(LINE)
    face.parts.store.register.put_details([DETAILS])
    face.parts.store.register.put_contracts([CONTRACT])


async def test_the_page_of_a_site_tells_what_the_register_says_of_its_line(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        registered(face)
        html = await text_of(face, PAGE, language="id")
    for said in ("PKS/1, mulai 2020-01-01, masih berlaku", "98,5 %", "12,5 Mbps", "SD-WAN", "jalur cadangan", "Aptika"):
        assert said in html
    assert '<a href="geo:-0.25,115.75">' in html
    assert "RAI.02.01.03 (baku, belum terverifikasi" in html


async def test_whom_to_call_is_told_to_people_who_signed_in_alone(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        registered(face)
        open_to_all = await text_of(face, PAGE)
        headers = {"Authorization": f"Bearer {face.token('read')}"}
        by_token = await (await face.client.get(PAGE, headers=headers)).text()
        face.sign_in(Role.VIEWER)
        signed_in = await text_of(face, PAGE)
    assert "Aptika" in open_to_all and "Aptika" in by_token  # noqa: PT018  both told the page
    assert not any(said in html for html in (open_to_all, by_token) for said in ("Ani", "0812"))
    assert "Ani &lt;b&gt;" in signed_in
    assert '<a href="tel:08123456">' in signed_in


async def test_a_contract_that_is_not_in_force_is_named_and_said_to_be_none(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        registered(face)
        face.parts.store.register.put_contracts([replace(CONTRACT, ends=date(2020, 12, 31))])
        html = await text_of(face, PAGE, language="en")
    assert "PKS/1 (not in the register, or not in force today)" in html


@pytest.mark.parametrize("signed_in", [False, True])
async def test_the_api_tells_the_register_and_nothing_personal(tmp_path: Path, signed_in: bool) -> None:
    async with faces(tmp_path) as face:
        registered(face)
        face.know(replace(LINE, code="2", contract=""))
        if signed_in:
            face.sign_in(Role.ADMINISTRATOR)
        listed = await (await face.client.get("/api/v1/sites")).json()
        alone = await (await face.client.get("/api/v1/sites/" + LINE.code)).json()
    first, second = (site["register"] for site in sorted(listed["sites"], key=lambda site: -len(site["code"])))
    assert first == alone["site"]["register"]
    assert (first["contract_in_force"], first["sla"], first["bandwidth_mbps"]) == ("PKS/1", 0.985, 12.5)
    assert (second["contract_in_force"], second["sla"], second["latitude"]) == (None, None, None)
    assert not {"contact", "phone", "fee"} & first.keys()


# the simulated province


def test_a_simulated_province_has_a_contract_for_every_provider_and_one_is_amended_within_the_month() -> None:
    made = contracts_of(date(2026, 10, 1), date(2026, 11, 1))
    assert {one.provider for one in made} == {name for name, *_ in PROVIDERS}
    assert {one.formula for one in made} == set(Formula)
    assert {one.fee_of for one in made} == set(FeeOf)
    assert None in {one.sla for one in made}
    assert [one.begins for one in made if one.begins.year == 2026] == [date(2026, 10, 16)]
    assert list(overlapping(made)) == []


def test_every_line_of_it_names_a_contract_and_lies_in_indonesia_and_says_that_it_is_simulated() -> None:
    sites = generated(100, Random(1))
    made = contracts_of(date(2026, 10, 1), date(2026, 11, 1))
    assert all(in_force(site, made, date(2026, 10, 20)) for site in sites)
    for one in details_of(sites, Random(1)):
        assert one.latitude is not None and LATITUDES[0] < one.latitude < LATITUDES[1]  # noqa: PT018
        assert one.longitude is not None and LONGITUDES[0] < one.longitude < LONGITUDES[1]  # noqa: PT018
        assert all(said.startswith("Simulasi") for said in (one.contact, one.unit, one.agency, one.description))


def test_no_contract_is_in_force_before_it_begins_or_where_none_is_named() -> None:
    assert in_force(LINE, [CONTRACT], date(2019, 12, 31)) is None
    assert in_force(Site(code="1", name="A"), [CONTRACT], date(2026, 1, 1)) is None
    assert in_force(LINE, [CONTRACT], date(2026, 1, 1)) == CONTRACT
