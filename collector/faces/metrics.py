"""/metrics of the collector, rendered by hand: a gauge object a series would cost ten times as much.

`CATALOGUE` has every family; `render` writes no other. What is counted by regency and provider is always there; one
series a site and more can be switched off (`per_site_series`), which is wise above some 10,000 sites.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from collector.condition import Condition, State
from collector.decode import REASONS
from collector.figures.board import NOTHING_TOLD, Board, Told
from collector.live import SILENT_PUSHES, SiteNow
from collector.registry import AgentState, Site

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

CATALOGUE: Mapping[str, tuple[str, str]] = {
    "kentongan_collector_info": ("gauge", "The version of the collector."),
    "kentongan_simulated": ("gauge", "1: everything in this store was simulated."),
    "kentongan_sites": ("gauge", "Sites by the condition they are in."),
    "kentongan_sites_silent": ("gauge", "Sites that were heard before and are not heard now."),
    "kentongan_region_sites": ("gauge", "Sites by regency and condition."),
    "kentongan_provider_sites": ("gauge", "Sites by provider and condition."),
    "kentongan_agents": ("gauge", "Agents by whether they are heard, silent, or were never heard."),
    "kentongan_agents_cloned": ("gauge", "Agents whose token two hosts push with."),
    "kentongan_results_untrusted": ("gauge", "Results whose clock nobody can put right: kept, and in no account."),
    "kentongan_ingest_batches_total": (
        "counter",
        "Batches by result: stored, duplicate (nothing new in it) or refused.",
    ),
    "kentongan_ingest_refused_total": ("counter", "Refused batches by reason."),
    "kentongan_ingest_results_total": ("counter", "Results stored."),
    "kentongan_ingest_duplicates_total": ("counter", "Results that had been stored before."),
    "kentongan_ingest_set_aside_total": ("counter", "Bad rows set aside by reason."),
    "kentongan_ingest_commit_seconds": ("histogram", "From a decoded batch to its fsynced commit group."),
    "kentongan_judge_seconds_total": ("counter", "Time spent judging."),
    "kentongan_judge_lag_seconds": ("gauge", "How long the last round of judging lagged behind its commit."),
    "kentongan_store_bytes": ("gauge", "Size of the store."),
    "kentongan_alerts_firing": ("gauge", "Alerts that fire now."),
    "kentongan_notify_total": ("counter", "Alerts handed to a channel by what became of them."),
    "kentongan_availability_ratio": (
        "gauge",
        "Share of time by kind (line, experienced, internet, intranet, service/...), excluded time left out.",
    ),
    "kentongan_availability_low_ratio": ("gauge", "The same, if every moment in doubt went the worse way."),
    "kentongan_availability_high_ratio": ("gauge", "The same, if every moment in doubt went the better way."),
    "kentongan_coverage_ratio": ("gauge", "Observed time of all time of a period."),
    "kentongan_outages": ("gauge", "Outages that began in a period."),
    "kentongan_downtime_seconds": ("gauge", "Time of a period in an outage."),
    "kentongan_latency_seconds": (
        "gauge",
        "Round trips of echoes in available time, by quantile; not of single sites.",
    ),
    "kentongan_indicators_timestamp_seconds": ("gauge", "When the figures of periods were added up."),
    "kentongan_site_condition": ("gauge", "1 for the condition the site is in."),
    "kentongan_site_up": ("gauge", "1: up, 0: down; absent while nobody knows."),
    "kentongan_site_heard_timestamp_seconds": ("gauge", "When an agent that reports on the site was last heard."),
    "kentongan_site_group_up": ("gauge", "1: the group of targets is up, 0: down; absent while nobody knows."),
}

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


class CommitTimes(Protocol):
    """A histogram: `buckets` has (upper bound in seconds, observations at most that) by rising bound, without +Inf."""

    @property
    def buckets(self) -> Sequence[tuple[float, int]]: ...
    @property
    def count(self) -> int: ...
    @property
    def sum(self) -> float: ...


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
    firing: Mapping[str, int]
    """Alerts by alertname."""
    notified: Mapping[tuple[str, str], int]
    """Alerts by channel and result."""
    simulated: bool = False
    untrusted: int = 0
    """Results that nobody can date."""
    board: Board = NOTHING_TOLD
    """Figures of periods."""


class Metrics:
    """Renders scrapes; keeps the label strings of sites between them, which is most of the work."""

    def __init__(self, per_site_series: bool) -> None:
        self._per_site_series = per_site_series
        self._labels: dict[str, tuple[Site, str]] = {}

    def render(self, facts: Facts) -> bytes:
        """The exposition of `facts` in the text format, UTF-8."""
        lines = [*_of_province(facts), *_of_collector(facts), *_of_periods(facts.board)]
        if self._per_site_series:
            lines += self._of_sites(facts.sites)
        return ("\n".join(lines) + "\n").encode()

    def _of_sites(self, sites: Sequence[SiteNow]) -> Iterator[str]:
        labelled = [(site, self._site_labels(site.site)) for site in sites]
        yield from _head("kentongan_site_condition")
        for site, labels in labelled:
            yield f'kentongan_site_condition{{{labels},condition="{site.condition.value}"}} 1'
        yield from _head("kentongan_site_up")
        for site, labels in labelled:
            if site.condition is not Condition.UNOBSERVED:
                yield f"kentongan_site_up{{{labels}}} {0 if site.condition.is_down else 1}"
        yield from _head("kentongan_site_heard_timestamp_seconds")
        for site, labels in labelled:
            if site.heard_at_ms:
                yield f"kentongan_site_heard_timestamp_seconds{{{labels}}} {site.heard_at_ms / 1000}"
        yield from _head("kentongan_site_group_up")
        for site in sites:
            for group, state in (site.groups or {}).items():
                if state != State.UNOBSERVED:
                    value = 1 if state == State.UP else 0
                    yield f'kentongan_site_group_up{{site={_quoted(site.site.code)},group="{group}"}} {value}'

    def _site_labels(self, site: Site) -> str:
        known = self._labels.get(site.code)
        if known is not None and (known[0] is site or known[0] == site):
            return known[1]
        labels = (
            f"site={_quoted(site.code)},name={_quoted(site.name)},regency={_quoted(site.regency)},"
            f"provider={_quoted(site.provider)},medium={_quoted(site.medium.value)},kind={_quoted(site.kind)}"
        )
        self._labels[site.code] = (site, labels)
        return labels


def _of_province(facts: Facts) -> Iterator[str]:
    """Counts that are always there. Every condition is told of, 0 among them, so that a graph has no holes."""
    by_condition = Counter(site.condition for site in facts.sites)
    by_regency = Counter((site.site.regency, site.condition) for site in facts.sites)
    by_provider = Counter((site.site.provider, site.condition) for site in facts.sites)
    yield from _family("kentongan_sites", ((f'condition="{c.value}"', by_condition[c]) for c in Condition))
    yield from _family("kentongan_sites_silent", [("", sum(site.silent for site in facts.sites))])
    yield from _family("kentongan_region_sites", _crossed("regency", by_regency))
    yield from _family("kentongan_provider_sites", _crossed("provider", by_provider))
    by_state = Counter(_agent_state(agent, facts.now_ms) for agent in facts.agents)
    states = ("heard", "silent", "never")
    yield from _family("kentongan_agents", ((f'state="{state}"', by_state[state]) for state in states))
    yield from _family("kentongan_agents_cloned", [("", sum(agent.cloned for agent in facts.agents))])
    yield from _family("kentongan_results_untrusted", [("", facts.untrusted)])


def _of_collector(facts: Facts) -> Iterator[str]:
    ingest, notified = facts.ingest, facts.notified
    yield from _family("kentongan_collector_info", [(f"version={_quoted(facts.version)}", 1)])
    yield from _family("kentongan_simulated", [("", int(facts.simulated))])
    yield from _family("kentongan_ingest_batches_total", _by("result", ingest.batches))
    yield from _family("kentongan_ingest_refused_total", _by("reason", _with_zeros(REFUSALS, ingest.refused)))
    yield from _family("kentongan_ingest_results_total", [("", ingest.results)])
    yield from _family("kentongan_ingest_duplicates_total", [("", ingest.duplicates)])
    yield from _family("kentongan_ingest_set_aside_total", _by("reason", _with_zeros(REASONS, ingest.set_aside)))
    yield from _histogram("kentongan_ingest_commit_seconds", ingest.commit_seconds)
    yield from _family("kentongan_judge_seconds_total", [("", facts.judge_seconds)])
    yield from _family("kentongan_judge_lag_seconds", [("", facts.judge_lag_s)])
    yield from _family("kentongan_store_bytes", [("", facts.store_bytes)])
    yield from _family("kentongan_alerts_firing", _by("alertname", facts.firing))
    told = ((f"channel={_quoted(c)},result={_quoted(r)}", n) for (c, r), n in sorted(notified.items()))
    yield from _family("kentongan_notify_total", told)


def _of_periods(board: Board) -> Iterator[str]:
    """What is not known has no value."""
    told = [(f"scope={_quoted(one.scope)},of={_quoted(one.of)}", one) for one in board.told]
    for name, part in (("", "value"), ("_low", "low"), ("_high", "high")):
        ratios = (
            (f'{labels},kind={_quoted(kind)},period="{one.period}"', getattr(ratio, part))
            for labels, one in told
            for kind, ratio in one.figures.availability.items()
        )
        yield from _family(f"kentongan_availability{name}_ratio", _known(ratios))
    of = [(f'{labels},period="{one.period}"', one.figures) for labels, one in told]
    yield from _family("kentongan_coverage_ratio", _known((labels, one.coverage) for labels, one in of))
    yield from _family("kentongan_outages", ((labels, one.outages.n) for labels, one in of))
    yield from _family("kentongan_downtime_seconds", ((labels, one.downtime_ms / 1000) for labels, one in of))
    yield from _family("kentongan_latency_seconds", _known(_latencies(told)))
    at = [("", board.at_ms / 1000)] if board.at_ms else []
    yield from _family("kentongan_indicators_timestamp_seconds", at)


def _latencies(told: Iterable[tuple[str, Told]]) -> Iterator[tuple[str, float | None]]:
    for labels, one in told:
        if one.scope != "site":
            for group, echo in one.figures.latency.items():
                for quantile, ms in ((0.5, echo.p50_ms), (0.95, echo.p95_ms), (0.99, echo.p99_ms)):
                    series = f'{labels},group="{group}",quantile="{quantile}",period="{one.period}"'
                    yield series, None if ms is None else ms / 1000


def _known(series: Iterable[tuple[str, float | None]]) -> Iterator[tuple[str, float]]:
    return ((labels, value) for labels, value in series if value is not None)


def _head(name: str) -> tuple[str, str]:
    kind, meaning = CATALOGUE[name]
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"


def _family(name: str, series: Iterable[tuple[str, float]]) -> Iterator[str]:
    """A family of (labels, value)."""
    yield from _head(name)
    for labels, value in series:
        yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"


def _histogram(name: str, times: CommitTimes) -> Iterator[str]:
    yield from _head(name)
    for bound, n in (*times.buckets, ("+Inf", times.count)):
        yield f'{name}_bucket{{le="{bound}"}} {n}'
    yield f"{name}_sum {times.sum}"
    yield f"{name}_count {times.count}"


def _by(label: str, counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    return ((f"{label}={_quoted(value)}", n) for value, n in sorted(counts.items()))


def _with_zeros(names: Iterable[str], counts: Mapping[str, int]) -> Mapping[str, int]:
    return {name: 0 for name in names if name} | dict(counts)


def _crossed(label: str, counts: Mapping[tuple[str, Condition], int]) -> Iterator[tuple[str, int]]:
    for value in sorted({value for value, _ in counts}):
        for condition in Condition:
            yield f'{label}={_quoted(value)},condition="{condition.value}"', counts.get((value, condition), 0)


def _agent_state(agent: AgentState, now_ms: int) -> str:
    if not agent.heard_at_ms:
        return "never"
    return "heard" if now_ms - agent.heard_at_ms <= SILENT_PUSHES * agent.push_interval_ms else "silent"


def _quoted(value: str) -> str:
    """A label's value as the text format wants it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
