"""Round trips that add up: percentiles within 2 % of the truth, the same bytes whatever was added to what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.latency import BOUNDS_US, Latency, bucket_of, by_slot, latency_of, pack, table, unpack
from collector.columns import Columns, Series
from shared.result import CODE_OF, Group, Outcome

ALWAYS = [(0, 1_000_000)]
OK, TIMEOUT, ERROR = CODE_OF[Outcome.OK], CODE_OF[Outcome.TIMEOUT], CODE_OF[Outcome.ERROR]
TRIPS = st.lists(st.integers(10, 3_600_000_000), min_size=1, max_size=60)


def series(target: str = "anchor", group: Group = Group.INTERNET, kind: str = "icmp", at: str = "s") -> Series:
    return Series(site="s", agent="a", agent_site=at, target=target, group=group, kind=kind, interval_ms=30_000)


def echoes(*avg_us: int, of: Series | None = None, step_ms: int = 1000, outcome: int = OK) -> Columns:
    """Results of one target, one every `step_ms`, 4 packets each; 0: nothing came back."""
    n, trips = len(avg_us), np.array(avg_us, np.uint32)
    received = np.where(trips > 0, 4, 0).astype(np.uint8)
    outcomes = np.where(trips > 0, outcome, TIMEOUT).astype(np.uint8)
    at_ms = np.arange(n, dtype=np.int64) * step_ms
    four = np.full(n, 4, np.uint8)
    return Columns((of or series(),), np.zeros(n, np.uint16), at_ms, outcomes, four, received, trips, trips, trips)


def of(*avg_us: int) -> Latency:
    return latency_of(echoes(*avg_us, step_ms=1), ALWAYS, []).get(("internet", 0), Latency())


latencies = st.builds(
    lambda n, trips: Latency(n[0], n[1], n[2], n[3], of(*trips).buckets),
    st.lists(st.integers(0, 1 << 50), min_size=4, max_size=4),
    TRIPS,
)


@given(TRIPS, st.floats(0, 1))
def test_a_percentile_is_off_by_two_percent_at_most(trips: list[int], share: float) -> None:
    exact = np.quantile(trips, share, method="inverted_cdf")
    assert of(*trips).percentile_us(share) == pytest.approx(exact, rel=0.02)


def test_every_round_trip_is_in_the_bucket_that_a_search_would_find() -> None:
    bounds = BOUNDS_US.astype(np.int64)
    trips = np.concatenate([bounds - 1, bounds, bounds + 1, np.arange(200_000), [2**31, 2**32 - 1]]).astype(np.uint32)
    assert (bucket_of(trips) == np.searchsorted(BOUNDS_US, trips, "right")).all()


@given(st.lists(latencies, max_size=5))
def test_adding_leaves_no_trace_of_the_order(parts: list[Latency]) -> None:
    forward, backward = Latency(), Latency()
    for part in parts:
        forward += part
    for part in reversed(parts):
        backward += part
    assert forward.to_bytes() == backward.to_bytes()
    assert forward.sent == sum(part.sent for part in parts)


def test_adding_changes_only_the_sum() -> None:
    part, total = of(10, 900_000), Latency()
    total += part
    total += part
    assert (part, total.sent, int(total.buckets.sum())) == (of(10, 900_000), 16, 4)


@given(latencies)
def test_bytes_and_back(latency: Latency) -> None:
    assert Latency.from_bytes(latency.to_bytes()) == latency


@given(st.dictionaries(st.tuples(st.sampled_from(["gateway", "outside"]), st.integers(0, 1)), latencies, max_size=4))
def test_a_day_in_one_blob_and_back(day: dict[tuple[str, int], Latency]) -> None:
    assert unpack(pack(day)) == {slot: latency for slot, latency in day.items() if latency != Latency()}


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), latencies), max_size=8))
def test_many_blobs_are_added_by_owner_as_one_by_one(days: list[tuple[int, Latency]]) -> None:
    sums = table([[pack({("intranet", 1): part}) for of, part in days if of == owner] for owner in range(3)])
    for owner in range(3):
        expected = Latency()
        for _, part in (day for day in days if day[0] == owner):
            expected += part
        assert by_slot(sums[owner]).get(("intranet", 1), Latency()) == expected


def test_a_lost_packet_is_counted_and_has_no_round_trip() -> None:
    latency = of(20_000, 0, 20_000)
    assert (latency.sent, latency.lost, latency.loss_ratio(), int(latency.buckets.sum())) == (12, 4, 1 / 3, 2)


def test_jitter_is_between_neighbours_that_both_have_an_answer() -> None:
    latency = of(20_000, 23_000, 0, 90_000, 89_000)
    assert (latency.jitter_sum_us, latency.jitter_n, latency.jitter_us()) == (4_000, 2, 2_000)


def test_nothing_measured_is_not_zero() -> None:
    nothing = Latency()
    assert (nothing.percentile_us(0.5), nothing.loss_ratio(), nothing.jitter_us()) == (None, None, None)


def test_only_available_time_counts_and_a_pair_needs_both_in_it() -> None:
    (found,) = latency_of(echoes(1_000, 2_000, 0, 4_000, 5_000), [(0, 1_500), (4_000, 9_000)], []).values()
    assert (found.sent, found.lost, found.jitter_n, int(found.buckets.sum())) == (12, 0, 1, 3)


def test_service_hours_have_their_own_account_and_a_pair_is_the_laters() -> None:
    found = latency_of(echoes(1_000, 2_000, 3_000), ALWAYS, [(1_000, 2_000)])
    assert {slot: (one.sent, one.jitter_n) for slot, one in found.items()} == {
        ("internet", 0): (8, 1),
        ("internet", 1): (4, 1),
    }


@pytest.mark.parametrize(
    ("of_series", "slots"),
    [
        (series(group=Group.GATEWAY), {("gateway", 0)}),
        (series(group=Group.GATEWAY, at="hub"), {("outside", 0)}),  # a router watched from elsewhere
        (series(group=Group.SERVICE), set()),
        (series(kind="http"), set()),
        (series(kind="uptime"), set()),
    ],
)
def test_only_echoes_of_the_line_count(of_series: Series, slots: set[tuple[str, int]]) -> None:
    assert latency_of(echoes(1_000, of=of_series), ALWAYS, []).keys() == slots


def test_our_own_errors_are_no_loss() -> None:
    assert latency_of(echoes(1_000, 2_000, outcome=ERROR), ALWAYS, []) == {}
    assert latency_of(Columns.empty(), ALWAYS, []) == {}
