"""Every page: the reader's language, nothing from outside, every sentence in the catalogue. Board and site first."""

import re
from collections.abc import Sequence
from itertools import pairwise
from math import dist
from pathlib import Path

import pytest
import tomli
from aiohttp import hdrs

from collector.condition import Condition, State
from collector.faces.pages.board import FACETS
from collector.faces.pages.shell import NAV, STATIC, TEMPLATES
from collector.faces.pages.view import SYMBOLS, View, percent
from collector.people import Role
from collector.registry import KINDS, Medium, Site
from shared.result import Group, Outcome
from shared.texts import LANGUAGES, Texts
from tests.faces import BAYAN, HOUR, TASUK, Faces, faces

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
    main = html.partition('<main id="main"')[2]
    places = [main.find(word) for word in words]
    return -1 not in places and places == sorted(places)


async def test_what_is_wrong_stands_first(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(BAYAN, (HOUR, "up"))
        face.history(TASUK, (2 * HOUR, "up"), (HOUR, "line_down"))
        html = await page(face, "/?view=table")
    assert in_order(html, ["1 dari 2 lokasi terganggu", "jalur penyedia putus", "normal", "Tasuk", "Long Iram Bayan"])


async def test_times_are_those_of_the_site_with_the_name_of_its_zone(tmp_path: Path) -> None:
    jayapura = Site(code="x", name="X", timezone="Asia/Jayapura")
    async with faces(tmp_path) as face:
        face.know(BAYAN, jayapura)
        face.history(BAYAN, (HOUR, "line_down"))
        face.history(jayapura, (HOUR, "line_down"))
        html = await page(face, "/?view=table")
    assert re.search(r"\d\d:\d\d WITA", html)
    assert re.search(r"\d\d:\d\d WIT\b", html)
    assert "1 jam" in html


async def test_an_empty_collector_says_what_to_do(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        html = await page(face)
    assert in_order(html, ["Belum ada lokasi", "sites import", "tokens create", "kentongan-agent run"])


@pytest.mark.parametrize(
    ("path", "accept", "word"),
    [
        ("/?view=table", "id,en;q=0.8", "Keadaan"),
        ("/?view=table", "en-US,en;q=0.9,id;q=0.8", "Condition"),
        ("/?view=table", "fr,de", "Keadaan"),
        ("/?view=table&lang=en", "id", "Condition"),
        ("/?view=table&lang=fr", "en", "Condition"),
    ],
)
async def test_the_language_is_the_readers(tmp_path: Path, path: str, accept: str, word: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        assert f'<th scope="col">{word}</th>' in await page(face, path, language=accept)


async def test_a_chosen_language_is_remembered_by_the_browser(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        await page(face, "/?lang=en")
        assert '<html lang="en">' in await page(face, f"/sites/{BAYAN.code}")
        assert f'href="./sites/{BAYAN.code}"' in await page(face)


async def test_changing_the_language_keeps_what_was_asked(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        assert 'href="?q=bayan&amp;lang=en"' in await page(face, "/?q=bayan")


async def test_the_menu_says_where_the_reader_is(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        html = await page(face)
    assert re.findall(r'aria-current="page">(.*?)<', html) == ["Papan"]
    assert "Pengguna" not in html  # that is for administrators


async def test_the_frame_says_who_is_signed_in_and_lets_them_out(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        csrf = face.sign_in(Role.OPERATOR, "Kutai Barat")
        html = await page(face)
    assert in_order('<main id="main"' + html, ['action="./logout"', csrf, "· Kutai Barat", "Keluar"])


async def test_an_unknown_site_is_a_page_with_a_way_back(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        html = await page(face, "/sites/nowhere", status=404)
    assert in_order(html, ["404", "nowhere", 'href="../"'])


@pytest.mark.parametrize("query", ["?condition=broken", "?page=0", "?page=x"])
async def test_a_wrong_parameter_is_a_page_too(tmp_path: Path, query: str) -> None:
    async with faces(tmp_path) as face:
        html = await page(face, "/" + query, status=400)
    assert "<h1>Permintaan ini tidak dapat dilayani <small>400</small></h1>" in html


async def test_what_people_wrote_is_shown_as_text(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>\"'"
    async with faces(tmp_path) as face:
        face.know(Site(code="x", name=nasty, regency=nasty, provider=nasty, district=nasty))
        for path in ("/", "/sites/x", f"/?q={nasty}", f"/?lang={nasty}&regency={nasty}"):
            html = await page(face, path)
            assert "<script>" not in html
            assert "&lt;script&gt;" in html or "/?q" not in path


@pytest.mark.parametrize("path", ["/", "/sites/64.07.05.2017", "/sites/none", "/?page=0"])
async def test_nothing_may_be_loaded_or_framed(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        async with face.client.get(path) as answer:
            html, headers = await answer.text(), answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"https?://|style=|<style|@import|url\((?!#)| on[a-z]+=|<script(?! src=)", html)
    assert all(
        re.match(r"(\./|(\.\./)+)static/", link) for link in re.findall(r'(?:<link[^>]* href|src)="(.*?)"', html)
    )


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
    asked = set(re.findall(r"""\bsay\(\s*["']([a-z_0-9]+\.[a-z_0-9.]+)["']\s*[,)]""", code))
    asked |= set(
        re.findall(r"""["']((?:page|condition|import|tokens|sites|collector|compact)\.[a-z_0-9.]+[a-z0-9])["']""", code)
    )
    asked |= {f"page.group.{name}" for name in (*Group, "outside")} | {f"page.state.{state}" for state in State}
    asked |= {f"page.outcome.{outcome}" for outcome in Outcome} | {f"medium.{medium}" for medium in Medium}
    asked |= {f"board.kind.{kind}" for kind in KINDS} | {f"board.facet.{facet}" for facet in FACETS}
    asked |= {f"nav.{name}" for name, _, _ in NAV}
    asked -= {"collector.toml", "page.css", "page.js"}  # files, not sentences
    assert len(asked) > 120
    assert asked <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_whose_end_is_chosen_later_have_at_least_a_beginning(language: str) -> None:
    files = (CATALOGUES / language).glob("*.toml")
    known = [name for file in files for name in tomli.loads(file.read_text(encoding="utf-8"))]
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    begun = set(re.findall(r"""\bsay\(f"([a-z_0-9.]+\.)\{""", code))
    begun |= set(re.findall(r"""\bsay\('([a-z_0-9.]+\.)' ~""", code))
    assert begun >= {"medium.", "board.facet.", "nav.", "page.state."}
    assert [start for start in begun if not any(name.startswith(start) for name in known)] == []


def test_coverage_is_rounded_down_so_that_100_means_all_of_it() -> None:
    assert [percent(ratio) for ratio in (None, 0.0, 0.9999, 1.0)] == ["–", "0 %", "99 %", "100 %"]


def schemes() -> list[dict[str, str]]:
    """The colours of the light and of the dark scheme, by name."""
    css = (STATIC / "page.css").read_text(encoding="utf-8")
    roots = re.findall(r":root\{(?:color-scheme:light dark;)?\n(.*?)\}", css, re.DOTALL)
    return [dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", root)) for root in roots[:2]]


@pytest.mark.parametrize("scheme", schemes())
def test_colours_have_enough_contrast(scheme: dict[str, str]) -> None:
    for ground in ("paper", "raised"):
        assert all(
            contrast(scheme[ink], scheme[ground]) >= 4.5 for ink in ("ink", "soft", "link", "bad", "warn", "good")
        )
        assert all(contrast(scheme[mark], scheme[ground]) >= 3 for mark in ("edge", "accent"))
    assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5


@pytest.mark.parametrize("scheme", schemes())
def test_marks_of_conditions_are_seen_and_their_symbols_read(scheme: dict[str, str]) -> None:
    marks = [name.removeprefix("i-") for name in scheme if name.startswith("i-")]
    assert sorted(marks) == ["degraded", "line", "local", "net", "silent", "up"]
    for mark in marks:
        ground = scheme["c-up-badge" if mark == "up" else f"c-{mark}"]
        assert contrast(scheme[f"i-{mark}"], ground) >= 4.5
        edge = scheme["rim-degraded" if mark == "degraded" else f"c-{mark}"]
        assert contrast(edge, scheme["paper"]) >= 3


@pytest.mark.parametrize("scheme", schemes())
@pytest.mark.parametrize("sight", ["all", "protan", "deutan"])
def test_what_is_wrong_differs_from_what_is_well_for_every_eye(scheme: dict[str, str], sight: str) -> None:
    """Shape and symbol differ too; this is for the glance. In CIE76 2.3 is what can just be told apart."""
    up = seen(scheme["c-up"], sight)
    for other in ("line", "net", "local", "degraded"):
        assert dist(up, seen(scheme[f"c-{other}"], sight)) > 25, other
    for one, other in pairwise(("line", "net", "degraded")):
        assert dist(seen(scheme[f"c-{one}"], sight), seen(scheme[f"c-{other}"], sight)) > 20, (one, other)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


SIGHTS = {
    "all": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}
"""What linear red, green and blue become for an eye without the long or the medium cones (Machado et al. 2009)."""


def linear(colour: str) -> list[float]:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def seen(colour: str, sight: str) -> tuple[float, float, float]:
    """`colour` in CIE Lab as that eye sees it."""
    rgb = [min(1.0, max(0.0, sum(w * c for w, c in zip(row, linear(colour), strict=True)))) for row in SIGHTS[sight]]
    x = (0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.95047
    y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    z = (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


async def test_a_form_of_another_session_is_refused_on_a_page_in_the_readers_language(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.sign_in(Role.OPERATOR)
        headers = {hdrs.ACCEPT: "text/html", hdrs.ACCEPT_LANGUAGE: "id"}
        async with face.client.post("/followups", data={"csrf": "of another day"}, headers=headers) as answer:
            html = await answer.text()
        assert (answer.status, "Formulir ini sudah kedaluwarsa" in html, "<main" in html) == (403, True, True)
