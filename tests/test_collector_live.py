"""What is so now: recent results say it, silence takes it back."""

from dataclasses import replace
from datetime import time

from collector.accounting.calendars import Calendar, Season, Shift
from collector.acts import Exclusion, ExclusionKind
from collector.condition import Condition, Flip
from collector.live import Judged, Live, SiteNow
from collector.registry import AgentState, Site

NOW = 1_790_000_000_000
SITE = Site(code="s", name="Site")


def live(heard_ago_s: float, *, ended_ago_s: float = 0, condition: Condition = Condition.UP) -> SiteNow:
    view = Live()
    heard_at_ms = NOW - round(heard_ago_s * 1000)
    view.set_registry([SITE], [AgentState(name="a", site="s", heard_at_ms=heard_at_ms, push_interval_ms=60_000)])
    turn = Flip(site="s", scope="site", at_ms=NOW - 500_000, not_earlier_than_ms=NOW - 510_000, was="up", now=condition)
    view.judged("s", Judged(standing=turn, groups={}, ends_ms=NOW - round(ended_ago_s * 1000)))
    now = view.site("s", NOW)
    assert now is not None
    return now


def test_between_two_pushes_a_site_is_what_its_last_results_showed() -> None:
    now = live(heard_ago_s=85, ended_ago_s=20)
    assert (now.condition, now.silent, now.fresh) == (Condition.UP, False, True)


def test_a_push_and_a_half_without_a_word_is_silence() -> None:
    now = live(heard_ago_s=91)
    assert (now.condition, now.silent, now.silent_since_ms) == (Condition.UNOBSERVED, True, NOW - 91_000)


def test_an_old_outage_that_is_still_measured_is_news() -> None:
    now = live(heard_ago_s=5, condition=Condition.INTERNET_DOWN)
    assert (now.condition, now.fresh, now.since_ms) == (Condition.INTERNET_DOWN, True, NOW - 500_000)


def test_results_of_long_ago_that_come_now_say_nothing_of_now() -> None:
    now = live(heard_ago_s=1, ended_ago_s=3600, condition=Condition.LINE_DOWN)
    assert (now.condition, now.silent, now.fresh) == (Condition.UNOBSERVED, False, False)


def test_a_site_that_was_never_heard_is_not_silent() -> None:
    view = Live()
    view.set_registry([SITE], [])
    now = view.site("s", NOW)
    assert now is not None
    assert (now.silent, now.condition, now.heard_at_ms) == (False, Condition.UNOBSERVED, 0)


def test_a_watcher_keeps_a_site_without_an_agent_from_being_silent() -> None:
    view = Live()
    view.set_registry([SITE], [AgentState(name="hub", site="h", heard_at_ms=NOW - 1000)])
    view.watched_by("s", "hub")
    now = view.site("s", NOW)
    assert now is not None
    assert now.heard_at_ms == NOW - 1000


def test_a_condition_that_goes_on_was_seen_when_it_was_first_seen() -> None:
    view = Live()
    view.set_registry([SITE], [AgentState(name="a", site="s", heard_at_ms=NOW)])
    turn = Flip(site="s", scope="site", at_ms=NOW, not_earlier_than_ms=NOW, was="up", now=Condition.LINE_DOWN)
    for seen_ms in (NOW + 1_000, NOW + 60_000):
        view.judged("s", Judged(standing=turn, groups={}, ends_ms=NOW + 75_000, seen_ms=seen_ms))
    now = view.site("s", NOW + 60_000)
    assert now is not None
    assert now.seen_ms == NOW + 1_000


OFFICE = Calendar(
    name="office",
    title="",
    seasons=(
        Season(
            name="",
            first=None,
            last=None,
            shifts=dict.fromkeys(
                range(7), (Shift(start=time(7, 30), end=time(16)), Shift(start=time(20), end=time(4)))
            ),
        ),
    ),
    closed={},
    fingerprint="",
)
MIDNIGHT = 1_789_920_000_000  # of 21 September 2026 in Samarinda, less than a day before NOW
HOUR = 3_600_000


def in_service(at_ms: int) -> tuple[bool, int]:
    view = Live(lambda _site: OFFICE)
    view.set_registry([SITE], [])
    now = view.site("s", at_ms)
    assert now is not None
    assert now == view.sites(at_ms)[0]
    return now.in_service, now.service_since_ms


def test_service_hours_are_those_of_the_sites_calendar_and_zone() -> None:
    assert in_service(MIDNIGHT + 7 * HOUR) == (False, 0)
    assert in_service(MIDNIGHT + 8 * HOUR) == (True, MIDNIGHT + 15 * HOUR // 2)
    assert in_service(MIDNIGHT + 16 * HOUR) == (False, 0)
    assert in_service(MIDNIGHT + 2 * HOUR) == (True, MIDNIGHT - 4 * HOUR)  # since last night


def test_without_a_calendar_service_is_due_at_any_time() -> None:
    now = live(heard_ago_s=10)
    assert (now.in_service, now.allowance_ms) == (True, 90_000)


MAINTENANCE = Exclusion(
    id=1,
    scope="site",
    of="s",
    from_ms=NOW,
    to_ms=NOW + 60_000,
    kind=ExclusionKind.MAINTENANCE,
    why="new switch",
    by="operator",
    entered_ms=0,
)


def excluded(exclusion: Exclusion, at_ms: int) -> bool:
    view = Live()
    view.set_registry([SITE], [])
    view.exclude([exclusion])
    now = view.site("s", at_ms)
    return now is not None and now.excluded is not None


def test_an_exclusion_holds_for_its_span_and_its_sites_until_it_is_withdrawn() -> None:
    assert [excluded(MAINTENANCE, NOW + after_ms) for after_ms in (-1, 0, 59_999, 60_000)] == [False, True, True, False]
    assert not excluded(replace(MAINTENANCE, of="another"), NOW)
    assert not excluded(replace(MAINTENANCE, withdrawn_ms=NOW), NOW)
