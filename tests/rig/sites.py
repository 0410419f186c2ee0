"""One site: its two namespaces, the agent on its PC, and what can be done to them."""

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime, monotonic
from uuid import UUID, uuid5

from tests.rig import netns
from tests.rig.lines import INTERNET, INTERNET_V6, Lines, Place
from tests.rig.scenarios import Action, Pace, SitePlan
from tests.rig.services import CHECK, DIRECT, DNS, PROXY, TCP, WEB

LOST_OF_TEN = 0.3
UPTIME_AFTER_POWER_S = 6
"""How long the PC has been up when its agent starts again after a power cut."""
ANCHORS = ("10.78.0.1", "10.78.0.2", "10.78.0.3", "10.78.0.4")

NEW_BOOT = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"'


def targets() -> Iterator[Mapping[str, object]]:
    """What every agent probes beside its gateway: six targets in the internet, three in the intranet."""
    patience = {"timeout_s": 5.0}
    for number, address in enumerate(ANCHORS, 1):
        yield {"name": f"anchor{number}", "group": "internet", "probe": "icmp", "address": address}
    check = {"url": f"http://{CHECK[0]}/generate_204", "intercept_check": True}
    yield {"name": "check204", "group": "internet", "probe": "http", **check, **patience}
    yield {"name": "dns", "group": "internet", "probe": "dns", "server": DNS[0], "query": "rig.example"}
    yield {"name": "office-ping", "group": "intranet", "probe": "icmp", "address": "10.79.0.1"}
    yield {"name": "office-tcp", "group": "intranet", "probe": "tcp", "address": TCP[0], "port": TCP[1]}
    yield {"name": "office-web", "group": "intranet", "probe": "http", "url": f"http://{WEB[0]}/", **patience}


class Site:
    """A site of the world. Its methods do one thing to it and return when it is done."""

    def __init__(self, plan: SitePlan, place: Place, lines: Lines, directory: Path) -> None:
        self.name, self.place, self.plan = plan.name, place, plan
        self.directory = directory / plan.name
        self.state = self.directory / "state"
        self.state.mkdir(parents=True)
        self._lines, self._boots = lines, 0
        self._agent: netns.Process | None = None

    def configure(self, pace: Pace, token: str, probed: Iterable[Mapping[str, object]]) -> None:
        """Write agent.toml: a PC with the default route as its gateway, and what it probes.

        It backs off for a push interval at the most, as the slowest agents of a province do: the collector's grace
        after a start is made for that, and one that waited longer would be missed.
        """
        server = PROXY if self.plan.proxied else DIRECT
        keys = {"listen": f"{self.place.address}:9817", "state_dir": str(self.state), "interval_s": pace.interval_s}
        push = {
            "url": f"http://{server[0]}:{server[1]}",
            "token": token,
            "interval_s": pace.push_s,
            "max_backoff_s": pace.push_s,
        }
        text = f"{toml(keys)}\n[collector]\n{toml(push)}" + "".join(f"\n[[targets]]\n{toml(t)}" for t in probed)
        (self.directory / "agent.toml").write_text(text, encoding="utf-8")

    # the agent

    def start_agent(self) -> None:
        """Start the agent on the PC as it is booted now: the rig's own boot, or the one after the last power cut."""
        run = [*netns.entry_point("kentongan-agent"), "run", "--config", str(self.directory / "agent.toml")]
        self._agent = netns.Process(f"agent-{self.name}", self.place.pc, [*self._boot(), *run], self.directory.parent)

    def kill_agent(self) -> None:
        self.agent.kill()

    def stop_agent(self) -> bool:
        """SIGTERM; whether it ended by itself."""
        return self.agent.stop()

    def freeze_agent(self) -> None:
        self.agent.signal(signal.SIGSTOP)

    def thaw_agent(self) -> None:
        self.agent.signal(signal.SIGCONT)

    @property
    def started(self) -> bool:
        return self._agent is not None

    @property
    def agent(self) -> netns.Process:
        assert self._agent is not None, f"the agent of {self.name} was never started"
        return self._agent

    # the line and the cable

    def cut(self) -> None:
        self._lines.wan.both(self.name, blackhole="all")

    def mend(self) -> None:
        self._lines.wan.both(self.name, blackhole=[])

    def internet_gone(self) -> None:
        self._lines.wan.both(self.name, blackhole=[INTERNET, INTERNET_V6])

    def lossy(self) -> None:
        self._lines.wan.set(self.name, up={"loss": LOST_OF_TEN})

    def clean(self) -> None:
        self._lines.wan.set(self.name, up={"loss": 0})

    def unplug(self) -> None:
        self._lines.unplug(self.place)

    def plug(self) -> None:
        self._lines.plug(self.place)

    def switch_off(self) -> None:
        self._lines.switch_off(self.place)

    def switch_on(self) -> None:
        self._lines.switch_on(self.place)

    # the power

    def power_off(self) -> None:
        """PC and modem are dead at the same moment; the PC first, so that nothing measures the modem's death."""
        self.kill_agent()
        self.cut()

    def power_on(self) -> None:
        self._boots += 1
        self._booted_at_s = monotonic() - UPTIME_AFTER_POWER_S
        self.mend()
        self.start_agent()

    def _boot(self) -> list[str]:
        """What must stand before a command so that it sees the boot id and the boot clock of this site's last boot."""
        if not self._boots:
            return []
        boot_id = self.directory / "boot_id"
        boot_id.write_text(f"{uuid5(UUID(int=os.getpid()), f'{self.name} {self._boots}')}\n")
        gone_s = int(self._booted_at_s - monotonic() + clock_gettime(CLOCK_BOOTTIME))
        offsets = [f"--boottime=-{gone_s}", f"--monotonic=-{gone_s}"]
        return ["unshare", "--mount", "--time", *offsets, "sh", "-c", NEW_BOOT, "sh", str(boot_id)]


ON_SITE: Mapping[Action, Callable[[Site], object]] = {
    Action.CUT: Site.cut,
    Action.MEND: Site.mend,
    Action.UNPLUG: Site.unplug,
    Action.PLUG: Site.plug,
    Action.SWITCH_OFF: Site.switch_off,
    Action.SWITCH_ON: Site.switch_on,
    Action.INTERNET_GONE: Site.internet_gone,
    Action.INTERNET_BACK: Site.mend,
    Action.LOSSY: Site.lossy,
    Action.CLEAN: Site.clean,
    Action.KILL_AGENT: Site.kill_agent,
    Action.START_AGENT: Site.start_agent,
    Action.FREEZE_AGENT: Site.freeze_agent,
    Action.THAW_AGENT: Site.thaw_agent,
    Action.POWER_OFF: Site.power_off,
    Action.POWER_ON: Site.power_on,
}


def toml(keys: Mapping[str, object]) -> str:
    """`keys` as lines of TOML: JSON writes strings, numbers, truth values and lists the same way."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
