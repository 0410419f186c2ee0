"""Whose figure is asked for, and when: the accounts that it is made of."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from tempfile import TemporaryFile
from typing import IO, Any

from .calendar import Zone
from .figures import Account, Sums

KEPT_SUMS = 4_000
FOREVER_MS = 1 << 62
"""When a site ends that goes on."""
SCOPES = ("site", "opd", "regency", "provider", "medium", "kind", "all")


class Unknown(Exception):  # noqa: N818  it reads as what it is
    """The pack has nothing from which this could be computed; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """As the reports name it."""

    scope: str
    of: str
    period: str
    where: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_report(cls, told: Any) -> "Subject":
        where = told.get("where") or ()
        pairs = where.items() if isinstance(where, Mapping) else where
        return cls(told["scope"], told["of"], told["period"], tuple((str(a), str(b)) for a, b in pairs))


class Accounts:
    """The accounts of all sites and days, in a file of their own: a province's month has 30,000."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file = file or TemporaryFile()  # noqa: SIM115  it lives as long as this does
        self._places: dict[str, dict[int, tuple[int, int, bool]]] = {}
        self._end = 0

    def put(self, site: str, account: Account, *, raw: bool) -> None:
        """`raw`: computed from results, not as it was kept."""
        blob = json.dumps(account).encode()
        self._file.seek(self._end)
        self._file.write(blob)
        self._places.setdefault(site, {})[account["from_ms"]] = self._end, len(blob), raw
        self._end += len(blob)

    def get(self, site: str, from_ms: int) -> Account | None:
        place = self._places.get(site, {}).get(from_ms)
        if place is None:
            return None
        self._file.seek(place[0])
        found: Account = json.loads(self._file.read(place[1]))
        return found

    def days(self, site: str, from_ms: int = 0, to_ms: int = 1 << 62) -> list[int]:
        """When they begin, by time."""
        return sorted(at for at in self._places.get(site, ()) if from_ms <= at < to_ms)

    def is_raw(self, site: str, from_ms: int) -> bool:
        return self._places[site][from_ms][2]


@dataclass(frozen=True, slots=True)
class Found:
    """What a figure is made of. `raw`: all of it comes from results."""

    sums: Sums
    raw: bool
    counted_ms: int
    asked_ms: int


class Owners:
    """Adds up what subjects ask for."""

    def __init__(
        self, sites: Sequence[Mapping[str, Any]], zones: Mapping[str, Zone], accounts: Accounts, now_ms: int
    ) -> None:
        self._sites, self._zones, self._accounts, self.now_ms = sites, zones, accounts, now_ms
        self._by_code = {site["code"]: [site] for site in sites}
        self.of = lru_cache(KEPT_SUMS)(self._of)
        self._closes = lru_cache(KEPT_SUMS)(self._closes_at)

    def sites(self, subject: Subject) -> list[Mapping[str, Any]]:
        """Those that the subject names."""
        wanted = [(subject.scope, subject.of), *subject.where]
        if any(scope not in SCOPES for scope, _ in wanted):
            raise Unknown(subject.scope)
        known = self._by_code.get(subject.of, []) if subject.scope == "site" else self._sites
        return [site for site in known if all(_value(site, scope) == of for scope, of in wanted)]

    def zone(self, site: Mapping[str, Any]) -> Zone:
        return self._zones[site["timezone"]]

    def span(self, site: Mapping[str, Any], period: str) -> tuple[int, int]:
        """In milliseconds at that site, until now, or the midnight that ends its last day: if the first is not less
        than the second, nothing of the period counts there."""
        start, end = (_instant(edge, self.zone(site)) for edge in bounds(period))
        return start, min(end, self.now_ms, self.closes(site))

    def closes(self, site: Mapping[str, Any]) -> int:
        """The midnight that ends its last day; FOREVER_MS where it goes on."""
        return self._closes(site["timezone"], site["until"]) if site.get("until") else FOREVER_MS

    def is_there(self, site: Mapping[str, Any], period: str) -> bool:
        """Whether it is not closed yet on the last day of the period, or today."""
        start, end = (_instant(edge, self.zone(site)) for edge in bounds(period))
        return max(start, min(end, self.now_ms) - 1) < self.closes(site)

    def _closes_at(self, timezone: str, until: str) -> int:
        """A day that the pack does not tell lies before or behind all that it does."""
        days, after = self._zones[timezone].days, (date.fromisoformat(until) + timedelta(1)).isoformat()
        return days[after][0] if after in days else 0 if after < min(days) else FOREVER_MS

    def span_of(self, site: Mapping[str, Any], days: tuple[date, date]) -> tuple[int, int]:
        """Of whole days, also those that have not come."""
        start, end = (_instant(edge, self.zone(site)) for edge in days)
        return start, end

    def _of(self, subject: Subject) -> Found:
        sums, raw, counted_ms, asked_ms = Sums(), True, 0, 0
        for site in self.sites(subject):
            start, end = self.span(site, subject.period)
            if start >= end:
                continue
            days = self._days(site, start, end)
            before = max(self._accounts.days(site["code"], 0, start), default=None)
            sums.add_site(
                days,
                None if before is None else self._accounts.get(site["code"], before),
                self._accounts.get(site["code"], end),
            )
            raw = raw and all(self._accounts.is_raw(site["code"], day["from_ms"]) for day in days)
            counted_ms += sum(day["to_ms"] - day["from_ms"] for day in days)
            asked_ms += end - start
        return Found(sums, raw, counted_ms, asked_ms)

    def _days(self, site: Mapping[str, Any], start: int, end: int) -> list[Account]:
        """All of them, or Unknown: nothing is accounted for before the day of the first result."""
        code, begins = site["code"], site["begins_ms"]
        starts = self._accounts.days(code, start, end)
        days = [day for at in starts if (day := self._accounts.get(code, at))]
        at = max(start, begins) if begins is not None else end
        for day in days:
            if day["from_ms"] != at:
                raise Unknown(f"{code} {at}")
            at = day["to_ms"]
        if at < end:
            raise Unknown(f"{code} {at}")
        return days

    def names(self) -> Iterator[str]:
        return (site["code"] for site in self._sites)


def _value(site: Mapping[str, Any], scope: str) -> str:
    return "" if scope == "all" else str(site["code" if scope == "site" else scope])


def bounds(period: str) -> tuple[date | int, date | int]:
    """From and to: a local date, or an instant in milliseconds."""
    start, slash, end = period.partition("/")
    if slash:
        return _bound(start), _bound(end)
    for form, read in _FORMS:
        if found := re.fullmatch(form, period):
            return read(*map(int, found.groups()))
    raise Unknown(period)


def _bound(text: str) -> date | int:
    try:
        if len(text) == len("2026-10-05"):
            return date.fromisoformat(text)
        return round(datetime.fromisoformat(text.replace(" ", "+")).timestamp() * 1000)
    except ValueError:
        raise Unknown(text) from None


def _months(year: int, month: int, n: int) -> tuple[date, date]:
    after = year * 12 + month - 1 + n
    return date(year, month, 1), date(after // 12, after % 12 + 1, 1)


def _week(year: int, week: int) -> tuple[date, date]:
    monday = date.fromisocalendar(year, week, 1)
    return monday, monday + timedelta(7)


_FORMS = (
    (r"(\d{4})", lambda year: _months(year, 1, 12)),
    (r"(\d{4})-Q([1-4])", lambda year, quarter: _months(year, 3 * quarter - 2, 3)),
    (r"(\d{4})-W(\d\d)", _week),
    (r"(\d{4})-(\d\d)", lambda year, month: _months(year, month, 1)),
    (r"(\d{4})-(\d\d)-(\d\d)", lambda y, m, d: (date(y, m, d), date(y, m, d) + timedelta(1))),
)


def _instant(edge: date | int, zone: Zone) -> int:
    if isinstance(edge, int):
        return edge
    day = zone.days.get(edge.isoformat())
    if day is None:
        raise Unknown(edge.isoformat())
    return day[0]
