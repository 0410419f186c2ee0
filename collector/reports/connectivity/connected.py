"""`keterhubungan`: every OPD office, village and service point: connected or not, by what, since when, by which rule.

The rule is in figures/connected.py; hubs, which only watch others, are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from collector.figures.connected import NETWORKS, OUTSIDE, WAYS, Connection, together
from collector.reports.connectivity.nodes import Node, ever_nodes, month_ends, nodes, rule_words, share_of
from collector.reports.connectivity.targets import CONNECTED as CONNECTED_TARGET
from collector.reports.connectivity.targets import aim_of, aim_words
from collector.reports.connectivity.targets import facts as target_facts
from collector.reports.connectivity.targets import table as target_table
from collector.reports.document import Chart, Column, Document, Line, Prose, Row, Section, Table, Unit, Value
from collector.reports.heads import day_words, document
from collector.reports.measured import owner_words, words
from collector.reports.measures import CONNECTED, REGISTER
from collector.reports.source import Source

KINDS = ("opd", "village", "service", "other")
"""The order in which they are told."""
SEVERAL = ", "
BANDWIDTH = "register.bandwidth_mbps"


def make(source: Source) -> Document:
    """See the head of this file."""
    sheet = Connections(source)
    opds = [sheet.by_opd()] if any(node.site.opd for node in nodes(source)) else []
    sections: list[Section] = [
        *target_facts(source, CONNECTED_TARGET),
        sheet.rule(),
        *sheet.months_chart(),
        sheet.shares(),
        *([sheet.shares_by_regency()] if source.wanted.scope == "all" else []),
        *target_table(source, CONNECTED_TARGET),
        sheet.months(),
        *opds,
        sheet.by_site(),
    ]
    own = [source.texts.say("connected.rule", **rule_words(source)), source.texts.say("connected.rule.since")]
    return document("keterhubungan", source, sections, main="sites", own=own)


class Connections:
    """Its sections, of one source."""

    def __init__(self, source: Source) -> None:
        self._source, self._texts = source, source.texts
        self._kinds = [kind for kind in KINDS if any(node.site.kind == kind for node in nodes(source))]

    def rule(self) -> Prose:
        say = self._texts.say
        said = [
            say("connected.rule", **rule_words(self._source)),
            say("connected.rule.since"),
            say("connected.rule.day", day=day_words(self._source.span.last, self._texts)),
        ]
        return Prose(name="rule", title=say("connected.rule.title"), paragraphs=said)

    def shares(self) -> Table:
        """By kind of site, and all of them."""
        return Table(
            name="shares",
            title=self._texts.say("connected.shares"),
            columns=(words("kind", self._texts), *self._share_columns()),
            rows=self._shares,
            note=self._texts.say("connected.shares.note"),
        )

    def _shares(self) -> Iterator[Row]:
        for kind in self._kinds:
            known = [node for node in nodes(self._source) if node.site.kind == kind]
            name = owner_words("kind", kind, self._texts)
            yield Row(cells=(name, *_shares_of(known)), subject=self._source.subject("kind", kind))
        cells = owner_words("all", "", self._texts), *_shares_of(nodes(self._source))
        yield Row(cells=cells, subject=self._source.subject("all", ""), mark="total")

    def shares_by_regency(self) -> Table:
        return Table(
            name="shares_by_regency",
            title=self._texts.say("connected.shares.regency"),
            columns=(words("regency", self._texts), words("kind", self._texts), *self._share_columns()),
            rows=self._shares_by_regency,
            note=self._texts.say("connected.shares.note"),
        )

    def _shares_by_regency(self) -> Iterator[Row]:
        of: dict[tuple[str, str], list[Node]] = {}
        for node in nodes(self._source):
            of.setdefault((node.site.regency, node.site.kind), []).append(node)
        for (regency, kind), known in sorted(of.items(), key=lambda one: (one[0][0], _place(one[0][1]))):
            names = owner_words("regency", regency, self._texts), owner_words("kind", kind, self._texts)
            where = (("regency", regency),)
            yield Row(cells=(*names, *_shares_of(known)), subject=self._source.subject("kind", kind, where=where))

    def months(self) -> Table:
        """How it was at the ends of the last months, as far as anything was measured."""
        say = self._texts.say
        names = {kind: owner_words("kind", kind, self._texts) for kind in self._kinds}
        shares = [
            _column(f"{kind}_share", say("connected.column.share_of", kind=name), kind) for kind, name in names.items()
        ]
        return Table(
            name="months",
            title=say("connected.months"),
            columns=(Column(name="last_day", label=say("connected.column.last_day"), unit=Unit.DAY), *shares),
            rows=lambda: (
                Row(cells=(end, *shares), subject=self._source.subject("all", "", month))
                for month, end, shares in self._months()
            ),
            note=say("connected.months.note"),
        )

    def months_chart(self) -> list[Chart]:
        """None before there are two months: one point is no course of things."""
        told = self._months()
        if len(told) < 2:
            return []
        kinds = [(kind, aim_of(self._source, CONNECTED_TARGET, kind)) for kind in ("", *self._kinds)]
        aim = next((one for _, one in kinds if one), None)
        chart = Chart(
            name="months_chart",
            title=self._texts.say("connected.months.chart"),
            kind="lines",
            places=[end.isoformat() for _, end, _ in told],
            lines=[
                Line(owner_words("kind", kind, self._texts), [shares[n] for _, _, shares in told])
                for n, kind in enumerate(self._kinds)
            ],
            target=aim.in_year(self._source.span.last.year) if aim else None,
            target_label=aim_words(self._source, aim) if aim else "",
            note=self._texts.say("connected.months.note"),
            of_table="months",
        )
        return [chart]

    def _months(self) -> list[tuple[str, date, list[float | None]]]:
        """(month, last day, share by kind) from the first end on at which anything had been measured."""
        found: list[tuple[str, date, list[float | None]]] = []
        for n, (month, end) in enumerate(month_ends(self._source)):
            told = [(node.site.kind, node.at_ends[n]) for node in ever_nodes(self._source) if node.site.after > end]
            if found or any(yes is not None for _, yes in told):
                shares = [share_of(yes for of, yes in told if of == kind).value for kind in self._kinds]
                found.append((month, end, shares))
        return found

    def by_opd(self) -> Table:
        """An OPD with several sites is connected if one of them is."""
        say, texts = self._texts.say, self._texts
        return Table(
            name="opds",
            title=say("connected.opds"),
            columns=(
                words("opd", texts, wide=True),
                _column("sites", say("reports.measure.sites")),
                *self._network_columns(),
                words("medium", texts),
                words("provider", texts),
                words("bandwidth", texts),
                Column(name="note", label=say("reports.column.note"), wide=True),
            ),
            rows=self._opds,
            note=say("connected.opds.note"),
        )

    def _opds(self) -> Iterator[Row]:
        of: dict[str, list[Node]] = {}
        for node in nodes(self._source):
            if node.site.opd:
                of.setdefault(node.site.opd, []).append(node)
        for opd, known in sorted(of.items()):
            told = {way: together([node.ways[way] for node in known]) for way in WAYS}
            media = [owner_words("medium", node.site.medium.value, self._texts) for node in known]
            bandwidths = [self._bandwidth(node) for node in known]
            cells: tuple[Value, ...] = (
                opd,
                len(known),
                *_cells(told),
                _once(media),
                _once([node.site.provider for node in known]),
                _once([f"{one:g}" for one in bandwidths if one is not None]),
                self._note(told),
            )
            yield Row(cells=cells, subject=self._source.subject("opd", opd), mark=_mark(told))

    def by_site(self) -> Table:
        say, texts = self._texts.say, self._texts
        return Table(
            name="sites",
            title=say("connected.sites"),
            columns=(
                words("code", texts),
                words("name", texts, wide=True),
                words("kind", texts),
                words("opd", texts),
                words("regency", texts),
                *self._network_columns(),
                words("medium", texts),
                words("provider", texts),
                replace(words("bandwidth", texts, REGISTER[BANDWIDTH]), measure=BANDWIDTH),
                Column(name="note", label=say("reports.column.note"), wide=True),
            ),
            rows=self._sites,
            note=say("connected.sites.note"),
        )

    def _sites(self) -> Iterator[Row]:
        for node in sorted(nodes(self._source), key=lambda one: (_place(one.site.kind), one.site.code)):
            site = node.site
            cells: tuple[Value, ...] = (
                site.code,
                site.name,
                owner_words("kind", site.kind, self._texts),
                site.opd,
                site.regency,
                *_cells(node.ways),
                owner_words("medium", site.medium.value, self._texts),
                site.provider,
                self._bandwidth(node),
                self._note(node.ways),
            )
            yield Row(cells=cells, subject=self._source.subject("site", site.code), mark=_mark(node.ways))

    def _bandwidth(self, node: Node) -> float | None:
        return self._source.details[node.site.code].bandwidth_mbps

    def _note(self, told: Mapping[str, Connection]) -> str:
        """Why it says so, network by network, or once where it is the same; and if it was only seen from outside."""
        say = self._texts.say
        if told[OUTSIDE].connected is not None and all(told[network].connected is None for network in NETWORKS):
            return say("connected.because.outside" if told[OUTSIDE].connected else "connected.because.unreachable")
        whys = {network: self._why(told[network]) for network in NETWORKS}
        if len({*whys.values()}) == 1:
            return whys[NETWORKS[0]]
        named = ((say(f"connected.column.{network}"), why) for network, why in whys.items() if why)
        return "; ".join(say("connected.because", network=name, why=why) for name, why in named)

    def _why(self, one: Connection) -> str:
        """Nothing where all is said by yes and since."""
        say = self._texts.say
        if one.connected:
            return say("connected.because.at_least") if one.at_least else ""
        if one.connected is None:
            last = one.last_measured
            return (
                say("connected.because.silent", day=day_words(last, self._texts))
                if last
                else say("connected.because.never_measured")
            )
        return (
            say("connected.because.down", day=day_words(one.last_up, self._texts))
            if one.last_up
            else say("connected.because.never_up")
        )

    def _share_columns(self) -> Iterator[Column]:
        say = self._texts.say
        yield _column("sites", say("connected.column.registered"))
        for name in ("any", *NETWORKS):
            of = say(f"connected.column.{name}")
            for what in ("yes", "no", "unknown"):
                yield _column(f"{name}_{what}", say(f"connected.column.{what}", what=of))
            share, begins = say("connected.column.share", what=of), "" if name == "any" else f"{name}_"
            yield _column(f"{begins}share", share, f"{name}_share")

    def _network_columns(self) -> Iterator[Column]:
        for network in ("any", *NETWORKS):
            for name in (network, f"{network}_since"):
                yield _column(name, self._texts.say(f"connected.column.{name}"))


def _column(what: str, label: str, name: str = "") -> Column:
    """Of the measure `connected.<what>`; called the same unless it has a name."""
    measure = f"connected.{what}"
    return Column(name=name or what, label=label, unit=CONNECTED[measure], measure=measure)


def _place(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def _shares_of(known: Sequence[Node]) -> list[Value]:
    """Registered; then, by any way and of each network: yes, no, not measured, share."""
    told = [[node.connected for node in known]]
    told += [[node.ways[network].connected for node in known] for network in NETWORKS]
    return [len(known), *(value for one in map(share_of, told) for value in (one.yes, one.no, one.unknown, one.value))]


def _cells(told: Mapping[str, Connection]) -> Iterator[Value]:
    for one in (together(list(told.values())), *(told[network] for network in NETWORKS)):
        yield one.connected
        yield one.since


def _mark(told: Mapping[str, Connection]) -> str:
    return {True: "", False: "bad", None: "unknown"}[together(list(told.values())).connected]


def _once(names: Sequence[str]) -> str:
    return SEVERAL.join(dict.fromkeys(name for name in names if name))
