"""Which sockets are open: one a family, replaced now and then, watched by the event loop only while that is needed."""

import asyncio
import logging
import random
import socket
from collections.abc import Callable
from contextlib import suppress

from agent.probes.echo_socket import NotAllowed
from agent.probes.echo_train import Line, Wire
from agent.probes.failure import Failure, failure_of
from shared.clock import Clock
from shared.result import Outcome

WATCH_NS = 1_000_000_000
REPLACE_NS = 600_000_000_000
REPLACE_IN_DOUBT_NS = 60_000_000_000
LOST_IN_A_ROW = 3

Open = Callable[[socket.AddressFamily, random.Random], Wire]

log = logging.getLogger(__name__)


class Lines:
    """Opens, replaces and closes sockets. `on_readable` is called by the loop for a watched one."""

    def __init__(self, clock: Clock, rng: random.Random, open_wire: Open, on_readable: Callable[[], None]) -> None:
        self._clock, self._rng, self._open_wire, self._on_readable = clock, rng, open_wire, on_readable
        self._current: dict[socket.AddressFamily, Line] = {}
        self._lost: dict[str, int] = {}
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.open: list[Line] = []
        """The current ones, and the retired ones whose trains have not ended."""
        self.reopened = 0
        self.overflow = 0

    def line(self, family: socket.AddressFamily, address: str, now_ns: int) -> Line:
        """The line to send to `address` by; raises Failure with what can be done if there can be none."""
        line = self._current.get(family)
        if line is not None and (why := self._outlived(line, address, now_ns)):
            with suppress(Failure):  # no descriptors left: the old one still serves
                self._current[family] = fresh = self._open(family, why)
                self._lost.clear()
                self.reopened += 1
                line.retired = True
                self.release(line)
                return fresh
        if line is None:
            line = self._current[family] = self._open(family, "first use")
        return line

    def _outlived(self, line: Line, address: str, now_ns: int) -> str:
        """Why `line` should be replaced; empty if it should not."""
        age_ns = now_ns - line.opened_ns
        if age_ns > REPLACE_NS:
            return "age"
        if age_ns > REPLACE_IN_DOUBT_NS and self._lost.get(address, 0) >= LOST_IN_A_ROW:
            return f"no reply from {address}"
        return ""

    def remember(self, address: str, outcome: Outcome) -> None:
        """What a train to `address` came to: doubt grows with every one that was lost."""
        if outcome is Outcome.OK:
            self._lost.pop(address, None)
        elif outcome is not Outcome.ERROR:
            self._lost[address] = self._lost.get(address, 0) + 1

    def count_drops(self, line: Line) -> int:
        """How many replies the queue of `line` has had no room for so far; new ones go into `overflow`."""
        drops = line.wire.drops()
        self.overflow += (drops - line.drops) & 0xFFFF_FFFF
        line.drops = drops
        return drops

    def blind(self) -> bool:
        """Whether there is a socket that neither stamps replies nor can be watched: it must be read often."""
        return not all([line.stamped or line.watched for line in self.open])  # noqa: C419  a list is faster

    def tend(self, line: Line, now_ns: int) -> None:
        """After a reading: count drops, and stop watching a socket whose replies are surely stamped by now."""
        self.count_drops(line)
        if line.watched and line.stamped and now_ns - line.opened_ns > WATCH_NS:
            self._unwatch(line)

    def distrust(self, line: Line) -> None:
        """A reply came without a stamp: from now on replies are read as they come."""
        line.stamped = False
        self._watch(line)

    def release(self, line: Line) -> None:
        """Close `line` if nobody needs it any more."""
        if line.retired and not line.trains and line in self.open:
            self._unwatch(line)
            self.open.remove(line)
            line.wire.close()

    def close(self) -> None:
        self._closed = True
        self._current.clear()
        for line in self.open:
            self._unwatch(line)
            line.wire.close()
        self.open.clear()

    def _open(self, family: socket.AddressFamily, why: str) -> Line:
        if self._closed:
            raise Failure(Outcome.ERROR, "the agent is stopping")
        try:
            wire = self._open_wire(family, self._rng)
        except NotAllowed as error:
            raise Failure(Outcome.ERROR, str(error)) from None
        except OSError as error:
            raise Failure(Outcome.ERROR, f"cannot open an ICMP socket: {failure_of(error)}") from None
        log.debug("echo_socket_open family=%s kind=%s why=%r", family.name, wire.kind, why)
        line = Line(
            wire=wire,
            opened_ns=self._clock.mono_ns(),
            secret=self._rng.getrandbits(64),
            number=self._rng.getrandbits(16),
            stamped=wire.stamped,
            drops=wire.drops(),
        )
        self._watch(line)
        self.open.append(line)
        return line

    def _watch(self, line: Line) -> None:
        if line.watched:
            return
        with suppress(
            NotImplementedError
        ):  # Windows' proactor loop, not tried here: the engine then reads by the clock
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(line.wire.fileno(), self._on_readable)
            line.watched = True

    def _unwatch(self, line: Line) -> None:
        if line.watched and self._loop is not None:
            self._loop.remove_reader(line.wire.fileno())
            line.watched = False
