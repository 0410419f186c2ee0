"""`make demo`: a simulated Kalimantan Timur with the whole last month behind it, and the collector on it.

Writes into .run/demo/ only, so `make run` beside it is not disturbed; deleting that folder simulates afresh. The
collector's clock stands where the simulation ended, on the morning of the first of this month: last month is complete,
and nobody is silent because nobody pushes any more.
"""

import asyncio
import contextlib
import signal
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from collector.acts import CauseCode, Exclusion, ExclusionKind, GivenCause
from collector.app import run, serve
from collector.commands.desk import CannotRun, Desk, Terminal
from collector.condition import Condition
from collector.config import load_config
from collector.followups import FollowUp, FollowUpState, Step
from collector.options import parser
from collector.simulate.deliver import FixedClock
from collector.store import Store
from shared.clock import SystemClock
from shared.texts import Texts

HOME = Path(__file__).resolve().parent.parent / ".run" / "demo"
CONFIG = HOME / "collector.toml"
ENDED = HOME / "ended-at"
"""When the simulation ended, in wall milliseconds; there once it is complete."""
COLLECTOR_TOML = """\
# Made by `make demo`. Every key with its meaning: config/collector.full.toml
province = "Kalimantan Timur (simulasi)"
store = "sqlite:///simulated.db"
listen = "127.0.0.1:8818"
calendars = ["{calendars}"]

[reports]
agency = "Dinas Komunikasi dan Informatika (simulasi)"
city = "Samarinda"

[[targets]]
name = "Ketersediaan jaringan (simulasi)"
source = "contoh, bukan target resmi"
indicator = "experienced"
years = {{ "2025" = 0.93, "2026" = 0.95, "2027" = 0.96 }}

[[targets]]
name = "Desa terhubung (simulasi)"
source = "contoh, bukan target resmi"
indicator = "connected"
kind = "village"
years = {{ "2025" = 0.85, "2026" = 0.95, "2027" = 1.0 }}
"""
SIMULATE = ("simulate", "--sites", "878", "--days", "31", "--until-now", "--seed", "64", "--yes")
ZONE = ZoneInfo("Asia/Makassar")
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
BY = "simulasi"
MORNING = 10
"""The hour at which the clock stands: offices are open."""


def main() -> int:
    HOME.mkdir(parents=True, exist_ok=True)
    if not ENDED.exists():
        code = make()
        if code:
            return code
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(show(desk_at(int(ENDED.read_text(encoding="utf-8")))))
    return 0


def make() -> int:
    """Simulates from the beginning: what a stopped run left cannot be gone on with, its "now" has passed."""
    for name in ("simulated.db", "simulated.db-wal", "simulated.db-shm", "truth.jsonl"):
        (HOME / name).unlink(missing_ok=True)
    calendars = HOME.parent.parent / "config" / "calendars"
    CONFIG.write_text(COLLECTOR_TOML.format(calendars=calendars.as_posix()), encoding="utf-8")
    print("simulating Kalimantan Timur: 878 sites, a month; five minutes on two cores", flush=True)
    ended_ms = first_of_the_month(SystemClock().wall_ms())
    options = parser(run).parse_args([*SIMULATE, "--config", str(CONFIG)])
    code: int = options.command(desk_at(ended_ms), options)
    if not code:
        with desk_at(ended_ms).store() as store:
            furnish(store, ended_ms)
        ENDED.write_text(str(ended_ms + 5_000), encoding="utf-8")
    return code


def furnish(store: Store, now_ms: int) -> None:
    """What people would have entered: follow-ups and what became of them, causes, maintenance entered too late."""
    provider = next(site.provider for site in store.sites() if site.kind == "village")
    for what, of, entered, due in (
        ("Minta penyedia mengganti radio yang sering putus", provider, 45, 20),
        ("Pasang UPS di titik yang listriknya sering padam", provider, 40, 5),
        ("Rapat evaluasi SLA dengan penyedia", provider, 12, -20),
    ):
        store.followups.add(
            FollowUp(
                id=0,
                scope="provider",
                of=of,
                what=what,
                owner="Bidang E-Government",
                by=BY,
                entered_ms=now_ms - entered * DAY_MS,
                due_ms=now_ms - due * DAY_MS,
            )
        )
    done = Step(
        id=0, followup=1, state=FollowUpState.DONE, note="Radio diganti", by=BY, entered_ms=now_ms - 15 * DAY_MS
    )
    store.followups.step(done)
    maintenance = Exclusion(
        id=0,
        scope="provider",
        of=provider,
        from_ms=now_ms - 10 * DAY_MS,
        to_ms=now_ms - 10 * DAY_MS + 4 * HOUR_MS,
        kind=ExclusionKind.MAINTENANCE,
        why="Pemeliharaan menara, diberitahukan sesudahnya",
        by=BY,
        entered_ms=now_ms - 9 * DAY_MS,
    )
    store.acts.add_exclusion(maintenance)
    give_causes(store, now_ms)


def give_causes(store: Store, now_ms: int) -> None:
    """Of every third outage that is over."""
    outages = store.outages([site.code for site in store.sites()], now_ms - 31 * DAY_MS, now_ms, now_ms)
    given = [
        GivenCause(
            id=0,
            site=one.site,
            start_ms=one.start_ms,
            end_ms=one.end_ms,
            code=CauseCode.PERANGKAT_LOKAL if one.condition is Condition.LOCAL_DOWN else CauseCode.PENYEDIA,
            note="keterangan simulasi",
            by=BY,
            entered_ms=now_ms,
        )
        for one in outages[::3]
        if one.end_ms is not None and one.end_ms > one.start_ms
    ]
    store.acts.give_causes(given)


def first_of_the_month(now_ms: int) -> int:
    """The morning of the first of this month; on that morning itself, of the month before."""
    now = datetime.fromtimestamp(now_ms / 1000, ZONE)
    first = now.replace(day=1, hour=MORNING, minute=0, second=0, microsecond=0)
    if first > now:
        first = first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)
    return round(first.timestamp() * 1000)


def desk_at(now_ms: int) -> Desk:
    """What a command works with, at that moment."""
    config, clock = load_config(CONFIG), FixedClock(now_ms, SystemClock())
    return Desk(config=config, texts=Texts(config.language), clock=clock, terminal=Terminal())


async def show(desk: Desk) -> None:
    """Serves until Ctrl-C."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task instead
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        await serve(desk, stop, lambda url: print(f"\n  The page: {url}/   Ctrl-C stops it.\n", flush=True))
    except CannotRun as cannot:
        print(cannot, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
