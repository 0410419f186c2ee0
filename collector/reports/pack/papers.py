"""What is read first: the sheet about the pack, the method, and the script with its sentences."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from collector.acts import CauseCode
from collector.figures.periods import local
from collector.registry import KINDS, Medium
from collector.reports.heads import period_words, scope_words
from collector.reports.lines.downtime_words import causes_said
from collector.reports.measured import owner_words
from collector.reports.pack.listing import ListedShelf
from collector.reports.source import Source
from shared.texts import Texts

HERE = "collector.reports.pack"
DOCS = Path(__file__).parents[3] / "docs"
"""Where the method stands in the source tree; a wheel has it in `method` beside this file."""
METHOD = ("accounting.md", "akuntansi.md")
PARAGRAPHS = (
    *("about", "contents", "contents.reports", "contents.results", "contents.hosts", "contents.accounts"),
    *("contents.others", "check", "check.how", "check.exit", "check.python", "raw", "time", "restarts"),
    *("tolerance", "proves", "proves.chain", "proves.not", "private", "manifest"),
)
SCRIPT = "audit.script."
NAMED = "named."


def put_papers(source: Source, shelf: ListedShelf, raw: int) -> None:
    """The sheet to read first, the method in both languages, the script. `raw`: of how many sites results are there."""
    say = source.texts.say
    wanted = source.wanted
    values = {
        "agency": source.settings.agency or source.province,
        "period": period_words(wanted.period, source.texts),
        "scope": scope_words(wanted.scope, wanted.of, source.texts, wanted.within),
        "made": local(source.now_ms, source.timezone).isoformat(" ", "minutes"),
        "sites": len(source.sites),
        "raw": raw,
    }
    paragraphs = [say(f"audit.readme.{name}", **values) for name in PARAGRAPHS]
    shelf.put_text(say("audit.readme.file"), "\n\n".join([say("reports.audit"), *paragraphs]) + "\n")
    for name in METHOD:
        shelf.put_text(f"method/{name}", _method(name))
    here = files(HERE)
    shelf.put_text("recompute.py", here.joinpath("script.py").read_text(encoding="utf-8"))
    for name, text in modules(here.joinpath("recompute"), "recompute"):
        shelf.put_text(name, text)
    shelf.put_json("data/words.json", {**sentences(source.texts), **names(source.texts)})


def modules(folder: Traversable, name: str) -> Iterator[tuple[str, str]]:
    """(path, text) of everything in `folder` that is Python, by name."""
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            yield from modules(one, f"{name}/{one.name}")
        elif one.name.endswith(".py"):
            yield f"{name}/{one.name}", one.read_text(encoding="utf-8")


def _method(name: str) -> str:
    packed: Traversable = files(HERE).joinpath("method", name)
    found = packed if packed.is_file() else DOCS / name
    return found.read_text(encoding="utf-8")


def names(texts: Texts) -> dict[str, str]:
    """How reports call what is no name by itself: the script compares rows with it."""
    found = {"all": owner_words("all", "", texts), "nobody": owner_words("regency", "", texts)}
    for scope, values in (("medium", [*Medium]), ("kind", KINDS)):
        found |= {f"{scope}.{value}": owner_words(scope, value, texts) for value in values}
    found |= {f"cause.{code or 'none'}": causes_said(code, texts) for code in (None, *CauseCode)}
    found |= {f"month.{n}": texts.say(f"indicators.month.{n}") for n in range(1, 13)}
    return {f"{NAMED}{name}": word for name, word in found.items()}


def sentences(texts: Texts) -> dict[str, str]:
    """What the script says, by name, in the language of the pack, with its places still open."""
    source = files("shared").joinpath("texts", texts.language, "audit.toml").read_text(encoding="utf-8")
    return {name.removeprefix(SCRIPT): text for name, text in tomllib.loads(source).items() if name.startswith(SCRIPT)}
