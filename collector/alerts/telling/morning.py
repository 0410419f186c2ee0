"""Pure: the morning digest. What is so now, what was yesterday, what is due today: read over the first coffee.

A receiver of some regencies or providers is told of their sites alone. (morning_facts.py gathers the facts.)
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.accounting.calendars import Span
from collector.alerts.deciding.rules import AGENT_UNWELL, MASS_OUTAGE
from collector.alerts.deciding.words import clock_time, duration, place
from collector.alerts.telling.messages import bounded, cut
from collector.alerts.telling.routes import Route
from collector.condition import Outage
from collector.figures.mass import fold
from collector.figures.periods import local
from collector.followups import FollowUpState, Matter
from collector.registry import Site
from collector.store import SentAlert
from shared.texts import Texts

LONGEST = 5
FOLLOWUPS = 5
"""So many are named, the others counted."""
WHAT_CHARS = 200
AT_LEAST = 20
"""Lines that a digest may have whatever the receiver's messages of alerts may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MorningFacts:
    """What a digest is made of, of the whole province."""

    now_ms: int
    timezone: str
    external_url: str
    today: Span
    yesterday: Span
    sites: Sequence[Site]
    silent: Collection[str]
    """Codes of sites that were heard before and are not heard now: nobody knows whether they are down."""
    outages: Sequence[Outage]
    """Those that touch yesterday or today."""
    firing: Sequence[SentAlert]
    matters: Sequence[Matter]
    """Follow-ups."""
    closed: Sequence[Site] = ()
    """Sites that were there yesterday and are closed now: they are told of yesterday alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """A site and its outage: of one that goes on all of it, of one of yesterday what lay in that day."""

    site: Site
    outage: Outage
    lasted_ms: int


def morning_message(facts: MorningFacts, route: Route, max_lines: int, texts: Texts) -> tuple[str, str]:
    """Title and body of the digest for the sites that `route` covers."""
    sites = {site.code: site for site in facts.sites if route.covers(site)}
    down, silent = _down(facts, sites), len(sites.keys() & facts.silent)
    firing = [route.narrowed(alert) for alert in facts.firing if route.takes(alert)]
    due = _due(facts, [m for m in facts.matters if route.everywhere or any(map(m.followup.touches, sites.values()))])
    lines = [
        _of_now(facts, len(sites), len(down), silent, texts),
        *(
            texts.say("morning.mass", summary=a.annotations.get("summary", a.key))
            for a in firing
            if _is(a, MASS_OUTAGE)
        ),
        *_longest(facts, down, texts),
        *_of_yesterday(facts, sites | {site.code: site for site in facts.closed if route.covers(site)}, texts),
        *_followups(facts, due, texts),
        *_agents(sum(_is(alert, AGENT_UNWELL) for alert in firing), texts),
    ]
    day = f"{local(facts.now_ms, facts.timezone):%Y-%m-%d}"
    name = "morning.title" if down or silent else "morning.title_well"
    title = texts.say(name, day=day, down=len(down), sites=len(sites), silent=silent)
    body = bounded(lines, max(max_lines, AT_LEAST), texts)
    return title, "\n".join(part for part in (body, facts.external_url) if part)


def _down(facts: MorningFacts, sites: Mapping[str, Site]) -> list[Down]:
    """What goes on now, the longest first."""
    open_now = (o for o in facts.outages if o.end_ms is None and o.site in sites and o.site not in facts.silent)
    by_start = sorted(open_now, key=lambda outage: (outage.start_ms, outage.site))
    return [Down(site=sites[o.site], outage=o, lasted_ms=facts.now_ms - o.start_ms) for o in by_start]


def _of_now(facts: MorningFacts, sites: int, down: int, silent: int, texts: Texts) -> str:
    at = clock_time(facts.now_ms, facts.now_ms, facts.timezone)
    return texts.say("morning.now", at=at, down=down, sites=sites, silent=silent)


def _longest(facts: MorningFacts, down: Sequence[Down], texts: Texts) -> Iterator[str]:
    if down:
        yield texts.say("morning.longest")
    for one in down[:LONGEST]:
        yield texts.say(
            "morning.down",
            place=place(one.site),
            condition=texts.say(f"alert.condition.{one.outage.condition.value}"),
            since=clock_time(one.outage.start_ms, facts.now_ms, one.site.timezone),
            lasted=duration(one.lasted_ms, texts),
        )
    if len(down) > LONGEST:
        yield texts.say("morning.more_down", n=len(down) - LONGEST)


def _of_yesterday(facts: MorningFacts, sites: Mapping[str, Site], texts: Texts) -> Iterator[str]:
    """Of an outage that touched yesterday only that day's part counts."""
    from_ms, to_ms = facts.yesterday
    known = [outage for outage in facts.outages if outage.site in sites]
    parts = [(min(o.end_ms or facts.now_ms, to_ms) - max(o.start_ms, from_ms), o) for o in known]
    outages = [Down(site=sites[o.site], outage=o, lasted_ms=part_ms) for part_ms, o in parts if part_ms > 0]
    if not outages:
        yield texts.say("morning.yesterday_well")
        return
    total = duration(sum(one.lasted_ms for one in outages), texts)
    touched = len({one.site.code for one in outages})
    yield texts.say("morning.yesterday", n=len(outages), sites=touched, total=total)
    yield from _worst("morning.worst_provider", outages, sites.values(), lambda site: site.provider, texts)
    yield from _worst("morning.worst_regency", outages, sites.values(), lambda site: site.regency, texts)
    masses = [mass for mass in fold(known, sites)[0] if from_ms <= mass.start_ms < to_ms]
    if masses:
        largest = max(masses, key=lambda mass: len(mass.sites))
        names = ", ".join(largest.names)
        yield texts.say("morning.mass_yesterday", n=len(masses), sites=len(largest.sites), names=names)


def _worst(
    said: str, outages: Sequence[Down], sites: Iterable[Site], of: Callable[[Site], str], texts: Texts
) -> Iterator[str]:
    """Who had the most time in outages for each site, for otherwise it would be the largest every day; nobody is the
    worst of one."""
    n_sites = Counter(of(site) for site in sites)
    by_name: dict[str, list[int]] = {name: [] for name in n_sites if name}
    for one in outages:
        by_name.get(of(one.site), []).append(one.lasted_ms)
    each_ms = {name: sum(times) / n_sites[name] for name, times in by_name.items()}
    if len(each_ms) > 1:
        worst = max(each_ms, key=lambda name: (each_ms[name], name))
        yield texts.say(said, name=worst, n=len(by_name[worst]), each=duration(round(each_ms[worst]), texts))


def _due(facts: MorningFacts, matters: Sequence[Matter]) -> list[Matter]:
    """Open ones that are due before today is over, or were: the longest overdue first."""
    unfinished = [one for one in matters if one.state is FollowUpState.OPEN and one.followup.due_ms is not None]
    due = [one for one in unfinished if (one.followup.due_ms or 0) <= facts.today[1]]
    return sorted(due, key=lambda one: (one.followup.due_ms or 0, one.followup.id))


def _followups(facts: MorningFacts, due: Sequence[Matter], texts: Texts) -> Iterator[str]:
    if not due:
        return
    late = sum(matter.overdue(facts.now_ms) for matter in due)
    yield texts.say("morning.followups", today=len(due) - late, late=late)
    for matter in due[:FOLLOWUPS]:
        one = matter.followup
        last_ms = (one.due_ms or 0) - 1  # a day ends where the next begins
        yield texts.say(
            "morning.followup_late" if matter.overdue(facts.now_ms) else "morning.followup",
            what=cut(" ".join(one.what.split()), WHAT_CHARS),
            of=one.of or texts.say("morning.province"),
            owner=one.owner or texts.say("morning.no_owner"),
            due=f"{local(last_ms, facts.timezone):%Y-%m-%d}",
        )


def _agents(n: int, texts: Texts) -> Iterator[str]:
    if n:
        yield texts.say("morning.agents", n=n)


def _is(alert: SentAlert, alertname: str) -> bool:
    return alert.labels.get("alertname") == alertname
