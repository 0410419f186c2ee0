"""Pure: what a mass outage says: how many sites, what they have in common, what is wrong with them, who is told."""

from collections import Counter
from collections.abc import Mapping, Sequence

from collector.alerts.deciding.memory import Mass
from collector.alerts.deciding.rules import AlertRules
from collector.alerts.deciding.words import annotations, clock_time, duration, over, whom_to_call
from collector.live import SiteNow
from collector.store import SentAlert

FEW = 10
"""One in so many that was heard meanwhile changes the counts, not the news that many fell silent."""
NAMED = 12
"""So many sites are named; the others are counted, and the page names all of them."""


def of_mass(
    mass: Mass,
    labels: Mapping[str, str],
    by_code: Mapping[str, SiteNow],
    starts_at_ms: int,
    now_ms: int,
    rules: AlertRules,
) -> dict[str, str]:
    """Annotations; beside the sentences `sites` (how many), `regencies` (how many in each) and `call` (whom)."""
    texts, members = rules.texts, [site for code in sorted(mass.members) if (site := by_code.get(code))]
    where, since = _where(labels, rules), clock_time(starts_at_ms, now_ms, rules.timezone)
    regencies = Counter(site.site.regency for site in members if site.site.regency)
    conditions = _conditions(members, rules)
    heard = sum(not site.silent for site in members)
    silently = ".silent" if heard * FEW <= len(members) else ""
    calls = [call for provider in _providers(members, mass) for call in whom_to_call(provider, "", rules)]
    sentences = [
        texts.say(
            "alert.mass" if heard else "alert.mass.silent",
            n=len(mass.members),
            where=where,
            since=since,
            conditions=_counted(conditions),
        ),
        texts.say("alert.mass.regencies", regencies=_counted(regencies)) if len(regencies) > 1 else "",
        texts.say("alert.mass.names", names=_names(members, rules)),
        texts.say(f"alert.mass{silently}.because"),
        *calls,
    ]
    summary = texts.say(f"alert.mass{silently}.summary", n=len(mass.members), where=where, since=since)
    href = f"{rules.external_url}/outages" if rules.external_url else ""
    facts = {"sites": str(len(mass.members)), "regencies": _counted(regencies), "call": " ".join(filter(None, calls))}
    return annotations(summary, sentences, href) | {name: value for name, value in facts.items() if value}


def of_mass_end(alert: SentAlert, mass: Mass, ends_at_ms: int, now_ms: int, rules: AlertRules) -> dict[str, str]:
    """Annotations of a mass outage that is over: how many there were, and how many are not back."""
    texts, left = rules.texts, len(mass.away)
    said = texts.say(
        "alert.mass.over",
        n=len(mass.members),
        where=_where(alert.labels, rules),
        at=clock_time(ends_at_ms, now_ms, rules.timezone),
        lasted=duration(ends_at_ms - alert.starts_at_ms, texts),
    )
    notes = over(alert, said, texts)
    if left:
        notes["description"] += " " + texts.say("alert.mass.left", n=left)
    regencies = alert.annotations.get("regencies", "")
    return notes | {"sites": str(len(mass.members))} | ({"regencies": regencies} if regencies else {})


def _where(labels: Mapping[str, str], rules: AlertRules) -> str:
    places = {name: labels.get(name, "") for name in ("provider", "regency", "district")}
    return rules.texts.say(f"alert.mass.{labels['scope']}", **places)


def _conditions(members: Sequence[SiteNow], rules: AlertRules) -> Counter[str]:
    """What those that are not up are in; of one that is back already nothing is said."""
    named = Counter[str]()
    for site in members:
        if site.silent:
            named[rules.texts.say("alert.mass.no_word")] += 1
        elif site.condition.is_down:
            named[rules.texts.say(f"alert.condition.{site.condition.value}")] += 1
    return named


def _counted(counts: Counter[str]) -> str:
    """`Paser 12, Berau 8`: the most first."""
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _names(members: Sequence[SiteNow], rules: AlertRules) -> str:
    named = ", ".join(f"{site.site.name} ({site.site.code})" for site in members[:NAMED])
    rest = len(members) - NAMED
    return f"{named} {rules.texts.say('alert.and_more', n=rest)}" if rest > 0 else named


def _providers(members: Sequence[SiteNow], mass: Mass) -> list[str]:
    """Whom it concerns: of several providers those with the most sites, two at most."""
    counts = Counter(site.site.provider for site in members if site.site.provider)
    return [name for name, n in counts.most_common(2) if n * 4 >= len(mass.members)]
