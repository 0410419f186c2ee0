"""Tokens: those that the store knows, and the one that a request brings."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable

from collector.registry import Token, hash_token
from shared.clock import Clock

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
