"""What the morning digest is made of, read from the store (blocks): by the collector, and by `alerts digest`."""

from collections.abc import Collection, Sequence

from collector.accounting.days import day_at, ends_ms
from collector.alerts.channel import is_alert
from collector.alerts.telling.morning import MorningFacts
from collector.figures.recap import lived
from collector.followups import told
from collector.live import Live
from collector.registry import Site
from collector.store import Store


def morning_facts(store: Store, timezone: str, external_url: str, now_ms: int) -> MorningFacts:
    """The facts at `now_ms`; days are those of `timezone`."""
    today = day_at(timezone, now_ms)
    yesterday = day_at(timezone, today[0] - 1)
    known = {site.code: site for site in store.sites() if yesterday[0] < ends_ms(site)}
    sites = [site for site in known.values() if now_ms < ends_ms(site)]
    outages = store.outages(list(known), yesterday[0], now_ms, now_ms)
    return MorningFacts(
        now_ms=now_ms,
        timezone=timezone,
        external_url=external_url,
        today=today,
        yesterday=yesterday,
        sites=sites,
        silent=_silent(store, sites, now_ms),
        closed=[site for site in known.values() if now_ms >= ends_ms(site)],
        outages=list(lived(outages, known, yesterday[0], now_ms)),
        firing=[alert for alert in store.sent_alerts() if is_alert(alert) and alert.ends_at_ms is None],
        matters=told(store.followups.all(), store.followups.steps()),
    )


def _silent(store: Store, sites: Sequence[Site], now_ms: int) -> Collection[str]:
    """Sites that were heard before and are not heard now, by their own agents."""
    live = Live()
    live.set_registry(sites, store.agents())
    return {one.site.code for one in live.sites(now_ms) if one.silent}
