"""Names to addresses through the system's resolver, with a deadline that it does not have itself.

getaddrinfo() obeys /etc/hosts, search domains and whatever the host is set up with, so it sees what the people at the
site see; but with a dead name server it sits for 10 to 20 s a name and cannot be interrupted. So:

1. Literal addresses are answered at once.
2. A look-up runs in a daemon thread of its own, which can neither hold up the event loop nor the end of the process.
3. A name has at most one look-up in flight; who asks meanwhile waits for the same one, each with a deadline of its own.
4. At most `max_in_flight` names are looked up at a time. Further ones are told "resolver busy" at once: names that hang
   must not make others wait.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from ipaddress import ip_address
from socket import AddressFamily
from typing import Any

from agent.probes.failure import EXHAUSTED
from agent.probes.kit import IpVersion, ResolveError
from shared.result import Outcome

Addresses = list[tuple[AddressFamily, str]]
LookUp = Callable[[str, AddressFamily], list[tuple[Any, ...]]]
"""getaddrinfo's rows for a host name and a family; may block for as long as it likes, raises OSError or ValueError."""

FAMILY_OF: dict[IpVersion, AddressFamily] = {
    "any": AddressFamily.AF_UNSPEC,
    "4": AddressFamily.AF_INET,
    "6": AddressFamily.AF_INET6,
}


def ask_system(host: str, family: AddressFamily) -> list[tuple[Any, ...]]:
    """getaddrinfo for a stream socket (one row an address)."""
    return socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)


def hurry(environ: MutableMapping[str, str]) -> None:
    """Has glibc ask a silent name server every second, five times, unless the operator set RES_OPTIONS.

    By default it asks twice, 5 s apart: after an outage a look-up that began in it would see the line 5 s late.
    Call it before the first look-up of the process.
    """
    environ.setdefault("RES_OPTIONS", "timeout:1 attempts:5")


class Resolver:
    """Implements kit.Resolve for one event loop."""

    def __init__(self, look_up: LookUp = ask_system, max_in_flight: int = 32) -> None:
        self._look_up = look_up
        self._max_in_flight = max_in_flight
        self._pending: dict[tuple[str, IpVersion], asyncio.Future[Addresses | ResolveError]] = {}
        self._closed = False

    async def resolve(self, host: str, ip: IpVersion, timeout_s: float) -> Addresses:
        if (literal := _literal(host, ip)) is not None:
            return [literal]
        pending = self._pending.get((host, ip)) or self._start(host, ip)
        await asyncio.wait({pending}, timeout=timeout_s)  # leaves the look-up running for the next who asks
        if not pending.done():
            raise ResolveError(f"no answer for {host} from the resolver within {timeout_s:.3g} s")
        answer = pending.result()
        if isinstance(answer, ResolveError):
            raise ResolveError(str(answer), answer.outcome)  # a fresh one: several may wait for the same answer
        return answer

    def close(self) -> None:
        """Whoever waits is told so; threads that hang are left behind and end with the process."""
        self._closed = True
        for key in list(self._pending):
            self._settle(key, ResolveError("resolver closed", Outcome.ERROR))

    def _start(self, host: str, ip: IpVersion) -> asyncio.Future[Addresses | ResolveError]:
        if self._closed:
            raise ResolveError("resolver closed", Outcome.ERROR)
        if len(self._pending) >= self._max_in_flight:
            raise ResolveError(f"resolver busy: {len(self._pending)} names have no answer yet")
        loop, key = asyncio.get_running_loop(), (host, ip)

        def work() -> None:
            answer = _answer(self._look_up, host, ip)
            with suppress(RuntimeError):  # the loop has ended meanwhile, nobody waits
                loop.call_soon_threadsafe(self._settle, key, answer)

        try:
            threading.Thread(target=work, name="resolve", daemon=True).start()
        except RuntimeError as error:
            raise ResolveError(str(error), Outcome.ERROR) from None
        self._pending[key] = loop.create_future()
        return self._pending[key]

    def _settle(self, key: tuple[str, IpVersion], answer: Addresses | ResolveError) -> None:
        if (pending := self._pending.pop(key, None)) is not None:
            pending.set_result(answer)


def _literal(host: str, ip: IpVersion) -> tuple[AddressFamily, str] | None:
    """The address that `host` is, fe80::1%eth0 included; None for a name."""
    try:
        version = ip_address(host).version
    except ValueError:
        return None
    if ip not in ("any", str(version)):
        raise ResolveError(f"{host} is an IPv{version} address, but ip = {ip} is set", Outcome.ERROR)
    return (AddressFamily.AF_INET if version == 4 else AddressFamily.AF_INET6), host


def _answer(look_up: LookUp, host: str, ip: IpVersion) -> Addresses | ResolveError:
    try:
        rows = look_up(host, FAMILY_OF[ip])
    except ValueError:  # UnicodeError among them: a label too long, empty, or not encodable
        return ResolveError(f"{host!r} is not a host name")
    except OSError as error:
        ours = not isinstance(error, socket.gaierror) and error.errno in EXHAUSTED
        return ResolveError(f"{host}: {error.strerror or error}", Outcome.ERROR if ours else Outcome.DNS_FAILURE)
    addresses = [(AddressFamily(family), _scoped(*address)) for family, _, _, _, address in rows]
    return addresses or ResolveError(f"{host}: no address")


def _scoped(address: str, _port: int, _flow: int = 0, scope: int = 0) -> str:
    """An IPv6 address with its zone: without it a link-local one leads nowhere."""
    return f"{address}%{scope}" if scope and "%" not in address else address
