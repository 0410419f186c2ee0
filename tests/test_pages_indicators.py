"""The page of indicators: the worst is found at once, every figure has its coverage, and differences are real ones."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from aiohttp import hdrs

from collector.faces.pages.figure_rows import COLUMNS
from collector.people import Role
from collector.registry import Site
from shared.texts import LANGUAGES, Texts
from tests.faces import BAYAN, TASUK, Faces, faces
from tests.kept_days import MINUTE, keep

HOUR = 60 * MINUTE
SECOND = replace(BAYAN, code="64.07.05.2018", name="Kelubaq")


async def page(face: Faces, query: str = "", status: int = 200, language: str = "en") -> str:
    async with face.client.get(f"/indicators{query}", headers={hdrs.ACCEPT_LANGUAGE: language}) as answer:
        html = await answer.text()
        assert answer.status == status, html
    return unescape(html.partition('<main id="main"')[2])


def rows(html: str) -> list[list[str]]:
    """The cells of the table of figures, as text."""
    table = html.partition('<table class="figures">')[2].partition("</table>")[0].partition("<tbody>")[2]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in table.split("<tr>")[1:]]
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for row in cells]


def since(html: str) -> list[str]:
    return re.findall(r'<p class="since">(.*?)</p>', html)


async def known(face: Faces) -> None:
    """Icon+ has two sites with an hour down a day, one of them; Comtelindo one with three."""
    face.know(BAYAN, TASUK, SECOND)
    keep(face.parts.store, BAYAN, down_ms=HOUR, doubt_ms=2 * MINUTE)
    keep(face.parts.store, SECOND)
    keep(face.parts.store, TASUK, down_ms=3 * HOUR, doubt_ms=2 * MINUTE)


async def test_the_worst_provider_of_last_month_is_the_first_thing_told(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        html = await page(face)
    assert "Indicators of August 2026, by provider" in html
    assert "Lowest: Comtelindo WMS, line available 87.50 % (between 87.36 % and 87.50 %); observed 100 %." in html
    assert [row[0].partition(" details")[0] for row in rows(html)] == ["Comtelindo WMS", "Icon+"]
    assert html.index('class="bars"') < html.index("<table")


async def test_every_figure_stands_beside_its_coverage(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        worst, best = rows(await page(face))
    assert worst[1:] == [
        *(
            "87.50 % 87.36–87.50 %",
            "87.50 % 87.36–87.50 %",
            "100 %",
            "31",
            "3 d 21 h",
            "3 h",
            "3 h",
            "–",
            "0.50 %",
            "1",
        ),
    ]
    assert best[1:5] == ["97.92 % 97.85–97.92 %", "97.92 % 97.85–97.92 %", "100 %", "31"]
    assert best[-1] == "2"


async def test_below_the_coverage_floor_there_are_words_and_no_number(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        keep(face.parts.store, BAYAN, silent=True)
        keep(face.parts.store, TASUK, down_ms=HOUR)
        found = rows(await page(face))
    assert [row[1] for row in found] == ["95.83 %", "not enough data"]
    assert found[1][2:4] == ["not enough data", "0 %"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("", "Comtelindo"), ("-line", "Icon"), ("name", "Comtelindo"), ("-name", "Icon"), ("sites", "Icon")],
)
async def test_links_sort_the_table_the_worst_first(tmp_path: Path, sort: str, first: str) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        assert rows(await page(face, f"?sort={sort}"))[0][0].startswith(first)


async def test_a_row_leads_to_its_sites_and_these_to_their_pages(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        assert 'href="./indicators?scope=site&provider=Icon%2B"' in await page(face)
        html = await page(face, "?scope=site&provider=Icon%2B")
    assert [row[0].split(" 64")[0] for row in rows(html)] == ["Long Iram Bayan", "Kelubaq"]
    assert f'href="./sites/{BAYAN.code}"' in html


async def test_one_row_in_detail_has_its_way_through_time_and_its_ledger(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        html = await page(face, f"?scope=site&of={BAYAN.code}")
    assert html.count("<circle") == 31
    assert html.count('class="stretch"') == 30
    assert f"./api/v1/ledger?site={BAYAN.code}&period=2026-08&by=day&format=csv" in html
    assert "Where the time went" in html


async def test_a_year_is_shown_by_months_with_gaps(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        keep(face.parts.store, BAYAN, first=date(2026, 5, 1))
        keep(face.parts.store, BAYAN, first=date(2026, 7, 1), days=62)
        html = await page(face, "?scope=all&period=2026")
    assert html.count("<circle") == 3
    assert html.count('class="stretch"') == 1
    assert "2026-06</th>" in html


async def test_a_difference_within_the_error_bars_is_none(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        keep(face.parts.store, BAYAN, date(2026, 7, 1), down_ms=HOUR + MINUTE, doubt_ms=2 * MINUTE)
        keep(face.parts.store, BAYAN, down_ms=HOUR, doubt_ms=2 * MINUTE)
        keep(face.parts.store, TASUK, date(2026, 7, 1), down_ms=HOUR)
        keep(face.parts.store, TASUK, down_ms=3 * HOUR)
        found = rows(await page(face, "?compare=2026-07"))
    assert [row[4:6] for row in found] == [
        ["95.83 %", "▼ worse by 8.33 points"],
        ["95.76 %", "≈ no difference beyond the error bars"],
    ]


async def test_rows_are_compared_with_a_row(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        found = rows(await page(face, "?against=Comtelindo+WMS"))
    assert [row[4:6] for row in found] == [["", ""], ["87.50 %", "▲ better by 10.42 points"]]


async def test_what_is_downloaded_is_what_is_shown(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        html = await page(face, "?scope=site&provider=Icon%2B&hours=all")
        [href] = re.findall(r'href="\./(api/v1/indicators[^"]*format=csv)"', html)
        async with face.client.get(f"/{href}") as answer:
            lines = (await answer.text()).splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [BAYAN.code, SECOND.code]


async def test_a_month_that_goes_on_is_told_up_to_yesterday_and_so_is_its_file(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        keep(face.parts.store, BAYAN, date(2026, 9, 1), days=20)
        html = await page(face, "?period=2026-09")
    assert "today is not closed yet" in html
    assert "from=2026-09-01&to=2026-09-21&format=csv" in html
    assert rows(html)[0][3] == "100 %"


async def test_a_period_whose_first_days_nobody_measured_says_since_when_it_counts(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        for site in (BAYAN, TASUK):
            keep(face.parts.store, site, date(2026, 8, 23), days=9)
        html, older = await page(face), await page(face, "?period=2026-07")
        in_indonesian = await page(face, "?scope=all", language="id")
    assert since(html) == ["Counted from 23 August 2026 only: before that nothing was measured yet."]
    assert [row[3] for row in rows(html)] == ["100 % 9 of 31 days counted"] * 2
    assert since(in_indonesian) == ["Baru dihitung sejak 23 Agustus 2026: sebelumnya belum ada yang diukur."]
    assert since(older) == ["Nothing was measured yet in this period."]


async def test_a_site_that_joined_later_counts_from_then_on_and_that_is_said(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, SECOND)
        keep(face.parts.store, BAYAN)
        keep(face.parts.store, SECOND, date(2026, 8, 23), days=9)
        [row], sites = rows(html := await page(face)), rows(await page(face, "?scope=site&sort=name"))
    assert since(html)[0].startswith("1 of 2 sites were not measured yet when this period began")
    assert row[3] == "100 % 65 % of the period counted"
    assert [site[3] for site in sites] == ["100 % 9 of 31 days counted", "100 %"]


async def test_sites_that_began_one_after_the_other_are_not_told_as_one(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, SECOND, TASUK)
        keep(face.parts.store, BAYAN, date(2026, 8, 11), days=21)
        keep(face.parts.store, SECOND, date(2026, 8, 23), days=9)
        html, later = await page(face), await page(face, "?period=2026-W35&compare=2026-W33&provider=Icon%2B")
    said = "Counted from 11 August 2026 only, some sites from later on: before that nothing was measured yet."
    assert since(html) == [said]
    assert since(later) == [f"Compared with week 33 of 2026: {said}"]


async def test_a_limit_is_drawn_and_said(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        html = await page(face, "?limit=98,5")
    assert "SLA limit 98.5 %" in html
    assert html.count('class="limit"') == 2


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?period=tomorrow", 400, "“tomorrow” is no period"),
        ("?scope=all&period=0001", 400, "“0001” is no period"),
        ("?period=2027", 400, "2027 has not begun"),
        ("?scope=moon", 400, "“moon” is no choice"),
        ("?limit=much", 400, "“much” is no limit"),
        ("?limit=nan", 400, "“nan” is no limit"),
        ("?of=Nobody", 404, "There is no provider “Nobody”"),
    ],
)
async def test_what_cannot_be_told_is_said_in_words(tmp_path: Path, query: str, status: int, said: str) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        assert said in await page(face, query, status)


async def test_a_period_without_an_account_says_so(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know()
        assert "There is no account yet" in await page(face)


async def test_a_person_of_one_regency_gets_figures_of_its_sites_alone(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        face.sign_in(Role.VIEWER, "Berau")
        html = await page(face) + await page(face, "?scope=all") + await page(face, "?scope=regency")
        await page(face, f"?scope=site&of={BAYAN.code}", 404)
        await page(face, "?of=Icon%2B", 404)
    assert "Only sites of Berau" in html
    assert not [word for word in ("Icon", "Kutai", BAYAN.name, SECOND.code) if word in html]


@pytest.mark.parametrize("public", [False, True])
async def test_who_sees_less_than_everybody_is_told_so(tmp_path: Path, public: bool) -> None:
    async with faces(tmp_path, listen="0.0.0.0:8817", public=public) as face:
        face.sign_in(Role.VIEWER, "Berau")
        async with face.client.get("/indicators", headers={hdrs.ACCEPT_LANGUAGE: "id"}) as answer:
            assert ("Anda melihat wilayah Berau saja." in await answer.text()) == public


async def test_what_people_enter_is_told_at_once_and_the_rest_within_a_minute(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await known(face)
        before = rows(await page(face))
        keep(face.parts.store, TASUK, down_ms=4 * HOUR)
        assert rows(await page(face)) == before
        face.clock.advance(61)
        assert rows(await page(face))[0][1] == "83.33 %"


async def test_what_people_wrote_is_shown_as_text(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>"
    async with faces(tmp_path) as face:
        site = Site(code="x", name=nasty, regency=nasty, provider=nasty, opd=nasty)
        face.know(site, TASUK)
        keep(face.parts.store, site)
        keep(face.parts.store, TASUK)
        for query in ("", "?scope=site", "?scope=opd", "?scope=site&of=x", f"?of={nasty}"):
            async with face.client.get(f"/indicators{query}") as answer:
                assert nasty not in await answer.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_has_a_word_and_a_meaning(language: str) -> None:
    texts = Texts(language)
    assert all(
        texts.say(f"indicators.column.{name}") and texts.say(f"indicators.means.{name}", floor="") for name in COLUMNS
    )
