"""Follow-ups, their steps and acknowledgements in SQL: append-only, every row with its entry of the audit log.
What cannot stand (collector/followups.py) is refused with BadAct."""

import sqlite3
from collections.abc import Iterator
from dataclasses import astuple, replace

from collector.acts import detail_of
from collector.followups import (
    Acknowledgement,
    FollowUp,
    FollowUpState,
    Step,
    check_acknowledgement,
    check_followup,
    check_step,
    told,
)
from collector.store import facts
from collector.store.audit import Said, keepers, note
from collector.store.doors import Ask, Write

ROWS = """
CREATE TABLE followups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, of TEXT NOT NULL, what TEXT NOT NULL,
    owner TEXT NOT NULL, who TEXT NOT NULL, entered_ms INTEGER NOT NULL, due_ms INTEGER, outage_ms INTEGER
);
CREATE TABLE followup_steps (
    id INTEGER PRIMARY KEY AUTOINCREMENT, followup INTEGER NOT NULL REFERENCES followups, state TEXT NOT NULL,
    note TEXT NOT NULL, who TEXT NOT NULL, entered_ms INTEGER NOT NULL
);
CREATE TABLE acknowledgements (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, starts_at_ms INTEGER NOT NULL, note TEXT NOT NULL,
    who TEXT NOT NULL, entered_ms INTEGER NOT NULL
);
CREATE INDEX acknowledgements_of ON acknowledgements (key, starts_at_ms);
"""
TABLES = ROWS + keepers("followups", "followup_steps", "acknowledgements")

FOLLOWUPS = "SELECT id, scope, of, what, owner, who, entered_ms, due_ms, outage_ms FROM followups ORDER BY id"
STEPS = "SELECT id, followup, state, note, who, entered_ms FROM followup_steps ORDER BY id"
ACKNOWLEDGEMENTS = "SELECT id, key, starts_at_ms, note, who, entered_ms FROM acknowledgements"


class FollowUps:
    """What people do, as `collector.store.Store.followups` offers it. StoreError as everywhere."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def all(self) -> list[FollowUp]:
        """By id."""
        return self._ask(_followups)

    def steps(self) -> list[Step]:
        """Of all follow-ups, by id."""
        return self._ask(_steps)

    def add(self, draft: FollowUp) -> FollowUp:
        """`draft` as it was entered, with its id; `draft.id` means nothing."""

        def write(db: sqlite3.Connection) -> FollowUp:
            check_followup(draft, facts.sites(db))
            values = (draft.scope, draft.of, draft.what, draft.owner, draft.by, draft.entered_ms)
            number = db.execute(
                "INSERT INTO followups VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, draft.due_ms, draft.outage_ms)
            ).lastrowid
            added = replace(draft, id=number or 0)
            note(db, added.entered_ms, added.by, "followup.add", str(added.id), detail_of(added))
            return added

        return self._write(write)

    def step(self, draft: Step) -> Step:
        """`draft` as it was entered, with its id; `draft.id` means nothing."""

        def write(db: sqlite3.Connection) -> Step:
            known = {matter.followup.id: matter for matter in told(_followups(db), _steps(db))}
            check_step(draft, known.get(draft.followup))
            number = db.execute("INSERT INTO followup_steps VALUES (NULL, ?, ?, ?, ?, ?)", astuple(draft)[1:]).lastrowid
            added = replace(draft, id=number or 0)
            note(db, added.entered_ms, added.by, "followup.step", str(added.followup), detail_of(added))
            return added

        return self._write(write)

    def acknowledge(self, draft: Acknowledgement) -> Acknowledgement:
        """`draft` as it was entered, with its id; `draft.id` means nothing. The first of an alert's span counts."""

        def write(db: sqlite3.Connection) -> Acknowledgement:
            check_acknowledgement(draft)
            values = astuple(draft)[1:]
            number = db.execute("INSERT INTO acknowledgements VALUES (NULL, ?, ?, ?, ?, ?)", values).lastrowid
            added = replace(draft, id=number or 0)
            note(db, added.entered_ms, added.by, "alert.acknowledge", added.key, detail_of(added))
            return added

        return self._write(write)

    def acknowledgements(self, since_ms: int = 0) -> list[Acknowledgement]:
        """Of alerts that began at or after `since_ms`, by id."""
        return self._ask(lambda db: _acknowledgements(db, since_ms))


def standing(db: sqlite3.Connection) -> Iterator[Said]:
    """Every row, as its entry of the audit log must quote it."""
    for followup in _followups(db):
        yield ("followup.add", str(followup.id)), detail_of(followup)
    for step in _steps(db):
        yield ("followup.step", str(step.id)), detail_of(step)
    for given in _acknowledgements(db, 0):
        yield ("alert.acknowledge", str(given.id)), detail_of(given)


def _followups(db: sqlite3.Connection) -> list[FollowUp]:
    return [FollowUp(**dict(zip(FollowUp.__slots__, row, strict=True))) for row in db.execute(FOLLOWUPS)]


def _steps(db: sqlite3.Connection) -> list[Step]:
    return [
        Step(id=n, followup=of, state=FollowUpState(state), note=said, by=who, entered_ms=at_ms)
        for n, of, state, said, who, at_ms in db.execute(STEPS)
    ]


def _acknowledgements(db: sqlite3.Connection, since_ms: int) -> list[Acknowledgement]:
    asked = f"{ACKNOWLEDGEMENTS} WHERE starts_at_ms >= ? ORDER BY id"
    names = Acknowledgement.__slots__
    return [Acknowledgement(**dict(zip(names, row, strict=True))) for row in db.execute(asked, (since_ms,))]
