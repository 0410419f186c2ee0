"""Whether rows are called by whom their figures are of: else two of them could change names, and every figure agrees.

1. What a row is called by are its cells without a measure. As far as they follow from the row's subject they must be
   what that is: its sites as data/sites.json has them, its days, its contract, its target, what people entered.
2. Of several sites a cell has what they have there, each once. All that the report is about goes by a word of its own.
3. What a subject is narrowed to, and its period, stand in a cell or are those of the whole report.
4. No subject is there twice in a table, and no table twice in a report.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from .subjects import SCOPES, Owners, Subject, Unknown, bounds
from .words import Words

SEVERAL = ", "
ONE = timedelta(1)
NAMED = "named."
"""Of the sentences of the pack those that are words for values."""
OF_SITES = ("regency", "opd", "provider", "medium", "kind")
IN_WORDS = ("medium", "kind")
ONE_SITE = ("site", "line", "outage")
ENTERED = {"exclusion": ("by", "why"), "followup": ("what", "owner")}
ACTS = {"exclusion": "exclusions", "followup": "followups"}
DAYS = ("day", "period", "first", "last_day")
"""Columns one of which tells the period of a row."""
Pairs = frozenset[tuple[str, str]]


class Misnamed(NamedTuple):
    """`told` stands in `column` where it should be one of `wanted`; none: it should not be there."""

    table: str
    row: str
    column: str
    told: Any
    wanted: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What things are called in a pack. `targets` and `acts` as the pack has them."""

    owners: Owners
    words: Words
    targets: Sequence[Mapping[str, Any]]
    acts: Mapping[str, Sequence[Mapping[str, Any]]]

    def misnamed(self, report: Any) -> Iterator[Misnamed]:
        """Everything in a report that is not called by its subject."""
        asked = Subject.of_report(report["asked"])
        numbers = {one["name"]: _number(one) for one in report["sections"] if one["type"] == "facts"}
        tables: set[str] = set()
        for section in report["sections"]:
            if section["type"] == "facts":
                yield from self._facts(section, asked)
            elif section["type"] == "table":
                if section["name"] in tables:
                    yield Misnamed(section["name"], "", "", section["name"], ())
                tables.add(section["name"])
                yield from self._table(section, asked, numbers.get(section["name"].rpartition("_")[0], ""))

    def _table(self, section: Any, asked: Subject, number: str) -> Iterator[Misnamed]:
        """`number`: of the contract that the table is about."""
        seen: set[tuple[object, ...]] = set()
        for n, row in enumerate(section["rows"], 1):
            if row["subject"] is None:
                continue
            subject = Subject.of_report(row["subject"])
            one = subject, row.get("measure"), row.get("hours"), row["mark"] == "total"  # the sum may be of one alone
            if one in seen:
                yield Misnamed(section["name"], f"#{n}", "", subject.of, ())
            seen.add(one)
            cells = {c["name"]: v for c, v in zip(section["columns"], row["cells"], strict=True) if not c["measure"]}
            for column, told, wanted in self._row(cells, subject, asked, number):
                yield Misnamed(section["name"], f"#{n}", column, told, wanted)

    def _row(
        self, cells: Mapping[str, Any], subject: Subject, asked: Subject, number: str
    ) -> Iterator[tuple[str, Any, Sequence[str]]]:
        wanted = {**self._of_sites(subject, asked), **self._of_days(subject), **self._of_others(subject)}
        for column, told in cells.items():
            if told is not None and column in wanted and not _is_one_of(told, wanted[column]):
                yield column, told, wanted[column]
        for scope, of in _pairs(subject) - _pairs(asked):
            if scope in SCOPES and ("code" if scope == "site" else scope) not in cells:
                yield scope, None, (of,)
            if scope == "contract" and number and of != number:
                yield scope, number, (of,)
        if subject.scope != "outage" and subject.period != asked.period and not any(cells.get(one) for one in DAYS):
            yield "period", subject.period, (asked.period,)

    def _of_sites(self, subject: Subject, asked: Subject) -> dict[str, Sequence[str]]:
        """Rules 1 and 2; nothing where the subject is none of sites."""
        if subject.scope in ONE_SITE:
            subject = Subject("site", subject.of, "")
        try:
            sites = self.owners.sites(subject)
        except Unknown:
            return {}
        found: dict[str, Sequence[str]] = {scope: self._joined(scope, sites) for scope in OF_SITES}
        if subject.scope == "site" and sites:
            [site] = sites
            found |= {"code": [site["code"]], "name": [site["name"]], "unit": [site["opd"] or site["regency"]]}
        if _pairs(subject) <= _pairs(asked):
            found = {scope: [*names, self.words.say(f"{NAMED}all")] for scope, names in found.items()}
        return found

    def _joined(self, scope: str, sites: Iterable[Mapping[str, Any]]) -> list[str]:
        """By their values, with and without a word for none."""
        values = sorted({str(site[scope]) for site in sites})
        named = [self._word(scope, value) if value else self.words.say(f"{NAMED}nobody") for value in values]
        known = [name for name, value in zip(named, values, strict=True) if value]
        return [*dict.fromkeys((SEVERAL.join(named), SEVERAL.join(known)))]

    def _word(self, scope: str, value: str) -> str:
        return self.words.say(f"{NAMED}{scope}.{value}") if scope in IN_WORDS else value

    def _of_days(self, subject: Subject) -> dict[str, Sequence[str]]:
        try:
            first, after = bounds(dict(subject.where).get("part", subject.period))
        except Unknown:
            return {}
        if subject.scope in ("outage", *ACTS) or not isinstance(first, date) or not isinstance(after, date):
            return {}
        last = (after - ONE).isoformat()
        whole = self._period(first, after - ONE)
        return {"first": [first.isoformat()], "last": [last], "last_day": [last], "day": whole, "period": whole}

    def _period(self, first: date, last: date) -> Sequence[str]:
        """A day by itself; a month by its name; or the first and the last day."""
        days = " – ".join(f"{day.day} {self._month(day)} {day.year}" for day in (first, last))
        if first.day == 1 and (last + ONE).day == 1 and (first.year, first.month) == (last.year, last.month):
            return [f"{self._month(first)} {first.year}", days]
        return [first.isoformat(), days] if first == last else [days]

    def _month(self, day: date) -> str:
        return self.words.say(f"{NAMED}month.{day.month}")

    def _of_others(self, subject: Subject) -> dict[str, Sequence[str]]:
        """Contracts, targets, causes, and what people entered."""
        where = dict(subject.where)
        if subject.scope == "contract":
            return {"contract": [subject.of]}
        if subject.scope == "target":
            return {"name": [one["name"] for n, one in enumerate(self.targets, 1) if str(n) == subject.of]}
        if subject.scope in ACTS:
            acts = [one for one in self.acts[ACTS[subject.scope]] if str(one["id"]) == subject.of]
            told: dict[str, Sequence[str]] = {name: [one[name] for one in acts] for name in ENTERED[subject.scope]}
            whom = [name for one in acts for name in self._whom(one)]
            return told | ({"of": whom} if whom else {})
        return {"of": [self._word_of_cause(where["cause"])]} if "cause" in where else {}

    def _whom(self, act: Mapping[str, Any]) -> Sequence[str]:
        """Nothing where it is about everybody."""
        if act["scope"] == "site":
            sites = self.owners.sites(Subject("site", act["of"], ""))
            return [*(f"{site['name']} ({site['code']})" for site in sites), act["of"]]
        return [act["of"]] if act["of"] else []

    def _word_of_cause(self, cause: str) -> str:
        return self.words.say(f"{NAMED}cause.{cause or 'none'}")

    def _facts(self, section: Any, asked: Subject) -> Iterator[Misnamed]:
        for fact in section["facts"]:
            if fact["subject"] is None:
                continue
            subject, name = Subject.of_report(fact["subject"]), str(fact["name"])
            kind, is_target = self._kind_of(name)
            own = _pairs(asked)
            of_kind = frozenset({("kind", kind)}) if kind else own
            known = {own | of_kind, own if asked.scope == "site" else own | of_kind}
            known |= {of_kind} if asked.scope == "kind" else set()
            if _pairs(subject) not in known:
                yield Misnamed(section["name"], name, subject.scope, subject.of, [kind or asked.of])
            if subject.period != asked.period and not is_target:
                yield Misnamed(section["name"], name, "period", subject.period, [asked.period])

    def _kind_of(self, name: str) -> tuple[str, bool]:
        """The kind of sites that a fact is about, and whether it is about a target."""
        first, _, rest = name.partition("_")
        if first == "connected":
            return rest, False
        number = rest.partition("_")[0]
        if first != "target" or not number.isdigit():
            return "", False
        return str(dict(enumerate(self.targets, 1)).get(int(number), {}).get("kind", "")), True


def _pairs(subject: Subject) -> Pairs:
    return frozenset(pair for pair in ((subject.scope, subject.of), *subject.where) if pair[0] != "all")


def _is_one_of(told: Any, wanted: Sequence[str]) -> bool:
    """In whatever order they stand."""
    return any(sorted(str(told).split(SEVERAL)) == sorted(one.split(SEVERAL)) for one in wanted)


def _number(facts: Any) -> str:
    return next((str(one["value"]) for one in facts["facts"] if one["name"] == "number"), "")
