"""Section 14: what people entered is in the log of human acts, as they entered it, and the data of the pack say the
same. That the log itself was not changed is for proof.py to say: each entry's digest is over the one before, too.

1. What an entry of the log must say follows from the row of data/ alone: when, who, which act, of what, and the row.
2. A row is said if the log has exactly that entry; or, where the log has entries here as digests only, if one of these
   is the digest of exactly that entry.
3. The other way round: an entry about a site of the pack has a row, unless it was entered when the pack was being made.
4. Entries quote the terms of many contracts at once: of each version the last entry counts. Where none quotes it and
   some are here as digests only, nobody can say.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, str]
"""The act, and the number of what was entered."""
WITHDRAW = "exclusion.withdraw"
WITHDRAWN = ("withdrawn_ms", "withdrawn_by", "withdrawn_why")
NOT_WITHDRAWN = {"withdrawn_ms": None, "withdrawn_by": "", "withdrawn_why": ""}
QUOTED = ("exclusion.add", "cause.give", "followup.add", "followup.step")
"""Acts whose entry is the whole row."""
CHANGED, UNSAID, LOST = "changed", "unsaid", "lost"


@dataclass(frozen=True, slots=True)
class Fault:
    """CHANGED: entry `entry` of the log says something else; UNSAID: none says it; LOST: `entry` does, the data do
    not."""

    why: str
    act: str
    number: str
    entry: int = 0


@dataclass(slots=True)
class Log:
    """`hidden` are (number, digest of the entry before, digest) of what is here as a digest only."""

    shown: list[Row] = field(default_factory=list)
    hidden: list[tuple[int, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Iterable[str]) -> "Log":
        found, before = cls(), ""
        for line in lines:
            told = json.loads(line)
            if "entry" in told:
                found.shown.append(told["entry"])
            else:
                found.hidden.append((told["id"], before, told["digest"]))
            before = told["digest"]
        return found

    def has_digest_of(self, content: Row) -> bool:
        """Step 2."""
        return any(
            hashlib.sha256((before + canonical({"id": number, **content})).encode()).hexdigest() == digest
            for number, before, digest in self.hidden
        )


@dataclass(slots=True)
class Comparison:
    """`compared` rows, and those versions of contracts of which nobody can say (step 4)."""

    compared: int = 0
    unsure: int = 0
    faults: list[Fault] = field(default_factory=list)


def compare(log: Log, data: Mapping[str, Sequence[Row]], sites: Sequence[Row], now_ms: int) -> Comparison:
    """All of it. `data` has `exclusions`, `causes`, `followups` and `contracts`."""
    found = Comparison()
    quotes = {key_of(told): told for told in log.shown if told["act"] in (*QUOTED, WITHDRAW)}
    rows = list(entries(data))
    for key, content in rows:
        found.compared += 1
        quote = quotes.get(key)
        if quote is None and not log.has_digest_of(content):
            found.faults.append(Fault(UNSAID, *key))
        elif quote is not None and {**content, "id": quote["id"]} != quote:
            found.faults.append(Fault(CHANGED, *key, quote["id"]))
    for key in quotes.keys() - {key for key, _ in rows}:
        if quotes[key]["at_ms"] < now_ms and is_about(quotes[key], data, sites):
            found.faults.append(Fault(LOST, *key, quotes[key]["id"]))
    compare_terms(found, log, data["contracts"], sites)
    found.faults.sort(key=lambda one: (one.act, len(one.number), one.number))
    return found


def entries(data: Mapping[str, Sequence[Row]]) -> Iterator[tuple[Key, Row]]:
    """Step 1."""
    for one in data["exclusions"]:
        yield entry("exclusion.add", one["id"], one["id"], {**one, **NOT_WITHDRAWN})
        if one["withdrawn_ms"] is not None:
            quoted = {name: one[name] for name in WITHDRAWN}
            by, at = one["withdrawn_by"], one["withdrawn_ms"]
            yield entry(WITHDRAW, one["id"], one["id"], quoted, by, at)
    for one in data["causes"]:
        yield entry("cause.give", one["id"], one["site"], one)
    for one in data["followups"]:
        yield entry("followup.add", one["id"], one["id"], {name: one[name] for name in one if name != "steps"})
        for step in one["steps"]:
            yield entry("followup.step", step["id"], one["id"], step)


def entry(act: str, number: int, subject: int | str, quoted: Row, by: str = "", at: int = 0) -> tuple[Key, Row]:
    """What the log must have of a row, but for the number of the entry."""
    said = {"act": act, "subject": str(subject), "detail": canonical(quoted)}
    return (act, str(number)), {**said, "by": by or quoted["by"], "at_ms": at or quoted["entered_ms"]}


def key_of(told: Row) -> Key:
    if told["act"] == WITHDRAW:
        return told["act"], told["subject"]
    return told["act"], str(json.loads(told["detail"]).get("id"))


def is_about(told: Row, data: Mapping[str, Sequence[Row]], sites: Sequence[Row]) -> bool:
    """Step 3: whether it says something of a site of the pack, or of something else that was entered about one."""
    if told["act"] in (WITHDRAW, "followup.step"):
        known = data["exclusions" if told["act"] == WITHDRAW else "followups"]
        return told["subject"] in {str(one["id"]) for one in known}
    if told["act"] == "cause.give":
        return any(site["code"] == told["subject"] for site in sites)
    said = json.loads(told["detail"])
    scope = "code" if said["scope"] == "site" else said["scope"]
    return scope == "all" or any(site[scope] == said["of"] for site in sites)


def compare_terms(found: Comparison, log: Log, contracts: Sequence[Row], sites: Sequence[Row]) -> None:
    """Step 4."""
    quoted = terms_of(log)
    versions = [(version_of(one), {name: as_text(value) for name, value in one.items()}) for one in contracts]
    for version, terms in versions:
        number, told = quoted.get(version, (0, None))
        if told is None and log.hidden:
            found.unsure += 1
            continue
        found.compared += 1
        if told != terms:
            found.faults.append(Fault(CHANGED if told else UNSAID, "contract", version, number))
    named = {number.strip() for site in sites for number in site["contract"].split("|")}
    for version, (number, told) in quoted.items():
        if told and told["number"] in named and version not in {version for version, _ in versions}:
            found.faults.append(Fault(LOST, "contract", version, number))


def terms_of(log: Log) -> dict[str, tuple[int, Row | None]]:
    """By version: the entry that spoke of it last, and the terms; None: it was taken out of the register."""
    found: dict[str, tuple[int, Row | None]] = {}
    for told in log.shown:
        if told["act"] == "contracts.import":
            for terms in json.loads(told["detail"]).get("terms", ()):
                found[version_of(terms)] = told["id"], terms
        elif told["act"] == "contracts.remove":
            found[version_of(json.loads(told["detail"])["removed"])] = told["id"], None
    return found


def version_of(terms: Row) -> str:
    return f"{terms['number']} {terms['begins']}"


def as_text(value: object) -> str | None:
    """As the log writes terms."""
    return None if value is None else str(value)


def canonical(known: Row) -> str:
    """JSON with one way to write a thing."""
    return json.dumps(known, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
