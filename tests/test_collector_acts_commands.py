"""Exclusions, causes and the audit log on the command line, and what `check` says of calendars."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import tomli

from collector.acts import SCOPES, CauseCode
from collector.app import main
from collector.commands.desk import Terminal, login_name
from collector.condition import Flip
from collector.config import load_config
from collector.registry import Site
from collector.store import Store, open_store

HOUR = 3_600_000
PAST = ("--from", "2026-03-02 08:00", "--to", "2026-03-02T10:00:00+08:00")
AHEAD = ("--from", "2126-03-02 08:00", "--to", "2126-03-02 10:00")
SITES = [
    Site(code="0064", name="Kantor A", regency="Samarinda", timezone="Asia/Jakarta"),
    Site(code="0065", name="Kantor B", regency="Berau", calendar="kantr"),
]


class Office:
    """A folder with a configuration and a store, and somebody who types commands in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "collector.toml"
        self.config.write_text('language = "en"\n')
        with self.store() as store:
            store.put_sites(SITES)

    def types(self, *argv: str, answer: bool | None = None) -> tuple[int, str, str]:
        """(exit code, output, errors); `answer` is what a person says when asked, None: nobody is there."""
        ask: Callable[[str], bool] | None = None if answer is None else lambda _question: bool(answer)
        out, err = StringIO(), StringIO()
        code = main([*argv, "--config", str(self.config)], Terminal(out=out, err=err, ask=ask))
        return code, out.getvalue(), err.getvalue()

    def store(self) -> "closing[Store]":
        return closing(open_store(load_config(self.config).store))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_an_exclusion_shows_what_it_touches_and_asks(office: Office) -> None:
    argv = ("exclusions", "add", "--regency", "Berau", *AHEAD, "--why", "cable")
    code, output, _ = office.types(*argv, answer=False)
    assert (code, output.splitlines()[:3]) == (
        1,
        [
            "Touches 1 sites: Kantor B (0065)",
            "From 2126-03-02 08:00 WITA to 2126-03-02 10:00 WITA (2 h).",
            "Entered before it begins: planned maintenance.",
        ],
    )
    assert office.types(*argv)[0] == 2  # nobody is there to ask
    with office.store() as store:
        assert store.acts.exclusions() == []
    assert office.types(*argv, answer=True)[0] == 0


def test_a_site_that_was_closed_before_is_not_touched(office: Office) -> None:
    with office.store() as store:
        store.put_sites([replace(site, until=date(2126, 3, 1)) for site in store.sites() if site.code == "0065"])
    output = office.types("exclusions", "add", "--all", *AHEAD, "--why", "cable", "--yes")[1]
    assert "Touches 1 sites: Kantor A (0064)" in output
    assert "Touches 1 sites: Kantor A (0064)" in office.types("exclusions", "withdraw", "1", "--why", "x", "--yes")[1]


def test_what_is_entered_afterwards_is_shown_as_late(office: Office) -> None:
    output = office.types("exclusions", "add", "--all", *PAST, "--why", "cable", "--yes")[1]
    assert "marked as entered late" in output
    assert "maintenance, entered late" in office.types("exclusions", "list")[1]


def test_times_without_an_offset_are_those_of_the_site(office: Office) -> None:
    office.types("exclusions", "add", "--site", "0064", *PAST, "--why", "x", "--yes")
    [one] = json.loads(office.types("exclusions", "list", "--format", "json")[1])
    assert (one["from"], one["to"]) == ("2026-03-02T01:00:00.000Z", "2026-03-02T02:00:00.000Z")
    assert one["by"] == login_name()


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("--regency", "Berao", *PAST, "--why", "x"), "No site has the regency 'Berao'. Did you mean Berau?"),
        (("--all", "--from", "2026-03-02", "--to", "2026-03-01", "--why", "x"), "The start must be before the end."),
        (("--all", *PAST, "--why", " "), "Say why"),
        (("--all", "--from", "tomorrow", "--to", "2026-03-01", "--why", "x"), "'tomorrow' is no time. Write it like"),
    ],
)
def test_an_exclusion_that_cannot_be_is_told_in_one_line(office: Office, argv: tuple[str, ...], why: str) -> None:
    code, output, errors = office.types("exclusions", "add", *argv, "--yes")
    assert (code, output, len(errors.splitlines())) == (2, "", 1)
    assert why in errors


def test_a_withdrawn_exclusion_stays_in_the_list(office: Office) -> None:
    office.types(
        "exclusions", "add", "--all", *PAST, "--why", "cable", "--kind", "force_majeure", "--yes", "--by", "ani"
    )
    code, output, _ = office.types("exclusions", "withdraw", "1", "--why", "wrong day", "--yes")
    assert (code, "Force majeure." in output) == (0, True)
    header, line = office.types("exclusions", "list", "--format", "csv")[1].splitlines()
    assert dict(zip(header.split(","), line.split(","), strict=True))["withdrawn_why"] == "wrong day"
    assert office.types("exclusions", "withdraw", "1", "--why", "x", "--yes")[0] == 2
    assert "There is no exclusion 9" in office.types("exclusions", "withdraw", "9", "--why", "x", "--yes")[2]


def turn(at_ms: int, was: str, now: str) -> Flip:
    return Flip(site="0064", scope="site", at_ms=at_ms, not_earlier_than_ms=at_ms, was=was, now=now)


def test_a_cause_is_given_to_the_outage_that_lies_there(office: Office) -> None:
    start_ms = 1_772_413_200_000  # 2 March 2026, 08:00 in Jakarta
    with office.store() as store:
        flips = [turn(start_ms, "up", "line_down"), turn(start_ms + HOUR, "line_down", "up")]
        store.replace_flips("0064", 0, 1 << 60, flips)
    argv = ("causes", "set", "--site", "0064", "--cause", "listrik", "--note", "PLN", "--yes")
    assert office.types(*argv, "--at", "2026-03-02 08:30")[0] == 0
    with office.store() as store:
        [cause] = store.acts.given_causes()
    assert (cause.start_ms, cause.end_ms, cause.code) == (start_ms, start_ms + HOUR, CauseCode.LISTRIK)
    assert "was in no outage" in office.types(*argv, "--at", "2026-03-02 09:30")[2]
    assert "Say which outage" in office.types(*argv)[2]
    assert "electricity" in office.types("causes", "list", "--site", "0064")[1]


def test_a_store_that_is_not_there_is_not_found_in_order(office: Office) -> None:
    office.config.write_text('language = "en"\nstore = "sqlite:///typo.db"\n')
    code, output, errors = office.types("audit", "verify")
    assert (code, output) == (2, "")
    assert "typo.db" in errors
    assert not (office.folder / "typo.db").exists()


def test_the_audit_log_is_listed_and_verified(office: Office) -> None:
    office.types("exclusions", "add", "--all", *PAST, "--why", "cable", "--yes", "--by", "ani")
    secret = office.types("tokens", "create", "--operator", "budi", "--quiet")[1].strip()
    office.types("tokens", "revoke", office.types("tokens", "list")[1].splitlines()[1].split()[0])
    listing = office.types("audit", "list")[1]
    assert [line.split()[5] for line in listing.splitlines()[1:]] == ["exclusion.add", "token.create", "token.revoke"]
    assert secret not in listing
    code, output, _ = office.types("audit", "verify")
    assert (code, "whole: 3 entries" in output) == (0, True)
    with office.store() as store:
        assert store.acts.audit_log()[-1].digest in output


def test_an_import_of_sites_is_logged_with_what_it_changed(office: Office) -> None:
    sheet = office.folder / "sites.csv"
    sheet.write_text("code,name,regency,timezone\n0064,Kantor A,Bontang,Asia/Jakarta\n0066,Kantor C,,\n")
    assert office.types("sites", "import", str(sheet), "--yes")[0] == 0
    [entry] = json.loads(office.types("audit", "list", "--format", "json")[1])
    detail = json.loads(entry["detail"])
    assert detail == {
        "file": "sites.csv",
        "new": ["0066"],
        "changed": {"0064": [["regency", "Samarinda", "Bontang"]]},
        "unchanged": 0,
    }


def test_a_calendar_that_nobody_knows_is_told_by_check_and_by_import(office: Office) -> None:
    warning = "no file has the calendar 'kantr' of 1 sites; for them service counts as due around the clock"
    code, _, errors = office.types("check")
    assert (code, warning in errors) == (0, True)
    sheet = office.folder / "sites.csv"
    sheet.write_text("code,name,calendar\n0067,Kantor D,kantr\n")
    assert warning in office.types("sites", "import", str(sheet), "--dry-run")[2]


def test_a_mistake_in_a_calendar_is_told_by_check(office: Office) -> None:
    (office.folder / "kantor.toml").write_text('[calendars.kantor]\ntitel = "Kantor"\n')
    office.config.write_text('calendars = ["kantor.toml"]\n')
    code, output, errors = office.types("check")
    assert (code, output, len(errors.splitlines())) == (2, "", 2)
    assert "kantor.toml: calendars.kantor.titel is not a known key. Did you mean title?" in errors


@pytest.mark.source
def test_every_refusal_has_its_sentence() -> None:
    source = (Path(__file__).parent.parent / "collector" / "acts.py").read_text(encoding="utf-8")
    texts = Path(__file__).parent.parent / "shared" / "texts" / "id" / "acts.toml"
    known = tomli.loads(texts.read_text(encoding="utf-8")).keys()
    reasons = {part.partition('"')[0] for part in source.split('BadAct("')[1:]}
    reasons |= {f"unknown_{scope}{of}" for scope in SCOPES if scope != "all" for of in ("", "_of")}
    assert {f"acts.{reason}" for reason in reasons} | {f"cause.{code.value}" for code in CauseCode} <= known
