"""tcp: does a port accept connections. The round trip is that of the SYN."""

from typing import Literal

from agent.probes.exchange import Exchange, Host, Port, course, dial, host_port
from agent.probes.kit import Kit, TargetSettings
from shared.result import Result


class TcpTarget(TargetSettings):
    """`address` is a name or a literal."""

    probe: Literal["tcp"]
    address: Host
    port: Port

    @property
    def where(self) -> str:
        return f"tcp://{host_port(self.address, self.port)}"


async def probe(target: TcpTarget, kit: Kit) -> Result:
    """Connects, measures, hangs up."""

    async def steps(exchange: Exchange) -> None:
        line, exchange.answer_us = await dial(exchange, target.address, target.port)
        line.close()

    return await course(target, kit, steps)
