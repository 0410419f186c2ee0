"""One site in the pack: its results in true time, day by day, and what they became."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.accounting.accounts import Day
from collector.accounting.calendars import Span
from collector.accounting.days import day_at, days_between, ends_ms
from collector.accounting.ledger import STANDINGS, Standing
from collector.accounting.proof import account_json, result_lines
from collector.accounting.silence import Stay
from collector.acts import canonical
from collector.condition import ROWS, Flip, Row
from collector.figures.connected import NETWORKS, OUTSIDE
from collector.judging.judge import SITE
from collector.registry import Site
from collector.reports.pack import around
from collector.reports.pack.listing import ListedShelf
from collector.reports.source import Source

PORTION_MS = 31 * 86_400_000
DAY_MS = 86_400_000
FOREVER_MS = 1 << 62


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one site. `counted`: the days that are recomputed; `results`: those whose results are in the pack."""

    counted: Span
    results: Span


def day_name(at_ms: int, timezone: str) -> str:
    """`2026-10-05`."""
    return datetime.fromtimestamp(at_ms // 1000, ZoneInfo(timezone)).date().isoformat()


def folder_of(site: Site) -> str:
    return f"data/sites/{site.code}"


def reach_of(source: Source, site: Site) -> Reach | None:
    """None where nothing was measured, or the period has not begun."""
    asked, span = source.asked(site, source.wanted.period), source.store.span(site.code)
    if asked is None or span is None:
        return None
    store, code = source.store, site.code
    earlier = store.flips(code, asked.from_ms - around.MOST_MS, asked.from_ms, SITE)
    standing = [flip for flip in store.state_at(code, asked.from_ms - around.MOST_MS) if flip.scope == SITE]
    at_end = [flip for flip in store.state_at(code, asked.to_ms) if flip.scope == SITE]
    later = store.flips(code, asked.to_ms + 1, asked.to_ms + around.MOST_MS, SITE)
    start_ms = max(around.before_ms([*standing, *earlier], asked.from_ms), span[0])
    end_ms = around.behind_ms([*at_end, *later], asked.to_ms, source.now_ms)
    days = days_between(site.timezone, min(start_ms, asked.from_ms), end_ms)
    return Reach((asked.from_ms, asked.to_ms), (days[0][0], min(days[-1][1], source.now_ms)))


def put_results(source: Source, site: Site, reach: Reach, shelf: ListedShelf) -> None:
    """Results, host facts and flips. A day outside the period that has no results has no file."""
    for start_ms, end_ms in days_between(site.timezone, *reach.results):
        lines = result_lines(source.store.read(site.code, start_ms, min(end_ms, source.now_ms)))
        if lines or reach.counted[0] <= start_ms < reach.counted[1]:
            with shelf.put(f"{folder_of(site)}/results/{day_name(start_ms, site.timezone)}.csv") as file:
                file.write(lines)
    stays = source.store.stays(site.code, *reach.results)
    shelf.put_json(f"{folder_of(site)}/stays.json", [_stay(one, site) for one in stays])
    with shelf.put(f"{folder_of(site)}/flips.csv") as file:
        file.write(_flip_lines(source.store.flips(site.code, *reach.results)))


def _stay(stay: Stay, site: Site) -> dict[str, object]:
    """In the words of the method."""
    return {
        "agent": stay.agent,
        "inside": stay.agent_site == site.code,
        "boot": stay.boot_id,
        "booted": stay.booted_ms,
        "run": stay.started_ms,
        "first": stay.first_ms,
        "last": stay.last_ms,
        "stop": stay.last_stop,
        "alive": stay.last_alive_ms,
        "slept": stay.slept_ms,
        "woke": stay.woke_ms,
    }


def _flip_lines(flips: Sequence[Flip]) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerows((one.scope, one.at_ms, one.was, one.now, one.not_earlier_than_ms) for one in flips)
    return text.getvalue().encode()


def put_accounts(source: Source, site: Site, span: Span, shelf: ListedShelf) -> int | None:
    """The kept account of every day in `span` and of those next to it, further where an outage goes on, but of none
    after the last day of the site; returns when the first of them begins."""
    first_ms: int | None = None
    with shelf.put(f"{folder_of(site)}/accounts.jsonl") as file:
        for day in _whole(source, site, span):
            first_ms = day.ledger.from_ms if first_ms is None else first_ms
            file.write(account_json(day.ledger, day.latency).encode() + b"\n")
    return first_ms


def _whole(source: Source, site: Site, span: Span) -> Iterator[Day]:
    most_ms = min(source.now_ms, ends_ms(site))
    start_ms = day_at(site.timezone, span[0] - 1)[0]
    if start_ms >= most_ms:
        return
    while (first := _days(source, site, *day_at(site.timezone, start_ms))) and _goes_back(first[0]):
        start_ms = day_at(site.timezone, start_ms - 1)[0]
    end_ms = min(day_at(site.timezone, span[1])[1], most_ms)
    last: Day | None = None
    for at_ms in range(start_ms, end_ms, PORTION_MS):
        for day in _days(source, site, *_portion(site, at_ms, end_ms)):
            yield day
            last = day
    while last and _goes_on(last) and last.ledger.to_ms < most_ms:
        behind = _days(source, site, *day_at(site.timezone, last.ledger.to_ms))
        yield from behind
        last = behind[-1] if behind else None


def _portion(site: Site, at_ms: int, end_ms: int) -> Span:
    """Of whole days: from the midnight behind `at_ms` on, unless that is one."""
    start_ms, until_ms = day_at(site.timezone, at_ms), day_at(site.timezone, min(at_ms + PORTION_MS, end_ms))
    first_ms = start_ms[0] if start_ms[0] == at_ms else start_ms[1]
    last_ms = (
        end_ms if at_ms + PORTION_MS >= end_ms else until_ms[0] if until_ms[0] == at_ms + PORTION_MS else until_ms[1]
    )
    return first_ms, last_ms


def _days(source: Source, site: Site, from_ms: int, to_ms: int) -> list[Day]:
    return list(source.accounts.days(site.code, from_ms, min(to_ms, source.now_ms))) if from_ms < source.now_ms else []


def _goes_back(day: Day) -> bool:
    downs = day.ledger.downs
    return bool(downs) and not downs[0].opens and downs[0].start_ms == day.ledger.from_ms


def _goes_on(day: Day) -> bool:
    downs = day.ledger.downs
    return bool(downs) and not downs[-1].closes and downs[-1].end_ms == day.ledger.to_ms


def put_networks(source: Source, site: Site, until_ms: int, shelf: ListedShelf) -> None:
    """Of the days before `until_ms`: how long each network was up, and measured."""
    begins_ms = begins_of(source, site)
    if begins_ms is None or begins_ms >= until_ms:
        return
    with shelf.put(f"{folder_of(site)}/networks.csv") as file:
        for at_ms in range(begins_ms, until_ms, PORTION_MS):
            for day in _days(source, site, *_portion(site, at_ms, until_ms)):
                file.write("".join(_network_lines(day, site.timezone)).encode())


def _network_lines(day: Day, timezone: str) -> Iterator[str]:
    """day, way, for how long it was up, and measured: of each network, and of what was seen from outside."""
    up, unobserved = STANDINGS.index(Standing.UP), STANDINGS.index(Standing.UNOBSERVED)
    name, ledger = day_name(day.ledger.from_ms, timezone), day.ledger
    for network in NETWORKS:
        if network in ledger.others:
            spent_ms = ledger.others[network].sum(axis=(1, 2)).tolist()
            yield f"{name},{network},{spent_ms[up]},{sum(spent_ms) - spent_ms[unobserved]}\n"
    rows_ms = dict(zip(ROWS, ledger.cells.sum(axis=(1, 2)).tolist(), strict=True))
    reached_ms = rows_ms[Row.UP] + rows_ms[Row.DEGRADED]
    yield f"{name},{OUTSIDE},{reached_ms},{reached_ms + rows_ms[Row.UNREACHABLE]}\n"


def begins_of(source: Source, site: Site) -> int | None:
    """From when on there are accounts of a site: the midnight that began the day of its first result."""
    desks = source.recall("desks", lambda: {desk.site: desk for desk in source.store.books.desks()})
    if site.code in desks:
        return desks[site.code].first_ms
    span = source.store.span(site.code)
    return day_at(site.timezone, span[0])[0] if span else None


def put_revisions(source: Source, site: Site, span: Span, shelf: ListedShelf) -> None:
    """What every correction of a closed day changed, and why."""
    with shelf.put(f"{folder_of(site)}/revisions.jsonl") as file:
        for one in source.accounts.revisions(site.code, *span):
            told = {
                "day": day_name(one.from_ms, site.timezone),
                "number": one.number,
                "made_ms": one.made_ms,
                "why": one.why,
                "changes": [list(change) for change in one.changes],
            }
            file.write(canonical(told).encode() + b"\n")
