"""The page of one site says why we think so, draws what was, and hides nothing that is not known."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from collector.acts import CauseCode, GivenCause
from collector.people import Role
from tests.bookkeeping import BASE, DAY, HOUR, MINUTE
from tests.faces import BAYAN, faces
from tests.measured import NOON, PASER, measured, part, text_of

SITE = f"/sites/{PASER.code}"
CALENDARS = [Path(__file__).parents[1] / "config" / "calendars" / "kaltim.toml"]
DOWN_NOW = (part(26 * HOUR, 2 * HOUR), part(2 * HOUR, 0, "line"))
CUT = (part(26 * HOUR, 3 * HOUR), part(3 * HOUR, 2 * HOUR, "line"), part(2 * HOUR, 0))
POWER = (
    part(26 * HOUR, 5 * HOUR),
    part(
        2 * HOUR,
        0,
        boot_id="b2",
        boot_at_ms=NOON - 2 * HOUR - MINUTE,
        run_at_ms=NOON - 2 * HOUR,
        clock_base_ms=BASE,
        last_stop="power",
        last_alive_ms=NOON - 5 * HOUR,
    ),
)


def words(html: str) -> str:
    """The main part of a page as it is read."""
    text = re.sub(r"<[^>]+>", " ", html.partition("<main")[2].partition(">")[2])
    return re.sub(r"\s+", " ", text.replace("&#39;", "'"))


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "id",
            "Kami menyimpulkan “jalur penyedia putus” karena gateway menjawab (1 dari 1 sasaran), jaringan intra tidak"
            " menjawab sejak 10:00:01 WITA (1 dari 1 sasaran gagal), dan internet tidak menjawab sejak 10:00:01 WITA"
            " (1 dari 1 sasaran gagal).",
        ),
        (
            "en",
            "We say “provider's line down” because gateway answers (1 of 1 targets), intranet has not answered since"
            " 10:00:01 WITA (1 of 1 targets fail), and internet has not answered since 10:00:01 WITA (1 of 1 targets"
            " fail).",
        ),
    ],
)
async def test_it_says_why_in_one_sentence(tmp_path: Path, language: str, sentence: str) -> None:
    async with measured(tmp_path, DOWN_NOW) as face:
        assert sentence in words(await text_of(face, SITE, language=language))


async def test_the_last_proof_of_the_opposite_is_the_error_bar(tmp_path: Path) -> None:
    async with measured(tmp_path, DOWN_NOW) as face:
        html = words(await text_of(face, SITE))
    assert "It began between 09:55:02 WITA (the last proof of what was before) and 10:00:01 WITA" in html


async def test_the_raw_evidence_is_folded(tmp_path: Path) -> None:
    async with measured(tmp_path, DOWN_NOW) as face:
        html = await text_of(face, SITE)
    (details,) = re.findall(r"<details class=\"more\"><summary>Raw evidence</summary>.*?</details>", html)
    assert "gateway up, intranet down, internet down" in details


async def test_of_a_silent_site_it_says_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    async with measured(tmp_path, [part(26 * HOUR, 5 * HOUR)], heard_ago_ms=5 * HOUR) as face:
        html = words(await text_of(face, SITE))
    assert "What we know: last heard 07:00:00 WITA, 5 h ago; it was “up” then." in html
    assert "What we do not know: whether it is the power, the line or the computer." in html


async def test_outside_service_hours_a_silent_office_is_nothing_unusual(tmp_path: Path) -> None:
    office = replace(PASER, calendar="kaltim-5hari")
    night = [part(26 * HOUR, 20 * HOUR)]
    async with measured(tmp_path, night, office, 20 * HOUR, calendars=CALENDARS) as face:
        assert "It is outside service hours" not in words(await text_of(face, SITE))  # Thursday noon
        face.clock.advance(9 * 3600)
        assert "It is outside service hours" in words(await text_of(face, SITE))


async def test_maintenance_says_by_whom_until_when_and_why(tmp_path: Path) -> None:
    async with measured(tmp_path, DOWN_NOW) as face:
        csrf = face.sign_in(Role.OPERATOR)
        said = {"scope": "site", "of": PASER.code, "kind": "maintenance", "why": "ganti kabel"}
        span = {"from": "2026-01-08T11:00:00+08:00", "to": "2026-01-08T15:00:00+08:00"}
        headers = {"X-CSRF-Token": csrf}
        async with face.client.post("/api/v1/exclusions", json={**said, **span}, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
        face.parts.live.exclude(face.parts.store.acts.exclusions())
        html = words(await text_of(face, SITE))
    assert "Under maintenance until 15:00 WITA, entered by operator: ganti kabel." in html
    assert "exclusion" in html  # in the legend of the strip


@pytest.mark.parametrize("span", ["24h", "7d", "30d"])
async def test_a_fault_on_the_strip_leads_to_its_results(tmp_path: Path, span: str) -> None:
    async with measured(tmp_path, CUT) as face:
        html = await text_of(face, f"{SITE}?span={span}")
        links = re.findall(r'<a href="\.\./(sites/[^"]+)" tabindex="-1"><rect [^>]*tile-line_down', html)
        explanation = words(await text_of(face, "/" + links[0]))
    assert len(links) == 1
    assert "“provider's line down” held from 09:00:01 WITA to 10:00:01 WITA." in explanation


async def test_the_spans_are_links_and_the_chosen_one_is_marked(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        html = await text_of(face, f"{SITE}?span=7d")
    assert re.findall(r'span=(\w+)#timeline"( aria-current="true")?', html) == [
        ("24h", ""),
        ("7d", ' aria-current="true"'),
        ("30d", ""),
    ]


async def test_an_unknown_span_is_refused_in_words(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        assert "use 24h, 7d or 30d" in await text_of(face, f"{SITE}?span=1y", status=400)


async def test_while_the_line_was_down_no_latency_is_drawn(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        html = await text_of(face, SITE)
    (path,) = re.findall(r'id="latency-internet-s".*?<path class="line" d="([^"]*)"', html, re.DOTALL)
    assert path.count("M") == 2
    assert "09:15 WITA – – – – – –" in words(html)


async def test_a_power_cut_is_told_as_one_and_listed_though_no_line_was_down(tmp_path: Path) -> None:
    async with measured(tmp_path, POWER) as face:
        html = words(await text_of(face, SITE))
    assert re.search(r"Since 2026-01-07 12:00 WITA: up [\d.]+ %, power cut 1\d\.\d %", html)
    assert "power cut 07:00 WITA" in html.partition("Last 30 days, newest first")[2]
    assert "Power cuts listed below as well: 1. A power cut is no outage of the line" in html


async def test_what_no_figure_counts_of_an_outage_is_told_beside_it(tmp_path: Path) -> None:
    parts = [part(26 * HOUR, 8 * HOUR), part(8 * HOUR, 5 * HOUR, "line"), {**POWER[1]}]
    async with measured(tmp_path, parts) as face:
        html = words(await text_of(face, SITE)).partition("Last 30 days, newest first")[2]
    assert re.search(
        r"provider's line down 04:00 WITA .* power cut for \d+ min [\d s]*: no outage in monthly figures", html
    )


@pytest.mark.parametrize(("charge_after_s", "told"), [(300, "yes"), (7200, "no: shorter than 2 h")])
async def test_an_outage_says_whether_it_is_charged(tmp_path: Path, charge_after_s: int, told: str) -> None:
    async with measured(tmp_path, CUT, accounting={"charge_after_s": charge_after_s}) as face:
        assert f"± 4 min 59 s 10:00 WITA 1 h {told}" in words(await text_of(face, SITE))


async def test_an_outage_shows_the_cause_that_people_gave(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        given = GivenCause(
            id=0,
            site=PASER.code,
            start_ms=NOON - 3 * HOUR,
            end_ms=NOON - 2 * HOUR,
            code=CauseCode.PENYEDIA,
            note="kabel digigit tupai",
            by="operator",
            entered_ms=NOON,
        )
        face.parts.store.acts.give_cause(given)
        assert "penyedia kabel digigit tupai" in words(await text_of(face, SITE, language="id"))


async def test_only_who_may_enter_a_cause_is_led_there(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        link = f'href="../outages/{PASER.code}/{NOON - 3 * HOUR + 1000}"'
        assert link not in await text_of(face, SITE)
        face.sign_in(Role.OPERATOR, "Paser")
        assert link in await text_of(face, SITE)


async def test_the_month_is_told_with_error_bars_and_coverage(tmp_path: Path) -> None:
    async with measured(tmp_path, [part(7 * DAY, 3 * HOUR), *CUT[1:]]) as face:
        html = words(await text_of(face, SITE)).partition("Month so far")[2]
    assert re.search(r"Line availability 99\.\d+ % between 99\.\d+ % and 99\.\d+ %", html)
    assert re.search(r"Observed 9\d", html)
    assert "Charged to the provider 1 times, 1 h" in html
    assert "internet: p95 (limit 150 ms) 0.8 ms" in html


async def test_what_is_charged_but_lowers_no_line_figure_is_told(tmp_path: Path) -> None:
    parts = [part(7 * DAY, 3 * HOUR), part(3 * HOUR, 2 * HOUR, "internet"), part(2 * HOUR, 0)]
    async with measured(tmp_path, parts) as face:
        html = words(await text_of(face, SITE)).partition("Month so far")[2]
    assert "Line availability 100 % As experienced" in html  # no bars that say the same twice
    assert "Charged to the provider 1 times, 1 h This includes times without internet while the line was up" in html


async def test_below_the_coverage_floor_there_is_no_number(tmp_path: Path) -> None:
    parts = [part(7 * DAY, 7 * DAY - HOUR), part(HOUR, 0)]
    async with measured(tmp_path, parts) as face:
        html = words(await text_of(face, SITE)).partition("Month so far")[2]
    assert "Line availability not enough data" in html


async def test_an_office_has_its_service_hours_in_strip_and_month(tmp_path: Path) -> None:
    office = replace(PASER, calendar="kaltim-5hari")
    async with measured(tmp_path, [part(3 * DAY, 0)], office, calendars=CALENDARS) as face:
        html = await text_of(face, SITE)
    assert '<th scope="col">Service hours</th>' in html
    assert "tile-service)" in html


async def test_a_site_of_which_nothing_is_known_is_a_page_too(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        for span in ("24h", "30d"):
            html = words(await text_of(face, f"/sites/{BAYAN.code}?span={span}"))
            assert "This site has never been heard from" in html
            assert "No results this month yet." in html


async def test_whoever_sees_one_regency_is_not_told_of_a_site_of_another(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        face.sign_in(Role.ADMINISTRATOR, "Berau")
        for path in (SITE, f"{SITE}/explain", f"{SITE}/explain?format=csv"):
            refused = await text_of(face, path, status=404)
            assert PASER.name not in refused


async def test_times_are_those_of_the_site(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT, replace(PASER, timezone="Asia/Jayapura")) as face:
        html = words(await text_of(face, SITE, language="id"))
    assert "Waktu setempat (WIT)." in html
    assert "10:00:01 WIT" in html
