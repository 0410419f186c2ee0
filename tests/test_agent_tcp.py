import asyncio
import os
import resource
import socket

import pytest
from pydantic import ValidationError

from agent.probes import tcp
from agent.probes.kit import IpVersion
from agent.probes.tcp import TcpTarget
from shared.result import Group, Outcome
from tests.fakes import FakeClock
from tests.probing import Names, closed_port, descriptors, kit, serving, silent_port, states_of


def target(address: str, port: int, timeout_s: float = 2.0, ip: IpVersion = "any") -> TcpTarget:
    return TcpTarget(name="t", group=Group.SERVICE, probe="tcp", address=address, port=port, timeout_s=timeout_s, ip=ip)


async def read_all(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_an_open_port_is_ok_and_tells_the_round_trip() -> None:
    async with serving(read_all) as port:
        result = await tcp.probe(target("127.0.0.1", port), kit())
    assert (result.outcome, result.sent, result.received, result.reason) == (Outcome.OK, 1, 1, "")
    assert 0 < result.rtt_min_us == result.rtt_avg_us == result.rtt_max_us < 1e6 * result.duration_s
    assert set(result.phases) == {"resolve", "connect"}
    assert result.facts == {"ip_protocol": 4}


async def test_a_closed_port_is_refused() -> None:
    result = await tcp.probe(target("127.0.0.1", closed_port()), kit())
    assert (result.outcome, result.received, result.rtt_avg_us) == (Outcome.REFUSED, 0, 0)
    assert result.reason == "Connection refused"


async def test_a_port_that_says_nothing_is_a_timeout_in_time() -> None:
    with silent_port() as port:
        result = await tcp.probe(target("127.0.0.1", port, timeout_s=0.2), kit())
    assert (result.outcome, result.reason) == (Outcome.TIMEOUT, "connect: no answer within 0.2 s")
    assert result.duration_s < 1.5


@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.1", "fe80::1%nosuch0"])
async def test_no_way_to_the_address_is_unreachable(address: str) -> None:
    result = await tcp.probe(target(address, 80), kit())
    assert result.outcome is Outcome.UNREACHABLE, result.reason


async def test_a_link_local_address_without_its_zone_is_our_own_error() -> None:
    result = await tcp.probe(target("fe80::1", 80), kit())
    assert (result.outcome, result.reason) == (Outcome.ERROR, "Invalid argument")


async def test_a_name_that_does_not_resolve_is_a_dns_failure() -> None:
    result = await tcp.probe(target("no.such.name", 80), kit())
    assert (result.outcome, result.received, set(result.phases)) == (Outcome.DNS_FAILURE, 0, {"resolve"})


async def test_without_file_handles_it_is_our_own_error() -> None:
    lowest_free = os.dup(0)
    os.close(lowest_free)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    try:
        result = await tcp.probe(target("127.0.0.1", 9), kit())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert (result.outcome, result.is_evidence) == (Outcome.ERROR, False)
    assert result.reason == "Too many open files"


async def test_a_dead_ipv6_does_not_hide_a_living_ipv4() -> None:
    async with serving(read_all) as port:
        with silent_port(socket.AF_INET6, port):
            names = Names(both_test=["::1", "127.0.0.1"])
            result = await tcp.probe(target("both.test", port, timeout_s=0.4), kit(names))
            alone = await tcp.probe(target("both.test", port, timeout_s=0.2, ip="6"), kit(names))
    assert (result.outcome, result.facts["ip_protocol"]) == (Outcome.OK, 4)
    assert result.rtt_avg_us < 100_000, "the round trip is that of the address that answered"
    assert alone.outcome is Outcome.TIMEOUT


async def test_of_two_failures_the_one_that_came_furthest_is_told() -> None:
    names = Names(both_test=["ff02::1", "127.0.0.1"])
    result = await tcp.probe(target("both.test", closed_port()), kit(names))
    assert result.outcome is Outcome.REFUSED


async def test_the_start_is_stamped_after_the_name_is_resolved() -> None:
    clock = FakeClock()

    class SlowNames(Names):
        async def resolve(self, host, ip, timeout_s):  # type: ignore[no-untyped-def]  # as its base
            clock.advance(0.5)
            return await super().resolve(host, ip, timeout_s)

    before_ms = clock.boot_ms()
    async with serving(read_all) as port:
        result = await tcp.probe(target("web.test", port), kit(SlowNames(web_test=["127.0.0.1"]), clock=clock))
    assert result.started_ms == before_ms + 500
    assert result.phases == {"resolve": 0.5, "connect": 0.0}


async def test_connections_do_not_heap_up_in_time_wait() -> None:
    async with serving(read_all) as port:
        for _ in range(5):
            assert (await tcp.probe(target("127.0.0.1", port), kit())).ok
        assert "06" not in states_of(port)


async def test_two_hundred_failures_leave_no_descriptor_behind() -> None:
    before, port = descriptors(), closed_port()
    with silent_port() as hole:
        for _ in range(20):
            await asyncio.gather(
                *(tcp.probe(target("127.0.0.1", hole, timeout_s=0.02), kit()) for _ in range(5)),
                *(tcp.probe(target("127.0.0.1", port), kit()) for _ in range(5)),
            )
    assert descriptors() == before


async def test_a_cancelled_probe_leaves_no_descriptor_behind() -> None:
    with silent_port() as hole:
        before = descriptors()
        connecting = asyncio.Event()
        running = asyncio.create_task(
            tcp.probe(target("127.0.0.1", hole), kit(log=lambda line: connecting.set() if "is" in line else None))
        )
        await connecting.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert descriptors() == before


async def test_the_log_tells_every_step() -> None:
    lines: list[str] = []
    async with serving(read_all) as port:
        await tcp.probe(target("web.test", port), kit(Names(web_test=["127.0.0.1"]), log=lines.append))
    assert [line.split()[0] for line in lines] == ["resolve", "web.test", "connected", "connect", "ok"]


def test_it_says_where_it_probes() -> None:
    assert target("web.test", 443).where == "tcp://web.test:443"
    assert target("fe80::1%eth0", 22).where == "tcp://[fe80::1%eth0]:22"


@pytest.mark.parametrize(("address", "port"), [("", 80), ("a b", 80), ("http://a", 80), ("[::1]", 80), ("a", 0)])
def test_what_is_no_address_is_refused_as_a_setting(address: str, port: int) -> None:
    with pytest.raises(ValidationError):
        target(address, port)
