"""Log-in, log-out, users and one's own account, as people with a browser meet them."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import hdrs
from multidict import CIMultiDict

from collector.faces.guard import COOKIE
from collector.faces.passwords import Passwords
from collector.people import Role, User
from tests.faces import BAYAN, HOUR, MINUTE, TASUK, Faces, faces

PASSWORD = "sandi yang panjang"
KEPT = Passwords().hash(PASSWORD)
HTML = {hdrs.ACCEPT: "text/html", hdrs.ACCEPT_LANGUAGE: "en"}
CLOSED: dict[str, Any] = {"listen": ":8817"}


def user(face: Faces, name: str = "ani", role: Role = Role.VIEWER, regency: str = "", password: str = KEPT) -> None:
    made = User(name=name, role=role, regency=regency, password=password, created_ms=1)
    face.parts.store.people.add_user(made, by="test", at_ms=1)


async def send(face: Faces, path: str, form: dict[str, str], **headers: str) -> tuple[int, str, str]:
    """(status, where it leads, body) of a form that is sent."""
    async with face.client.post(path, data=form, headers=HTML | headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get(hdrs.LOCATION, ""), await answer.text()


async def log_in(face: Faces, name: str = "ani", password: str = PASSWORD, onward: str = "/", **headers: str) -> int:
    return (await send(face, "/login", {"name": name, "password": password, "next": onward}, **headers))[0]


async def page(face: Faces, path: str, status: int = 200) -> str:
    async with face.client.get(path, headers=HTML, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


def csrf_on(html: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found
    return found[1]


def acts(face: Faces) -> list[tuple[str, str, str]]:
    return [(entry.by, entry.act, entry.subject) for entry in face.parts.store.acts.audit_log()]


async def test_a_browser_is_sent_to_the_log_in_and_from_there_to_where_it_wanted(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        face.know(BAYAN)
        user(face)
        async with face.client.get(f"/sites/{BAYAN.code}?lang=en", headers=HTML) as form:
            assert form.url.path == "/login"
            [onward] = re.findall(r'name="next" value="([^"]*)"', await form.text())
        status, location, _ = await send(face, "/login", {"name": "Ani", "password": PASSWORD, "next": onward})
        assert (status, location) == (303, f"./sites/{BAYAN.code}?lang=en")
        assert BAYAN.name in await page(face, f"/sites/{BAYAN.code}")


async def test_the_cookie_is_read_by_no_script_and_sent_by_no_other_page(tmp_path: Path) -> None:
    for url, secure in (("", False), ("https://kentongan.example", True)):
        (folder := tmp_path / str(secure)).mkdir()
        async with faces(folder, external_url=url) as face:
            user(face)
            form = {"name": "ani", "password": PASSWORD}
            async with face.client.post("/login", data=form, allow_redirects=False) as answer:
                cookie = answer.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], bool(cookie["secure"])) == (True, "Lax", secure)
        assert int(cookie["max-age"]) == 7 * 86_400


@pytest.mark.parametrize(
    ("name", "password"), [("ani", "sandi yang salah"), ("budi", PASSWORD), ("", ""), ("gone", PASSWORD)]
)
async def test_who_fails_is_told_the_same_whatever_was_wrong(tmp_path: Path, name: str, password: str) -> None:
    async with faces(tmp_path) as face:
        user(face)
        user(face, "gone")
        face.parts.store.people.change_user("gone", act="user.disable", by="t", at_ms=1, disabled_ms=1)
        status, _, body = await send(face, "/login", {"name": name, "password": password, "next": "/fleet"})
        assert (status, "This name and password do not belong together." in body) == (403, True)
        assert 'value="/fleet"' in body
        assert password == "" or password not in body
        assert COOKIE not in {cookie.key for cookie in face.client.session.cookie_jar}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "https://kentongan.example"}, 303),
        ({}, 303),
    ],
)
async def test_a_page_of_somebody_else_logs_nobody_in(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    async with faces(tmp_path, external_url="https://kentongan.example") as face:
        user(face)
        assert await log_in(face, **headers) == status


async def test_whoever_fails_often_has_to_wait_and_is_told_how_long_in_both_languages(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        user(face)
        assert [await log_in(face, password="sandi yang salah") for _ in range(5)] == [403] * 5
        for language, said in (("en", "Try again in 1 seconds."), ("id", "Coba lagi dalam 1 detik.")):
            form, headers = {"name": "ani", "password": PASSWORD}, {hdrs.ACCEPT_LANGUAGE: language}
            async with face.client.post("/login", data=form, headers=headers) as answer:
                assert (answer.status, answer.headers[hdrs.RETRY_AFTER]) == (429, "1")
                assert said in await answer.text()
        face.clock.advance(1)
        assert await log_in(face) == 303


async def test_one_address_may_not_try_many_names(tmp_path: Path) -> None:
    async with faces(tmp_path, people={"login_failures": 1}) as face:
        user(face)
        told = [await log_in(face, name=f"user-{n}") for n in range(5)]
        assert told == [403, 403, 403, 403, 429]
        assert await log_in(face, **{"X-Forwarded-For": "10.0.0.7"}) == 303  # a proxy of ours says: somebody else


async def test_what_a_client_says_of_its_address_is_not_believed_beside_what_the_proxy_adds(tmp_path: Path) -> None:
    async with faces(tmp_path, people={"login_failures": 1}) as face:
        told = []
        for n in range(5):
            lines = [("X-Forwarded-For", f"10.0.0.{n}"), ("X-Forwarded-For", "10.9.9.9")]  # as HAProxy does
            form = {"name": f"user-{n}", "password": "sandi yang salah"}
            async with face.client.post("/login", data=form, headers=CIMultiDict(lines)) as answer:
                told.append(answer.status)
        assert told == [403, 403, 403, 403, 429]


async def test_log_out_ends_the_session_and_not_only_the_cookie(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        user(face)
        await log_in(face)
        [secret] = [cookie.value for cookie in face.client.session.cookie_jar if cookie.key == COOKIE]
        csrf = csrf_on(await page(face, "/"))
        assert (await send(face, "/logout", {"csrf": csrf}))[:2] == (303, "./")
        assert COOKIE not in {cookie.key for cookie in face.client.session.cookie_jar}
        async with face.client.get("/api/v1/sites", headers={hdrs.COOKIE: f"{COOKIE}={secret}"}) as answer:
            assert answer.status == 401


async def test_nobody_is_logged_out_by_a_page_of_somebody_else(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        user(face)
        await log_in(face)
        assert (await send(face, "/logout", {}))[0] == 403
        await page(face, "/")


async def test_a_session_ends_when_it_was_not_used_for_long(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        user(face)
        await log_in(face)
        for hours, status in ((11, 200), (11, 200), (12.1, 303)):
            face.clock.advance(hours * 3600)
            await page(face, "/", status)


async def test_a_session_ends_after_a_week_however_much_it_is_used(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        user(face)
        await log_in(face)
        for _ in range(16):
            face.clock.advance(10 * 3600)
            await page(face, "/")
        face.clock.advance(9 * 3600)
        await page(face, "/", 303)


async def test_logging_in_begins_a_new_session_and_ends_the_one_before(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        user(face)
        planted = "planted by somebody else"
        face.client.session.cookie_jar.update_cookies({COOKIE: planted}, face.client.make_url("/"))
        await log_in(face)
        [secret] = [cookie.value for cookie in face.client.session.cookie_jar if cookie.key == COOKIE]
        assert secret != planted


async def test_a_huge_form_is_not_read(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        assert await log_in(face, password="x" * 20_000) == 413


async def test_an_administrator_adds_a_user_who_can_then_log_in(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        face.know(BAYAN, TASUK)
        csrf = face.sign_in(Role.ADMINISTRATOR)
        form = {"name": "Budi", "title": "Budi S.", "role": "operator", "regency": "Berau"}
        words = {"password": PASSWORD, "again": PASSWORD, "csrf": csrf}
        assert (await send(face, "/users", form | words))[:2] == (303, "./users#budi")
        assert "Budi S." in await page(face, "/users")
        assert acts(face)[-1] == ("administrator", "user.create", "budi")
        assert await log_in(face, "budi") == 303
        html = await page(face, "/")
        assert (TASUK.name in html, BAYAN.name in html) == (True, False)


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"name": "bu di"}, "name", "cannot be a user name"),
        ({"name": "administrator"}, "name", "There is a user administrator already."),
        ({"regency": "Bera"}, "regency", "Did you mean Berau?"),
        ({"role": "administrator"}, "regency", "choose no regency"),
        ({"password": "pendek", "again": "pendek"}, "password", "at least 10"),
        ({"again": "another one"}, "again", "not the same"),
        ({"title": "x" * 81}, "title", "at most 80"),
    ],
)
async def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    tmp_path: Path, changed: dict[str, str], field: str, said: str
) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        csrf = face.sign_in(Role.ADMINISTRATOR)
        form = {"name": "budi", "title": "Budi S.", "role": "operator", "regency": "Berau", "password": PASSWORD}
        status, _, body = await send(face, "/users", form | {"again": PASSWORD, "csrf": csrf} | changed)
        assert (status, PASSWORD in body) == (400, False)
        assert re.search(
            rf'id="{field}"[^>]*aria-invalid="true"[^>]*>[\s\S]*?id="{field}-said">[^<]*{re.escape(said)}', body
        )
        assert f'value="{changed.get("name", "budi")}"' in body
        assert [one.name for one in face.parts.store.people.users()] == ["administrator"]


async def test_who_is_changed_is_logged_out_and_comes_back_as_somebody_else(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        face.know(BAYAN, TASUK)
        user(face, "budi", Role.OPERATOR)
        await log_in(face, "budi")
        people = face.parts.store.people
        people.change_user("budi", act="user.change", by="ani", at_ms=1, role=Role.VIEWER, regency="Berau")
        await page(face, "/", 303)
        await log_in(face, "budi")
        assert BAYAN.name not in await page(face, "/")


async def test_an_administrator_changes_disables_and_enables(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        user(face, "budi", Role.OPERATOR)
        csrf = {"csrf": face.sign_in(Role.ADMINISTRATOR)}
        await send(face, "/users/budi", csrf | {"title": "Budi", "role": "viewer", "regency": "Berau"})
        await send(face, "/users/budi/password", csrf | {"password": PASSWORD * 2, "again": PASSWORD * 2})
        await send(face, "/users/budi/disable", csrf)
        assert "Enable again" in await page(face, "/users/budi")
        await send(face, "/users/budi/enable", csrf)
        found = face.parts.store.people.user("budi")
        assert found
        assert (found.title, found.role, found.regency, found.disabled_ms) == ("Budi", Role.VIEWER, "Berau", None)
        said = [act for _, act, subject in acts(face) if subject == "budi"]
        assert said == ["user.create", "user.change", "user.password", "user.disable", "user.enable"]
        assert await log_in(face, "budi", PASSWORD * 2) == 303


@pytest.mark.parametrize("path", ["/users/administrator/disable", "/users/administrator"])
async def test_the_last_administrator_cannot_shut_the_door_behind_themselves(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path) as face:
        csrf = face.sign_in(Role.ADMINISTRATOR)
        status, _, body = await send(face, path, {"csrf": csrf, "title": "", "role": "viewer", "regency": ""})
        assert (status, "is the last administrator" in body) == (400, True)


@pytest.mark.parametrize(("role", "regency"), [(Role.VIEWER, ""), (Role.OPERATOR, ""), (Role.ADMINISTRATOR, "Berau")])
async def test_only_administrators_of_the_province_see_who_the_others_are(
    tmp_path: Path, role: Role, regency: str
) -> None:
    async with faces(tmp_path) as face:
        user(face, "budi")
        csrf = face.sign_in(role, regency)
        for path in ("/users", "/users/budi"):
            assert "budi" not in (await page(face, path, 403)).replace("users/budi", "")
        assert (await send(face, "/users/budi/disable", {"csrf": csrf}))[0] == 403


async def test_one_changes_ones_own_password_by_the_old_one(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        user(face)
        await log_in(face)
        csrf = csrf_on(await page(face, "/account"))
        anew = {"password": PASSWORD * 2, "again": PASSWORD * 2, "csrf": csrf}
        status, _, body = await send(face, "/account", anew | {"old": "sandi yang salah"})
        assert (status, "That is not your password until now." in body) == (400, True)
        assert (await send(face, "/account", anew | {"old": PASSWORD}))[:2] == (303, "./account?changed=1")
        assert "Your password is changed." in await page(face, "/account?changed=1")
        assert (await log_in(face), await log_in(face, password=PASSWORD * 2)) == (403, 303)


async def test_the_old_password_cannot_be_guessed_in_a_browser_that_was_left_open(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        user(face)
        await log_in(face)
        form = {"csrf": csrf_on(await page(face, "/account")), "old": "wrong", "password": PASSWORD, "again": PASSWORD}
        for _ in range(5):
            await send(face, "/account", form)
        assert "Try again in" in (await send(face, "/account", form | {"old": PASSWORD}))[2]


async def test_a_token_has_no_account(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        headers = {hdrs.AUTHORIZATION: f"Bearer {face.token('operator', agent='ani')}"}
        user(face)
        async with face.client.get("/account", headers=headers) as answer:
            assert answer.status == 403


async def test_whoever_may_not_is_sent_to_the_log_in_also_where_reading_is_open(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        for path in ("/users", "/account"):
            async with face.client.get(path, headers=HTML, allow_redirects=False) as answer:
                assert (answer.status, answer.headers[hdrs.LOCATION]) == (303, f"./login?next={path}")


async def test_a_form_that_is_sent_when_the_session_is_over_leads_to_the_log_in(tmp_path: Path) -> None:
    for settings in ({}, CLOSED):
        (folder := tmp_path / str(len(settings))).mkdir()
        async with faces(folder, **settings) as face:
            for path in ("/account", "/users/ani/disable"):
                status, location, _ = await send(face, path, {"csrf": "0" * 64})
                assert (status, location.endswith("/login")) == (303, True)


async def test_the_forms_work_with_password_managers_and_readers_of_screens(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        form = await page(face, "/login")
        assert re.findall(r'autocomplete="([a-z-]+)"', form) == ["username", "current-password"]
        user(face)
        await log_in(face)
        for html in (form, await page(face, "/account")):
            inputs = re.findall(r'<input id="([^"]+)"', html)
            assert set(inputs) <= set(re.findall(r'<label for="([^"]+)"', html))
            assert inputs


async def test_a_session_that_was_ended_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        face.sign_in(Role.VIEWER)
        people, now_ms = face.parts.store.people, face.clock.wall_ms()
        people.change_user("viewer", act="user.password", by="ani", at_ms=now_ms, password=KEPT)
        for cookie in face.client.session.cookie_jar:
            if cookie.key == COOKIE:
                from collector.registry import hash_token

                people.used(hash_token(cookie.value), now_ms + MINUTE, now_ms + HOUR)
        await page(face, "/", 303)


async def test_who_signed_in_reads_on_when_the_store_can_write_no_more(tmp_path: Path) -> None:
    async with faces(tmp_path, **CLOSED) as face:
        face.sign_in(Role.VIEWER)
        with closing(sqlite3.connect(tmp_path / "faces.db")) as other:
            other.execute("CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        face.clock.advance(600)
        async with face.client.get("/") as answer:
            assert answer.status == 200


async def test_no_store_between_keeps_what_one_asker_was_told(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        for path in ("/", "/api/v1/sites", "/outages?format=csv", "/fleet?format=csv", "/metrics", "/nowhere"):
            async with face.client.get(path) as answer:
                assert "private" in answer.headers[hdrs.CACHE_CONTROL], path
