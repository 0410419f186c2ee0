"""Pure: values as people read them, in the reader's language, and the head that stands on every sheet.

Rounding is for reading: whoever needs the exact value finds it beside the words in every format (`exact`).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from collector.condition import DOWN_ROWS, ROWS, SILENT_ROWS, Row
from collector.reports.document import Head, Unit, Value
from shared.texts import Texts

NOT_KNOWN = "–"
MINUS = "−"
SPACE = "\u00a0"
"""Keeps a number and its unit on one line."""
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
LONG_MS = 10_000
"""A time from here on is no latency any more: it is said in seconds, minutes, hours (mean time to repair)."""
SHORT_HASH = 16
CONDITION_SYMBOLS: Mapping[str, str] = {
    Row.UP: "✓",
    Row.DEGRADED: "≈",
    Row.INTERCEPTED: "⇄",
    Row.LOCAL_DOWN: "⌂",
    Row.LINE_DOWN: "✗",
    Row.INTERNET_DOWN: "◐",
    Row.INTRANET_DOWN: "◑",
    Row.UNREACHABLE: "⊘",
    **dict.fromkeys(SILENT_ROWS, "–"),
}
"""Stands before the word, so that nobody needs the colour."""


def said(value: Value, unit: Unit, texts: Texts) -> str:
    """`value` as people read it; NOT_KNOWN for None."""
    return NOT_KNOWN if value is None else _SAID[unit](value, texts)


def exact(value: Value) -> str:
    """`value` as programs read it back: numbers as Python writes them, dates and instants as ISO 8601; "" for None."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case float():
            return repr(value)
        case _:
            return str(value)


def head_lines(head: Head, texts: Texts) -> list[tuple[str, str]]:
    """What stands on every sheet, as (label, value), in the order of reading."""
    lines = [
        ("agency", head.agency),
        ("province", head.province if head.province != head.agency else ""),
        ("title", head.title),
        ("period", head.period),
        ("scope", head.scope),
        *fact_lines(head, texts),
        *_notes(head, texts),
    ]
    return [(texts.say(f"sheets.head.{name}"), value) for name, value in lines if value]


def fact_lines(head: Head, texts: Texts) -> Iterator[tuple[str, str]]:
    """(name, value) of what the figures rest on; `sheets.head.<name>` is the label."""
    yield "made", moment(head.made_at, texts)
    yield "sites", grouped(head.sites, texts)
    yield "coverage", said(head.coverage, Unit.SHARE, texts)
    yield "revision", _revision(head, texts)
    yield "chain", _chain(head, texts)
    yield "acts", head.revision.audit_head[:SHORT_HASH]


def _notes(head: Head, texts: Texts) -> Iterator[tuple[str, str]]:
    if head.simulated:
        yield "simulated", texts.say("sheets.simulated")
    if head.until:
        yield "unfinished", texts.say("sheets.unfinished", until=moment(head.until, texts))


def notes(head: Head, texts: Texts) -> list[tuple[str, str]]:
    """(label, sentence) of what must be known before the figures are believed: simulated, unfinished."""
    return [(texts.say(f"sheets.head.{name}"), sentence) for name, sentence in _notes(head, texts)]


def foot(head: Head, texts: Texts) -> str:
    """What stands at the foot of every printed page: when it was made, and what it rests on."""
    revision = head.revision
    facts = [
        texts.say("sheets.foot.coverage", coverage=said(head.coverage, Unit.SHARE, texts)),
        texts.say("sheets.foot.revision", highest=revision.highest),
        texts.say("sheets.foot.chain", head=revision.chain_head[:SHORT_HASH] or texts.say("sheets.none")),
    ]
    return texts.say("sheets.foot", made=moment(head.made_at, texts), facts=" · ".join(facts))


def stamp(head: Head, texts: Texts) -> str:
    """Whose, when and whom, in one line under every table and picture: a screenshot of it tells them, too."""
    said_of = {"agency": head.agency, "period": head.period, "scope": head.scope}
    return texts.say("sheets.stamp", made=moment(head.made_at, texts), **said_of)


def _revision(head: Head, texts: Texts) -> str:
    told = head.revision
    if told.highest == 1 and not told.corrected_days:
        return texts.say("sheets.revision.first")
    return texts.say("sheets.revision.later", highest=told.highest, n=grouped(told.corrected_days, texts))


def _chain(head: Head, texts: Texts) -> str:
    told = head.revision
    if not told.chain_head:
        return texts.say("sheets.none")
    return texts.say("sheets.chain", head=told.chain_head[:SHORT_HASH], n=grouped(told.chain_length, texts))


def grouped(n: int, texts: Texts) -> str:
    """11.594, or 11,594 in English."""
    return _signed(f"{n:,}", texts)


def decimal(value: float, places: int, texts: Texts) -> str:
    """With exactly so many decimals: 1.234,50, or 1,234.50 in English."""
    return _signed(f"{value:,.{places}f}", texts)


def trimmed(value: float, places: int, texts: Texts) -> str:
    """With at most so many decimals, and none that says nothing."""
    text = f"{value:,.{places}f}"
    return _signed(text.rstrip("0").rstrip(".") if "." in text else text, texts)


_COMMAS = str.maketrans(",.", ".,")


def _signed(text: str, texts: Texts) -> str:
    """Separators as the language has them, a minus sign that is none of the hyphens, and no minus before nothing."""
    bare = text.removeprefix("-")
    told = bare.translate(_COMMAS) if texts.language == "id" else bare
    return MINUS + told if bare != text and bare.strip("0.,") else told


def percent(share: float, texts: Texts, places: int = 2) -> str:
    """With its sign; see `hundreds`."""
    return _unit("share", hundreds(share, texts, places), texts)


def hundreds(share: float, texts: Texts, places: int = 2) -> str:
    """The number before the sign of percent: rounded, but never to all or to nothing: 100 % means all of it."""
    least: float = 10**-places
    told = 100 * share
    if 0 < share < 1:
        told = min(max(told, least), 100 - least)
    return decimal(told, places, texts)


def _points(value: float, texts: Texts) -> str:
    text = decimal(100 * value, 2, texts)
    return _unit("points", f"+{text}" if value > 0 and text.strip("0.,") else text, texts)


def duration(ms: int, texts: Texts) -> str:
    """To the second: `3 hari 4 jam 5 mnt 6 dtk`; below a minute with what it has of a second."""
    if abs(ms) < MINUTE_MS - 50:
        return _unit("seconds", trimmed(ms / SECOND_MS, 1 if abs(ms) >= SECOND_MS else 3, texts), texts)
    seconds = (abs(ms) + SECOND_MS // 2) // SECOND_MS
    parts = (("days", seconds // 86_400), ("hours", seconds // 3_600 % 24), ("minutes", seconds // 60 % 60))
    told = [_unit(name, grouped(n, texts), texts) for name, n in (*parts, ("seconds", seconds % 60)) if n]
    return (MINUS if ms < 0 else "") + " ".join(told)


def _latency(ms: float, texts: Texts) -> str:
    if abs(ms) >= LONG_MS:
        return duration(round(ms), texts)
    return _unit("latency", decimal(ms, 2 if abs(ms) < 1 else 1, texts), texts)


def _rupiah(n: int, texts: Texts) -> str:
    return f"{MINUS if n < 0 else ''}Rp{grouped(abs(n), texts)}"


def day(value: date, texts: Texts) -> str:
    """`31 Oktober 2026`."""
    return f"{value.day}{SPACE}{texts.say(f'indicators.month.{value.month}')} {value.year}"


def moment(value: datetime, texts: Texts) -> str:
    """To the minute, with its zone: `1 November 2026 10:00 WITA`."""
    return f"{day(value, texts)} {value:%H:%M}{SPACE}{value:%Z}"


def _instant(value: datetime, texts: Texts) -> str:
    return f"{day(value, texts)} {value:%H:%M:%S}{SPACE}{value:%Z}"


def condition(value: str, texts: Texts) -> str:
    """A row of the ledger by its name; what is none stays as it is."""
    if value not in ROWS:
        return value
    prefix = "site.row." if value in SILENT_ROWS else "alert.condition." if value in DOWN_ROWS else "condition."
    return texts.say(f"{prefix}{value}")


def place(name: str, texts: Texts) -> str:
    """A place of a chart, short: `1 Okt` for 2026-10-01, `Okt 2026` for 2026-10, else as it is."""
    match name.split("-"):
        case [year, month, number] if len(name) == len("2026-10-01") and (month + number + year).isdigit():
            return f"{int(number)}{SPACE}{_short(month, texts)}"
        case [year, month] if len(name) == len("2026-10") and (year + month).isdigit():
            return f"{_short(month, texts)}{SPACE}{year}"
    return name


def _short(month: str, texts: Texts) -> str:
    return texts.say(f"indicators.month.{int(month)}")[:3]


def _unit(name: str, number: str, texts: Texts) -> str:
    return texts.say(f"sheets.unit.{name}", n=number).replace(" ", SPACE)


_SAID: Mapping[Unit, Callable[..., str]] = {
    Unit.TEXT: lambda value, _texts: str(value),
    Unit.LINK: lambda value, _texts: str(value),
    Unit.COUNT: grouped,
    Unit.SHARE: percent,
    Unit.POINTS: _points,
    Unit.DURATION: duration,
    Unit.LATENCY: _latency,
    Unit.RUPIAH: _rupiah,
    Unit.MBPS: lambda value, texts: _unit("mbps", trimmed(value, 2, texts), texts),
    Unit.NUMBER: lambda value, texts: trimmed(value, 3, texts),
    Unit.DAY: day,
    Unit.INSTANT: _instant,
    Unit.YES: lambda value, texts: texts.say("sheets.yes" if value else "sheets.no"),
    Unit.CONDITION: condition,
}
