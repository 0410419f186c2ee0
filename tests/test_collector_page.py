"""The page: what is wrong stands first, in words, in the reader's language, with nothing from outside."""

import re
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pytest
import tomli
from aiohttp import hdrs

from collector.condition import Condition, State
from collector.faces.pages.board import ROWS
from collector.faces.pages.shell import TEMPLATES
from collector.faces.pages.view import SYMBOLS, View, percent
from collector.registry import Medium, Site
from shared.result import Group, Outcome
from shared.texts import LANGUAGES, Texts
from tests.faces import BAYAN, HOUR, MINUTE, TASUK, Faces, faces

SOURCES = [
    *TEMPLATES.glob("*.html"),
    *(TEMPLATES.parent.parent / "commands").glob("*.py"),
    *(TEMPLATES.parent / "pages").glob("*.py"),
    TEMPLATES.parent.parent / "app.py",
]
CATALOGUES = TEMPLATES.parents[2] / "shared" / "texts"


async def page(face: Faces, path: str = "/", status: int = 200, language: str = "id") -> str:
    async with face.client.get(path, headers={hdrs.ACCEPT_LANGUAGE: language}) as answer:
        assert answer.status == status
        return await answer.text()


def in_order(html: str, words: Sequence[str]) -> bool:
    """Whether the main part of the page has these words in this order."""
    main = html.partition("<main>")[2]
    places = [main.find(word) for word in words]
    return -1 not in places and places == sorted(places)


async def test_what_is_wrong_stands_first(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(BAYAN, (HOUR, "up"))
        face.history(TASUK, (2 * HOUR, "up"), (HOUR, "line_down"))
        html = await page(face)
    assert in_order(html, ["1 dari 2 lokasi terganggu", "jalur penyedia putus", "normal", "Tasuk", "Long Iram Bayan"])


async def test_times_are_those_of_the_site_with_the_name_of_its_zone(tmp_path: Path) -> None:
    jayapura = Site(code="x", name="X", timezone="Asia/Jayapura")
    async with faces(tmp_path) as face:
        face.know(BAYAN, jayapura)
        face.history(BAYAN, (HOUR, "line_down"))
        face.history(jayapura, (HOUR, "line_down"))
        html = await page(face)
    assert re.search(r"\d\d:\d\d WITA", html)
    assert re.search(r"\d\d:\d\d WIT\b", html)
    assert "1 jam" in html


async def test_an_empty_collector_says_what_to_do(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        html = await page(face)
    assert in_order(html, ["Belum ada lokasi", "sites import", "tokens create", "kentongan-agent run"])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?q=bayan", "Long Iram Bayan"),
        ("?q=64.03", "Tasuk"),
        ("?q=icon%2B", "Long Iram Bayan"),
        ("?condition=line_down", "Tasuk"),
        ("?condition=down", "Tasuk"),
        ("?condition=up&regency=Kutai+Barat", "Long Iram Bayan"),
        ("?provider=Comtelindo+WMS", "Tasuk"),
    ],
)
async def test_filters_work_without_script(tmp_path: Path, query: str, shown: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(BAYAN, (HOUR, "up"))
        face.history(TASUK, (HOUR, "line_down"))
        table = (await page(face, "/" + query)).partition("<table")[2]
    assert [name for name in ("Long Iram Bayan", "Tasuk") if name in table] == [shown]


async def test_nothing_found_offers_all_sites(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        assert "Tidak ada lokasi yang cocok" in await page(face, "/?q=xyz")


@pytest.mark.parametrize(
    ("path", "accept", "word"),
    [
        ("/", "id,en;q=0.8", "Keadaan"),
        ("/", "en-US,en;q=0.9,id;q=0.8", "Condition"),
        ("/", "fr,de", "Keadaan"),
        ("/?lang=en", "id", "Condition"),
        ("/?lang=fr", "en", "Condition"),
    ],
)
async def test_the_language_is_the_readers(tmp_path: Path, path: str, accept: str, word: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        assert f'<th scope="col">{word}</th>' in await page(face, path, language=accept)


async def test_a_chosen_language_stays_on_every_link(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        html = await page(face, "/?lang=en")
        assert f'href="sites/{BAYAN.code}?lang=en"' in html
        assert 'href="../?lang=en"' in await page(face, f"/sites/{BAYAN.code}?lang=en")


async def test_one_site_tells_condition_evidence_and_outages(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (30 * HOUR, "up"), (5 * HOUR, "local_down"), (4 * HOUR, "up"), (10 * MINUTE, "line_down"))
        html = await page(face, f"/sites/{BAYAN.code}")
    assert in_order(html, ["jalur penyedia putus", "Bukti: saw line_down", "2 detik", "masih berlangsung"])
    assert "1 x 24 jam terakhir: 2 gangguan, seluruhnya 1 jam 10 menit; teramati 100 %" in html
    assert "7 x 24 jam terakhir: 2 gangguan, seluruhnya 1 jam 10 menit; teramati 17 %" in html
    assert in_order(html, ["masih berlangsung", "jaringan lokal putus"])


async def test_an_unknown_site_is_a_page_with_a_way_back(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        html = await page(face, "/sites/nowhere", status=404)
    assert in_order(html, ["404", "nowhere", 'href="../"'])


@pytest.mark.parametrize("query", ["?condition=broken", "?page=0", "?page=x"])
async def test_a_wrong_parameter_is_a_page_too(tmp_path: Path, query: str) -> None:
    async with faces(tmp_path) as face:
        assert "400 Bad Request" in await page(face, "/" + query, status=400)


async def test_what_people_wrote_is_shown_as_text(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>\"'"
    async with faces(tmp_path) as face:
        face.know(Site(code="x", name=nasty, regency=nasty, provider=nasty, district=nasty))
        for path in ("/", "/sites/x", f"/?q={nasty}", f"/?lang={nasty}&regency={nasty}"):
            assert "<script" not in await page(face, path)


@pytest.mark.parametrize("path", ["/", "/sites/64.07.05.2017", "/sites/none", "/?page=0"])
async def test_nothing_may_be_loaded_or_framed(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        async with face.client.get(path) as answer:
            html, headers = await answer.text(), answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"https?://|src=|style=|<script|<link|@import|url\(", html)


async def test_a_province_of_1500_sites_is_fast_and_small(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        sites = [Site(code=f"64.{n:05}", name=f"Desa {n}", regency=f"Kabupaten {n % 10}") for n in range(1500)]
        face.know(*sites)
        face.history(sites[7], (HOUR, "line_down"))
        await page(face)
        started = process_time()
        html = await page(face)
        assert process_time() - started < 0.3  # about 0.02 on an idle machine; others share this one
    assert html.count("<tr>") == ROWS + 1
    assert len(html) < 80_000


async def test_the_table_has_pages(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(*(Site(code=f"{n:04}", name=f"Desa {n:04}") for n in range(ROWS + 1)))
        assert 'rel="next" href="?page=2"' in await page(face)
        last = await page(face, "/?page=2")
        assert (last.count("<tr>"), 'rel="prev" href="?page=1"' in last) == (2, True)
        beyond = await page(face, "/?page=99")  # the table became shorter while somebody looked at its end
        assert beyond.partition("<main>")[2] == last.partition("<main>")[2]


def test_every_condition_has_a_symbol_of_its_own_and_words() -> None:
    assert SYMBOLS.keys() == {*Condition, "silent"}
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)
    for language in LANGUAGES:
        view = View(Texts(language), 0, "Asia/Makassar")
        assert all(view.word(key) and view.explanation(key) for key in SYMBOLS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_is_asked_for_exists(language: str) -> None:
    files = (CATALOGUES / language).glob("*.toml")
    known = {name for file in files for name in tomli.loads(file.read_text(encoding="utf-8"))}
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    asked = set(
        re.findall(r"""["']((?:page|condition|import|tokens|sites|collector|compact)\.[a-z_0-9.]+[a-z0-9])["']""", code)
    )
    asked |= {f"page.group.{name}" for name in (*Group, "outside")} | {f"page.state.{state}" for state in State}
    asked |= {f"page.outcome.{outcome}" for outcome in Outcome} | {f"medium.{medium}" for medium in Medium}
    asked -= {"collector.toml", "page.css"}  # files, not sentences
    assert len(asked) > 80
    assert asked <= known


def test_coverage_is_rounded_down_so_that_100_means_all_of_it() -> None:
    assert [percent(ratio) for ratio in (None, 0.0, 0.9999, 1.0)] == ["–", "0 %", "99 %", "100 %"]


def test_colours_have_enough_contrast() -> None:
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    dark_on_light = dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", css.partition("@media")[0]))
    light_on_dark = dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", css.partition("dark)")[2].partition("\n")[0]))
    for theme in (dark_on_light, light_on_dark):
        for ink in ("ink", "soft", "link"):
            assert all(contrast(theme[ink], theme[ground]) >= 4.5 for ground in ("paper", "raised"))
    badges = re.findall(r"\.badge[^{]*\{[^}]*background:(#\w+)(?:;color:(#\w+))?", css)
    assert len(badges) == 6
    assert all(contrast(ground, ink or "#ffffff") >= 4.5 for ground, ink in badges)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
