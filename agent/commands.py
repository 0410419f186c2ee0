"""What `kentongan-agent` does beside `run`. A command takes a Desk and its options and returns an exit code."""

import asyncio
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from socket import AF_INET

import msgspec

from agent.config import AgentConfig, state_dir
from agent.gateway import Gateway
from agent.probes import PROBES
from agent.probes.echo import EchoEngine
from agent.probes.echo_socket import NotAllowed, open_echo_socket
from agent.probes.icmp import IcmpTarget
from agent.probes.kit import Kit, TargetSettings
from agent.probes.resolve import Resolver
from agent.schedule import ask
from agent.segment import RECORD_BYTES
from agent.status import Status, told
from shared.clock import Clock
from shared.result import Result
from shared.settings import split_listen
from shared.texts import Texts

OK, FOUND_A_PROBLEM, CANNOT_RUN = 0, 1, 2
EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where to reach an agent that listens everywhere."""
DAY_S = 86_400


class CannotRun(Exception):  # noqa: N818  it reads as what it is: `raise CannotRun(...)`
    """The command cannot do what it was asked; the text says why and what to do. Exit code 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every command works with."""

    config: AgentConfig
    path: Path
    texts: Texts
    clock: Clock
    rng: Random
    environ: Mapping[str, str]

    def say(self, name: str, /, **values: object) -> None:
        print(self.texts.say(name, **values), flush=True)

    def complain(self, name: str, /, **values: object) -> None:
        print(self.texts.say(name, **values), file=sys.stderr)

    @property
    def state_dir(self) -> Path:
        return state_dir(self.config, self.environ)

    @property
    def spool_dir(self) -> Path:
        return self.config.spool.directory or self.state_dir / "spool"


def check(desk: Desk, _options: Namespace) -> int:
    """Says that the configuration is right (else nothing gets here) and what it means; changes nothing."""
    config, targets = desk.config, desk.config.every_target
    groups = Counter(str(target.group) for target in targets)
    desk.say("check.good", path=desk.path)
    desk.say("check.targets", n=len(targets), groups=", ".join(f"{group} {n}" for group, n in groups.items()))
    per_s = sum(1 / (target.interval_s or config.interval_s) for target in targets)
    days = min(config.spool.max_age_days, config.spool.max_bytes / RECORD_BYTES / per_s / DAY_S)
    desk.say("check.spool", directory=desk.spool_dir, days=f"{days:.3g}", per_s=f"{per_s:.2g}")
    good = [_collector_is_usable(desk)]
    if any(isinstance(target, IcmpTarget) for target in targets):
        good.append(_may_ping(desk))
    return OK if all(good) else FOUND_A_PROBLEM


def _collector_is_usable(desk: Desk) -> bool:
    settings = desk.config.collector
    if settings is None:
        desk.say("check.no_collector", listen=desk.config.listen)
        return True
    desk.say("check.collector", url=settings.url, every=f"{settings.interval_s:g}")
    try:
        settings.read_token(desk.environ)
    except (OSError, ValueError) as error:
        desk.say("check.no_token", error=error)
        return False
    return True


def _may_ping(desk: Desk) -> bool:
    try:
        open_echo_socket(AF_INET, desk.rng).close()
    except NotAllowed:
        desk.say("check.no_icmp")
        return False
    return True


def probe(desk: Desk, options: Namespace) -> int:
    """One probe of one target, with its own log of what happened and when."""
    targets = {target.name: target for target in desk.config.every_target}
    target = targets.get(options.target)
    if target is None:
        raise CannotRun(desk.texts.say("probe.unknown", name=options.target, names=", ".join(targets)))
    result = asyncio.run(_probe(desk, target))
    detail = [desk.texts.say("probe.packets", sent=result.sent, received=result.received)] if result.sent else []
    if result.received:
        rtts_ms = (f"{us / 1000:.3f}" for us in (result.rtt_min_us, result.rtt_avg_us, result.rtt_max_us))
        detail.append(desk.texts.say("probe.rtt", **dict(zip(("min", "avg", "max"), rtts_ms, strict=True))))
    detail += [result.reason] if result.reason else []
    outcome = desk.texts.say(f"page.outcome.{result.outcome}")
    desk.say("probe.good" if result.ok else "probe.bad", name=target.name, outcome=outcome, detail="; ".join(detail))
    return OK if result.ok else FOUND_A_PROBLEM


async def _probe(desk: Desk, target: TargetSettings) -> Result:
    began_ns = desk.clock.mono_ns()

    def log(line: str) -> None:
        print(f"{(desk.clock.mono_ns() - began_ns) / 1e6:10.3f} ms  {line}", flush=True)

    resolver, echo = Resolver(), EchoEngine(desk.clock, desk.rng)
    kit = Kit(clock=desk.clock, echo=echo, resolver=resolver, gateway=Gateway(desk.clock).current, log=log)
    try:
        run = next(kind.run for kind in PROBES.values() if kind.settings is type(target))
        log(target.where)
        return await ask(run, target, kit)
    finally:
        echo.close()
        resolver.close()


def status(desk: Desk, _options: Namespace) -> int:
    """What the running agent says, as a table."""
    listen = desk.config.listen
    host, port = split_listen(listen)
    connection = HTTPConnection(EVERY_ADDRESS.get(host, host), port, timeout=10)
    try:
        connection.request("GET", "/status.json")
        now = msgspec.json.decode(connection.getresponse().read(), type=Status)
    except OSError:
        raise CannotRun(desk.texts.say("status.not_running", listen=listen, path=desk.path)) from None
    except (HTTPException, msgspec.DecodeError):
        raise CannotRun(desk.texts.say("status.not_ours", listen=listen, path=desk.path)) from None
    finally:
        connection.close()
    for line in told(now, desk.texts):
        print(line)
    return OK if now.all_up else FOUND_A_PROBLEM
