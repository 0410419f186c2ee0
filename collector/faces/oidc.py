"""Signing in by an OpenID Connect provider: authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

    BadProvider    somebody cannot be signed in; trying again from the log-in may help, `reason` says why it failed

1. `begin`: state, nonce and code verifier are made and kept here for ten minutes; the browser gets a secret that binds
   it to them, and is sent to the provider.
2. The provider sends it back with a code and the state. `end` takes what was kept under that state, once, if the
   browser brings the secret.
3. The code and the verifier are exchanged for an id_token, from us to the provider.
4. The id_token must be signed by a key of the provider, made by it (`iss`), for us (`aud`), now (`exp`, `iat`), and for
   this attempt (`nonce`). Its claim, as configured, is the name of a user here.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import aiohttp
import msgspec

from collector.acts import BadAct
from collector.people import OidcSettings, Role, User, login_name, safe_address
from collector.store.people import People
from shared.clock import Clock
from shared.settings import BadSettings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""How an id_token may be signed: with a key that the provider alone has."""
FLOW_S = 600
FLOW_SECRETS = ("state", "nonce", "verifier", "browser")
MOST_FLOWS = 10_000
KNOWN_FOR_S = 3_600.0
"""The provider's addresses and keys are asked for again after that, its keys also if one is not known."""
ASK_AGAIN_S = 30.0
"""But not more often than that: anybody can make up the number of a key."""
LEEWAY_S = 60
TIMEOUT_S = 10.0
MAX_ANSWER = 1 << 20


class BadProvider(Exception):  # noqa: N818  it reads as what it is: `raise BadProvider(...)`
    """`reason` names a sentence of the catalogue under `people.oidc.`; `detail` is for the log."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def check_oidc(settings: OidcSettings | None) -> None:
    """BadSettings if nobody could sign in so, whatever the provider says."""
    if settings is None:
        return
    lines = []
    if find_spec("joserfc") is None:
        lines.append('people.oidc needs a library that is not installed: pip install "kentongan[oidc]"')
    if not settings.client_secret_file.is_file():
        lines.append(f"people.oidc.client_secret_file: there is no file {settings.client_secret_file}")
    if lines:
        raise BadSettings(lines)


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of itself at /.well-known/openid-configuration."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One browser on its way to the provider and back."""

    state: str
    nonce: str
    verifier: str
    browser: str
    onward: str
    begun_s: float

    @property
    def challenge(self) -> str:
        """What the provider gets of the verifier."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(slots=True)
class Known:
    """What was fetched, and when."""

    at_s: float
    what: Any


@dataclass(slots=True, kw_only=True)
class Oidc:
    """One provider. `url`: where people find this collector."""

    settings: OidcSettings
    url: str
    people: People
    clock: Clock
    _flows: OrderedDict[str, Flow] = field(default_factory=OrderedDict)
    _known: dict[str, Known] = field(default_factory=dict)

    @property
    def redirect_uri(self) -> str:
        return f"{self.url}/login/oidc/callback"

    async def begin(self, onward: str) -> tuple[str, str]:
        """(where the browser goes, the secret it keeps meanwhile)."""
        found = await self._discovery()
        flow = Flow(**{name: secrets.token_urlsafe(32) for name in FLOW_SECRETS}, onward=onward, begun_s=self._now_s())
        self._flows[flow.state] = flow
        if len(self._flows) > MOST_FLOWS:
            self._flows.popitem(last=False)
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in found.authorization_endpoint else "?"
        return f"{found.authorization_endpoint}{joint}{urlencode(asked)}", flow.browser

    async def end(self, answer: Mapping[str, str], browser: str) -> tuple[User, str]:
        """(who signed in, where they go on) by what the provider sent back with the browser."""
        flow = self._flows.pop(answer.get("state", ""), None)
        if flow is None or self._now_s() - flow.begun_s > FLOW_S:
            raise BadProvider("stale", "unknown, used or old state")
        if not hmac.compare_digest(flow.browser.encode(), browser.encode()):
            raise BadProvider("stale", "another browser than the one that began")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise BadProvider("failed", "the answer is another provider's")
        if "code" not in answer:
            raise BadProvider("refused", answer.get("error", "no code")[:80])
        claims = await self._claims(await self._id_token(flow, answer["code"]), flow)
        return await asyncio.to_thread(self._user, claims), flow.onward

    async def _id_token(self, flow: Flow, code: str) -> str:
        found = await self._discovery()
        secret = (await asyncio.to_thread(self.settings.client_secret_file.read_text, "utf-8")).strip()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": flow.verifier,
        }
        headers = {}
        if "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            headers["Authorization"] = aiohttp.encode_basic_auth(quote(self.settings.client_id, ""), quote(secret, ""))
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": secret}
        told = await self._ask("POST", found.token_endpoint, data=form, headers=headers)
        if not isinstance(told.get("id_token"), str):
            raise BadProvider("failed", "the token endpoint gave no id_token")
        return str(told["id_token"])

    async def _claims(self, token: str, flow: Flow) -> Mapping[str, Any]:
        """What the provider says of whom, once it is sure that it does."""
        from joserfc import errors, jwt  # an extra: only who signs in by OIDC needs it

        try:
            try:
                signed = jwt.decode(token, await self._keys(), algorithms=ALGORITHMS)
            except errors.InvalidKeyIdError:  # it may have a new one
                signed = jwt.decode(token, await self._keys(ASK_AGAIN_S), algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=self.clock.wall_ms() // 1000,
                leeway=LEEWAY_S,
                iss={"essential": True, "value": self.settings.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": self.settings.client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": flow.nonce},
            ).validate(signed.claims)
        except (errors.JoseError, ValueError, TypeError) as error:
            raise BadProvider("failed", f"id_token: {error}") from None
        if signed.claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise BadProvider("failed", "id_token: given to another client")
        return signed.claims

    def _user(self, claims: Mapping[str, Any]) -> User:
        """The user whom `claims` name; made if the settings say so (blocks)."""
        claim, now_ms = self.settings.claim, self.clock.wall_ms()
        if claim == "email" and claims.get("email_verified") is not True:
            raise BadProvider("unknown", "the provider did not verify the e-mail address")
        try:
            name = login_name(str(claims.get(claim, "")))
        except BadAct:
            raise BadProvider("unknown", f"no name in the claim {claim}") from None
        user = self.people.user(name)
        if user is None and self.settings.create == "viewer":
            title = "".join(letter for letter in str(claims.get("name", "")) if letter.isprintable())[:80]
            user = User(name=name, title=title, role=Role.VIEWER, created_ms=now_ms)
            user = self.people.add_user(user, by="oidc", at_ms=now_ms)
        if user is None or user.disabled_ms is not None:
            raise BadProvider("unknown", f"{name} may not sign in here")
        return user

    async def _discovery(self) -> Discovery:
        address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        told = await self._fetched(address, KNOWN_FOR_S)
        try:
            found = msgspec.convert(told, Discovery)
        except msgspec.ValidationError as error:
            raise BadProvider("away", f"{address}: {error}") from None
        addresses = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        if found.issuer != self.settings.issuer or not all(map(safe_address, addresses)):
            raise BadProvider("away", f"{address} is of another issuer, or names addresses without https")
        return found

    async def _keys(self, known_for_s: float = KNOWN_FOR_S) -> "KeySet":
        from joserfc.jwk import KeySet

        told = await self._fetched((await self._discovery()).jwks_uri, known_for_s)
        return KeySet.import_key_set(told)

    async def _fetched(self, address: str, known_for_s: float) -> Any:
        """The JSON at `address`, not older than that."""
        known = self._known.get(address)
        if known is None or self._now_s() - known.at_s > known_for_s:
            known = Known(self._now_s(), await self._ask("GET", address))
            self._known[address] = known
        return known.what

    async def _ask(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        """A JSON object from the provider."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(method, address, allow_redirects=False, **more) as answer,
            ):
                told = msgspec.json.decode(await _short(answer)) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BadProvider("away", f"{address}: {type(error).__name__} {error}") from None
        if not isinstance(told, dict):
            raise BadProvider("away", f"{address} answers {answer.status}")
        return told

    def _now_s(self) -> float:
        return self.clock.mono_ns() / 1e9


async def _short(answer: aiohttp.ClientResponse) -> bytes:
    """The body of `answer`; ValueError for one that no provider has reason to send."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ValueError("the answer is too long")
    return bytes(body)
