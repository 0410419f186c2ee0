"""Pure: what deciding remembers beside the alerts themselves, and the records in the store that it survives in.

A record is a `SentAlert` whose key no channel ever sees: `mass/KEY` has the members of a mass outage, `flaps/CODE` the
falls of a site. What an agent or the collector has been in, and since when, is not kept: a restart watches anew.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collector.alerts.deciding.flapping import Flaps
from collector.store import SentAlert

MASS, FLAPS = "mass/", "flaps/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A site of a mass outage: when it fell (or was heard last), and since when it is back; None: not yet."""

    fell_ms: int
    back_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mass:
    """A mass outage that fires. `joined_ms`: when the collector noticed its newest member."""

    scope: str
    of: str
    members: Mapping[str, Member]
    joined_ms: int

    @property
    def fell_ms(self) -> int:
        """When the last of its members fell."""
        return max(member.fell_ms for member in self.members.values())

    @property
    def away(self) -> frozenset[str]:
        """Those that are not back."""
        return frozenset(code for code, member in self.members.items() if member.back_ms is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched over time at one agent or the collector: `is_bad` since `since_ms`."""

    is_bad: bool
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What an agent had said when it was looked at `at_ms`, and what had changed since the look before."""

    at_ms: int
    spool: int
    dropped: int
    growing: bool = False
    dropping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Masses by the key of their alert, flaps by site, watches by the key that their alert has or would have."""

    masses: Mapping[str, Mass] = field(default_factory=dict)
    flaps: Mapping[str, Flaps] = field(default_factory=dict)
    watches: Mapping[str, Watch] = field(default_factory=dict)
    marks: Mapping[str, Mark] | None = None
    """Of agents; None: none was looked at."""


NOTHING = Memory()


def records(memory: Memory) -> dict[str, SentAlert]:
    """What of `memory` is kept on disk, by key."""
    masses = {MASS + key: _of_mass(MASS + key, mass) for key, mass in memory.masses.items()}
    return masses | {FLAPS + code: _of_flaps(FLAPS + code, flaps) for code, flaps in memory.flaps.items()}


def remembered(kept: Iterable[SentAlert]) -> Memory:
    """`records` read back; others among `kept` are left out."""
    masses: dict[str, Mass] = {}
    flaps: dict[str, Flaps] = {}
    for record in kept:
        if record.key.startswith(MASS):
            masses[record.key.removeprefix(MASS)] = _to_mass(record.annotations)
        elif record.key.startswith(FLAPS):
            flaps[record.key.removeprefix(FLAPS)] = _to_flaps(record.annotations)
    return Memory(masses=masses, flaps=flaps)


def _of_mass(key: str, mass: Mass) -> SentAlert:
    members = {code: [member.fell_ms, member.back_ms] for code, member in sorted(mass.members.items())}
    notes = {"scope": mass.scope, "of": mass.of, "joined_ms": str(mass.joined_ms), "members": json.dumps(members)}
    return SentAlert(key=key, labels={}, annotations=notes, starts_at_ms=mass.joined_ms)


def _to_mass(notes: Mapping[str, str]) -> Mass:
    members = {c: Member(fell_ms=fell, back_ms=back) for c, (fell, back) in json.loads(notes["members"]).items()}
    return Mass(scope=notes["scope"], of=notes["of"], members=members, joined_ms=int(notes["joined_ms"]))


def _of_flaps(key: str, flaps: Flaps) -> SentAlert:
    said = {"falls": flaps.falls, "is_down": flaps.is_down, "is_flapping": flaps.is_flapping, "n": flaps.n}
    return SentAlert(
        key=key, labels={}, annotations={"flaps": json.dumps(said)}, starts_at_ms=max(flaps.falls, default=0)
    )


def _to_flaps(notes: Mapping[str, str]) -> Flaps:
    said = json.loads(notes["flaps"])
    return Flaps(**said | {"falls": tuple(said["falls"])})
