"""What the host says of itself: why it stopped, what its clocks did, and where its gateway is."""

import logging
from itertools import count
from pathlib import Path

import pytest

from agent.gateway import Gateway, from_kernel, parse_netstat, parse_route_print
from agent.host import HostWatch, boot_id, sample
from shared.clock import SystemClock
from tests.fakes import FakeClock


def a_watch(state_dir: Path, clock: FakeClock | None = None, boot: str = "boot-a") -> HostWatch:
    return HostWatch(clock or FakeClock(), state_dir, "0.1", 60_000, read_boot_id=lambda: boot)


# why the agent stopped


def test_the_first_run_has_nothing_before_it(tmp_path: Path) -> None:
    context = a_watch(tmp_path / "new").context(())
    assert (context.last_stop, context.last_alive_ms, context.version) == ("first", 0, "0.1")


@pytest.mark.parametrize(
    ("cleanly", "boot", "last_stop"),
    [
        (True, "boot-a", "clean"),
        (True, "boot-b", "clean"),  # shut down, with the time to say so
        (False, "boot-a", "crash"),
        (False, "boot-b", "power"),
    ],
)
def test_why_the_last_run_stopped_is_known(tmp_path: Path, cleanly: bool, boot: str, last_stop: str) -> None:
    watch = a_watch(tmp_path)
    if cleanly:
        watch.stopped_cleanly()
    assert a_watch(tmp_path, boot=boot).last_stop == last_stop


def test_a_clean_stop_is_forgotten_once_the_agent_runs_again(tmp_path: Path) -> None:
    a_watch(tmp_path).stopped_cleanly()
    a_watch(tmp_path)
    assert a_watch(tmp_path).last_stop == "crash"


@pytest.mark.parametrize("content", [b"", b"\0" * 80, b"{", b'{"boot_id": 7}'])
def test_a_damaged_state_file_is_no_evidence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "host.json").write_bytes(content)
    watch = a_watch(tmp_path)
    assert (watch.last_stop, watch.last_alive_ms) == ("unknown", 0)


def test_the_last_heartbeat_dates_a_power_cut(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = a_watch(tmp_path, clock)
    clock.advance(300)
    watch.heartbeat()
    alive_ms = clock.wall_ms()
    clock.advance(14)
    after = FakeClock(wall_ms=alive_ms + 3_600_000, boot_ms=9_000)
    assert a_watch(tmp_path, after, boot="boot-b").last_alive_ms == alive_ms


def test_within_one_boot_a_set_clock_does_not_move_the_last_heartbeat(tmp_path: Path) -> None:
    clock = FakeClock()
    a_watch(tmp_path, clock)
    clock.advance(10)
    clock.step(86_400)
    assert a_watch(tmp_path, clock).last_alive_ms == clock.wall_ms() - 10_000


def test_a_state_directory_that_cannot_be_written_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.ERROR):
        watch = a_watch(tmp_path / "file")
        watch.heartbeat()
        watch.stopped_cleanly()
    assert len(caplog.records) == 1
    assert watch.context(()).boot_id == "boot-a"


# clocks


def test_a_context_tells_boot_and_start_by_the_clock_as_it_goes_now(tmp_path: Path) -> None:
    clock = FakeClock(wall_ms=1_790_000_000_000, boot_ms=5_000_000)
    watch = a_watch(tmp_path, clock)
    context = watch.context(())
    assert (context.clock_base_ms, context.boot_at_ms, context.run_at_ms) == (
        1_789_995_000_000,
        1_789_995_000_000,
        1_790_000_000_000,
    )
    clock.step(3_600)
    watch.check()
    assert watch.context(()).run_at_ms == 1_790_003_600_000


def test_time_that_merely_passes_is_no_jump(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = a_watch(tmp_path, clock)
    clock.advance(100_000)
    assert watch.check() is None
    clock.sleep(1.9)
    clock.step(0.1)
    assert watch.check() is None


def test_sleep_and_a_set_clock_are_told_apart(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = a_watch(tmp_path, clock)
    clock.sleep(8 * 3_600)
    slept = watch.check()
    clock.step(-42)
    stepped = watch.check()
    assert slept is not None
    assert stepped is not None
    assert (slept.slept_ms, slept.stepped_ms, slept.at_ms) == (28_800_000, 0, clock.wall_ms() + 42_000)
    assert (stepped.slept_ms, stepped.stepped_ms) == (0, -42_000)
    assert watch.context(()).jump == stepped
    assert watch.jumps == {"sleep": 1, "step": 1}
    assert watch.check() is None


def test_a_slow_drift_counts_once_it_adds_up(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = a_watch(tmp_path, clock)
    jumps = []
    for _ in range(25):
        clock.advance(60)
        clock.step(0.010)
        jumps.append(watch.check())
    found = [jump.stepped_ms for jump in jumps if jump]
    assert found == [110, 110]


class PausedClock(FakeClock):
    """The machine is busy: every reading but the third takes 300 ms, between wall and boot clock."""

    def __init__(self) -> None:
        super().__init__()
        self._readings = count(1)

    def wall_ms(self) -> int:
        told = super().wall_ms()
        if next(self._readings) != 3:
            self.advance(0.3)
        return told


def test_a_pause_between_two_clocks_is_no_step() -> None:
    assert sample(PausedClock()).base_ms == FakeClock().wall_ms() - FakeClock().boot_ms()


def test_the_clocks_of_this_machine_do_not_jump(tmp_path: Path) -> None:
    watch = HostWatch(SystemClock(), tmp_path, "0.1", 60_000)
    assert watch.check() is None
    assert abs(watch.boot_at_ms - sample(SystemClock()).base_ms) < 100
    assert watch.boot_id == boot_id(SystemClock()) != ""


def test_elsewhere_a_boot_is_named_by_its_minute(tmp_path: Path) -> None:
    assert boot_id(SystemClock(), tmp_path / "nothing").startswith("boot-")


# gateway

ROUTE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
{}
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
ETH = "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0"
WIFI = "wlan0\t00000000\tFE0AA8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0"
DOWN = "eth1\t00000000\tFE0BA8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0"
REJECT = "lo\t00000000\t00000000\t0201\t0\t0\t2\t00000000\t0\t0\t0"
PPP = "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0"
HALF = "tun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0"
ROUTE6 = f"{'0' * 32} 00 {'0' * 32} 00 {{}} {{}} 00000001 00000000 {{}} {{}}\n"
LINK_LOCAL = ROUTE6.format("fe800000000000000000000000000001", "00000400", "00000003", "eth0")
GLOBAL = ROUTE6.format("20010db8000000000000000000000001", "00000064", "00000003", "eth1")
NO_ROUTE6 = ROUTE6.format("0" * 32, "ffffffff", "00200200", "lo")


@pytest.mark.parametrize(
    ("routes", "routes6", "gateway"),
    [
        ([], "", None),
        ([ETH], "", "192.0.2.1"),
        ([WIFI, ETH], LINK_LOCAL, "192.0.2.1"),  # the lowest metric; IPv4 before IPv6
        ([WIFI], "", "192.168.10.254"),
        ([DOWN, REJECT, WIFI], "", "192.168.10.254"),
        ([HALF, ETH], "", "192.0.2.1"),  # half of a VPN is no default route
        ([PPP, ETH], "", None),  # the packets take the line that has no gateway
        ([], LINK_LOCAL, "fe80::1%eth0"),
        ([], LINK_LOCAL + GLOBAL, "2001:db8::1"),
        ([], NO_ROUTE6, None),
    ],
)
def test_the_gateway_is_that_of_the_best_default_route(
    tmp_path: Path, routes: list[str], routes6: str, gateway: str | None
) -> None:
    (tmp_path / "route").write_text(ROUTE.format("\n".join(routes)))
    (tmp_path / "ipv6_route").write_text(routes6)
    assert from_kernel(tmp_path) == gateway


def test_without_the_kernels_tables_there_is_no_gateway(tmp_path: Path) -> None:
    assert from_kernel(tmp_path) is None


def test_the_gateway_is_followed_but_not_looked_up_all_the_time() -> None:
    clock, answers = FakeClock(), ["192.0.2.1", None, "192.0.2.254"]
    gateway = Gateway(clock, lambda: answers.pop(0), fresh_s=2)
    seen = []
    for _ in range(5):
        seen.append(gateway.current())
        clock.advance(1)
    assert seen == ["192.0.2.1", "192.0.2.1", None, None, "192.0.2.254"]


def test_the_tables_of_other_systems_are_understood() -> None:
    windows = """
IPv4 Route Table
Network Destination        Netmask          Gateway       Interface  Metric
          0.0.0.0          0.0.0.0      192.168.8.1     192.168.8.20     55
          0.0.0.0          0.0.0.0      192.168.1.1     192.168.1.20     25
"""
    macos = """
Destination        Gateway            Flags           Netif Expire
default            192.168.1.1        UGScg             en0
default            link#15            UCSIg       bridge100      !
"""
    assert parse_route_print(windows) == "192.168.1.1"
    assert parse_netstat(macos) == "192.168.1.1"
    assert parse_netstat("default link#15 UCS utun3") is None
    assert parse_route_print("") is None
