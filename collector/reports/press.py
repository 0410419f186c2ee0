"""Makes reports for whoever asks: the command line, the pages, the API."""

from collections.abc import Callable
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from collector.accounting.accounts import Accounts
from collector.accounting.calendars import Calendar
from collector.config import CollectorConfig
from collector.figures.periods import local
from collector.registry import Site
from collector.reports.document import Document
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.shelf import FolderShelf, ZipShelf
from collector.reports.source import Progress, Source, Wanted, silent
from collector.reports.writing.formats import FORMATS
from collector.store import Store
from shared.clock import Clock
from shared.texts import Texts

ZIP = "zip"
OLDEST_ZIP = 1980
TRIES = 3
MANY_LINKS = 10_000


class Press:
    """Blocks; every call reads anew and stands at one moment of its own."""

    def __init__(
        self,
        config: CollectorConfig,
        store: Store,
        accounts: Accounts,
        calendar_of: Callable[[Site], Calendar],
        clock: Clock,
    ) -> None:
        self._config, self._store, self._accounts = config, store, accounts
        self._calendar_of, self._clock = calendar_of, clock

    def source(self, wanted: Wanted, language: str = "", progress: Progress = silent) -> Source:
        """What reports are made of, as of now."""
        config = self._config
        return Source(
            wanted=wanted,
            store=self._store,
            accounts=self._accounts,
            calendar_of=self._calendar_of,
            accounting=config.accounting,
            judge=config.judge,
            settings=config.reports,
            targets=config.targets,
            texts=Texts(language or config.language),
            now_ms=self._clock.wall_ms(),
            timezone=config.timezone,
            province=config.province,
            progress=progress,
        )

    def document(self, kind: str, source: Source) -> Document:
        """A report before it has a format."""
        return REPORTS[kind].make(source)

    def write(self, kind: str, form: str, source: Source, file: IO[bytes]) -> None:
        """A report of REPORTS in a format of FORMATS, or a pack as ZIP into a seekable file. Raises CannotWrite,
        StoreError."""
        if kind not in PACKS:
            FORMATS[form].write(self.document(kind, source), file, source.texts, source.progress)
            return

        def fill(source: Source) -> None:
            file.seek(0)
            file.truncate()
            with ZipFile(file, "w") as archive:
                PACKS[kind].fill(source, ZipShelf(archive, _moment(source)))

        self._steadily(fill, source)

    def lay_out(self, kind: str, source: Source, folder: Path) -> None:
        """A pack as a folder."""
        self._steadily(lambda source: PACKS[kind].fill(source, FolderShelf(folder)), source)

    def _steadily(self, fill: Callable[[Source], None], source: Source) -> None:
        """A pack says the same thing in many files: if a day of its sites was closed or corrected while it was filled,
        they may not agree, and it is filled anew as of then. Where that goes on and on, the last one stands."""
        codes = {site.code for site in source.registered}
        for _ in range(TRIES):
            length, _head = self._store.chain.head()
            fill(source)
            if not any(link.of.site in codes for link in self._store.chain.links(length, MANY_LINKS)):
                return
            source = self.source(source.wanted, source.texts.language, source.progress)


def _moment(source: Source) -> tuple[int, int, int, int, int, int]:
    """When a pack was made, as a ZIP notes it."""
    made = local(source.now_ms, source.timezone)
    return max(made.year, OLDEST_ZIP), made.month, made.day, made.hour, made.minute, made.second


def file_name(kind: str, wanted: Wanted, form: str) -> str:
    """What a report is saved as: letters that every system takes."""
    named = "-".join(part for part in (kind, wanted.period.name, wanted.of or "") if part)
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in ".-_") else "_" for letter in named)
    return f"{safe}.{form}"
