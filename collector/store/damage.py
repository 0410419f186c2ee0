"""What of a store cannot be read: a log row, a chunk. It is left where it is, and nothing else is affected."""

import logging
from collections.abc import Iterable
from pathlib import Path

logger = logging.getLogger(__name__)


class Damage:
    """Sentences, each once, in the order they were found."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, None] = {}

    def report(self, sentences: Iterable[str]) -> None:
        """Logs those that are new."""
        for sentence in sentences:
            if sentence not in self._found:
                logger.error("event=store_damaged path=%s detail=%r", self._path, sentence)
                self._found[sentence] = None

    def sentences(self) -> list[str]:
        return list(self._found)
