"""Pure: who may see and change what. A person has a role and, of a kabupaten/kota, a regency; so has a token.

viewer          reads
operator        reads, and enters what people know: causes, exclusions, follow-ups, acknowledgements
administrator   both, and says who the others are; of the whole province alone
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from collector.acts import MAX_NAME, BadAct, concerns
from collector.registry import Site
from shared.settings import FilePath, Settings

LOGIN_NAME = re.compile(r"(?!\.+$)[a-z0-9._@+-]{1,64}")
"""What names of people are made of: they stand in addresses and in the audit log. An e-mail address is one."""
MIN_PASSWORD, MAX_PASSWORD = 10, 200
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class OidcSettings(Settings):
    """An OpenID Connect provider by which people may sign in. `claim`: which claim of its id_token is the user's name
    here; choose one that people cannot set themselves."""

    issuer: str
    client_id: Annotated[str, Field(min_length=1)]
    client_secret_file: FilePath
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    claim: Annotated[str, Field(min_length=1)] = "preferred_username"
    create: Literal["viewer", "never"] = "never"

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        if not safe_address(issuer):
            raise ValueError("must begin with https://, for what it says opens doors")
        return issuer

    @field_validator("scopes")
    @classmethod
    def _openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError('must have "openid" in it')
        return scopes


class PeopleSettings(Settings):
    """How people sign in, and for how long. `proxies`: whose X-Forwarded-For is believed."""

    session_hours: Annotated[float, Field(gt=0, le=8784)] = 12.0
    session_max_days: Annotated[float, Field(gt=0, le=366)] = 7.0
    login_failures: Annotated[int, Field(ge=1, le=1000)] = 5
    login_wait_max_s: Annotated[float, Field(ge=1, le=86_400)] = 300.0
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    oidc: OidcSettings | None = None

    @property
    def idle_ms(self) -> int:
        """A session that was not used for so long is over."""
        return round(self.session_hours * 3_600_000)

    @property
    def longest_ms(self) -> int:
        """A session is over so long after it began, however much it is used."""
        return round(self.session_max_days * 86_400_000)


def safe_address(url: str) -> bool:
    """Whether nobody between us and `url` can change what it says: HTTPS, or this machine itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine and no other can be meant: a name that begins like an address is a name."""
    try:
        return host in LOOPBACK or ip_address(host).is_loopback
    except ValueError:
        return False


class Role(StrEnum):
    """What somebody may do; each may all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    def covers(self, other: "Role") -> bool:
        """Whether who has this role may do what takes `other`."""
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whose request it is. `name` is what stands in the audit log, empty for somebody who did not sign in; `regency`
    empty: the whole province. `csrf`: what a form must bring along, for people who signed in with a browser."""

    name: str
    role: Role
    regency: str = ""
    csrf: str = ""

    @property
    def signed_in(self) -> bool:
        return bool(self.name)

    def may(self, role: Role) -> bool:
        """Whether this request may do what takes `role`. Nobody changes anything without a name, and who the others
        are is said by administrators of the whole province alone."""
        if role is Role.ADMINISTRATOR and self.regency:
            return False
        return self.role.covers(role) and (self.signed_in or role is Role.VIEWER)

    def sees(self, site: Site) -> bool:
        """Whether `site` is this request's business, to read and to change."""
        return self.regency in ("", site.regency)

    def may_change(self, scope: str, of: str, sites: Iterable[Site]) -> bool:
        """Whether every site that `scope` and `of` name (as an exclusion does) is this request's business. What names
        no site is nobody's of one regency: a refusal must not tell whether others have one of that name."""
        if not self.regency:
            return True
        touched = [site for site in sites if concerns(scope, of, site)]
        return scope != "all" and bool(touched) and all(self.sees(site) for site in touched)


ANYBODY = Who(name="", role=Role.VIEWER)
"""Who reads without signing in where that is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who may sign in. `password`: an argon2 hash; empty: by OIDC alone. `title`: how the page names them."""

    name: str
    title: str = ""
    role: Role = Role.VIEWER
    regency: str = ""
    password: str = ""
    created_ms: int = 0
    disabled_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser in which `user` signed in; only the hash of its secret is kept. Over at `expires_ms`."""

    hash: bytes
    user: str
    created_ms: int
    seen_ms: int
    expires_ms: int


def opened(hashed: bytes, user: str, now_ms: int, settings: PeopleSettings) -> Session:
    """A session of `user` that begins now."""
    ends_ms = now_ms + min(settings.idle_ms, settings.longest_ms)
    return Session(hash=hashed, user=user, created_ms=now_ms, seen_ms=now_ms, expires_ms=ends_ms)


def used_until(session: Session, now_ms: int, settings: PeopleSettings) -> int:
    """When `session` is over now that it was used."""
    return min(now_ms + settings.idle_ms, session.created_ms + settings.longest_ms)


def login_name(text: str) -> str:
    """The name that somebody means who types `text`; BadAct if it can be nobody's."""
    name = text.strip().lower()
    if not LOGIN_NAME.fullmatch(name):
        raise BadAct("bad_name", name=text.strip()[:MAX_NAME])
    return name


def check_user(user: User, sites: Iterable[Site]) -> None:
    """BadAct unless `user` can be: `sites` are all there are."""
    login_name(user.name)
    if len(user.title) > MAX_NAME or not user.title.isprintable():
        raise BadAct("bad_title", most=MAX_NAME)
    if user.regency and user.role is Role.ADMINISTRATOR:
        raise BadAct("administrator_of_all")
    check_regency(user.regency, sites)


def check_regency(regency: str, sites: Iterable[Site]) -> None:
    """BadAct unless `regency` is empty (the whole province) or one of a site."""
    known = {site.regency for site in sites}
    if regency and regency not in known:
        close = get_close_matches(regency, sorted(known), n=1)
        raise BadAct("unknown_regency_of" if close else "unknown_regency", of=regency, close=close[0] if close else "")


def check_password(password: str) -> None:
    """BadAct unless `password` can be one: long enough is what helps, not which characters it has."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadAct("bad_password", least=MIN_PASSWORD, most=MAX_PASSWORD)


def check_not_last(users: Iterable[User], changed: User) -> None:
    """BadAct if nobody could say any more who the others are, once `changed` stands among `users`."""
    before = {user.name for user in users if _administers(user)}
    after = (before - {changed.name}) | ({changed.name} if _administers(changed) else set())
    if before and not after:
        raise BadAct("last_administrator", name=changed.name)


def _administers(user: User) -> bool:
    return user.role is Role.ADMINISTRATOR and not user.regency and user.disabled_ms is None
