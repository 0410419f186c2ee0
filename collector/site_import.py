"""Sites from a CSV file, as a spreadsheet writes it: read, told what is wrong, compared with what is known.

Columns (the first two are required, the rest may be left out or empty, in any order):
code, name, kind, opd, regency, district, provider, medium, contract, timezone, calendar.

Rules: UTF-8 with or without byte order mark; comma or semicolon; codes are text, so 0640 stays 0640; nothing is
imported unless every row is right; a site that is not in the file stays as it is.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import available_timezones

from collector.registry import CODE, KINDS, Medium, Site

COLUMNS = tuple(field.name for field in fields(Site))
REQUIRED = ("code", "name")
MAX_BYTES = 32 << 20
MAX_TEXT = 200


class BadSheet(Exception):  # noqa: N818  it reads as what it is: `except BadSheet`
    """A file that cannot be imported. `faults` has every mistake; retrying helps only after an edit."""

    def __init__(self, faults: list["Fault"]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: the row as the spreadsheet numbers it (header = 1; 0: the file), column, value and why.

    `reason` names a sentence of the catalogue under `import.`, `detail` is what it may quote.
    """

    row: int
    column: str
    value: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A known site that the file describes otherwise."""

    before: Site
    after: Site

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        """(column, before, after) of what differs."""
        pairs = ((name, str(getattr(self.before, name)), str(getattr(self.after, name))) for name in COLUMNS)
        return [(name, before, after) for name, before, after in pairs if before != after]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do."""

    new: list[Site]
    changed: list[Change]
    unchanged: list[Site]
    staying: list[Site]
    """Known, and not in the file."""

    @property
    def writes(self) -> list[Site]:
        return [*self.new, *(change.after for change in self.changed)]


def plan(known: Iterable[Site], wanted: Sequence[Site]) -> Plan:
    """How `wanted` differs from `known`."""
    before = {site.code: site for site in known}
    pairs = [(before.get(site.code), site) for site in wanted]
    codes = {site.code for site in wanted}
    return Plan(
        new=[site for old, site in pairs if old is None],
        changed=[Change(old, site) for old, site in pairs if old is not None and old != site],
        unchanged=[site for old, site in pairs if old == site],
        staying=[site for code, site in before.items() if code not in codes],
    )


def read_sheet(path: Path, timezone: str) -> list[Site]:
    """The sites in the file at `path`; `timezone`: what an empty one means. Raises BadSheet with every mistake."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise BadSheet([Fault(0, "", "", "too_large")])
        return parse_sheet(raw.decode("utf-8-sig"), timezone)
    except OSError as error:
        raise BadSheet([Fault(0, "", str(path), "unreadable", error.strerror or str(error))]) from None
    except UnicodeDecodeError:
        raise BadSheet([Fault(0, "", "", "not_utf8")]) from None


def parse_sheet(text: str, timezone: str) -> list[Site]:
    """The sites in `text`. Raises BadSheet with every mistake.

    1. The header decides the delimiter and the columns; with a wrong header no row can be judged.
    2. Each row becomes a site or its faults.
    3. Codes that occur twice are faults of the later row.
    """
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        faults = _header_faults(header)
        if faults:
            raise BadSheet(faults)
        rows = [(number, cells) for number, cells in enumerate(reader, start=2) if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise BadSheet([Fault(0, "", "", "not_csv", str(error))]) from None
    sites, faults = _sites(header, rows, timezone)
    if not rows:
        faults.append(Fault(0, "", "", "no_rows"))
    if faults:
        raise BadSheet(faults)
    return sites


def _header_faults(header: list[str]) -> list[Fault]:
    faults = [Fault(1, name, "", "missing_column") for name in REQUIRED if name not in header]
    for position, name in enumerate(header):
        if name not in COLUMNS:
            close = get_close_matches(name, COLUMNS, n=1)
            reason = ("unknown_column", close[0]) if close else ("unknown_column_of", ", ".join(COLUMNS))
            faults.append(Fault(1, name, "", *reason))
        elif name in header[:position]:
            faults.append(Fault(1, name, "", "twice_column"))
    return faults


def _sites(header: list[str], rows: list[tuple[int, list[str]]], timezone: str) -> tuple[list[Site], list[Fault]]:
    sites: list[Site] = []
    faults: list[Fault] = []
    row_of: dict[str, int] = {}
    for number, cells in rows:
        if any(cell.strip() for cell in cells[len(header) :]):
            faults.append(Fault(number, "", ";".join(cells[len(header) :]), "too_many_cells"))
            continue
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
        wrong = [Fault(number, name, row.get(name, ""), *why) for name in COLUMNS if (why := _why_not(name, row))]
        code = row.get("code", "")
        if code in row_of and code:
            wrong.append(Fault(number, "code", code, "twice_code", str(row_of[code])))
        row_of.setdefault(code, number)
        faults += wrong
        if not wrong:
            sites.append(_site({"timezone": timezone, **row}))
    return sites, faults


def _site(row: dict[str, str]) -> Site:
    medium = Medium(row.pop("medium", Medium.OTHER))
    return Site(medium=medium, **row)


Check = Callable[[str], tuple[str, str] | None]


def _one_of(known: Sequence[str]) -> Check:
    return lambda value: None if value in known else ("not_one_of", ", ".join(known))


CHECKS: dict[str, Check] = {
    "code": lambda value: None if CODE.fullmatch(value) else ("bad_code", ""),
    "kind": _one_of(KINDS),
    "medium": _one_of([medium.value for medium in Medium]),
    "timezone": lambda value: None if value in available_timezones() else ("bad_timezone", ""),
}


def _why_not(name: str, row: dict[str, str]) -> tuple[str, str] | None:
    """(reason, detail) if the cell `name` of `row` is wrong."""
    value = row.get(name)
    if value is None:
        return ("empty", "") if name in REQUIRED else None
    if len(value) > MAX_TEXT or not value.isprintable():
        return ("bad_text", str(MAX_TEXT))
    check = CHECKS.get(name)
    return check(value) if check else None
