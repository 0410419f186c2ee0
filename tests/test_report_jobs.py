"""Files of reports are made one after the other, within bounds, for their askers alone; what nobody wants ends."""

import asyncio
import errno
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import pytest

from collector.faces.report_files import TooLarge, failure_of, written
from collector.faces.report_jobs import MOST_EACH, MOST_WAITING, Full, Job, Jobs, Make, State
from collector.faces.report_wanted import Order
from collector.figures.periods import parse
from collector.people import ANYBODY, Role, Who
from collector.reports.source import Progress, Wanted
from collector.reports.writing.formats import CannotWrite
from collector.store import StoreError
from tests.fakes import FakeClock

SITI, BUDI = (Who(name=name, role=Role.VIEWER, csrf="of-a-form") for name in ("siti", "budi"))
KEEP_S = 3600.0


def order(who: Who = SITI, period: str = "2026-08", kind: str = "harian", form: str = "csv") -> Order:
    return Order(who=who, kind=kind, form=form, language="id", wanted=Wanted(period=parse(period), sites=()))


def says_its_period(order: Order, file: IO[bytes], _progress: Progress) -> None:
    file.write(order.wanted.period.name.encode())


@dataclass(slots=True)
class Slow:
    """Writes when it may; until then it tells again and again that it is at 3 of 10."""

    may: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)

    def __call__(self, _order: Order, file: IO[bytes], progress: Progress) -> None:
        while not self.may.wait(0.001):
            progress("sites", 3, 10)
            self.began.set()
        file.write(b"late")


@asynccontextmanager
async def working(make: Make = says_its_period, most_bytes: int = 1 << 20) -> AsyncIterator[tuple[Jobs, FakeClock]]:
    clock = FakeClock()
    jobs = Jobs(make, clock, KEEP_S, most_bytes)
    try:
        yield jobs, clock
    finally:
        await jobs.close()


async def over(job: Job) -> Job:
    await asyncio.wait_for(job.over.wait(), 30)
    return job


async def test_what_is_ordered_becomes_a_file() -> None:
    async with working() as (jobs, _):
        job = await over(jobs.add(order()))
        assert (job.state, job.bytes) == (State.DONE, 7)
        assert job.path
        assert job.path.read_bytes() == b"2026-08"


async def test_one_is_made_at_a_time_and_the_others_know_how_many_come_before_them() -> None:
    slow = Slow()
    async with working(slow) as (jobs, _):
        first, second, third = (jobs.add(order(period=f"2026-0{n}")) for n in (6, 7, 8))
        await asyncio.to_thread(slow.began.wait, 30)
        assert [job.state for job in (first, second, third)] == [State.WORKING, State.WAITING, State.WAITING]
        assert [jobs.before(job) for job in (first, second, third)] == [0, 1, 2]
        assert first.doing == ("sites", 3, 10)
        slow.may.set()
        assert (await over(third)).state is State.DONE


async def test_a_file_is_its_askers_alone() -> None:
    async with working() as (jobs, _):
        job = await over(jobs.add(order(SITI)))
        elsewhere = Who(name="siti", role=Role.VIEWER, regency="Berau", csrf="of-a-form")
        token = Who(name="siti", role=Role.VIEWER)
        assert jobs.find(job.id, SITI) is job
        assert [jobs.find(job.id, who) for who in (BUDI, ANYBODY, elsewhere, token)] == [None] * 4
        assert (jobs.of(SITI), jobs.of(BUDI)) == ([job], [])


async def test_a_file_is_for_who_may_still_read_such_reports() -> None:
    async with working() as (jobs, _):
        operator = Who(name="bot", role=Role.OPERATOR)
        job = await over(jobs.add(order(operator, kind="sla")))
        reader = replace(operator, role=Role.VIEWER)
        assert (jobs.find(job.id, operator), jobs.find(job.id, reader), jobs.of(reader)) == (job, None, [])


async def test_who_has_no_name_has_the_id_and_no_list() -> None:
    async with working() as (jobs, _):
        job = await over(jobs.add(order(ANYBODY)))
        assert len(job.id) >= 20
        assert (jobs.find(job.id, ANYBODY), jobs.find(job.id, SITI)) == (job, None)
        assert (jobs.of(ANYBODY), jobs.of(ANYBODY, [job.id, "unknown"])) == ([], [job])


async def test_the_same_order_of_the_same_person_is_not_made_twice() -> None:
    slow = Slow()
    async with working(slow) as (jobs, _):
        job = jobs.add(order())
        assert jobs.add(order()) is job
        others = [order(BUDI), order(form="json"), order(period="2026-07")]
        assert all(jobs.add(other) is not job for other in others)
        assert jobs.add(order(ANYBODY)) is not jobs.add(order(ANYBODY))


async def test_a_full_queue_refuses_and_so_does_too_much_of_one_person() -> None:
    slow = Slow()
    async with working(slow) as (jobs, _):
        jobs.add(order(Who(name="first", role=Role.VIEWER)))
        await asyncio.to_thread(slow.began.wait, 30)
        mine = [jobs.add(order(SITI, period=f"2026-0{n}")) for n in range(1, MOST_EACH + 1)]
        with pytest.raises(Full, match="own"):
            jobs.add(order(SITI))
        for n in range(MOST_WAITING - MOST_EACH):
            jobs.add(order(Who(name=f"person {n}", role=Role.VIEWER)))
        with pytest.raises(Full, match="all"):
            jobs.add(order(BUDI))
        jobs.cancel(mine[0])
        assert jobs.add(order(BUDI)).state is State.WAITING


async def test_what_is_cancelled_while_it_is_made_stops_and_leaves_no_file() -> None:
    slow = Slow()
    async with working(slow) as (jobs, _):
        job = jobs.add(order())
        await asyncio.to_thread(slow.began.wait, 30)
        jobs.cancel(job)
        assert ((await over(job)).state, job.path) == (State.CANCELLED, None)


async def test_a_writer_that_tells_nothing_is_stopped_by_what_it_writes() -> None:
    began, block = threading.Event(), b"x" * 100_000

    def endless(_order: Order, file: IO[bytes], _progress: Progress) -> None:
        for _ in range(10_000):
            file.write(block)
            began.set()

    async with working(endless) as (jobs, _):
        job = jobs.add(order())
        await asyncio.to_thread(began.wait, 30)
        jobs.cancel(job)
        assert (await over(job)).state is State.CANCELLED


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (CannotWrite("install the extra pdf"), "cannot_write"),
        (StoreError("locked"), "store"),
        (OSError(errno.ENOSPC, "no space"), "disk_full"),
        (TooLarge(), "too_large"),
        (ZeroDivisionError("oops"), "bug"),
    ],
)
async def test_what_goes_wrong_is_known_by_name_and_does_not_stop_the_next(error: Exception, why: str) -> None:
    def fails(order: Order, file: IO[bytes], progress: Progress) -> None:
        if order.form == "pdf":
            raise error
        says_its_period(order, file, progress)

    async with working(fails) as (jobs, _):
        failed, after = jobs.add(order(form="pdf")), jobs.add(order())
        assert ((await over(failed)).state, failed.failure and failed.failure.why) == (State.FAILED, why)
        assert (await over(after)).state is State.DONE


async def test_a_file_is_kept_for_a_while_and_then_removed() -> None:
    async with working() as (jobs, clock):
        job = await over(jobs.add(order()))
        clock.advance(KEEP_S - 1)
        assert jobs.find(job.id, SITI) is job
        clock.advance(2)
        assert jobs.find(job.id, SITI) is None
        assert job.path
        await asyncio.to_thread(_gone, job.path)


async def test_a_folder_that_somebody_tidied_away_is_made_again() -> None:
    async with working() as (jobs, _):
        job = await over(jobs.add(order()))
        assert job.path
        shutil.rmtree(job.path.parent)
        assert (await over(jobs.add(order(period="2026-07")))).state is State.DONE


async def test_the_oldest_files_make_room_when_all_together_are_too_large() -> None:
    async with working(most_bytes=20) as (jobs, _):
        made = [await over(jobs.add(order(period=f"2026-0{n}"))) for n in (1, 2, 3)]
        assert jobs.of(SITI) == [made[2], made[1]]


async def test_a_collector_that_stops_stops_the_work_and_removes_all_files() -> None:
    slow = Slow()
    async with working(slow) as (jobs, _):
        job, waiting = jobs.add(order()), jobs.add(order(BUDI))
        await asyncio.to_thread(slow.began.wait, 30)
        folder = job.path and job.path.parent
        await jobs.close()
        assert (job.state, waiting.state) == (State.CANCELLED, State.CANCELLED)
        assert folder
        assert not folder.exists()
        with pytest.raises(Full):
            jobs.add(order())


async def test_what_a_program_waits_for_stands_in_nobodys_list() -> None:
    async with working() as (jobs, _):
        job = await over(jobs.add(order(), listed=False))
        assert (jobs.of(SITI), jobs.find(job.id, SITI)) == ([], None)


def test_a_file_does_not_grow_without_end(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        written(tmp_path / "large", threading.Event(), lambda file: file.write(b"x" * 2_000_000), most_bytes=1_000_000)


def test_a_disk_that_is_almost_full_is_left_to_the_others(tmp_path: Path) -> None:
    with pytest.raises(OSError) as error:
        written(tmp_path / "file", threading.Event(), lambda file: file.write(b"x"), leave_free_bytes=1 << 60)
    assert failure_of(error.value).why == "disk_full"


def _gone(path: Path) -> None:
    """Waits until another thread has removed it."""
    while path.exists():
        threading.Event().wait(0.001)
