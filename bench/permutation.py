"""The same simulated results in several orders end in the same bytes: flips, kept days, latency.

    python -m bench.permutation [--sites 200] [--days 30] [--interval 900] [--orders 2]

Exit code 1 where two orders differ, or where `rebuild --check` finds something else than what stands.
"""

import argparse
import sys
from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from collector.app import main as collector
from collector.store import open_store

FOREVER_MS = 1 << 62


def main() -> int:
    """Runs it, and prints what was compared."""
    options = _options()
    with TemporaryDirectory() as folder:
        found = [_run(Path(folder), options, order) for order in range(options.orders)]
    differing = sorted(site for one, other in pairwise(found) for site in one if one[site] != other[site])
    print(
        f"{options.orders} orders, {len(found[0])} sites, {options.days} days: {len(differing)} sites differ",
        *differing,
    )
    return 1 if differing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--interval", type=int, default=900, help="seconds between the results of a target")
    parser.add_argument("--orders", type=int, default=2)
    return parser.parse_args()


def _run(folder: Path, options: argparse.Namespace, order: int) -> dict[str, str]:
    """A digest of all that is derived, by site."""
    home = folder / str(order)
    home.mkdir()
    config, store = home / "collector.toml", home / "store.db"
    config.write_text(f'store = "sqlite:///{store}"\n')
    began = perf_counter()
    simulate = ["simulate", "--sites", str(options.sites), "--days", str(options.days), "--seed", "7", "--yes"]
    simulate += ["--interval", str(options.interval), "--from", "2026-01-05", "--order", str(order)]
    for argv in (simulate, ["rebuild", "--check"]):
        if collector([*argv, "--config", str(config)]):
            sys.exit(f"{' '.join(argv)} found a problem")
    digests = dict(_digests(f"sqlite:///{store}"))
    print(f"order {order}: {perf_counter() - began:.0f} s")
    return digests


def _digests(url: str) -> Iterator[tuple[str, str]]:
    store = open_store(url)
    try:
        for site in store.sites():
            digest = blake2b(digest_size=16)
            digest.update(repr(store.flips(site.code, 0, FOREVER_MS)).encode())
            for day in store.books.days(site.code, 0, FOREVER_MS):
                digest.update(day.ledger + day.tally)
            yield site.code, digest.hexdigest()
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
