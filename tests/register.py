"""What tests of the register share: a folder with a configuration and a store, and somebody who types commands."""

from collections.abc import Sequence
from contextlib import closing
from io import BytesIO, StringIO
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

from collector.app import main
from collector.commands.desk import Terminal
from collector.config import load_config
from collector.contracts import Contract
from collector.register.contract_sheet import KnownContracts, read_contracts
from collector.register.faults import Fault
from collector.register.rows import Reading
from collector.register.sheets import parse_csv
from collector.register.site_sheet import Entry, Known, read_sites
from collector.store import Store, open_store

Told = tuple[int, str, str]
"""(row, column, reason)."""


class Register:
    """One collector's registry, as its commands see it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "collector.toml"
        self.config.write_text('language = "en"\n', encoding="utf-8")

    def types(self, *argv: str, answer: bool | None = None) -> tuple[int, str, str]:
        """(exit code, output, errors); `answer` is what a person says when asked, None: nobody is there."""
        out, err = StringIO(), StringIO()
        ask = None if answer is None else lambda _question: bool(answer)
        code = main([*argv, "--config", str(self.config)], Terminal(out=out, err=err, ask=ask))
        return code, out.getvalue(), err.getvalue()

    def imports(self, text: str, *options: str, what: str = "sites") -> tuple[int, str, str]:
        """Imports a file of that text, as UTF-8."""
        return self.types(what, "import", str(self.file("import.csv", text)), "--yes", *options)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def store(self) -> "closing[Store]":
        return closing(open_store(load_config(self.config).store))

    def known(self) -> Known:
        """Everything that is registered."""
        with self.store() as store:
            return Known.of(store.sites(), store.register.details(), timezone="Asia/Makassar")

    def contracts(self) -> list[Contract]:
        with self.store() as store:
            return list(store.register.contracts())


def sites(text: str, known: Known | None = None) -> Reading[Entry]:
    """What a sheet of sites says."""
    return read_sites(parse_csv(text), known or Known())


def contracts(text: str, known: KnownContracts | None = None) -> Reading[Contract]:
    """What a sheet of contracts says."""
    return read_contracts(parse_csv(text), known or KnownContracts())


def told(faults: Sequence[Fault]) -> list[Told]:
    return [(fault.row, fault.column, fault.reason) for fault in faults]


def workbook(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """A workbook of one sheet, as a person would type it: numbers are numbers."""
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet("Lokasi")
        for row, cells in enumerate(rows):
            for place, value in enumerate(cells):
                sheet.write(row, place, value)
    return path


def cells_of(raw: bytes | Path, sheet: int = 0) -> list[list[object]]:
    """What a spreadsheet would show of a workbook."""
    source = BytesIO(raw) if isinstance(raw, bytes) else BytesIO(raw.read_bytes())
    return [list(row) for row in CalamineWorkbook.from_filelike(source).get_sheet_by_index(sheet).to_python()]
