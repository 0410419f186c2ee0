"""Pure: what is wrong with an agent or the collector is told when it has been so for a while, and over after as long.

Without that, a clock at its limit or a disk at its brim would be told a hundred times a day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from collector.alerts.deciding.memory import Watch
from collector.store import SentAlert


class Found(Protocol):
    """Something that may be wrong."""

    @property
    def key(self) -> str:
        """Of its alert."""

    @property
    def is_bad(self) -> bool: ...


F = TypeVar("F", bound=Found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns(Generic[F]):
    """What is to be told, what is over (with when it ended), and what to remember."""

    begin: tuple[F, ...]
    over: tuple[tuple[SentAlert, F, int], ...]
    watches: Mapping[str, Watch]


def turns(
    found: Iterable[F], watches: Mapping[str, Watch], firing: Mapping[str, SentAlert], after_ms: int, now_ms: int
) -> Turns[F]:
    """What `found` makes of what fires. What is well and does not fire is not remembered."""
    begin: list[F] = []
    over: list[tuple[SentAlert, F, int]] = []
    kept: dict[str, Watch] = {}
    for one in found:
        alert, before = firing.get(one.key), watches.get(one.key)
        if not one.is_bad and alert is None:
            continue
        watch = before if before and before.is_bad is one.is_bad else Watch(is_bad=one.is_bad, since_ms=now_ms)
        kept[one.key] = watch
        if now_ms - watch.since_ms < after_ms:
            continue
        if one.is_bad and alert is None:
            begin.append(one)
        elif not one.is_bad and alert is not None:
            over.append((alert, one, watch.since_ms))
            del kept[one.key]
    return Turns(begin=tuple(begin), over=tuple(over), watches=kept)
