"""A Prometheus that holds a month of a simulated province, as if it had scraped its collector all the time.

1. A small province is simulated into a store. The month ends in its last mass outage: there is something to see.
2. A whole collector stands on that store; its clock is set to one instant after another. What `live` showed at that
   instant is told again from the flips; figures of periods are added up by the collector itself.
3. Each scrape is rendered as ever, gets its time, and goes into blocks by promtool: the month every six hours, its
   last day every thirty minutes, its last hour every minute.
"""

import re
import subprocess
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import pairwise
from math import isnan
from pathlib import Path

from collector.acts import Exclusion, ExclusionKind
from collector.app import main
from collector.commands.desk import Terminal
from collector.condition import Condition, Flip
from collector.config import CollectorConfig
from collector.faces.metrics import Facts, Metrics
from collector.judging.judge import SITE
from collector.live import Judged
from collector.parts import Parts
from collector.registry import AgentState, Site
from collector.remote_write.history import history
from collector.store import Store, open_store
from tests.daemons import found
from tests.fakes import SetClock
from tests.scrapes import SampleIngest, SampleTimes, agent_scrape

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
FROM_MS = 1_790_784_000_000
"""2026-10-01 in Samarinda."""
FOREVER_MS = 1 << 60
MASS_AT_LEAST = 3
TOLD_EVERY = 6
"""The figures of periods are added up once in so many scrapes: nothing costs more."""
SCRAPED = "up 1\nscrape_duration_seconds 0.02\n"
"""What Prometheus itself says of a scrape."""
ARGUMENTS = ("simulate", "--sites", "24", "--days", "31", "--from", "2026-10-01", "--seed", "64", "--no-web", "--yes")
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


@dataclass(frozen=True)
class Month:
    """Blocks that a Prometheus can be started on; `end_ms` is its now, and a site and an agent that are in it."""

    folder: Path
    end_ms: int
    site: Site
    agent: str


def month(folder: Path) -> Month:
    """Simulates, replays, writes the blocks: about fifteen seconds on one core."""
    (folder / "collector.toml").write_text('store = "sqlite:///simulated.db"\n', encoding="utf-8")
    code = main([*ARGUMENTS, "--config", str(folder / "collector.toml")], Terminal(out=StringIO(), err=StringIO()))
    assert code == 0
    url = f"sqlite:///{folder / 'simulated.db'}"
    store = open_store(url)
    try:
        replay = Replay(store, url)
        end_ms, site, agent = replay.last_mass_outage()
        scraped = folder / "scraped.txt"
        with scraped.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in replay.lines(end_ms, site.code))
            file.write("# EOF\n")
    finally:
        store.close()
    promtool = [found("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=1024h", "openmetrics", "-q"]
    subprocess.run([*promtool, str(scraped), str(folder / "data")], check=True, capture_output=True, timeout=300)
    return Month(folder, end_ms, site, agent)


class Replay:
    """The collector as it was at one instant after another."""

    def __init__(self, store: Store, url: str) -> None:
        self._clock = SetClock(FROM_MS)
        self._store, self._parts = store, Parts.of(CollectorConfig.model_validate({"store": url}), self._clock, store)
        self._sites = {site.code: site for site in store.sites()}
        self._agents = {agent.site: agent for agent in store.agents()}
        self._turns = {code: Turns(store.flips(code, 0, FOREVER_MS)) for code in self._sites}
        self._metrics = Metrics(per_site_series=True)
        for watched, watcher in _watchers(store):
            self._parts.live.watched_by(watched, watcher)

    def last_mass_outage(self) -> tuple[int, Site, str]:
        """A moment in it, one of its sites that has an agent of its own, and that."""
        outages = [(code, outage) for code in self._agents for outage in self._turns[code].outages()]
        found = []
        for code, (start_ms, _) in outages:
            at_ms, provider = start_ms + MINUTE_MS, self._sites[code].provider
            down = {other for other, (start, end) in outages if start <= at_ms < end}
            if sum(self._sites[other].provider == provider for other in down) >= MASS_AT_LEAST:
                found.append((at_ms, code))
        at_ms, code = max(found)
        return at_ms, self._sites[code], self._agents[code].name

    def lines(self, end_ms: int, site: str) -> Iterator[str]:
        """OpenMetrics with its times; there was maintenance ten hours before the end."""
        self._parts.live.exclude([_planned(self._sites[site], end_ms - 10 * HOUR_MS)])
        for number, at_ms in enumerate(_instants(end_ms)):
            self._clock.now_ms = at_ms
            if number % TOLD_EVERY == 0:
                self._parts.board.refresh()
            collector = self._metrics.render(self._facts(number, at_ms)).decode() + SCRAPED
            yield from _stamped(collector, 'job="kentongan-collector",instance="c"', at_ms)
            yield from _stamped(agent_scrape(at_ms, number), 'job="kentongan-agent",instance="a"', at_ms)
        yield from self._history(site, end_ms)

    def _facts(self, number: int, at_ms: int) -> Facts:
        live = self._parts.live
        live.set_registry(self._sites.values(), [self._agent(a, number, at_ms) for a in self._agents.values()])
        for code, turns in self._turns.items():
            live.judged(code, turns.judged(at_ms))
        facts = self._parts.facts()
        down = Counter(site.site.provider for site in facts.sites if site.condition.is_down)
        return replace(
            facts,
            ingest=_grown(number),
            judge_seconds=0.1 * number,
            store_bytes=facts.store_bytes + 10_000 * number,
            started_at_ms=FROM_MS,
            firing={"SiteDown": down.total()},
            notified={("alertmanager", "sent"): number},
            mass_outages={("provider", name): n for name, n in down.items() if n >= MASS_AT_LEAST},
        )

    def _agent(self, agent: AgentState, number: int, at_ms: int) -> AgentState:
        """Heard a moment ago, or last when its site fell silent; of the first one the spool is full."""
        unfortunate = agent.site == min(self._agents)
        silent_ms = self._turns[agent.site].silent_since_ms(at_ms)
        return replace(
            agent,
            heard_at_ms=at_ms - 20_000 if silent_ms is None else silent_ms,
            dropped=number if unfortunate else 0,
            set_aside=number // 10 if unfortunate else 0,
        )

    def _history(self, site: str, end_ms: int) -> Iterator[str]:
        """The last day as a remote-write store would have it."""
        from_ms, step_ms = end_ms - DAY_MS, MINUTE_MS
        columns = self._store.read(site, from_ms - 2 * step_ms, end_ms)
        opening, flips = self._store.state_at(site, from_ms), self._store.flips(site, from_ms, end_ms)
        for at_ms, values in history(opening, flips, columns, from_ms, end_ms, step_ms):
            for (name, group, quantile), value in values.items():
                if not isnan(value):
                    yield f'{name}{{site="{site}",group="{group}",quantile="{quantile}"}} {value} {at_ms / 1000}'


class Turns:
    """The flips of one site, and what was so at an instant."""

    def __init__(self, flips: Sequence[Flip]) -> None:
        self._of: dict[str, list[Flip]] = defaultdict(list)
        for flip in flips:
            if ":" not in flip.scope:
                self._of[flip.scope].append(flip)

    def judged(self, at_ms: int) -> Judged:
        """As judging had left it: the last flip that is no mere end, and when the evidence ran out."""
        last = self._last(SITE, at_ms)
        silent_ms = self.silent_since_ms(at_ms)
        groups = {scope: flip.now for scope in self._of if scope != SITE and (flip := self._last(scope, at_ms))}
        standing = last if silent_ms is None else None
        return Judged(standing=standing, groups=groups, ends_ms=at_ms if silent_ms is None else silent_ms)

    def silent_since_ms(self, at_ms: int) -> int | None:
        """When the results ended that had come by then; None: they had not."""
        last = self._last(SITE, at_ms)
        if last is None:
            return FROM_MS
        return last.at_ms if last.now == Condition.UNOBSERVED else None

    def outages(self) -> Iterator[tuple[int, int]]:
        """From when to when."""
        for flip, after in pairwise(self._of[SITE]):
            if Condition(flip.now).is_down:
                yield flip.at_ms, after.at_ms

    def _last(self, scope: str, at_ms: int) -> Flip | None:
        place = bisect_right(self._of[scope], at_ms, key=lambda flip: flip.at_ms)
        return self._of[scope][place - 1] if place else None


def _grown(number: int) -> SampleIngest:
    """What ingest has counted by the scrape of that number."""
    times = SampleTimes(buckets=((0.05, 9 * number), (0.25, 10 * number)), count=10 * number, sum=0.2 * number)
    return SampleIngest(
        results=1000 * number, refused={"unauthorized": number}, set_aside={"future": number}, commit_seconds=times
    )


def _instants(end_ms: int) -> Iterator[int]:
    """When Prometheus scraped, as far as it matters."""
    day_ms, hour_ms = end_ms - DAY_MS, end_ms - HOUR_MS
    yield from range(FROM_MS + HOUR_MS, day_ms, 6 * HOUR_MS)
    yield from range(day_ms, hour_ms, 30 * MINUTE_MS)
    yield from range(hour_ms, end_ms + 1, MINUTE_MS)


def _stamped(scrape: str, labels: str, at_ms: int) -> Iterator[str]:
    """The samples of a scrape with the labels of its target and the time."""
    for line in scrape.splitlines():
        if line and not line.startswith("#"):
            name, own, value = SAMPLE.fullmatch(line).groups()  # type: ignore[union-attr]  # it is ours
            yield f"{name}{{{labels}{',' + own if own else ''}}} {value} {at_ms / 1000}"


def _watchers(store: Store) -> Iterator[tuple[str, str]]:
    """(watched site, agent that watches it)."""
    agents = {agent.site: agent.name for agent in store.agents()}
    for watcher, place in store.watched():
        yield store.site_of(place), agents[watcher]


def _planned(site: Site, from_ms: int) -> Exclusion:
    """Two hours of maintenance at the provider of `site`."""
    return Exclusion(
        id=1,
        scope="provider",
        of=site.provider,
        from_ms=from_ms,
        to_ms=from_ms + 2 * HOUR_MS,
        kind=ExclusionKind.MAINTENANCE,
        why="new antenna",
        by="test",
        entered_ms=FROM_MS,
    )
