"""What stands around the panels: variables, links, annotations, places; the same on every dashboard."""

from collections.abc import Mapping, Sequence

from grafana.panels import SOURCE, Json
from grafana.words import BLUE, RED

WIDTH = 24
TITLES: Mapping[str, str] = {
    "province": "Kentongan: sekilas provinsi",
    "regency": "Kentongan: kabupaten/kota",
    "provider": "Kentongan: penyedia",
    "site": "Kentongan: lokasi",
    "sla": "Kentongan: SLA bulan berjalan",
    "fleet": "Kentongan: agen",
    "collector": "Kentongan: kesehatan kolektor",
}
"""Every dashboard by its name, in the order of its links. Their uids never change: people keep addresses."""

Row = tuple[int, Sequence[tuple[int, Json]]]
"""Height, and (width, panel) from left to right; widths add up to WIDTH."""


def uid(name: str) -> str:
    return f"kentongan-{name}"


def dashboard(name: str, about: str, variables: Sequence[Json], rows: Sequence[Row], *, since: str = "now-24h") -> Json:
    """A dashboard that can be provisioned over and over."""
    return {
        "id": None,
        "uid": uid(name),
        "title": TITLES[name],
        "description": about,
        "tags": ["kentongan"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "templating": {"list": [DATASOURCE, *variables]},
        "annotations": {"list": [MASS_OUTAGES, EXCLUSIONS]},
        "links": [_link(other) for other in TITLES if other != name],
        "panels": _placed(rows),
    }


def _placed(rows: Sequence[Row]) -> list[Json]:
    panels: list[Json] = []
    y = 0
    for height, row in rows:
        x = 0
        for width, panel in row:
            panels.append({"id": len(panels) + 1, "gridPos": {"x": x, "y": y, "w": width, "h": height}} | panel)
            x += width
        if x != WIDTH:
            raise ValueError(f"a row is {x} wide: {[panel['title'] for _, panel in row]}")
        y += height
    return panels


def _link(name: str) -> Json:
    """To another dashboard, with the variables and the time that are chosen."""
    return {
        "type": "link",
        "title": TITLES[name].removeprefix("Kentongan: "),
        "url": f"/d/{uid(name)}",
        "icon": "dashboard",
        "tooltip": TITLES[name],
        "tags": [],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }


def link_to(name: str, variable: str, label: str, title: str) -> list[Json]:
    """From a cell of a table to the dashboard `name`, with `variable` from the column `label` of its row."""
    url = f"/d/{uid(name)}?var-{variable}=${{__data.fields.{label}}}&${{datasource:queryparam}}&${{__url_time_range}}"
    return [{"title": title, "url": url, "targetBlank": False}]


def _annotation(name: str, expr: str, colour: str, text: str) -> Json:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "step": "60s",
        "titleFormat": name,
        "textFormat": text,
        "tagKeys": "scope,kind",
        "useValueForTime": False,
    }


MASS_OUTAGES = _annotation(
    "Gangguan massal", "max by (scope, of) (kentongan_mass_outage_sites) > 0", RED, "{{scope}} {{of}}"
)
EXCLUSIONS = _annotation(
    "Pemeliharaan", "max by (scope, of, kind) (kentongan_excluded_sites) > 0", BLUE, "{{kind}}: {{scope}} {{of}}"
)

DATASOURCE: Json = {
    "name": "datasource",
    "label": "Sumber data",
    "type": "datasource",
    "query": "prometheus",
    "regex": "",
    "current": {},
    "hide": 0,
}


def choice(name: str, label: str, asked: str, *, regex: str = "", several: bool = True) -> Json:
    """A variable of values that Prometheus knows; `several`: more than one, or all of them."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": asked, "refId": name},
        "definition": asked,
        "regex": regex,
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "allValue": ".*" if several else None,
        "current": {"selected": True, "text": ["Semua"], "value": ["$__all"]} if several else {},
        "hide": 0,
    }


def options(name: str, label: str, known: Mapping[str, str]) -> Json:
    """A variable with a fixed list: value -> text; the first is chosen."""
    told = [{"text": text, "value": value, "selected": not place} for place, (value, text) in enumerate(known.items())]
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ",".join(f"{text} : {value}" for value, text in known.items()),
        "options": told,
        "current": told[0],
        "multi": False,
        "includeAll": False,
        "hide": 0,
    }


REGENCY = choice("regency", "Kab/kota", "label_values(kentongan_region_sites, regency)")
PROVIDER = choice("provider", "Penyedia", "label_values(kentongan_provider_sites, provider)")
MEDIUM = choice("medium", "Media", 'label_values(kentongan_coverage_ratio{scope="medium"}, of)')
SITE = choice(
    "site",
    "Lokasi",
    'query_result(label_join(kentongan_site_condition{regency=~"$regency",provider=~"$provider",medium=~"$medium"}, '
    '"choice", " · ", "name", "site"))',
    regex='/choice="(?<text>(?:[^"\\\\]|\\\\.)*)".*site="(?<value>[^"]+)"/',
    several=False,
)
AGENT = choice("agent", "Agen", 'label_values(kentongan_agent_heard_timestamp_seconds{regency=~"$regency"}, agent)')
PERIOD = options(
    "period",
    "Masa",
    {"month": "bulan ini", "today": "hari ini", "yesterday": "kemarin", "last_month": "bulan lalu"},
)
TARGET = options("target", "Target", {"0.95": "95 %", "0.98": "98 %", "0.99": "99 %", "0.995": "99.5 %"})
