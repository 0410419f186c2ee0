"""The echo engine: trains of ICMP echo requests to any number of targets, over one socket per address family.

What makes it exact and cheap at the same time:

1. The kernel stamps replies as they arrive, so nobody has to be awake for them: they wait in the socket's queue until
   the next tick of a 0.1 s grid, on which requests and deadlines of all trains meet too, and the schedule's beat. One
   wake-up serves them all, for that is what costs; no task, timer or descriptor belongs to a packet.
2. The stamps are wall clock. At every reading the distance between wall and monotonic clock is taken; a stamp minus
   that distance is the monotonic instant of arrival. If it changed since the reading before, see `arrival_ns`.
3. Where there are no stamps, and in the first second of a socket (the kernel turns stamping on a little late), the
   event loop watches the socket and replies are read at once.
4. At most 50 packets leave in 20 ms, so that what comes back between two readings fits the receive queue (277 replies
   for an unprivileged user's default).

A socket is replaced, under a new random identifier, every ten minutes, and at most once a minute when three trains in a
row to one address came to nothing: some router may hold the session of an identifier in a state that no reply passes.
The old socket is read until its last train has ended.

Loss of our own making is not loss of the line. When our receive queue overflowed during the train or this host refused
to send (EPERM from its firewall, EACCES for a broadcast address, no buffers), the outcome is `error`.
"""

import asyncio
import errno
import random
import socket
from heapq import heappop, heappush
from itertools import count
from math import ceil, floor

from agent.probes.echo_lines import Lines, Open
from agent.probes.echo_socket import open_echo_socket
from agent.probes.echo_train import COOKIE, Credit, Line, Train, arrival_ns
from agent.probes.failure import Failure, failure_of
from agent.probes.kit import Echoes
from shared.clock import Clock
from shared.result import Outcome

GRID_S = 0.1
SLOT_S = 0.02
PACKETS_IN_SLOT = 50
LAG_S = 0.01
"""How late a tick may come and still stand for its point of the grid."""
STEP_NS = 100_000


class EchoEngine:
    """Implements kit.Echo for one event loop. The public numbers are counters since its start."""

    def __init__(self, clock: Clock, rng: random.Random, open_wire: Open = open_echo_socket) -> None:
        self._clock = clock
        self._lines = Lines(clock, rng, open_wire, self._read)
        self._trains: dict[Train, Line] = {}
        self._agenda: list[tuple[float, int, Train]] = []
        """When a train is to send its next request, or to give up. A train that ended early stays until then."""
        self._serial = count()
        self._timer: asyncio.TimerHandle | None = None
        self._slot, self._slot_packets = 0, 0
        self._offset_ns, self._read_ns = 0, 0
        self._filler = rng.randbytes(2048)  # not zeros: a line that compresses would flatter itself
        self.late = self.duplicates = self.foreign = 0
        self.clock_steps = 0

    @property
    def overflow(self) -> int:
        """Replies that the kernel dropped because our queue was full."""
        return self._lines.overflow

    @property
    def reopened(self) -> int:
        """How often a socket was replaced."""
        return self._lines.reopened

    async def echo(
        self, address: str, *, packets: int, spacing_s: float, timeout_s: float, payload_bytes: int
    ) -> Echoes:
        """`packets` requests to the literal `address` (fe80::1%eth0 too), then up to `timeout_s` of waiting.

        A request that could not be sent counts as lost; with `rtts_us` empty none was tried. `setup_s` is the time
        until the first one left: opening the socket and waiting for a slot. Never raises for a bad network.
        """
        asked_ns = self._clock.mono_ns()
        filler = self._filler[: max(0, payload_bytes - COOKIE.size)]
        try:
            family, source, destination = destination_of(address)
            line = self._lines.line(family, source, asked_ns)
        except Failure as failure:
            return Echoes(rtts_us=(), outcome=failure.outcome, reason=str(failure))
        done = asyncio.get_running_loop().create_future()
        train = Train(source, destination, packets, spacing_s, timeout_s, filler, done)
        try:
            self._begin(train, line)
            await done
            outcome, reason = self._verdict(train, line)
        finally:
            self._end(train, line)
        self._lines.remember(source, outcome)
        setup_s = (train.sent_ns[0] - asked_ns) / 1e9 if train.sent_ns else 0.0
        rtts_us = tuple(train.rtts_us)
        return Echoes(rtts_us=rtts_us, outcome=outcome, reason=reason, hop_limit=train.hop_limit, setup_s=setup_s)

    def close(self) -> None:
        """Trains under way end as `error`; all sockets are closed; later trains are refused."""
        for train in self._trains:
            train.blame(Outcome.ERROR, "the agent is stopping")
            train.settle()
        if self._timer is not None:
            self._timer.cancel()
        self._lines.close()

    # a train's way: begin, advance (once per request and once for the deadline), verdict, end

    def _begin(self, train: Train, line: Line) -> None:
        if not self._trains:
            self._read()  # what waited in the queues meanwhile, and how far apart the clocks are today
        self._trains[train] = line
        line.trains += 1
        train.drops = line.drops
        now = asyncio.get_running_loop().time()
        if self._slot_has_room(now):
            self._advance(train, now)
        else:
            heappush(self._agenda, (now, next(self._serial), train))
        if self._timer is None or (self._agenda and self._agenda[0][0] < self._timer.when()):
            self._arm(now)

    def _advance(self, train: Train, now: float) -> None:
        """Send the next request, or give up on those that are out if there is none left to send."""
        if train.all_sent:
            train.settle()
            return
        self._send(train)
        if not train.all_sent:
            due = now + train.spacing_s
            due = due if train.spacing_s < GRID_S else _on_grid(due)
        elif train.unanswered:
            due = _on_grid(now + train.timeout_s)
        else:
            train.settle()
            return
        heappush(self._agenda, (due, next(self._serial), train))

    def _send(self, train: Train) -> None:
        self._slot_packets += 1
        line = self._trains[train]
        frame = line.next_frame(train)
        train.sent_ns.append(self._clock.mono_ns())
        try:
            line.wire.send(frame, train.destination)
        except OSError as error:
            failure = _refusal(error)
            train.blame(failure.outcome, str(failure))
            train.unanswered.discard(len(train.sent_ns) - 1)

    def _verdict(self, train: Train, line: Line) -> tuple[Outcome, str]:
        """First what we did wrong, then what came back, then what the network said."""
        received = train.received
        if train.fault is not None and train.fault[0] is Outcome.ERROR:
            return train.fault
        if received < train.packets and self._lines.count_drops(line) != train.drops:
            return Outcome.ERROR, "replies may have been lost here: the receive queue overflowed"
        if received:
            return Outcome.OK, ""
        return train.fault or (Outcome.TIMEOUT, f"no reply within {train.timeout_s:g} s")

    def _end(self, train: Train, line: Line) -> None:
        if self._trains.pop(train, None) is not None:
            train.settle()  # when cancelled: the agenda then passes it over
            line.forget(train)
        self._lines.release(line)

    # the tick

    def _tick(self) -> None:
        self._timer = None
        self._read()  # before judging: a reply that waits in the queue is not lost
        now = asyncio.get_running_loop().time()
        while self._agenda and self._agenda[0][0] <= now + LAG_S / 10 and self._slot_has_room(now):
            train = heappop(self._agenda)[2]
            if not train.done.done():
                self._advance(train, now)
        self._arm(now)

    def _arm(self, now: float) -> None:
        """Wake up for what is due next, and for reading as long as anything is under way."""
        while self._agenda and self._agenda[0][2].done.done():
            heappop(self._agenda)
        if not self._agenda:
            return
        pause = SLOT_S if self._lines.blind() else GRID_S
        when = min(self._agenda[0][0], _after(now, pause))
        if not self._slot_has_room(now):
            when = max(when, _after(now, SLOT_S))
        if self._timer is None or when < self._timer.when() - LAG_S / 10:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(when, self._tick)

    def _slot_has_room(self, now: float) -> bool:
        slot = int(now / SLOT_S)
        if slot != self._slot:
            self._slot, self._slot_packets = slot, 0
        return self._slot_packets < PACKETS_IN_SLOT

    def _read(self) -> None:
        """Everything that has arrived goes to its train."""
        began_ns = self._clock.mono_ns()
        arrived = [(line, arrival) for line in self._lines.open for arrival in line.wire.replies()]
        offset_ns, now_ns = self._clocks_apart()
        stepped = abs(offset_ns - self._offset_ns) > STEP_NS and self._read_ns > 0
        for line, arrival in arrived:
            if arrival.stamp_ns is None:
                at_ns = began_ns
                self._lines.distrust(line)
            elif stepped:
                at_ns = arrival_ns(arrival.stamp_ns, (self._offset_ns, offset_ns), (self._read_ns, now_ns))
            else:
                at_ns = min(arrival.stamp_ns - offset_ns, now_ns)
            if (credit := line.credit(arrival, at_ns)) is not Credit.COUNTED:
                self._count(credit)
        for line in self._lines.open:
            for complaint in line.wire.complaints():
                line.complain(complaint)
            self._lines.tend(line, now_ns)
        self.clock_steps += stepped
        self._offset_ns, self._read_ns = offset_ns, now_ns

    def _count(self, credit: Credit) -> None:
        match credit:
            case Credit.LATE:
                self.late += 1
            case Credit.DUPLICATE:
                self.duplicates += 1
            case Credit.FOREIGN:
                self.foreign += 1

    def _clocks_apart(self) -> tuple[int, int]:
        """Wall minus monotonic clock, and the monotonic one; looked up again if we were interrupted in between."""
        for _ in range(3):
            before_ns, wall_ns, now_ns = self._clock.mono_ns(), self._clock.wall_ns(), self._clock.mono_ns()
            if now_ns - before_ns < STEP_NS / 4:
                break
        return wall_ns - (before_ns + now_ns) // 2, now_ns


def destination_of(address: str) -> tuple[socket.AddressFamily, str, tuple[object, ...]]:
    """Family, the name that replies will come from, and what sendto() wants; raises Failure if `address` is none."""
    host, _, zone = address.partition("%")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        source = socket.inet_ntop(family, socket.inet_pton(family, host))
        if zone and family == socket.AF_INET:
            raise ValueError
    except (OSError, ValueError):
        raise Failure(Outcome.ERROR, f"{address!r} is not an IP address") from None
    if family == socket.AF_INET:
        return family, source, (source, 0)
    try:
        scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone) if zone else 0
    except OSError:
        raise Failure(Outcome.UNREACHABLE, f"there is no network interface {zone}") from None
    return family, source, (source, 0, 0, scope)


def _refusal(error: OSError) -> Failure:
    """A request that could not be sent. No route is the network's doing; a firewall on this host is ours."""
    if error.errno == errno.EPERM:
        return Failure(Outcome.ERROR, "a firewall on this host does not let ICMP out")
    if error.errno == errno.EACCES:
        return Failure(Outcome.ERROR, "this host refuses to send there: a broadcast address, or a prohibiting route")
    return failure_of(error)


def _on_grid(when: float) -> float:
    return ceil((when - LAG_S) / GRID_S) * GRID_S


def _after(now: float, pause: float) -> float:
    return (floor(now / pause + 1e-6) + 1) * pause
