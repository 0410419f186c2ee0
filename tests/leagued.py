"""A province in which providers can be told apart: twenty sites and a hub over two days, of each provider the lines
down for other hours; and the audit pack of it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from collector.config import CollectorConfig
from collector.contracts import Contract
from collector.figures.periods import between
from collector.parts import Parts
from collector.registry import Details, Medium, Site
from collector.reports.source import Source, Wanted
from collector.store import Store, open_store
from tests.audited import DAY, FROM_MS, HOUR, House
from tests.bookkeeping import Office
from tests.fakes import FakeClock

NOW_MS = FROM_MS + 2 * DAY + 10 * HOUR
MEDIA = {"Fajar": Medium.FIBER, "Senja": Medium.FIBER, "Langit": Medium.LEO, "": Medium.VSAT}
SITES = (("Fajar", 7, 1), ("Senja", 7, 9), ("Langit", 3, 4), ("", 2, 2))
"""Provider, how many sites, for how many hours the line of its first site was down; of each next one an hour more."""
CONTRACTS = (
    Contract(number="K-Fajar", begins=date(2026, 1, 1), ends=date(2026, 9, 1), sla=Decimal("0.5")),
    Contract(number="K-Fajar", begins=date(2026, 9, 2), sla=Decimal("0.92")),
    Contract(number="K-Senja", begins=date(2026, 1, 1)),
)
REGENCIES, KINDS = ("Paser", "Berau"), ("opd", "village", "service", "other")
REPORTS = {"league_at_least_sites": 6, "league_limit": 0.8}
TARGETS = [{"name": "RPJMD", "indicator": "connected", "years": {"2026": 0.9}}]


def province(folder: Path) -> House:
    """Of its sites one more is only registered, and one is down all the time."""
    clock = FakeClock(wall_ms=NOW_MS)
    for site, hours in _sites():
        office = Office(folder, site, file="league.db", clock=clock)
        down_ms = FROM_MS + 12 * HOUR
        for from_ms, to_ms, what in (
            (FROM_MS, down_ms, "up"),
            (down_ms, down_ms + hours * HOUR, "line"),
            (down_ms + hours * HOUR, FROM_MS + 2 * DAY, "up"),
        ):
            office.deliver(from_ms, to_ms, what, agent=site.code)
        office.store.close()
    _gone(folder, clock)
    store = open_store(f"sqlite:///{folder}/league.db")
    store.put_sites([site_of("Senja", 20)])
    store.acts.import_contracts(CONTRACTS, by="operator", at_ms=FROM_MS, detail={})
    store.register.put_details([Details(code=site.code, bandwidth_mbps=12.5) for site in store.sites()[:5]])
    store.close()
    return opened(folder)


def _sites() -> Sequence[tuple[Site, int]]:
    return [(site_of(provider, n), first + n) for provider, sites, first in SITES for n in range(sites)]


def _gone(folder: Path, clock: FakeClock) -> None:
    """A site that is down from the first result on, and a hub."""
    for site, what in ((site_of("Langit", 10), "line"), (site_of("Fajar", 11, kind="hub"), "up")):
        office = Office(folder, site, file="league.db", clock=clock)
        office.deliver(FROM_MS, FROM_MS + 2 * DAY, what, agent=site.code)
        office.store.close()


def site_of(provider: str, n: int, kind: str = "") -> Site:
    kind = kind or KINDS[n % len(KINDS)]
    return Site(
        code=f"{provider or 'x'}-{n:02}",
        name=f"Titik {n}",
        kind=kind,
        opd=f"Dinas {n % 3}" if kind == "opd" else "",
        regency=REGENCIES[n % 2],
        provider=provider,
        medium=MEDIA[provider],
        contract=f"K-{provider}" if n else "",
    )


def opened(folder: Path) -> House:
    """Its store, with every day closed that can be."""
    told = {"store": f"sqlite:///{folder}/league.db", "language": "en", "reports": REPORTS, "targets": TARGETS}
    config = CollectorConfig.model_validate(told)
    store: Store = open_store(config.store)
    parts = Parts.of(config, FakeClock(wall_ms=NOW_MS), store)
    while parts.accounts.catch_up() or parts.accounts.close(thorough=True):
        pass
    return House(store, parts)


def source_of(house: House, scope: str = "all", of: str = "", first: str = "2026-09-01") -> Source:
    """From that day until 2 September."""
    wanted = Wanted(period=between(first, "2026-09-03"), sites=house.store.sites(), scope=scope, of=of)
    return house.parts.press.source(wanted)
