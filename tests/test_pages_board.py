"""The board: every site a tile in its place, what is wrong above it, small and fast, readable without script."""

import gzip
import re
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pytest
from aiohttp import hdrs

from collector.acts import Exclusion, ExclusionKind
from collector.faces.pages.board import ROWS
from collector.faces.pages.tiles import TROUBLE
from collector.people import Role
from collector.registry import Medium, Site
from tests.faces import BAYAN, HOUR, TASUK, Faces, faces

DINAS = Site(code="D.01", name="Dinas Satu", kind="opd", opd="Dinas Satu", regency="Samarinda", medium=Medium.FIBER)
FILES = ("page.css", "board.css", "page.js", "board.js", "icon.svg")


async def page(face: Faces, path: str = "/", status: int = 200, language: str = "id") -> str:
    async with face.client.get(path, headers={hdrs.ACCEPT_LANGUAGE: language}) as answer:
        assert answer.status == status
        return await answer.text()


def in_order(html: str, words: Sequence[str]) -> bool:
    """Whether the main part of the page has these words in this order."""
    rest = html.partition('<main id="main"')[2]
    for word in words:
        _, found, rest = rest.partition(word)
        if not found:
            return False
    return True


def tiles(html: str) -> list[tuple[str, str, str]]:
    """(look, code, label) of every tile."""
    return re.findall(r'<a class="([a-z_ ]+)" href="[./]*sites/([^"]+)" title="([^"]*)">', html)


async def first_load(face: Faces, path: str = "/") -> tuple[str, int]:
    """The page, and what it and its files weigh as a browser gets them."""
    html = await page(face, path)
    links = [link for link in re.findall(r'(?:href|src)="\./(static/[^"]+)"', html) if link.endswith(FILES)]
    assert {link.rpartition("/")[2] for link in links} == set(FILES)
    sent = len(gzip.compress(html.encode()))
    for link in links:
        async with face.client.get(f"/{link}", headers={hdrs.ACCEPT_ENCODING: "gzip"}) as answer:
            assert answer.headers[hdrs.CONTENT_ENCODING] == "gzip"
            sent += len(gzip.compress(await answer.read()))
    return html, sent


def province(n: int) -> list[Site]:
    names = [f"Kabupaten {k}" for k in range(10)]
    return [
        Site(
            code=f"64.{k % 10:02}.{k // 10 % 20:02}.{k:05}",
            name=f"Tanjung {k * 7919 % n} Hulu",
            regency=names[k % 10],
            district=f"Kecamatan {k // 10 % 20}",
            provider=f"Penyedia {k % 7}",
        )
        for k in range(n)
    ]


async def test_every_site_is_a_tile_that_says_in_words_what_it_is_in(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(BAYAN, (2 * HOUR, "up"), (HOUR, "line_down"))
        shown = tiles(await page(face))
    assert [(look, code) for look, code, _ in shown] == [("unobserved", TASUK.code), ("line_down", BAYAN.code)]
    assert shown[0][2] == "Tasuk, tidak teramati"
    assert re.fullmatch(r"Long Iram Bayan, jalur penyedia putus sejak \d\d:\d\d WITA", shown[1][2])


async def test_a_tile_keeps_its_place_when_its_site_goes_down(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK, DINAS)
        before = [code for _, code, _ in tiles(await page(face))]
        face.history(BAYAN, (HOUR, "line_down"))
        assert [code for _, code, _ in tiles(await page(face))] == before


async def test_tiles_stand_by_regency_and_those_of_opd_in_a_group_of_their_own(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK, DINAS)
        html = await page(face)
        links = ["?kind=opd", "?regency=Berau", "?regency=Kutai+Barat"]
        heads = [f'<h2><a href="./{link}">' for link in links]
        assert in_order(html, [heads[0], "Dinas Satu, ", heads[1], "Tasuk, ", heads[2], "Long Iram Bayan, "])
        assert [code for _, code, _ in tiles(await page(face, "/?kind=opd"))] == [DINAS.code]


async def test_the_board_of_one_regency_is_by_district(tmp_path: Path) -> None:
    near, far = (Site(code=code, name=code, regency="Berau", district=f"Kec. {code}") for code in ("a", "b"))
    async with faces(tmp_path) as face:
        face.know(near, far, BAYAN)
        html = await page(face, "/?regency=Berau")
    assert in_order(html, ["<h2>Kec. a", "a (Kec. a), ", "<h2>Kec. b", "b (Kec. b), "])
    assert BAYAN.code not in html


async def test_what_is_wrong_stands_above_the_tiles(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(BAYAN, (HOUR, "up"))
        face.history(TASUK, (2 * HOUR, "up"), (HOUR, "line_down"))
        html = await page(face)
    said = [
        "1 dari 2 lokasi terganggu",
        "jalur penyedia putus",
        "normal",
        "Gangguan saat ini",
        "Tasuk",
        "Berau",
        "WITA",
    ]
    assert in_order(html, [*said, 'class="tiles"'])
    assert "<title>(1) Kentongan</title>" in html


async def test_the_newest_trouble_is_told_first_and_the_table_has_the_rest(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        sites = [Site(code=f"s{n}", name=f"Desa {n}") for n in range(TROUBLE + 2)]
        face.know(*sites)
        for n, site in enumerate(sites):
            face.history(site, ((n + 1) * HOUR, "line_down" if n else "unreachable"))
        listed = (await page(face)).partition("Gangguan saat ini")[2].partition("</section>")[0]
    assert re.findall(r"<b>(.*?)</b>", listed) == [f"Desa {n}" for n in range(TROUBLE)]
    assert '<a href="./?view=table">dan 2 lainnya</a>' in listed


def maintenance(site: Site, now_ms: int) -> Exclusion:
    return Exclusion(
        id=1,
        scope="site",
        of=site.code,
        from_ms=now_ms - HOUR,
        to_ms=now_ms + HOUR,
        kind=ExclusionKind.MAINTENANCE,
        why="new mast",
        by="op",
        entered_ms=now_ms,
    )


async def test_what_is_under_maintenance_troubles_nobody_and_is_marked(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (HOUR, "line_down"))
        face.parts.live.exclude([maintenance(BAYAN, face.clock.wall_ms())])
        html = await page(face)
    assert "Gangguan saat ini" not in html
    [(look, _, label)] = tiles(html)
    assert look == "line_down kept"
    assert "jalur penyedia putus (dalam pemeliharaan) sejak" in label


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?q=bayan", BAYAN),
        ("?q=64.03", TASUK),
        ("?q=icon%2B", BAYAN),
        ("?condition=line_down", TASUK),
        ("?condition=down", TASUK),
        ("?condition=up&regency=Kutai+Barat", BAYAN),
        ("?provider=Comtelindo+WMS", TASUK),
        ("?medium=fiber", DINAS),
        ("?kind=opd", DINAS),
        ("?opd=Dinas+Satu", DINAS),
    ],
)
@pytest.mark.parametrize("view", ["", "&view=table"])
async def test_filters_work_without_script(tmp_path: Path, query: str, shown: Site, view: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK, DINAS)
        face.history(BAYAN, (HOUR, "up"))
        face.history(TASUK, (HOUR, "line_down"))
        found = (await page(face, "/" + query + view)).partition('id="sites"')[2]
    assert [site for site in (BAYAN, TASUK, DINAS) if f"sites/{site.code}" in found] == [shown]


async def test_a_filter_stays_when_a_condition_is_chosen_and_can_be_left_out(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, DINAS)
        html = await page(face, "/?medium=fiber&q=dinas")
    assert 'href="./?medium=fiber&amp;q=dinas&amp;condition=unobserved"' in html
    assert '<option value="fiber" selected>serat optik</option>' in html
    assert re.search(r'href="\./\?q=dinas"><span class="sr">Lepas saringan: </span>serat optik', html)


async def test_nothing_found_offers_all_sites(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        assert "Tidak ada lokasi yang cocok" in await page(face, "/?q=xyz")


@pytest.mark.parametrize("query", ["", "?view=table", "?part=summary", "?regency=Kutai+Barat"])
async def test_nobody_sees_a_site_or_a_count_of_another_regency(tmp_path: Path, query: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(BAYAN, (HOUR, "line_down"))
        face.sign_in(Role.VIEWER, "Berau")
        html = await page(face, f"/{query}")
    assert "<h1>Tidak ada " in html
    assert not re.search(r"Bayan|Icon|putus", html)


async def test_without_script_the_board_is_read_again_every_minute(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in await page(face)


async def test_the_summary_can_be_had_alone(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (HOUR, "line_down"))
        html = await page(face, "/?part=summary&regency=Kutai+Barat")
    assert "1 dari 1 lokasi terganggu" in html
    assert 'href="./?regency=Kutai+Barat&amp;condition=line_down"' in html
    assert "<html" not in html
    assert not tiles(html)


async def test_a_province_is_one_page_below_100_kb(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        sites = province(1075)
        face.know(*sites)
        for site in sites:
            face.history(site, (HOUR, "line_down" if site.code.endswith("7") else "up"))
        html, sent = await first_load(face)
    assert len(tiles(html)) == 1075
    assert sent < 50_000  # 33,000 with 10 % of them down


async def test_ten_thousand_sites_are_fast_and_below_100_kb(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        sites = province(10_000)
        face.know(*sites)
        face.history(sites[7], (HOUR, "line_down"))
        await page(face)
        started = process_time()
        html, sent = await first_load(face)
        assert process_time() - started < 1.5  # about 0.2 on an idle machine; others share this one
        regency = await page(face, "/?regency=Kabupaten+7")
    assert sent < 30_000
    assert [code for _, code, _ in tiles(html)] == [sites[7].code]
    assert len(tiles(regency)) == 1000


async def test_even_ten_thousand_sites_in_trouble_stay_below_100_kb(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        sites = province(10_000)
        face.know(*sites)
        for site in sites:
            face.history(site, (HOUR, "unreachable"))
        html, sent = await first_load(face)
    assert len(tiles(html)) == 2500
    assert html.count(">dan 750 lainnya</a>") == 10
    assert sent < 100_000


async def test_the_table_has_pages(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(*(Site(code=f"{n:04}", name=f"Desa {n:04}") for n in range(ROWS + 1)))
        assert 'rel="next" href="./?view=table&amp;page=2"' in await page(face, "/?view=table")
        last = await page(face, "/?view=table&page=2")
        assert (last.count("<tr>"), 'rel="prev" href="./?view=table&amp;page=1"' in last) == (2, True)
        beyond = await page(face, "/?view=table&page=99")  # it became shorter while somebody looked at its end
        assert beyond.partition("<caption>")[2] == last.partition("<caption>")[2]
