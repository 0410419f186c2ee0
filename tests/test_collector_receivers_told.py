"""What reaches the addresses of receivers, over restarts and nights: by a real Apprise and a server on loopback."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from collector.alerts import AlertSettings
from collector.alerts.channel import Parts, Standing
from collector.alerts.deliver import Alerts
from collector.alerts.telling.apprise_urls import Apprise
from collector.alerts.telling.morning import MorningFacts
from collector.alerts.telling.receiver_settings import ReceiverSettings
from collector.condition import Condition
from collector.followups import Acknowledgement
from collector.store import StoreError
from shared.settings import BadSettings, check
from shared.texts import Texts
from tests.alert_fakes import Province, RememberedAlerts, site_now
from tests.fakes import FakeClock
from tests.listener import Listener, as_apprise
from tests.test_collector_receivers import DOWN, WARNING, WITA, alert, at, mass, over
from tests.test_collector_receivers_words import facts

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise imports it

TITLE = "SiteDown"
HOUR_S = 3600


class Desk:
    """A receiver with one address, its collector's store and clock. A second one with the same store is a restart."""

    def __init__(self, server: Listener, url: str, store: RememberedAlerts | None = None, **settings: Any) -> None:
        self.server, self.url, self.store, self.settings = server, url, store or RememberedAlerts(), settings
        self.clock = FakeClock(wall_ms=at(settings.pop("clock", "12:00")))
        self.morning: Callable[[int], MorningFacts] | None = None
        self.restart()

    def restart(self) -> None:
        known = {"name": "noc", "urls": [as_apprise(self.url)], "group_wait_s": 0, "group_interval_s": 0}
        parts = Parts(
            clock=self.clock,
            store=self.store,
            texts=Texts("id"),
            external_url="",
            resend_s=60,
            timezone=WITA,
            morning=self.morning,
        )
        self.channel = Apprise(ReceiverSettings.model_validate(known | self.settings), parts)
        self.channel.restore(self.store.sent_alerts())

    async def hears(self, *alerts: Any, after_s: float = 0, noted_by: str = "") -> list[str]:
        """The titles of what is told of `alerts`, some time later; twice, for what follows from having told it."""
        self.clock.advance(after_s)
        told = len(self.server.posts)
        given = [Acknowledgement(id=1, key=a.key, starts_at_ms=0, note="", by=noted_by, entered_ms=0) for a in alerts]
        standing = Standing(now_ms=self.clock.wall_ms(), acknowledged={one.key: one for one in given if noted_by})
        for _ in range(2):
            self.channel.deliver({a.key: a for a in alerts}, [], standing)
            await self.channel.settled()
        return [post["title"] for post in self.server.posts[told:]]


async def test_reminders_and_who_took_note_survive_a_restart() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url, remind_every_min=60)
        assert await desk.hears(DOWN) == [TITLE]
        desk.restart()
        assert await desk.hears(DOWN, after_s=HOUR_S - 1) == []
        assert await desk.hears(DOWN, after_s=1) == [f"Belum ditanggapi: {TITLE}"]
        assert await desk.hears(DOWN, after_s=1, noted_by="piket") == []
        desk.restart()
        assert await desk.hears(DOWN, after_s=2 * HOUR_S) == []
        assert await desk.hears(over(DOWN)) == [TITLE]
        assert "Ditanggapi oleh piket." in server.posts[-1]["message"]
        assert desk.store.records == {}


async def test_the_wait_for_escalation_goes_on_over_a_restart() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url, escalate_after_min=30)
        assert await desk.hears(DOWN) == []
        assert not desk.channel.owes(DOWN.key)
        desk.restart()
        assert await desk.hears(DOWN, after_s=1800) == [TITLE]
        assert desk.channel.owes(DOWN.key)


async def test_what_ended_in_the_night_is_told_in_the_morning_after_a_restart() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url, clock="21:30", quiet_hours="22:00-06:00")
        assert await desk.hears(WARNING) == ["SiteDegraded"]
        assert await desk.hears(over(WARNING, "23:00"), after_s=2 * HOUR_S) == []
        assert desk.channel.owes(WARNING.key)
        desk.restart()
        assert await desk.hears(over(WARNING, "23:00"), after_s=7 * HOUR_S) == ["SiteDegraded"]


async def test_how_large_a_mass_outage_was_when_it_was_told_survives_a_restart() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url)
        assert await desk.hears(mass(20)) == ["massal"]
        desk.restart()
        assert await desk.hears(mass(39)) == []
        assert await desk.hears(mass(40)) == ["Meluas: massal"]


async def test_a_message_that_fails_is_made_anew_of_what_is_so_by_then() -> None:
    server = Listener()
    async with server.up() as url:
        desk, other = Desk(server, url), alert(site="2")
        server.status = 500
        await desk.hears(DOWN)
        server.status = 200
        assert await desk.hears(DOWN, other) == ["2 lokasi terganggu"]
        assert desk.channel.counts == {"sent": 2, "failed": 2}


async def test_a_full_disk_keeps_nothing_from_being_told_and_is_caught_up() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url)
        desk.store.broken = True
        assert await desk.hears(DOWN) == [TITLE]
        assert await desk.hears(DOWN) == []
        desk.store.broken = False
        assert await desk.hears(DOWN) == []
        desk.restart()
        assert await desk.hears(DOWN) == []


async def test_a_record_of_before_receivers_had_rules_still_gets_its_end() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url)
        await desk.hears(DOWN)
        [key] = desk.store.records
        desk.store.records = {key: replace(DOWN, key=key)}
        desk.restart()
        assert await desk.hears(DOWN) == []
        assert await desk.hears(over(DOWN)) == [TITLE]


async def test_one_address_under_two_names_is_told_by_each_of_its_own() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url)
        boss = Desk(server, url, desk.store, name="boss", escalate_after_min=1)
        assert await desk.hears(DOWN) == [TITLE]
        assert await boss.hears(DOWN) == []
        assert await boss.hears(DOWN, after_s=60) == [TITLE]


async def test_a_service_that_speaks_html_gets_lines_and_no_markup_of_ours() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url, urls=[f"{as_apprise(url)}?format=html"])
        await desk.hears(
            replace(DOWN, annotations={"summary": "A", "description": "a < b", "link": "https://p.example"})
        )
    assert all(part in server.posts[0]["message"] for part in ("&lt;", "<br/>https://p.example"))


async def test_the_frame_of_a_message_is_in_the_language_of_the_receiver() -> None:
    server = Listener()
    async with server.up() as url:
        assert await Desk(server, url, language="en").hears(DOWN, alert(site="2")) == ["2 sites in trouble"]


# the morning digest


async def test_the_digest_comes_once_a_day_also_over_a_restart() -> None:
    server = Listener()
    async with server.up() as url:
        desk = Desk(server, url, clock="06:59", digest_at="07:00")
        desk.morning = lambda _now_ms: facts()
        desk.restart()
        assert await desk.hears() == []
        assert await desk.hears(after_s=60) == ["Ringkasan pagi 2026-11-22: semua lokasi baik"]
        desk.restart()
        assert await desk.hears(after_s=60) == []
        assert len(await desk.hears(after_s=24 * HOUR_S)) == 1


async def test_a_digest_that_could_not_be_made_or_sent_is_tried_again() -> None:
    server = Listener()

    def broken(_now_ms: int) -> MorningFacts:
        raise StoreError("the disk is full")

    async with server.up() as url:
        desk = Desk(server, url, clock="07:00", digest_at="07:00")
        desk.morning = broken
        desk.restart()
        assert await desk.hears() == []
        desk.morning, server.status = (lambda _now_ms: facts()), 503
        desk.restart()
        assert len(await desk.hears()) == 2  # both tries
        server.status = 200
        assert len(await desk.hears()) == 1


# what a configuration may say


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"quiet_hours": "22-6"}, "quiet_hours must be two times of the day like \"22:00-06:00\" (given: '22-6')"),
        ({"digest_at": "7"}, "digest_at must be a time of the day like \"07:00\" (given: '7')"),
        ({"severities": ["fatal"]}, "severities[1] must be one of critical, warning, info (given: 'fatal')."),
        ({"quiet_weekdays": ["senin"]}, "quiet_weekdays[1] must be one of mon, tue, wed, thu, fri, sat, sun"),
        ({"remind_every": 5}, "remind_every is not a known key. Did you mean remind_every_min?"),
        ({"urls": ["geheim://kata-sandi"]}, "receivers[1]: URL number 1 is not one that Apprise understands"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_a_secret(table: dict[str, Any], sentence: str) -> None:
    receiver = {"name": "noc", "urls": ["json://127.0.0.1"]} | table
    with pytest.raises(BadSettings) as told:
        check({"receivers": [receiver]}, AlertSettings, "collector.toml")
    assert sentence in str(told.value)
    assert "kata-sandi" not in str(told.value)


@pytest.mark.parametrize("names", [("noc", "noc"), ("alertmanager",)])
def test_every_receiver_has_a_name_of_its_own(names: tuple[str, ...]) -> None:
    receivers = [{"name": name, "urls": ["json://127.0.0.1"]} for name in names]
    with pytest.raises(BadSettings, match=f"the name {names[0]} is taken"):
        check({"receivers": receivers}, AlertSettings, "collector.toml")


def test_every_receiver_is_a_channel_of_its_own_beside_the_others() -> None:
    asked_for = {"apprise": {"urls": ["json://x"]}, "receivers": [{"name": "noc", "urls": ["json://y"]}]}
    parts = Parts(clock=FakeClock(), store=RememberedAlerts(), texts=Texts("id"), external_url="", resend_s=60)
    assert [*check(asked_for, AlertSettings, "collector.toml").opened(parts)] == ["apprise", "noc"]


# decided and told together


class Villages:
    """Sixty villages of one provider, their collector with a receiver, and time that passes."""

    def __init__(self, url: str) -> None:
        self.clock = FakeClock(wall_ms=at("12:00"))
        self.province = Province(*(site_now(f"64.{n:02}", Condition.UP, at("11:00")) for n in range(60)))
        receiver = {"name": "noc", "urls": [as_apprise(url)], "group_wait_s": 5, "group_interval_s": 10}
        self.alerts = Alerts(
            check({"startup_grace_s": 0, "receivers": [receiver]}, AlertSettings, "collector.toml"),
            store=RememberedAlerts(),
            sites=self.province.sites,
            clock=self.clock,
            texts=Texts("id"),
            external_url="",
            timezone=WITA,
        )

    async def turn_into(self, condition: Condition, *villages: int, wait_s: int) -> None:
        """They turn, which is seen 3 seconds later, and time passes."""
        now_ms = self.clock.wall_ms()
        for n in villages:
            now = site_now(f"64.{n:02}", condition, now_ms - 3000, heard_at_ms=now_ms, seen_ms=now_ms)
            self.province.now[n] = now
        for _ in range(wait_s):
            self.clock.advance(1)
            await self.alerts.tick()
            channel = self.alerts.channels["noc"]
            assert isinstance(channel, Apprise)
            await channel.settled()


async def test_forty_villages_that_go_down_within_20_s_are_one_message_and_all_that_was_told_ends() -> None:
    server = Listener()
    async with server.up() as url:
        them = Villages(url)
        await them.turn_into(Condition.INTERNET_DOWN, 0, 1, wait_s=60)
        for n in range(2, 40, 2):
            await them.turn_into(Condition.INTERNET_DOWN, n, n + 1, wait_s=1)
        await them.turn_into(Condition.INTERNET_DOWN, wait_s=90)
        await them.turn_into(Condition.UP, *range(40), wait_s=120)
        await them.alerts.close()
    two, begun, two_over, over_again = (post["title"] for post in server.posts)
    assert (two, two_over) == ("2 lokasi terganggu", "2 lokasi pulih")
    assert begun.startswith("Gangguan massal: ")
    assert over_again.startswith("Gangguan massal berakhir 12:02 WITA: 40 lokasi dengan penyedia Icon+")
