"""http: does a web server answer as it should, how long does each part take, and is it the right one who answers."""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from agent.probes import http1
from agent.probes.exchange import Exchange, course, dial
from agent.probes.failure import Failure
from agent.probes.http1 import Url
from agent.probes.kit import Kit, TargetSettings
from agent.probes.tls import expiry
from shared.clock import rfc3339
from shared.result import Outcome, Result
from shared.settings import FilePath

REDIRECTS = frozenset({301, 302, 303, 307, 308})
NETWORK_AUTHENTICATION_REQUIRED = 511
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
NOT_YOURS = frozenset({"connection", "content-length", "transfer-encoding"})
"""Headers that are the exchange's own business."""

Status = Annotated[int, Field(ge=100, le=599)]


class HttpTarget(TargetSettings):
    """A page and what it must answer; see `verdict`."""

    probe: Literal["http"]
    url: str
    method: Literal["GET", "HEAD"] = "GET"
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Sent to the server of `url` alone, never on to another one, and never logged."""
    expected_status: tuple[Status, ...] = ()
    """None given: any 2xx, with `redirects = 0` any 3xx too; 204 where an `intercept_check` has no `expected_body`."""
    expected_body: str = ""
    """Must be in the first 64 KiB; of an `intercept_check` it must be all there is, but for white space around it."""
    intercept_check: bool = False
    """Finds out who answers in the place of a plain http page whose whole answer is known."""
    redirects: Annotated[int, Field(ge=0, le=10)] = 5
    verify: bool = True
    ca_file: FilePath | None = None
    """Authorities to trust instead of the system's."""
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 5.0

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        http1.parse_url(url)
        return url

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in NOT_YOURS:
                raise ValueError(f"{name!r} cannot be set")
            if not value.get_secret_value().isprintable():
                raise ValueError(f"the value of {name} has control characters in it")
        return headers

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.intercept_check and self.parsed_url.scheme != "http":
            raise ValueError("intercept_check needs an http:// url; an answer over https cannot be forged")
        if self.expected_body and self.method == "HEAD":
            raise ValueError("expected_body needs method GET; HEAD has no body")
        return self

    @cached_property
    def parsed_url(self) -> Url:
        return http1.parse_url(self.url)

    @property
    def where(self) -> str:
        return self.parsed_url.bare

    def expects(self, status: int) -> bool:
        if self.expected_status:
            return status in self.expected_status
        if self.intercept_check and not self.expected_body:
            return status == 204
        return 200 <= status < (300 if self.redirects else 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from `url`."""

    url: Url
    head: http1.Head
    body: bytes


def verdict(target: HttpTarget, answer: Answer) -> Failure | None:
    """None if `answer` is what `target` should answer.

    Without `intercept_check` anything else is `bad_status`, but for 511, by which a portal tells of itself (RFC 6585).

    With it the operator has named a server that always says the same, so that whoever says something else is somebody
    else, provided it is said in the way of a portal and not in that of a server in trouble. First match wins:

    1. The expected status and body: ok.
    2. Status 511: `intercepted`.
    3. A redirect to another host: `intercepted`. (One to the same host is followed: the server may have moved to https,
       and a portal that redirects within the name it has taken over gives itself away by its answer.)
    4. A success, 200 to 299, with another status or body than the expected: `intercepted`. A server in trouble does not
       say that all is well; a portal does, and shows its page.
    5. All the rest, 4xx, 5xx, a redirect that leads nowhere, is `bad_status`: somebody is there, and nothing proves it
       to be somebody else.
    """
    status, host = answer.head.status, target.parsed_url.host
    if target.expects(status) and _has_body(target, answer.body):
        return None
    if status == NETWORK_AUTHENTICATION_REQUIRED:
        return Failure(Outcome.INTERCEPTED, "status 511: the network wants a login")
    told = f"status {status}" if not target.expects(status) else f"status {status} without the expected body"
    if target.intercept_check and (goal := _redirection(answer)) and goal.host != host:
        return Failure(Outcome.INTERCEPTED, f"{told}, redirected to {goal.host}")
    if target.intercept_check and 200 <= status < 300:
        kind = answer.head.headers.get("content-type", "no content type")
        return Failure(Outcome.INTERCEPTED, f"{told}, {kind} instead of the known answer")
    return Failure(Outcome.BAD_STATUS, told)


def _has_body(target: HttpTarget, body: bytes) -> bool:
    expected = target.expected_body.strip().encode()
    return body.strip() == expected if target.intercept_check and expected else expected in body


def _redirection(answer: Answer) -> Url | None:
    """Where `answer` sends us; None if nowhere."""
    location = answer.head.headers.get("location", "")
    if answer.head.status not in REDIRECTS or not location:
        return None
    try:
        return answer.url.joined(location)
    except ValueError:
        return None


async def probe(target: HttpTarget, kit: Kit) -> Result:
    """Asks, follows redirects, judges. Phases, summed over all hops: resolve, connect, tls, processing, transfer."""

    async def steps(exchange: Exchange) -> None:
        answer, followed = await _ask(target, exchange, target.parsed_url), 0
        while goal := _next(target, answer):
            if followed == target.redirects:
                raise Failure(Outcome.BAD_STATUS, f"more than {followed} redirects")
            answer, followed = await _ask(target, exchange, goal), followed + 1
        exchange.facts["http_redirects"] = followed
        if failure := verdict(target, answer):
            raise failure

    return await course(target, kit, steps)


def _next(target: HttpTarget, answer: Answer) -> Url | None:
    """The redirect to follow; None if the answer is the last one."""
    if not target.redirects or answer.head.status in target.expected_status:
        return None
    goal = _redirection(answer)
    leads_away = goal is not None and goal.host != target.parsed_url.host
    return None if target.intercept_check and leads_away else goal


async def _ask(target: HttpTarget, exchange: Exchange, url: Url) -> Answer:
    """One request and its answer, on a connection of its own."""
    exchange.answer_us = None  # a redirect is half an answer
    line, _ = await dial(exchange, url.host, url.port)
    reader, writer = await _streams(target, exchange, url, line)
    try:
        exchange.kit.log(f"{target.method} {url.bare}")
        with exchange.phase("processing"):
            writer.write(http1.request(target.method, url, _headers_for(target, url)))
            head = await http1.read_head(reader)
        exchange.kit.log(f"status {head.status}")
        _note(exchange, url, head)
        body = await _body(target, exchange, reader, head)
    finally:
        writer.transport.abort()
    exchange.answered()
    return Answer(url, head, body)


async def _body(target: HttpTarget, exchange: Exchange, reader: asyncio.StreamReader, head: http1.Head) -> bytes:
    """Left with the server where the status alone decides: a portal that dawdles over its page is still a portal."""
    is_signpost = head.status in REDIRECTS and head.status not in target.expected_status
    if is_signpost or not target.expects(head.status):
        return b""
    with exchange.phase("transfer"):
        body = await http1.read_body(reader, head, target.method)
    exchange.kit.log(f"{len(body)} bytes of body")
    return body


async def _streams(
    target: HttpTarget, exchange: Exchange, url: Url, line: socket.socket
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The connection as streams, after the TLS handshake if there is one."""
    try:
        if url.scheme == "http":
            return await asyncio.open_connection(sock=line, limit=http1.MAX_LINE_BYTES)
        with exchange.phase("tls"):
            context = exchange.kit.tls.context(target.verify, target.ca_file)
            reader, writer = await asyncio.open_connection(
                sock=line, limit=http1.MAX_LINE_BYTES, ssl=context, server_hostname=url.name
            )
    except BaseException:  # a cancelled handshake must not leave the socket behind
        line.close()
        raise
    _note_certificate(exchange, writer.get_extra_info("ssl_object"))
    return reader, writer


def _headers_for(target: HttpTarget, url: Url) -> Mapping[str, str]:
    """Only the server they were meant for gets them: they may hold secrets."""
    own = target.parsed_url
    if (url.scheme, url.host, url.port) != (own.scheme, own.host, own.port):
        return {}
    return {name: value.get_secret_value() for name, value in target.headers.items()}


def _note(exchange: Exchange, url: Url, head: http1.Head) -> None:
    exchange.facts.update(http_status_code=head.status, http_version=head.version, http_ssl=int(url.scheme == "https"))
    if head.content_length is not None:
        exchange.facts["http_content_length"] = head.content_length


def _note_certificate(exchange: Exchange, tls: ssl.SSLObject) -> None:
    ends = expiry(tls.getpeercert(binary_form=True) or b"")
    exchange.kit.log(
        f"{tls.version()}, the certificate ends at {rfc3339(round(ends * 1000)) if ends else 'no known time'}"
    )
    if ends is not None:
        exchange.facts["ssl_earliest_cert_expiry"] = min(ends, exchange.facts.get("ssl_earliest_cert_expiry", ends))
