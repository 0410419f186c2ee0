"""Pure: rows -> sites with what the register says of them, against what is known.

1. What each row gives is laid over what is known of its code.
2. Codes that occur twice, and codes that lost zeros or dots on their way through a spreadsheet.
3. Names that nobody could tell apart, half a pair of coordinates, a new site without a name; days that can be read
   both ways (day_order.py).
4. Remarks: names that repeat elsewhere, contracts that nobody knows, providers that are spelled almost like another.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from collector.contracts import numbers_of
from collector.register import day_order
from collector.register.codes import Codes, dotted
from collector.register.columns import DETAIL_FIELDS, SITE_FIELDS, SITES
from collector.register.faults import Fault
from collector.register.rows import Reading, Row, read_rows
from collector.register.sheets import Sheet
from collector.registry import Details, Site

DAYS = ("until",)
ALIKE = 0.85
"""How much of two names must agree for one to be a slip of the other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A site and what the register says of it."""

    site: Site
    details: Details

    @property
    def code(self) -> str:
        return self.site.code

    def values(self) -> Mapping[str, Any]:
        """By column."""
        told = {name: getattr(self.site, name) for name in SITE_FIELDS}
        return told | {name: getattr(self.details, name) for name in DETAIL_FIELDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a sheet of sites is held against. `timezone`: what an empty one means."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    contracts: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    timezone: str = "Asia/Makassar"

    @classmethod
    def of(
        cls,
        sites: Iterable[Site],
        details: Iterable[Details],
        *,
        contracts: Iterable[str] = (),
        providers: Iterable[str] = (),
        timezone: str,
    ) -> "Known":
        told = {one.code: one for one in details}
        entries = {site.code: Entry(site, told.get(site.code) or Details(code=site.code)) for site in sites}
        named = {entry.site.provider for entry in entries.values()} - {""}
        return cls(
            entries=entries, contracts=frozenset(contracts), providers=frozenset(providers) | named, timezone=timezone
        )


def read_sites(sheet: Sheet, known: Known) -> Reading[Entry]:
    """Raises BadSheet where no row can be judged."""
    told = read_rows(sheet, SITES)
    rows = told.right
    faults = [*told.twice(SITES.key, "twice_code"), *_damaged(told.rows, known), *day_order.refused(sheet, told, DAYS)]
    right = _left({number: _entry(row, known) for number, row in rows.items()}, faults)
    faults += [fault for number, entry in right.items() for fault in _incomplete(rows[number], entry)]
    faults += _same_names(rows, right, known)
    right = _left(right, faults)
    remarks = [*_repeated(rows, right, known), *_dotless(rows, right, known), *_contracts(rows, right, known)]
    remarks += [*_spelled(rows, right, known), *_phones(rows, right)]
    remarks += [fault for number in right for fault in day_order.remarks(rows[number], DAYS)]
    return told.reading(right, faults, remarks)


def _entry(row: Row, known: Known) -> Entry:
    given = dict(row.given)
    code = given["code"]
    before = known.entries.get(code)
    if not given.get("timezone", known.timezone):
        given["timezone"] = known.timezone
    site = before.site if before else Site(code=code, name="", timezone=known.timezone)
    details = before.details if before else Details(code=code)
    return Entry(
        replace(site, **{name: given[name] for name in SITE_FIELDS if name in given}),
        replace(details, **{name: given[name] for name in DETAIL_FIELDS if name in given}),
    )


def _left(entries: Mapping[int, Entry], faults: Iterable[Fault]) -> dict[int, Entry]:
    """Those of rows that have none of these mistakes."""
    wrong = {fault.row for fault in faults}
    return {number: entry for number, entry in entries.items() if number not in wrong}


def _damaged(rows: Sequence[Row], known: Known) -> Iterator[Fault]:
    given = [(row, row.given["code"]) for row in rows if "code" in row.given]
    codes = Codes({*known.entries, *(code for _, code in given)})
    for row, code in given:
        if code not in known.entries and (found := codes.whole(code)):
            yield row.fault("code", *found)


def _incomplete(row: Row, entry: Entry) -> Iterator[Fault]:
    if not entry.site.name:
        yield row.fault("name", "new_without_name", entry.code)
    latitude, longitude = entry.details.latitude, entry.details.longitude
    if (latitude is None) != (longitude is None):
        yield row.fault("latitude" if latitude is None else "longitude", "half_a_place")


def _identity(site: Site) -> tuple[str, ...]:
    return tuple(text.casefold() for text in (site.name, site.district, site.regency, site.kind))


def _same_names(rows: Mapping[int, Row], entries: Mapping[int, Entry], known: Known) -> Iterator[Fault]:
    """Two sites of one kind, name, district and regency, unless they were called so before."""
    in_file = {entry.code for entry in entries.values()}
    others: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for code, entry in known.entries.items():
        if code not in in_file:
            others[_identity(entry.site)].append((code, code))
    for number, entry in entries.items():
        others[_identity(entry.site)].append((entry.code, str(number)))
    for number, entry in entries.items():
        before = known.entries.get(entry.code)
        if before and _identity(before.site) == _identity(entry.site):
            continue
        same = [place for code, place in others[_identity(entry.site)] if code != entry.code]
        if same and entry.site.name:
            yield rows[number].fault("name", "same_name", ", ".join(same))


def _repeated(rows: Mapping[int, Row], right: Mapping[int, Entry], known: Known) -> Iterator[Fault]:
    """A name that another place has, too: thirty villages of one province do. Only new ones are worth a look."""
    where: dict[str, dict[str, str]] = defaultdict(dict)
    for entry in (*known.entries.values(), *right.values()):
        where[entry.site.name.casefold()][entry.code] = f"{entry.site.regency or '–'} ({entry.code})"
    for number, entry in right.items():
        others = [text for code, text in where[entry.site.name.casefold()].items() if code != entry.code]
        if others and entry.code not in known.entries:
            yield rows[number].fault("name", "name_elsewhere", ", ".join(others[:3]))


def _dotless(rows: Mapping[int, Row], right: Mapping[int, Entry], known: Known) -> Iterator[Fault]:
    for number, entry in right.items():
        if entry.code not in known.entries and (usual := dotted(entry.code)):
            yield rows[number].fault("code", "dots_missing", usual)


def _contracts(rows: Mapping[int, Row], right: Mapping[int, Entry], known: Known) -> Iterator[Fault]:
    for number, entry in right.items():
        before = known.entries.get(entry.code)
        if before and before.site.contract == entry.site.contract:
            continue
        for name in numbers_of(entry.site):
            if name not in known.contracts:
                close = get_close_matches(name, known.contracts, n=1, cutoff=ALIKE)
                reason = ("unknown_contract_of", close[0]) if close else ("unknown_contract", name)
                yield rows[number].fault("contract", *reason)


def _spelled(rows: Mapping[int, Row], right: Mapping[int, Entry], known: Known) -> Iterator[Fault]:
    """Providers and regencies that nobody knows, and that look like one that is known or more frequent in the file."""
    for column, before in (("provider", known.providers), ("regency", _regencies(known))):
        counts = Counter(entry.values()[column] for entry in right.values())
        slips = dict(_slips(counts, before))
        for number, entry in right.items():
            if usual := slips.get(entry.values()[column]):
                yield rows[number].fault(column, "unusual_spelling", usual)


def _regencies(known: Known) -> frozenset[str]:
    return frozenset(entry.site.regency for entry in known.entries.values()) - {""}


def _slips(counts: Counter[str], before: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(what is written, what is probably meant)."""
    for value in counts:
        usual = {other.casefold(): other for other in counts if counts[other] > counts[value]}
        usual |= {other.casefold(): other for other in before}
        if value and value not in before:
            close = get_close_matches(value.casefold(), usual, n=1, cutoff=ALIKE)
            if close and not _numbered(value, usual[close[0]]):
                yield value, usual[close[0]]


def _numbered(one: str, other: str) -> bool:
    """Whether they differ in their digits: Node 1 and Node 2 are two."""
    return [c for c in one if c.isdigit()] != [c for c in other if c.isdigit()]


def _phones(rows: Mapping[int, Row], right: Mapping[int, Entry]) -> Iterator[Fault]:
    for number, entry in right.items():
        if entry.details.phone.startswith("8") and "phone" in rows[number].given:
            yield rows[number].fault("phone", "phone_without_zero", f"0{entry.details.phone}")
