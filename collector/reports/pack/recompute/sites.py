"""The sites of a pack, one after the other: their raw results judged anew, each day's account against the kept one."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .calendar import Hours, Zone
from .connected import Daily
from .days import History, Results, Rules
from .judging import blind_spans
from .ledger import Terms
from .proof import Chain
from .reading import DAMAGED, Pack
from .records import FOREVER, Stay
from .subjects import Accounts


@dataclass(slots=True)
class Faults:
    """What does not agree at one site. Days as (day, number of the link, "" or what differs)."""

    results: list[tuple[str, int]] = field(default_factory=list)
    """Days whose results are not those that their link was made of."""
    accounts: list[tuple[str, int]] = field(default_factory=list)
    """Days whose kept account is not that of their link."""
    days: list[tuple[str, str]] = field(default_factory=list)
    """Days whose results make another account than the kept one, and in what."""
    lines: list[tuple[str, int]] = field(default_factory=list)
    """Lines that cannot be read: file, number; 0: the file is damaged."""
    flips: int = 0
    blind: bool = False


@dataclass(slots=True)
class Checked:
    """One site. `days` were recomputed from `results`, `linked` files and accounts compared with their links."""

    results: int = 0
    days: int = 0
    flips: int = 0
    linked: int = 0
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all sites of a pack have in common."""

    pack: Pack
    zones: Mapping[str, Zone]
    calendars: Mapping[str, Any]
    exclusions: list[Any]
    blind: Mapping[str, list[tuple[int, int]]]
    judge: Mapping[str, Any]
    chain: Chain
    accounts: Accounts
    daily: dict[str, Daily]

    def check(self, site: Mapping[str, Any]) -> Checked:
        """Takes the accounts of a site in, from its results where they are in the pack."""
        checked, code = Checked(), site["code"]
        folder = f"data/sites/{code}"
        kept = dict(self._kept(site, folder, checked))
        self._daily(code, folder)
        history = self._history(site, folder, checked) if site["raw"] else None
        hours = Hours(self.calendars[site["calendar"]], self.zones[site["timezone"]])
        for day, line in kept.items():
            account = json.loads(line)
            raw = history is not None and site["raw"][0] <= account["from_ms"] < site["raw"][1]
            terms = self._terms(site, hours, account["from_ms"], account["to_ms"])
            if history and raw:
                account = self._compare(history.day(terms), account, day, checked)
            for down in account["downs"]:
                down["due_ms"] = due_ms(terms, down["start_ms"], down["end_ms"])
            self.accounts.put(code, account, raw=raw)
            self.daily[code].take(date.fromisoformat(day), account, raw=raw)
        if history:
            self._compare_flips(history, site, folder, checked)
        return checked

    def _kept(self, site: Mapping[str, Any], folder: str, checked: Checked) -> Iterator[tuple[str, str]]:
        """(day, its kept account as it was hashed)."""
        zone = self.zones[site["timezone"]]
        for line in self.pack.lines(f"{folder}/accounts.jsonl"):
            from_ms = json.loads(line)["from_ms"]
            day = zone.local(from_ms).date().isoformat()
            link = self.chain.newest.get((site["code"], from_ms))
            if link:
                checked.linked += 1
                if hashlib.sha256(line.encode()).hexdigest() != link["account"]:
                    checked.faults.accounts.append((day, link["n"]))
            yield day, line

    def _daily(self, code: str, folder: str) -> None:
        """What is told of days of which there is no account in the pack."""
        daily = self.daily[code] = Daily()
        for line in self.pack.lines(f"{folder}/networks.csv"):
            day, way, up_ms, measured_ms = line.split(",")
            daily.add(date.fromisoformat(day), way, int(up_ms), int(measured_ms))

    def _history(self, site: Mapping[str, Any], folder: str, checked: Checked) -> History:
        results = Results()
        for name in self.pack.within(f"{folder}/results"):
            day = name.rpartition("/")[2].removesuffix(".csv")
            link = self.chain.newest.get((site["code"], self.zones[site["timezone"]].days[day][0]))
            if link:
                checked.linked += 1
                if self.pack.digest(name) != link["results"]:
                    checked.faults.results.append((day, link["n"]))
            try:
                with self.pack.text(name) as file:
                    checked.faults.lines += [(name, number) for number in results.take(file)]
            except DAMAGED:
                checked.faults.lines.append((name, 0))
        checked.results = results.lines
        stays = [Stay(**one) for one in self.pack.json(f"{folder}/stays.json")]
        rules = Rules(**site["limits"], **self.judge)
        return History(results, stays, self.blind, rules)

    def _terms(self, site: Mapping[str, Any], hours: Hours, start: int, end: int) -> Terms:
        return Terms(
            start=start,
            end=end,
            service_at=hours.at,
            edges=tuple(hours.edges(start, end)),
            exclusions=tuple(
                (one["from_ms"], one["to_ms"], kind_of(one))
                for one in self.exclusions
                if one["withdrawn_ms"] is None
                and one["from_ms"] < end
                and one["to_ms"] > start
                and (one["scope"] == "all" or site["code" if one["scope"] == "site" else one["scope"]] == one["of"])
            ),
        )

    def _compare(self, made: dict[str, Any], kept: dict[str, Any], day: str, checked: Checked) -> dict[str, Any]:
        """The account that was made, after a look at the one that was kept."""
        checked.days += 1
        told = {**kept, "downs": [{k: v for k, v in down.items() if k != "why"} for down in kept["downs"]]}
        differing = [name for name in told if told[name] != made.get(name)]
        if differing:
            checked.faults.days.append((day, ", ".join(differing)))
        return made

    def _compare_flips(self, history: History, site: Mapping[str, Any], folder: str, checked: Checked) -> None:
        start, end = site["raw"]
        told: dict[str, list[tuple[int, str, str, int]]] = {}
        for scope, at, was, now, proof in csv.reader(self.pack.lines(f"{folder}/flips.csv")):
            if start <= int(at) < end:
                told.setdefault(scope, []).append((int(at), was, now, int(proof)))
        made = {
            scope: mine
            for scope, found in history.judgement.flips().items()
            if (mine := [flip for flip in found if start <= flip[0] < end])
        }
        checked.flips = sum(map(len, told.values()))
        both = {*told, *made}
        checked.faults.flips = sum(len({*told.get(s, ())} ^ {*made.get(s, ())}) for s in both)
        if site["code"] in self.blind:
            seen = {span for span in blind_spans(history.site) if start <= span[0] < span[1] < end}
            given = {span for span in self.blind[site["code"]] if start <= span[0] < span[1] < end}
            checked.faults.blind = seen != given


def kind_of(exclusion: Mapping[str, Any]) -> str:
    """Section 10: planned, late or force majeure."""
    if exclusion["kind"] == "force_majeure":
        return "majeure"
    return "late" if exclusion["entered_ms"] > exclusion["from_ms"] else "planned"


def due_ms(terms: Terms, start: int, end: int) -> int:
    """What of [start, end) lies in service hours."""
    return sum(b - a for a, b in terms.pieces(start, end) if terms.cell(a)[0])


def spans_of(told: Any) -> dict[str, list[tuple[int, int]]]:
    """When watchers could see nothing of others; one without an end lasts."""
    return {code: [(start, FOREVER if end is None else end) for start, end in spans] for code, spans in told.items()}
