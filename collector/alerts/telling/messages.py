"""Pure: one message of a receiver's turn: a mass outage is one message, not ninety.

Bounded: a body fits Telegram with room for escaping, a title fits what SMS gateways show. What has no room is counted.
The sentences about an alert are the alert's own, in the language of the installation; what stands around them is in the
receiver's.
"""

from collections.abc import Iterator, Sequence

from collector.alerts.deciding.rules import MASS_OUTAGE, OF_SITES
from collector.alerts.deciding.words import duration
from collector.alerts.telling.receivers import Turn
from collector.store import SentAlert
from shared.texts import Texts

TITLE_CHARS = 120
BODY_CHARS = 3500
DETAIL_CHARS = 600
"""Of one alert among others."""
MARKS = {"begin": "✗", "grown": "▲", "remind": "↻", "over": "✓"}
MASS_MARK = "‼"
URGENCY = ("critical", "warning", "info")


def message(turn: Turn, max_lines: int, escalated: bool, texts: Texts) -> tuple[str, str]:
    """Title and body of everything that `turn` says. `escalated`: the receiver is told of what nobody took note of."""
    told = [(part, alert) for part in MARKS for alert in _by_urgency(getattr(turn, part))]
    if len(told) == 1:
        [(part, alert)] = told
        return _of_one(part, alert, turn, escalated, texts)
    told.sort(key=lambda one: (one[0] == "over", not _mass(one[1])))  # stable: within a part by urgency
    lines = [_line(part, alert, turn, texts) for part, alert in told]
    return cut(_title(turn, texts), TITLE_CHARS), bounded(lines, max_lines, texts)


def bounded(lines: Sequence[str], max_lines: int, texts: Texts) -> str:
    """As many of `lines` as there is room for, and how many there was none for."""
    room, kept = BODY_CHARS, 0
    while kept < min(len(lines), max_lines) and len(lines[kept]) < room:
        room -= len(lines[kept]) + 1
        kept += 1
    rest = len(lines) - kept
    return "\n".join([*lines[:kept], *([texts.say("alert.and_more", n=rest)] if rest else [])])


def cut(text: str, chars: int) -> str:
    """`text`, of at most so many characters."""
    return text if len(text) <= chars else f"{text[: chars - 1].rstrip()}…"


def _of_one(part: str, alert: SentAlert, turn: Turn, escalated: bool, texts: Texts) -> tuple[str, str]:
    notes, by = alert.annotations, turn.noted.get(alert.key, "")
    summary, href = notes.get("summary", alert.key), notes.get("link", "")
    title = texts.say(f"told.one_{part}", summary=summary) if part in ("grown", "remind") else summary
    nobody = part == "remind" or (part == "begin" and escalated)
    sentences = [
        texts.say("told.nobody", lasted=duration(turn.firing_for_ms(alert), texts)) if nobody else "",
        "" if part == "grown" else notes.get("description", summary),
        texts.say("told.noted_by", by=by) if by else "",
    ]
    text = cut("\n".join(s for s in sentences if s), BODY_CHARS - len(href))
    return cut(title, TITLE_CHARS), "\n".join(s for s in (text, href) if s) or summary


def _title(turn: Turn, texts: Texts) -> str:
    counts = [
        *_counted(turn.begin, "told.mass", "alert.many_down", "told.monitoring"),
        ("told.grown", len(turn.grown)),
        ("told.remind", len(turn.remind)),
        *_counted(turn.over, "told.mass_over", "alert.many_over", "told.monitoring_over"),
    ]
    return ", ".join(texts.say(name, n=n) for name, n in counts if n)


def _counted(alerts: Sequence[SentAlert], *names: str) -> Iterator[tuple[str, int]]:
    """How many are about many sites, about one, about the monitoring itself."""
    mass = sum(_mass(alert) for alert in alerts)
    sites = len({alert.labels["site"] for alert in alerts if _of_site(alert)})
    rest = sum(not _mass(alert) and not _of_site(alert) for alert in alerts)
    return zip(names, (mass, sites, rest), strict=True)


def _line(part: str, alert: SentAlert, turn: Turn, texts: Texts) -> str:
    """One line; under a mass outage that is news a second, for it says whom to call."""
    begins_mass = part == "begin" and _mass(alert)
    regency = "" if _mass(alert) else alert.labels.get("regency", "")
    mark, summary = MASS_MARK if begins_mass else MARKS[part], alert.annotations.get("summary", alert.key)
    line = f"{mark} {regency + ': ' if regency else ''}{cut(summary, DETAIL_CHARS)}"
    if part == "remind":
        line = texts.say("told.nobody_line", line=line, lasted=duration(turn.firing_for_ms(alert), texts))
    if by := turn.noted.get(alert.key, ""):
        line = texts.say("told.line_noted", line=line, by=by)
    description = alert.annotations.get("description", "") if begins_mass else ""
    return "\n".join(text for text in (line, cut(description, DETAIL_CHARS)) if text)


def _by_urgency(alerts: Sequence[SentAlert]) -> list[SentAlert]:
    def order(alert: SentAlert) -> tuple[bool, int, str, str, str]:
        labels = alert.labels
        severity = labels.get("severity", "critical")
        urgency = URGENCY.index(severity) if severity in URGENCY else 0
        return not _mass(alert), urgency, labels.get("regency", ""), labels.get("site", ""), alert.key

    return sorted(alerts, key=order)


def _mass(alert: SentAlert) -> bool:
    return alert.labels["alertname"] == MASS_OUTAGE


def _of_site(alert: SentAlert) -> bool:
    return alert.labels["alertname"] in OF_SITES
