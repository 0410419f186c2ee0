"""What a figure of a report must be: its measure and its subject -> the value, from accounts, outages, contracts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from .connected import HUB, NETWORKS, WAYS, Daily, Rule, either
from .contracts import MEASURES as OF_PROMISE
from .contracts import Promise
from .figures import Choice, Figures
from .outages import Stop, stops
from .reckoning import Reckoning
from .subjects import Accounts, Owners, Subject, Unknown

Site = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure: what is measured, of whom, and which time counts; `period` is that of the report."""

    measure: str
    subject: Subject
    choice: Choice
    period: str


@dataclass(frozen=True, slots=True)
class Told:
    """The value: a date as `2026-10-05`, an instant in milliseconds. `raw`: it was computed from results alone."""

    value: Any
    raw: bool


class Expected:
    """Computes figures one by one; raises Unknown where the pack has nothing to compute one from."""

    def __init__(
        self,
        owners: Owners,
        accounts: Accounts,
        reckoning: Reckoning,
        daily: Mapping[str, Daily],
        rule: Rule,
        floor: float,
        charge_after_ms: int,
    ) -> None:
        self._owners, self._accounts, self._reckoning = owners, accounts, reckoning
        self._daily, self._rule = daily, rule
        self._floor, self._charge_after_ms = floor, charge_after_ms
        self._kinds: Mapping[str, Callable[[Asked], Told]] = {
            "outage": self._outage,
            "sla": self._promised,
            "connected": self._connected,
        }

    def of(self, asked: Asked) -> Told:
        kind, dot, _ = asked.measure.partition(".")
        if dot and kind in self._kinds:
            return self._kinds[kind](asked)
        found = self._owners.of(asked.subject)
        figures = Figures(found.sums, asked.choice, self._floor, self._charge_after_ms)
        try:
            return Told(figures.of(asked.measure), found.raw)
        except KeyError:
            raise Unknown(asked.measure) from None

    def _outage(self, asked: Asked) -> Told:
        [site] = self._owners.sites(Subject("site", asked.subject.of, ""))
        mine = [one for one in self.stops_of(site["code"]) if one.start == int(asked.subject.period)]
        raw = self._is_raw(site["code"], int(asked.subject.period))
        if not mine:
            return Told(None, raw)
        [stop] = mine
        start, end = self._owners.span(site, asked.period)
        charged = self._reckoning.charged(site, stop, asked.period)
        lasts = not stop.closes and stop.end >= self._owners.now_ms
        told = {
            "row": stop.row,
            "start": stop.start,
            "start_bar": stop.proof,
            "end": None if lasts else stop.end,
            "end_bar": None if lasts else stop.end_proof,
            "length": stop.length,
            "lost": stop.within(start, end),
            "excluded": stop.within(start, end) - stop.plain(start, end),
            "charged": charged,
            "is_charged": charged > 0,
            "counts": stop.counts(start, end),
        }
        what = asked.measure.partition(".")[2]
        if what not in told:
            raise Unknown(asked.measure)
        return Told(told[what], raw)

    def stops_of(self, code: str) -> list[Stop]:
        return stops_of(self._accounts, code)

    def _is_raw(self, code: str, at: int) -> bool:
        day = max((day for day in self._accounts.days(code) if day <= at), default=None)
        return day is not None and self._accounts.is_raw(code, day)

    def _promised(self, asked: Asked) -> Told:
        subject = asked.subject
        number = dict(subject.where).get("contract", "") if subject.scope == "line" else subject.of
        kept = self._reckoning.of(asked.period).get(number)
        if kept is None or kept.whole is None:
            return Told(None, raw=True)
        amount: int | None = None
        promise: Promise | None = None
        if subject.scope == "line":
            found = kept.lines.get((subject.of, *_days(subject.period)))
        else:
            found = None if subject.period == asked.period else kept.months.get(_days(subject.period))
            if subject.period == asked.period:
                amounts = kept.amounts()
                promise, amount = kept.whole, sum(amounts) if amounts else None
        if found:
            promise, amount = found[1], kept.amount(*found)
        if asked.measure == "sla.restitution":
            return Told(amount, kept.raw)
        if asked.measure not in OF_PROMISE:
            raise Unknown(asked.measure)
        return Told(None if promise is None else OF_PROMISE[asked.measure](promise), kept.raw)

    def _connected(self, asked: Asked) -> Told:
        sites = [one for one in self._owners.sites(asked.subject) if one["kind"] != HUB]
        what = asked.measure.partition(".")[2]
        name, _, rest = what.rpartition("_") if what.endswith(("_share", "_since")) else (what, "", "")
        if what == "active_days":
            return Told(sum(self._of(one).active_days(*self._days(one, asked), self._rule) for one in sites), raw=False)
        ways = {"any": WAYS, "share": WAYS}.get(name) or tuple(network for network in NETWORKS if network == name)
        if not ways:
            raise Unknown(asked.measure)
        if rest == "since":
            return Told(self._since(sites, ways, asked), raw=False)
        every = [self._is(site, ways, asked) for site in sites]
        if rest == "share" or name == "share":
            return Told(every.count(True) / len(every) if every else None, raw=False)
        return Told(either(every), raw=False)

    def _of(self, site: Site) -> Daily:
        return self._daily[site["code"]]

    def _is(self, site: Site, ways: Sequence[str], asked: Asked) -> bool | None:
        last = self._days(site, asked)[1]
        return either([self._of(site).connected(way, last, self._rule) for way in ways])

    def _since(self, sites: Sequence[Site], ways: Sequence[str], asked: Asked) -> str | None:
        told = (self._of(one).since(way, self._days(one, asked)[1], self._rule) for one in sites for way in ways)
        return min((day.isoformat() for day in told if day), default=None)

    def _days(self, site: Site, asked: Asked) -> tuple[date, date]:
        """The first and the last day of the period at a site."""
        start, end = self._owners.span(site, asked.subject.period)
        zone = self._owners.zone(site)
        return zone.local(start).date(), zone.local(max(start, end - 1)).date()


def _days(period: str) -> tuple[date, date]:
    first, _, after = period.partition("/")
    return date.fromisoformat(first), date.fromisoformat(after)


@lru_cache(256)
def stops_of(accounts: Accounts, code: str) -> list[Stop]:
    """All outages and power cuts of a site that the pack has an account of."""
    days = (accounts.get(code, at) for at in accounts.days(code))
    return stops(down for day in days if day for down in day["downs"])
