"""The echo engine's books: lines (open sockets) and trains (the requests of one probe). Pure: no clock, no I/O.

A reply is believed if it bears its line's secret and the number of a request under way, and comes from where that went.
"""

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from agent.probes.echo_socket import Arrival, Complaint
from shared.result import Outcome

COOKIE = struct.Struct("!QI")
"""What a payload begins with: the line's secret and the request's number; the number's low 16 bits are its sequence."""


class Wire(Protocol):
    """What is needed of a socket; EchoSocket has it."""

    stamped: bool
    kind: str

    def fileno(self) -> int: ...
    def frame(self, sequence: int, payload: bytes) -> bytes: ...
    def send(self, frame: bytes, destination: tuple[object, ...]) -> None: ...
    def replies(self) -> Iterator[Arrival]: ...
    def complaints(self) -> Iterator[Complaint]: ...
    def drops(self) -> int: ...
    def close(self) -> None: ...


class Credit(Enum):
    """What a reply was."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    LATE = "late"
    FOREIGN = "foreign"


@dataclass(slots=True, eq=False)
class Train:
    """The requests of one probe and what became of them. Instants are nanoseconds of the monotonic clock."""

    source: str
    """Where replies must come from."""
    destination: tuple[object, ...]
    packets: int
    spacing_s: float
    timeout_s: float
    filler: bytes
    done: asyncio.Future[None]
    drops: int = 0
    """The line's drops when it began."""
    sent_ns: list[int] = field(default_factory=list)
    rtts_us: list[int | None] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    unanswered: set[int] = field(default_factory=set)
    """Places of requests that may still be answered."""
    hop_limit: int = 0
    fault: tuple[Outcome, str] | None = None

    @property
    def all_sent(self) -> bool:
        return len(self.sent_ns) == self.packets

    @property
    def received(self) -> int:
        return len(self.rtts_us) - self.rtts_us.count(None)

    def settle(self) -> None:
        """Whoever waits for this train goes on."""
        if not self.done.done():
            self.done.set_result(None)

    def blame(self, outcome: Outcome, reason: str) -> None:
        """Our own errors outrank what the network says; among equals the first counts."""
        if self.fault is None or (outcome is Outcome.ERROR and self.fault[0] is not Outcome.ERROR):
            self.fault = (outcome, reason)

    def close_place(self, place: int) -> None:
        """The request at `place` is answered, or will not be."""
        self.unanswered.discard(place)
        if self.all_sent and not self.unanswered:
            self.settle()


@dataclass(slots=True, eq=False)
class Line:
    """An open socket and the requests that left by it, each one's train and its place there by its number."""

    wire: Wire
    opened_ns: int
    secret: int
    number: int
    """Of the last request."""
    stamped: bool
    watched: bool = False
    retired: bool = False
    drops: int = 0
    trains: int = 0
    requests: dict[int, tuple[Train, int]] = field(default_factory=dict)

    def next_frame(self, train: Train) -> bytes:
        """The next request of `train`, entered in the books; the caller sends it and notes when."""
        self.number = number = self.number + 1
        place = len(train.numbers)
        self.requests[number] = (train, place)
        train.numbers.append(number)
        train.rtts_us.append(None)
        train.unanswered.add(place)
        return self.wire.frame(number & 0xFFFF, COOKIE.pack(self.secret, number) + train.filler)

    def credit(self, arrival: Arrival, at_ns: int) -> Credit:
        """Enter a reply that arrived at `at_ns`."""
        if len(arrival.payload) < COOKIE.size:
            return Credit.FOREIGN
        secret, number = COOKIE.unpack_from(arrival.payload)
        if secret != self.secret:
            return Credit.FOREIGN
        if (request := self.requests.get(number)) is None:
            return Credit.LATE
        train, place = request
        if arrival.source != train.source:
            return Credit.FOREIGN
        if train.rtts_us[place] is not None:
            return Credit.DUPLICATE
        train.rtts_us[place] = max(1, (at_ns - train.sent_ns[place] + 500) // 1000)
        train.hop_limit = arrival.hop_limit
        train.close_place(place)
        return Credit.COUNTED

    def complain(self, complaint: Complaint) -> None:
        """Enter an ICMP error. It quotes the sequence at least: the latest request with that one is meant."""
        number = self.number & ~0xFFFF | complaint.sequence
        request = self.requests.get(number if number <= self.number else number - 0x10000)
        if request is not None and request[1] in request[0].unanswered:
            train, place = request
            train.blame(Outcome.UNREACHABLE, complaint.reason)
            train.close_place(place)

    def forget(self, train: Train) -> None:
        for number in train.numbers:
            del self.requests[number]
        self.trains -= 1


def arrival_ns(stamp_ns: int, offsets_ns: tuple[int, int], read_ns: tuple[int, int]) -> int:
    """When a reply stamped `stamp_ns` in wall time came, though the wall clock was set between two readings.

    `offsets_ns` are wall minus monotonic at the reading before and at this one, `read_ns` the monotonic instants of
    both. The reply came between them, so an offset that puts it elsewhere is not the one that it was stamped under. If
    both fit, the clock moved by less than that span, and the later instant is the cautious one; if none does, this
    reading's counts.
    """
    before_ns, now_ns = read_ns
    fitting = [stamp_ns - offset for offset in offsets_ns if before_ns <= stamp_ns - offset <= now_ns]
    return max(fitting, default=now_ns)
