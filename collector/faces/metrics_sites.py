"""The families with one series a site or an agent. Their label strings are kept between scrapes: most of the work."""

from collections.abc import Iterator, Mapping, Sequence

from collector.condition import Condition, State
from collector.faces.metrics_periods import latencies, losses
from collector.faces.metrics_text import family, head, known, quoted
from collector.figures.board import Board
from collector.live import SiteNow
from collector.registry import AgentState, Site

MOST_QUANTILE = 0.95
"""Of single sites: the 99th percentile of a day at one site rests on a handful of echoes."""


class SiteSeries:
    """Renders what there is of each site and agent."""

    def __init__(self) -> None:
        self._labels: dict[str, tuple[Site, str]] = {}

    def of_sites(self, sites: Sequence[SiteNow], board: Board) -> Iterator[str]:
        labelled = [(site, self._site_labels(site.site)) for site in sites]
        yield from head("kentongan_site_condition")
        for site, labels in labelled:
            yield f'kentongan_site_condition{{{labels},condition="{site.condition.value}"}} 1'
        yield from head("kentongan_site_up")
        for site, labels in labelled:
            if site.condition is not Condition.UNOBSERVED:
                yield f"kentongan_site_up{{{labels}}} {0 if site.condition.is_down else 1}"
        yield from head("kentongan_site_heard_timestamp_seconds")
        for site, labels in labelled:
            if site.heard_at_ms:
                yield f"kentongan_site_heard_timestamp_seconds{{{labels}}} {site.heard_at_ms / 1000}"
        yield from head("kentongan_site_group_up")
        for site in sites:
            for group, state in (site.groups or {}).items():
                if state != State.UNOBSERVED:
                    value = 1 if state == State.UP else 0
                    yield f'kentongan_site_group_up{{site={quoted(site.site.code)},group="{group}"}} {value}'
        yield from _of_today({site.site.code: labels for site, labels in labelled}, board)

    def _site_labels(self, site: Site) -> str:
        before = self._labels.get(site.code)
        if before is not None and (before[0] is site or before[0] == site):
            return before[1]
        labels = (
            f"site={quoted(site.code)},name={quoted(site.name)},regency={quoted(site.regency)},"
            f"provider={quoted(site.provider)},medium={quoted(site.medium.value)},kind={quoted(site.kind)}"
        )
        self._labels[site.code] = (site, labels)
        return labels


def _of_today(labels_of: Mapping[str, str], board: Board) -> Iterator[str]:
    """A site that left the registry since the figures were added up is left out."""
    today = [
        (labels_of[one.of], one)
        for one in board.told
        if one.scope == "site" and one.period == "today" and one.of in labels_of
    ]
    yield from family("kentongan_site_latency_seconds", known(latencies(today, MOST_QUANTILE)))
    yield from family("kentongan_site_loss_ratio", known(losses(today)))


def of_agents(agents: Sequence[AgentState], regency_of: Mapping[str, str]) -> Iterator[str]:
    """What each agent said of itself with its last push; one that never pushed has said nothing."""
    told = [
        (f"agent={quoted(a.name)},site={quoted(a.site)},regency={quoted(regency_of.get(a.site, ''))}", a)
        for a in agents
        if a.heard_at_ms
    ]
    more = ((f"{labels},version={quoted(a.version)},last_stop={quoted(a.last_stop)}", 1) for labels, a in told)
    yield from family("kentongan_agent_version_info", more)
    yield from family("kentongan_agent_heard_timestamp_seconds", ((ls, a.heard_at_ms / 1000) for ls, a in told))
    yield from family("kentongan_agent_push_interval_seconds", ((ls, a.push_interval_ms / 1000) for ls, a in told))
    yield from family("kentongan_agent_spool_results", ((labels, a.spool_results) for labels, a in told))
    yield from family("kentongan_agent_dropped_total", ((labels, a.dropped) for labels, a in told))
    yield from family("kentongan_agent_set_aside_total", ((labels, a.set_aside) for labels, a in told))
    yield from family("kentongan_agent_clock_offset_seconds", ((ls, a.clock_offset_ms / 1000) for ls, a in told))
    yield from family("kentongan_agent_cloned", ((labels, int(a.cloned)) for labels, a in told))
