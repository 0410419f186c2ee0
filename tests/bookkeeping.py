"""A store, its accounts and a clock, and agents that deliver what they measured, in any order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from collector.accounting.accounts import Accounts, Day
from collector.accounting.calendars import ALWAYS, Calendar
from collector.accounting.ledger import joined
from collector.acts import Exclusion, ExclusionKind
from collector.condition import ROWS
from collector.judging.examine import rejudge_site
from collector.judging.judge import JudgeSettings
from collector.registry import Medium, Site
from collector.store import Delivery
from collector.store.sqlite import SqliteStore
from shared.result import UPTIME, Group, Outcome, Result
from shared.wire import Batch, Context, Host, TargetSpec, encode_planes
from tests.fakes import FakeClock

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ROUND = 5 * MINUTE
MONDAY = 1_767_571_200_000
"""2026-01-05 00:00 in UTC."""
BASE = MONDAY - 10 * DAY
"""The wall time of the boot clocks' zero."""
SITE = Site(code="64.01", name="Paser", provider="penyedia-a", timezone="Etc/UTC", medium=Medium.FIBER)
GROUPS = (Group.GATEWAY, Group.INTRANET, Group.INTERNET)
FAILING = {"up": (), "line": (1, 2), "router": (0, 2), "internet": (2,)}
"""Which of the targets time out."""


@dataclass(slots=True)
class Office:
    """`now` is its clock. What is delivered is judged at once and told to the accounts."""

    folder: Path
    site: Site = SITE
    file: str = "k.db"
    calendars: dict[str, Calendar] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=lambda: FakeClock(wall_ms=MONDAY + 3 * DAY))
    streams: Iterator[int] = field(default_factory=count)
    store: SqliteStore = field(init=False)
    accounts: Accounts = field(init=False)

    def __post_init__(self) -> None:
        self.open()
        self.store.put_sites([self.site])

    def open(self) -> None:
        self.store = SqliteStore(str(self.folder / self.file), linger_s=0)
        self.accounts = Accounts(self.store, lambda site: self.calendars.get(site.calendar, ALWAYS), self.clock)

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def deliver(self, from_ms: int, to_ms: int, what: str = "up", agent: str = "pc", **known: Any) -> None:
        """A round of all targets every five minutes; `known` of the host is told in its context. `at` another site:
        from there it watches this one, by its first target; with `router_ms` it also reads for how long the router has
        been on since then."""
        router_ms = known.pop("router_ms", 0)
        site = str(known.pop("at", self.site.code))
        outside = site != self.site.code
        specs = [_spec(group.value, group) for group in GROUPS]
        if outside:
            specs = [_spec("router", Group.INTRANET, self.site.code), _spec("anchor", Group.INTERNET)]
            specs += [_spec("since", Group.INTRANET, self.site.code, UPTIME)] if router_ms else []
        boot: dict[str, Any] = {"boot_id": "b1", "boot_at_ms": BASE, "run_at_ms": BASE, "clock_base_ms": BASE} | known
        context = Context(push_interval_ms=ROUND, targets=tuple(specs), **boot)
        failing = FAILING[what]
        results = list(_rounds(from_ms, to_ms, specs, failing, router_ms))
        batch = _batch(results, context, f"{next(self.streams):04x}")
        self.store.append(
            Delivery(agent=agent, site=site, batch=batch, context=context, received_at_ms=self.clock.wall_ms())
        ).result()
        self.judge()

    def judge(self) -> None:
        for touched in sorted(self.store.take_touched(), key=lambda touched: touched.site == self.site.code):
            rejudge_site(self.store, touched, JudgeSettings(), self.site.medium)
            self.accounts.touched(touched.site, touched.from_ms, touched.to_ms)

    def close(self) -> int:
        """All there is to do; how many days were made."""
        done = 0
        while made := self.accounts.close(thorough=True):
            done += made
        return done

    def exclude(self, from_ms: int, to_ms: int) -> int:
        draft = Exclusion(
            id=0,
            scope="provider",
            of=self.site.provider,
            from_ms=from_ms,
            to_ms=to_ms,
            kind=ExclusionKind.FORCE_MAJEURE,
            why="banjir",
            by="operator",
            entered_ms=self.clock.wall_ms(),
        )
        return self.store.acts.add_exclusion(draft).id

    def rows(self, from_ms: int, to_ms: int, as_of_ms: int | None = None) -> dict[str, int]:
        """Milliseconds by row, of the days from `from_ms` to `to_ms`."""
        return spent(self.accounts.days(self.site.code, from_ms, to_ms, as_of_ms))


def story(random: Random) -> list[dict[str, Any]]:
    """Deliveries of two agents inside and one that watches, over four days: boots, runs, gaps, faults."""
    parts: list[dict[str, Any]] = []
    for agent in ("pc", "box", "hub"):
        at: dict[str, Any] = {"at": "hub"} if agent == "hub" else {}
        faults = ["up", "up", "router"] if at else ["up", "up", "line"]
        now_ms, boots = MONDAY + random.randrange(30) * HOUR, 0
        host: dict[str, Any] = {"boot_id": f"{agent}0", "boot_at_ms": BASE, "run_at_ms": BASE}
        while now_ms < MONDAY + 4 * DAY:
            gap_ms = random.choice([0, 10, 40, 600, 1500]) * MINUTE
            if gap_ms and random.random() < 0.7:
                boots += 1
                host = {"boot_id": f"{agent}{boots}", "boot_at_ms": now_ms + random.randrange(gap_ms)}
                host |= {"run_at_ms": now_ms + gap_ms, "last_stop": random.choice(["power", "clean", "crash"])}
            now_ms += gap_ms
            for _ in range(random.randrange(1, 5)):
                end_ms = now_ms + random.choice([1, 12, 60, 150]) * ROUND
                parts.append({"from_ms": now_ms, "to_ms": end_ms, "what": random.choice(faults), "agent": agent})
                parts[-1] |= host | at
                now_ms = end_ms
    return parts


def spent(days: Sequence[Day]) -> dict[str, int]:
    cells = joined([day.ledger for day in days]).cells.sum(axis=(1, 2)).tolist()
    return {str(row): ms for row, ms in zip(ROWS, cells, strict=True) if ms}


def midnight(day: str, zone: str) -> int:
    """Of `2026-10-25`."""
    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def _spec(name: str, group: Group, site: str = "", kind: str = "icmp") -> TargetSpec:
    return TargetSpec(name=name, group=group, kind=kind, interval_ms=ROUND, site=site)


def _rounds(
    from_ms: int, to_ms: int, specs: Sequence[TargetSpec], failing: Sequence[int], router_ms: int
) -> Iterator[tuple[int, Result]]:
    answer = {"outcome": Outcome.OK, "received": 4, "rtt_min_us": 700, "rtt_avg_us": 800, "rtt_max_us": 900}
    for at_ms in range(from_ms, to_ms, ROUND):
        for i, spec in enumerate(specs):
            known: dict[str, Any] = {"outcome": Outcome.TIMEOUT, "received": 0} if i in failing else dict(answer)
            if spec.kind == UPTIME:
                known["reading"] = (at_ms - router_ms) // 1_000
            yield i, Result(target=spec.name, started_ms=at_ms + 1_000 * i - BASE, sent=4, **known)


def _batch(results: Sequence[tuple[int, Result]], context: Context, stream: str) -> Batch:
    first_ms = results[0][1].started_ms
    return Batch(
        stream=stream,
        first_seq=0,
        n=len(results),
        context=context.name,
        host=Host(sent_wall_ms=0, sent_boot_ms=0),
        base_ms=first_ms,
        planes=encode_planes(results, [spec.interval_ms for spec in context.targets], first_ms),
    )
