"""One ICMP socket: opening it with what the kernel allows, frames out, replies and complaints in. It decides nothing.

Linux has two kinds, and the rest of the agent cannot tell them apart:

* **datagram** ("ping socket"): needs no privilege where `net.ipv4.ping_group_range` holds our group, as systemd sets it
  up. The kernel fills in identifier and checksum, and hands over only replies that bear our identifier.
* **raw**: needs CAP_NET_RAW, and gets a copy of *every* echo reply of the host, those to other programs too.

What the wire holds in store:

* A reply carries the kernel's receive stamp (SO_TIMESTAMPNS): wall clock, good only beside the monotonic one.
* ICMP errors go to the error queue (IP_RECVERR) with the request that they are about, of which a router need quote only
  8 bytes: identifier and sequence, nothing of the payload.
* An error about *one* destination also fails the next send or receive, whatever its destination, once. Whoever believes
  that errno declares the wrong host dead. So a send is tried again, and a failed receive is only a hint to read on.
* SO_MEMINFO counts what the kernel dropped because our queue was full, at any time. SO_RXQ_OVFL, which is better known,
  tells it only with the next packet, which the last reply of a train never gets.

On systems other than Linux plain sockets must do, without stamps, complaints and drops: not tried here.
"""

import errno
import random
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from icmplib import ICMPError, ICMPReply

LINUX: Final = sys.platform == "linux"
SO_RCVBUFFORCE, SO_TIMESTAMPNS, SO_MEMINFO = 33, 35, 55
MEMINFO_DROPS = 8
IP_TTL, IP_RECVERR, IP_RECVTTL = 2, 11, 12
IPV6_HOPLIMIT, IPV6_RECVERR, IPV6_RECVHOPLIMIT = 52, 25, 51
SOL_RAW, ICMP_FILTER, ICMP6_FILTER = 255, 1, 1
MSG_ERRQUEUE = 0x2000
ORIGINS_ON_THE_WAY = (2, 3)
"""SO_EE_ORIGIN_ICMP and _ICMP6: somebody on the way said so, not our own kernel."""

RECEIVE_BUFFER = 1 << 20
READ_AT_MOST = 4096
"""More replies than the buffer can hold: a flood must not keep the loop here."""
SENDS_IN_DOUBT = 2
"""How often a failed send is put down to another destination's error."""

_HEADER = struct.Struct("!BBHHH")
_STAMP = struct.Struct("@ll")
_EXTENDED_ERROR = struct.Struct("=IBBBxII")

HOW_TO_ALLOW = (
    'no permission to send ICMP: allow it with sysctl -w net.ipv4.ping_group_range="0 2147483647" (IPv6 obeys it too)'
    " or give the agent CAP_NET_RAW"
)


class NotAllowed(Exception):  # noqa: N818  it reads as what it is
    """Neither kind of socket is allowed. Asking again helps once an administrator has done what the message says."""


class Arrival(NamedTuple):
    """An echo reply that bears our identifier."""

    payload: bytes
    """Its first bytes: all that anybody looks at."""
    source: str
    stamp_ns: int | None
    """Wall clock of its arrival, by the kernel; None where the kernel gives none."""
    hop_limit: int


class Complaint(NamedTuple):
    """An ICMP error about a request of ours."""

    sequence: int
    reason: str


class EchoSocket:
    """An open socket, for all destinations of one family. `kind` and `family` are for people."""

    def __init__(self, sock: socket.socket, identifier: int) -> None:
        self._sock = sock
        self._identifier = identifier
        self._ipv6 = sock.family == socket.AF_INET6
        self._request, self._reply = (128, 129) if self._ipv6 else (8, 0)
        raw = sock.type == socket.SOCK_RAW
        self._own_checksum = not self._ipv6 and (raw or not LINUX)
        self.kind = "raw" if raw else "datagram"
        self.stamped = False
        """Whether replies carry the kernel's stamp."""
        self._set_up(raw)

    def _set_up(self, raw: bool) -> None:
        sock = self._sock
        sock.setblocking(False)
        if not LINUX:
            return
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)  # the kernel grants up to rmem_max
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.stamped = True
        if self._ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
            if raw:
                sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, _all_but(self._reply, words=8))
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
            if raw:
                sock.setsockopt(SOL_RAW, ICMP_FILTER, _all_but(self._reply, words=1))

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def frame(self, sequence: int, payload: bytes) -> bytes:
        """An echo request, ready to send."""
        checksum = 0
        if self._own_checksum:
            checksum = _checksum(_HEADER.pack(self._request, 0, 0, self._identifier, sequence) + payload)
        return _HEADER.pack(self._request, 0, checksum, self._identifier, sequence) + payload

    def send(self, frame: bytes, destination: tuple[object, ...]) -> None:
        """Raises OSError only for a fault of this destination, or of this host, that is there now."""
        for _ in range(SENDS_IN_DOUBT):
            try:
                self._sock.sendto(frame, destination)
            except OSError:  # perhaps about another destination; reporting it has cleared it
                continue
            return
        self._sock.sendto(frame, destination)

    def replies(self) -> Iterator[Arrival]:
        """What has come, until the queue is empty."""
        for _ in range(READ_AT_MOST):
            try:
                data, ancillary, _, source = self._receive()
            except BlockingIOError:
                return
            except OSError:  # an error of some destination waits in the error queue
                continue
            if not self._ipv6 and data and data[0] >> 4 == 4:  # raw sockets (and macOS) hand over the IP header too
                data = data[(data[0] & 15) * 4 :]
            if len(data) < _HEADER.size or data[0] != self._reply or data[4] << 8 | data[5] != self._identifier:
                continue
            stamp_ns, hop_limit = None, 0
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = _STAMP.unpack(value)
                    stamp_ns = seconds * 1_000_000_000 + nanoseconds
                elif kind in (IP_TTL, IPV6_HOPLIMIT):
                    hop_limit = int.from_bytes(value, sys.byteorder)
            yield Arrival(data[_HEADER.size :], source[0], stamp_ns, hop_limit)

    def _receive(self) -> tuple[bytes, list[tuple[int, int, bytes]], int, tuple[str, ...]]:
        if hasattr(self._sock, "recvmsg"):
            return self._sock.recvmsg(128, 128)  # longer replies are cut: their end interests nobody
        data, source = self._sock.recvfrom(2048)  # Windows, not tried here
        return data, [], 0, source

    def complaints(self) -> Iterator[Complaint]:
        """The ICMP errors that have come for requests of ours, until there are no more."""
        if not LINUX:
            return
        for _ in range(READ_AT_MOST):
            try:
                quoted, ancillary, _, _ = self._sock.recvmsg(128, 256, MSG_ERRQUEUE)
            except OSError:  # empty
                return
            if len(quoted) < _HEADER.size or quoted[0] != self._request:
                continue
            _, _, _, identifier, sequence = _HEADER.unpack_from(quoted)
            if identifier != self._identifier:
                continue
            for _level, kind, value in ancillary:
                if kind in (IP_RECVERR, IPV6_RECVERR):
                    yield Complaint(sequence, _reason(value))

    def drops(self) -> int:
        """How many packets the kernel has dropped because our queue was full, since the socket was opened."""
        if not LINUX:
            return 0
        try:
            facts = self._sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 64)
        except OSError:  # before Linux 4.12, or a sandbox's kernel
            return 0
        return int(struct.unpack_from("=I", facts, MEMINFO_DROPS * 4)[0])


def open_echo_socket(family: socket.AddressFamily, rng: random.Random) -> EchoSocket:
    """A socket of the least privileged kind that the kernel allows, with a random identifier.

    Raises NotAllowed with what an administrator can do, or OSError (no descriptors left, no IPv6 on this host).
    """
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT):
                continue
            raise
        try:
            return EchoSocket(sock, _identifier(sock, rng))
        except BaseException:
            sock.close()
            raise
    raise NotAllowed(HOW_TO_ALLOW)


def _identifier(sock: socket.socket, rng: random.Random) -> int:
    """A random identifier; a datagram socket owns the one that it is bound to as its "port"."""
    for _ in range(16):
        identifier = rng.randrange(1, 1 << 16)
        if sock.type == socket.SOCK_RAW:
            return identifier
        with suppress(OSError):  # another socket of this host has it
            sock.bind(("::" if sock.family == socket.AF_INET6 else "", identifier))
            return identifier
    raise OSError(errno.EADDRINUSE, "no free ICMP identifier found")


def _all_but(kind: int, words: int) -> bytes:
    """The filter that blocks every ICMP type but `kind` (Linux: a set bit blocks)."""
    mask = [0xFFFF_FFFF] * words
    mask[kind >> 5] &= ~(1 << (kind & 31)) & 0xFFFF_FFFF
    return struct.pack(f"={words}I", *mask)


def _checksum(packet: bytes) -> int:
    """RFC 1071. Its one's-complement sum is the number modulo 65535, which Python finds faster than a loop."""
    number = int.from_bytes(packet if len(packet) % 2 == 0 else packet + b"\0", "big")
    return 0xFFFF - number % 0xFFFF


def _reason(extended_error: bytes) -> str:
    """A sock_extended_err and the address behind it in words: what was said, and by whom."""
    number, origin, kind, code, _, _ = _EXTENDED_ERROR.unpack_from(extended_error)
    if origin not in ORIGINS_ON_THE_WAY:
        return f"this host says error {errno.errorcode.get(number, number)}"
    try:
        ICMPReply("", 6 if origin == 3 else 4, 0, 0, kind, code, 0, 0).raise_for_status()
    except ICMPError as error:
        words = str(error).replace("prohibed", "prohibited")  # icmplib's spelling
    else:
        words = "an ICMP error that says nothing"
    return f"{words}, says {_offender(extended_error[_EXTENDED_ERROR.size :])}"


def _offender(address: bytes) -> str:
    family = int.from_bytes(address[:2], sys.byteorder)
    if family == socket.AF_INET and len(address) >= 8:
        return socket.inet_ntop(socket.AF_INET, address[4:8])
    if family == socket.AF_INET6 and len(address) >= 24:
        return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return "somebody unnamed"
