"""Pure: what truly happens at a site: faults of its line, silences of its host, errors of its clock. Seeded.

1. Faults (faults.py) come singly, from the local network, and from the provider to many of its sites at once. Where
   they overlap the graver one counts, so that the site is in one `Kind` at any instant (pieces.py).
2. Silences of the host (silences.py) do not overlap. Between them the host is awake: a `Stretch`.
3. What is shorter than an agent at this pace can see is no part of the story: inside a stretch every kind lasts at
   least `shortest_ms`. A silence is longer than the cover of a result, or, if the host boots anew, so short that no
   cover of any target ends in it. (An outage that falls between two probes is seen by nobody, and what ends only for
   some targets leaves a site half seen; a rule of accounting cannot be tested with either.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from collector.condition import Row
from collector.simulate.faults import faults_of
from collector.simulate.pieces import Kind, Piece, covered, cut, joined, long_enough, one_by_one, painted, without_inner
from collector.simulate.province import Place, Role, Timekeeping
from collector.simulate.silences import Silence, silences_of
from collector.simulate.span import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Span

WRONG_EPOCH_MS = 1_325_376_000_000
"""2012-01-01: where a board without a battery begins."""
AHEAD_MS = 14 * DAY_MS
HEARD_MS = 30 * MINUTE_MS


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


def story(place: Place, span: Span, mass: Mapping[str, Sequence[Piece]], rng: Random) -> Story:
    """What happens at one place. The watching server itself has no faults: who watches must see."""
    faults = [] if place.role is Role.SERVER else [*mass.get(place.site.code, ()), *faults_of(place, span, rng)]
    silences = silences_of(place, span, rng)
    pieces = painted(faults, span)
    if place.role is Role.WATCHED:
        # cut together by the caller: what a watcher sees of a village without power is a village without a line
        outside = painted([*faults, *((s.start_ms, s.end_ms, Kind.LINE_DOWN) for s in silences)], span)
        seen = tuple(long_enough(without_inner(outside), span.shortest_ms))
        return Story(place=place, pieces=seen, stretches=(), silences=silences)
    stretches = tuple(_stretches(place, silences, span, rng))
    if place.clock is not Timekeeping.GOOD:  # whose clock is wrong must be heard once a boot, or nothing of it counts
        pieces = covered(pieces, [(s.from_ms, s.from_ms + HEARD_MS) for s in stretches if s.run_ms == s.from_ms])
    return Story(place=place, pieces=tuple(_seen(pieces, stretches, span)), stretches=stretches, silences=silences)


def _seen(pieces: Sequence[Piece], stretches: Sequence[Stretch], span: Span) -> list[Piece]:
    """The pieces, with every stretch of the host's life cut so that each can be seen."""
    found: list[Piece] = []
    at_ms = span.from_ms
    for stretch in stretches:
        if found and stretch.before and stretch.before.row is None:
            found.append((at_ms, stretch.from_ms, found[-1][2]))  # nobody can tell what happened in a few seconds
        else:
            found += cut(pieces, at_ms, stretch.from_ms)
        seen = long_enough(list(cut(pieces, stretch.from_ms, stretch.to_ms)), span.shortest_ms)
        found += long_enough(list(one_by_one(seen)), span.shortest_ms)
        at_ms = stretch.to_ms
    return joined([*found, *cut(pieces, at_ms, span.end_ms)])


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
