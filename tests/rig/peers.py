"""Debian's Prometheus and Alertmanager in the core, and what they say."""

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import which
from time import time_ns
from typing import Any
from urllib.parse import quote

from tests.rig import netns

REPOSITORY = Path(__file__).parents[2]
RULES = REPOSITORY / "config" / "prometheus" / "rules.yml"
PROMETHEUS, ALERTMANAGER = ("127.0.0.1", 9090), ("127.0.0.1", 9093)
POLL_S = 0.5
SCRAPE_S = 5
LABELS = ("alertname", "site", "condition")
MESSAGES = "json://127.0.0.1:9099/messages"
"""Where a receiver of messages is told to send them, as Apprise writes it."""

ALERTMANAGER_YML = """
route: {receiver: rig, group_by: ["..."], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: rig
    webhook_configs:
      - {url: "http://127.0.0.1:9099/alerts", send_resolved: true}
"""


def missing() -> str:
    """Which of the two is not installed; empty when both are."""
    absent = [name for name in ("prometheus", "prometheus-alertmanager") if not which(name)]
    return f"needs {' and '.join(absent)}" if absent else ""


def start_alertmanager(core: str, directory: Path) -> netns.Process:
    (directory / "alertmanager.yml").write_text(ALERTMANAGER_YML)
    return netns.Process(
        "alertmanager",
        core,
        [
            "prometheus-alertmanager",
            f"--config.file={directory / 'alertmanager.yml'}",
            f"--storage.path={directory / 'alertmanager'}",
            f"--web.listen-address={ALERTMANAGER[0]}:{ALERTMANAGER[1]}",
            "--cluster.listen-address=",
        ],
        directory,
    )


def start_prometheus(core: str, targets: dict[str, str], directory: Path) -> netns.Process:
    """`targets`: address by job; the shipped rules are evaluated as they are."""
    jobs = [{"job_name": job, "static_configs": [{"targets": [address]}]} for job, address in targets.items()]
    config: dict[str, Any] = {
        "global": {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"},
        "rule_files": [str(RULES)] if RULES.exists() else [],
        "scrape_configs": jobs,
    }
    (directory / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    return netns.Process(
        "prometheus",
        core,
        [
            "prometheus",
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'prometheus'}",
            f"--web.listen-address={PROMETHEUS[0]}:{PROMETHEUS[1]}",
        ],
        directory,
    )


class Prometheus:
    """Asks it."""

    def __init__(self, core: str) -> None:
        self._core = core

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector; OSError when it is no valid query."""
        answer = self._get(f"/api/v1/query?query={quote(expression)}")
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def faults(self) -> list[str]:
        """Rules that could not be evaluated, and targets that could not be scraped."""
        groups = self._get("/api/v1/rules")["data"]["groups"]
        rules = [f"rule {r['name']}: {r['lastError']}" for g in groups for r in g["rules"] if r["health"] == "err"]
        targets = self._get("/api/v1/targets")["data"]["activeTargets"]
        return rules + [f"target {t['scrapeUrl']}: {t['lastError']}" for t in targets if t["health"] == "down"]

    def knows_since(self, at_s: float) -> bool:
        """Whether every target was scraped well since `at_s` (Unix seconds), and every rule evaluated after that."""
        targets = self._get("/api/v1/targets")["data"]["activeTargets"]
        groups = self._get("/api/v1/rules")["data"]["groups"]
        return all(t["health"] == "up" and _unix_s(t["lastScrape"]) >= at_s for t in targets) and all(
            _unix_s(group["lastEvaluation"]) >= at_s + SCRAPE_S for group in groups
        )

    def _get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(netns.request(self._core, "GET", PROMETHEUS, path))
        return answer


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """An alert as Alertmanager knew it, and when it was first seen there. `condition` is empty for silence."""

    name: str
    site: str
    condition: str
    starts_at: str
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Word:
    """What was said of an alert at one moment: by Alertmanager when asked, or by it to its webhook."""

    at_ms: int
    status: str
    """`firing`, `resolved`."""
    starts_at: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.labels["alertname"]

    @property
    def site(self) -> str:
        """Empty when it is about no single site."""
        return self.labels.get("site", "")

    @property
    def about(self) -> tuple[str, str]:
        """Which alert this is: its labels, and since when it fires."""
        return json.dumps(dict(self.labels), sort_keys=True), self.starts_at


class AlertWatch:
    """Looks into Alertmanager twice a second in a thread of its own; `with` it."""

    def __init__(self, core: str) -> None:
        self._core, self._done = core, threading.Event()
        self._seen: dict[tuple[str, str, str, str], SeenAlert] = {}
        self._words: list[Word] = []
        self._said: dict[tuple[str, str], Word] = {}
        self._firing: frozenset[str] = frozenset()
        self._thread = threading.Thread(target=self._run, name="alert-watch")

    def __enter__(self) -> "AlertWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def seen(self) -> list[SeenAlert]:
        return sorted(self._seen.copy().values(), key=lambda alert: alert.seen_ms)

    def words(self) -> list[Word]:
        """Every alert, and again whenever its annotations had changed."""
        return list(self._words)

    def firing(self) -> frozenset[str]:
        """The names of the alerts that fired at the last look."""
        return self._firing

    def _run(self) -> None:
        while not self._done.wait(POLL_S):
            with suppress(OSError):  # not up yet: the next look will tell
                self._look()

    def _look(self) -> None:
        alerts = json.loads(netns.request(self._core, "GET", ALERTMANAGER, "/api/v2/alerts?active=true"))
        self._firing = frozenset(alert["labels"]["alertname"] for alert in alerts)
        for alert in alerts:
            labels = alert["labels"]
            word = Word(time_ns() // 1_000_000, "firing", alert["startsAt"], labels, alert["annotations"])
            if word.about not in self._said or self._said[word.about].annotations != word.annotations:
                self._said[word.about] = word
                self._words.append(word)
            name, site, condition = (labels.get(label, "") for label in LABELS)
            seen = SeenAlert(name, site, condition, alert["startsAt"], time_ns() // 1_000_000)
            self._seen.setdefault((name, site, condition, seen.starts_at), seen)


def _unix_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def deliveries(path: Path) -> list[tuple[int, str, tuple[str, ...]]]:
    """(wall ms, status, the values of LABELS) of everything Alertmanager delivered to the webhook."""
    return [(w.at_ms, w.status, tuple(w.labels.get(name, "") for name in LABELS)) for w in delivered(path)]


def delivered(path: Path) -> list[Word]:
    """Everything Alertmanager delivered to the webhook, an alert each."""
    return [
        Word(line["wall_ms"], alert["status"], alert["startsAt"], alert["labels"], alert["annotations"])
        for line in kept(path)
        for alert in line["alerts"]
    ]


def kept(path: Path) -> list[dict[str, Any]]:
    """What the rig's own server kept in a file, with `wall_ms` of each."""
    lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
