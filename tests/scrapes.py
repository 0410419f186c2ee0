"""What collector and agent would answer to a scrape, for the tests that need a whole province at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.condition import Condition
from collector.faces.metrics import Facts
from collector.judging.judge import JudgeSettings
from collector.live import SiteNow
from collector.registry import AgentState
from tests.alert_fakes import silent_site, site_now


@dataclass
class SampleTimes:
    buckets: Sequence[tuple[float, int]] = ((0.05, 7), (0.25, 9))
    count: int = 10
    sum: float = 1.5


@dataclass
class SampleIngest:
    batches: Mapping[str, int] = field(default_factory=lambda: {"stored": 10, "duplicate": 1, "refused": 2})
    refused: Mapping[str, int] = field(default_factory=lambda: {"unauthorized": 2})
    results: int = 1000
    duplicates: int = 20
    set_aside: Mapping[str, int] = field(default_factory=lambda: {"future": 1})
    commit_seconds: SampleTimes = field(default_factory=SampleTimes)


def province(now_ms: int) -> list[SiteNow]:
    """One site in every condition and a silent one, in two regencies with two providers."""
    places = [("Kutai Barat", "Icon+"), ("Mahakam Ulu", "Telkomsat Starlink")]
    groups = {"gateway": "up", "intranet": "down", "internet": "unobserved"}
    sites = []
    for number, condition in enumerate(Condition):
        regency, provider = places[number % 2]
        code, since_ms = f"64.07.{number:02}", now_ms - 60_000 * number
        known = {"regency": regency, "provider": provider, "groups": groups, "heard_at_ms": now_ms - 1500}
        sites.append(site_now(code, condition, since_ms, name=f"Kampung {number}", **known))
    return [
        *sites,
        silent_site("64.11.99", now_ms - 600_000, regency="Mahakam Ulu", name='Tering "Lama"\\', groups=None),
    ]


def facts(now_ms: int, scrape: int = 0) -> Facts:
    """A scrape of the collector; what it counts grows with the number of the scrape."""
    agent = AgentState(name="a", site="64.07.00", heard_at_ms=now_ms - 1000)
    return Facts(
        now_ms=now_ms,
        version="0.1.0",
        sites=province(now_ms),
        agents=[agent, replace(agent, name="b", heard_at_ms=now_ms - 100_000), replace(agent, name="c", heard_at_ms=0)],
        ingest=SampleIngest(results=1000 + scrape, commit_seconds=SampleTimes(count=10 + scrape)),
        judge_seconds=1.25,
        judge_lag_s=0.5,
        store_bytes=1 << 20,
        disk_free_bytes=1 << 34,
        started_at_ms=now_ms - 3_600_000,
        limits_of=JudgeSettings().limits_of,
        firing={"SiteDown": 6, "SiteSilent": 1},
        notified={("alertmanager", "sent"): 5, ("alertmanager", "failed"): 0},
    )


def agent_scrape(now_ms: int, scrape: int = 0) -> str:
    """A scrape of an agent with two targets, as far as the dashboards ask for it."""
    lines = []
    for target, group in (("anchor", "internet"), ("router", "gateway")):
        labels = f'{{target="{target}",group="{group}"}}'
        lines.append(f"kentongan_probe_rtt_seconds{labels} 0.02")
        lines.append(f"kentongan_probe_packets_sent_total{labels} {100 + 4 * scrape}")
        lines.append(f"kentongan_probe_packets_received_total{labels} {90 + 4 * scrape}")
    return "\n".join([*lines, f"kentongan_push_last_success_timestamp_seconds {now_ms / 1000}", ""])
