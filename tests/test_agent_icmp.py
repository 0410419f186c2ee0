"""The icmp probe: what it makes of an address and of the echoes."""

import os
import random
import socket
from contextlib import closing
from socket import AddressFamily
from typing import Any

import pytest

from agent.probes.echo import EchoEngine
from agent.probes.icmp import IcmpTarget, probe
from agent.probes.kit import Echo, Echoes, IpVersion, Kit, ResolveError
from agent.probes.resolve import Resolver
from shared.clock import SystemClock
from shared.result import Outcome, Result
from shared.settings import BadSettings, check
from tests.fakes import FakeClock

ALL_BACK = Echoes(rtts_us=(20_000, 21_000, 22_000), outcome=Outcome.OK, hop_limit=57, setup_s=0.25)


class CannedEcho:
    """Every address answers alike; remembers the last question, because it is what the probe is for."""

    def __init__(self, clock: FakeClock, echoes: Echoes) -> None:
        self.clock, self.echoes = clock, echoes
        self.address, self.packets, self.payload_bytes = "", 0, 0

    async def echo(
        self, address: str, *, packets: int, spacing_s: float, timeout_s: float, payload_bytes: int
    ) -> Echoes:
        self.address, self.packets, self.payload_bytes = address, packets, payload_bytes
        self.clock.advance(self.echoes.setup_s + 0.5)
        return self.echoes


class SlowNames:
    """A resolver that takes 10 ms and knows one name."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    async def resolve(self, host: str, ip: IpVersion, timeout_s: float) -> list[tuple[AddressFamily, str]]:
        self.clock.advance(0.01)
        if host != "portal.example":
            raise ResolveError(f"{host}: no such name")
        return [(AddressFamily.AF_INET6, "2001:db8::1"), (AddressFamily.AF_INET, "192.0.2.1")]


def target(**keys: Any) -> IcmpTarget:
    return IcmpTarget.model_validate(
        {"name": "x", "group": "internet", "probe": "icmp", "address": "portal.example"} | keys
    )


class Bench:
    """A kit of fakes and what it saw."""

    def __init__(self, echoes: Echoes = ALL_BACK, gateway: str | None = None) -> None:
        self.clock = FakeClock(boot_ms=1_000)
        self.echo = CannedEcho(self.clock, echoes)
        self.lines: list[str] = []
        self.gateway = gateway

    async def probe(self, **keys: Any) -> Result:
        names, echo = SlowNames(self.clock), self.echo
        kit = Kit(clock=self.clock, echo=echo, resolver=names, gateway=lambda: self.gateway, log=self.lines.append)
        return await probe(target(**keys), kit)


async def test_a_train_becomes_a_result() -> None:
    assert await Bench().probe() == Result(
        target="x",
        started_ms=1_260,  # 10 ms for the name, 250 ms for the socket: then the first packet left
        outcome=Outcome.OK,
        sent=3,
        received=3,
        rtt_min_us=20_000,
        rtt_avg_us=21_000,
        rtt_max_us=22_000,
        duration_s=0.76,
        phases={"resolve": 0.01, "setup": 0.25, "rtt": 0.021},
        facts={"ip_protocol": 6, "icmp_reply_hop_limit": 57},
    )


async def test_lost_packets_have_no_round_trip() -> None:
    bench = Bench(Echoes(rtts_us=(None, 30_000, None, 10_000), outcome=Outcome.OK))
    result = await bench.probe()
    assert (result.sent, result.received) == (4, 2)
    assert (result.rtt_min_us, result.rtt_avg_us, result.rtt_max_us) == (10_000, 20_000, 30_000)


async def test_total_loss_has_zeros_and_its_reason() -> None:
    bench = Bench(Echoes(rtts_us=(None,) * 4, outcome=Outcome.TIMEOUT, reason="no reply within 1.5 s"))
    result = await bench.probe()
    assert (result.outcome, result.reason, result.sent, result.received) == (
        Outcome.TIMEOUT,
        "no reply within 1.5 s",
        4,
        0,
    )
    assert (result.rtt_avg_us, "rtt" in result.phases) == (0, False)


async def test_a_name_that_does_not_resolve_sends_nothing() -> None:
    result = await Bench().probe(address="nowhere.example")
    assert (result.outcome, result.sent, result.reason) == (Outcome.DNS_FAILURE, 0, "nowhere.example: no such name")
    assert result.phases == {"resolve": 0.01}


async def test_auto_is_the_default_gateway_of_the_moment() -> None:
    bench = Bench(gateway="fe80::1%eth0")
    assert (await bench.probe(address="auto")).facts["ip_protocol"] == 6
    assert bench.echo.address == "fe80::1%eth0"
    bench.gateway = "192.0.2.254"
    assert (await bench.probe(address="auto")).facts["ip_protocol"] == 4


async def test_auto_without_a_default_route_is_unreachable() -> None:
    result = await Bench(gateway=None).probe(address="auto")
    assert (result.outcome, result.reason, result.sent) == (Outcome.UNREACHABLE, "no default route", 0)


async def test_the_log_tells_every_step() -> None:
    bench = Bench(Echoes(rtts_us=(None, 20_500), outcome=Outcome.OK, hop_limit=57))
    await bench.probe(packets=2)
    assert bench.lines == [
        "portal.example is 2001:db8::1, 192.0.2.1",
        "sending 2 packets of 56 bytes to 2001:db8::1",
        "packet 1: no reply",
        "packet 2: 20.500 ms",
        "hop limit left in the last reply: 57",
    ]


@pytest.mark.parametrize(
    ("key", "value"), [("packets", 21), ("packets", 0), ("spacing_s", 0.001), ("payload_bytes", 15), ("timeout_s", 0)]
)
def test_settings_out_of_range_are_named(key: str, value: float) -> None:
    table = {"name": "x", "group": "internet", "probe": "icmp", "address": "192.0.2.1", key: value}
    with pytest.raises(BadSettings) as caught:
        check(table, IcmpTarget, "agent.toml")
    assert caught.value.lines[0].startswith(f"agent.toml: {key} must be ")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root or an open net.ipv4.ping_group_range")
@pytest.mark.parametrize(("address", "protocol"), [("127.0.0.1", 4), ("::1", 6)])
async def test_this_machine_answers_itself(address: str, protocol: int) -> None:
    if protocol == 6 and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with closing(EchoEngine(SystemClock(), random.Random())) as engine:
        echo: Echo = engine
        kit = Kit(clock=SystemClock(), echo=echo, resolver=Resolver(), gateway=lambda: None)
        result = await probe(target(address=address, packets=2, spacing_s=0.01), kit)
    assert (result.outcome, result.received, result.facts["ip_protocol"]) == (Outcome.OK, 2, protocol)
    assert 0 < result.rtt_min_us <= result.rtt_avg_us <= result.rtt_max_us
