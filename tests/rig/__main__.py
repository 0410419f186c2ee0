"""`python -m tests.rig [--scenario NAME ...] [--quick] [--keep]`: run the plan and print the table.

Exit code 1 when a limit is broken, 2 when there can be no rig here.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.rig import netns, peers
from tests.rig.evidence import gather
from tests.rig.report import judge, render
from tests.rig.scenarios import FULL, QUICK, SCENARIOS
from tests.rig.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description="Real processes on emulated lines.")
    parser.add_argument("--scenario", nargs="+", choices=sorted(SCENARIOS), metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--quick", action="store_true", help="fewer sites, shorter times")
    parser.add_argument("--keep", action="store_true", help="keep the logs and the store")
    arguments = parser.parse_args()
    if lacking := netns.missing() or peers.missing():
        print(f"the rig cannot run here: {lacking}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that a terminated rig cleans up as well
    plan = QUICK if arguments.quick else FULL
    directory = Path(tempfile.mkdtemp(prefix="kentongan-rig-"))
    try:
        with World(plan.only(arguments.scenario) if arguments.scenario else plan, directory) as world:
            report = judge(gather(world, print))
    finally:
        if arguments.keep:
            print(f"kept in {directory}")
        else:
            shutil.rmtree(directory)
    print(render(report))
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
