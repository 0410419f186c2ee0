"""Acts by the API: who may enter them, what is refused, and in whose name they stand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import encode_basic_auth, hdrs, web
from aiohttp.test_utils import TestClient, TestServer

from collector.faces.acts_api import MAX_ACT_BYTES, ActsApi
from collector.faces.guard import Tokens, reading, refusals
from collector.registry import Site, new_token
from collector.store import Store, open_store
from tests.fakes import FakeClock

SITE = Site(code="0064", name="Kantor A", regency="Berau")
AHEAD = {"from": "2026-12-01T08:00:00+08:00", "to": "2026-12-01T10:00:00+08:00"}
EXCLUSION = {"scope": "regency", "of": "Berau", "kind": "maintenance", "why": "cable", **AHEAD}
CAUSE = {"site": "0064", "start": "2026-09-21T08:00:00Z", "end": "2026-09-21T09:00:00Z", "cause": "listrik"}


class Caller:
    """Somebody who asks a collector, with the token of one kind."""

    def __init__(self, store: Store, client: "TestClient[web.Request, web.Application]") -> None:
        self.store, self.client = store, client

    def token(self, kind: str) -> str:
        token, secret = new_token(kind, "budi", "", 1)
        self.store.put_token(token)
        return f"Bearer {secret}"

    async def post(self, path: str, body: object, authorization: str = "", status: int = 200) -> Any:
        headers = {hdrs.AUTHORIZATION: authorization} if authorization else {}
        async with self.client.post(f"/api/v1/{path}", json=body, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def get(self, path: str, authorization: str = "", status: int = 200) -> Any:
        headers = {hdrs.AUTHORIZATION: authorization} if authorization else {}
        async with self.client.get(f"/api/v1/{path}", headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


@asynccontextmanager
async def collector(folder: Path, *, open_to_read: bool = True) -> AsyncIterator[Caller]:
    clock, store = FakeClock(), open_store(f"sqlite:///{folder}/x.db")
    tokens = Tokens(store.tokens, clock)
    app = web.Application(middlewares=[refusals, reading(tokens.find, open_to_read=open_to_read)])
    app.add_routes(ActsApi(store=store, find=tokens.find, clock=clock).routes())
    store.put_sites([SITE])
    try:
        async with TestClient(TestServer(app)) as client:
            yield Caller(store, client)
    finally:
        store.close()


async def test_an_operator_enters_withdraws_and_explains_in_his_own_name(tmp_path: Path) -> None:
    async with collector(tmp_path) as caller:
        operator = caller.token("operator")
        added = await caller.post("exclusions", EXCLUSION, operator)
        assert (added["id"], added["by"], added["late"], added["withdrawn"]) == (1, "budi", False, None)
        assert (added["from"], added["to"]) == ("2026-12-01T00:00:00Z", "2026-12-01T02:00:00Z")
        withdrawn = await caller.post("exclusions/1/withdraw", {"why": "rain"}, operator)
        assert (withdrawn["withdrawn_by"], withdrawn["withdrawn_why"]) == ("budi", "rain")
        cause = await caller.post("causes", CAUSE, operator)
        assert (await caller.get("exclusions"))["exclusions"] == [withdrawn]
        assert (await caller.get("causes?site=0064"))["causes"] == [cause]
        assert (await caller.get("causes?site=0065"))["causes"] == []


@pytest.mark.parametrize("path", ["exclusions", "exclusions/1/withdraw", "causes"])
async def test_writing_needs_an_operator_also_where_reading_is_open(tmp_path: Path, path: str) -> None:
    async with collector(tmp_path) as caller:
        assert (await caller.post(path, {}, status=401))["type"] == "unauthorized"
        await caller.post(path, {}, "Bearer ktg_guessed", 401)
    for kind in ("read", "agent"):
        async with collector(tmp_path) as caller:
            assert (await caller.post(path, {}, caller.token(kind), 403))["type"] == "forbidden"


async def test_a_password_that_a_browser_remembers_writes_nothing(tmp_path: Path) -> None:
    async with collector(tmp_path) as caller:
        secret = caller.token("operator").removeprefix("Bearer ")
        await caller.post("exclusions", EXCLUSION, encode_basic_auth("budi", secret), 401)
        assert caller.store.acts.exclusions() == []


async def test_an_operator_may_read_where_reading_needs_a_token(tmp_path: Path) -> None:
    async with collector(tmp_path, open_to_read=False) as caller:
        operator = caller.token("operator")
        await caller.get("audit", operator)
        await caller.get("audit", status=401)


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
    async with collector(tmp_path) as caller:
        problem = await caller.post(path, body, caller.token("operator"), status)
        assert (problem["type"], bool(problem["detail"])) == (kind, True)
        assert caller.store.acts.audit_log() == []


async def test_an_exclusion_is_withdrawn_once(tmp_path: Path) -> None:
    async with collector(tmp_path) as caller:
        operator = caller.token("operator")
        await caller.post("exclusions", EXCLUSION, operator)
        await caller.post("exclusions/1/withdraw", {"why": "rain"}, operator)
        problem = await caller.post("exclusions/1/withdraw", {"why": "rain"}, operator, 409)
        assert problem["detail"] == "Exclusion 1 was withdrawn already, by budi."


async def test_only_json_is_taken(tmp_path: Path) -> None:
    async with collector(tmp_path) as caller:
        headers = {hdrs.AUTHORIZATION: caller.token("operator"), hdrs.CONTENT_TYPE: "text/plain"}
        async with caller.client.post("/api/v1/exclusions", data="{}", headers=headers) as answer:
            assert answer.status == 415


async def test_the_audit_log_comes_in_pages(tmp_path: Path) -> None:
    async with collector(tmp_path) as caller:
        operator = caller.token("operator")
        for _ in range(3):
            await caller.post("exclusions", EXCLUSION, operator)
        first = await caller.get("audit?limit=2")
        second = await caller.get(f"audit?limit=2&after={first['next']}")
        assert [entry["id"] for page in (first, second) for entry in page["entries"]] == [1, 2, 3]
        assert (second["next"], second["entries"][0]["act"]) == (None, "exclusion.add")
        assert (await caller.get("audit?limit=0", status=400))["type"] == "bad-number"
