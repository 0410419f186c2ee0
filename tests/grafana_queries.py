"""The queries of a dashboard with its variables filled in: a Prometheus can run them without a Grafana."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Dashboard = Mapping[str, Any]

VARIABLES: Mapping[str, str] = {
    "regency": ".*",
    "provider": ".*",
    "medium": ".*",
    "site": "no site: fill in one that there is",
    "agent": ".*",
    "period": "month",
    "target": "0.98",
    "__rate_interval": "2m",
    "__range": "1h",
    "__interval": "30s",
}
"""What Grafana would fill in when everything is chosen and an hour is shown."""

_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")
_QUERY_RESULT = re.compile(r"query_result\((.+)\)")
_OF_A_PERIOD = re.compile(
    r"kentongan_(?:availability|coverage|outages|downtime|latency|loss|indicators|site_latency|site_loss|history)"
)


class Asked(NamedTuple):
    """One query: the title of its panel (`$name` of a variable, `@name` of an annotation), PromQL, and whether it is
    asked for one instant."""

    title: str
    expr: str
    now: bool = True

    @property
    def needs_time(self) -> bool:
        """Whether it asks for figures that there are only after days of measuring, or with a remote-write store."""
        return bool(_OF_A_PERIOD.search(self.expr))


MAY_BE_EMPTY: Mapping[str, str] = {
    "Lokasi yang terputus": "no site may be down",
    "Lokasi yang paling lama terputus": "no site may have been down",
    "Lokasi terburuk": "too little may have been measured for a figure",
    "Ditolak dan disisihkan": "nothing may have been refused",
    "Hari sampai cakram penuh": "the store may not have grown",
    "@Gangguan massal": "there may have been none",
    "@Pemeliharaan": "there may have been none",
    "Peringatan yang dikirim": "no channel may be set up",
}
"""Panels that are empty in a province where nothing happened, and why."""


def panels(dashboard: Dashboard) -> Iterator[Mapping[str, Any]]:
    """Every panel, those in collapsed rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def queries(dashboard: Dashboard, variables: Mapping[str, str] = VARIABLES) -> list[Asked]:
    """What every panel, annotation and variable asks Prometheus; KeyError for an unknown variable."""
    asked = [
        Asked(panel["title"], target["expr"], target["instant"])
        for panel in panels(dashboard)
        for target in panel.get("targets", ())
    ]
    asked += [Asked(f"@{one['name']}", one["expr"], False) for one in dashboard["annotations"]["list"]]
    asked += [
        Asked(f"${one['name']}", _of_variable(one["definition"]))
        for one in dashboard["templating"]["list"]
        if one["type"] == "query"
    ]
    return [one._replace(expr=filled(one.expr, variables)) for one in asked]


def filled(expr: str, variables: Mapping[str, str]) -> str:
    """`expr` with its variables replaced."""
    return _VARIABLE.sub(lambda found: variables[found[1]] if found[1] not in "0123456789" else found[0], expr)


def _of_variable(definition: str) -> str:
    values = _LABEL_VALUES.fullmatch(definition)
    if values:
        return f"group by ({values[2]}) ({values[1]})"
    return _QUERY_RESULT.fullmatch(definition)[1]  # type: ignore[index]  # we wrote it
