"""Order does not matter: judging what each arrival touches ends where judging everything at once does."""

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.columns import Columns, concatenate
from collector.condition import Flip
from collector.judging.examine import rejudge_site
from collector.judging.judge import JudgeSettings
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.registry import Medium
from collector.store import Store, Touched
from shared.result import Group
from tests.fakes import FakeClock
from tests.judge_store import MemoryStore
from tests.test_collector_judge import rows

SECOND = 1000


def judged(parts: Sequence[Columns]) -> list[Flip]:
    store = MemoryStore()
    for part in parts:
        store.add(part)
        touched = Touched(site="s", from_ms=int(part.at_ms.min()), to_ms=int(part.at_ms.max()))
        rejudge_site(cast("Store", store), touched, JudgeSettings(), Medium.FIBER)
    return store.kept


STORIES = st.lists(
    st.sampled_from(["o" * 9, "o", "t", "tttt", "ttttttttttt", "e", "i", " ", " " * 8, " " * 26]), max_size=40
).map(lambda parts: ("".join(parts) + "o")[:160])


@st.composite
def histories(draw: st.DrawFn) -> list[Columns]:
    """Three groups of a site over up to 80 minutes, cut into pieces that come in any order, some of them twice."""
    whole = concatenate(
        [
            rows(draw(STORIES), group, target=group, start_ms=i * 7 * SECOND, every_ms=30 * SECOND)
            for i, group in enumerate((Group.GATEWAY, Group.INTRANET, Group.INTERNET))
        ]
    )
    by_time = whole.take(whole.at_ms.argsort(kind="stable"))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(by_time) - 1)), max_size=5)))
    edges = [0, *[c for c in cuts if c < len(by_time)], len(by_time)]
    pieces = [by_time.take(np.arange(a, b)) for a, b in pairwise(edges) if b > a]
    return draw(st.permutations(pieces))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_any_order_of_arrival_gives_the_same_flips(pieces: list[Columns]) -> None:
    assert judged(pieces) == judged([concatenate(pieces)])


def pair(start_s: int, apart_s: int) -> Columns:
    """Ten minutes of two targets of one group, which are asked `apart_s` one after the other."""
    starts = {"a": start_s, "b": start_s + apart_s}
    return concatenate(
        [
            rows("o" * 20, Group.INTERNET, target=target, start_ms=at_s * SECOND, every_ms=30 * SECOND)
            for target, at_s in starts.items()
        ]
    )


@pytest.mark.parametrize("apart_s", [3, 13, 23])
@pytest.mark.parametrize("silent_s", range(750, 850, 2))
def test_a_window_may_open_while_a_group_falls_silent(silent_s: int, apart_s: int) -> None:
    pieces = [pair(0, apart_s), pair(570 + apart_s + silent_s, apart_s)]
    assert judged(pieces) == judged([concatenate(pieces)])


class Watched(Live):
    """A Live that a test may ask what it was told."""

    def confirmed(self) -> bool:
        return self._judged["s"].confirmed


@pytest.mark.parametrize(("internet", "confirmed"), [("ttttttttttt", True), ("tttttttttoo", False)])
def test_a_group_that_is_down_alone_must_have_failed_again(internet: str, confirmed: bool) -> None:
    """Either the internet fails on while the intranet works, or the line is just coming back."""
    store, live, clock = MemoryStore(), Watched(), FakeClock(wall_ms=60_000)
    intranet = "o" * 11 if confirmed else "t" * 10
    store.add(rows(intranet, Group.INTRANET, target="portal", every_ms=5 * SECOND))
    store.add(rows(internet, Group.INTERNET, start_ms=2 * SECOND, every_ms=5 * SECOND))
    Rejudge(cast("Store", store), live, JudgeSettings(), clock).judge_touched()
    assert live.confirmed() is confirmed


@pytest.mark.parametrize(("newest", "confirmed"), [("t", True), ("o", False)])
def test_a_line_that_is_cut_off_and_answers_again_is_not_cut_off_for_long(newest: str, confirmed: bool) -> None:
    """An agent that starts anew as the line comes back takes a minute to ask a second time."""
    store, live, clock = MemoryStore(), Watched(), FakeClock(wall_ms=60_000)
    store.add(rows("o" * 11, Group.GATEWAY, target="router", every_ms=5 * SECOND))
    for group, target in ((Group.INTRANET, "portal"), (Group.INTERNET, "anchor")):
        store.add(rows("t" * 10 + newest, group, target=target, start_ms=2 * SECOND, every_ms=5 * SECOND))
    Rejudge(cast("Store", store), live, JudgeSettings(), clock).judge_touched()
    assert live.confirmed() is confirmed
