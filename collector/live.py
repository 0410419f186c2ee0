"""What is so now: one view a site, from fresh results alone. The page, the metrics and the alerts read nothing else.

Between two pushes the newest results are up to a push interval old. That is not silence: until the allowance of
`SILENT_PUSHES` push intervals has passed, a site is still in the condition that its last results showed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from collector.condition import Condition, Flip
from collector.registry import AgentState, Site

SILENT_PUSHES = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteNow:
    """What is known of a site now. Times are the collector's wall milliseconds; `heard_at_ms` 0: never heard.

    `condition` is what the last results showed, or `unobserved` once the site is silent. `fresh`: the flip into
    this condition was news when it was first seen, so an alert may be made of it. `resolved_ms` is when the last
    down condition ended.
    """

    site: Site
    condition: Condition
    since_ms: int
    since_not_earlier_ms: int
    seen_ms: int = 0
    heard_at_ms: int = 0
    silent: bool = False
    silent_since_ms: int | None = None
    fresh: bool = False
    confirmed: bool = True
    why: str = ""
    coverage_today: float | None = None
    groups: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What judging left behind for one site."""

    standing: Flip | None
    """The last flip of scope `site` that is no mere end of the results."""
    groups: Mapping[str, str]
    ends_ms: int | None
    """When the evidence runs out, unless more results come."""
    seen_ms: int = 0
    """When the collector first saw the site in this condition."""
    confirmed: bool = True
    """Whether what is down failed again after the condition began: false for the seconds in which one group is back
    and the other has not been asked yet."""


class Live:
    """The present state of every site; updated after each judging, read at any time. No clock of its own: `now_ms`
    is passed in."""

    def __init__(self) -> None:
        self._sites: dict[str, Site] = {}
        self._agents: dict[str, AgentState] = {}
        self._own: Mapping[str, list[AgentState]] = {}
        self._judged: dict[str, Judged] = {}
        self._coverage: dict[str, float] = {}
        self._watchers: dict[str, set[str]] = {}

    def set_registry(self, sites: Iterable[Site], agents: Iterable[AgentState]) -> None:
        """Replace what is known of sites and agents (called at start, after imports and after every commit)."""
        self._sites = {site.code: site for site in sites}
        self._agents = {agent.name: agent for agent in agents}
        own: dict[str, list[AgentState]] = {}
        for agent in self._agents.values():
            own.setdefault(agent.site, []).append(agent)
        self._own = own  # by site: looking through all agents for each site would cost 57 ms at 1,500

    def watched_by(self, site: str, agent: str) -> None:
        """`agent` reported on `site`, its own or one that it watches from outside."""
        self._watchers.setdefault(site, set()).add(agent)

    def judged(self, site: str, judged: Judged) -> None:
        """Judging of `site` is done. A condition that goes on was seen when it was first seen."""
        before = self._judged.get(site)
        if before and before.standing and judged.standing and before.standing.now == judged.standing.now:
            judged = replace(judged, seen_ms=before.seen_ms)
        self._judged[site] = judged

    def covered(self, coverage: Mapping[str, float]) -> None:
        """Coverage of today by site, 0 to 1."""
        self._coverage.update(coverage)

    def sites(self, now_ms: int) -> list[SiteNow]:
        """Every registered site, by code."""
        return [self._view(site, now_ms) for _, site in sorted(self._sites.items())]

    def site(self, code: str, now_ms: int) -> SiteNow | None:
        found = self._sites.get(code)
        return self._view(found, now_ms) if found else None

    def agents(self) -> list[AgentState]:
        return [agent for _, agent in sorted(self._agents.items())]

    def _view(self, site: Site, now_ms: int) -> SiteNow:
        reporters = [a for name in sorted(self._watchers.get(site.code, ())) if (a := self._agents.get(name))]
        if not reporters:
            reporters = [a for a in self._own.get(site.code, ()) if a.heard_at_ms]
        heard_at_ms = max((a.heard_at_ms for a in reporters), default=0)
        deadline_ms = max((a.heard_at_ms + round(SILENT_PUSHES * a.push_interval_ms) for a in reporters), default=0)
        silent = 0 < deadline_ms < now_ms
        judged = self._judged.get(site.code)
        if judged and (judged.ends_ms is None or judged.ends_ms + deadline_ms - heard_at_ms < now_ms):
            judged = None  # its agent may be heard, but has measured nothing lately: old news is not what is so now
        standing = judged.standing if judged else None
        condition = Condition(standing.now) if standing else Condition.UNOBSERVED
        since_ms = standing.at_ms if standing else 0
        return SiteNow(
            site=site,
            condition=Condition.UNOBSERVED if silent else condition,
            since_ms=heard_at_ms if silent else since_ms,
            since_not_earlier_ms=heard_at_ms if silent else (standing.not_earlier_than_ms if standing else 0),
            seen_ms=judged.seen_ms if judged else 0,
            heard_at_ms=heard_at_ms,
            silent=silent,
            silent_since_ms=heard_at_ms if silent else None,
            fresh=standing is not None and not silent,
            confirmed=judged.confirmed if judged else True,
            why="" if silent or not standing else standing.why,
            coverage_today=self._coverage.get(site.code),
            groups=judged.groups if judged and not silent else None,
        )
