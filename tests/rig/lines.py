"""The core and the sites as namespaces, with a line to each:

    pc  eth0 --- veth, real ARP --- lan0  router  wan0 --- relay --- wan0  core
    10.77.i.2                   10.77.i.1                                  10.76.0.1     collector
                                                                           10.78.0.0/16  the internet
                                                                           10.79.0.0/16  the intranet

Every address of internet and intranet answers pings.

The same in IPv6 with fd76::1, fd77:0:0:i::/64, fd78::/64 and fd79::/64.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig import netns
from tests.rig.wan import Wan

COLLECTOR = "10.76.0.1"
INTERNET, INTERNET_V6 = "10.78.0.0/16", "fd78::/64"
INTRANET, INTRANET_V6 = "10.79.0.0/16", "fd79::/64"

ANSWER_EVERY_ECHO = {
    # the kernel's limits of replies and errors would look like loss
    "net.ipv4.icmp_ratelimit": "0",
    "net.ipv4.icmp_msgs_per_sec": "1000000",
    "net.ipv4.icmp_msgs_burst": "100000",
    "net.ipv6.icmp.ratelimit": "0",
}
NO_DAD = {"net.ipv6.conf.default.accept_dad": "0"}  # it would hold IPv6 back for a second after every link up
FORWARD = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1", **NO_DAD}
PING_FOR_ALL = {"net.ipv4.ping_group_range": "0 2147483647", **NO_DAD}


@dataclass(frozen=True, slots=True)
class Line:
    """What a site's line is like on a good day, one way."""

    delay_ms: float
    jitter_ms: float
    medium: str

    @property
    def rtt_ms(self) -> float:
        return 2 * self.delay_ms


TERRESTRIAL = Line(delay_ms=10, jitter_ms=0.2, medium="fiber")
VSAT = Line(delay_ms=300, jitter_ms=5, medium="vsat")


@dataclass(frozen=True, slots=True)
class Place:
    """The names and addresses of one site."""

    name: str
    number: int
    line: Line

    @property
    def pc(self) -> str:
        return netns.name_of(self.name)

    @property
    def router(self) -> str:
        return netns.name_of(self.name + "r")

    @property
    def gateway(self) -> str:
        return f"10.77.{self.number}.1"

    @property
    def address(self) -> str:
        return f"10.77.{self.number}.2"

    @property
    def network_v6(self) -> str:
        return f"fd77:0:0:{self.number:x}"

    @property
    def device(self) -> str:
        return netns.device_of(f"t{self.number}")


class Lines:
    """Builds it all on entering and leaves nothing behind."""

    def __init__(self, lines: Sequence[tuple[str, Line]], directory: Path) -> None:
        self.places = {name: Place(name, i, line) for i, (name, line) in enumerate(lines, 1)}
        self.core = netns.name_of("core")
        self.wan = Wan(directory / "wan.sock")
        self.directory, self._stack = directory, ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(netns.delete_ours)
            netns.delete_ours()
            netns.create(self.core, ANSWER_EVERY_ECHO)
            for place in self.places.values():
                netns.create(place.pc, PING_FOR_ALL)
                netns.create(place.router, ANSWER_EVERY_ECHO | FORWARD)
            stack.callback(self._start_relay().kill)
            self._join_core()
            for place in self.places.values():
                self._join(place)
                self.wan.both(place.name, delay_ms=place.line.delay_ms, jitter_ms=place.line.jitter_ms)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def unplug(self, place: Place) -> None:
        """Pull the cable out of the PC: its routes and IPv6 addresses are gone, as with a DHCP client."""
        netns.ip(["link set eth0 down"], place.pc)

    def plug(self, place: Place) -> None:
        netns.ip(["link set eth0 up", *_addresses_of_pc(place)[1:]], place.pc)

    def switch_off(self, place: Place) -> None:
        """Cut the other end of the cable: the PC keeps its routes, and loses the carrier."""
        netns.ip(["link set lan0 down"], place.router)

    def switch_on(self, place: Place) -> None:
        netns.ip(["link set lan0 up", f"addr replace {place.network_v6}::1/64 dev lan0 nodad"], place.router)

    def _start_relay(self) -> netns.Process:
        sites = {
            p.name: {"device": p.device, "networks": [f"10.77.{p.number}.0/24", f"{p.network_v6}::/64"]}
            for p in self.places.values()
        }
        plan = {
            "core": netns.device_of("c"),
            "control": str(self.directory / "wan.sock"),
            "log": str(self.directory / "wan.jsonl"),
            "sites": sites,
        }
        relay = netns.Process(
            "wan", self.core, [sys.executable, "-m", "tests.rig.wan", json.dumps(plan)], self.directory
        )
        netns.wait_for_output(relay, "ready", 10)
        return relay

    def _join_core(self) -> None:
        netns.ip(
            [
                f"link set {netns.device_of('c')} name wan0 txqueuelen 10000",
                "link set wan0 up",
                f"addr add {COLLECTOR}/32 dev lo",
                "addr add fd76::1/128 dev lo",
                f"route add 10.77.0.0/16 dev wan0 src {COLLECTOR}",
                "route add fd77::/32 dev wan0",
                *(f"route add local {network} dev lo" for network in (INTERNET, INTRANET, INTERNET_V6, INTRANET_V6)),
            ],
            self.core,
        )

    def _join(self, place: Place) -> None:
        netns.ip(
            [
                f"link set {place.device} netns {place.router} name wan0",
                f"link add lan0 netns {place.router} type veth peer name eth0 netns {place.pc}",
            ],
            self.core,
        )
        netns.ip(
            [
                "link set wan0 txqueuelen 10000 up",
                "link set lan0 up",
                f"addr add {place.gateway}/24 dev lan0",
                f"addr add {place.network_v6}::1/64 dev lan0 nodad",
                "route add default dev wan0",
                "route add ::/0 dev wan0",
            ],
            place.router,
        )
        netns.ip(_addresses_of_pc(place), place.pc)


def _addresses_of_pc(place: Place) -> list[str]:
    return [
        f"addr add {place.address}/24 dev eth0",
        "link set eth0 up",
        f"addr replace {place.network_v6}::2/64 dev eth0 nodad",
        f"route replace default via {place.gateway}",
        f"route replace ::/0 via {place.network_v6}::1",
    ]
