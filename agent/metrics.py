"""What the agent knows of its targets now (`Board`), and the text of /metrics.

The targets' series are written by hand from prefixes made once: prometheus-client takes 370 ms for 1,000 targets, in
which no probe is looked after; this takes a few. What belongs to the agent as a whole comes through prometheus-client
and a registry of our own. Names are blackbox_exporter's where the meaning is the same.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from agent.doubt import State
from agent.probes.kit import TargetSettings
from agent.status import AgentNow, PushNow, SpoolNow, TargetNow
from shared.clock import Clock
from shared.result import CODE_OF, OUTCOMES, Outcome, Result

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
RECENT = 20
"""Results over which `status` tells the loss."""
BLACKBOX_PHASES = ("icmp", "http", "dns")
FACTS = {
    "ip_protocol": "IP version used, 4 or 6.",
    "icmp_reply_hop_limit": "Hop limit (TTL) left in the last reply.",
    "http_status_code": "Status code of the last answer.",
    "http_redirects": "Redirects followed.",
    "http_content_length": "Length of the last answer's body as the server told it.",
    "ssl_earliest_cert_expiry": "Earliest end of a certificate of the chain, in Unix time.",
    "dns_query_succeeded": "Whether the server answered the question.",
    "uptime_seconds": "How long the device has been running, by its own counter; it starts anew after 497 days.",
}
"""Suffixes a probe may give in Result.facts, and what they mean."""


@dataclass(slots=True, eq=False)
class Record:
    """One target since the agent started. `labels` is ready for the text format."""

    target: TargetSettings
    kind: str
    labels: str
    state: State = State.UNKNOWN
    last: Result | None = None
    run_ok: bool | None = None
    run_boot_ms: int = 0
    """Whether the present run is of good or of bad answers, and when it began; our own errors do not break it."""
    since_boot_ms: int = 0
    """When the state began: at the first answer of the run that settled it."""
    attempts: int = 0
    sent: int = 0
    received: int = 0
    failures: list[int] = field(default_factory=lambda: [0] * len(OUTCOMES))
    recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=RECENT))

    def observe(self, result: Result) -> None:
        if result.is_evidence and result.ok is not self.run_ok:
            self.run_ok, self.run_boot_ms = result.ok, result.started_ms
        self.attempts += 1
        self.failures[CODE_OF[result.outcome]] += not result.ok
        self.sent, self.received = self.sent + result.sent, self.received + result.received
        if result.is_evidence:
            self.recent.append((result.sent, result.received))
        self.last = result

    @property
    def loss(self) -> float | None:
        """The share of packets lost in the recent results, 0 to 1; None when none was sent."""
        sent = sum(sent for sent, _ in self.recent)
        return 1 - sum(received for _, received in self.recent) / sent if sent else None


Value = Callable[[Record], float | None]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric of the targets; `value` is None where a target has none."""

    name: str
    kind: str
    help: str
    value: Value


def _last(value: Callable[[Result], float]) -> Value:
    return lambda record: None if record.last is None else value(record.last)


FAMILIES = (
    Family("probe_success", "gauge", "Whether the last probe succeeded.", _last(lambda last: int(last.ok))),
    Family(
        "probe_duration_seconds",
        "gauge",
        "How long the last probe took.",
        _last(lambda last: round(last.duration_s, 6)),
    ),
    Family("kentongan_probe_attempts_total", "counter", "Probes made.", lambda record: record.attempts),
    Family("kentongan_probe_packets_sent_total", "counter", "Packets sent by probes.", lambda record: record.sent),
    Family("kentongan_probe_packets_received_total", "counter", "Answers to them.", lambda record: record.received),
    Family(
        "kentongan_probe_rtt_seconds",
        "gauge",
        "Average round trip of the last probe, over the packets that came back.",
        lambda record: record.last.rtt_avg_us / 1e6 if record.last and record.last.received else None,
    ),
    Family(
        "kentongan_target_up",
        "gauge",
        "Whether the target is up by three failures and two successes in a row; absent while unknown.",
        lambda record: None if record.state is State.UNKNOWN else int(record.state is State.UP),
    ),
)


class Board:
    """Every target's record, and the agent's own metrics in `registry`."""

    def __init__(self, targets: Sequence[tuple[TargetSettings, str]], clock: Clock) -> None:
        """`targets` with the name of their kind."""
        self._clock = clock
        self.registry = CollectorRegistry()
        self.records = {
            target.name: Record(target, kind, f'target="{escape(target.name)}",group="{target.group}"')
            for target, kind in targets
        }

    def observe(self, result: Result) -> None:
        self.records[result.target].observe(result)

    def settle(self, name: str, state: State) -> None:
        """The target `name` is in `state` now."""
        record = self.records[name]
        record.state, record.since_boot_ms = state, record.run_boot_ms

    def wall_ms(self, boot_ms: int) -> int:
        """A stamp of the boot clock as wall time, by the clocks of this moment."""
        return self._clock.wall_ms() - self._clock.boot_ms() + boot_ms

    def render(self) -> bytes:
        """The whole exposition in the text format 0.0.4."""
        return "".join(self._lines()).encode() + generate_latest(self.registry)

    def targets(self) -> list[TargetNow]:
        """Every target as it is now."""
        return [self._now(record) for record in self.records.values()]

    def _now(self, record: Record) -> TargetNow:
        target, last = record.target, record.last
        return TargetNow(
            name=target.name,
            group=target.group,
            site=target.site,
            where=target.where,
            state=record.state,
            since_ms=None if record.state is State.UNKNOWN else self.wall_ms(record.since_boot_ms),
            outcome=last.outcome if last else None,
            reason=last.reason if last else "",
            rtt_ms=last.rtt_avg_us / 1000 if last and last.received else None,
            loss=record.loss,
        )

    def _lines(self) -> Iterator[str]:
        records = list(self.records.values())
        for family in FAMILIES:
            yield from _family(family, records)
        yield _head("kentongan_probe_failures_total", "counter", "Probes that failed, by outcome.")
        for record in records:
            for outcome, count in zip(OUTCOMES, record.failures, strict=True):
                if outcome is not Outcome.OK:
                    yield f'kentongan_probe_failures_total{{{record.labels},outcome="{outcome}"}} {count}\n'
        yield from _phases(records)
        yield from _facts(records)


def _family(family: Family, records: Iterable[Record]) -> Iterator[str]:
    yield _head(family.name, family.kind, family.help)
    for record in records:
        value = family.value(record)
        if value is not None:
            yield f"{family.name}{{{record.labels}}} {value}\n"


def _phases(records: Sequence[Record]) -> Iterator[str]:
    for kind in sorted({record.kind for record in records}):
        name = f"{'' if kind in BLACKBOX_PHASES else 'kentongan_'}probe_{kind}_duration_seconds"
        yield _head(name, "gauge", f"How long each phase of the last {kind} probe took.")
        for record in records:
            if record.kind == kind and record.last:
                for phase, seconds in record.last.phases.items():
                    yield f'{name}{{{record.labels},phase="{phase}"}} {seconds:.6f}\n'


def _facts(records: Sequence[Record]) -> Iterator[str]:
    found = [(record, record.last.facts) for record in records if record.last]
    for suffix in sorted({suffix for _, facts in found for suffix in facts}):
        yield _head(f"probe_{suffix}", "gauge", FACTS.get(suffix, "Told by the last probe."))
        for record, facts in found:
            if suffix in facts:
                yield f"probe_{suffix}{{{record.labels}}} {facts[suffix]}\n"


def _head(name: str, kind: str, told: str) -> str:
    return f"# HELP {name} {told}\n# TYPE {name} {kind}\n"


def escape(value: str) -> str:
    """A label value as the text format wants it."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Vitals(Collector):
    """What belongs to the agent as a whole, as prometheus-client wants it."""

    def __init__(self, now: Callable[[], AgentNow]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        return ()  # so that registering asks nothing of an agent that has not begun

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        info = Gauge("kentongan_agent_info", "1 for the running agent.", labels=["version", "stream"])
        info.add_metric([now.version, now.stream], 1)
        yield info
        yield Gauge("kentongan_agent_start_timestamp_seconds", "When the agent started.", now.started_ms / 1000)
        yield Gauge("kentongan_host_boot_timestamp_seconds", "When the host booted.", now.boot_at_ms / 1000)
        yield _counters("kentongan_clock_jumps", "Jumps of the host's clocks.", "cause", now.jumps)
        yield from _spool(now.spool)
        if now.push is not None:
            yield from _push(now.push)


def _spool(spool: SpoolNow) -> Iterator[Metric]:
    yield Gauge("kentongan_spool_results", "Results waiting to be sent.", spool.results)
    yield Gauge("kentongan_spool_bytes", "Bytes they take.", spool.bytes)
    if spool.oldest_ms is not None:
        yield Gauge("kentongan_spool_oldest_timestamp_seconds", "When the oldest was measured.", spool.oldest_ms / 1000)
    yield _counters("kentongan_spool_dropped", "Results lost.", "reason", spool.dropped)
    yield Counter("kentongan_spool_set_aside", "Results the collector refused.", spool.set_aside)


def _push(push: PushNow) -> Iterator[Metric]:
    if push.last_success_ms is not None:
        told = "When the collector last accepted a batch."
        yield Gauge("kentongan_push_last_success_timestamp_seconds", told, push.last_success_ms / 1000)
    if push.offset_ms is not None:
        yield Gauge("kentongan_clock_offset_seconds", "This host's clock minus the collector's.", push.offset_ms / 1000)
    yield Counter("kentongan_push_attempts", "Batches sent.", push.attempts)
    yield _counters("kentongan_push_failures", "Batches that were not accepted.", "reason", push.failures)
    yield Counter("kentongan_push_bytes", "Bytes of the batches sent.", push.bytes)
    yield Counter("kentongan_push_results", "Results the collector has stored.", push.results)


def _counters(name: str, told: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = Counter(name, told, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family
