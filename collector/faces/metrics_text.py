"""Pure: the families that /metrics may write, and how one is written in the text format of Prometheus."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

CATALOGUE: Mapping[str, tuple[str, str]] = {
    "kentongan_collector_info": ("gauge", "The version of the collector."),
    "kentongan_collector_start_timestamp_seconds": ("gauge", "When the collector started."),
    "kentongan_simulated": ("gauge", "1: everything in this store was simulated."),
    "kentongan_sites": ("gauge", "Sites by the condition they are in."),
    "kentongan_sites_silent": ("gauge", "Sites that were heard before and are not heard now."),
    "kentongan_region_sites": ("gauge", "Sites by regency and condition."),
    "kentongan_provider_sites": ("gauge", "Sites by provider and condition."),
    "kentongan_excluded_sites": (
        "gauge",
        "Sites that an exclusion takes out of the account now, by what it covers and its kind.",
    ),
    "kentongan_mass_outage_sites": (
        "gauge",
        "Sites in a mass outage that is told of now, by what they have in common.",
    ),
    "kentongan_medium_rtt_limit_seconds": ("gauge", "A line of the medium is degraded above this round trip."),
    "kentongan_medium_loss_limit_ratio": (
        "gauge",
        "A line of the medium is degraded above this share of lost packets.",
    ),
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
    "kentongan_disk_free_bytes": ("gauge", "Free space on the disk of the store."),
    "kentongan_alerts_firing": ("gauge", "Alerts that fire now."),
    "kentongan_notify_total": ("counter", "Alerts handed to a channel by what became of them."),
    "kentongan_remote_write_samples_total": ("counter", "Samples by remote-write store and what became of them."),
    "kentongan_remote_write_failed_total": ("counter", "Requests that a remote-write store did not take."),
    "kentongan_remote_write_lag_seconds": (
        "gauge",
        "How far behind now the site is that a remote-write store was told of longest ago; 600 is usual.",
    ),
    "kentongan_remote_write_waiting": ("gauge", "Hours of sites that a remote-write store is to be told again."),
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
    "kentongan_loss_ratio": ("gauge", "Share of echoes lost in available time; not of single sites."),
    "kentongan_indicators_timestamp_seconds": ("gauge", "When the figures of periods were added up."),
    "kentongan_site_condition": ("gauge", "1 for the condition the site is in."),
    "kentongan_site_up": ("gauge", "1: up, 0: down; absent while nobody knows."),
    "kentongan_site_heard_timestamp_seconds": ("gauge", "When an agent that reports on the site was last heard."),
    "kentongan_site_group_up": ("gauge", "1: the group of targets is up, 0: down; absent while nobody knows."),
    "kentongan_site_latency_seconds": (
        "gauge",
        "Round trips of echoes of today in available time, by quantile.",
    ),
    "kentongan_site_loss_ratio": ("gauge", "Share of echoes of today that were lost in available time."),
    "kentongan_agent_version_info": ("gauge", "The version of the agent and why it last stopped."),
    "kentongan_agent_heard_timestamp_seconds": ("gauge", "When the collector last heard the agent."),
    "kentongan_agent_push_interval_seconds": ("gauge", "How often the agent means to push."),
    "kentongan_agent_spool_results": ("gauge", "Results that wait at the agent, as of its last push."),
    "kentongan_agent_dropped_total": ("counter", "Results that the agent had to drop, as it says itself."),
    "kentongan_agent_set_aside_total": ("counter", "Results that the agent set aside as bad, as it says itself."),
    "kentongan_agent_clock_offset_seconds": ("gauge", "How far the clock of the agent's host is ahead of ours."),
    "kentongan_agent_cloned": ("gauge", "1: two hosts push with the token of the agent."),
}
"""Every family that there may be: its type and its meaning."""


class CommitTimes(Protocol):
    """A histogram: `buckets` has (upper bound in seconds, observations at most that) by rising bound, without +Inf."""

    @property
    def buckets(self) -> Sequence[tuple[float, int]]: ...
    @property
    def count(self) -> int: ...
    @property
    def sum(self) -> float: ...


def head(name: str) -> tuple[str, str]:
    """The lines that a family begins with."""
    kind, meaning = CATALOGUE[name]
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"


def family(name: str, series: Iterable[tuple[str, float]]) -> Iterator[str]:
    """A family of (labels, value)."""
    yield from head(name)
    for labels, value in series:
        yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"


def histogram(name: str, times: CommitTimes) -> Iterator[str]:
    yield from head(name)
    for bound, n in (*times.buckets, ("+Inf", times.count)):
        yield f'{name}_bucket{{le="{bound}"}} {n}'
    yield f"{name}_sum {times.sum}"
    yield f"{name}_count {times.count}"


def known(series: Iterable[tuple[str, float | None]]) -> Iterator[tuple[str, float]]:
    """What is not known has no value."""
    return ((labels, value) for labels, value in series if value is not None)


def by(label: str, counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    return ((f"{label}={quoted(value)}", n) for value, n in sorted(counts.items()))


def quoted(value: str) -> str:
    """A label's value as the text format wants it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
