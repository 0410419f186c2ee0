"""Reports as files, made one after the other while those who asked go on reading: the queue, and what became of each.

1. `add` puts an order into the queue; it is refused when the queue is full, or when one asker has too much in it.
2. One thread writes one file at a time into a folder of its own. It tells how far it is, and is stopped at the next
   thing that it tells or writes.
3. A file is kept for a while and up to a size; then it is made again by whoever wants it again.

Everything but the writing is of the event loop's thread. A job is its asker's alone (`find`); whoever reads without a
name has the job's id, which nobody can guess.
"""

import asyncio
import logging
import secrets
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO

from aiohttp import web

from collector.faces.report_files import Failure, Stopped, failure_of, written
from collector.faces.report_wanted import Order, owner_of, role_of
from collector.people import Who
from collector.reports.source import Progress
from shared.clock import Clock

log = logging.getLogger(__name__)

Make = Callable[[Order, IO[bytes], Progress], None]
"""Writes what is ordered into a file (blocks). Raises what failure_of knows; anything else is a bug."""

MOST_WAITING = 8
MOST_EACH = 4
"""Of one asker, and of all who read without a name together."""
MOST_KEPT = 64
MOST_BYTES = 2 << 30
"""Of all files that are kept; one that is being written comes on top."""
CLEAN_EVERY_S = 600.0
CLOSE_S = 5.0
"""What a file under way gets to stop when the collector does."""


class State(StrEnum):
    """What became of an order."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self not in (State.WAITING, State.WORKING)


class Full(Exception):  # noqa: N818  it reads as what it is: `except Full`
    """No order is taken now. `whose`: "all", the queue is full; "own", this asker has enough in it. Retrying helps
    when something was finished."""

    def __init__(self, whose: str) -> None:
        super().__init__(whose)
        self.whose = whose


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One order. `listed` False: it is handed out once, and then gone. `doing`: (what, done, of how many), as the
    report told it last."""

    id: str
    order: Order
    asked_ms: int
    listed: bool
    state: State = State.WAITING
    doing: tuple[str, int, int] = ("", 0, 0)
    began_ms: int | None = None
    ended_ns: int | None = None
    path: Path | None = None
    bytes: int = 0
    failure: Failure | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Jobs:
    """Of one collector. `keep_s`: how long a file can be fetched."""

    def __init__(self, make: Make, clock: Clock, keep_s: float, most_bytes: int = MOST_BYTES) -> None:
        self._make, self._clock, self._keep_s, self._most_bytes = make, clock, keep_s, most_bytes
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._working: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        self._folder: Path | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def add(self, order: Order, *, listed: bool = True) -> Job:
        """The job of this order; the one that is under way already if the same was asked before. Raises Full."""
        self._clean()
        unfinished = [job for job in self._jobs.values() if not job.state.is_over and not job.stop.is_set()]
        if listed and order.who.name:
            for job in unfinished:
                if job.listed and job.order.same == order.same:
                    return job
        if self._closed or len(self._waiting) >= MOST_WAITING:
            raise Full("all")
        if sum(owner_of(job.order.who) == owner_of(order.who) for job in unfinished) >= MOST_EACH:
            raise Full("own")
        job = Job(id=secrets.token_urlsafe(16), order=order, asked_ms=self._clock.wall_ms(), listed=listed)
        self._jobs[job.id] = job
        self._waiting.append(job)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_on())
        return job

    def find(self, name: str, who: Who) -> Job | None:
        """The job of that id, if it is the business of `who`."""
        self._clean()
        job = self._jobs.get(name)
        if job is None or not job.listed or owner_of(job.order.who) != owner_of(who):
            return None
        return job if who.may(role_of(job.order.kind)) else None  # tokens may have one name and different roles

    def of(self, who: Who, known: Sequence[str] = ()) -> list[Job]:
        """The jobs of `who`, the newest first; of who has no name, those whose ids are `known`."""
        found = [self.find(name, who) for name in (list(self._jobs) if who.name else known)]
        return sorted((job for job in reversed(found) if job), key=lambda job: -job.asked_ms)

    def before(self, job: Job) -> int:
        """How many must be finished before its turn comes."""
        working = any(other.state is State.WORKING for other in self._jobs.values())
        return (self._waiting.index(job) + working) if job in self._waiting else 0

    def cancel(self, job: Job) -> None:
        """It is not wanted any more; what is being written ends at the next thing that it tells."""
        job.stop.set()
        if job in self._waiting:
            self._waiting.remove(job)
            self._end(job, State.CANCELLED)

    def forget(self, job: Job) -> None:
        """Nobody fetches it any more."""
        self._jobs.pop(job.id, None)
        if job.path:
            asyncio.get_running_loop().run_in_executor(None, partial(job.path.unlink, missing_ok=True))

    async def close(self, _app: web.Application | None = None) -> None:
        """Stops what is being written, and removes all files."""
        self._closed = True
        if self._later:
            self._later.cancel()
        for job in list(self._jobs.values()):
            self.cancel(job)
        if self._working:
            await asyncio.wait({self._working}, timeout=CLOSE_S)
        if self._folder:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _work_on(self) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            job.state, job.began_ms = State.WORKING, self._clock.wall_ms()
            try:
                job.bytes = await asyncio.to_thread(self._write, job)
                self._end(job, State.DONE)
            except Stopped:
                self._end(job, State.CANCELLED)
            except Exception as error:  # the boundary: what is wrong with one report must not stop the others
                job.failure = failure_of(error)
                if job.failure.is_bug:
                    log.exception("event=report_failed kind=%s format=%s", job.order.kind, job.order.form)
                self._end(job, State.FAILED)

    def _write(self, job: Job) -> int:
        """In a thread of its own; how many bytes it is."""
        if self._folder is None or not self._folder.is_dir():  # who tidies up temporary files may have taken it
            self._folder = Path(tempfile.mkdtemp(prefix="kentongan-reports-"))
        job.path = self._folder / job.id

        def tell(what: str, done: int, of: int) -> None:
            if job.stop.is_set():
                raise Stopped
            job.doing = what, done, of

        return written(job.path, job.stop, lambda file: self._make(job.order, file, tell))

    def _end(self, job: Job, state: State) -> None:
        job.state, job.ended_ns = state, self._clock.mono_ns()
        job.over.set()
        if state is not State.DONE:
            path, job.path = job.path, None
            if path:
                path.unlink(missing_ok=True)
        if not job.listed and state is not State.DONE:
            self._jobs.pop(job.id, None)
        self._clean()

    def _clean(self) -> None:
        """What is too old goes; then the oldest, while there are too many or they are too large together."""
        now_ns = self._clock.mono_ns()
        ended = sorted(
            (job for job in self._jobs.values() if job.ended_ns is not None), key=lambda job: job.ended_ns or 0
        )
        kept = [job for job in ended if now_ns - (job.ended_ns or 0) < self._keep_s * 1e9]
        while len(kept) > MOST_KEPT or (len(kept) > 1 and sum(job.bytes for job in kept) > self._most_bytes):
            kept.pop(0)
        for job in ended:
            if job not in kept:
                self.forget(job)
        if self._later:
            self._later.cancel()
        self._later = None
        if kept and not self._closed:
            self._later = asyncio.get_running_loop().call_later(min(self._keep_s + 1, CLEAN_EVERY_S), self._clean)
