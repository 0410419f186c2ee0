"""dns: does a named server answer a question, and with the truth.

One datagram, sent once: a lost one is a lost packet, and the schedule asks again. What a resolver library would do
between us and the wire, retries and caches and failing over, would only hide the line.
"""

import asyncio
import secrets
import socket
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from agent.probes import dns1
from agent.probes.dns1 import Answer, Question
from agent.probes.exchange import Exchange, Host, Port, aim, course, dial, host_port
from agent.probes.failure import Failure
from agent.probes.kit import Kit, TargetSettings
from shared.result import Outcome, Result

MAX_DATAGRAM_BYTES = 4096


class DnsTarget(TargetSettings):
    """A question and the server that is to answer it."""

    probe: Literal["dns"]
    server: Host
    port: Port = 53
    query: Annotated[str, Field(min_length=1)]
    """A name; for PTR an address will do."""
    record: Literal["A", "AAAA", "NS", "SOA", "MX", "TXT", "PTR"] = "A"
    expected: tuple[str, ...] = ()
    """Addresses that must all be in the answer to A or AAAA; one that lacks any is `intercepted`."""
    transport: Literal["udp", "tcp"] = "udp"

    @field_validator("expected")
    @classmethod
    def _are_addresses(cls, expected: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_address(address)) for address in expected)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        dns1.encode_name(self._name)
        version = {"A": 4, "AAAA": 6}.get(self.record)
        if any(ip_address(address).version != version for address in self.expected):
            raise ValueError("expected holds IPv4 addresses for record A, IPv6 addresses for AAAA, nothing else")
        return self

    @property
    def where(self) -> str:
        return f"dns://{host_port(self.server, self.port)}/{self.query}?type={self.record}"

    @property
    def _name(self) -> str:
        try:
            return ip_address(self.query).reverse_pointer if self.record == "PTR" else self.query
        except ValueError:
            return self.query

    def question(self) -> Question:
        """Asked under a new random id each time, so that nobody off the path can answer in the server's place."""
        return Question(secrets.randbits(16), self._name, self.record)


async def probe(target: DnsTarget, kit: Kit) -> Result:
    """Asks once, and again over TCP if the answer is truncated. Phases: resolve (of the server), connect, request."""

    async def steps(exchange: Exchange) -> None:
        exchange.facts["dns_query_succeeded"] = 0
        question = target.question()
        ask = _ask_udp if target.transport == "udp" else _ask_tcp
        answer = await ask(target, exchange, question)
        if answer.is_truncated and target.transport == "udp":
            kit.log("truncated, asking again over tcp")
            answer = await _ask_tcp(target, exchange, question)
        exchange.answered()
        _note(exchange, answer)
        if failure := verdict(target, answer):
            raise failure

    return await course(target, kit, steps)


def verdict(target: DnsTarget, answer: Answer) -> Failure | None:
    """None if `answer` is what `target` should answer. First match wins:

    1. A response code other than NOERROR: `dns_failure`.
    2. No record of the kind that was asked for: `dns_failure`.
    3. Addresses that lack one of `expected`: `intercepted`. The server says all is well and names somebody else.
    4. ok.
    """
    if answer.rcode:
        return Failure(Outcome.DNS_FAILURE, dns1.RCODES.get(answer.rcode, f"response code {answer.rcode}"))
    if target.record not in answer.kinds:
        return Failure(Outcome.DNS_FAILURE, f"no {target.record} record in the answer")
    if not set(target.expected) <= set(answer.addresses):
        return Failure(Outcome.INTERCEPTED, f"the answer is {', '.join(answer.addresses)}")
    return None


async def _ask_udp(target: DnsTarget, exchange: Exchange, question: Question) -> Answer:
    addresses = await exchange.resolve(target.server)
    with exchange.phase("connect"):
        line = aim(exchange, addresses, target.port)
    with line, exchange.phase("request"):
        await asyncio.get_running_loop().sock_sendall(line, question.message())
        return await _answer(exchange, line, question)


async def _answer(exchange: Exchange, line: socket.socket, question: Question) -> Answer:
    """The first datagram that answers `question`.

    Others are late answers to older questions, or forged, and passed over; told of if nothing better comes in time.
    """
    while True:
        datagram = await asyncio.get_running_loop().sock_recv(line, MAX_DATAGRAM_BYTES)
        try:
            return dns1.parse_answer(datagram, question)
        except dns1.NotAnAnswer as error:
            exchange.instead_of_timeout = Failure(Outcome.DNS_FAILURE, f"only {error}")
            exchange.kit.log(f"passed over: {error}")


async def _ask_tcp(target: DnsTarget, exchange: Exchange, question: Question) -> Answer:
    line, _ = await dial(exchange, target.server, target.port)
    with line, exchange.phase("request"):
        message = question.message()
        await asyncio.get_running_loop().sock_sendall(line, len(message).to_bytes(2, "big") + message)
        size = int.from_bytes(await _exactly(line, 2), "big")
        try:
            return dns1.parse_answer(await _exactly(line, size), question)
        except dns1.NotAnAnswer as error:
            raise Failure(Outcome.DNS_FAILURE, str(error)) from None


async def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = await asyncio.get_running_loop().sock_recv(line, size - len(data))
        if not piece:
            raise Failure(Outcome.REFUSED, "closed by the peer before the answer was complete")
        data += piece
    return data


def _note(exchange: Exchange, answer: Answer) -> None:
    exchange.kit.log(
        f"{dns1.RCODES.get(answer.rcode, answer.rcode)}, {answer.answers} answers {' '.join(answer.addresses)}"
    )
    exchange.facts.update(
        dns_query_succeeded=1,
        dns_answer_rrs=answer.answers,
        dns_authority_rrs=answer.authorities,
        dns_additional_rrs=answer.additionals,
    )
