"""/metrics of the collector, rendered by hand: a gauge object a series would cost ten times as much.

metrics_text.CATALOGUE has every family; `render` writes no other. What is counted by regency and provider is always
there; one series a site or agent and more (metrics_sites.py) can be switched off (`per_site_series`), which is wise
above some 10,000 sites.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from collector.condition import Condition
from collector.decode import REASONS
from collector.faces.metrics_periods import of_periods
from collector.faces.metrics_sites import SiteSeries, of_agents
from collector.faces.metrics_text import CommitTimes, by, family, histogram, quoted
from collector.figures.board import NOTHING_TOLD, Board
from collector.judging.quality import Limits
from collector.live import SILENT_PUSHES, SiteNow
from collector.registry import AgentState, Medium
from collector.remote_write import SinkTold

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REFUSALS = (
    "busy",
    "forbidden",
    "incomplete",
    "malformed",
    "revoked",
    "store-failed",
    "too-large",
    "too-slow",
    "unauthorized",
    "unknown-context",
    "unknown-dictionary",
    "unsupported-encoding",
    "unsupported-type",
)
"""Why batches are refused. All are shown from the start: a counter's first step out of nowhere is not seen."""


class IngestCounts(Protocol):
    """What ingest counts."""

    @property
    def batches(self) -> Mapping[str, int]: ...
    @property
    def refused(self) -> Mapping[str, int]: ...
    @property
    def results(self) -> int: ...
    @property
    def duplicates(self) -> int: ...
    @property
    def set_aside(self) -> Mapping[str, int]: ...
    @property
    def commit_seconds(self) -> CommitTimes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything one scrape tells, read at one moment."""

    now_ms: int
    version: str
    sites: Sequence[SiteNow]
    agents: Sequence[AgentState]
    ingest: IngestCounts
    judge_seconds: float
    judge_lag_s: float
    store_bytes: int
    disk_free_bytes: int
    started_at_ms: int
    """When the collector started."""
    limits_of: Callable[[Medium], Limits]
    """What a medium may do before a line of it counts as degraded."""
    firing: Mapping[str, int]
    """Alerts by alertname."""
    notified: Mapping[tuple[str, str], int]
    """Alerts by channel and result."""
    mass_outages: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Sites in the mass outages that are told of now, by (scope, of)."""
    simulated: bool = False
    untrusted: int = 0
    """Results that nobody can date."""
    board: Board = NOTHING_TOLD
    """Figures of periods."""
    remote_write: Sequence[SinkTold] = ()


class Metrics:
    """Renders scrapes."""

    def __init__(self, per_site_series: bool) -> None:
        self._site_series = SiteSeries() if per_site_series else None

    def render(self, facts: Facts) -> bytes:
        """The exposition of `facts` in the text format, UTF-8."""
        per_site = self._site_series is not None
        lines = [*_of_province(facts), *_of_what_is_special(facts, per_site), *_of_collector(facts)]
        lines += of_periods(facts.board)
        if self._site_series:
            lines += self._site_series.of_sites(facts.sites, facts.board)
            lines += of_agents(facts.agents, {site.site.code: site.site.regency for site in facts.sites})
        return ("\n".join(lines) + "\n").encode()


def _of_province(facts: Facts) -> Iterator[str]:
    """Counts that are always there. Every condition is told of, 0 among them, so that a graph has no holes."""
    by_condition = Counter(site.condition for site in facts.sites)
    by_regency = Counter((site.site.regency, site.condition) for site in facts.sites)
    by_provider = Counter((site.site.provider, site.condition) for site in facts.sites)
    yield from family("kentongan_sites", ((f'condition="{c.value}"', by_condition[c]) for c in Condition))
    yield from family("kentongan_sites_silent", [("", sum(site.silent for site in facts.sites))])
    yield from family("kentongan_region_sites", _crossed("regency", by_regency))
    yield from family("kentongan_provider_sites", _crossed("provider", by_provider))
    by_state = Counter(_agent_state(agent, facts.now_ms) for agent in facts.agents)
    states = ("heard", "silent", "never")
    yield from family("kentongan_agents", ((f'state="{state}"', by_state[state]) for state in states))
    yield from family("kentongan_agents_cloned", [("", sum(agent.cloned for agent in facts.agents))])
    yield from family("kentongan_results_untrusted", [("", facts.untrusted)])


def _of_what_is_special(facts: Facts, per_site: bool) -> Iterator[str]:
    """Exclusions and mass outages that hold now, and what each medium may do. Where there is no series a site, single
    sites are not named here either."""
    excluded: Counter[tuple[str, str, str]] = Counter()
    for site in facts.sites:
        if (why := site.excluded) is not None:
            of = why.of if per_site or why.scope != "site" else ""
            excluded[why.scope, of, why.kind.value] += 1
    held = ((f'scope="{scope}",of={quoted(of)},kind="{kind}"', n) for (scope, of, kind), n in sorted(excluded.items()))
    yield from family("kentongan_excluded_sites", held)
    mass = ((f'scope="{scope}",of={quoted(of)}', n) for (scope, of), n in sorted(facts.mass_outages.items()))
    yield from family("kentongan_mass_outage_sites", mass)
    limits = [(f'medium="{medium.value}"', facts.limits_of(medium)) for medium in Medium]
    yield from family("kentongan_medium_rtt_limit_seconds", ((labels, one.rtt_ms / 1000) for labels, one in limits))
    yield from family("kentongan_medium_loss_limit_ratio", ((labels, one.loss_ratio) for labels, one in limits))


def _of_collector(facts: Facts) -> Iterator[str]:
    ingest, notified = facts.ingest, facts.notified
    yield from family("kentongan_collector_info", [(f"version={quoted(facts.version)}", 1)])
    yield from family("kentongan_collector_start_timestamp_seconds", [("", facts.started_at_ms / 1000)])
    yield from family("kentongan_simulated", [("", int(facts.simulated))])
    yield from family("kentongan_ingest_batches_total", by("result", ingest.batches))
    yield from family("kentongan_ingest_refused_total", by("reason", _with_zeros(REFUSALS, ingest.refused)))
    yield from family("kentongan_ingest_results_total", [("", ingest.results)])
    yield from family("kentongan_ingest_duplicates_total", [("", ingest.duplicates)])
    yield from family("kentongan_ingest_set_aside_total", by("reason", _with_zeros(REASONS, ingest.set_aside)))
    yield from histogram("kentongan_ingest_commit_seconds", ingest.commit_seconds)
    yield from family("kentongan_judge_seconds_total", [("", facts.judge_seconds)])
    yield from family("kentongan_judge_lag_seconds", [("", facts.judge_lag_s)])
    yield from family("kentongan_store_bytes", [("", facts.store_bytes)])
    yield from family("kentongan_disk_free_bytes", [("", facts.disk_free_bytes)])
    yield from family("kentongan_alerts_firing", by("alertname", facts.firing))
    told = ((f"channel={quoted(c)},result={quoted(r)}", n) for (c, r), n in sorted(notified.items()))
    yield from family("kentongan_notify_total", told)
    yield from _of_remote_write(facts.remote_write)


def _of_remote_write(sinks: Sequence[SinkTold]) -> Iterator[str]:
    labelled = [(f"sink={quoted(one.sink)}", one) for one in sinks]
    samples = ((f'{labels},result="{r}"', getattr(one, r)) for labels, one in labelled for r in ("sent", "refused"))
    yield from family("kentongan_remote_write_samples_total", samples)
    yield from family("kentongan_remote_write_failed_total", ((labels, one.failed) for labels, one in labelled))
    yield from family("kentongan_remote_write_lag_seconds", ((labels, one.lag_s) for labels, one in labelled))
    yield from family("kentongan_remote_write_waiting", ((labels, one.waiting) for labels, one in labelled))


def _with_zeros(names: Iterable[str], counts: Mapping[str, int]) -> Mapping[str, int]:
    return {name: 0 for name in names if name} | dict(counts)


def _crossed(label: str, counts: Mapping[tuple[str, Condition], int]) -> Iterator[tuple[str, int]]:
    for value in sorted({value for value, _ in counts}):
        for condition in Condition:
            yield f'{label}={quoted(value)},condition="{condition.value}"', counts.get((value, condition), 0)


def _agent_state(agent: AgentState, now_ms: int) -> str:
    if not agent.heard_at_ms:
        return "never"
    return "heard" if now_ms - agent.heard_at_ms <= SILENT_PUSHES * agent.push_interval_ms else "silent"
