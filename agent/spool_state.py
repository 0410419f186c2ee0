"""What the spool remembers beside the results: its stream, what is done with, and what was lost.

Two copies are written in turn, each whole or not at all; the newer sound one counts. Losing both loses no result:
whatever the segments hold is sent again, and the collector knows what it has.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec

from agent.durable import write_whole
from agent.ranges import Ranges
from agent.segment import HEAD, frame, frames

REASONS = ("age", "size", "damaged", "disk_full")
_COPIES = ("state-0", "state-1")


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A copy on disk, as JSON inside a frame with a checksum: a technician can read it, the spool can trust it."""

    generation: int
    stream: str
    next_seq: int
    lived_s: int
    done: list[tuple[int, int]]
    dropped: dict[str, int]
    set_aside: int


@dataclass(slots=True)
class SpoolState:
    """`done` holds every number that will never be sent (again): acknowledged, dropped, damaged or set aside."""

    stream: str = ""
    next_seq: int = 1
    lived_s: int = 0
    done: Ranges = field(default_factory=Ranges)
    dropped: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    set_aside: int = 0
    generation: int = 0
    is_newest: bool = False
    """Whether this is known to be the last state that was saved, and not the one before."""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """The newest sound copy in `directory`; an empty state if there is none."""
        copies = [copy for name in _COPIES if (copy := _read(directory / name))]
        if not copies:
            return cls(is_newest=False)
        last = max(copies, key=lambda copy: copy.generation)
        return cls(
            stream=last.stream,
            next_seq=last.next_seq,
            lived_s=last.lived_s,
            done=Ranges(last.done),
            dropped={**dict.fromkeys(REASONS, 0), **last.dropped},
            set_aside=last.set_aside,
            generation=last.generation,
            is_newest=len(copies) == len(_COPIES),
        )

    def encode(self) -> bytes:
        """What `save` writes, one generation further."""
        self.generation += 1
        saved = _Saved(
            generation=self.generation,
            stream=self.stream,
            next_seq=self.next_seq,
            lived_s=self.lived_s,
            done=list(self.done),
            dropped=self.dropped,
            set_aside=self.set_aside,
        )
        return frame(HEAD, self.generation, msgspec.json.encode(saved), 0)


def save(directory: Path, generation: int, content: bytes) -> None:
    """Write `content` over the older copy, the first time over both; raises OSError."""
    for name in _COPIES if generation == 1 else (_COPIES[generation % 2],):
        write_whole(directory / name, content)


def _read(path: Path) -> _Saved | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    for _, _, _, payload in frames(data, 0):
        try:
            return msgspec.json.decode(payload, type=_Saved)
        except msgspec.DecodeError:
            return None
    return None
