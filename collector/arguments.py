"""What several commands are told alike: the same option has the same name and the same words everywhere."""

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from typing import Any

from shared.texts import LANGUAGES

Command = Callable[..., int]


def group(under: Any, name: str, text: str) -> Any:
    """Commands that share their first word; where they are to be added."""
    return under.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="COMMAND")


def command(under: Any, name: str, does: Command, text: str) -> ArgumentParser:
    """A command, and the function that does it; to be told what else it takes."""
    added: ArgumentParser = under.add_parser(name, help=text, description=text)
    added.set_defaults(command=does)
    common(added, default=SUPPRESS)  # given before the command or after it, it means the same
    return added


def common(to: ArgumentParser, default: str | None) -> None:
    """What every command takes."""
    to.add_argument(
        "--config", metavar="FILE", default=default, help="default: collector.toml here or in /etc/kentongan"
    )
    to.add_argument(
        "--lang", choices=LANGUAGES, default=default, help="language of messages; default: the configuration's"
    )


def store_file(to: ArgumentParser) -> None:
    """Another store than the configured one."""
    to.add_argument("--store", metavar="FILE", help="default: the configuration's")


def count(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def formats(to: ArgumentParser) -> ArgumentParser:
    """How a list is printed."""
    to.add_argument("--format", choices=("table", "csv", "json"), default="table")
    return to


def span(to: ArgumentParser, required: bool) -> None:
    """From when to when."""
    to.add_argument(
        "--from",
        dest="begin",
        metavar="TIME",
        required=required,
        help='"2026-11-22 08:00" where the site is (else in the configured zone), or RFC 3339',
    )
    to.add_argument("--to", dest="end", metavar="TIME", required=required)


def human(to: ArgumentParser) -> None:
    """Of an act that is kept for ever: who, and no way back."""
    to.add_argument("--by", metavar="NAME", default="", help="in whose name; default: who is logged in")
    to.add_argument("--yes", action="store_true", help="do not ask")


def importing(to: ArgumentParser, example: str = "sites") -> None:
    """A sheet to be read; `example` names the one that shows its columns."""
    to.add_argument("file", metavar="FILE", help=f"CSV or XLSX; columns: see config/{example}.example.csv")
    to.add_argument("--sheet", metavar="NAME", default="", help="which sheet of a workbook; default: the first")
    to.add_argument(
        "--partial", action="store_true", help="import the rows that are right, list the others, exit with 1"
    )
    to.add_argument("--yes", action="store_true", help="do not ask")
    to.add_argument("--dry-run", action="store_true", help="only show what it would change")


def exporting(to: ArgumentParser) -> None:
    """A sheet to be written."""
    to.add_argument("file", metavar="FILE", help="FILE.xlsx to edit in a spreadsheet, FILE.csv for programs")
    to.add_argument("--force", action="store_true", help="write over a file that is there")
