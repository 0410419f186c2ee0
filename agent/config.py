"""AgentConfig: agent.toml as one object, composed of the settings declared beside their owners."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Field

from agent.probes import PROBES
from agent.probes.icmp import IcmpTarget
from agent.probes.kit import TargetSettings
from agent.push import PushSettings
from agent.spool import SpoolSettings
from shared.result import Group
from shared.settings import FilePath, Listen, Settings, load
from shared.wire import MAX_TARGETS

if TYPE_CHECKING:
    AnyTarget = TargetSettings
else:  # a new kind of probe needs its line in PROBES and nothing here
    _KINDS = tuple(kind.settings for kind in PROBES.values())
    AnyTarget = Annotated[Union[_KINDS], Field(discriminator="probe")]  # noqa: UP007  `|` cannot join a tuple

DEFAULT_PATHS = (Path("agent.toml"), Path("/etc/kentongan/agent.toml"))
"""Where the configuration is looked for when nobody says where it is."""
GATEWAY = "gateway"
"""The name of the target that `gateway` makes."""


class AgentConfig(Settings):
    """Everything an agent can be told."""

    language: Literal["id", "en"] = "id"
    name: Annotated[str, Field(max_length=64)] = ""
    """What people call this agent; the collector knows it by its token."""
    site: Annotated[str, Field(max_length=64)] = ""
    """The code of the site it stands at, for people too."""
    interval_s: Annotated[float, Field(ge=1, le=3600)] = 30.0
    gateway: Annotated[str, Field(min_length=1, max_length=64)] = "auto"
    """`auto` follows the default route, an address stays, `off` makes no target of it."""
    listen: Listen = "127.0.0.1:9817"
    state_dir: FilePath | None = None
    """None: $STATE_DIRECTORY (systemd sets it), else ~/.local/state/kentongan-agent."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    collector: PushSettings | None = None
    """None: nothing is sent, only /metrics tells."""
    spool: SpoolSettings = SpoolSettings()
    targets: Annotated[tuple[AnyTarget, ...], Field(max_length=MAX_TARGETS - 1)] = ()

    @classmethod
    def across(cls, table: Mapping[str, Any]) -> Iterator[str]:
        targets = table.get("targets", [])
        if targets == []:
            yield "there is no [[targets]] table; name at least one thing to measure"
        taken = {} if table.get("gateway") == "off" else {GATEWAY: 'the default gateway\'s own; or set gateway = "off"'}
        for place, target in enumerate(targets if isinstance(targets, list) else [], 1):
            if not isinstance(target, dict):
                continue
            name = str(target.get("name"))
            if name in taken:
                yield f"targets[{place}].name {name!r} is taken: it is {taken[name]}"
            taken[name] = f"targets[{place}].name too"
            yield from _slow(target, place, table)

    @property
    def every_target(self) -> tuple[TargetSettings, ...]:
        """What is probed: the gateway first, if there is to be one."""
        if self.gateway == "off":
            return self.targets
        gateway = IcmpTarget(probe="icmp", name=GATEWAY, group=Group.GATEWAY, address=self.gateway)
        return (gateway, *self.targets)


def _slow(target: Mapping[str, Any], place: int, table: Mapping[str, Any]) -> Iterator[str]:
    """A probe that may take as long as its interval would never be asked in time."""
    kind = PROBES.get(str(target.get("probe")))
    settings = kind.settings if kind else TargetSettings
    timeout_s = target.get("timeout_s", settings.model_fields["timeout_s"].default)
    interval_s = target.get("interval_s", table.get("interval_s", AgentConfig.model_fields["interval_s"].default))
    if not isinstance(timeout_s, int | float) or not isinstance(interval_s, int | float):
        return  # told already, as is an interval below a second
    if timeout_s >= interval_s >= 1:
        yield f"targets[{place}].timeout_s must be shorter than its interval of {interval_s:g} s (given: {timeout_s:g})"


def load_config(path: Path) -> AgentConfig:
    """The configuration at `path`, paths in it made absolute; raises BadSettings with every mistake in it."""
    return load(path, AgentConfig)


def state_dir(config: AgentConfig, environ: Mapping[str, str]) -> Path:
    """Where this agent keeps what must survive a restart."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]  # systemd may name several
    return config.state_dir or Path(given or "~/.local/state/kentongan-agent").expanduser()
