"""The register of lines and contracts in SQL: what judging does not need."""

from collections.abc import Sequence
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
        names = ", ".join(Contract.__slots__)
        ask = f"SELECT {names} FROM contracts ORDER BY number, begins"  # noqa: S608
        rows = self._ask(lambda db: db.execute(ask).fetchall())
        return [_contract(dict(zip(Contract.__slots__, row, strict=True))) for row in rows]


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
