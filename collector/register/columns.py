"""Pure: the two forms. Every column: how it is called, how a cell of it is read, and how a value is written.

`read` gets a cell that has content and returns the value or raises Wrong; `written` is its inverse for CSV.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from collector.contracts import SEPARATOR, Contract, FeeOf, Formula
from collector.register import amounts, words
from collector.register.days import day
from collector.register.faults import Wrong
from collector.register.sheets import Cell, Was
from collector.registry import CODE, Details, Medium, Network, Ownership, Site, Use

MAX_TEXT = 200
MAX_LONG_TEXT = 1_000
SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
PHONE = re.compile(r"\+?[\d(][\d ()./-]{3,30}")
LATITUDES, LONGITUDES = (-11.5, 6.5), (94.5, 141.5)
"""Indonesia's box, from Rote to Sabang and from Sabang to Merauke."""
SPOKEN_TIMEZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
"""As people there say them; none of the three is a name of a zone."""
Read = Callable[[Cell], Any]


class Form(StrEnum):
    """What a cell holds, for a workbook."""

    TEXT = "text"
    CODE = "code"
    """Text that a spreadsheet would take for a number or a day."""
    CHOICE = "choice"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `also`: other names of it, the Indonesian one first; `empty`: what an empty cell means."""

    name: str
    also: tuple[str, ...]
    read: Read
    form: Form = Form.TEXT
    empty: Any = ""
    required: bool = False
    choices: words.Words | None = None

    def written(self, value: Any) -> str:
        """As CSV has it; reading it again gives `value`."""
        return "" if value is None else WRITTEN.get(self.form, str)(value)

    def title(self, language: str) -> str:
        """The heading in a sheet of that language."""
        return self.also[0] if language == "id" else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a kind of sheet, in order; `key`: which of them tell rows apart."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def percent(value: Decimal) -> str:
    """0.985 -> 98.5%: with its sign nobody can take it for anything else."""
    return f"{(value * 100).normalize():f}%"


def _number(value: float) -> str:
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


WRITTEN: Mapping[Form, Callable[[Any], str]] = {
    Form.NUMBER: _number,
    Form.SHARE: percent,
    Form.DAY: date.isoformat,
}


def _text(most: int = MAX_TEXT) -> Read:
    def read(cell: Cell) -> str:
        if cell.was is Was.DAY:
            raise Wrong("date_cell")
        if len(cell.text) > most or not cell.text.isprintable():
            raise Wrong("bad_text", str(most))
        return cell.text

    return read


def _coded(check: Callable[[str], str] = str, most: int = MAX_TEXT) -> Read:
    """Text in which every character counts: what a spreadsheet took for a number has lost some."""

    def read(cell: Cell) -> str:
        if cell.was is Was.NUMBER:
            raise Wrong("number_cell")
        if SCIENTIFIC.fullmatch(cell.text):
            raise Wrong("scientific")
        return check(str(_text(most)(cell)))

    return read


def _choice(known: words.Words, kind: type[StrEnum] | None = None) -> Read:
    meanings = words.meanings(known)

    def read(cell: Cell) -> str:
        meaning = meanings.get(words.plain_word(cell.text))
        if meaning is None:
            raise Wrong("not_one_of", words.listed(known))
        return words.same_kind(meaning, kind)

    return read


def _exactly(read: Callable[..., Any]) -> Read:
    def of(cell: Cell) -> Any:
        if cell.was not in (Was.TEXT, Was.NUMBER):
            raise Wrong("date_cell" if cell.was is Was.DAY else "not_number")
        return read(cell.text, exact=cell.was is Was.NUMBER)

    return of


def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise Wrong("bad_code")
    return text


def _contract_number(text: str) -> str:
    if SEPARATOR in text:
        raise Wrong("bad_number_of_contract", SEPARATOR)
    return text


def _phone(text: str) -> str:
    if not PHONE.fullmatch(text):
        raise Wrong("bad_phone")
    return text


@cache
def _timezones() -> frozenset[str]:
    """Looking for them goes through a whole folder of files: 30 ms."""
    return frozenset(available_timezones())


def _timezone(cell: Cell) -> str:
    name = SPOKEN_TIMEZONES.get(cell.text.upper(), cell.text)
    if name not in _timezones():
        raise Wrong("bad_timezone")
    return name


def _day(cell: Cell) -> date:
    if cell.was is Was.NUMBER:
        raise Wrong("day_number")
    return day(cell.text)


def _degrees(box: tuple[float, float], other: tuple[float, float]) -> Read:
    def read(cell: Cell) -> float:
        try:
            return float(_exactly(lambda text, exact: amounts.degrees(text, *box, exact=exact))(cell))
        except Wrong as wrong:
            if wrong.reason == "outside_indonesia" and _fits(cell, other):
                raise Wrong("swapped", wrong.detail) from None
            raise

    return read


def _fits(cell: Cell, box: tuple[float, float]) -> bool:
    try:
        amounts.degrees(cell.text, *box, exact=cell.was is Was.NUMBER)
    except Wrong:
        return False
    return True


def _seconds(cell: Cell) -> int:
    return amounts.seconds(cell.text)


SITE_READERS: Mapping[str, dict[str, Any]] = {
    "code": {"read": _coded(_code), "form": Form.CODE, "required": True},
    "name": {"read": _text(), "required": True},
    "kind": {"read": _choice(words.KINDS), "form": Form.CHOICE, "choices": words.KINDS, "empty": "other"},
    "medium": {
        "read": _choice(words.MEDIA, Medium),
        "form": Form.CHOICE,
        "choices": words.MEDIA,
        "empty": Medium.OTHER,
    },
    "contract": {"read": _coded(), "form": Form.CODE},
    "timezone": {"read": _timezone},
    "until": {"read": _day, "form": Form.DAY, "empty": None},
    "description": {"read": _text(MAX_LONG_TEXT)},
    "network": {
        "read": _choice(words.NETWORKS, Network),
        "form": Form.CHOICE,
        "choices": words.NETWORKS,
        "empty": None,
    },
    "ownership": {
        "read": _choice(words.OWNERSHIPS, Ownership),
        "form": Form.CHOICE,
        "choices": words.OWNERSHIPS,
        "empty": None,
    },
    "bandwidth_mbps": {"read": _exactly(amounts.mbps), "form": Form.NUMBER, "empty": None},
    "use": {"read": _choice(words.USES, Use), "form": Form.CHOICE, "choices": words.USES, "empty": None},
    "latitude": {"read": _degrees(LATITUDES, LONGITUDES), "form": Form.NUMBER, "empty": None},
    "longitude": {"read": _degrees(LONGITUDES, LATITUDES), "form": Form.NUMBER, "empty": None},
    "phone": {"read": _coded(_phone), "form": Form.CODE},
}
CONTRACT_READERS: Mapping[str, dict[str, Any]] = {
    "number": {"read": _coded(_contract_number), "form": Form.CODE, "required": True},
    "begins": {"read": _day, "form": Form.DAY, "required": True},
    "ends": {"read": _day, "form": Form.DAY, "empty": None},
    "sla": {"read": _exactly(amounts.share), "form": Form.SHARE, "empty": None},
    "fee": {"read": _exactly(amounts.rupiah), "form": Form.MONEY, "empty": None},
    "fee_of": {
        "read": _choice(words.FEES_OF, FeeOf),
        "form": Form.CHOICE,
        "choices": words.FEES_OF,
        "empty": FeeOf.LINE,
    },
    "formula": {
        "read": _choice(words.FORMULAS, Formula),
        "form": Form.CHOICE,
        "choices": words.FORMULAS,
        "empty": Formula.NONE,
    },
    "charge_after_s": {"read": _seconds, "form": Form.MONEY, "empty": None},
    "note": {"read": _text(MAX_LONG_TEXT)},
}


def _columns(names: list[str], also: words.Words, readers: Mapping[str, dict[str, Any]]) -> tuple[Column, ...]:
    return tuple(Column(name=name, also=also[name], **{"read": _text(), **readers.get(name, {})}) for name in names)


SITE_FIELDS = tuple(field.name for field in fields(Site))
DETAIL_FIELDS = tuple(field.name for field in fields(Details) if field.name != "code")
PERSONAL = ("contact", "phone")
"""Columns that say something of a person: the audit log, which nobody can shorten, does not quote them."""
SITES = Layout(
    name="sites",
    columns=_columns([*SITE_FIELDS, *DETAIL_FIELDS], words.SITE_HEADERS, SITE_READERS),
    key=("code",),
)
CONTRACTS = Layout(
    name="contracts",
    columns=_columns([field.name for field in fields(Contract)], words.CONTRACT_HEADERS, CONTRACT_READERS),
    key=("number", "begins"),
)
