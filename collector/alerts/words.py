"""Pure: what an alert says to people, in the language of the installation."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from collector.live import SiteNow
from collector.registry import Site
from collector.store import SentAlert
from shared.clock import utc
from shared.texts import Texts


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


def of_down(site: SiteNow, starts_at_ms: int, now_ms: int, texts: Texts, external_url: str) -> dict[str, str]:
    """Annotations of a site that is down: what, where, since when, why we think so."""
    since = clock_time(starts_at_ms, now_ms, site.site.timezone)
    condition = texts.say(f"alert.condition.{site.condition.value}")
    sentences = [
        texts.say("alert.down", place=place(site.site), condition=condition, since=since),
        texts.say(f"alert.because.{site.condition.value}"),
        _line(site.site, texts),
        texts.say("alert.evidence", why=site.why) if site.why else "",
    ]
    summary = texts.say(
        "alert.down.summary", name=site.site.name, code=site.site.code, condition=condition, since=since
    )
    return _annotations(summary, sentences, link(external_url, site.site.code))


def of_silent(site: SiteNow, now_ms: int, texts: Texts, external_url: str) -> dict[str, str]:
    """Annotations of a site that is not heard: that is all we know, and we say so."""
    since = clock_time(site.heard_at_ms, now_ms, site.site.timezone)
    sentences = [
        texts.say("alert.silent", place=place(site.site), since=since),
        texts.say("alert.because.silent"),
        _line(site.site, texts),
    ]
    summary = texts.say("alert.silent.summary", name=site.site.name, code=site.site.code, since=since)
    return _annotations(summary, sentences, link(external_url, site.site.code))


def of_end(alert: SentAlert, site: SiteNow | None, ends_at_ms: int, now_ms: int, texts: Texts) -> dict[str, str]:
    """Annotations of a resolved alert: how it ended and how long it took. `site` None: it is no longer registered."""
    who = {"name": alert.labels["site_name"], "code": alert.labels["site"]}
    if site is None:
        said = texts.say("alert.removed", **who)
    elif site.condition.is_down:
        said = texts.say("alert.changed", condition=texts.say(f"alert.condition.{site.condition.value}"), **who)
    else:
        name = "alert.heard_again" if alert.labels["alertname"] == "SiteSilent" else "alert.up_again"
        at = clock_time(ends_at_ms, now_ms, site.site.timezone)
        said = texts.say(name, at=at, lasted=duration(ends_at_ms - alert.starts_at_ms, texts), **who)
    before = alert.annotations.get("summary", "")
    return _annotations(
        said, [f"{said}.", texts.say("alert.before", said=before) if before else ""], alert.annotations.get("link", "")
    )


def digest(down: Sequence[SentAlert], over: Sequence[SentAlert], max_lines: int, texts: Texts) -> tuple[str, str]:
    """Title and body of one message about many alerts: a mass outage is one message, not ninety."""
    if len(down) + len(over) == 1:
        [alert] = [*down, *over]
        notes = alert.annotations
        return notes["summary"], "\n".join(part for part in (notes["description"], notes.get("link", "")) if part)
    titles = [
        texts.say("alert.many_down", n=len(down)) if down else "",
        texts.say("alert.many_over", n=len(over)) if over else "",
    ]
    lines = [*_listed("✗", down), *_listed("✓", over)]
    rest = len(lines) - max_lines
    body = lines[:max_lines] + ([texts.say("alert.and_more", n=rest)] if rest > 0 else [])
    return ", ".join(title for title in titles if title), "\n".join(body)


def _listed(mark: str, alerts: Iterable[SentAlert]) -> list[str]:
    by_place = sorted(alerts, key=lambda a: (a.labels.get("regency", ""), a.labels["site"], a.key))
    return [
        f"{mark} {a.labels['regency'] + ': ' if 'regency' in a.labels else ''}{a.annotations['summary']}"
        for a in by_place
    ]


def _line(site: Site, texts: Texts) -> str:
    return texts.say("alert.line", provider=site.provider, medium=site.medium.value) if site.provider else ""


def _annotations(summary: str, sentences: Sequence[str], href: str) -> dict[str, str]:
    notes = {"summary": summary, "description": " ".join(s for s in sentences if s), "link": href}
    return {name: text for name, text in notes.items() if text}
