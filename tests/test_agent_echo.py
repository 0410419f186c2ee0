"""The echo engine: with a fake socket where time matters, for the rest with real ones of both kinds in namespaces."""

import asyncio
import errno
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.probes.echo import PACKETS_IN_SLOT, SLOT_S, EchoEngine
from agent.probes.echo_socket import Arrival, Complaint, EchoSocket, NotAllowed, open_echo_socket
from agent.probes.echo_train import arrival_ns
from agent.probes.kit import Echoes
from shared.clock import SystemClock
from shared.result import Outcome
from tests.fakes import FakeClock
from tests.probing import descriptors
from tests.rig import netns

HOST = "192.0.2.1"
MS = 1_000_000

Answer = Callable[["FakeWire", bytes, str], None]
"""What the world does about one request: socket, frame, destination."""


@dataclass
class FakeWire:
    """A socket into a world that answers as told, at once."""

    world: "World"
    stamped: bool
    kind: str = "fake"
    inbox: list[Arrival] = field(default_factory=list)
    errors: list[Complaint] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    dropped: int = 0
    closed: bool = False
    pair: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def fileno(self) -> int:
        return self.pair[0].fileno()

    def frame(self, sequence: int, payload: bytes) -> bytes:
        return sequence.to_bytes(2, "big") + payload

    def send(self, frame: bytes, destination: tuple[object, ...]) -> None:
        self.sent_at.append(asyncio.get_running_loop().time())
        self.world.answer(self, frame, str(destination[0]))

    def replies(self) -> Iterator[Arrival]:
        while self.inbox:
            yield self.inbox.pop(0)

    def complaints(self) -> Iterator[Complaint]:
        while self.errors:
            yield self.errors.pop(0)

    def drops(self) -> int:
        return self.dropped

    def close(self) -> None:
        self.closed = True
        for end in self.pair:
            end.close()


class World:
    """Engine, clock and the sockets it opened."""

    def __init__(self, answer: Answer, stamped: bool = True) -> None:
        self.clock = FakeClock()
        self.answer, self.stamped = answer, stamped
        self.wires: list[FakeWire] = []
        self.engine = EchoEngine(self.clock, random.Random(1), self._open)

    def _open(self, _family: socket.AddressFamily, _rng: random.Random) -> FakeWire:
        self.wires.append(FakeWire(self, self.stamped))
        return self.wires[-1]

    def reply(self, wire: FakeWire, frame: bytes, host: str) -> None:
        """The echo of `frame`, stamped now."""
        wire.inbox.append(Arrival(frame[2:], host, self.clock.wall_ns() if self.stamped else None, 60))

    def reply_after_20_ms(self, wire: FakeWire, frame: bytes, host: str) -> None:
        self.clock.advance(0.02)
        self.reply(wire, frame, host)

    async def echo(self, packets: int = 1, timeout_s: float = 0.05, host: str = HOST) -> Echoes:
        return await self.engine.echo(host, packets=packets, spacing_s=0.01, timeout_s=timeout_s, payload_bytes=56)


def silence(_wire: FakeWire, _frame: bytes, _host: str) -> None:
    pass


@pytest.fixture
def world() -> Iterator[World]:
    world = World(silence)
    world.answer = world.reply_after_20_ms
    yield world
    world.engine.close()


async def test_round_trips_and_hop_limit_of_a_train(world: World) -> None:
    echoes = await world.echo(packets=3)
    assert echoes == Echoes(rtts_us=(20_000,) * 3, outcome=Outcome.OK, hop_limit=60, setup_s=0.0)


async def test_time_in_our_own_queue_is_not_part_of_the_round_trip(world: World) -> None:
    def answer_and_dawdle(wire: FakeWire, frame: bytes, host: str) -> None:
        world.reply_after_20_ms(wire, frame, host)
        world.clock.advance(3)

    world.answer = answer_and_dawdle
    assert (await world.echo()).rtts_us == (20_000,)


async def test_without_a_kernel_stamp_the_monotonic_clock_counts(world: World) -> None:
    world.stamped = False
    assert (await world.echo()).rtts_us == (20_000,)


@pytest.mark.parametrize("step_s", [-3600, -0.5, 0.5, 3600])
@pytest.mark.parametrize("when", ["under way", "in our queue"])
async def test_a_step_of_the_wall_clock_does_not_change_a_round_trip(world: World, step_s: float, when: str) -> None:
    def answer_while_the_clock_is_set(wire: FakeWire, frame: bytes, host: str) -> None:
        if when == "under way":
            world.clock.step(step_s)
        world.reply_after_20_ms(wire, frame, host)
        if when == "in our queue":
            world.clock.step(step_s)
        world.clock.advance(0.03)

    world.answer = answer_while_the_clock_is_set
    assert (await world.echo()).rtts_us == (20_000,)
    assert world.engine.clock_steps == 1


def test_a_stamp_that_no_clock_explains_gives_way_to_the_time_of_reading() -> None:
    assert arrival_ns(1_000_000 * MS, (5 * MS, 7 * MS), (100 * MS, 200 * MS)) == 200 * MS


def test_a_step_too_small_to_be_placed_errs_to_the_longer_round_trip() -> None:
    assert arrival_ns(155 * MS, (5 * MS, 7 * MS), (100 * MS, 200 * MS)) == 150 * MS


async def test_silence_is_a_timeout(world: World) -> None:
    world.answer = silence
    echoes = await world.echo(packets=2)
    assert (echoes.outcome, echoes.rtts_us, echoes.reason) == (Outcome.TIMEOUT, (None, None), "no reply within 0.05 s")


async def test_one_reply_of_three_is_ok_and_the_losses_keep_their_places(world: World) -> None:
    def reply_to_the_second(wire: FakeWire, frame: bytes, host: str) -> None:
        if len(wire.sent_at) == 2:
            world.reply(wire, frame, host)

    world.answer = reply_to_the_second
    echoes = await world.echo(packets=3)
    assert (echoes.outcome, echoes.rtts_us) == (Outcome.OK, (None, 1, None))


async def test_a_duplicate_is_counted_and_changes_nothing(world: World) -> None:
    def twice(wire: FakeWire, frame: bytes, host: str) -> None:
        world.reply_after_20_ms(wire, frame, host)
        world.reply_after_20_ms(wire, frame, host)

    world.answer = twice
    assert (await world.echo(packets=2)).rtts_us == (20_000, 20_000)
    assert world.engine.duplicates == 2


async def test_a_reply_after_the_end_of_its_train_is_late_and_helps_no_other(world: World) -> None:
    held: list[bytes] = []
    world.answer = lambda _wire, frame, _host: held.append(frame)
    await world.echo()
    world.reply(world.wires[0], held[0], HOST)
    assert (await world.echo()).outcome is Outcome.TIMEOUT
    assert world.engine.late == 1


@pytest.mark.parametrize("forgery", ["from elsewhere", "another secret", "too short"])
async def test_what_does_not_fit_a_request_is_foreign(world: World, forgery: str) -> None:
    def forge(wire: FakeWire, frame: bytes, host: str) -> None:
        forged = {"another secret": bytes(len(frame)), "too short": frame[:9]}.get(forgery, frame)
        world.reply(wire, forged, "192.0.2.66" if forgery == "from elsewhere" else host)

    world.answer = forge
    assert (await world.echo()).outcome is Outcome.TIMEOUT
    assert world.engine.foreign == 1


async def test_an_icmp_error_that_quotes_only_the_sequence_ends_the_train_at_once(world: World) -> None:
    def complain(wire: FakeWire, frame: bytes, _host: str) -> None:
        wire.errors.append(Complaint(int.from_bytes(frame[:2], "big"), "Destination host unreachable, says 192.0.2.9"))

    world.answer = complain
    async with asyncio.timeout(5):
        echoes = await world.echo(packets=2, timeout_s=30)
    assert (echoes.outcome, echoes.rtts_us) == (Outcome.UNREACHABLE, (None, None))
    assert echoes.reason == "Destination host unreachable, says 192.0.2.9"


@pytest.mark.parametrize(
    ("number", "outcome", "words"),
    [
        (errno.ENETUNREACH, Outcome.UNREACHABLE, "Network is unreachable"),
        (errno.ENETDOWN, Outcome.UNREACHABLE, "Network is down"),
        (errno.EPERM, Outcome.ERROR, "firewall"),
        (errno.EACCES, Outcome.ERROR, "broadcast"),
        (errno.ENOBUFS, Outcome.ERROR, "No buffer space"),
    ],
)
async def test_what_the_host_refuses_to_send(world: World, number: int, outcome: Outcome, words: str) -> None:
    def refuse(_wire: FakeWire, _frame: bytes, _host: str) -> None:
        raise OSError(number, os.strerror(number))

    world.answer = refuse
    async with asyncio.timeout(5):
        echoes = await world.echo(packets=2, timeout_s=30)
    assert (echoes.outcome, echoes.rtts_us) == (outcome, (None, None))
    assert words in echoes.reason


async def test_loss_in_our_own_queue_is_no_evidence(world: World) -> None:
    def overflow(wire: FakeWire, _frame: bytes, _host: str) -> None:
        wire.dropped += 1

    world.answer = overflow
    assert (await world.echo(packets=2)).outcome is Outcome.ERROR
    assert world.engine.overflow == 2


async def test_an_overflow_that_cost_this_train_nothing_does_not_spoil_it(world: World) -> None:
    def reply_and_overflow(wire: FakeWire, frame: bytes, host: str) -> None:
        world.reply_after_20_ms(wire, frame, host)
        wire.dropped += 1

    world.answer = reply_and_overflow
    assert (await world.echo()).outcome is Outcome.OK


async def test_a_cancelled_train_leaves_nothing_behind(world: World) -> None:
    world.answer = silence
    task = asyncio.ensure_future(world.echo(packets=5, timeout_s=30))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    world.answer = world.reply_after_20_ms
    assert (await world.echo()).rtts_us == (20_000,)
    assert len(world.wires[0].sent_at) == 2


async def test_closing_ends_trains_as_our_own_error_and_closes_the_sockets(world: World) -> None:
    world.answer = silence
    task = asyncio.ensure_future(world.echo(timeout_s=30))
    await asyncio.sleep(0)
    world.engine.close()
    assert (await task).outcome is Outcome.ERROR
    assert world.wires[0].closed
    assert (await world.echo()).reason == "the agent is stopping"


async def test_a_socket_is_replaced_after_ten_minutes_and_replies_in_flight_still_count(world: World) -> None:
    held: list[bytes] = []
    world.answer = lambda _wire, frame, _host: held.append(frame)
    old = asyncio.ensure_future(world.echo(timeout_s=30))
    await asyncio.sleep(0)
    world.clock.advance(601)
    world.answer = world.reply_after_20_ms
    await world.echo()
    assert [wire.closed for wire in world.wires] == [False, False]
    world.reply(world.wires[0], held[0], HOST)
    assert (await old).outcome is Outcome.OK
    assert [wire.closed for wire in world.wires] == [True, False]


async def test_three_lost_trains_in_a_row_to_one_address_cost_the_socket_once_a_minute(world: World) -> None:
    world.clock.advance(1)
    await world.echo(host="192.0.2.2")
    world.answer = silence
    world.clock.advance(61)
    for trains, reopened in [(3, 0), (1, 1), (5, 1)]:
        for _ in range(trains):
            await world.echo(timeout_s=0.01)
        assert world.engine.reopened == reopened


async def test_success_anywhere_else_does_not_hide_a_stuck_address(world: World) -> None:
    await world.echo()
    world.clock.advance(61)
    for _ in range(4):
        world.answer = silence
        await world.echo(timeout_s=0.01)
        world.answer = world.reply_after_20_ms
        await world.echo(host="192.0.2.2")
    assert world.engine.reopened == 1


async def test_a_burst_is_paced(world: World) -> None:
    world.answer = world.reply
    trains = await asyncio.gather(*(world.echo(timeout_s=30) for _ in range(3 * PACKETS_IN_SLOT)))
    assert {train.outcome for train in trains} == {Outcome.OK}
    slots = [int(at / SLOT_S) for at in world.wires[0].sent_at]
    assert max(slots.count(slot) for slot in slots) <= PACKETS_IN_SLOT + 1  # the tick itself may straddle a boundary


@pytest.mark.parametrize("address", ["example.test", "", "1.2.3", "::g", "192.0.2.1%eth0"])
async def test_what_is_not_an_address_is_our_own_error(world: World, address: str) -> None:
    echoes = await world.echo(host=address)
    assert (echoes.outcome, echoes.rtts_us) == (Outcome.ERROR, ())


async def test_a_zone_that_is_gone_is_unreachable(world: World) -> None:
    assert (await world.echo(host="fe80::1%wwan9")).outcome is Outcome.UNREACHABLE


async def test_without_permission_the_reason_says_how_to_give_it() -> None:
    def refuse(_family: socket.AddressFamily, rng: random.Random) -> FakeWire:
        raise NotAllowed("see sysctl")

    engine = EchoEngine(FakeClock(), random.Random(1), refuse)
    echoes = await engine.echo(HOST, packets=1, spacing_s=0.1, timeout_s=1, payload_bytes=56)
    assert echoes == Echoes(rtts_us=(), outcome=Outcome.ERROR, reason="see sysctl")


# real sockets

needs_namespaces = pytest.mark.skipif(bool(netns.missing()), reason=netns.missing() or "-")
RANGES = {"datagram": "0 2147483647", "raw": "1 0"}


@dataclass(frozen=True)
class Site:
    """A namespace that allows one kind of socket, beside a router that knows no way to 10.99.0.0/16 and fd99::/16."""

    kind: str
    namespace: str

    def open(self, family: socket.AddressFamily, rng: random.Random) -> EchoSocket:
        with netns.inside(self.namespace):
            wire = open_echo_socket(family, rng)
        assert wire.kind == self.kind
        return wire

    def engine(self) -> EchoEngine:
        return EchoEngine(SystemClock(), random.Random(), self.open)


@pytest.fixture(scope="module", params=list(RANGES))
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    kind = request.param
    here, router = netns.name_of(f"echo-{kind}"), netns.name_of(f"router-{kind}")
    netns.create(here, {"net.ipv4.ping_group_range": RANGES[kind]})
    netns.create(
        router, {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1", "net.ipv4.icmp_ratelimit": "0"}
    )
    try:
        netns.ip([f"link add e0 netns {here} type veth peer name r0 netns {router}"])
        for name, device, end in ((here, "e0", 1), (router, "r0", 2)):
            netns.ip([f"addr add 10.5.0.{end}/24 brd + dev {device}", f"link set {device} up"], name)
            netns.ip(
                [f"addr add fd05::{end}/64 dev {device} nodad", f"addr add fe80::{end}/64 dev {device} nodad"], name
            )
        netns.ip(["route add default via 10.5.0.2", "route add default via fd05::2"], here)
        netns.ip(["route add unreachable 10.99.0.0/16", "route add unreachable fd99::/16"], router)
        netns.ip(["route add unreachable 10.98.0.0/16"], here)
        yield Site(kind, here)
    finally:
        netns.ip([f"netns del {here}", f"netns del {router}"])


async def ask(engine: EchoEngine, address: str, packets: int = 2) -> Echoes:
    async with asyncio.timeout(10):
        return await engine.echo(address, packets=packets, spacing_s=0.01, timeout_s=5, payload_bytes=57)


@needs_namespaces
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.5.0.2", "fd05::2"])
async def test_real_echoes_come_back_with_both_kinds_of_socket(site: Site, address: str) -> None:
    with closing(site.engine()) as engine:
        echoes = await ask(engine, address)
    assert (echoes.outcome, len(echoes.rtts_us), echoes.hop_limit) == (Outcome.OK, 2, 64)
    assert all(rtt_us is not None and 0 < rtt_us < 1_000_000 for rtt_us in echoes.rtts_us)


@needs_namespaces
async def test_a_link_local_address_is_reached_by_its_zone(site: Site) -> None:
    with netns.inside(site.namespace):
        scope = socket.if_nametoindex("e0")
    with closing(site.engine()) as engine:
        assert (await ask(engine, f"fe80::2%{scope}")).outcome is Outcome.OK


@needs_namespaces
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("10.99.0.1", "Destination host unreachable, says 10.5.0.2"),
        ("fd99::1", "No route to destination, says fd05::2"),
        ("10.98.0.1", "No route to host"),
    ],
)
async def test_unreachable_is_told_at_once_with_who_said_so(site: Site, address: str, words: str) -> None:
    with closing(site.engine()) as engine:
        echoes = await ask(engine, address)
    assert (echoes.outcome, echoes.reason) == (Outcome.UNREACHABLE, words)


@needs_namespaces
async def test_errors_about_one_host_are_not_blamed_on_another(site: Site) -> None:
    with closing(site.engine()) as engine:
        dead = ask(engine, "10.99.0.2", packets=1)  # the router's kernel sends few errors a second
        alive = [ask(engine, address, packets=5) for _ in range(5) for address in ("10.5.0.2", "fd05::2", "127.0.0.1")]
        refused, *answered = await asyncio.gather(dead, *alive)
    assert refused.outcome is Outcome.UNREACHABLE
    assert [echoes.rtts_us.count(None) for echoes in answered] == [0] * len(alive)


@needs_namespaces
async def test_a_broadcast_address_is_our_own_error(site: Site) -> None:
    with closing(site.engine()) as engine:
        assert (await ask(engine, "10.5.0.255")).outcome is Outcome.ERROR


@needs_namespaces
@pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft")
async def test_the_firewall_of_this_host_is_our_own_error(site: Site) -> None:
    rules = "table ip t { chain o { type filter hook output priority 0; ip daddr 10.97.0.1 drop; }; }"
    subprocess.run(["ip", "netns", "exec", site.namespace, "nft", rules], check=True)
    with closing(site.engine()) as engine:
        echoes = await ask(engine, "10.97.0.1")
    assert (echoes.outcome, echoes.reason) == (Outcome.ERROR, "a firewall on this host does not let ICMP out")


@needs_namespaces
async def test_a_real_overflow_of_our_queue_is_noticed(site: Site) -> None:
    def open_with_a_tiny_queue(family: socket.AddressFamily, rng: random.Random) -> EchoSocket:
        wire = site.open(family, rng)
        with socket.socket(fileno=os.dup(wire.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        return wire

    with closing(EchoEngine(SystemClock(), random.Random(), open_with_a_tiny_queue)) as engine:
        asked = (engine.echo("127.0.0.1", packets=1, spacing_s=1, timeout_s=0.1, payload_bytes=56) for _ in range(30))
        outcomes = {echoes.outcome for echoes in await asyncio.gather(*asked)}
        assert outcomes == {Outcome.OK, Outcome.ERROR}
        assert engine.overflow > 0


@needs_namespaces
async def test_a_stalled_event_loop_does_not_lengthen_round_trips(site: Site) -> None:
    with closing(site.engine()) as engine:
        await ask(engine, "127.0.0.1")
        asked = asyncio.ensure_future(ask(engine, "127.0.0.1", packets=1))
        await asyncio.sleep(0)
        time.sleep(0.3)
        (rtt_us,) = (await asked).rtts_us
    assert rtt_us is not None
    assert rtt_us < 100_000


@needs_namespaces
async def test_no_socket_outlives_the_engine(site: Site) -> None:
    before = descriptors()
    with closing(site.engine()) as engine:
        await ask(engine, "127.0.0.1")
        await ask(engine, "::1")
        assert descriptors() == before + 2
    assert descriptors() == before


@needs_namespaces
def test_a_user_without_any_right_is_told_what_to_do() -> None:
    program = (
        "import random, socket; from agent.probes.echo_socket import *\n"
        "try: open_echo_socket(socket.AF_INET, random.Random())\n"
        "except NotAllowed as error: print(error)"
    )
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
    command = ["unshare", "--net", *nobody, sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert 'sysctl -w net.ipv4.ping_group_range="0 2147483647"' in done.stdout, done.stderr
