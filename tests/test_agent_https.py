import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from agent.probes import http
from agent.probes.http import HttpTarget
from agent.probes.tls import expiry
from shared.result import Group, Outcome
from tests.probing import (
    Names,
    descriptors,
    eventually_descriptors,
    kit,
    page,
    saying,
    serving,
    stalling_after,
)

NAMES = Names(web_test=["127.0.0.1"])
IN_A_WEEK = (datetime.now(UTC) + timedelta(days=7)).replace(microsecond=0)
LAST_WEEK = IN_A_WEEK - timedelta(days=14)


def target(port: int, **more: Any) -> HttpTarget:
    settings = {"name": "t", "group": Group.SERVICE, "probe": "http", "url": f"https://web.test:{port}/"}
    return HttpTarget.model_validate(settings | more)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA) -> Iterator[str]:
    with authority.cert_pem.tempfile() as path:
        yield path


def server_tls(
    authority: trustme.CA, name: str, not_before: datetime | None = None, not_after: datetime | None = None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_before=not_before, not_after=not_after).configure_cert(context)
    return context


async def test_https_has_a_phase_of_its_own_and_tells_when_the_certificate_ends(
    authority: trustme.CA, ca_file: str
) -> None:
    tls = server_tls(authority, "web.test", not_after=IN_A_WEEK)
    async with serving(saying(page(b"ok")), tls=tls) as port:
        result = await http.probe(target(port, ca_file=ca_file), kit(NAMES))
    assert result.ok, result.reason
    assert set(result.phases) == {"resolve", "connect", "tls", "processing", "transfer"}
    assert result.facts["ssl_earliest_cert_expiry"] == IN_A_WEEK.timestamp()
    assert result.facts["http_ssl"] == 1


@pytest.mark.parametrize(
    ("name", "dates", "outcome", "reason"),
    [
        ("web.test", {"not_after": LAST_WEEK}, Outcome.TLS_FAILURE, "expired"),
        ("other.test", {}, Outcome.TLS_FAILURE, "not valid for 'web.test'"),
        ("web.test", {"not_before": IN_A_WEEK}, Outcome.ERROR, "clock"),
    ],
)
async def test_a_bad_certificate_is_a_tls_failure(
    authority: trustme.CA, ca_file: str, name: str, dates: dict[str, datetime], outcome: Outcome, reason: str
) -> None:
    async with serving(saying(page(b"ok")), tls=server_tls(authority, name, **dates)) as port:
        result = await http.probe(target(port, ca_file=ca_file), kit(NAMES))
    assert (result.outcome, result.received) == (outcome, 0)
    assert reason in result.reason


async def test_an_unknown_authority_is_a_tls_failure_unless_it_need_not_be_known(authority: trustme.CA) -> None:
    tls = server_tls(authority, "web.test", not_after=IN_A_WEEK)
    async with serving(saying(page(b"ok")), tls=tls) as port:
        strict = await http.probe(target(port), kit(NAMES))
        lax = await http.probe(target(port, verify=False), kit(NAMES))
    assert (strict.outcome, strict.reason) == (Outcome.TLS_FAILURE, "unable to get local issuer certificate")
    assert (lax.outcome, lax.facts["ssl_earliest_cert_expiry"]) == (Outcome.OK, IN_A_WEEK.timestamp())


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Outcome.TLS_FAILURE),
        (b"\x15\x03\x01\x00\x02\x02\x28", Outcome.TLS_FAILURE),
    ],
)
async def test_a_port_that_does_not_speak_tls_is_a_tls_failure(said: bytes, outcome: Outcome) -> None:
    async with serving(stalling_after(said)) as port:
        result = await http.probe(target(port, timeout_s=2), kit(NAMES))
    assert result.outcome is outcome, result.reason


async def test_a_handshake_that_stalls_or_is_cut_off_is_told_apart() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serving(stalling_after(b"")) as stalled, serving(hang_up) as cut:
        slow = await http.probe(target(stalled, timeout_s=0.2), kit(NAMES))
        short = await http.probe(target(cut, timeout_s=2), kit(NAMES))
    assert (slow.outcome, slow.reason) == (Outcome.TIMEOUT, "tls: no answer within 0.2 s")
    assert short.outcome in (Outcome.REFUSED, Outcome.TLS_FAILURE)


async def test_authorities_that_cannot_be_read_are_our_own_error(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    async with serving(stalling_after(b"")) as port:
        for name in ("missing.pem", "empty.pem"):
            asked_for = target(port, ca_file=str(tmp_path / name))
            result = await http.probe(asked_for, kit(NAMES))
            assert result.outcome is Outcome.ERROR, result.reason
            assert name in result.reason


async def test_targets_share_their_tls_context() -> None:
    contexts = kit().tls
    assert contexts.context(True, None) is contexts.context(True, None)
    assert contexts.context(False, None) is contexts.context(False, Path("ignored.pem"))


def test_a_certificate_that_cannot_be_read_has_no_end() -> None:
    assert [expiry(der) for der in (b"", b"0", b"\x30\x82", b"\x30\x03\x30\x01\x00", bytes(200))] == [None] * 5


async def test_two_hundred_failures_leave_no_descriptor_behind(authority: trustme.CA) -> None:
    async with (
        serving(stalling_after(b"")) as stalled,
        serving(saying(page(b"ok")), tls=server_tls(authority, "web.test")) as untrusted,
    ):
        shared, before = kit(NAMES), descriptors()
        for _ in range(10):
            probes = [http.probe(target(port, timeout_s=0.2), shared) for port in [stalled, untrusted] * 10]
            assert not any(result.ok for result in await asyncio.gather(*probes))
        await eventually_descriptors(before)


@pytest.mark.parametrize("tls_begun", [False, True])
async def test_a_cancelled_probe_leaves_no_descriptor_behind(authority: trustme.CA, tls_begun: bool) -> None:
    asked = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        while await reader.read(4096):
            pass

    async with serving(stall, tls=server_tls(authority, "web.test") if tls_begun else None) as port:
        before = descriptors()
        running = asyncio.create_task(http.probe(target(port, verify=False), kit(NAMES)))
        await asked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await eventually_descriptors(before)
