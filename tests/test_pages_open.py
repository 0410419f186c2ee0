"""Open data: the same for everybody, nothing of what is not set public, and a licence with every form of it."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import hdrs

from collector.acts import Exclusion, ExclusionKind
from collector.people import Role
from collector.registry import AgentState, Site
from tests.faces import BAYAN, HOUR, TASUK, Faces, faces
from tests.kept_days import keep

OFFICE = Site(
    code="opd-1",
    name="Dinas Rahasia",
    kind="opd",
    opd="Dinas Rahasia",
    regency="Berau",
    provider="Icon+",
    contract="K-77",
)
FIRST = date(2026, 9, 1)
OPEN: dict[str, object] = {"open_data": {"enabled": True, "publisher": "Diskominfo", "contact": "data@example.test"}}
PATHS = ("/open", "/open.json", "/open.csv")
SECRETS = ("pc-1", "saw ", "Icon+", "Comtelindo", "K-77", "Dinas Rahasia", "opd-1", "tower work")


async def get(face: Faces, path: str, status: int = 200, **headers: str) -> str:
    async with face.client.get(path, headers={hdrs.ACCEPT_LANGUAGE: "en", **headers}) as answer:
        assert answer.status == status
        return await answer.text()


async def told(face: Faces) -> Any:
    return json.loads(await get(face, "/open.json"))


def known(face: Faces) -> None:
    """A village that is down, one that is up and an office, all with a month so far, an agent and an exclusion."""
    face.know(replace(BAYAN, contract="K-77"), TASUK, OFFICE)
    for site in (BAYAN, TASUK, OFFICE):
        keep(face.parts.store, site, FIRST, days=20, down_ms=HOUR if site is TASUK else 0)
        face.history(site, (10 * HOUR, "up"), (HOUR, "line_down" if site is TASUK else "up"))
    agent = AgentState(name="pc-1", site=BAYAN.code, heard_at_ms=face.clock.wall_ms(), last_stop="power")
    face.parts.live.set_registry(face.parts.store.sites(), [agent])
    now_ms = face.clock.wall_ms()
    face.parts.store.acts.add_exclusion(
        Exclusion(
            id=0,
            scope="site",
            of=BAYAN.code,
            from_ms=now_ms,
            to_ms=now_ms + HOUR,
            kind=ExclusionKind.MAINTENANCE,
            why="tower work",
            by="operator",
            entered_ms=now_ms,
        )
    )


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_public_until_it_is_set(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path, public=True) as face:
        known(face)
        answer = await get(face, path, 404)
    assert "open to the public here" in answer or "nothing is set public" in answer


@pytest.mark.parametrize("path", PATHS)
async def test_an_administrator_and_a_stranger_get_the_same_bytes(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path, listen="0.0.0.0:8817", **OPEN) as face:
        known(face)
        strangers = await get(face, path)
        face.sign_in(Role.ADMINISTRATOR)
        assert await get(face, path) == strangers
        face.clock.advance(61)
        anew = await get(face, path)
        face.client.session.cookie_jar.clear()
        assert await get(face, path) == anew


@pytest.mark.parametrize("path", PATHS)
async def test_what_is_not_public_is_nowhere_in_it(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        answer = await get(face, path)
    assert TASUK.name in answer
    assert not [secret for secret in SECRETS if secret in answer]


async def test_an_office_does_not_even_count_in_its_regency(tmp_path: Path) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        [berau, _] = (await told(face))["regencies"]
    assert (berau["regency"], berau["sites"], berau["conditions"]) == ("Berau", 1, {"line_down": 1})
    assert berau["availability"] == round(23 / 24, 6)


async def test_sites_tell_condition_availability_and_coverage(tmp_path: Path) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        answer = await told(face)
    assert (answer["from"], answer["to"], answer["simulated"]) == ("2026-09-01", "2026-09-21", False)
    assert answer["sites"][0] == {
        "code": TASUK.code,
        "name": "Tasuk",
        "kind": "village",
        "regency": "Berau",
        "district": "",
        "condition": "line_down",
        "availability": round(23 / 24, 6),
        "availability_low": round(23 / 24, 6),
        "availability_high": round(23 / 24, 6),
        "coverage": 1.0,
    }


@pytest.mark.parametrize("shown", ["condition", "availability", "coverage"])
async def test_only_what_is_set_public_is_shown(tmp_path: Path, shown: str) -> None:
    async with faces(tmp_path, open_data={"enabled": True, "show": [shown]}) as face:
        known(face)
        answer, page = await told(face), await get(face, "/open")
        table = csv.DictReader(io.StringIO(await get(face, "/open.csv")))
    others = {"condition", "availability", "coverage"} - {shown}
    for columns in (answer["sites"][0].keys(), set(table.fieldnames or ())):
        assert shown in columns
        assert not others & columns
    assert ("As experienced</th>" in page) == (shown == "availability")
    assert ("Condition now</th>" in page) == (shown == "condition")


async def test_the_licence_is_in_every_form(tmp_path: Path) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        licence = (await told(face))["licence"]
        async with face.client.get("/open.csv") as answer:
            [row, _] = csv.DictReader(io.StringIO(await answer.text()))
            link = answer.headers[hdrs.LINK]
        page = await get(face, "/open")
    url = "https://creativecommons.org/licenses/by/4.0/"
    assert licence == {"name": "CC BY 4.0", "url": url, "publisher": "Diskominfo", "contact": "data@example.test"}
    assert (row["licence"], row["licence_url"], link) == ("CC BY 4.0", url, f'<{url}>; rel="license"')
    assert f'<a rel="license" href="{url}">CC BY 4.0</a>' in page


@pytest.mark.parametrize("path", ["/open.json", "/open.csv"])
async def test_other_peoples_pages_may_load_it_and_keep_it_a_minute(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path, **OPEN) as face, face.client.get(path) as answer:
        assert answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] == "*"
        assert answer.headers[hdrs.CACHE_CONTROL] == "public, max-age=60"


async def test_it_is_made_once_a_minute_for_everybody(tmp_path: Path) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        before = await told(face)
        face.history(BAYAN, (HOUR, "local_down"))
        face.clock.advance(59)
        assert await told(face) == before
        face.clock.advance(2)
        assert (await told(face))["sites"][1]["condition"] == "local_down"


async def test_a_wrong_token_is_no_hindrance_where_none_is_needed(tmp_path: Path) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        await get(face, "/open.json", Authorization="Bearer wrong")


@pytest.mark.parametrize("public", [False, True])
async def test_the_menu_is_for_those_who_may_read_the_rest(tmp_path: Path, public: bool) -> None:
    async with faces(tmp_path, listen="0.0.0.0:8817", public=public, **OPEN) as face:
        assert ("./fleet" in await get(face, "/open")) == public


@pytest.mark.parametrize("path", ["/", "/login", "/indicators", "/fleet", "/open", "/no-such-page"])
@pytest.mark.parametrize("enabled", [False, True])
async def test_every_page_leads_there_if_there_is_something(tmp_path: Path, path: str, enabled: bool) -> None:
    settings: dict[str, object] = {"open_data": {"enabled": enabled}}
    async with faces(tmp_path, **settings) as face, face.client.get(path) as answer:
        html = await answer.text()
    footer = html.partition("<footer>")[2]
    assert ('href="./open"' in footer) == (enabled and bool(footer))
    assert ("Tanpa akun pun" in html) == (enabled and path == "/login")


async def test_a_file_is_named_after_its_day_and_says_when_in_the_zone_of_the_province(tmp_path: Path) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        made = (await told(face))["as_of"]
        async with face.client.get("/open.csv") as answer:
            assert answer.headers[hdrs.CONTENT_DISPOSITION] == f'attachment; filename="open-{made[:10]}.csv"'
    assert made.endswith("+08:00")


@pytest.mark.parametrize(
    ("query", "found"),
    [("?q=tas", [TASUK]), ("?regency=Kutai+Barat", [BAYAN]), ("", [TASUK, BAYAN]), ("?page=9", [TASUK])],
)
async def test_people_find_their_village(tmp_path: Path, query: str, found: list[Site]) -> None:
    async with faces(tmp_path, **OPEN) as face:
        known(face)
        page = await get(face, f"/open{query}")
    places = [page.find(f'<th scope="row">{site.name}') for site in found]
    assert -1 not in places
    assert places == sorted(places)
