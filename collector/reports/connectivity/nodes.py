"""The points of the network: to what each is connected, since when, and how it was at the ends of the last months.

Since when a site is connected may lie long before the period: all its days are read then, from its first on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from collector.accounting.days import ends_ms, midnight_ms
from collector.figures.connected import (
    WAYS,
    Connection,
    Daily,
    Rule,
    active_days,
    connected,
    connections,
    daily,
    together,
)
from collector.figures.totals import gaps
from collector.registry import Site
from collector.reports.source import Source
from collector.reports.spans import DAY, ends_of, months_shown, span_of

HUB = "hub"
"""Places that watch others from outside: no points of the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A site as of the last day of the period; `ways` by WAYS. `active_days`: on how many days of the period one of
    them was up for at least the rule's time. `at_ends`: of each of the last months, whether it was connected then."""

    site: Site
    ways: Mapping[str, Connection]
    active_days: int
    at_ends: Sequence[bool | None]

    @property
    def any(self) -> Connection:
        """By one way at least."""
        return together(list(self.ways.values()))

    @property
    def connected(self) -> bool | None:
        """The same; None: it was not measured in any way."""
        return self.any.connected


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the registered are connected, not connected, not measured."""

    yes: int
    no: int
    unknown: int

    @property
    def registered(self) -> int:
        return self.yes + self.no + self.unknown

    @property
    def value(self) -> float | None:
        """Connected / registered: who was not measured is not shown as connected."""
        return self.yes / self.registered if self.registered else None


def share_of(told: Iterable[bool | None]) -> Share:
    """Counts them."""
    several = list(told)
    return Share(several.count(True), several.count(False), several.count(None))


def either(told: Sequence[bool | None]) -> bool | None:
    """Yes if one is; no if one is known not to be; else nobody knows."""
    return True if True in told else False if False in told else None


def rule_of(source: Source) -> Rule:
    """As it is set."""
    return Rule(
        window_days=source.settings.connected_window_days,
        at_least_ms=source.settings.connected_at_least_s * 1000,
    )


def rule_words(source: Source) -> dict[str, object]:
    """What the sentence `connected.rule` is filled with."""
    settings = source.settings
    return {"days": settings.connected_window_days, "minutes": settings.connected_at_least_s / 60}


def nodes(source: Source) -> Sequence[Node]:
    """Of all sites of the report but hubs that are there on its last day, by code (blocks)."""
    return source.recall("nodes", lambda: [node for node in ever_nodes(source) if _is_there(source, node.site)])


def ever_nodes(source: Source) -> Sequence[Node]:
    """Also of those that were closed by then: at the ends of earlier months they were there (blocks)."""
    return source.recall(("nodes", "whole"), lambda: list(_nodes(source, whole=True)))


def _is_there(source: Source, site: Site) -> bool:
    return span_of(source.wanted.period, source.now_ms, site.timezone).last < site.after


def brief_nodes(source: Source) -> Sequence[Node]:
    """The same, but for what lies before the period: since when, until when, and how it was then (blocks)."""
    if ("nodes", "whole") in source.known:
        return nodes(source)
    return source.recall(("nodes", "brief"), lambda: list(_nodes(source, whole=False)))


def _nodes(source: Source, *, whole: bool) -> Iterator[Node]:
    rule = rule_of(source)
    ends = [last for _, last in ends_of(months_shown(source.span))]
    sites = source.registered if whole else [site for site in source.sites if _is_there(source, site)]
    for portion in source.in_portions(source.texts.say("connected.doing"), sites=sites):
        for site in portion:
            if site.kind != HUB:
                yield _node(source, site, rule, ends) if whole else _brief_node(source, site, rule)


def _node(source: Source, site: Site, rule: Rule, ends: Sequence[date]) -> Node:
    span = span_of(source.wanted.period, source.now_ms, site.timezone)
    known = _daily(source, site, 0)
    return Node(
        site=site,
        ways=dict(zip(WAYS, connections(known, span.last, rule), strict=True)),
        active_days=active_days(known, span.first, span.after, rule),
        at_ends=[either(connected(known, end, rule)) for end in ends],
    )


def _brief_node(source: Source, site: Site, rule: Rule) -> Node:
    span = span_of(source.wanted.period, source.now_ms, site.timezone)
    first = min(span.first, span.after - rule.window_days * DAY)
    known = _daily(source, site, midnight_ms(first, site.timezone))
    return Node(
        site=site,
        ways={way: Connection(connected=yes) for way, yes in zip(WAYS, connected(known, span.last, rule), strict=True)},
        active_days=active_days(known, span.first, span.after, rule),
        at_ends=(),
    )


def _daily(source: Source, site: Site, from_ms: int) -> Daily:
    """The days of a site up to the end of the period, or now, or its last one."""
    to_ms = min(source.wanted.period.span(site.timezone)[1], source.now_ms, ends_ms(site))
    kept = source.store.books.tallies(site.code, from_ms, to_ms) if from_ms < to_ms else ()
    day_of = _days_of(site.timezone)
    made = [
        (day_of(day.ledger.from_ms), day.ledger)
        for gap in gaps([(day.from_ms, day.to_ms) for day in kept], from_ms, to_ms)
        for day in source.made(site, *gap)
    ]
    return daily([(day_of(day.from_ms), day.tally) for day in kept], made)


def _days_of(timezone: str) -> Callable[[int], int]:
    zone = ZoneInfo(timezone)
    return lambda at_ms: datetime.fromtimestamp(at_ms / 1000, zone).toordinal()


def month_ends(source: Source) -> list[tuple[str, date]]:
    """(month, last day) that `Node.at_ends` is of."""
    return list(ends_of(months_shown(source.span)))
