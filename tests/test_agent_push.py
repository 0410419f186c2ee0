"""The push, against a collector that really decodes, stores and de-duplicates: nothing missing, nothing twice."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from agent.push import PATH, PushSettings
from agent.spool import Spool
from shared.clock import SystemClock
from shared.settings import BadSettings, check
from shared.wire import Batch
from tests.daemons import free_port
from tests.fake_collector import DEADLINE_S, TOKEN, FakeCollector, becomes, emptied, problem, pushing, serving
from tests.spooling import a_context, a_result, a_spool, drain, fill, seqs

AT_ONCE_S = 4.0
"""A second and a little, on a busy machine too; less than any request's timeout here."""


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    made = a_spool(tmp_path / "spool", SystemClock())
    yield made
    made.close()


# what arrives


async def test_results_arrive_as_they_were_measured(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 30)
    async with serving(collector) as url, pushing(spool, url) as push:
        await emptied(spool, push)
    result = a_result(7)
    row = (
        result.target,
        result.started_ms,
        result.outcome,
        4,
        4,
        result.rtt_min_us,
        result.rtt_avg_us,
        result.rtt_max_us,
    )
    assert collector.stored[spool.stream, 7] == row
    assert collector.has(*range(1, 31))
    assert (push.results_sent, push.last_error, push.failures.total()) == (30, "", 0)


async def test_a_flip_is_pushed_at_once(spool: Spool) -> None:
    collector = FakeCollector()
    async with serving(collector) as url, pushing(spool, url, interval_s=3600) as push:
        spool.append(a_result(1))
        push.now()
        push.now()
        await collector.until(lambda: collector.has(1))
        await emptied(spool, push)
    assert len(collector.batches) == 1


async def test_what_is_left_goes_when_the_agent_stops(spool: Spool) -> None:
    collector = FakeCollector()
    async with serving(collector) as url:
        async with pushing(spool, url, interval_s=3600):
            await asyncio.sleep(0)
            fill(spool, 3)
        assert collector.has(1, 2, 3)


async def test_an_agent_with_nothing_to_tell_says_that_it_is_there(spool: Spool) -> None:
    collector = FakeCollector()
    async with serving(collector) as url, pushing(spool, url):
        await collector.until(lambda: len(collector.batches) >= 3)
    assert [b.n for b in collector.batches[:3]] == [0, 0, 0]
    assert collector.batches[0].context_body == a_context()
    assert collector.batches[1].context_body is None
    assert collector.batches[1].host is not None


async def test_a_batch_tells_of_losses_and_of_what_still_waits(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 3_000)
    async with serving(collector) as url, pushing(spool, url, batch_results=10) as push:
        await collector.until(lambda: len(collector.batches) == 1)
        host = collector.batches[0].host
        assert host is not None
        assert host.dropped == {"size": spool.dropped["size"]}
        assert host.spool_results + host.dropped["size"] == 3_000
        assert collector.batches[0].floor_seq == host.dropped["size"] + 1
        assert push.bytes_sent > 0


async def test_the_offset_of_the_clocks_is_learnt(spool: Spool) -> None:
    collector = FakeCollector()
    collector.ahead_ms = 7_200_000
    async with serving(collector) as url, pushing(spool, url) as push:
        await collector.until(lambda: len(collector.batches) >= 2)
        assert push.clock_offset_ms is not None
        assert -7_202_000 < push.clock_offset_ms < -7_198_000


async def test_every_push_compares_the_clocks(spool: Spool) -> None:
    collector = FakeCollector()
    collector.ahead_ms = 7_200_000
    async with serving(collector) as url, pushing(spool, url):
        await collector.until(lambda: len(collector.batches) >= 2)
    hosts = [batch.host for batch in collector.batches[:2]]
    assert hosts[0]
    assert hosts[1]
    assert (hosts[0].same_boot, hosts[0].answered) == (True, None)
    assert hosts[1].answered
    clock, (told_ms, came_ms) = SystemClock(), hosts[1].answered
    assert abs(told_ms - came_ms - (clock.wall_ms() + 7_200_000 - clock.boot_ms())) < 2_000
    assert came_ms <= hosts[1].sent_boot_ms


async def test_backlog_of_an_earlier_boot_says_so(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 3)
    spool.open_context(a_context(boot_id="b2"))
    fill(spool, 2, start=4)
    async with serving(collector) as url, pushing(spool, url) as push:
        await emptied(spool, push)
    told = {batch.first_seq: batch.host.same_boot for batch in collector.batches if batch.n and batch.host}
    assert told == {1: False, 4: True}


# order


async def test_fresh_results_overtake_the_backlog(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 300)
    async with serving(collector) as url, pushing(spool, url, batch_results=20, interval_s=0.2) as push:
        fill(spool, 5, start=301)
        push.now()
        await emptied(spool, push)
    firsts = [b.first_seq for b in collector.batches if b.n]
    assert firsts[0] == 301
    assert firsts[1:] == sorted(firsts[1:])
    assert collector.has(*range(1, 306))


async def test_a_beat_is_at_most_one_batch_late_while_the_backlog_drains(spool: Spool) -> None:
    collector, late = FakeCollector(), list[int]()
    fill(spool, 600)
    spool_size = spool.next_seq

    async def append_and_go_on(_request: web.Request, batch: Batch) -> None:
        if batch.first_seq < spool_size and not late:
            late.append(spool.append(a_result(601)))
            push.now()

    collector.always = append_and_go_on
    async with (
        serving(collector) as url,
        pushing(spool, url, batch_results=20, interval_s=3600, backlog_pause_s=1) as push,
    ):
        push.now()
        await collector.until(lambda: bool(late) and collector.has(601, *[n for _, n in collector.stored if n < 601]))
    sent = [b.first_seq for b in collector.batches if b.n]
    assert sent.index(601) <= 2


async def test_the_newest_go_first_after_an_outage(spool: Spool) -> None:
    collector = FakeCollector()
    port = free_port()
    async with pushing(spool, f"http://127.0.0.1:{port}", batch_results=10) as push:
        fill(spool, 200)
        await becomes(lambda: push.failures["connect"] >= 3)
        async with serving(collector, port):
            await emptied(spool, push)
    assert [b.first_seq for b in collector.batches if b.n][:2] == [191, 1]
    assert collector.has(*range(1, 201))
    assert (push.last_error, collector.duplicates) == ("", 0)


# nothing missing, nothing twice


async def test_an_answer_that_got_lost_after_storing_changes_nothing(spool: Spool) -> None:
    collector = FakeCollector()

    async def store_and_hang_up(request: web.Request, batch: Batch) -> web.StreamResponse:
        collector.contexts |= {batch.context: batch.context_body or collector.contexts[batch.context]}
        answer = collector.receipt(batch)
        assert request.transport is not None
        request.transport.abort()
        return answer

    collector.answers += [store_and_hang_up] * 3
    fill(spool, 40)
    async with serving(collector) as url, pushing(spool, url, batch_results=7) as push:
        await emptied(spool, push)
    assert collector.has(*range(1, 41))
    assert collector.duplicates > 0
    assert push.failures["disconnected"] == 1  # the first of the three was tried again at once


async def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    collector, clock = FakeCollector(), SystemClock()
    for start in (1, 101, 201):
        spool = a_spool(tmp_path, clock)
        fill(spool, 100, start=start)
        async with serving(collector) as url, pushing(spool, url, batch_results=9):
            wanted = len(collector.stored) + 60
            await collector.has_more_than(wanted)
        spool.close()
    spool = a_spool(tmp_path, clock)
    async with serving(collector) as url, pushing(spool, url) as push:
        await emptied(spool, push)
    spool.close()
    assert collector.has(*range(1, 301))


async def test_a_collector_that_comes_and_goes_gets_everything_once(spool: Spool) -> None:
    collector, port, sent = FakeCollector(), free_port(), 0
    async with pushing(spool, f"http://127.0.0.1:{port}", batch_results=5) as push:
        for _ in range(4):
            fill(spool, 25, start=sent + 1)
            sent += 25
            async with serving(collector, port):
                await collector.has_more_than(sent - 10)
        async with serving(collector, port):
            await emptied(spool, push)
    assert collector.has(*range(1, 101))


# answers


async def test_a_context_that_the_collector_has_lost_is_sent_again_at_once(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 5)
    async with serving(collector) as url, pushing(spool, url, interval_s=0.2) as push:
        await emptied(spool, push)
        collector.contexts.clear()
        fill(spool, 1, start=6)
        await emptied(spool, push)
    bodies = [b.context_body is not None for b in collector.batches if b.n and b.first_seq == 6]
    assert bodies == [False, True]
    assert push.failures.total() == 0


async def test_a_batch_that_is_too_large_is_halved_and_stays_small(spool: Spool) -> None:
    collector = FakeCollector()

    async def at_most_10(_request: web.Request, batch: Batch) -> web.Response | None:
        return web.Response(status=413) if batch.n > 10 else None

    collector.always = at_most_10
    fill(spool, 100)
    async with serving(collector) as url, pushing(spool, url, batch_results=64) as push:
        await emptied(spool, push)
    assert collector.has(*range(1, 101))
    assert sum(b.n > 10 for b in collector.batches) == 3
    assert push.failures.total() == 0


async def test_poison_is_set_aside_alone(spool: Spool) -> None:
    collector = FakeCollector()

    async def refuse(_request: web.Request, batch: Batch) -> web.Response | None:
        poisoned = {17, 18, 55} & set(range(batch.first_seq, batch.first_seq + batch.n))
        return problem(400, "bad-batch") if poisoned else None

    collector.always = refuse
    fill(spool, 60)
    async with serving(collector) as url, pushing(spool, url, batch_results=32) as push:
        await emptied(spool, push)
    assert collector.has(*(set(range(1, 61)) - {17, 18, 55}))
    assert (spool.set_aside_count, push.last_error) == (3, "")


async def test_poison_that_stands_alone_from_the_start_waits_for_a_witness(spool: Spool) -> None:
    collector = FakeCollector()

    async def refuse(_request: web.Request, batch: Batch) -> web.Response | None:
        return problem(422, "bad-batch") if batch.n and batch.first_seq <= 1 else None

    collector.always = refuse
    async with serving(collector) as url, pushing(spool, url) as push:
        fill(spool, 1)
        await collector.until(lambda: sum(b.n for b in collector.batches) >= 3)
        assert spool.set_aside_count == 0
        fill(spool, 1, start=2)
        await emptied(spool, push)
    assert spool.set_aside_count == 1
    assert collector.has(2)


async def test_a_collector_that_refuses_everything_throws_nothing_away(spool: Spool) -> None:
    collector = FakeCollector()

    async def refuse(_request: web.Request, _batch: Batch) -> web.Response:
        return problem(400, "bad-batch")

    collector.always = refuse
    fill(spool, 500)
    async with serving(collector) as url, pushing(spool, url, max_backoff_s=3600) as push:
        await asyncio.sleep(0)
        push.now()
        await becomes(lambda: bool(push.failures))
        assert len(collector.batches) < 40
    assert (spool.pending, spool.set_aside_count) == (500, 0)
    assert push.last_error == "refused: 400 bad-batch"


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<html>Please log in</html>", content_type="text/html"),
        lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/login"}),
        lambda: web.Response(text='{"status": "ok"}', content_type="application/json"),
        lambda: web.Response(text='{"stored": 0}', content_type="application/json"),
        lambda: web.Response(status=204),
        lambda: web.Response(status=400, text="plain HTTP was sent to an HTTPS port", content_type="text/html"),
        lambda: web.Response(status=413, text="too large even alone"),
        lambda: web.Response(status=404, text="no such page"),
        lambda: web.Response(body=b"x" * 500_000, content_type="application/json"),
    ],
)
async def test_nobody_but_the_collector_acknowledges_or_condemns(
    spool: Spool, answer: Callable[[], web.Response]
) -> None:
    collector = FakeCollector()

    async def portal(_request: web.Request, _batch: Batch) -> web.Response:
        return answer()

    collector.always = portal
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url) as push:
        await becomes(lambda: push.failures.total() >= 2)
        assert (spool.pending, spool.set_aside_count) == (3, 0)
        collector.always = None
        await emptied(spool, push)
    assert collector.has(1, 2, 3)


async def test_a_revoked_token_keeps_everything_and_is_told_once(
    spool: Spool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector, file = FakeCollector(), tmp_path / "token"
    file.write_text("revoked-token\n")
    fill(spool, 3)
    with caplog.at_level(logging.INFO, "agent.push"):
        async with serving(collector) as url, pushing(spool, url, token_file=file) as push:
            await collector.until(lambda: len(collector.batches) >= 4)
            assert spool.pending == 3
            file.write_text(TOKEN)
            await emptied(spool, push)
    assert [r.getMessage().split()[1] for r in caplog.records] == ["state=unauthorised", "state=ok"]
    assert TOKEN not in caplog.text + repr(push) + repr(vars(push))
    assert "revoked-token" not in caplog.text


async def test_a_token_that_is_not_there_yet_is_waited_for(spool: Spool, tmp_path: Path) -> None:
    collector, file = FakeCollector(), tmp_path / "token"
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url, token_file=file) as push:
        await becomes(lambda: push.failures["token"] >= 2)
        file.write_text(TOKEN)
        await emptied(spool, push)
    assert collector.has(1, 2, 3)


async def test_the_token_may_stand_in_the_environment(spool: Spool) -> None:
    collector = FakeCollector()
    fill(spool, 1)
    async with serving(collector) as url, pushing(spool, url, token_env="TOKEN") as push:
        await emptied(spool, push)
    assert collector.has(1)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_collector_that_asks_for_quiet_gets_it(spool: Spool, status: int) -> None:
    collector, clock, at = FakeCollector(), SystemClock(), list[int]()

    async def busy(_request: web.Request, _batch: Batch) -> web.Response:
        at.append(clock.mono_ns())
        return problem(status, "busy", **{"Retry-After": "1"})

    collector.answers.append(busy)
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url) as push:
        await collector.until(lambda: bool(at))
        push.now()  # not even a flip
        await emptied(spool, push)
        assert 1.0 <= (clock.mono_ns() - at[0]) / 1e9 < 10
    assert push.failures == {"told_to_wait": 1}


# the network


async def test_tls_with_a_private_authority(spool: Spool, tmp_path: Path) -> None:
    collector, authority = FakeCollector(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    fill(spool, 3)
    async with serving(collector, tls=tls) as url:
        async with pushing(spool, url) as push:
            await becomes(lambda: bool(push.failures["tls"]))
            assert "CERTIFICATE_VERIFY_FAILED" in push.last_error
        async with pushing(spool, url, ca_file=tmp_path / "ca.pem") as push:
            await emptied(spool, push)
    assert collector.has(1, 2, 3)


async def test_without_names_and_network_it_goes_on_and_stops_at_once(spool: Spool) -> None:
    fill(spool, 3)
    async with pushing(spool, "http://collector.example.id") as push:
        await becomes(lambda: push.failures["dns"] >= 3)
        began = SystemClock().mono_ns()
    assert (SystemClock().mono_ns() - began) / 1e9 < AT_ONCE_S
    assert spool.pending == 3


async def test_a_collector_that_never_answers_does_not_hold_up_the_stop(spool: Spool) -> None:
    collector, asked = FakeCollector(), asyncio.Event()

    async def hang(_request: web.Request, _batch: Batch) -> None:
        asked.set()
        await asyncio.sleep(30)

    collector.always = hang
    fill(spool, 3)
    async with serving(collector) as url:
        async with pushing(spool, url):
            await asyncio.wait_for(asked.wait(), DEADLINE_S)
            began = SystemClock().mono_ns()
        assert (SystemClock().mono_ns() - began) / 1e9 < AT_ONCE_S
    assert seqs(drain(spool)) == [1, 2, 3]


async def test_a_timeout_is_a_failure_like_any_other(spool: Spool) -> None:
    collector = FakeCollector()

    async def hang(_request: web.Request, _batch: Batch) -> None:
        await asyncio.sleep(0.3)

    collector.answers.append(hang)
    fill(spool, 3)
    async with serving(collector) as url, pushing(spool, url, timeout_s=0.1) as push:
        await emptied(spool, push)
    assert push.failures["timeout"] >= 1
    assert collector.has(1, 2, 3)


# settings


def test_mistakes_in_the_settings_are_told() -> None:
    with pytest.raises(BadSettings) as told:
        check({"url": "collector.example.id", "intervall_s": 5}, PushSettings, "agent.toml")
    assert told.value.lines == [
        "agent.toml: url must be the address of the collector, like https://collector.example.id"
        " (given: 'collector.example.id')",
        "agent.toml: intervall_s is not a known key. Did you mean interval_s?",
    ]
    with pytest.raises(BadSettings, match="needs one of token_file, token_env and token"):
        check({"url": "https://c.example.id", "token": "a", "token_env": "B"}, PushSettings, "agent.toml")


async def test_an_authority_that_cannot_be_read_is_told_at_the_start(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("rubbish")
    with pytest.raises(BadSettings, match=r"collector\.ca_file: .*ca\.pem cannot be used"):
        async with pushing(spool, "https://127.0.0.1", ca_file=tmp_path / "ca.pem"):
            pass


def test_the_path_may_be_part_of_the_address() -> None:
    assert PushSettings(url=f"https://c.example.id{PATH}", token_env="T").url == "https://c.example.id"
    assert "secret" not in repr(check({"url": "https://c.example.id", "token": "secret"}, PushSettings, "a"))
