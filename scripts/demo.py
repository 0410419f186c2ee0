"""`make demo`: a simulated Kalimantan Timur with 30 days of history, and the collector on it.

Writes into .run/demo/ only, so `make run` beside it is not disturbed; deleting that folder simulates afresh. The
collector's clock stands where the simulation ended: nobody pushes any more, and an hour later all would be silent.
"""

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path

from collector.app import main as collector
from collector.app import serve
from collector.commands.desk import CannotRun, Desk, Terminal
from collector.config import load_config
from collector.simulate.deliver import FixedClock
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
"""
SIMULATE = ("simulate", "--sites", "878", "--days", "30", "--until-now", "--seed", "64", "--yes")


def main() -> int:
    HOME.mkdir(parents=True, exist_ok=True)
    if not ENDED.exists():
        code = make()
        if code:
            return code
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(show(FixedClock(int(ENDED.read_text(encoding="utf-8")), SystemClock())))
    return 0


def make() -> int:
    """Simulates from the beginning: what a stopped run left cannot be gone on with, its "now" has passed."""
    for name in ("simulated.db", "simulated.db-wal", "simulated.db-shm", "truth.jsonl"):
        (HOME / name).unlink(missing_ok=True)
    calendars = HOME.parent.parent / "config" / "calendars"
    CONFIG.write_text(COLLECTOR_TOML.format(calendars=calendars.as_posix()), encoding="utf-8")
    print("simulating Kalimantan Timur: 878 sites, 30 days; four to five minutes on two cores", flush=True)
    ended_ms = time.time_ns() // 1_000_000
    code = collector([*SIMULATE, "--config", str(CONFIG)])
    if not code:
        ENDED.write_text(str(ended_ms + 5_000), encoding="utf-8")
    return code


async def show(clock: FixedClock) -> None:
    """Serves until Ctrl-C."""
    config, stop = load_config(CONFIG), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task instead
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    desk = Desk(config=config, texts=Texts(config.language), clock=clock, terminal=Terminal())
    try:
        await serve(desk, stop, lambda url: print(f"\n  The page: {url}/   Ctrl-C stops it.\n", flush=True))
    except CannotRun as cannot:
        print(cannot, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
