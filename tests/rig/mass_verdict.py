"""Pure: what was done to many villages against what people were told of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.rig.peers import Word

MASS = "MassOutage"
NAMED = 12
"""So many villages a mass alert names; it counts the others."""
VILLAGE, AND_MORE = re.compile(r"Desa \S+ \((\S+)\)"), re.compile(r"dan (\d+) lagi")
OF_MANY, MASS_OVER = re.compile(r"gangguan massal|tidak ada kabar dari \d+", re.IGNORECASE), "massal berakhir"
GROWN = re.compile("meluas|▲", re.IGNORECASE)
NO_WORD, WELL = re.compile(r"tidak ada kabar (?:dari )?(\d+)", re.IGNORECASE), ("pulih", "ada kabar lagi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: from the first cut to the mass alert, from the last mending to its end, and from when a village of those
    that were told before is mended to its."""

    told_s: float
    over_s: float
    early_over_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a receiver of messages got."""

    at_ms: int
    title: str
    text: str

    @property
    def all(self) -> str:
        return f"{self.title}\n{self.text}"


@dataclass(kw_only=True)
class Seen:
    """What was true, and what everybody said. Times are wall milliseconds of one machine."""

    provider: str
    regencies: Mapping[str, str]
    """Of each village that fell."""
    fell_ms: Mapping[str, int]
    early: Mapping[str, str]
    """Villages that were told by themselves before the others fell, and by which alert."""
    controls: Sequence[str]
    mended_ms: Mapping[str, int]
    known_ms: Mapping[str, int] = field(default_factory=dict)
    """When the collector was first seen to know that a village is not up."""
    silent: bool
    """Whether nobody could say more than that there is no word of them."""
    looked: Sequence[Word] = ()
    """What Alertmanager said when asked."""
    delivered: Sequence[Word] = ()
    """What it delivered to its webhook."""
    messages: Sequence[Message] = ()
    firing: frozenset[str] = frozenset()
    """What still fires at the end."""
    faults: list[str] = field(default_factory=list)

    @property
    def first_cut_ms(self) -> int:
        """When the first of the many fell; those that were told before had fallen earlier."""
        return min(at_ms for code, at_ms in self.fell_ms.items() if code not in self.early)

    @property
    def last_mended_ms(self) -> int:
        return max(self.mended_ms.values())

    @property
    def sizes(self) -> list[tuple[float, int]]:
        """(seconds after the first cut, sites) of every word of a mass outage that had another count."""
        told = [(w.at_ms, int(w.annotations.get("sites", "0"))) for w in self.looked if w.name == MASS]
        news = [now for before, now in zip([(0, 0), *told], told, strict=False) if now[1] != before[1]]
        return [((at_ms - self.first_cut_ms) / 1000, n) for at_ms, n in news]

    def of_mass(self, status: str) -> list[Word]:
        """What the webhook was told of mass outages."""
        return [word for word in self.delivered if (word.name, word.status) == (MASS, status)]

    def messages_of_mass(self, status: str) -> list[Message]:
        """What the receiver was told of mass outages, but that one had grown."""
        told = [message for message in self.messages if OF_MANY.search(message.all)]
        over = [message for message in told if MASS_OVER in message.all]
        if status == "resolved":
            return over
        return [message for message in told if message not in over and not GROWN.search(message.all)]


def broken(seen: Seen, limits: Limits) -> list[str]:
    """One line for every limit that was broken."""
    return [
        *seen.faults,
        *_one_mass_alert(seen),
        *_what_it_says(seen),
        *_early_ones(seen, limits),
        *_nobody_else(seen),
        *_in_time(seen, limits),
        *(f"{name} still fires at the end" for name in sorted(seen.firing)),
    ]


def _one_mass_alert(seen: Seen) -> Iterator[str]:
    known = {word.about for word in seen.looked if word.name == MASS}
    if len(known) != 1:
        yield f"Alertmanager knew {len(known)} mass alerts instead of one: {sorted(known)}"
    for status in ("firing", "resolved"):
        if len(told := seen.of_mass(status)) != 1:
            yield f"the webhook was told {len(told)} times instead of once that a mass outage is {status}"
        if len(said := seen.messages_of_mass(status)) != 1:
            yield f"the receiver was told {len(said)} times instead of once that a mass outage is {status}"


def _what_it_says(seen: Seen) -> Iterator[str]:
    told = [word for word in seen.looked if word.name == MASS]
    if not told:
        return
    if told[0].labels.get("provider") != seen.provider:
        yield f"the mass alert is of {dict(told[0].labels)} and not of the provider {seen.provider}"
    sizes = [n for _, n in seen.sizes]
    if len(sizes) < 2 or sizes != sorted(sizes):
        yield f"it did not grow: {sizes}"
    for word in told:
        yield from _wrong_names(word, seen)
    for word in seen.of_mass("resolved"):
        if word.annotations.get("sites") != str(len(seen.fell_ms)):
            yield f"when it was over it counted {word.annotations.get('sites')} villages, not {len(seen.fell_ms)}"
    last = told[-1].annotations
    if sizes[-1] != len(seen.fell_ms):
        yield f"it counted {sizes[-1]} villages at last, not {len(seen.fell_ms)}"
    where = ", ".join(f"{name} {n}" for name, n in _most_first(Counter(seen.regencies.values())))
    if last.get("regencies") != where:
        yield f"it counted {last.get('regencies')!r} by regency, not {where!r}"
    heard = sum(name == "SiteDown" for name in seen.early.values())  # of these more is known than that they are silent
    no_word = NO_WORD.search(f"{last.get('summary')} {last.get('description')}")
    if seen.silent and int(no_word[1] if no_word else 0) < len(seen.fell_ms) - heard:
        yield f"it claims to know what is wrong: {last.get('summary')!r}"


def _wrong_names(word: Word, seen: Seen) -> Iterator[str]:
    """Those that are named are villages that fell, the others are counted."""
    description, n = word.annotations.get("description", ""), int(word.annotations.get("sites", "0"))
    codes, rest = set(VILLAGE.findall(description)), AND_MORE.search(description)
    others = int(rest[1]) if rest else 0
    if wrong := sorted(codes - seen.fell_ms.keys()):
        yield f"it named {', '.join(wrong)}, which did not fall"
    if (len(codes), others) != (min(NAMED, n), max(0, n - NAMED)):
        yield f"of {n} villages it named {len(codes)} and counted {others} besides"


def _early_ones(seen: Seen, limits: Limits) -> Iterator[str]:
    for code, name in seen.early.items():
        told = [word for word in seen.delivered if (word.site, word.name) == (code, name)]
        if [word.status for word in told] != ["firing", "resolved"]:
            yield f"{code}: the webhook was told {[word.status for word in told]} of {name}"
            continue
        if told[0].at_ms > seen.first_cut_ms:
            yield f"{code}: {name} was not told before the others fell"
        late_s = (told[1].at_ms - seen.mended_ms[code]) / 1000
        if not 0 <= late_s <= limits.early_over_s:
            yield f"{code}: {name} was resolved {late_s:.1f} s after it was mended"
        over = [message for message in seen.messages if any(f"({code}): {word}" in message.all for word in WELL)]
        if len(over) != 1:
            yield f"{code}: {len(over)} messages said that {name} is over"


def _nobody_else(seen: Seen) -> Iterator[str]:
    expected = {(name, code) for code, name in seen.early.items()} | {(MASS, "")}
    for name, code in sorted({(word.name, word.site) for word in (*seen.looked, *seen.delivered)} - expected):
        who = "a village that fell" if code in seen.fell_ms else "a control" if code in seen.controls else "nobody's"
        yield f"there was an alert {name} {code} ({who})"


def _in_time(seen: Seen, limits: Limits) -> Iterator[str]:
    first_s, over_s = told_after_s(seen), over_after_s(seen)
    for where, late_s in first_s.items():
        if late_s is not None and not 0 <= late_s <= limits.told_s:
            yield f"the mass alert came to {where} after {late_s:.1f} s, later than {limits.told_s:.0f} s"
    if over_s is not None and not 0 <= over_s <= limits.over_s:
        yield f"it was over {over_s:.1f} s after the last mending, later than {limits.over_s:.0f} s"


def told_after_s(seen: Seen) -> dict[str, float | None]:
    """Seconds from the first cut to the mass alert, by where it came."""
    looked = (word.at_ms for word in seen.looked if word.name == MASS)
    delivered = (word.at_ms for word in seen.of_mass("firing"))
    said = (message.at_ms for message in seen.messages_of_mass("firing"))
    found = {"Alertmanager": _first(looked), "its webhook": _first(delivered), "the receiver": _first(said)}
    return {where: None if at_ms is None else (at_ms - seen.first_cut_ms) / 1000 for where, at_ms in found.items()}


def over_after_s(seen: Seen) -> float | None:
    """Seconds from the last mending to the word that the mass outage is over."""
    at_ms = _first(word.at_ms for word in seen.of_mass("resolved"))
    return None if at_ms is None else (at_ms - seen.last_mended_ms) / 1000


def _first(times: Iterable[int]) -> int | None:
    return next(iter(times), None)


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
