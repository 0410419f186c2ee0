"""Pure: silences of a host: power, shut down, asleep, agent; and restarts too short to be a silence.

They do not overlap, and between them there is time to measure. A silence is longer than the cover of a result, or, if
the host boots anew, so short that no cover of any target ends in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from collector.condition import Row
from collector.simulate.province import Place, Role
from collector.simulate.span import DAY_MS, MINUTE_MS, Span, lasting, moments

BOOT_MS = (15_000, 70_000)
"""From power to the start of the agent."""
LONGEST_WEEKEND_MS = 4 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """[start, end): why the host does not measure; None: a restart too short to count. A boot takes `boot_ms` more."""

    start_ms: int
    end_ms: int
    row: Row | None
    boot_ms: int = 0

    @property
    def boots(self) -> bool:
        return self.row in (Row.POWER, Row.SHUT_DOWN)

    @property
    def gone_ms(self) -> int:
        return self.end_ms + self.boot_ms - self.start_ms

    def is_brief(self, span: Span) -> bool:
        """Whether it ends within what the results before it cover."""
        return self.boots and self.gone_ms <= span.brief_ms


def silences_of(place: Place, span: Span, rng: Random) -> tuple[Silence, ...]:
    """All of a place, by time."""
    return tuple(_apart(_drawn(place, span, rng), span))


def _drawn(place: Place, span: Span, rng: Random) -> list[Silence]:
    found: list[Silence] = []
    if place.role in (Role.PC, Role.LAPTOP):
        found += _office_nights(place, span, rng)
    if place.role is Role.LAPTOP:
        found += _lunches(place, span, rng)
    if place.role in (Role.BOX, Role.WATCHED):
        found += _cuts(place, span, rng)
    if place.role not in (Role.WATCHED, Role.SERVER):
        found += [_crash(at_ms, span, rng) for at_ms in moments(span, 0.08, rng)]
    return sorted(found, key=lambda silence: silence.start_ms)


def _boot(rng: Random) -> int:
    return rng.randint(*BOOT_MS)


def _cuts(place: Place, span: Span, rng: Random) -> Iterator[Silence]:
    """Where the electricity is not steady it goes every day; elsewhere once in a fortnight."""
    for start_ms in moments(span, 1.3 if place.cuts_daily else 0.07, rng):
        end_ms = start_ms + lasting(70, 14, rng)
        yield Silence(start_ms=start_ms, end_ms=end_ms, row=Row.POWER, boot_ms=_boot(rng))


def _crash(at_ms: int, span: Span, rng: Random) -> Silence:
    if rng.random() < 0.5:
        return Silence(start_ms=at_ms, end_ms=at_ms + rng.randint(4_000, max(4_000, span.interval_ms // 4)), row=None)
    return Silence(start_ms=at_ms, end_ms=at_ms + lasting(60, 6, rng), row=Row.AGENT)


def _local_days(place: Place, span: Span) -> Iterator[datetime]:
    zone = ZoneInfo(place.site.timezone)
    day = datetime.fromtimestamp(span.from_ms / 1000, UTC).astimezone(zone)
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    while day.timestamp() * 1000 < span.end_ms + LONGEST_WEEKEND_MS:
        yield day
        day += timedelta(days=1)


def _at(day: datetime, clock: time, off_min: float) -> int:
    return round((datetime.combine(day.date(), clock, day.tzinfo).timestamp() + off_min * 60) * 1000)


CLOSES = {0: time(16), 1: time(16), 2: time(16), 3: time(16), 4: time(11)}
"""When offices of five days close, by weekday. They open at 07:30."""


def _office_nights(place: Place, span: Span, rng: Random) -> Iterator[Silence]:
    """Off at closing time, on in the morning of the next day of work; one evening in six somebody forgets it, and one
    Friday in two nobody comes."""
    off_ms: int | None = None
    for day in _local_days(place, span):
        closes = CLOSES.get(day.weekday())
        if closes is None or (day.weekday() == 4 and rng.random() < 0.5):
            continue
        on_ms = _at(day, time(7, 30), rng.gauss(0, 8))
        if off_ms is not None and on_ms > off_ms:
            yield Silence(start_ms=off_ms, end_ms=on_ms, row=Row.SHUT_DOWN, boot_ms=_boot(rng))
        off_ms = None if rng.random() < 1 / 6 else _at(day, closes, abs(rng.gauss(0, 20)))


def _lunches(place: Place, span: Span, rng: Random) -> Iterator[Silence]:
    for day in _local_days(place, span):
        if day.weekday() < 5 and rng.random() < 0.7:
            start_ms = _at(day, time(12), rng.uniform(-30, 30))
            yield Silence(start_ms=start_ms, end_ms=start_ms + round(rng.uniform(25, 80) * MINUTE_MS), row=Row.ASLEEP)


def _apart(silences: Sequence[Silence], span: Span) -> Iterator[Silence]:
    """Those that are long enough, one after the other, with time to measure in between."""
    longest_gap_ms = 2 * span.shortest_ms + 10 * MINUTE_MS
    free_ms = span.from_ms + longest_gap_ms
    for silence in silences:
        least_ms = span.cover_ms + 2 * MINUTE_MS
        is_short = silence.end_ms - silence.start_ms < least_ms
        if is_short and silence.row is not None and not silence.is_brief(span):
            silence = replace(silence, end_ms=silence.start_ms + least_ms)  # noqa: PLW2901  the same one, longer
        before, behind = silence.start_ms < span.to_ms, silence.start_ms >= span.healed_ms + longest_gap_ms
        until_ms = (span.to_ms if before else span.end_ms) - longest_gap_ms
        if free_ms <= silence.start_ms < until_ms and (before or behind):
            if before:
                silence = replace(silence, end_ms=min(silence.end_ms, span.to_ms))  # noqa: PLW2901  cut where all heals
            yield silence
            free_ms = silence.end_ms + silence.boot_ms + longest_gap_ms
