"""Section 11: outages and power cuts of a site, whole, as they run through midnights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

CHARGED = ("line_down", "internet_down")


@dataclass(slots=True)
class Stop:
    """`pieces` are (start, end, exclusion), day by day; `opens`, `closes`: it is known where it begins and ends; the
    proofs are how far back both may truly lie."""

    row: str
    start: int
    end: int
    proof: int
    end_proof: int
    opens: bool
    closes: bool
    pieces: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def length(self) -> int:
        return self.end - self.start

    def within(self, start: int, end: int) -> int:
        return max(0, min(self.end, end) - max(self.start, start))

    def touches(self, start: int, end: int) -> bool:
        """Whether anything of it lies between `start` and `end`."""
        return self.start < end and self.end > start

    def charged(self, start: int, end: int, charge_after_ms: int) -> int:
        """What the provider answers for between `start` and `end`."""
        chargeable = self.row in CHARGED and self.length >= charge_after_ms
        return self.plain(start, end) if chargeable else 0

    def plain(self, start: int, end: int) -> int:
        """What of it lies between `start` and `end` and is not excluded."""
        return sum(max(0, min(b, end) - max(a, start)) for a, b, excluded in self.pieces if excluded == "none")

    def counts(self, start: int, end: int) -> bool:
        """Whether it is one of the outages of that time."""
        return self.opens and start <= self.start < end and self.plain(start, end) > 0


def stops(downs: Iterable[Mapping[str, Any]]) -> list[Stop]:
    """Of one site, by time: pieces that meet and of which the later does not begin there are one."""
    found: list[Stop] = []
    for down in downs:
        last = found[-1] if found else None
        if not last or down["opens"] or (last.row, last.end) != (down["row"], down["start_ms"]):
            proofs = down["not_earlier_ms"], down["end_not_earlier_ms"]
            last = Stop(down["row"], down["start_ms"], down["end_ms"], *proofs, down["opens"], down["closes"])
            found.append(last)
        last.end, last.end_proof, last.closes = down["end_ms"], down["end_not_earlier_ms"], down["closes"]
        last.pieces.append((down["start_ms"], down["end_ms"], down["excluded"]))
    return found


def cause_of(stop: Stop, given: Iterable[Mapping[str, Any]]) -> str:
    """Of what people gave as causes at the site of `stop`, the newest that touches it counts: late results may have
    moved its ends since. "": nobody said anything."""
    touching = [one for one in given if stop.touches(one["start_ms"], one["end_ms"])]
    return str(max(touching, key=lambda one: one["id"])["code"]) if touching else ""
