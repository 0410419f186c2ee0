"""What is so now: one view a site, from fresh results alone. The page, the metrics and the alerts read nothing else.

Between two pushes the newest results are up to a push interval old. That is not silence: until the allowance of
`SILENT_PUSHES` push intervals has passed, a site is still in the condition that its last results showed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.accounting.calendars import ALWAYS, Calendar, service_spans
from collector.accounting.days import ends_ms
from collector.acts import Exclusion
from collector.condition import Condition, Flip
from collector.registry import AgentState, Site

SILENT_PUSHES = 1.5
SERVICE_LOOK_BACK_MS = 86_400_000
"""How far back the beginning of the present service hours is looked for: no allowance of silence is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteNow:
    """What is known of a site now. Times are the collector's wall milliseconds; `heard_at_ms` 0: never heard.

    `condition` is what the last results showed, or `unobserved` once the site is silent. `fresh`: the flip into
    this condition was news when it was first seen, so an alert may be made of it. `in_service`: service is due there
    now, by the site's calendar, and has been since `service_since_ms`, or longer. `allowance_ms`: how long it may say
    nothing. `excluded`: what takes the present out of the account; nobody is woken for what is under maintenance.
    `closed_ms`: since when the site is closed; nothing is said of what it is in then.
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
    in_service: bool = True
    service_since_ms: int = 0
    allowance_ms: int = 0
    excluded: Exclusion | None = None
    closed_ms: int | None = None


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
    is passed in. `calendar_of` tells when service is due."""

    def __init__(self, calendar_of: Callable[[Site], Calendar] = lambda _site: ALWAYS) -> None:
        self._calendar_of = calendar_of
        self._sites: dict[str, Site] = {}
        self._agents: dict[str, AgentState] = {}
        self._own: Mapping[str, list[AgentState]] = {}
        self._judged: dict[str, Judged] = {}
        self._lasts: Callable[[str], int | None] = lambda _site: None
        self._coverage: dict[str, float] = {}
        self._watchers: dict[str, set[str]] = {}
        self._exclusions: list[Exclusion] = []

    def set_registry(self, sites: Iterable[Site], agents: Iterable[AgentState]) -> None:
        """Replace what is known of sites and agents (called at start, after imports and after every commit)."""
        self._sites = {site.code: site for site in sorted(sites, key=lambda site: site.code)}
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

    def lasting(self, ends_ms: Callable[[str], int | None]) -> None:
        """`ends_ms` knows of sites whose evidence grows without being judged when it runs out now; None: of others."""
        self._lasts = ends_ms

    def exclude(self, exclusions: Iterable[Exclusion]) -> None:
        """Replace what is known of exclusions."""
        self._exclusions = [one for one in exclusions if one.withdrawn_ms is None]

    def covered(self, coverage: Mapping[str, float]) -> None:
        """Coverage of today by site, 0 to 1."""
        self._coverage.update(coverage)

    def sites(self, now_ms: int) -> list[SiteNow]:
        """Every registered site that is not closed, by code."""
        service = Service(self._calendar_of, now_ms)
        return [self._view(site, now_ms, service) for site in self._sites.values() if now_ms < ends_ms(site)]

    def closed(self, now_ms: int) -> list[SiteNow]:
        """Every registered site that is closed, by code."""
        return [self._closed(site) for site in self._sites.values() if now_ms >= ends_ms(site)]

    def registered(self) -> list[Site]:
        """Every site, closed or not, by code: for what looks back."""
        return list(self._sites.values())

    def site(self, code: str, now_ms: int) -> SiteNow | None:
        """Also one that is closed."""
        found = self._sites.get(code)
        if found is None:
            return None
        closed = now_ms >= ends_ms(found)
        return self._closed(found) if closed else self._view(found, now_ms, Service(self._calendar_of, now_ms))

    def agents(self) -> list[AgentState]:
        return [agent for _, agent in sorted(self._agents.items())]

    def agents_at_work(self, now_ms: int) -> list[AgentState]:
        """All but those of closed sites."""
        closed = {code for code, site in self._sites.items() if now_ms >= ends_ms(site)}
        return [agent for agent in self.agents() if agent.site not in closed]

    def _reporters(self, site: Site) -> Sequence[AgentState]:
        """Who told of it: who watches it, or its own agents."""
        watching = [a for name in sorted(self._watchers.get(site.code, ())) if (a := self._agents.get(name))]
        return watching or [a for a in self._own.get(site.code, ()) if a.heard_at_ms]

    def _closed(self, site: Site) -> SiteNow:
        return SiteNow(
            site=site,
            condition=Condition.UNOBSERVED,
            since_ms=0,
            since_not_earlier_ms=0,
            heard_at_ms=max((a.heard_at_ms for a in self._reporters(site)), default=0),
            in_service=False,
            closed_ms=ends_ms(site),
        )

    def _view(self, site: Site, now_ms: int, service: "Service") -> SiteNow:
        reporters = self._reporters(site)
        heard_at_ms = max((a.heard_at_ms for a in reporters), default=0)
        deadline_ms = max((a.heard_at_ms + round(SILENT_PUSHES * a.push_interval_ms) for a in reporters), default=0)
        silent = 0 < deadline_ms < now_ms
        judged = self._judged.get(site.code)
        lasts_ms = self._lasts(site.code)
        if judged and lasts_ms:
            judged = replace(judged, ends_ms=lasts_ms)
        if judged and (judged.ends_ms is None or judged.ends_ms + deadline_ms - heard_at_ms < now_ms):
            judged = None  # its agent may be heard, but has measured nothing lately: old news is not what is so now
        standing = judged.standing if judged else None
        condition = Condition(standing.now) if standing else Condition.UNOBSERVED
        since_ms = standing.at_ms if standing else 0
        service_since_ms = service.since(site)
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
            in_service=service_since_ms is not None,
            service_since_ms=service_since_ms or 0,
            allowance_ms=deadline_ms - heard_at_ms,
            excluded=self._excluded(site, now_ms),
        )

    def _excluded(self, site: Site, now_ms: int) -> Exclusion | None:
        now = (one for one in self._exclusions if one.from_ms <= now_ms < one.to_ms)
        return next((one for one in now if one.touches(site)), None)


class Service:
    """Where service is due at one instant. Sites share calendars, so that a whole province asks only a few times."""

    def __init__(self, calendar_of: Callable[[Site], Calendar], now_ms: int) -> None:
        self._calendar_of, self._now_ms = calendar_of, now_ms
        self._known: dict[tuple[str, str], int | None] = {}

    def since(self, site: Site) -> int | None:
        """Since when service has been due there, as far as SERVICE_LOOK_BACK_MS tells; None while it is not."""
        calendar = self._calendar_of(site)
        key = calendar.name, site.timezone
        if key not in self._known:
            from_ms, to_ms = self._now_ms - SERVICE_LOOK_BACK_MS, self._now_ms + 1
            spans = service_spans(calendar, site.timezone, from_ms, to_ms)
            self._known[key] = spans[-1][0] if spans and spans[-1][1] == to_ms else None
        return self._known[key]
