"""The shipped configuration of Prometheus and Alertmanager, checked by their own tools and against what we export."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.alerts.deciding.rules import MASS_OUTAGE, OF_SITES
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
        [found(str(argv[0])), *argv[1:]], cwd=CONFIG / folder, capture_output=True, text=True, timeout=300
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
    used = set(re.findall(r"\w+:\w+:\w+", rule["expr"]))
    assert unknown_names(rule["expr"]) == set()
    assert used <= records


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_speaks_both_languages_and_says_how_urgent_it_is(rule: dict[str, Any]) -> None:
    assert rule["annotations"].keys() == {"summary", "summary_en"}
    assert rule["labels"]["severity"] in {"critical", "warning"}


def test_prometheus_knows_every_down_condition_and_names_alerts_as_the_collector_does() -> None:
    by_name = {alert["alert"]: alert for alert in ALERTS}
    assert {*OF_SITES, MASS_OUTAGE} <= by_name.keys()
    for name in ("SiteDown", MASS_OUTAGE):
        conditions = by_name[name]["expr"].split('condition=~"')[1].split('"')[0].split("|")
        assert set(conditions) == DOWN


@pytest.mark.peers
def test_amtool_accepts_the_example_of_alertmanager() -> None:
    assert "SUCCESS" in said_by("amtool", "check-config", "alertmanager.yml", folder="alertmanager")


def test_alerts_are_grouped_by_kind_provider_and_regency_and_none_is_inhibited() -> None:
    known = yaml.safe_load((CONFIG / "alertmanager" / "alertmanager.yml").read_text())
    route = known["route"]
    assert (route["group_by"], route["group_wait"]) == (["alertname", "provider", "regency"], "10s")
    assert "inhibit_rules" not in known  # it would hide the resolved of what it hides


@pytest.mark.peers
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"alertname": "SiteDown", "severity": "critical", "regency": "Paser"}, ["province"]),
        ({"alertname": "SiteSilent", "severity": "warning", "regency": "Paser"}, ["province"]),
        ({"alertname": "SiteDown", "severity": "critical", "regency": "Kutai Barat"}, ["kutai-barat", "province"]),
        ({"alertname": "SiteSilent", "severity": "warning", "regency": "Kutai Barat"}, ["kutai-barat", "province"]),
        (
            {"alertname": "SiteDown", "severity": "warning", "condition": "local_down"},
            ["local-technicians", "province"],
        ),
        ({"alertname": "MassOutage", "severity": "critical", "provider": "Icon+"}, ["every-regency", "province"]),
        ({"alertname": "MassOutage", "severity": "critical", "regency": "Mahakam Ulu"}, ["mahakam-ulu", "province"]),
        ({"alertname": "AgentUnwell", "severity": "info", "regency": "Kutai Barat"}, ["kentongan-operators"]),
        ({"alertname": "CollectorUnwell", "severity": "critical"}, ["kentongan-operators"]),
        ({"alertname": "KentonganCollectorDown", "severity": "critical"}, ["kentongan-operators"]),
        ({"alertname": "SiteDown", "severity": "info"}, ["nobody"]),
    ],
)
def test_the_example_routes_reach_the_people_of_the_regency_and_the_province(
    labels: dict[str, str], told: list[str]
) -> None:
    assert receivers(**labels) == told


def test_quiet_hours_mute_nothing_about_sites() -> None:
    """Alertmanager would forget the end of what it told before."""
    known = yaml.safe_load((CONFIG / "alertmanager" / "alertmanager.yml").read_text())
    muted = [route["receiver"] for route in known["route"]["routes"] if "mute_time_intervals" in str(route)]
    assert muted == ["kentongan-operators"]
    assert [interval["name"] for interval in known["time_intervals"]] == ["night"]


# the words


def rendered(name: str, folder: Path, *alerts: dict[str, Any], kind: str = "text") -> str:
    """What the template `name` makes of a group of alerts."""
    status = "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved"
    (folder / "group.json").write_text(
        json.dumps({"status": status, "alerts": alerts, "commonLabels": {"regency": "Paser"}, "groupLabels": {}})
    )
    asked = f'{{{{ template "kentongan.{name}" . }}}}'
    argv = ("--template.glob=*.tmpl", f"--template.text={asked}", f"--template.data={folder / 'group.json'}")
    return said_by("amtool", "template", "render", *argv, f"--template.type={kind}", folder="alertmanager").strip()


def firing(summary: str, **annotations: str) -> dict[str, Any]:
    return {"status": "firing", "labels": {}, "annotations": {"summary": summary} | annotations}


OVER = {"status": "resolved", "labels": {}, "annotations": {"summary": "B: pulih", "acknowledged": "piket"}}


@pytest.mark.peers
def test_one_alert_is_told_with_all_that_is_known_and_its_end_with_who_took_note(tmp_path: Path) -> None:
    one = firing("A: putus", description="A: putus. Hubungi 1.", link="https://p.example/sites/A")
    assert rendered("title", tmp_path, one) == "A: putus"
    assert rendered("text", tmp_path, one) == "✗ A: putus. Hubungi 1.\nhttps://p.example/sites/A"
    assert rendered("title", tmp_path, OVER) == "Selesai: B: pulih"
    assert rendered("text", tmp_path, OVER) == "✓ B: pulih\nDitanggapi oleh piket."


@pytest.mark.peers
def test_telegram_gets_a_bounded_message_and_no_markup_of_ours(tmp_path: Path) -> None:
    told = rendered("telegram", tmp_path, *(firing(f"Desa <{n}>") for n in range(90)), OVER, kind="html")
    assert told.splitlines()[:2] == ["<b>90 peringatan, 1 selesai (Paser)</b>", "✗ Desa &lt;0&gt;"]
    assert told.splitlines()[-2:] == [
        "... dan peringatan lain: lihat halaman Kentongan",
        "✓ B: pulih (ditanggapi oleh piket)",
    ]
