"""Pure: when many sites fall at once it is one alert that names and counts them, and theirs are not created.

1. What fell lately: sites whose alert is due, or was told, within `window_ms`; beside them those that are about to be:
   down but not settled, or overdue with their push while others are missed.
2. They are one when at least `min_sites` of them are proven (due or told) and have something in common, and all of them
   are `share` of those of that scope that are observed, or `many`.
3. What they have in common: of the scopes that qualify, those that hold nine tenths of what the fullest one holds;
   among these the one of which the largest part fell, and of equal ones the narrowest. So a provider that is cut is the
   provider and not the whole province, and a district is the district although its regency fell as well.
4. The parent is judged before its children. Whoever fell in company of two others waits for up to `holdoff_ms`, or a
   third of its allowance if it is silent, unless the company is calm: nobody has joined for CALM_MS. The mass outage
   begins when the first of them has waited to its end, or when all is calm, of whatever fell until then.
   Arithmetic: 40 sites that fall within 20 s with settle 8 s and hold-off 10 s. The first is due at 8 s, when those of
   the first 3 s are seen (what falls is seen some 5 s later): 6 others, so it waits. At 18 s it has waited to the end,
   and the 26 of the first 13 s are one alert; the other 14 join it. One that falls alone is told at 8 s as ever.
5. Whoever falls in its scope later, but at most `window_ms` after the newest member, joins it. What falls after that
   is another story and has its own alert, also if it was a member and had come back.
6. It ends once fewer than a tenth of its members are not back for END_SETTLE_MS, at the moment when that was so; or
   when at most a quarter are not and nobody has come back for STRAGGLE_MS. Those that are left are sites like all
   others then: what is due at them is told.
7. It is told anew when it has grown by a quarter, and when it has stopped growing for GROWN_MS.
8. Members whose alerts were sent before still get their end by themselves. Nothing is claimed of silent members but
   that there is no word of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.alerts.deciding import mass_words as words
from collector.alerts.deciding.memory import Mass, Member
from collector.alerts.deciding.rules import CRITICAL, MASS_OUTAGE, SITE_DOWN, SITE_SILENT, AlertRules, MassRules, ended
from collector.alerts.deciding.sites import Fallen
from collector.condition import Condition
from collector.live import SiteNow
from collector.registry import Site
from collector.store import SentAlert

CALM_MS = 4_000
END_SETTLE_MS = 30_000
STRAGGLE_MS = 1_800_000
GROWN_MS = 15_000
COMPANY = 3
NEARLY_ALL = 0.9
EVERYWHERE = "all"
SCOPES = ("district", "provider_regency", "regency", "provider", EVERYWHERE)
"""The narrowest first."""

Group = tuple[str, str]
"""A scope and which one of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Mass outages that begin, by the key of their alert; and the sites that wait for their company."""

    masses: Mapping[str, Mass]
    held: frozenset[str]


def groups_of(site: Site) -> tuple[Group, ...]:
    """What `site` may have in common with others, the narrowest first."""
    found = (
        ("district", f"{site.district}, {site.regency}" if site.district else ""),
        ("provider_regency", f"{site.provider}, {site.regency}" if site.provider and site.regency else ""),
        ("regency", site.regency),
        ("provider", site.provider),
    )
    return (*((scope, of) for scope, of in found if of), (EVERYWHERE, ""))


def key_of(group: Group) -> str:
    """Of the alert."""
    return f"{MASS_OUTAGE}/{group[0]}/{group[1]}"


def begin(
    fallen: Iterable[Fallen], sites: Sequence[SiteNow], going: Mapping[str, Mass], now_ms: int, rules: MassRules
) -> Begun:
    """`fallen`: those that are in no mass outage that goes on (`going`)."""
    recent = {
        one.site.site.code: one
        for one in fallen
        if one.may_be_mass and one.due_ms >= now_ms - rules.window_ms - one.hold_ms
    }
    if not any(_is_news(one, now_ms) for one in recent.values()):
        return Begun(masses={}, held=frozenset())
    if any(one.alertname == SITE_SILENT and _is_news(one, now_ms) for one in recent.values()):
        folded = {code for mass in going.values() for code in mass.away}
        recent |= {one.site.site.code: one for one in _overdue(sites, recent.keys() | folded, now_ms)}
    masses: dict[str, Mass] = {}
    held: set[str] = set()
    while best := _best(recent.values(), sites, going, now_ms, rules):
        group, company = best
        proven = {one.site.site.code: Member(fell_ms=one.fell_ms) for one in company if one.due_ms <= now_ms}
        if _is_ripe(company, now_ms):
            masses[key_of(group)] = Mass(scope=group[0], of=group[1], members=proven, joined_ms=now_ms)
        else:
            held |= proven.keys()
        for one in company:
            del recent[one.site.site.code]
    return Begun(masses=masses, held=frozenset(held | _in_company(recent.values(), sites, now_ms, rules)))


def go_on(mass: Mass, fallen: Iterable[Fallen], by_code: Mapping[str, SiteNow], now_ms: int, rules: AlertRules) -> Mass:
    """`mass` with who came back and who joined it."""
    settling = rules.settling(now_ms)
    members = {code: _now(member, by_code.get(code), settling, now_ms, rules) for code, member in mass.members.items()}
    away, until_ms = mass.away, mass.fell_ms + rules.mass.window_ms
    new = {
        one.site.site.code: Member(fell_ms=one.fell_ms)
        for one in fallen
        if one.due_ms <= now_ms
        and not one.is_told
        and one.may_be_mass
        and one.site.site.code not in away
        and one.fell_ms <= until_ms
        and (mass.scope, mass.of) in groups_of(one.site.site)
    }
    if members == mass.members and not new:
        return mass
    return replace(mass, members=members | new, joined_ms=now_ms if new else mass.joined_ms)


def end_ms(mass: Mass, now_ms: int) -> int | None:
    """When it came to its end; None while it has not."""
    n, left = len(mass.members), len(mass.away)
    backs = sorted(member.back_ms for member in mass.members.values() if member.back_ms is not None)
    if left == 0 or left * 10 < n:
        at_ms = backs[min(n - 1, n * 9 // 10)]
        return at_ms if now_ms - at_ms >= END_SETTLE_MS else None
    if left * 4 <= n and now_ms - backs[-1] >= STRAGGLE_MS:
        return backs[-1]
    return None


def alert_of(mass: Mass, by_code: Mapping[str, SiteNow], now_ms: int, rules: AlertRules) -> SentAlert:
    """The alert of a mass outage that begins. Labels that its scope does not fix are not there."""
    some = next(site.site for code in mass.members if (site := by_code.get(code)))
    fixed = {
        "regency": some.regency if mass.scope in ("district", "provider_regency", "regency") else "",
        "district": some.district if mass.scope == "district" else "",
        "provider": some.provider if mass.scope in ("provider_regency", "provider") else "",
    }
    labels = {"alertname": MASS_OUTAGE, "severity": CRITICAL, "scope": mass.scope, "of": mass.of} | fixed
    starts_at_ms = min(now_ms, *(member.fell_ms for member in mass.members.values()))
    return SentAlert(
        key=key_of((mass.scope, mass.of)),
        labels={name: value for name, value in labels.items() if value},
        annotations=words.of_mass(mass, labels, by_code, starts_at_ms, now_ms, rules),
        starts_at_ms=starts_at_ms,
    )


def grown(
    alert: SentAlert, mass: Mass, by_code: Mapping[str, SiteNow], now_ms: int, rules: AlertRules
) -> SentAlert | None:
    """`alert` with what is to be told anew; None if nothing is."""
    told, n = int(alert.annotations["sites"]), len(mass.members)
    if n <= told or (n * 4 < told * 5 and now_ms - mass.joined_ms < GROWN_MS):
        return None
    return replace(alert, annotations=words.of_mass(mass, alert.labels, by_code, alert.starts_at_ms, now_ms, rules))


def over(alert: SentAlert, mass: Mass, at_ms: int, now_ms: int, rules: AlertRules) -> SentAlert:
    """`alert` with its end."""
    return ended(alert, at_ms, now_ms, words.of_mass_end(alert, mass, min(at_ms, now_ms), now_ms, rules))


def _is_news(one: Fallen, now_ms: int) -> bool:
    return one.due_ms <= now_ms and not one.is_told


def _overdue(sites: Iterable[SiteNow], known: Iterable[str], now_ms: int) -> Iterator[Fallen]:
    """Sites that should have pushed by now: three quarters of their allowance are an interval and an eighth."""
    known = frozenset(known)
    for site in sites:
        late = 4 * (now_ms - site.heard_at_ms) > 3 * site.allowance_ms
        missed = late and site.heard_at_ms and not site.silent and site.in_service and not site.excluded
        if missed and site.site.code not in known:
            due_ms = site.heard_at_ms + site.allowance_ms + 1
            yield Fallen(site=site, alertname=SITE_SILENT, fell_ms=site.heard_at_ms, due_ms=due_ms, hold_ms=0)


def _by_group(recent: Iterable[Fallen]) -> dict[Group, list[Fallen]]:
    found: defaultdict[Group, list[Fallen]] = defaultdict(list)
    for one in recent:
        for group in groups_of(one.site.site):
            found[group].append(one)
    return found


def _best(
    recent: Iterable[Fallen], sites: Sequence[SiteNow], going: Mapping[str, Mass], now_ms: int, rules: MassRules
) -> tuple[Group, list[Fallen]] | None:
    """Rules 2 and 3. What a scope that has its mass outage already has besides is told site by site."""
    large = {
        group: company
        for group, company in _by_group(recent).items()
        if key_of(group) not in going
        and sum(one.due_ms <= now_ms for one in company) >= rules.min_sites
        and any(_is_news(one, now_ms) for one in company)
    }
    if not large:
        return None
    observed = _observed(sites, large)
    shares = {group: len(company) / max(1, observed[group]) for group, company in large.items()}
    large = {g: company for g, company in large.items() if shares[g] >= rules.share or len(company) >= rules.many}
    most = max((len(company) for company in large.values()), default=0)
    full = [group for group, company in large.items() if len(company) >= NEARLY_ALL * most]
    best = min(full, key=lambda group: (-shares[group], SCOPES.index(group[0]), group[1]), default=None)
    return None if best is None else (best, large[best])


def _observed(sites: Iterable[SiteNow], groups: Mapping[Group, Sequence[Fallen]]) -> dict[Group, int]:
    """How many sites of each group could be seen to fall: those that are seen now, and those that just fell."""
    fell = {one.site.site.code for company in groups.values() for one in company}
    found = dict.fromkeys(groups, 0)
    for site in sites:
        if (site.condition is not Condition.UNOBSERVED and not site.excluded) or site.site.code in fell:
            for group in groups_of(site.site):
                if group in found:
                    found[group] += 1
    return found


def _is_ripe(company: Iterable[Fallen], now_ms: int) -> bool:
    """Rule 4: whether nobody is waited for any more."""
    company = list(company)
    waited = any(_is_news(one, now_ms) and now_ms >= one.due_ms + one.hold_ms for one in company)
    return waited or _is_calm(company, now_ms)


def _is_calm(company: Iterable[Fallen], now_ms: int) -> bool:
    return all(one.alertname == SITE_DOWN and now_ms - one.noticed_ms >= CALM_MS for one in company)


def _in_company(recent: Iterable[Fallen], sites: Sequence[SiteNow], now_ms: int, rules: MassRules) -> set[str]:
    """Rule 4: those that wait. Of the whole province there is always some company, so that does not count; and nobody
    is waited for where there are too few for a mass outage."""
    growing = {
        group: company
        for group, company in _by_group(recent).items()
        if group[0] != EVERYWHERE and len(company) >= COMPANY and not _is_calm(company, now_ms)
    }
    observed = _observed(sites, growing) if growing else {}
    large = [company for group, company in growing.items() if observed[group] >= rules.min_sites]
    return {one.site.site.code for company in large for one in company if now_ms < one.due_ms + one.hold_ms}


def _now(member: Member, site: SiteNow | None, settling: bool, now_ms: int, rules: AlertRules) -> Member:
    """A member is back once it is seen to be up, or has left the registry."""
    if site is None:
        return member if settling or member.back_ms else replace(member, back_ms=now_ms)
    heard = not settling or site.heard_at_ms >= rules.started_at_ms
    if site.condition in (Condition.UP, Condition.DEGRADED) and not site.silent and heard:
        back_ms = max(site.since_ms, member.fell_ms)
        return member if member.back_ms == back_ms else replace(member, back_ms=back_ms)
    return member
