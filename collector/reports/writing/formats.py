"""The formats of reports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from collector.reports.document import Document
from collector.reports.source import Progress
from shared.texts import Texts


class CannotWrite(Exception):  # noqa: N818  it reads as what it is: `except CannotWrite`
    """This machine cannot write that format: something has to be installed, and the text says what. Retrying helps
    after that."""


Write = Callable[[Document, IO[bytes], Texts, Progress], None]
"""Writes a whole document into a binary file that need not be seekable; tells how far it is."""


@dataclass(frozen=True, slots=True)
class Format:
    """`shows`: a browser shows it by itself, the others are saved."""

    write: Write
    content_type: str
    shows: bool = False


FORMATS: Mapping[str, Format] = {}
"""By name, which is the ending of the file too."""
