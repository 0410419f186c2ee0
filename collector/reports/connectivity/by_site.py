"""The monthly report's tables of single sites: the worst and the best, and every node of the network by name."""

from collections.abc import Iterator, Sequence

from collector.figures.connected import NETWORKS
from collector.figures.indicators import Figures
from collector.registry import Site
from collector.reports.connectivity.nodes import brief_nodes, rule_words
from collector.reports.document import Column, Row, Table, Unit, Value
from collector.reports.measured import cells, columns, owner_words, unit_of, words
from collector.reports.measures import CONNECTED
from collector.reports.source import Source

EXTREME = ("experienced", "experienced_low", "experienced_high", "line", "coverage", "outages", "downtime")
OF_NODE = ("experienced", "coverage")


class BySite:
    """Of one source."""

    def __init__(self, source: Source) -> None:
        self._source, self._texts = source, source.texts

    def extremes(self) -> Iterator[Table]:
        """The worst and the best sites by what people receive, of those with enough data; ties by code."""
        ordered = sorted(
            (one for one in self._measured() if one[1].availability["experienced"].value is not None), key=_badness
        )
        n = self._source.settings.worst
        yield self._extreme("worst", ordered[:n])
        yield self._extreme("best", ordered[max(n, len(ordered) - n) :][::-1])

    def _measured(self) -> Iterator[tuple[Site, Figures]]:
        told = self._source.figures("site")
        return ((site, told[site.code]) for site in self._source.sites if site.code in told)

    def _extreme(self, name: str, found: Sequence[tuple[Site, Figures]]) -> Table:
        say = self._texts.say
        cause = Column(name="cause", label=say("monthly.column.cause"), unit=Unit.CONDITION, measure="most_lost")
        return Table(
            name=name,
            title=say(f"monthly.{name}", n=self._source.settings.worst),
            columns=(*self._described(), *columns(EXTREME, self._texts), cause),
            rows=lambda: (self._extreme_row(site, one) for site, one in found),
            note=say("monthly.extremes.note"),
            empty=say("monthly.extremes.empty"),
        )

    def _extreme_row(self, site: Site, one: Figures) -> Row:
        return Row(
            cells=(*self._description(site), *cells(one, (*EXTREME, "most_lost"))),
            subject=self._source.subject("site", site.code),
        )

    def every_node(self) -> Table:
        """What stands behind the graph of the days."""
        say, source = self._texts.say, self._source
        return Table(
            name="nodes",
            title=say("monthly.nodes"),
            columns=(
                *self._described(),
                *(self._connected(name, f"connected.column.{name}") for name in ("any", *NETWORKS)),
                self._connected("active_days", "monthly.column.active_days"),
                *columns(OF_NODE, self._texts),
            ),
            rows=self._nodes,
            note=say("monthly.nodes.note", total=source.span.days, **rule_words(source)),
        )

    def _nodes(self) -> Iterator[Row]:
        told = self._source.figures("site")
        for node in brief_nodes(self._source):
            figures = told.get(node.site.code)
            yes = [node.connected, *(node.ways[network].connected for network in NETWORKS)]
            measured: Sequence[Value] = cells(figures, OF_NODE) if figures else [None] * len(OF_NODE)
            yield Row(
                cells=(*self._description(node.site), *yes, node.active_days, *measured),
                subject=self._source.subject("site", node.site.code),
                mark={True: "", False: "bad", None: "unknown"}[node.connected],
            )

    def _connected(self, name: str, label: str) -> Column:
        measure = f"connected.{name}"
        return Column(name=name, label=self._texts.say(label), unit=CONNECTED[measure], measure=measure)

    def _described(self) -> tuple[Column, ...]:
        """What every row begins with."""
        return (
            words("code", self._texts),
            words("name", self._texts, wide=True),
            Column(name="unit", label=self._texts.say("monthly.column.unit")),
            words("provider", self._texts),
            words("medium", self._texts),
        )

    def _description(self, site: Site) -> tuple[Value, ...]:
        medium = owner_words("medium", site.medium.value, self._texts)
        return site.code, site.name, unit_of(site), site.provider, medium


def _badness(one: tuple[Site, Figures]) -> tuple[float, int, str]:
    site, figures = one
    return figures.availability["experienced"].value or 0.0, -figures.downtime_ms, site.code
