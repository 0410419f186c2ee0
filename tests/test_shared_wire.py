"""The wire: what an agent encodes is what a collector decodes, in few bytes."""

from dataclasses import replace
from typing import Any

import msgspec
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dictionary import DICT_ID, bytes_per_result
from collector.decode import decode
from shared.result import OUTCOMES, Group, Outcome, Result
from shared.wire import Batch, Context, TargetSpec, dictionary, encode_planes
from tests.deliveries import BASE_MS, CONTEXT, RECEIVED_MS, batch_of, run_of


@st.composite
def results(draw: st.DrawFn) -> list[tuple[int, Result]]:
    """Any results an agent may have: any order of targets, any gaps, any round trips up to half an hour."""
    made = []
    for _ in range(draw(st.integers(0, 40))):
        index, received = draw(st.integers(0, 2)), draw(st.integers(0, 20))
        low, more, most = (draw(st.integers(0, 600_000_000)) if received else 0 for _ in range(3))
        outcome = draw(st.sampled_from(OUTCOMES if received else [o for o in OUTCOMES if o is not Outcome.OK]))
        rtts: dict[str, Any] = {"rtt_min_us": low, "rtt_avg_us": low + more, "rtt_max_us": low + more + most}
        started_ms = draw(st.integers(0, 3_600_000))
        name = CONTEXT.targets[index].name
        result = Result(target=name, started_ms=started_ms, outcome=outcome, sent=20, received=received, **rtts)
        made.append((index, result))
    return made


@given(results())
@settings(max_examples=80)
def test_every_result_comes_out_as_it_went_in(sent: list[tuple[int, Result]]) -> None:
    columns, seqs, aside = decode(batch_of(sent, 100), CONTEXT, "a", "s", RECEIVED_MS)
    assert not aside
    assert sorted(seqs.tolist()) == list(range(100, 100 + len(sent)))
    for row, seq in enumerate(seqs.tolist()):
        index, result = sent[seq - 100]
        assert columns.index[row] == index
        assert columns.at_ms[row] == result.started_ms + BASE_MS
        assert OUTCOMES[columns.outcome[row]] is result.outcome
        assert (columns.sent[row], columns.received[row]) == (result.sent, result.received)
        assert columns.min_us[row] == result.rtt_min_us
        assert columns.avg_us[row] == result.rtt_avg_us
        assert columns.max_us[row] == result.rtt_max_us


def test_a_hub_with_a_thousand_targets_counts_them_in_two_bytes() -> None:
    specs = [TargetSpec(name=f"t{i}", group=Group.INTERNET, kind="icmp", interval_ms=30_000) for i in range(1000)]
    context = msgspec.structs.replace(CONTEXT, targets=tuple(specs))
    probed = [
        (i, Result(target=f"t{i}", started_ms=i, outcome=Outcome.TIMEOUT, sent=4, received=0)) for i in (999, 3, 256)
    ]
    batch = msgspec.structs.replace(batch_of([]), n=3, planes=encode_planes(probed, [30_000] * 1000, 0))
    columns, seqs, aside = decode(batch, context, "a", "s", RECEIVED_MS)
    assert not aside
    assert dict(zip(columns.index.tolist(), seqs.tolist(), strict=True)) == {999: 0, 3: 1, 256: 2}


def test_the_name_of_a_context_is_made_of_its_content() -> None:
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(CONTEXT), type=Context)
    assert again.name == CONTEXT.name
    assert msgspec.structs.replace(CONTEXT, clock_base_ms=0).name != CONTEXT.name


def test_a_batch_is_the_same_in_both_encodings() -> None:
    batch = run_of(5, 25, context_body=CONTEXT)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(batch), type=Batch) == batch
    assert msgspec.json.decode(msgspec.json.encode(batch), type=Batch) == batch


def test_numbers_that_no_plane_holds_are_clipped() -> None:
    late = Result(target="gw", started_ms=1 << 40, outcome=Outcome.OK, sent=999, received=999, rtt_max_us=1 << 40)
    early = replace(late, started_ms=-(1 << 40), rtt_min_us=5, rtt_max_us=3)
    assert len(encode_planes([(0, late), (0, early)], [30_000], 0)) == 2 * 20


def test_the_shipped_dictionary_brings_a_result_of_a_hundred_below_seven_bytes() -> None:
    shipped = dictionary()
    assert (shipped.dict_id(), len(shipped)) == (DICT_ID, 4096)
    assert bytes_per_result(shipped.as_bytes(), 100, batches=60) < 7
    assert bytes_per_result(shipped.as_bytes(), 20, batches=60) < 11


def test_the_frame_says_which_dictionary_it_needs() -> None:
    body = zstandard.ZstdCompressor(dict_data=dictionary()).compress(b"{}")
    assert zstandard.get_frame_parameters(body).dict_id == DICT_ID
