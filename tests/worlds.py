"""Random sites for tests/test_oracle.py, and how the oracle's records become the collector's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from collector.accounting.calendars import Calendar, Season, Shift, Span, service_spans
from collector.accounting.ledger import LATE, MAJEURE, PLANNED, STANDINGS, Ledger
from collector.accounting.silence import Restart, Stay, causes, hollow
from collector.accounting.spells import Spell, spells
from collector.accounting.tally import full_account
from collector.columns import Columns, Series, concatenate
from collector.condition import Flip, Row
from collector.judging.judge import SITE as SITE_SCOPE
from collector.judging.judge import Case, JudgeSettings, judge
from collector.judging.quality import Limits
from shared.result import CODE_OF, Group, Outcome
from tests import oracle

SECOND = 1000
MINUTE_MS = 60_000
SITE = "s"
EPOCH = 1_774_750_500_000
"""2026-03-29 02:15 UTC; on a border of a bin of 30 s."""
OUTCOMES = {"o": "ok", "t": "timeout", "e": "error", "i": "intercepted"}


def columns_of(targets: Sequence[oracle.Target], site: str = SITE) -> Columns:
    return concatenate([_columns(target, site) for target in targets])


def _columns(target: oracle.Target, site: str) -> Columns:
    series = Series(
        site=site,
        agent=target.agent,
        agent_site=target.watcher or site,
        target=target.name,
        group=Group(target.group),
        kind=target.kind,
        interval_ms=target.interval,
    )
    p = target.probes
    rtt = np.array([probe.rtt * 1000 for probe in p], np.uint32)
    return Columns(
        (series,),
        np.zeros(len(p), np.uint16),
        np.array([probe.at for probe in p], np.int64),
        np.array([CODE_OF[Outcome(probe.outcome)] for probe in p], np.uint8),
        np.array([probe.sent for probe in p], np.uint8),
        np.array([probe.got for probe in p], np.uint8),
        rtt,
        rtt,
        rtt,
    )


def judged(world: oracle.World) -> list[Flip]:
    """What the collector's judge makes of the whole of it."""
    case = Case(site=SITE, columns=columns_of(world.targets), from_ms=-1, standing={}, blind=world.blind)
    return judge(case, JudgeSettings(), Limits(loss_ratio=world.loss, rtt_ms=world.rtt))


def by_scope(flips: Sequence[Flip]) -> dict[str, list[tuple[int, str, str, int]]]:
    """As `oracle.Judgement.flips` tells them."""
    found: dict[str, list[tuple[int, str, str, int]]] = {}
    for flip in flips:
        found.setdefault(flip.scope, []).append((flip.at_ms, flip.was, flip.now, flip.not_earlier_than_ms))
    return found


# Histories: a target's results are a few chunks, each some letters at some pace.

PACES = (0, 0, 0, 2, 5)
"""Seconds between the results of a chunk; 0: the target's interval."""
CHUNKS = st.tuples(
    st.sampled_from(
        [
            "o",
            "oooo",
            "ooooooooo",
            "o" * 20,
            "t",
            "tt",
            "ttttt",
            "ttttttttt",
            "ototto",
            "e",
            "teetet",
            "iiii",
            "tiit",
            ".",
        ]
    ),
    st.sampled_from(PACES),
    st.sampled_from([0, 0, 0, 1]),  # seconds until the answer
    st.sampled_from([4, 4, 4, 2]),  # packets that came back
)
GAPS = (0, 0, 0, 1, 7, 40, 75, 200)


def probes(
    chunks: Sequence[tuple[tuple[str, int, int, int], int]], start_s: int, interval_s: int, end_s: int
) -> tuple[oracle.Probe, ...]:
    at_s, found = start_s, []
    for (letters, pace_s, rtt_s, got), gap_s in chunks:
        for letter in letters:
            answered = letter == "o"
            if letter != "." and at_s < end_s:
                found.append(
                    oracle.Probe(
                        at=EPOCH + at_s * SECOND,
                        outcome=OUTCOMES[letter],
                        rtt=rtt_s * SECOND if answered else 0,
                        got=got if answered else 0,
                    )
                )
            at_s += pace_s or interval_s
        at_s += gap_s
    return tuple(found)


PLACES = (
    ("gateway", "pc", "gw", ""),
    ("intranet", "pc", "portal", ""),
    ("internet", "pc", "anchor", ""),
    ("internet", "pc", "web", ""),
    ("internet", "box", "anchor", ""),
    ("service", "pc", "samsat", ""),
    ("service", "box", "samsat", ""),
    ("intranet", "hub", "router", "diskominfo"),
    ("internet", "far", "router", "elsewhere"),
)


@st.composite
def target_sets(draw: st.DrawFn, horizon_s: int) -> tuple[oracle.Target, ...]:
    chosen = draw(st.lists(st.sampled_from(PLACES), min_size=2, max_size=6, unique=True))
    interval_s = draw(st.sampled_from([10, 20, 30]))
    found = []
    for group, agent, name, watcher in chosen:
        chunks = draw(st.lists(st.tuples(CHUNKS, st.sampled_from(GAPS)), min_size=3, max_size=10))
        start_s = draw(st.integers(0, interval_s))
        found.append(
            oracle.Target(
                group=group,
                agent=agent,
                name=name,
                watcher=watcher,
                interval=interval_s * SECOND,
                probes=probes(chunks, start_s, interval_s, horizon_s),
            )
        )
    return tuple(found)


@st.composite
def watched(draw: st.DrawFn, horizon_s: int = 1800) -> oracle.World:
    """A site with random results."""
    span = st.tuples(st.integers(0, horizon_s), st.integers(0, 300))
    blind = {
        watcher: [(EPOCH + a * SECOND, EPOCH + (a + n) * SECOND) for a, n in draw(st.lists(span, max_size=2))]
        for watcher in ("diskominfo", "elsewhere")
    }
    return oracle.World(targets=draw(target_sets(horizon_s)), blind=blind)


@st.composite
def lines(draw: st.DrawFn) -> oracle.World:
    """Echoes that lose packets and answer late, from inside and from outside."""
    stretch = st.tuples(
        st.integers(1, 20), st.sampled_from([1, 2, 5, 10]), st.integers(0, 4), st.sampled_from([0, 200, 400])
    )
    found = []
    for group, agent, name, watcher in draw(
        st.lists(st.sampled_from(PLACES[1:5] + PLACES[7:]), min_size=1, unique=True)
    ):
        at, seen = EPOCH + draw(st.integers(0, 30)) * SECOND, []
        for n, pace_s, got, rtt in draw(st.lists(stretch, max_size=6)):
            for _ in range(n):
                outcome = "ok" if got else "timeout"
                seen.append(oracle.Probe(at=at, outcome=outcome, rtt=rtt if got else 0, got=got))
                at += pace_s * SECOND
        found.append(
            oracle.Target(group=group, agent=agent, name=name, watcher=watcher, interval=10_000, probes=tuple(seen))
        )
    return oracle.World(targets=tuple(found), loss=draw(st.sampled_from([0.05, 0.1])))


# Hosts: when they ran, and what they say of why they did not.

AGENTS = {"pc": True, "box": True, "hub": False, "far": False}
"""Name, and whether it stands at the site."""
ENDINGS = ("power", "power", "clean", "sleep", "sleep", "nap", "crash", "restart", "step", "dropped")
"""`nap`: a sleep whose end is noticed late, so that results come in between."""


@dataclass(frozen=True)
class Run:
    """From `start` to `end` an agent measured in one context; what was dropped in between is `gaps`."""

    start: int
    end: int
    stay: oracle.Stay
    gaps: tuple[tuple[int, int], ...] = ()
    stepped: bool = False
    """Whether it began because the host's clock was set."""

    def has(self, at: int) -> bool:
        return self.start <= at < self.end and not any(a <= at < b for a, b in self.gaps)


PAUSES = st.lists(
    st.tuples(
        st.sampled_from([7, 60, 150, 300, 600]),  # seconds it ran
        st.sampled_from(ENDINGS),
        st.sampled_from([3, 40, 120, 300, 600]),  # seconds until the host was there again
        st.integers(0, 30),  # seconds more until the agent measured
        st.integers(-1, 40),  # seconds from the last sign of life to the end; -1: none was kept
    ),
    min_size=1,
    max_size=3,
)


@st.composite
def hosts(draw: st.DrawFn, world: oracle.World) -> oracle.World:
    """`world` as it is when its agents' hosts are off now and then, with the stays that tell of it."""
    kept, stays = list[oracle.Target](), list[oracle.Stay]()
    for agent in sorted({target.agent for target in world.targets}):
        told = runs(agent, draw(PAUSES))
        mine = [target for target in world.targets if target.agent == agent]
        kept += [replace(t, probes=tuple(p for p in t.probes if any(run.has(p.at) for run in told))) for t in mine]
        for run in told:
            at = sorted(p.at for target in mine for p in target.probes if run.has(p.at))
            stays += [replace(run.stay, first=at[0], last=at[-1])] if at else []
    again = st.tuples(st.integers(60, 1800), st.integers(1, 900))
    restarts = tuple((EPOCH + at * SECOND, EPOCH + (at - n) * SECOND) for at, n in draw(st.lists(again, max_size=3)))
    return replace(world, targets=tuple(kept), stays=tuple(stays), restarts=restarts)


def runs(agent: str, pauses: Sequence[tuple[int, str, int, int, int]]) -> list[Run]:
    booted = EPOCH - 600 * SECOND
    stay = oracle.Stay(agent=agent, inside=AGENTS[agent], boot="b0", booted=booted, run=booted, first=0, last=0)
    found, now = list[Run](), Run(EPOCH, oracle.FOREVER, stay)
    for number, (ran_s, ending, silent_s, late_s, alive_s) in enumerate(pauses, 1):
        end = (now.gaps[-1][1] if now.gaps else now.start) + ran_s * SECOND
        back = end + silent_s * SECOND
        start = back + late_s * SECOND
        if ending == "dropped":
            now = replace(now, gaps=(*now.gaps, (end, start)))
            continue
        naps = ending == "nap"
        found.append(replace(now, gaps=(*now.gaps, (end, back)), end=start) if naps else replace(now, end=end))
        alive = end - alive_s * SECOND if alive_s >= 0 else 0
        slept = silent_s * SECOND if ending in ("sleep", "nap") else 0
        if ending in ("power", "clean", "crash"):
            stay = replace(stay, boot=f"b{number}", booted=back, run=start, stop=ending, alive=alive)
        elif ending == "restart":
            stay = replace(stay, run=start, stop="clean", alive=alive)
        stay = replace(stay, slept=slept, woke=(start if naps else back) if slept else 0)
        now = Run(start, oracle.FOREVER, stay, stepped=ending == "step")
    return [*found, now]


def stays_of(world: oracle.World) -> list[Stay]:
    return [
        Stay(
            agent=stay.agent,
            agent_site=SITE if stay.inside else "elsewhere",
            boot_id=stay.boot,
            booted_ms=stay.booted,
            started_ms=stay.run,
            first_ms=stay.first,
            last_ms=stay.last,
            last_stop=stay.stop,
            last_alive_ms=stay.alive,
            slept_ms=stay.slept,
            woke_ms=stay.woke,
        )
        for stay in world.stays
    ]


# Terms: zone, calendar, exclusions, period. In each zone the clocks change (in Makassar: the day ends) at the instant.

ZONES = {
    "Asia/Makassar": datetime(2026, 3, 29, 16, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "Europe/Copenhagen": datetime(2026, 10, 25, 1, tzinfo=UTC),
    "America/St_Johns": datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
}
CHANGE_S = 1200
CODES = {"planned": PLANNED, "majeure": MAJEURE, "late": LATE}


@dataclass(frozen=True)
class Agreement:
    """How a site is accounted for, in the words of both sides."""

    hours: oracle.Hours
    exclusions: tuple[tuple[int, int, str], ...]
    start: int
    end: int
    at_home: bool = False
    """Whether its times are those at which the zone's clock is set."""

    @property
    def shift(self) -> int:
        """From the times of the results to those at which the zone's clock is set, CHANGE_S after their first."""
        if self.at_home:
            return 0
        return round(ZONES[self.hours.zone].timestamp() * 1000) - EPOCH - CHANGE_S * SECOND

    def moved(self) -> "Agreement":
        exclusions = tuple((a + self.shift, b + self.shift, kind) for a, b, kind in self.exclusions)
        return Agreement(self.hours, exclusions, self.start + self.shift, self.end + self.shift, at_home=True)

    def service(self) -> list[Span]:
        found = service_spans(self.calendar(), self.hours.zone, self.start + self.shift, self.end + self.shift)
        return [(a - self.shift, b - self.shift) for a, b in found]

    def terms(self) -> oracle.Terms:
        minutes = range(self.start // 60_000, self.end // 60_000 + 1)
        return oracle.Terms(
            start=self.start,
            end=self.end,
            service_at=lambda at: self.hours.at(at + self.shift),
            edges=tuple(minute * 60_000 for minute in minutes),
            exclusions=self.exclusions,
        )

    def calendar(self) -> Calendar:
        shifts = {
            day: tuple(Shift(start=clock(a), end=clock(b)) for a, b in spans)
            for day, spans in self.hours.shifts.items()
        }
        season = Season(name="", first=None, last=None, shifts=shifts)
        closed = dict.fromkeys(self.hours.closed, "closed")
        return Calendar(name="c", title="c", seasons=(season,), closed=closed, fingerprint="f")


def clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@st.composite
def agreements(draw: st.DrawFn, horizon_s: int = 1800) -> Agreement:
    """Shifts around the time at which the site's clock changes; exclusions over each other."""
    zone = draw(st.sampled_from(sorted(ZONES)))
    local = (ZONES[zone] - timedelta(seconds=CHANGE_S)).astimezone(ZoneInfo(zone))
    near = st.integers(local.hour * 60 - 90, local.hour * 60 + 210).map(lambda minute: minute % 1440)
    shifts = {
        day: tuple(draw(st.lists(st.tuples(near, near), max_size=2)))
        for day in {(local + timedelta(days=n)).weekday() for n in (-1, 0, 1)}
    }
    closed = draw(st.sampled_from([(), (), (local.date(),)]))
    span = st.tuples(st.integers(-60, horizon_s), st.integers(1, 900), st.sampled_from(sorted(CODES)))
    exclusions = [
        (EPOCH + a * SECOND, EPOCH + (a + n) * SECOND, kind) for a, n, kind in draw(st.lists(span, max_size=4))
    ]
    start, length = draw(st.tuples(st.integers(-300, horizon_s // 2), st.integers(60, horizon_s)))
    return Agreement(
        hours=oracle.Hours(zone=zone, shifts=shifts, closed=frozenset[date](closed)),
        exclusions=tuple(exclusions),
        start=EPOCH + start * SECOND,
        end=EPOCH + (start + length) * SECOND,
    )


def spelled(world: oracle.World, flips: Sequence[Flip]) -> list[Spell]:
    """The collector's spells over all time."""
    site = [flip for flip in flips if flip.scope == SITE_SCOPE]
    restarts = [Restart(target="router", at_ms=at, after_ms=after) for at, after in world.restarts]
    return spells(
        site,
        None,
        causes(SITE, stays_of(world)),
        0,
        oracle.FOREVER,
        hollow=hollow(SITE, stays_of(world)),
        restarts=restarts,
        watched_only=not any(stay.inside for stay in world.stays),
    )


def accounted(
    flips: Sequence[Flip], found: Sequence[Spell], agreement: Agreement, service: Sequence[Span] | None = None
) -> Ledger:
    scopes = {
        flip.scope for flip in flips if flip.scope in ("internet", "intranet") or flip.scope.startswith("service:")
    }
    start, end = agreement.start, agreement.end
    return full_account(
        found,
        agreement.service() if service is None else service,
        [(a, b, CODES[kind]) for a, b, kind in agreement.exclusions],
        {scope: [flip for flip in flips if flip.scope == scope] for scope in sorted(scopes)},
        start,
        end,
    )


# Ledgers in the oracle's words.

KINDS = ("plain", "planned", "majeure", "late")


def cells_of(ledger: Ledger) -> dict[tuple[str, bool, str], int]:
    return sparse(ledger.cells, tuple(Row))


def doubts_of(ledger: Ledger) -> dict[tuple[str, str, bool, str], int]:
    return {
        (row, maybe, bool(service), KINDS[code]): int(ms)
        for (row, maybe), cells in ledger.doubt.items()
        for (service, code), ms in np.ndenumerate(cells)
        if ms
    }


def others_of(ledger: Ledger) -> dict[str, dict[tuple[str, bool, str], int]]:
    return {subject: sparse(cells, STANDINGS) for subject, cells in ledger.others.items()}


def sparse(cells: NDArray[np.int64], names: Sequence[str]) -> dict[tuple[str, bool, str], int]:
    return {
        (str(names[row]), bool(service), KINDS[code]): int(ms)
        for (row, service, code), ms in np.ndenumerate(cells)
        if ms
    }
