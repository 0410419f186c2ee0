import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from socket import AF_INET, AF_INET6, AddressFamily
from typing import Any

import pytest

from agent.probes.kit import IpVersion, ResolveError
from agent.probes.resolve import Resolver, hurry
from shared.result import Outcome


def row(address: str, scope: int = 0) -> tuple[Any, ...]:
    if ":" in address:
        return AF_INET6, socket.SOCK_STREAM, 6, "", (address, 0, 0, scope)
    return AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)


class Dead:
    """A name server that says nothing until it is freed."""

    def __init__(self) -> None:
        self.freed = threading.Event()
        self.asked: list[str] = []

    def look_up(self, host: str, _family: AddressFamily) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        self.freed.wait(20)
        return [row("192.0.2.1")]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.1", (AF_INET, "192.0.2.1")),
        ("2001:db8::1", (AF_INET6, "2001:db8::1")),
        ("fe80::1%eth0", (AF_INET6, "fe80::1%eth0")),
    ],
)
async def test_literals_need_no_look_up(host: str, expected: tuple[AddressFamily, str]) -> None:
    dead = Dead()
    assert await Resolver(dead.look_up).resolve(host, "any", 1) == [expected]
    assert dead.asked == []


async def test_a_literal_of_the_other_family_is_a_wrong_setting() -> None:
    with pytest.raises(ResolveError) as raised:
        await Resolver().resolve("::1", "4", 1)
    assert raised.value.outcome is Outcome.ERROR


async def test_the_systems_own_names_resolve() -> None:
    assert (AF_INET, "127.0.0.1") in await Resolver().resolve("localhost", "4", 5)


@pytest.mark.parametrize(
    ("ip", "family"), [("any", AddressFamily.AF_UNSPEC), ("4", AddressFamily.AF_INET), ("6", AddressFamily.AF_INET6)]
)
async def test_only_the_wanted_family_is_asked_for(ip: IpVersion, family: AddressFamily) -> None:
    def look_up(_host: str, asked: AddressFamily) -> list[tuple[Any, ...]]:
        assert asked == family
        return [row("fe80::1", scope=3), row("192.0.2.1")]

    assert await Resolver(look_up).resolve("web.test", ip, 1) == [(AF_INET6, "fe80::1%3"), (AF_INET, "192.0.2.1")]


async def test_a_dead_name_server_costs_the_deadline_and_not_more() -> None:
    dead = Dead()
    before = time.monotonic()
    with pytest.raises(ResolveError, match=r"no answer for web\.test from the resolver within 0\.1 s") as raised:
        await Resolver(dead.look_up).resolve("web.test", "any", 0.1)
    assert raised.value.outcome is Outcome.DNS_FAILURE
    assert time.monotonic() - before < 3
    dead.freed.set()


async def test_a_name_that_hangs_is_looked_up_once_however_often_it_is_asked_for() -> None:
    dead = Dead()
    resolver = Resolver(dead.look_up)
    for _ in range(5):
        with pytest.raises(ResolveError):
            await resolver.resolve("web.test", "any", 0.01)
    waiting = [asyncio.create_task(resolver.resolve("web.test", "any", 5)) for _ in range(5)]
    await asyncio.sleep(0)
    dead.freed.set()
    assert await asyncio.gather(*waiting) == [[(AF_INET, "192.0.2.1")]] * 5
    assert dead.asked == ["web.test"]


async def test_names_that_hang_do_not_make_others_wait() -> None:
    dead = Dead()
    resolver = Resolver(dead.look_up, max_in_flight=3)
    waiting = [asyncio.create_task(resolver.resolve(f"{n}.test", "any", 5)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(ResolveError, match="resolver busy"):
        await resolver.resolve("fourth.test", "any", 5)
    dead.freed.set()
    await asyncio.gather(*waiting)
    assert await resolver.resolve("fourth.test", "any", 5), "there is room again"


async def test_a_cancelled_wait_leaves_the_look_up_for_others() -> None:
    dead = Dead()
    resolver = Resolver(dead.look_up)
    first, second = (asyncio.create_task(resolver.resolve("web.test", "any", 5)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    dead.freed.set()
    assert await second == [(AF_INET, "192.0.2.1")]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Outcome.DNS_FAILURE),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), Outcome.DNS_FAILURE),
        (OSError(24, "Too many open files"), Outcome.ERROR),
        (UnicodeError("label too long"), Outcome.DNS_FAILURE),
    ],
)
async def test_what_the_resolver_says_becomes_an_outcome(error: Exception, outcome: Outcome) -> None:
    def look_up(_host: str, _family: AddressFamily) -> list[tuple[Any, ...]]:
        raise error

    with pytest.raises(ResolveError) as raised:
        await Resolver(look_up).resolve("web.test", "any", 1)
    assert raised.value.outcome is outcome


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "nul\0.test", "my_host.test.", "büch" * 30 + ".test", "ｅ。test"])
async def test_weird_names_neither_raise_nor_block_the_loop(host: str) -> None:
    loop_is_alive = threading.Event()

    def look_up(name: str, family: AddressFamily) -> list[tuple[Any, ...]]:
        name.encode("idna")  # what getaddrinfo does first
        assert loop_is_alive.wait(60)  # what it does next without a name server, but for the alarm
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    asyncio.get_running_loop().call_later(0.05, loop_is_alive.set)
    with pytest.raises(ResolveError, match=r"not a host name|Temporary failure"):
        await Resolver(look_up).resolve(host, "any", 60)


async def test_closing_tells_whoever_waits() -> None:
    dead = Dead()
    resolver = Resolver(dead.look_up)
    waiting = asyncio.create_task(resolver.resolve("web.test", "any", 5))
    await asyncio.sleep(0)
    resolver.close()
    with pytest.raises(ResolveError, match="closed"):
        await waiting
    with pytest.raises(ResolveError, match="closed"):
        await resolver.resolve("other.test", "any", 5)
    dead.freed.set()


STUCK = """
import asyncio, threading
from agent.probes.kit import ResolveError
from agent.probes.resolve import Resolver

async def main():
    resolver = Resolver(lambda *_: threading.Event().wait(60))
    for n in range(3):
        try:
            await resolver.resolve(f"{n}.test", "any", 0.01)
        except ResolveError:
            print("no answer")

asyncio.run(main())
"""


def test_look_ups_that_hang_do_not_hold_up_the_end_of_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=40)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("no answer\n" * 3, "", 0)


ASK_DEAD_SERVER = """
import os, socket, subprocess, tempfile, threading, time
from agent.probes.resolve import hurry

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with tempfile.NamedTemporaryFile("w") as settings:
    settings.write("nameserver 127.0.0.1\\n")
    settings.flush()
    subprocess.run(["mount", "--bind", settings.name, "/etc/resolv.conf"], check=True)
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
silent.settimeout(60)
hurry(os.environ)
threading.Thread(target=socket.getaddrinfo, args=("web.test", None, socket.AF_INET), daemon=True).start()
silent.recv(512)
before = time.monotonic()
silent.recv(512)
print(time.monotonic() - before)
"""


@pytest.mark.rig
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a namespace with a resolv.conf of its own")
def test_in_a_hurry_a_silent_name_server_is_asked_again_every_second() -> None:
    command = ["unshare", "--mount", "--net", sys.executable, "-c", ASK_DEAD_SERVER]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.stderr == ""
    assert 0.9 < float(ended.stdout) < 3, "left alone it asks again after five seconds"


def test_an_operators_own_resolver_options_stay() -> None:
    environ = {"RES_OPTIONS": "timeout:3"}
    hurry(environ)
    assert environ == {"RES_OPTIONS": "timeout:3"}
