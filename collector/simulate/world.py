"""Pure: what truly happens at a site: faults of its line, silences of its host, errors of its clock. Seeded.

1. Faults come singly (by medium), from the local network, and from the provider to many of its sites at once. Where
   they overlap the graver one counts, so that the site is in one `Kind` at any instant.
2. Silences of the host: power, shut down, asleep, agent; and restarts too short to be a silence. They do not overlap.
   Between them the host is awake: a `Stretch`.
3. What is shorter than an agent at this pace can see is no part of the story: inside a stretch every kind lasts at
   least `shortest_ms`. A silence is longer than the cover of a result, or, if the host boots anew, so short that no
   cover of any target ends in it. (An outage that falls between two probes is seen by nobody, and what ends only for
   some targets leaves a site half seen; a rule of accounting cannot be tested with either.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from collector.condition import Row
from collector.registry import Medium
from collector.simulate.province import Place, Role, Timekeeping

SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
COVER_INTERVALS = 2.5
BOOT_MS = (15_000, 70_000)
"""From power to the start of the agent."""
WRONG_EPOCH_MS = 1_325_376_000_000
"""2012-01-01: where a board without a battery begins."""
AHEAD_MS = 14 * DAY_MS
LONGEST_WEEKEND_MS = 4 * DAY_MS
HEARD_MS = 30 * MINUTE_MS


class Kind(StrEnum):
    """What the site's network is in, the gravest last."""

    UP = "up"
    INTERCEPTED = "intercepted"
    INTRANET_DOWN = "intranet_down"
    INTERNET_DOWN = "internet_down"
    LINE_DOWN = "line_down"
    LOCAL_DOWN = "local_down"


KINDS: tuple[Kind, ...] = tuple(Kind)
PARTIAL = frozenset({Kind.INTERCEPTED, Kind.INTRANET_DOWN, Kind.INTERNET_DOWN})
Piece = tuple[int, int, Kind]
"""[start, end) and what the network is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What is simulated and how fine the agents measure.

    Accounts are made from `from_ms` to `to_ms`. Then all is well until `healed_ms`, so that everything gets told. Then
    the story may go on for `today_ms`, and end in the middle of things.
    """

    from_ms: int
    to_ms: int
    interval_ms: int
    down_ms: int
    today_ms: int = 0
    web: bool = True
    """Whether there is a web check; without one nobody sees that somebody else answers."""

    @property
    def healed_ms(self) -> int:
        return self.to_ms + max(30 * MINUTE_MS, 4 * self.shortest_ms)

    @property
    def end_ms(self) -> int:
        return self.healed_ms + self.today_ms

    @property
    def shortest_ms(self) -> int:
        """What lasts so long is seen by an agent that has just answered a question and waits half a turn more."""
        return round(1.5 * self.interval_ms) + self.down_ms + 40 * SECOND_MS

    @property
    def cover_ms(self) -> int:
        return round(COVER_INTERVALS * self.interval_ms)

    @property
    def brief_ms(self) -> int:
        """A host may be gone for so long, and every target's last result still cover the time of its return."""
        return self.cover_ms - self.interval_ms - 30 * SECOND_MS


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The agent is awake from `from_ms` to `to_ms`; `before` is the silence that ends here, `after` the next one.

    `booted_ms`, `run_ms`: when this boot and this run of the agent began; `wrong` has (from when, by how many
    milliseconds the wall clock is wrong), the first from the beginning on.
    """

    from_ms: int
    to_ms: int
    boot: int
    booted_ms: int
    run_ms: int
    before: Silence | None
    after: Silence | None
    wrong: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that truly happens at a place. `pieces` are without gaps."""

    place: Place
    pieces: tuple[Piece, ...]
    stretches: tuple[Stretch, ...]
    """None at a place that is watched from outside."""
    silences: tuple[Silence, ...]


RATES_PER_DAY = {
    Medium.FIBER: 0.15,
    Medium.COPPER: 0.3,
    Medium.WIRELESS: 0.35,
    Medium.CELLULAR: 0.35,
    Medium.LEO: 0.2,
    Medium.VSAT: 0.4,
    Medium.OTHER: 0.25,
}
OTHER_FAULTS = (
    # kind, a day, median minutes, at most hours
    (Kind.LOCAL_DOWN, 0.04, 90, 10),
    (Kind.INTERNET_DOWN, 0.05, 30, 8),
    (Kind.INTRANET_DOWN, 0.08, 45, 12),
    (Kind.INTERCEPTED, 0.03, 240, 30),
)


def mass_outages(places: Sequence[Place], span: Span, rng: Random) -> dict[str, list[Piece]]:
    """Faults of whole providers, by site: one in eight days each, over three fifths of its sites."""
    by_provider: dict[str, list[str]] = {}
    for place in places:
        by_provider.setdefault(place.site.provider, []).append(place.site.code)
    found: dict[str, list[Piece]] = {}
    for _, codes in sorted(by_provider.items()):
        for start_ms in _moments(span, 1 / 8, rng):
            kind = rng.choice((Kind.LINE_DOWN, Kind.LINE_DOWN, Kind.INTERNET_DOWN))
            end_ms = start_ms + _lasting(30, 4, rng)
            for code in codes:
                if rng.random() < 0.6:
                    found.setdefault(code, []).append((start_ms, end_ms, kind))
    return found


def story(place: Place, span: Span, mass: Mapping[str, Sequence[Piece]], rng: Random) -> Story:
    """What happens at one place. The watching server itself has no faults: who watches must see."""
    faults = [] if place.role is Role.SERVER else [*mass.get(place.site.code, ()), *_faults(place, span, rng)]
    silences = tuple(_apart(_silences(place, span, rng), span))
    pieces = _painted(faults, span)
    if place.role is Role.WATCHED:
        # cut together by the caller: what a watcher sees of a village without power is a village without a line
        cut = _painted([*faults, *((s.start_ms, s.end_ms, Kind.LINE_DOWN) for s in silences)], span)
        seen = tuple(_long_enough(_without_inner(cut), span.shortest_ms))
        return Story(place=place, pieces=seen, stretches=(), silences=silences)
    stretches = tuple(_stretches(place, silences, span, rng))
    if place.clock is not Timekeeping.GOOD:  # whose clock is wrong must be heard once a boot, or nothing of it counts
        pieces = _covered(pieces, [(s.from_ms, s.from_ms + HEARD_MS) for s in stretches if s.run_ms == s.from_ms])
    return Story(place=place, pieces=tuple(_seen(pieces, stretches, span)), stretches=stretches, silences=silences)


def _moments(span: Span, per_day: float, rng: Random) -> Iterator[int]:
    at_ms = float(span.from_ms)
    while True:
        at_ms += rng.expovariate(per_day) * DAY_MS
        if at_ms >= span.end_ms:
            return
        yield round(at_ms)


def _lasting(median_min: float, most_h: float, rng: Random) -> int:
    return round(min(most_h * HOUR_MS, rng.lognormvariate(0, 1.1) * median_min * MINUTE_MS))


def _faults(place: Place, span: Span, rng: Random) -> Iterator[Piece]:
    for start_ms in _moments(span, RATES_PER_DAY[place.site.medium], rng):
        yield start_ms, start_ms + _lasting(20, 18, rng), Kind.LINE_DOWN
    for kind, per_day, median_min, most_h in OTHER_FAULTS:
        if kind is Kind.INTERCEPTED and not span.web:
            continue
        for start_ms in _moments(span, per_day, rng):
            yield start_ms, start_ms + _lasting(median_min, most_h, rng), kind


def _painted(faults: Sequence[Piece], span: Span) -> list[Piece]:
    """The gravest fault at every instant."""
    sound = ((span.from_ms, span.to_ms), (span.healed_ms, span.end_ms))
    faults = [(max(a, lo), min(b, hi), kind) for a, b, kind in faults for lo, hi in sound if max(a, lo) < min(b, hi)]
    edges = sorted({span.from_ms, span.end_ms, *(t for a, b, _ in faults for t in (a, b))})
    pieces: list[Piece] = []
    for start_ms, end_ms in pairwise(edges):
        kind = max((k for a, b, k in faults if a <= start_ms < b), key=KINDS.index, default=Kind.UP)
        pieces.append((start_ms, end_ms, kind))
    return _joined(list(_one_by_one(pieces)))


def _one_by_one(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """What does not cover one another does not change places at one instant: in between all is well."""
    before = Kind.UP
    for start_ms, end_ms, kind in pieces:
        changes = before is not kind and before in PARTIAL and kind in PARTIAL
        before = Kind.UP if changes else kind
        yield start_ms, end_ms, before


def _covered(pieces: Sequence[Piece], well: Sequence[tuple[int, int]]) -> list[Piece]:
    """With all being well in the spans `well`."""
    edges = sorted({t for a, b, _ in pieces for t in (a, b)} | {t for span in well for t in span})
    found: list[Piece] = []
    for start_ms, end_ms in pairwise(t for t in edges if pieces[0][0] <= t <= pieces[-1][1]):
        (kind,) = (kind for _, _, kind in _cut(pieces, start_ms, end_ms))
        is_well = any(a <= start_ms < b for a, b in well)
        found.append((start_ms, end_ms, Kind.UP if is_well else kind))
    return _joined(found)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1][2] is piece[2]:
            found[-1] = (found[-1][0], piece[1], piece[2])
        else:
            found.append(piece)
    return found


def _without_inner(pieces: Sequence[Piece]) -> list[Piece]:
    """As it looks from outside: the router answers as long as the line is up."""
    return _joined([(a, b, Kind.LINE_DOWN if kind is Kind.LINE_DOWN else Kind.UP) for a, b, kind in pieces])


def _long_enough(pieces: Sequence[Piece], shortest_ms: int) -> list[Piece]:
    """Without pieces too short to be seen: each goes to the one before it, the first to the one behind."""
    found: list[Piece] = []
    for start_ms, end_ms, kind in pieces:
        if found and (end_ms - start_ms < shortest_ms or found[-1][2] is kind):
            found[-1] = (found[-1][0], end_ms, found[-1][2])
        elif found and found[-1][1] - found[-1][0] < shortest_ms:
            found[-1] = (found[-1][0], end_ms, kind)
        else:
            found.append((start_ms, end_ms, kind))
    return _joined(found)


def _seen(pieces: Sequence[Piece], stretches: Sequence[Stretch], span: Span) -> list[Piece]:
    """The pieces, with every stretch of the host's life cut so that each can be seen."""
    found: list[Piece] = []
    at_ms = span.from_ms
    for stretch in stretches:
        if found and stretch.before and stretch.before.row is None:
            found.append((at_ms, stretch.from_ms, found[-1][2]))  # nobody can tell what happened in a few seconds
        else:
            found += _cut(pieces, at_ms, stretch.from_ms)
        seen = _long_enough(list(_cut(pieces, stretch.from_ms, stretch.to_ms)), span.shortest_ms)
        found += _long_enough(list(_one_by_one(seen)), span.shortest_ms)
        at_ms = stretch.to_ms
    return _joined([*found, *_cut(pieces, at_ms, span.end_ms)])


def _cut(pieces: Sequence[Piece], from_ms: int, to_ms: int) -> Iterator[Piece]:
    for start_ms, end_ms, kind in pieces:
        if start_ms < to_ms and end_ms > from_ms:
            yield max(start_ms, from_ms), min(end_ms, to_ms), kind


# silences


def _silences(place: Place, span: Span, rng: Random) -> list[Silence]:
    found: list[Silence] = []
    if place.role in (Role.PC, Role.LAPTOP):
        found += _office_nights(place, span, rng)
    if place.role is Role.LAPTOP:
        found += _lunches(place, span, rng)
    if place.role in (Role.BOX, Role.WATCHED):
        found += _cuts(place, span, rng)
    if place.role not in (Role.WATCHED, Role.SERVER):
        found += [_crash(at_ms, span, rng) for at_ms in _moments(span, 0.08, rng)]
    return sorted(found, key=lambda silence: silence.start_ms)


def _boot(rng: Random) -> int:
    return rng.randint(*BOOT_MS)


def _cuts(place: Place, span: Span, rng: Random) -> Iterator[Silence]:
    """Where the electricity is not steady it goes every day; elsewhere once in a fortnight."""
    for start_ms in _moments(span, 1.3 if place.cuts_daily else 0.07, rng):
        end_ms = start_ms + _lasting(70, 14, rng)
        yield Silence(start_ms=start_ms, end_ms=end_ms, row=Row.POWER, boot_ms=_boot(rng))


def _crash(at_ms: int, span: Span, rng: Random) -> Silence:
    if rng.random() < 0.5:
        return Silence(start_ms=at_ms, end_ms=at_ms + rng.randint(4_000, max(4_000, span.interval_ms // 4)), row=None)
    return Silence(start_ms=at_ms, end_ms=at_ms + _lasting(60, 6, rng), row=Row.AGENT)


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


def _stretches(place: Place, silences: Sequence[Silence], span: Span, rng: Random) -> Iterator[Stretch]:
    booted_ms = span.from_ms - rng.randint(10, 600) * MINUTE_MS
    from_ms = run_ms = span.from_ms + rng.randint(1_000, 50_000)
    boot, before = 0, None
    wrong = _wrong(place.clock, boot, booted_ms, from_ms, span, rng)
    for silence in (*silences, None):
        to_ms = silence.start_ms if silence else span.end_ms
        yield Stretch(
            from_ms=from_ms,
            to_ms=to_ms,
            boot=boot,
            booted_ms=booted_ms,
            run_ms=run_ms,
            before=before,
            after=silence,
            wrong=_from(wrong, from_ms),
        )
        if silence is None or silence.end_ms + silence.boot_ms >= span.end_ms:
            return
        before, from_ms = silence, silence.end_ms + silence.boot_ms
        if silence.boots:
            boot, booted_ms = boot + 1, silence.end_ms
            wrong = _wrong(place.clock, boot, booted_ms, from_ms, span, rng)
        if silence.row is not Row.ASLEEP:
            run_ms = from_ms


def _wrong(
    clock: Timekeeping, boot: int, booted_ms: int, from_ms: int, span: Span, rng: Random
) -> tuple[tuple[int, int], ...]:
    """(from when, error) of the wall clock during one boot."""
    if clock is Timekeeping.NO_RTC:
        return (from_ms, WRONG_EPOCH_MS - booted_ms), (from_ms + rng.randint(30, 900) * SECOND_MS, rng.randint(-30, 30))
    if clock is Timekeeping.AHEAD:
        return ((from_ms, AHEAD_MS + 1_000 * boot),)
    if clock is Timekeeping.BEHIND:
        step_ms = from_ms + rng.randint(2, 30) * HOUR_MS
        return (from_ms, -rng.randint(8, 90) * SECOND_MS), (step_ms, rng.randint(-30, 30))
    return ((from_ms, rng.randint(-30, 30)),)


def _from(wrong: Sequence[tuple[int, int]], from_ms: int) -> tuple[tuple[int, int], ...]:
    """The errors that count from `from_ms` on."""
    standing = [one for one in wrong if one[0] <= from_ms][-1:]
    later = [one for one in wrong if one[0] > from_ms]
    return tuple((max(at_ms, from_ms), error_ms) for at_ms, error_ms in (*standing, *later))
