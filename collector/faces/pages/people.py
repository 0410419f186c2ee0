"""Who may sign in: `/users` for administrators, `/account` for everybody who did. login.py lets them in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from collector.acts import BadAct
from collector.faces.guard import Refused, needs
from collector.faces.oidc import Oidc, check_oidc
from collector.faces.pages.login import Denied, LoginPages, Porter, form_of
from collector.faces.pages.shell import PageParts, Reader, done
from collector.faces.passwords import Busy
from collector.people import MAX_PASSWORD, MIN_PASSWORD, Role, User, Who, check_password, check_user, login_name

FIELD_OF = {
    "bad_name": "name",
    "known_user": "name",
    "bad_title": "title",
    "administrator_of_all": "regency",
    "unknown_regency": "regency",
    "unknown_regency_of": "regency",
    "last_administrator": "role",
    "bad_password": "password",
    "unlike": "again",
    "wrong_old": "old",
    "wait": "old",
    "busy": "password",
}
"""Beside which field of a form a mistake is told."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a form that somebody filled in, and what they typed; passwords are not given back."""

    typed: Mapping[str, str]
    bad: BadAct

    def parts(self, reader: Reader) -> dict[str, Any]:
        said = reader.view.texts.say(f"people.{self.bad.reason}", **self.bad.values)
        return {"typed": self.typed, "mistake": {"field": FIELD_OF.get(self.bad.reason, ""), "said": said}}


class PeoplePages:
    """The handlers and what they need."""

    def __init__(self, parts: PageParts) -> None:
        config, store = parts.config, parts.store
        self.parts, self.people, self.porter = parts, store.people, Porter(parts)
        oidc = config.people.oidc
        check_oidc(oidc)
        self.oidc = Oidc(settings=oidc, url=config.url, people=store.people, clock=parts.clock) if oidc else None

    def routes(self) -> list[web.RouteDef]:
        return [
            *LoginPages(self.parts, self.porter, self.oidc).routes(),
            web.get("/users", self.users),
            web.post("/users", self.add),
            web.get("/users/{user}", self.user),
            web.post("/users/{user}", self.change),
            web.post("/users/{user}/password", self.set_password),
            web.post("/users/{user}/disable", self.disable),
            web.post("/users/{user}/enable", self.enable),
            web.get("/account", self.account),
            web.post("/account", self.change_own),
        ]

    async def users(self, request: web.Request, mistake: Mistake | None = None) -> web.Response:
        def tell(reader: Reader) -> Mapping[str, Any]:
            needs(request, Role.ADMINISTRATOR)
            rows = [_row(user, reader) for user in self.people.users()]
            typed = {"name": "", "title": "", "role": Role.VIEWER.value, "regency": ""}
            return self._choices("", reader) | {"rows": rows, "typed": typed, "mistake": None} | _of(mistake, reader)

        return await self._page(request, "users", "users.html", tell, mistake)

    async def user(self, request: web.Request, mistake: Mistake | None = None) -> web.Response:
        def tell(reader: Reader) -> Mapping[str, Any]:
            needs(request, Role.ADMINISTRATOR)
            user = self._known(request, reader)
            typed = {"title": user.title, "role": user.role.value, "regency": user.regency}
            parts = {"user": user, "row": _row(user, reader), "typed": typed, "mistake": None}
            return self._choices(user.regency, reader) | parts | _of(mistake, reader)

        return await self._page(request, "users", "user.html", tell, mistake)

    async def account(self, request: web.Request, mistake: Mistake | None = None) -> web.Response:
        def tell(reader: Reader) -> Mapping[str, Any]:
            user = self._own(request)
            parts = {"user": user, "row": _row(user, reader), "typed": {}, "mistake": None}
            return RULES | parts | {"changed": "changed" in reader.query} | _of(mistake, reader)

        return await self._page(request, "account", "account.html", tell, mistake)

    async def add(self, request: web.Request) -> web.Response:
        who, form = needs(request, Role.ADMINISTRATOR), await form_of(request)

        async def enter() -> str:
            user = User(name=login_name(form.get("name", "")), **_as_typed(form), created_ms=self.parts.clock.wall_ms())
            await asyncio.to_thread(lambda: check_user(user, self.parts.store.sites()))
            password = "" if self.oidc and not form.get("password") else await self._new_password(form)
            made = User(**{name: getattr(user, name) for name in User.__slots__} | {"password": password})
            await asyncio.to_thread(lambda: self.people.add_user(made, by=who.name, at_ms=user.created_ms))
            return f"users#{user.name}"

        return await self._enter(request, form, enter, self.users)

    async def change(self, request: web.Request) -> web.Response:
        who, form = needs(request, Role.ADMINISTRATOR), await form_of(request)

        async def enter() -> str:
            name, changed = request.match_info["user"], _as_typed(form)
            await asyncio.to_thread(lambda: check_user(User(name=name, **changed), self.parts.store.sites()))
            return await self._changed(who, name, "user.change", **changed)

        return await self._enter(request, form, enter, self.user)

    async def set_password(self, request: web.Request) -> web.Response:
        who, form = needs(request, Role.ADMINISTRATOR), await form_of(request)

        async def enter() -> str:
            password = await self._new_password(form)
            return await self._changed(who, request.match_info["user"], "user.password", password=password)

        return await self._enter(request, {}, enter, self.user)

    async def disable(self, request: web.Request) -> web.Response:
        who, now_ms = needs(request, Role.ADMINISTRATOR), self.parts.clock.wall_ms()
        name = request.match_info["user"]
        return await self._enter(
            request, {}, lambda: self._changed(who, name, "user.disable", disabled_ms=now_ms), self.user
        )

    async def enable(self, request: web.Request) -> web.Response:
        who, name = needs(request, Role.ADMINISTRATOR), request.match_info["user"]
        return await self._enter(
            request, {}, lambda: self._changed(who, name, "user.enable", disabled_ms=None), self.user
        )

    async def change_own(self, request: web.Request) -> web.Response:
        """A new password of one's own, by the old one: who finds a browser open cannot keep the account."""
        user, form = await asyncio.to_thread(self._own, request), await form_of(request)

        async def enter() -> str:
            try:
                await self.porter.let_in(request, user.name, form.get("old", ""))
            except Denied as denied:
                reason = denied.reason.removeprefix("people.")
                raise BadAct("wrong_old" if reason == "wrong" else reason, wait=denied.wait_s) from None
            password = await self._new_password(form)
            await self._changed(needs(request, Role.VIEWER), user.name, "user.password", password=password)
            raise await self.porter.open(request, user, "account?changed=1")

        return await self._enter(request, {}, enter, self.account)

    async def _enter(
        self,
        request: web.Request,
        form: Mapping[str, str],
        enter: Callable[[], Awaitable[str]],
        again: Callable[[web.Request, Mistake | None], Awaitable[web.Response]],
    ) -> web.Response:
        """Does what `enter` does and goes on to where it says; or shows the form `again`, with what is wrong."""
        try:
            path = await enter()
        except BadAct as bad:
            typed = {name: form.get(name, "") for name in ("name", "title", "role", "regency")} if form else {}
            return await again(request, Mistake(typed, bad))
        raise done(request, path)

    async def _changed(self, who: Who, name: str, act: str, **changed: object) -> str:
        now_ms = self.parts.clock.wall_ms()
        await asyncio.to_thread(lambda: self.people.change_user(name, act=act, by=who.name, at_ms=now_ms, **changed))
        return f"users#{name}"

    async def _new_password(self, form: Mapping[str, str]) -> str:
        """What is kept of the new password; BadAct if it cannot be one."""
        password = form.get("password", "")
        check_password(password)
        if password != form.get("again", ""):
            raise BadAct("unlike")
        try:
            return await self.porter.passwords.hashed(password)
        except Busy:
            raise BadAct("busy") from None

    async def _page(
        self,
        request: web.Request,
        name: str,
        template: str,
        tell: Callable[[Reader], Mapping[str, Any]],
        mistake: Mistake | None,
    ) -> web.Response:
        response = await self.parts.shell.answer(request, name, template, tell)
        if mistake and response.status == 200:
            response.set_status(400)
        return response

    def _known(self, request: web.Request, reader: Reader) -> User:
        name = request.match_info["user"]
        user = self.people.user(name)
        if user is None:
            raise Refused(404, "unknown-user", reader.view.texts.say("people.unknown_user", name=name))
        return user

    def _own(self, request: web.Request) -> User:
        """The user who asks (blocks); Refused if it is nobody, or a token."""
        who = needs(request, Role.VIEWER)
        user = self.people.user(who.name) if who.csrf else None
        if user is None:
            raise Refused(403, "forbidden", "a token has no account: this is for people who signed in")
        return user

    def _choices(self, regency: str, reader: Reader) -> dict[str, Any]:
        """What roles and regencies a user may have; `regency` even if no site is in it any more."""
        say = reader.view.texts.say
        known = {site.regency for site in self.parts.store.sites()} | {regency}
        return RULES | {
            "roles": [(role.value, say(f"people.role.{role}")) for role in Role],
            "regencies": [("", say("people.province")), *((name, name) for name in sorted(known - {""}))],
            "oidc": self.oidc is not None,
        }


RULES: dict[str, Any] = {"least": MIN_PASSWORD, "most": MAX_PASSWORD}


def _as_typed(form: Mapping[str, str]) -> dict[str, Any]:
    """Title, role and regency as a form has them."""
    role = form.get("role", "")
    if role not in [*Role]:
        raise BadAct("unknown_role", role=role[:80])
    return {"title": form.get("title", "").strip(), "role": Role(role), "regency": form.get("regency", "")}


def _row(user: User, reader: Reader) -> dict[str, Any]:
    """A user as people read of them."""
    say = reader.view.texts.say
    return {
        "user": user,
        "href": reader.href(f"users/{user.name}"),
        "role": say(f"people.role.{user.role}"),
        "regency": user.regency or say("people.province"),
        "since": reader.view.at(user.created_ms),
        "state": say("people.disabled" if user.disabled_ms else "people.enabled"),
        "by": say("people.by_password" if user.password else "people.by_oidc"),
    }


def _of(mistake: Mistake | None, reader: Reader) -> dict[str, Any]:
    if mistake is None:
        return {}
    told = mistake.parts(reader)
    return told if told["typed"] else {"mistake": told["mistake"]}
