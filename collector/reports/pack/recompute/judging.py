"""Sections 2 to 5: results -> what each target, each group and the site was in.

Every function names the rule that it follows. Whatever is asked at an instant is looked up for that instant in the
whole history: nothing is carried along.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from .quality import degraded_track
from .records import BLIND, FOREVER, LADDER, Probe, Target, Turn, World

Seen = tuple[Probe, int]
"""A result, and how long it covers at most by its target's interval."""


def target_track(targets: Sequence[Target], world: World) -> list[Turn]:
    """Section 2, of all that is one target."""
    turns: list[Turn] = []
    for stretch, end in stretches(evidence(targets, world)):
        inside = stretch_turns(stretch, world.fail_after, world.recover_after)
        turns += inside
        if inside:
            turns.append(Turn(end, "unobserved", stretch[-1].at))
    return turns


def evidence(targets: Sequence[Target], world: World) -> list[Seen]:
    """By time, without the failures that a blind watcher saw (section 3)."""
    found: list[Seen] = []
    for target in targets:
        short, blind = round(target.interval * world.covers), world.blind.get(target.watcher, ())
        found += [(p, short) for p in target.probes if p.outcome == "ok" or not any(a <= p.at < b for a, b in blind)]
    return sorted(found, key=lambda seen: seen[0].at) if len(targets) > 1 else found


def stretches(seen: Sequence[Seen]) -> Iterator[tuple[list[Probe], int]]:
    """Rule 2.3: (results that follow one another within their cover, the end of the last one's cover)."""
    stretch: list[Probe] = []
    covered = -FOREVER
    for (probe, short), behind in zip(seen, [*seen[1:], None], strict=False):
        if probe.outcome == "error":
            continue
        if stretch and probe.at > covered:
            yield stretch, covered
            stretch = []
        stretch.append(probe)
        bridged = behind is not None and behind[0].outcome == "error" and behind[0].at - probe.at <= short
        covered = probe.at + (2 * short if bridged else short)
    if stretch:
        yield stretch, covered


def stretch_turns(stretch: Sequence[Probe], fail_after: int, recover_after: int) -> list[Turn]:
    """Rules 2.2, 2.4, 2.5, 2.6, in one stretch."""
    turns: list[Turn] = []
    state, place = "unobserved", 0
    for answered, members in groupby(stretch, lambda p: p.outcome == "ok"):
        run = list(members)
        found: list[tuple[int, str]] = []
        if answered and (len(run) >= recover_after or state in ("unobserved", "suspect")) and state != "up":
            found = [(0, "up")]
        elif not answered and len(run) >= fail_after:
            kinds = ["intercepted" if p.outcome == "intercepted" else "down" for p in run]
            found = [(i, kind) for i, kind in enumerate(kinds) if kind != (kinds[i - 1] if i else state)]
        elif not answered and state == "up":
            found = [(0, "suspect")]
        for i, state_now in found:
            at = run[i].at + (run[i].rtt if answered else 0)
            turns.append(Turn(at, state_now, stretch[place + i - 1].at if place + i else at))
            state = state_now
        place += len(run)
    return turns


class Track:
    """Turns of one thing, and which of them is in effect: one takes effect when all before it have."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns = turns
        self._reached = list(accumulate((turn.at for turn in turns), max))

    def standing(self, at: int) -> Turn | None:
        place = bisect_right(self._reached, at)
        return self.turns[place - 1] if place else None


def befores(track: Sequence[Turn]) -> list[str]:
    return ["unobserved", *(turn.state for turn in track)][: len(track)]


@dataclass
class GroupCase:
    """A group under judgement: its targets' tracks after rules 3.4 and 3.5, and when it was answered, by time."""

    tracks: list[Track]
    answers: list[int]

    def last_success(self, at: int) -> int:
        place = bisect_left(self.answers, at)
        return self.answers[place - 1] if place else 0

    def standing(self, at: int) -> list[Turn]:
        return [turn for track in self.tracks if (turn := track.standing(at))]

    def state(self, at: int) -> str:
        """Rules 3.1 and 3.2."""
        turns = self.standing(at)
        states = [turn.state for turn in turns]
        if "up" in states:
            return "intercepted" if "intercepted" in states else "up"
        if "down" in states or "intercepted" in states:
            fallen = [t for t in turns if t.state in ("down", "intercepted") and t.at > self.last_success(at)]
            return "down" if len(fallen) >= states.count("suspect") else "up"
        return "up" if "suspect" in states else "unobserved"

    def turn(self, at: int, was: str, now: str) -> Turn:
        """Rule 3.3."""
        turns = self.standing(at)
        turning = [turn.proof for turn in turns if turn.at == at]
        if now == "unobserved":
            return Turn(at, now, max((t.proof for t in turns if t.state == now), default=at))
        if now != "down" or was == "unobserved":
            return Turn(at, now, max(turning, default=at))
        last = self.last_success(at)
        first = [t.at for t in turns if t.state in ("down", "intercepted", "suspect") and last < t.at <= at]
        return Turn(min(first, default=at), now, last or max(turning, default=at))


def group_track(tracks: list[list[Turn]], answers: Iterable[int], longest: int) -> list[Turn]:
    """Section 3."""
    mine = wait_for_sights(end_together(tracks), longest)
    case = GroupCase([Track(track) for track in mine], sorted(answers))
    turns: list[Turn] = []
    was = "unobserved"
    for at in sorted({turn.at for track in mine for turn in track}):
        now = case.state(at)
        if now != was:
            turn = case.turn(at, was, now)
            turns.append(replace(turn, at=max(turn.at, turns[-1].at)) if turns else turn)
            was = now
    return turns


def end_together(tracks: list[list[Turn]]) -> list[list[Turn]]:
    """Rule 3.4."""
    ends = sorted(turn.at for track in tracks for turn in track if turn.state == "unobserved")
    return [
        [replace(t, at=ends[bisect_right(ends, t.proof)]) if t.state == "unobserved" else t for t in track]
        for track in tracks
    ]


def wait_for_sights(tracks: list[list[Turn]], longest: int) -> list[list[Turn]]:
    """Rule 3.5."""
    sights = sorted(
        t.at for track in tracks for t, was in zip(track, befores(track), strict=True) if was == "unobserved"
    )

    def seen(turn: Turn, was: str) -> Turn:
        if was != "unobserved" or turn.state not in ("down", "intercepted"):
            return turn
        return replace(turn, at=sights[bisect_right(sights, turn.at + longest) - 1])

    return [[seen(t, was) for t, was in zip(track, befores(track), strict=True)] for track in tracks]


def kind_of(was: str, now: str) -> str:
    if now == "unobserved":
        return "end"
    if was == "unobserved":
        return "sight"
    return "down" if now == "down" else "up"


Place = tuple[int, str, int]
"""The date of a turn, whose track it is in, and where."""


def align(tracks: dict[str, list[Turn]], longest: int) -> dict[str, list[Turn]]:
    """Section 4."""
    moved = {name: list(track) for name, track in tracks.items()}
    kinds = {name: [kind_of(w, t.state) for w, t in zip(befores(ts), ts, strict=True)] for name, ts in tracks.items()}
    dates = sorted((turn.at, name, i) for name, track in tracks.items() for i, turn in enumerate(track))
    one_event(tracks, moved, [(kinds[name][i], (at, name, i)) for at, name, i in dates if kinds[name][i] != "sight"])
    first_sights(moved, [(at, name, i) for at, name, i in dates if kinds[name][i] == "sight"], longest)
    return moved


def one_event(tracks: dict[str, list[Turn]], moved: dict[str, list[Turn]], places: list[tuple[str, Place]]) -> None:
    """Rule 4.1."""
    leaders: dict[str, Turn] = {}
    for kind, (_, name, i) in places:
        turn, leader = tracks[name][i], leaders.get(kind)
        if leader and turn.proof <= leader.at < turn.at:
            behind = moved[name][i - 1].at + 1 if i else leader.at  # where that stands now: it may have moved itself
            moved[name][i] = replace(turn, at=max(leader.at, behind))
        else:
            leaders[kind] = turn


def first_sights(moved: dict[str, list[Turn]], places: list[Place], longest: int) -> None:
    """Rule 4.2."""
    dates = [at for at, _, _ in places]
    for at, name, i in places:
        latest = dates[bisect_right(dates, at + longest) - 1]
        if at < latest and (i + 1 == len(moved[name]) or latest < moved[name][i + 1].at):
            moved[name][i] = replace(moved[name][i], at=latest)


def condition(turns: dict[str, Turn], *, bad: bool) -> str:
    """Section 5."""
    state = {name: turns[name].state if name in turns else "unobserved" for name in LADDER}
    line = (state["intranet"], state["internet"])
    answers = "up" in line or "intercepted" in line
    if state["gateway"] == "down" and not answers and not is_mute(turns):
        return "local_down"
    if "down" in line and not answers:
        return "line_down"
    if "down" in line:
        return "internet_down" if state["internet"] == "down" else "intranet_down"
    if not answers and state["outside"] in ("down", "unobserved"):
        return "unreachable" if state["outside"] == "down" else "unobserved"
    if "intercepted" in line:
        return "intercepted"
    return "degraded" if bad else "up"


def is_mute(turns: dict[str, Turn]) -> bool:
    line = [turns[name] for name in ("intranet", "internet") if name in turns]
    return any(turn.state == "down" and turn.proof > turns["gateway"].at for turn in line)


@dataclass
class Judgement:
    """All tracks of a site: its targets', its groups' and its own."""

    targets: dict[str, list[Turn]]
    groups: dict[str, list[Turn]]
    site: list[Turn]

    def flips(self) -> dict[str, list[tuple[int, str, str, int]]]:
        """(date, from, to, proof) by scope, without what only groups may notice."""
        tracks = {**self.targets, **self.groups, "site": self.site}
        return {scope: found for scope, track in tracks.items() if (found := list(flips_of(track)))}


def flips_of(track: Sequence[Turn]) -> Iterator[tuple[int, str, str, int]]:
    was = "unobserved"
    for turn in track:
        if turn.state not in ("suspect", was):
            yield turn.at, was, turn.state, turn.proof
            was = turn.state


def judge(world: World) -> Judgement:
    """Sections 2 to 6."""
    longest = max((t.interval for t in world.targets), default=30_000)
    by_scope: dict[str, list[Target]] = {}
    for target in world.targets:
        by_scope.setdefault(target.scope, []).append(target)
    tracks = {scope: target_track(found, world) for scope, found in by_scope.items()}
    groups = {}
    for name in sorted({t.stands_in for t in world.targets}):
        members = [scope for scope, found in by_scope.items() if found[0].stands_in == name]
        answers = [p.at for scope in members for t in by_scope[scope] for p in t.probes if p.outcome == "ok"]
        groups[name] = group_track([tracks[scope] for scope in members], answers, longest)
    groups |= align({name: track for name, track in groups.items() if name in LADDER}, longest)
    return Judgement(tracks, groups, site_track(groups, degraded_track(world)))


def site_track(groups: dict[str, list[Turn]], bad: list[Turn]) -> list[Turn]:
    """Section 5: the flips of the site."""
    tracks = {name: Track(groups[name]) for name in LADDER if name in groups}
    quality = Track(bad)
    turns: list[Turn] = []
    was = "unobserved"
    for at in sorted({turn.at for track in [*tracks.values(), quality] for turn in track.turns}):
        known = {name: turn for name, track in tracks.items() if (turn := track.standing(at))}
        line = quality.standing(at)
        now = condition(known, bad=line is not None and line.state == "bad")
        if now != was:
            here = [t.proof for t in [*known.values(), *([line] if line else [])] if t.at == at]
            turns.append(Turn(at, now, max(here, default=at)))
        was = now
    return turns


def blind_spans(site: Sequence[Turn]) -> list[tuple[int, int]]:
    """Section 3: when an agent at a site cannot see others, from the flips of its own."""
    ends = [*(turn.at for turn in site[1:]), FOREVER]
    return [(turn.proof, end) for turn, end in zip(site, ends, strict=False) if turn.state in BLIND]
