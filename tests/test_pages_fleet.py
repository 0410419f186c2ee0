"""The page of agents: what is wrong stands first, in words and with what to do about it."""

import csv
import io
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from time import process_time

import pytest
from aiohttp import hdrs

from collector.faces.pages.fleet import ROWS
from collector.faces.pages.fleet_view import ORDERS, TROUBLES
from collector.people import Role
from collector.registry import AgentState, Site
from shared.texts import LANGUAGES, Texts
from tests.faces import BAYAN, HOUR, MINUTE, TASUK, Faces, faces

NOW_MS = 1_790_000_000_000
WELL = AgentState(
    name="pc-well", site=BAYAN.code, heard_at_ms=NOW_MS - MINUTE, version="1.2.0", boot_at_ms=NOW_MS - HOUR
)
SILENT = replace(WELL, name="pc-silent", site=TASUK.code, heard_at_ms=NOW_MS - 5 * HOUR)
NEVER = AgentState(name="pc-never", site=TASUK.code)
OLD = replace(WELL, name="pc-old", version="1.1.10", last_stop="power")
FAST = replace(WELL, name="pc-fast", clock_offset_ms=3 * HOUR)
FULL = replace(WELL, name="pc-full", spool_results=5000, dropped=7, set_aside=2)
CLONED = replace(WELL, name="pc-cloned", cloned=True)
FLEET = (WELL, SILENT, NEVER, OLD, FAST, FULL, CLONED)


def have(face: Faces, *agents: AgentState) -> None:
    """These agents are known, at two sites."""
    face.know(BAYAN, TASUK)
    face.parts.live.set_registry(face.parts.store.sites(), agents)


async def page(face: Faces, query: str = "", status: int = 200, language: str = "en") -> str:
    async with face.client.get(f"/fleet{query}", headers={hdrs.ACCEPT_LANGUAGE: language}) as answer:
        html = await answer.text()
        assert answer.status == status, html
    return unescape(html.partition('<main id="main"')[2])


def names(html: str) -> list[str]:
    return re.findall(r'<th scope="row">(pc-[^<]*)</th>', html)


def cell(html: str, name: str) -> str:
    """The row of an agent, as text."""
    row = html.partition(f'<th scope="row">{name}</th>')[2].partition("</tr>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", row).split())


async def test_silent_agents_stand_first_and_those_that_are_well_last(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        have(face, *FLEET)
        html = await page(face)
    assert names(html) == ["pc-silent", "pc-never", "pc-cloned", "pc-full", "pc-fast", "pc-old", "pc-well"]
    assert "6 of 7 need attention" in html
    assert "✓ fine" in cell(html, "pc-well")


@pytest.mark.parametrize(
    ("name", "wrong", "do"),
    [
        ("pc-silent", "Not heard for 5 h.", "Ask whether the machine and its power are on"),
        ("pc-never", "Has never reported.", "kentongan-agent check"),
        ("pc-old", "Version 1.1.10; the newest is 1.2.0.", "Update the agent"),
        ("pc-fast", "The clock of the machine is 3 h ahead", "automatic time (NTP)"),
        ("pc-full", "5,000 results wait to be sent.", "push less often"),
        ("pc-full", "7 results were lost", "kentongan-agent status"),
        ("pc-full", "refused 2 results", "set_aside"),
        ("pc-cloned", "2 machines push with this token", f"tokens create --agent NAME --site {BAYAN.code}"),
    ],
)
async def test_what_is_wrong_is_said_with_what_to_do(tmp_path: Path, name: str, wrong: str, do: str) -> None:
    async with faces(tmp_path) as face:
        have(face, *FLEET)
        told = cell(await page(face), name)
    assert wrong in told
    assert do in told.partition(wrong)[2]


async def test_why_a_machine_stopped_is_told_in_words(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        have(face, OLD, replace(OLD, name="pc-odd", last_stop="<b>new</b>"))
        html = await page(face, language="id")
    assert "listrik padam" in cell(html, "pc-old")
    assert "pc-odd" in names(html)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?trouble=silent", ["pc-silent"]),
        ("?trouble=never", ["pc-never"]),
        ("?trouble=old", ["pc-old"]),
        ("?trouble=clock", ["pc-fast"]),
        ("?trouble=backlog", ["pc-full"]),
        ("?trouble=dropped", ["pc-full"]),
        ("?trouble=cloned", ["pc-cloned"]),
        ("?q=tasuk", ["pc-silent", "pc-never"]),
        ("?q=1.1.10", ["pc-old"]),
        ("?regency=Berau", ["pc-silent", "pc-never"]),
        ("?trouble=any&q=pc-f&sort=name", ["pc-fast", "pc-full"]),
        ("?sort=heard&trouble=any&regency=Berau", ["pc-never", "pc-silent"]),
        ("?q=nobody", []),
    ],
)
async def test_filters_and_orders(tmp_path: Path, query: str, found: list[str]) -> None:
    async with faces(tmp_path) as face:
        have(face, *FLEET)
        assert names(await page(face, query)) == found


async def test_chips_count_what_is_wrong(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        have(face, *FLEET, replace(SILENT, name="pc-quiet"))
        html = await page(face)
    assert re.search(r'trouble=silent"><b>2</b>.*silent', html)
    assert "trouble=undated" not in html


async def test_the_file_has_every_agent_that_the_page_has_pages_for(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        have(face, *FLEET)
        async with face.client.get("/fleet?trouble=any&sort=name&format=csv") as answer:
            assert answer.headers[hdrs.CONTENT_TYPE] == "text/csv; charset=utf-8"
            assert answer.headers[hdrs.CONTENT_DISPOSITION] == 'attachment; filename="agents-2026-09-21.csv"'
            rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert [row["agent"] for row in rows] == ["pc-cloned", "pc-fast", "pc-full", "pc-never", "pc-old", "pc-silent"]
    assert (rows[1]["clock_offset_s"], rows[2]["troubles"], rows[3]["heard_at"]) == (
        "10800",
        "dropped set_aside backlog",
        "",
    )


@pytest.mark.parametrize("query", ["?trouble=bored", "?sort=colour"])
async def test_what_cannot_be_asked_is_refused_in_words(tmp_path: Path, query: str) -> None:
    async with faces(tmp_path) as face:
        have(face, WELL)
        assert "is no choice for" in await page(face, query, 400)


async def test_a_person_of_one_regency_sees_its_agents_alone(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        have(face, *FLEET, replace(WELL, name="pc-lost", site="gone"))
        assert "site gone is not registered" in await page(face)
        face.sign_in(Role.VIEWER, "Berau")
        html = await page(face)
        async with face.client.get("/fleet?format=csv") as answer:
            table = await answer.text()
    assert names(html) == ["pc-silent", "pc-never"]
    assert not [word for word in ("pc-well", "pc-lost", "pc-full", BAYAN.code, "Kutai") if word in html + table]
    assert "2 agents" in html


async def test_no_agent_yet_says_how_to_get_one(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        assert "tokens create" in await page(face)


async def test_ten_thousand_agents_come_in_pages_and_quickly(tmp_path: Path) -> None:
    sites = [Site(code=f"64.{n:05}", name=f"Desa {n}", regency=f"Kabupaten {n % 10}") for n in range(10_000)]
    async with faces(tmp_path) as face:
        face.parts.store.put_sites(sites)
        agents = [
            replace(WELL, name=f"pc-{n:05}", site=f"64.{n:05}", heard_at_ms=NOW_MS - n * 1000) for n in range(10_000)
        ]
        face.parts.live.set_registry(sites, agents)
        await page(face)
        started = process_time()
        html = await page(face, "?page=400&sort=name")
        assert process_time() - started < 1.5  # about 0.2 on an idle machine; others share this one
    assert names(html) == [f"pc-{n:05}" for n in range(9_975, 10_000)]
    assert len(names(html)) == ROWS
    assert len(html) < 200_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_and_order_has_its_words(language: str) -> None:
    texts, values = (
        Texts(language),
        dict.fromkeys(
            (
                "ago",
                "agent",
                "site",
                "version",
                "newest",
                "offset",
                "waiting",
                "dropped",
                "set_aside",
                "undated",
                "boots",
            ),
            "",
        ),
    )
    assert all(texts.say(f"fleet.{what}.{name}", **values) for name in TROUBLES for what in ("trouble", "wrong", "do"))
    assert all(texts.say(f"fleet.sort.{name}") for name in ORDERS)
