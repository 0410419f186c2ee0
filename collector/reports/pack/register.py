"""What all sites of a pack share: registry, calendars, time zones, exclusions, contracts, blind watchers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collector.accounting.calendars import Calendar, Span
from collector.accounting.days import midnight_ms
from collector.contracts import numbers_of
from collector.judging.examine import FOREVER_MS, blind_spans
from collector.judging.judge import SITE, JudgeSettings
from collector.registry import Site
from collector.reports.pack.raw import Reach, begins_of
from collector.reports.source import Source

PERSONAL = ("contact", "phone")
"""What of the register goes into no pack."""
AHEAD = timedelta(45)
"""Fees are monthly: the month in which the period ends is told to its end."""
HOUR_MS = 3_600_000


def sites(source: Source, judge: JudgeSettings, reaches: Mapping[str, Reach]) -> list[dict[str, Any]]:
    """The register of the scope without anybody's name and number; `raw`: which days are to be recomputed."""
    return [_site(source, judge, site, reaches.get(site.code)) for site in source.registered]


def _site(source: Source, judge: JudgeSettings, site: Site, reach: Reach | None) -> dict[str, Any]:
    limits = judge.limits_of(site.medium)
    details = asdict(source.details[site.code])
    return {
        **asdict(site),
        "until": site.until.isoformat() if site.until else None,
        "calendar": source.calendar_of(site).name,
        "begins_ms": begins_of(source, site),
        "limits": {"loss": limits.loss_ratio, "rtt": limits.rtt_ms},
        "raw": list(reach.counted) if reach else None,
        "register": {name: value for name, value in details.items() if name not in (*PERSONAL, "code")},
    }


def calendars(source: Source) -> dict[str, Any]:
    """By name, those of the sites."""
    found = {one.name: one for one in map(source.calendar_of, source.registered)}
    return {name: calendar_told(one) for name, one in sorted(found.items())}


def calendar_told(calendar: Calendar) -> dict[str, Any]:
    """As the script reads it."""
    return {
        "title": calendar.title,
        "fingerprint": calendar.fingerprint,
        "closed": {day.isoformat(): why for day, why in sorted(calendar.closed.items())},
        "seasons": [
            {
                "name": season.name,
                "first": season.first.isoformat() if season.first else None,
                "last": season.last.isoformat() if season.last else None,
                "shifts": {
                    str(weekday): [[f"{shift.start:%H:%M}", f"{shift.end:%H:%M}"] for shift in shifts]
                    for weekday, shifts in sorted(season.shifts.items())
                },
            }
            for season in calendar.seasons
        ],
    }


def zones(names: Iterable[str], span: Span) -> dict[str, Any]:
    """Of each zone: since when its clock is how far ahead of UTC, and when its days begin and end, from the first of
    the month on in which `span` begins."""
    return {name: {"offsets": _offsets(name, span), "days": _days(name, span)} for name in sorted({*names})}


def _days(name: str, span: Span) -> list[list[Any]]:
    day, last = (datetime.fromtimestamp(at_ms / 1000, ZoneInfo(name)).date() for at_ms in span)
    day, found = (day - timedelta(2)).replace(day=1), []  # fees are monthly here, too
    while day <= last + AHEAD:
        found.append([day.isoformat(), midnight_ms(day, name), midnight_ms(day + timedelta(1), name)])
        day += timedelta(1)
    return found


def _offsets(name: str, span: Span) -> list[list[int]]:
    """Hour by hour, and where it changed to the second."""
    zone, day_ms = ZoneInfo(name), 24 * HOUR_MS
    at_ms = span[0] // HOUR_MS * HOUR_MS - 3 * day_ms
    found = [[at_ms, _ahead(zone, at_ms)]]
    while at_ms < span[1] + (AHEAD.days + 3) * day_ms:
        if _ahead(zone, at_ms + HOUR_MS) != found[-1][1]:
            turn_ms = _turn(zone, at_ms, at_ms + HOUR_MS)
            found.append([turn_ms, _ahead(zone, turn_ms)])
        at_ms += HOUR_MS
    return found


def _turn(zone: ZoneInfo, before_ms: int, after_ms: int) -> int:
    old_ms = _ahead(zone, before_ms)
    while after_ms - before_ms > 1_000:
        middle_ms = (before_ms + after_ms) // 2_000 * 1_000
        before_ms, after_ms = (middle_ms, after_ms) if _ahead(zone, middle_ms) == old_ms else (before_ms, middle_ms)
    return after_ms


def _ahead(zone: ZoneInfo, at_ms: int) -> int:
    offset = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone).utcoffset() or timedelta()
    return round(offset.total_seconds()) * 1000


def exclusions(source: Source) -> list[dict[str, Any]]:
    """All that were ever entered for a site of the scope."""
    known = source.store.acts.exclusions()
    return [asdict(one) for one in known if any(one.touches(site) for site in source.registered)]


def causes(source: Source) -> list[dict[str, Any]]:
    """What people gave as causes at the sites of the scope."""
    codes = {site.code for site in source.registered}
    return [asdict(one) for one in source.store.acts.given_causes() if one.site in codes]


def followups(source: Source) -> list[dict[str, Any]]:
    """What people do about the scope, with every step."""
    return [{**asdict(one.followup), "steps": [asdict(step) for step in one.steps]} for one in source.matters]


def contracts(source: Source) -> dict[str, Any]:
    """Those that sites of the scope name; and how many other sites name each."""
    named = {number for site in source.registered for number in numbers_of(site)}
    others = [number for site in source.elsewhere() for number in numbers_of(site)]
    return {
        "contracts": [_plain(asdict(one)) for one in source.contracts if one.number in named],
        "lines_elsewhere": {number: n for number in sorted(named) if (n := others.count(number))},
    }


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat()
        if isinstance(value, date)
        else str(value)
        if name == "sla" and value is not None
        else value
        for name, value in told.items()
    }


def blind(source: Source, watchers: Sequence[str], span: Span) -> dict[str, list[list[int | None]]]:
    """When each watcher's own line was down, so that it could see nothing of others; null: it lasts."""
    found = {}
    for watcher in sorted(watchers):
        flips = [flip for flip in source.store.state_at(watcher, span[0] - 1) if flip.scope == SITE]
        flips += source.store.flips(watcher, span[0], FOREVER_MS, SITE)
        found[watcher] = [[a, None if b == FOREVER_MS else b] for a, b in blind_spans(flips) if a < span[1]]
    return found
