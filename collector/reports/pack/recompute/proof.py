"""Section 16: the chain of links. Each link is the SHA-256 of the link before it and of what it says of one closed day
of one site: the digest of its results, and that of its account.

What lies before the first link of the pack is taken as given; what the pack may not tell is there as a digest only.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .reading import Pack

CHAIN = "data/chain.jsonl"
MOST_MISSING = 10_000
CHANGED, MISSING, NO_END = "changed", "missing", "no_end"


@dataclass(slots=True)
class Chain:
    """What was found. `newest` by (site, from): the last link that says anything of that day."""

    links: int = 0
    faults: list[tuple[str, int]] = field(default_factory=list)
    """(CHANGED, MISSING or NO_END; number of the link)"""
    newest: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)


def read_chain(pack: Pack, head: str, length: int) -> Chain:
    """The chain of the pack, checked from its first link to `head`."""
    found = Chain()
    before, number = b"", 0
    for line in pack.lines(CHAIN):
        try:
            told = json.loads(line)
            link, n = bytes.fromhex(told["link"]), int(told["n"])
            digest = _content_digest(told)
        except (ValueError, KeyError, TypeError):
            found.faults.append((CHANGED, number + 1))
            before, number = b"", number + 1
            continue
        if "after" in told:
            before, number = bytes.fromhex(told["after"]), n - 1
        found.links += 1
        if n != number + 1:
            found.faults += [(MISSING, missing) for missing in _gap(number, n)]
        elif before and hashlib.sha256(before + digest).digest() != link:
            found.faults.append((CHANGED, n))
        if "content" in told:
            said = json.loads(told["content"])
            if said["n"] != n:
                found.faults.append((CHANGED, n))
            found.newest[said["site"], said["from_ms"]] = said
        before, number = link, n
    if number != length or (before.hex() != head and length):
        found.faults += [(MISSING, missing) for missing in _gap(number, length + 1)] or [(NO_END, number)]
    return found


def _gap(last: int, n: int) -> range:
    """The first of the numbers between: a pack may name any."""
    return range(last + 1, min(n, last + 1 + MOST_MISSING))


def _content_digest(told: Any) -> bytes:
    """Of the content where it is told, else as it is told."""
    if "content" in told:
        return hashlib.sha256(told["content"].encode()).digest()
    return bytes.fromhex(told["digest"])


def broken_audit_log(lines: Iterator[str]) -> Iterator[int]:
    """Numbers of the acts of people that do not follow from the one before, as far as both are told."""
    before, number = "", 0
    for line in lines:
        try:
            told = json.loads(line)
            at, digest, entry = int(told["id"]), str(told["digest"]), told.get("entry")
        except (ValueError, KeyError, TypeError, AttributeError):
            yield number + 1
            before, number = "", number + 1
            continue
        content = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if at != number + 1:
            yield number + 1
        elif entry is not None and hashlib.sha256((before + content).encode()).hexdigest() != digest:
            yield at
        before, number = digest, at
