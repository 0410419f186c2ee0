"""The parts of the audit pack's script that the oracle's tests do not reach, compared with the program's own."""

import ast
import json
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting import latency as ours
from collector.accounting.calendars import Calendar, Season, Shift, service_spans
from collector.accounting.uptime import restarts as our_restarts
from collector.acts import Exclusion, ExclusionKind
from collector.columns import Columns, Series
from collector.condition import Flip
from collector.reports.pack import around, evidence, register
from collector.reports.pack.chosen import order
from collector.reports.pack.recompute import latency as theirs
from collector.reports.pack.recompute.calendar import Hours, Zone
from collector.reports.pack.recompute.connected import Daily, Rule
from collector.reports.pack.recompute.contracts import Contract, parts
from collector.reports.pack.recompute.counters import AROUND, Device, restarts
from collector.reports.pack.recompute.ledger import Terms
from collector.reports.pack.recompute.records import Turn
from collector.reports.pack.recompute.sites import kind_of
from shared.result import CODE_OF, UPTIME, Group, Outcome

HOUR, DAY = 3_600_000, 86_400_000
RECOMPUTE = Path(theirs.__file__).parent
ZONES = ("Asia/Makassar", "Europe/Berlin", "America/St_Johns")
CHANGES = (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 11, 1, 4, 30, tzinfo=UTC))
SHIFTS = st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 1439)), max_size=2)


@pytest.mark.source
def test_the_script_needs_nothing_but_the_standard_library() -> None:
    for path in [*RECOMPUTE.glob("*.py"), RECOMPUTE.parent / "script.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            roots = {name.partition(".")[0] for name in names} - {"recompute"}
            assert roots <= {*sys.stdlib_module_names} - {"zoneinfo"}, path.name


@settings(max_examples=150)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.dictionaries(st.integers(0, 6), SHIFTS),
    st.booleans(),
    st.integers(-30, 10),
)
def test_service_hours_are_those_of_the_program(
    zone: str, change: datetime, shifts: dict[int, list[tuple[int, int]]], closed: bool, hours: int
) -> None:
    start = round(change.timestamp() * 1000) + hours * HOUR
    end, day = start + 40 * HOUR, change.date()
    seasons = (_season("a", None, shifts), _season("b", day, {day.weekday(): [(300, 200)]}))
    days = {day: "closed"} if closed else {}
    calendar = Calendar(name="c", title="c", seasons=seasons, closed=days, fingerprint="f")
    told = Hours(register.calendar_told(calendar), Zone.of(register.zones([zone], (start, end))[zone]))
    terms = Terms(start=start, end=end, service_at=told.at, edges=tuple(told.edges(start, end)))
    served = [piece for piece in terms.pieces(start, end) if terms.cell(piece[0])[0]]
    assert _joined(served) == service_spans(calendar, zone, start, end)


def _season(name: str, first: date | None, shifts: dict[int, list[tuple[int, int]]]) -> Season:
    clock = {day: tuple(Shift(start=_clock(a), end=_clock(b)) for a, b in spans) for day, spans in shifts.items()}
    return Season(name=name, first=first, last=first, shifts=clock)


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        found[-1:] = [(found[-1][0], end)] if found and found[-1][1] == start else [*found[-1:], (start, end)]
    return found


def test_days_are_told_as_long_as_they_are() -> None:
    start = round(CHANGES[0].timestamp() * 1000)
    told = Zone.of(register.zones(["Europe/Berlin"], (start, start + DAY))["Europe/Berlin"])
    lengths = {name: end - begin for name, (begin, end) in told.days.items()}
    assert (lengths["2026-03-28"], lengths["2026-03-29"], lengths["2026-03-30"]) == (24 * HOUR, 23 * HOUR, 24 * HOUR)
    assert told.local(start - 1).hour == 1
    assert told.local(start).hour == 3


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_percentiles_are_those_of_the_program_and_within_two_per_cent(rtts: list[int], share: float) -> None:
    buckets: dict[int, int] = {}
    for us in rtts:
        bucket = int(ours.bucket_of(np.array([us], np.uint32))[0])
        buckets[bucket] = buckets.get(bucket, 0) + 1
    told = theirs.percentile_us(buckets, share)
    row = np.bincount([*buckets], [*buckets.values()], ours.BUCKETS).astype(np.int64)[np.newaxis]
    assert told == pytest.approx(float(ours.percentiles_us(row, share)[0]), rel=1e-12)
    assert [int(bound) for bound in ours.BOUNDS_US] == theirs.BOUNDS
    true = sorted(rtts)[max(1, -(-round(share * 100) * len(rtts) // 100)) - 1]
    if theirs.SHORTEST_US < true < theirs.LONGEST_US:
        assert told == pytest.approx(true, rel=0.0201)


READINGS = st.lists(st.tuples(st.integers(1, 900), st.booleans(), st.integers(0, 400)), min_size=2, max_size=12)


@given(READINGS, st.integers(-2, 12), st.integers(1, 5))
def test_restarts_of_counters_are_those_of_the_program(
    steps: list[tuple[int, bool, int]], first: int, length: int
) -> None:
    at, on_since, readings = 1_790_000_000_000, 1_789_000_000_000, []
    for step_s, anew, back_s in steps:
        at += step_s * 1000
        on_since = at - min(back_s, step_s) * 1000 if anew else on_since
        readings.append((at, (at - on_since) // 1000 * 1000))
    start = readings[min(max(first, 0), len(readings) - 1)][0] + 1
    end = start + length * 60_000
    known = [(a, ms) for a, ms in readings if start - AROUND <= a < end + AROUND]
    told = restarts([Device(known)], [Turn(start, "unreachable", start), Turn(end, "up", end)], watched_only=False)
    expected = our_restarts(_columns(known)) if any(a <= start for a, _ in known) else []
    fitted = {(end if 0 < one.at_ms - end <= 120_000 else one.at_ms, one.after_ms) for one in expected}
    assert {*told} == fitted


def _columns(readings: list[tuple[int, int]]) -> Columns:
    series = Series(
        site="s", agent="hub", agent_site="h", target="r", group=Group.INTRANET, kind=UPTIME, interval_ms=60_000
    )
    n, ones = len(readings), np.ones(len(readings), np.uint8)
    reading_us = np.array([ms // 1000 for _, ms in readings], np.uint32)
    at_ms = np.array([at for at, _ in readings], np.int64)
    zeros, ok = np.zeros(n, np.uint32), np.full(n, CODE_OF[Outcome.OK], np.uint8)
    return Columns((series,), np.zeros(n, np.uint16), at_ms, ok, ones, ones, zeros, zeros, reading_us)


def flips(*turns: tuple[int, str]) -> list[Flip]:
    return [Flip(site="s", scope="site", at_ms=at, not_earlier_than_ms=at, was="", now=now) for at, now in turns]


def test_results_begin_where_the_line_was_up_before() -> None:
    down_since = flips((10 * DAY, "up"), (18 * DAY, "line_down"))
    assert around.before_ms(down_since, 20 * DAY) == 10 * DAY - around.SETTLE_MS
    assert around.before_ms(flips((10 * DAY, "up")), 20 * DAY) == 20 * DAY - 2 * around.SETTLE_MS
    assert around.before_ms(flips((10 * DAY, "line_down")), 50 * DAY) == 50 * DAY - around.MOST_MS


def test_results_end_where_the_line_is_up_again_or_now() -> None:
    lasting = flips((19 * DAY, "line_down"), (23 * DAY, "up"))
    assert around.behind_ms(lasting, 20 * DAY, 90 * DAY) == 23 * DAY + around.SETTLE_MS
    assert around.behind_ms(lasting, 20 * DAY, 21 * DAY) == 21 * DAY
    assert around.behind_ms(lasting[:1], 20 * DAY, 90 * DAY) == 20 * DAY + around.MOST_MS


def test_a_sample_begins_with_the_worst_and_nobody_can_choose_the_rest() -> None:
    codes = ["a", "b", "c", "d", "e"]
    first = sorted(codes, key=lambda code: order(code, ["d"], "head-1"))
    second = sorted(codes, key=lambda code: order(code, ["d"], "head-2"))
    assert first[0] == second[0] == "d"
    assert first != second


def test_contracts_cut_a_period_where_they_change_and_where_months_end() -> None:
    told: list[dict[str, object]] = [
        {"number": "K", "begins": "2026-01-01", "ends": "2026-10-14", "sla": "0.95"},
        {"number": "K", "begins": "2026-10-15", "ends": None, "sla": None},
    ]
    rest: dict[str, object] = {"fee": None, "fee_of": "line", "formula": "none", "charge_after_s": None}
    known = [Contract.of({**one, **rest}) for one in told]
    found = [
        (c.begins.month if c else 0, a, b) for c, a, b in parts("K|L", known, date(2026, 9, 20), date(2026, 11, 3))
    ]
    days = [date(2026, 9, 20), date(2026, 10, 1), date(2026, 10, 15), date(2026, 11, 1), date(2026, 11, 3)]
    assert found == [(month, a, b) for month, (a, b) in zip((1, 1, 10, 10), pairwise(days), strict=True)]


def test_a_site_is_connected_from_outside_only_where_nothing_was_measured_inside() -> None:
    daily, day, rule = Daily(), date(2026, 10, 5), Rule(7, HOUR)
    daily.add(day, "outside", 5 * HOUR, 6 * HOUR)
    assert daily.connected("outside", day, rule)
    assert daily.since("outside", day + timedelta(3), rule) == day
    daily.add(day, "internet", 0, HOUR)
    assert daily.connected("outside", day, rule) is None
    assert daily.connected("internet", day, rule) is False


def test_exclusions_are_of_the_kind_that_the_program_says() -> None:
    one = Exclusion(
        id=1, scope="all", of="", from_ms=10, to_ms=20, kind=ExclusionKind.MAINTENANCE, why="w", by="b", entered_ms=10
    )
    kinds = [one, replace(one, entered_ms=11), replace(one, kind=ExclusionKind.FORCE_MAJEURE, entered_ms=11)]
    told = [{"kind": x.kind, "entered_ms": x.entered_ms, "from_ms": x.from_ms} for x in kinds]
    assert [kind_of(x) for x in told] == ["planned", "late", "majeure"]


def test_acts_that_quote_a_contact_are_private() -> None:
    quoted = json.loads('{"changed":{"64.01":{"phone":["1","2"]}}}')
    assert evidence.PRIVATE & {*evidence.words_of(quoted)}
    assert not evidence.PRIVATE & {*evidence.words_of({"changed": {"64.01": {"provider": ["a", "b"]}}})}
