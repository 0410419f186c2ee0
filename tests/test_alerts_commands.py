"""`alerts` on the command line: what fires, who took note, and whether messages get through."""

import asyncio
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from collector.app import main
from collector.commands.desk import Terminal, login_name
from collector.config import load_config
from collector.registry import Site
from collector.store import open_store
from tests.listener import Listener, as_apprise
from tests.test_collector_receivers import DOWN, over

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise imports it

RECEIVER = '[[alerts.receivers]]\nname = "noc"\nurls = ["{url}"]\ntimeout_s = 0.2\n'


class Office:
    """A folder with a configuration and a store in which one alert fires, and somebody who types commands in it."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "collector.toml"
        self.configure()
        self.store = open_store(load_config(self.config).store)
        self.store.put_sites([Site(code="1", name="Kantor A", regency="Paser")])
        self.store.put_alerts(
            [DOWN, replace(DOWN, key="apprise:abc:SiteDown/1"), over(replace(DOWN, key="SiteDown/2"))]
        )

    def configure(self, *tables: str) -> None:
        self.config.write_text('language = "en"\nexternal_url = "https://p.example"\n' + "\n".join(tables))

    def types(self, *argv: str) -> tuple[int, str, str]:
        """(exit code, output, errors)"""
        out, err = StringIO(), StringIO()
        code = main(["alerts", *argv, "--config", str(self.config)], Terminal(out=out, err=err))
        return code, out.getvalue(), err.getvalue()

    async def types_aside(self, *argv: str) -> tuple[int, str, str]:
        """The same while a server of this test answers."""
        return await asyncio.to_thread(self.types, *argv)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_the_list_shows_what_fires_and_nothing_that_channels_remember(office: Office) -> None:
    code, output, _ = office.types("list")
    header, *rows = output.splitlines()
    assert (code, header.split()) == (0, ["KEY", "SEVERITY", "SINCE", "TOOK", "NOTE", "WHAT"])
    assert [" ".join(row.split()) for row in rows] == ["SiteDown/1 critical 2026-11-22 12:00 WITA – SiteDown"]


def test_nothing_that_fires_is_said(office: Office) -> None:
    office.store.put_alerts([], [DOWN.key])
    assert office.types("list")[:2] == (0, "No alert fires.\n")


def test_who_takes_note_is_entered_listed_and_audited(office: Office) -> None:
    assert office.types("ack", DOWN.key, "--note", "provider called")[0] == 0
    [listed] = json.loads(office.types("list", "--format", "json")[1])
    assert (listed["key"], listed["acknowledged"]["by"]) == (DOWN.key, login_name())
    assert f"{login_name()}, " in office.types("list")[1]
    assert [entry.act for entry in office.store.acts.audit_log()][-1] == "alert.acknowledge"


def test_one_takes_note_once_and_only_of_what_fires(office: Office) -> None:
    office.types("ack", DOWN.key, "--by", "piket")
    code, _, errors = office.types("ack", DOWN.key)
    assert (code, errors.startswith("piket took note of it at")) == (1, True)
    assert office.types("ack", "SiteDown/2") == (
        1,
        "",
        "No alert SiteDown/2 fires. See: kentongan-collector alerts list\n",
    )
    assert len(office.store.followups.acknowledgements()) == 1


def test_a_note_of_control_characters_is_refused(office: Office) -> None:
    assert office.types("ack", DOWN.key, "--by", "a\x00b")[0] == 2


# samples


async def test_a_sample_goes_to_every_channel_and_says_which_failed_and_why(office: Office) -> None:
    noc, manager = Listener(), Listener()
    async with noc.up() as url, manager.up() as am:
        office.configure(
            f'[alerts.alertmanager]\nurls = ["{am}"]\n',
            '[alerts.apprise]\nurls = ["json://127.0.0.1:1/kata-sandi"]\n',
            RECEIVER.format(url=as_apprise(url)),
        )
        code, output, errors = await office.types_aside("test")
    assert (code, output) == (1, "alertmanager, address 1: sent\nnoc, address 1: sent\n")
    assert errors == "apprise, address 1: failed: could not connect\n"
    assert noc.posts[0]["title"] == "Kentongan test alert"
    assert manager.posts[0][0]["labels"] == {"alertname": "KentonganTest", "severity": "info"}


@pytest.mark.parametrize(("status", "why"), [(401, "was answered with error 401"), (200, "no answer in time")])
async def test_a_sample_says_why_it_did_not_get_through_and_no_secret(office: Office, status: int, why: str) -> None:
    server = Listener()
    server.status = status
    if status == 200:
        server.hold.clear()
    async with server.up() as url:
        office.configure(RECEIVER.format(url=as_apprise(url)))
        code, output, errors = await office.types_aside("test", "--receiver", "noc")
    assert (code, output, errors) == (1, "", f"noc, address 1: failed: {why}\n")


async def test_an_alertmanager_that_refuses_says_so(office: Office) -> None:
    manager = Listener()
    manager.status = 503
    async with manager.up() as am:
        office.configure(f'[alerts.alertmanager]\nurls = ["{am}", "http://127.0.0.1:1"]\n')
        errors = (await office.types_aside("test"))[2].splitlines()
    assert errors == [
        "alertmanager, address 1: failed: was answered with error 503",
        "alertmanager, address 2: failed: could not connect",
    ]


def test_a_sample_needs_a_channel_and_a_known_name(office: Office) -> None:
    code, _, errors = office.types("test")
    assert (code, "has no alert channel" in errors) == (2, True)
    office.configure(RECEIVER.format(url="json://127.0.0.1:1"))
    assert office.types("test", "--receiver", "nok") == (2, "", "There is no receiver nok. There are: noc\n")


def test_a_check_tells_of_a_receiver_that_would_never_hear_anything(office: Office) -> None:
    office.configure(RECEIVER.format(url="json://127.0.0.1:1") + 'regencies = ["Paser", "Pasir"]\n')
    out, err = StringIO(), StringIO()
    assert main(["check", "--config", str(office.config)], Terminal(out=out, err=err)) == 0
    assert err.getvalue() == "Receiver noc: no site has the regency or provider Pasir; check how it is spelt.\n"
    assert "alert channels: noc" in out.getvalue()


# the morning digest


def test_the_digest_is_printed_and_not_sent(office: Office) -> None:
    code, output, _ = office.types("digest")
    assert (code, output.splitlines()[0].endswith("nothing is down or silent")) == (0, True)
    assert "Yesterday: no outages." in output


async def test_the_digest_is_sent_to_who_wants_it_in_their_language(office: Office) -> None:
    server = Listener()
    async with server.up() as url:
        wants = RECEIVER.format(url=as_apprise(url)) + 'digest_at = "07:00"\nlanguage = "id"\n'
        office.configure(wants, RECEIVER.format(url="json://127.0.0.1:1").replace("noc", "quiet"))
        assert await office.types_aside("digest", "--send") == (0, "noc, address 1: sent\n", "")
    assert server.posts[0]["title"].startswith("Ringkasan pagi")


def test_a_digest_that_nobody_wants_is_not_sent(office: Office) -> None:
    office.configure(RECEIVER.format(url="json://127.0.0.1:1"))
    assert office.types("digest", "--send") == (2, "", "No receiver in the configuration has digest_at.\n")


def test_nobody_is_sent_what_was_simulated(office: Office) -> None:
    office.configure(RECEIVER.format(url="json://127.0.0.1:1") + 'digest_at = "07:00"\n')
    office.store.marks.mark_simulated("test")
    code, _, errors = office.types("digest", "--send")
    assert (code, "simulated" in errors) == (2, True)
