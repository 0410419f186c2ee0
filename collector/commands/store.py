"""Work on the store itself."""

from argparse import Namespace

from collector.commands.desk import OK, Desk, alone
from collector.upkeep import start_of_hour


def compact(desk: Desk, _options: Namespace) -> int:
    """Folds the log into hourly chunks, up to the present hour."""
    with alone(desk), desk.store() as store:
        rows = store.compact(before_ms=start_of_hour(desk.clock.wall_ms()))
        desk.say("compact.done", rows=rows, mib=f"{store.size_bytes() / 2**20:.1f}")
    return OK
