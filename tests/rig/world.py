"""The world: a core with a real collector, Prometheus and Alertmanager, and sites with real agents on their lines."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from collector.registry import new_token
from collector.store import open_store
from shared.clock import SystemClock
from tests.rig import netns, peers
from tests.rig.lines import Lines
from tests.rig.scenarios import Action, Plan
from tests.rig.services import DIRECT, RIG
from tests.rig.sites import ON_SITE, Site, targets, toml

COLLECTOR = netns.entry_point("kentongan-collector")
ANSWERS_TO_LOSE = 3
READY_S = 60
"""Bounds a failure to start; on a busy machine a program takes several seconds."""
ONE_BY_ONE: Mapping[str, object] = {"mass_min_sites": 1000, "holdoff_s": 0}
"""Ten sites of one provider have ten troubles at a time on purpose: that is no mass outage, and no company."""
AGENTS_AT_ONCE = 8
"""Agents that start together: forty-eight at once would keep two cores busy for half a minute."""


@dataclass(frozen=True, slots=True)
class Happened:
    """The truth: what was done, where, and when it was done."""

    site: str
    scenario: str
    action: Action
    wall_ms: int
    mono_ns: int


class World:
    """Everything starts on entering and is gone on leaving, also after a failure."""

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        probed: Sequence[Mapping[str, object]] | None = None,
        *,
        with_peers: bool = True,
        alerts: Mapping[str, object] = ONE_BY_ONE,
        receivers: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """`alerts`, `receivers`: what stands in [alerts] and [[alerts.receivers]] of the collector's configuration."""
        self.plan, self.directory, self._clock = plan, directory, SystemClock()
        self._with_peers, self._alerts, self._receivers = with_peers, alerts, receivers
        self._probed = list(targets()) if probed is None else probed
        self.lines = Lines([(site.name, site.line) for site in plan.sites], directory)
        self.core = self.lines.core
        self.prometheus = peers.Prometheus(self.core)
        self.alerts = peers.AlertWatch(self.core)
        self.store_url = f"sqlite:///{directory / 'collector.db'}"
        self._config = directory / "collector.toml"
        self.duplicates = 0
        self._stack = ExitStack()
        self._collectors: list[netns.Process] = []
        """Every one that was started; the last one runs."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.lines)
            self.sites = {
                s.name: Site(s, self.lines.places[s.name], self.lines, self.directory) for s in self.plan.sites
            }
            stack.callback(self._kill_all)
            services = netns.Process(
                "services",
                self.core,
                [sys.executable, "-m", "tests.rig.services", str(self.deliveries), str(self.messages)],
                self.directory,
            )
            stack.callback(services.kill)
            netns.wait_for_output(services, "ready", READY_S)
            self._set_up_collector()
            self.start_collector()
            if self._with_peers:
                stack.callback(peers.start_alertmanager(self.core, self.directory).kill)
                stack.callback(peers.start_prometheus(self.core, self._scraped(), self.directory).kill)
                stack.enter_context(self.alerts)
            for first in range(0, len(self.sites), AGENTS_AT_ONCE):
                self._start_agents(list(self.sites.values())[first : first + AGENTS_AT_ONCE])
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def deliveries(self) -> Path:
        """The file of what Alertmanager delivered."""
        return self.directory / "deliveries.jsonl"

    @property
    def messages(self) -> Path:
        """The file of the messages that the collector sent to `peers.MESSAGES`."""
        return self.directory / "messages.jsonl"

    def perform(self, where: str, scenario: str, action: Action) -> Happened:
        """Do `action` to the site `where`, or to the core; the moment between before and after counts."""
        before_ms = self._clock.wall_ms()
        if action in ON_CORE:
            ON_CORE[action](self)
        elif action in ON_SERVICES:
            netns.request(self.core, "POST", RIG, ON_SERVICES[action].format(self.sites[where].place.address))
        else:
            ON_SITE[action](self.sites[where])
        happened = Happened(where, scenario, action, (before_ms + self._clock.wall_ms()) // 2, self._clock.mono_ns())
        with (self.directory / "truth.jsonl").open("a") as log:
            log.write(json.dumps({"site": where, "scenario": scenario, "action": action, "wall_ms": happened.wall_ms,
                                  "mono_ns": happened.mono_ns}) + "\n")  # fmt: skip
        return happened

    def start_collector(self) -> None:
        run = [*COLLECTOR, "run", "--config", str(self._config)]
        self._collectors.append(netns.Process("collector", self.core, run, self.directory))
        self.until(lambda: bool(self.ask("/-/ready")), READY_S, "the collector is ready")

    def kill_collector(self) -> None:
        self.duplicates += self._counted_duplicates()  # what it counted dies with it
        self._collectors[-1].kill()

    def all_duplicates(self) -> int:
        """Results that came a second time, over all collectors there were."""
        return self.duplicates + self._counted_duplicates()

    def _counted_duplicates(self) -> int:
        return int(metrics(self.ask("/metrics").decode())["kentongan_ingest_duplicates_total"])

    def stop_collector(self) -> bool:
        """SIGTERM; whether it ended by itself."""
        return self._collectors[-1].stop()

    def stop_agents(self) -> list[str]:
        """SIGTERM to all; the names of those that had to be killed."""
        return [name for name, site in self.sites.items() if not site.stop_agent()]

    def ask(self, path: str) -> bytes:
        """A GET to the collector; OSError when it does not answer with a 2xx."""
        return netns.request(self.core, "GET", DIRECT, path) or b"-"

    def api(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.ask(path))
        return answer

    def agent_metrics(self, site: Site) -> dict[str, float]:
        """Asked on the PC itself: the line may be down."""
        return metrics(netns.request(site.place.pc, "GET", (site.place.address, 9817), "/metrics").decode())

    def _start_agents(self, sites: Sequence[Site]) -> None:
        for site in sites:
            site.start_agent()
        for site in sites:
            self.until(partial(self._runs, site), READY_S, f"the agent of {site.name} runs")

    def _runs(self, site: Site) -> bool:
        if not site.agent.alive():
            raise RuntimeError(f"the agent of {site.name} ended:\n{site.agent.tail()}")
        return bool(self.agent_metrics(site))

    def until(self, holds: Callable[[], bool], within_s: float, what: str) -> None:
        """Look until `holds`; RuntimeError when it does not in time. OSError means "not yet"."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                if holds():
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"not in {within_s} s: {what}\n{self._collectors[-1].tail()}")
            time.sleep(0.05)

    def _kill_all(self) -> None:
        """What still runs when the world ends: after a failure nothing is asked to end in peace."""
        for process in (*(site.agent for site in self.sites.values() if site.started), *self._collectors):
            process.kill()

    def _set_up_collector(self) -> None:
        """Configuration, sites and tokens."""
        tables: dict[str, dict[str, object]] = {
            "": {"listen": f"{DIRECT[0]}:{DIRECT[1]}", "store": self.store_url, "public": True},
            "alerts": {"startup_grace_s": 1.5 * self.plan.pace.push_s, **self._alerts},
            "alerts.alertmanager": {"urls": [f"http://{peers.ALERTMANAGER[0]}:{peers.ALERTMANAGER[1]}"]},
        }
        text = "\n".join((f"[{name}]\n" if name else "") + toml(keys) for name, keys in tables.items())
        text += "".join(f"\n[[alerts.receivers]]\n{toml(receiver)}" for receiver in self._receivers)
        self._config.write_text(text, encoding="utf-8")
        with (self.directory / "sites.csv").open("w", newline="", encoding="utf-8") as file:
            sheet = csv.writer(file)
            sheet.writerow(["code", "name", "kind", "regency", "provider", "medium"])
            for site in self.sites.values():
                plan = site.plan
                sheet.writerow(
                    [site.name, f"Desa {site.name}", "village", plan.regency, plan.provider, plan.line.medium]
                )
            for code in sorted({str(t["site"]) for t in self._probed if "site" in t}):
                sheet.writerow([code, f"Desa {code}", "village", "Paser", "Rig", "vsat"])
        self._operator("sites", "import", str(self.directory / "sites.csv"), "--yes")
        with closing(open_store(self.store_url)) as store:  # the command would start a Python for each of many agents
            for name, site in self.sites.items():
                now_ms = self._clock.wall_ms()
                token, secret = new_token("agent", name, name, now_ms)
                store.acts.put_token(token, by="rig", at_ms=now_ms)
                site.configure(self.plan.pace, secret, self._probed)

    def _operator(self, *arguments: str) -> str:
        command = [*COLLECTOR, *arguments, "--config", str(self._config)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LANG": "C.UTF-8"})
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _scraped(self) -> dict[str, str]:
        first = next(iter(self.sites.values()))
        return {"kentongan-collector": f"{DIRECT[0]}:{DIRECT[1]}", "kentongan-agent": f"{first.place.address}:9817"}


ON_CORE: Mapping[Action, Callable[[World], object]] = {
    Action.KILL_COLLECTOR: World.kill_collector,
    Action.START_COLLECTOR: World.start_collector,
}
ON_SERVICES = {
    Action.LOSE_ANSWERS: f"/lose/{ANSWERS_TO_LOSE}",
    Action.PORTAL: "/intercept/{}",
    Action.PORTAL_GONE: "/honest/{}",
}


def metrics(text: str) -> dict[str, float]:
    """A Prometheus exposition as value by series."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {series: float(value) for series, _, value in lines}
