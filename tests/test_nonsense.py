"""What nobody means, typed or sent all the same: it is refused in words, never answered with a failure of ours."""

from pathlib import Path

import pytest
from aiohttp import hdrs
from yarl import URL

from collector.people import Role
from tests.faces import BAYAN, MINUTE, Faces, faces

LONG = "9" * 5000
FIRST = "0001-01-01"
ASKED = (
    *(f"/{path}?page={LONG}" for path in ("", "outages", "followups", f"sites/{BAYAN.code}/explain")),
    *(f"/outages?{name}" for name in (f"from={FIRST}", f"period={FIRST}")),
    *(f"/indicators?{name}=nonsense" for name in ("medium", "kind")),
    *(f"/api/v1/outages?{name}={FIRST}" for name in ("from", "to")),
    f"/api/v1/sites/{BAYAN.code}/flips?from={FIRST}T00:00:00%2B14:00",
    f"/api/v1/indicators?period={FIRST}",
    "/api/v1/indicators?period=9999",
)
FORM = "application/x-www-form-urlencoded"
SENT = (
    (b"\xff=\xfe", FORM),
    (b"a=b", f"{FORM}; charset=nonsense"),
    (b"x", "multipart/form-data"),
    (b"--x\r\nzz", "multipart/form-data; boundary=x"),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\nz\r\n--x--\r\n", "multipart/form-data; boundary=x"),
)


async def sent(face: Faces, path: str, body: bytes, kind: str, csrf: str) -> int:
    headers = {hdrs.CONTENT_TYPE: kind} | ({"X-CSRF-Token": csrf} if csrf else {})
    async with face.client.post(path, data=body, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked[:60])
async def test_what_cannot_be_asked_is_refused(tmp_path: Path, asked: str) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (9 * MINUTE, "up"), (MINUTE, "line_down"))
        async with face.client.get(URL(asked, encoded=True)) as answer:
            assert answer.status == 400, await answer.text()


@pytest.mark.parametrize(("body", "kind"), SENT)
async def test_a_form_that_nobody_can_read_is_refused(tmp_path: Path, body: bytes, kind: str) -> None:
    async with faces(tmp_path) as face:
        csrf = face.sign_in(Role.OPERATOR)
        for path in ("/maintenance", "/followups"):
            for known in (csrf, ""):  # the one is read by the page, the other by the guard already
                assert await sent(face, path, body, kind, known) in (400, 403), path


async def test_a_form_with_fields_left_out_is_shown_once_more(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        csrf = face.sign_in(Role.ADMINISTRATOR)
        assert await sent(face, "/users", b"name=budi", FORM, csrf) == 400
        assert await sent(face, "/users/administrator", b"title=Budi", FORM, csrf) == 400


async def test_what_is_entered_for_a_year_that_nobody_means_is_refused_and_breaks_no_list(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        headers = {hdrs.AUTHORIZATION: f"Bearer {face.token('operator', agent='budi')}"}
        span = {"from": f"{FIRST}T00:00:00+14:00", "to": f"{FIRST}T09:00:00+14:00"}
        cause = {"site": BAYAN.code, "cause": "listrik", "start": span["from"], "end": "2026-09-21T09:00:00Z"}
        follow = {"scope": "site", "of": BAYAN.code, "what": "x", "outage": span["from"]}
        plan = {"scope": "all", "kind": "maintenance", "why": "x", **span}
        for path, body in (("causes", cause), ("exclusions", plan), ("followups", follow)):
            async with face.client.post(f"/api/v1/{path}", json=body, headers=headers) as answer:
                assert (answer.status, (await answer.json(content_type=None))["type"]) == (400, "no-such-time")
            async with face.client.get(f"/api/v1/{path}", headers=headers) as answer:
                assert answer.status == 200
