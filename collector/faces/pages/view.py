"""Pure: what pages say, in one language and at one moment. The pages fetch, the templates lay out."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from collector.alerts.deciding.words import clock_time, duration
from collector.condition import Condition
from collector.live import SiteNow
from shared.texts import Texts

SYMBOLS = {
    "line_down": "✗",
    "unreachable": "⊘",
    "internet_down": "◐",
    "intranet_down": "◑",
    "local_down": "⌂",
    "intercepted": "⇄",
    "silent": "?",
    "degraded": "≈",
    "unobserved": "–",
    "up": "✓",
}
"""What a site is shown as, the worst first: its condition, or `silent`. A word stands beside it always, so that nobody
needs the colour."""
CLOSED = "closed"
ALL_SYMBOLS = {**SYMBOLS, CLOSED: "⊗"}
"""Also of a site that is closed: it is not among those that are shown, and has its own page still."""
_RANK = {key: rank for rank, key in enumerate(ALL_SYMBOLS)}
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A site as the table shows it; all text is final."""

    code: str
    name: str
    href: str
    regency: str
    key: str
    word: str
    since: str
    lasted: str
    heard: str
    coverage: str


def key_of(now: SiteNow) -> str:
    """What a site is shown as: a key of ALL_SYMBOLS."""
    if now.closed_ms is not None:
        return CLOSED
    return "silent" if now.silent else now.condition.value


@dataclass(frozen=True, slots=True)
class View:
    """One answer being made: the language and the moment that all of it is told in."""

    texts: Texts
    now_ms: int
    timezone: str

    def word(self, key: str) -> str:
        """A condition in words, the same as in an alert."""
        down = key in Condition.__members__.values() and Condition(key).is_down
        return self.texts.say(f"{'alert.' if down else ''}condition.{key}")

    def explanation(self, key: str) -> str:
        """What the condition means, in one sentence, the same as in an alert."""
        told = key == "silent" or (key in Condition.__members__.values() and Condition(key).is_down)
        return self.texts.say(f"alert.because.{key}" if told else f"condition.{key}.means")

    def count(self, n: int) -> str:
        """How many, as people write it: 11.594, or 11,594 in English."""
        return grouped(n, self.texts)

    def at(self, at_ms: int) -> str:
        return clock_time(at_ms, self.now_ms, self.timezone)

    def when(self, at: datetime | None) -> str:
        return self.at(round(at.timestamp() * 1000)) if at else self.texts.say("page.never")

    def ago(self, at_ms: int) -> str:
        return duration(self.now_ms - at_ms, self.texts)

    def row(self, now: SiteNow, href: str = "") -> Row:
        """`now` in the time zone of its own site."""
        site, key, local = now.site, key_of(now), replace(self, timezone=now.site.timezone)
        since_ms = now.since_ms if now.closed_ms is None else now.closed_ms
        return Row(
            code=site.code,
            name=site.name,
            href=href,
            regency=site.regency,
            key=key,
            word=self.word(key),
            since=local.at(since_ms) if since_ms else "",
            lasted=self.ago(since_ms) if since_ms else "",
            heard=local.at(now.heard_at_ms) if now.heard_at_ms else self.texts.say("page.never"),
            coverage=percent(now.coverage_today),
        )


def percent(ratio: float | None) -> str:
    """Rounded down, so that 100 % means all of it."""
    return "–" if ratio is None else f"{int(ratio * 100)} %"


def grouped(n: int, texts: Texts) -> str:
    """A count with a mark between thousands."""
    return f"{n:,}".replace(",", "." if texts.language == "id" else ",")


def headline(counts: Counter[str], view: View) -> str:
    """The province in one sentence."""
    if not counts:
        return view.texts.say("page.empty_title")
    down = sum(n for key, n in counts.items() if key in Condition.__members__.values() and Condition(key).is_down)
    if down:
        return view.texts.say("page.some_down", n=view.count(down), total=view.count(counts.total()))
    return view.texts.say("page.some_silent" if counts["silent"] else "page.none_down", n=counts["silent"])


def by_trouble(now: SiteNow) -> tuple[int, int, str]:
    """The worst first, in it the newest, then by name."""
    since_ms = now.since_ms if now.condition.is_down or now.silent else now.closed_ms or 0
    return _RANK[key_of(now)], -since_ms, now.site.name
