"""Pure: what is so now, what was sent before and is remembered -> alerts to create, to keep, to change, to resolve.

The rules stand where they are applied:

    sites.py      one site: down, silent, degraded
    flapping.py   a site that goes down again and again
    mass.py       many sites at once; the parent is judged before its children
    agents.py     an agent that is unwell; health.py: the collector itself; watching.py: only what lasts is told

An alert's key is `SiteDown/CODE/CONDITION`, `SiteSilent/CODE`, `SiteDegraded/CODE`, `MassOutage/SCOPE/OF`,
`AgentUnwell/AGENT/REASON` or `CollectorUnwell/REASON`. Its labels are frozen when it is created, so that an edit of the
registry (a new name, another provider) cannot turn a firing alert into a second one that nobody resolves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.alerts.deciding import agents as agents_rules
from collector.alerts.deciding import flapping, health, mass, sites, words
from collector.alerts.deciding.agents import Ailment
from collector.alerts.deciding.flapping import STEADY, Flaps
from collector.alerts.deciding.health import Health
from collector.alerts.deciding.memory import NOTHING, Mass, Memory
from collector.alerts.deciding.rules import (
    AGENT_UNWELL,
    COLLECTOR_UNWELL,
    MASS_OUTAGE,
    OF_SITES,
    SITE_DOWN,
    SITE_SILENT,
    AlertRules,
    ended,
    firing,
)
from collector.alerts.deciding.sites import Fallen, Look
from collector.condition import Condition
from collector.live import SiteNow
from collector.registry import AgentState, Site
from collector.store import SentAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is so now. `agents` and `health` are None when they were not looked at this time."""

    sites: Sequence[SiteNow]
    agents: Sequence[AgentState] | None = None
    health: Health | None = None


@dataclass(slots=True, kw_only=True)
class Decision:
    """Resolved ones have `ends_at_ms` set; kept ones are as they were sent; changed ones go on and say something else
    than before."""

    create: list[SentAlert] = field(default_factory=list)
    keep: list[SentAlert] = field(default_factory=list)
    change: list[SentAlert] = field(default_factory=list)
    resolve: list[SentAlert] = field(default_factory=list)
    memory: Memory = NOTHING


def decide(
    now_ms: int, facts: Facts, sent: Mapping[str, SentAlert], rules: AlertRules, memory: Memory = NOTHING
) -> Decision:
    """The alerts of everything.

    1. The collector first: while it hears nobody at all, no site is called silent.
    2. Every site with a trouble, or with one of late: what ends, what goes on, what is due.
    3. Mass outages that go on take their newcomers; those that end let go of who is left.
    4. What is due and in none of them: many at once begin a mass outage, the company of others is waited for, and the
       rest is told.
    5. Agents.
    """
    decision = Decision(memory=memory)
    deaf = _of_collector(decision, facts, sent, now_ms, rules)
    looks = _look(decision, facts.sites, sent, now_ms, rules)
    fallen = [look.fallen for look in looks.values() if look.fallen is not None]
    if deaf:
        fallen = [one for one in fallen if one.alertname != SITE_SILENT or one.is_told]
    held = _of_masses(decision, fallen, facts.sites, sent, now_ms, rules)
    for one in fallen:
        if one.due_ms <= now_ms and not one.is_told and one.site.site.code not in held:
            flaps = decision.memory.flaps.get(one.site.site.code, STEADY)
            is_down = one.alertname == SITE_DOWN
            decision.create.append(
                sites.down(one.site, now_ms, rules, flaps) if is_down else sites.silent(one.site, now_ms, rules)
            )
    if facts.agents is not None:
        _of_agents(decision, facts, facts.agents, sent, now_ms, rules)
    return decision


def _look(
    decision: Decision, all_sites: Iterable[SiteNow], sent: Mapping[str, SentAlert], now_ms: int, rules: AlertRules
) -> dict[str, Look]:
    """Most sites are up and always were: they are passed over."""
    before: defaultdict[str, list[SentAlert]] = defaultdict(list)
    for alert in firing(sent, OF_SITES):
        before[alert.labels["site"]].append(alert)
    flaps, looks = dict(decision.memory.flaps), {}
    for site in all_sites:
        code = site.site.code
        if site.condition is Condition.UP and not site.silent and code not in before and code not in flaps:
            continue
        mine = before.pop(code, [])
        flap = flapping.seen(flaps.pop(code, STEADY), site, sites.is_settled(site, now_ms, rules), now_ms, rules.flaps)
        if flap != STEADY:
            flaps[code] = flap
        looks[code] = look = sites.look(site, mine, now_ms, rules, flap)
        decision.resolve += look.resolve
        for alert in look.keep:
            _keep(decision, alert, _flapping_more(alert, site, flap, now_ms, rules))
        if look.degraded:
            decision.create.append(sites.degraded(site, now_ms, rules))
    for alert in (alert for mine in before.values() for alert in mine):  # their sites are gone
        if rules.settling(now_ms):
            decision.keep.append(alert)
        else:
            notes = words.of_end(alert, None, now_ms, now_ms, rules.texts)
            decision.resolve.append(ended(alert, now_ms, now_ms, notes))
    if flaps != decision.memory.flaps:
        decision.memory = replace(decision.memory, flaps=flaps)
    return looks


def _keep(decision: Decision, alert: SentAlert, changed: SentAlert | None) -> None:
    """`alert` goes on, saying something else if it is `changed`."""
    if changed is None:
        decision.keep.append(alert)
    else:
        decision.change.append(changed)


def _flapping_more(alert: SentAlert, site: SiteNow, flap: Flaps, now_ms: int, rules: AlertRules) -> SentAlert | None:
    """The SiteDown of a site that has gone down twice as often as was told."""
    told = int(alert.annotations.get("falls", "0"))
    is_down = alert.labels["alertname"] == SITE_DOWN and site.condition.is_down
    if not is_down or not flap.is_flapping or flap.n < 2 * max(1, told):
        return None
    return replace(alert, annotations=words.of_down(site, alert.starts_at_ms, now_ms, rules, flap.n))


# many at once


def _of_masses(
    decision: Decision,
    fallen: Sequence[Fallen],
    all_sites: Sequence[SiteNow],
    sent: Mapping[str, SentAlert],
    now_ms: int,
    rules: AlertRules,
) -> set[str]:
    """Steps 3 and 4; the sites whose own alerts do not begin now."""
    if not fallen and not decision.memory.masses:
        return set()
    by_code = {site.site.code: site for site in all_sites} if decision.memory.masses else {}
    going = _going(decision, fallen, by_code, sent, now_ms, rules)
    folded = {code for one in going.values() for code in one.away}
    free = [one for one in fallen if one.site.site.code not in folded]
    begun = mass.begin(free, all_sites, going, now_ms, rules.mass)
    if begun.masses:
        by_code = by_code or {site.site.code: site for site in all_sites}
        decision.create += [mass.alert_of(one, by_code, now_ms, rules) for one in begun.masses.values()]
    masses = {**going, **begun.masses}
    if masses != decision.memory.masses:
        decision.memory = replace(decision.memory, masses=masses)
    return folded | {code for one in begun.masses.values() for code in one.away} | begun.held


def _going(
    decision: Decision,
    fallen: Sequence[Fallen],
    by_code: Mapping[str, SiteNow],
    sent: Mapping[str, SentAlert],
    now_ms: int,
    rules: AlertRules,
) -> dict[str, Mass]:
    """The mass outages that go on. One whose record was lost ends: its sites are told by themselves."""
    going: dict[str, Mass] = {}
    for alert in firing(sent, {MASS_OUTAGE}):
        before = decision.memory.masses.get(alert.key)
        if before is None:
            decision.resolve.append(ended(alert, now_ms, now_ms, alert.annotations))
            continue
        after = mass.go_on(before, fallen, by_code, now_ms, rules)
        end_ms = mass.end_ms(after, now_ms)
        if end_ms is None:
            going[alert.key] = after
            _keep(decision, alert, mass.grown(alert, after, by_code, now_ms, rules))
        else:
            decision.resolve.append(mass.over(alert, after, end_ms, now_ms, rules))
    return going


# those who measure and judge


def _of_collector(
    decision: Decision, facts: Facts, sent: Mapping[str, SentAlert], now_ms: int, rules: AlertRules
) -> bool:
    """Step 1: whether it is deaf."""
    fires = {alert.key: alert for alert in firing(sent, {COLLECTOR_UNWELL})}
    deaf_ms = health.deaf_since(facts.sites, fires.get(f"{COLLECTOR_UNWELL}/deaf"), now_ms, rules)
    if facts.health is None:
        decision.keep += fires.values()
        return deaf_ms is not None
    watches = decision.memory.watches
    mine = {key: watch for key, watch in watches.items() if key.startswith(COLLECTOR_UNWELL)}
    turns = health.collector_turns(facts.health, deaf_ms, mine, fires, now_ms, rules)
    decision.create += [health.alert_of(one, now_ms, rules) for one in turns.begin]
    over = {alert.key: health.over(alert, at_ms, now_ms, rules) for alert, _, at_ms in turns.over}
    decision.resolve += over.values()
    decision.keep += [alert for key, alert in fires.items() if key not in over]
    others = {key: watch for key, watch in watches.items() if key not in mine}
    decision.memory = replace(decision.memory, watches=others | dict(turns.watches))
    return deaf_ms is not None


def _of_agents(
    decision: Decision,
    facts: Facts,
    agents: Sequence[AgentState],
    sent: Mapping[str, SentAlert],
    now_ms: int,
    rules: AlertRules,
) -> None:
    """Step 5. Nothing begins at a place that is under an exclusion."""
    fires = {alert.key: alert for alert in firing(sent, {AGENT_UNWELL})}
    marks = agents_rules.looked(agents, decision.memory.marks, now_ms)
    mine = {key: watch for key, watch in decision.memory.watches.items() if key.startswith(AGENT_UNWELL)}
    turns = agents_rules.agent_turns(agents, marks, mine, fires, now_ms, rules)
    excluded = {site.site.code for site in facts.sites if site.excluded is not None}
    places = {site.site.code: site.site for site in facts.sites} if turns.begin else {}
    decision.create += [
        _of_ailment(one, places, now_ms, rules) for one in turns.begin if one.agent.site not in excluded
    ]
    over = {alert.key: agents_rules.over(alert, at_ms, now_ms, rules) for alert, _, at_ms in turns.over}
    if not rules.settling(now_ms):
        gone = agents_rules.lost(agents, fires, now_ms)
        over |= {alert.key: agents_rules.over(alert, now_ms, now_ms, rules, is_lost=True) for alert in gone}
    decision.resolve += over.values()
    decision.keep += [alert for key, alert in fires.items() if key not in over]
    others = {key: watch for key, watch in decision.memory.watches.items() if key not in mine}
    decision.memory = replace(decision.memory, marks=marks, watches=others | dict(turns.watches))


def _of_ailment(one: Ailment, places: Mapping[str, Site], now_ms: int, rules: AlertRules) -> SentAlert:
    site = places.get(one.agent.site) or Site(code=one.agent.site, name=one.agent.site)
    return agents_rules.alert_of(one, site, now_ms, rules)
