"""Pure: how often somebody may try to sign in. The first failures cost nothing, each one after them doubles the wait.

Failures are counted by name and by address, each in a table of its own: many addresses cannot try one name faster, and
one address not many names. An attempt counts as failed from its beginning, so that a hundred at once are a hundred.
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

FORGET_S = 3_600.0
"""After so long without a failure all is forgotten."""
MOST = 10_000
"""Entries of a table; the one that was not touched for longest makes room."""


@dataclass(slots=True)
class Tally:
    """How often it failed, and until when nobody may try again."""

    failures: int = 0
    last_s: float = 0.0
    until_s: float = 0.0


class Attempts:
    """Failures by key. Times are seconds of any clock that does not step."""

    def __init__(self, free: int, longest_s: float, most: int = MOST) -> None:
        self._free, self._longest_s, self._most = free, longest_s, most
        self._tallies: OrderedDict[str, Tally] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """How long `key` has to wait before it may try."""
        known = self._tallies.get(key)
        return max(0.0, known.until_s - now_s) if known else 0.0

    def begun(self, key: str, now_s: float) -> None:
        """`key` tries; it failed unless `succeeded` follows."""
        tally = self._tallies.setdefault(key, Tally())
        if now_s - tally.last_s > FORGET_S:
            tally.failures = 0
        tally.failures, tally.last_s = tally.failures + 1, now_s
        over = tally.failures - self._free
        if over >= 0:
            tally.until_s = now_s + min(self._longest_s, 2.0 ** min(over, 30))
        self._tallies.move_to_end(key)
        if len(self._tallies) > self._most:
            self._tallies.popitem(last=False)

    def succeeded(self, key: str, *, forget: bool) -> None:
        """It did not fail after all. `forget`: nor does it matter what failed before. Of an address that would not do:
        whoever has a name of their own could sign in between two guesses at another's."""
        tally = self._tallies.get(key)
        if tally is None:
            return
        tally.failures, tally.until_s = tally.failures - 1, 0.0
        if forget or not tally.failures:
            del self._tallies[key]

    def __len__(self) -> int:
        return len(self._tallies)


def origin_of(remote: str, forwarded: str, proxies: tuple[str, ...]) -> str:
    """The address that an attempt counts for: `remote`, or what a proxy of ours says last in X-Forwarded-For. Of IPv6
    the network: one customer has all of its addresses."""
    if remote in proxies and forwarded:
        remote = forwarded.rpartition(",")[2].strip()
    try:
        address = ip_address(remote)
    except ValueError:
        return remote[:64]
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return ":".join(address.exploded.split(":")[:4])
    return str(address)
