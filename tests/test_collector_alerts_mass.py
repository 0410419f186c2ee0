"""Many sites at once: one alert that names and counts them, and theirs are not created."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from collector.acts import Exclusion, ExclusionKind
from collector.alerts.contacts import Contact
from collector.alerts.deciding.decide import Decision, Facts, decide
from collector.alerts.deciding.memory import NOTHING, Memory, records, remembered
from collector.alerts.deciding.rules import AlertRules
from collector.condition import Condition
from collector.live import SiteNow
from collector.store import SentAlert
from shared.texts import Texts
from tests.alert_fakes import NOW, Desk, silent_site, site_now

RULES = AlertRules(
    started_at_ms=NOW - 3_600_000, startup_grace_ms=0, settle_ms=8_000, texts=Texts("id"), timezone="Asia/Makassar"
)
PUSH_S = 60
SEEN_S = 5
"""From a fall, or a recovery, to its news."""
TELKOM = {"provider": "Telkom", "regency": "Paser", "district": ""}
EVER = 1 << 40


class Stage:
    """A province on which is decided every second. Times are seconds from NOW."""

    def __init__(self, rules: AlertRules = RULES) -> None:
        self.rules, self.at_s, self.sent, self.memory = rules, 0, dict[str, SentAlert](), NOTHING
        self.known: dict[str, dict[str, Any]] = {}
        self.down: dict[str, tuple[float, float]] = {}
        self.silent: dict[str, tuple[float, float]] = {}
        self.told: list[tuple[int, str, str]] = []
        self._well: dict[tuple[str, int], SiteNow] = {}

    def add(self, codes: Iterable[str], **known: Any) -> None:
        self.known |= dict.fromkeys(codes, TELKOM | known)

    def run(self, until_s: int) -> "Stage":
        while self.at_s < until_s:
            self.at_s += 1
            sites = [self._site(code, self.at_s) for code in sorted(self.known)]
            self._take(decide(NOW + self.at_s * 1000, Facts(sites=sites), self.sent, self.rules, self.memory))
        return self

    def began(self, alertname: str) -> dict[str, int]:
        """When each alert of that name was told first, by key."""
        return {key: at_s for at_s, what, key in reversed(self.told) if what == "create" and key.startswith(alertname)}

    def _take(self, decision: Decision) -> None:
        for what in ("resolve", "change", "create"):
            news: list[SentAlert] = getattr(decision, what)
            self.told += [(self.at_s, what, alert.key) for alert in news]
            self.sent |= {alert.key: alert for alert in news}
        self.memory = decision.memory

    def _site(self, code: str, at_s: int) -> SiteNow:
        known = {"allowance_ms": PUSH_S * 1500, "service_since_ms": NOW - 86_400_000} | self.known[code]
        begins_s, ends_s = self.silent.get(code, (EVER, EVER))
        phase_s = sum(map(ord, code)) * 7 % PUSH_S
        heard_s = at_s - (at_s - phase_s) % PUSH_S
        if begins_s < at_s < ends_s + SEEN_S:
            heard_s = min(heard_s, int(begins_s) - (int(begins_s) - phase_s) % PUSH_S)
        if at_s - heard_s > PUSH_S * 1.5:
            return silent_site(code, NOW + heard_s * 1000, **known)
        known["heard_at_ms"] = NOW + heard_s * 1000
        falls_s, back_s = self.down.get(code, (EVER, EVER))
        if falls_s + SEEN_S <= at_s < back_s + SEEN_S:
            seen_ms = round(NOW + (falls_s + SEEN_S) * 1000)
            return site_now(code, Condition.INTERNET_DOWN, round(NOW + falls_s * 1000), seen_ms=seen_ms, **known)
        if at_s > back_s:
            return site_now(code, Condition.UP, round(NOW + back_s * 1000), **known)
        well = self._well.get((code, heard_s)) or site_now(code, Condition.UP, **known)  # as it was a second ago
        self._well[code, heard_s] = well
        return well


def villages(n: int, of: str = "64.01") -> list[str]:
    return [f"{of}.{number:03d}" for number in range(n)]


def forty_fall_within_20_s() -> Stage:
    """Two of them half a minute before; all of one provider, which has 50 among 150."""
    stage = Stage()
    for number, code in enumerate(villages(50)):
        stage.add([code], regency=("Paser", "Berau", "Kutai Timur")[number % 3])
    stage.add(villages(100, "64.09"), provider="Icon+", regency="Paser")
    first, *rest = villages(40)
    stage.down = {first: (0, 600), rest[0]: (3, 600)}
    stage.down |= {code: (30 + 20 * n / 38, 600 + n / 10) for n, code in enumerate(rest[1:])}
    return stage


def test_forty_that_fall_within_20_s_are_one_alert_and_none_of_them_has_its_own_after_it() -> None:
    stage = forty_fall_within_20_s().run(300)
    assert list(stage.began("MassOutage")) == ["MassOutage/provider/Telkom"]
    [at_s] = stage.began("MassOutage").values()
    assert at_s <= 30 + 8 + 10
    assert sorted(stage.began("SiteDown")) == [f"SiteDown/64.01.{n:03d}/internet_down" for n in (0, 1)]
    assert stage.sent["MassOutage/provider/Telkom"].annotations["sites"] == "40"


def test_one_whose_sites_are_closed_is_resolved_once_and_nothing_begins() -> None:
    stage = forty_fall_within_20_s().run(200)
    for code in villages(40):
        del stage.known[code]
    told = Counter((what, key) for at_s, what, key in stage.run(400).told if at_s > 200)
    alone = [f"SiteDown/64.01.{n:03d}/internet_down" for n in (0, 1)]
    assert told == {("resolve", key): 1 for key in ("MassOutage/provider/Telkom", *alone)}


def test_it_is_resolved_once_and_so_are_the_two_that_were_told_before() -> None:
    stage = forty_fall_within_20_s().run(800)
    over = [key for _, what, key in stage.told if what == "resolve"]
    assert sorted(over) == [
        "MassOutage/provider/Telkom",
        *(f"SiteDown/64.01.{n:03d}/internet_down" for n in (0, 1)),
    ]
    end_ms = stage.sent["MassOutage/provider/Telkom"].ends_at_ms
    assert end_ms is not None
    assert 600 <= (end_ms - NOW) / 1000 <= 604


def test_it_is_told_anew_as_it_grows_a_few_times_and_its_last_count_is_right() -> None:
    stage = forty_fall_within_20_s().run(300)
    assert 1 <= sum(what == "change" for _, what, _ in stage.told) <= 4
    notes = stage.sent["MassOutage/provider/Telkom"].annotations
    assert notes["regencies"] == "Paser 14, Berau 13, Kutai Timur 13"
    assert "... dan 28 lagi." in notes["description"]


def test_one_that_falls_alone_is_told_as_soon_as_ever() -> None:
    stage = Stage()
    stage.add(villages(30))
    stage.down = {"64.01.000": (0, EVER)}
    assert stage.run(60).began("SiteDown") == {"SiteDown/64.01.000/internet_down": 8}


def test_three_wait_for_each_other_no_longer_than_until_all_is_calm() -> None:
    stage = Stage()
    stage.add(villages(30))
    stage.down = dict.fromkeys(villages(3), (0, EVER))
    assert set(stage.run(60).began("SiteDown").values()) == {SEEN_S + 4}


def test_three_in_a_row_wait_for_the_hold_off_and_are_told_then() -> None:
    stage = Stage()
    stage.add(villages(30))
    stage.down = {code: (n * 3, EVER) for n, code in enumerate(villages(4))}
    began = stage.run(60).began("SiteDown")
    assert began["SiteDown/64.01.000/internet_down"] <= 8 + 10
    assert len(began) == 4


def test_where_there_are_too_few_for_a_mass_outage_nobody_is_waited_for() -> None:
    stage = Stage()
    stage.add(villages(4))
    stage.down = {code: (n * 3, EVER) for n, code in enumerate(villages(4))}
    assert stage.run(60).began("SiteDown")["SiteDown/64.01.000/internet_down"] == 8


def test_forty_that_fall_silent_are_one_alert_that_claims_nothing() -> None:
    stage = Stage()
    stage.add(villages(50))
    stage.silent = dict.fromkeys(villages(40), (120, EVER))
    stage.run(400)
    assert stage.began("SiteSilent") == {}
    [(key, at_s)] = stage.began("MassOutage").items()
    assert at_s <= 120 + 100
    notes = stage.sent[key].annotations
    assert notes["sites"] == "40"
    assert notes["summary"].startswith("Tidak ada kabar dari 40 lokasi")
    assert "putus" not in notes["summary"] + notes["description"]


def test_those_that_fall_silent_join_those_that_tell_that_they_are_down() -> None:
    stage = Stage()
    stage.add(villages(40))
    stage.down = dict.fromkeys(villages(15), (120, EVER))
    stage.silent = dict.fromkeys(villages(40)[15:], (120, EVER))
    stage.run(400)
    assert (len(stage.began("MassOutage")), stage.began("SiteSilent"), stage.began("SiteDown")) == (1, {}, {})
    [alert] = stage.sent.values()
    assert "tidak ada kabar 25, internet putus 15" in alert.annotations["description"]


D1 = {"district": "Muara Komam"}
SCOPES: list[tuple[str, Mapping[str, int], str]] = [
    # who falls (of how many), what they have in common: D district, P provider, R regency, S another regency
    ("a district, several providers", {"D P R": 4, "D Q R": 4}, "district/D, R"),
    ("a provider, two regencies", {"- P R": 6, "- P S": 6}, "provider/P"),
    ("a provider in one regency", {"- P R": 8}, "provider_regency/P, R"),
    ("a regency, two providers", {"- P R": 12, "- Q R": 12}, "regency/R"),
    ("everybody", {"D P R": 10, "- P R": 10, "- Q R": 20, "- P S": 20, "- Q S": 20}, "all/"),
]
WORLD = {"D P R": 5, "D Q R": 5, "- P R": 15, "- Q R": 15, "- P S": 20, "- Q S": 20}


@pytest.mark.parametrize(("_says", "falls", "of"), SCOPES, ids=[says for says, _, _ in SCOPES])
def test_it_is_named_by_the_narrowest_that_explains_it(_says: str, falls: Mapping[str, int], of: str) -> None:
    stage = Stage()
    for number, (kind, n) in enumerate(WORLD.items()):
        district, provider, regency = kind.split()
        codes = villages(n, f"64.{number}")
        stage.add(codes, district=district.strip("-"), provider=provider, regency=regency)
        stage.down |= dict.fromkeys(codes[: falls.get(kind, 0)], (0, EVER))
    stage.run(60)
    assert (list(stage.began("MassOutage")), stage.began("SiteDown")) == ([f"MassOutage/{of}"], {})


def test_too_few_or_too_small_a_part_are_told_one_by_one() -> None:
    for n, of in ((4, 10), (10, 50)):
        stage = Stage()
        stage.add(villages(of))
        stage.down = dict.fromkeys(villages(n), (0, EVER))
        assert (len(stage.run(60).began("SiteDown")), stage.began("MassOutage")) == (n, {})


def test_twenty_at_once_are_one_whatever_their_share() -> None:
    stage = Stage()
    stage.add(villages(200))
    stage.down = dict.fromkeys(villages(20), (0, EVER))
    assert (len(stage.run(60).began("MassOutage")), stage.began("SiteDown")) == (1, {})


def test_what_fell_hours_apart_is_no_mass_outage() -> None:
    stage = Stage()
    stage.add(villages(10))
    stage.down = {code: (n * 150, EVER) for n, code in enumerate(villages(10))}
    assert (len(stage.run(1600).began("SiteDown")), stage.began("MassOutage")) == (10, {})


def test_stragglers_have_their_own_alert_when_it_is_over() -> None:
    stage = forty_fall_within_20_s()
    stage.down["64.01.020"] = (40, EVER)
    stage.run(800)
    assert "SiteDown/64.01.020/internet_down" in stage.began("SiteDown")
    assert stage.sent["SiteDown/64.01.020/internet_down"].starts_at_ms == NOW + 40_000
    assert "1 lokasi belum pulih" in stage.sent["MassOutage/provider/Telkom"].annotations["description"]


def test_a_fifth_that_stays_away_for_half_an_hour_is_let_go_of() -> None:
    stage = Stage()
    stage.add(villages(25))
    stage.down = {code: (0, 600 if n < 20 else EVER) for n, code in enumerate(villages(25))}
    assert stage.run(600 + 1_700).began("SiteDown") == {}
    assert len(stage.run(600 + 1_900).began("SiteDown")) == 5


def test_who_falls_much_later_has_its_own_alert_also_beside_the_mass_outage_and_after_coming_back() -> None:
    stage = forty_fall_within_20_s().run(200)
    stage.down["64.01.045"] = (210, EVER)
    stage.down["64.01.030"] = (45, 150)
    stage.run(240)
    assert "SiteDown/64.01.045/internet_down" in stage.began("SiteDown")
    stage.down["64.01.030"] = (250, EVER)
    stage.run(280)
    assert "SiteDown/64.01.030/internet_down" in stage.began("SiteDown")


def test_a_restart_in_the_middle_changes_nothing() -> None:
    stage = forty_fall_within_20_s().run(100)
    kept = list(records(stage.memory).values())
    assert remembered(kept) == Memory(masses=stage.memory.masses, flaps=stage.memory.flaps)
    stage.memory = remembered(kept)
    stage.rules = replace(RULES, started_at_ms=NOW + 100_000, startup_grace_ms=90_000)
    before = len(stage.told)
    stage.run(700)
    assert Counter(what for _, what, _ in stage.told[before:]) == {"resolve": 3}


def test_a_mass_outage_leaves_out_what_is_excluded() -> None:
    work = Exclusion(
        id=1, scope="all", of="", from_ms=0, to_ms=NOW * 2, kind=ExclusionKind.MAINTENANCE, why="", by="", entered_ms=0
    )
    stage = Stage()
    stage.add(villages(40))
    stage.add(villages(10)[:7], excluded=work)
    stage.down = dict.fromkeys(villages(11), (0, EVER))
    assert (stage.run(60).began("MassOutage"), len(stage.began("SiteDown"))) == ({}, 4)


def test_pcs_that_nobody_switched_on_in_the_morning_are_no_mass_outage() -> None:
    late = [silent_site(c, NOW - 900_000, service_since_ms=NOW - 100_000, allowance_ms=90_000) for c in villages(10)]
    decision = decide(NOW, Facts(sites=[*late, site_now("64.09", heard_at_ms=NOW)]), {}, RULES)
    assert Counter(alert.labels["alertname"] for alert in decision.create) == {"SiteSilent": 10}


def test_lines_that_come_back_with_their_backlog_are_no_mass_outage() -> None:
    """A provider was cut; every site tells of its line_down the moment it is over."""
    back = [site_now(c, Condition.LINE_DOWN, NOW - 600_000, seen_ms=NOW - 3_000) for c in villages(40)]
    assert decide(NOW, Facts(sites=back), {}, RULES).create == []


def test_it_says_whom_to_call_and_what_they_have_in_common() -> None:
    stage = forty_fall_within_20_s()
    stage.rules = replace(RULES, contacts={"Telkom": Contact(call="NOC Telkom 147")}, external_url="https://p.example")
    stage.run(100)
    alert = stage.sent["MassOutage/provider/Telkom"]
    assert alert.labels == {
        "alertname": "MassOutage",
        "severity": "critical",
        "scope": "provider",
        "of": "Telkom",
        "provider": "Telkom",
    }
    assert alert.annotations["summary"] == "Gangguan massal: 40 lokasi dengan penyedia Telkom sejak 22:13 WITA"
    assert "Hubungi: NOC Telkom 147." in alert.annotations["description"]
    assert alert.annotations["link"] == "https://p.example/outages"


async def test_the_members_are_kept_in_the_store_and_no_channel_sees_the_record() -> None:
    sites = [site_now(code, Condition.INTERNET_DOWN, NOW - 60_000, **TELKOM) for code in villages(6)]
    first = Desk()
    await first.see(*sites)
    assert first.alerts.members("MassOutage/provider_regency/Telkom, Paser") == villages(6)
    second = Desk(first.store)
    await second.see(*sites)
    assert second.alerts.members("MassOutage/provider_regency/Telkom, Paser") == villages(6)
    assert list(second.channel.alerts) == ["MassOutage/provider_regency/Telkom, Paser"]
    assert second.channel.seen == [[]]
