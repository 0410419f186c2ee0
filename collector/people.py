"""Pure: who may see and change what. A person has a role and, of a kabupaten/kota, a regency; so has a token.

viewer          reads
operator        reads, and enters what people know: causes, exclusions, follow-ups, acknowledgements
administrator   both, and says who the others are; of the whole province alone
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from collector.acts import value_of
from collector.registry import Site


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
        """Whether this request may do what takes `role`; nobody changes anything without a name."""
        return self.role.covers(role) and (self.signed_in or role is Role.VIEWER)

    def sees(self, site: Site) -> bool:
        """Whether `site` is this request's business, to read and to change."""
        return self.regency in ("", site.regency)

    def may_change(self, scope: str, of: str, sites: Iterable[Site]) -> bool:
        """Whether every site that `scope` and `of` name (as an exclusion does) is this request's business."""
        if not self.regency:
            return True
        touched = [site for site in sites if scope == "all" or value_of(site, scope) == of]
        return scope != "all" and all(self.sees(site) for site in touched)


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
