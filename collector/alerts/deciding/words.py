"""Pure: what an alert says to people, in the language of the installation."""

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from collector.alerts.deciding.rules import SITE_DEGRADED, SITE_DOWN, SITE_SILENT, AlertRules
from collector.live import SiteNow
from collector.registry import AgentState, Site
from collector.store import SentAlert
from shared.clock import utc
from shared.texts import Texts

ENDINGS = {SITE_DOWN: "alert.up_again", SITE_SILENT: "alert.heard_again", SITE_DEGRADED: "alert.fast_again"}


def clock_time(at_ms: int, now_ms: int, timezone: str) -> str:
    """`10:32 WITA`, with the date before it when that is not today's; the zone is always shown."""
    zone = ZoneInfo(timezone)
    at = utc(at_ms).astimezone(zone)
    today = at.date() == utc(now_ms).astimezone(zone).date()
    return f"{at:%H:%M %Z}" if today else f"{at:%Y-%m-%d %H:%M %Z}"


def duration(ms: int, texts: Texts) -> str:
    """The two largest units: `2 jam 5 menit`, `40 detik`."""
    seconds = max(0, ms) // 1000
    units = (
        ("days", seconds // 86_400),
        ("hours", seconds // 3600 % 24),
        ("minutes", seconds // 60 % 60),
        ("seconds", seconds % 60),
    )
    first = next((i for i, (_, n) in enumerate(units) if n), 3)
    return " ".join(texts.say(f"alert.{unit}", n=n) for unit, n in units[first : first + 2] if n or first == 3)


def place(site: Site) -> str:
    """`Rantau Panjang (64.01.04.2009), Tanah Grogot, Paser`: never the name alone, thirty village names repeat."""
    return ", ".join(part for part in (f"{site.name} ({site.code})", site.district, site.regency) if part)


def link(external_url: str, code: str) -> str:
    """The page of the site; empty when the collector does not know its own address."""
    return f"{external_url}/sites/{code}" if external_url else ""


def of_down(site: SiteNow, starts_at_ms: int, now_ms: int, rules: AlertRules, falls: int = 0) -> dict[str, str]:
    """Annotations of a site that is down: what, where, since when, why we think so, whom to call. `falls`: how often it
    went down, if it does so again and again."""
    texts, who = rules.texts, {"name": site.site.name, "code": site.site.code}
    since = clock_time(starts_at_ms, now_ms, site.site.timezone)
    condition = texts.say(f"alert.condition.{site.condition.value}")
    sentences = [
        texts.say("alert.down", place=place(site.site), condition=condition, since=since),
        texts.say("alert.flapping", n=falls, quiet=duration(rules.flaps.quiet_ms, texts)) if falls else "",
        texts.say(f"alert.because.{site.condition.value}"),
        _line(site.site, texts),
        texts.say("alert.evidence", why=site.why) if site.why else "",
        *whom_to_call(site.site.provider, site.site.contract, rules),
    ]
    name = "alert.flapping.summary" if falls else "alert.down.summary"
    summary = texts.say(name, condition=condition, since=since, n=falls, **who)
    more = {"falls": str(falls)} if falls else {}
    return annotations(summary, sentences, link(rules.external_url, site.site.code)) | more


def of_silent(site: SiteNow, now_ms: int, rules: AlertRules) -> dict[str, str]:
    """Annotations of a site that is not heard: that is all we know, and we say so."""
    texts = rules.texts
    since = clock_time(site.heard_at_ms, now_ms, site.site.timezone)
    sentences = [
        texts.say("alert.silent", place=place(site.site), since=since),
        texts.say("alert.because.silent"),
        _line(site.site, texts),
        *whom_to_call(site.site.provider, site.site.contract, rules),
    ]
    summary = texts.say("alert.silent.summary", name=site.site.name, code=site.site.code, since=since)
    return annotations(summary, sentences, link(rules.external_url, site.site.code))


def of_degraded(site: SiteNow, now_ms: int, rules: AlertRules) -> dict[str, str]:
    """Annotations of a site whose line has been too slow or too lossy for long."""
    texts = rules.texts
    since = clock_time(min(site.since_ms, now_ms), now_ms, site.site.timezone)
    sentences = [
        texts.say("alert.degraded", place=place(site.site), since=since),
        texts.say("alert.because.degraded"),
        _line(site.site, texts),
        texts.say("alert.evidence", why=site.why) if site.why else "",
        *whom_to_call(site.site.provider, site.site.contract, rules),
    ]
    summary = texts.say("alert.degraded.summary", name=site.site.name, code=site.site.code, since=since)
    return annotations(summary, sentences, link(rules.external_url, site.site.code))


def of_end(alert: SentAlert, site: SiteNow | None, ends_at_ms: int, now_ms: int, texts: Texts) -> dict[str, str]:
    """Annotations of a site's resolved alert: how it ended and how long it took. `site` None: it left the registry.

    Of a silence no more is said than that it is over: what a site tells first is what it was in, not what it is in.
    """
    who = {"name": alert.labels["site_name"], "code": alert.labels["site"]}
    if site is None:
        said = texts.say("alert.removed", **who)
    elif site.condition.is_down and alert.labels["alertname"] != SITE_SILENT:
        said = texts.say("alert.changed", condition=texts.say(f"alert.condition.{site.condition.value}"), **who)
    else:
        at = clock_time(ends_at_ms, now_ms, site.site.timezone)
        lasted = duration(ends_at_ms - alert.starts_at_ms, texts)
        said = texts.say(ENDINGS[alert.labels["alertname"]], at=at, lasted=lasted, **who)
    return over(alert, said, texts)


def of_agent(agent: AgentState, reason: str, site: Site, rules: AlertRules) -> dict[str, str]:
    """Annotations of an agent that is unwell: what is wrong, what follows of it, what to do."""
    texts = rules.texts
    facts = {
        "agent": agent.name,
        "off": duration(abs(agent.clock_offset_ms), texts),
        "spool": agent.spool_results,
        "dropped": agent.dropped,
        "version": agent.version,
        "wanted": rules.agents.min_version,
    }
    said = texts.say(f"alert.agent.{reason}.name")
    summary = texts.say("alert.agent.summary", reason=said, **facts)
    sentences = [texts.say("alert.agent", place=place(site), **facts), texts.say(f"alert.agent.{reason}", **facts)]
    return annotations(summary, sentences, f"{rules.external_url}/fleet" if rules.external_url else "")


def of_collector(reason: str, facts: Mapping[str, object], rules: AlertRules) -> dict[str, str]:
    """Annotations of a collector that is unwell."""
    texts = rules.texts
    summary = texts.say("alert.collector.summary", reason=texts.say(f"alert.collector.{reason}"))
    return annotations(
        summary, [f"{summary}.", texts.say(f"alert.collector.{reason}.because", **facts)], rules.external_url
    )


def over(alert: SentAlert, said: str, texts: Texts) -> dict[str, str]:
    """Annotations of an alert that is over, which `said` says; what it had said before is told with it."""
    before = alert.annotations.get("summary", "")
    sentences = [f"{said}.", texts.say("alert.before", said=before) if before else ""]
    return annotations(said, sentences, alert.annotations.get("link", ""))


def _line(site: Site, texts: Texts) -> str:
    return texts.say("alert.line", provider=site.provider, medium=site.medium.value) if site.provider else ""


def whom_to_call(provider: str, contract: str, rules: AlertRules) -> Iterator[str]:
    """The provider's service desk, what to have at hand, and the contract; what nobody entered is not said."""
    contact, texts = rules.contacts.get(provider), rules.texts
    if contact and contact.call:
        yield texts.say("alert.call", call=contact.call)
    if contact and contact.note:
        yield texts.say("alert.note", note=contact.note.rstrip("."))
    if contract:
        yield texts.say("alert.contract", contract=contract)


def annotations(summary: str, sentences: Sequence[str], href: str) -> dict[str, str]:
    """Those that every alert has; what is empty is left out."""
    notes = {"summary": summary, "description": " ".join(s for s in sentences if s), "link": href}
    return {name: text for name, text in notes.items() if text}
