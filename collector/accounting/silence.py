"""Pure: what hosts say of themselves -> why nothing was measured.

The way from stays to causes, for each agent that stands at the site (a watcher from outside knows nothing of the
site's power: it can only say `agent`, from its first result to its last):

1. Its stays in order of their first result. Inside a stay it ran: what it did not measure there is `agent`.
2. Between a stay A and the next one, B, lies a gap, from A's last result to B's first.
   Another boot: B says why the run before it stopped. `power` and `clean` (-> `shut_down`) hold from when the host
   was last known to run until B's boot; of other stops nothing is known. Behind it is `agent`. Before it nothing is
   known: another boot may lie there, without results or with results whose clock nobody trusts.
   The same boot: `asleep` for the sleep B woke from, if the run is the same too; all else is `agent`. The sleep may
   begin and even end in A: a waking is noticed some seconds late, and till then results belong to A.
3. Before its first and after its last stay nothing is known of it.

Then of all agents, at each instant, the first of power, shut_down, asleep, agent that any of them says. What nobody
says is `unknown`, and no cause.

Hollow time is what no result can cover, whatever its interval: the host had stopped, and nobody else was there.

4. From a stop (`power`, `shut_down`, `asleep`), and from any boot or waking, until the first result behind it,
   the host measured nothing. (An agent that starts anew in the same boot proves no such thing.)
5. Of that all is hollow that lies in no stay of any agent, at the site or watching it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import pairwise

from collector.condition import SILENT_ROWS, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One context of one agent: what held while results `first_ms` ... `last_ms` were measured.

    All times are true time: the collector's clock, after correction. 0: not known. `last_stop` and `last_alive_ms`
    tell of the run before this one; `slept_ms` and `woke_ms` of the sleep that ended when this context began.
    """

    agent: str
    agent_site: str
    boot_id: str
    booted_ms: int
    started_ms: int
    first_ms: int
    last_ms: int
    last_stop: str = "unknown"
    last_alive_ms: int = 0
    slept_ms: int = 0
    woke_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A watched device (a village's router) counted its uptime anew: it had no power until `at_ms`. The reading before
    was at `after_ms`."""

    target: str
    at_ms: int
    after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """From `start_ms` to `end_ms` nothing was measured because of `row`, one of SILENT_ROWS; `why` in one English
    line."""

    start_ms: int
    end_ms: int
    row: Row
    why: str = ""


STOPS = {"power": Row.POWER, "clean": Row.SHUT_DOWN}
"""What `last_stop` proves. A crash proves nothing of why the host booted anew."""


def causes(site: str, stays: Sequence[Stay]) -> list[Cause]:
    """By time, without overlaps and without `unknown`; neighbours differ in their row. `stays` of all agents that
    report on `site`, in any order. (What a Restart says depends on when the site was unreachable: see spells.py.)"""
    return strongest(cause for found in _by_agent(stays) for cause in _of_agent(site, found))


def hollow(site: str, stays: Sequence[Stay]) -> list[Cause]:
    """Rules 4 and 5: when nothing was measured, whatever results cover, and why; `stays` and the answer as for
    `causes`. It says nothing else than `causes` does of the same time."""
    said = strongest(
        cause
        for found in _by_agent(stays)
        if found[0].agent_site == site
        for before, stay in _gaps(found)
        for cause in _stopped(before, stay)
    )
    return list(_outside(said, sorted((stay.first_ms, stay.last_ms) for stay in stays if stay.first_ms < stay.last_ms)))


def _outside(said: Iterable[Cause], spans: Sequence[tuple[int, int]]) -> Iterator[Cause]:
    """What of each lies in none of `spans`, which come by time."""
    for cause in said:
        at_ms = cause.start_ms
        for first_ms, last_ms in spans:
            if first_ms >= cause.end_ms:
                break
            if at_ms < first_ms:
                yield replace(cause, start_ms=at_ms, end_ms=first_ms)
            at_ms = max(at_ms, last_ms)
        if at_ms < cause.end_ms:
            yield replace(cause, start_ms=at_ms)


def strongest(said: Iterable[Cause]) -> list[Cause]:
    """At each instant the strongest cause that is said, neighbours of one row made one. The `why` is that of its
    beginning."""
    ranks = {row: rank for rank, row in enumerate(SILENT_ROWS)}
    kept = [c for c in said if c.start_ms < c.end_ms]
    edges = [(c.start_ms, 1, ranks[c.row], c.why) for c in kept] + [(c.end_ms, 0, ranks[c.row], c.why) for c in kept]
    edges.sort()
    found: list[Cause] = []
    active: list[list[str]] = [[] for _ in SILENT_ROWS]
    start_ms, now, why = 0, -1, ""
    for i, (at_ms, begins, rank, text) in enumerate(edges):
        (active[rank].append if begins else active[rank].remove)(text)
        if i + 1 < len(edges) and edges[i + 1][0] == at_ms:
            continue
        first = next((r for r, texts in enumerate(active) if texts), -1)
        if first != now:
            if now >= 0:
                found.append(Cause(start_ms=start_ms, end_ms=at_ms, row=SILENT_ROWS[now], why=why))
            start_ms, now, why = at_ms, first, min(active[first]) if first >= 0 else ""
    return [cause for cause in found if cause.row is not Row.UNKNOWN]


def _by_agent(stays: Iterable[Stay]) -> list[list[Stay]]:
    """In order."""
    by_agent: dict[str, list[Stay]] = {}
    for stay in stays:
        by_agent.setdefault(stay.agent, []).append(stay)
    return [sorted(found, key=_order) for found in by_agent.values()]


def _gaps(stays: Sequence[Stay]) -> Iterator[tuple[Stay, Stay]]:
    return ((before, stay) for before, stay in pairwise(stays) if before.last_ms < stay.first_ms)


def _order(stay: Stay) -> tuple[object, ...]:
    return (stay.first_ms, stay.last_ms, *astuple(stay))


def _of_agent(site: str, stays: Sequence[Stay]) -> Iterator[Cause]:
    ran = _ran(stays[0])
    if stays[0].agent_site != site:
        yield Cause(start_ms=stays[0].first_ms, end_ms=max(s.last_ms for s in stays), row=Row.AGENT, why=ran)
        return
    for stay in stays:
        yield Cause(start_ms=stay.first_ms, end_ms=stay.last_ms, row=Row.AGENT, why=ran)
    for before, stay in _gaps(stays):
        stopped = list(_stopped(before, stay))
        if before.boot_id == stay.boot_id:
            end_ms = stopped[0].start_ms if stopped else stay.first_ms
            yield Cause(start_ms=before.last_ms, end_ms=end_ms, row=Row.AGENT, why=ran)
        yield from stopped


def _ran(stay: Stay) -> str:
    return f"{stay.agent}: the agent ran and measured nothing, or did not run"


def _stopped(before: Stay, stay: Stay) -> Iterator[Cause]:
    """Of rule 2: from the stop of the host in the gap until `stay`; nothing where it did not stop."""
    end_ms = stay.first_ms
    if before.boot_id != stay.boot_id:
        row, told = STOPS.get(stay.last_stop, Row.UNKNOWN), f"{stay.agent}: {stay.last_stop} stop, booted anew"
        # Without a boot time nothing tells where the stop ended and the agent's own silence began.
        to_ms = _within(before.last_ms, stay.booted_ms, end_ms) if stay.booted_ms else end_ms
        row = row if stay.booted_ms else Row.UNKNOWN
        from_ms = _within(before.last_ms, stay.last_alive_ms, to_ms)
    elif before.started_ms == stay.started_ms and stay.slept_ms > 0:
        row, told = Row.ASLEEP, f"{stay.agent}: slept {stay.slept_ms // 1000} s"
        # The clocks are looked at every few seconds: a result may come between waking and noticing it.
        from_ms = _within(before.first_ms, stay.woke_ms - stay.slept_ms, end_ms)
        to_ms = _within(from_ms, stay.woke_ms, end_ms)
    else:
        return
    yield Cause(start_ms=from_ms, end_ms=to_ms, row=row, why=told)
    yield Cause(start_ms=to_ms, end_ms=end_ms, row=Row.AGENT, why=_ran(stay))


def _within(low: int, at_ms: int, high: int) -> int:
    return max(low, min(at_ms, high))
