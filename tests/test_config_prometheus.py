"""The shipped configuration of Prometheus and Alertmanager, checked by their own tools and against what we export."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.alerts.decide import ALERTNAMES
from collector.condition import DOWN
from tests.daemons import found
from tests.metric_names import unknown_names

CONFIG = Path(__file__).parent.parent / "config"
RULES = yaml.safe_load((CONFIG / "prometheus" / "rules.yml").read_text())
ALERTS: list[dict[str, Any]] = [r for g in RULES["groups"] for r in g["rules"] if "alert" in r]
RECORDS: list[dict[str, Any]] = [r for g in RULES["groups"] for r in g["rules"] if "record" in r]


def said_by(*argv: str | Path, folder: str) -> str:
    """What a checking tool says of a folder of the configuration; the test fails when it finds fault."""
    run = subprocess.run(
        [found(str(argv[0])), *argv[1:]], cwd=CONFIG / folder, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def receivers(**labels: str) -> list[str]:
    """Where the example routes send an alert with `labels`."""
    pairs = [f"{name}={value}" for name, value in labels.items()]
    said = said_by(
        "amtool", "config", "routes", "test", "--config.file=alertmanager.yml", *pairs, folder="alertmanager"
    )
    return said.strip().split(",")


@pytest.mark.peers
def test_promtool_accepts_the_configuration_and_the_rules() -> None:
    assert "SUCCESS" in said_by("promtool", "check", "config", "prometheus.yml", folder="prometheus")


@pytest.mark.peers
def test_the_rules_behave_as_their_unit_tests_say() -> None:
    assert "SUCCESS" in said_by("promtool", "test", "rules", "rules.test.yml", folder="prometheus")


def test_every_alert_of_the_rules_is_in_their_unit_tests() -> None:
    tested = (CONFIG / "prometheus" / "rules.test.yml").read_text()
    assert [alert["alert"] for alert in ALERTS if alert["alert"] not in tested] == []


@pytest.mark.parametrize("rule", [*ALERTS, *RECORDS], ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_uses_only_metrics_that_are_exported_and_records_that_exist(rule: dict[str, Any]) -> None:
    records = {record["record"] for record in RECORDS}
    used = {word for word in rule["expr"].replace("(", " ").split() if word.count(":") == 2}
    assert unknown_names(rule["expr"]) == set()
    assert used <= records


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_speaks_both_languages_and_says_how_urgent_it_is(rule: dict[str, Any]) -> None:
    assert rule["annotations"].keys() == {"summary", "summary_en"}
    assert rule["labels"]["severity"] in {"critical", "warning"}


def test_prometheus_knows_every_down_condition_and_names_alerts_as_the_collector_does() -> None:
    by_name = {alert["alert"]: alert for alert in ALERTS}
    assert set(ALERTNAMES) <= by_name.keys()
    conditions = by_name["SiteDown"]["expr"].split('condition=~"')[1].split('"')[0].split("|")
    assert set(conditions) == DOWN


@pytest.mark.peers
def test_amtool_accepts_the_example_of_alertmanager() -> None:
    assert "SUCCESS" in said_by("amtool", "check-config", "alertmanager.yml", folder="alertmanager")


def test_a_mass_outage_is_grouped_by_kind_regency_and_provider() -> None:
    route = yaml.safe_load((CONFIG / "alertmanager" / "alertmanager.yml").read_text())["route"]
    assert (route["group_by"], route["group_wait"]) == (["alertname", "regency", "provider"], "10s")


@pytest.mark.peers
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"alertname": "SiteDown", "regency": "Paser"}, ["province"]),
        ({"alertname": "SiteDown", "regency": "Kutai Barat"}, ["kutai-barat", "province"]),
        ({"alertname": "SiteDown", "condition": "local_down"}, ["local-technicians", "province"]),
        ({"alertname": "KentonganCollectorDown"}, ["kentongan-operators"]),
    ],
)
def test_the_example_routes_reach_the_people_of_the_regency_and_the_province(
    labels: dict[str, str], told: list[str]
) -> None:
    assert receivers(**labels) == told
