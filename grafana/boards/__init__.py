"""The dashboards, by the names of frame.TITLES."""

from collections.abc import Callable, Mapping

from grafana.boards import collector, fleet, provider, province, regency, site, sla
from grafana.panels import Json

BOARDS: Mapping[str, Callable[[], Json]] = {
    "province": province.board,
    "regency": regency.board,
    "provider": provider.board,
    "site": site.board,
    "sla": sla.board,
    "fleet": fleet.board,
    "collector": collector.board,
}
