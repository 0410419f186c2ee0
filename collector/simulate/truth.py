"""The true ledger: what each site was in, spell by spell and day by day; and the file it stands in.

Its rows are those of the collector's ledger, told from what happened and not from what was measured, but for one thing:
nobody can know what a place was in before its agent had looked. So a boot, a waking or a start is `agent` until every
group was asked once; and before an agent's very first result all is `unknown`. After a brief silence (silences.py) it
is `agent` until the first result: from there on what was known before it counts again.

The file has one JSON object a line: first what was simulated, then one site a line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from collector.condition import Row
from collector.simulate.measure import Agent
from collector.simulate.pieces import Kind
from collector.simulate.span import Span
from collector.simulate.world import Story
from shared.clock import utc

NEAR_MS = 60_000
TrueSpell = tuple[Row, int, int]
"""What a site was in, from when to when."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a truth file."""

    simulated: bool
    seed: int
    from_ms: int
    to_ms: int
    interval_ms: int


class TrueDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a site's own time zone: milliseconds by row."""

    day: str
    from_ms: int
    to_ms: int
    rows: dict[Row, int]


class TrueSite(msgspec.Struct, frozen=True, kw_only=True):
    """All there is to know of a site; `spells` without gaps. `clock_ms`: how wrong the stamps of who measured there may
    be although the collector trusts them, or has corrected them."""

    site: str
    clock_ms: int
    days: tuple[TrueDay, ...]
    spells: tuple[TrueSpell, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """A whole truth file."""

    header: Header
    sites: Mapping[str, TrueSite]


class BadTruth(ValueError):  # noqa: N818  it reads as what it is
    """A file that is no truth file; the text says where."""


def inner_spells(story: Story, agent: Agent, span: Span) -> list[TrueSpell]:
    """Of a site with an agent of its own."""
    found: list[TrueSpell] = []
    at_ms = span.from_ms
    for stretch, sight in zip(story.stretches, agent.sights, strict=True):
        silence = stretch.before
        (first,) = (row for row, _, _ in _of_pieces(story, sight.seen_ms, sight.seen_ms + 1))
        seen_ms = max(sight.last_ms, sight.seen_ms) if first is Row.INTERCEPTED else sight.seen_ms
        if silence is None:
            found.append((Row.UNKNOWN, at_ms, sight.first_ms))
            found.append((Row.AGENT, sight.first_ms, seen_ms))
        elif silence.row is not None:
            found.append((silence.row, silence.start_ms, silence.end_ms))
            found.append((Row.AGENT, silence.end_ms, sight.first_ms if silence.is_brief(span) else seen_ms))
        at_ms = found[-1][2]
        found += _of_pieces(story, at_ms, stretch.to_ms)
        at_ms = stretch.to_ms
    return _joined(found, span)


def outer_spells(story: Story, watcher: Agent, span: Span) -> list[TrueSpell]:
    """Of a site that is watched from outside: which of line and power it was, nobody there can tell."""
    place = [spec.site for spec in watcher.targets].index(story.place.site.code)
    first = watcher.taken[0]
    asked = int(np.argmax(first.target == place))
    seen_ms = int(first.at_ms[asked] + (first.avg_us[asked] + first.above_us[asked]) // 1_000)
    begun_ms = watcher.sights[0].first_ms
    found: list[TrueSpell] = [(Row.UNKNOWN, span.from_ms, begun_ms), (Row.AGENT, begun_ms, seen_ms)]
    for row, start_ms, end_ms in _of_pieces(story, seen_ms, span.to_ms):
        found.append((Row.UNREACHABLE if row is Row.LINE_DOWN else row, start_ms, end_ms))
    return _joined(found, span)


def _of_pieces(story: Story, from_ms: int, to_ms: int) -> Iterator[TrueSpell]:
    for start_ms, end_ms, kind in story.pieces:
        if start_ms < to_ms and end_ms > from_ms:
            yield _row(kind), max(start_ms, from_ms), min(end_ms, to_ms)


def _row(kind: Kind) -> Row:
    return Row(kind.value)


def _joined(spells: Iterable[TrueSpell], span: Span) -> list[TrueSpell]:
    """Without gaps over the accounted time, neighbours of one row made one."""
    found: list[TrueSpell] = []
    for row, start_ms, end_ms in spells:
        end_ms = min(end_ms, span.to_ms)  # noqa: PLW2901  the same one, cut
        if start_ms >= end_ms:
            continue
        if found and found[-1][0] is row:
            found[-1] = (row, found[-1][1], end_ms)
        else:
            found.append((row, start_ms, end_ms))
    return found


def true_site(code: str, timezone: str, spells: Sequence[TrueSpell], span: Span, clock_ms: int) -> TrueSite:
    """With the plain sums of its days."""
    days = tuple(
        TrueDay(day=name, from_ms=from_ms, to_ms=to_ms, rows=sums(spells, from_ms, to_ms))
        for name, from_ms, to_ms in days_of(timezone, span.from_ms, span.to_ms)
    )
    return TrueSite(site=code, clock_ms=clock_ms, days=days, spells=tuple(spells))


def boundaries(spells: Sequence[TrueSpell], from_ms: int, to_ms: int) -> int:
    """How many spells begin or end from `from_ms` to `to_ms`, give or take what a wrong stamp moves across midnight."""
    return sum(from_ms - NEAR_MS < start_ms < to_ms + NEAR_MS for _, start_ms, _ in spells[1:])


def sums(spells: Sequence[TrueSpell], from_ms: int, to_ms: int) -> dict[Row, int]:
    """Milliseconds by row."""
    spent: dict[Row, int] = {}
    for row, start_ms, end_ms in spells:
        inside_ms = min(end_ms, to_ms) - max(start_ms, from_ms)
        if inside_ms > 0:
            spent[row] = spent.get(row, 0) + inside_ms
    return spent


def days_of(timezone: str, from_ms: int, to_ms: int) -> Iterator[tuple[str, int, int]]:
    """(date, start, end) of the whole local days inside."""
    zone = ZoneInfo(timezone)
    day = utc(from_ms).astimezone(zone).date()
    while True:
        start_ms, end_ms = (
            _midnight_ms(datetime(d.year, d.month, d.day, tzinfo=zone)) for d in (day, day + timedelta(1))
        )
        if end_ms > to_ms:
            return
        if start_ms >= from_ms:
            yield day.isoformat(), start_ms, end_ms
        day += timedelta(1)


def _midnight_ms(midnight: datetime) -> int:
    return round(midnight.timestamp() * 1000)


def line_of(record: Any) -> bytes:
    """A record as a line of the file."""
    return msgspec.json.encode(record) + b"\n"


def read_truth(path: Path) -> Truth:
    """Raises BadTruth, and OSError if it cannot be read."""
    lines = path.read_bytes().splitlines()
    try:
        header = msgspec.json.decode(lines[0] if lines else b"", type=Header)
        sites = [msgspec.json.decode(line, type=TrueSite) for line in lines[1:]]
    except msgspec.MsgspecError as error:
        raise BadTruth(f"{path} is no truth file of `simulate`: {error}") from None
    return Truth(header, {site.site: site for site in sites})
