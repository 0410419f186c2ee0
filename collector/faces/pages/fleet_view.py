"""Pure: what is wrong with an agent, which agents a reader wants to see, and in which order."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.accounting.days import ends_ms
from collector.alerts.deciding.words import duration
from collector.clocks import TRUSTED_MS
from collector.faces.guard import Refused
from collector.faces.pages.paging import number_of
from collector.faces.pages.view import View
from collector.live import SILENT_PUSHES
from collector.registry import AgentState, Site

BACKLOG = 200
"""Results that wait to be sent: more than ten minutes of an agent with ten targets every thirty seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An agent of the fleet, with what the collector found out about it. `site` None: it is not registered any more.
    `untrusted`: results that nobody can date; `boots`: what pushes side by side with its token."""

    agent: AgentState
    site: Site | None
    troubles: tuple[str, ...]
    untrusted: int = 0
    boots: tuple[str, ...] = ()


TROUBLES: Mapping[str, Callable[[AgentState, int, tuple[int, ...], int], bool]] = {
    "silent": lambda agent, now_ms, newest, untrusted: is_silent(agent, now_ms),
    "never": lambda agent, now_ms, newest, untrusted: not agent.heard_at_ms,
    "cloned": lambda agent, now_ms, newest, untrusted: agent.cloned,
    "dropped": lambda agent, now_ms, newest, untrusted: agent.dropped > 0,
    "set_aside": lambda agent, now_ms, newest, untrusted: agent.set_aside > 0,
    "undated": lambda agent, now_ms, newest, untrusted: untrusted > 0,
    "clock": lambda agent, now_ms, newest, untrusted: abs(agent.clock_offset_ms) > TRUSTED_MS,
    "backlog": lambda agent, now_ms, newest, untrusted: agent.spool_results > BACKLOG,
    "old": lambda agent, now_ms, newest, untrusted: () < numbers_of(agent.version) < newest,
}
"""What can be wrong, the worst first: (agent, now, newest version, results that nobody can date) -> whether it is."""
CLOSED = "closed"
"""An agent that still pushes from a site that is closed: nothing else counts of it."""
SIGNS = (*TROUBLES, CLOSED)
"""All that can be said of an agent."""
ORDERS: Mapping[str, Callable[[Member], tuple[object, ...]]] = {
    "trouble": lambda one: (_rank(one), one.agent.heard_at_ms if one.troubles[:1] == ("silent",) else 0),
    "name": lambda one: (),
    "site": lambda one: (one.site.name.casefold() if one.site else "", one.agent.site),
    "heard": lambda one: (one.agent.heard_at_ms,),
    "version": lambda one: (numbers_of(one.agent.version), one.agent.version),
    "waiting": lambda one: (-one.agent.spool_results,),
    "clock": lambda one: (-abs(one.agent.clock_offset_ms),),
    "lost": lambda one: (-one.agent.dropped - one.agent.set_aside,),
}
"""How the table may be sorted; the first when nobody asks. Those that are alike stand by name."""


def is_silent(agent: AgentState, now_ms: int) -> bool:
    """Heard once, and now not for longer than its push interval allows."""
    return 0 < agent.heard_at_ms < now_ms - SILENT_PUSHES * agent.push_interval_ms


def numbers_of(version: str) -> tuple[int, ...]:
    """`1.10.2` as it is compared; a version without numbers compares with none."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:4])


def _rank(one: Member) -> int:
    return min((SIGNS.index(name) for name in one.troubles), default=len(SIGNS))


def fleet(
    agents: Sequence[AgentState],
    sites: Mapping[str, Site],
    untrusted: Mapping[str, int],
    cloned: Mapping[str, tuple[str, ...]],
    now_ms: int,
) -> list[Member]:
    """Every one of `agents` with what is wrong with it; of closed sites those that are heard still. The newest version
    is the newest among them."""
    closed = {code for code, site in sites.items() if now_ms >= ends_ms(site)}
    agents = [one for one in agents if one.site not in closed or (one.heard_at_ms and not is_silent(one, now_ms))]
    newest = max((numbers_of(agent.version) for agent in agents), default=())

    def wrong(agent: AgentState) -> tuple[str, ...]:
        undated = untrusted.get(agent.name, 0)
        found = tuple(name for name, is_so in TROUBLES.items() if is_so(agent, now_ms, newest, undated))
        return (CLOSED,) if agent.site in closed else found

    return [
        Member(
            agent=agent,
            site=sites.get(agent.site),
            troubles=wrong(agent),
            untrusted=untrusted.get(agent.name, 0),
            boots=cloned.get(agent.name, ()),
        )
        for agent in agents
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asked of the fleet."""

    q: str
    trouble: str
    regency: str
    sort: str
    page: int

    @classmethod
    def of(cls, query: Mapping[str, str], view: View) -> "Wanted":
        """Refused for what cannot be asked."""
        trouble, sort, page = (
            query.get("trouble", ""),
            query.get("sort", "") or next(iter(ORDERS)),
            query.get("page", ""),
        )
        for name, given, allowed in (("trouble", trouble, ("", "any", *SIGNS)), ("sort", sort, tuple(ORDERS))):
            if given not in allowed:
                raise Refused(400, f"bad-{name}", view.texts.say("fleet.bad_choice", given=given, name=name))
        return cls(
            q=query.get("q", "").strip()[:80],
            trouble=trouble,
            regency=query.get("regency", ""),
            sort=sort,
            page=number_of(page) or 1,
        )

    def matches(self, one: Member) -> bool:
        """Whether `one` passes search and regency, whatever is wrong with it."""
        site, agent = one.site, one.agent
        text = f"{agent.name} {agent.site} {site.name if site else ''} {agent.version}".casefold()
        return self.q.casefold() in text and self.regency in ("", site.regency if site else "")

    def shows(self, one: Member) -> bool:
        """Whether what is wrong with it is asked for."""
        return self.trouble in ("", *one.troubles) or (self.trouble == "any" and bool(one.troubles))

    def in_order(self, members: Sequence[Member]) -> list[Member]:
        return sorted(members, key=lambda one: (*ORDERS[self.sort](one), one.agent.name))


def sentences(one: Member, newest: str, view: View) -> Iterator[tuple[str, str, str]]:
    """(trouble, what is wrong, what to do about it)."""
    agent, say = one.agent, view.texts.say
    values = {
        "ago": view.ago(agent.heard_at_ms),
        "agent": agent.name,
        "site": agent.site,
        "version": agent.version,
        "newest": newest,
        "offset": offset(agent.clock_offset_ms, view),
        "waiting": view.count(agent.spool_results),
        "dropped": view.count(agent.dropped),
        "set_aside": view.count(agent.set_aside),
        "undated": view.count(one.untrusted),
        "boots": len(one.boots) or 2,
        "until": one.site.until if one.site else "",
    }
    for name in one.troubles:
        yield name, say(f"fleet.wrong.{name}", **values), say(f"fleet.do.{name}", **values)


def offset(ms: int, view: View) -> str:
    """How wrong a clock is, in words: ahead or behind."""
    if abs(ms) <= TRUSTED_MS:
        return view.texts.say("fleet.clock.right")
    return view.texts.say("fleet.clock.ahead" if ms > 0 else "fleet.clock.behind", span=duration(abs(ms), view.texts))
