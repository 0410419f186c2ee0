"""What /metrics, /status.json and the probes of health say."""

import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec
import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from agent.doubt import State
from agent.metrics import Board, Vitals
from agent.probes.icmp import IcmpTarget
from agent.probes.kit import TargetSettings
from agent.probes.tcp import TcpTarget
from agent.status import AgentNow, PushNow, SpoolNow, Status
from agent.web import CannotListen, application, listening, serve
from shared.result import Group, Outcome, Result
from tests.fakes import FakeClock

AGENT = AgentNow(
    version="0.1.0",
    name="office",
    stream="0123456789abcdef",
    now_ms=1_790_000_000_000,
    started_ms=1_789_999_000_000,
    boot_at_ms=1_789_000_000_000,
    last_stop="clean",
    gateway="192.0.2.1",
    jumps={"sleep": 1, "step": 0},
    spool=SpoolNow(
        results=7, bytes=300, oldest_ms=1_789_999_990_000, dropped={"age": 0, "size": 2}, set_aside=1, writable=True
    ),
    push=PushNow(
        url="https://kolektor.example",
        last_success_ms=1_789_999_999_000,
        problem="",
        offset_ms=-300.0,
        attempts=5,
        failures={"timeout": 1},
        bytes=900,
        results=80,
    ),
)
ANCHOR = IcmpTarget(probe="icmp", name="anchor", group=Group.INTERNET, address="192.0.2.7")
SHOP = TcpTarget(probe="tcp", name="shop", group=Group.SERVICE, address="192.0.2.8", port=443)
GOOD = Result(
    target="anchor",
    started_ms=5_000_000,
    outcome=Outcome.OK,
    sent=4,
    received=3,
    rtt_min_us=19_000,
    rtt_avg_us=20_000,
    rtt_max_us=23_000,
    duration_s=0.32,
    phases={"resolve": 0.001, "setup": 0.0001, "rtt": 0.02},
    facts={"ip_protocol": 4.0, "icmp_reply_hop_limit": 57.0},
)
LOST = replace(GOOD, outcome=Outcome.TIMEOUT, received=0, phases={}, facts={}, reason="no reply", started_ms=5_030_000)


def board(*more: TargetSettings) -> Board:
    kinds = {IcmpTarget: "icmp", TcpTarget: "tcp"}
    made = Board([(target, kinds[type(target)]) for target in (ANCHOR, SHOP, *more)], FakeClock())
    made.registry.register(Vitals(lambda: AGENT))
    return made


def samples(made: Board) -> dict[tuple[str, ...], float]:
    """{("probe_success", "anchor"): 1.0, ...}: the name and the values of its labels but the group."""
    families = text_string_to_metric_families(made.render().decode())
    return {
        (sample.name, *(value for label, value in sample.labels.items() if label != "group")): sample.value
        for family in families
        for sample in family.samples
    }


def test_before_anything_was_measured_counters_are_zero_and_gauges_absent() -> None:
    told = samples(board())
    assert told[("kentongan_probe_attempts_total", "anchor")] == 0
    assert told[("kentongan_probe_failures_total", "shop", "refused")] == 0
    assert ("probe_success", "anchor") not in told
    assert ("kentongan_target_up", "anchor") not in told


def test_a_result_is_told_under_the_names_of_blackbox_exporter() -> None:
    made = board()
    made.observe(GOOD)
    told = samples(made)
    assert told[("probe_success", "anchor")] == 1
    assert told[("probe_duration_seconds", "anchor")] == 0.32
    assert told[("probe_icmp_duration_seconds", "anchor", "rtt")] == 0.02
    assert told[("probe_icmp_reply_hop_limit", "anchor")] == 57
    assert told[("probe_ip_protocol", "anchor")] == 4
    assert told[("kentongan_probe_rtt_seconds", "anchor")] == 0.02
    assert told[("kentongan_probe_packets_received_total", "anchor")] == 3


def test_failures_are_counted_by_outcome_and_have_no_round_trip() -> None:
    made = board()
    for result in (GOOD, LOST, LOST):
        made.observe(result)
    told = samples(made)
    assert told[("kentongan_probe_failures_total", "anchor", "timeout")] == 2
    assert told[("kentongan_probe_attempts_total", "anchor")] == 3
    assert told[("probe_success", "anchor")] == 0
    assert ("kentongan_probe_rtt_seconds", "anchor") not in told


def test_a_target_is_up_or_down_once_that_is_settled() -> None:
    made = board()
    made.observe(GOOD)
    made.settle("anchor", State.UP)
    assert samples(made)[("kentongan_target_up", "anchor")] == 1
    made.settle("anchor", State.DOWN)
    assert samples(made)[("kentongan_target_up", "anchor")] == 0


def test_the_agent_itself_is_told() -> None:
    told = samples(board())
    assert told[("kentongan_agent_info", "0123456789abcdef", "0.1.0")] == 1
    assert told[("kentongan_spool_results",)] == 7
    assert told[("kentongan_spool_dropped_total", "size")] == 2
    assert told[("kentongan_spool_set_aside_total",)] == 1
    assert told[("kentongan_push_failures_total", "timeout")] == 1
    assert told[("kentongan_clock_offset_seconds",)] == -0.3
    assert told[("kentongan_clock_jumps_total", "sleep")] == 1


def test_a_state_began_with_the_first_answer_of_its_run() -> None:
    made = board()
    for seconds, result in enumerate([GOOD, LOST, replace(GOOD, outcome=Outcome.ERROR), LOST, LOST]):
        made.observe(replace(result, started_ms=4_000_000 + 1000 * seconds))
    made.settle("anchor", State.DOWN)
    anchor = made.targets()[0]
    assert anchor.since_ms == 1_790_000_000_000 - 1_000_000 + 1000  # boot clock 5,000 s is that wall time
    assert (anchor.outcome, anchor.reason, anchor.rtt_ms) == (Outcome.TIMEOUT, "no reply", None)


def test_loss_is_told_over_the_recent_results() -> None:
    made = board()
    made.observe(LOST)
    for _ in range(20):
        made.observe(replace(GOOD, received=4))
    assert made.targets()[0].loss == 0
    made.observe(LOST)
    assert made.targets()[0].loss == pytest.approx(0.05)
    assert made.targets()[1].loss is None


def test_the_exposition_is_what_promtool_wants() -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    made = board()
    made.observe(GOOD)
    made.observe(replace(GOOD, target="shop", phases={"connect": 0.01}, facts={"ip_protocol": 6.0}))
    done = subprocess.run(["promtool", "check", "metrics"], input=made.render(), capture_output=True, timeout=300)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A served agent whose readiness the test sets by its name: not ready because of "the spool"."""
    made = board()
    made.observe(GOOD)
    app = application(made, lambda: AGENT, lambda: "the spool cannot be written")
    runner = await serve(app, listening("127.0.0.1", 0))
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_the_faces_answer(url: str) -> None:
    async with ClientSession(url) as session:
        for path, status, content_type in (
            ("/", 200, "text/html; charset=utf-8"),
            ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
            ("/-/healthy", 200, "text/plain; charset=utf-8"),
            ("/-/ready", 503, "text/plain; charset=utf-8"),
            ("/nowhere", 404, "text/plain; charset=utf-8"),
        ):
            async with session.get(path) as response:
                assert (response.status, response.headers["Content-Type"]) == (status, content_type)


async def test_not_ready_says_why(url: str) -> None:
    async with ClientSession(url) as session, session.get("/-/ready") as response:
        assert await response.text() == "the spool cannot be written\n"


async def test_the_status_can_be_read_back(url: str) -> None:
    async with ClientSession(url) as session, session.get("/status.json") as response:
        status = msgspec.json.decode(await response.read(), type=Status)
    assert status.agent == AGENT
    assert [target.name for target in status.targets] == ["anchor", "shop"]


async def test_a_taken_port_is_told_as_such(url: str) -> None:
    with pytest.raises(CannotListen, match="Address already in use") as caught:
        listening("127.0.0.1", int(url.rsplit(":", 1)[1]))
    assert caught.value.taken


def test_an_address_of_another_machine_is_not_taken_but_wrong() -> None:
    with pytest.raises(CannotListen, match="Cannot assign requested address") as caught:
        listening("192.0.2.1", 0)
    assert not caught.value.taken


@pytest.mark.parametrize(("host", "reached"), [("", "127.0.0.1"), ("::1", "::1"), ("localhost", "127.0.0.1")])
def test_listens_where_it_is_told(host: str, reached: str) -> None:
    with listening(host, 0) as sock:
        socket.create_connection((reached, sock.getsockname()[1]), timeout=5).close()
