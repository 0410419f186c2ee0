"""What a result costs from the socket to the judged, accounted and compacted store, beside peers that only store it.

`python -m bench.ingest [--sites N] [--minutes M] [--warm M] [--batch 20 100] [--only kentongan ...] [--no-kill]`

The same results, ten targets a site every 30 s, go by our wire to a collector and by remote write (one sample for
success, one for the round trip) to Debian's Prometheus and VictoriaMetrics, over the same number of kept connections.
CPU is that of the server's whole process, whoever pushes does not count, and neither do the first minutes, in which
everything is new. Killed is who is in the middle of taking results; lost is what it had acknowledged.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import ingest_ours, ingest_peers
from bench.ingest_load import STEP_MS, Figures, Load, make

OURS = "kentongan"
HEADER = ("results a batch", "server", "CPU us/result", "RSS MiB", "disk B/result", "killed: lost of acknowledged", "")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=1_500)
    parser.add_argument("--minutes", type=int, default=60, help="of measuring")
    parser.add_argument("--warm", type=int, default=10, help="minutes before that, which do not count")
    parser.add_argument("--batch", type=int, nargs="+", default=[20, 100], help="results a batch")
    parser.add_argument("--only", nargs="+", choices=[OURS, *ingest_peers.PEERS], default=[OURS, *ingest_peers.PEERS])
    parser.add_argument("--no-kill", action="store_true")
    parser.add_argument("--profile", action="store_true", help="of the judge")
    return parser.parse_args()


def run(given: argparse.Namespace, n: int) -> list[Figures]:
    """One after the other with batches of `n`."""
    step = n * STEP_MS / 60_000
    warm, rounds = round(given.warm / step), round((given.warm + given.minutes) / step)
    load = make(given.sites, n, max(rounds, warm + 1), peers=set(given.only) != {OURS})
    found: list[Figures] = []
    for name in given.only:
        with tempfile.TemporaryDirectory() as there:
            folder = Path(there)
            if name == OURS:
                figures = ingest_ours.measure(load, folder, warm=warm, profile=given.profile)
            else:
                figures = ingest_peers.measure(ingest_peers.PEERS[name], load, folder, warm=warm)
            if not given.no_kill:
                figures.acknowledged, figures.lost = _kill(name, load, folder)
            found.append(figures)
    return found


def _kill(name: str, load: Load, folder: Path) -> tuple[int, int]:
    if name == OURS:
        return ingest_ours.lost_by_kill(load, folder)
    return ingest_peers.lost_by_kill(ingest_peers.PEERS[name], load, folder)


def row(n: int, f: Figures) -> tuple[str, ...]:
    killed = f"{f.lost} of {f.acknowledged}" if f.acknowledged else "-"
    return str(n), f.name, f"{f.us:.2f}", f"{f.rss_mib:.0f}", f"{f.disk_bytes:.1f}", killed, f.note


def show(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(HEADER))]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip(), flush=True)


def main() -> None:
    given = options()
    print(f"{given.sites} sites, 10 targets a site every 30 s")
    show([HEADER, *(row(n, figures) for n in given.batch for figures in run(given, n))])


if __name__ == "__main__":
    main()
