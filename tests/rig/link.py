"""What a line does to one packet: pure, so that the relay's loop stays short and the decisions can be read.

A **link** is one direction of a site's line. Addresses are compared as integers; the *far* address is the one on the
core's side (destination on the way up, source on the way down), so that a blackhole for a prefix cuts exactly what lies
behind it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from random import Random

V4, V6 = 4, 6


@dataclass(frozen=True, slots=True)
class Prefix:
    """A network as numbers: `address >> shift == key` for a packet of the same version."""

    version: int
    shift: int
    key: int

    @classmethod
    def parse(cls, text: str) -> "Prefix":
        network = ip_network(text)
        shift = network.max_prefixlen - network.prefixlen
        return cls(network.version, shift, int(network.network_address) >> shift)

    def holds(self, version: int, address: int) -> bool:
        return version == self.version and address >> self.shift == self.key


EVERYTHING = (Prefix.parse("0.0.0.0/0"), Prefix.parse("::/0"))


def addresses(packet: bytes) -> tuple[int, int, int]:
    """(version, source, destination) of an IP packet; version 0 for what is none."""
    match packet[0] >> 4:
        case 4 if len(packet) >= 20:
            return V4, int.from_bytes(packet[12:16]), int.from_bytes(packet[16:20])
        case 6 if len(packet) >= 40:
            return V6, int.from_bytes(packet[8:24]), int.from_bytes(packet[24:40])
    return 0, 0, 0


@dataclass(slots=True)
class Link:
    """One direction of a line. The order of packets is kept: jitter delays, it does not reorder."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Standard deviation of the delay, cut off at zero delay."""
    loss: float = 0.0
    blackhole: tuple[Prefix, ...] = ()
    passed: int = 0
    dropped: int = 0
    _last_ns: int = field(default=0, repr=False)

    def configure(self, settings: dict[str, object]) -> None:
        """Apply `{"delay_ms": 10, "blackhole": ["10.78.0.0/16"]}`; raises KeyError for a key that no line has."""
        for key, value in settings.items():
            READERS[key](self, value)

    def departure_ns(self, now_ns: int, version: int, far: int, random: Random) -> int | None:
        """When a packet that came in at `now_ns` leaves at the other end; None: never."""
        if any(p.holds(version, far) for p in self.blackhole) or (self.loss and random.random() < self.loss):
            self.dropped += 1
            return None
        delay_ms = max(0.0, random.gauss(self.delay_ms, self.jitter_ms)) if self.jitter_ms else self.delay_ms
        self._last_ns = max(self._last_ns, now_ns + round(delay_ms * 1e6))
        self.passed += 1
        return self._last_ns


def _number(name: str) -> Callable[[Link, object], None]:
    return lambda link, value: setattr(link, name, float(str(value)))


def _blackhole(link: Link, value: object) -> None:
    if value == "all":
        link.blackhole = EVERYTHING
    elif isinstance(value, Iterable):
        link.blackhole = tuple(Prefix.parse(str(p)) for p in value)


READERS: dict[str, Callable[[Link, object], None]] = {
    "delay_ms": _number("delay_ms"),
    "jitter_ms": _number("jitter_ms"),
    "loss": _number("loss"),
    "blackhole": _blackhole,
}
