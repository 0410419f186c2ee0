"""Acts by the API: who may enter them, what is refused, and in whose name they stand."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import encode_basic_auth, hdrs

from collector.faces.acts_api import MAX_ACT_BYTES
from collector.registry import Site
from tests.faces import Faces, faces

SITE = Site(code="0064", name="Kantor A", regency="Berau", provider="Icon+")
FAR = Site(code="0071", name="Kantor Z", regency="Kutai Barat", provider="Icon+")
AHEAD = {"from": "2026-12-01T08:00:00+08:00", "to": "2026-12-01T10:00:00+08:00"}
EXCLUSION = {"scope": "regency", "of": "Berau", "kind": "maintenance", "why": "cable", **AHEAD}
FAR_EXCLUSION = EXCLUSION | {"of": "Kutai Barat"}
CAUSE = {"site": "0064", "start": "2026-09-21T08:00:00Z", "end": "2026-09-21T09:00:00Z", "cause": "listrik"}


async def post(face: Faces, path: str, body: object, authorization: str = "", status: int = 200) -> Any:
    headers = {hdrs.AUTHORIZATION: authorization} if authorization else {}
    async with face.client.post(f"/api/v1/{path}", json=body, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


async def get(face: Faces, path: str, authorization: str = "", status: int = 200) -> Any:
    headers = {hdrs.AUTHORIZATION: authorization} if authorization else {}
    async with face.client.get(f"/api/v1/{path}", headers=headers) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


def bearer(face: Faces, kind: str, regency: str = "") -> str:
    return f"Bearer {face.token(kind, regency, 'budi')}"


async def test_an_operator_enters_withdraws_and_explains_in_his_own_name(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        operator = bearer(face, "operator")
        added = await post(face, "exclusions", EXCLUSION, operator)
        assert (added["id"], added["by"], added["late"], added["withdrawn"]) == (1, "budi", False, None)
        assert (added["from"], added["to"]) == ("2026-12-01T00:00:00Z", "2026-12-01T02:00:00Z")
        withdrawn = await post(face, "exclusions/1/withdraw", {"why": "rain"}, operator)
        assert (withdrawn["withdrawn_by"], withdrawn["withdrawn_why"]) == ("budi", "rain")
        cause = await post(face, "causes", CAUSE, operator)
        assert (await get(face, "exclusions"))["exclusions"] == [withdrawn]
        assert (await get(face, "causes?site=0064"))["causes"] == [cause]
        assert (await get(face, "causes?site=0065"))["causes"] == []


@pytest.mark.parametrize("path", ["exclusions", "exclusions/1/withdraw", "causes"])
async def test_writing_needs_an_operator_also_where_reading_is_open(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        assert (await post(face, path, {}, status=401))["type"] == "unauthorized"
        await post(face, path, {}, "Bearer ktg_guessed", 401)
        for kind in ("read", "agent"):
            assert (await post(face, path, {}, bearer(face, kind), 403))["type"] == "forbidden"


async def test_a_password_that_a_browser_remembers_writes_nothing(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        secret = bearer(face, "operator").removeprefix("Bearer ")
        await post(face, "exclusions", EXCLUSION, encode_basic_auth("budi", secret), 403)
        assert face.parts.store.acts.exclusions() == []


async def test_an_operator_may_read_where_reading_needs_a_token(tmp_path: Path) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        operator = bearer(face, "operator")
        await get(face, "audit", operator)
        await get(face, "audit", status=401)


@pytest.mark.parametrize(
    ("path", "body", "status", "kind"),
    [
        ("exclusions", EXCLUSION | {"of": "Berao"}, 400, "unknown-regency"),
        ("exclusions", EXCLUSION | {"to": AHEAD["from"]}, 400, "to-before-from"),
        ("exclusions", EXCLUSION | {"why": ""}, 400, "empty-why"),
        ("exclusions", EXCLUSION | {"kind": "holiday"}, 400, "bad-body"),
        ("exclusions", EXCLUSION | {"from": "2026-12-01T08:00:00"}, 400, "bad-body"),
        ("exclusions", EXCLUSION | {"form": 1}, 400, "bad-body"),
        ("exclusions", [], 400, "bad-body"),
        ("exclusions/7/withdraw", {"why": "x"}, 404, "unknown-exclusion"),
        ("exclusions/x/withdraw", {"why": "x"}, 404, "unknown-exclusion"),
        ("causes", CAUSE | {"site": "9999"}, 400, "unknown-site"),
        ("causes", CAUSE | {"end": "2099-01-01T00:00:00Z"}, 400, "future-cause"),
        ("causes", CAUSE | {"cause": "hujan"}, 400, "bad-body"),
        ("causes", CAUSE | {"note": "x" * MAX_ACT_BYTES}, 413, "too-large"),
    ],
)
async def test_what_cannot_be_is_a_problem_that_says_why(
    tmp_path: Path, path: str, body: object, status: int, kind: str
) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        problem = await post(face, path, body, bearer(face, "operator"), status)
        assert (problem["type"], bool(problem["detail"])) == (kind, True)
        assert face.parts.store.acts.audit_log() == []


async def test_an_exclusion_is_withdrawn_once(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        operator = bearer(face, "operator")
        await post(face, "exclusions", EXCLUSION, operator)
        await post(face, "exclusions/1/withdraw", {"why": "rain"}, operator)
        problem = await post(face, "exclusions/1/withdraw", {"why": "rain"}, operator, 409)
        assert problem["detail"] == "Exclusion 1 was withdrawn already, by budi."


async def test_only_json_is_taken(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        headers = {hdrs.AUTHORIZATION: bearer(face, "operator"), hdrs.CONTENT_TYPE: "text/plain"}
        async with face.client.post("/api/v1/exclusions", data="{}", headers=headers) as answer:
            assert answer.status == 415


async def test_the_audit_log_comes_in_pages(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        operator = bearer(face, "operator")
        for _ in range(3):
            await post(face, "exclusions", EXCLUSION, operator)
        first = await get(face, "audit?limit=2", operator)
        second = await get(face, f"audit?limit=2&after={first['next']}", operator)
        assert [entry["id"] for page in (first, second) for entry in page["entries"]] == [1, 2, 3]
        assert (second["next"], second["entries"][0]["act"]) == (None, "exclusion.add")
        assert (await get(face, "audit?limit=0", operator, 400))["type"] == "bad-number"


async def test_the_audit_log_is_for_operators_of_the_whole_province(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE)
        await get(face, "audit", status=401)
        await get(face, "audit", bearer(face, "read"), 403)
        await get(face, "audit", bearer(face, "operator", "Berau"), 403)


@pytest.mark.parametrize(
    ("scope", "of"),
    [
        ("site", "0071"),
        ("regency", "Kutai Barat"),
        ("regency", "Kutai Bara"),
        ("provider", "Icon+"),
        ("all", ""),
        ("site", "9999"),
    ],
)
async def test_an_operator_of_one_regency_excludes_nothing_of_another(tmp_path: Path, scope: str, of: str) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE, FAR)
        draft = EXCLUSION | {"scope": scope, "of": of}
        problem = await post(face, "exclusions", draft, bearer(face, "operator", "Berau"), 403)
        assert problem["detail"] == f"{scope} {of!r}: you enter and change what concerns Berau alone"  # no hint either
        assert face.parts.store.acts.exclusions() == []


async def test_an_operator_of_one_regency_excludes_and_withdraws_what_is_theirs(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE, FAR)
        theirs = bearer(face, "operator", "Berau")
        await post(face, "exclusions", EXCLUSION, theirs)
        await post(face, "exclusions/1/withdraw", {"why": "rain"}, theirs)
        assert [one["id"] for one in (await get(face, "exclusions", theirs))["exclusions"]] == [1]


async def test_an_exclusion_of_another_regency_is_not_there_and_one_of_all_is_there_to_read(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE, FAR)
        province, theirs = bearer(face, "operator"), bearer(face, "operator", "Berau")
        await post(face, "exclusions", FAR_EXCLUSION, province)
        await post(face, "exclusions", EXCLUSION | {"scope": "provider", "of": "Icon+"}, province)
        assert [one["id"] for one in (await get(face, "exclusions", theirs))["exclusions"]] == [2]
        await post(face, "exclusions/1/withdraw", {"why": "rain"}, theirs, 404)
        await post(face, "exclusions/2/withdraw", {"why": "rain"}, theirs, 403)


async def test_causes_of_another_regency_are_neither_told_nor_taken(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(SITE, FAR)
        await post(face, "causes", CAUSE | {"site": "0071"}, bearer(face, "operator"))
        theirs = bearer(face, "operator", "Berau")
        for path in ("causes", "causes?site=0071"):
            assert (await get(face, path, theirs))["causes"] == []
        await post(face, "causes", CAUSE | {"site": "0071"}, theirs, 403)
