"""The collector's own parts around a real store, for tests that push deliveries in and read accounts out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from collector.accounting.accounts import Accounts
from collector.accounting.calendars import ALWAYS, Calendar
from collector.accounting.latency import pack
from collector.accounting.ledger import Ledger, joined
from collector.accounting.rebuild import Rebuild
from collector.acts import Exclusion, ExclusionKind
from collector.alerts import AlertSettings
from collector.alerts.deliver import Alerts
from collector.condition import Flip
from collector.figures.indicators import AccountingSettings, Figures, figures
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.sums import Sums
from collector.ingest import MSGPACK, Ingest
from collector.judging.judge import JudgeSettings
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.registry import Site, Token
from collector.store import Delivery
from collector.store.sqlite import SqliteStore
from shared.texts import Texts
from tests.fakes import FakeClock
from tests.fleet import WATCHERS
from tests.worlds import SITE, Agreement

FOREVER_MS = 1 << 62


async def no_token(_secret: str) -> Token | None:
    return None


class House:
    """One collector on one store. `now_ms` is what its clock says until it is moved."""

    def __init__(self, path: Path, sites: Sequence[Site], now_ms: int, calendar: Calendar = ALWAYS) -> None:
        self.path, self.calendar = path, calendar
        self.clock = FakeClock(wall_ms=now_ms)
        self.open()
        self.store.put_sites(sites)
        self.rejudge.load()

    def open(self) -> None:
        """As a collector starts."""
        self.store = SqliteStore(str(self.path), linger_s=0)
        self.live = Live()
        self.rejudge = Rejudge(self.store, self.live, JudgeSettings(), self.clock, self.touched)
        self.accounts = Accounts(self.store, lambda _site: self.calendar, self.clock, self.rejudge.settle)
        self.ingest = Ingest(self.store, no_token, self.clock)
        self.alerts = Alerts(
            AlertSettings(),
            store=self.store,
            sites=self.live.sites,
            clock=self.clock,
            texts=Texts("en"),
            external_url="",
        )
        self.rejudge.load()

    def touched(self, site: str, from_ms: int, to_ms: int) -> None:
        self.accounts.touched(site, from_ms, to_ms)

    def restart(self) -> None:
        self.store.close()
        self.open()

    def rebuild(self) -> None:
        self.rejudge.close()
        Rebuild(self.store, self.accounts, JudgeSettings()).run()
        self.restart()

    def exclude(self, start: int, end: int, kind: str) -> Exclusion:
        draft = Exclusion(
            id=0,
            scope="site",
            of=SITE,
            from_ms=start,
            to_ms=end,
            kind=ExclusionKind.FORCE_MAJEURE if kind == "majeure" else ExclusionKind.MAINTENANCE,
            why="work",
            by="operator",
            entered_ms=start + (1 if kind == "late" else 0),
        )
        return self.store.acts.add_exclusion(draft)

    def take(self, found: Sequence[Delivery], at_once: int = 3) -> None:
        """Stores and judges them, `at_once` in a commit group."""
        for first in range(0, len(found), at_once):
            for stored in [self.store.append(delivery) for delivery in found[first : first + at_once]]:
                stored.result()
            self.rejudge.judge_touched()

    async def receive(self, delivery: Delivery) -> int:
        """One push, as it comes over the wire; how many results were stored."""
        body = msgspec.msgpack.encode(msgspec.structs.replace(delivery.batch, context_body=delivery.context))
        token = Token(id="t", kind="agent", agent=delivery.agent, site=delivery.site, hash=b"", created_at_ms=0)
        return (await self.ingest.accept(body, MSGPACK, "", token, delivery.received_at_ms)).stored

    def close_days(self) -> int:
        """Closes and corrects until nothing is left to do."""
        closed = 0
        while done := self.accounts.close(thorough=True):
            closed += done
        return closed

    def account(self, agreement: Agreement) -> Ledger:
        return self.accounts.make(SITE, agreement.start, agreement.end).ledger

    def told(
        self, sites: Sequence[str], from_ms: int, to_ms: int
    ) -> Mapping[str, tuple[list[Flip], bytes, list[bytes]]]:
        """All that is derived of each site, to the byte: flips, ledger, latency."""
        self.rejudge.judge_touched()  # a collector that runs does it five times a second
        self.rejudge.settle(sites)
        found = {}
        for site in sites:
            made = self.accounts.make(site, from_ms, to_ms)
            flips = self.store.flips(site, 0, FOREVER_MS)
            found[site] = flips, made.ledger.to_bytes(), [pack(made.latency)]
        return found

    def figures(self, site: str, from_ms: int, to_ms: int) -> tuple[Figures, Ledger]:
        """24x7, all cells; and the ledger they stand on."""
        days = self.accounts.days(site, from_ms, to_ms)
        sums = Sums(1)
        sums.add(0, days, lambda start, end: [(start, end)])
        [found] = figures(sums, Choice(Hours.ALL, Exclusions.WITHOUT), AccountingSettings())
        return found, joined([day.ledger for day in days])


@contextmanager
def collector(folder: Path, agreement: Agreement) -> Iterator[House]:
    """For one agreement about SITE."""
    zone = agreement.hours.zone
    sites = [Site(code=code, name=code, timezone=zone) for code in (SITE, *WATCHERS.values())]
    with TemporaryDirectory(dir=folder) as inside:
        house = House(Path(inside) / "store.db", sites, agreement.end + 86_400_000, agreement.calendar())
        try:
            for start, end, kind in agreement.exclusions:
                house.exclude(start, end, kind)
            yield house
        finally:
            house.store.close()
