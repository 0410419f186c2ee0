"""Follow-ups, their steps and acknowledgements in SQL: append-only, every row with its entry of the audit log."""

import sqlite3
from dataclasses import astuple, replace

from collector.acts import detail_of
from collector.followups import Acknowledgement, FollowUp, FollowUpState, Step
from collector.store.acts import keepers, note
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
        names = FollowUp.__slots__
        return self._ask(lambda db: [FollowUp(**dict(zip(names, row, strict=True))) for row in db.execute(FOLLOWUPS)])

    def steps(self) -> list[Step]:
        """Of all follow-ups, by id."""
        return self._ask(
            lambda db: [
                Step(id=n, followup=of, state=FollowUpState(state), note=said, by=who, entered_ms=at_ms)
                for n, of, state, said, who, at_ms in db.execute(STEPS)
            ]
        )

    def add(self, draft: FollowUp) -> FollowUp:
        """`draft` as it was entered, with its id; `draft.id` means nothing."""

        def write(db: sqlite3.Connection) -> FollowUp:
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
            number = db.execute("INSERT INTO followup_steps VALUES (NULL, ?, ?, ?, ?, ?)", astuple(draft)[1:]).lastrowid
            added = replace(draft, id=number or 0)
            note(db, added.entered_ms, added.by, "followup.step", str(added.followup), detail_of(added))
            return added

        return self._write(write)

    def acknowledge(self, draft: Acknowledgement) -> Acknowledgement:
        """`draft` as it was entered, with its id; `draft.id` means nothing. The first of an alert's span counts."""

        def write(db: sqlite3.Connection) -> Acknowledgement:
            values = astuple(draft)[1:]
            number = db.execute("INSERT INTO acknowledgements VALUES (NULL, ?, ?, ?, ?, ?)", values).lastrowid
            added = replace(draft, id=number or 0)
            note(db, added.entered_ms, added.by, "alert.acknowledge", added.key, detail_of(added))
            return added

        return self._write(write)

    def acknowledgements(self, since_ms: int = 0) -> list[Acknowledgement]:
        """Of alerts that began at or after `since_ms`, by id."""
        names = Acknowledgement.__slots__
        asked = f"{ACKNOWLEDGEMENTS} WHERE starts_at_ms >= ? ORDER BY id"
        return self._ask(
            lambda db: [Acknowledgement(**dict(zip(names, row, strict=True))) for row in db.execute(asked, (since_ms,))]
        )
