"""Every closed day and correction is linked, and editing any of it afterwards is named."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from collector.accounting.anchor import Anchor
from collector.accounting.proof import BEFORE_FIRST, linked
from collector.config import CollectorConfig
from collector.parts import Parts
from collector.registry import Site
from collector.store import StoreError
from collector.upkeep import Upkeep
from tests.bookkeeping import DAY, HOUR, MINUTE, MONDAY, SITE, Office
from tests.chained import (
    FIRST_DAY,
    SECOND_DAY,
    blob_of,
    change_byte,
    deliver_error,
    edited,
    faults,
    keys,
    lived,
    put_blob,
    says,
)

REST = "site, day, from_ms, to_ms, number, at_ms, why, results, account, changes, link"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = lived(tmp_path)
    yield made
    made.store.close()


def anchor(office: Office) -> Anchor:
    links, head = office.store.chain.head()
    return Anchor(links=links, head=head, entries=office.store.acts.version(), audit=office.store.acts.head())


def test_every_closing_and_every_correction_is_one_link(office: Office) -> None:
    told = [(link.n, link.of.day, link.of.number, link.of.why) for link in office.store.chain.links()]
    assert told == [
        (1, FIRST_DAY, 1, "closed"),
        (2, SECOND_DAY, 1, "closed"),
        (3, FIRST_DAY, 2, "late results"),
        (4, FIRST_DAY, 3, "exclusion 1 entered by operator: banjir"),
    ]


def test_each_link_follows_from_the_digests_of_contents_alone(office: Office) -> None:
    before = BEFORE_FIRST
    for link in office.store.chain.links():
        before = linked(before, hashlib.sha256(link.content.encode()).digest())
        assert before.hex() == link.link
    assert office.store.chain.head() == (4, before.hex())


def test_a_store_that_nobody_edited_agrees(office: Office) -> None:
    inspection = says(office, [anchor(office)])
    assert list(inspection.faults()) == []
    assert (inspection.extent.links, inspection.extent.days, inspection.extent.sites) == (4, 2, 1)
    assert (inspection.extent.waiting, inspection.extent.unlinked, inspection.extent.late) == (0, 0, 0)


def test_results_that_change_nothing_in_the_account_are_linked_too(office: Office) -> None:
    before = office.store.books.days(SITE.code, MONDAY + DAY, MONDAY + 2 * DAY)
    deliver_error(office, MONDAY + 30 * HOUR)
    assert office.close() == 1
    assert office.store.books.days(SITE.code, MONDAY + DAY, MONDAY + 2 * DAY) == before
    [link] = office.store.chain.links(after=4)
    assert (link.of.day, link.of.number, link.of.why) == (SECOND_DAY, 1, "late results")
    assert faults(office) == []


def test_making_a_day_anew_that_comes_out_the_same_makes_no_link(office: Office) -> None:
    office.accounts.touched(SITE.code, MONDAY, MONDAY + 2 * DAY, "rebuild")
    assert office.close() == 2
    assert office.store.chain.head()[0] == 4


def test_links_cannot_be_changed_by_way_of_the_program(office: Office) -> None:
    file = sqlite3.connect(office.folder / office.file)
    for statement in (
        "UPDATE chain SET day = ''",
        "DELETE FROM chain",
        "INSERT OR REPLACE INTO chain SELECT * FROM chain",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            file.execute(statement)
    file.close()


def broken(office: Office) -> list[int]:
    """The links that do not follow."""
    return [n for kind, _, n in faults(office) if kind == "link"]


@pytest.mark.parametrize("column", ["results", "account", "changes", "link"])
@pytest.mark.parametrize("n", [1, 3, 4])
def test_one_byte_of_a_link_is_named_and_no_other_link(office: Office, column: str, n: int) -> None:
    change_byte(office, "chain", column, n, 7)
    assert broken(office) == [n]


@pytest.mark.parametrize(
    "change",
    ["site = 'x'", "day = '2026-01-07'", "from_ms = from_ms - 1", "to_ms = 'x'", "number = 9", "at_ms = 0", "why = ''"],
)
def test_every_word_of_a_link_is_covered(office: Office, change: str) -> None:
    edited(office, f"UPDATE chain SET {change} WHERE id = 2")
    assert broken(office) == [2]


@pytest.mark.parametrize("column", ["ledger", "tally"])
def test_any_byte_of_a_kept_account_is_covered(office: Office, column: str) -> None:
    first = keys(office, "days")[0]
    whole = blob_of(office, "days", column, first)
    for at in range(0, len(whole), len(whole) // 8):
        change_byte(office, "days", column, first, at)
        assert faults(office) == [("account", FIRST_DAY, 4)]
        put_blob(office, "days", column, first, whole)


def test_a_byte_of_a_chunk_of_results_is_named_with_its_day(office: Office) -> None:
    change_byte(office, "chunks", "data", keys(office, "chunks")[3], -20)
    assert faults(office) == [("results", FIRST_DAY, 4)]


def test_results_of_another_hour_in_its_place_are_named(office: Office) -> None:
    third, tomorrow = (keys(office, "chunks")[at] for at in (3, 30))
    edited(office, f"UPDATE chunks SET data = (SELECT data FROM chunks WHERE key = {third}) WHERE key = {tomorrow}")
    assert faults(office) == [("results", SECOND_DAY, 2)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM chain WHERE id = 2", [("gap", "", 2), ("unlinked", SECOND_DAY, 0)]),
        ("DELETE FROM chain WHERE id = 4", [("number", FIRST_DAY, 3), ("account", FIRST_DAY, 3)]),
        ("DELETE FROM days WHERE number = 1", [("gone", SECOND_DAY, 2)]),
        ("UPDATE days SET number = 2 WHERE number = 3", [("number", FIRST_DAY, 4)]),
        ("UPDATE days SET closed_ms = closed_ms - 1 WHERE number = 1", [("closed", SECOND_DAY, 2)]),
        ("DELETE FROM desks", [("gone", FIRST_DAY, 4), ("gone", SECOND_DAY, 2)]),
        (f"INSERT INTO chain SELECT -5, {REST} FROM chain WHERE id = 2", [("link", SECOND_DAY, -5)]),
    ],
)
def test_what_is_missing_or_another_is_named(
    office: Office, statement: str, expected: list[tuple[str, str, int]]
) -> None:
    edited(office, statement)
    assert faults(office) == expected


@pytest.mark.parametrize(
    ("statement", "kind", "n"),
    [
        ("UPDATE revisions SET ledger = (SELECT ledger FROM days WHERE number = 3) WHERE number = 2", "before", 1),
        ("UPDATE revisions SET tally = x'' WHERE number = 3", "before", 3),
        ("UPDATE revisions SET why = 'another' WHERE number = 2", "record", 3),
        ("UPDATE revisions SET changes = '[]' WHERE number = 2", "record", 3),
        ("UPDATE revisions SET made_ms = made_ms + 1 WHERE number = 3", "record", 4),
        ("DELETE FROM revisions WHERE number = 2", "record", 3),
        (
            "INSERT INTO revisions SELECT key, 9, made_ms, why, changes, ledger, tally FROM revisions WHERE number = 3",
            "record",
            4,
        ),
    ],
)
def test_what_revisions_say_of_the_past_is_covered(office: Office, statement: str, kind: str, n: int) -> None:
    edited(office, statement)
    assert faults(office) == [(kind, FIRST_DAY, n)]


def forged(office: Office) -> None:
    """Somebody moves the closing of the second day by an hour, and makes the whole chain anew."""
    later = "UPDATE days SET closed_ms = closed_ms + 3600000 WHERE number = 1"
    proofs = [link.of for link in office.store.chain.links()]
    edited(office, later, "DELETE FROM chain")
    office.reopen()
    moved = [replace(one, at_ms=one.at_ms + HOUR) if one.day == SECOND_DAY else one for one in proofs]
    office.store.books.write([], {}, [], moved)


def test_a_chain_that_was_made_anew_agrees_with_itself_but_with_no_anchor(office: Office) -> None:
    kept = anchor(office)
    forged(office)
    assert faults(office) == []
    assert faults(office, [kept]) == [("anchor", "", 4)]


def test_an_anchor_shows_that_the_end_was_cut_off(office: Office) -> None:
    kept = anchor(office)
    edited(office, "DELETE FROM chain WHERE id = 4")
    assert ("short", "", 4) in faults(office, [kept])


def test_an_anchor_shows_that_the_audit_log_was_made_anew(office: Office) -> None:
    kept = anchor(office)
    edited(office, "UPDATE audit SET digest = 'x' WHERE id = 1")
    assert faults(office, [kept]) == [("audit_anchor", "", 1), ("audit", "", 0)]


def test_days_from_before_there_was_a_chain_are_linked_later(office: Office) -> None:
    edited(office, "DELETE FROM chain", "INSERT INTO unlinked VALUES (1, 0)")
    office.reopen()
    inspection = says(office)
    assert (list(inspection.faults()), inspection.extent.unlinked) == ([], 2)
    assert [office.accounts.catch_up(1) for _ in range(4)] == [1, 1, 0, 0]
    assert [(link.of.number, link.of.why) for link in office.store.chain.links()] == [
        (3, "linked later"),
        (1, "linked later"),
    ]
    inspection = says(office)
    assert (list(inspection.faults()), inspection.extent.unlinked, inspection.extent.late) == ([], 0, 2)


async def test_a_running_collector_makes_up_for_them(office: Office) -> None:
    edited(office, "DELETE FROM chain", "INSERT INTO unlinked VALUES (1, 0)")
    office.reopen()
    file = f"sqlite:///{office.folder / office.file}"
    parts = Parts.of(CollectorConfig.model_validate({"store": file}), office.clock, office.store)
    upkeep = Upkeep(
        store=parts.store,
        live=parts.live,
        tokens=parts.tokens,
        alerts=parts.alerts,
        accounts=office.accounts,
        board=parts.board,
        clock=office.clock,
    )
    await upkeep.account()
    assert office.store.chain.head()[0] == 2
    assert faults(office) == []


def test_a_damaged_day_keeps_no_other_from_being_linked(office: Office) -> None:
    first = keys(office, "days")[0]
    edited(office, "DELETE FROM chain", "INSERT INTO unlinked VALUES (1, 0)")
    edited(office, f"UPDATE days SET ledger = x'93' WHERE key = {first}")
    office.reopen()
    assert (office.accounts.catch_up(), office.accounts.catch_up()) == (2, 0)
    assert faults(office) == [("unlinked", FIRST_DAY, 0)]


def test_a_day_that_was_corrected_before_its_turn_came_is_linked_once(office: Office) -> None:
    edited(office, "DELETE FROM chain", "INSERT INTO unlinked VALUES (1, 0)")
    office.reopen()
    office.deliver(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR, "line", agent="box")
    office.close()
    while office.accounts.catch_up():
        pass
    assert sorted(link.of.day for link in office.store.chain.links()) == [FIRST_DAY, SECOND_DAY]
    assert faults(office) == []


def test_a_missing_link_is_never_made_up_for_silently(office: Office) -> None:
    edited(office, "DELETE FROM chain WHERE id = 4", "DELETE FROM chain WHERE id = 3", "DELETE FROM chain WHERE id = 2")
    office.reopen()
    assert (office.close(), office.accounts.catch_up()) == (0, 0)
    assert ("unlinked", SECOND_DAY, 0) in faults(office)


def test_results_that_came_and_are_not_accounted_for_yet_are_no_editing(office: Office) -> None:
    office.deliver(MONDAY + 10 * HOUR + MINUTE, MONDAY + 11 * HOUR, agent="box")
    inspection = says(office)
    assert list(inspection.faults()) == []
    assert inspection.extent.waiting == 1
    office.judge()
    office.close()
    assert faults(office) == []


def test_a_site_that_moved_into_another_time_zone_keeps_the_links_of_its_old_books(office: Office) -> None:
    for zone in ("Asia/Makassar", "Etc/UTC"):
        office.store.put_sites([Site(code=SITE.code, name=SITE.name, timezone=zone)])
        office.clock.advance(3_600)
        office.close()
        assert faults(office) == []
    edited(office, f"UPDATE days SET ledger = x'00' WHERE key = {keys(office, 'days')[0]}")
    newest = office.store.chain.of(SITE.code, MONDAY, MONDAY + 1)[-1]
    assert faults(office) == [("account", FIRST_DAY, newest.n)]


def test_a_day_is_not_corrected_without_its_link(office: Office) -> None:
    with closing(sqlite3.connect(office.folder / office.file)) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON chain BEGIN SELECT RAISE(ABORT, 'full'); END")
    office.deliver(MONDAY + 30 * HOUR, MONDAY + 31 * HOUR, "line", agent="box")
    before = office.store.books.days(SITE.code, MONDAY, MONDAY + 2 * DAY)
    with pytest.raises((StoreError, sqlite3.Error)):
        office.close()
    assert office.store.books.days(SITE.code, MONDAY, MONDAY + 2 * DAY) == before
