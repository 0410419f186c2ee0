"""A small OpenID Connect provider for tests: real HTTP, real keys, and a word about what it should do wrong."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from tests.fakes import FakeClock

CLIENT, SECRET = "kentongan", "rahasia: klien/1"


class Provider:
    """`claims` go into every id_token over what is right; `alg` and `keys` are how it signs."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.claims, self.alg = clock, dict[str, Any](), "RS256"
        self.keys: dict[str, Key]
        self.keys = {
            "RS256": RSAKey.generate_key(2048, {"kid": "rsa-1"}),
            "ES256": ECKey.generate_key("P-256", {"kid": "ec-1"}),
        }
        self.published = list(self.keys.values())
        self.by_post = False
        self.asked_for_keys = 0
        self._codes: dict[str, dict[str, str]] = {}
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self.discovery),
                web.get("/keys", self.jwks),
                web.get("/authorize", self.authorize),
                web.post("/token", self.token),
            ]
        )
        self.server = TestServer(app)

    @property
    def issuer(self) -> str:
        return str(self.server.make_url("/")).rstrip("/")

    async def discovery(self, _request: web.Request) -> web.Response:
        method = "client_secret_post" if self.by_post else "client_secret_basic"
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": [method],
                "response_types_supported": ["code"],
            }
        )

    async def jwks(self, _request: web.Request) -> web.Response:
        self.asked_for_keys += 1
        return web.json_response(KeySet(self.published).as_dict(private=False))

    async def authorize(self, request: web.Request) -> web.Response:
        """Everybody is signed in at once."""
        asked = dict(request.query)
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        raise web.HTTPSeeOther(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = self._codes.pop(form["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if not self._knows(request, form) or challenge.decode() != asked["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now_s = self.clock.wall_ms() // 1000
        right = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "1",
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": asked["nonce"],
        }
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": self.signed(claims)})

    def _knows(self, request: web.Request, form: dict[str, str]) -> bool:
        if self.by_post:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        quoted = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        return quoted == "kentongan:rahasia%3A%20klien%2F1"

    def signed(self, claims: dict[str, Any]) -> str:
        if self.alg == "none":
            parts = ({"alg": "none", "typ": "JWT"}, claims)
            return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."
        key = self.keys[self.alg]
        return jwt.encode({"alg": self.alg, "kid": str(key.kid)}, claims, key, algorithms=[self.alg])


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@asynccontextmanager
async def provider(clock: FakeClock) -> AsyncIterator[Provider]:
    made = Provider(clock)
    async with made.server:
        yield made
