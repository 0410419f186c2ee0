"""`verify --chain`: whether the chain of evidence adds up, and the store still holds what it proves."""

import csv
import json
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from collector.accounting.anchor import Anchor, anchors_in
from collector.accounting.inspection import Extent, Fault, Inspection
from collector.commands import verify as truth
from collector.commands.desk import FOUND_A_PROBLEM, OK, CannotRun, Desk, at_store, must_be_there
from collector.sole import Taken, sole_owner

TELL_NS = 5_000_000_000
"""How often progress is told."""
SHOWN = 50
"""Faults that are told one by one; of more, the numbers say enough."""
KEPT = 10_000
"""Faults that one JSON answer holds."""


def verify(desk: Desk, options: Namespace) -> int:
    """With --chain or --anchor the chain of evidence; else the account of a simulated province."""
    if not options.chain and not options.anchor:
        return truth.verify(desk, options)
    desk = at_store(desk, options.store)
    anchors = [anchor for file in options.anchor for anchor in _anchors(file, desk)]
    with _unused(desk), desk.store() as store:
        inspection = Inspection(store, anchors, _Progress(desk).tell)
        found = Findings(desk, anchors, inspection.extent)
        FORMATS[options.format](found, inspection.faults())
    return FOUND_A_PROBLEM if found.n else OK


def _anchors(file: str, desk: Desk) -> Sequence[Anchor]:
    try:
        found = list(anchors_in(Path(file).read_bytes(), file))
    except OSError as error:
        raise CannotRun(desk.texts.say("chain.no_file", file=file, error=error.strerror)) from None
    if not found:
        raise CannotRun(desk.texts.say("chain.no_anchor_in", file=file))
    return found


@contextmanager
def _unused(desk: Desk) -> Iterator[None]:
    """The store, which is there, while nobody else works with it: a second process would not see what a collector has
    in memory."""
    must_be_there(desk)
    try:
        with sole_owner(desk.config.store):
            yield
    except Taken:
        raise CannotRun(desk.texts.say("chain.taken", store=desk.config.store)) from None


class _Progress:
    """Says where it is, now and then."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._told_ns = desk, desk.clock.mono_ns()

    def tell(self, stage: str, done: int, of: int) -> None:
        if self._desk.clock.mono_ns() - self._told_ns >= TELL_NS:
            self._told_ns = self._desk.clock.mono_ns()
            self._desk.complain(f"chain.progress.{stage}", done=done, of=of)


class Findings:
    """What was found, as it is told. `n` faults so far."""

    def __init__(self, desk: Desk, anchors: Sequence[Anchor], extent: Extent) -> None:
        self.desk, self.anchors, self.extent = desk, anchors, extent
        self.kinds: Counter[str] = Counter()

    @property
    def n(self) -> int:
        return self.kinds.total()

    def counted(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        for fault in faults:
            self.kinds[fault.kind] += 1
            yield fault

    def sentence(self, fault: Fault) -> str:
        said = {name: value for name, value in asdict(fault).items() if name != "kind"}
        return self.desk.texts.say(f"chain.fault.{fault.kind}", **said)


def _table(found: Findings, faults: Iterable[Fault]) -> None:
    desk, extent = found.desk, found.extent
    for fault in found.counted(faults):
        if found.n <= SHOWN:
            print(found.sentence(fault), file=desk.terminal.out, flush=True)
    if found.n > SHOWN:
        desk.say("chain.more", n=found.n - SHOWN)
    desk.say("chain.broken" if found.n else "chain.whole", faults=found.n, **asdict(extent))
    for name in ("waiting", "unlinked", "late"):
        if getattr(extent, name):
            desk.say(f"chain.{name}", n=getattr(extent, name))
    for anchor in found.anchors:
        desk.say("chain.anchored", file=anchor.told, n=anchor.links)
    if not found.anchors:
        desk.say("chain.no_anchor")
    desk.say("chain.proves_not")


def _csv(found: Findings, faults: Iterable[Fault]) -> None:
    writer = csv.writer(found.desk.terminal.out, lineterminator="\n")
    writer.writerow(("kind", "site", "day", "link", "what", "sentence"))
    for fault in found.counted(faults):
        writer.writerow((fault.kind, fault.site, fault.day, fault.n or "", fault.what, found.sentence(fault)))


def _json(found: Findings, faults: Iterable[Fault]) -> None:
    counted = found.counted(faults)
    told = [asdict(fault) | {"sentence": found.sentence(fault)} for fault in islice(counted, KEPT)]
    for _ in counted:  # they are only counted
        pass
    anchors = [{"file": one.told, "links": one.links, "entries": one.entries} for one in found.anchors]
    said = {**asdict(found.extent), "anchors": anchors, "faults": found.n, "kinds": found.kinds, "found": told}
    print(json.dumps(said, indent=2, ensure_ascii=False), file=found.desk.terminal.out)


FORMATS = {"table": _table, "csv": _csv, "json": _json}
