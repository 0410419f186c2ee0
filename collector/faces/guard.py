"""Who asks, what they may, and how every refusal looks: middlewares for all of the collector's HTTP.

A request is somebody's by a session (a cookie that log-in sets), by a token (`Authorization: Bearer`, or the password
of HTTP Basic, any user name), or nobody's. Nobody may read at the machine itself where the collector listens on
loopback only, or where `public = true` is set, and may change nothing anywhere. Every handler asks `who_of(request)`
what of the province it may tell, and `needs(request, role)` before it changes something. Errors are RFC 9457 problems.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from collector.faces.tokens import FindToken, secret_of
from collector.live import SiteNow
from collector.people import ANYBODY, PeopleSettings, Role, User, Who, is_loopback, used_until
from collector.registry import hash_token
from collector.store import StoreError
from collector.store.people import People
from shared.clock import Clock
from shared.wire import Problem

if TYPE_CHECKING:
    from multidict import MultiDictProxy

UNGUARDED = frozenset({"/-/healthy", "/-/ready", "/login", "/api/v1/batches"})
"""Routes that tell nothing about anybody, that supervisors ask without a token, or that have their own check."""
UNGUARDED_UNDER = ("/static/", "/login/", "/open")
"""The same, for what begins so: files of the page, signing in by OIDC, open data."""
SAFE_METHODS = (hdrs.METH_GET, hdrs.METH_HEAD)

FORWARDED = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"})
"""What proxies add to requests that they hand on."""

COOKIE = "kentongan_session"
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
SEEN_EVERY_MS = 300_000
"""How exactly is known when a session was last used."""

CHALLENGES = ('Bearer realm="kentongan"', 'Basic realm="kentongan", charset="UTF-8"')

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with `no-referrer` a browser would send our own forms as of origin `null`
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    hdrs.CACHE_CONTROL: "private, no-cache",  # unless the answer says otherwise: most depend on who asks
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

ROLE_OF = {"read": Role.VIEWER, "operator": Role.OPERATOR}
"""What the kinds of tokens may, beside those of agents."""

WHO: web.RequestKey[Who] = web.RequestKey("who", Who)


class Refused(Exception):  # noqa: N818  it reads as what it is: `raise Refused(400, ...)`
    """A request that is answered with a problem. Asking again helps only with another request."""

    def __init__(self, status: int, kind: str, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.problem = Problem(type=kind, title=HTTPStatus(status).phrase, status=status, detail=detail)


def problem_response(problem: Problem) -> web.Response:
    response = web.Response(
        body=msgspec.json.encode(problem), status=problem.status, content_type="application/problem+json"
    )
    if problem.status == HTTPStatus.UNAUTHORIZED:
        for challenge in CHALLENGES:
            response.headers.add(hdrs.WWW_AUTHENTICATE, challenge)
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What it takes to know whose a request is."""

    find: FindToken
    people: People
    clock: Clock
    settings: PeopleSettings
    open_to_read: bool
    public: bool = False

    async def who(self, request: web.Request) -> Who | None:
        """Whose `request` is; None: nobody's, and nobody may ask. Refused if it says who it is and is not believed."""
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        if given:
            return await self._of_token(given)
        secret = request.cookies.get(COOKIE, "")
        found = await asyncio.to_thread(self._of_session, secret) if secret else None
        return found or (ANYBODY if self.open_to_read and (self.public or is_local(request)) else None)

    async def _of_token(self, given: str) -> Who:
        """Basic reads alone: a browser adds a password that it remembers to requests which other pages make."""
        secret = secret_of(given)
        token = await self.find(secret) if secret else None
        if token is None or token.revoked_at_ms is not None:
            raise Refused(401, "unauthorized", "this token is unknown or revoked: kentongan-collector tokens create")
        if token.kind not in ROLE_OF:
            raise Refused(403, "forbidden", "this token may push results, not read")
        role = ROLE_OF[token.kind] if given[:7].lower() == "bearer " else Role.VIEWER
        return Who(name=token.agent or f"token {token.id}", role=role, regency=token.regency)

    def _of_session(self, secret: str) -> Who | None:
        now_ms = self.clock.wall_ms()
        found = self.people.signed_in(hash_token(secret), now_ms)
        if found is None:
            return None
        session, user = found
        if now_ms - session.seen_ms > SEEN_EVERY_MS:
            with suppress(StoreError):  # a disk that is full is seen on the pages: it must not close them
                self.people.used(session.hash, now_ms, used_until(session, now_ms, self.settings))
        return who_is(user, secret)


def is_local(request: web.Request) -> bool:
    """Whether whoever asks sits at this machine, if it listens there alone: a proxy says that it hands on for others,
    or under which name they found it. A page that lets its own name point here asks under that name, too."""
    host = urlsplit(f"//{request.host}").hostname or ""
    return FORWARDED.isdisjoint(map(str.lower, request.headers)) and is_loopback(host)


def who_is(user: User, secret: str) -> Who:
    """`user` in the browser whose session has that secret."""
    return Who(name=user.name, role=user.role, regency=user.regency, csrf=csrf_of(secret))


def csrf_of(secret: str) -> str:
    """What forms of the session bring along; whoever knows it knows no session."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def admission(doors: Doors) -> Middleware:
    """Lets a request through if somebody, or anybody, may ask; from there on `who_of` says whose it is.

    A browser without a session is sent to the log-in. A change that comes with a session must bring its CSRF token, in
    the header or as a field of the form: another page's request brings the cookie, but cannot know the token.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = route_of(request)
        if route in UNGUARDED or route.startswith(UNGUARDED_UNDER):
            return await handler(request)
        who = await doors.who(request)
        if who is None:
            raise to_login(request) or Refused(
                401, "unauthorized", "reading needs a read token: kentongan-collector tokens create --read"
            )
        if request.method not in SAFE_METHODS and who.csrf:
            await check_csrf(request, who.csrf)
        request[WHO] = who
        return await handler(request)

    return check


def route_of(request: web.Request) -> str:
    """The route that answers `request`, as it was added; "" if none does. Its path may be written in many ways, and
    what one part takes for public another must not take for something else."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def to_login(request: web.Request) -> web.HTTPSeeOther | None:
    """Where a browser goes instead that asks for a page, or sends a form when its session is over; None for whoever
    cannot log in by a form."""
    if "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
        return None
    onward = f"?next={quote(request.path_qs, safe='')}" if request.method in SAFE_METHODS else ""
    return web.HTTPSeeOther(f"{up(request)}login{onward}")


async def check_csrf(request: web.Request, csrf: str) -> None:
    """Refused unless `request` brings `csrf`."""
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        given = str((await posted(request)).get(CSRF_FIELD, ""))
    if not hmac.compare_digest(given.encode(), csrf.encode()):
        raise Refused(403, "bad-csrf", "the form is out of date: load the page again and send it once more")


async def posted(request: web.Request) -> "MultiDictProxy[str | bytes | bytearray | web.FileField]":
    """The fields of a form; Refused if nobody can read it, whoever made it."""
    try:
        return await request.post()
    except (ValueError, LookupError, RuntimeError, HttpProcessingError) as error:
        raise Refused(400, "bad-form", f"this is no form: {type(error).__name__}") from None


def same_origin(request: web.Request, url: str) -> bool:
    """Whether a browser says that the request comes from a page of ours, which people find at `url`, or nobody says
    anything: then it is no browser, or one so old that it cannot be helped."""
    origin, site = request.headers.get(hdrs.ORIGIN, ""), request.headers.get("Sec-Fetch-Site", "")
    if site:
        return site in ("same-origin", "none")
    return not origin or urlsplit(origin).netloc in (request.host, urlsplit(url).netloc)


def up(request: web.Request) -> str:
    """From the address of `request` to the top, as a relative link: a proxy may have put us below a path."""
    depth = request.rel_url.raw_path.count("/") - 1
    return "../" * depth or "./"


def who_of(request: web.Request) -> Who:
    """Whose request it is; on paths that are not guarded, anybody's."""
    return request[WHO] if WHO in request else ANYBODY  # noqa: SIM401  its `get` answers Any


def needs(request: web.Request, role: Role) -> Who:
    """Whose request it is, if they may do what takes `role`; else Refused, or on to the log-in."""
    who = who_of(request)
    if not who.signed_in:
        raise to_login(request) or Refused(
            401,
            "unauthorized",
            "this needs a log-in, or an operator token: kentongan-collector tokens create --operator",
        )
    if not who.may(role):
        raise Refused(403, "forbidden", f"this needs the role {role}")
    return who


def of_all(who: Who) -> Who:
    """`who`, if the whole province is their business; else Refused."""
    if who.regency:
        raise Refused(403, "forbidden", f"this is of the whole province; you see {who.regency} alone")
    return who


def seen_by(who: Who, sites: Iterable[SiteNow]) -> list[SiteNow]:
    """Those of `sites` that are the business of `who`."""
    return [now for now in sites if who.sees(now.site)]


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns Refused and aiohttp's own errors into problems, and adds the security headers to every answer."""
    try:
        response = await handler(request)
    except Refused as refused:
        response = problem_response(refused.problem)
    except StoreError as error:
        response = problem_response(Refused(503, "store-unavailable", str(error)).problem)
        response.headers[hdrs.RETRY_AFTER] = "10"
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        response = problem_response(Refused(error.status, _name_of(error.status), error.text or "").problem)
        if hdrs.ALLOW in error.headers:
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _name_of(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "-")
