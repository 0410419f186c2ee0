"""What tests of reports share: a store with a month of closed days, and reports made of it at a moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from collector.config import CollectorConfig
from collector.figures.periods import parse
from collector.parts import Parts
from collector.registry import Medium, Site
from collector.reports.document import Document, Row, Table
from collector.reports.source import Source, Wanted
from collector.store import open_store
from tests.faces import BAYAN, TASUK
from tests.fakes import FakeClock
from tests.kept_days import MINUTE, keep

HOUR = 60 * MINUTE
OFFICE = Site(
    code="64.72.opd.01", name="Kantor Satu", kind="opd", opd="Dinas Satu", regency="Samarinda", provider="Icon+"
)
FIBER = replace(BAYAN, medium=Medium.FIBER, contract="K-1")


class ReportDesk:
    """Makes reports of August 2026 at FakeClock's moment, a day in September."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.clock = FakeClock()
        config = CollectorConfig.model_validate({"province": "Kalimantan Timur", **settings})
        self.store = open_store(f"sqlite:///{folder}/reports.db")
        self.parts = Parts.of(config, self.clock, self.store)

    def month(self) -> None:
        """One village a line that is down for an hour a day, one for three, and an office of which nothing is known."""
        self.store.put_sites([FIBER, TASUK, OFFICE])
        keep(self.store, FIBER, down_ms=HOUR, doubt_ms=2 * MINUTE)
        keep(self.store, TASUK, down_ms=3 * HOUR)
        keep(self.store, OFFICE, silent=True)

    def source(self, period: str = "2026-08", language: str = "id", scope: str = "all", of: str = "") -> Source:
        wanted = Wanted(period=parse(period), sites=self.store.sites(), scope=scope, of=of)
        return self.parts.press.source(wanted, language)

    def document(self, kind: str, period: str = "2026-08", language: str = "id") -> Document:
        return self.parts.press.document(kind, self.source(period, language))


@contextmanager
def report_desk(folder: Path, **settings: object) -> Iterator[ReportDesk]:
    desk = ReportDesk(folder, **settings)
    desk.month()
    try:
        yield desk
    finally:
        desk.store.close()


def rows(table: Table) -> list[dict[str, object]]:
    """Of each row its cells by the names of their columns."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row.cells, strict=True)) for row in table.rows()]


def marks(table: Table) -> list[str]:
    found: list[Row] = list(table.rows())
    return [row.mark for row in found]
