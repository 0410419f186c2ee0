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
from collector.acts import Exclusion, ExclusionKind
from collector.condition import Condition, Row
from collector.faces.metrics import REFUSALS, Facts, Metrics
from collector.faces.metrics_text import CATALOGUE
from collector.figures.board import CHOICE, Board, Told
from collector.figures.indicators import AccountingSettings, figures
from collector.figures.sums import Sums
from collector.judging.judge import JudgeSettings
from collector.judging.quality import Limits
from collector.registry import AgentState, Medium
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
    said = subprocess.run(lint, input=Metrics(True).render(facts(NOW)), capture_output=True, timeout=300)
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


def test_what_is_excluded_now_is_told_by_what_the_exclusion_covers() -> None:
    planned = exclusion("provider", "Icon+")
    sites = [site_now("1", excluded=planned), site_now("2", excluded=planned), site_now("3", provider="Telkomsat")]
    excluded = scraped(replace(facts(NOW), sites=sites))["kentongan_excluded_sites"]
    assert by(excluded, "scope", "of", "kind") == {("provider", "Icon+", "maintenance"): 2}


def test_single_sites_under_an_exclusion_are_not_named_where_there_is_no_series_a_site() -> None:
    told = replace(facts(NOW), sites=[site_now(code, excluded=exclusion("site", code)) for code in ("1", "2")])
    named = {("site", "1"): 1, ("site", "2"): 1}
    assert by(scraped(told)["kentongan_excluded_sites"], "scope", "of") == named
    assert by(scraped(told, per_site_series=False)["kentongan_excluded_sites"], "scope", "of") == {("site", ""): 2}


def test_a_mass_outage_is_told_with_its_sites_and_over_when_it_is_over() -> None:
    samples = scraped(replace(facts(NOW), mass_outages={("provider", "Icon+"): 40}))
    assert by(samples["kentongan_mass_outage_sites"], "scope", "of") == {("provider", "Icon+"): 40}
    assert "kentongan_mass_outage_sites" not in scraped(facts(NOW))


def test_the_limits_of_each_medium_are_those_that_sites_are_judged_by() -> None:
    told = replace(
        facts(NOW), limits_of=JudgeSettings(limits={Medium.VSAT: Limits(loss_ratio=0.3, rtt_ms=800)}).limits_of
    )
    samples = scraped(told)
    rtt_s, loss = (
        by(samples[f"kentongan_medium_{name}"], "medium") for name in ("rtt_limit_seconds", "loss_limit_ratio")
    )
    assert (rtt_s["vsat",], loss["vsat",]) == (0.8, 0.3)
    assert rtt_s.keys() == loss.keys() == {(medium.value,) for medium in Medium}


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


def test_an_agent_is_told_of_as_it_said_itself_with_the_regency_of_its_site_and_not_before_it_did() -> None:
    agent = AgentState(
        name="pc-1", site="1", heard_at_ms=NOW - 5, version="0.1.0", spool_results=7, dropped=3, clock_offset_ms=-1500
    )
    agents = [agent, AgentState(name="pc-2", site="1"), replace(agent, name="pc-3", site="gone")]
    samples = scraped(replace(facts(NOW), sites=[site_now("1")], agents=agents))
    spools = by(samples["kentongan_agent_spool_results"], "agent", "site", "regency")
    assert spools == {("pc-1", "1", "Kutai Barat"): 7, ("pc-3", "gone", ""): 7}
    assert by(samples["kentongan_agent_dropped_total"], "agent")["pc-1",] == 3
    assert by(samples["kentongan_agent_clock_offset_seconds"], "agent")["pc-1",] == -1.5
    assert by(samples["kentongan_agent_version_info"], "agent", "version")["pc-1", "0.1.0"] == 1


def test_series_of_agents_go_with_those_of_sites() -> None:
    assert not [name for name in scraped(facts(NOW), per_site_series=False) if name.startswith("kentongan_agent_")]


def test_commit_times_are_a_histogram() -> None:
    samples = scraped(facts(NOW))
    buckets = by(samples["kentongan_ingest_commit_seconds_bucket"], "le")
    assert buckets == {("0.05",): 7, ("0.25",): 9, ("+Inf",): 10}
    assert samples["kentongan_ingest_commit_seconds_count"] == {(): 10}


def exclusion(scope: str, of: str) -> Exclusion:
    kind = ExclusionKind.MAINTENANCE
    return Exclusion(id=1, scope=scope, of=of, from_ms=0, to_ms=NOW, kind=kind, why="mast", by="ani", entered_ms=0)


def a_month(*days: Day, scope: str = "provider", of: str = "Icon+", period: str = "month") -> Facts:
    sums = Sums(1)
    sums.add(0, days, lambda *_: ())
    [told] = figures(sums, CHOICE, AccountingSettings())
    board = Board(at_ms=NOW, told=[Told(scope=scope, of=of, period=period, figures=told)])
    return replace(facts(NOW), board=board)


TRIPS = Latency(sent=9, lost=1, buckets=np.array([0] * 200 + [8], np.int64))


def test_figures_of_a_period_have_their_bars() -> None:
    day = made_day(
        {(Row.UP, 0, PLAIN): 90, (Row.LINE_DOWN, 0, PLAIN): 10},
        doubt={(Row.UP, Row.LINE_DOWN): plain(9)},
        downs=[down(0, 10)],
        latency={("internet", 0): TRIPS},
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
    assert by(samples["kentongan_loss_ratio"], "of", "group") == {("Icon+", "internet"): pytest.approx(1 / 9)}


def test_of_a_site_today_has_its_latency_with_the_labels_of_the_site_and_the_month_has_not() -> None:
    day = made_day({(Row.UP, 0, PLAIN): 100}, latency={("internet", 0): TRIPS})
    site = facts(NOW).sites[0].site
    samples = scraped(a_month(day, scope="site", of=site.code, period="today"))
    latencies = by(samples["kentongan_site_latency_seconds"], "site", "medium", "quantile")
    assert latencies.keys() == {(site.code, site.medium.value, quantile) for quantile in ("0.5", "0.95")}
    assert by(samples["kentongan_site_loss_ratio"], "site") == {(site.code,): pytest.approx(1 / 9)}
    assert "kentongan_latency_seconds" not in samples
    assert "kentongan_site_latency_seconds" not in scraped(a_month(day, scope="site", of=site.code, period="month"))


def test_a_site_that_left_the_registry_since_its_figures_were_added_up_is_left_out() -> None:
    day = made_day({(Row.UP, 0, PLAIN): 100}, latency={("internet", 0): TRIPS})
    assert "kentongan_site_latency_seconds" not in scraped(a_month(day, scope="site", of="gone", period="today"))


def test_a_period_of_which_too_little_is_known_has_no_ratio() -> None:
    samples = scraped(a_month(made_day({(Row.UP, 0, PLAIN): 10, (Row.UNKNOWN, 0, PLAIN): 90})))
    assert "kentongan_availability_ratio" not in samples
    assert by(samples["kentongan_coverage_ratio"], "period") == {("month",): 0.1}


def test_a_collector_of_nothing_has_its_zeros() -> None:
    samples = scraped(replace(facts(NOW), sites=[], agents=[], notified={}))
    assert samples["kentongan_sites_silent"] == {(): 0}
    assert "kentongan_site_up" not in samples
