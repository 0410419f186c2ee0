"""Pure: what of the chain and of the audit log is kept elsewhere: one line, found again in whatever file it is in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DIGEST = rb"((?:[0-9A-Fa-f]\s*){64}|[0-9A-Fa-f]{16}(?![0-9A-Fa-f])\s*)"
LINE = re.compile(rb"links=(\d{1,15})\s+head=" + DIGEST + rb"(?:entries=(\d{1,15})\s+audit=" + DIGEST + rb")?")
"""Mail programs and people who copy it from paper break the line anywhere; reports print the first 16 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """How many links and entries of the audit log there were, and the digests of the last ones, or how they begin; 0
    and "" of none. `told`: the file that says so."""

    links: int
    head: str
    entries: int = 0
    audit: str = ""
    told: str = ""

    @property
    def line(self) -> str:
        """Short enough for a QR code that can be read off paper."""
        audit = f" entries={self.entries} audit={self.audit}" if self.entries else ""
        return f"links={self.links} head={self.head}{audit}"


def anchors_in(content: bytes, told: str) -> Iterator[Anchor]:
    """Every anchor that stands in the file `told`: a text, a mail, a page, a picture that `anchor` wrote."""
    for links, head, entries, audit in dict.fromkeys(LINE.findall(content)):
        yield Anchor(
            links=int(links),
            head=_whole(head),
            entries=int(entries or 0),
            audit=_whole(audit),
            told=told,
        )


def _whole(digest: bytes) -> str:
    return b"".join(digest.split()).decode().lower()
