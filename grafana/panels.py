"""Panels of Grafana 11 and 12 as plain JSON, as few settings as show what is meant; frame.py gives them their places.

Every function takes the title, a sentence about what is seen, and the queries (PromQL alone where it is always asked
for now). A gap is shown as a gap everywhere: nobody knew. `nothing` is what is shown where there is no data.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from grafana.words import COLOURS, NAMES, ONE_COLOUR, Steps

Json = dict[str, Any]
SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
NO_DATA = "tidak ada data"


def query(expr: str, legend: str = "", *, now: bool = False) -> Json:
    """PromQL; `now`: only as it is at the end of the time that is shown."""
    return {
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": expr,
        "legendFormat": legend,
        "instant": now,
        "range": not now,
        "format": "time_series",
    }


def stat(
    title: str, about: str, asked: Json, *, unit: str = "short", steps: Steps = ONE_COLOUR, decimals: int | None = None
) -> Json:
    """One large number for each series, in the colour of its step."""
    panel = _panel("stat", title, about, [asked], unit, steps, decimals)
    panel["options"] = _last() | {
        "colorMode": "value",
        "graphMode": "none" if asked["instant"] else "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
        "wideLayout": True,
    }
    return panel


def bars(title: str, about: str, asked: Json, *, unit: str = "short", steps: Steps = ONE_COLOUR) -> Json:
    """One horizontal bar for each series."""
    panel = _panel("bargauge", title, about, [asked], unit, steps)
    panel["fieldConfig"]["defaults"]["min"] = 0
    panel["options"] = _last() | {
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
    }
    return panel


def graph(
    title: str,
    about: str,
    *asked: Json,
    unit: str = "short",
    steps: Steps = (),
    lowest: float | None = 0,
    stacked: bool = False,
) -> Json:
    """Lines over time, with the steps as coloured lines; or areas on top of each other."""
    panel = _panel("timeseries", title, about, asked, unit, steps)
    panel["fieldConfig"]["defaults"] |= {
        "color": {"mode": "palette-classic"},
        "custom": {
            "drawStyle": "line",
            "lineWidth": 0 if stacked else 1,
            "fillOpacity": 70 if stacked else 10,
            "spanNulls": False,
            "showPoints": "auto",
            "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if len(steps) > 1 else "off"},
        },
    }
    if lowest is not None:
        panel["fieldConfig"]["defaults"]["min"] = lowest
    panel["options"] = _LEGEND | {"tooltip": {"mode": "multi", "sort": "desc"}}
    return panel


def timeline(title: str, about: str, asked: Json, said: Mapping[str, tuple[str, str]]) -> Json:
    """One strip for each series; `said`: value -> (text, colour)."""
    panel = _panel("state-timeline", title, about, [asked], "short", ONE_COLOUR)
    panel["fieldConfig"]["defaults"] |= {
        "custom": {"fillOpacity": 85, "lineWidth": 0, "spanNulls": False},
        "mappings": [mapping(said)],
    }
    panel["options"] = _LEGEND | {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.85,
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return panel


def table(title: str, about: str, columns: Mapping[str, str], *exprs: str, nothing: str = NO_DATA) -> Json:
    """Rows of labels and values as they are now. `columns`: label or value -> heading, in order; with more than one
    query the values are called `Value #A`, `Value #B` ..., and rows with the same labels become one."""
    asked = [query(expr, now=True) | {"format": "table"} for expr in exprs]
    panel = _panel("table", title, about, asked, "short", ONE_COLOUR)
    panel["fieldConfig"]["defaults"] |= {"custom": {"filterable": True}, "noValue": nothing}
    panel["options"] = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}, "sortBy": []}
    panel["transformations"] = [
        *([{"id": "merge", "options": {}}] if len(exprs) > 1 else []),
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {
            "id": "organize",
            "options": {
                "renameByName": dict(columns),
                "indexByName": {name: place for place, name in enumerate(columns)},
                "excludeByName": {},
            },
        },
    ]
    return panel


def headed(labels: Mapping[str, str], *headings: str) -> dict[str, str]:
    """Labels with their headings, then one value for each query, in the order of the queries."""
    return dict(labels) | {f"Value #{chr(ord('A') + place)}": heading for place, heading in enumerate(headings)}


def column(panel: Json, heading: str, **properties: Any) -> Json:
    """The table with one column shown in its own way: `unit`, `decimals`, `thresholds`, `mappings`, `links` ...; those
    of the cell itself are called `custom.width`, so they are written `custom__width`."""
    return override(panel, heading, **properties)


def override(panel: Json, name: str, **properties: Any) -> Json:
    """The panel with the series or column of that name shown in its own way."""
    told = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    panel["fieldConfig"]["overrides"].append({"matcher": {"id": "byName", "options": name}, "properties": told})
    return panel


def stacked_bars(title: str, about: str, expr: str, label: str) -> Json:
    """A bar for each value of `label`, made of its conditions."""
    asked = query(expr, now=True) | {"format": "table"}
    panel = _panel("barchart", title, about, [asked], "short", ONE_COLOUR, 0)
    panel["fieldConfig"]["defaults"] |= {"min": 0, "custom": {"fillOpacity": 85, "lineWidth": 0}}
    panel["options"] = _LEGEND | {
        "orientation": "horizontal",
        "stacking": "normal",
        "showValue": "never",
        "xField": f"{label}\\condition",
        "barWidth": 0.8,
        "groupWidth": 0.8,
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    fields = {"rowField": label, "columnField": "condition", "valueField": "Value", "emptyValue": "zero"}
    panel["transformations"] = [{"id": "groupingToMatrix", "options": fields}]
    return panel


def by_condition(panel: Json) -> Json:
    """The panel with every condition under its own name and in its own colour."""
    for condition, colour in COLOURS.items():
        override(panel, condition.value, color=fixed(colour), displayName=NAMES[condition])
    return panel


def named(panel: Json, names: Mapping[str, str]) -> Json:
    """The panel with series shown by the names that people use."""
    for name, shown in names.items():
        override(panel, name, displayName=shown)
    return panel


def mapping(said: Mapping[str, tuple[str, str]]) -> Json:
    """What values are called, and their colours."""
    options = {
        value: {"text": text, "color": colour, "index": n} for n, (value, (text, colour)) in enumerate(said.items())
    }
    return {"type": "value", "options": options}


CONDITIONS = mapping({one.value: (NAMES[one], colour) for one, colour in COLOURS.items()})


def fixed(colour: str) -> Json:
    return {"mode": "fixed", "fixedColor": colour}


def thresholds(steps: Steps) -> Json:
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in steps]}


def _panel(
    kind: str,
    title: str,
    about: str,
    asked: Sequence[Json],
    unit: str,
    steps: Steps,
    decimals: int | None = None,
) -> Json:
    defaults: Json = {"unit": unit, "noValue": NO_DATA, "color": {"mode": "thresholds"}}
    defaults["thresholds"] = thresholds(steps or ONE_COLOUR)
    if decimals is not None:
        defaults["decimals"] = decimals
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": SOURCE,
        "targets": [one | {"refId": chr(ord("A") + place)} for place, one in enumerate(asked)],
        "fieldConfig": {"defaults": defaults, "overrides": []},
    }


def _last() -> Json:
    return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}


_LEGEND: Json = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}}
