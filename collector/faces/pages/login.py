"""Log-in and log-out: `/login`, `/logout`, and `/login/oidc` where a provider is configured.

Who fails is told the same in the same time, whether the name is unknown, the password wrong or the user disabled.
"""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from math import ceil
from urllib.parse import unquote

from aiohttp import hdrs, web

from collector.acts import BadAct
from collector.faces.attempts import Attempts, origin_of
from collector.faces.guard import COOKIE, Refused, posted, same_origin
from collector.faces.oidc import FLOW_S, BadProvider, Oidc
from collector.faces.pages.shell import PageParts, done
from collector.faces.passwords import Busy, Passwords
from collector.people import User, login_name, opened
from collector.registry import hash_token

log = logging.getLogger(__name__)

MAX_FORM_BYTES = 16 << 10
BUSY_S = 2
BY_ADDRESS = 4
"""An address may fail so many times as often as a name: an office has one address, and many people."""
OIDC_COOKIE = "kentongan_oidc"


class Denied(Exception):  # noqa: N818  it reads as what it is: `raise Denied(...)`
    """Somebody is not let in. `reason` names a sentence of the catalogue; asking again helps after `wait_s`, if any."""

    def __init__(self, reason: str, wait_s: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.wait_s = reason, wait_s


class Porter:
    """Who compares names and passwords, and makes those wait who failed too often. One for a whole collector."""

    def __init__(self, parts: PageParts) -> None:
        self.parts, self.settings = parts, parts.config.people
        self.passwords = Passwords()
        self._names = Attempts(self.settings.login_failures, self.settings.login_wait_max_s)
        self._addresses = Attempts(self.settings.login_failures * BY_ADDRESS, self.settings.login_wait_max_s)

    async def let_in(self, request: web.Request, typed: str, password: str) -> User:
        """The user who is called so and has that password; Denied else."""
        people, now_s = self.parts.store.people, self.parts.clock.mono_ns() / 1e9
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))  # HAProxy adds a line of its own
        address = origin_of(request.remote or "", forwarded, self.settings.proxies)
        name = _name_or_none(typed)
        wait_s = max(self._names.wait_s(name, now_s), self._addresses.wait_s(address, now_s))
        if wait_s:
            raise Denied("people.wait", ceil(wait_s))
        self._names.begun(name, now_s)
        self._addresses.begun(address, now_s)
        user = await asyncio.to_thread(people.user, name)
        kept = await self._compared(password, user)
        if user is None or kept is None:
            log.warning("event=login_failed name=%s address=%s", name if user else "?", address)
            raise Denied("people.wrong")
        self._names.succeeded(name, forget=True)
        self._addresses.succeeded(address, forget=False)
        if kept != user.password:
            await asyncio.to_thread(people.rehash, name, kept)
        return user

    async def _compared(self, password: str, user: User | None) -> str | None:
        try:
            return await self.passwords.check(password, user.password if user and user.disabled_ms is None else "")
        except Busy:
            raise Denied("people.busy", BUSY_S) from None

    async def open(self, request: web.Request, user: User, path: str) -> web.HTTPSeeOther:
        """Signs `user` in with the browser that sent `request`, which goes on to `path`. What was open in it ends:
        nobody goes on in a session that somebody else began."""
        people, now_ms, secret = self.parts.store.people, self.parts.clock.wall_ms(), secrets.token_urlsafe(32)
        await asyncio.to_thread(people.end_session, hash_token(request.cookies.get(COOKIE, "")))
        session = opened(hash_token(secret), user.name, now_ms, self.settings)
        await asyncio.to_thread(people.open_session, session)
        onward = done(request, path)
        self.give(onward, COOKIE, secret, self.settings.longest_ms // 1000)
        log.info("event=signed_in name=%s", user.name)
        return onward

    def give(self, response: web.Response, name: str, secret: str, lasts_s: int) -> None:
        """A cookie that is a secret: no script reads it, and it travels by HTTPS alone where there is HTTPS."""
        secure = self.parts.config.url.startswith("https://")
        response.set_cookie(name, secret, max_age=lasts_s, httponly=True, samesite="Lax", secure=secure)


@dataclass(frozen=True, slots=True)
class LoginPages:
    """The handlers and what they need."""

    parts: PageParts
    porter: Porter
    oidc: Oidc | None

    def routes(self) -> list[web.RouteDef]:
        by_provider = [web.get("/login/oidc", self.ask_provider), web.get("/login/oidc/callback", self.from_provider)]
        return [
            web.get("/login", self.form),
            web.post("/login", self.sign_in),
            web.post("/logout", self.sign_out),
            *(by_provider if self.oidc else ()),
        ]

    async def form(self, request: web.Request) -> web.Response:
        return await self._form(request, onward=inside(request.query.get("next", "")))

    async def sign_in(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        if not same_origin(request, self.parts.config.url):
            raise Refused(403, "bad-origin", "this log-in was sent by a page of somebody else")
        typed, onward = form.get("name", ""), inside(form.get("next", ""))
        try:
            user = await self.porter.let_in(request, typed, form.get("password", ""))
        except Denied as denied:
            return await self._form(request, onward=onward, typed=typed, denied=denied)
        raise await self.porter.open(request, user, onward)

    async def sign_out(self, request: web.Request) -> web.Response:
        await asyncio.to_thread(self.parts.store.people.end_session, hash_token(request.cookies.get(COOKIE, "")))
        onward = done(request, "")
        onward.del_cookie(COOKIE)
        raise onward

    async def ask_provider(self, request: web.Request) -> web.Response:
        """On to the provider, which sends the browser back with a code."""
        if self.oidc is None:
            raise web.HTTPNotFound
        try:
            address, secret = await self.oidc.begin(inside(request.query.get("next", "")))
        except BadProvider as bad:
            return await self._form(request, denied=_denied_by(bad))
        onward = web.HTTPSeeOther(address)
        self.porter.give(onward, OIDC_COOKIE, secret, FLOW_S)
        raise onward

    async def from_provider(self, request: web.Request) -> web.Response:
        """Back from the provider, with a code or a refusal."""
        if self.oidc is None:
            raise web.HTTPNotFound
        try:
            user, onward = await self.oidc.end(request.query, request.cookies.get(OIDC_COOKIE, ""))
        except BadProvider as bad:
            return await self._form(request, denied=_denied_by(bad))
        leaving = await self.porter.open(request, user, onward)
        leaving.del_cookie(OIDC_COOKIE)
        raise leaving

    async def _form(
        self, request: web.Request, *, onward: str = "", typed: str = "", denied: Denied | None = None
    ) -> web.Response:
        parts = {
            "onward": f"/{onward}" if onward else "",
            "typed": typed,
            "denied": denied,
            "by_provider": self.oidc is not None,
        }
        response = await self.parts.shell.answer(request, "login", "login.html", lambda _reader: parts)
        if denied:
            response.set_status(429 if denied.wait_s else 403)
        if denied and denied.wait_s:
            response.headers[hdrs.RETRY_AFTER] = str(denied.wait_s)
        return response


def _denied_by(bad: BadProvider) -> Denied:
    log.warning("event=oidc_failed reason=%s detail=%s", bad.reason, bad)
    return Denied(f"people.oidc.{bad.reason}")


def _name_or_none(typed: str) -> str:
    """The name that is meant; "" for what can be nobody's, so that trying it takes the same time."""
    try:
        return login_name(typed)
    except BadAct:
        return ""


def inside(onward: str) -> str:
    """`onward` (`next=`) as a path from our top, without its first stroke; "" unless it surely leads to one of our own
    pages: browsers read `//host` and `/\\\\host` as another's."""
    path = onward[1:]
    if not onward.startswith("/") or path.startswith("/") or not (onward.isascii() and onward.isprintable()):
        return ""
    told = unquote(path)
    strange = "\\" in told or ".." in told.partition("?")[0].split("/") or any(letter in path for letter in " #<>\"'")
    return "" if strange else path


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form that a person filled in; Refused if it is none."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused(415, "unsupported-media-type", "send application/x-www-form-urlencoded")
    if request.content_length is None or request.content_length > MAX_FORM_BYTES:
        raise Refused(413, "too-large", f"a form is at most {MAX_FORM_BYTES} bytes")
    return {name: value for name, value in (await posted(request)).items() if isinstance(value, str)}
