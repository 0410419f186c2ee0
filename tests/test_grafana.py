"""The dashboards. No Grafana runs here: their JSON is checked, and every query is run by a Prometheus that holds a
month of a simulated province."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
import yaml

from agent.metrics import BLACKBOX_PHASES, FACTS
from agent.probes import PROBES
from collector.condition import DOWN, Condition
from tests.daemons import found, free_port, running
from tests.grafana_queries import VARIABLES, Asked, Dashboard, panels, queries
from tests.metric_names import AGENT_METRICS, unknown_names
from tests.month import DAY_MS, Month, month

ROOT = Path(__file__).parent.parent
BOARDS: dict[str, Dashboard] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "grafana" / "dashboards").glob("*.json")
}
each_dashboard = pytest.mark.parametrize("name", sorted(BOARDS))
KINDS = {"stat", "bargauge", "timeseries", "state-timeline", "table", "barchart"}
"""Panels that come with Grafana 11 and 12."""
UNITS = {
    "_seconds": {"s", "dateTimeFromNow"},
    "_ratio": {"percentunit"},
    "_bytes": {"bytes", "d"},
    "_sites": {"short", "percentunit"},
}
"""By the end of a metric's name, what a number made of it may be shown in."""


def links(dashboard: Dashboard) -> list[tuple[str, dict[str, str]]]:
    """(uid, variables) of every address that leads to another dashboard, from its head and from cells."""
    urls = [(link["url"], {v["name"]: "" for v in dashboard["templating"]["list"]}) for link in dashboard["links"]]
    for panel in panels(dashboard):
        for override in panel["fieldConfig"]["overrides"]:
            for given in (p["value"] for p in override["properties"] if p["id"] == "links"):
                urls += [(link["url"], {}) for link in given]
    found_links = []
    for url, carried in urls:
        path, _, rest = url.partition("?")
        named = {name.removeprefix("var-"): value for name, value in parse_qsl(rest) if name.startswith("var-")}
        found_links.append((path.removeprefix("/d/"), carried | named))
    return found_links


def variables(dashboard: Dashboard) -> set[str]:
    return {variable["name"] for variable in dashboard["templating"]["list"]}


# what is committed


@pytest.mark.source
def test_the_json_is_what_the_generator_makes() -> None:
    from grafana.make import FOLDER, files

    made = {path.name: text for path, text in files()}
    assert made == {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}, "python -m grafana.make"


@each_dashboard
def test_a_dashboard_can_be_provisioned_over_and_over(name: str) -> None:
    dashboard = BOARDS[name]
    assert dashboard["uid"] == f"kentongan-{name}"
    assert dashboard["id"] is None
    assert not {"__inputs", "__requires"} & dashboard.keys()
    first = dashboard["templating"]["list"][0]
    assert (first["name"], first["type"]) == ("datasource", "datasource")


@each_dashboard
def test_panels_have_their_own_ids_and_titles_do_not_overlap_and_are_explained(name: str) -> None:
    cells: set[tuple[int, int]] = set()
    for panel in panels(BOARDS[name]):
        grid = panel["gridPos"]
        taken = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
        assert not taken & cells, panel["title"]
        assert all(x < 24 for x, _ in taken)
        assert panel["description"].endswith(".")
        cells |= taken
    for key in ("id", "title"):
        told = [panel[key] for panel in panels(BOARDS[name])]
        assert len(told) == len(set(told))


@each_dashboard
def test_panels_are_of_kinds_that_grafana_has_and_say_what_is_shown_where_there_is_nothing(name: str) -> None:
    for panel in panels(BOARDS[name]):
        assert panel["type"] in KINDS
        assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEFGH"[: len(panel["targets"])])
        tables = panel["type"] in ("table", "barchart")
        assert all((target["format"] == "table") == tables for target in panel["targets"]), panel["title"]


@each_dashboard
def test_everything_asks_the_chosen_datasource(name: str) -> None:
    dashboard = BOARDS[name]
    asking = [t for p in panels(dashboard) for t in (p, *p["targets"])] + list(dashboard["annotations"]["list"])
    asking += [variable for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    assert {one["datasource"]["uid"] for one in asking} == {"${datasource}"}


def test_graphs_break_where_nothing_is_known() -> None:
    shown = [p for dashboard in BOARDS.values() for p in panels(dashboard)]
    graphs = [p for p in shown if p["type"] in ("timeseries", "state-timeline")]
    assert graphs
    assert not [p["title"] for p in graphs if p["fieldConfig"]["defaults"]["custom"]["spanNulls"]]


@each_dashboard
def test_every_dashboard_marks_mass_outages_and_maintenance(name: str) -> None:
    told = [one["name"] for one in BOARDS[name]["annotations"]["list"] if one["enable"]]
    assert told == ["Gangguan massal", "Pemeliharaan"]


def test_every_condition_has_its_own_colour_and_every_down_condition_is_in_the_table() -> None:
    [first, *_] = panels(BOARDS["province"])
    colours = {
        o["matcher"]["options"]: o["properties"][0]["value"]["fixedColor"] for o in first["fieldConfig"]["overrides"]
    }
    assert colours.keys() == set(Condition)
    assert len(set(colours.values())) == len(Condition)
    [table] = [one.expr for one in queries(BOARDS["province"]) if one.title == "Lokasi yang terputus"]
    assert set(table.split('condition=~"')[1].split('"')[0].split("|")) == DOWN


# what it is made of


@each_dashboard
def test_queries_name_only_metrics_that_are_exported(name: str) -> None:
    assert {one.title: unknown for one in queries(BOARDS[name]) if (unknown := unknown_names(one.expr))} == {}


@each_dashboard
def test_every_variable_is_used_and_every_one_that_is_used_is_there(name: str) -> None:
    text = json.dumps([BOARDS[name]["panels"], BOARDS[name]["templating"]])
    used = set(re.findall(r"\$\{?([a-z]+)\b", text))
    assert used == variables(BOARDS[name])


@each_dashboard
def test_links_lead_to_dashboards_that_there_are_with_variables_that_they_have(name: str) -> None:
    by_uid = {dashboard["uid"]: dashboard for dashboard in BOARDS.values()}
    led = links(BOARDS[name])
    assert {uid for uid, _ in led} >= by_uid.keys() - {BOARDS[name]["uid"]}
    assert all(link["includeVars"] and link["keepTime"] for link in BOARDS[name]["links"])
    for uid, carried in led:
        from_cells = carried.keys() - variables(BOARDS[name])
        assert from_cells <= variables(by_uid[uid]), uid


@each_dashboard
def test_numbers_are_shown_in_the_unit_of_their_metric(name: str) -> None:
    for panel in panels(BOARDS[name]):
        if panel["type"] in ("timeseries", "stat", "bargauge"):
            unit = panel["fieldConfig"]["defaults"]["unit"]
            for target in panel["targets"]:
                [metric, *others] = re.findall(r"kentongan_\w+|$", target["expr"])
                counted = re.search(r"count|increase|rate\(|interval_seconds|group by", target["expr"])
                ends = {end for end in UNITS if metric.endswith(end)} if not counted else set()
                assert all(unit in UNITS[end] or (others and unit == "percentunit") for end in ends), panel["title"]


@each_dashboard
def test_thresholds_rise_from_nothing(name: str) -> None:
    for panel in panels(BOARDS[name]):
        values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert values[0] is None
        assert all(a < b for a, b in pairwise(values[1:])), panel["title"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
def test_latency_and_loss_are_judged_by_the_limits_of_their_medium_alone(board: Dashboard) -> None:
    for panel in panels(board):
        exprs = " ".join(target["expr"] for target in panel["targets"])
        if re.search("latency_seconds|loss_ratio|rtt_seconds", exprs):
            judged = len(panel["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1
            assert not judged or "kentongan_medium_" in exprs, panel["title"]


@pytest.mark.source
def test_the_list_of_the_agents_metrics_is_what_the_agent_writes() -> None:
    source = (ROOT / "agent" / "metrics.py").read_text()
    own = {f"kentongan_probe_{kind}_duration_seconds" for kind in PROBES if kind not in BLACKBOX_PHASES}
    made_of_parts = {f"probe_{kind}_duration_seconds" for kind in BLACKBOX_PHASES} | {f"probe_{fact}" for fact in FACTS}
    missing = {name for name in AGENT_METRICS if f'"{name.removesuffix("_total")}' not in source}
    assert missing - made_of_parts - own == set()


def test_provisioning_names_one_prometheus_and_one_folder_of_dashboards() -> None:
    def provisioned(kind: str) -> Any:
        return yaml.safe_load((ROOT / "grafana" / "provisioning" / kind / "kentongan.yml").read_text())

    [source] = provisioned("datasources")["datasources"]
    assert (source["type"], source["access"], source["uid"]) == ("prometheus", "proxy", "kentongan")
    [provider] = provisioned("dashboards")["providers"]
    assert (provider["type"], provider["orgId"]) == ("file", 1)


# what a Prometheus answers


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Month:
    found("prometheus")
    return month(tmp_path_factory.mktemp("month"))


def everything_and_one(held: Month) -> list[dict[str, str]]:
    """The variables with everything chosen and with one of each."""
    given = {"site": held.site.code, "__rate_interval": "5m", "__range": "24h", "__interval": "15m"}
    one = {"regency": held.site.regency, "provider": held.site.provider, "medium": held.site.medium.value}
    return [dict(VARIABLES) | given, dict(VARIABLES) | given | one | {"agent": held.agent, "period": "today"}]


async def answered(session: aiohttp.ClientSession, api: str, one: Asked, end_s: float) -> list[Any]:
    """What Prometheus says, now or over the time that is shown; of annotations, over the whole month."""
    params: dict[str, str | float] = {"query": one.expr, "time": end_s}
    if not one.now:
        days = 31 if one.title.startswith("@") else 1
        params = {"query": one.expr, "start": end_s - days * DAY_MS / 1000, "end": end_s, "step": 900}
    async with session.get(f"{api}/{'query' if one.now else 'query_range'}", params=params) as response:
        said = await response.json()
    assert said["status"] == "success", (one, said)
    result: list[Any] = said["data"]["result"]
    return result


@pytest.mark.peers
async def test_every_query_of_every_dashboard_has_an_answer_in_a_month_of_a_real_prometheus(simulated: Month) -> None:
    address, end_s = f"127.0.0.1:{free_port()}", simulated.end_ms / 1000
    (simulated.folder / "p.yml").write_text("{}")
    argv = [found("prometheus"), "--config.file=p.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=99y"]
    empty: set[tuple[str, str, str]] = set()
    async with (
        running([*argv, f"--web.listen-address={address}"], f"http://{address}/-/ready", simulated.folder),
        aiohttp.ClientSession() as session,
    ):
        for name, dashboard in BOARDS.items():
            for chosen in everything_and_one(simulated):
                for one in queries(dashboard, chosen):
                    if not await answered(session, f"http://{address}/api/v1", one, end_s):
                        empty.add((name, one.title, one.expr))
    assert empty == set()
