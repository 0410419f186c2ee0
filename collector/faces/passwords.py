"""Passwords as argon2id hashes: made and compared in a thread, one at a time, for each takes 19 MiB while it lasts."""

import asyncio
import secrets
import unicodedata
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

WAITING_MOST = 20
"""More attempts than that are not kept waiting, they are sent away."""


def _hasher() -> PasswordHasher:
    """The second choice of OWASP's password storage cheat sheet: 19 MiB, so that a flood of attempts cannot push a
    collector on a small machine out of its memory."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Busy(Exception):  # noqa: N818  it reads as what it is: `except Busy`
    """Too many passwords are being compared; asking again in a moment helps."""


@dataclass(slots=True)
class Passwords:
    """Makes hashes and compares with them. One for a whole collector."""

    hasher: PasswordHasher = field(default_factory=_hasher)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0
    _nobodys: str = ""

    def hash(self, password: str) -> str:
        """What is kept of `password` (blocks some 20 ms)."""
        return self.hasher.hash(plain(password))

    async def hashed(self, password: str) -> str:
        """`hash`, in turn. Raises Busy."""
        return await self._in_turn(password, None) or ""

    async def check(self, password: str, kept: str) -> str | None:
        """What is to be kept of `password` from now on, None if it is not the one that `kept` was made of. Takes the
        same time when there is nothing to compare with (`kept` empty). Raises Busy."""
        return await self._in_turn(password, kept)

    async def _in_turn(self, password: str, kept: str | None) -> str | None:
        if self._waiting >= WAITING_MOST:
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                if kept is None:
                    return await asyncio.to_thread(self.hash, password)
                return await asyncio.to_thread(self._compare, password, kept)
        finally:
            self._waiting -= 1

    def _compare(self, password: str, kept: str) -> str | None:
        if not kept and not self._nobodys:
            self._nobodys = self.hash(secrets.token_urlsafe())
        try:
            self.hasher.verify(kept or self._nobodys, plain(password))
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return None
        if not kept:
            return None
        return self.hash(password) if self.hasher.check_needs_rehash(kept) else kept


def plain(password: str) -> str:
    """`password` in the one form of Unicode: two keyboards write the same letters differently."""
    return unicodedata.normalize("NFKC", password)
