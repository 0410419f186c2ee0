"""Pure: tracks of targets -> tracks of groups, and one date for what happened at once.

1. A group is up while any of its targets is, down while all that are observed are down, else unobserved; `intercepted`
   is a group that is up while a target of it is answered by somebody else. Targets of several agents at a site stand in
   one group: it is up if any agent says so.
2. A slow probe (a web check may wait for seconds) does not hold up the verdict: targets that are only suspect fall with
   the others, if since the last success in the group at least as many have gone down as are suspect.
3. A group that went down is dated to the first failure after its last success; later failures belong to the same event.
4. Flips of several groups that can be one event are one event (`align`): a flip lies somewhere between its proof and
   its date, so a flip whose proof is older than another's date may have happened with it, and is dated to it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.columns import Series
from collector.condition import State
from collector.judging.tracks import Sample, Track, Turn, states_at
from shared.result import Group

OUTSIDE = "outside"
LINE_GROUPS = (Group.INTRANET, Group.INTERNET)
FAILED = (State.DOWN, State.INTERCEPTED)


@dataclass(frozen=True, slots=True)
class Trial:
    """One target under judgement: its scope, its group, its results and its track. `last` is the newest of its results,
    evidence or not: series and stamp."""

    scope: str
    group: str
    sample: Sample
    track: Track
    last: tuple[Series, int] | None = None


def group_track(trials: Sequence[Trial], stored: Turn | None, from_ms: int, interval_ms: int) -> Track:
    """The track of a group from its targets. `stored` is its last turn before `from_ms`, where the window opens."""
    tracks = _first_seen_together(_end_together([trial.track for trial in trials]), interval_ms)
    entered = (bisect_right(track, from_ms, key=_at_ms) - 1 for track in tracks)
    standing = [track[i] for track, i in zip(tracks, entered, strict=True) if i >= 0]
    entering = _entering(standing, stored, from_ms)
    turns = [entering] if entering else []
    state = entering.state if entering else State.UNOBSERVED
    for at_ms, members in states_at(tracks):
        now = _state(at_ms, [member for member in members if member], trials)
        if at_ms > from_ms and now is not state:
            turn = _turn(at_ms, now, state, trials, members)
            if turns and turn.at_ms < turns[-1].at_ms:  # an agent's first failure may lie before another's last word
                turn = Turn(turns[-1].at_ms, turn.state, turn.proof_ms)
            turns.append(turn)
            state = now
    return tuple(turns)


def _at_ms(turn: Turn) -> int:
    return turn.at_ms


def _state(at_ms: int, members: Sequence[Turn], trials: Sequence[Trial]) -> State:
    state = state_of([member.state for member in members])
    suspects = sum(member.state is State.SUSPECT for member in members)
    if state is not State.DOWN or not suspects:
        return state
    last_ok_ms = _last_ok_ms(trials, at_ms)
    fallen = sum(member.state in FAILED and member.at_ms > last_ok_ms for member in members)
    return State.DOWN if fallen >= suspects else State.UP


def _end_together(tracks: Sequence[Track]) -> list[Track]:
    """An agent that stops leaves its targets covered for different times, the down ones longest, since they are asked
    more often. What it saw ends for all of them when it ends for the first that was not heard of again.
    """
    ends = sorted(turn.at_ms for track in tracks for turn in track if turn.state is State.UNOBSERVED)
    return [tuple(_ended(turn, ends) for turn in track) for track in tracks]


def _ended(turn: Turn, ends: Sequence[int]) -> Turn:
    if turn.state is not State.UNOBSERVED:
        return turn
    return Turn(ends[bisect_right(ends, turn.proof_ms)], turn.state, turn.proof_ms)


def _first_seen_together(tracks: Sequence[Track], interval_ms: int) -> list[Track]:
    """When an agent starts, a dead target may be asked before a living one: it counts once those that speak within an
    interval have spoken, else the start would be an outage of a second."""
    sights = sorted(turn.at_ms for track in tracks for turn, was in _with_before(track) if was is State.UNOBSERVED)
    return [tuple(_seen(turn, was, sights, interval_ms) for turn, was in _with_before(track)) for track in tracks]


def _with_before(track: Track) -> list[tuple[Turn, State]]:
    return list(zip(track, [State.UNOBSERVED, *(turn.state for turn in track)], strict=False))


def _seen(turn: Turn, was: State, sights: Sequence[int], interval_ms: int) -> Turn:
    if turn.state not in FAILED or was is not State.UNOBSERVED:
        return turn
    return Turn(sights[bisect_right(sights, turn.at_ms + interval_ms) - 1], turn.state, turn.proof_ms)


def _entering(members: Sequence[Turn], stored: Turn | None, from_ms: int) -> Turn | None:
    """What the group is in where the window opens. Its targets decide, because the date of its own flip may have been
    moved by `align` across the edge of the window."""
    state = state_of([member.state for member in members])
    if stored and stored.state is state:
        return stored
    proof_ms = max((m.proof_ms for m in members if m.state is state), default=0)
    dates = [m.at_ms for m in members if m.state is not State.UNOBSERVED and m.at_ms > proof_ms]
    return Turn(min(dates, default=from_ms), state, proof_ms) if members else None


def state_of(members: Sequence[State]) -> State:
    """Rule 1; suspects go with the others."""
    if State.UP in members:
        return State.INTERCEPTED if State.INTERCEPTED in members else State.UP
    if State.DOWN in members or State.INTERCEPTED in members:
        return State.DOWN
    return State.UP if State.SUSPECT in members else State.UNOBSERVED


def _last_ok_ms(trials: Sequence[Trial], until_ms: int) -> int:
    """The last success of any target of the group; 0 when there is none in reach."""
    return max((trial.sample.last_ok_ms(until_ms) for trial in trials), default=0)


def _turn(at_ms: int, now: State, was: State, trials: Sequence[Trial], members: Sequence[Turn | None]) -> Turn:
    turned = [m for m in members if m and m.at_ms == at_ms]
    if now is not State.DOWN or was is State.UNOBSERVED:
        proofs = (
            [m.proof_ms for m in members if m and m.state is now]
            if now is State.UNOBSERVED
            else [m.proof_ms for m in turned]
        )
        return Turn(at_ms, now, max(proofs, default=at_ms))
    last_ok_ms = _last_ok_ms(trials, at_ms)
    first_failures = [
        m.at_ms for m in members if m and m.state in (*FAILED, State.SUSPECT) and last_ok_ms < m.at_ms <= at_ms
    ]
    return Turn(min(first_failures, default=at_ms), now, last_ok_ms or max((m.proof_ms for m in turned), default=at_ms))


def align(tracks: Mapping[str, Track], interval_ms: int) -> dict[str, Track]:
    """Rule 4. Flips down, and flips back up, take the date of the earliest that can be the same event.

    Ends of observation do the same. The first sights of groups, when an agent starts, wait for one another for up
    to an interval: before the last of them has spoken, the site as a whole is not known.
    """
    turns = sorted((turn.at_ms, name, i) for name, track in tracks.items() for i, turn in enumerate(track))
    moved = {name: list(track) for name, track in tracks.items()}
    leaders: dict[str, Turn] = {}
    for _, name, i in turns:
        turn, was = moved[name][i], tracks[name][i - 1].state if i else State.UNOBSERVED
        kind = _kind(turn.state, was)
        leader = leaders.get(kind)
        if kind != "sight" and leader and turn.proof_ms <= leader.at_ms < turn.at_ms:
            moved[name][i] = Turn(
                max(leader.at_ms, moved[name][i - 1].at_ms + 1 if i else 0), turn.state, turn.proof_ms
            )
        elif kind != "sight":
            leaders[kind] = turn
    _wait_for_sight(tracks, moved, interval_ms)
    return {name: tuple(track) for name, track in moved.items()}


def _kind(now: State, was: State) -> str:
    if now is State.UNOBSERVED:
        return "end"
    if was is State.UNOBSERVED:
        return "sight"
    return "down" if now is State.DOWN else "up"


def _wait_for_sight(tracks: Mapping[str, Track], moved: dict[str, list[Turn]], interval_ms: int) -> None:
    sights = sorted(
        (turn.at_ms, name, i)
        for name, track in tracks.items()
        for i, turn in enumerate(track)
        if turn.state is not State.UNOBSERVED and (not i or track[i - 1].state is State.UNOBSERVED)
    )
    times = [at_ms for at_ms, _, _ in sights]
    for at_ms, name, i in sights:
        latest = times[bisect_right(times, at_ms + interval_ms) - 1]
        following = moved[name][i + 1].at_ms if i + 1 < len(moved[name]) else latest + 1
        if at_ms < latest < following:
            turn = moved[name][i]
            moved[name][i] = Turn(latest, turn.state, turn.proof_ms)
