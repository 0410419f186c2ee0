"""The command line as argparse knows it. Every command names the function that does it."""

from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from collector.commands import check, sites, store, tokens
from shared.texts import LANGUAGES

EXAMPLES = """\
examples:
  kentongan-collector check                                   is the configuration right?
  kentongan-collector sites import sites.csv --dry-run        what would this file change?
  kentongan-collector tokens create --agent pc-1 --site 64.07.05.2017
  kentongan-collector tokens create --read                    for Prometheus, Grafana, a browser
  kentongan-collector run --config /etc/kentongan/collector.toml

exit codes: 0 done, 1 found a problem, 2 cannot run
"""

Command = Callable[..., int]


def parser(run: Command) -> ArgumentParser:
    """The parser; `run` is what the command of that name does, the others are in commands/."""
    top = ArgumentParser(
        prog="kentongan-collector",
        description="Takes in what the agents measured, judges it, shows it, alerts.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"kentongan-collector {version('kentongan')}")
    _common(top, default=None)
    under = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add(under, "run", run, "start the collector")
    _add(under, "check", check.check, "check the configuration and say what it means")
    _sites(_group(under, "sites", "the places with a line"))
    _tokens(_group(under, "tokens", "who may push and read"))
    _add(under, "compact", store.compact, "fold the log into hourly chunks now")
    return top


def _sites(under: Any) -> None:
    sheet = _add(under, "import", sites.sites_import, "import sites from a CSV file, after showing what it changes")
    sheet.add_argument("file", metavar="FILE.csv", help="columns: see config/sites.example.csv")
    sheet.add_argument("--yes", action="store_true", help="do not ask")
    sheet.add_argument("--dry-run", action="store_true", help="only show what it would change")
    listing = _add(under, "list", sites.sites_list, "list the sites")
    listing.add_argument("--format", choices=("table", "csv", "json"), default="table")


def _tokens(under: Any) -> None:
    create = _add(under, "create", tokens.tokens_create, "make a token; its secret is shown once")
    who = create.add_mutually_exclusive_group(required=True)
    who.add_argument("--agent", metavar="NAME", help="a token with which the agent NAME may push")
    who.add_argument("--read", action="store_true", help="a token with which everything may be read")
    create.add_argument("--site", metavar="CODE", default="", help="the site where the agent stands")
    create.add_argument("--quiet", action="store_true", help="print the secret alone, for a script or a file")
    _add(under, "list", tokens.tokens_list, "list the tokens, without their secrets")
    _add(under, "revoke", tokens.tokens_revoke, "end a token").add_argument("id", metavar="ID")


def _group(under: Any, name: str, text: str) -> Any:
    return under.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="COMMAND")


def _add(under: Any, name: str, command: Command, text: str) -> ArgumentParser:
    added: ArgumentParser = under.add_parser(name, help=text, description=text)
    added.set_defaults(command=command)
    _common(added, default=SUPPRESS)  # given before the command or after it, it means the same
    return added


def _common(to: ArgumentParser, default: str | None) -> None:
    to.add_argument(
        "--config", metavar="FILE", default=default, help="default: collector.toml here or in /etc/kentongan"
    )
    to.add_argument(
        "--lang", choices=LANGUAGES, default=default, help="language of messages; default: the configuration's"
    )
