"""What reaches Alertmanagers and Apprise URLs: against servers that misbehave, and against a real Alertmanager."""

import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from collector.alerts import AlertSettings
from collector.alerts.channel import Parts, Standing
from collector.alerts.deliver import Alerts
from collector.alerts.telling.alertmanager import Alertmanager, AlertmanagerSettings
from collector.alerts.telling.apprise_urls import Apprise
from collector.alerts.telling.receiver_settings import AppriseSettings
from collector.alerts.telling.trial import try_alertmanager
from collector.condition import Condition
from collector.followups import Acknowledgement
from collector.live import SiteNow
from collector.store import SentAlert
from shared.clock import SystemClock, rfc3339
from shared.texts import Texts
from tests.alert_fakes import Province, RememberedAlerts, silent_site, site_now
from tests.daemons import T, found, free_port, running, until
from tests.fakes import FakeClock
from tests.listener import Listener, as_apprise

CODE = "64.07.05.2017"
NOW = FakeClock().wall_ms()
LINE_DOWN = Condition.LINE_DOWN
DOWN = SentAlert(
    key=f"SiteDown/{CODE}/line_down",
    labels={"alertname": "SiteDown", "site": CODE, "site_name": "Long Iram Bayan", "condition": "line_down"},
    annotations={"summary": "Long Iram Bayan: jalur putus", "description": "Long Iram Bayan: jalur putus."},
    starts_at_ms=NOW - 60_000,
)
OVER = replace(DOWN, ends_at_ms=NOW - 5000, annotations={"summary": "pulih", "description": "pulih."})


def parts(clock: FakeClock, store: RememberedAlerts | None = None) -> Parts:
    return Parts(
        clock=clock, store=store or RememberedAlerts(), texts=Texts("id"), external_url="https://p.example", resend_s=60
    )


@asynccontextmanager
async def channel(clock: FakeClock, *urls: str, **settings: Any) -> AsyncIterator[Alertmanager]:
    opened = Alertmanager(AlertmanagerSettings(urls=urls, **settings), parts(clock))
    try:
        yield opened
    finally:
        await opened.close()


async def deliver(to: Alertmanager | Apprise, *alerts: SentAlert) -> None:
    """All of `alerts`, news each of them, and wait until they went out or failed."""
    to.deliver({alert.key: alert for alert in alerts}, [alert.key for alert in alerts], Standing(now_ms=NOW))
    await to.settled()


async def again(to: Alertmanager | Apprise, clock: FakeClock, *alerts: SentAlert, after_s: float) -> None:
    """Time passes and nothing is news."""
    clock.advance(after_s)
    to.deliver({alert.key: alert for alert in alerts}, [], Standing(now_ms=clock.wall_ms()))
    await to.settled()


async def test_an_alert_looks_as_alertmanager_wants_it_and_ends_by_itself_after_four_resends() -> None:
    server = Listener()
    async with server.up() as url, channel(FakeClock(), url) as am:
        await deliver(am, DOWN)
    assert server.posts == [
        [
            {
                "labels": DOWN.labels,
                "annotations": DOWN.annotations,
                "startsAt": rfc3339(NOW - 60_000),
                "endsAt": rfc3339(NOW + 240_000),
                "generatorURL": f"https://p.example/sites/{CODE}",
            }
        ]
    ]


async def test_an_alert_without_a_site_points_at_its_own_page_and_says_who_took_note_to_its_end() -> None:
    unwell = replace(DOWN, key="AgentUnwell/pc-1", labels={"alertname": "AgentUnwell"})
    noted = Acknowledgement(id=1, key=unwell.key, starts_at_ms=NOW, note="", by="piket", entered_ms=NOW)
    server, clock = Listener(), FakeClock()
    async with server.up() as url, channel(clock, url) as am:
        am.deliver({unwell.key: unwell}, [unwell.key], Standing(now_ms=NOW, acknowledged={unwell.key: noted}))
        await am.settled()
        await deliver(am, replace(unwell, ends_at_ms=NOW))
    firing, over = (post[0] for post in server.posts)
    assert firing["generatorURL"] == "https://p.example"
    assert [told["annotations"]["acknowledged"] for told in (firing, over)] == ["piket", "piket"]


async def test_every_alertmanager_is_told_although_one_is_not_there() -> None:
    one, two = Listener(), Listener()
    async with one.up() as url1, two.up() as url2, channel(FakeClock(), url1, "http://127.0.0.1:1", url2) as am:
        await deliver(am, DOWN)
        assert (len(one.posts), len(two.posts)) == (1, 1)
        assert am.counts == {"sent": 2, "failed": 1, "refused": 0, "dropped": 0}


async def test_what_fires_is_sent_again_every_minute_and_what_is_over_with_its_true_end() -> None:
    server, clock = Listener(), FakeClock()
    async with server.up() as url, channel(clock, url) as am:
        await deliver(am, DOWN)
        await again(am, clock, DOWN, after_s=59)
        assert len(server.posts) == 1
        await again(am, clock, OVER, after_s=1)
    assert [post[0]["endsAt"] for post in server.posts[1:]] == [rfc3339(NOW - 5000)]


async def test_a_server_that_fails_is_asked_again_and_gets_the_newest_word() -> None:
    server, clock = Listener(), FakeClock()
    async with server.up() as url, channel(clock, url) as am:
        server.status = 503
        await deliver(am, DOWN)
        await again(am, clock, after_s=9)
        assert len(server.posts) == 1
        server.status = 200
        clock.advance(2)
        await deliver(am, OVER)
    assert server.posts[-1][0]["endsAt"] == rfc3339(NOW - 5000)
    assert am.counts == {"sent": 1, "failed": 1, "refused": 0, "dropped": 0}


async def test_a_refusal_is_counted_and_logged_and_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    server, clock = Listener(), FakeClock()
    server.status = 400
    async with server.up() as url, channel(clock, url) as am:
        await deliver(am, DOWN)
        await again(am, clock, after_s=30)
    assert (len(server.posts), am.counts["refused"]) == (1, 1)
    assert "because" in caplog.text


async def test_many_alerts_go_in_batches() -> None:
    server = Listener()
    async with server.up() as url, channel(FakeClock(), url, batch=2) as am:
        await deliver(am, *(replace(DOWN, key=f"k{n}") for n in range(5)))
    assert [len(post) for post in server.posts] == [2, 2, 1]


async def test_one_that_hangs_delays_neither_the_others_nor_the_caller() -> None:
    stuck, well = Listener(), Listener()
    stuck.hold.clear()
    async with stuck.up() as url1, well.up() as url2, channel(FakeClock(), url1, url2, timeout_s=1) as am:
        am.deliver({DOWN.key: DOWN}, [DOWN.key], Standing(now_ms=NOW))

        async def told() -> bool:
            return bool(well.posts)

        await until(told)
        await am.settled()
        assert am.counts == {"sent": 1, "failed": 1, "refused": 0, "dropped": 0}


async def test_the_mailbox_is_bounded_and_says_what_it_dropped() -> None:
    async with channel(FakeClock(), "http://127.0.0.1:1", queue_max=3) as am:
        await deliver(am, *(replace(DOWN, key=f"k{n}") for n in range(5)))
        assert am.counts["dropped"] == 2


async def test_secrets_come_from_files(tmp_path: Path) -> None:
    (secret := tmp_path / "secret").write_text("pintu\n")
    server = Listener()
    async with server.up() as url:
        for settings in ({"bearer_token_file": secret}, {"basic_user": "prov", "basic_password_file": secret}):
            async with channel(FakeClock(), url, **settings) as am:
                await deliver(am, DOWN)
    assert [h["Authorization"] for h in server.headers] == ["Bearer pintu", "Basic cHJvdjpwaW50dQ=="]


async def test_a_private_certificate_authority_is_trusted_when_named(tmp_path: Path) -> None:
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = Listener()
    async with (
        server.up(ssl_context=tls) as url,
        channel(FakeClock(), url) as stranger,
        channel(FakeClock(), url, ca_file=tmp_path / "ca.pem") as am,
    ):
        await deliver(stranger, DOWN)
        await deliver(am, DOWN)
        assert (stranger.counts["failed"], am.counts["sent"]) == (1, 1)


# Apprise

quiet_imghdr = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise imports it


def apprise(clock: FakeClock, store: RememberedAlerts, *urls: str, **settings: Any) -> Apprise:
    opened = Apprise(AppriseSettings.model_validate({"urls": list(urls), **settings}), parts(clock, store))
    opened.restore(store.sent_alerts())
    return opened


@quiet_imghdr
async def test_a_person_is_told_once_that_it_fires_and_once_that_it_is_over() -> None:
    server, clock = Listener(), FakeClock()
    async with server.up() as url:
        to = apprise(clock, RememberedAlerts(), as_apprise(url))
        for alert in (DOWN, DOWN, OVER, OVER):
            await again(to, clock, alert, after_s=61)
            await again(to, clock, alert, after_s=61)
        assert [post["title"] for post in server.posts] == ["Long Iram Bayan: jalur putus", "pulih"]
        assert to.counts == {"sent": 2, "failed": 0}
        assert not to.owes(DOWN.key)


@quiet_imghdr
async def test_a_restart_repeats_nothing_and_still_says_that_it_is_over() -> None:
    server, clock, store = Listener(), FakeClock(), RememberedAlerts()
    async with server.up() as url:
        first = apprise(clock, store, as_apprise(url), group_wait_s=0)
        await deliver(first, DOWN)
        second = apprise(clock, store, as_apprise(url), group_wait_s=0)
        await deliver(second, DOWN)
        assert (len(server.posts), second.owes(DOWN.key)) == (1, True)
        await deliver(second, OVER)
        assert [post["title"] for post in server.posts[1:]] == ["pulih"]
        assert store.records == {}


@quiet_imghdr
async def test_what_is_over_before_anybody_was_told_is_not_told() -> None:
    server, clock = Listener(), FakeClock()
    async with server.up() as url:
        to = apprise(clock, RememberedAlerts(), as_apprise(url), group_wait_s=10)
        await deliver(to, DOWN)
        await again(to, clock, OVER, after_s=11)
    assert server.posts == []


@quiet_imghdr
async def test_a_mass_outage_is_one_message_and_the_next_waits_a_minute() -> None:
    server, clock = Listener(), FakeClock()
    alerts = [replace(DOWN, key=f"SiteDown/{n}", labels=DOWN.labels | {"site": str(n)}) for n in range(90)]
    async with server.up() as url:
        to = apprise(clock, RememberedAlerts(), as_apprise(url))
        await deliver(to, *alerts[:50])
        await again(to, clock, *alerts[:80], after_s=10)
        await again(to, clock, *alerts, after_s=30)
        assert [post["title"] for post in server.posts] == ["80 lokasi terganggu"]
        await again(to, clock, *alerts, after_s=31)
        assert [post["title"] for post in server.posts[1:]] == ["10 lokasi terganggu"]


@quiet_imghdr
async def test_a_site_that_is_down_in_another_way_is_no_good_news() -> None:
    server, clock = Listener(), FakeClock()
    other = replace(
        DOWN, key=f"SiteDown/{CODE}/internet_down", annotations={"summary": "internet putus", "description": "x"}
    )
    async with server.up() as url:
        to = apprise(clock, RememberedAlerts(), as_apprise(url), group_wait_s=0, group_interval_s=0)
        await deliver(to, DOWN)
        await deliver(to, OVER, other)
    assert [post["title"] for post in server.posts] == ["Long Iram Bayan: jalur putus", "internet putus"]


@quiet_imghdr
async def test_a_receiver_that_fails_is_told_later_and_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server, clock = Listener(), FakeClock()
    async with server.up() as url:
        to = apprise(clock, RememberedAlerts(), as_apprise(url), group_wait_s=0)
        server.status = 500
        await deliver(to, DOWN)
        server.status = 200
        await again(to, clock, DOWN, after_s=61)
        assert to.counts == {"sent": 1, "failed": 1}
    assert "kata-sandi" not in " ".join(r.getMessage() for r in caplog.records if r.name != "aiohttp.access")


# a real Alertmanager

AM_CONFIG = """
route: {{receiver: desk, group_by: [alertname, site], group_wait: 200ms, group_interval: 500ms}}
receivers: [{{name: desk, webhook_configs: [{{url: "{webhook}", send_resolved: true}}]}}]
"""


@asynccontextmanager
async def real_alertmanager(folder: Path, webhook: str) -> AsyncIterator[str]:
    program, address = found("prometheus-alertmanager"), f"127.0.0.1:{free_port()}"
    (folder / "am.yml").write_text(AM_CONFIG.format(webhook=webhook))
    argv = [
        program,
        "--config.file=am.yml",
        "--storage.path=data",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    async with running(argv, f"http://{address}/-/ready", folder):
        yield f"http://{address}"


async def firing(url: str, *awaited: str) -> dict[str, tuple[str, str]]:
    """(startsAt, receiver) of what fires there, by alertname; nothing as long as not all `awaited` are there."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/api/v2/alerts") as answer:
        found_there = await answer.json()
    told = {a["labels"]["alertname"]: (a["startsAt"], a["receivers"][0]["name"]) for a in found_there}
    return told if told.keys() >= {*awaited} else {}


async def collector_for_a_moment(url: str, store: RememberedAlerts, *sites: SiteNow) -> None:
    """A collector that starts, decides once, delivers and is gone."""
    settings = AlertSettings(alertmanager=AlertmanagerSettings(urls=(url,)), startup_grace_s=0, settle_s=0)
    seen, clock = Province(*sites).sites, SystemClock()
    alerts = Alerts(settings, store=store, sites=seen, clock=clock, texts=Texts("id"), external_url="")
    await alerts.tick()
    for channel_of_it in alerts.channels.values():
        assert isinstance(channel_of_it, Alertmanager)
        await channel_of_it.settled()
    await alerts.close()


def told_over(desk: Listener) -> dict[str, str]:
    """endsAt by alertname of what the desk was told is over."""
    alerts = [alert for post in desk.posts for alert in post["alerts"]]
    return {a["labels"]["alertname"]: a["endsAt"] for a in alerts if a["status"] == "resolved"}


@pytest.mark.peers
async def test_a_real_alertmanager_holds_the_alert_over_a_restart_and_delivers_its_end(tmp_path: Path) -> None:
    desk, store = Listener(), RememberedAlerts()
    now_ms = (
        SystemClock().wall_ms() // 1000 * 1000 - 877
    )  # ends in .123, because Go cuts zeros at the end of a fraction
    down, quiet = site_now(CODE, LINE_DOWN, now_ms - 60_000), silent_site("64.11.04.2001", now_ms - 90_000)
    async with desk.up() as webhook, real_alertmanager(tmp_path, webhook) as url:
        await collector_for_a_moment(url, store, down, quiet)
        before = await until(lambda: firing(url, "SiteDown", "SiteSilent"))
        await collector_for_a_moment(url, store, replace(down, since_ms=now_ms - 30_000), quiet)
        assert await firing(url) == before
        assert before["SiteDown"] == (rfc3339(now_ms - 60_000), "desk")
        await until(lambda: later(desk.posts))
        await collector_for_a_moment(url, store, site_now(CODE, Condition.UP, now_ms - 4000), quiet)
        assert (await until(lambda: later(told_over(desk))))["SiteDown"] == rfc3339(now_ms - 4000)
        assert (await firing(url)).keys() == {"SiteSilent"}


@pytest.mark.peers
async def test_a_real_alertmanager_takes_a_mass_outage_and_a_sample_and_is_told_who_took_note(tmp_path: Path) -> None:
    labels = {
        "alertname": "MassOutage",
        "severity": "critical",
        "scope": "provider",
        "of": "Icon+",
        "provider": "Icon+",
    }
    mass = replace(DOWN, key="MassOutage/provider/Icon+", labels=labels, starts_at_ms=SystemClock().wall_ms() - 1000)
    noted = Acknowledgement(id=1, key=mass.key, starts_at_ms=mass.starts_at_ms, note="", by="piket", entered_ms=0)
    standing = Standing(now_ms=mass.starts_at_ms, acknowledged={mass.key: noted})
    desk, clock = Listener(), SystemClock()
    async with desk.up() as webhook, real_alertmanager(tmp_path, webhook) as url:
        settings = AlertmanagerSettings(urls=(url,))
        assert await try_alertmanager(settings, "uji", "ini uji", clock, "") == [""]
        am = Alertmanager(settings, replace(parts(FakeClock()), clock=clock))
        am.deliver({mass.key: mass}, [mass.key], standing)
        await am.settled()
        await am.close()
        sent = ("MassOutage", "KentonganTest")
        assert (await until(lambda: firing(url, *sent))).keys() == {*sent}
        await until(lambda: later(len(desk.posts) >= 2))
    told = {alert["labels"]["alertname"]: alert["annotations"] for post in desk.posts for alert in post["alerts"]}
    assert (told["MassOutage"]["acknowledged"], told["KentonganTest"]["summary"]) == ("piket", "uji")


async def later(value: T) -> T:
    return value
