"""Pure: what a simulated host says of itself: one context after the other, as agent/host.py would tell it.

A context begins with each run of the agent, and where the agent notices that its clocks jumped: up to CLOCKS_MS after
it happened. What was measured between belongs to the context before, as it does there.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from collector.condition import Row
from collector.simulate.world import Story, Stretch
from shared.wire import Context, Jump, TargetSpec

HEARTBEAT_MS = 15_000
CLOCKS_MS = 5_000
STOPS = {Row.POWER: "power", Row.SHUT_DOWN: "clean", Row.AGENT: "crash", None: "crash"}

Begun = tuple[int, Context, Stretch]
"""When a context begins in true time, what it says, and the stretch of the host's life that it lies in."""


def contexts_of(story: Story, push_ms: int, targets: Sequence[TargetSpec], rng: np.random.Generator) -> Iterator[Begun]:
    """All contexts of a host, by time."""
    before: Stretch | None = None
    standing: Context | None = None
    for stretch in story.stretches:
        slept_ms = _slept_ms(stretch)
        for place, (at_ms, wrong_ms) in enumerate(stretch.wrong):
            begins_ms, jump = at_ms, None
            if place or slept_ms:
                begins_ms += int(rng.integers(0, CLOCKS_MS))
            if begins_ms >= stretch.to_ms:
                break  # the host stopped before its agent took note
            if place or slept_ms:
                stepped_ms = wrong_ms - stretch.wrong[place - 1][1] if place else 0
                jump = Jump(at_ms=begins_ms + wrong_ms, slept_ms=0 if place else slept_ms, stepped_ms=stepped_ms)
            if jump is None or standing is None:
                said = _last(stretch, before, wrong_ms)
            else:  # the same run goes on: of the one before it says the same, by the clock of now
                moved_ms = stretch.booted_ms + wrong_ms - standing.clock_base_ms if standing.last_stop == "crash" else 0
                said = standing.last_stop, standing.last_alive_ms + moved_ms
            standing = Context(
                boot_id=f"sim-{story.place.site.code}-{stretch.boot}",
                boot_at_ms=stretch.booted_ms + wrong_ms,
                run_at_ms=stretch.run_ms + wrong_ms,
                clock_base_ms=stretch.booted_ms + wrong_ms,
                push_interval_ms=push_ms,
                targets=tuple(targets),
                last_stop=said[0],
                last_alive_ms=said[1],
                jump=jump,
                version="simulated",
            )
            yield begins_ms, standing, stretch
        before = stretch


def _slept_ms(stretch: Stretch) -> int:
    silence = stretch.before
    return silence.end_ms - silence.start_ms if silence and silence.row is Row.ASLEEP else 0


def _last(stretch: Stretch, before: Stretch | None, wrong_ms: int) -> tuple[str, int]:
    """Why the run before ended, and when it was last alive by the clock that told."""
    silence = stretch.before
    if before is None or silence is None:
        return "first", 0
    alive_ms = silence.start_ms
    if silence.row is not Row.SHUT_DOWN:  # which is told to the millisecond; all else by the last heartbeat
        alive_ms -= (silence.start_ms - before.from_ms) % HEARTBEAT_MS
    then_wrong_ms = [wrong for at_ms, wrong in before.wrong if at_ms <= max(alive_ms, before.from_ms)][-1]
    return STOPS[silence.row], alive_ms + (then_wrong_ms if silence.boots else wrong_ms)
