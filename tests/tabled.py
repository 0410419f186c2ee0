"""Reports of a store whose days a test made up, made with settings, and the rows of their tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from collector.config import CollectorConfig
from collector.figures import periods
from collector.parts import Parts
from collector.registry import Site
from collector.reports.document import Table, Value
from collector.reports.source import Source, Wanted
from collector.store import Store
from tests import booked
from tests.booked import OCTOBER, Lost


@dataclass(frozen=True)
class Office:
    """A booked.Office whose collector has `settings`."""

    made: booked.Office
    settings: Mapping[str, object]

    @property
    def store(self) -> Store:
        return self.made.store

    @property
    def path(self) -> Path:
        return self.made.path

    @property
    def parts(self) -> Parts:
        return Parts.of(CollectorConfig.model_validate(self.settings), self.made.clock, self.store)

    def book(self, site: Site, *lost: Lost, first: date = OCTOBER, days: int = 31) -> None:
        self.made.book(site, *lost, first=first, days=days)

    def source(self, period: str = "2026-10", language: str = "en", **wanted: str) -> Source:
        asked = periods.between(*period.split("/")) if "/" in period else periods.parse(period)
        return self.parts.press.source(Wanted(period=asked, sites=self.store.sites(), **wanted), language)


@contextmanager
def office(folder: Path, now: str = "12-01 10:00", **settings: object) -> Iterator[Office]:
    """On the first of December, unless told otherwise."""
    with booked.office(folder, now) as made:
        yield Office(made, settings)


def rows(table: Table) -> list[dict[str, Value]]:
    """Of each row its cells by the names of their columns."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row.cells, strict=True)) for row in table.rows()]
