"""What is told about a site, when, and for how long: the decision, the words and the shell around them."""

import string
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from collector.acts import Exclusion, ExclusionKind
from collector.alerts import CHANNELS, AlertSettings
from collector.alerts.deciding.decide import Decision, Facts, decide
from collector.alerts.deciding.rules import AlertRules
from collector.alerts.deciding.words import clock_time, duration
from collector.condition import DOWN, Condition
from collector.live import SiteNow
from collector.store import SentAlert
from shared.settings import BadSettings, check
from shared.texts import Texts, _catalogue
from tests.alert_fakes import NOW, Desk, RememberedAlerts, silent_site, site_now

MINUTE = 60_000
LINE_DOWN, INTERNET_DOWN, UP, UNOBSERVED = (
    Condition.LINE_DOWN,
    Condition.INTERNET_DOWN,
    Condition.UP,
    Condition.UNOBSERVED,
)
CODE = "64.07.05.2017"
RULES = AlertRules(
    started_at_ms=0, startup_grace_ms=0, settle_ms=0, texts=Texts("id"), external_url="https://pantau.example"
)
JUST_STARTED = replace(RULES, started_at_ms=NOW - 10_000, startup_grace_ms=450_000)


def decided(
    sites: Iterable[SiteNow], sent: Iterable[SentAlert] = (), rules: AlertRules = RULES, now_ms: int = NOW
) -> Decision:
    return decide(now_ms, Facts(sites=list(sites)), {alert.key: alert for alert in sent}, rules)


def alert_of(site: SiteNow) -> SentAlert:
    [alert] = decided([site]).create
    return alert


def goes_on(decision: Decision, alert: SentAlert) -> bool:
    """Whether nothing is told, and `alert` fires as it was sent."""
    return (decision.create, decision.keep, decision.change, decision.resolve) == ([], [alert], [], [])


def keys(alerts: Iterable[SentAlert]) -> list[str]:
    return [alert.key for alert in alerts]


DOWN_SINCE_A_MINUTE = site_now(CODE, LINE_DOWN, NOW - MINUTE)


MAINTENANCE = Exclusion(
    id=1,
    scope="all",
    of="",
    from_ms=NOW - MINUTE,
    to_ms=NOW + MINUTE,
    kind=ExclusionKind.MAINTENANCE,
    why="new switch",
    by="operator",
    entered_ms=0,
)


@pytest.mark.parametrize("site", [DOWN_SINCE_A_MINUTE, silent_site(CODE)])
def test_nobody_is_woken_for_what_is_under_maintenance(site: SiteNow) -> None:
    assert decided([site]).create
    assert not decided([replace(site, excluded=MAINTENANCE)]).create


def test_what_fires_when_maintenance_begins_is_still_resolved() -> None:
    fired = alert_of(DOWN_SINCE_A_MINUTE)
    assert decided([replace(DOWN_SINCE_A_MINUTE, excluded=MAINTENANCE)], [fired]).keep == [fired]
    back = replace(site_now(CODE, UP, NOW - 1_000), excluded=MAINTENANCE)
    assert keys(decided([back], [fired]).resolve) == [fired.key]


@pytest.mark.parametrize("condition", sorted(DOWN))
def test_every_down_condition_makes_an_alert_that_starts_with_the_outage(condition: Condition) -> None:
    alert = alert_of(site_now(CODE, condition, NOW - MINUTE))
    assert (alert.key, alert.starts_at_ms, alert.ends_at_ms) == (f"SiteDown/{CODE}/{condition}", NOW - MINUTE, None)


@pytest.mark.parametrize("condition", sorted(set(Condition) - DOWN))
def test_nothing_else_does(condition: Condition) -> None:
    assert decided([site_now(CODE, condition, NOW)]) == Decision()


def test_labels_say_which_line_and_nothing_that_changes() -> None:
    assert alert_of(site_now(CODE, LINE_DOWN, NOW, district="")).labels == {
        "alertname": "SiteDown",
        "severity": "critical",
        "condition": "line_down",
        "site": CODE,
        "site_name": "Long Iram Bayan",
        "regency": "Kutai Barat",
        "provider": "Icon+",
        "medium": "vsat",
        "kind": "village",
    }


def test_old_news_wakes_nobody() -> None:
    assert decided([site_now(CODE, LINE_DOWN, NOW - 3_600_000, fresh=False)]).create == []


def test_a_firing_alert_is_kept_as_it_was_even_when_late_results_move_its_start() -> None:
    sent = alert_of(DOWN_SINCE_A_MINUTE)
    moved = site_now(CODE, LINE_DOWN, NOW - 2 * MINUTE, fresh=False)
    assert goes_on(decided([moved], [sent]), sent)


def test_an_edit_of_the_registry_makes_no_second_alert_and_the_first_is_resolved_by_its_own_labels() -> None:
    sent = alert_of(DOWN_SINCE_A_MINUTE)
    assert decided([site_now(CODE, LINE_DOWN, NOW - MINUTE, provider="Telkomsat")], [sent]).keep == [sent]
    [over] = decided([site_now(CODE, UP, NOW, provider="Telkomsat")], [sent]).resolve
    assert over.labels == sent.labels


def test_the_end_is_when_the_site_came_up_not_when_we_noticed() -> None:
    [over] = decided([site_now(CODE, UP, NOW - 7000)], [alert_of(DOWN_SINCE_A_MINUTE)]).resolve
    assert (over.starts_at_ms, over.ends_at_ms) == (NOW - MINUTE, NOW - 7000)


@pytest.mark.parametrize(("up_since", "end"), [(NOW - 5 * MINUTE, NOW - MINUTE), (NOW + 5 * MINUTE, NOW)])
def test_an_end_lies_between_the_start_and_now_because_alertmanager_refuses_others(up_since: int, end: int) -> None:
    [over] = decided([site_now(CODE, UP, up_since)], [alert_of(DOWN_SINCE_A_MINUTE)]).resolve
    assert over.ends_at_ms == end


def test_a_degraded_line_is_no_outage_any_more() -> None:
    assert decided([site_now(CODE, Condition.DEGRADED, NOW)], [alert_of(DOWN_SINCE_A_MINUTE)]).resolve


def test_another_condition_ends_one_alert_and_begins_the_other() -> None:
    decision = decided([site_now(CODE, INTERNET_DOWN, NOW - 5000)], [alert_of(DOWN_SINCE_A_MINUTE)])
    assert keys(decision.resolve) == [f"SiteDown/{CODE}/line_down"]
    assert keys(decision.create) == [f"SiteDown/{CODE}/internet_down"]
    assert decision.resolve[0].ends_at_ms == decision.create[0].starts_at_ms == NOW - 5000


def test_a_changed_condition_is_told_even_when_it_is_old_news_since_somebody_believes_otherwise() -> None:
    returned = site_now(CODE, INTERNET_DOWN, NOW - 3_600_000, fresh=False)
    decision = decided([returned], [replace(alert_of(DOWN_SINCE_A_MINUTE), starts_at_ms=NOW - 4_000_000)])
    assert keys(decision.create) == [f"SiteDown/{CODE}/internet_down"]


def test_a_silent_site_is_told_from_when_it_was_last_heard() -> None:
    alert = alert_of(silent_site(CODE, NOW - 2 * MINUTE))
    assert (alert.key, alert.starts_at_ms, "condition" in alert.labels) == (
        f"SiteSilent/{CODE}",
        NOW - 2 * MINUTE,
        False,
    )


def test_a_site_that_was_never_heard_is_not_missed() -> None:
    assert decided([silent_site(CODE, 0)]).create == []


def test_a_site_heard_again_ends_its_silence_then() -> None:
    [over] = decided(
        [site_now(CODE, UP, 1, heard_at_ms=NOW - 300)], [alert_of(silent_site(CODE, NOW - MINUTE))]
    ).resolve
    assert over.ends_at_ms == NOW - 300


def test_the_end_of_a_silence_does_not_take_what_a_site_was_in_for_what_it_is_in() -> None:
    line_was_cut = site_now(CODE, LINE_DOWN, NOW - MINUTE, seen_ms=NOW, heard_at_ms=NOW)
    silence, rules = alert_of(silent_site(CODE, NOW - MINUTE)), replace(RULES, settle_ms=8_000)
    decision = decided([line_was_cut], [silence], rules)
    assert decision.create == []
    assert "ada kabar lagi" in decision.resolve[0].annotations["summary"]


def test_silence_proves_no_recovery_and_adds_no_second_alert() -> None:
    sent = alert_of(DOWN_SINCE_A_MINUTE)
    assert goes_on(decided([silent_site(CODE, NOW - 2 * MINUTE)], [sent]), sent)


def test_unobserved_proves_no_recovery_either() -> None:
    sent = alert_of(DOWN_SINCE_A_MINUTE)
    assert decided([site_now(CODE, UNOBSERVED, NOW)], [sent]).keep == [sent]


def test_a_silence_that_is_told_already_goes_on_beside_what_is_seen_from_outside() -> None:
    sent = alert_of(silent_site(CODE, NOW - MINUTE))
    seen = silent_site(CODE, NOW - MINUTE, fresh=True)
    decision = decided([replace(seen, condition=Condition.UNREACHABLE, since_ms=NOW)], [sent])
    assert (keys(decision.create), decision.keep) == ([f"SiteDown/{CODE}/unreachable"], [sent])


def test_a_site_that_comes_back_down_trades_silence_for_what_it_tells() -> None:
    decision = decided([site_now(CODE, INTERNET_DOWN, NOW)], [alert_of(silent_site(CODE, NOW - MINUTE))])
    assert keys(decision.resolve) == [f"SiteSilent/{CODE}"]
    assert keys(decision.create) == [f"SiteDown/{CODE}/internet_down"]


def test_a_site_that_left_the_registry_takes_its_alerts_along() -> None:
    [over] = decided([], [alert_of(DOWN_SINCE_A_MINUTE)]).resolve
    assert over.ends_at_ms == NOW
    assert "dihapus" in over.annotations["summary"]


def test_a_second_outage_is_a_new_alert_under_the_same_key() -> None:
    over = replace(alert_of(DOWN_SINCE_A_MINUTE), ends_at_ms=NOW - 30_000)
    assert decided([site_now(CODE, LINE_DOWN, NOW - 5000)], [over]).create[0].starts_at_ms == NOW - 5000


@pytest.mark.parametrize("sites", [[], [site_now(CODE, UP, NOW - MINUTE, heard_at_ms=NOW - MINUTE)]])
def test_a_collector_that_just_started_ends_nothing_before_it_heard_the_site(sites: list[SiteNow]) -> None:
    sent = alert_of(DOWN_SINCE_A_MINUTE)
    assert decided(sites, [sent], JUST_STARTED).keep == [sent]


def test_a_collector_that_just_started_calls_nobody_silent_until_the_grace_is_over() -> None:
    quiet = silent_site(CODE, NOW - 3_600_000)
    assert decided([quiet], rules=JUST_STARTED).create == []
    assert keys(decided([quiet], rules=JUST_STARTED, now_ms=NOW + 440_000).create) == [f"SiteSilent/{CODE}"]


def test_once_heard_after_the_start_a_site_is_one_like_any_other() -> None:
    sent = alert_of(DOWN_SINCE_A_MINUTE)
    assert decided([site_now(CODE, UP, NOW - 5000)], [sent], JUST_STARTED).resolve
    assert decided([silent_site(CODE, NOW - 9000)], rules=JUST_STARTED).create


# the words


def test_an_alert_says_what_where_since_when_and_why_in_indonesian() -> None:
    site = site_now(CODE, LINE_DOWN, NOW - MINUTE, district="Long Iram", why="gateway answers, 3 anchors do not")
    assert alert_of(site).annotations == {
        "summary": "Long Iram Bayan (64.07.05.2017): jalur penyedia putus sejak 22:12 WITA",
        "description": "Long Iram Bayan (64.07.05.2017), Long Iram, Kutai Barat: jalur penyedia putus sejak "
        "22:12 WITA. Gateway menjawab, internet dan jaringan intra tidak: jalur penyedia. Penyedia: Icon+ (vsat). "
        "Bukti: gateway answers, 3 anchors do not.",
        "link": "https://pantau.example/sites/64.07.05.2017",
    }


def test_a_resolved_alert_says_when_and_after_how_long() -> None:
    [over] = decided([site_now(CODE, UP, NOW)], [alert_of(site_now(CODE, LINE_DOWN, NOW - 125 * MINUTE))]).resolve
    assert over.annotations["summary"] == "Long Iram Bayan (64.07.05.2017): pulih 22:13 WITA, setelah 2 jam 5 menit"


def test_a_time_of_another_day_has_its_date() -> None:
    assert clock_time(NOW - 86_400_000, NOW, "Asia/Jakarta") == "2026-09-20 21:13 WIB"


@pytest.mark.parametrize(
    ("ms", "said"),
    [(0, "0 detik"), (61_000, "1 menit 1 detik"), (3_600_000, "1 jam"), (2 * 86_400_000 + 999, "2 hari")],
)
def test_a_duration_has_at_most_two_units(ms: int, said: str) -> None:
    assert duration(ms, Texts("id")) == said


def test_both_languages_hold_the_same_sentences_with_the_same_places() -> None:
    def places(language: str) -> dict[str, set[str]]:
        said = {name: text for name, text in _catalogue(language).items() if name.startswith("alert.")}
        return {
            name: {field for _, field, _, _ in string.Formatter().parse(text) if field} for name, text in said.items()
        }

    assert places("id") == places("en")
    assert {f"alert.condition.{c}" for c in DOWN} | {f"alert.because.{c}" for c in DOWN} <= places("id").keys()


# the shell


async def test_what_is_sent_is_saved_first_and_only_changes_are_news() -> None:
    desk = Desk()
    await desk.see(DOWN_SINCE_A_MINUTE)
    await desk.see(DOWN_SINCE_A_MINUTE)
    assert desk.channel.seen == [[f"SiteDown/{CODE}/line_down"], []]
    assert desk.store.alerts() == [f"SiteDown/{CODE}/line_down"]
    assert {name: n for name, n in desk.alerts.firing().items() if n} == {"SiteDown": 1}


async def test_a_restart_keeps_the_start_and_still_resolves() -> None:
    first = Desk()
    await first.see(DOWN_SINCE_A_MINUTE)
    second = Desk(first.store)
    await second.see(site_now(CODE, LINE_DOWN, NOW - 50_000, fresh=False))
    assert second.channel.alerts == first.channel.alerts
    await second.see(site_now(CODE, UP, NOW))
    assert second.channel.alerts[f"SiteDown/{CODE}/line_down"].ends_at_ms == NOW


async def test_a_resolved_alert_is_kept_for_a_quarter_of_an_hour_and_then_forgotten() -> None:
    desk = Desk()
    await desk.see(DOWN_SINCE_A_MINUTE)
    up = site_now(CODE, UP, NOW)
    await desk.see(up)
    await desk.see(up, after_s=899)
    assert desk.channel.alerts
    await desk.see(up, after_s=2)
    assert (desk.channel.alerts, desk.store.alerts()) == ({}, [])


async def test_a_resolved_alert_that_somebody_was_not_told_of_is_kept_for_a_day() -> None:
    desk = Desk()
    desk.channel.debts = {f"SiteDown/{CODE}/line_down"}
    await desk.see(DOWN_SINCE_A_MINUTE)
    await desk.see(site_now(CODE, UP, NOW))
    await desk.see(site_now(CODE, UP, NOW), after_s=86_399)
    assert desk.channel.alerts
    await desk.see(site_now(CODE, UP, NOW), after_s=2)
    assert desk.channel.alerts == {}


async def test_a_full_disk_keeps_no_alert_from_being_told_and_it_is_saved_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    await desk.see()
    desk.store.broken = True
    await desk.see(DOWN_SINCE_A_MINUTE)
    assert desk.channel.seen[-1] == [f"SiteDown/{CODE}/line_down"]
    assert "not_saved" in caplog.text
    desk.store.broken = False
    await desk.see(DOWN_SINCE_A_MINUTE)
    assert desk.store.alerts() == [f"SiteDown/{CODE}/line_down"]


def test_a_condition_of_a_moment_is_not_told() -> None:
    """The internet is back, the intranet is asked again in two seconds."""
    settling = replace(RULES, settle_ms=8_000)
    moment = site_now(CODE, Condition.INTRANET_DOWN, NOW - 3_000)
    sent = alert_of(DOWN_SINCE_A_MINUTE)
    decision = decide(NOW, Facts(sites=[moment]), {sent.key: sent}, settling)
    assert (decision.create, decision.keep, decision.resolve) == ([], [sent], [])
    later = decide(NOW + 6_000, Facts(sites=[moment]), {sent.key: sent}, settling)
    assert [alert.labels["condition"] for alert in later.create] == ["intranet_down"]


def test_an_outage_that_is_heard_of_as_it_ends_wakes_nobody() -> None:
    settling = replace(RULES, settle_ms=8_000)
    back = site_now(CODE, Condition.LINE_DOWN, NOW - 40_000, seen_ms=NOW - 2_000)
    assert decide(NOW, Facts(sites=[back]), {}, settling).create == []
    assert decide(NOW + 6_000, Facts(sites=[back]), {}, settling).create


def test_what_did_not_fail_again_is_not_told_however_old_it_grows() -> None:
    """The agent was cut off in the middle of a recovery: one group was back, the other had not been asked."""
    cut_off = site_now(CODE, Condition.INTRANET_DOWN, NOW - MINUTE, confirmed=False)
    assert decided([cut_off]).create == []


HOUR = 60 * MINUTE
OPEN = NOW - 2 * HOUR  # when service began today


def office(heard_at_ms: int, **known: Any) -> SiteNow:
    """A silent office PC, service being due since OPEN."""
    return silent_site(CODE, heard_at_ms, **({"service_since_ms": OPEN, "allowance_ms": 90_000} | known))


def test_a_pc_that_is_switched_off_after_service_hours_is_not_missed() -> None:
    assert decided([office(NOW - 2 * MINUTE, in_service=False, service_since_ms=0)]).create == []


def test_a_pc_that_falls_silent_within_service_hours_is_missed_after_its_allowance() -> None:
    assert decided([office(NOW - 80_000)]).create == []
    assert keys(decided([office(NOW - 91_000)]).create) == [f"SiteSilent/{CODE}"]


def test_a_pc_that_nobody_switches_on_is_missed_once_the_morning_is_over() -> None:
    late = replace(RULES, service_grace_ms=30 * MINUTE)
    overnight = office(OPEN - 15 * HOUR)
    for after_ms, missed in ((-HOUR, False), (80_000, False), (29 * MINUTE, False), (31 * MINUTE, True)):
        now_ms = OPEN + after_ms
        site = replace(overnight, in_service=after_ms > 0)
        assert bool(decided([site], rules=late, now_ms=now_ms).create) is missed
    assert decided([overnight], now_ms=OPEN + 91_000).create  # no grace: the usual allowance, from OPEN on


def test_a_silence_that_is_told_outlasts_the_service_hours_and_ends_by_being_heard() -> None:
    sent = alert_of(office(NOW - HOUR))
    closed = office(NOW - HOUR, in_service=False, service_since_ms=0)
    assert decided([closed], [sent]).keep == [sent]
    [over] = decided([site_now(CODE, UP, NOW, heard_at_ms=NOW, in_service=False)], [sent]).resolve
    assert over.ends_at_ms == NOW


def test_a_line_that_is_down_is_told_at_any_hour() -> None:
    assert decided([replace(DOWN_SINCE_A_MINUTE, in_service=False)]).create


async def test_records_of_channels_are_theirs_and_no_alerts() -> None:
    store = RememberedAlerts()
    store.put_alerts([replace(alert_of(DOWN_SINCE_A_MINUTE), key="apprise:abc:SiteDown/x/line_down")])
    desk = Desk(store)
    await desk.see()
    assert desk.channel.alerts == {}
    assert len(desk.channel.restored) == 1


# the settings


def test_every_channel_has_its_table_in_the_settings() -> None:
    for name, kind in CHANNELS.items():
        assert kind.settings in AlertSettings.model_fields[name].annotation.__args__  # type: ignore[union-attr]  # Optional[...]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise imports it
@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"alertmanager": {"urls": ["127.0.0.1:9093"]}}, "must begin with http:// or https://"),
        (
            {"alertmanager": {"urls": ["http://a"], "basic_user": "u"}},
            "basic_user and basic_password_file belong together",
        ),
        ({"alertmanager": {"urls": ["http://a"], "bearer_token_file": "/nowhere"}}, "there is no such file"),
        ({"alertmanager": {"urls": ["http://a"], "ca_file": "ca.pem"}}, "must be an absolute path"),
        ({"alertmanager": {"url": "http://a"}}, "Did you mean urls?"),
        ({"apprise": {}}, "name urls or urls_file"),
        ({"apprise": {"urls": ["json://x", "geheim://token"]}}, "URL number 2 is not one that Apprise understands"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line_without_its_secrets(table: dict[str, object], line: str) -> None:
    with pytest.raises(BadSettings) as told:
        check(table, AlertSettings, "collector.toml")
    assert line in str(told.value)
    assert "geheim" not in str(told.value)
