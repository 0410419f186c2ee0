"""`audit`: all reports of a period and scope, what they were made of, and a script that recomputes them.

1. Reports first: their figures say which days must be accounted for in the pack.
2. Every site: kept accounts and revisions; raw results of all of them, or of a sample (chosen.py).
3. What all share, the chain, the log of human acts.
4. The sheet to read first, the script, and the list of all files with their digests.

Everything is written as it is read: no more than one site is in memory.
"""

from typing import Any

from collector.accounting.calendars import Span
from collector.accounting.days import day_at
from collector.judging.judge import JudgeSettings
from collector.reports.pack import evidence, register
from collector.reports.pack.chosen import MOST_RESULTS, chosen
from collector.reports.pack.listing import ListedShelf
from collector.reports.pack.papers import put_papers
from collector.reports.pack.raw import (
    Reach,
    put_accounts,
    put_networks,
    put_results,
    put_revisions,
    reach_of,
)
from collector.reports.pack.told import Asked, put_reports
from collector.reports.shelf import Shelf
from collector.reports.source import Source
from collector.reports.writing.formats import CannotWrite

FORMAT = "kentongan-audit/1"


def fill(source: Source, shelf: Shelf, most: int = MOST_RESULTS) -> None:
    """Puts the pack on the shelf; at most `most` results of the period go in. CannotWrite if the period cuts a day:
    accounts are of whole days, and half of one could not be checked."""
    _refuse_part_days(source)
    listed = ListedShelf(shelf)
    rules = source.judge
    length, head = source.revision.chain_length, source.revision.chain_head  # as it stands on the reports
    asked = put_reports(source, listed)
    reaches = {site.code: reach for site in chosen(source, most) if (reach := reach_of(source, site))}
    span = _put_sites(source, asked, reaches, listed)
    listed.put_json("data/sites.json", register.sites(source, rules, reaches))
    listed.put_json("data/calendars.json", register.calendars(source))
    listed.put_json("data/exclusions.json", register.exclusions(source))
    listed.put_json("data/causes.json", register.causes(source))
    listed.put_json("data/followups.json", register.followups(source))
    listed.put_json("data/contracts.json", register.contracts(source))
    listed.put_json("data/blind.json", register.blind(source, _watchers(source, reaches), span))
    for name, lines in (("chain", evidence.links(source, span, length)), ("audit_log", evidence.acts(source))):
        with listed.put(f"data/{name}.jsonl") as file:
            file.writelines(line.encode() + b"\n" for line in lines)
    listed.put_json("data/pack.json", _told(source, rules, span, (length, head)))
    put_papers(source, listed, len(reaches))
    listed.finish()


def _refuse_part_days(source: Source) -> None:
    asked = [one for site in source.sites if (one := source.asked(site, source.wanted.period))]
    edges = {(at_ms, one.site.timezone) for one in asked for at_ms in (one.from_ms, one.to_ms)}
    if any(day_at(zone, at_ms)[0] != at_ms != source.now_ms for at_ms, zone in edges):
        raise CannotWrite(source.texts.say("audit.whole_days"))


def _put_sites(source: Source, asked: Asked, reaches: dict[str, Reach], shelf: ListedShelf) -> Span:
    """From when to when anything of any site is in the pack."""
    spans: list[Span] = []
    for number, site in enumerate(source.registered):
        source.progress(source.texts.say("audit.progress.site"), number, len(source.registered))
        span = asked.span(source.wanted.period, site.timezone)
        first_ms = put_accounts(source, site, span, shelf)
        if asked.connections and first_ms is not None:
            put_networks(source, site, first_ms, shelf)
        put_revisions(source, site, span, shelf)
        spans.append((min(span[0], first_ms or span[0]), min(span[1], source.now_ms)))
        if site.code in reaches:
            put_results(source, site, reaches[site.code], shelf)
            spans.append(reaches[site.code].results)
    source.progress(source.texts.say("audit.progress.site"), len(source.registered), len(source.registered))
    return min((a for a, _ in spans), default=0), max((b for _, b in spans), default=0)


def _watchers(source: Source, reaches: dict[str, Reach]) -> list[str]:
    """Sites whose agents look at sites of the pack from outside."""
    places = {source.store.place_of(code) for code in reaches}
    return sorted({watcher for watcher, place in source.store.watched() if place in places})


def _told(source: Source, judge: JudgeSettings, span: Span, chain: tuple[int, str]) -> dict[str, Any]:
    wanted = source.wanted
    zones = {source.timezone, *(site.timezone for site in source.registered)}
    ends_ms = max(wanted.period.span(zone)[1] for zone in zones)  # it may go on for longer than anything is in the pack
    return {
        "format": FORMAT,
        "language": source.texts.language,
        "asked": {"period": wanted.period.name, "scope": wanted.scope, "of": wanted.of},
        "now_ms": source.now_ms,
        "timezone": source.timezone,
        "simulated": source.store.marks.simulated,
        "zones": register.zones(zones, (span[0], max(span[1], ends_ms))),
        "judge": {
            "fail_after": judge.fail_after,
            "recover_after": judge.recover_after,
            "covers": judge.coverage_intervals,
        },
        "accounting": {
            "coverage_floor": source.accounting.coverage_floor,
            "charge_after_ms": round(source.accounting.charge_after_s * 1000),
        },
        "connected": {
            "window_days": source.settings.connected_window_days,
            "at_least_ms": source.settings.connected_at_least_s * 1000,
        },
        "league": {
            "at_least_sites": source.settings.league_at_least_sites,
            "limit": source.settings.league_limit,
        },
        "targets": [
            {"name": one.name, "indicator": one.indicator, "hours": one.hours, "kind": one.kind, "years": one.years}
            for one in source.targets
        ],
        "chain": {"length": chain[0], "head": chain[1]},
        "days_waiting": len(source.store.books.marks(1_000)),
        "results_without_time": sum(source.store.untrusted().values()),
    }
