"""The account of a site, computed anew from docs/accounting.md: slowly, in plain Python, without looking at the code.

Every function names the section and rule that it follows. Nothing here is shared with the collector: states, rows and
conditions are words, times are milliseconds. Nothing is fast: whatever is asked at an instant is worked out for that
instant from the whole history.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

LADDER = ("gateway", "intranet", "internet", "outside")
SILENT = ("power", "shut_down", "asleep", "agent", "unknown")
BLIND = ("local_down", "line_down", "internet_down", "intranet_down")
OUTAGES = ("intercepted", *BLIND, "unreachable")
FOREVER = 1 << 60


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One result. `outcome` is `ok`, `error`, `intercepted` or any other word for a failure."""

    at: int
    outcome: str
    rtt: int = 0
    sent: int = 4
    got: int = 0


@dataclass(frozen=True, kw_only=True)
class Target:
    """What one agent measured of one target of the site."""

    group: str
    agent: str
    name: str
    interval: int
    probes: tuple[Probe, ...]
    kind: str = "icmp"
    watcher: str = ""
    """The site of the agent, if it is another one."""

    @property
    def scope(self) -> str:
        return f"{self.stands_in}:{self.agent}/{self.name}"

    @property
    def stands_in(self) -> str:
        return "outside" if self.watcher else self.group


@dataclass(frozen=True)
class Turn:
    at: int
    state: str
    proof: int


@dataclass(frozen=True, kw_only=True)
class Stay:
    agent: str
    inside: bool
    boot: str
    booted: int
    run: int
    first: int
    last: int
    stop: str = "unknown"
    alive: int = 0
    slept: int = 0
    woke: int = 0


@dataclass(frozen=True, kw_only=True)
class World:
    """All there is to know of one site."""

    targets: tuple[Target, ...] = ()
    blind: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    stays: tuple[Stay, ...] = ()
    restarts: tuple[tuple[int, int], ...] = ()
    """(at, read before at)"""
    loss: float = 0.1
    rtt: float = 300.0


# Sections 2 to 4: targets, groups, one event


def target_track(target: Target, blind: Sequence[tuple[int, int]]) -> list[Turn]:
    """Section 2."""
    turns: list[Turn] = []
    for stretch, end in stretches(target, blind):
        inside = stretch_turns(stretch)
        turns += inside
        if inside:
            turns.append(Turn(end, "unobserved", stretch[-1].at))
    return turns


def stretches(target: Target, blind: Sequence[tuple[int, int]]) -> Iterator[tuple[list[Probe], int]]:
    """Rule 2.3: (results that follow one another within their cover, the end of the last one's cover)."""
    seen = [p for p in target.probes if p.outcome == "ok" or not any(a <= p.at < b for a, b in blind)]
    short = round(target.interval * 2.5)
    cover = {}
    for probe, behind in zip(seen, [*seen[1:], None], strict=False):
        bridged = behind is not None and behind.outcome == "error" and behind.at - probe.at <= short
        cover[probe.at] = probe.at + (2 * short if bridged else short)
    stretch: list[Probe] = []
    for probe in (p for p in seen if p.outcome != "error"):
        if stretch and probe.at > cover[stretch[-1].at]:
            yield stretch, cover[stretch[-1].at]
            stretch = []
        stretch.append(probe)
    if stretch:
        yield stretch, cover[stretch[-1].at]


def stretch_turns(stretch: Sequence[Probe]) -> list[Turn]:
    """Rules 2.2, 2.4, 2.5, 2.6, in one stretch."""
    turns: list[Turn] = []
    state, place = "unobserved", 0
    for answered, members in groupby(stretch, lambda p: p.outcome == "ok"):
        run = list(members)
        found: list[tuple[int, str]] = []
        if answered and (len(run) >= 2 or state in ("unobserved", "suspect")) and state != "up":
            found = [(0, "up")]
        elif not answered and len(run) >= 3:
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


def standing(track: Sequence[Turn], at: int) -> Turn | None:
    """The turn in effect at `at`: one takes effect when all before it have."""
    reached, now = -FOREVER, None
    for turn in track:
        reached = max(reached, turn.at)
        if reached <= at:
            now = turn
    return now


def befores(track: Sequence[Turn]) -> list[str]:
    return ["unobserved", *(turn.state for turn in track)][: len(track)]


@dataclass
class GroupCase:
    """A group under judgement: its targets' tracks after rules 3.4 and 3.5, and when it was answered."""

    tracks: list[list[Turn]]
    answers: list[int]

    def last_success(self, at: int) -> int:
        return max((answer for answer in self.answers if answer < at), default=0)

    def state(self, at: int) -> str:
        """Rules 3.1 and 3.2."""
        turns = [turn for track in self.tracks if (turn := standing(track, at))]
        states = [turn.state for turn in turns]
        if "up" in states:
            return "intercepted" if "intercepted" in states else "up"
        if "down" in states or "intercepted" in states:
            fallen = [t for t in turns if t.state in ("down", "intercepted") and t.at > self.last_success(at)]
            return "down" if len(fallen) >= states.count("suspect") else "up"
        return "up" if "suspect" in states else "unobserved"

    def turn(self, at: int, was: str, now: str) -> Turn:
        """Rule 3.3."""
        turns = [turn for track in self.tracks if (turn := standing(track, at))]
        turning = [turn.proof for turn in turns if turn.at == at]
        if now == "unobserved":
            return Turn(at, now, max((t.proof for t in turns if t.state == now), default=at))
        if now != "down" or was == "unobserved":
            return Turn(at, now, max(turning, default=at))
        last = self.last_success(at)
        first = [t.at for t in turns if t.state in ("down", "intercepted", "suspect") and last < t.at <= at]
        return Turn(min(first, default=at), now, last or max(turning, default=at))


def group_track(tracks: list[list[Turn]], answers: list[int], longest: int) -> list[Turn]:
    """Section 3."""
    case = GroupCase(wait_for_sights(end_together(tracks), longest), answers)
    turns: list[Turn] = []
    was = "unobserved"
    for at in sorted({turn.at for track in case.tracks for turn in track}):
        now = case.state(at)
        if now != was:
            turn = case.turn(at, was, now)
            turns.append(replace(turn, at=max(turn.at, turns[-1].at)) if turns else turn)
            was = now
    return turns


def end_together(tracks: list[list[Turn]]) -> list[list[Turn]]:
    """Rule 3.4."""
    ends = [turn.at for track in tracks for turn in track if turn.state == "unobserved"]
    return [
        [replace(t, at=min(e for e in ends if e > t.proof)) if t.state == "unobserved" else t for t in track]
        for track in tracks
    ]


def wait_for_sights(tracks: list[list[Turn]], longest: int) -> list[list[Turn]]:
    """Rule 3.5."""
    sights = [t.at for track in tracks for t, was in zip(track, befores(track), strict=True) if was == "unobserved"]

    def seen(turn: Turn, was: str) -> Turn:
        if was != "unobserved" or turn.state not in ("down", "intercepted"):
            return turn
        return replace(turn, at=max(s for s in sights if s <= turn.at + longest))

    return [[seen(t, was) for t, was in zip(track, befores(track), strict=True)] for track in tracks]


def kind_of(was: str, now: str) -> str:
    if now == "unobserved":
        return "end"
    if was == "unobserved":
        return "sight"
    return "down" if now == "down" else "up"


def align(tracks: dict[str, list[Turn]], longest: int) -> dict[str, list[Turn]]:
    """Section 4."""
    moved = {name: list(track) for name, track in tracks.items()}
    leaders: dict[str, Turn] = {}
    for name, i in by_date(tracks, "down", "up", "end"):
        turn = tracks[name][i]
        kind = kind_of(befores(tracks[name])[i], turn.state)
        leader = leaders.get(kind)
        if leader and turn.proof <= leader.at < turn.at:
            behind = moved[name][i - 1].at + 1 if i else leader.at  # where that stands now: it may have moved itself
            moved[name][i] = replace(turn, at=max(leader.at, behind))
        else:
            leaders[kind] = turn
    for name, i in by_date(tracks, "sight"):
        at = tracks[name][i].at
        latest = max(tracks[n][k].at for n, k in by_date(tracks, "sight") if at <= tracks[n][k].at <= at + longest)
        if at < latest and (i + 1 == len(moved[name]) or latest < moved[name][i + 1].at):
            moved[name][i] = replace(moved[name][i], at=latest)
    return moved


def by_date(tracks: dict[str, list[Turn]], *kinds: str) -> list[tuple[str, int]]:
    found = [
        (turn.at, name, i)
        for name, track in tracks.items()
        for i, (turn, was) in enumerate(zip(track, befores(track), strict=True))
        if kind_of(was, turn.state) in kinds
    ]
    return [(name, i) for _, name, i in sorted(found)]


# Sections 5 and 6: the ladder, degraded


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


def degraded_track(world: World) -> list[Turn]:
    """Section 6."""
    bins: dict[tuple[bool, int], list[Probe]] = {}
    for target in world.targets:
        if target.kind != "icmp" or target.stands_in not in LADDER[1:]:
            continue
        around = [None, *target.probes, None]
        for before, probe, behind in zip(around, target.probes, around[2:], strict=False):
            if probe.got and all(other is None or other.got for other in (before, behind)):
                bins.setdefault((bool(target.watcher), probe.at // 30_000), []).append(probe)
    numbers = {number for _, number in bins}
    chosen = {n: bins.get((False, n)) or bins.get((True, n), []) for n in numbers}
    bad = sorted(n for n in chosen if is_bad(chosen, n, world))
    bad += [n for a, b in pairwise(bad) if b - a <= 3 for n in range(a + 1, b)]
    turns: list[Turn] = []
    for number in sorted(bad):
        at = number * 30_000
        if turns and turns[-1].at == at:
            turns.pop()
        else:
            turns.append(Turn(at, "bad", at - 30_000))
        turns.append(Turn(at + 30_000, "good", at))
    return turns


def is_bad(bins: dict[int, list[Probe]], number: int, world: World) -> bool:
    """Rules 6.3 and 6.4, without the filling of holes."""

    def sent(n: int) -> int:
        return sum(p.sent for p in bins.get(n, []))

    def lost(n: int) -> int:
        return sum(p.sent - p.got for p in bins.get(n, []))

    def slow(n: int) -> bool:
        rtts = [p.rtt for p in bins.get(n, [])]
        return bool(rtts) and sum(rtts) / len(rtts) > world.rtt

    for other in (number - 1, number + 1):
        packets, gone = sent(number) + sent(other), lost(number) + lost(other)
        if lost(number) and gone > world.loss * packets and gone >= 3 + packets / 20:
            return True
        if slow(number) and slow(other):
            return True
    return False


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
    tracks = {t.scope: target_track(t, world.blind.get(t.watcher, ())) for t in world.targets}
    groups = {}
    for name in sorted({t.stands_in for t in world.targets}):
        members = [t for t in world.targets if t.stands_in == name]
        answers = [p.at for t in members for p in t.probes if p.outcome == "ok"]
        groups[name] = group_track([tracks[t.scope] for t in members], answers, longest)
    groups |= align({name: track for name, track in groups.items() if name in LADDER}, longest)
    return Judgement(tracks, groups, site_track(groups, degraded_track(world)))


def site_track(groups: dict[str, list[Turn]], bad: list[Turn]) -> list[Turn]:
    """Section 5: the flips of the site."""
    tracks = [groups.get(name, []) for name in LADDER]
    turns: list[Turn] = []
    was = "unobserved"
    for at in sorted({turn.at for track in [*tracks, bad] for turn in track}):
        known = {name: turn for name in LADDER if (turn := standing(groups.get(name, []), at))}
        quality = standing(bad, at)
        now = condition(known, bad=quality is not None and quality.state == "bad")
        if now != was:
            here = [t.proof for t in [*known.values(), *([quality] if quality else [])] if t.at == at]
            turns.append(Turn(at, now, max(here, default=at)))
        was = now
    return turns


# Sections 7 to 9: silence, spells, doubt


def silence_at(stays: Sequence[Stay], at: int) -> str:
    """Section 7."""
    said = []
    for agent in sorted({stay.agent for stay in stays}):
        mine = sorted((s for s in stays if s.agent == agent), key=lambda s: s.first)
        said.append(one_agent_at(mine, at))
    return min(said, key=SILENT.index, default="unknown")


def one_agent_at(stays: Sequence[Stay], at: int) -> str:
    """A sleep may lie inside the stay before it."""
    said = ["agent" for stay in stays if stay.first <= at < stay.last]
    for before, behind in gaps(stays):
        if not behind.inside:
            said += ["agent"] if before.last <= at < behind.first else []
        elif slept(before, behind) and before.first <= at < behind.first and fell_asleep(behind) <= at < behind.woke:
            said.append("asleep")
        elif before.last <= at < behind.first:
            said.append(in_gap(before, behind, at))
    return min(said, key=SILENT.index, default="unknown")


def gaps(stays: Sequence[Stay]) -> list[tuple[Stay, Stay]]:
    return [(before, behind) for before, behind in pairwise(stays) if before.last < behind.first]


def slept(before: Stay, behind: Stay) -> bool:
    return before.boot == behind.boot and before.run == behind.run and behind.slept > 0


def fell_asleep(behind: Stay) -> int:
    return behind.woke - behind.slept


def in_gap(before: Stay, behind: Stay, at: int) -> str:
    """Of what was no sleep."""
    if before.boot == behind.boot or 0 < behind.booted <= at:
        return "agent"
    if not behind.booted or at < max(before.last, behind.alive):
        return "unknown"
    return {"power": "power", "clean": "shut_down"}.get(behind.stop, "unknown")


def hollow_at(stays: Sequence[Stay], at: int) -> str:
    """Section 7: why nobody can have measured then, `` if somebody can."""
    if any(stay.first <= at < stay.last for stay in stays):
        return ""
    said = []
    for agent in {stay.agent for stay in stays if stay.inside}:
        for before, behind in gaps(sorted((s for s in stays if s.agent == agent), key=lambda s: s.first)):
            if before.last <= at < behind.first and stopped_at(before, behind, at):
                said.append(one_agent_at([before, behind], at))
    return min((row for row in said if row != "unknown"), key=SILENT.index, default="")


def stopped_at(before: Stay, behind: Stay, at: int) -> bool:
    """Whether the host had stopped by then, as far as is known, and not yet measured again."""
    if before.boot != behind.boot:
        return at >= min(max(before.last, behind.alive), behind.booted)
    return slept(before, behind) and at >= fell_asleep(behind)


def silence_edges(stays: Sequence[Stay]) -> set[int]:
    """Instants at which `silence_at` may change."""
    return {
        at for s in stays for at in (s.first, s.last, s.booted, s.alive, s.woke, s.woke - s.slept) if 0 < at < FOREVER
    }


@dataclass(frozen=True)
class Spell:
    start: int
    end: int
    row: str
    proof: int


def spells(world: World, site: Sequence[Turn]) -> list[Spell]:
    """Section 8, over all time."""
    pieces: list[Spell] = []
    intervals = [Turn(-FOREVER, "unobserved", -FOREVER), *site, Turn(FOREVER, "end", FOREVER)]
    for turn, following in pairwise(intervals):
        for a, b in pairwise(sorted({turn.at, following.at, *inner_edges(world, turn.at, following.at)})):
            row = row_at(world, turn, following.at, a)
            hollow = "" if row in SILENT else hollow_at(world.stays, a)
            pieces.append(Spell(a, b, hollow or row, turn.proof if a == turn.at and not hollow else a))
    return merged(pieces)


def inner_edges(world: World, start: int, end: int) -> list[int]:
    edges = silence_edges(world.stays) | {at for restart in world.restarts for at in restart}
    return [at for at in edges if start < at < end]


def row_at(world: World, turn: Turn, end: int, at: int) -> str:
    """Rules 8.1 and 8.3; 8.2 comes behind them."""
    if turn.state not in ("unobserved", "unreachable"):
        return turn.state
    row = silence_at(world.stays, at)
    if turn.state == "unreachable":
        powerless = row == "power" or restarted(world, turn.at, end, at)
        return "power" if powerless else "unreachable"
    watched_only = not any(stay.inside for stay in world.stays)
    return "power" if watched_only and restarted(world, turn.at, end, at) else row


def restarted(world: World, start: int, end: int, at: int) -> bool:
    return any(start <= at < r <= end and start > read for r, read in world.restarts)


def merged(pieces: Sequence[Spell]) -> list[Spell]:
    found: list[Spell] = []
    for piece in pieces:
        if found and found[-1].row == piece.row:
            found[-1] = replace(found[-1], end=piece.end)
        elif piece.start < piece.end:
            found.append(replace(piece, proof=proof(found[-1], piece) if found else piece.proof))
    return found


def proof(earlier: Spell, later: Spell) -> int:
    """Section 9: a sleep is dated by a waking that was noticed up to 5 s late."""
    if "asleep" not in (earlier.row, later.row):
        return later.proof
    return min(later.proof, max(later.start - 5000, earlier.start))


def bars(found: Sequence[Spell]) -> Iterator[tuple[int, int, str, str]]:
    """Section 9: (from, to, recorded as, may have been)."""
    for earlier, later in pairwise(found):
        at = later.start
        for spell in reversed(found[: found.index(later)]):
            if (early := max(later.proof, spell.start)) < spell.end and spell.row != later.row:
                yield early, spell.end, spell.row, later.row
            if spell.end - spell.start >= 1000:
                break
        yield at, min(at + (16_000 if later.row == "power" else 1000), later.end), later.row, earlier.row


# Sections 10 to 12: the ledger


@dataclass(frozen=True, kw_only=True)
class Hours:
    """A calendar: by weekday, minutes of the day in which service begins and ends; days without service."""

    zone: str
    shifts: dict[int, tuple[tuple[int, int], ...]]
    closed: frozenset[date] = frozenset()

    def at(self, at: int) -> bool:
        """Section 10: what the site's own clock reads."""
        local = datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        today, yesterday = local.date(), local.date() - timedelta(days=1)
        return any(a <= minute < (b if b > a else 1440) for a, b in self.shifts_of(today)) or any(
            b <= a and minute < b for a, b in self.shifts_of(yesterday)
        )

    def shifts_of(self, day: date) -> tuple[tuple[int, int], ...]:
        return () if day in self.closed else self.shifts.get(day.weekday(), ())


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a period is to be accounted for. `service_at` tells of an instant; `edges` are those where it may change."""

    start: int
    end: int
    service_at: Callable[[int], bool] = lambda _at: True
    edges: tuple[int, ...] = ()
    exclusions: tuple[tuple[int, int, str], ...] = ()
    """(from, to, `planned`, `majeure` or `late`)"""

    def cell(self, at: int) -> tuple[bool, str]:
        here = [kind for a, b, kind in self.exclusions if a <= at < b]
        kinds = ("planned", "majeure", "late")
        return self.service_at(at), min(here, key=kinds.index, default="plain")

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """[start, end) within the period, cut wherever a cell may change."""
        start, end = max(start, self.start), min(end, self.end)
        cuts = {*self.edges, *(at for a, b, _ in self.exclusions for at in (a, b))}
        yield from pairwise(sorted({start, end, *(at for at in cuts if start < at < end)})) if start < end else ()


Cells = dict[tuple[str, bool, str], int]


def ledger(found: Sequence[Spell], terms: Terms) -> Cells:
    """Section 10: milliseconds by (row, in service hours, exclusion)."""
    cells: Cells = {}
    for spell in found:
        for a, b in terms.pieces(spell.start, spell.end):
            key = (spell.row, *terms.cell(a))
            cells[key] = cells.get(key, 0) + b - a
    return cells


def doubts(found: Sequence[Spell], terms: Terms) -> dict[tuple[str, str, bool, str], int]:
    """Section 9: milliseconds by (recorded as, may have been, in service hours, exclusion)."""
    cells: dict[tuple[str, str, bool, str], int] = {}
    for start, end, row, maybe in bars(found):
        for a, b in terms.pieces(start, end):
            key = (row, maybe, *terms.cell(a))
            cells[key] = cells.get(key, 0) + b - a
    return cells


def others(judged: Judgement, found: Sequence[Spell], terms: Terms) -> dict[str, Cells]:
    """Section 10, beside the site: by subject."""
    services = sorted({s.partition("/")[2] for s in judged.targets if s.startswith("service:")})
    subjects: dict[str, list[list[Turn]]] = {
        n: [judged.groups[n]] for n in ("internet", "intranet") if n in judged.groups
    }
    for name in services:
        mine = [t for s, t in judged.targets.items() if s.startswith("service:") and s.partition("/")[2] == name]
        subjects[f"service/{name}"] = mine
    return {subject: stands(subject, tracks, found, terms) for subject, tracks in subjects.items()}


def stands(subject: str, tracks: list[list[Turn]], found: Sequence[Spell], terms: Terms) -> Cells:
    cells: Cells = {}
    edges = sorted({turn.at for track in tracks for turn in track})
    for spell in found:
        inside = [e for e in edges if spell.start < e < spell.end]
        for a, b in pairwise([spell.start, *inside, spell.end]):
            standing_now = stand(subject, tracks, spell.row, a)
            for c, d in terms.pieces(a, b):
                key = (standing_now, *terms.cell(c))
                cells[key] = cells.get(key, 0) + d - c
    return cells


def stand(subject: str, tracks: list[list[Turn]], row: str, at: int) -> str:
    states = [seen_state(track, at) for track in tracks]
    state = next((s for s in ("up", "intercepted", "down") if s in states), "unobserved")
    if row in ("power", "shut_down", "asleep", "agent", "unknown"):
        return "unobserved"
    if subject.startswith("service/"):
        reachable = row in ("up", "degraded", "internet_down", "intranet_down", "intercepted")
        return "elsewhere" if state in ("down", "intercepted") and not reachable else state
    return "elsewhere" if state == "down" and row == "local_down" else state


def seen_state(track: Sequence[Turn], at: int) -> str:
    """A suspect target is still up."""
    turn = standing(track, at)
    if turn is None:
        return "unobserved"
    return "up" if turn.state == "suspect" else turn.state


def outages(found: Sequence[Spell], terms: Terms) -> list[tuple[str, int, int, bool]]:
    """Section 11: (row, start, end, begins in the period), clipped; power cuts too."""
    return [
        (s.row, max(s.start, terms.start), min(s.end, terms.end), s.start >= terms.start)
        for s in found
        if s.row in (*OUTAGES, "power") and s.start < terms.end and s.end > terms.start
    ]


def blind_spans(site: Sequence[Turn]) -> list[tuple[int, int]]:
    """Section 3: when an agent at a site cannot see others, from the flips of its own."""
    ends = [*(turn.at for turn in site[1:]), FOREVER]
    return [(turn.proof, end) for turn, end in zip(site, ends, strict=False) if turn.state in BLIND]
