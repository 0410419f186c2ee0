"""How a TOML file becomes checked settings: unknown keys are refused, all mistakes are told at once, each with
what to do.

Settings stand beside what they configure, as subclasses of `Settings`; `agent/config.py` and `collector/config.py`
compose them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tomli
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """The base of every table of a configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def across(cls, table: Mapping[str, Any]) -> Iterator[str]:
        """Mistakes *between* the keys of a whole file, a sentence each.

        `table` is as it was read (anything may stand in it), so that these are told together with the mistakes
        within a key.
        """
        yield from ()


class BadSettings(Exception):  # noqa: N818  it reads as what it is: `except BadSettings`
    """A configuration that cannot be used. `lines` has one sentence a mistake; retrying helps only after an edit."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path.expanduser()


FilePath = Annotated[Path, AfterValidator(_beside_the_file)]
"""A path in a configuration file: `~` is the home folder, a relative one starts at the folder of the file."""


def _can_listen(listen: str) -> str:
    split_listen(listen)
    return listen


Listen = Annotated[str, AfterValidator(_can_listen)]
"""Where to listen: "127.0.0.1:9817", "[::1]:9817", or ":9817" for every address."""


def split_listen(listen: str) -> tuple[str, int]:
    """("127.0.0.1", 9817) of "127.0.0.1:9817"; "" stands for every address. Raises ValueError with how to write it."""
    host, colon, port = listen.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65_535 or (":" in host and not bracketed):
        raise ValueError('must be "address:port", like "127.0.0.1:9817" or "[::1]:9817"')
    return host.strip("[]"), int(port)


def load(path: Path, model: type[S]) -> S:
    """The settings in the TOML file at `path`; raises BadSettings with every mistake in it."""
    try:
        table = tomli.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSettings([f"{path}: there is no such file"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: cannot be read: {error}"]) from None
    except tomli.TOMLDecodeError as error:
        raise BadSettings([f"{path}: is not valid TOML: {error}"]) from None
    return check(table, model, path.name, path.absolute().parent)


def check(table: Mapping[str, Any], model: type[S], source: str, folder: Path = Path()) -> S:
    """`table` as `model`; `source` opens every line of the BadSettings it may raise, `folder` is where relative
    paths start."""
    lines = [f"{source}: {sentence}" for sentence in model.across(table)]
    try:
        settings = model.model_validate(table, context={"folder": folder})
    except ValidationError as error:
        found = [f"{source}: {_sentence(item, model)}" for item in error.errors(include_url=False)]
        raise BadSettings(found + lines) from None
    if lines:
        raise BadSettings(lines)
    return settings


def _sentence(error: ErrorDetails, model: type[Settings]) -> str:
    """One mistake as one sentence: where, what, what was given and what was perhaps meant."""
    where, tables = _locate(model, error["loc"])
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return f"{where} is not a known key.{_suggestion(error['loc'][-1], _keys(tables), _every_key(model))}"
        case "missing":
            return f"{where} is missing"
        case "union_tag_not_found" | "union_tag_invalid":
            key = context["discriminator"].strip("'")
            return f"{where}.{key} {_one_of(_tags(tables, key), context.get('tag'))}"
        case "literal_error" | "enum":
            known = re.findall(r"'([^']*)'", context["expected"])
            return f"{where} {_one_of(known, error['input'])}"
    # pydantic says "Input should be ..." or "String should have ...": the key itself is a better subject
    message = re.sub(r"^\w+ should ", "must ", error["msg"]).removeprefix("Value error, ")
    subject = f"{where} " if message.startswith("must ") else f"{where}: " if where else ""
    return f"{subject}{message}{_given(where, error['input'])}"


def _one_of(known: list[str], given: object) -> str:
    """`given` None: nothing was."""
    allowed = ", ".join(known)
    if given is None:
        return f"is missing; it must be one of {allowed}"
    return f"must be one of {allowed} (given: {given!r}).{_suggestion(given, known)}"


def _given(where: str, value: object) -> str:
    """What was written, unless it is a whole table or a secret."""
    secret = re.search(r"token|password|secret|community", where) and not where.endswith("_file")
    return "" if secret or isinstance(value, dict | list) else f" (given: {value!r})"


def _locate(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, list[type[BaseModel]]]:
    """("targets", 2, "icmp", "timeut_s") -> "targets[3].timeut_s" and the table(s) the last key stands in.

    People count from one; and pydantic names the chosen kind of a union, which nobody wrote.
    """
    path, tables = "", [model]
    for place, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part + 1}]"
            continue
        chosen = [table for table in tables if part in _tags([table])]
        if place and isinstance(location[place - 1], int) and chosen:
            tables = chosen
            continue
        path += f".{part}" if path else part
        if place < len(location) - 1 or any(part in table.model_fields for table in tables):
            fields = [table.model_fields[part] for table in tables if part in table.model_fields]
            inside = list(_models(field.annotation for field in fields))
            tables = inside or tables
    return path, tables


def _models(kinds: Iterable[Any]) -> Iterator[type[BaseModel]]:
    """The tables that annotations hold, whatever these are wrapped in (`tuple[A | B, ...]`, `A | None`)."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind
        else:
            yield from _models(getattr(kind, "__args__", ()))


def _tags(tables: Iterable[type[BaseModel]], key: str = "") -> list[str]:
    """The values that fixed keys (`probe: Literal["icmp"]`) of `tables` may have; `key`: only of that one."""
    fields = [field for table in tables for name, field in table.model_fields.items() if key in ("", name)]
    return sorted(
        {value for field in fields for value in getattr(field.annotation, "__args__", ()) if isinstance(value, str)}
    )


def _keys(tables: Iterable[type[BaseModel]]) -> set[str]:
    return {key for table in tables for key in table.model_fields}


def _every_key(model: type[BaseModel]) -> set[str]:
    """Every key anywhere under `model`: a key in the wrong table is often a right one in another."""
    inside = list(_models(field.annotation for field in model.model_fields.values()))
    return _keys([model]).union(*(_every_key(table) for table in inside))


def _suggestion(wrong: object, *known: Iterable[str]) -> str:
    """The nearest of the first set of `known` that has anything near."""
    for names in known:
        if close := get_close_matches(str(wrong), sorted(names), n=1):
            return f" Did you mean {close[0]}?"
    return ""
