"""What Prometheus gets from the collector."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from collector.accounting.accounts import Day
from collector.accounting.latency import Latency
from collector.accounting.ledger import PLAIN
from collector.condition import Condition, Row
from collector.faces.metrics import CATALOGUE, REFUSALS, Facts, Metrics
from collector.figures.board import CHOICE, Board, Told
from collector.figures.indicators import AccountingSettings, figures
from collector.figures.sums import Sums
from tests.alert_fakes import site_now
from tests.daemons import found
from tests.made_days import down, made_day, plain
from tests.scrapes import facts, province

NOW = 1_790_000_000_000
COLLECTOR = Path(__file__).parent.parent / "collector"
Labels = tuple[tuple[str, str], ...]


def scraped(told: Facts, per_site_series: bool = True) -> dict[str, dict[Labels, float]]:
    """Values by sample name and labels, as a Prometheus reads them; the same series twice is refused."""
    samples: dict[str, dict[Labels, float]] = {}
    text = Metrics(per_site_series).render(told).decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series = samples.setdefault(sample.name, {})
            key = tuple(sorted(sample.labels.items()))
            assert key not in series, sample
            series[key] = sample.value
    return samples


def by(series: Mapping[Labels, float], *labels: str) -> dict[tuple[str, ...], float]:
    return {tuple(dict(key)[label] for label in labels): value for key, value in series.items()}


@pytest.mark.peers
def test_prometheus_own_linter_has_nothing_to_say() -> None:
    lint = [found("promtool"), "check", "metrics"]
    said = subprocess.run(lint, input=Metrics(True).render(facts(NOW)), capture_output=True, timeout=20)
    assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


def test_every_family_of_the_catalogue_is_there_and_no_other() -> None:
    text = Metrics(True).render(facts(NOW)).decode()
    families = {line.split()[2]: line.split()[3] for line in text.splitlines() if line.startswith("# TYPE")}
    assert families == {name: kind for name, (kind, _) in CATALOGUE.items()}


def test_every_condition_is_counted_for_province_regency_and_provider_with_its_zeros() -> None:
    samples = scraped(
        replace(facts(NOW), sites=[site_now("1", Condition.UP), site_now("2", Condition.UP, regency="Paser")])
    )
    assert by(samples["kentongan_sites"], "condition") == {(c.value,): 2 if c is Condition.UP else 0 for c in Condition}
    regencies = by(samples["kentongan_region_sites"], "regency", "condition")
    assert len(regencies) == 2 * len(Condition)
    assert regencies["Paser", "up"] == 1
    assert by(samples["kentongan_provider_sites"], "provider", "condition")["Icon+", "up"] == 2


def test_a_site_has_one_condition_and_is_up_or_down_or_nobody_knows() -> None:
    samples = scraped(facts(NOW))
    conditions = by(samples["kentongan_site_condition"], "site", "condition")
    up = by(samples["kentongan_site_up"], "site")
    assert len(conditions) == len(province(NOW))
    for (site, condition), value in conditions.items():
        known = None if condition == "unobserved" else 0 if Condition(condition).is_down else 1
        assert (value, up.get((site,))) == (1, known)


def test_a_group_that_nobody_observed_has_no_value() -> None:
    groups = by(scraped(facts(NOW))["kentongan_site_group_up"], "site", "group")
    assert {group: v for (site, group), v in groups.items() if site == "64.07.00"} == {"gateway": 1, "intranet": 0}


def test_when_a_site_was_heard_is_a_time_not_an_age_and_missing_if_never() -> None:
    sites = [site_now("1", heard_at_ms=NOW - 1), site_now("2", heard_at_ms=0)]
    heard = scraped(replace(facts(NOW), sites=sites))["kentongan_site_heard_timestamp_seconds"]
    assert by(heard, "site") == {("1",): (NOW - 1) / 1000}


def test_names_with_quotes_backslashes_and_line_breaks_come_through() -> None:
    name = 'Kampung "Lama" \\ Tering\nSeberang'
    samples = scraped(replace(facts(NOW), sites=[site_now("1", name=name)]))
    assert by(samples["kentongan_site_up"], "name") == {(name,): 1}


def test_labels_of_a_site_follow_an_edit_of_the_registry() -> None:
    metrics, told = Metrics(True), facts(NOW)
    metrics.render(replace(told, sites=[site_now("1", provider="Icon+")]))
    edited = metrics.render(replace(told, sites=[site_now("1", provider="Telkomsat")])).decode()
    assert 'provider="Telkomsat"' in edited
    assert "Icon+" not in edited


def test_series_of_sites_can_be_switched_off_and_the_counts_stay() -> None:
    samples = scraped(facts(NOW), per_site_series=False)
    assert not [name for name in samples if name.startswith("kentongan_site_")]
    assert samples["kentongan_region_sites"]


@pytest.mark.source
def test_every_reason_of_refusal_is_there_from_the_start_because_a_first_step_out_of_nowhere_is_not_seen() -> None:
    sources = [(COLLECTOR / f"{name}.py").read_text() for name in ("ingest", "body")]
    written = {reason for source in sources for reason in re.findall(r'Refused\(\s*\d+, "([a-z-]+)"', source)}
    refused = by(scraped(facts(NOW))["kentongan_ingest_refused_total"], "reason")
    assert written == set(REFUSALS)
    assert refused == {(reason,): 2 if reason == "unauthorized" else 0 for reason in REFUSALS}


def test_agents_are_heard_silent_or_were_never_heard() -> None:
    agents = by(scraped(facts(NOW))["kentongan_agents"], "state")
    assert agents == {("heard",): 1, ("silent",): 1, ("never",): 1}


def test_commit_times_are_a_histogram() -> None:
    samples = scraped(facts(NOW))
    buckets = by(samples["kentongan_ingest_commit_seconds_bucket"], "le")
    assert buckets == {("0.05",): 7, ("0.25",): 9, ("+Inf",): 10}
    assert samples["kentongan_ingest_commit_seconds_count"] == {(): 10}


def a_month(*days: Day) -> Facts:
    sums = Sums(1)
    sums.add(0, days, lambda *_: ())
    [told] = figures(sums, CHOICE, AccountingSettings())
    board = Board(at_ms=NOW, told=[Told(scope="provider", of="Icon+", period="month", figures=told)])
    return replace(facts(NOW), board=board)


def test_figures_of_a_period_have_their_bars() -> None:
    trips = Latency(sent=9, lost=1, buckets=np.array([0] * 200 + [8], np.int64))
    day = made_day(
        {(Row.UP, 0, PLAIN): 90, (Row.LINE_DOWN, 0, PLAIN): 10},
        doubt={(Row.UP, Row.LINE_DOWN): plain(9)},
        downs=[down(0, 10)],
        latency={("internet", 0): trips},
    )
    samples = scraped(a_month(day))
    name, about = "kentongan_availability", ("Icon+", "line", "month")
    bars = [
        by(samples[f"{name}{end}"], "of", "kind", "period")[about] for end in ("_low_ratio", "_ratio", "_high_ratio")
    ]
    assert bars == [0.81, 0.9, 0.9]
    assert by(samples["kentongan_outages"], "scope", "of", "period") == {("provider", "Icon+", "month"): 1}
    assert by(samples["kentongan_downtime_seconds"], "period") == {("month",): 0.01}
    p95 = by(samples["kentongan_latency_seconds"], "group", "quantile")["internet", "0.95"]
    assert p95 == pytest.approx(0.0238, rel=0.01)


def test_a_period_of_which_too_little_is_known_has_no_ratio() -> None:
    samples = scraped(a_month(made_day({(Row.UP, 0, PLAIN): 10, (Row.UNKNOWN, 0, PLAIN): 90})))
    assert "kentongan_availability_ratio" not in samples
    assert by(samples["kentongan_coverage_ratio"], "period") == {("month",): 0.1}


def test_a_collector_of_nothing_has_its_zeros() -> None:
    samples = scraped(replace(facts(NOW), sites=[], agents=[], notified={}))
    assert samples["kentongan_sites_silent"] == {(): 0}
    assert "kentongan_site_up" not in samples
