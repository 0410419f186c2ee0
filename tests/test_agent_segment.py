"""The file format of the spool: what is damaged is known by number, what is not damaged is read."""

import random
from pathlib import Path

import pytest

from agent.ranges import Ranges
from agent.segment import RECORD, RECORD_BYTES, Label, Segment, encode_context, frame, frames, inspect, pack, unpack
from shared.result import Outcome
from tests.spooling import a_context, a_result

LABEL = Label(first=7, born_s=3, stream="00" * 8, context=a_context().name)


def write(path: Path, count: int, label: Label = LABEL) -> bytes:
    head = encode_context(a_context(), label.seed)
    rows = [frame(RECORD, label.first + i, pack(i % 2, a_result(i)), label.seed) for i in range(count)]
    path.write_bytes(head + b"".join(rows))
    return head


def test_a_result_comes_back_as_it_went_in() -> None:
    result = a_result(3, outcome=Outcome.BAD_STATUS)
    assert unpack(pack(1, result), a_context()) == (1, result)


def test_numbers_that_do_not_fit_are_clipped() -> None:
    payload = pack(0, a_result(-5).__class__(target="t0", started_ms=-5, outcome=Outcome.OK, sent=900, received=300))
    _, result = unpack(payload, a_context())
    assert (result.started_ms, result.sent, result.received) == (0, 255, 255)


def test_a_name_says_everything_and_nothing_else_is_taken_for_one() -> None:
    assert Label.parse(LABEL.name(5)) == (LABEL, 5)
    assert Label.parse(LABEL.name()) == (LABEL, None)
    for name in ("lock", "state-0", "notes.seg", LABEL.name(5) + ".new", "7-3-a-b.open"):
        assert Label.parse(name) is None


def test_reading_finds_its_way_again_behind_rubbish() -> None:
    good = [frame(RECORD, n, pack(0, a_result(n)), 9) for n in (1, 2, 3)]
    data = b"rubbish \xd6k" + good[0] + b"\xd6k\x00\x00" + good[1][:20] + good[2]
    assert [seq for _, _, seq, _ in frames(data, 9)] == [1, 3]


def test_a_frame_of_another_file_is_not_ours() -> None:
    foreign = frame(RECORD, 1, pack(0, a_result(1)), 1)
    assert not list(frames(foreign, 2))


def test_random_bytes_are_no_frames() -> None:
    rubbish = random.Random(1).randbytes(200_000) + b"\xd6k" * 1_000
    assert not list(frames(rubbish, 0))


def test_a_complete_segment_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / LABEL.name(5)
    head = write(path, 5)
    segment, missing = inspect(path, LABEL, 5, 0)
    assert (segment.count, segment.base, segment.last, list(missing)) == (5, len(head), 11, [])
    assert segment.context() == a_context()


def test_a_segment_without_a_sound_head_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / LABEL.name(5)
    head = write(path, 5)
    path.write_bytes(bytes(len(head)) + path.read_bytes()[len(head) :])
    segment, missing = inspect(path, LABEL, 5, 0)
    assert segment.context() is None
    assert [seq for seq, _ in segment.read(8, 10)] == [8, 9, 10]
    assert not list(missing)


@pytest.mark.parametrize("cut", [1, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1])
def test_a_torn_tail_costs_the_torn_results(tmp_path: Path, cut: int) -> None:
    path = tmp_path / LABEL.name(5)
    write(path, 5)
    path.write_bytes(path.read_bytes()[:-cut])
    _, missing = inspect(path, LABEL, 5, 0)
    assert list(missing) == [(11 - (cut > RECORD_BYTES), 11)]


def test_zeros_at_the_end_of_an_open_segment_are_counted_as_results(tmp_path: Path) -> None:
    path = tmp_path / LABEL.name()
    write(path, 5)
    path.write_bytes(path.read_bytes() + bytes(3 * RECORD_BYTES))
    segment, missing = inspect(path, LABEL, None, 0)
    assert (segment.count, list(missing)) == (8, [(12, 14)])


def test_a_segment_that_vanished_has_no_results(tmp_path: Path) -> None:
    assert Segment(LABEL, 5, 10, tmp_path / "gone").read(7, 11) == []


def test_ranges_agree_with_a_plain_set() -> None:
    rng, ranges, plain = random.Random(7), Ranges(), set[int]()
    for _ in range(600):
        first = rng.randrange(200)
        last = first + rng.randrange(-1, 12)
        new = set(range(first, last + 1)) - plain
        assert ranges.add(first, last) == len(new)
        plain |= new
        low, high = sorted((rng.randrange(210), rng.randrange(210)))
        assert ranges.count(low, high) == len(plain & set(range(low, high + 1)))
        open_numbers = {n for a, b in ranges.gaps(low, high) for n in range(a, b + 1)}
        assert open_numbers == set(range(low, high + 1)) - plain
        if rng.random() < 0.05:
            ranges, plain = Ranges(), set()


def test_ranges_that_touch_melt() -> None:
    assert list(Ranges([(1, 3), (7, 9), (4, 6)])) == [(1, 9)]
    assert Ranges([(4, 6)]).first_gap(1, 9) == (1, 3)
    assert Ranges([(4, 6)]).last_gap(1, 9) == (7, 9)
    assert Ranges([(1, 9)]).last_gap(2, 8) is None
