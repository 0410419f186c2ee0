"""Follow-ups on the page and in the API: open ones first, by when they are due; steps say what was done."""

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import hdrs

from collector.followups import FollowUp, FollowUpState, Step
from collector.people import Role
from tests.faces import BAYAN, HOUR, MINUTE, TASUK, Faces, faces
from tests.test_pages_outages import fires, page, rows, send

DAY = 24 * HOUR
NEW = {"what": "ganti kabel", "scope": "site", "of_site": TASUK.code, "owner": "TIK", "due": "2026-10-01"}


def enter(face: Faces, what: str, due_ms: int | None = None, **changed: object) -> FollowUp:
    """One that is due in `due_ms`, entered ten days ago."""
    now_ms = face.clock.wall_ms()
    known: dict[str, object] = {"id": 0, "scope": "site", "of": TASUK.code, "what": what, "owner": "TIK", "by": "budi"}
    known |= {"entered_ms": now_ms - 10 * DAY, "due_ms": None if due_ms is None else now_ms + due_ms}
    return face.parts.store.followups.add(FollowUp(**known | changed))  # type: ignore[arg-type]  # by name


def step(face: Faces, of: FollowUp, state: str, note: str = "sudah") -> None:
    now_ms = face.clock.wall_ms()
    face.parts.store.followups.step(
        Step(id=0, followup=of.id, state=FollowUpState(state), note=note, by="budi", entered_ms=now_ms)
    )


async def test_open_ones_stand_by_when_they_are_due(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        for what, due_ms in (("kapan saja", None), ("lusa", 2 * DAY), ("kemarin", -DAY)):
            enter(face, what, due_ms)
        step(face, enter(face, "beres"), "done")
        html, everything = await page(face, "/followups"), await page(face, "/followups?state=all")
    assert rows(html) == ["kemarin", "lusa", "kapan saja"]
    assert rows(everything) == ["kemarin", "lusa", "kapan saja", "beres"]
    assert "1 tindak lanjut sudah lewat batas waktunya" in html
    assert html.count("lewat batas</span>") == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [("owner=TIK", ["kabel"]), ("q=listrik", ["aki"]), ("q=LISTRIK&owner=TIK", []), ("state=dropped", ["atap"])],
)
async def test_they_are_filtered(tmp_path: Path, query: str, found: list[str]) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        enter(face, "kabel")
        step(face, enter(face, "aki", owner="Umum"), "open", "menunggu listrik")
        step(face, enter(face, "atap"), "dropped")
        assert rows(await page(face, f"/followups?{query}")) == found


async def test_one_is_entered_and_its_steps_are_told(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        csrf = face.sign_in()
        where = await send(face, "/followups", 303, csrf=csrf, **NEW)
        path = "/" + where.removeprefix("./")
        await send(face, path, 303, csrf=csrf, note="sudah dipesan", state="open")
        await send(face, path, 303, csrf=csrf, note="sudah terpasang", state="done")
        html, listed = await page(face, path), await page(face, "/followups?state=done")
    assert html.index("sudah dipesan") < html.index("sudah terpasang")
    assert ("2026-10-01" in html, "TIK" in html, rows(listed)) == (True, True, ["ganti kabel"])


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"what": " "}, "what", "Tulis apa"),
        ({"what": "x" * 501}, "what", "500"),
        ({"due": "besok"}, "due", "Tulis tanggal"),
        ({"due": "2026-09-20"}, "due", "masa depan"),
        ({"owner": "a\tb"}, "owner", "penanggung jawab"),
        ({"of_site": "64"}, "of", "Tidak ada lokasi"),
        ({"scope": ""}, "scope", "Pilih salah satu"),
    ],
)
async def test_a_mistake_stands_beside_its_field_and_nothing_is_lost(
    tmp_path: Path, changed: dict[str, str], field: str, said: str
) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        html = await send(face, "/followups", 400, csrf=face.sign_in(), **NEW | changed)
        assert re.search(rf'id="{field}-error">[^<]*{said}', html)
        assert "ganti kabel" in html or "what" in changed
        assert face.parts.store.followups.all() == []


async def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    wrong = {"what": "", "of_site": "", "owner": "a\tb", "due": "2026-09-20"}
    async with faces(tmp_path) as face:
        face.know(TASUK)
        html = await send(face, "/followups", 400, csrf=face.sign_in(), **NEW | wrong)
    assert sorted(re.findall(r'id="(\w+)-error"', html)) == ["due", "of", "owner", "what"]


async def test_it_names_its_site_and_leads_to_its_outage(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        start_ms = face.clock.wall_ms() - HOUR
        one = enter(face, "kabel", outage_ms=start_ms)
        html = await page(face, f"/followups/{one.id}")
    assert f'sites/{TASUK.code}">Lokasi Tasuk ({TASUK.code})</a>' in html
    assert re.search(rf'outages/{TASUK.code}/{start_ms}">Gangguan yang mulai ', html)


async def test_what_is_due_today_is_due_when_the_day_is_over(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        await send(face, "/followups", 303, csrf=face.sign_in(), **NEW | {"due": "2026-09-21"})
        assert "lewat batas" not in await page(face, "/followups")
        face.clock.advance(3 * 3600)
        assert "lewat batas" in await page(face, "/followups")


async def test_a_step_without_words_is_refused(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        one, csrf = enter(face, "kabel"), face.sign_in()
        html = await send(face, f"/followups/{one.id}", 400, csrf=csrf, note=" ", state="done")
        assert re.search(r'id="note-error">Tulis apa yang sudah dilakukan', html)
        assert 'value="done" selected' in html
        await send(face, f"/followups/{one.id}", 400, csrf=csrf, note="x", state="later")
        assert face.parts.store.followups.steps() == []


async def test_a_viewer_sees_no_form_and_sends_none(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        one, csrf = enter(face, "kabel"), face.sign_in(Role.VIEWER)
        for path in ("/followups", f"/followups/{one.id}"):
            assert '<form method="post"' not in (await page(face, path)).partition("<main")[2]
            await send(face, path, 403, csrf=csrf, **NEW, note="x", state="done")


async def test_somebody_of_one_regency_has_its_own_alone(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        theirs, shared = enter(face, "aki", of=BAYAN.code), enter(face, "rapat", scope="all", of="")
        enter(face, "kabel")
        csrf = face.sign_in(Role.OPERATOR, "Berau")
        html = await page(face, "/followups")
        assert (sorted(rows(html)), BAYAN.code in html, "Kutai Barat" in html) == (["kabel", "rapat"], False, False)
        await page(face, f"/followups/{theirs.id}", 404)
        assert "mengenai 1 lokasi" in await page(face, f"/followups/{shared.id}")
        await send(face, f"/followups/{theirs.id}", 404, csrf=csrf, note="x", state="done")
        await send(face, f"/followups/{shared.id}", 403, csrf=csrf, note="x", state="done")
        for changed in ({"scope": "all"}, {"of_site": BAYAN.code}, {"scope": "provider", "of_provider": "Icon+"}):
            assert "wewenang Anda" in await send(face, "/followups", 400, csrf=csrf, **NEW | changed)


@pytest.mark.parametrize(
    ("path", "status"), [("/followups/7", 404), ("/followups?state=x", 400), ("/followups?page=0", 400)]
)
async def test_what_there_is_not_is_a_page_that_says_so(tmp_path: Path, path: str, status: int) -> None:
    async with faces(tmp_path) as face:
        assert "<main" in await page(face, path, status)


class Caller:
    """Somebody who asks the API with a token."""

    def __init__(self, face: Faces, kind: str = "operator", regency: str = "") -> None:
        self.face, self.headers = face, {hdrs.AUTHORIZATION: f"Bearer {face.token(kind, regency, agent='siti')}"}

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.face.client.get(f"/api/v1/{path}", headers=self.headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: dict[str, Any], status: int = 200) -> Any:
        async with self.face.client.post(f"/api/v1/{path}", json=body, headers=self.headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


BODY = {"what": "ganti kabel", "scope": "site", "of": TASUK.code, "due": "2026-10-01T00:00:00+08:00"}


async def test_the_api_tells_and_takes_follow_ups(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        caller = Caller(face)
        added = await caller.post("followups", BODY | {"outage": "2026-09-20T00:00:00Z"})
        moved = await caller.post(f"followups/{added['id']}/steps", {"note": "beres", "state": "done"})
        assert (added["state"], added["by"], added["due"]) == ("open", "siti", "2026-09-30T16:00:00Z")
        assert (moved["state"], [step["note"] for step in moved["steps"]]) == ("done", ["beres"])
        assert (await caller.get("followups?state=done"))["followups"] == [moved]
        assert (await caller.get("followups?state=open"))["followups"] == []


@pytest.mark.parametrize(
    ("path", "body", "status", "kind"),
    [
        ("followups", BODY | {"what": ""}, 400, "empty-what"),
        ("followups", BODY | {"of": "64"}, 400, "unknown-site"),
        ("followups", BODY | {"due": "2026-01-01T00:00:00Z"}, 400, "bad-due"),
        ("followups", BODY | {"more": 1}, 400, "bad-body"),
        ("followups/9/steps", {"note": "x"}, 404, "unknown-followup"),
        ("followups/x/steps", {"note": "x"}, 404, "unknown-followup"),
        ("acknowledgements", {"key": "SiteDown/x"}, 404, "unknown-alert"),
    ],
)
async def test_the_api_says_what_it_refuses(
    tmp_path: Path, path: str, body: dict[str, Any], status: int, kind: str
) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        assert (await Caller(face).post(path, body, status))["type"] == kind


async def test_the_api_takes_nothing_from_who_may_only_read(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        reader = Caller(face, "read")
        for path, body in (
            ("followups", BODY),
            ("followups/1/steps", {"note": "x"}),
            ("acknowledgements", {"key": "x"}),
        ):
            await reader.post(path, body, 403)
        await reader.get("followups?state=later", 400)


async def test_the_api_tells_somebody_of_one_regency_of_it_alone(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        theirs = enter(face, "aki", of=BAYAN.code)
        enter(face, "kabel")
        caller = Caller(face, regency="Berau")
        assert [one["what"] for one in (await caller.get("followups"))["followups"]] == ["kabel"]
        await caller.post(f"followups/{theirs.id}/steps", {"note": "x"}, 404)
        await caller.post("followups", BODY | {"of": BAYAN.code}, 403)
        await caller.post("followups", BODY | {"scope": "all", "of": ""}, 403)


async def test_an_alert_is_taken_by_the_api(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(TASUK, (9 * HOUR, "up"), (30 * MINUTE, "internet_down"))
        alert = await fires(face, TASUK, face.clock.wall_ms() - 30 * MINUTE)
        caller, other = Caller(face), Caller(face, regency="Kutai Barat")
        assert await caller.get("acknowledgements") == {"acknowledgements": [], "waiting": [alert.key]}
        assert await other.get("acknowledgements") == {"acknowledgements": [], "waiting": []}
        await other.post("acknowledgements", {"key": alert.key}, 404)
        taken = await caller.post("acknowledgements", {"key": alert.key, "note": "ke lokasi"})
        assert (taken["by"], taken["note"]) == ("siti", "ke lokasi")
        assert await caller.get("acknowledgements") == {"acknowledgements": [taken], "waiting": []}
