"""The formats of reports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from collector.reports.document import Document
from collector.reports.source import Progress
from collector.reports.writing import plain
from shared.texts import Texts


class CannotWrite(Exception):  # noqa: N818  it reads as what it is: `except CannotWrite`
    """This cannot be made here: something has to be installed or put right, and the text says what. Retrying helps
    after that."""


Write = Callable[[Document, IO[bytes], Texts, Progress], None]
"""Writes a whole document into a binary file that need not be seekable; tells how far it is."""


@dataclass(frozen=True, slots=True)
class Format:
    """`shows`: a browser shows it by itself, the others are saved. `ready` raises CannotWrite where this machine cannot
    write it, before anything was begun; it may be given the Texts to say it in."""

    write: Write
    content_type: str
    shows: bool = False
    ready: Callable[..., None] = lambda _texts=None: None


def _html(document: Document, file: IO[bytes], texts: Texts, progress: Progress) -> None:
    from collector.reports.writing import html

    html.write(document, file, texts, progress)


def _pdf(document: Document, file: IO[bytes], texts: Texts, progress: Progress) -> None:
    from collector.reports.writing import pdf

    pdf.write(document, file, texts, progress)


def _pdf_ready(texts: Texts | None = None) -> None:
    from collector.reports.writing import pdf

    pdf.ready(texts)


def _xlsx(document: Document, file: IO[bytes], texts: Texts, progress: Progress) -> None:
    from collector.reports.writing import workbook

    workbook.write(document, file, texts, progress)


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: Mapping[str, Format] = {
    "html": Format(_html, "text/html", shows=True),
    "pdf": Format(_pdf, "application/pdf", shows=True, ready=_pdf_ready),
    "xlsx": Format(_xlsx, XLSX),
    "csv": Format(plain.write_csv, "text/csv"),
    "json": Format(plain.write_json, "application/json"),
}
"""By name, which is the ending of the file too. What is large is loaded when somebody wants that format: a collector
that makes no report needs no megabytes for it."""
