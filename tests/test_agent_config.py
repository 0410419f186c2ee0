"""agent.toml: what is right, what is wrong, and what is said of it."""

import re
from pathlib import Path

import pytest
import tomli

from agent.config import AgentConfig, load_config, state_dir
from agent.probes import PROBES
from agent.probes.http import HttpTarget
from agent.probes.icmp import IcmpTarget
from agent.push import PushSettings
from agent.spool import SpoolSettings
from shared.result import Group
from shared.settings import BadSettings
from shared.wire import MAX_TARGETS

CONFIG = Path(__file__).resolve().parent.parent / "config"
KINDS = "dns, http, icmp, tcp, uptime"
ANCHOR = '[[targets]]\nname = "anchor"\ngroup = "internet"\nprobe = "icmp"\naddress = "192.0.2.1"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    """What is said of `text`, without the name of the file."""
    with pytest.raises(BadSettings) as bad:
        load_config(written(folder, text))
    assert all(line.startswith("agent.toml: ") for line in bad.value.lines)
    return [line.removeprefix("agent.toml: ") for line in bad.value.lines]


def test_the_shipped_configuration_works() -> None:
    config = load_config(CONFIG / "agent.toml")
    assert [target.name for target in config.every_target] == ["gateway", "cloudflare", "google-dns", "quad9"]


def test_the_full_configuration_is_valid_and_says_the_defaults() -> None:
    config, plain = load_config(CONFIG / "agent.full.toml"), AgentConfig()
    assert config.model_copy(update={"targets": ()}) == plain


def test_the_full_configuration_shows_every_key() -> None:
    text = (CONFIG / "agent.full.toml").read_text(encoding="utf-8")
    shown = tomli.loads(re.sub(r"^#(?=[a-z_]+ =|\[)", "", text, flags=re.MULTILINE))
    assert set(shown) == set(AgentConfig.model_fields)
    assert set(shown["collector"]) == set(PushSettings.model_fields)
    assert set(shown["spool"]) == set(SpoolSettings.model_fields)
    for kind, probe in PROBES.items():
        keys = set().union(*(target for target in shown["targets"] if target["probe"] == kind))
        common = set() if kind == "icmp" else {"site", "interval_s", "ip"}  # shown once, at the first
        assert keys | common == set(probe.settings.model_fields), kind


def test_three_mistakes_are_three_lines_that_can_be_acted_on(tmp_path: Path) -> None:
    text = f'intervall_s = 30\n{ANCHOR}timeut_s = 2\n[[targets]]\nname = "b"\ngroup = "internt"\nprobe = "icmp"\n'
    assert mistakes(tmp_path, text + 'address = "b"\n') == [
        "targets[1].timeut_s is not a known key. Did you mean timeout_s?",
        "targets[2].group must be one of gateway, intranet, internet, service (given: 'internt')."
        " Did you mean internet?",
        "intervall_s is not a known key. Did you mean interval_s?",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('gateway = "off"', "there is no [[targets]] table; name at least one thing to measure"),
        (ANCHOR + ANCHOR, "targets[2].name 'anchor' is taken: it is targets[1].name too"),
        (
            ANCHOR.replace('"anchor"', '"gateway"'),
            "targets[1].name 'gateway' is taken: it is the default gateway's own; or set gateway = \"off\"",
        ),
        (ANCHOR.replace('"icmp"', '"ping"'), f"targets[1].probe must be one of {KINDS} (given: 'ping')."),
        (ANCHOR.replace('probe = "icmp"\n', ""), f"targets[1].probe is missing; it must be one of {KINDS}"),
        (ANCHOR + "timeout_s = 30", "targets[1].timeout_s must be shorter than its interval of 30 s (given: 30)"),
        ("interval_s = 1\n" + ANCHOR, "targets[1].timeout_s must be shorter than its interval of 1 s (given: 1.5)"),
        ('listen = "9817"\n' + ANCHOR, 'listen must be "address:port", like "127.0.0.1:9817" or "[::1]:9817"'),
        ("targets = 3", "targets must be a valid tuple (given: 3)"),
        (
            '[collector]\nurl = "https://a.example"\n' + ANCHOR,
            "collector: needs one of token_file, token_env and token",
        ),
    ],
)
def test_each_mistake_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    said = mistakes(tmp_path, text)
    assert len(said) == 1
    assert said[0].startswith(line)


def test_a_secret_that_is_wrong_is_not_repeated(tmp_path: Path) -> None:
    said = mistakes(tmp_path, f'[collector]\nurl = "https://a.example"\ntoken = ["hush"]\n{ANCHOR}')
    assert "hush" not in "".join(said)


def test_a_target_may_be_called_gateway_if_there_is_no_other(tmp_path: Path) -> None:
    text = ANCHOR.replace('"anchor"', '"gateway"')
    config = load_config(written(tmp_path, f'gateway = "off"\n{text}'))
    assert [target.name for target in config.every_target] == ["gateway"]


@pytest.mark.parametrize(("gateway", "address"), [("auto", "auto"), ("192.0.2.254", "192.0.2.254")])
def test_the_gateway_is_a_target_of_its_own(tmp_path: Path, gateway: str, address: str) -> None:
    first = load_config(written(tmp_path, f'gateway = "{gateway}"\n{ANCHOR}')).every_target[0]
    assert isinstance(first, IcmpTarget)
    assert (first.name, first.group, first.address) == ("gateway", Group.GATEWAY, address)


def test_a_thousand_watched_sites_are_ordinary_but_there_is_a_limit(tmp_path: Path) -> None:
    def many(count: int) -> str:
        return "\n".join(ANCHOR.replace("anchor", f"v{n}") + f'site = "64.07.{n}"' for n in range(count))

    assert len(load_config(written(tmp_path, many(1000))).targets) == 1000
    assert len(mistakes(tmp_path, many(MAX_TARGETS))) == 1


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    page = (
        '[[targets]]\nname = "page"\ngroup = "service"\nprobe = "http"\nurl = "https://a.example"\nca_file = "b.pem"\n'
    )
    spool = '[spool]\ndirectory = "results"\n'
    collector = '[collector]\nurl = "https://a.example"\ntoken_file = "agent.token"\nca_file = "/etc/ca.pem"\n'
    config = load_config(written(tmp_path, f'state_dir = "state"\n{collector}{spool}{page}'))
    assert isinstance(config.targets[0], HttpTarget)
    assert config.collector is not None
    assert (config.state_dir, config.collector.token_file) == (tmp_path / "state", tmp_path / "agent.token")
    assert (config.spool.directory, config.targets[0].ca_file) == (tmp_path / "results", tmp_path / "b.pem")
    assert config.collector.ca_file == Path("/etc/ca.pem")


def test_state_goes_where_the_configuration_or_systemd_says_else_home() -> None:
    plain = AgentConfig()
    systemd = {"STATE_DIRECTORY": "/var/lib/kentongan-agent"}
    assert state_dir(AgentConfig(state_dir=Path("/srv/k")), systemd) == Path("/srv/k")
    assert state_dir(plain, systemd) == Path("/var/lib/kentongan-agent")
    assert state_dir(plain, {}) == Path.home() / ".local/state/kentongan-agent"
