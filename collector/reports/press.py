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
        """A report of REPORTS in a format of FORMATS, or a pack as ZIP. Raises CannotWrite, StoreError."""
        if kind in PACKS:
            made = local(source.now_ms, source.timezone)
            with ZipFile(file, "w") as archive:
                moment = (max(made.year, OLDEST_ZIP), made.month, made.day, made.hour, made.minute, made.second)
                PACKS[kind].fill(source, ZipShelf(archive, moment))
        else:
            FORMATS[form].write(self.document(kind, source), file, source.texts, source.progress)

    def lay_out(self, kind: str, source: Source, folder: Path) -> None:
        """A pack as a folder."""
        PACKS[kind].fill(source, FolderShelf(folder))


def file_name(kind: str, wanted: Wanted, form: str) -> str:
    """What a report is saved as: letters that every system takes."""
    named = "-".join(part for part in (kind, wanted.period.name, wanted.of or "") if part)
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in ".-_") else "_" for letter in named)
    return f"{safe}.{form}"
