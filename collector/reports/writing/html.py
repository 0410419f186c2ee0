"""A report as one page that stands by itself: on a phone, on a desk, on A4; and as a part of the product's own page.

It is written from front to end, a row at a time. There is no script in it and nothing is fetched; every figure has its
exact value beside the words (rows.py), so that a program reads the same numbers as people.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import jinja2
from markupsafe import Markup

from collector.reports.document import Document, Head
from collector.reports.source import Progress, silent
from collector.reports.writing.parts import Part, parts_of
from collector.reports.writing.words import fact_lines, foot, notes, stamp
from shared.texts import Texts

TEMPLATES = Path(__file__).with_name("templates")
PAPER_STYLE, SCREEN_STYLE = "report.css", "screens.css"
PORTION = 64 * 1024
"""Characters that are written at once."""


def write(document: Document, file: IO[bytes], texts: Texts, progress: Progress) -> None:
    """The whole page."""
    for piece in portions(page(document, texts, progress)):
        file.write(piece.encode())


def page(
    document: Document, texts: Texts, progress: Progress, limits: Mapping[str, int] | None = None
) -> Iterator[str]:
    """The page in pieces. `limits`: of how many rows are written at most of a table, by its name; with them the page
    is for paper alone and has nothing that only screens need."""
    styles = style() if limits is None else _style(PAPER_STYLE)
    styles += margin_boxes(document.head, texts)
    parts = _frame(document, texts, 1, progress, limits)
    return _template("sheet.html").generate(parts | {"style": Markup(styles)})  # noqa: S704  our own, quoted for CSS


def fragment(document: Document, texts: Texts, level: int = 1) -> Iterator[str]:
    """The part of the page between its frame, to stand in another page that loads `style()`. Its heading is an <h1>,
    or of another `level`. There is no style and no script in it."""
    return _template("fragment.html").generate(_frame(document, texts, level, silent, None))


def style() -> str:
    """The style sheet of a fragment, on paper and on screens: of what has the class `report` or `r-page`, and @page."""
    return _style(PAPER_STYLE) + _style(SCREEN_STYLE)


def portions(pieces: Iterator[str]) -> Iterator[str]:
    """The same text in larger pieces: a table has millions of small ones."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PORTION:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def margin_boxes(head: Head, texts: Texts) -> str:
    """What stands on every printed page: agency and report above, what it rests on and the page's number below."""
    simulated = f" · {texts.say('sheets.head.simulated')}" if head.simulated else ""
    boxes = {
        "@top-left": _quoted(head.agency),
        "@top-right": _quoted(f"{head.title} · {head.period}{simulated}"),
        "@bottom-left": _quoted(foot(head, texts)),
        "@bottom-right": f"{_quoted(texts.say('sheets.page') + ' ')} counter(page) "
        f"{_quoted(' ' + texts.say('sheets.of') + ' ')} counter(pages)",
    }
    return "@page{" + "".join(f"{box}{{content:{content}}}" for box, content in boxes.items()) + "}"


def _quoted(text: str) -> str:
    """A string of CSS that cannot end before its end, nor the style element around it."""
    return '"' + "".join(one if one.isalnum() or one in " .,:;·–-()/%" else f"\\{ord(one):x} " for one in text) + '"'


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@cache
def _style(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _frame(
    document: Document, texts: Texts, level: int, progress: Progress, limits: Mapping[str, int] | None
) -> dict[str, Any]:
    head = document.head
    parts = parts_of(document, texts, limits)
    return {
        "head": head,
        "level": level,
        "notes": notes(head, texts),
        "rests": [(name, texts.say(f"sheets.head.{name}"), value) for name, value in fact_lines(head, texts) if value],
        "stamp": stamp(head, texts),
        "say": texts.say,
        "sections": parts,
        "laid_out": LaidOut(parts, texts, progress),
    }


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Sections which tell how far their writing is."""

    parts: Sequence[Part]
    texts: Texts
    progress: Progress

    def __iter__(self) -> Iterator[Part]:
        what = self.texts.say("sheets.progress")
        for done, part in enumerate(self.parts):
            self.progress(what, done, len(self.parts))
            yield part
        self.progress(what, len(self.parts), len(self.parts))
