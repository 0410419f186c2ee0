import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.probes import dns
from agent.probes.dns import DnsTarget
from agent.probes.dns1 import NotAnAnswer, Question, encode_name, parse_answer
from shared.result import Group, Outcome
from tests.probing import Names, closed_port, descriptors, kit, serving, silent_port

Answering = Callable[[bytes], list[bytes]]
"""The datagrams that a server sends back to a query."""


def target(port: int, query: str = "web.test", **more: Any) -> DnsTarget:
    settings = {"name": "t", "group": Group.INTRANET, "probe": "dns", "server": "127.0.0.1", "port": port}
    return DnsTarget.model_validate(settings | {"query": query} | more)


def answer(query: bytes, *addresses: str, rcode: int = 0, flags: int = 0x8180, ident: int | None = None) -> bytes:
    """A full answer to `query`: header, question, one record an address under a compressed name."""
    number = struct.unpack_from("!H", query)[0] if ident is None else ident
    header = struct.pack("!HHHHHH", number, flags | rcode, 1, len(addresses), 0, 0)
    return header + query[12:] + b"".join(record(address) for address in addresses)


def record(address: str) -> bytes:
    data = ip_address(address).packed
    return b"\xc0\x0c" + struct.pack("!HHIH", 1 if len(data) == 4 else 28, 1, 60, len(data)) + data


class Responder(asyncio.DatagramProtocol):
    def __init__(self, answering: Answering) -> None:
        self.answering = answering

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, query: bytes, sender: Any) -> None:
        for datagram in self.answering(query):
            self.transport.sendto(datagram, sender)


@asynccontextmanager
async def responder(answering: Answering, port: int = 0) -> AsyncIterator[int]:
    """The port of a name server on loopback."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Responder(answering), local_addr=("127.0.0.1", port))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


async def test_an_answer_is_ok_with_its_phases_and_facts() -> None:
    async with responder(lambda query: [answer(query, "192.0.2.7", "192.0.2.8")]) as port:
        result = await dns.probe(target(port), kit())
    assert (result.outcome, result.sent, result.received) == (Outcome.OK, 1, 1)
    assert set(result.phases) == {"resolve", "connect", "request"}
    assert 0 < result.rtt_avg_us < 1e6 * result.duration_s
    assert result.facts == {
        "dns_query_succeeded": 1,
        "dns_answer_rrs": 2,
        "dns_authority_rrs": 0,
        "dns_additional_rrs": 0,
        "ip_protocol": 4,
    }


@pytest.mark.parametrize(
    ("answering", "outcome", "reason"),
    [
        (lambda q: [answer(q, rcode=2)], Outcome.DNS_FAILURE, "SERVFAIL"),
        (lambda q: [answer(q, rcode=3)], Outcome.DNS_FAILURE, "NXDOMAIN"),
        (lambda q: [answer(q, rcode=11)], Outcome.DNS_FAILURE, "response code 11"),
        (lambda q: [q[:2] + b"\x80\x01" + bytes(8)], Outcome.DNS_FAILURE, "FORMERR"),
        (lambda q: [answer(q)], Outcome.DNS_FAILURE, "no A record in the answer"),
        (lambda q: [answer(q, "2001:db8::1")], Outcome.DNS_FAILURE, "no A record in the answer"),
        (lambda q: [], Outcome.TIMEOUT, "request: no answer within 0.2 s"),
        (lambda q: [b"?"], Outcome.DNS_FAILURE, "only a malformed message of 1 bytes"),
        (lambda q: [q], Outcome.DNS_FAILURE, "only a message that answers no question of ours"),
        (lambda q: [answer(q, "192.0.2.7")[:-2]], Outcome.DNS_FAILURE, "only a malformed message of 40 bytes"),
        (lambda q: [answer(q[:12] + encode_name("other.test") + q[-4:], "192.0.2.7")], Outcome.DNS_FAILURE, "only an"),
    ],
)
async def test_the_answer_decides_the_outcome(answering: Answering, outcome: Outcome, reason: str) -> None:
    async with responder(answering) as port:
        result = await dns.probe(target(port, timeout_s=0.2), kit())
    assert result.outcome is outcome
    assert result.reason.startswith(reason), result.reason


async def test_the_servers_own_no_is_an_answer() -> None:
    async with responder(lambda query: [answer(query, rcode=2)]) as port:
        result = await dns.probe(target(port), kit())
    assert (result.received, result.facts["dns_query_succeeded"], result.rtt_avg_us > 0) == (1, 1, True)


async def test_forged_and_late_datagrams_are_passed_over() -> None:
    def answering(query: bytes) -> list[bytes]:
        wrong = (struct.unpack_from("!H", query)[0] + 1) & 0xFFFF
        return [b"", b"garbage", answer(query, "203.0.113.1", ident=wrong), answer(query, "192.0.2.7")]

    async with responder(answering) as port:
        assert (await dns.probe(target(port, expected=["192.0.2.7"]), kit())).ok


async def test_a_name_in_other_letters_is_the_same_name() -> None:
    async with responder(lambda query: [answer(query[:12] + query[12:].upper(), "192.0.2.7")]) as port:
        result = await dns.probe(target(port, query="WEB.test"), kit())
    assert result.ok, result.reason


@pytest.mark.parametrize(
    ("record", "expected", "said", "outcome"),
    [
        ("A", ["192.0.2.7"], ["192.0.2.7", "192.0.2.8"], Outcome.OK),
        ("A", ["192.0.2.7", "192.0.2.8"], ["192.0.2.7"], Outcome.INTERCEPTED),
        ("A", ["192.0.2.7"], ["203.0.113.80"], Outcome.INTERCEPTED),
        ("A", ["192.0.2.7"], [], Outcome.DNS_FAILURE),
        ("AAAA", ["2001:DB8:0::1"], ["2001:db8::1"], Outcome.OK),
        ("AAAA", ["2001:db8::1"], ["2001:db8::bad"], Outcome.INTERCEPTED),
    ],
)
async def test_a_wrong_answer_is_somebody_elses(
    record: str, expected: list[str], said: list[str], outcome: Outcome
) -> None:
    async with responder(lambda query: [answer(query, *said)]) as port:
        result = await dns.probe(target(port, record=record, expected=expected), kit())
    assert (result.outcome, result.received) == (outcome, outcome is not Outcome.INTERCEPTED)


async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = struct.unpack("!H", await reader.readexactly(2))[0]
    message = answer(await reader.readexactly(size), *(f"192.0.2.{n}" for n in range(60)))
    writer.write(struct.pack("!H", len(message)) + message)


async def test_a_truncated_answer_is_asked_for_again_over_tcp() -> None:
    async with serving(over_tcp) as port, responder(lambda q: [answer(q, flags=0x8380)], port):
        result = await dns.probe(target(port), kit())
    assert (result.outcome, result.facts["dns_answer_rrs"]) == (Outcome.OK, 60)


async def test_over_tcp_alone() -> None:
    async with serving(over_tcp) as port:
        result = await dns.probe(target(port, transport="tcp"), kit())
    assert result.ok


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (b"", Outcome.REFUSED),
        (b"\x00", Outcome.REFUSED),
        (b"\x00\x20short", Outcome.REFUSED),
        (b"\x00\x03abc", Outcome.DNS_FAILURE),
        (b"HTTP/1.1 400 Bad Request\r\n" * 1000, Outcome.DNS_FAILURE),
    ],
)
async def test_garbage_over_tcp_is_a_result(said: bytes, outcome: Outcome) -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(said)

    async with serving(garbage) as port:
        result = await dns.probe(target(port, transport="tcp", timeout_s=2), kit())
    assert result.outcome is outcome, result.reason


@given(st.binary(max_size=100))
def test_no_bytes_whatever_raise_anything_but_not_an_answer(said: bytes) -> None:
    question = Question(7, "web.test", "A")
    for message in (said, b"\0\7\x80\0\0\1\0\3" + bytes(4) + question.asked() + said):
        with suppress(NotAnAnswer):
            parse_answer(message, question)


async def test_nobody_at_the_port_is_refused_and_no_way_to_it_unreachable() -> None:
    refused = await dns.probe(target(closed_port(socket.SOCK_DGRAM)), kit())
    nowhere = await dns.probe(target(53, server="fe80::1%nosuch0"), kit())
    unknown = await dns.probe(target(53, server="no.such.name"), kit())
    with silent_port() as port:
        silent = await dns.probe(target(port, transport="tcp", timeout_s=0.2), kit())
    assert [refused.outcome, nowhere.outcome, unknown.outcome, silent.outcome] == [
        Outcome.REFUSED,
        Outcome.UNREACHABLE,
        Outcome.DNS_FAILURE,
        Outcome.TIMEOUT,
    ]


async def test_every_question_has_an_id_of_its_own() -> None:
    seen: list[bytes] = []

    def answering(query: bytes) -> list[bytes]:
        seen.append(query[:2])
        return [answer(query, "192.0.2.7")]

    async with responder(answering) as port:
        for _ in range(20):
            await dns.probe(target(port), kit())
    assert len(set(seen)) > 15


async def test_two_hundred_failures_leave_no_descriptor_behind() -> None:
    async with responder(lambda _: []) as silent:
        before, closed = descriptors(), closed_port(socket.SOCK_DGRAM)
        for _ in range(10):
            ports = [silent] * 10 + [closed] * 10
            results = await asyncio.gather(*(dns.probe(target(port, timeout_s=0.05), kit()) for port in ports))
            assert not any(result.ok for result in results)
        assert descriptors() == before


async def test_the_log_tells_every_step() -> None:
    lines: list[str] = []
    async with responder(lambda query: [answer(query, "192.0.2.7")]) as port:
        names = Names(ns_test=["127.0.0.1"])
        await dns.probe(target(port, server="ns.test"), kit(names, log=lines.append))
    assert [line.split()[0] for line in lines] == ["resolve", "ns.test", "connect", "request", "NOERROR,", "ok"]


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        (".", b"\0"),
        ("a.test.", b"\1a\4test\0"),
        ("_sip.my_host", b"\4_sip\7my_host\0"),
        ("bücher.test", b"\x0dxn--bcher-kva\4test\0"),
    ],
)
def test_a_name_goes_out_as_labels(name: str, wire: bytes) -> None:
    assert encode_name(name) == wire


def test_a_pointer_may_be_asked_for_by_address() -> None:
    asked = target(53, query="192.0.2.7", record="PTR").question()
    assert (asked.name, asked.record) == ("7.2.0.192.in-addr.arpa", "PTR")
    assert Question(1, "a.test", "MX").message().hex() == "000101000001000000000000" + "016104746573740000" + "0f0001"


@pytest.mark.parametrize(
    "settings",
    [
        {"query": ""},
        {"query": "a..b"},
        {"query": "a" * 64},
        {"query": "a." * 130},
        {"expected": ["not an address"]},
        {"expected": ["2001:db8::1"]},
        {"expected": ["192.0.2.7"], "record": "MX"},
        {"record": "ANY"},
        {"server": "http://ns.test"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        target(53, **settings)


def test_it_says_where_it_probes() -> None:
    assert target(53, server="::1", record="AAAA").where == "dns://[::1]:53/web.test?type=AAAA"
