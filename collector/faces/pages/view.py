"""Pure: what the page says, in one language and at one moment. page.py fetches, the templates lay out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from collector.accounting.ledger import account, coverage
from collector.alerts.words import clock_time, duration
from collector.condition import Condition, Flip, Outage
from collector.faces.answers import AgentAnswer, SiteDetail, TargetAnswer
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
_RANK = {key: rank for rank, key in enumerate(SYMBOLS)}


MAX_OUTAGES = 50
"""Outages on the page of a site; the API tells the rest."""
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
    """What a site is shown as: a key of SYMBOLS."""
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

    def at(self, at_ms: int) -> str:
        return clock_time(at_ms, self.now_ms, self.timezone)

    def when(self, at: datetime | None) -> str:
        return self.at(round(at.timestamp() * 1000)) if at else self.texts.say("page.never")

    def ago(self, at_ms: int) -> str:
        return duration(self.now_ms - at_ms, self.texts)

    def row(self, now: SiteNow, href: str = "") -> Row:
        """`now` in the time zone of its own site."""
        site, key, local = now.site, key_of(now), replace(self, timezone=now.site.timezone)
        return Row(
            code=site.code,
            name=site.name,
            href=href,
            regency=site.regency,
            key=key,
            word=self.word(key),
            since=local.at(now.since_ms) if now.since_ms else "",
            lasted=self.ago(now.since_ms) if now.since_ms else "",
            heard=local.at(now.heard_at_ms) if now.heard_at_ms else self.texts.say("page.never"),
            coverage=percent(now.coverage_today),
        )


def percent(ratio: float | None) -> str:
    """Rounded down, so that 100 % means all of it."""
    return "–" if ratio is None else f"{int(ratio * 100)} %"


def headline(counts: Counter[str], view: View) -> str:
    """The province in one sentence."""
    if not counts:
        return view.texts.say("page.empty_title")
    down = sum(n for key, n in counts.items() if key in Condition.__members__.values() and Condition(key).is_down)
    if down:
        return view.texts.say("page.some_down", n=down, total=counts.total())
    return view.texts.say("page.some_silent" if counts["silent"] else "page.none_down", n=counts["silent"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was fetched for the page of one site: its present, and its last seven days."""

    now: SiteNow
    detail: SiteDetail
    opening: Flip | None
    """The last flip of scope `site` before the seven days."""
    flips: Sequence[Flip]
    outages: Sequence[Outage]


def site_parts(story: Story, view: View) -> dict[str, object]:
    """What the template of one site lays out."""
    now, site, say = story.now, story.now.site, view.texts.say
    facts = (site.opd, site.district, site.regency, site.provider, say(f"medium.{site.medium}"), site.contract)
    uncertain_ms = now.since_ms - now.since_not_earlier_ms
    return {
        "site": site,
        "row": view.row(now),
        "facts": [fact for fact in facts if fact],
        "explanation": view.explanation(key_of(now)),
        "why": now.why,
        "error_bar": say("page.error_bar", span=duration(uncertain_ms, view.texts)) if uncertain_ms >= 1000 else "",
        "groups": story.detail.groups,
        "sums": [_sum(story, days, view) for days in (1, 7)],
        "outages": [_outage(outage, view) for outage in reversed(story.outages[-MAX_OUTAGES:])],
        "more_outages": max(0, len(story.outages) - MAX_OUTAGES),
        "targets": [_target(target, view) for target in story.detail.targets],
        "agents": [_agent(agent, view) for agent in story.detail.agents],
    }


def _sum(story: Story, days: int, view: View) -> str:
    """Number and length of the outages of the last `days`, never without the coverage."""
    from_ms = view.now_ms - days * DAY_MS
    before = [flip for flip in story.flips if flip.at_ms < from_ms]
    flips = [flip for flip in story.flips if from_ms <= flip.at_ms < view.now_ms]
    spent = account(flips, before[-1] if before else story.opening, from_ms, view.now_ms)
    return view.texts.say(
        "page.sum",
        days=days,
        n=sum(outage.end_ms is None or outage.end_ms > from_ms for outage in story.outages),
        lasted=duration(sum(ms for condition, ms in spent.items() if condition.is_down), view.texts),
        coverage=percent(coverage(spent)),
    )


def _target(target: TargetAnswer, view: View) -> dict[str, str]:
    return {
        "name": target.name,
        "about": " · ".join(part for part in (target.agent, target.kind, target.address) if part),
        "group": target.group,
        "state": target.state,
        "outcome": target.outcome,
        "rtt": "" if target.rtt_ms is None else f"{target.rtt_ms:.1f} ms",
        "at": view.when(target.at),
    }


def _warnings(agent: AgentAnswer, view: View) -> Iterator[str]:
    if agent.cloned:
        yield view.texts.say("page.cloned")
    if agent.untrusted:
        yield view.texts.say("page.untrusted", n=agent.untrusted)


def _agent(agent: AgentAnswer, view: View) -> dict[str, str | list[str]]:
    return {
        "name": agent.name,
        "heard": view.when(agent.heard_at),
        "version": agent.version,
        "clock": f"{agent.clock_offset_s:+.1f} s",
        "warnings": list(_warnings(agent, view)),
        "waiting": str(agent.spool_results),
    }


def _outage(outage: Outage, view: View) -> dict[str, str]:
    end_ms = view.now_ms if outage.end_ms is None else outage.end_ms
    return {
        "key": outage.condition.value,
        "word": view.word(outage.condition.value),
        "start": view.at(outage.start_ms),
        "end": view.texts.say("page.lasts") if outage.end_ms is None else view.at(outage.end_ms),
        "lasted": duration(end_ms - outage.start_ms, view.texts),
    }


def by_trouble(now: SiteNow) -> tuple[int, int, str]:
    """The worst first, in it the newest, then by name."""
    return _RANK[key_of(now)], -now.since_ms if now.condition.is_down or now.silent else 0, now.site.name
