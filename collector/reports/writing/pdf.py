"""A report as PDF: the page of html.py, printed by WeasyPrint, which is an extra and needs Pango on the system.

Laying out takes WeasyPrint 1 to 1.5 ms and 30 to 35 kB for every cell of a table, beside 110 MB for itself: a report
has at most MOST_CELLS of them here. A table that is cut says so before and after its rows, and which formats have all.
"""

from collections.abc import Sequence
from itertools import islice
from typing import IO, Any, Never

from collector.reports.document import Document, Table
from collector.reports.source import Progress
from collector.reports.writing.formats import CannotWrite
from collector.reports.writing.html import page
from shared.texts import Texts

MOST_CELLS = 10_000
"""About 1,200 rows of eight columns, 40 pages, 15 seconds, 450 MB."""
VARIANT = "pdf/ua-1"
"""Tagged, so that a screen reader reads it in order."""


def write(document: Document, file: IO[bytes], texts: Texts, progress: Progress, most: int = MOST_CELLS) -> None:
    """The report, its tables with `most` cells together; CannotWrite where WeasyPrint or Pango is missing."""
    weasyprint = _weasyprint(texts)
    html = "".join(page(document, texts, progress, limits(document, most)))
    progress(texts.say("sheets.progress.pages"), 0, 1)
    pages = weasyprint.HTML(string=html, base_url=None, url_fetcher=_refuse)
    file.write(pages.write_pdf(pdf_variant=VARIANT))
    progress(texts.say("sheets.progress.pages"), 1, 1)


def ready(texts: Texts | None = None) -> None:
    """CannotWrite where WeasyPrint or Pango is missing: said before anybody waits for a report."""
    _weasyprint(texts or Texts("id"))


def limits(document: Document, most: int = MOST_CELLS) -> dict[str, int]:
    """How many rows are printed of the tables that are cut, by name. Rows are counted no further than could be
    printed."""
    tables = [one for one in document.sections if isinstance(one, Table)]
    widths = [len(table.columns) for table in tables]
    counts = [
        sum(1 for _ in islice(table.rows(), most // width + 1)) for table, width in zip(tables, widths, strict=True)
    ]
    given = allotted([n * width for n, width in zip(counts, widths, strict=True)], most)
    printed = [cells // width for cells, width in zip(given, widths, strict=True)]
    return {table.name: rows for table, n, rows in zip(tables, counts, printed, strict=True) if rows < n}


def allotted(wanted: Sequence[int], most: int) -> list[int]:
    """`most` cells among tables: the small ones get all that they want, the large ones share evenly what is left."""
    given = [0] * len(wanted)
    left = most
    by_size = sorted(range(len(wanted)), key=wanted.__getitem__)
    for done, at in enumerate(by_size):
        given[at] = min(wanted[at], left // (len(wanted) - done))
        left -= given[at]
    return given


def _weasyprint(texts: Texts) -> Any:
    """It is loaded when it is needed: it is an extra, and takes a second. Without Pango it raises OSError."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        why = str(error).splitlines()[0]
        raise CannotWrite(texts.say("sheets.pdf.missing", why=why)) from error
    return weasyprint


def _refuse(url: str, *_more: object, **_told: object) -> Never:
    """A report fetches nothing."""
    raise ValueError(f"{url} is outside of the report")
