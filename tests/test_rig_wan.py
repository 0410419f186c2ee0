"""The emulator does to packets what it was told: only then may it be called the truth."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns

import pytest

from tests.rig import netns
from tests.rig.lines import INTERNET, TERRESTRIAL, VSAT, Lines, Place

pytestmark = [
    pytest.mark.rig,
    pytest.mark.skipif(bool(netns.missing()) and os.environ.get("CI") != "true", reason=netns.missing() or "has all"),
]

COLLECTOR, ANCHOR, OFFICE = "10.76.0.1", "10.78.0.1", "10.79.0.1"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    with Lines([("near", TERRESTRIAL), ("far", VSAT)], tmp_path_factory.mktemp("rig")) as built:
        yield built


@pytest.fixture
def near(lines: Lines) -> Iterator[Place]:
    """The near site; its line is as on a good day again afterwards."""
    yield lines.places["near"]
    lines.wan.both("near", delay_ms=10, jitter_ms=0.2, loss=0, blackhole=[])


def echo_ms(namespace: str, address: str, number: int = 1, within_s: float = 0.5) -> float | None:
    """The round trip of one echo request; None when no reply came or no route was there."""
    with pinger(namespace, address) as echo:
        echo.settimeout(within_s)
        begun = monotonic_ns()
        try:
            echo.sendto(request(address, number), (address, 0))
            echo.recv(1500)
        except OSError:
            return None
        return (monotonic_ns() - begun) / 1e6


def pinger(namespace: str, address: str) -> socket.socket:
    with netns.inside(namespace):
        if ":" in address:
            return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)


def request(address: str, number: int) -> bytes:
    return struct.pack("!BBHHH", 128 if ":" in address else 8, 0, 0, 0, number)


def shortest_ms(namespace: str, address: str, times: int) -> float:
    """Of so many round trips the one that the machine kept waiting least: the emulator's delay and hardly more."""
    return min(echo_ms(namespace, address, number, within_s=3) or 0.0 for number in range(times))


def answered(namespace: str, addresses: tuple[str, ...]) -> list[bool]:
    return [echo_ms(namespace, address) is not None for address in addresses]


@pytest.mark.parametrize("address", [ANCHOR, "fd78::1"])
def test_a_round_trip_takes_both_delays(lines: Lines, address: str) -> None:
    """The bound is wide because the machine may be busy; bench/icmp.py measures the emulator itself."""
    assert 19.0 < shortest_ms(lines.places["near"].pc, address, 15) < 24.0


def test_a_satellite_takes_six_hundred_milliseconds(lines: Lines) -> None:
    assert 570 < shortest_ms(lines.places["far"].pc, ANCHOR, 3) < 650


def test_each_direction_has_its_own_delay(lines: Lines, near: Place) -> None:
    lines.wan.set("near", up={"delay_ms": 60})
    assert 68 < shortest_ms(near.pc, ANCHOR, 10) < 76


def test_lost_packets_are_lost_and_counted(lines: Lines, near: Place) -> None:
    lines.wan.both("near", delay_ms=0, jitter_ms=0)
    lines.wan.set("near", up={"loss": 0.3})
    before = lines.wan.counts("near")["up_dropped"]
    came = 0
    with pinger(near.pc, ANCHOR) as echo, suppress(TimeoutError):
        for number in range(200):
            echo.sendto(request(ANCHOR, number), (ANCHOR, 0))
        echo.settimeout(2)  # nothing more comes
        while echo.recv(1500):
            came += 1
    dropped = lines.wan.counts("near")["up_dropped"] - before
    assert 30 < dropped < 90
    assert came == 200 - dropped


def test_a_blackhole_swallows_everything(lines: Lines, near: Place) -> None:
    lines.wan.both("near", blackhole="all")
    assert answered(near.pc, (COLLECTOR, ANCHOR, OFFICE, "fd78::1")) == [False] * 4
    assert answered(near.pc, (near.gateway,)) == [True]  # the router is on this side of the line


def test_a_blackhole_for_the_internet_spares_the_intranet(lines: Lines, near: Place) -> None:
    lines.wan.both("near", blackhole=[INTERNET])
    assert answered(near.pc, (COLLECTOR, ANCHOR, OFFICE)) == [True, False, True]


def test_a_cut_of_one_line_leaves_the_other_alone(lines: Lines, near: Place) -> None:
    lines.wan.both("near", blackhole="all")
    assert echo_ms(lines.places["far"].pc, ANCHOR, within_s=2) is not None


def test_a_pulled_cable_takes_the_routes_and_plugging_brings_them_back(lines: Lines, near: Place) -> None:
    lines.unplug(near)
    assert answered(near.pc, (near.gateway, ANCHOR)) == [False, False]
    lines.plug(near)
    assert answered(near.pc, (near.gateway, ANCHOR, "fd78::1")) == [True] * 3


def test_a_dead_switch_takes_the_carrier(lines: Lines, near: Place) -> None:
    lines.switch_off(near)
    assert answered(near.pc, (near.gateway, ANCHOR)) == [False, False]
    lines.switch_on(near)
    assert answered(near.pc, (near.gateway, ANCHOR, "fd78::1")) == [True] * 3


def test_every_change_is_logged_with_both_clocks(lines: Lines, near: Place) -> None:
    at_ms = lines.wan.both(near.name, loss=0.01)
    log: Path = lines.directory / "wan.jsonl"
    assert f'"wall_ms": {at_ms}, "mono_ns": ' in log.read_text().splitlines()[-1]


def test_an_unknown_setting_is_refused(lines: Lines) -> None:
    with pytest.raises(ValueError, match="los"):
        lines.wan.both("near", los=0.3)
