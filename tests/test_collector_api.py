"""The API: what it answers, what it refuses, who may ask, and that its description is true."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import encode_basic_auth, hdrs

from collector.acts import CauseCode, GivenCause
from collector.config import CollectorConfig
from collector.faces.openapi import document
from collector.faces.pages.refusals import MACHINES
from collector.faces.server import application
from collector.parts import Parts
from collector.store import open_store
from shared.clock import rfc3339
from shared.result import Group
from shared.wire import TargetSpec
from tests.deliveries import CONTEXT, RECEIVED_MS, deliver, run_of
from tests.faces import BAYAN, HOUR, MINUTE, TASUK, Faces, faces
from tests.fakes import FakeClock


async def get(face: Faces, path: str, status: int = 200, token: str = "") -> Any:
    headers = {hdrs.AUTHORIZATION: f"Bearer {token}"} if token else {}
    async with face.client.get(path, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_a_site_is_told_with_what_it_is_in_and_since_when(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (HOUR, "up"), (5 * MINUTE, "line_down"))
        [site] = (await get(face, "/api/v1/sites"))["sites"]
    assert (site["code"], site["condition"], site["why"]) == (BAYAN.code, "line_down", "saw line_down")
    assert site["since"].startswith("2026-09-21T")
    assert site["since"].endswith("Z")
    assert site["heard_at"] is None  # never heard is not zero


async def test_sites_are_filtered_by_condition_regency_and_provider(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.history(BAYAN, (HOUR, "line_down"))
        face.history(TASUK, (HOUR, "up"))
        for query in ("condition=down", "condition=line_down", "regency=Kutai Barat", "provider=Icon%2B"):
            answer = await get(face, f"/api/v1/sites?{query}")
            assert [site["code"] for site in answer["sites"]] == [BAYAN.code], query


async def test_sites_come_in_pages_that_follow_each_other(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        first = await get(face, "/api/v1/sites?limit=1")
        second = await get(face, f"/api/v1/sites?limit=1&after={first['next']}")
    assert [first["sites"][0]["code"], second["sites"][0]["code"]] == sorted([BAYAN.code, TASUK.code])
    assert (first["total"], second["next"]) == (2, None)


async def test_flips_are_those_of_the_period_and_the_scope(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (30 * HOUR, "up"), (2 * HOUR, "line_down"), (HOUR, "up"))
        answer = await get(face, f"/api/v1/sites/{BAYAN.code}/flips?scope=site")
        none = await get(face, f"/api/v1/sites/{BAYAN.code}/flips?scope=internet")
    assert [(flip["was"], flip["now"]) for flip in answer["flips"]] == [("up", "line_down"), ("line_down", "up")]
    assert none["flips"] == []


async def test_an_outage_has_its_error_bars(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (3 * HOUR, "up"), (2 * HOUR, "line_down"), (HOUR, "up"))
        [outage] = (await get(face, "/api/v1/outages"))["outages"]
        now_ms = face.clock.wall_ms()
    assert (outage["site"], outage["name"], outage["condition"]) == (BAYAN.code, BAYAN.name, "line_down")
    assert (outage["duration_s"], outage["end"]) == (3600, rfc3339(now_ms - HOUR).replace(".000", ""))
    assert outage["start_not_earlier_than"] < outage["start"] < outage["end_not_earlier_than"] < outage["end"]


async def test_an_outage_that_crosses_the_period_is_told_whole(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (9 * HOUR, "line_down"), (3 * HOUR, "up"), (2 * HOUR, "local_down"))
        from_, to = (rfc3339(face.clock.wall_ms() - ago * HOUR) for ago in (8, 7))
        [crossing] = (await get(face, f"/api/v1/outages?from={from_}&to={to}&site={BAYAN.code}"))["outages"]
        [_, lasting] = (await get(face, "/api/v1/outages"))["outages"]
    assert crossing["duration_s"] == 6 * 3600
    assert (lasting["condition"], lasting["end"], lasting["duration_s"]) == ("local_down", None, 7200)


async def test_what_a_person_says_of_an_outage_stands_beside_what_was_measured(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (3 * HOUR, "up"), (2 * HOUR, "line_down"), (HOUR, "up"))
        now_ms = face.clock.wall_ms()
        squirrel = GivenCause(
            id=0,
            site=BAYAN.code,
            start_ms=now_ms - 2 * HOUR - 60_000,
            end_ms=now_ms - HOUR,
            code=CauseCode.PENYEDIA,
            note="kabel digigit tupai",
            by="operator",
            entered_ms=now_ms,
        )
        face.parts.store.acts.give_cause(squirrel)
        [outage] = (await get(face, "/api/v1/outages"))["outages"]
    assert (outage["condition"], outage["given"]["cause"], outage["given"]["by"]) == (
        "line_down",
        "penyedia",
        "operator",
    )


async def test_an_outage_outside_the_period_is_not_told(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (9 * HOUR, "up"), (6 * HOUR, "line_down"), (5 * HOUR, "up"))
        ago = {hours: rfc3339(face.clock.wall_ms() - hours * HOUR) for hours in (8, 7, 4, 3)}
        for from_, to in ((8, 7), (4, 3)):
            assert (await get(face, f"/api/v1/outages?from={ago[from_]}&to={ago[to]}"))["outages"] == []


async def test_outages_come_in_pages_that_follow_each_other_if_that_is_wanted(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        for site in (BAYAN, TASUK):
            face.history(site, *((ago * HOUR, "line_down" if ago % 2 else "up") for ago in range(9, 0, -1)))
        whole = await get(face, "/api/v1/outages")
        pages, after = [], ""
        while after is not None:
            page = await get(face, f"/api/v1/outages?limit=3&after={after}")
            pages.append(page["outages"])
            after = page["next"]
    assert (whole["next"], len(whole["outages"])) == (None, 10)
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert [outage for page in pages for outage in page] == whole["outages"]


@pytest.mark.parametrize("kind", ["read", "operator"])
async def test_a_token_of_one_regency_reads_its_sites_alone(tmp_path: Path, kind: str) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        face.know(BAYAN, TASUK)
        for site in (BAYAN, TASUK):
            face.history(site, (3 * HOUR, "up"), (2 * HOUR, "line_down"), (HOUR, "up"))
        token = face.token(kind, "Berau")
        sites = await get(face, "/api/v1/sites", token=token)
        outages = await get(face, "/api/v1/outages", token=token)
        for path in (f"sites/{BAYAN.code}", f"sites/{BAYAN.code}/flips", f"outages?site={BAYAN.code}"):
            assert (await get(face, f"/api/v1/{path}", 404, token))["type"] == "unknown-site"
        await get(face, "/metrics", 403, token)
    assert ([site["code"] for site in sites["sites"]], sites["total"]) == ([TASUK.code], 1)
    assert [outage["site"] for outage in outages["outages"]] == [TASUK.code]


async def test_a_date_is_its_first_instant_in_the_time_zone_of_the_collector(tmp_path: Path) -> None:
    async with faces(tmp_path, timezone="Asia/Makassar") as face:
        answer = await get(face, "/api/v1/outages?from=2026-09-20&to=2026-09-21T08:00:00+08:00")
    assert (answer["from"], answer["to"]) == ("2026-09-19T16:00:00Z", "2026-09-21T00:00:00Z")


@pytest.mark.parametrize(
    ("path", "status", "kind", "hint"),
    [
        ("/api/v1/outages?from=yesterday", 400, "bad-time", "use RFC 3339"),
        ("/api/v1/outages?from=2026-09-20T10:00:00", 400, "bad-time", "use RFC 3339"),
        ("/api/v1/outages?to=9999-99-99", 400, "bad-time", "or a date"),
        ("/api/v1/outages?from=2026-09-20&to=2026-09-20", 400, "bad-time", "from must lie before to"),
        ("/api/v1/outages?site=nowhere", 404, "unknown-site", "nowhere"),
        ("/api/v1/outages?limit=0", 400, "bad-number", "from 1 to 1000"),
        ("/api/v1/outages?after=nowhere", 400, "bad-after", "what `next` was"),
        ("/api/v1/sites/nowhere", 404, "unknown-site", "nowhere"),
        ("/api/v1/sites/nowhere/flips", 404, "unknown-site", "nowhere"),
        ("/api/v1/sites?condition=broken", 400, "bad-condition", "line_down"),
        ("/api/v1/sites?limit=0", 400, "bad-number", "from 1 to 1000"),
        ("/api/v1/sites?limit=" + "9" * 5000, 400, "bad-number", "from 1 to 1000"),
        ("/api/v1/nothing", 404, "not-found", ""),
    ],
)
async def test_a_refusal_is_a_problem_that_says_what_to_do(
    tmp_path: Path, path: str, status: int, kind: str, hint: str
) -> None:
    async with faces(tmp_path) as face, face.client.get(path) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["status"], problem["type"]) == (status, status, kind)
        assert hint in problem["detail"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/sites", "/api/v1/openapi.json", "/api/v1/nothing"])
async def test_an_exposed_collector_is_read_with_a_read_token_only(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path, listen="0.0.0.0:8817") as face:
        expected = {"": 401, "ktg_wrong": 401, face.token("agent"): 403, face.token("read"): 200}
        for token, status in expected.items():
            face.clock.advance(2)
            async with face.client.get(path, headers={hdrs.AUTHORIZATION: f"Bearer {token}"}) as answer:
                assert answer.status == (404 if status == 200 and "nothing" in path else status)
                assert (status == 401) == (hdrs.WWW_AUTHENTICATE in answer.headers)


async def test_a_browser_gives_the_token_as_password(tmp_path: Path) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        basic = {hdrs.AUTHORIZATION: encode_basic_auth("who ever", face.token("read"))}
        answer = await face.client.get("/", headers=basic)
        assert answer.status == 200


async def test_a_revoked_token_ends_with_the_next_refresh(tmp_path: Path) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        secret = face.token("read")
        await get(face, "/api/v1/sites", 200, secret)
        [token] = face.parts.store.tokens()
        face.parts.store.put_token(replace(token, revoked_at_ms=face.clock.wall_ms()))
        face.parts.tokens.refresh()
        await get(face, "/api/v1/sites", 401, secret)


@pytest.mark.parametrize("settings", [{"listen": "127.0.0.1:8817"}, {"listen": ":8817", "public": True}])
async def test_loopback_and_public_need_no_token(tmp_path: Path, settings: dict[str, object]) -> None:
    async with faces(tmp_path, **settings) as face:
        await get(face, "/api/v1/sites")


@pytest.mark.parametrize(("path", "text"), [("/-/healthy", "healthy\n"), ("/-/ready", "ready\n")])
async def test_supervisors_need_no_token(tmp_path: Path, path: str, text: str) -> None:
    async with faces(tmp_path, listen=":8817") as face, face.client.get(path) as answer:
        assert (answer.status, await answer.text()) == (200, text)


async def test_metrics_are_served_in_the_text_format(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        async with face.client.get("/metrics") as answer:
            assert answer.headers[hdrs.CONTENT_TYPE].startswith("text/plain; version=0.0.4")
            assert 'kentongan_sites{condition="unobserved"} 1' in await answer.text()


def test_every_route_is_described_and_every_description_is_a_route(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/x.db")
    try:
        app = application(Parts.of(CollectorConfig(), FakeClock(), store))
    finally:
        store.close()
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource and route.method != hdrs.METH_HEAD and route.resource.canonical.startswith(MACHINES)
    }
    paths = document("1", "http://x")["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == served


async def test_the_description_is_served_and_every_reference_in_it_leads_somewhere(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        described = await get(face, "/api/v1/openapi.json")
    assert described["openapi"] == "3.1.0"
    names = described["components"]["schemas"].keys()
    found = {ref.removeprefix("#/components/schemas/") for ref in references(described)}
    assert found
    assert found <= names
    for methods in described["paths"].values():
        assert all(operation["responses"].keys() >= {"200"} for operation in methods.values())


async def test_answers_are_what_the_description_says(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (HOUR, "line_down"))
        schemas = (await get(face, "/api/v1/openapi.json"))["components"]["schemas"]
        for path, name in (
            ("/api/v1/sites", "SitesAnswer"),
            (f"/api/v1/sites/{BAYAN.code}", "SiteDetail"),
            (f"/api/v1/sites/{BAYAN.code}/flips", "FlipsAnswer"),
            ("/api/v1/outages", "OutagesAnswer"),
        ):
            assert (await get(face, path)).keys() == schemas[name]["properties"].keys()


def references(value: Any) -> set[str]:
    """Every $ref below `value`."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "10.0.0.7"},
        {"Forwarded": "for=10.0.0.7"},
        {hdrs.VIA: "1.1 caddy"},
        {hdrs.HOST: "pantau.example"},
        {hdrs.HOST: "127.0.0.1.pantau.example:8817"},
    ],
)
async def test_who_comes_through_a_proxy_of_this_machine_is_not_at_this_machine(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    for settings, status in (({}, 401), ({"public": True}, 200)):
        (folder := tmp_path / str(status)).mkdir()
        async with faces(folder, **settings) as face:
            for local in ("localhost:8817", "[::1]:8817", "127.0.0.1"):
                async with face.client.get("/api/v1/sites", headers={hdrs.HOST: local}) as answer:
                    assert answer.status == 200
            async with face.client.get("/api/v1/sites", headers=headers) as answer:
                assert answer.status == status


async def test_the_names_of_agents_elsewhere_that_watch_a_site_are_told_to_the_province_alone(tmp_path: Path) -> None:
    async with faces(tmp_path, FakeClock(RECEIVED_MS)) as face:
        face.know(BAYAN, TASUK)
        watch = TargetSpec(name="gw", group=Group.INTERNET, kind="icmp", interval_ms=30_000, site=BAYAN.code)
        targets, base_ms = (watch, *CONTEXT.targets[1:]), RECEIVED_MS - HOUR
        context = msgspec.structs.replace(CONTEXT, targets=targets, boot_at_ms=base_ms, clock_base_ms=base_ms)
        face.parts.store.append(deliver(run_of(330, 350), "pc-tasuk", TASUK.code, context=context)).result()
        for regency, told in (("", True), (BAYAN.regency, False)):
            headers = {hdrs.AUTHORIZATION: f"Bearer {face.token('read', regency)}"}
            async with face.client.get(f"/api/v1/sites/{BAYAN.code}", headers=headers) as answer:
                text = await answer.text()
                assert ('"outside"' in text, "pc-tasuk" in text) == (True, told)
