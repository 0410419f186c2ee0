"""A 20 ms line for bench/icmp.py, and the truth about it: one TUN device, an answerer, and the kernel's stamps."""

import fcntl
import os
import select
import socket
import struct
import time
from collections import deque
from contextlib import suppress

DEVICE, DELAY_NS = "wan0", 20_000_000
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
ETH_P_ALL = 0x0003
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def address(number: int) -> str:
    return f"10.9.{number // 250}.{number % 250 + 1}"


def answer_echoes() -> None:
    """Reads requests from the TUN device and writes each one's reply 20 ms later, for ever."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    print("ready", flush=True)
    waiting: deque[tuple[int, bytes]] = deque()
    while True:
        pause_s = max(0.0, (waiting[0][0] - time.monotonic_ns()) / 1e9) if waiting else None
        if select.select([tun], [], [], pause_s)[0]:
            packet = os.read(tun, 2048)
            if packet[0] == 0x45 and packet[9] == 1 and packet[20] == 8:
                waiting.append((time.monotonic_ns() + DELAY_NS, reply_to(packet)))
        while waiting and waiting[0][0] <= time.monotonic_ns():
            os.write(tun, waiting.popleft()[1])


def reply_to(packet: bytes) -> bytes:
    """The echo reply to an IPv4 echo request: addresses change places, the type becomes 0, the checksum follows."""
    checksum = int.from_bytes(packet[22:24], "big") + 0x0800
    checksum = (checksum & 0xFFFF) + (checksum >> 16)
    return packet[:12] + packet[16:20] + packet[12:16] + b"\0\0" + checksum.to_bytes(2, "big") + packet[24:]


class Truth:
    """What passed the device, by the kernel's stamps."""

    def __init__(self) -> None:
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        self._sock.bind((DEVICE, ETH_P_ALL))
        self._sock.setblocking(False)

    def round_trips_us(self, host: str) -> list[float]:
        """Of all echoes with `host` since the last call, in order of their requests."""
        sent: dict[bytes, int] = {}
        back: dict[bytes, int] = {}
        there = socket.inet_aton(host)
        while True:
            try:
                packet, ancillary, _, _ = self._sock.recvmsg(64, 64)
            except BlockingIOError:
                return [(back[key] - at) / 1000 for key, at in sent.items() if key in back]
            if packet[0] != 0x45 or there not in (packet[12:16], packet[16:20]):
                continue
            seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2])
            which = sent if packet[20] == 8 else back
            which[packet[24:28]] = seconds * 1_000_000_000 + nanoseconds
