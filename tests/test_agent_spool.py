"""The spool: nothing that was appended is lost, and what is lost is counted."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent.holdings import Contexts, Holdings
from agent.segment import RECORD_BYTES, pack
from agent.slices import Slice
from agent.spool import Spool, SpoolSettings
from agent.spool_files import SpoolFiles, SpoolInUse
from agent.spool_writer import SpoolWriter
from tests.fakes import FakeClock
from tests.spooling import SMALL, a_context, a_result, a_spool, drain, fill, seqs

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def crash(directory: Path, copy: Path) -> Path:
    """What a `kill -9` of the agent would leave behind."""
    shutil.copytree(directory, copy, ignore=shutil.ignore_patterns("lock"))
    return copy


@contextmanager
def mounted(path: Path, options: str) -> Iterator[Path]:
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "kentongan-test", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill_up(path: Path) -> None:
    """Writes until the disk is full."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


# in and out


def test_results_come_out_as_they_went_in(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    assert fill(spool, 5) == [1, 2, 3, 4, 5]
    piece = spool.oldest(spool.next_seq, 100)
    assert piece is not None
    assert (piece.stream, piece.first_seq, piece.last_seq, piece.context) == (spool.stream, 1, 5, a_context())
    assert list(piece.results) == [(n % 2, a_result(n)) for n in range(1, 6)]


def test_a_result_is_handed_out_only_once_it_would_survive_a_power_cut(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.append(a_result(1))
    assert spool.newest(0, 10) is None
    assert spool.pending == 1
    spool.sync()
    assert spool.newest(0, 10) is not None


def test_the_newest_results_can_be_had_first(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 10)
    piece = spool.newest(0, 4)
    assert piece is not None
    assert (piece.first_seq, piece.last_seq) == (7, 10)
    spool.ack(7, 10)
    older, none = spool.newest(3, 2), spool.newest(7, 2)
    assert older is not None
    assert (older.first_seq, older.last_seq, none) == (5, 6, None)


def test_acknowledgements_may_come_in_any_order(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 10)
    for first, last in ((9, 10), (4, 5), (9, 10), (5, 6)):
        spool.ack(first, last)
    assert spool.pending == 5
    assert spool.floor_seq == 1
    assert [(p.first_seq, p.last_seq) for p in drain(spool)] == [(1, 3), (7, 8)]
    assert (spool.pending, spool.floor_seq) == (0, 11)


def test_what_was_never_appended_cannot_be_acknowledged(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 2)
    spool.ack(1, 1_000)
    fill(spool, 1, start=3)
    assert seqs(drain(spool)) == [3]


def test_a_slice_never_mixes_contexts(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 3)
    spool.open_context(a_context(clock_base_ms=7))
    fill(spool, 2, start=4)
    slices = drain(spool)
    assert [(p.first_seq, p.last_seq, p.context.clock_base_ms) for p in slices] == [
        (1, 3, 1_789_995_000_000),
        (4, 5, 7),
    ]


def test_the_age_of_the_backlog_is_known(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    assert spool.oldest_pending_ms is None
    fill(spool, 3)
    spool.ack(1, 1)
    assert spool.oldest_pending_ms == 1_789_995_002_000


def test_halves_are_the_whole() -> None:
    whole = Slice(stream="s", first_seq=5, context=a_context(), results=[(0, a_result(n)) for n in range(7)])
    older, newer = whole.halves()
    assert (older.first_seq, older.last_seq, newer.first_seq, newer.last_seq) == (5, 7, 8, 11)
    assert [*older.results, *newer.results] == whole.results


# restarts


def test_a_restart_goes_on_where_it_stopped(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 200)
    spool.ack(1, 150)
    stream = spool.stream
    spool.close()
    again = a_spool(tmp_path)
    assert (again.stream, again.next_seq, again.pending, again.floor_seq) == (stream, 201, 50, 151)
    fill(again, 1, start=201)
    assert seqs(drain(again)) == list(range(151, 202))


def test_a_crash_loses_nothing_and_reuses_no_number(tmp_path: Path) -> None:
    spool = a_spool(tmp_path / "a")
    fill(spool, 150)
    spool.append(a_result(151))
    again = a_spool(crash(tmp_path / "a", tmp_path / "b"))
    assert (again.stream, again.next_seq) == (spool.stream, 152)
    assert seqs(drain(again)) == list(range(1, 152))


def test_everything_acknowledged_leaves_no_number_to_be_used_again(tmp_path: Path) -> None:
    spool = a_spool(tmp_path / "a")
    fill(spool, 300)
    spool.ack(1, 300)
    spool.close()
    again = a_spool(tmp_path / "a")
    assert (again.stream, again.next_seq, again.pending) == (spool.stream, 301, 0)
    assert again.append(a_result(301)) == 301


def test_a_crash_between_deleting_and_remembering_is_no_loss(tmp_path: Path) -> None:
    spool = a_spool(tmp_path / "a")
    fill(spool, 300)
    spool.ack(1, 250)  # several segments have nothing left to send now
    again = a_spool(crash(tmp_path / "a", tmp_path / "b"))
    assert set(range(251, 301)) <= set(seqs(drain(again)))
    assert again.dropped["damaged"] == 0


def test_acknowledged_segments_are_deleted(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 1_000)
    before = len(list(tmp_path.glob("*.seg")))
    spool.ack(1, 1_000)
    spool.close()
    assert before > 5
    assert len(list(tmp_path.glob("*.seg"))) == 1
    assert len(list((tmp_path / "contexts").iterdir())) == 1


def test_two_agents_cannot_share_a_directory(tmp_path: Path) -> None:
    first = a_spool(tmp_path)
    with pytest.raises(SpoolInUse, match="another agent is running"):
        Spool(tmp_path, SMALL, FakeClock())
    first.close()
    Spool(tmp_path, SMALL, FakeClock()).close()


def test_losses_are_remembered_over_restarts(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 3_000)
    spool.set_aside(2_990, 2_991, "because")
    lost, aside = spool.dropped, spool.set_aside_count
    spool.close()
    again = a_spool(tmp_path)
    assert lost["size"] > 0
    assert (again.dropped, again.set_aside_count) == (lost, aside) == (lost, 2)


CHILD = """
import sys
from pathlib import Path
from agent.spool import SpoolSettings
from shared.clock import SystemClock
from tests.spooling import a_spool, a_result
spool = a_spool(Path(sys.argv[1]), SystemClock(), SpoolSettings())
for n in range(1, 1_000_000):
    print(spool.append(a_result(n)), flush=True)
"""


@pytest.mark.parametrize("lines", [1, 90, 2_500])
def test_kill_9_loses_nothing_that_append_has_returned(tmp_path: Path, lines: int) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path / "spool")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as child:
        assert child.stdout
        told = [int(child.stdout.readline()) for _ in range(lines)]
        child.kill()
        told += [int(line) for line in child.stdout if line.endswith("\n")]
    spool = Spool(tmp_path / "spool", SpoolSettings(), FakeClock())
    kept = seqs(drain(spool))
    assert kept[: len(told)] == told
    assert len(kept) <= len(told) + 1  # it may have died before it could tell
    assert spool.dropped["damaged"] == 0


def test_a_crash_right_after_making_room_still_counts_the_loss(tmp_path: Path) -> None:
    spool = a_spool(tmp_path / "a")
    for n in range(1, 3_001):
        spool.append(a_result(n))
    again = a_spool(crash(tmp_path / "a", tmp_path / "b"))
    assert len(seqs(drain(again))) + sum(again.dropped.values()) == 3_000
    assert sum(again.dropped.values()) > 0


# damage


@pytest.fixture
def fast_path() -> Iterator[Path]:
    """A directory whose syncs cost nothing, where the system has one: some tests open a thousand spools."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as directory:
        yield Path(directory)


def a_damaged_spool(tmp_path: Path) -> tuple[Path, dict[Path, list[int]]]:
    """A crashed spool with a complete and an open segment of six results each; the numbers in each file."""
    spool = a_spool(tmp_path / "whole")
    for n in range(1, 7):
        spool.append(a_result(n))
    spool.open_context(a_context(clock_base_ms=7))
    fill(spool, 6, start=7)
    crash(tmp_path / "whole", tmp_path / "image")
    spool.close()
    segments = sorted((tmp_path / "image").glob("0*"))
    return tmp_path / "image", {segments[0]: [*range(1, 7)], segments[1]: [*range(7, 13)]}


def surviving(size: int, numbers: list[int], damaged: range) -> list[int]:
    base = size - len(numbers) * RECORD_BYTES
    begins = [base + i * RECORD_BYTES for i in range(len(numbers))]
    return [
        n for n, at in zip(numbers, begins, strict=True) if at + RECORD_BYTES <= damaged.start or at >= damaged.stop
    ]


def damage(path: Path, kind: str, at: int) -> range:
    """Damages the file at `at`; returns the bytes that are not what they were."""
    data = bytearray(path.read_bytes())
    if kind == "truncate":
        path.write_bytes(data[:at])
        return range(at, len(data))
    size = 64 if kind.endswith("64") else 1
    end = min(at + size, len(data))
    changed = [i for i in range(at, end) if kind.startswith("flip") or data[i]]
    for i in changed:
        data[i] = data[i] ^ 0x10 if kind.startswith("flip") else 0
    path.write_bytes(data)
    return range(changed[0], changed[-1] + 1) if changed else range(0)


@pytest.mark.parametrize("kind", ["truncate", "flip1", "flip64", "zero1", "zero64"])
def test_damage_at_any_offset_costs_the_damaged_results_and_is_counted(
    tmp_path: Path, fast_path: Path, kind: str
) -> None:
    work = fast_path / "work"
    image, segments = a_damaged_spool(tmp_path)
    files = [p for p in image.rglob("*") if p.is_file()]
    assert len(files) == 6
    for path in files:
        pristine, numbers = path.read_bytes(), segments.get(path, [])
        others = [n for other in segments if other != path for n in segments[other]]
        for at in range(len(pristine)):
            path.write_bytes(pristine)
            harm = damage(path, kind, at)
            expected = others + surviving(len(pristine), numbers, harm)
            check_what_is_left(image, work, sorted(expected))
        path.write_bytes(pristine)


def check_what_is_left(image: Path, work: Path, expected: list[int]) -> None:
    shutil.copytree(image, work)
    spool = Spool(work, SMALL, FakeClock())
    told = {n for piece in drain(spool) for n, _ in enumerate(piece.results, piece.first_seq)}
    assert sorted(told) == expected
    assert spool.dropped["damaged"] == 12 - len(expected)
    spool.open_context(a_context())
    assert spool.append(a_result(1)) == 13
    assert spool.pending == 1
    spool.close()
    shutil.rmtree(work)


def test_damage_is_counted_once(tmp_path: Path) -> None:
    image, segments = a_damaged_spool(tmp_path)
    path = next(iter(segments))
    damage(path, "flip1", path.stat().st_size - 1)
    for _ in range(3):
        spool = a_spool(image)
        seqs([piece] if (piece := spool.oldest(7, 100)) else [])
        assert spool.dropped["damaged"] == 1
        spool.close()


def test_a_segment_that_vanished_is_counted(tmp_path: Path) -> None:
    image, segments = a_damaged_spool(tmp_path)
    next(iter(segments)).unlink()
    spool = a_spool(image)
    assert spool.dropped["damaged"] == 6
    assert seqs(drain(spool)) == [*range(7, 13)]


def test_after_a_torn_tail_no_number_can_mean_two_results(tmp_path: Path) -> None:
    image, segments = a_damaged_spool(tmp_path)
    before = a_spool(tmp_path / "whole").stream
    damage(list(segments)[1], "truncate", list(segments)[1].stat().st_size - 3 * RECORD_BYTES)
    spool = a_spool(image)
    fill(spool, 1)
    streams = {piece.first_seq: piece.stream for piece in drain(spool)}
    assert streams == {1: before, 7: before, 13: spool.stream}
    assert spool.stream != before


def test_without_any_copy_of_a_context_its_results_are_lost_and_counted(tmp_path: Path) -> None:
    image, segments = a_damaged_spool(tmp_path)
    path = next(iter(segments))
    path.write_bytes(b"\0" * 30 + path.read_bytes()[30:])
    (image / "contexts" / path.name.split("-")[3]).unlink()
    spool = Spool(image, SMALL, FakeClock())
    assert seqs(drain(spool)) == [*range(7, 13)]
    assert spool.dropped["damaged"] == 6


# bounds


def test_the_oldest_results_make_room_and_are_counted(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 3_000)
    size = sum(p.stat().st_size for p in tmp_path.glob("0*"))
    kept = seqs(drain(spool))
    assert size <= SMALL.max_bytes
    assert kept == [*range(kept[0], 3_001)]
    assert spool.dropped["size"] == kept[0] - 1 > 0


def test_what_was_acknowledged_is_not_counted_as_lost(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 500)
    spool.ack(2, 500)
    fill(spool, 2_000, start=501)
    assert spool.dropped["size"] == 1 + (spool.floor_seq - 501)


def test_results_grow_too_old(tmp_path: Path) -> None:
    clock = FakeClock()
    spool = a_spool(tmp_path, clock, SpoolSettings(max_bytes=65_536, max_age_days=1))
    fill(spool, 200)
    clock.advance(86_400 / 2)
    fill(spool, 200, start=201)
    clock.advance(86_400 / 2 + 120)
    fill(spool, 1, start=401)
    assert 0 < spool.dropped["age"] < 201
    assert spool.floor_seq == spool.dropped["age"] + 1


def test_a_wall_clock_that_learns_the_year_makes_nothing_old(tmp_path: Path) -> None:
    clock = FakeClock(wall_ms=1_325_376_000_000)
    spool = a_spool(tmp_path, clock)
    fill(spool, 300)
    clock.step(14 * 365 * 86_400)
    clock.advance(120)
    fill(spool, 1, start=301)
    assert spool.dropped["age"] == 0


def test_age_is_counted_over_restarts(tmp_path: Path) -> None:
    settings = SpoolSettings(max_bytes=65_536, max_age_days=1)
    for day in range(4):
        clock = FakeClock(boot_ms=1_000)
        spool = a_spool(tmp_path, clock, settings)
        fill(spool, 10, start=10 * day + 1)
        clock.advance(0.6 * 86_400)
        spool.append(a_result(1))
        spool.close()
    assert spool.dropped["age"] > 0


def test_poison_is_kept_for_a_person_and_never_sent_again(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    fill(spool, 5)
    spool.set_aside(3, 3, "stamp out of range")
    assert spool.set_aside_count == 1
    assert seqs(drain(spool)) == [1, 2, 4, 5]
    line = (tmp_path / "set_aside" / "results.jsonl").read_text()
    assert '"why":"stamp out of range"' in line
    assert '"target":"t1"' in line


def test_a_month_of_ten_targets_opens_fast_and_small(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SpoolSettings(), FakeClock())
    spool.open_context(a_context(10))
    for n in range(30_000):
        spool.append(a_result(n, 10))
    spool.close()
    again = Spool(tmp_path, SpoolSettings(), FakeClock())
    assert again.pending == 30_000
    assert again.pending_bytes < 30_000 * 47
    assert again.dropped == {"age": 0, "size": 0, "damaged": 0, "disk_full": 0}


# a disk that takes nothing


def test_a_directory_that_cannot_be_used_leaves_the_agent_working_from_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.ERROR):
        spool = a_spool(tmp_path / "file" / "spool")
    assert [r.getMessage() for r in caplog.records] == [
        f"spool_disk state=failing error=\"[Errno 20] Not a directory: '{tmp_path}/file/spool'\" memory_results=30000"
    ]
    fill(spool, 5)
    assert seqs(drain(spool)) == [1, 2, 3, 4, 5]


def test_memory_is_bounded_and_the_newest_results_are_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    spool = a_spool(tmp_path / "file", settings=SpoolSettings(memory_results=2_000))
    fill(spool, 5_500)
    kept = seqs(drain(spool))
    assert 1_000 <= len(kept) <= 2_000
    assert kept[-1] == 5_500
    assert spool.dropped["disk_full"] == 5_500 - len(kept)


def test_what_waited_in_memory_goes_to_disk_when_the_disk_is_back(tmp_path: Path) -> None:
    clock = FakeClock()
    (tmp_path / "file").write_text("in the way")
    spool = a_spool(tmp_path / "file", clock)
    fill(spool, 3)
    memory_stream = spool.stream
    (tmp_path / "file").unlink()
    clock.advance(11)
    fill(spool, 2, start=4)
    spool.close()
    pieces = drain(a_spool(tmp_path / "file"))
    assert [(p.first_seq, p.last_seq, p.stream == memory_stream) for p in pieces] == [(1, 3, True), (4, 5, False)]


def test_results_in_memory_have_a_stream_that_no_restart_continues(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    streams = {a_spool(tmp_path / "file").stream for _ in range(3)}
    assert len(streams) == 3


@pytest.mark.skipif(not ROOT, reason="mounts a tmpfs")
def test_a_full_disk_costs_the_oldest_results_and_never_raises(tmp_path: Path) -> None:
    clock = FakeClock()
    with mounted(tmp_path / "disk", "size=256k") as disk:
        spool = a_spool(disk / "spool", clock, SpoolSettings(max_bytes=1 << 20))
        for n in range(1, 15_001):
            spool.append(a_result(n))
            clock.advance(0.1)
        spool.sync()
        kept, lost = seqs(drain(spool)), spool.dropped
        spool.close()
    assert kept == [*range(kept[0], 15_001)]
    assert lost == {"age": 0, "size": 0, "damaged": 0, "disk_full": 15_000 - len(kept)}
    assert len(kept) > 3_000


@pytest.mark.skipif(not ROOT, reason="mounts a tmpfs")
def test_a_disk_filled_by_others_and_freed_again_loses_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    with mounted(tmp_path / "disk", "size=512k") as disk:
        spool = a_spool(disk / "spool", clock)
        fill(spool, 500)
        fill_up(disk / "others")
        fill(spool, 300, start=501)
        first_copy = crash(disk / "spool", tmp_path / "crashed")
        (disk / "others").unlink()
        clock.advance(11)
        fill(spool, 200, start=801)
        spool.close()
        assert seqs(drain(a_spool(disk / "spool"))) == [*range(1, 1_001)]
    assert a_spool(first_copy).dropped["damaged"] == 0


@pytest.mark.skipif(not ROOT, reason="mounts a tmpfs")
def test_a_disk_that_became_read_only_still_gives_its_backlog(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=1m") as disk:
        a_spool(disk / "spool").close()
        spool = a_spool(disk / "spool")
        fill(spool, 300)
        crash(disk / "spool", disk / "image")
        spool.close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        again = a_spool(disk / "image")
        fill(again, 10, start=301)
        pieces = drain(again)
        assert seqs(pieces) == [*range(1, 311)]
        assert (pieces[0].stream, pieces[-1].stream) == (spool.stream, again.stream)
        assert pieces[0].stream != pieces[-1].stream


def test_a_sync_that_failed_moves_what_it_was_to_secure_to_memory(tmp_path: Path) -> None:
    files, clock = SpoolFiles(tmp_path), FakeClock()
    held = Holdings(files, clock)
    contexts = Contexts(files, held)
    writer = SpoolWriter(files, held, contexts, clock, segment_bytes=1 << 20, max_bytes=1 << 20, memory_results=9_000)
    files.prepare()
    held.recover()
    contexts.open(a_context())
    for seq in range(1, 6):
        writer.write(seq, pack(0, a_result(seq)))
    writer.synced = 3
    writer.distrust(OSError(5, "Input/output error"))
    on_disk, in_memory = held.segments
    assert (on_disk.first, on_disk.last, on_disk.path is not None) == (1, 3, True)
    assert [seq for seq, _ in in_memory.read(4, 5)] == [4, 5]
    assert in_memory.label.stream == writer.memory_stream != on_disk.label.stream


# threads


def test_appending_syncing_and_sending_go_on_at_once(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, settings=SpoolSettings(max_bytes=1 << 20))
    stop, seen = threading.Event(), list[int]()

    def send() -> None:
        while not stop.is_set():
            spool.sync()
            while piece := spool.newest(0, 50):
                seen.extend(range(piece.first_seq, piece.last_seq + 1))
                spool.ack(piece.first_seq, piece.last_seq)

    sender = threading.Thread(target=send)
    sender.start()
    for n in range(1, 4_001):
        spool.append(a_result(n))
    spool.sync()
    stop.set()
    sender.join(300)
    seen += seqs(drain(spool))
    assert sorted(seen) == [*range(1, 4_001)]
