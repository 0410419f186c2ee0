"""Who may read, who may write, and how every refusal looks: middlewares for all of the collector's HTTP.

Reading needs a read token unless the collector listens on loopback only or `public = true` is set. A browser may give
the token as the password of HTTP Basic (any user name), everybody else as `Authorization: Bearer`. Errors are RFC 9457
problems.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from collector.registry import Token, hash_token
from collector.store import StoreError
from shared.clock import Clock
from shared.wire import Problem

UNGUARDED = frozenset({"/-/healthy", "/-/ready"})
"""Paths that tell nothing about anybody and that supervisors ask without a token."""

CHALLENGES = ('Bearer realm="kentongan"', 'Basic realm="kentongan", charset="UTF-8"')

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

MAY_READ = ("read", "operator")
"""Kinds of tokens."""

FindToken = Callable[[str], Awaitable[Token | None]]

LOOK_AGAIN_NS = 1_000_000_000


class Tokens:
    """The tokens by their hash. Another process makes and revokes them, so they are read again and again."""

    def __init__(self, read: Callable[[], list[Token]], clock: Clock) -> None:
        self._read, self._clock = read, clock
        self._by_hash: dict[bytes, Token] = {}
        self._read_at_ns = -LOOK_AGAIN_NS

    def refresh(self) -> None:
        """Read them from the store (blocks); the app does it every few seconds, so that a revoked token ends soon."""
        self._by_hash = {token.hash: token for token in self._read()}

    async def find(self, secret: str) -> Token | None:
        """The token with this secret, also a revoked one.

        An unknown one may be new: the store is asked, at most once a second.
        """
        hashed = hash_token(secret)
        if hashed not in self._by_hash and self._clock.mono_ns() - self._read_at_ns >= LOOK_AGAIN_NS:
            self._read_at_ns = self._clock.mono_ns()
            await asyncio.to_thread(self.refresh)
        return self._by_hash.get(hashed)


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


def secret_of(authorization: str) -> str:
    """The token in an Authorization header: Bearer, or the password of Basic; "" when there is none."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def reading(find: FindToken, *, open_to_read: bool) -> Middleware:
    """Lets GET through only for those who may read; pushes have their own check."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if open_to_read or request.method not in (hdrs.METH_GET, hdrs.METH_HEAD) or request.path in UNGUARDED:
            return await handler(request)
        secret = secret_of(request.headers.get(hdrs.AUTHORIZATION, ""))
        token = await find(secret) if secret else None
        if token is None or token.revoked_at_ms is not None:
            raise Refused(401, "unauthorized", "reading needs a read token: kentongan-collector tokens create --read")
        if token.kind not in MAY_READ:
            raise Refused(403, "forbidden", "this token may push results, not read")
        return await handler(request)

    return check


async def operator_of(request: web.Request, find: FindToken) -> Token:
    """The operator's token that came with a request that writes; everybody else is Refused, also on loopback.

    As Bearer alone: a browser adds a password that it remembers to requests which other pages make.
    """
    scheme, _, secret = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    token = await find(secret.strip()) if scheme.lower() == "bearer" and secret.strip() else None
    if token is None or token.revoked_at_ms is not None:
        raise Refused(401, "unauthorized", "this needs an operator token: kentongan-collector tokens create --operator")
    if token.kind != "operator":
        raise Refused(403, "forbidden", "this needs the token of an operator")
    return token


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
