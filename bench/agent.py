"""What an agent costs its host: memory, CPU, descriptors and traffic of a real process, at 10 targets and at 1,000.

    python -m bench.agent [--minutes 3] [--warm-up 60]

Needs root: the agents stand at a site of the rig, and push to a real collector over a 20 ms line. CPU is that of the
whole process; traffic is what leaves the PC's interface, probes included. They run one after the other.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from json import loads
from pathlib import Path

from tests.rig import netns
from tests.rig.lines import TERRESTRIAL
from tests.rig.scenarios import FULL_PACE, Plan, SitePlan
from tests.rig.sites import Site, targets
from tests.rig.world import World

USUAL_PACE = replace(FULL_PACE, interval_s=30)
TICKS = os.sysconf("SC_CLK_TCK")
HUB_TARGETS = 1_000
FIRST_ROUTER = IPv4Address("10.78.16.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The counters of an agent at one moment. Memory in KiB."""

    at_s: float
    cpu_s: float
    rss: int
    pss: int
    descriptors: int
    sent_bytes: int
    pushed_bytes: float
    packets: float
    results: float


def hub_targets(count: int) -> Iterator[Mapping[str, object]]:
    """`count` village routers, watched from outside."""
    for number in range(count):
        router = {"address": str(FIRST_ROUTER + number), "site": f"village-{number:04d}"}
        yield {"name": f"router-{number:04d}", "group": "internet", "probe": "icmp", **router}


def read(world: World, site: Site) -> Reading:
    """Read the counters now."""
    process = Path("/proc", str(site.agent.pid))
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    told = world.agent_metrics(site)
    return Reading(
        at_s=time.monotonic(),
        cpu_s=(int(fields[11]) + int(fields[12])) / TICKS,
        rss=_kib(process / "status", "VmRSS"),
        pss=_kib(process / "smaps_rollup", "Pss"),
        descriptors=len(list((process / "fd").iterdir())),
        sent_bytes=_bytes_sent(site.place.pc),
        pushed_bytes=_sum(told, "kentongan_push_bytes_total"),
        packets=_sum(told, "kentongan_probe_packets_sent_total"),
        results=_sum(told, "kentongan_probe_attempts_total"),
    )


def _kib(file: Path, name: str) -> int:
    return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(f"{name}:"))


def _bytes_sent(namespace: str) -> int:
    shown = subprocess.run(["ip", "-n", namespace, "-s", "-j", "link", "show", "eth0"], capture_output=True, check=True)
    return int(loads(shown.stdout)[0]["stats64"]["tx"]["bytes"])


def _sum(told: Mapping[str, float], name: str) -> float:
    return sum(value for series, value in told.items() if series.partition("{")[0] == name)


def measure(probed: Sequence[Mapping[str, object]], warm_up_s: float, lasts_s: float) -> tuple[Reading, Reading]:
    """Run one agent with these targets; readings at the beginning and the end of the time that counts."""
    plan = Plan(sites=(SitePlan("bench", TERRESTRIAL, ()),), pace=USUAL_PACE)
    with (
        tempfile.TemporaryDirectory(prefix="kentongan-bench-") as directory,
        World(plan, Path(directory), probed, with_peers=False) as world,
    ):
        site = world.sites["bench"]
        time.sleep(warm_up_s)
        first = read(world, site)
        time.sleep(lasts_s)
        return first, read(world, site)


def row(what: str, first: Reading, last: Reading) -> str:
    """One line of the table."""
    seconds, cpu_s = last.at_s - first.at_s, last.cpu_s - first.cpu_s
    packets, results = last.packets - first.packets, last.results - first.results
    pushed, sent = last.pushed_bytes - first.pushed_bytes, last.sent_bytes - first.sent_bytes
    cells = (
        what,
        f"{last.rss / 1024:.1f}",
        f"{last.pss / 1024:.1f}",
        f"{100 * cpu_s / seconds:.2f} %",
        f"{1000 * cpu_s / packets:.3f} s",
        f"{last.descriptors}",
        f"{results:.0f}",
        f"{pushed / results:.1f}",
        f"{sent / seconds * 86_400 / 1e6:.1f}",
    )
    return f"| {' | '.join(cells)} |"


HEAD = (
    "targets",
    "RSS MiB",
    "PSS MiB",
    "CPU of a core",
    "CPU per 1,000 packets",
    "descriptors",
    "results",
    "pushed bytes a result",
    "MB sent a day",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.agent")
    parser.add_argument("--minutes", type=float, default=3, help="that count, for each agent")
    parser.add_argument("--warm-up", type=float, default=60, help="seconds before them")
    arguments = parser.parse_args()
    if lacking := netns.missing():
        print(f"cannot measure here: {lacking}", file=sys.stderr)
        return 2
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    hub = list(hub_targets(HUB_TARGETS))
    for what, probed in (("10 every 30 s", list(targets())), (f"{HUB_TARGETS:,} every 30 s (hub)", hub)):
        print(row(what, *measure(probed, arguments.warm_up, arguments.minutes * 60)), flush=True)
    print(
        "\nTo reach: 48 MB and 0.3 % of a core at 10 targets; 60 MB and 0.05 s per 1,000 echoes as a hub (DESIGN 11)."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
