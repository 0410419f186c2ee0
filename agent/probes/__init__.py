"""The kinds of probe. Adding one: a module here with its settings and one function, a line in PROBES, a test, a
row in the README.

A probe is one function: target settings and a Kit in, one Result out. A network that fails is a result, never an
exception; what still escapes is our bug and becomes outcome `error` in the schedule.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.probes import dns, http, icmp, tcp, uptime
from agent.probes.kit import Kit, TargetSettings
from shared.result import Result


@dataclass(frozen=True, slots=True)
class ProbeKind:
    """The settings of a kind of probe and the function that runs it."""

    settings: type[TargetSettings]
    run: Callable[[Any, Kit], Awaitable[Result]]


PROBES: Mapping[str, ProbeKind] = {
    "icmp": ProbeKind(icmp.IcmpTarget, icmp.probe),
    "tcp": ProbeKind(tcp.TcpTarget, tcp.probe),
    "http": ProbeKind(http.HttpTarget, http.probe),
    "dns": ProbeKind(dns.DnsTarget, dns.probe),
    "uptime": ProbeKind(uptime.UptimeTarget, uptime.probe),
}
