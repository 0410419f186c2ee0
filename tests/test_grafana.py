"""The province dashboard. No Grafana runs here: its JSON is checked, and every query is run by a Prometheus."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from agent.metrics import BLACKBOX_PHASES, FACTS
from agent.probes import PROBES
from collector.condition import DOWN, Condition
from collector.faces.metrics import CONTENT_TYPE, Metrics
from shared.clock import SystemClock
from tests.daemons import found, free_port, running, serving, until
from tests.grafana_queries import VARIABLES, panels, queries
from tests.metric_names import AGENT_METRICS, unknown_names
from tests.scrapes import agent_scrape, facts

ROOT = Path(__file__).parent.parent
DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
PROVINCE: dict[str, Any] = json.loads((ROOT / "grafana" / "dashboards" / "province.json").read_text())
FILLED_IN = dict(VARIABLES) | {"__rate_interval": "3s", "__range": "10s"}

PROMETHEUS = """
global: {{scrape_interval: 200ms, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - {{job_name: kentongan-collector, static_configs: [{{targets: ["{address}"]}}]}}
  - {{job_name: kentongan-agent, metrics_path: /agent, static_configs: [{{targets: ["{address}"]}}]}}
"""


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: str(path.stem))
def test_a_dashboard_can_be_provisioned_over_and_over(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    assert dashboard["uid"].startswith("kentongan-")
    assert dashboard["id"] is None
    assert "__inputs" not in dashboard
    first = dashboard["templating"]["list"][0]
    assert (first["name"], first["type"]) == ("datasource", "datasource")


def test_panels_have_their_own_ids_do_not_overlap_and_are_explained() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in panels(PROVINCE):
        grid = panel["gridPos"]
        taken = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
        assert not taken & cells, panel["title"]
        assert all(x < 24 for x, _ in taken)
        assert panel["description"]
        cells |= taken
    ids = [panel["id"] for panel in panels(PROVINCE)]
    assert len(ids) == len(set(ids))


def test_every_panel_asks_the_chosen_datasource() -> None:
    asked = [t["datasource"]["uid"] for p in panels(PROVINCE) for t in (p, *p["targets"])]
    assert set(asked) == {"${datasource}"}


def test_graphs_break_where_nothing_is_known() -> None:
    kinds = {"timeseries", "state-timeline"}
    spans = [p["fieldConfig"]["defaults"]["custom"]["spanNulls"] for p in panels(PROVINCE) if p["type"] in kinds]
    assert spans
    assert not any(spans)


def test_every_condition_has_its_own_colour_and_every_down_condition_is_in_the_table() -> None:
    [first, *_] = panels(PROVINCE)
    colours = {
        o["matcher"]["options"]: o["properties"][0]["value"]["fixedColor"] for o in first["fieldConfig"]["overrides"]
    }
    assert colours.keys() == set(Condition)
    assert len(set(colours.values())) == len(Condition)
    [table] = [expr for title, expr in queries(PROVINCE) if title == "Lokasi yang terputus"]
    assert set(table.split('condition=~"')[1].split('"')[0].split("|")) == DOWN


@pytest.mark.source
def test_the_list_of_the_agents_metrics_is_what_the_agent_writes() -> None:
    source = (ROOT / "agent" / "metrics.py").read_text()
    own = {f"kentongan_probe_{kind}_duration_seconds" for kind in PROBES if kind not in BLACKBOX_PHASES}
    made_of_parts = {f"probe_{kind}_duration_seconds" for kind in BLACKBOX_PHASES} | {f"probe_{fact}" for fact in FACTS}
    missing = {name for name in AGENT_METRICS if f'"{name.removesuffix("_total")}' not in source}
    assert missing - made_of_parts - own == set()


@pytest.mark.parametrize(("title", "expr"), queries(PROVINCE))
def test_a_query_names_only_metrics_that_are_exported(title: str, expr: str) -> None:
    assert unknown_names(expr) == set(), title


def test_provisioning_names_one_prometheus_and_one_folder_of_dashboards() -> None:
    def provisioned(kind: str) -> Any:
        return yaml.safe_load((ROOT / "grafana" / "provisioning" / kind / "kentongan.yml").read_text())

    [source] = provisioned("datasources")["datasources"]
    assert (source["type"], source["access"], source["uid"]) == ("prometheus", "proxy", "kentongan")
    [provider] = provisioned("dashboards")["providers"]
    assert (provider["type"], provider["orgId"]) == ("file", 1)


@asynccontextmanager
async def prometheus(folder: Path) -> AsyncIterator[str]:
    """A Prometheus with the shipped rules that scrapes a sample province."""
    metrics, scrapes = Metrics(per_site_series=True), iter(range(1_000_000))

    async def collector(_request: web.Request) -> web.Response:
        body = metrics.render(facts(SystemClock().wall_ms(), next(scrapes)))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    async def agent(_request: web.Request) -> web.Response:
        return web.Response(text=agent_scrape(SystemClock().wall_ms(), next(scrapes)))

    program, address = found("prometheus"), f"127.0.0.1:{free_port()}"
    async with serving(web.get("/metrics", collector), web.get("/agent", agent)) as url:
        rules = ROOT / "config" / "prometheus" / "rules.yml"
        (folder / "p.yml").write_text(PROMETHEUS.format(rules=rules, address=url.removeprefix("http://")))
        argv = [program, "--config.file=p.yml", "--storage.tsdb.path=data", f"--web.listen-address={address}"]
        async with running(argv, f"http://{address}/-/ready", folder):
            yield f"http://{address}/api/v1"


@pytest.mark.peers
async def test_every_query_of_the_dashboard_returns_data_from_a_real_prometheus(tmp_path: Path) -> None:
    async with prometheus(tmp_path) as api, aiohttp.ClientSession() as session:

        async def answer(expr: str) -> dict[str, Any]:
            async with session.get(f"{api}/query", params={"query": expr}) as response:
                said: dict[str, Any] = await response.json()
                return said

        async def scraped() -> list[Any]:
            ready = "min(count_over_time(up[10s])) >= 3 and on () group:kentongan_probe_packets_sent:rate5m"
            return list((await answer(ready))["data"]["result"])

        await until(scraped, within_s=15)
        for title, expr in queries(PROVINCE, FILLED_IN):
            said = await answer(expr)
            assert said["status"] == "success", (title, expr, said)
            assert said["data"]["result"], (title, expr)
