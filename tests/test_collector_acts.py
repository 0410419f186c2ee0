"""What people say stands for good: nothing of it can be changed or deleted, and who tries is seen."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from collector.acts import BadAct, CauseCode, Exclusion, ExclusionKind, GivenCause
from collector.registry import Site, new_token
from collector.store import Store, open_store

NOW = 1_790_000_000_000
HOUR = 3_600_000
SITES = [
    Site(code="a", name="A", regency="Berau", provider="Icon+", opd="Bapenda"),
    Site(code="b", name="B", regency="Paser", provider="Telkomsat"),
]
PLANNED = Exclusion(
    id=0,
    scope="regency",
    of="Berau",
    from_ms=NOW + HOUR,
    to_ms=NOW + 2 * HOUR,
    kind=ExclusionKind.MAINTENANCE,
    why="new cable",
    by="budi",
    entered_ms=NOW,
)
CAUSE = GivenCause(
    id=0, site="a", start_ms=NOW - HOUR, end_ms=NOW, code=CauseCode.LISTRIK, note="PLN", by="budi", entered_ms=NOW
)
TABLES = ("exclusions", "withdrawals", "causes", "audit")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path}/x.db")) as opened:
        opened.acts.import_sites(SITES, by="budi", at_ms=NOW, detail={"new": ["a", "b"]})
        yield opened


def everything(store: Store) -> None:
    """A row in every table of acts."""
    store.acts.add_exclusion(PLANNED)
    store.acts.withdraw(1, by="ani", why="postponed", at_ms=NOW + 1)
    store.acts.give_cause(CAUSE)


def by_hand(store_folder: Path, *statements: str) -> None:
    """What somebody with the file and sqlite3 does."""
    with closing(sqlite3.connect(store_folder / "x.db", isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def test_an_exclusion_stands_as_it_was_entered(store: Store) -> None:
    added = store.acts.add_exclusion(PLANNED)
    assert added == replace(PLANNED, id=1)
    assert store.acts.exclusions() == [added]
    assert not added.late


def test_one_that_is_entered_after_it_began_is_late(store: Store) -> None:
    assert store.acts.add_exclusion(replace(PLANNED, from_ms=NOW - 1)).late


def test_a_withdrawn_exclusion_still_stands_in_the_list(store: Store) -> None:
    store.acts.add_exclusion(PLANNED)
    withdrawn = store.acts.withdraw(1, by="ani", why="postponed", at_ms=NOW + 5)
    assert store.acts.exclusions() == [withdrawn]
    assert (withdrawn.withdrawn_ms, withdrawn.withdrawn_by, withdrawn.withdrawn_why) == (NOW + 5, "ani", "postponed")


def test_causes_are_all_kept_and_told_by_site(store: Store) -> None:
    first = store.acts.give_cause(CAUSE)
    second = store.acts.give_cause(replace(CAUSE, code=CauseCode.PENYEDIA))
    other = store.acts.give_cause(replace(CAUSE, site="b"))
    assert store.acts.given_causes("a") == [first, second]
    assert store.acts.given_causes() == [first, second, other]


@pytest.mark.parametrize(
    ("scope", "of", "touched"),
    [
        ("site", "a", "a"),
        ("regency", "Paser", "b"),
        ("provider", "Icon+", "a"),
        ("opd", "Bapenda", "a"),
        ("all", "", "ab"),
    ],
)
def test_an_exclusion_touches_the_sites_of_its_scope(store: Store, scope: str, of: str, touched: str) -> None:
    added = store.acts.add_exclusion(replace(PLANNED, scope=scope, of=of))
    assert "".join(site.code for site in SITES if added.touches(site)) == touched


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"scope": "site", "of": "c"}, "unknown_site"),
        ({"scope": "regency", "of": "Berao"}, "unknown_regency_of"),
        ({"scope": "provider", "of": "Starlink"}, "unknown_provider"),
        ({"scope": "opd", "of": ""}, "unknown_opd"),  # B has none: an empty name is no OPD
        ({"scope": "province", "of": ""}, "unknown_scope"),
        ({"scope": "all", "of": "Berau"}, "all_of"),
        ({"to_ms": PLANNED.from_ms}, "to_before_from"),
        ({"to_ms": PLANNED.from_ms + 11 * 366 * 24 * HOUR}, "too_long"),
        ({"why": "  "}, "empty_why"),
        ({"why": "x" * 2001}, "text_too_long"),
        ({"why": "\x1b[2J"}, "bad_text"),
        ({"by": ""}, "bad_by"),
        ({"by": "budi\n2026"}, "bad_by"),
    ],
)
def test_an_exclusion_that_cannot_be_is_refused_and_leaves_nothing(
    store: Store, change: dict[str, object], reason: str
) -> None:
    before = store.acts.version()
    with pytest.raises(BadAct) as bad:
        store.acts.add_exclusion(replace(PLANNED, **change))  # type: ignore[arg-type]  # some are wrong on purpose
    assert bad.value.reason == reason
    assert (store.acts.exclusions(), store.acts.version()) == ([], before)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"site": "c"}, "unknown_site"),
        ({"end_ms": CAUSE.start_ms}, "to_before_from"),
        ({"end_ms": NOW + 1}, "future_cause"),
        ({"note": "x" * 2001}, "text_too_long"),
    ],
)
def test_a_cause_that_cannot_be_is_refused(store: Store, change: dict[str, object], reason: str) -> None:
    with pytest.raises(BadAct) as bad:
        store.acts.give_cause(replace(CAUSE, **change))  # type: ignore[arg-type]
    assert (bad.value.reason, store.acts.given_causes()) == (reason, [])


def refusal(store: Store, number: int, why: str) -> str:
    with pytest.raises(BadAct) as bad:
        store.acts.withdraw(number, by="ani", why=why, at_ms=NOW)
    return bad.value.reason


def test_only_what_counts_can_be_withdrawn_and_only_with_a_reason(store: Store) -> None:
    store.acts.add_exclusion(PLANNED)
    assert [refusal(store, 2, "x"), refusal(store, 1, "")] == ["unknown_exclusion", "empty_why"]
    store.acts.withdraw(1, by="ani", why="x", at_ms=NOW)
    assert refusal(store, 1, "x") == "withdrawn_already"


def test_every_act_is_logged_in_somebodys_name_and_raises_the_version(store: Store) -> None:
    everything(store)
    token, secret = new_token("operator", "budi", "", NOW)
    store.acts.put_token(token, by="root", at_ms=NOW)
    store.acts.put_token(replace(token, revoked_at_ms=NOW), by="root", at_ms=NOW)
    log = store.acts.audit_log()
    assert [(entry.act, entry.by) for entry in log] == [
        ("registry.import", "budi"),
        ("exclusion.add", "budi"),
        ("exclusion.withdraw", "ani"),
        ("cause.give", "budi"),
        ("token.create", "root"),
        ("token.revoke", "root"),
    ]
    assert store.acts.version() == len(log) == 6
    assert not [entry for entry in log if secret in entry.detail or token.hash.hex() in entry.detail]


def test_the_log_is_told_in_pages(store: Store) -> None:
    everything(store)
    assert [entry.id for entry in store.acts.audit_log(after_id=1, limit=2)] == [2, 3]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"]
)
def test_no_row_of_an_act_can_be_changed_or_deleted(store: Store, tmp_path: Path, table: str, statement: str) -> None:
    everything(store)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        by_hand(tmp_path, statement.format(table))
    assert store.acts.faults() == []


def without_triggers(*tables: str) -> list[str]:
    return [f"DROP TRIGGER {table}_{kind}" for table in tables for kind in ("stay", "remain", "once")]


@pytest.mark.parametrize(
    ("table", "statement", "fault"),
    [
        (
            "audit",
            "UPDATE audit SET who = 'ani' WHERE id = 2",
            "entry 2 (exclusion.add 1) or the one before it was changed",
        ),
        ("audit", "UPDATE audit SET digest = 'x' WHERE id = 1", "entry 2 (exclusion.add 1) or the one before it"),
        ("audit", "DELETE FROM audit WHERE id = 2", "entries 2 to 2 are missing"),
        ("audit", "DELETE FROM audit WHERE id = 4", "entries 4 to 4 are missing"),
        (
            "exclusions",
            "UPDATE exclusions SET to_ms = to_ms + 1",
            "exclusion.add 1: the table does not say what the log",
        ),
        ("withdrawals", "DELETE FROM withdrawals", "exclusion.withdraw 1: the table does not say what the log says"),
        ("causes", "UPDATE causes SET code = 'penyedia'", "cause.give 1: the table does not say what the log says"),
        (
            "causes",
            "INSERT INTO causes SELECT 9, site, 1, 2, code, note, who, 3 FROM causes",
            "cause.give 9: the table",
        ),
    ],
)
def test_who_drops_the_triggers_and_changes_a_row_is_seen(
    store: Store, tmp_path: Path, table: str, statement: str, fault: str
) -> None:
    everything(store)
    by_hand(tmp_path, *without_triggers(table), statement)
    assert any(line.startswith(fault) for line in store.acts.faults())


def test_two_processes_that_enter_acts_make_one_chain(store: Store, tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/x.db")) as other:
        for one in (store, other, store):
            one.acts.add_exclusion(PLANNED)
    assert ([e.id for e in store.acts.exclusions()], store.acts.faults()) == ([1, 2, 3], [])


def test_acts_outlive_a_restart(store: Store, tmp_path: Path) -> None:
    everything(store)
    before = store.acts.exclusions(), store.acts.given_causes(), store.acts.audit_log()
    with closing(open_store(f"sqlite:///{tmp_path}/x.db")) as again:
        assert (again.acts.exclusions(), again.acts.given_causes(), again.acts.audit_log()) == before
