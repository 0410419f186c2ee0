"""What is refused to people is a page: in their language, in the frame of all pages, with what can be asked instead."""

import ast
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from importlib.resources import files
from pathlib import Path

import pytest
from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.test_utils import TestClient, TestServer

from collector.faces.guard import refusals
from collector.faces.pages.refusals import HEADINGS, TOLD, refusal_pages
from collector.faces.pages.shell import Shell
from collector.people import Role
from collector.store import StoreError
from shared.texts import LANGUAGES, Texts
from tests.faces import BAYAN, Faces, faces

WRONG = (
    ("/nowhere", 404),
    ("/sites/nowhere", 404),
    (f"/sites/{BAYAN.code}?span=9", 400),
    (f"/sites/{BAYAN.code}/explain?at=x", 400),
    ("/?condition=z", 400),
    ("/?page=0", 400),
    ("/outages?page=x", 400),
    ("/outages?cause=x", 400),
    ("/outages?period=2026-13", 400),
    ("/outages?from=2026-02-02&to=2026-01-01", 400),
    ("/outages/nowhere/1", 404),
    ("/maintenance?tab=x", 400),
    ("/maintenance/99", 404),
    ("/followups?state=x", 400),
    ("/followups/99", 404),
    ("/indicators?period=2026-13", 400),
    ("/indicators?scope=x", 400),
    ("/reports/nonsense", 404),
    ("/reports/bulanan?scope=x", 400),
    ("/reports/jobs/x", 404),
    ("/fleet?trouble=x", 400),
    ("/users/nobody", 404),
    ("/logout", 405),
)
"""Addresses that nobody should write, and how they are answered."""
FORM = "application/x-www-form-urlencoded"
ENGLISH = re.compile(r"\b(use|send|there is no|nothing|this|not|from|must|known)\b")
SECRET = "the password is kentang"


async def asked(face: Faces, path: str, language: str) -> tuple[int, str]:
    headers = {hdrs.ACCEPT: "text/html", hdrs.ACCEPT_LANGUAGE: language}
    async with face.client.get(path, headers=headers, allow_redirects=False) as answer:
        assert answer.content_type == "text/html"
        return answer.status, await answer.text()


def said(html: str) -> str:
    """What the page itself says, without the frame and what may be clicked."""
    [main] = re.findall(r"<main.*?</main>", html, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<li>.*?</li>", "", main, flags=re.DOTALL)))


@pytest.mark.parametrize(("path", "status"), WRONG)
async def test_a_wrong_address_is_refused_in_the_language_of_the_reader(tmp_path: Path, path: str, status: int) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.sign_in(Role.ADMINISTRATOR)
        for language in LANGUAGES:
            told, html = await asked(face, path, language)
            assert (told, f'<html lang="{language}">' in html) == (status, True)
            heading = Texts(language).say(f"refused.heading.{status}")
            assert f"<h1>{heading} <small>{status}</small></h1>" in html
            assert bool(ENGLISH.search(said(html).lower())) <= (language == "en"), said(html)
            assert all(part in html for part in ('<nav class="menu"', 'class="skip"', "<footer>", "← "))


async def test_what_can_be_asked_instead_is_a_link_that_leaves_the_rest_as_it_was(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        _, html = await asked(face, "/outages?condition=x&regency=Berau", "id")
        assert "?condition=line_down&amp;regency=Berau" in html
        assert (await asked(face, "/outages?condition=line_down&regency=Berau", "id"))[0] == 200
        _, html = await asked(face, "/reports/nonsense", "id")
        assert 'href="../reports/bulanan"' in html
        assert "reports/sla" not in html  # which is for operators


async def test_what_was_written_is_shown_as_text(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        _, html = await asked(face, "/outages?cause=%3Cscript%3Ealert(1)%3C/script%3E", "id")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    ("path", "csrf", "status", "kind"),
    [
        ("/maintenance", "old", 403, "bad-csrf"),
        ("/users", "", 403, "bad-csrf"),
    ],
)
async def test_a_form_that_is_refused_is_a_page(tmp_path: Path, path: str, csrf: str, status: int, kind: str) -> None:
    async with faces(tmp_path) as face:
        face.sign_in(Role.OPERATOR)
        headers = {hdrs.ACCEPT: "text/html", hdrs.ACCEPT_LANGUAGE: "id"}
        async with face.client.post(path, data={"csrf": csrf}, headers=headers) as answer:
            assert answer.status == status
            assert Texts("id").say(f"refused.{kind}") in await answer.text()


async def test_what_a_role_may_not_do_is_a_page(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        csrf = face.sign_in(Role.VIEWER)
        headers = {hdrs.ACCEPT: "text/html", hdrs.ACCEPT_LANGUAGE: "id"}
        async with face.client.post("/followups", data={"csrf": csrf}, headers=headers) as answer:
            assert answer.status == 403
            assert Texts("id").say("refused.forbidden") in await answer.text()


async def test_a_form_that_is_too_large_is_a_page(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        headers = {hdrs.ACCEPT: "text/html", hdrs.CONTENT_TYPE: FORM}
        async with face.client.post("/login", data=b"name=" + b"x" * 100_000, headers=headers) as answer:
            assert answer.status == 413
            assert Texts("id").say("refused.too-large") in await answer.text()


async def test_an_address_that_only_takes_forms_says_which_methods_it_has(tmp_path: Path) -> None:
    async with faces(tmp_path) as face, face.client.get("/logout", headers={hdrs.ACCEPT: "text/html"}) as answer:
        assert (answer.status, answer.headers[hdrs.ALLOW]) == (405, "POST")


async def test_programs_keep_their_problems(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        for path, accept in (("/api/v1/sites?condition=x", "text/html"), ("/nowhere", "*/*")):
            async with face.client.get(path, headers={hdrs.ACCEPT: accept}) as answer:
                assert answer.content_type == "application/problem+json"


@asynccontextmanager
async def broken(folder: Path) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A server of which one page is a mistake, and the store of another is away."""

    async def mistaken(_request: web.Request) -> web.Response:
        raise RuntimeError(SECRET)

    async def away(_request: web.Request) -> web.Response:
        raise StoreError("disk I/O error")

    async def torn(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half of it")
        raise RuntimeError(SECRET)

    async with faces(folder) as face:
        shell = Shell(config=face.parts.config, clock=face.clock, store=face.parts.store)
        app = web.Application(middlewares=[refusals, refusal_pages(shell.refuse, face.clock)])
        app.add_routes([web.get("/mistaken", mistaken), web.get("/api/mistaken", mistaken), web.get("/away", away)])
        app.add_routes([web.get("/torn", torn), web.get("/mistaken/{what}", mistaken)])
        async with TestClient(TestServer(app)) as client:
            yield client


async def test_a_mistake_of_the_program_tells_a_number_and_the_log_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "collector"):
        async with broken(tmp_path) as client, client.get("/mistaken", headers={hdrs.ACCEPT: "text/html"}) as answer:
            status, html = answer.status, await answer.text()
    [record] = [one for one in caplog.records if "event=request_failed" in one.getMessage()]
    [number] = re.findall(r"number=(\d+)", record.getMessage())
    assert (status, "Kesalahan pada program" in html, f"nomor {number}" in html) == (500, True, True)
    assert SECRET not in html
    assert SECRET in str(record.exc_info)


async def test_nobody_writes_lines_of_the_log_by_an_address(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "collector"):
        async with broken(tmp_path) as client, client.get("/mistaken/a%0Aevent=login name=admin") as answer:
            assert answer.status == 500
    [record] = [one for one in caplog.records if "event=request_failed" in one.getMessage()]
    assert "\n" not in record.getMessage()


async def test_a_program_is_told_of_a_mistake_as_a_problem(tmp_path: Path) -> None:
    async with broken(tmp_path) as client, client.get("/api/mistaken") as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["type"]) == (500, "internal-error")
    assert SECRET not in str(problem)


async def test_a_store_that_is_away_is_a_page_that_says_so(tmp_path: Path) -> None:
    async with broken(tmp_path) as client, client.get("/away", headers={hdrs.ACCEPT: "text/html"}) as answer:
        assert (answer.status, Texts("id").say("refused.store-unavailable") in await answer.text()) == (503, True)
        assert answer.headers[hdrs.RETRY_AFTER] == "10"


async def test_a_browser_may_give_another_token_instead_of_a_wrong_one(tmp_path: Path) -> None:
    headers = {hdrs.ACCEPT: "text/html", hdrs.AUTHORIZATION: "Bearer wrong"}
    async with faces(tmp_path) as face, face.client.get("/", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (401, "text/html")
        assert [one.split()[0] for one in answer.headers.getall(hdrs.WWW_AUTHENTICATE)] == ["Bearer", "Basic"]


async def test_an_answer_that_has_begun_is_not_answered_anew(tmp_path: Path) -> None:
    async with broken(tmp_path) as client, client.get("/torn", headers={hdrs.ACCEPT: "text/html"}) as answer:
        assert (answer.status, await answer.content.readexactly(10)) == (200, b"half of it")
        with pytest.raises(ClientPayloadError):
            await answer.content.read()


def test_every_refusal_has_a_sentence_and_a_heading_in_each_language() -> None:
    for texts in map(Texts, LANGUAGES):
        assert all(texts.say(f"refused.{kind}", number=1) for kind in TOLD)
        assert all(texts.say(f"refused.heading.{status}") for status in HEADINGS)


def test_no_page_refuses_in_one_language_alone() -> None:
    """What is no kind with a sentence of its own comes from the catalogue."""
    pages = Path(str(files("collector.faces.pages")))
    calls = [
        call
        for file in pages.glob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Refused"
    ]
    bare = [call for call in calls if isinstance(call.args[-1], ast.Constant | ast.JoinedStr)]
    kinds = {call.args[1].value for call in bare if isinstance(call.args[1], ast.Constant)}
    assert len(calls) > 20
    assert kinds - TOLD == {"unknown-file", "not-public", "too-many-listeners"}  # of files and streams, not of pages
