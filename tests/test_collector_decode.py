"""What the collector makes of a batch: good rows stand, bad ones are set aside with a reason, each by itself."""

from typing import Any

import msgspec
import numpy as np
import pytest

from collector.columns import concatenate
from collector.decode import BadBatch, check_context, decode, decode_parts, intervals_of, is_too_long
from collector.unpack import Aside, Part
from shared.result import Outcome
from shared.wire import Batch, Context, Host, Rows
from tests.deliveries import CONTEXT, RECEIVED_MS, batch_of, in_rows, probe, run_of, same


def aside_of(batch: Batch) -> list[Aside]:
    return decode(batch, CONTEXT, "a", "s", RECEIVED_MS)[2]


def broken(*planes: tuple[int, int, int]) -> Batch:
    """A batch of three good results with bytes changed: (plane, row, value), plane 0 being the order."""
    batch = batch_of([probe(n) for n in (0, 3, 9)], 50)
    raw = bytearray(batch.planes)
    for plane, row, value in planes:
        raw[plane * 3 + row] = value
    return msgspec.structs.replace(batch, planes=bytes(raw))


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        (broken((5, 1, 9)), "outcome"),
        (broken((7, 1, 0)), "outcome"),  # ok without an answer
        (broken((7, 1, 5)), "packets"),
        (broken((19, 1, 255)), "round_trip"),  # above the average by 4,000 s
        (broken((15, 1, 255)), "round_trip"),  # a minimum below zero
    ],
)
def test_one_bad_row_is_set_aside_and_the_others_stand(batch: Batch, reason: str) -> None:
    columns, seqs, aside = decode(batch, CONTEXT, "a", "s", RECEIVED_MS)
    assert [(seq, why) for seq, why, _ in aside] == [(51, reason)]
    assert seqs.tolist() == [50, 52]
    assert len(columns) == 2


def test_a_row_of_a_target_that_is_not_in_the_context_is_set_aside() -> None:
    [(seq, reason, text)] = aside_of(broken((0, 1, 7)))
    assert (seq, reason) == (51, "unknown_target")
    assert msgspec.json.decode(text)["target"] == 7


def test_a_stamp_in_the_year_2099_is_set_aside_with_its_text() -> None:
    batch = batch_of([probe(0), probe(1, started_ms=2_280_000_000)], 7)
    [(seq, reason, text)] = aside_of(batch)
    assert (seq, reason) == (8, "future")
    assert msgspec.json.decode(text)["target"] == "web"


def test_five_minutes_ahead_are_a_clock_and_not_a_mistake() -> None:
    ahead_ms = RECEIVED_MS - CONTEXT.clock_base_ms + 300_000
    assert not aside_of(batch_of([probe(0, started_ms=ahead_ms)]))
    assert aside_of(batch_of([probe(0, started_ms=ahead_ms + 1)]))


JUDGED = Host(sent_wall_ms=CONTEXT.clock_base_ms + 3_600_000, sent_boot_ms=3_600_000, same_boot=True)


@pytest.mark.parametrize("base_ms", [0, 1_325_376_000_000, RECEIVED_MS + 100 * 365 * 86_400_000])
def test_a_batch_that_tells_of_its_clock_may_be_of_any_year(base_ms: int) -> None:
    context = msgspec.structs.replace(CONTEXT, clock_base_ms=base_ms)
    batch = msgspec.structs.replace(run_of(0, 9), host=msgspec.structs.replace(JUDGED, same_boot=False))
    columns, _, aside = decode(batch, context, "a", "s", RECEIVED_MS)
    assert (len(columns), aside) == (9, [])


def test_nothing_is_measured_after_it_was_sent() -> None:
    sent_ms = JUDGED.sent_boot_ms
    rows = [probe(number, started_ms=sent_ms + ahead_ms) for number, ahead_ms in ((0, 0), (3, 300_000), (6, 300_001))]
    batch = msgspec.structs.replace(batch_of(rows), host=JUDGED)
    assert [(seq, reason) for seq, reason, _ in aside_of(batch)] == [(2, "future")]
    stepped = msgspec.structs.replace(JUDGED, sent_wall_ms=JUDGED.sent_wall_ms - 86_400_000)
    assert not aside_of(msgspec.structs.replace(batch, host=stepped))


@pytest.mark.parametrize(
    ("base_ms", "started_ms", "reason"),
    [(0, -1, "past"), (-5_000, 4_999, "past"), (5_000, -1, "past"), (7_258_118_399_000, 1_001, "future")],
)
def test_stamps_before_1970_before_the_boot_and_after_2200_are_refused(
    base_ms: int, started_ms: int, reason: str
) -> None:
    context = msgspec.structs.replace(CONTEXT, clock_base_ms=base_ms)
    batch = batch_of([probe(0, started_ms=started_ms)], host=msgspec.structs.replace(JUDGED, same_boot=False))
    assert [why for _, why, _ in decode(batch, context, "a", "s", RECEIVED_MS)[2]] == [reason]


@pytest.mark.parametrize(
    "change", [{"sent_boot_ms": -1}, {"sent_boot_ms": 1 << 42}, {"sent_wall_ms": 1 << 60}, {"answered": (1, 1 << 50)}]
)
def test_a_host_with_impossible_times_is_refused(change: dict[str, Any]) -> None:
    batch = msgspec.structs.replace(run_of(0, 3), host=msgspec.structs.replace(JUDGED, **change))
    with pytest.raises(BadBatch, match="host"):
        decode(batch, CONTEXT, "a", "s", RECEIVED_MS)


def test_an_error_before_anything_was_sent_is_a_result() -> None:
    assert not aside_of(batch_of([probe(0, outcome=Outcome.ERROR, sent=0, received=0)]))


def test_only_the_first_refused_rows_of_a_batch_are_kept_as_text() -> None:
    aside = aside_of(batch_of([probe(0, started_ms=2_280_000_000 + n) for n in range(80)]))
    assert len(aside) == 80
    assert sum(1 for _, _, text in aside if text) == 50


def test_a_group_is_decoded_as_its_batches_would_be_one_by_one() -> None:
    batches = [
        run_of(0, 20),
        broken((5, 1, 9)),
        in_rows([probe(n) for n in (3, 6, 9)], 90),
        run_of(30, 31),
        run_of(9, 9),
    ]
    parts = [Part(batch, CONTEXT, intervals_of(CONTEXT), RECEIVED_MS) for batch in batches]
    group = decode_parts(parts)
    for number, batch in enumerate(batches):
        columns, seqs, aside = decode(batch, CONTEXT, "a", "s", RECEIVED_MS)
        mine = group.part == number
        assert group.seq[mine].tolist() == seqs.tolist()
        assert group.at_ms[mine].tolist() == columns.at_ms.tolist()
        assert group.avg_us[mine].tolist() == columns.avg_us.tolist()
        assert group.aside.get(number, []) == aside


def test_rows_say_the_same_as_planes() -> None:
    probed = [probe(n) for n in range(0, 60, 3)]
    planes = decode(batch_of(probed), CONTEXT, "a", "s", RECEIVED_MS)
    rows = decode(in_rows(probed), CONTEXT, "a", "s", RECEIVED_MS)
    assert same(concatenate([planes[0]]), concatenate([rows[0]]))
    assert planes[1].tolist() == rows[1].tolist()


GOOD: dict[str, Any] = {"started_ms": RECEIVED_MS, "outcome": "ok", "sent": 1, "received": 1, "rtt_us": [1, 2, 3]}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"started_ms": "yesterday"}, "malformed"),
        ({"started_ms": True}, "malformed"),
        ({"started_ms": 1 << 80}, "malformed"),
        ({"sent": 256}, "malformed"),
        ({"received": -1}, "malformed"),
        ({"received": 2}, "packets"),
        ({"outcome": "splendid"}, "outcome"),
        ({"outcome": 0}, "malformed"),
        ({"rtt_us": [1, 2]}, "malformed"),
        ({"rtt_us": None}, "malformed"),
        ({"rtt_us": [1, 2, {"deep": [[]]}]}, "malformed"),
        ({"rtt_us": [3, 2, 1]}, "round_trip"),
        ({"rtt_us": [1, 2, 3_600_000_001]}, "round_trip"),
        ({"outcome": "timeout", "received": 0}, "round_trip"),
        ({"started_ms": 1_300_000_000_000}, "past"),
        ({"started_ms": 4_070_908_800_000}, "future"),
    ],
)
def test_a_bad_json_row_is_set_aside_and_the_others_stand(bad: dict[str, Any], reason: str) -> None:
    columns = {name: [value, bad.get(name, value), value] for name, value in GOOD.items()}
    batch = msgspec.structs.replace(batch_of([], 5), rows=[Rows(target="gw", **columns)])
    good, seqs, aside = decode(batch, CONTEXT, "a", "s", RECEIVED_MS)
    assert [(seq, why) for seq, why, _ in aside] == [(6, reason)]
    assert seqs.tolist() == [5, 7]
    assert good.max_us.tolist() == [3, 3]


def test_rows_of_an_unknown_target_and_missing_values_are_set_aside() -> None:
    columns = {name: [value] for name, value in GOOD.items()}
    short = columns | {"started_ms": [RECEIVED_MS, RECEIVED_MS]}
    batch = msgspec.structs.replace(batch_of([]), rows=[Rows(target="who", **columns), Rows(target="gw", **short)])
    _, seqs, aside = decode(batch, CONTEXT, "a", "s", RECEIVED_MS)
    assert sorted((seq, why) for seq, why, _ in aside) == [(0, "unknown_target"), (2, "malformed")]
    assert seqs.tolist() == [1]


def test_a_watched_site_has_the_series_of_its_target() -> None:
    columns, _, _ = decode(run_of(0, 3), CONTEXT, "a", "64.72", RECEIVED_MS)
    assert [(s.site, s.outside) for s in columns.series] == [("64.72", False), ("64.72", False), ("64.07", True)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "version 2"),
        ({"n": 4}, "bytes"),
        ({"planes": b""}, "bytes"),
        ({"stream": ""}, "stream"),
        ({"first_seq": -1}, "out of range"),
        ({"first_seq": 1 << 60}, "out of range"),
        ({"base_ms": 1 << 62}, "out of range"),
        ({"rows": in_rows([probe(0)]).rows}, "either"),
    ],
)
def test_a_batch_that_is_not_what_it_says_is_refused_whole(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadBatch, match=said):
        decode(msgspec.structs.replace(run_of(0, 3), **change), CONTEXT, "a", "s", RECEIVED_MS)


@pytest.mark.parametrize(
    "change",
    [
        {"targets": ()},
        {"clock_base_ms": 1 << 60},
        {"targets": (msgspec.structs.replace(CONTEXT.targets[0], interval_ms=0),)},
        {"targets": (msgspec.structs.replace(CONTEXT.targets[0], name="x" * 65),)},
    ],
)
def test_a_context_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    context: Context = msgspec.structs.replace(CONTEXT, **change)
    with pytest.raises(BadBatch):
        check_context(context)


def test_length_is_known_before_anything_is_decoded() -> None:
    assert is_too_long(msgspec.structs.replace(batch_of([]), n=20_001))
    assert is_too_long(
        msgspec.structs.replace(
            batch_of([]), rows=[Rows(target="t", started_ms=[0] * 20_001, outcome=[], sent=[], received=[], rtt_us=[])]
        )
    )
    assert not is_too_long(run_of(0, 30))


@pytest.mark.parametrize("seed", range(20))
def test_noise_in_the_planes_never_raises(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, 30 * 20, np.uint8).tobytes()
    batch = msgspec.structs.replace(batch_of([]), n=30, planes=noise)
    columns, seqs, aside = decode(batch, CONTEXT, "a", "s", RECEIVED_MS)
    assert len(columns) == len(seqs)
    assert sorted([*seqs.tolist(), *(seq for seq, _, _ in aside)]) == list(range(30))
