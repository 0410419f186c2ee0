"""The rules of the house that a machine can check: who may import whom, who may read the clock, what is documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.source
ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agent", "collector", "shared")
PURE = (
    "judging/judge",
    "judging/evidence",
    "judging/groups",
    "judging/ladder",
    "judging/tracks",
    "judging/quality",
    "judging/still",
    "judging/steady",
    "judging/block",
    "judging/bins",
    "judging/arrays",
    "judging/owed",
    "accounting/ledger",
    "accounting/calendars",
    "acts",
    "decode",
    "columns",
    "clocks",
    "chronicle",
    "condition",
    "accounting/silence",
    "accounting/spells",
    "accounting/tally",
    "accounting/changes",
    "accounting/days",
    "alerts/deciding/decide",
    "alerts/deciding/memory",
    "alerts/deciding/watching",
    "alerts/deciding/health",
    "alerts/deciding/agents",
    "alerts/deciding/flapping",
    "alerts/deciding/mass",
    "alerts/deciding/sites",
    "alerts/deciding/rules",
    "alerts/telling/receivers",
    "alerts/telling/routes",
    "alerts/telling/quiet",
    "alerts/telling/messages",
    "alerts/telling/morning",
    "faces/metrics_text",
    "faces/metrics_periods",
    "followups",
    "remote_write/history",
    "remote_write/message",
    "accounting/latency",
    "accounting/digits",
    "accounting/proof",
    "accounting/anchor",
    "contracts",
    "register/amounts",
    "register/days",
    "register/codes",
    "register/columns",
    "register/rows",
    "register/words",
    "register/plan",
    "register/site_sheet",
    "register/contract_sheet",
    "faces/pages/register_words",
    "reports/document",
    "reports/measures",
    "reports/measured",
    "reports/writing/words",
    "reports/writing/axes",
    "reports/writing/strokes",
    "reports/writing/curves",
    "reports/writing/bars",
    "reports/writing/pictures",
    "reports/writing/picture_words",
    "reports/writing/shapes",
    "reports/writing/rows",
    "reports/spans",
    "reports/evaluation/findings",
    "figures/connected",
    "figures/league",
    "figures/downs",
    "figures/restitution",
    "figures/status",
    "faces/pages/report_view",
    "figures/sums",
    "figures/shares",
    "figures/indicators",
    "figures/periods",
    "figures/mass",
    "figures/recap",
    "faces/tables",
    "faces/attempts",
    "faces/open_answers",
    "faces/pages/bars",
    "faces/pages/view",
    "faces/pages/paging",
    "faces/pages/tiles",
    "faces/pages/figure_rows",
    "faces/pages/period_words",
    "people",
    "faces/pages/charts",
    "faces/pages/timeline",
    "faces/pages/timeline_words",
    "faces/pages/reasons",
    "faces/pages/verdict",
    "faces/pages/site_words",
    "faces/pages/explain_words",
    "accounting/uptime",
    "simulate/province",
    "simulate/span",
    "simulate/pieces",
    "simulate/faults",
    "simulate/silences",
    "simulate/world",
    "simulate/asking",
    "simulate/hosts",
    "simulate/measure",
    "simulate/planes",
    "simulate/parcels",
    "simulate/compare",
)
ROOMS = (
    "judging",
    "accounting",
    "figures",
    "faces",
    "faces/pages",
    "alerts",
    "alerts/deciding",
    "alerts/telling",
    "remote_write",
    "register",
    "reports",
    "reports/connectivity",
    "reports/lines",
    "reports/evaluation",
    "reports/pack",
    "reports/pack/recompute",
    "reports/pack/recompute/measures",
    "reports/writing",
)
READS_TIME = re.compile(r"\btime\.(time|monotonic|perf_counter)(_ns)?\(|\bdatetime\.(now|utcnow)\(")


def modules(package: str) -> Iterator[Path]:
    return (path for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("package", PACKAGES)
def test_agent_and_collector_share_only_what_is_shared(package: str) -> None:
    allowed = {package, "shared"}
    for path in modules(package):
        strange = {
            name for name in imports(path) if name.split(".")[0] in PACKAGES and name.split(".")[0] not in allowed
        }
        assert not strange, f"{path.relative_to(ROOT)} imports {strange}"


def test_a_shared_module_is_used_by_both_sides() -> None:
    shared = {f"shared.{path.stem}" for path in modules("shared") if path.stem != "__init__"}
    for side in ("agent", "collector"):
        used = set().union(*(imports(path) for path in modules(side)))
        assert shared <= used, f"{side} does not import {shared - used}"


@pytest.mark.parametrize("package", PACKAGES)
def test_only_the_clock_reads_machine_time(package: str) -> None:
    for path in modules(package):
        if path.name != "clock.py":
            found = READS_TIME.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)} reads time: {found and found[0]}"


@pytest.mark.parametrize("name", PURE)
def test_decisions_are_pure(name: str) -> None:
    path = ROOT / "collector" / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Await | ast.AsyncFunctionDef)]
    assert not imports(path) & {"logging", "sqlite3", "asyncio", "time", "socket", "os", "shared.clock"}


def test_the_agent_never_needs_numpy() -> None:
    for side in ("agent", "shared"):
        assert not [path for path in modules(side) if "numpy" in {name.split(".")[0] for name in imports(path)}]


def test_every_kind_of_probe_has_its_row_in_the_readme() -> None:
    from agent.probes import PROBES

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{kind}` |" in readme for kind in PROBES)


@pytest.mark.parametrize("package", ["agent", "collector", *(f"collector/{name}" for name in ROOMS)])
def test_the_maps_name_every_module(package: str) -> None:
    map_of_package = (ROOT / package / "__init__.py").read_text(encoding="utf-8")
    names = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py"}
    assert not {name for name in names if name not in map_of_package}
