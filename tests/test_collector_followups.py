"""Follow-ups and acknowledgements: what is refused, what is kept, and that nobody changes it afterwards."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.acts import BadAct
from collector.followups import (
    MAX_DUE_MS,
    Acknowledgement,
    FollowUp,
    FollowUpState,
    Matter,
    Step,
    acknowledged,
    check_followup,
    told,
)
from collector.registry import Site
from collector.store import Store, open_store
from shared.texts import LANGUAGES, Texts

SITE = Site(code="64.03.06.2001", name="Tasuk", regency="Berau", provider="Icon+")
NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
FOLLOWUP = FollowUp(
    id=0, scope="site", of=SITE.code, what="replace the switch", owner="TIK", by="siti", entered_ms=NOW_MS
)
STEP = Step(id=0, followup=1, state=FollowUpState.OPEN, note="ordered", by="siti", entered_ms=NOW_MS)
NOTED = Acknowledgement(id=0, key="SiteDown/x", starts_at_ms=NOW_MS, note="", by="siti", entered_ms=NOW_MS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    kept = open_store(f"sqlite:///{tmp_path}/kept.db")
    kept.put_sites([SITE])
    yield kept
    kept.close()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"what": " \n"}, "empty_what"),
        ({"what": "x" * 501}, "text_too_long"),
        ({"what": "rm \x1b[2J"}, "bad_text"),
        ({"owner": "x" * 81}, "bad_owner"),
        ({"owner": "a\nb"}, "bad_owner"),
        ({"by": ""}, "bad_by"),
        ({"scope": "street"}, "unknown_scope"),
        ({"of": "64.03.06.2002"}, "unknown_site_of"),
        ({"scope": "all"}, "all_of"),
        ({"due_ms": NOW_MS}, "bad_due"),
        ({"due_ms": NOW_MS + MAX_DUE_MS + 1}, "bad_due"),
        ({"scope": "regency", "of": "Berau", "outage_ms": 1}, "outage_of_site"),
    ],
)
def test_what_cannot_be_is_refused_in_words(changed: dict[str, object], reason: str) -> None:
    with pytest.raises(BadAct) as refused:
        check_followup(replace(FOLLOWUP, **changed), [SITE])  # type: ignore[arg-type]  # fields by name
    assert refused.value.reason == reason
    assert all(Texts(language).say(f"acts.{reason}", **refused.value.values) for language in LANGUAGES)


@pytest.mark.parametrize("due_ms", [None, NOW_MS + 1, NOW_MS + MAX_DUE_MS])
def test_a_sensible_day_or_none_is_taken(due_ms: int | None) -> None:
    check_followup(replace(FOLLOWUP, due_ms=due_ms, outage_ms=NOW_MS), [SITE])


def test_the_last_step_says_where_it_stands(store: Store) -> None:
    store.followups.add(FOLLOWUP)
    [new] = told(store.followups.all(), store.followups.steps())
    store.followups.step(STEP)
    store.followups.step(replace(STEP, state=FollowUpState.DONE, note="done"))
    [done] = told(store.followups.all(), store.followups.steps())
    assert (new.state, done.state) == (FollowUpState.OPEN, FollowUpState.DONE)
    assert [step.note for step in done.steps] == ["ordered", "done"]


def test_only_what_is_open_can_be_overdue() -> None:
    due = replace(FOLLOWUP, due_ms=NOW_MS + DAY_MS)
    finished = Matter(followup=due, steps=[replace(STEP, state=FollowUpState.DROPPED)])
    waiting = Matter(followup=due, steps=[])
    assert [waiting.overdue(at_ms) for at_ms in (NOW_MS, NOW_MS + DAY_MS)] == [False, True]
    assert not finished.overdue(NOW_MS + 9 * DAY_MS)
    assert not Matter(followup=FOLLOWUP, steps=[]).overdue(NOW_MS + 9 * DAY_MS)


@pytest.mark.parametrize(("changed", "reason"), [({"note": " "}, "empty_note"), ({"followup": 7}, "unknown_followup")])
def test_a_step_says_something_about_something(store: Store, changed: dict[str, object], reason: str) -> None:
    store.followups.add(FOLLOWUP)
    with pytest.raises(BadAct) as refused:
        store.followups.step(replace(STEP, **changed))  # type: ignore[arg-type]  # fields by name
    assert (refused.value.reason, store.followups.steps()) == (reason, [])


def test_a_refused_act_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(BadAct):
        store.followups.add(replace(FOLLOWUP, of="nowhere"))
    assert (store.followups.all(), store.acts.audit_log()) == ([], [])


def test_the_first_who_takes_an_alert_has_it(store: Store) -> None:
    store.followups.acknowledge(NOTED)
    store.followups.acknowledge(replace(NOTED, by="budi"))
    given = store.followups.acknowledgements()
    assert acknowledged({"SiteDown/x": NOW_MS}, given)["SiteDown/x"].by == "siti"


@pytest.mark.parametrize("firing", [{}, {"SiteDown/x": NOW_MS + 1}, {"SiteDown/y": NOW_MS}])
def test_an_old_acknowledgement_is_not_of_a_new_alert(firing: dict[str, int]) -> None:
    assert acknowledged(firing, [NOTED]) == {}


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("followups", "what = 'nothing'"),
        ("followup_steps", "state = 'done'"),
        ("acknowledgements", "who = 'budi'"),
    ],
)
def test_a_row_that_somebody_changed_is_noticed(tmp_path: Path, store: Store, table: str, change: str) -> None:
    store.followups.add(FOLLOWUP)
    store.followups.step(STEP)
    store.followups.acknowledge(NOTED)
    assert store.acts.faults() == []
    with sqlite3.connect(tmp_path / "kept.db") as db:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(f"UPDATE {table} SET {change}")
        db.execute(f"DROP TRIGGER {table}_stay")
        db.execute(f"UPDATE {table} SET {change}")
    db.close()
    assert [fault.endswith("the table does not say what the log says") for fault in store.acts.faults()] == [True]


def test_causes_of_a_mass_outage_are_given_all_or_none(store: Store) -> None:
    from collector.acts import CauseCode, GivenCause

    given = GivenCause(
        id=0, site=SITE.code, start_ms=1, end_ms=2, code=CauseCode.LISTRIK, note="", by="siti", entered_ms=NOW_MS
    )
    with pytest.raises(BadAct):
        store.acts.give_causes([given, replace(given, site="nowhere")])
    assert store.acts.given_causes() == []
    assert [one.id for one in store.acts.give_causes([given, replace(given, start_ms=0)])] == [1, 2]
    assert store.acts.faults() == []
