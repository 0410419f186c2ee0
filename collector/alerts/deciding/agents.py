"""Pure: which agents are unwell: one alert for each and each reason.

`clock`: its wall clock is off by more than the limit; its stamps are put right, but its log and its certificates are
not. `cloned`: several hosts push with its token. `spool`: what it has not delivered grows, look after look, although it
is heard. `dropping`: it had to throw results away. `version`: it is older than `min_version`; that is no hurry.

An agent that has not been heard for LOST_MS is no longer looked at: that its site is silent is told, and what it had
said of itself is old.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.alerts.deciding import words
from collector.alerts.deciding.memory import Mark, Watch
from collector.alerts.deciding.rules import AGENT_UNWELL, INFO, WARNING, AlertRules, ended, of_site
from collector.alerts.deciding.watching import Turns, turns
from collector.registry import AgentState, Site
from collector.store import SentAlert

LOST_MS = 86_400_000
LOOK_MS = 900_000
"""Between two looks at the spool: a backlog that drains is smaller at every one of them."""
SPOOL = 2_000
"""What is less than this is on its way."""
REASONS = {"clock": WARNING, "cloned": WARNING, "spool": WARNING, "dropping": WARNING, "version": INFO}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailment:
    """One reason at one agent, whether it is so or not."""

    agent: AgentState
    reason: str
    is_bad: bool

    @property
    def key(self) -> str:
        return f"{AGENT_UNWELL}/{self.agent.name}/{self.reason}"


def looked(agents: Iterable[AgentState], marks: Mapping[str, Mark] | None, now_ms: int) -> dict[str, Mark]:
    """The marks after this look; None: it is the first. Only agents with a large spool or that ever dropped something
    have one, and are compared with themselves."""
    after: dict[str, Mark] = {}
    for agent in agents:
        if agent.spool_results <= SPOOL and not agent.dropped:
            continue
        before = marks.get(agent.name) if marks else None
        if before is None:
            is_news = marks is not None and agent.dropped > 0
            after[agent.name] = Mark(at_ms=now_ms, spool=agent.spool_results, dropped=agent.dropped, dropping=is_news)
        elif now_ms - before.at_ms < LOOK_MS or agent.heard_at_ms < before.at_ms:
            after[agent.name] = before
        else:
            after[agent.name] = Mark(
                at_ms=now_ms,
                spool=agent.spool_results,
                dropped=agent.dropped,
                growing=agent.spool_results > max(SPOOL, before.spool * 1.1),
                dropping=agent.dropped > before.dropped,
            )
    return after


def agent_turns(
    agents: Sequence[AgentState],
    marks: Mapping[str, Mark],
    watches: Mapping[str, Watch],
    firing: Mapping[str, SentAlert],
    now_ms: int,
    rules: AlertRules,
) -> Turns[Ailment]:
    """`marks`: after this look."""
    known = {alert.labels["agent"] for alert in firing.values()}
    old = {version for version in {agent.version for agent in agents} if is_older(version, rules.agents.min_version)}
    found = (
        Ailment(agent=agent, reason=reason, is_bad=is_bad)
        for agent in agents
        if now_ms - agent.heard_at_ms < LOST_MS
        for reason, is_bad in _ailments(agent, marks.get(agent.name), agent.version in old, rules)
        if is_bad or agent.name in known
    )
    return turns(found, watches, firing, rules.agents.after_ms, now_ms)


def lost(agents: Iterable[AgentState], firing: Mapping[str, SentAlert], now_ms: int) -> list[SentAlert]:
    """Alerts that fire of agents that are gone, or have not been heard for so long that nothing is known of them."""
    known = {agent.name for agent in agents if now_ms - agent.heard_at_ms < LOST_MS}
    return [alert for alert in firing.values() if alert.labels["agent"] not in known]


def alert_of(one: Ailment, site: Site, now_ms: int, rules: AlertRules) -> SentAlert:
    """The alert of an ailment that begins."""
    return SentAlert(
        key=one.key,
        labels=of_site(AGENT_UNWELL, REASONS[one.reason], site, reason=one.reason, agent=one.agent.name),
        annotations=words.of_agent(one.agent, one.reason, site, rules),
        starts_at_ms=now_ms,
    )


def over(alert: SentAlert, at_ms: int, now_ms: int, rules: AlertRules, *, is_lost: bool = False) -> SentAlert:
    """`alert` with its end: it is well again, or nobody knows any more."""
    name = "alert.agent.lost" if is_lost else "alert.agent.well"
    reason = rules.texts.say(f"alert.agent.{alert.labels['reason']}.name")
    said = rules.texts.say(name, agent=alert.labels["agent"], reason=reason)
    return ended(alert, at_ms, now_ms, words.over(alert, said, rules.texts))


def is_older(version: str, than: str) -> bool:
    """Whether `version` is known and lower; both as numbers with points, what follows them is left out."""
    mine, other = _numbers(version), _numbers(than)
    return bool(mine and other) and mine < other


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _ailments(agent: AgentState, mark: Mark | None, is_old: bool, rules: AlertRules) -> Sequence[tuple[str, bool]]:
    """Every reason, and whether it is so."""
    return (
        ("clock", abs(agent.clock_offset_ms) > rules.agents.clock_off_ms),
        ("cloned", agent.cloned),
        ("spool", mark is not None and mark.growing),
        ("dropping", mark is not None and mark.dropping),
        ("version", is_old),
    )
