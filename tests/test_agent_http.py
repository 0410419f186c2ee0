import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.probes import http, http1
from agent.probes.failure import Failure
from agent.probes.http import HttpTarget
from shared.result import Group, Outcome, Result
from tests.probing import (
    Names,
    closed_port,
    descriptors,
    eventually_descriptors,
    kit,
    page,
    redirect,
    saying,
    serving,
    silent_port,
    stalling_after,
)

KNOWN = b"HTTP/1.1 204 No Content\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n<html></html"
NAMES = Names(web_test=["127.0.0.1"], portal_test=["127.0.0.1"])


def target(url: str, **more: Any) -> HttpTarget:
    return HttpTarget.model_validate({"name": "t", "group": Group.SERVICE, "probe": "http", "url": url} | more)


async def asked(answer: bytes, path: str = "/", **more: Any) -> Result:
    """The result of probing a server that says `answer`."""
    async with serving(saying(answer)) as port:
        return await http.probe(target(f"http://web.test:{port}{path}", **more), kit(NAMES))


# What a good answer is


async def test_a_page_is_ok_with_its_phases_and_facts() -> None:
    result = await asked(page(b"halo"))
    assert (result.outcome, result.sent, result.received, result.reason) == (Outcome.OK, 1, 1, "")
    assert set(result.phases) == {"resolve", "connect", "processing", "transfer"}
    exchange_s = sum(result.phases.values()) - result.phases["resolve"]
    assert result.rtt_avg_us == pytest.approx(exchange_s * 1e6, abs=1)
    assert result.facts == {
        "http_status_code": 200,
        "http_content_length": 4,
        "http_version": 1.1,
        "http_ssl": 0,
        "http_redirects": 0,
        "ip_protocol": 4,
    }


@pytest.mark.parametrize(
    ("answer", "settings", "outcome"),
    [
        (page(b"", "404 Not Found"), {}, Outcome.BAD_STATUS),
        (page(b"", "500 Oh"), {}, Outcome.BAD_STATUS),
        (page(b"", "404 Not Found"), {"expected_status": [404]}, Outcome.OK),
        (page(b""), {"expected_status": [404]}, Outcome.BAD_STATUS),
        (redirect("/login"), {"expected_status": [302]}, Outcome.OK),
        (redirect("/login"), {"redirects": 0}, Outcome.OK),
        (redirect("ftp://web.test/"), {}, Outcome.BAD_STATUS),
        (page(b"layanan Samsat"), {"expected_body": "Samsat"}, Outcome.OK),
        (page(b"layanan tutup"), {"expected_body": "Samsat"}, Outcome.BAD_STATUS),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", {"method": "HEAD"}, Outcome.OK),
        (b"HTTP/1.0 200 OK\n\nuntil the end", {"expected_body": "until the end"}, Outcome.OK),
        (b"HTTP/1.1 103 Early\r\n\r\n" + page(b"x"), {}, Outcome.OK),
        (b"HTTP/1.1 511 Login\r\n\r\n", {}, Outcome.INTERCEPTED),
    ],
)
async def test_the_answer_decides_the_outcome(answer: bytes, settings: dict[str, Any], outcome: Outcome) -> None:
    result = await asked(answer, **settings)
    assert result.outcome is outcome, result.reason
    assert result.received == (outcome is not Outcome.INTERCEPTED), "a bad answer of the target is an answer"


async def test_a_body_in_chunks_is_put_together() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nSam\r\n3\r\nsat\r\n0\r\n\r\n"
    assert (await asked(chunks, expected_body="Samsat")).ok


async def test_the_request_is_what_a_server_expects_and_no_more() -> None:
    requests: list[bytes] = []
    async with serving(saying(PAGE, requests)) as port:
        settings = {"headers": {"Authorization": "Bearer s3cret"}}
        await http.probe(target(f"http://web.test:{port}/a b?k=é#part", **settings), kit(NAMES))
    lines = requests[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b?k=%C3%A9 HTTP/1.1"
    assert {f"Host: web.test:{port}", "Authorization: Bearer s3cret", "Connection: close"} < set(lines)


# Redirects


async def test_redirects_are_followed_and_their_phases_summed() -> None:
    async with serving(saying(page(b"here"))) as end, serving(saying(redirect(f"http://portal.test:{end}/"))) as begin:
        result = await http.probe(target(f"http://web.test:{begin}/", expected_body="here"), kit(NAMES))
    assert (result.outcome, result.facts["http_redirects"]) == (Outcome.OK, 1)


async def test_a_redirect_to_a_server_that_stalls_is_no_answer() -> None:
    async with serving(stalling_after(b"")) as end, serving(saying(redirect(f"http://portal.test:{end}/"))) as begin:
        result = await http.probe(target(f"http://web.test:{begin}/", timeout_s=0.3), kit(NAMES))
    assert (result.outcome, result.received, result.rtt_avg_us) == (Outcome.TIMEOUT, 0, 0)


async def test_a_circle_of_redirects_ends() -> None:
    result = await asked(redirect("/again"))
    assert (result.outcome, result.reason) == (Outcome.BAD_STATUS, "more than 5 redirects")


@pytest.mark.parametrize("location", ["ftp://web.test/", "http://[::1", "http://a..b/", "http://" + "a" * 70 + "/"])
async def test_a_redirect_to_nowhere_is_an_answer_like_any_other(location: str) -> None:
    assert (await asked(redirect(location))).outcome is Outcome.BAD_STATUS


async def test_headers_do_not_go_to_another_server() -> None:
    requests: list[bytes] = []
    async with (
        serving(saying(page(b""), requests)) as end,
        serving(saying(redirect(f"http://portal.test:{end}/"), requests)) as begin,
    ):
        await http.probe(target(f"http://web.test:{begin}/", headers={"X-Key": "s3cret"}), kit(NAMES))
    assert [b"s3cret" in request for request in requests] == [True, False]


async def test_secrets_are_neither_logged_nor_shown() -> None:
    lines: list[str] = []
    async with serving(saying(PAGE)) as port:
        asked_for = target(f"http://web.test:{port}/?key=s3cret", headers={"X-Key": "s3cret"})
        await http.probe(asked_for, kit(NAMES, log=lines.append))
    assert "s3cret" not in "".join(lines) + asked_for.where + repr(asked_for.headers)
    assert f"GET http://web.test:{port}/" in lines


# Somebody else answers


@pytest.mark.parametrize(
    ("answer", "settings", "outcome"),
    [
        (KNOWN, {}, Outcome.OK),
        (page(b"Microsoft Connect Test"), {"expected_body": "Microsoft Connect Test"}, Outcome.OK),
        (page(b"success\n"), {"expected_body": "success"}, Outcome.OK),
        (redirect("http://portal.test/login"), {}, Outcome.INTERCEPTED),
        (redirect("https://portal.test/", "307 T"), {"redirects": 0}, Outcome.INTERCEPTED),
        (redirect("http://portal.test/"), {"expected_body": "success"}, Outcome.INTERCEPTED),
        (PAGE, {}, Outcome.INTERCEPTED),
        (page(b"<p>success of a login</p>"), {"expected_body": "success"}, Outcome.INTERCEPTED),
        (page(b""), {}, Outcome.INTERCEPTED),
        (b"HTTP/1.1 511 Network Authentication Required\r\n\r\n", {}, Outcome.INTERCEPTED),
        (page(b"", "500 Internal Server Error"), {}, Outcome.BAD_STATUS),
        (page(b"", "503 Service Unavailable"), {"expected_body": "success"}, Outcome.BAD_STATUS),
        (page(b"", "404 Not Found"), {}, Outcome.BAD_STATUS),
        (redirect("ftp://portal.test/"), {}, Outcome.BAD_STATUS),
        (b"SSH-2.0-OpenSSH_9\r\n", {}, Outcome.BAD_STATUS),
    ],
)
async def test_a_portal_is_told_from_a_server_in_trouble(
    answer: bytes, settings: dict[str, Any], outcome: Outcome
) -> None:
    result = await asked(answer, "/generate_204", intercept_check=True, **settings)
    assert result.outcome is outcome, result.reason


async def test_a_portal_under_a_name_it_took_over_is_found_by_its_page() -> None:
    hijacked = Names(connectivity_test=["127.0.0.1"])
    requests: list[bytes] = []

    async def portal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(PAGE if b"/login" in requests[-1] else redirect("/login"))

    async with serving(portal) as port:
        url = f"http://connectivity.test:{port}/generate_204"
        result = await http.probe(target(url, intercept_check=True), kit(hijacked))
    assert (result.outcome, len(requests), result.received, result.rtt_avg_us) == (Outcome.INTERCEPTED, 2, 0, 0)


async def test_a_portal_that_dawdles_over_its_page_is_still_a_portal() -> None:
    async with serving(stalling_after(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<html>")) as port:
        result = await http.probe(target(f"http://web.test:{port}/", intercept_check=True, timeout_s=5), kit(NAMES))
    assert result.outcome is Outcome.INTERCEPTED
    assert result.duration_s < 4


# Bad servers


@pytest.mark.parametrize(
    ("answer", "phase"),
    [
        (b"", "processing"),
        (b"HTTP/1.1 200 OK\r\nX: ", "processing"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "transfer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "transfer"),
    ],
)
async def test_a_server_that_stalls_is_a_timeout_that_says_where(answer: bytes, phase: str) -> None:
    async with serving(stalling_after(answer)) as port:
        result = await http.probe(target(f"http://web.test:{port}/", timeout_s=0.2), kit(NAMES))
    assert (result.outcome, result.reason) == (Outcome.TIMEOUT, f"{phase}: no answer within 0.2 s")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", Outcome.REFUSED),
        (b"HTTP/1.1 200 OK\r\n", Outcome.REFUSED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Outcome.REFUSED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Outcome.BAD_STATUS),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", Outcome.BAD_STATUS),
        (b"\x00\xff garbage \x16\x03", Outcome.BAD_STATUS),
        (b"HTTP/2 200\r\n\r\n", Outcome.BAD_STATUS),
        (b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n", Outcome.BAD_STATUS),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, Outcome.BAD_STATUS),
        (b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 20_000, Outcome.BAD_STATUS),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, Outcome.BAD_STATUS),
    ],
)
async def test_what_is_not_http_is_a_result(answer: bytes, outcome: Outcome) -> None:
    result = await asked(answer, timeout_s=5)
    assert result.outcome is outcome, result.reason
    assert result.duration_s < 3


async def test_of_a_body_without_end_only_the_beginning_is_read() -> None:
    written = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    async with serving(flood) as port:
        result = await http.probe(target(f"http://web.test:{port}/", timeout_s=5), kit(NAMES))
    assert result.ok
    assert written < 16 << 20, "the rest was left in the kernel's queues"


async def test_a_closed_port_is_refused_and_a_dead_line_a_timeout() -> None:
    refused = await http.probe(target(f"http://127.0.0.1:{closed_port()}/"), kit())
    with silent_port() as port:
        dead = await http.probe(target(f"http://127.0.0.1:{port}/", timeout_s=0.2), kit())
    unknown = await http.probe(target("http://no.such.name/"), kit())
    far = await http.probe(target("http://224.0.0.1/"), kit())
    assert [refused.outcome, dead.outcome, unknown.outcome, far.outcome] == [
        Outcome.REFUSED,
        Outcome.TIMEOUT,
        Outcome.DNS_FAILURE,
        Outcome.UNREACHABLE,
    ]


@given(st.binary(max_size=300))
async def test_no_bytes_whatever_raise_anything_but_a_finding(said: bytes) -> None:
    reader = asyncio.StreamReader(limit=http1.MAX_LINE_BYTES)
    reader.feed_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" if said[:1] < b"\x80" else b"HTTP/1.1 ")
    reader.feed_data(said)
    reader.feed_eof()
    with suppress(Failure):
        await http1.read_body(reader, await http1.read_head(reader), "GET")


# Being a good guest


async def test_two_hundred_failures_leave_no_descriptor_behind() -> None:
    async with serving(stalling_after(b"")) as stalled, serving(saying(b"garbage")) as garbage:
        urls = [f"http://web.test:{port}/" for port in (stalled, garbage, closed_port(), closed_port())]
        before = descriptors()
        for _ in range(10):
            probes = [http.probe(target(url, timeout_s=0.1), kit(NAMES)) for url in urls * 5]
            assert not any(result.ok for result in await asyncio.gather(*probes))
        await eventually_descriptors(before)


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "web.test"},
        {"url": "ftp://web.test/"},
        {"url": "http:///path"},
        {"url": "http://a..b/"},
        {"url": "http://web.test:99999/"},
        {"url": "http://user:secret@web.test/"},
        {"url": "https://web.test/", "intercept_check": True},
        {"url": "http://web.test/", "method": "HEAD", "expected_body": "x"},
        {"url": "http://web.test/", "headers": {"X: y\r\nZ": "1"}},
        {"url": "http://web.test/", "headers": {"X": "1\r\nZ: 2"}},
        {"url": "http://web.test/", "headers": {"Content-Length": "7"}},
        {"url": "http://web.test/", "expected_status": [99]},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        target(**settings)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://Web.Test", "http://web.test/"),
        ("https://web.test.:443/a?token=1#x", "https://web.test/a"),
        ("http://[::1]:81/", "http://[::1]:81/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://my_host/", "http://my_host/"),
    ],
)
def test_it_says_where_it_probes(url: str, where: str) -> None:
    assert target(url).where == where
