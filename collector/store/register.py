"""The register of lines and contracts in SQL: what judging does not need."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from typing import Any

from collector.contracts import Contract, FeeOf, Formula
from collector.registry import Details, Network, Ownership, Use
from collector.store.doors import Ask, Write

TABLES = """
CREATE TABLE details (
    code TEXT PRIMARY KEY, description TEXT NOT NULL, agency TEXT NOT NULL, unit TEXT NOT NULL, network TEXT,
    ownership TEXT, owner TEXT NOT NULL, bandwidth_mbps REAL, use TEXT, facility TEXT NOT NULL, rai TEXT NOT NULL,
    latitude REAL, longitude REAL, contact TEXT NOT NULL, phone TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE contracts (
    number TEXT NOT NULL, begins TEXT NOT NULL, provider TEXT NOT NULL, ends TEXT, sla TEXT, fee INTEGER,
    fee_of TEXT NOT NULL, formula TEXT NOT NULL, charge_after_s INTEGER, note TEXT NOT NULL,
    PRIMARY KEY (number, begins)
) WITHOUT ROWID;
"""


class Register:
    """Details of sites and contracts, as `collector.store.Store.register` offers them."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def details(self) -> list[Details]:
        """By code; only of sites of which the register says anything."""
        names = ", ".join(Details.__slots__)
        rows = self._ask(lambda db: db.execute(f"SELECT {names} FROM details ORDER BY code").fetchall())  # noqa: S608
        return [_details(dict(zip(Details.__slots__, row, strict=True))) for row in rows]

    def contracts(self) -> Sequence[Contract]:
        """Every version, by number and first day."""
        return self._ask(contracts)

    def details_of(self, code: str) -> Details:
        """Of one site; an empty record where the register says nothing."""
        ask = f"SELECT {', '.join(Details.__slots__)} FROM details WHERE code = ?"  # noqa: S608
        row = self._ask(lambda db: db.execute(ask, (code,)).fetchone())
        return _details(dict(zip(Details.__slots__, row, strict=True))) if row else Details(code=code)

    def put_details(self, new: Sequence[Details]) -> None:
        """Without an entry in the audit log: for what is simulated. People's imports go by `Acts.import_sites`."""
        self._write(lambda db: put_details(db, new))

    def put_contracts(self, new: Sequence[Contract]) -> None:
        """Without an entry in the audit log; people's imports go by `Acts.import_contracts`."""
        self._write(lambda db: put_contracts(db, new))


def contracts(db: sqlite3.Connection) -> list[Contract]:
    """Every version, by number and first day."""
    names = ", ".join(Contract.__slots__)
    rows = db.execute(f"SELECT {names} FROM contracts ORDER BY number, begins")  # noqa: S608  names of our own fields
    return [_contract(dict(zip(Contract.__slots__, row, strict=True))) for row in rows]


def put_details(db: sqlite3.Connection, new: Sequence[Details]) -> None:
    """In the transaction of the caller. A record that says nothing is not kept."""
    db.executemany("DELETE FROM details WHERE code = ?", [(one.code,) for one in new])
    marks = ", ".join("?" * len(Details.__slots__))
    rows = [astuple(one) for one in new if one != Details(code=one.code)]
    db.executemany(f"INSERT INTO details ({', '.join(Details.__slots__)}) VALUES ({marks})", rows)  # noqa: S608


def put_contracts(db: sqlite3.Connection, new: Sequence[Contract]) -> None:
    """In the transaction of the caller. A version is known by its number and first day."""
    marks = ", ".join("?" * len(Contract.__slots__))
    rows = [[_kept(getattr(one, name)) for name in Contract.__slots__] for one in new]
    db.executemany(f"INSERT OR REPLACE INTO contracts ({', '.join(Contract.__slots__)}) VALUES ({marks})", rows)  # noqa: S608


def remove_contract(db: sqlite3.Connection, number: str, begins: date) -> None:
    """In the transaction of the caller; nothing happens if there is none."""
    db.execute("DELETE FROM contracts WHERE number = ? AND begins = ?", (number, begins.isoformat()))


def _kept(value: object) -> object:
    """As the table has it: days and shares are text, so that they come back exactly."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _details(row: dict[str, Any]) -> Details:
    for name, kind in (("network", Network), ("ownership", Ownership), ("use", Use)):
        row[name] = kind(row[name]) if row[name] is not None else None
    return Details(**row)


def _contract(row: dict[str, Any]) -> Contract:
    row["begins"] = date.fromisoformat(row["begins"])
    row["ends"] = None if row["ends"] is None else date.fromisoformat(row["ends"])
    row["sla"] = None if row["sla"] is None else Decimal(row["sla"])
    row["fee_of"], row["formula"] = FeeOf(row["fee_of"]), Formula(row["formula"])
    return Contract(**row)
