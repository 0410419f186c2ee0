"""Work on the store itself."""

from argparse import Namespace
from pathlib import Path

from collector.accounting.rebuild import Progress, Rebuild
from collector.commands.desk import FOUND_A_PROBLEM, OK, Desk, accounts_of, alone
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.store import Store
from collector.store.backup import back_up
from collector.upkeep import start_of_hour

TELL_NS = 5_000_000_000
"""How often progress is told."""
SHOWN = 10
"""Sites that are named; of more, the number says enough."""


def compact(desk: Desk, _options: Namespace) -> int:
    """Folds the log into hourly chunks, up to the present hour."""
    with alone(desk), desk.store() as store:
        rows = store.compact(before_ms=start_of_hour(desk.clock.wall_ms()))
        desk.say("compact.done", rows=rows, mib=f"{store.size_bytes() / 2**20:.1f}")
    return OK


def rebuild(desk: Desk, options: Namespace) -> int:
    """Makes flips and kept days anew from the results, or only compares."""
    with alone(desk), desk.store() as store:
        if not options.check:
            _judge_the_rest(desk, store)
        progress = _Progress(desk)
        found = Rebuild(
            store, accounts_of(store, desk, desk.clock), desk.config.judge, check=options.check, tell=progress.tell
        ).run()
        desk.say("rebuild.done", sites=progress.sites, desks=progress.desks)
        if not found:
            desk.say("rebuild.equal")
            return OK
        names = ", ".join(found.sites[:SHOWN]) + (", ..." if len(found.sites) > SHOWN else "")
        what = "rebuild.differs" if options.check else "rebuild.corrected"
        desk.say(what, sites=len(found.sites), names=names or "–", days=found.days)
        return FOUND_A_PROBLEM


def backup(desk: Desk, options: Namespace) -> int:
    """Copies the store; a collector may run meanwhile."""
    target = Path(options.file)
    desk.say("backup.done", file=target, mib=f"{back_up(desk.config.store, target) / 2**20:.1f}")
    return OK


def _judge_the_rest(desk: Desk, store: Store) -> None:
    """What a collector that was killed had not judged to the end is no difference."""
    judging = Rejudge(store, Live(), desk.config.judge, desk.clock)
    judging.load()
    judging.judge_touched()
    judging.close()


class _Progress:
    """Says where it is, now and then."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._told_ns = desk, desk.clock.mono_ns()
        self.sites = self.desks = 0

    def tell(self, now: Progress) -> None:
        if now.stage == "flips":
            self.sites = now.number
        else:
            self.desks = now.number
        if self._desk.clock.mono_ns() - self._told_ns >= TELL_NS:
            self._told_ns = self._desk.clock.mono_ns()
            self._desk.complain(f"rebuild.{now.stage}", number=now.number, sites=now.sites, site=now.site)
