"""The queries of a dashboard with its variables filled in: a Prometheus can run them without a Grafana."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Dashboard = Mapping[str, Any]

VARIABLES: Mapping[str, str] = {
    "regency": ".*",
    "provider": ".*",
    "__rate_interval": "2m",
    "__range": "1h",
    "__interval": "30s",
}
"""What Grafana would fill in when everything is chosen and an hour is shown."""

MAY_BE_EMPTY = frozenset({"Lokasi yang terputus", "Lokasi yang paling lama terputus"})
"""Panels that are empty when no site is down."""

_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")


def panels(dashboard: Dashboard) -> Iterator[Mapping[str, Any]]:
    """Every panel, those in collapsed rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def queries(dashboard: Dashboard, variables: Mapping[str, str] = VARIABLES) -> list[tuple[str, str]]:
    """(panel title, PromQL) of every panel and variable that asks Prometheus; KeyError for an unknown variable."""
    asked = [
        (panel["title"], _VARIABLE.sub(lambda found: variables[found[1]], target["expr"]))
        for panel in panels(dashboard)
        for target in panel.get("targets", ())
    ]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = _LABEL_VALUES.fullmatch(variable["definition"]).groups()  # type: ignore[union-attr]  # we wrote it
            asked.append((f"${variable['name']}", f"group by ({label}) ({metric})"))
    return asked
