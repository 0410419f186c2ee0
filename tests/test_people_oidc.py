"""Signing in by an OpenID Connect provider, a real one over loopback, and by one that cannot be trusted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import hdrs
from joserfc.jwk import OctKey, RSAKey

from collector.faces.guard import COOKIE
from collector.faces.pages.login import OIDC_COOKIE
from collector.people import Role, User
from tests.faces import Faces, faces
from tests.fakes import FakeClock
from tests.oidc_provider import CLIENT, SECRET, Provider, provider, query_of

HTML = {hdrs.ACCEPT: "text/html", hdrs.ACCEPT_LANGUAGE: "en"}
UNTRUSTED = "could not be trusted"
STALE = "took too long or was used already"


@asynccontextmanager
async def both(folder: Path, **oidc: object) -> AsyncIterator[tuple[Faces, Provider]]:
    """A collector that is closed to strangers, with its provider; `ani` may sign in."""
    clock, secret = FakeClock(), folder / "oidc.secret"
    secret.write_text(SECRET + "\n")
    async with provider(clock) as idp:
        idp.claims = {"preferred_username": "Ani", "email": "ani@example.go.id"}
        settings = {"issuer": idp.issuer, "client_id": CLIENT, "client_secret_file": secret} | oidc
        async with faces(folder, clock, listen=":8817", people={"oidc": settings}) as face:
            face.parts.store.people.add_user(User(name="ani", role=Role.OPERATOR), by="test", at_ms=1)
            yield face, idp


async def asked(face: Faces, onward: str = "/fleet") -> str:
    """Where the provider sends the browser back to, as a path of the collector."""
    async with face.client.get("/login/oidc", params={"next": onward}, headers=HTML, allow_redirects=False) as begun:
        assert begun.status == 303, await begun.text()
        leading = begun.headers[hdrs.LOCATION]
    async with aiohttp.ClientSession() as browser, browser.get(leading, allow_redirects=False) as back:
        parts = urlsplit(back.headers[hdrs.LOCATION])
    return f"{parts.path}?{parts.query}"


async def returned(face: Faces, path: str) -> tuple[int, str, str]:
    """(status, where it leads, body) of the way back."""
    async with face.client.get(path, headers=HTML, allow_redirects=False) as answer:
        return answer.status, answer.headers.get(hdrs.LOCATION, ""), await answer.text()


def cookies(face: Faces) -> set[str]:
    return {cookie.key for cookie in face.client.session.cookie_jar if cookie.value}


@pytest.mark.parametrize(("alg", "by_post"), [("RS256", False), ("ES256", True)])
async def test_who_is_known_to_the_provider_and_to_us_is_signed_in(tmp_path: Path, alg: str, by_post: bool) -> None:
    async with both(tmp_path) as (face, idp):
        idp.alg, idp.by_post = alg, by_post
        assert (await returned(face, await asked(face)))[:2] == (303, "../../fleet")
        assert cookies(face) == {COOKIE}
        async with face.client.get("/api/v1/sites") as answer:
            assert answer.status == 200


async def test_the_log_in_page_offers_it_as_a_link_without_script(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        body = (await returned(face, "/login?next=/fleet"))[2]
        assert 'href="./login/oidc?next=%2Ffleet"' in body


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ["another"]},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"iss": None},
        {"exp": 1_789_999_000},
        {"exp": None},
        {"iat": None},
        {"iat": 1_790_009_000},
        {"nbf": 1_790_009_000},
        {"sub": None},
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_for_this_attempt_opens_nothing(tmp_path: Path, claims: dict[str, Any]) -> None:
    async with both(tmp_path) as (face, idp):
        idp.claims |= claims
        status, _, body = await returned(face, await asked(face))
        assert (status, UNTRUSTED in body, COOKIE in cookies(face)) == (403, True, False)


async def test_an_id_token_for_several_of_whom_we_are_one_is_good(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, idp):
        idp.claims |= {"aud": ["another", CLIENT], "azp": CLIENT}
        assert (await returned(face, await asked(face)))[0] == 303


async def test_an_id_token_that_nobody_signed_opens_nothing(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, idp):
        idp.alg = "none"
        assert UNTRUSTED in (await returned(face, await asked(face)))[2]


async def test_a_key_of_somebody_else_opens_nothing(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, idp):
        idp.keys["RS256"] = RSAKey.generate_key(2048, {"kid": "rsa-1"})  # by the name of the right one
        assert UNTRUSTED in (await returned(face, await asked(face)))[2]


async def test_a_public_key_is_no_password_to_sign_with(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, idp):
        public = OctKey.import_key("a shared secret of the provider", {"kid": "rsa-1"})
        idp.alg, idp.keys = "HS256", {"HS256": public}
        assert UNTRUSTED in (await returned(face, await asked(face)))[2]


async def test_a_new_key_of_the_provider_is_asked_for_but_not_again_and_again(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, idp):
        assert (await returned(face, await asked(face)))[0] == 303
        idp.keys["RS256"] = RSAKey.generate_key(2048, {"kid": "rsa-2"})
        idp.published = [idp.keys["RS256"]]
        assert UNTRUSTED in (await returned(face, await asked(face)))[2]  # it was asked only just before
        face.clock.advance(31)
        assert (await returned(face, await asked(face)))[0] == 303
        assert idp.asked_for_keys == 2


async def test_a_way_back_is_gone_once(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        path = await asked(face)
        [kept] = [cookie.value for cookie in face.client.session.cookie_jar if cookie.key == OIDC_COOKIE]
        assert (await returned(face, path))[0] == 303
        face.client.session.cookie_jar.update_cookies({OIDC_COOKIE: kept}, face.client.make_url("/"))
        status, _, body = await returned(face, path)
        assert (status, STALE in body) == (403, True)


async def test_a_way_back_is_that_of_the_browser_that_began(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        path = await asked(face)
        face.client.session.cookie_jar.clear()
        assert STALE in (await returned(face, path))[2]
        assert cookies(face) == set()


async def test_a_way_back_that_took_too_long_is_closed(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        path = await asked(face)
        face.clock.advance(601)
        assert STALE in (await returned(face, path))[2]


async def test_a_state_that_was_made_up_opens_nothing(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        await asked(face)
        assert STALE in (await returned(face, "/login/oidc/callback?code=code-0&state=made-up"))[2]


async def test_a_refusal_of_the_provider_is_told(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        state = query_of(await asked(face))["state"]
        body = (await returned(face, f"/login/oidc/callback?error=access_denied&state={state}"))[2]
        assert "did not let you in" in body


async def test_an_answer_that_names_another_issuer_is_not_believed(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        path = f"{await asked(face)}&iss=https%3A%2F%2Fanother.example"
        assert UNTRUSTED in (await returned(face, path))[2]


@pytest.mark.parametrize(
    "claims", [{"preferred_username": "budi"}, {"preferred_username": None}, {"preferred_username": "a/b"}]
)
async def test_who_is_not_known_here_is_not_let_in(tmp_path: Path, claims: dict[str, Any]) -> None:
    async with both(tmp_path) as (face, idp):
        idp.claims |= claims
        status, _, body = await returned(face, await asked(face))
        assert (status, "may not log in here" in body) == (403, True)
        assert [user.name for user in face.parts.store.people.users()] == ["ani"]


async def test_who_is_disabled_here_is_not_let_in(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, _):
        face.parts.store.people.change_user("ani", act="user.disable", by="t", at_ms=1, disabled_ms=1)
        assert "may not log in here" in (await returned(face, await asked(face)))[2]


async def test_a_viewer_is_made_of_who_is_known_there_if_that_is_wanted(tmp_path: Path) -> None:
    async with both(tmp_path, create="viewer") as (face, idp):
        idp.claims |= {"preferred_username": "budi", "name": "Budi S."}
        assert (await returned(face, await asked(face)))[0] == 303
        made = face.parts.store.people.user("budi")
        assert made
        assert (made.role, made.title, made.password) == (Role.VIEWER, "Budi S.", "")
        assert [entry.by for entry in face.parts.store.acts.audit_log()] == ["test", "oidc"]


@pytest.mark.parametrize(("verified", "status"), [(True, 303), (False, 403), (None, 403)])
async def test_an_e_mail_address_is_a_name_only_if_the_provider_verified_it(
    tmp_path: Path, verified: bool | None, status: int
) -> None:
    async with both(tmp_path, claim="email") as (face, idp):
        face.parts.store.people.add_user(User(name="ani@example.go.id"), by="test", at_ms=1)
        idp.claims |= {"email_verified": verified}
        assert (await returned(face, await asked(face)))[0] == status


async def test_a_provider_that_is_away_is_told_and_the_password_is_still_there(tmp_path: Path) -> None:
    async with both(tmp_path) as (face, idp):
        await idp.server.close()
        status, _, body = await returned(face, "/login/oidc")
        assert (status, "cannot be reached now" in body, 'name="password"' in body) == (403, True, True)


async def test_a_provider_that_says_it_is_another_is_not_believed(tmp_path: Path) -> None:
    async with provider(FakeClock()) as other, both(tmp_path, issuer=f"{other.issuer}/") as (face, _):
        assert "cannot be reached now" in (await returned(face, "/login/oidc"))[2]


async def test_without_a_provider_there_is_no_such_door(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        for path in ("/login/oidc", "/login/oidc/callback"):
            assert (await returned(face, path))[0] == 404
