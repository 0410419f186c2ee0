"""When to push, and what an answer means: decisions without a network."""

from itertools import pairwise
from random import Random

import pytest

from agent.pace import Pace
from agent.verdict import Verdict, judge, retry_after


def a_pace(seed: int = 1, **changes: float) -> Pace:
    times = {"interval_s": 60.0, "pause_s": 1.0, "cap_s": 300.0, "now_s": 0.0, **changes}
    return Pace(rng=Random(seed), **times)


def test_the_beat_is_steady_and_its_phase_is_not() -> None:
    phases = [a_pace(seed).fresh_at(flip=False) for seed in range(200)]
    assert min(phases) < 3
    assert max(phases) > 57
    pace, beats = a_pace(), []
    for _ in range(5):
        beats.append(pace.fresh_at(flip=False))
        pace.trying(beats[-1] + 0.4, fresh=True)  # never exactly on time
        pace.succeeded(beats[-1] + 0.9)
    assert [round(b - a, 6) for a, b in pairwise(beats)] == [60.0] * 4


def test_a_flip_does_not_move_the_beat() -> None:
    pace = a_pace()
    beat = pace.fresh_at(flip=False)
    pace.trying(beat - 5, fresh=True)
    pace.succeeded(beat - 5)
    assert pace.fresh_at(flip=False) == beat


def test_after_the_cap_the_back_off_is_still_spread() -> None:
    waits = []
    for seed in range(400):
        pace = a_pace(seed)
        for _ in range(20):
            pace.failed(1_000.0)
        waits.append(pace.fresh_at(flip=False) - 1_000)
    assert all(0 <= wait <= 300 for wait in waits)
    assert sum(wait == 300 for wait in waits) == 0
    tenths = [sum(30 * i <= wait < 30 * (i + 1) for wait in waits) for i in range(10)]
    assert min(tenths) > 20  # 40 expected


def test_the_back_off_grows() -> None:
    means = []
    for failures in range(1, 12):
        waits = []
        for seed in range(200):
            pace = a_pace(seed)
            for _ in range(failures):
                pace.failed(0.0)
            waits.append(pace.fresh_at(flip=False))
        means.append(sum(waits) / len(waits))
    assert means[:4] == sorted(means[:4])
    assert 0.8 < means[0] < 1.2
    assert 130 < means[-1] < 170


def test_a_flip_passes_the_back_off_but_not_the_collectors_wish() -> None:
    pace = a_pace()
    pace.trying(10.0, fresh=True)
    pace.failed(10.0, slowly=True)
    assert pace.fresh_at(flip=True) == 11.0
    assert pace.fresh_at(flip=False) >= 160
    pace.failed(10.0, retry_after_s=100)
    assert 110 <= pace.fresh_at(flip=True) <= 135


def test_those_who_were_told_the_same_do_not_come_back_together() -> None:
    times = []
    for seed in range(100):
        pace = a_pace(seed)
        pace.failed(0.0, retry_after_s=40)
        times.append(pace.fresh_at(flip=True))
    assert min(times) >= 40
    assert max(times) <= 50
    assert len({round(t) for t in times}) >= 9


def test_the_backlog_waits_for_no_reason_but_failures() -> None:
    pace = a_pace()
    pace.succeeded(5.0)
    assert pace.backlog_at() == 6.0
    pace.failed(6.0)
    assert pace.backlog_at() == float("inf")
    pace.succeeded(7.0)
    pace.backlog_failed(8.0)
    assert pace.backlog_at() > 9.0


def test_a_retry_after_is_seconds_or_a_date() -> None:
    wall_ms = 1_790_000_000_000
    assert retry_after("120", wall_ms) == 120
    assert retry_after("Mon, 21 Sep 2026 14:14:20 GMT", wall_ms) == 60
    assert retry_after("Mon, 21 Sep 2015 14:14:20 GMT", wall_ms) == 0
    assert retry_after("999999999", wall_ms) == 3_600
    for nonsense in ("", "soon", "-5", "1.5", "\N{SUPERSCRIPT TWO}"):
        assert retry_after(nonsense, wall_ms) is None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(500, Verdict.FAILED), (502, Verdict.FAILED), (301, Verdict.FAILED), (201, Verdict.FAILED), (409, Verdict.FAILED)],
)
def test_anything_else_is_tried_again(status: int, verdict: Verdict) -> None:
    assert judge(status, {}, b"", sent=1, wall_ms=0).verdict is verdict
