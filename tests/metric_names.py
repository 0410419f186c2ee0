"""Every metric that collector and agent export or send, for the tests that read rules and dashboards."""

import re

from collector.faces.metrics_text import CATALOGUE
from collector.remote_write.history import NAMES as HISTORY_METRICS

AGENT_METRICS = frozenset(
    (
        "probe_success",
        "probe_duration_seconds",
        "probe_icmp_duration_seconds",
        "probe_http_duration_seconds",
        "probe_dns_duration_seconds",
        "probe_http_status_code",
        "probe_ssl_earliest_cert_expiry",
        "probe_dns_query_succeeded",
        "probe_uptime_seconds",
        "kentongan_probe_uptime_duration_seconds",
        "probe_ip_protocol",
        "probe_icmp_reply_hop_limit",
        "kentongan_probe_attempts_total",
        "kentongan_probe_failures_total",
        "kentongan_probe_packets_sent_total",
        "kentongan_probe_packets_received_total",
        "kentongan_probe_rtt_seconds",
        "kentongan_target_up",
        "kentongan_spool_results",
        "kentongan_spool_bytes",
        "kentongan_spool_oldest_timestamp_seconds",
        "kentongan_spool_dropped_total",
        "kentongan_spool_set_aside_total",
        "kentongan_push_last_success_timestamp_seconds",
        "kentongan_push_attempts_total",
        "kentongan_push_failures_total",
        "kentongan_push_bytes_total",
        "kentongan_push_results_total",
        "kentongan_clock_offset_seconds",
        "kentongan_clock_jumps_total",
        "kentongan_agent_info",
        "kentongan_agent_start_timestamp_seconds",
        "kentongan_host_boot_timestamp_seconds",
    )
)
NAME = re.compile(r"(?<![:\w])(?:kentongan|probe)_\w+")
HISTOGRAM_PARTS = re.compile(r"_(?:bucket|sum|count)$")


def exported() -> frozenset[str]:
    return AGENT_METRICS | CATALOGUE.keys() | set(HISTORY_METRICS)


def unknown_names(expr: str) -> set[str]:
    """Names of ours in a PromQL expression that nobody exports."""
    known = exported()
    used: set[str] = set(NAME.findall(expr))
    return {name for name in used if name not in known and HISTOGRAM_PARTS.sub("", name) not in known}
