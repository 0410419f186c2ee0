"""ICMP echo: does the other end answer, how fast, and how much is lost."""

from functools import cached_property
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import Field

from agent.probes.kit import Echoes, Kit, ResolveError, TargetSettings, silent
from shared.result import Outcome, Result

AUTO = "auto"
"""The address that stands for the default gateway of the moment."""


class IcmpTarget(TargetSettings):
    """A train of echo requests to one address."""

    probe: Literal["icmp"]
    address: Annotated[str, Field(min_length=1, max_length=253)]
    """A name, an address, or "auto" for the default gateway."""
    packets: Annotated[int, Field(ge=1, le=20)] = 4
    spacing_s: Annotated[float, Field(ge=0.01, le=1)] = 0.1
    payload_bytes: Annotated[int, Field(ge=16, le=1400)] = 56
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 1.5
    """How long to wait after the last packet, and for a name to resolve."""

    @property
    def where(self) -> str:
        return self.address

    @cached_property
    def literal(self) -> bool:
        """Whether there is nothing to resolve. Found out once: a hub has a thousand of them."""
        try:
            version = ip_address(self.address).version
        except ValueError:
            return False
        return self.ip in ("any", str(version))


async def probe(target: IcmpTarget, kit: Kit) -> Result:
    """One train to `target`; its round trips are over the packets that came back."""
    began_ns = kit.clock.mono_ns()
    resolved = await _resolve(target, kit)
    resolve_s = (kit.clock.mono_ns() - began_ns) / 1e9
    asked_ms = kit.clock.boot_ms()
    if isinstance(resolved, Echoes):
        kit.log(f"{resolved.outcome}: {resolved.reason}")
        return _result(target, kit, resolved, began_ns, asked_ms, {"resolve": resolve_s}, {})
    kit.log(f"sending {target.packets} packets of {target.payload_bytes} bytes to {resolved}")
    echoes = await kit.echo.echo(
        resolved,
        packets=target.packets,
        spacing_s=target.spacing_s,
        timeout_s=target.timeout_s,
        payload_bytes=target.payload_bytes,
    )
    _tell(echoes, kit)
    facts = {"ip_protocol": 6.0 if ":" in resolved else 4.0}
    if echoes.hop_limit:
        facts["icmp_reply_hop_limit"] = float(echoes.hop_limit)
    started_ms = asked_ms + round(echoes.setup_s * 1000)
    phases = {"resolve": resolve_s, "setup": echoes.setup_s}
    return _result(target, kit, echoes, began_ns, started_ms, phases, facts)


async def _resolve(target: IcmpTarget, kit: Kit) -> str | Echoes:
    """The address to send to, or what stands in for echoes when there is none."""
    if target.address == AUTO:
        gateway = kit.gateway()
        if gateway is None:
            return Echoes(rtts_us=(), outcome=Outcome.UNREACHABLE, reason="no default route")
        kit.log(f"the default gateway is {gateway}")
        return gateway
    if target.literal:
        return target.address
    try:
        addresses = await kit.resolver.resolve(target.address, target.ip, target.timeout_s)
    except ResolveError as error:
        return Echoes(rtts_us=(), outcome=error.outcome, reason=str(error))
    kit.log(f"{target.address} is {', '.join(address for _, address in addresses)}")
    return addresses[0][1]


def _tell(echoes: Echoes, kit: Kit) -> None:
    if kit.log is silent:
        return
    for number, rtt_us in enumerate(echoes.rtts_us, start=1):
        kit.log(f"packet {number}: " + ("no reply" if rtt_us is None else f"{rtt_us / 1000:.3f} ms"))
    if echoes.hop_limit:
        kit.log(f"hop limit left in the last reply: {echoes.hop_limit}")
    if echoes.reason:
        kit.log(f"{echoes.outcome}: {echoes.reason}")


def _result(
    target: IcmpTarget,
    kit: Kit,
    echoes: Echoes,
    began_ns: int,
    started_ms: int,
    phases: dict[str, float],
    facts: dict[str, float],
) -> Result:
    rtts_us = [rtt_us for rtt_us in echoes.rtts_us if rtt_us is not None]
    average_us = round(sum(rtts_us) / len(rtts_us)) if rtts_us else 0
    if rtts_us:
        phases = {**phases, "rtt": average_us / 1e6}
    return Result(
        target=target.name,
        started_ms=started_ms,
        outcome=echoes.outcome,
        sent=len(echoes.rtts_us),
        received=len(rtts_us),
        rtt_min_us=min(rtts_us, default=0),
        rtt_avg_us=average_us,
        rtt_max_us=max(rtts_us, default=0),
        duration_s=(kit.clock.mono_ns() - began_ns) / 1e9,
        reason=echoes.reason,
        phases=phases,
        facts=facts,
    )
