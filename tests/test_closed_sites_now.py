"""A site that is closed is nowhere in "now"; its own page stays, and so does what was said of its past."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from collector.accounting.days import ends_ms
from collector.alerts.deciding.decide import Facts, decide
from collector.alerts.deciding.rules import SITE_DOWN, AlertRules
from collector.alerts.telling.morning import morning_message
from collector.alerts.telling.morning_facts import morning_facts
from collector.alerts.telling.routes import Route
from collector.live import Live
from collector.people import Role
from collector.registry import AgentState, Site
from shared.texts import Texts
from tests.faces import BAYAN, HOUR, TASUK, Faces, faces
from tests.fakes import FakeClock
from tests.measured import text_of

RULES = AlertRules(started_at_ms=0, startup_grace_ms=0, settle_ms=0, texts=Texts("id"))
CLOSED = replace(BAYAN, until=date(2026, 9, 19))
"""FakeClock's now is 2026-09-21 22:13 there."""


@asynccontextmanager
async def closed(folder: Path, **settings: object) -> AsyncIterator[Faces]:
    """Of two villages one went down an hour before it was closed, and its agent still pushes."""
    async with faces(folder, FakeClock(), **settings) as face:
        face.know(CLOSED, TASUK)
        now_ms = face.clock.wall_ms()
        face.history(CLOSED, (60 * HOUR, "up"), (47 * HOUR, "line_down"))
        face.history(TASUK, (60 * HOUR, "up"))
        agents = [AgentState(name=f"pc-{site.code}", site=site.code, heard_at_ms=now_ms) for site in (CLOSED, TASUK)]
        face.parts.live.set_registry(face.parts.store.sites(), agents)
        yield face


async def json_of(face: Faces, path: str, status: int = 200) -> Any:
    async with face.client.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


def test_from_its_midnight_on_it_is_not_there_and_opened_again_it_is() -> None:
    live, site = Live(), Site(code="e", name="E", timezone="Asia/Jayapura", until=date(2026, 9, 21))
    midnight_ms = FakeClock().wall_ms() // (24 * HOUR) * 24 * HOUR + 15 * HOUR  # 2026-09-22 00:00 in Jayapura
    live.set_registry([site], [])
    assert [now.site.code for now in live.sites(midnight_ms - 1)] == ["e"]
    assert (live.sites(midnight_ms), [now.closed_ms for now in live.closed(midnight_ms)]) == ([], [midnight_ms])
    live.set_registry([replace(site, until=None)], [])
    assert [now.site.code for now in live.sites(midnight_ms)] == ["e"]


async def test_the_board_and_its_search_have_it_no_more(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        for path in ("/", "/?view=table", "/?q=Bayan", "/?condition=down", "/?view=table&condition=silent"):
            assert BAYAN.name not in await text_of(face, path), path


async def test_the_table_leads_to_the_closed_ones(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        assert "?view=table&amp;closed=1" in await text_of(face, "/?view=table")
        html = await text_of(face, "/?view=table&closed=1")
    assert BAYAN.name in html
    assert TASUK.name not in html
    assert "2026-09-20 00:00" in html


async def test_tiles_and_a_search_lead_to_the_closed_ones_that_it_would_have_found(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        tiles, found, none = [await text_of(face, path) for path in ("/", "/?q=Bayan", "/?q=Tasuk")]
    assert 'href="./?view=table&amp;closed=1"' in tiles
    assert 'href="./?q=Bayan&amp;view=table&amp;closed=1"' in found
    assert "closed=1" not in none


@pytest.mark.parametrize("path", ["/", "/?view=table"])
async def test_where_all_are_closed_nobody_is_told_how_to_begin(tmp_path: Path, path: str) -> None:
    async with closed(tmp_path) as face:
        face.sign_in(Role.VIEWER, BAYAN.regency)
        html = await text_of(face, path)
    assert "sites import" not in html
    assert "?view=table&amp;closed=1" in html


async def test_a_regency_has_none_of_the_closed_sites_of_another(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        face.sign_in(Role.VIEWER, TASUK.regency)
        html = await text_of(face, "/?view=table&closed=1") + await text_of(face, "/fleet?trouble=closed")
        await json_of(face, f"/api/v1/sites/{BAYAN.code}", 404)
    assert BAYAN.code not in html


async def test_its_own_page_says_first_that_it_is_closed_and_shows_its_past(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        html = await text_of(face, f"/sites/{BAYAN.code}")
    now, _, past = html.partition("</section>")
    assert "The last day of this site was 2026-09-19." in now
    assert "provider's line down" not in now.replace("&#39;", "'")
    assert "provider's line down" in past.replace("&#39;", "'")
    assert "00:00" in past  # there the outage ends
    assert "still lasts" not in html


async def test_the_api_lists_it_only_where_closed_ones_are_asked_for(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        listed, gone = await json_of(face, "/api/v1/sites"), await json_of(face, "/api/v1/sites?closed=1")
        one = (await json_of(face, f"/api/v1/sites/{BAYAN.code}"))["site"]
    assert [site["code"] for site in listed["sites"]] == [TASUK.code]
    assert [site["code"] for site in gone["sites"]] == [BAYAN.code]
    assert (one["until"], one["closed"], one["condition"]) == ("2026-09-19", True, "unobserved")


async def test_the_api_says_nothing_of_what_its_groups_and_targets_are_in_now(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        internet = [replace(flip, scope="internet") for flip in face.parts.store.flips(CLOSED.code, 0, 1 << 62)]
        face.parts.store.replace_flips(CLOSED.code, 0, 1 << 62, internet)
        told = await json_of(face, f"/api/v1/sites/{BAYAN.code}")
        face.know(BAYAN, TASUK)
        opened = await json_of(face, f"/api/v1/sites/{BAYAN.code}")
    assert (told["groups"], told["targets"]) == ([], [])
    assert [group["name"] for group in opened["groups"]] == ["internet"]


async def test_an_outage_that_lasted_ends_when_it_is_closed(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        found = (await json_of(face, "/api/v1/outages?from=2026-09-18"))["outages"]
        later = (await json_of(face, "/api/v1/outages?from=2026-09-20"))["outages"]
        page = await text_of(face, "/outages?period=2026-09")
    assert [(one["site"], one["end"]) for one in found] == [(BAYAN.code, "2026-09-19T16:00:00Z")]
    assert later == []
    assert BAYAN.name in page


async def test_scrapes_have_no_series_of_it_and_do_not_count_it(tmp_path: Path) -> None:
    async with closed(tmp_path, per_site_series=True) as face:
        face.parts.board.refresh()
        async with face.client.get("/metrics") as answer:
            text = await answer.text()
    assert f'{{site="{BAYAN.code}"' not in text
    assert f'of="{BAYAN.code}",period="today"' not in text
    assert f'of="{BAYAN.code}",period="month"' in text
    assert 'kentongan_sites{condition="up"} 1' in text
    assert 'kentongan_sites{condition="unobserved"} 0' in text


async def test_open_data_have_it_no_more(tmp_path: Path) -> None:
    async with closed(tmp_path, open_data={"enabled": True, "publisher": "Diskominfo"}) as face:
        told = await json_of(face, "/open.json")
    assert [site["code"] for site in told["sites"]] == [TASUK.code]


async def test_of_an_agent_that_still_pushes_from_there_the_page_says_so(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        assert "although the last day of its site was 2026-09-19" in await text_of(face, "/fleet?trouble=closed")
        assert f"pc-{BAYAN.code}" not in await text_of(face, "/fleet?trouble=silent")
        face.clock.advance(3600)
        html = await text_of(face, "/fleet")
    assert (f"pc-{BAYAN.code}" in html, f"pc-{TASUK.code}" in html) == (False, True)


@pytest.mark.parametrize(("period", "status"), [("2026-09-18", 200), ("2026-09", 200), ("2026-09-20", 400)])
async def test_figures_of_a_period_after_it_are_refused_with_the_reason(
    tmp_path: Path, period: str, status: int
) -> None:
    async with closed(tmp_path) as face:
        path = f"/api/v1/indicators?scope=site&of={BAYAN.code}&period={period}"
        told = await json_of(face, path, status)
        page = await text_of(face, f"/indicators?scope=site&of={BAYAN.code}&period={period}", status)
    if status == 400:
        assert "was closed before 2026-09-20" in told["detail"]
        assert "was closed before this period began" in page
    else:
        assert told["indicators"][0]["to"] <= "2026-09-20T00:00:00+08:00"


async def test_figures_of_all_leave_it_out_after_its_end(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        counts = [
            (await json_of(face, f"/api/v1/indicators?period={day}"))["indicators"]
            for day in ("2026-09-19", "2026-09-20")
        ]
        ledger = await json_of(face, f"/api/v1/ledger?site={BAYAN.code}&period=2026-09-20")
    assert [sorted(one["of"] for one in found) for found in counts] == [[TASUK.code, BAYAN.code], [TASUK.code]]
    assert ledger["pieces"] == []


async def test_a_report_of_a_site_that_was_closed_before_says_so(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        html = await text_of(face, f"/reports/bulanan?scope=site&of={BAYAN.code}&period=2026-09-20", 400)
    assert "was closed before this period began" in html


async def test_its_alert_that_fires_is_resolved_and_none_begins(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        rules, now_ms = RULES, face.clock.wall_ms()
        earlier_ms = now_ms - 47 * HOUR + 10 * 60_000
        face.parts.live.set_registry([BAYAN], [])
        first = decide(earlier_ms, Facts(sites=face.parts.live.sites(earlier_ms)), {}, rules)
        face.parts.live.set_registry([CLOSED], [])
        sent = {alert.key: alert for alert in first.create}
        after = decide(now_ms + HOUR, Facts(sites=face.parts.live.sites(now_ms)), sent, rules)
    assert [alert.labels["alertname"] for alert in first.create] == [SITE_DOWN]
    assert [alert.key for alert in after.resolve] == list(sent)
    assert after.create == []


async def test_the_morning_after_its_last_day_the_digest_still_tells_what_was_yesterday(tmp_path: Path) -> None:
    async with closed(tmp_path) as face:
        mornings = [
            morning_facts(face.parts.store, "Asia/Makassar", "", ends_ms(CLOSED) + days * 24 * HOUR + 7 * HOUR)
            for days in (0, 1)
        ]
    told = [morning_message(facts, Route(), 20, Texts("en"))[1].splitlines() for facts in mornings]
    assert told[0][0] == "Now (07:00 WITA): 0 of 1 sites down, 0 silent."
    assert told[0][2:] == [
        "Worst provider: Icon+ (1 outages, 46 min 40 s a site on average).",
        "Worst regency: Kutai Barat (1 outages, 46 min 40 s a site on average).",
    ]
    assert told[1][1:] == ["Yesterday: no outages."]
