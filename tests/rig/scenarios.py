"""What happens to which site and when, as data; what must be found of it.

A scenario holds for `hold_s`; its steps stand at shares of that time, so that the short version is the same story told
faster. A plan is one timeline for the whole world: each site has its own scenarios, what strikes the core strikes all.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from collector.condition import Condition
from tests.rig.lines import TERRESTRIAL, VSAT, Line


class Action(StrEnum):
    """What can be done to a site, and to the core."""

    CUT = "cut"
    MEND = "mend"
    UNPLUG = "unplug"
    PLUG = "plug"
    SWITCH_OFF = "switch_off"
    SWITCH_ON = "switch_on"
    INTERNET_GONE = "internet_gone"
    INTERNET_BACK = "internet_back"
    LOSSY = "lossy"
    CLEAN = "clean"
    PORTAL = "portal"
    PORTAL_GONE = "portal_gone"
    KILL_AGENT = "kill_agent"
    START_AGENT = "start_agent"
    FREEZE_AGENT = "freeze_agent"
    THAW_AGENT = "thaw_agent"
    POWER_OFF = "power_off"
    POWER_ON = "power_on"
    LOSE_ANSWERS = "lose_answers"
    KILL_COLLECTOR = "kill_collector"
    START_COLLECTOR = "start_collector"


@dataclass(frozen=True, slots=True)
class Step:
    share: float
    """Of the scenario's time: 0 is its beginning, 1 its end."""
    action: Action


@dataclass(frozen=True, slots=True)
class Span:
    """The truth in a scenario: `condition` from one action to another."""

    condition: Condition
    begins: Action
    ends: Action


@dataclass(frozen=True, slots=True)
class Alarm:
    """The alert that must reach Alertmanager, and be resolved when it is over."""

    name: str
    begins: Action
    ends: Action
    within_s: float
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    says: str
    hold_s: float
    quick_hold_s: float
    steps: tuple[Step, ...]
    outages: tuple[Span, ...] = ()
    seen: tuple[Span, ...] = ()
    """Conditions that are no outage and must be seen within the span."""
    alarm: Alarm | None = None
    dated_within_s: float = 0.0
    """Where an outage can only be dated more coarsely than usual; 0: as usual."""
    duplicates: bool = False
    """Whether the collector must have met results a second time: else nothing was lost on the way back."""


def _held(begins: Action, ends: Action) -> tuple[Step, ...]:
    return Step(0, begins), Step(1, ends)


ALARM_S, SILENCE_S = 15.0, 100.0
"""DESIGN section 11: a cut that leaves the intranet alive; a site that falls silent."""

_ALL = (
    Scenario(
        "line_cut", "the provider's line is cut", 40, 20, _held(Action.CUT, Action.MEND),
        outages=(Span(Condition.LINE_DOWN, Action.CUT, Action.MEND),),
    ),
    Scenario(
        "cable_out", "the LAN cable is pulled out of the PC", 40, 20, _held(Action.UNPLUG, Action.PLUG),
        outages=(Span(Condition.LOCAL_DOWN, Action.UNPLUG, Action.PLUG),),
    ),
    Scenario(
        "switch_dead", "the switch is dead: the PC keeps its routes", 40, 15,
        _held(Action.SWITCH_OFF, Action.SWITCH_ON),
        outages=(Span(Condition.LOCAL_DOWN, Action.SWITCH_OFF, Action.SWITCH_ON),),
    ),
    Scenario(
        "internet_gone", "the internet is gone, the intranet is not", 40, 20,
        _held(Action.INTERNET_GONE, Action.INTERNET_BACK),
        outages=(Span(Condition.INTERNET_DOWN, Action.INTERNET_GONE, Action.INTERNET_BACK),),
        alarm=Alarm("SiteDown", Action.INTERNET_GONE, Action.INTERNET_BACK, ALARM_S, Condition.INTERNET_DOWN),
    ),
    Scenario(
        "packets_lost", "three packets in ten are lost", 60, 45, _held(Action.LOSSY, Action.CLEAN),
        seen=(Span(Condition.DEGRADED, Action.LOSSY, Action.CLEAN),),
    ),
    Scenario(
        "intercepted", "a portal answers instead of the internet", 40, 20, _held(Action.PORTAL, Action.PORTAL_GONE),
        outages=(Span(Condition.INTERCEPTED, Action.PORTAL, Action.PORTAL_GONE),),
        dated_within_s=33,  # one target in ten looks for a portal, and nothing fails before it does
    ),
    Scenario(
        "agent_killed", "kill -9 of the agent in an outage", 40, 24,
        (Step(0, Action.CUT), Step(0.5, Action.KILL_AGENT), Step(0.7, Action.START_AGENT), Step(1, Action.MEND)),
        outages=(Span(Condition.LINE_DOWN, Action.CUT, Action.MEND),),
    ),
    Scenario(
        "power", "the power goes and comes back", 40, 14, _held(Action.POWER_OFF, Action.POWER_ON),
    ),
    Scenario(
        "answers_lost", "answers to pushes are lost after the results were stored", 30, 10,
        (Step(0, Action.LOSE_ANSWERS),), duplicates=True,
    ),
    Scenario(
        "collector_killed", "kill -9 of the collector while agents push, twice", 30, 7,
        (Step(0, Action.KILL_COLLECTOR), Step(0.4, Action.START_COLLECTOR),
         Step(0.6, Action.KILL_COLLECTOR), Step(1, Action.START_COLLECTOR)),
    ),
    Scenario(
        "silent", "the line is cut until the site is silent", 130, 20, _held(Action.CUT, Action.MEND),
        outages=(Span(Condition.LINE_DOWN, Action.CUT, Action.MEND),),
        alarm=Alarm("SiteSilent", Action.CUT, Action.MEND, SILENCE_S),
    ),
    Scenario(
        "frozen", "the agent stands still until the site is silent", 130, 20,
        _held(Action.FREEZE_AGENT, Action.THAW_AGENT),
        alarm=Alarm("SiteSilent", Action.FREEZE_AGENT, Action.THAW_AGENT, SILENCE_S),
    ),
)  # fmt: skip

SCENARIOS = {scenario.name: scenario for scenario in _ALL}


@dataclass(frozen=True, slots=True)
class Visit:
    """A scenario comes to a site, `start_s` after the plan begins."""

    scenario: str
    start_s: float


@dataclass(frozen=True, slots=True)
class SitePlan:
    name: str
    line: Line
    visits: tuple[Visit, ...]
    proxied: bool = False
    """Its agent pushes through the proxy that loses answers."""
    provider: str = "Rig"
    regency: str = "Paser"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast agents probe and push, and how long the world waits."""

    interval_s: float
    push_s: float
    warm_up_s: float
    """From the start of the agents to the beginning of the plan: every target is probed and pushed once."""
    settle_s: float
    """From the last step to the count: everything is delivered, alerts are resolved."""
    quick: bool


# Ten targets every 12 s: the six of the internet are then at most 2.4 s apart, and an outage of the internet alone
# can be dated within 3 s. At the usual 30 s only an outage of the whole line is sampled that often.
FULL_PACE = Pace(interval_s=12, push_s=60, warm_up_s=75, settle_s=75, quick=False)
QUICK_PACE = Pace(interval_s=10, push_s=5, warm_up_s=12, settle_s=40, quick=True)


@dataclass(frozen=True, slots=True)
class Plan:
    sites: tuple[SitePlan, ...]
    pace: Pace
    core: tuple[Visit, ...] = field(default=())
    """What strikes the core."""

    def hold_s(self, scenario: Scenario) -> float:
        return scenario.quick_hold_s if self.pace.quick else scenario.hold_s

    def timeline(self) -> list[tuple[float, str, Scenario, Action]]:
        """(seconds after the beginning, site or "" for the core, scenario, action) in order."""
        visits = [(site.name, visit) for site in self.sites for visit in site.visits]
        visits += [("", visit) for visit in self.core]
        return sorted(
            (
                (visit.start_s + step.share * self.hold_s(scenario), where, scenario, step.action)
                for where, visit in visits
                for scenario in (SCENARIOS[visit.scenario],)
                for step in scenario.steps
            ),
            key=lambda happening: happening[0],
        )

    def only(self, names: list[str]) -> "Plan":
        """The same with the named scenarios alone, and only the sites they need."""
        kept = [
            SitePlan(s.name, s.line, tuple(v for v in s.visits if v.scenario in names), s.proxied) for s in self.sites
        ]
        core = tuple(v for v in self.core if v.scenario in names)
        sites = tuple(s for s in kept if s.visits) or tuple(kept[:1])
        first_s = min((v.start_s for v in (*core, *(v for s in sites for v in s.visits))), default=0)
        sooner = tuple(
            SitePlan(s.name, s.line, tuple(Visit(v.scenario, v.start_s - first_s) for v in s.visits), s.proxied)
            for s in sites
        )
        return Plan(sooner, self.pace, tuple(Visit(v.scenario, v.start_s - first_s) for v in core))


def _visits(*pairs: tuple[str, float]) -> tuple[Visit, ...]:
    return tuple(Visit(name, start_s) for name, start_s in pairs)


FULL = Plan(
    sites=(
        SitePlan("cut20", TERRESTRIAL, _visits(("line_cut", 5), ("agent_killed", 95))),
        SitePlan("cut600", VSAT, _visits(("line_cut", 7), ("agent_killed", 97))),
        SitePlan("lan20", TERRESTRIAL, _visits(("cable_out", 9), ("power", 100))),
        SitePlan("lan600", VSAT, _visits(("switch_dead", 11), ("power", 102))),
        SitePlan("net20", TERRESTRIAL, _visits(("internet_gone", 13), ("answers_lost", 100)), proxied=True),
        SitePlan("net600", VSAT, _visits(("internet_gone", 15), ("intercepted", 100))),
        SitePlan("loss20", TERRESTRIAL, _visits(("packets_lost", 5), ("intercepted", 105))),
        SitePlan("loss600", VSAT, _visits(("packets_lost", 5), ("switch_dead", 105))),
        SitePlan("dark20", TERRESTRIAL, _visits(("silent", 5))),
        SitePlan("dark600", VSAT, _visits(("frozen", 9))),
    ),
    pace=FULL_PACE,
    core=_visits(("collector_killed", 160)),
)

QUICK = Plan(
    sites=(
        SitePlan("cut20", TERRESTRIAL, _visits(("line_cut", 1))),
        # The power goes when every target was asked again after the cable: what was known to be down is so till then.
        SitePlan("lan20", TERRESTRIAL, _visits(("cable_out", 1.5), ("power", 33))),
        SitePlan("net20", TERRESTRIAL, _visits(("internet_gone", 2), ("answers_lost", 25)), proxied=True),
        SitePlan("kill20", TERRESTRIAL, _visits(("agent_killed", 2.5))),
        SitePlan("dark600", VSAT, _visits(("frozen", 2))),
    ),
    pace=QUICK_PACE,
    core=_visits(("collector_killed", 31)),
)
