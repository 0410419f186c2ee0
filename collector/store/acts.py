"""Human acts in SQL: exclusions, given causes. Nothing is ever changed or deleted; triggers see to it.

A withdrawal is a row of its own. Every act writes its row and its entry of the audit log (audit.py) in one transaction.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any

from collector.acts import (
    AuditEntry,
    CauseCode,
    Exclusion,
    ExclusionKind,
    GivenCause,
    canonical,
    check_cause,
    check_exclusion,
    check_withdrawal,
    detail_of,
)
from collector.contracts import Contract
from collector.registry import Details, Site, Token
from collector.store import audit, facts, register
from collector.store.audit import IMPORTED, REMOVED, Said, Standing, keepers, note, version_of
from collector.store.doors import Ask, Write

ROWS = """
CREATE TABLE exclusions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, of TEXT NOT NULL, from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL, kind TEXT NOT NULL, why TEXT NOT NULL, who TEXT NOT NULL, entered_ms INTEGER NOT NULL
);
CREATE TABLE withdrawals (
    id INTEGER PRIMARY KEY REFERENCES exclusions, at_ms INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL
);
CREATE TABLE causes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
    code TEXT NOT NULL, note TEXT NOT NULL, who TEXT NOT NULL, entered_ms INTEGER NOT NULL
);
CREATE INDEX causes_of ON causes (site, start_ms);
"""

TABLES = ROWS + audit.ROWS + keepers("exclusions", "withdrawals", "causes", "audit")

EXCLUSIONS = (
    "SELECT e.id, scope, of, from_ms, to_ms, kind, e.why, e.who, entered_ms, w.at_ms, w.who, w.why"
    " FROM exclusions e LEFT JOIN withdrawals w ON w.id = e.id"
)
CAUSES = "SELECT id, site, start_ms, end_ms, code, note, who, entered_ms FROM causes"
ADD_EXCLUSION = "INSERT INTO exclusions VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
GIVE_CAUSE = "INSERT INTO causes VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"
WITHDRAWN = ("withdrawn_ms", "withdrawn_by", "withdrawn_why")


class Acts:
    """What people said, as `collector.store.Store.acts` offers it. Writers raise BadAct; StoreError as everywhere."""

    def __init__(self, ask: Ask, write: Write, others: Sequence[Standing] = ()) -> None:
        self._ask, self._write, self._standing = ask, write, (_standing, *others)

    def exclusions(self) -> list[Exclusion]:
        """All that were ever entered, also those that were withdrawn."""
        return self._ask(_exclusions)

    def given_causes(self, site: str = "") -> list[GivenCause]:
        """By id; of one site, or of all."""
        return self._ask(lambda db: list(_causes(db, site)))

    def audit_log(self, after_id: int = 0, limit: int = 1_000) -> list[AuditEntry]:
        """The entries that follow `after_id`, by id."""
        return self._ask(lambda db: list(audit.entries(db, after_id, limit)))

    def version(self) -> int:
        """Grows with every act."""
        return self._ask(lambda db: audit.last(db)[0])

    def head(self) -> str:
        """The digest of the last entry; "" of an empty log."""
        return self._ask(lambda db: audit.last(db)[1])

    def faults(self) -> list[str]:
        """A sentence for each place at which the log does not add up, or does not say what the tables say."""
        return self._ask(lambda db: list(audit.faults(db, self._standing)))

    def add_exclusion(self, draft: Exclusion) -> Exclusion:
        """`draft` as it was entered, with its id; `draft.id` means nothing."""

        def write(db: sqlite3.Connection) -> Exclusion:
            check_exclusion(draft, facts.sites(db))
            number = db.execute(ADD_EXCLUSION, astuple(draft)[1:9]).lastrowid or 0
            added = replace(_as_entered(draft), id=number)
            note(db, added.entered_ms, added.by, "exclusion.add", str(number), detail_of(added))
            return added

        return self._write(write)

    def withdraw(self, number: int, *, by: str, why: str, at_ms: int) -> Exclusion:
        """The exclusion, which counts no more from now on, for any period."""

        def write(db: sqlite3.Connection) -> Exclusion:
            found = next((exclusion for exclusion in _exclusions(db) if exclusion.id == number), None)
            check_withdrawal(found, number, by, why)
            db.execute("INSERT INTO withdrawals VALUES (?, ?, ?, ?)", (number, at_ms, by, why))
            [withdrawn] = [exclusion for exclusion in _exclusions(db) if exclusion.id == number]
            note(db, at_ms, by, "exclusion.withdraw", str(number), detail_of(withdrawn, *WITHDRAWN))
            return withdrawn

        return self._write(write)

    def give_cause(self, draft: GivenCause) -> GivenCause:
        """`draft` as it was entered, with its id; `draft.id` means nothing. The newest of an outage counts."""
        [given] = self.give_causes([draft])
        return given

    def give_causes(self, drafts: Sequence[GivenCause]) -> list[GivenCause]:
        """Those of a mass outage in one go: all of them are entered, or none."""

        def write(db: sqlite3.Connection) -> list[GivenCause]:
            sites = facts.sites(db)
            for draft in drafts:
                check_cause(draft, sites)
            return [_give(db, draft) for draft in drafts]

        return self._write(write)

    def import_sites(
        self,
        sites: Sequence[Site],
        details: Sequence[Details] = (),
        *,
        by: str,
        at_ms: int,
        detail: Mapping[str, Any],
    ) -> None:
        """Writes `sites` and what the register says of them; `detail` says what that changes."""

        def write(db: sqlite3.Connection) -> None:
            facts.put_sites(db, sites)
            register.put_details(db, details)
            note(db, at_ms, by, "registry.import", str(len(sites)), canonical(detail))

        self._write(write)

    def import_contracts(
        self, contracts: Sequence[Contract], *, by: str, at_ms: int, detail: Mapping[str, Any]
    ) -> None:
        """Writes versions of contracts; `detail` says what that changes. The entry quotes them, so that terms cannot be
        changed without a trace."""
        quoted = {**detail, "terms": [one.terms for one in contracts]}

        def write(db: sqlite3.Connection) -> None:
            register.put_contracts(db, contracts)
            note(db, at_ms, by, IMPORTED, str(len(contracts)), canonical(quoted))

        self._write(write)

    def remove_contract(self, gone: Contract, *, by: str, at_ms: int, detail: Mapping[str, Any]) -> None:
        """Takes one version out of the register; `detail` quotes it, so that it is not lost."""

        def write(db: sqlite3.Connection) -> None:
            register.remove_contract(db, gone.number, gone.begins)
            note(db, at_ms, by, REMOVED, gone.number, canonical({**detail, "removed": gone.terms}))

        self._write(write)

    def put_token(self, token: Token, *, by: str, at_ms: int) -> None:
        """Writes a new token, or one that is revoked now."""
        act = "token.create" if token.revoked_at_ms is None else "token.revoke"
        detail = canonical({"kind": token.kind, "name": token.agent, "site": token.site, "regency": token.regency})

        def write(db: sqlite3.Connection) -> None:
            facts.put_token(db, token)
            note(db, at_ms, by, act, token.id, detail)

        self._write(write)


def _give(db: sqlite3.Connection, draft: GivenCause) -> GivenCause:
    given = replace(draft, id=db.execute(GIVE_CAUSE, astuple(draft)[1:]).lastrowid or 0)
    note(db, given.entered_ms, given.by, "cause.give", given.site, detail_of(given))
    return given


def _as_entered(exclusion: Exclusion) -> Exclusion:
    """As it was before anybody withdrew it."""
    return replace(exclusion, withdrawn_ms=None, withdrawn_by="", withdrawn_why="")


def _exclusions(db: sqlite3.Connection) -> list[Exclusion]:
    names = [*Exclusion.__slots__]
    found = (dict(zip(names, row, strict=True)) for row in db.execute(f"{EXCLUSIONS} ORDER BY e.id"))
    return [
        Exclusion(
            **known
            | {"kind": ExclusionKind(known["kind"])}
            | {name: known[name] or "" for name in ("withdrawn_by", "withdrawn_why")}
        )
        for known in found
    ]


def _causes(db: sqlite3.Connection, site: str = "") -> Iterator[GivenCause]:
    chosen = (
        db.execute(f"{CAUSES} WHERE site = ? ORDER BY id", (site,)) if site else db.execute(f"{CAUSES} ORDER BY id")
    )
    for row in chosen:
        known = dict(zip(GivenCause.__slots__, row, strict=True))
        yield GivenCause(**known | {"code": CauseCode(known["code"])})


def _standing(db: sqlite3.Connection) -> Iterator[Said]:
    for exclusion in _exclusions(db):
        yield ("exclusion.add", str(exclusion.id)), detail_of(_as_entered(exclusion))
        if exclusion.withdrawn_ms is not None:
            yield ("exclusion.withdraw", str(exclusion.id)), detail_of(exclusion, *WITHDRAWN)
    for cause in _causes(db):
        yield ("cause.give", str(cause.id)), detail_of(cause)
    for contract in register.contracts(db):
        yield version_of(contract.terms), canonical(contract.terms)
