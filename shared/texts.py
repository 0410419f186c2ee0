"""One catalogue, two languages: every sentence that people read, by name. `texts/id/` and `texts/en/` hold the same
files, and these the same names; no name is in two files."""

from functools import cache
from pathlib import Path

import tomli

LANGUAGES = ("id", "en")


@cache
def _catalogue(language: str) -> dict[str, str]:
    files = sorted((Path(__file__).with_name("texts") / language).glob("*.toml"))
    return {name: said for file in files for name, said in tomli.loads(file.read_text(encoding="utf-8")).items()}


class Texts:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._sentences = _catalogue(self.language)

    def say(self, name: str, /, **values: object) -> str:
        """The sentence `name` with its {placeholders} filled; KeyError for a name that is not in the catalogue (a
        test checks them all)."""
        return self._sentences[name].format(**values)
