"""The probe `uptime` against the snmpd of Debian, and what its readings go through on their way."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.metrics import Board
from agent.probes import uptime
from agent.probes.uptime import UptimeTarget
from agent.segment import pack, unpack
from collector.decode import decode
from shared.result import UPTIME, Group, Outcome, Result
from shared.settings import BadSettings, check
from shared.wire import TargetSpec
from tests.deliveries import CONTEXT, RECEIVED_MS, batch_of, in_rows
from tests.fakes import FakeClock
from tests.probing import Names, closed_port, descriptors, kit

SECRETS = {"kata": "komunitas-desa", "masuk": "sandi-masuk-desa", "sandi": "sandi-rahasia-desa"}
CONFIG = f"""\
agentAddress udp:127.0.0.1:{{port}}
dontLogTCPWrappersConnects yes
rocommunity {SECRETS["kata"]} 127.0.0.1
rocommunity hanya-sistem 127.0.0.1 .1.3.6.1.2.1.1
rocommunity tanpa-jam 127.0.0.1 .1.3.6.1.2.1.2
createUser masuk256 SHA-256 "{SECRETS["masuk"]}"
createUser masuk512 SHA-512 "{SECRETS["masuk"]}"
createUser rahasia1 SHA "{SECRETS["masuk"]}" AES "{SECRETS["sandi"]}"
createUser rahasia256 SHA-256 "{SECRETS["masuk"]}" AES "{SECRETS["sandi"]}"
rouser masuk256 auth
rouser masuk512 auth
rouser rahasia1 priv
rouser rahasia256 priv
"""


def snmpd_path() -> str:
    path = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None and os.environ.get("CI"):
        pytest.fail("snmpd is not installed, and CI must not skip")
    return path or pytest.skip("snmpd is not installed (Debian: snmpd)")


@contextmanager
def snmpd(folder: Path, port: int) -> Iterator[None]:
    """A device: snmpd on loopback with a configuration of its own, entered when it answers."""
    config = folder / "snmpd.conf"
    config.write_text(CONFIG.format(port=port))
    environ = {"MIBS": "", "SNMP_PERSISTENT_DIR": str(folder / "state"), "SNMPCONFPATH": str(folder)}
    argv = [snmpd_path(), "-f", "-C", "-c", str(config), "-Le", "-p", str(folder / "pid")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ, text=True) as process:
        try:
            assert process.stdout is not None
            said = iter(process.stdout.readline, "")
            assert any(line.startswith("NET-SNMP version") for line in said), process.poll()
            yield
        finally:
            process.kill()


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a device."""
    port = closed_port(socket.SOCK_DGRAM)
    with snmpd(tmp_path_factory.mktemp("snmpd"), port):
        yield port


def target(port: int, **keys: Any) -> UptimeTarget:
    """By v2c, unless `keys` say otherwise."""
    if keys.get("version", "2c") == "2c" and "community_file" not in keys:
        keys.setdefault("community", SECRETS["kata"])
    made: dict[str, Any] = {"name": "router", "group": Group.GATEWAY, "probe": "uptime", "address": "127.0.0.1"}
    return UptimeTarget(**made | {"port": port} | keys)


def by_v3(
    port: int, folder: Path, user: str, masuk: str = SECRETS["masuk"], sandi: str = "", **keys: Any
) -> UptimeTarget:
    for name, secret in (("masuk", masuk), ("sandi", sandi)):
        (folder / name).write_text(f"{secret}\n", encoding="ascii")
    keys |= {"auth_password_file": folder / "masuk"} | ({"priv_password_file": folder / "sandi"} if sandi else {})
    return target(port, version="3", user=user, **keys)


async def ask(target: UptimeTarget) -> Result:
    return await uptime.probe(target, kit(Names(router_test=["127.0.0.1"])))


async def test_a_device_tells_since_when_it_runs(device: int) -> None:
    result = await ask(target(device))
    assert (result.outcome, result.sent, result.received, result.reason) == (Outcome.OK, 1, 1, "")
    host_s = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    assert abs(result.reading - host_s) <= 2, "hrSystemUptime is that of the host"
    assert result.facts == {"ip_protocol": 4, "uptime_seconds": pytest.approx(result.reading, abs=1)}
    assert 0 < result.rtt_min_us == result.rtt_avg_us == result.rtt_max_us < 1e6 * result.duration_s
    assert set(result.phases) == {"resolve", "request"}


async def test_a_name_is_resolved_first(device: int) -> None:
    assert (await ask(target(device, address="router.test"))).ok
    assert (await ask(target(device, address="tanpa.test"))).outcome is Outcome.DNS_FAILURE


async def test_without_hr_system_uptime_the_service_counts_and_restarts_with_the_device(tmp_path: Path) -> None:
    port = closed_port(socket.SOCK_DGRAM)
    seen = []
    for _ in range(2):
        with snmpd(tmp_path, port):
            seen.append((await ask(target(port, community="hanya-sistem"))).facts["uptime_seconds"])
            await ask(target(port, community="hanya-sistem"))
    assert max(seen) < 5, "it counts from the start of snmpd, not from that of the host"


@pytest.mark.parametrize(
    ("user", "keys"),
    [
        ("masuk256", {}),
        ("masuk512", {"auth": "sha512"}),
        ("rahasia1", {"auth": "sha", "sandi": SECRETS["sandi"]}),
        ("rahasia256", {"sandi": SECRETS["sandi"]}),
    ],
)
async def test_version_3_authenticates_and_encrypts(
    device: int, tmp_path: Path, user: str, keys: dict[str, Any]
) -> None:
    asked = by_v3(device, tmp_path, user, **keys)
    for _ in range(2):
        result = await ask(asked)
        assert (result.outcome, result.reason) == (Outcome.OK, "")
        assert result.reading > 0
        assert set(result.phases) == {"resolve", "discover", "request"}


@pytest.mark.parametrize("user", ["masuk256", "rahasia256", "tidak-ada"])
async def test_credentials_that_version_3_refuses_are_our_own_error(device: int, tmp_path: Path, user: str) -> None:
    result = await ask(by_v3(device, tmp_path, user, masuk="sandi-yang-salah"))
    assert (result.outcome, result.is_evidence, result.received) == (Outcome.ERROR, False, 0)
    assert result.reason == f"the device refuses user {user}, its password or its level of security"


async def test_a_level_of_security_that_the_device_refuses_is_told(device: int, tmp_path: Path) -> None:
    result = await ask(by_v3(device, tmp_path, "rahasia256"))
    assert result.outcome is Outcome.ERROR
    assert "level of security" in result.reason


async def test_a_wrong_community_looks_like_silence(device: int) -> None:
    result = await ask(target(device, community="salah", timeout_s=0.2))
    assert (result.outcome, result.reason) == (Outcome.TIMEOUT, "request: no answer within 0.2 s")


async def test_a_device_that_shows_no_counter_is_our_own_error(device: int) -> None:
    result = await ask(target(device, community="tanpa-jam"))
    assert result.outcome is Outcome.ERROR
    assert "hrSystemUptime" in result.reason


async def test_a_device_without_snmp_refuses() -> None:
    result = await ask(target(closed_port(socket.SOCK_DGRAM)))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "Connection refused")


@pytest.mark.parametrize("address", ["255.255.255.255", "fe80::1%nosuch0"])
async def test_no_way_to_the_address_is_told_as_every_probe_tells_it(address: str) -> None:
    result = await ask(target(161, address=address))
    assert result.outcome is (Outcome.UNREACHABLE if "%" in address else Outcome.ERROR), result.reason


async def test_an_answer_that_is_not_snmp_is_a_bad_status() -> None:
    class Rubbish(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.transport.sendto(b"\x30\x03abc", addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Rubbish, ("127.0.0.1", 0))
    result = await ask(target(transport.get_extra_info("sockname")[1]))
    transport.close()
    assert result.outcome is Outcome.BAD_STATUS
    assert result.reason.startswith("the answer is not SNMP")


class Forger(asyncio.DatagramProtocol):
    """Sits between: hands on what comes from either side, and changes the signed answer to the third question."""

    def __init__(self, device: int) -> None:
        self._device, self._asker, self._answers = ("127.0.0.1", device), ("", 0), 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr != self._device:
            self._asker = addr
            return self._transport.sendto(data, self._device)
        self._answers += 1
        forged = data[:-1] + bytes([data[-1] ^ 1])
        return self._transport.sendto(forged if self._answers == 3 else data, self._asker)


@pytest.mark.xfail(reason="gufo-snmp 0.13 does not check the signature of answers; uptime.py says so")
async def test_a_forged_answer_is_not_believed(device: int, tmp_path: Path) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Forger(device), local_addr=("127.0.0.1", 0)
    )
    result = await ask(by_v3(transport.get_extra_info("sockname")[1], tmp_path, "masuk256", timeout_s=0.5))
    transport.close()
    assert not result.ok


async def test_fifty_probes_leave_no_descriptor_behind(device: int) -> None:
    closed, before = closed_port(socket.SOCK_DGRAM), descriptors()
    for _ in range(10):
        await asyncio.gather(
            *(ask(target(device)) for _ in range(3)),
            ask(target(device, community="salah", timeout_s=0.02)),
            ask(target(closed)),
        )
    assert descriptors() == before


async def test_no_secret_is_ever_told(device: int, tmp_path: Path) -> None:
    lines: list[str] = []
    asked = [target(device), by_v3(device, tmp_path, "rahasia256", sandi=SECRETS["sandi"])]
    for one in [*asked, by_v3(device, tmp_path, "masuk256", masuk=SECRETS["masuk"] + "x")]:
        result = await uptime.probe(one, kit(log=lines.append))
        board = Board([(one, UPTIME)], FakeClock())
        board.observe(result)
        lines += [repr(one), one.where, repr(result), board.render().decode(), str(board.targets())]
        lines += [str(one.model_dump()), one.model_dump_json()]
    told = "\n".join(lines)
    assert "running for" in told
    assert not [secret for secret in SECRETS.values() if secret in told]


async def test_metrics_tell_the_uptime(device: int) -> None:
    asked = target(device)
    board = Board([(asked, UPTIME)], FakeClock())
    board.observe(await ask(asked))
    text = board.render().decode()
    assert 'probe_uptime_seconds{target="router",group="gateway"} ' in text
    assert 'kentongan_probe_uptime_duration_seconds{target="router",group="gateway",phase="request"} ' in text


def test_it_says_where_it_probes() -> None:
    assert target(161, address="fe80::1%eth0").where == "snmp://[fe80::1%eth0]:161"


def mistakes(**keys: Any) -> list[str]:
    table = {"name": "r", "group": "gateway", "probe": "uptime", "address": "192.0.2.1"} | keys
    with pytest.raises(BadSettings) as bad:
        check(table, UptimeTarget, "agent.toml")
    return [line.removeprefix("agent.toml: ") for line in bad.value.lines]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({}, "needs one of community_file and community"),
        ({"community": "a", "community_file": "b"}, "needs one of community_file and community"),
        ({"community": "a", "user": "b"}, 'user belongs to version = "3"'),
        ({"version": "3", "community": "a"}, 'community belongs to version = "2c"'),
        ({"version": "3", "user": "a"}, "version 3 needs user and auth_password_file"),
        ({"version": "1"}, "version must be one of 2c, 3 (given: '1')."),
        ({"auth": "md5"}, "auth must be one of sha, sha224, sha256, sha384, sha512 (given: 'md5')."),
        ({"priv": "des"}, "priv must be one of aes128, aes192, aes256 (given: 'des')."),
        ({"community": ""}, "community must hold 1 or more printable ASCII characters"),
        ({"community": "kömunitas"}, "community must hold 1 or more printable ASCII characters"),
        ({"community_file": "/no/such"}, "community_file: /no/such cannot be read: No such file or directory"),
    ],
)
def test_a_mistake_is_told_with_what_to_do_and_without_the_secret(keys: dict[str, Any], line: str) -> None:
    assert any(said.startswith(line) for said in mistakes(**keys)), mistakes(**keys)
    assert "kömunitas" not in str(mistakes(**keys))


def test_a_password_that_no_device_takes_is_refused_without_saying_it(tmp_path: Path) -> None:
    (tmp_path / "sandi").write_text("pendek!\n", encoding="ascii")
    [line] = mistakes(version="3", user="a", auth_password_file=str(tmp_path / "sandi"))
    assert line == f"auth_password_file: {tmp_path}/sandi must hold 8 or more printable ASCII characters"


def test_without_the_extra_the_configuration_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['gufo'] = None\n"
        "from agent.config import load_config\nfrom pathlib import Path\nload_config(Path('config/agent.full.toml'))"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert 'probe uptime needs the SNMP library, which is not installed: pip install "kentongan[snmp]"' in done.stderr


def test_the_library_is_imported_by_the_first_probe_and_not_before() -> None:
    code = "import sys; import agent.app; print([name for name in sys.modules if name.startswith('gufo')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


CONTEXT_OF_ROUTER = msgspec.structs.replace(
    CONTEXT, targets=(TargetSpec(name="router", group=Group.GATEWAY, kind=UPTIME, interval_ms=60_000),)
)


def read(reading: int, outcome: Outcome = Outcome.OK) -> Result:
    us = 700 if outcome is Outcome.OK else 0
    rtts: dict[str, Any] = {"rtt_min_us": us, "rtt_avg_us": us, "rtt_max_us": us}
    return Result(
        target="router", started_ms=70_000, outcome=outcome, sent=1, received=int(us > 0), reading=reading, **rtts
    )


@pytest.mark.parametrize("reading", [0, 1, 42_949_672, (1 << 32) - 1_000])
def test_a_reading_survives_the_spool(reading: int) -> None:
    assert unpack(pack(0, read(reading)), CONTEXT_OF_ROUTER) == (0, read(reading))
    lost = read(0, Outcome.TIMEOUT)
    assert unpack(pack(0, lost), CONTEXT_OF_ROUTER) == (0, lost)


def test_a_reading_travels_where_others_have_their_longest_round_trip() -> None:
    sent = [(0, read(12_345)), (0, read(0)), (0, read(0, Outcome.TIMEOUT))]
    batch = batch_of(sent, 0, context=CONTEXT_OF_ROUTER.name)
    columns, _, aside = decode(batch, CONTEXT_OF_ROUTER, "a", "s", RECEIVED_MS)
    assert not aside
    assert (columns.max_us - columns.avg_us).tolist() == [12_345, 0, 0]
    assert columns.avg_us.tolist() == [700, 700, 0]


def test_a_script_sends_its_reading_beside_the_average() -> None:
    batch = in_rows([(0, read(0))])
    batch.rows[0].rtt_us[0] = [700, 700, 700 + 12_345]
    columns, _, aside = decode(batch, CONTEXT_OF_ROUTER, "a", "s", RECEIVED_MS)
    assert not aside
    assert (columns.max_us - columns.avg_us).tolist() == [12_345]
