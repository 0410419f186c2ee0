"""Flapping sites, degraded lines, unwell agents and an unwell collector: told once, and not at every turn."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collector.acts import Exclusion, ExclusionKind
from collector.alerts import AlertSettings
from collector.alerts.channel import Parts
from collector.alerts.contacts import Contact
from collector.alerts.deciding.agents import is_older
from collector.alerts.deciding.decide import Decision, Facts, decide
from collector.alerts.deciding.health import Health
from collector.alerts.deciding.memory import NOTHING, records, remembered
from collector.alerts.deciding.rules import AgentRules, AlertRules
from collector.alerts.vitals import FAILED, Vitals
from collector.condition import Condition
from collector.followups import Acknowledgement
from collector.registry import AgentState
from collector.store import SentAlert
from shared.settings import check
from shared.texts import Texts
from tests.alert_fakes import NOW, Desk, RememberedAlerts, silent_site, site_now
from tests.fakes import FakeClock

CODE = "64.07.05.2017"
KEY = f"SiteDown/{CODE}/line_down"
RULES = AlertRules(
    started_at_ms=0,
    startup_grace_ms=0,
    settle_ms=8_000,
    texts=Texts("id"),
    agents=AgentRules(min_version="0.4"),
    timezone="Asia/Makassar",
)
MINUTE = 60_000


class Watch:
    """Decides minute by minute, or whenever it is told to, and remembers."""

    def __init__(self, rules: AlertRules = RULES) -> None:
        self.rules, self.sent, self.memory = rules, dict[str, SentAlert](), NOTHING

    def see(self, at_min: float, facts: Facts) -> list[str]:
        """What is news, as `create KEY`."""
        decision: Decision = decide(NOW + round(at_min * MINUTE), facts, self.sent, self.rules, self.memory)
        news = [(what, alert) for what in ("resolve", "change", "create") for alert in getattr(decision, what)]
        self.sent |= {alert.key: alert for _, alert in news}
        self.memory = decision.memory
        return [f"{what} {alert.key}" for what, alert in news]

    def site(self, at_min: float, condition: Condition, since_min: float, **known: Any) -> list[str]:
        since_ms = NOW + round(since_min * MINUTE)
        told = {"heard_at_ms": NOW + round(at_min * MINUTE), "seen_ms": since_ms} | known
        return self.see(at_min, Facts(sites=[site_now(CODE, condition, since_ms, **told)]))

    def flutter(self, times: int, from_min: float = 0, every_min: float = 5) -> list[str]:
        """Down for a minute every `every_min`; what was told."""
        told: list[str] = []
        for n in range(times):
            begin = from_min + n * every_min
            told += self.site(begin + 0.5, Condition.LINE_DOWN, begin)
            told += self.site(begin + 1.2, Condition.UP, begin + 1)
        return told


# flapping


def test_the_fourth_fall_within_an_hour_is_the_last_that_is_told_and_it_stays_until_all_is_quiet() -> None:
    watch = Watch()
    assert watch.flutter(3) == [f"create {KEY}", f"resolve {KEY}"] * 3
    assert watch.flutter(3, from_min=15) == [f"create {KEY}"]
    assert "sudah 4 kali" in watch.sent[KEY].annotations["summary"]
    assert watch.site(40, Condition.UP, 26) == []
    assert watch.site(41.1, Condition.UP, 26) == [f"resolve {KEY}"]
    assert watch.sent[KEY].ends_at_ms == NOW + 26 * MINUTE


def test_three_falls_in_an_hour_and_a_fourth_after_it_are_four_outages() -> None:
    watch = Watch()
    watch.flutter(3)
    assert watch.flutter(1, from_min=61) == [f"create {KEY}", f"resolve {KEY}"]


def test_another_condition_neither_counts_as_a_fall_nor_ends_what_flaps() -> None:
    watch = Watch()
    for n in range(4):
        watch.site(n * 2 + 0.5, Condition.LINE_DOWN, n * 2)
        watch.site(n * 2 + 1, Condition.INTRANET_DOWN, n * 2 + 0.6)
    assert watch.memory.flaps[CODE].n == 1
    watch = Watch()
    watch.flutter(4)
    assert watch.site(30, Condition.INTERNET_DOWN, 29) == []


def test_it_says_how_often_only_when_that_has_doubled() -> None:
    watch = Watch()
    watch.flutter(4)
    assert watch.flutter(10, from_min=20, every_min=3) == [f"change {KEY}"]
    assert watch.sent[KEY].annotations["falls"] == "8"


def test_a_restart_forgets_no_fall() -> None:
    watch = Watch()
    watch.flutter(3)
    watch.memory = remembered(records(watch.memory).values())
    watch.flutter(1, from_min=15)
    assert watch.memory.flaps[CODE].is_flapping


def test_what_is_quiet_again_is_not_remembered() -> None:
    watch = Watch()
    watch.flutter(4)
    watch.site(40, Condition.UP, 16)
    watch.site(80, Condition.UP, 16)
    assert watch.memory.flaps == {}


# severity, words and lines that are slow


@pytest.mark.parametrize("condition", sorted(Condition, key=str))
def test_what_somebody_at_the_place_can_mend_wakes_nobody(condition: Condition) -> None:
    watch = Watch()
    watch.site(1, condition, 0)
    graver = {"local_down": "warning", "intercepted": "warning"}
    assert {a.labels["severity"] for a in watch.sent.values()} <= {graver.get(condition, "critical")}


def test_an_alert_says_whom_to_call_with_which_contract() -> None:
    desk = Contact(call="Telkomsat 188", note="sebutkan nomor pelanggan")
    watch = Watch(replace(RULES, contacts={"Icon+": desk}))
    watch.site(1, Condition.LINE_DOWN, 0, contract="K-17/2026")
    said = watch.sent[KEY].annotations["description"]
    assert said.endswith("Hubungi: Telkomsat 188. sebutkan nomor pelanggan. Nomor kontrak: K-17/2026.")


def test_a_slow_line_is_told_after_a_quarter_of_an_hour_and_ends_when_it_is_fast_or_down() -> None:
    key = f"SiteDegraded/{CODE}"
    watch = Watch()
    assert watch.site(14.9, Condition.DEGRADED, 0) == []
    assert watch.site(15, Condition.DEGRADED, 0) == [f"create {key}"]
    assert watch.see(20, Facts(sites=[silent_site(CODE, NOW + 19 * MINUTE, allowance_ms=9 * MINUTE)])) == []
    assert watch.site(21, Condition.UP, 20.5) == [f"resolve {key}"]
    watch.site(50, Condition.DEGRADED, 30)
    assert watch.site(52, Condition.LINE_DOWN, 51) == [f"resolve {key}", f"create {KEY}"]


# agents


def agent(**known: Any) -> AgentState:
    return AgentState(**({"name": "pc-1", "site": CODE, "version": "0.4.1"} | known))


def agents_over(watch: Watch, minutes: range, state: AgentState) -> list[str]:
    """What is told when the agent says so in each of these minutes."""
    told: list[str] = []
    for minute in minutes:
        now = replace(state, heard_at_ms=NOW + minute * MINUTE)
        told += watch.see(minute, Facts(sites=[site_now(CODE)], agents=[now]))
    return told


ILL: dict[str, dict[str, Any]] = {
    "clock": {"clock_offset_ms": -3_600_000},
    "cloned": {"cloned": True},
    "version": {"version": "0.3.9"},
}


@pytest.mark.parametrize("reason", ILL)
def test_what_is_wrong_with_an_agent_for_ten_minutes_is_told_and_over_after_ten_without(reason: str) -> None:
    watch, key = Watch(), f"AgentUnwell/pc-1/{reason}"
    assert agents_over(watch, range(10), agent(**ILL[reason])) == []
    assert agents_over(watch, range(10, 20), agent(**ILL[reason])) == [f"create {key}"]
    assert agents_over(watch, range(20, 30), agent()) == []
    assert agents_over(watch, range(30, 40), agent()) == [f"resolve {key}"]
    assert watch.sent[key].labels["severity"] == ("info" if reason == "version" else "warning")


def test_a_clock_at_its_limit_is_not_told_at_every_turn() -> None:
    watch = Watch()
    for minute in range(0, 120, 2):
        assert agents_over(watch, range(minute, minute + 1), agent(clock_offset_ms=121_000)) == []
        assert agents_over(watch, range(minute + 1, minute + 2), agent(clock_offset_ms=119_000)) == []


def spools(watch: Watch, sizes: Sequence[int]) -> list[str]:
    """One quarter of an hour each."""
    told: list[str] = []
    for n, size in enumerate(sizes):
        told += agents_over(watch, range(n * 15, n * 15 + 15), agent(spool_results=size))
    return told


def test_a_spool_that_grows_is_told_and_a_backlog_that_drains_is_not() -> None:
    assert spools(Watch(), [90_000, 60_000, 30_000, 5_000, 100]) == []
    assert spools(Watch(), [100, 900, 500, 1_900, 300]) == []
    assert spools(Watch(), [1_000, 4_000, 8_000, 12_000]) == ["create AgentUnwell/pc-1/spool"]
    assert "resolve AgentUnwell/pc-1/spool" in spools(Watch(), [1_000, 4_000, 8_000, 2_000, 1_000])


def test_results_that_were_dropped_are_told_once_and_over_when_no_more_are() -> None:
    watch, key = Watch(), "AgentUnwell/pc-1/dropping"
    told = agents_over(watch, range(15), agent(dropped=10))
    told += agents_over(watch, range(15, 45), agent(dropped=500))
    told += agents_over(watch, range(45, 75), agent(dropped=500))
    assert told == [f"create {key}", f"resolve {key}"]


def test_an_agent_that_is_gone_takes_its_alert_along() -> None:
    watch = Watch()
    agents_over(watch, range(20), agent(cloned=True))
    assert watch.see(30, Facts(sites=[site_now(CODE)], agents=[])) == ["resolve AgentUnwell/pc-1/cloned"]


def test_an_agent_at_a_place_under_maintenance_is_told_of_afterwards() -> None:
    work = Exclusion(
        id=1, scope="all", of="", from_ms=0, to_ms=NOW, kind=ExclusionKind.MAINTENANCE, why="", by="", entered_ms=0
    )
    watch = Watch()
    for minute in (0, 15):
        ill = agent(cloned=True, heard_at_ms=NOW + minute * MINUTE)
        assert watch.see(minute, Facts(sites=[site_now(CODE, excluded=work)], agents=[ill])) == []
    assert agents_over(watch, range(16, 17), agent(cloned=True)) == ["create AgentUnwell/pc-1/cloned"]


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("0.9", "0.10", True),
        ("0.10.0", "0.10", False),
        ("1.2.dev3", "1.2", False),
        ("", "1.0", False),
        ("x", "1", False),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, than: str, older: bool) -> None:
    assert is_older(version, than) is older


# the collector


SICK = {
    "disk": Health(disk_free_bytes=100 << 20, disk_bytes=100 << 30),
    "lag": Health(lag_s=45),
    "damage": Health(damage=2),
}


@pytest.mark.parametrize("reason", SICK)
def test_a_collector_that_is_unwell_for_half_a_minute_says_so(reason: str) -> None:
    watch, key = Watch(), f"CollectorUnwell/{reason}"
    told = [one for at_min in (0, 0.25, 0.5, 1) for one in watch.see(at_min, Facts(sites=[], health=SICK[reason]))]
    assert told == [f"create {key}"]
    assert watch.sent[key].labels == {"alertname": "CollectorUnwell", "severity": "critical", "reason": reason}
    told = [one for at_min in (2, 2.5, 3) for one in watch.see(at_min, Facts(sites=[], health=Health()))]
    assert told == [f"resolve {key}"]


def test_a_large_disk_may_be_fuller_than_a_small_one() -> None:
    watch = Watch()
    for at_min in (0, 1):
        roomy = Health(disk_free_bytes=2 << 30, disk_bytes=1 << 40)
        assert watch.see(at_min, Facts(sites=[], health=roomy)) == []


def all_silent(at_min: float, n: int = 8) -> Facts:
    """Everybody was heard at minute 0 or a little later, and nobody since."""
    known: dict[str, Any] = {"allowance_ms": 90_000, "service_since_ms": NOW - 86_400_000}
    heard = [NOW + k * 1_000 for k in range(n)]
    gone = at_min > 1.7
    sites = [(silent_site if gone else site_now)(f"64.{k}", heard_at_ms=heard[k], **known) for k in range(n)]
    return Facts(sites=sites, health=Health())


def test_when_nobody_at_all_is_heard_it_is_the_collector_and_not_the_sites() -> None:
    watch, told = Watch(), list[str]()
    for second in range(0, 400, 5):
        told += watch.see(second / 60, all_silent(second / 60))
    assert told == ["create CollectorUnwell/deaf"]
    back = Facts(sites=[site_now(f"64.{k}", heard_at_ms=NOW + 420_000) for k in range(8)], health=Health())
    assert [watch.see(at_min, back) for at_min in (7.01, 7.05)] == [[], []]


def test_of_a_few_agents_all_may_be_silent_at_once() -> None:
    watch, told = Watch(), list[str]()
    for second in range(0, 400, 5):
        told += watch.see(second / 60, all_silent(second / 60, 3))
    assert sorted(told) == [f"create SiteSilent/64.{k}" for k in range(3)]


def test_vitals_tell_when_the_store_failed_last(tmp_path: Path) -> None:
    clock, refused = FakeClock(NOW), {"malformed": 3}
    vitals = Vitals(tmp_path, lag_s=lambda: 1.5, refused=lambda: refused, damage=lambda: ["a"], clock=clock)
    assert (vitals().store_failed_ms, vitals().lag_s, vitals().damage) == (0, 1.5, 1)
    refused[FAILED] = 1
    assert vitals().store_failed_ms == NOW
    clock.advance(60)
    assert vitals().store_failed_ms == NOW
    assert 0 < vitals().disk_free_bytes <= vitals().disk_bytes


# the shell


async def test_channels_are_told_who_took_note_of_what_fires_now() -> None:
    desk = Desk()
    began_ms = NOW - MINUTE
    down = site_now(CODE, Condition.LINE_DOWN, began_ms)
    desk.given = [
        Acknowledgement(id=1, key=KEY, starts_at_ms=1, note="", by="of an earlier one", entered_ms=2),
        Acknowledgement(id=2, key=KEY, starts_at_ms=began_ms, note="on my way", by="sari", entered_ms=3),
    ]
    await desk.see(down)
    await desk.see(down, after_s=6)
    assert {key: one.by for key, one in desk.channel.standing.acknowledged.items()} == {KEY: "sari"}
    await desk.see(site_now(CODE, Condition.UP, NOW))
    assert desk.channel.standing.acknowledged == {}


async def test_what_was_sent_can_be_read_and_not_changed() -> None:
    desk = Desk()
    await desk.see(site_now(CODE, Condition.LINE_DOWN, NOW - MINUTE))
    assert list(desk.alerts.sent()) == [KEY]
    dict(desk.alerts.sent()).clear()
    assert list(desk.alerts.sent()) == [KEY]


def test_settings_are_seconds_and_rules_milliseconds() -> None:
    settings = check({"holdoff_s": 5, "mass_share": 0.5, "min_version": "1.2"}, AlertSettings, "collector.toml")
    parts = Parts(clock=FakeClock(), store=RememberedAlerts(), texts=Texts("id"), external_url="", resend_s=60)
    rules = settings.rules(parts, started_at_ms=1)
    assert (rules.mass.holdoff_ms, rules.mass.share, rules.agents.min_version) == (5_000, 0.5, "1.2")
    assert (rules.settle_ms, rules.flaps.window_ms, rules.degraded_after_ms) == (8_000, 3_600_000, 900_000)
